/* The tree of a filter, and how it is asked. Private to the layer. */
#ifndef TCPTOP_QUERY_FILTER_TREE_H
#define TCPTOP_QUERY_FILTER_TREE_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "query/filter.h"
#include "util/lex.h"

struct query_row;

enum node_kind { NODE_AND, NODE_OR, NODE_NOT, NODE_TEST, NODE_WORD };

enum test { TEST_IN, TEST_LT, TEST_LE, TEST_GT, TEST_GE, TEST_MATCH };

/* What a column is compared with. Which fields count follows from the column's kind. */
struct operand {
	/* KIND_TIME and KIND_DURATION in ns, KIND_PORT; from and to, the same when no range. */
	int64_t i, i_to;
	double r, r_to;	   /* other numbers; may be infinite */
	struct addr net;   /* KIND_ADDR */
	unsigned bits;
	bool empty;	   /* "": stands for an absent value */
	char *text;	   /* KIND_TEXT, KIND_NAME, KIND_LIST */
};

struct node {
	enum node_kind kind;
	size_t at; /* where in the text */
	struct node *left, *right; /* AND, OR; NOT has left only */
	const struct column *col;  /* TEST */
	enum test test;
	struct operand *operand; /* TEST: one, of TEST_IN any number */
	size_t operands;
	regex_t *regex; /* TEST_MATCH */
	char *word;	/* WORD */
	enum view view; /* WORD: in whose columns */
};

struct filter {
	struct node *before; /* asked of conversations, before they are summed; NULL: all pass */
	struct node *after;  /* asked of rows; NULL: all pass */
	bool zones;	     /* some test looks at a zone */
	uint64_t number;     /* no other filter ever has it */
};

/* Both take NULL for "all pass". */
bool filter_before(const struct filter *f, const struct query_row *row);
bool filter_after(const struct filter *f, const struct query_row *row);

/* Whether this column belongs to the key of a conversation. */
bool column_is_conversation_key(const struct column *col);
/* Whether a bare word looks into this column of the view. */
bool column_has_words(const struct column *col, enum view view);

void node_free(struct node *n);

/* What the parser's parts share. */
struct parser {
	struct lex lex;
	enum view view;
	struct err *err;
	size_t fault;
	unsigned depth;
};

/* Notes the first error at that offset. Always returns NULL. */
void *parser_fail(struct parser *p, size_t at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* What stands between the name of a column and its value. */
struct comparison {
	enum test test;
	bool negated;
	bool list; /* `in`: braces or a network follow */
	struct token token;
};

/* Takes a comparison if one is next. */
bool comparison_read(struct parser *p, struct comparison *c);
/* One column against what follows in the text. NULL: the error is noted. */
struct node *test_parse(struct parser *p, const struct column *col, const struct comparison *c, size_t at);
struct node *test_new(const struct column *col, enum test test, size_t at);
struct node *node_new(enum node_kind kind, size_t at);

/* Reads a whole text. NULL: the error is noted. */
struct node *tree_parse(struct parser *p);
/* Both, or nothing when one is missing; takes them over. */
struct node *node_join(enum node_kind kind, struct node *left, struct node *right);

/* Whether the word is a unit of the column, as in "20 us". */
bool operand_is_unit(const struct column *col, const char *word);
/* A value's text to an operand of the column's kind. False: the error is noted. */
bool operand_parse(struct parser *p, const struct column *col, const char *text, size_t at,
	struct operand *out);
/* False: the error is noted. */
bool regex_parse(struct parser *p, const char *text, size_t at, regex_t *out);

/*
 * The columns that a name means, other names for them included. Returns how many, at most
 * 2.
 */
size_t filter_columns(enum view view, const char *name, bool colon, const struct column *out[2]);
/*
 * The columns that a table's header calls so: "ATT", "RSTs" (the servers' RST). Returns
 * how many, of which up to `max` are in out.
 */
size_t filter_heads(enum view view, const char *name, const struct column **out, size_t max);
/* The name that was probably meant, or NULL. */
const char *filter_suggest(enum view view, const char *name);

extern const char *const filter_operators[];

#endif
