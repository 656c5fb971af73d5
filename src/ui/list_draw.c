/* How a list stands on the screen: from 160 columns down to 20, from 45 lines down to 4. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "ui/page.h"
#include "store/store.h"
#include "util/clock.h"
#include "util/fmt.h"
#include "util/utf8.h"

/* Which lines there is room for. */
struct layout {
	int tabs, second, sort; /* their rows, -1: left out */
	struct rect table, preview; /* preview.h 0: left out */
	bool bands;
};

static struct layout lay_out(const struct canvas *c)
{
	struct layout lay = {-1, -1, -1, {0, 0, c->w, 0}, {0, 0, c->w, 0}, false};
	int y = 1, bottom = c->h - (c->h >= 6 ? 2 : 1), room;

	if (c->h >= 6)
		lay.tabs = y++;
	if (c->h >= 14)
		lay.second = y++;
	if (c->h >= 12)
		lay.sort = y++;
	lay.bands = c->h >= 14 && c->w >= 70;
	room = bottom - y;
	if (c->h >= 20 && c->w >= 40) {
		lay.preview.h = room * 45 / 100;
		if (lay.preview.h > 18)
			lay.preview.h = 18;
	}
	lay.table.y = y;
	lay.table.h = room - lay.preview.h;
	lay.preview.y = y + lay.table.h;
	return lay;
}

/*
 * The filter in force; while it is typed the text itself, in the colour of a fault until the rows
 * are those it asks for.
 */
static void filter_words(const struct app *a, const struct list *l, struct canvas *c, int x, int y, int right)
{
	bool typing = a->entry.kind == ENTRY_FILTER;
	const char *text = typing ? a->entry.prompt[ENTRY_FILTER].text : l->filter;
	bool active = strcmp(text, l->filter) == 0;

	x = canvas_put(c, x, y, ROLE_LABEL, active ? "Filter " : "Typing ");
	if (!*text)
		canvas_put(c, x, y, ROLE_DIM, "none");
	else if (right - x > 3)
		canvas_put_left(c, x, y, right - x - 1, active ? ROLE_INPUT_GOOD : ROLE_INPUT_BAD, text);
}

static void sort_line(struct app *a, struct list *l, struct canvas *c, int y)
{
	char n[FMT_TEXT], m[FMT_TEXT], hits[96];
	int x = 1, right;

	fmt_count(n, l->result.matched, 7);
	fmt_count(m, l->in_scope, 7);
	if (l->stale)
		snprintf(hits, sizeof(hits), "looking%s", canvas_glyph(c, "…", "..."));
	else if (l->result.matched > l->result.rows)
		snprintf(hits, sizeof(hits), "first %zu of %s %s", l->result.rows, n,
			view_words(l->view, l->result.matched));
	else if (!*l->filter)
		snprintf(hits, sizeof(hits), "%s %s", n, view_words(l->view, l->result.matched));
	else
		snprintf(hits, sizeof(hits), "%s of %s %s", n, m, view_words(l->view, l->in_scope));
	right = c->w - 1 - (int)utf8_width(hits);
	canvas_put(c, right, y, ROLE_STRONG, hits);
	x = canvas_put(c, x, y, ROLE_LABEL, "Sort ");
	if (l->query.sort)
		x = canvas_put(c, x, y, ROLE_STRONG, l->query.sort->name);
	/* A plain v would be a letter of the name. */
	x = canvas_put(c, x, y, ROLE_STRONG,
		l->query.ascending ? canvas_glyph(c, "▲", " asc") : canvas_glyph(c, "▼", " desc"));
	filter_words(a, l, c, x + 2, y, right);
	if (l->table.scroll)
		canvas_put(c, right - 3, y, ROLE_KEY, canvas_glyph(c, "◀", "<"));
}

/* What to say when there is no row, one thought a line. */
static void empty_state(struct app *a, struct list *l, struct canvas *c, struct rect r)
{
	struct capture_stats stats;
	char text[160], more[160] = "";
	const char *input = a->conf.input ? a->conf.input : "";

	store_capture_stats(a->conf.store, &stats);
	if (l->stale) {
		snprintf(text, sizeof(text), "Looking for %s.", view_words(l->view, 2));
	} else if (l->in_scope && *l->filter) {
		snprintf(text, sizeof(text), "0 of %zu %s match the filter.", l->in_scope,
			view_words(l->view, l->in_scope));
		if (l->connections)
			snprintf(more, sizeof(more), "%llu %s: %d shows %s. Esc takes the filter off.",
				(unsigned long long)l->connections,
				l->connections == 1 ? "connection does" : "connections do",
				tab_of_view(VIEW_CONNECTIONS) + 1, l->connections == 1 ? "it" : "them");
		else
			snprintf(more, sizeof(more), "Esc takes it off, / changes it.");
	} else if (stats.packets == 0 && store_input_ended(a->conf.store)) {
		snprintf(text, sizeof(text), "0 packets in %s.", input);
	} else if (stats.packets == 0 && a->conf.from_file) {
		snprintf(text, sizeof(text), "Reading %s.", input);
	} else if (stats.packets == 0) {
		snprintf(text, sizeof(text), "Listening on %s, 0 packets. Is this the right device?", input);
		snprintf(more, sizeof(more), "tcptop -D lists the devices; -i any takes them all.");
	} else if (stats.segments == 0) {
		snprintf(text, sizeof(text), "%llu packets, none of them TCP.",
			(unsigned long long)stats.packets);
	} else {
		snprintf(text, sizeof(text), "No %s here.", view_words(l->view, 2));
	}
	canvas_put_wrapped(c, r.x + 2, r.y + 1, r.w - 4, 2, ROLE_STRONG, text);
	if (r.h > 3)
		canvas_put_wrapped(c, r.x + 2, r.y + 3, r.w - 4, 2, ROLE_DIM, more);
}

static void worst_line(struct app *a, struct list *l, struct canvas *c, struct str *out, enum role *role)
{
	struct counters sum;

	*role = ROLE_TEXT;
	if (l->worst_bad) {
		bool here = *l->scope || *l->filter, over = store_input_ended(a->conf.store) || c->w < 60;

		str_addf(out, "%s%s", here ? "Worst here: " : over ? "Worst: " : "Worst now: ", l->worst);
		*role = ROLE_NOTE;
		return;
	}
	store_totals(a->conf.store, &sum);
	if (sum.n[COUNTER_CT_DONE] && !*l->filter)
		str_add(out, "Nothing has ended badly.");
	else
		str_add(out, "");
}

void list_draw(struct app *a, struct list *l, struct canvas *c)
{
	struct layout lay = lay_out(c);
	struct table_model m = list_model(l);
	struct str words = STR_INIT;
	enum role role;

	status_draw(a, c, 0);
	if (lay.tabs >= 0)
		tabs_draw(a, c, lay.tabs, l->view);
	if (lay.second >= 0 && *l->scope)
		crumbs_draw(a, c, lay.second, c->w - 2, view_words(l->view, 2));
	else if (lay.second >= 0 && *l->banner)
		canvas_put_left(c, 1, lay.second, c->w - 2, ROLE_WARNING, l->banner);
	else if (lay.second >= 0)
		totals_draw(a, l, c, lay.second);
	if (lay.sort >= 0)
		sort_line(a, l, c, lay.sort);
	table_draw(&l->table, &m, c, lay.table, lay.bands);
	if (l->rows == 0)
		empty_state(a, l, c,
			(struct rect){0, lay.table.y + (lay.bands ? 2 : 1), c->w, lay.table.h});
	else if (lay.preview.h > 2)
		preview_draw(a, l, c, lay.preview);
	worst_line(a, l, c, &words, &role);
	foot_draw(a, c, IN_LIST, words.s ? words.s : "", role);
	str_free(&words);
}
