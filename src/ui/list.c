/*
 * A list: a query, its answer, and a table over it. The hard thing is to be calm: the cursor stays on its row and the
 * order stands still for a moment after a key, whatever the numbers do.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "ui/page.h"
#include "store/finding.h"
#include "store/store.h"
#include "util/clock.h"
#include "util/mem.h"

#define WORST_ROWS 500 /* looked at for the worst of a filtered table */

struct list *list_new(const struct app *a, enum view view)
{
	struct list *l = mem_alloc(sizeof(*l));

	l->view = view;
	l->scope = mem_strdup("");
	l->crumb = mem_strdup("");
	l->filter = mem_strdup("");
	l->columns = a->conf.columns;
	l->query.interfaces = a->conf.interfaces;
	l->query.interface_count = a->conf.interface_count;
	l->query.zones = a->conf.zones;
	l->query.names = a->conf.names;
	l->query.host = a->conf.host;
	l->query.limit = LIST_LIMIT;
	l->utc_offset = a->conf.utc_offset_ns;
	table_init(&l->table);
	return l;
}

void list_free(struct list *l)
{
	if (!l)
		return;
	result_free(&l->result);
	filter_free(l->scope_filter);
	filter_free(l->user_filter);
	mem_free(l->scope);
	mem_free(l->crumb);
	mem_free(l->filter);
	mem_free(l->order);
	mem_free(l->ids);
	mem_free(l);
}

/* ---- what is asked ---- */

static void replace(char **text, const char *with)
{
	char *copy = mem_strdup(with);

	mem_free(*text);
	*text = copy;
}

bool list_set_filter(struct app *a, struct list *l, const char *text, struct err *err, size_t *bad_at)
{
	struct filter *f = filter_parse(l->view, text, err, bad_at);

	(void)a;
	if (!f)
		return false;
	filter_free(l->user_filter);
	l->user_filter = f;
	replace(&l->filter, text);
	return true;
}

bool list_set_scope(struct app *a, struct list *l, const char *scope, const char *crumb)
{
	struct err err = ERR_INIT;
	struct filter *f = filter_parse(l->view, scope, &err, NULL);

	if (!f) {
		app_say(a, ROLE_WARNING, "%s", err.text);
		return false;
	}
	filter_free(l->scope_filter);
	l->scope_filter = f;
	replace(&l->scope, scope);
	replace(&l->crumb, crumb);
	list_choose_columns(l);
	return true;
}

void list_sort_by(struct app *a, struct list *l, const struct column *col, bool ascending)
{
	(void)a;
	l->query.sort = col;
	l->query.ascending = ascending;
	if (!col)
		l->query.sort = query_default_sort(l->view, &l->query.ascending);
	list_choose_columns(l);
}

bool list_set_view(struct app *a, struct list *l, enum view view)
{
	struct err err = ERR_INIT;
	struct filter *scope = filter_parse(view, l->scope, &err, NULL), *user;
	bool own_order = view == VIEW_ENDINGS || view == VIEW_FINDINGS; /* their counts mean something else */
	const struct column *sort =
		l->query.sort && !own_order ? column_find(view, l->query.sort->name) : NULL;

	if (!scope) {
		app_say(a, ROLE_WARNING, "%s cannot be limited to %s", view_words(view, 2), l->crumb);
		return false;
	}
	user = filter_parse(view, l->filter, &err, NULL);
	if (!user) {
		app_say(a, ROLE_WARNING, "filter taken off: %s", err.text);
		replace(&l->filter, "");
		user = filter_parse(view, "", &err, NULL);
	}
	filter_free(l->scope_filter);
	filter_free(l->user_filter);
	l->scope_filter = scope;
	l->user_filter = user;
	l->view = view;
	l->table.scroll = 0;
	l->table.selected = 0;
	l->table.index = l->table.top = 0;
	l->pinned = false;
	l->rows = 0;
	list_sort_by(a, l, sort, l->query.ascending);
	return true;
}

/* ---- the answer ---- */

static void natural_order(struct list *l)
{
	for (size_t i = 0; i < l->rows; i++)
		l->order[i] = i;
}

/* Rows that were there keep their places; new ones follow. */
static void held_order(struct list *l, size_t rows_before)
{
	bool *placed = mem_array(l->rows + 1, sizeof(*placed));
	size_t n = 0;

	for (size_t i = 0; i < rows_before; i++) {
		size_t at = result_find(&l->result, l->ids[i]);

		if (at < l->rows && !placed[at]) {
			placed[at] = true;
			l->order[n++] = at;
		}
	}
	for (size_t i = 0; i < l->rows; i++)
		if (!placed[i])
			l->order[n++] = i;
	mem_free(placed);
}

/* How many rows there are within the scope, whatever the typed filter hides. */
static size_t count_in_scope(struct app *a, const struct list *l)
{
	struct query q = l->query;
	struct result r = {.rows = 0};
	size_t n;

	if (!*l->filter)
		return l->result.matched;
	q.filter[1] = NULL;
	q.limit = 1;
	q.spark = false;
	query_run(a->conf.store, &q, &r);
	n = r.matched;
	result_free(&r);
	return n;
}

/* The most severe finding that lasts and is about the network; NULL: there is none worth a headline. */
static const struct finding *worst_finding(const struct app *a)
{
	const struct finding *worst = NULL, *f;
	size_t n;

	f = store_findings(a->conf.store, &n);
	for (; n > 0; n--, f++) {
		enum severity severity = finding_info[f->kind].severity;

		if (!f->current || f->kind == FINDING_CAPTURE_QUALITY || severity < SEVERITY_WARNING)
			continue;
		if (!worst || severity > finding_info[worst->kind].severity ||
			(severity == finding_info[worst->kind].severity && f->last > worst->last))
			worst = f;
	}
	return worst;
}

/* What is wrong with the capture itself is no fault of the network, and stands elsewhere. So does what findings lack. */
static void find_banner(const struct app *a, struct list *l)
{
	struct str lack = STR_INIT;
	const struct finding *f;
	size_t n;

	l->banner[0] = '\0';
	if (l->view == VIEW_FINDINGS)
		query_findings_left_out(a->conf.store, &lack);
	if (lack.len)
		snprintf(l->banner, sizeof(l->banner), "Left out: %s", lack.s);
	str_free(&lack);
	if (*l->banner)
		return;
	f = store_findings(a->conf.store, &n);
	for (; n > 0; n--, f++)
		if (f->current && f->kind == FINDING_CAPTURE_QUALITY)
			snprintf(l->banner, sizeof(l->banner), "Capture: %s", f->sentence);
}

/* The headline: the worst finding, else the service in scope with the most bad endings, in a sentence. */
static void find_worst(struct app *a, struct list *l)
{
	struct err err = ERR_INIT;
	struct query q = {.view = VIEW_SERVICES, .limit = 1, .zones = a->conf.zones,
		.names = a->conf.names, .sort = column_find(VIEW_SERVICES, "bad")};
	struct filter *scope = filter_parse(VIEW_SERVICES, l->scope, &err, NULL);
	struct result r = {.rows = 0};
	struct str text = STR_INIT;

	const struct finding *found = *l->scope ? NULL : worst_finding(a);

	l->worst[0] = '\0';
	l->worst_bad = false;
	if (found) {
		snprintf(l->worst, sizeof(l->worst), "%s", found->sentence);
		l->worst_bad = true;
		filter_free(scope);
		return;
	}
	if (scope && q.sort) {
		q.filter[0] = scope;
		query_run(a->conf.store, &q, &r);
		if (r.rows && result_row(&r, 0)->n.n[COUNTER_BAD]) {
			query_sentence(result_row(&r, 0), &text);
			snprintf(l->worst, sizeof(l->worst), "%s", text.s ? text.s : "");
			l->worst_bad = true;
		}
		result_free(&r);
	}
	str_free(&text);
	filter_free(scope);
}

/* Of the rows that a typed filter leaves, the one with the most bad endings. */
static void find_worst_shown(struct list *l)
{
	struct str text = STR_INIT;
	uint64_t most = 0;
	size_t worst = 0;

	l->worst[0] = '\0';
	for (size_t i = 0; i < l->rows && i < WORST_ROWS; i++) {
		uint64_t bad = result_row(&l->result, i)->n.n[COUNTER_BAD];

		if (bad <= most)
			continue;
		most = bad;
		worst = i;
	}
	l->worst_bad = most > 0 && l->view != VIEW_FINDINGS && l->view != VIEW_GRAPH;
	if (!l->worst_bad)
		return;
	query_sentence(result_row(&l->result, worst), &text);
	snprintf(l->worst, sizeof(l->worst), "%s", text.s ? text.s : "");
	str_free(&text);
}

/* How many connections a filter matches that no row of this view does. */
static uint64_t count_connections(struct app *a, const struct list *l)
{
	struct query q = l->query;
	struct err err = ERR_INIT;
	struct result r = {.rows = 0};
	struct filter *scope, *user;
	uint64_t n = 0;

	if (l->rows || !*l->filter || l->view == VIEW_CONNECTIONS)
		return 0;
	scope = filter_parse(VIEW_CONNECTIONS, l->scope, &err, NULL);
	user = filter_parse(VIEW_CONNECTIONS, l->filter, &err, NULL);
	if (scope && user) {
		q.view = VIEW_CONNECTIONS;
		q.sort = NULL;
		q.filter[0] = scope;
		q.filter[1] = user;
		q.limit = 1;
		q.spark = false;
		query_run(a->conf.store, &q, &r);
		n = r.matched;
		result_free(&r);
	}
	filter_free(scope);
	filter_free(user);
	return n;
}

void list_refresh(struct app *a, struct list *l)
{
	struct table_model m;
	size_t rows_before = l->rows;
	bool hold = rows_before && a->moved && a->now - a->moved < HOLD_NS;

	l->held = hold;
	l->query.view = l->view;
	l->query.filter[0] = l->scope_filter;
	l->query.filter[1] = l->user_filter;
	l->query.spark = view_has_sparks(l->view);
	query_run(a->conf.store, &l->query, &l->result);
	l->rows = l->result.rows;
	l->in_scope = count_in_scope(a, l);
	if (l->rows > l->order_room || !l->order) {
		l->order_room = l->rows + 64;
		l->order = mem_grow(l->order, l->order_room, sizeof(*l->order));
		l->ids = mem_grow(l->ids, l->order_room, sizeof(*l->ids));
	}
	if (hold)
		held_order(l, rows_before);
	else
		natural_order(l);
	for (size_t i = 0; i < l->rows; i++)
		l->ids[i] = result_id(&l->result, l->order[i]);
	if (!l->pinned)
		l->table.selected = 0;
	m = list_model(l);
	table_follow(&l->table, &m);
	if (*l->filter)
		find_worst_shown(l);
	else
		find_worst(a, l);
	l->connections = count_connections(a, l);
	find_banner(a, l);
}

const struct query_row *list_row(struct list *l, size_t index)
{
	return index < l->rows ? result_row(&l->result, l->order[index]) : NULL;
}
