/* Asking a filter: a tree and a row to yes or no. */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "query/filter_tree.h"
#include "query/query.h"
#include "util/fmt.h"
#include "util/mem.h"
#include "util/str.h"

static bool is_exact(enum kind kind)
{
	return kind == KIND_TIME || kind == KIND_DURATION || kind == KIND_PORT;
}

static double real_of(const struct value *v)
{
	return v->what == VALUE_INFINITE ? INFINITY : v->what == VALUE_REAL ? v->r : (double)v->i;
}

/* <0, 0, >0: the value lies below, in, above the operand. */
static int against(enum kind kind, const struct value *v, const struct operand *o)
{
	double r;

	if (is_exact(kind))
		return v->i < o->i ? -1 : v->i > o->i_to;
	r = real_of(v);
	return r < o->r ? -1 : r > o->r_to;
}

/* One name of a list, "idle=3.200" say, is also known by what stands before its number. */
static bool list_has(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (;;) {
		size_t n = strcspn(list, "|");

		if (!strncasecmp(list, name, len) && (n == len || (n > len && list[len] == '=')))
			return true;
		if (!list[n])
			return false;
		list += n + 1;
	}
}

static bool is_operand(enum kind kind, const struct value *v, const struct operand *o)
{
	switch (kind) {
	case KIND_ADDR:
		return addr_in_net(&v->addr, &o->net, o->bits);
	case KIND_TEXT:
	case KIND_NAME:
		return !strcasecmp(v->text, o->text);
	case KIND_LIST:
		return list_has(v->text, o->text);
	case KIND_PORT:
	case KIND_COUNT:
	case KIND_BYTES:
	case KIND_RATIO:
	case KIND_SHARE:
	case KIND_TIME:
	case KIND_DURATION:
		return against(kind, v, o) == 0;
	}
	return false;
}

static bool is_any_operand(const struct node *n, const struct value *v)
{
	size_t i;

	for (i = 0; i < n->operands; i++) {
		const struct operand *o = &n->operand[i];

		if (v->what == VALUE_ABSENT ? o->empty : !o->empty && is_operand(n->col->kind, v, o))
			return true;
	}
	return false;
}

static bool matches(const struct node *n, const struct value *v)
{
	char buf[ADDR_TEXT];

	if (v->what == VALUE_ADDR)
		return regexec(n->regex, addr_text(&v->addr, buf), 0, NULL, 0) == 0;
	return v->text && regexec(n->regex, v->text, 0, NULL, 0) == 0;
}

static bool test_row(const struct node *n, const struct query_row *row)
{
	struct value v = n->col->get(n->col, row);

	if (n->test == TEST_IN)
		return is_any_operand(n, &v);
	if (v.what == VALUE_ABSENT)
		return false;
	switch (n->test) {
	case TEST_LT:
		return against(n->col->kind, &v, n->operand) < 0;
	case TEST_LE:
		return against(n->col->kind, &v, n->operand) <= 0;
	case TEST_GT:
		return against(n->col->kind, &v, n->operand) > 0;
	case TEST_GE:
		return against(n->col->kind, &v, n->operand) >= 0;
	case TEST_MATCH:
		return matches(n, &v);
	case TEST_IN:
		break;
	}
	return false;
}

bool column_has_words(const struct column *col, enum view view)
{
	switch (col->kind) {
	case KIND_ADDR:
	case KIND_PORT:
	case KIND_TEXT:
	case KIND_NAME:
		break;
	case KIND_LIST:
	case KIND_COUNT:
	case KIND_BYTES:
	case KIND_RATIO:
	case KIND_SHARE:
	case KIND_TIME:
	case KIND_DURATION:
		return false;
	}
	if (view == VIEW_GRAPH) /* its rows have no words: those of the conversations behind them */
		return column_is_conversation_key(col);
	if (!(col->views >> view & 1) || !strcmp(col->name, "sentence"))
		return false;
	return view == VIEW_CONNECTIONS || view == VIEW_ENDINGS || column_is_conversation_key(col);
}

/* Whether the text stands in "address:port" of a side, as people copy it from elsewhere. */
static bool endpoint_has(const struct query_row *row, int side, const char *word)
{
	static struct str text;
	char buf[ADDR_TEXT];
	unsigned port = side == SERVER ? row->key.port : row->c ? row->c->tuple.port[CLIENT] : 0;

	str_clear(&text);
	fmt_endpoint(&text, addr_text(side == SERVER ? &row->key.server : &row->key.client, buf), port);
	return strcasestr(text.s, word) != NULL;
}

static bool has_both(enum view view, const char *a, const char *b)
{
	return column_find(view, a) && column_find(view, b);
}

static bool row_has_word(const struct node *n, const struct query_row *row)
{
	static struct str text;
	size_t i;

	for (i = 0; i < column_count; i++) {
		if (!column_has_words(&columns[i], n->view))
			continue;
		str_clear(&text);
		column_format(&columns[i], row, STYLE_EXPORT, &text);
		if (text.len && strcasestr(text.s, n->word))
			return true;
	}
	if (!strchr(n->word, ':'))
		return false;
	return (has_both(n->view, "server", "server.port") && endpoint_has(row, SERVER, n->word)) ||
		(n->view == VIEW_CONNECTIONS && endpoint_has(row, CLIENT, n->word));
}

static bool node_eval(const struct node *n, const struct query_row *row)
{
	switch (n->kind) {
	case NODE_AND:
		return node_eval(n->left, row) && node_eval(n->right, row);
	case NODE_OR:
		return node_eval(n->left, row) || node_eval(n->right, row);
	case NODE_NOT:
		return !node_eval(n->left, row);
	case NODE_TEST:
		return test_row(n, row);
	case NODE_WORD:
		return row_has_word(n, row);
	}
	return false;
}

bool filter_before(const struct filter *f, const struct query_row *row)
{
	return !f || !f->before || node_eval(f->before, row);
}

bool filter_after(const struct filter *f, const struct query_row *row)
{
	return !f || !f->after || node_eval(f->after, row);
}

void node_free(struct node *n)
{
	size_t i;

	if (!n)
		return;
	node_free(n->left);
	node_free(n->right);
	for (i = 0; i < n->operands; i++)
		mem_free(n->operand[i].text);
	mem_free(n->operand);
	if (n->regex)
		regfree(n->regex);
	mem_free(n->regex);
	mem_free(n->word);
	mem_free(n);
}
