/*
 * Text to words, quoted strings and operators: for filters and for lines of the
 * configuration.
 */
#ifndef TCPTOP_UTIL_LEX_H
#define TCPTOP_UTIL_LEX_H

#include <stdbool.h>
#include <stddef.h>

struct str;

enum lex_kind {
	LEX_END,
	LEX_WORD,     /* anything without blanks, quotes and the first characters of operators */
	LEX_STRING,   /* "with \" and \\", or 'as it stands' */
	LEX_OPERATOR, /* one of the lexer's list */
	LEX_BAD	      /* a quote that is not closed, or a character that begins an operator but is none */
};

struct token {
	enum lex_kind kind;
	size_t at, len; /* offset and octets in the text, quotes included */
};

struct lex {
	const char *text;
	size_t at;
	const char *const *operators; /* longest first, NULL at the end; may be NULL: none */
};

/* The next token; LEX_END again and again at the end. */
struct token lex_next(struct lex *lex);
/* The next token without taking it. */
struct token lex_peek(const struct lex *lex);
/* Adds the token's text, without quotes and with \" and \\ undone. */
void lex_text(const struct lex *lex, const struct token *t, struct str *out);
/* Whether the token is this word or operator, whatever its case. Strings never are. */
bool lex_is(const struct lex *lex, const struct token *t, const char *word);

#endif
