/*
 * The filter language: text to a tree. Precedence or < and < not; two conditions side by
 * side mean `and`. The hard part is that a word can be a name, the start of a shortcut, or
 * text to look for: what follows decides.
 */
#include "config.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "query/filter_tree.h"
#include "query/query.h"
#include "util/err.h"
#include "util/mem.h"
#include "util/str.h"

#define DEPTH_MAX 50
#define HEADS_MAX 4

const char *const filter_operators[] = {"&&", "||", "==", "!=", "!~", "<=", ">=", "=", "<", ">", "~",
	"!", "(", ")", "{", "}", ",", "&", "|", NULL};

static struct node *parse_or(struct parser *p);

void *parser_fail(struct parser *p, size_t at, const char *format, ...)
{
	char words[sizeof(p->err->text) - 32];
	size_t i, column = 1;
	va_list ap;

	if (p->err->text[0])
		return NULL;
	va_start(ap, format);
	vsnprintf(words, sizeof(words), format, ap);
	va_end(ap);
	for (i = 0; i < at && p->lex.text[i]; i++)
		column += ((unsigned char)p->lex.text[i] & 0xc0) != 0x80;
	err_set(p->err, "column %zu: %s", column, words);
	p->fault = at;
	return NULL;
}

struct node *node_new(enum node_kind kind, size_t at)
{
	struct node *n = mem_alloc(sizeof(*n));

	n->kind = kind;
	n->at = at;
	return n;
}

struct node *node_join(enum node_kind kind, struct node *left, struct node *right)
{
	struct node *n;

	if (!left || !right) {
		node_free(left);
		node_free(right);
		return NULL;
	}
	n = node_new(kind, left->at);
	n->left = left;
	n->right = right;
	return n;
}

static struct node *negate(struct node *n)
{
	struct node *opposite;

	if (!n)
		return NULL;
	opposite = node_new(NODE_NOT, n->at);
	opposite->left = n;
	return opposite;
}

static void add_lower(struct str *out, const char *text, size_t n)
{
	for (; n > 0; n--, text++)
		str_add_char(out, (char)tolower((unsigned char)*text));
}

/* The counter that stands for one ending, group or state in a view of sums. */
static const struct column *counted_as(struct parser *p, const char *kind, const char *value)
{
	struct str name = STR_INIT;
	const struct column *col;

	if (!strcmp(kind, "group"))
		str_add(&name, "group.");
	if (!strcmp(kind, "state") && !strncasecmp(value, "fin_wait", 8))
		str_add(&name, "fin_wait");
	else
		add_lower(&name, value, strlen(value));
	col = column_find(p->view, name.s);
	if (!col || col->kind != KIND_COUNT || !(col->views >> VIEW_SERVERS & 1))
		col = NULL;
	if (!strcmp(kind, "ending") && ending_by_name(name.s) >= ENDING_COUNT)
		col = NULL;
	str_free(&name);
	return col;
}

/*
 * "ending = refused" where rows are sums: "refused > 0". `kind` is ending, group or state,
 * whose words are those of the column `like` of single connections.
 */
static struct node *parse_counted(struct parser *p, const char *kind, const struct column *like,
	const struct comparison *c, size_t at)
{
	struct node *words, *all = NULL;
	size_t i;

	if (c->test != TEST_IN || c->negated)
		return parser_fail(p, c->token.at,
			"rows of the view %s are sums: write %s = NAME, or compare the column NAME with a number",
			view_names[p->view], kind);
	words = test_parse(p, like, c, at);
	for (i = 0; words && i < words->operands; i++) {
		const char *value = words->operand[i].text;
		const struct column *col = counted_as(p, kind, value);
		struct node *n;

		if (!col) {
			parser_fail(p, at,
				"%s %s is known of single connections only: use the view connections",
				kind, value);
			node_free(all);
			all = NULL;
			break;
		}
		n = test_new(col, TEST_GT, at);
		n->operand = mem_alloc(sizeof(*n->operand));
		n->operands = 1;
		all = all ? node_join(NODE_OR, all, n) : n;
	}
	node_free(words);
	return all;
}

static bool sums(enum view view)
{
	return view != VIEW_CONNECTIONS && view != VIEW_ENDINGS && view != VIEW_GRAPH &&
		view != VIEW_FINDINGS;
}

/* "RST" stands above three columns. */
static void *ambiguous_head(struct parser *p, const struct column *const *col, size_t n, size_t at)
{
	struct str names = STR_INIT;
	size_t i;

	for (i = 0; i < n; i++)
		str_addf(&names, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : " or ", col[i]->name);
	parser_fail(p, at, "%s on the screen is %s", col[0]->head, names.s);
	str_free(&names);
	return NULL;
}

static void *unknown_name(struct parser *p, const char *name, size_t at)
{
	const char *meant = filter_suggest(p->view, name);
	size_t i;

	if (meant)
		return parser_fail(p, at, "no column '%s' in the view %s; did you mean %s?", name,
			view_names[p->view], meant);
	for (i = 0; i < column_count; i++)
		if (!strcmp(columns[i].name, name) && (columns[i].views >> VIEW_CONNECTIONS & 1))
			return parser_fail(p, at,
				"'%s' is known of single connections: use the view connections",
				name);
	return parser_fail(p, at, "no column '%s' in the view %s", name, view_names[p->view]);
}

/* The words that mean an ending, a group or a state; NULL: it is another name. */
static const char *counted_kind(const char *name)
{
	if (!strcmp(name, "end") || !strcmp(name, "ending"))
		return "ending";
	if (!strcmp(name, "group"))
		return "group";
	return !strcmp(name, "state") ? "state" : NULL;
}

/* NAME COMPARISON VALUE, with the name and the comparison read. */
static struct node *parse_named(struct parser *p, const char *name, size_t at, bool colon,
	const struct comparison *c)
{
	const struct column *col[2], *head[HEADS_MAX];
	size_t n = filter_columns(p->view, name, colon, col);
	struct node *node, *other;
	struct lex again;

	if (n == 0 && sums(p->view) && counted_kind(name) &&
		filter_columns(VIEW_CONNECTIONS, name, colon || !strcmp(name, "end"), col) > 0)
		return parse_counted(p, counted_kind(name), col[0], c, at);
	if (n == 0) {
		size_t heads = filter_heads(p->view, name, head, HEADS_MAX);

		if (heads == 0)
			return unknown_name(p, name, at);
		if (heads > 1)
			return ambiguous_head(p, head, heads < HEADS_MAX ? heads : HEADS_MAX, at);
		col[0] = head[0];
		n = 1;
	}
	again = p->lex;
	node = test_parse(p, col[0], c, at);
	if (node && n == 2) {
		p->lex = again;
		other = test_parse(p, col[1], c, at);
		node = node_join(NODE_OR, node, other);
	}
	return c->negated ? negate(node) : node;
}

/* A count by itself asks whether there is any. */
static struct node *any_of(const struct column *col, size_t at)
{
	struct node *n = test_new(col, TEST_GT, at);

	n->operand = mem_alloc(sizeof(*n->operand));
	n->operands = 1;
	return n;
}

static struct node *bare_word(struct parser *p, const char *word, size_t at)
{
	struct node *n;
	size_t i;

	for (i = 0; i < column_count && !column_has_words(&columns[i], p->view); i++)
		;
	if (i == column_count)
		return parser_fail(p, at, "rows of the view %s have no text to look for '%s' in",
			view_names[p->view], word);
	n = node_new(NODE_WORD, at);
	n->word = mem_strdup(word);
	n->view = p->view;
	return n;
}

/*
 * "port:443", "state:syn_sent", "server:fd77::2": the text before the first colon must be
 * a name.
 */
static bool split_shortcut(struct parser *p, const char *word, struct str *name)
{
	const struct column *col[2];
	const char *colon = strchr(word, ':');
	struct str head = STR_INIT;
	bool known;

	if (!colon || colon == word)
		return false;
	add_lower(&head, word, (size_t)(colon - word));
	known = filter_columns(p->view, head.s, true, col) > 0 ||
		filter_columns(VIEW_CONNECTIONS, head.s, true, col) > 0;
	if (known) {
		str_clear(name);
		str_add(name, head.s);
	}
	str_free(&head);
	return known;
}

/*
 * After "port:" the value may follow at once, after a blank, or after a comparison
 * ("port:>1000").
 */
static struct node *parse_shortcut(struct parser *p, const char *name, const struct token *word)
{
	struct comparison c = {.test = TEST_IN};

	p->lex.at = word->at + strlen(name) + 1;
	c.token = (struct token){LEX_WORD, word->at, strlen(name) + 1};
	comparison_read(p, &c);
	return parse_named(p, name, word->at, true, &c);
}

static struct node *parse_word(struct parser *p, const struct token *t)
{
	struct str word = STR_INIT, name = STR_INIT;
	const struct column *col[2];
	struct comparison c;
	struct node *n;

	lex_text(&p->lex, t, &word);
	add_lower(&name, word.s, word.len);
	if (split_shortcut(p, word.s, &name))
		n = parse_shortcut(p, name.s, t);
	else if (comparison_read(p, &c))
		n = parse_named(p, name.s, t->at, false, &c);
	else if (filter_columns(p->view, name.s, false, col) != 1)
		n = bare_word(p, word.s, t->at);
	else if (col[0]->kind == KIND_COUNT || col[0]->kind == KIND_BYTES)
		n = any_of(col[0], t->at);
	else
		n = parser_fail(p, t->at + t->len, "expected =, !=, <, >, ~ or in after '%s'", word.s);
	str_free(&word);
	str_free(&name);
	return n;
}

static struct node *parse_parentheses(struct parser *p, const struct token *open)
{
	struct node *n = parse_or(p);
	struct token t;

	if (!n)
		return NULL;
	t = lex_next(&p->lex);
	if (lex_is(&p->lex, &t, ")"))
		return n;
	node_free(n);
	return parser_fail(p, t.at, "expected ')' for the '(' in column %zu", open->at + 1);
}

static struct node *parse_string(struct parser *p, const struct token *t)
{
	struct str word = STR_INIT;
	struct node *n;

	lex_text(&p->lex, t, &word);
	n = bare_word(p, word.s, t->at);
	str_free(&word);
	return n;
}

static bool is_joint(struct parser *p, const struct token *t)
{
	static const char *const joints[] = {"and", "or", "in", "&&", "||"};
	size_t i;

	for (i = 0; i < sizeof(joints) / sizeof(*joints); i++)
		if (lex_is(&p->lex, t, joints[i]))
			return true;
	return false;
}

static struct node *parse_not(struct parser *p)
{
	struct token t = lex_next(&p->lex);
	struct node *n;

	if (++p->depth > DEPTH_MAX)
		return parser_fail(p, t.at, "nested too deeply");
	if (lex_is(&p->lex, &t, "not") || lex_is(&p->lex, &t, "!"))
		n = negate(parse_not(p));
	else if (lex_is(&p->lex, &t, "("))
		n = parse_parentheses(p, &t);
	else if (t.kind == LEX_STRING)
		n = parse_string(p, &t);
	else if (t.kind == LEX_WORD && !is_joint(p, &t))
		n = parse_word(p, &t);
	else if (t.kind == LEX_BAD)
		n = parser_fail(p, t.at, "this quote is not closed");
	else if (t.kind == LEX_END)
		n = parser_fail(p, t.at, "expected a condition such as rst.count > 0 at the end");
	else
		n = parser_fail(p, t.at, "expected a condition such as rst.count > 0, not '%.*s'",
			(int)t.len, p->lex.text + t.at);
	p->depth--;
	return n;
}

static bool ends_and(struct parser *p, const struct token *t)
{
	return t->kind == LEX_END || lex_is(&p->lex, t, ")") || lex_is(&p->lex, t, "or") ||
		lex_is(&p->lex, t, "||");
}

static struct node *parse_and(struct parser *p)
{
	struct node *n = parse_not(p);
	struct token t;

	while (n) {
		t = lex_peek(&p->lex);
		if (ends_and(p, &t))
			return n;
		if (lex_is(&p->lex, &t, "and") || lex_is(&p->lex, &t, "&&"))
			lex_next(&p->lex);
		n = node_join(NODE_AND, n, parse_not(p));
	}
	return NULL;
}

static struct node *parse_or(struct parser *p)
{
	struct node *n = parse_and(p);
	struct token t;

	while (n) {
		t = lex_peek(&p->lex);
		if (!lex_is(&p->lex, &t, "or") && !lex_is(&p->lex, &t, "||"))
			return n;
		lex_next(&p->lex);
		n = node_join(NODE_OR, n, parse_and(p));
	}
	return NULL;
}

struct node *tree_parse(struct parser *p)
{
	struct node *n = parse_or(p);
	struct token t = lex_peek(&p->lex);

	if (!n || t.kind == LEX_END)
		return n;
	node_free(n);
	return parser_fail(p, t.at, "expected 'and', 'or' or the end, not '%.*s'", (int)t.len,
		p->lex.text + t.at);
}
