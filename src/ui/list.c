/*
 * A list: a query, its answer, and a table over it. The hard thing is to be calm: the cursor stays
 * on its row and the order stands still for a moment after a key, whatever the numbers do.
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
	ask_free(&l->ask);
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
	l->rows = l->in_scope = 0; /* the rows there are were those of another view */
	l->result.rows = l->result.matched = l->result.total = 0;
	memset(&l->result.sum, 0, sizeof(l->result.sum));
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

/* The most severe finding that lasts and is about the network; NULL: there is none worth a headline. */
static const struct finding *worst_finding(const struct app *a)
{
	const struct finding *worst = NULL, *f;
	size_t n;

	f = store_findings_latest(a->conf.store, &n);
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

/*
 * What is wrong with the capture itself is no fault of the network, and stands elsewhere. So does
 * what findings lack.
 */
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
	f = store_findings_latest(a->conf.store, &n);
	for (; n > 0; n--, f++)
		if (f->current && f->kind == FINDING_CAPTURE_QUALITY)
			snprintf(l->banner, sizeof(l->banner), "Capture: %s", f->sentence);
}

/* The headline, if it is a finding. */
static bool find_worst(const struct app *a, struct list *l)
{
	const struct finding *found = *l->scope ? NULL : worst_finding(a);

	if (!found)
		return false;
	snprintf(l->worst, sizeof(l->worst), "%s", found->sentence);
	l->worst_bad = true;
	return true;
}

/* Else it is the service in scope with the most bad endings, in a sentence. */
static bool ask_worst(struct app *a, struct list *l)
{
	const struct query q = {.view = VIEW_SERVICES, .limit = 1, .zones = a->conf.zones,
		.names = a->conf.names, .sort = column_find(VIEW_SERVICES, "bad")};

	if (ask_begin(a, &l->ask, &q, l->scope, ""))
		return true;
	l->worst[0] = '\0';
	l->worst_bad = false;
	return false;
}

static void take_worst(struct list *l)
{
	struct result *r = &l->ask.result;
	struct str text = STR_INIT;

	l->worst_bad = r->rows && result_row(r, 0)->n.n[COUNTER_BAD];
	if (l->worst_bad)
		query_sentence(result_row(r, 0), &text);
	snprintf(l->worst, sizeof(l->worst), "%s", text.s ? text.s : "");
	str_free(&text);
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
static bool ask_connections(struct app *a, struct list *l)
{
	struct query q = l->query;

	l->connections = 0;
	if (l->rows || !*l->filter || l->view == VIEW_CONNECTIONS)
		return false;
	q.view = VIEW_CONNECTIONS;
	q.sort = NULL;
	q.limit = 1;
	q.spark = false;
	return ask_begin(a, &l->ask, &q, l->scope, l->filter);
}

static bool ask_scope(struct app *a, struct list *l)
{
	struct query q = l->query;

	l->in_scope = l->result.matched;
	if (!*l->filter)
		return false;
	q.limit = 1;
	q.spark = false;
	return ask_begin(a, &l->ask, &q, l->scope, "");
}

static void take_rows(struct app *a, struct list *l)
{
	struct table_model m;
	size_t rows_before = l->rows;
	struct result before = l->result;

	l->result = l->ask.result;
	l->ask.result = before;
	result_hand_over(&l->result, &l->ask.result);
	l->stale = false;
	l->held = rows_before && a->moved && a->now - a->moved < HOLD_NS;
	l->rows = l->result.rows;
	if (l->rows > l->order_room || !l->order) {
		l->order_room = l->rows + 64;
		l->order = mem_grow(l->order, l->order_room, sizeof(*l->order));
		l->ids = mem_grow(l->ids, l->order_room, sizeof(*l->ids));
	}
	if (l->held)
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
}

/* False: there is nothing to be asked of the store. */
static bool begin_stage(struct app *a, struct list *l)
{
	switch (l->stage) {
	case LIST_ROWS:
		return ask_begin(a, &l->ask, &l->query, l->scope, l->filter);
	case LIST_SCOPE:
		return ask_scope(a, l);
	case LIST_FINDINGS:
		return !store_findings_step(a->conf.store, 0);
	case LIST_WORST:
		return !*l->filter && !find_worst(a, l) && ask_worst(a, l);
	case LIST_CONNECTIONS:
		return ask_connections(a, l);
	case LIST_WHOLE:
		break;
	}
	return false;
}

static void end_stage(struct app *a, struct list *l)
{
	switch (l->stage) {
	case LIST_ROWS:
		take_rows(a, l);
		break;
	case LIST_SCOPE:
		l->in_scope = l->ask.result.matched;
		break;
	case LIST_FINDINGS:
		break;
	case LIST_WORST:
		take_worst(l);
		break;
	case LIST_CONNECTIONS:
		l->connections = l->ask.result.matched;
		break;
	case LIST_WHOLE:
		break;
	}
	ask_close(&l->ask);
}

static bool work_on_stage(struct app *a, struct list *l, size_t piece)
{
	if (l->stage == LIST_FINDINGS)
		return store_findings_step(a->conf.store, piece);
	return query_step(&l->ask.result, piece);
}

bool list_work(struct app *a, struct list *l, size_t piece)
{
	if (l->stage == LIST_WHOLE || !work_on_stage(a, l, piece))
		return false;
	if (l->stage == LIST_ROWS && entry_refuses(a, l, l->ask.result.matched)) {
		list_refresh(a, l);
		return true;
	}
	end_stage(a, l);
	do {
		l->stage = l->stage == LIST_CONNECTIONS ? LIST_WHOLE : l->stage + 1;
	} while (l->stage != LIST_WHOLE && !begin_stage(a, l));
	if (l->stage == LIST_WHOLE)
		find_banner(a, l);
	return true;
}

void list_refresh(struct app *a, struct list *l)
{
	l->query.view = l->view;
	l->query.spark = view_has_sparks(l->view);
	l->stage = LIST_ROWS;
	if (!begin_stage(a, l)) {
		l->stage = LIST_WHOLE; /* its filters were parsed when they were set: this does not happen */
		return;
	}
	/* Small stores are looked at whole before anybody sees what was: a stage is a piece. */
	while (list_work(a, l, ask_piece(a)) && l->stage != LIST_WHOLE)
		;
	l->stale = l->stage == LIST_ROWS;
}

const struct query_row *list_row(struct list *l, size_t index)
{
	return index < l->rows ? result_row(&l->result, l->order[index]) : NULL;
}
