/*
 * A list: a query, its answer, and a table over it. The hard thing is to be calm: the cursor stays on its row and the
 * order stands still for a moment after a key, whatever the numbers do.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "ui/page.h"
#include "ui/spark.h"
#include "export/export.h"
#include "store/finding.h"
#include "store/store.h"
#include "util/clock.h"
#include "util/fmt.h"
#include "util/mem.h"
#include "util/utf8.h"

static const struct table_band band_client = {"by client", "clt", "c"}, band_server = {"by server", "srv", "s"},
			       band_ends = {"how they ended", "ended", ""},
			       band_spark = {"RST per connection, 60 s", "RST/c 60s", ""};

/* How soon the columns of groups go: what hurts most stays longest. */
static const uint8_t group_drop[GROUP_COUNT] = {[GROUP_OK] = 6, [GROUP_REFUSED] = 2, [GROUP_NO_ANSWER] = 4,
	[GROUP_ABORTED_SERVER] = 5, [GROUP_ABORTED_CLIENT] = 5, [GROUP_PATH] = 6, [GROUP_SILENT] = 6,
	[GROUP_HALF_CLOSED] = 7, [GROUP_OTHER] = 7};

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

/* ---- columns ---- */

static bool ends_in(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n > m && strcmp(name + n - m, end) == 0;
}

/* The group whose count a column shows, or GROUP_NONE. */
static enum ending_group group_of(const struct column *col)
{
	const char *name = strncmp(col->name, "group.", 6) == 0 ? col->name + 6 : "";

	for (int g = 1; g < GROUP_COUNT; g++)
		if (strcmp(name, group_info[g].name) == 0)
			return (enum ending_group)g;
	return GROUP_NONE;
}

static const struct table_band *band_of(const struct column *col)
{
	if (col->flags & COLUMN_KEY)
		return NULL;
	if (col->kind == KIND_COUNT || col->kind == KIND_BYTES || col->kind == KIND_RATIO) {
		if (ends_in(col->name, ".clt"))
			return &band_client;
		if (ends_in(col->name, ".srv"))
			return &band_server;
	}
	return group_of(col) || strcmp(col->name, "bad.ratio") == 0 ? &band_ends : NULL;
}

/* Keys, what has no band before the first that has one, clients, servers, endings, the rest. */
static int place_of(const struct column *col, bool before_bands)
{
	const struct table_band *band = band_of(col);

	if (col->flags & COLUMN_KEY)
		return 0;
	if (!band)
		return before_bands ? 1 : 5;
	return band == &band_client ? 2 : band == &band_server ? 3 : 4;
}

static bool is_number(const struct column *col)
{
	switch (col->kind) {
	case KIND_PORT:
	case KIND_COUNT:
	case KIND_BYTES:
	case KIND_RATIO:
	case KIND_SHARE:
	case KIND_DURATION:
		return true;
	case KIND_ADDR:
	case KIND_TEXT:
	case KIND_NAME:
	case KIND_LIST:
	case KIND_TIME:
		break;
	}
	return false;
}

static void add_column(struct list *l, const struct column *col)
{
	struct table *t = &l->table;
	struct table_column *to = &t->column[t->columns];
	size_t head = utf8_width(col->head);

	if (t->columns >= TABLE_COLUMNS - 2)
		return;
	*to = (struct table_column){.head = col->head, .band = band_of(col), .min = col->min,
		.max = col->max, .drop = (uint8_t)column_drop(col), .right = is_number(col),
		.middle = col->kind == KIND_ADDR};
	if (group_of(col))
		to->drop = group_drop[group_of(col)];
	if (col->kind == KIND_COUNT && to->min > 4) /* fmt_count can always do with 4 */
		to->min = head > 4 ? (uint8_t)head : 4;
	l->picture[t->columns] = PICTURE_NONE;
	l->shown[t->columns++] = col;
}

static void add_picture(struct list *l, enum picture picture, const char *head)
{
	struct table *t = &l->table;

	t->column[t->columns] = (struct table_column){
		.head = head, .band = &band_spark, .min = 5, .max = 30, .drop = 3, .picture = true};
	l->picture[t->columns] = picture;
	l->shown[t->columns++] = NULL;
}

static bool aggregate(enum view view)
{
	return view != VIEW_CONNECTIONS && view != VIEW_ENDINGS;
}

static void find_sort_column(struct list *l)
{
	struct table *t = &l->table;

	t->ascending = l->query.ascending;
	for (t->sort = 0; t->sort < t->columns; t->sort++) {
		struct table_column *col = &t->column[t->sort];
		size_t head = utf8_width(col->head) + 1; /* with its arrow */

		if (!l->shown[t->sort] || l->shown[t->sort] != l->query.sort)
			continue;
		col->min = head > col->min ? (uint8_t)head : col->min;
		col->max = col->max < col->min ? col->min : col->max;
		return;
	}
}

/* Whether the scope says what stands in the column, so that every row would say the same. */
static bool is_fixed(const struct list *l, const struct column *col)
{
	size_t n = strlen(col->name);

	if (!(col->flags & COLUMN_KEY))
		return false;
	for (const char *at = l->scope; (at = strstr(at, col->name)) != NULL; at += n)
		if ((at == l->scope || at[-1] == ' ') && strncmp(at + n, " = ", 3) == 0)
			return true;
	return false;
}

/* What the user chose, or the view's own. */
static size_t wanted_columns(const struct list *l, const struct column **col, size_t max)
{
	const struct fields *own = l->columns ? &l->columns[l->view] : NULL;
	size_t n = 0;

	if (!own || own->n == 0)
		return column_defaults(l->view, true, col, max);
	for (; n < own->n && n < max; n++)
		col[n] = own->column[n];
	return n;
}

/* The wanted columns without those that the scope fixes, but never none of the key. */
static size_t default_columns(const struct list *l, const struct column **col)
{
	size_t all = wanted_columns(l, col, TABLE_COLUMNS - 3), n = 0, keys = 0;

	for (size_t i = 0; i < all; i++)
		keys += (col[i]->flags & COLUMN_KEY) && !is_fixed(l, col[i]);
	for (size_t i = 0; i < all; i++)
		if (!keys || !is_fixed(l, col[i]))
			col[n++] = col[i];
	return n;
}

/* Columns of the view in the order of the screen; one that is sorted by is always among them. */
static void choose_columns(struct list *l)
{
	const struct column *col[TABLE_COLUMNS];
	size_t n = default_columns(l, col), first_band = n;
	bool has_sort = false;

	for (size_t i = n; i-- > 0;) {
		has_sort = has_sort || col[i] == l->query.sort;
		if (band_of(col[i]))
			first_band = i;
	}
	l->table.columns = 0;
	for (int place = 0; place <= 5; place++) {
		if (place == 1) {
			l->table.keys = l->table.columns;
			if (!has_sort && l->query.sort)
				add_column(l, l->query.sort);
		}
		for (size_t i = 0; i < n; i++)
			if (place_of(col[i], i < first_band) == place)
				add_column(l, col[i]);
	}
	if (aggregate(l->view)) {
		add_picture(l, PICTURE_CLIENT, "clt");
		add_picture(l, PICTURE_SERVER, "srv");
	}
	find_sort_column(l);
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
	choose_columns(l);
	return true;
}

void list_sort_by(struct app *a, struct list *l, const struct column *col, bool ascending)
{
	(void)a;
	l->query.sort = col;
	l->query.ascending = ascending;
	if (!col)
		l->query.sort = query_default_sort(l->view, &l->query.ascending);
	choose_columns(l);
}

bool list_set_view(struct app *a, struct list *l, enum view view)
{
	struct err err = ERR_INIT;
	struct filter *scope = filter_parse(view, l->scope, &err, NULL), *user;
	const struct column *sort = l->query.sort ? column_find(view, l->query.sort->name) : NULL;

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

/* What is wrong with the capture itself is no fault of the network, and stands elsewhere. */
static void find_banner(const struct app *a, struct list *l)
{
	const struct finding *f;
	size_t n;

	l->banner[0] = '\0';
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

void list_refresh(struct app *a, struct list *l)
{
	struct table_model m;
	size_t rows_before = l->rows;
	bool hold = rows_before && a->moved && a->now - a->moved < HOLD_NS;

	l->held = hold;
	l->query.view = l->view;
	l->query.filter[0] = l->scope_filter;
	l->query.filter[1] = l->user_filter;
	l->query.spark = aggregate(l->view);
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
	find_worst(a, l);
	find_banner(a, l);
}

const struct query_row *list_row(struct list *l, size_t index)
{
	return index < l->rows ? result_row(&l->result, l->order[index]) : NULL;
}

/* ---- the table's questions ---- */

static uint64_t model_id(void *arg, size_t row)
{
	struct list *l = arg;

	return l->ids[row];
}

/* What is guessed or assumed says so: ? behind a guessed role or an unsure ending, ~ behind an assumed state. */
static void add_doubt(const struct column *col, const struct query_row *row, struct str *out)
{
	const struct connection *c = row->c;

	if (!c)
		return;
	if (strcmp(col->name, "client") == 0 && c->client_by >= BY_PORT)
		str_add_char(out, '?');
	else if (strcmp(col->name, "ending") == 0 && c->ending && c->confidence == CONFIDENCE_LOW)
		str_add_char(out, '?');
	else if (strcmp(col->name, "state.clt") == 0 && c->side[CLIENT].state_assumed)
		str_add_char(out, '~');
	else if (strcmp(col->name, "state.srv") == 0 && c->side[SERVER].state_assumed)
		str_add_char(out, '~');
}

static enum role number_role(const struct column *col, const struct value *v)
{
	if (v->what == VALUE_INT && v->i == 0)
		return ROLE_DIM;
	if (strcmp(col->name, "rst.count.srv") == 0)
		return ROLE_SERVER_SIDE;
	if (strcmp(col->name, "rst.count.clt") == 0)
		return ROLE_CLIENT_SIDE;
	if (group_of(col))
		return role_of_group(group_of(col));
	if (strncmp(col->name, "bad", 3) == 0 && v->what == VALUE_REAL && v->r >= 0.5)
		return ROLE_ALERT;
	return ROLE_TEXT;
}

static enum role cell_role(const struct column *col, const struct query_row *row)
{
	struct value v;

	if (col->kind == KIND_COUNT || col->kind == KIND_SHARE || col->kind == KIND_RATIO) {
		v = col->get(col, row);
		return number_role(col, &v);
	}
	if (strcmp(col->name, "ending") == 0 || strcmp(col->name, "group") == 0)
		return role_of_ending(row->c ? (enum ending)row->c->ending : row->ending);
	return ROLE_TEXT;
}

static void model_text(void *arg, size_t row, size_t column, int width, struct str *out, enum role *role)
{
	struct list *l = arg;
	const struct column *col = l->shown[column];
	const struct query_row *r = list_row(l, row);
	size_t before = out->len;
	char number[FMT_TEXT];
	struct value v;

	*role = cell_role(col, r);
	column_format(col, r, STYLE_SCREEN, out);
	if (width > 0 && col->kind == KIND_COUNT && out->len - before > (size_t)width) {
		v = col->get(col, r);
		if (v.what == VALUE_INT) {
			str_clear(out);
			str_add(out, fmt_count(number, (uint64_t)v.i, (size_t)width));
		}
	}
	add_doubt(col, r, out);
}

static void model_picture(void *arg, size_t row, size_t column, struct canvas *c, struct rect r)
{
	struct list *l = arg;
	const struct query_row *q = list_row(l, row);
	bool server = l->picture[column] == PICTURE_SERVER;
	uint32_t count[SPARK_STEPS], base[SPARK_STEPS];

	if (!q->spark) {
		canvas_put(c, r.x, r.y, ROLE_DIM, "not kept");
		return;
	}
	for (int i = 0; i < SPARK_STEPS; i++) {
		base[i] = q->spark[0][i];
		count[i] = q->spark[server ? 2 : 1][i];
	}
	spark_ratio(c, r.x, r.y, r.w, server ? ROLE_SERVER_SIDE : ROLE_CLIENT_SIDE, count, base, SPARK_STEPS);
	if (q->spark_partial)
		canvas_put(c, r.x, r.y, ROLE_GUESS, "~");
}

struct table_model list_model(struct list *l)
{
	return (struct table_model){.rows = l->rows, .id = model_id, .text = model_text,
		.picture = model_picture, .arg = l};
}
