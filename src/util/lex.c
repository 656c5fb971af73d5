/* Words, strings, operators. Never reads past the NUL, never copies. */
#include "config.h"

#include "util/lex.h"

#include <string.h>
#include <strings.h>

#include "util/str.h"

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Length of the operator that begins here, 0 when none does. */
static size_t operator_length(const struct lex *lex, const char *p)
{
	const char *const *op;

	for (op = lex->operators; op && *op; op++)
		if (!strncmp(*op, p, strlen(*op)))
			return strlen(*op);
	return 0;
}

static bool begins_operator(const struct lex *lex, char c)
{
	const char *const *op;

	for (op = lex->operators; op && *op; op++)
		if ((*op)[0] == c)
			return true;
	return false;
}

/* Length of the string that begins here, quotes included; 0 when it is not closed. */
static size_t string_length(const char *p)
{
	size_t i;

	for (i = 1; p[i]; i++) {
		if (p[i] == p[0])
			return i + 1;
		if (p[0] == '"' && p[i] == '\\' && p[i + 1])
			i++;
	}
	return 0;
}

static size_t word_length(const struct lex *lex, const char *p)
{
	size_t i;

	for (i = 0; p[i] && !is_blank(p[i]) && p[i] != '"' && p[i] != '\''; i++)
		if (begins_operator(lex, p[i]))
			break;
	return i;
}

struct token lex_peek(const struct lex *lex)
{
	struct token t = {.at = lex->at};
	const char *p;

	while (is_blank(lex->text[t.at]))
		t.at++;
	p = lex->text + t.at;
	if (!*p)
		return t;
	if (*p == '"' || *p == '\'') {
		t.len = string_length(p);
		t.kind = t.len ? LEX_STRING : LEX_BAD;
		t.len = t.len ? t.len : strlen(p);
	} else if ((t.len = operator_length(lex, p)) > 0) {
		t.kind = LEX_OPERATOR;
	} else if ((t.len = word_length(lex, p)) > 0) {
		t.kind = LEX_WORD;
	} else {
		t.kind = LEX_BAD;
		t.len = 1;
	}
	return t;
}

struct token lex_next(struct lex *lex)
{
	struct token t = lex_peek(lex);

	lex->at = t.at + t.len;
	return t;
}

void lex_text(const struct lex *lex, const struct token *t, struct str *out)
{
	const char *p = lex->text + t->at;
	size_t i;

	if (t->kind != LEX_STRING) {
		str_add_n(out, p, t->len);
		return;
	}
	str_add_n(out, "", 0);
	for (i = 1; i + 1 < t->len; i++) {
		if (p[0] == '"' && p[i] == '\\' && (p[i + 1] == '"' || p[i + 1] == '\\'))
			i++;
		str_add_char(out, p[i]);
	}
}

bool lex_is(const struct lex *lex, const struct token *t, const char *word)
{
	if (t->kind != LEX_WORD && t->kind != LEX_OPERATOR)
		return false;
	return strlen(word) == t->len && !strncasecmp(lex->text + t->at, word, t->len);
}
