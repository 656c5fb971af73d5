/*
 * A filter: the tree of its text, split into what is asked when.
 *
 * The one hard thing: a view of sums has two kinds of questions. What only looks at keys
 * of a conversation is asked before summing (so "client = 10.0.0.1" works in the view of
 * servers), what looks at sums is asked of the row. The tree is split at its outermost
 * `and`s; a part that mixes both kinds cannot be answered and is refused.
 */
#include "config.h"

#include <string.h>

#include "query/filter_tree.h"
#include "query/result.h"
#include "util/err.h"
#include "util/mem.h"

#define TEXT_MAX 4096

/* What a part of the tree has to look at. */
#define NEEDS_KEYS 1 /* keys that rows of the view do not have */
#define NEEDS_ROW 2

static unsigned needs_column(const struct column *col, enum view view)
{
	if (!column_is_conversation_key(col))
		return NEEDS_ROW;
	return col->views >> view & 1 ? 0 : NEEDS_KEYS;
}

static unsigned needs(const struct node *n, enum view view)
{
	switch (n->kind) {
	case NODE_AND:
	case NODE_OR:
		return needs(n->left, view) | needs(n->right, view);
	case NODE_NOT:
		return needs(n->left, view);
	case NODE_TEST:
		return needs_column(n->col, view);
	case NODE_WORD:
		return view == VIEW_ENDINGS ? NEEDS_ROW : view == VIEW_GRAPH ? NEEDS_KEYS : 0;
	}
	return 0;
}

static void also(struct node **where, struct node *n)
{
	*where = *where ? node_join(NODE_AND, *where, n) : n;
}

/*
 * Hands each part of the outermost `and` to where it can be answered. False: the error is
 * noted.
 */
static bool split(struct parser *p, struct node *n, struct filter *f)
{
	unsigned need;

	if (n->kind == NODE_AND) {
		struct node *left = n->left, *right = n->right;
		bool ok;

		n->left = n->right = NULL;
		node_free(n);
		ok = split(p, left, f);
		if (!ok)
			node_free(right);
		return ok && split(p, right, f);
	}
	need = p->view == VIEW_CONNECTIONS ? NEEDS_ROW : needs(n, p->view);
	if (need == (NEEDS_KEYS | NEEDS_ROW)) {
		parser_fail(p, n->at,
			"keys are asked before summing and counts after it: in the view %s join them by 'and'",
			view_names[p->view]);
		node_free(n);
		return false;
	}
	also(need == NEEDS_ROW ? &f->after : &f->before, n);
	return true;
}

static bool looks_at_zones(const struct node *n)
{
	if (!n)
		return false;
	if (n->kind == NODE_WORD)
		return true;
	if (n->kind == NODE_TEST)
		return strstr(n->col->name, ".zone") != NULL;
	return looks_at_zones(n->left) || looks_at_zones(n->right);
}

static struct filter *parse_all(struct parser *p)
{
	static uint64_t last; /* filters belong to one thread */
	struct filter *f = mem_alloc(sizeof(*f));
	struct token t = lex_peek(&p->lex);
	struct node *n;

	f->number = ++last;
	if (t.kind == LEX_END)
		return f;
	n = tree_parse(p);
	if (!n || !split(p, n, f)) {
		filter_free(f);
		return NULL;
	}
	f->zones = looks_at_zones(f->before) || looks_at_zones(f->after);
	return f;
}

struct filter *filter_parse(enum view view, const char *text, struct err *err, size_t *position)
{
	struct err scratch = ERR_INIT;
	struct parser p = {.lex = {text, 0, filter_operators}, .view = view, .err = &scratch};
	struct filter *f;

	if (strlen(text) > TEXT_MAX)
		f = parser_fail(&p, TEXT_MAX, "the filter is too long");
	else
		f = parse_all(&p);
	if (!f) {
		*err = scratch;
		if (position)
			*position = p.fault;
	}
	return f;
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	node_free(f->before);
	node_free(f->after);
	mem_free(f);
}

static void tree_needs(const struct node *t, struct needs *n)
{
	if (!t)
		return;
	if (t->kind == NODE_TEST)
		column_needs(t->col, n);
	if (t->kind == NODE_WORD)
		n->keys = KEY_WHOLE;
	tree_needs(t->left, n);
	tree_needs(t->right, n);
}

void filter_needs(const struct filter *f, struct needs *n)
{
	if (f)
		tree_needs(f->after, n);
}

void filter_needs_before(const struct filter *f, struct needs *n)
{
	if (f)
		tree_needs(f->before, n);
}
