/*
 * The lines at the top and at the foot: who, where, how many, what was lost; tabs; the way here;
 * words and keys.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "ui/page.h"
#include "ui/spark.h"
#include "store/store.h"
#include "util/clock.h"
#include "util/fmt.h"
#include "util/utf8.h"

/* ---- a line of items that shrink ---- */

static int bar_size(const struct bar_item *item, const int *form, size_t n, int gap)
{
	int w = 1;

	for (size_t i = 0; i < n; i++)
		if (form[i] < 2 && item[i].text[form[i]][0])
			w += (int)utf8_width(item[i].text[form[i]]) + gap;
	return w - gap;
}

/* One step less: the item of the highest rank that can still shrink. False when none can. */
static bool bar_shrink(const struct bar_item *item, int *form, size_t n)
{
	size_t at = n;

	for (size_t i = 0; i < n; i++) {
		bool last_form = form[i] == 1 && item[i].rank == 0;

		if (form[i] >= 2 || last_form || (item[i].rank == 0 && !item[i].text[1][0]))
			continue;
		if (at == n || item[i].rank + (form[i] ? 0 : 100) > item[at].rank + (form[at] ? 0 : 100))
			at = i;
	}
	if (at == n)
		return false;
	form[at]++;
	return true;
}

void bar_draw(struct canvas *c, int y, enum role between, struct bar_item *item, size_t n, int gap)
{
	int form[24] = {0}, x = 1;

	while (bar_size(item, form, n, gap) > c->w - 1 && (gap > 1 || bar_shrink(item, form, n)))
		gap = gap > 1 ? gap - 1 : 1;
	canvas_fill(c, (struct rect){0, y, c->w, 1}, between, ' ');
	for (size_t i = 0; i < n; i++) {
		const char *text = form[i] < 2 ? item[i].text[form[i]] : "";

		if (!*text)
			continue;
		if (i + 1 == n) { /* the last one stands at the right */
			int right = c->w - 1 - (int)utf8_width(text);

			x = right > x ? right : x;
		}
		x = canvas_put(c, x, y, item[i].role, text) + gap;
	}
}

/* ---- line 1 ---- */

#define LONG(i, ...) snprintf((i)->text[0], sizeof((i)->text[0]), __VA_ARGS__)
#define SHORT(i, ...) snprintf((i)->text[1], sizeof((i)->text[1]), __VA_ARGS__)

static void clock_words(char *out, size_t room, int64_t ns)
{
	int64_t s = ns / NS_PER_SEC;

	if (s >= 3600)
		snprintf(out, room, "%02d:%02d:%02d", (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
	else
		snprintf(out, room, "%02d:%02d", (int)(s / 60), (int)(s % 60));
}

static void mode_item(const struct app *a, const struct capture_stats *stats, struct bar_item *item)
{
	char length[32], packets[FMT_TEXT];
	bool ended = store_input_ended(a->conf.store);

	item->role = ROLE_STATUS_LIVE;
	item->rank = 0;
	if (a->paused) {
		item->role = ROLE_STATUS_PAUSED;
		clock_words(length, sizeof(length), a->now - a->paused_at);
		LONG(item, " PAUSED %s, %s packets since ", length,
			fmt_count(packets, stats->packets - a->paused_packets, 6));
		SHORT(item, "PAUSED %s", length);
		return;
	}
	if (ended) {
		LONG(item, "END");
		SHORT(item, "END");
	} else if (a->conf.from_file && stats->file_bytes_total) {
		unsigned percent = (unsigned)(100.0 * (double)stats->file_bytes_read /
					      (double)stats->file_bytes_total);

		LONG(item, "READING %u%%", percent > 99 ? 99 : percent);
		SHORT(item, "READ %u%%", percent > 99 ? 99 : percent);
	} else {
		LONG(item, a->conf.from_file ? "READING" : "LIVE");
		SHORT(item, a->conf.from_file ? "READ" : "LIVE");
	}
}

static void drop_item(const struct capture_stats *stats, struct bar_item *item)
{
	uint64_t table = stats->evicted + stats->dropped[DROP_TABLE_FULL];
	uint64_t lost = stats->kernel_drops + stats->interface_drops + table;
	char k[FMT_TEXT], i[FMT_TEXT], t[FMT_TEXT];

	item->role = lost ? ROLE_STATUS_ALERT : ROLE_STATUS;
	item->rank = 0;
	fmt_count(k, stats->kernel_drops, 5);
	fmt_count(i, stats->interface_drops, 5);
	fmt_count(t, table, 5);
	LONG(item, "drop kernel %s interface %s table %s", k, i, t);
	if (lost)
		SHORT(item, "DROP k%s i%s t%s", k, i, t);
	else
		SHORT(item, "drop 0");
}

/* Rows of some conversations are in (others): nothing is lost, but not all is told apart. */
static void folded_item(uint64_t times, struct bar_item *item)
{
	char n[FMT_TEXT];

	*item = (struct bar_item){.role = ROLE_STATUS_ALERT, .rank = 1};
	if (!times)
		return;
	fmt_count(n, times, 5);
	LONG(item, "folded %s", n);
	SHORT(item, "fold %s", n);
}

static void time_item(const struct app *a, struct bar_item *item)
{
	int64_t now = a->conf.from_file || !a->now ? store_now(a->conf.store) : a->now;
	char date[FMT_TEXT], clock[FMT_TEXT];

	item->role = ROLE_STATUS;
	item->rank = 4;
	if (!now)
		return;
	now += a->conf.utc_offset_ns;
	fmt_clock(clock, now, 0);
	LONG(item, "%s %s", fmt_date(date, now), clock);
	SHORT(item, "%s", clock);
}

/* What is too long loses its middle. */
static void input_words(const struct app *a, const struct canvas *c, struct bar_item *item)
{
	const char *input = a->conf.input ? a->conf.input : "";
	struct str text = STR_INIT;

	fmt_middle(&text, input, 40, canvas_glyph(c, "…", "~"));
	LONG(item, "%s", text.s ? text.s : "");
	str_clear(&text);
	fmt_middle(&text, input, 20, canvas_glyph(c, "…", "~"));
	SHORT(item, "%s", text.s ? text.s : "");
	str_free(&text);
}

void status_draw(struct app *a, struct canvas *c, int y)
{
	struct bar_item item[11] = {0}, *at = item;
	struct capture_stats stats;
	struct store_usage usage;
	struct counters sum;
	char n[FMT_TEXT], m[FMT_TEXT], span[32];
	int64_t first = store_first(a->conf.store);

	store_capture_stats(a->conf.store, &stats);
	store_usage(a->conf.store, &usage);
	store_totals(a->conf.store, &sum);
	*at = (struct bar_item){.role = ROLE_STATUS, .rank = 7};
	LONG(at, "tcptop %s", a->conf.version ? a->conf.version : "");
	SHORT(at, "tcptop");
	mode_item(a, &stats, ++at);
	*++at = (struct bar_item){.role = ROLE_STATUS_LIVE, .rank = 1};
	input_words(a, c, at);
	clock_words(span, sizeof(span), first ? store_now(a->conf.store) - first : 0);
	*++at = (struct bar_item){.role = ROLE_STATUS, .rank = 6};
	LONG(at, "%s", span);
	*++at = (struct bar_item){.role = ROLE_STATUS, .rank = 3};
	LONG(at, "%s packets", fmt_count(n, stats.packets, 7));
	SHORT(at, "%s pkt", fmt_count(n, stats.packets, 5));
	*++at = (struct bar_item){.role = ROLE_STATUS, .rank = 2};
	fmt_count(n, sum.n[COUNTER_ATTEMPTS] + sum.n[COUNTER_MID], 7);
	LONG(at, "%s connections", n);
	SHORT(at, "%s conn", n);
	*++at = (struct bar_item){.role = ROLE_STATUS, .rank = 5};
	LONG(at, "%s open", fmt_count(n, sum.n[COUNTER_OPEN], 6));
	SHORT(at, "%s open", fmt_count(n, sum.n[COUNTER_OPEN], 5));
	*++at = (struct bar_item){.role = ROLE_STATUS, .rank = 8};
	LONG(at, "table %s/%s", fmt_count(n, usage.live, 6), fmt_count(m, usage.live_max, 6));
	folded_item(usage.folded, ++at);
	drop_item(&stats, ++at);
	time_item(a, ++at);
	bar_draw(c, y, ROLE_STATUS, item, (size_t)(at - item) + 1, 3);
}

/* ---- tabs ---- */

#define NUMBERED 9 /* tabs with a key of their own; the others are reached with Tab */

/* A tab without a key gives way to the others where there is no room, unless it is the active one. */
static bool tab_shown(int i, int size, enum view active)
{
	return size != 1 || i < NUMBERED || view_at_tab(i) == active;
}

static int tabs_size(int size, enum view active)
{
	int w = 0;

	for (int i = 0; i < tab_count(); i++)
		if (tab_shown(i, size, active))
			w += (int)utf8_width(view_tab(view_at_tab(i), size)) +
			     (size < 2 && i < NUMBERED ? 2 : 0) + 1;
	return w;
}

/* The active one stands in brackets, so that it is seen without colours too. */
void tabs_draw(struct app *a, struct canvas *c, int y, enum view active)
{
	int size = 0, gap, x = 0, n = tab_count();

	(void)a;
	while (size < 2 && tabs_size(size, active) > c->w)
		size++;
	gap = tabs_size(size, active) + 2 * n <= c->w ? 3 : tabs_size(size, active) + n <= c->w ? 2 : 1;
	for (int i = 0; i < n; i++) {
		bool on = view_at_tab(i) == active;
		enum role role = on ? ROLE_TAB_ACTIVE : ROLE_TAB;

		if (!tab_shown(i, size, active))
			continue;
		if (on)
			canvas_put(c, x, y, role, "[");
		x++;
		if (size < 2 && i < NUMBERED)
			x = canvas_putf(c, x, y, on ? role : ROLE_KEY, "%d ", i + 1);
		x = canvas_put(c, x, y, role, view_tab(view_at_tab(i), size));
		if (on)
			canvas_put(c, x, y, role, "]");
		x += gap - 1;
	}
}

/* ---- the way here ---- */

void crumbs_draw(struct app *a, struct canvas *c, int y, int width, const char *last)
{
	struct str way = STR_INIT;
	const char *text, *dots = canvas_glyph(c, "… ", "~ ");

	for (int i = 0; i < a->depth; i++) {
		const struct list *l = a->page[i].list;

		if (l && *l->crumb)
			str_addf(&way, "%s > ", l->crumb);
		else if (l)
			str_addf(&way, "All %s > ", view_words(l->view, 2));
	}
	str_add(&way, last);
	text = way.s;
	while (utf8_width(text) + (text > way.s ? 2 : 0) > (size_t)width && strstr(text, " > "))
		text = strstr(text, " > ") + 3;
	canvas_putf(c, 1, y, ROLE_BREADCRUMB, "%s", text > way.s ? dots : "");
	canvas_put_middle(c, text > way.s ? 3 : 1, y, width - (text > way.s ? 2 : 0), ROLE_BREADCRUMB, text);
	str_free(&way);
}

/* ---- totals ---- */

static int total_spark(struct app *a, struct canvas *c, int x, int y, int width)
{
	bool brief = c->w < 100;
	uint32_t base[SPARK_STEPS] = {0}, clt[SPARK_STEPS] = {0}, srv[SPARK_STEPS] = {0};
	int64_t until = store_now(a->conf.store) / NS_PER_SEC;

	store_series_total(a->conf.store, SERIES_ATTEMPTS, until, SPARK_STEPS, base);
	store_series_total(a->conf.store, SERIES_RST_UNIQ_CLT, until, SPARK_STEPS, clt);
	store_series_total(a->conf.store, SERIES_RST_UNIQ_SRV, until, SPARK_STEPS, srv);
	x = canvas_put(c, x, y, ROLE_LABEL, brief ? "clt " : "clients ");
	spark_ratio(c, x, y, width, ROLE_CLIENT_SIDE, clt, base, SPARK_STEPS);
	x = canvas_put(c, x + width + 1, y, ROLE_LABEL, brief ? "srv " : "servers ");
	spark_ratio(c, x, y, width, ROLE_SERVER_SIDE, srv, base, SPARK_STEPS);
	return canvas_put(c, x + width + 1, y, ROLE_DIM, "60s") + 2;
}

/*
 * Draws the groups that have any, with words or with heads. Returns the column behind; nothing is
 * drawn when `c` is NULL.
 */
static int group_counts(const struct counters *sum, struct canvas *c, int x, int y, bool words, int end)
{
	char text[FMT_TEXT];

	for (int g = 1; g < GROUP_COUNT; g++) {
		uint64_t n = counters_group(sum, (enum ending_group)g);
		const char *name = words ? group_info[g].words : group_info[g].head;
		int need;

		if (!n)
			continue;
		fmt_count(text, n, 6);
		need = (int)(strlen(name) + strlen(text)) + 1;
		if (c && x + need > end)
			break;
		if (c)
			canvas_putf(c, x, y, role_of_group((enum ending_group)g), "%s %s", name, text);
		x += need + 2;
	}
	return x - 2;
}

void totals_draw(struct app *a, const struct list *l, struct canvas *c, int y)
{
	struct counters all;
	const struct counters *sum = &l->result.sum;
	uint64_t rst;
	char text[FMT_TEXT];
	int x = 1;

	if (l->view == VIEW_FINDINGS) { /* findings are no sums */
		store_totals(a->conf.store, &all);
		sum = &all;
	}
	rst = sum->n[COUNTER_RST_CLT] + sum->n[COUNTER_RST_SRV];
	x = canvas_put(c, x, y, ROLE_LABEL, "RST/conn ");
	if (sum->n[COUNTER_CT])
		fmt_ratio(text, (double)rst / (double)sum->n[COUNTER_CT]);
	else
		snprintf(text, sizeof(text), "%s", rst ? canvas_glyph(c, "∞", "inf") : "-");
	x = canvas_put(c, x, y, ROLE_STRONG, text) + 2;
	if (!*l->scope && !*l->filter && c->w >= 60)
		x = total_spark(a, c, x, y, c->w >= 140 ? 20 : c->w >= 100 ? 12 : 8);
	group_counts(sum, c, x, y, group_counts(sum, NULL, x, y, true, 0) < c->w, c->w - 1);
}

/* ---- the foot ---- */

void foot_draw(struct app *a, struct canvas *c, unsigned where, const char *otherwise, enum role role)
{
	int y = c->h - 2, x = 1;

	keymap_draw_bar(&a->keymap, where, c, c->h - 1);
	if (c->h < 6)
		return;
	if (a->message[0]) {
		canvas_put_left(c, x, y, c->w - 1, a->message_role, a->message);
		return;
	}
	if (a->note) {
		x = canvas_put(c, x, y, ROLE_WARNING, a->note);
		x += 2;
	}
	if (x < c->w - 10)
		canvas_put_left(c, x, y, c->w - x, role, otherwise);
}
