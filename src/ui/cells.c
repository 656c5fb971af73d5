/*
 * What stands in a list's table: which columns, in which order and under which bands, and the text
 * and role of each cell. Everything about a column that is not looks comes from query/columns.def.
 */
#include "config.h"

#include <string.h>

#include "export/export.h"
#include "ui/page.h"
#include "ui/spark.h"
#include "util/fmt.h"
#include "util/utf8.h"

static const struct table_band band_client = {"by client", "clt", "c"}, band_server = {"by server", "srv", "s"},
			       band_ends = {"how they ended", "ended", ""},
			       band_spark = {"RST per connection, 60 s", "RST/c 60s", ""};

#define BRIEF_ENDING 12 /* narrower, an ending is called by its group */

/* How soon the columns of groups go: what hurts most stays longest. */
static const uint8_t group_drop[GROUP_COUNT] = {[GROUP_OK] = 6, [GROUP_REFUSED] = 1, [GROUP_NO_ANSWER] = 3,
	[GROUP_ABORTED_SERVER] = 1, [GROUP_ABORTED_CLIENT] = 1, [GROUP_PATH] = 6, [GROUP_SILENT] = 6,
	[GROUP_HALF_CLOSED] = 7, [GROUP_OTHER] = 7};

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

/* Who, how it ended and who reset: what a screen of 40 columns still shows. */
static bool is_kept(const struct column *col)
{
	static const char *const names[] = {
		"client", "server", "ending", "rst.count.clt", "rst.count.srv", "bad.ratio"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(col->name, names[i]) == 0)
			return true;
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
	/* Where there are no bands, it says the side. */
	if (to->band && to->min < head + strlen(to->band->letter))
		to->min = (uint8_t)(head + strlen(to->band->letter));
	to->max = to->max < to->min ? to->min : to->max;
	to->keep = is_kept(col);
	if (l->view == VIEW_CONNECTIONS && strcmp(col->name, "ending") == 0) {
		to->brief = 4;
		to->brief_head = "END";
	}
	if (group_of(col))
		to->drop = group_drop[group_of(col)];
	if (col->kind == KIND_COUNT && to->min > 4) /* fmt_count can always do with 4 */
		to->min = head > 4 ? (uint8_t)head : 4;
	l->picture[t->columns] = PICTURE_NONE;
	l->shown[t->columns++] = col;
}

static void add_picture(struct list *l, enum picture picture, const char *head, uint8_t drop)
{
	struct table *t = &l->table;

	t->column[t->columns] = (struct table_column){
		.head = head, .band = &band_spark, .min = 5, .max = 30, .drop = drop, .picture = true};
	l->picture[t->columns] = picture;
	l->shown[t->columns++] = NULL;
}

bool view_has_sparks(enum view view)
{
	return view != VIEW_CONNECTIONS && view != VIEW_ENDINGS && view != VIEW_FINDINGS;
}

static void find_sort_column(struct list *l)
{
	struct table *t = &l->table;

	t->ascending = l->query.ascending;
	for (t->sort = 0; t->sort < t->columns; t->sort++) {
		struct table_column *col = &t->column[t->sort];
		/* with its arrow, and the letter of its side */
		size_t head = utf8_width(col->head) + 1 + (col->band ? strlen(col->band->letter) : 0);

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
void list_choose_columns(struct list *l)
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
	if (view_has_sparks(l->view)) {
		bool clients = l->view == VIEW_CLIENTS || l->view == VIEW_CLIENT_ZONES;

		add_picture(l, PICTURE_CLIENT, "clt", clients ? 3 : 5); /* one goes before the other */
		add_picture(l, PICTURE_SERVER, "srv", clients ? 5 : 3);
	}
	find_sort_column(l);
}

/* ---- the table's questions ---- */

static uint64_t model_id(void *arg, size_t row)
{
	struct list *l = arg;

	return l->ids[row];
}

/*
 * What is guessed or assumed says so: ? behind a guessed role or an unsure ending, ~ behind an
 * assumed state.
 */
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

static enum role severity_role(const struct query_row *row, const struct column *col)
{
	struct value v = col->get(col, row);

	if (v.what != VALUE_TEXT || strcmp(v.text, "info") == 0)
		return ROLE_DIM;
	return strcmp(v.text, "critical") == 0 ? ROLE_ALERT : ROLE_WARNING;
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
	if (strcmp(col->name, "severity") == 0)
		return severity_role(row, col);
	return ROLE_TEXT;
}

/* A time of day with as many decimals as there is room for, at most thousandths. */
static void add_time(const struct list *l, struct value v, int width, struct str *out)
{
	char text[FMT_TEXT];
	int decimals = width == 0 || width >= 12 ? 3 : width >= 10 ? width - 9 : 0;

	if (v.what == VALUE_INT)
		str_add(out, fmt_clock(text, v.i + l->utc_offset, (unsigned)decimals));
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
	if (col->kind == KIND_TIME)
		add_time(l, col->get(col, r), width, out);
	else
		column_format(col, r, STYLE_SCREEN, out);
	if (width > 0 && col->kind == KIND_COUNT && out->len - before > (size_t)width) {
		v = col->get(col, r);
		if (v.what == VALUE_INT) {
			str_clear(out);
			str_add(out, fmt_count(number, (uint64_t)v.i, (size_t)width));
		}
	}
	if (width > 0 && width < BRIEF_ENDING && l->view == VIEW_CONNECTIONS && r->c->ending &&
		strcmp(col->name, "ending") == 0) { /* as the columns of groups are called */
		str_clear(out);
		str_add(out, group_info[ending_info[r->c->ending].group].head);
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
		canvas_put(c, r.x, r.y, ROLE_DIM, "-"); /* not kept */
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
