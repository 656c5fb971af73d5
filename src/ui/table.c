/*
 * Tables. The hard thing is room: first the columns that must be there at their least width, then
 * as many others as fit by how soon they may be dropped, then what is left over goes to those that
 * want more, left to right.
 */
#include "config.h"

#include "ui/table.h"

#include <string.h>

#include "util/str.h"
#include "util/utf8.h"

#define LEAST_NAME 9	/* nor than this before what is to be kept is given up */
#define NARROW_NAME 12 /* names are not made narrower before columns are given up */

void table_init(struct table *t)
{
	memset(t, 0, sizeof(*t));
	t->visible = 1;
}

static void keep_in_sight(struct table *t, size_t rows)
{
	if (t->index < t->top)
		t->top = t->index;
	if (t->visible && t->index >= t->top + t->visible)
		t->top = t->index - t->visible + 1;
	if (rows <= t->visible)
		t->top = 0;
	else if (t->top > rows - t->visible)
		t->top = rows - t->visible;
}

void table_follow(struct table *t, const struct table_model *m)
{
	size_t at = m->rows, distance = t->index > t->top ? t->index - t->top : 0;

	if (t->selected) {
		if (t->index < m->rows && m->id(m->arg, t->index) == t->selected)
			at = t->index;
		for (size_t i = 0; i < m->rows && at == m->rows; i++)
			if (m->id(m->arg, i) == t->selected)
				at = i;
	} else {
		at = 0;
	}
	if (at < m->rows) { /* the row may have moved: the eye stays where it is */
		t->top = at > distance ? at - distance : 0;
		t->index = at;
	} else if (m->rows) {
		t->index = t->index < m->rows ? t->index : m->rows - 1;
		t->selected = m->id(m->arg, t->index);
	}
	keep_in_sight(t, m->rows);
}

void table_select(struct table *t, const struct table_model *m, size_t index)
{
	if (m->rows == 0)
		return;
	t->index = index < m->rows ? index : m->rows - 1;
	t->selected = m->id(m->arg, t->index);
	keep_in_sight(t, m->rows);
}

void table_move(struct table *t, const struct table_model *m, long by)
{
	if (by < 0 && (size_t)-by > t->index)
		table_select(t, m, 0);
	else
		table_select(t, m, (size_t)((long)t->index + by));
}

void table_page(struct table *t, const struct table_model *m, int pages)
{
	long page = t->visible > 1 ? (long)t->visible - 1 : 1;

	table_move(t, m, pages * page);
}

bool table_scroll(struct table *t, int by)
{
	if (by < 0 && t->scroll == 0)
		return false;
	if (by > 0 && t->keys + t->scroll + 1 >= t->columns)
		return false;
	t->scroll = (size_t)((long)t->scroll + by);
	return true;
}

static int width_of(const struct table *t, const size_t *chosen, size_t n)
{
	int w = 1; /* the mark of the selected row */

	for (size_t i = 0; i < n; i++)
		w += t->column[chosen[i]].min + (i ? 1 : 0);
	return w;
}

/* Columns of screen that are needed with column i added. */
static int width_with(const struct table *t, const bool *in, size_t i)
{
	int w = 0;

	for (size_t k = 0; k < t->columns; k++)
		w += in[k] || k == i ? t->column[k].min + 1 : 0;
	return w;
}

/* What is never dropped and what is sorted by; then the others by their importance, each if it still fits. */
static void choose_by_importance(const struct table *t, int width, bool *in)
{
	for (size_t i = 0; i < t->columns; i++)
		if (!t->column[i].drop || i == t->sort)
			in[i] = true;
	for (uint8_t drop = 1; drop <= 7; drop++)
		for (size_t i = 0; i < t->columns; i++)
			if (t->column[i].drop == drop && !in[i] && width_with(t, in, i) <= width)
				in[i] = true;
}

static size_t choose(const struct table *t, int width, size_t *chosen)
{
	bool in[TABLE_COLUMNS] = {false};
	size_t n = 0;

	if (!t->scroll)
		choose_by_importance(t, width, in);
	for (size_t i = 0; i < t->columns; i++)
		if (t->scroll ? i < t->keys || i >= t->keys + t->scroll : in[i])
			chosen[n++] = i;
	while (t->scroll && n > 1 && width_of(t, chosen, n) > width)
		n--; /* scrolled: what comes next, in order */
	return n;
}

/* Hands spare columns out; pictures share alike, others from the left up to what they want. */
static void share_spare(const struct table *t, const uint8_t *want, int spare, size_t n,
	struct table_place *out)
{
	for (size_t i = 0; i < n && spare > 0; i++) {
		int more = (int)want[out[i].column] - out[i].w;

		if (t->column[out[i].column].picture || more <= 0)
			continue;
		more = more < spare ? more : spare;
		out[i].w += more;
		spare -= more;
	}
	for (bool any = true; any && spare > 0;) {
		any = false;
		for (size_t i = 0; i < n && spare > 0; i++) {
			const struct table_column *col = &t->column[out[i].column];

			if (!col->picture || out[i].w >= col->max)
				continue;
			out[i].w++;
			spare--;
			any = true;
		}
	}
}

/*
 * Takes columns from the left-aligned places, the widest first, down to `floor` each. Returns what
 * is still missing.
 */
static int squeeze(const struct table *t, struct table_place *out, size_t n, int missing, int floor)
{
	while (missing > 0) {
		size_t widest = n;

		for (size_t i = 0; i < n; i++)
			if (!t->column[out[i].column].right && out[i].w > floor &&
				(widest == n || out[i].w > out[widest].w))
				widest = i;
		if (widest == n)
			return missing;
		out[widest].w--;
		missing--;
	}
	return 0;
}

/* Leaves columns out from the right, those of `keep` only when told, the sorted one too when told. */
static size_t give_up(const struct table *t, struct table_place *out, size_t n, int *missing,
	bool kept, bool sorted)
{
	for (size_t i = n; i-- > 1 && *missing > 0;) {
		const struct table_column *col = &t->column[out[i].column];

		if ((col->keep && !kept) || (out[i].column == t->sort && !sorted))
			continue;
		*missing -= out[i].w + 1;
		memmove(out + i, out + i + 1, (n - i - 1) * sizeof(*out));
		n--;
	}
	return n;
}

static bool keeps_any(const struct table *t)
{
	for (size_t i = 0; i < t->columns; i++)
		if (t->column[i].keep)
			return true;
	return false;
}

/* Not even what is never dropped fits: names get narrower, then columns go, so that no number is cut. */
static size_t make_fit(const struct table *t, struct table_place *out, size_t n, int missing)
{
	missing = squeeze(t, out, n, missing, NARROW_NAME);
	for (size_t i = 0; i < n && missing > 0; i++) {
		int brief = t->column[out[i].column].brief;

		if (!brief || out[i].w <= brief)
			continue;
		missing -= out[i].w - brief;
		out[i].w = brief;
	}
	n = give_up(t, out, n, &missing, false, false);
	if (keeps_any(t))
		n = give_up(t, out, n, &missing, false, true);
	missing = squeeze(t, out, n, missing, LEAST_NAME);
	n = give_up(t, out, n, &missing, true, false);
	squeeze(t, out, n, missing, 1);
	return n;
}

size_t table_layout(const struct table *t, const uint8_t *want, int width, struct table_place *out)
{
	size_t chosen[TABLE_COLUMNS], n = choose(t, width, chosen);
	int x = 1, spare = width - width_of(t, chosen, n);

	for (size_t i = 0; i < n; i++)
		out[i] = (struct table_place){chosen[i], 0, t->column[chosen[i]].min};
	if (spare < 0)
		n = make_fit(t, out, n, -spare);
	spare = width;
	for (size_t i = 0; i < n; i++)
		spare -= out[i].w + 1;
	share_spare(t, want, spare, n, out);
	for (size_t i = 0; i < n; i++) {
		out[i].x = x;
		x += out[i].w + 1;
	}
	return n;
}

static void measure(const struct table *t, const struct table_model *m, size_t rows, uint8_t *want)
{
	struct str text = STR_INIT;

	for (size_t i = 0; i < t->columns; i++) {
		const struct table_column *col = &t->column[i];
		size_t w = utf8_width(col->head) + (i == t->sort);

		for (size_t r = 0; r < rows && !col->picture && w < col->max; r++) {
			enum role role = ROLE_TEXT;
			size_t cell;

			str_clear(&text);
			m->text(m->arg, t->top + r, i, 0, &text, &role);
			cell = text.s ? utf8_width(text.s) : 0;
			w = cell > w ? cell : w;
		}
		w = w > col->max ? col->max : w;
		want[i] = (uint8_t)(w < col->min ? col->min : w);
	}
	str_free(&text);
}

static void draw_band(struct canvas *c, int x, int y, int w, const struct table_band *band)
{
	const char *words = (int)utf8_width(band->words) + 2 <= w ? band->words : band->brief;
	int need = (int)utf8_width(words);

	canvas_hline(c, x, y, w, ROLE_HEADER_BAND);
	if (need + 2 <= w) {
		x = canvas_put(c, x + (w - need - 2) / 2, y, ROLE_HEADER_BAND, " ");
		x = canvas_put(c, x, y, ROLE_HEADER_BAND, words);
		canvas_put(c, x, y, ROLE_HEADER_BAND, " ");
	} else if (need <= w) {
		canvas_put_right(c, x, y, w, ROLE_HEADER_BAND, words);
	}
}

static void draw_bands(const struct table *t, struct canvas *c, int x0, int y,
	const struct table_place *place, size_t n)
{
	for (size_t i = 0; i < n;) {
		const struct table_band *band = t->column[place[i].column].band;
		size_t end = i + 1;
		int x = x0 + place[i].x, w;

		while (end < n && t->column[place[end].column].band == band)
			end++;
		w = place[end - 1].x + place[end - 1].w - place[i].x;
		i = end;
		if (band)
			draw_band(c, x, y, w, band);
	}
}

/* Cut to `width`, so that the arrow behind it stays. */
static void fit_head(struct str *out, const struct table_column *col, int width, bool bands)
{
	bool brief = col->brief_head && (int)utf8_width(col->head) > width;

	str_add(out, brief ? col->brief_head : col->head);
	if (!bands && col->band)
		str_add(out, col->band->letter);
	if (width >= 0 && out->len > (size_t)width && utf8_width(out->s) == out->len) {
		out->len = (size_t)width;
		out->s[width] = '\0';
	}
}

static void draw_head(const struct table *t, struct canvas *c, int x0, int y, bool bands,
	const struct table_place *place, size_t n)
{
	struct str head = STR_INIT;

	for (size_t i = 0; i < n; i++) {
		const struct table_column *col = &t->column[place[i].column];
		bool sorted = place[i].column == t->sort;
		enum role role = sorted ? ROLE_HEADER_SORT : ROLE_HEADER;

		str_clear(&head);
		fit_head(&head, col, place[i].w - sorted, bands);
		if (sorted)
			str_add(&head, t->ascending ? canvas_glyph(c, "▲", "^")
						    : canvas_glyph(c, "▼", "<")); /* a v would be a letter more */
		(col->right ? canvas_put_right : canvas_put_left)(
			c, x0 + place[i].x, y, place[i].w, role, head.s);
	}
	str_free(&head);
}

static void draw_row(const struct table *t, const struct table_model *m, struct canvas *c, struct rect r,
	size_t row, const struct table_place *place, size_t n)
{
	bool selected = row == t->index;
	struct str text = STR_INIT;

	if (selected) {
		canvas_fill(c, r, ROLE_SELECTED, ' ');
		canvas_put(c, r.x, r.y, ROLE_SELECTED, ">");
	}
	for (size_t i = 0; i < n; i++) {
		const struct table_column *col = &t->column[place[i].column];
		struct rect cell = {r.x + place[i].x, r.y, place[i].w, 1};
		enum role role = ROLE_TEXT;

		if (col->picture) {
			m->picture(m->arg, row, place[i].column, c, cell);
			continue;
		}
		str_clear(&text);
		str_add(&text, "");
		m->text(m->arg, row, place[i].column, cell.w, &text, &role);
		(col->middle  ? canvas_put_middle
			: col->right ? canvas_put_right
				     : canvas_put_left)(c, cell.x, cell.y, cell.w, role, text.s);
	}
	if (selected)
		canvas_paint(c, r, ROLE_SELECTED);
	str_free(&text);
}

void table_draw(struct table *t, const struct table_model *m, struct canvas *c, struct rect r, bool bands)
{
	struct table_place place[TABLE_COLUMNS];
	uint8_t want[TABLE_COLUMNS];
	struct rect clip = canvas_clip(c, r);
	int head = bands ? 2 : 1, lines = r.h - head;
	size_t n, shown;

	t->visible = lines > 0 ? (size_t)lines : 0;
	keep_in_sight(t, m->rows);
	shown = m->rows - t->top < t->visible ? m->rows - t->top : t->visible;
	measure(t, m, shown, want);
	n = table_layout(t, want, r.w, place);
	if (bands)
		draw_bands(t, c, r.x, r.y, place, n);
	draw_head(t, c, r.x, r.y + head - 1, bands, place, n);
	for (size_t i = 0; i < shown; i++)
		draw_row(t, m, c, (struct rect){r.x, r.y + head + (int)i, r.w, 1}, t->top + i, place, n);
	canvas_unclip(c, clip);
}
