/*
 * One test of a filter: the comparison and the values that stand behind the name of a column. The
 * hard part is how much of the text is the value: blanks, units, braces and operators that are
 * meant as text.
 */
#include "config.h"

#include <string.h>

#include "query/filter_tree.h"
#include "query/query.h"
#include "util/mem.h"
#include "util/str.h"

bool comparison_read(struct parser *p, struct comparison *c)
{
	static const struct {
		const char *word;
		enum test test;
		bool negated, list;
	} known[] = {
		{"=", TEST_IN, false, false}, {"==", TEST_IN, false, false}, {"!=", TEST_IN, true, false},
		{"<", TEST_LT, false, false}, {"<=", TEST_LE, false, false}, {">", TEST_GT, false, false},
		{">=", TEST_GE, false, false}, {"~", TEST_MATCH, false, false},
		{"!~", TEST_MATCH, true, false}, {"in", TEST_IN, false, true},
	};
	struct lex ahead = p->lex;
	bool inverted = false;
	size_t i;

	c->token = lex_next(&ahead);
	if (lex_is(&p->lex, &c->token, "not")) {
		inverted = true;
		c->token = lex_next(&ahead);
	}
	for (i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (!lex_is(&p->lex, &c->token, known[i].word) || (inverted && !known[i].list))
			continue;
		c->test = known[i].test;
		c->negated = known[i].negated || inverted;
		c->list = known[i].list;
		p->lex = ahead;
		return true;
	}
	return false;
}

static bool fits(struct parser *p, const struct column *col, const struct comparison *c)
{
	bool text = col->kind == KIND_TEXT || col->kind == KIND_NAME || col->kind == KIND_LIST;
	bool order = c->test != TEST_IN && c->test != TEST_MATCH;

	if (order && (text || col->kind == KIND_ADDR)) {
		parser_fail(p, c->token.at, "expected =, !=, in or ~ after '%s'", col->name);
		return false;
	}
	if (c->test == TEST_MATCH && !text && col->kind != KIND_ADDR) {
		parser_fail(p, c->token.at, "expected =, !=, <, <=, >, >= or in after '%s': it is a number",
			col->name);
		return false;
	}
	return true;
}

/* "20 us" may have its blank. */
static void take_unit(struct parser *p, const struct column *col, struct str *text)
{
	struct token next = lex_peek(&p->lex);
	struct str word = STR_INIT;
	char last = text->len ? text->s[text->len - 1] : '\0';

	if (next.kind != LEX_WORD || last < '0' || last > '9')
		return;
	lex_text(&p->lex, &next, &word);
	if (operand_is_unit(col, word.s)) {
		str_add(text, word.s);
		lex_next(&p->lex);
	}
	str_free(&word);
}

/* A value, quoted or not. False: the error is noted. */
static bool read_value(struct parser *p, const struct column *col, const struct token *after,
	struct token *t, struct str *text)
{
	static const char *const words[] = {
		[KIND_ADDR] = "an address", [KIND_PORT] = "a number", [KIND_TEXT] = "a text",
		[KIND_NAME] = "a name", [KIND_LIST] = "a name", [KIND_COUNT] = "a number",
		[KIND_BYTES] = "a number of bytes", [KIND_RATIO] = "a number", [KIND_SHARE] = "a number",
		[KIND_TIME] = "a time", [KIND_DURATION] = "a duration",
	};

	*t = lex_next(&p->lex);
	str_clear(text);
	if (t->kind == LEX_WORD || t->kind == LEX_STRING) {
		lex_text(&p->lex, t, text);
		take_unit(p, col, text);
		return true;
	}
	if (t->kind == LEX_BAD && (p->lex.text[t->at] == '"' || p->lex.text[t->at] == '\''))
		parser_fail(p, t->at, "this quote is not closed");
	else
		parser_fail(p, t->at, "expected %s after '%.*s'", words[col->kind], (int)after->len,
			p->lex.text + after->at);
	return false;
}

static bool add_operand(struct parser *p, struct node *n, const char *text, const struct token *t)
{
	struct operand o;

	if (!operand_parse(p, n->col, text, t->at + (t->kind == LEX_STRING), &o))
		return false;
	if (o.empty && n->test != TEST_IN) {
		parser_fail(p, t->at, "expected something to compare '%s' with", n->col->name);
		mem_free(o.text);
		return false;
	}
	n->operand = mem_grow(n->operand, n->operands + 1, sizeof(o));
	n->operand[n->operands++] = o;
	return true;
}

/* "{80, 443}" after `in`; a single value needs no braces. */
static bool read_set(struct parser *p, struct node *n, const struct token *after)
{
	struct str text = STR_INIT;
	struct token t = lex_peek(&p->lex), comma = *after;
	bool braces = lex_is(&p->lex, &t, "{"), ok;

	if (braces)
		comma = lex_next(&p->lex);
	do {
		ok = read_value(p, n->col, &comma, &t, &text) && add_operand(p, n, text.s, &t);
		if (!ok || !braces)
			break;
		comma = lex_next(&p->lex);
		if (lex_is(&p->lex, &comma, "}"))
			break;
		if (!lex_is(&p->lex, &comma, ","))
			ok = parser_fail(p, comma.at, "expected ',' or '}' in the list") != NULL;
	} while (ok);
	str_free(&text);
	return ok;
}

static bool read_pattern(struct parser *p, struct node *n, const struct token *after)
{
	struct str text = STR_INIT;
	struct token t;
	bool ok;

	n->regex = mem_alloc(sizeof(*n->regex));
	ok = read_value(p, n->col, after, &t, &text) &&
		regex_parse(p, text.s, t.at + (t.kind == LEX_STRING), n->regex);
	if (!ok) {
		mem_free(n->regex);
		n->regex = NULL;
	}
	str_free(&text);
	return ok;
}

struct node *test_new(const struct column *col, enum test test, size_t at)
{
	struct node *n = node_new(NODE_TEST, at);

	n->col = col;
	n->test = test;
	return n;
}

struct node *test_parse(struct parser *p, const struct column *col,
	const struct comparison *c, size_t at)
{
	struct node *n = test_new(col, c->test, at);
	bool ok = fits(p, col, c);

	if (ok && c->test == TEST_MATCH)
		ok = read_pattern(p, n, &c->token);
	else if (ok)
		ok = read_set(p, n, &c->token);
	if (ok)
		return n;
	node_free(n);
	return NULL;
}
