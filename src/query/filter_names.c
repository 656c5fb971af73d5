/*
 * Names a filter may use: columns, keys of the conversations behind a row, and what people
 * type without reading help.
 */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "query/filter_tree.h"
#include "util/str.h"

static const struct alias {
	const char *name, *means[2], *gist;
} aliases[] = {
	{"port", {"server.port", NULL}, "port of the server"},
	{"host", {"client", "server"}, "address of either side"},
	{"net", {"client", "server"}, "network of either side"},
	{"zone", {"client.zone", "server.zone"}, "network name of either side"},
	{"state", {"state.clt", "state.srv"}, "state of either end"},
	{"end", {"ending", NULL}, "how it ended"},
};

static const struct completion joints[] = {
	{"and", "both"}, {"or", "one or both"}, {"not", "the opposite"}, {"in", "one of {A, B}, or a network"},
};

bool column_is_conversation_key(const struct column *col)
{
	static const char *const keys[] = {"client", "server", "server.port", "client.zone",
		"server.zone", "app"};
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (!strcmp(col->name, keys[i]))
			return true;
	return false;
}

static const struct column *find(enum view view, const char *name)
{
	const struct column *col = column_find(view, name);

	if (col || view == VIEW_FINDINGS)
		return col;
	col = column_find(VIEW_CONNECTIONS, name);
	return col && column_is_conversation_key(col) ? col : NULL;
}

static size_t find_alias(enum view view, const char *name, const struct column *out[2])
{
	size_t i, k, n = 0;

	for (i = 0; i < sizeof(aliases) / sizeof(*aliases); i++) {
		if (strcmp(aliases[i].name, name) != 0)
			continue;
		for (k = 0; k < 2 && aliases[i].means[k]; k++) {
			out[n] = find(view, aliases[i].means[k]);
			n += out[n] != NULL;
		}
	}
	return n;
}

/* "end" is a time, but "end:refused" an ending: before a colon the short names come first. */
size_t filter_columns(enum view view, const char *name, bool colon, const struct column *out[2])
{
	size_t n = colon ? find_alias(view, name, out) : 0;

	if (n > 0)
		return n;
	out[0] = find(view, name);
	return out[0] ? 1 : find_alias(view, name, out);
}

/* Headers say RST twice, for clients and servers: "RSTc" and "RSTs" tell them apart. */
static bool is_head(const struct column *col, const char *name)
{
	size_t n = strlen(col->head), name_length = strlen(col->name);
	const char *end = name_length > 4 ? col->name + name_length - 4 : "";

	if (!n || strncasecmp(col->head, name, n) != 0)
		return false;
	if (!name[n])
		return true;
	return !name[n + 1] && ((name[n] == 'c' && !strcmp(end, ".clt")) ||
		(name[n] == 's' && !strcmp(end, ".srv")));
}

size_t filter_heads(enum view view, const char *name, const struct column **out, size_t max)
{
	size_t i, n = 0;

	for (i = 0; i < column_count; i++) {
		if (!(columns[i].views >> view & 1) || !is_head(&columns[i], name))
			continue;
		if (n < max)
			out[n] = &columns[i];
		n++;
	}
	return n;
}

/* Letters to change, add or leave out to get from a to b; both short. */
static size_t distance(const char *a, const char *b)
{
	size_t row[33], n = strlen(a), m = strlen(b), i, k;

	if (n > 32 || m > 32)
		return 99;
	for (k = 0; k <= m; k++)
		row[k] = k;
	for (i = 1; i <= n; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (k = 1; k <= m; k++) {
			size_t change = corner + (a[i - 1] != b[k - 1]);

			corner = row[k];
			row[k] = row[k] < row[k - 1] ? row[k] + 1 : row[k - 1] + 1;
			row[k] = change < row[k] ? change : row[k];
		}
	}
	return row[m];
}

const char *filter_suggest(enum view view, const char *name)
{
	const char *best = NULL;
	size_t i, least = 3;

	for (i = 0; i < column_count; i++) {
		size_t d;

		if (!(columns[i].views >> view & 1))
			continue;
		d = distance(name, columns[i].name);
		if (d < least && d < strlen(name)) {
			least = d;
			best = columns[i].name;
		}
	}
	return best;
}

struct candidates {
	const char *start; /* what was typed */
	size_t len;
	struct completion *out;
	size_t n, max;
};

static void offer(struct candidates *c, const char *word, const char *gist)
{
	if (c->n < c->max && !strncasecmp(word, c->start, c->len))
		c->out[c->n++] = (struct completion){word, gist};
}

static void offer_names(struct candidates *c, enum view view)
{
	const struct column *col[2];
	size_t i;

	for (i = 0; i < column_count; i++)
		if (find(view, columns[i].name) == &columns[i])
			offer(c, columns[i].name, columns[i].gist);
	for (i = 0; i < sizeof(aliases) / sizeof(*aliases); i++)
		if (find_alias(view, aliases[i].name, col) > 0)
			offer(c, aliases[i].name, aliases[i].gist);
}

static const char *choice_gist(const struct column *col, const char *word)
{
	enum ending e = ending_by_name(word);

	return e < ENDING_COUNT && e != ENDING_NONE ? ending_info[e].sentence : col->gist;
}

static bool is_comparison(const struct lex *lex, const struct token *t)
{
	static const char *const words[] = {"=", "==", "!=", "~", "!~", "in", "{", ",", NULL};
	size_t i;

	for (i = 0; words[i]; i++)
		if (lex_is(lex, t, words[i]))
			return true;
	return false;
}

/*
 * The column whose value stands at `until`, or NULL when a name does; *done: a condition
 * is complete before it.
 */
static const struct column *column_before(enum view view, const char *text, size_t until, bool *done)
{
	struct lex lex = {text, 0, filter_operators};
	const struct column *col[2], *named = NULL;
	struct str name = STR_INIT;
	bool value = false;
	struct token t;

	*done = false;
	while ((t = lex_next(&lex)).kind != LEX_END && t.at + t.len <= until) {
		bool after_comparison = value;

		value = is_comparison(&lex, &t);
		*done = !value && t.kind != LEX_OPERATOR && !lex_is(&lex, &t, "and") &&
			!lex_is(&lex, &t, "or") && !lex_is(&lex, &t, "not");
		if (t.kind != LEX_WORD || value || after_comparison)
			continue;
		str_clear(&name);
		lex_text(&lex, &t, &name);
		if (filter_columns(view, name.s, false, col) > 0 ||
			filter_columns(VIEW_CONNECTIONS, name.s, false, col) > 0)
			named = col[0];
	}
	str_free(&name);
	return value ? named : NULL;
}

size_t filter_complete(enum view view, const char *text, size_t cursor, struct completion *out, size_t max)
{
	struct candidates c = {.out = out, .max = max};
	const struct column *col, *found[2];
	size_t from = cursor, i;
	struct str name = STR_INIT;
	const char *word;
	bool done;

	while (from > 0 && !strchr(" \t=!<>~(){},&|\"':", text[from - 1]))
		from--;
	c.start = text + from;
	c.len = cursor - from;
	col = column_before(view, text, from, &done);
	if (from > 0 && text[from - 1] == ':') { /* "state:syn" */
		for (i = from - 1; i > 0 && !strchr(" \t(!", text[i - 1]); i--)
			;
		str_add_n(&name, text + i, from - 1 - i);
		if (filter_columns(VIEW_CONNECTIONS, name.s, true, found) > 0)
			col = found[0];
		str_free(&name);
	}
	if (!col && done)
		for (i = 0; i < sizeof(joints) / sizeof(*joints); i++)
			offer(&c, joints[i].word, joints[i].gist);
	if (!col)
		offer_names(&c, view);
	for (i = 0; col && (word = column_choice(col, i)); i++)
		offer(&c, word, choice_gist(col, word));
	return c.n;
}
