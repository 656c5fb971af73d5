/*
 * The pane below the table: what the selected row comes to. A sentence, how its connections ended,
 * the worst of its ports and peers, and its latest ends. Asked of the store when the row or the
 * store changed, not when drawn.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ui/page.h"
#include "query/apps.h"
#include "ui/spark.h"
#include "store/store.h"
#include "util/fmt.h"
#include "util/utf8.h"

#define MANY_ROWS 30000		/* beyond it a step of the cursor does not wait for the lists: they follow */
#define MANY_CONNECTIONS 500000 /* beyond it the latest ends are not looked for */
#define LISTS_AFTER_NS (150 * NS_PER_MS)

/* Which two lists are of use for a row of a view. VIEW_COUNT: none. */
static void useful_lists(enum view view, enum view out[PREVIEW_LISTS])
{
	out[0] = VIEW_SERVICES;
	out[1] = VIEW_CLIENTS;
	switch (view) {
	case VIEW_CLIENTS:
	case VIEW_CLIENT_ZONES:
		out[1] = VIEW_SERVERS;
		break;
	case VIEW_SERVICES:
		out[0] = VIEW_CLIENTS;
		out[1] = VIEW_CLIENT_ZONES;
		break;
	case VIEW_CONVERSATIONS:
	case VIEW_CONNECTIONS:
		out[0] = out[1] = VIEW_COUNT;
		break;
	case VIEW_SERVERS:
	case VIEW_SERVER_ZONES:
	case VIEW_ZONES:
	case VIEW_PORTS:
	case VIEW_ENDINGS:
	case VIEW_FINDINGS:
	case VIEW_GRAPH:
	case VIEW_COUNT:
		break;
	}
}

/* A service below its own server is called by its port alone. */
static void take_row(const struct query_row *row, bool server_known, struct preview_row *out)
{
	struct str name = STR_INIT;
	const char *app = row->view == VIEW_SERVICES ? app_name(row->key.port) : "";
	uint64_t most = 0;

	if (row->view == VIEW_SERVICES && server_known && !row->key.other_ports)
		str_addf(&name, ":%u", row->key.port);
	else
		row_label(row, &name);
	snprintf(out->app, sizeof(out->app), "%.31s", app);
	snprintf(out->name, sizeof(out->name), "%s", name.s ? name.s : "");
	out->attempts = row->n.n[COUNTER_ATTEMPTS] + row->n.n[COUNTER_MID];
	out->rst_clt = row->n.n[COUNTER_RST_CLT];
	out->rst_srv = row->n.n[COUNTER_RST_SRV];
	out->bad = row->n.n[COUNTER_BAD];
	out->head[0] = '\0';
	out->role = ROLE_DIM;
	for (int g = 2; g < GROUP_COUNT; g++) {
		uint64_t n = counters_group(&row->n, (enum ending_group)g);

		if (n <= most)
			continue;
		most = n;
		snprintf(out->head, sizeof(out->head), "%s", group_info[g].head);
		out->role = role_of_group((enum ending_group)g);
	}
	str_free(&name);
}

#define STAGE_LAST PREVIEW_LISTS /* after the lists: the newest ends */

static bool ask_list(struct app *a, struct preview *p, enum view view)
{
	const char *by = p->view == VIEW_ENDINGS ? ending_info[p->ending].name : "bad";
	const struct query q = {.view = view, .limit = PREVIEW_ROWS, .zones = a->conf.zones,
		.sort = column_find(view, by), .names = a->conf.names};

	return ask_begin(a, &p->ask, &q, p->scope.s, "");
}

/* The newest ends, oldest last. */
static bool ask_last(struct app *a, struct preview *p)
{
	const struct query q = {.view = VIEW_CONNECTIONS, .limit = PREVIEW_ROWS, .zones = a->conf.zones,
		.sort = column_find(VIEW_CONNECTIONS, "end")};
	struct store_usage usage;

	store_usage(a->conf.store, &usage);
	return usage.live + usage.ended < MANY_CONNECTIONS &&
	       ask_begin(a, &p->ask, &q, p->row_scope.s, "");
}

static void take_list(struct preview *p, int which)
{
	struct result *r = &p->ask.result;

	p->rows[which] = 0;
	for (size_t i = 0; i < r->rows && i < PREVIEW_ROWS; i++)
		take_row(result_row(r, i), p->view == VIEW_SERVERS, &p->row[which][p->rows[which]++]);
	p->total[which] = r->matched;
	snprintf(p->list_title[which], sizeof(p->list_title[0]), "%s",
		view_words(p->ask.query.view, r->matched));
}

static void take_last(struct preview *p)
{
	struct result *r = &p->ask.result;

	p->lasts = 0;
	for (size_t i = 0; i < r->rows && i < PREVIEW_ROWS; i++)
		p->last[p->lasts++] = *result_row(r, i)->c;
}

/* Begins with the next thing to ask. False: there is none. */
static bool ask_next(struct app *a, struct preview *p)
{
	enum view lists[PREVIEW_LISTS];

	useful_lists(p->view, lists);
	for (; p->stage <= STAGE_LAST; p->stage++) {
		if (p->stage == STAGE_LAST ? ask_last(a, p)
					   : lists[p->stage] != VIEW_COUNT && ask_list(a, p, lists[p->stage]))
			return true;
		if (p->stage == STAGE_LAST)
			p->lasts = 0;
		else
			p->rows[p->stage] = 0;
	}
	return false;
}

bool preview_is_due(const struct app *a)
{
	return a->preview.valid && a->preview.late && a->now - a->moved >= LISTS_AFTER_NS;
}

bool preview_work(struct app *a, size_t piece)
{
	struct preview *p = &a->preview;

	if (!p->ask.open && !ask_next(a, p)) {
		p->late = false;
		return true;
	}
	if (!query_step(&p->ask.result, piece))
		return false;
	if (p->stage == STAGE_LAST)
		take_last(p);
	else
		take_list(p, p->stage);
	ask_close(&p->ask);
	p->stage++;
	return true;
}

void preview_free(struct preview *p)
{
	ask_free(&p->ask);
	str_free(&p->scope);
	str_free(&p->row_scope);
	str_free(&p->sentence);
	str_free(&p->title);
}

static void take_scopes(struct preview *p, const struct list *l, const struct query_row *row)
{
	str_clear(&p->row_scope);
	str_add(&p->row_scope, l->scope);
	if (p->row_scope.len)
		str_add(&p->row_scope, " and ");
	str_clear(&p->scope);
	str_add(&p->scope, p->row_scope.s);
	query_row_filter(row, &p->row_scope);
	if (row->view == VIEW_ENDINGS)
		str_addf(&p->scope, "%s > 0", ending_info[row->ending].name);
	else
		query_row_filter(row, &p->scope);
}

static void finish_lists(struct app *a, struct preview *p)
{
	while (p->late)
		preview_work(a, SIZE_MAX);
}

/*
 * What the row itself says; the lists cost as much as the store is large, and follow. Of the same
 * row the old ones stay.
 */
static void take(struct app *a, struct preview *p, struct list *l, const struct query_row *row)
{
	struct store_usage usage;
	bool same = p->valid && p->view == row->view && p->id == row->id;

	p->view = row->view;
	p->id = row->id;
	p->version = a->version;
	p->n = row->n;
	p->ending = row->ending;
	p->has_connection = row->c != NULL;
	if (row->c)
		p->c = *row->c;
	str_clear(&p->sentence);
	str_clear(&p->title);
	row_label(row, &p->title);
	query_sentence(row, &p->sentence);
	if (!same)
		p->lasts = p->rows[0] = p->rows[1] = 0;
	p->valid = true;
	ask_close(&p->ask);
	p->stage = row->view == VIEW_CONNECTIONS ? STAGE_LAST + 1 : 0;
	take_scopes(p, l, row);
	store_usage(a->conf.store, &usage);
	p->late = true;
	if (usage.live + usage.ended + usage.conversations <= MANY_ROWS)
		finish_lists(a, p);
}

/* ---- drawing ---- */

/* Groups by how many ended so, most first; writes their numbers, returns how many have any. */
static int groups_in_order(const struct counters *n, enum ending_group *out)
{
	int count = 0;

	for (int g = 1; g < GROUP_COUNT; g++) {
		uint64_t mine = counters_group(n, (enum ending_group)g);
		int at = count;

		if (!mine)
			continue;
		while (at > 0 && counters_group(n, out[at - 1]) < mine) {
			out[at] = out[at - 1];
			at--;
		}
		out[at] = (enum ending_group)g;
		count++;
	}
	return count;
}

static void draw_bars(const struct preview *p, struct canvas *c, struct rect r)
{
	enum ending_group order[GROUP_COUNT];
	int n = groups_in_order(&p->n, order), bar = r.w - 18 - 12;
	uint64_t ended = 0, most = n ? counters_group(&p->n, order[0]) : 0;
	char text[FMT_TEXT];

	for (int i = 0; i < n; i++)
		ended += counters_group(&p->n, order[i]);
	for (int i = 0; i < n && i < r.h; i++) {
		uint64_t mine = counters_group(&p->n, order[i]);
		enum role role = role_of_group(order[i]);

		canvas_put_left(c, r.x, r.y + i, 18, role, group_info[order[i]].words);
		if (bar > 3)
			spark_bar(c, r.x + 18, r.y + i, bar, role, mine, most);
		canvas_put_right(c, r.x + r.w - 12, r.y + i, 6, ROLE_STRONG, fmt_count(text, mine, 6));
		canvas_put_right(c, r.x + r.w - 6, r.y + i, 6, ROLE_TEXT,
			fmt_share(text, (double)mine / (double)ended));
	}
	if (n == 0)
		canvas_put(c, r.x, r.y, ROLE_DIM, "none has ended yet");
	else if (n < r.h && p->n.n[COUNTER_OPEN])
		canvas_putf(c, r.x, r.y + n, ROLE_DIM, "still open %s",
			fmt_count(text, p->n.n[COUNTER_OPEN], 6));
}

/* The numbers of a row, from the right: what there is room for. */
static void draw_numbers(const struct preview_row *row, struct canvas *c, int right, int y, bool all)
{
	const struct {
		uint64_t n;
		enum role role;
	} number[] = {{row->attempts, ROLE_TEXT}, {row->rst_clt, ROLE_CLIENT_SIDE},
		{row->rst_srv, ROLE_SERVER_SIDE}, {row->bad, ROLE_ALERT}};
	char text[FMT_TEXT];
	int x = right - 5;

	canvas_put_left(c, x + 1, y, 4, row->role, row->head);
	for (int i = 3; i >= 0; i--) {
		if (!all && (i == 1 || i == 2))
			continue;
		x -= 5;
		canvas_put_right(c, x, y, 5, number[i].n ? number[i].role : ROLE_DIM,
			fmt_count(text, number[i].n, 4));
	}
}

static void draw_list(const struct preview *p, int which, struct canvas *c, struct rect r)
{
	bool all = r.w >= 44;
	int name = r.w - (all ? 25 : 15), right = r.x + r.w;

	if (!p->rows[which] || r.h < 2)
		return;
	canvas_put_right(c, r.x, r.y, r.w, ROLE_DIM, all ? " ATT RSTc RSTs  BAD     " : " ATT  BAD     ");
	canvas_putf(c, r.x, r.y, ROLE_LABEL, "%zu %s%s", p->total[which], p->list_title[which],
		r.w < 36 || p->total[which] < 2 ? "" : p->view == VIEW_ENDINGS ? ", most first" : ", worst first");
	for (size_t i = 0; i < p->rows[which] && (int)i + 1 < r.h; i++) {
		const struct preview_row *row = &p->row[which][i];
		int y = r.y + 1 + (int)i;

		int used = (int)utf8_width(row->name) + 1;

		canvas_put_middle(c, r.x, y, name, ROLE_TEXT, row->name);
		if (used + 3 <= name) /* a port is never cut for the sake of its application */
			canvas_put_left(c, r.x + used, y, name - used, ROLE_TEXT, row->app);
		draw_numbers(row, c, right, y, all);
	}
}

/* Of an end only what the row does not say already. */
static void end_words(const struct preview *p, const struct connection *con, struct str *out)
{
	bool one_client = p->view == VIEW_CLIENTS || p->view == VIEW_CONVERSATIONS;
	bool one_server = p->view == VIEW_SERVERS || p->view == VIEW_SERVICES || p->view == VIEW_CONVERSATIONS;
	bool one_port = p->view == VIEW_SERVICES || p->view == VIEW_CONVERSATIONS || p->view == VIEW_PORTS;
	char address[ADDR_TEXT];

	if (one_client)
		str_addf(out, ":%u", con->tuple.port[CLIENT]);
	else
		fmt_endpoint(out, addr_text(&con->tuple.addr[CLIENT], address), con->tuple.port[CLIENT]);
	if (!one_server) {
		str_add_char(out, ' ');
		fmt_endpoint(out, addr_text(&con->tuple.addr[SERVER], address), con->tuple.port[SERVER]);
	} else if (!one_port) {
		str_addf(out, " :%u", con->tuple.port[SERVER]);
	}
}

static const char *end_name(const struct connection *con)
{
	return con->ending ? ending_info[con->ending].name : "open";
}

/* Of the time only what leaves the addresses whole. */
static int clock_room(const struct preview *p, int room)
{
	int most = 0;

	for (size_t i = 0; i < p->lasts; i++) {
		struct str ends = STR_INIT;

		end_words(p, &p->last[i], &ends);
		if ((int)utf8_width(ends.s) > most)
			most = (int)utf8_width(ends.s);
		str_free(&ends);
	}
	room -= most + 2;
	return room >= 11 ? 11 : room >= 8 ? 8 : room >= 5 ? 5 : 0;
}

static void draw_last(const struct app *a, const struct preview *p, struct canvas *c, struct rect r)
{
	int words = 0, clock_w;

	for (size_t i = 0; i < p->lasts && p->view != VIEW_ENDINGS; i++)
		if ((int)strlen(end_name(&p->last[i])) > words)
			words = (int)strlen(end_name(&p->last[i]));
	clock_w = clock_room(p, r.w - words);
	canvas_put(c, r.x, r.y, ROLE_LABEL, "latest first");
	for (size_t i = 0; i < p->lasts && (int)i + 1 < r.h; i++) {
		const struct connection *con = &p->last[i];
		char clock[FMT_TEXT];
		struct str ends = STR_INIT;
		int word = r.x + r.w - words, y = r.y + 1 + (int)i, x;

		fmt_clock(clock, con->last + a->conf.utc_offset_ns, clock_w >= 11 ? 2 : 0);
		clock[clock_w] = '\0'; /* hh:mm:ss.cc, or less of it */
		x = canvas_put(c, r.x, y, ROLE_DIM, clock) + (clock_w > 0);
		end_words(p, con, &ends);
		canvas_put_middle(c, x, y, word - x - 1, ROLE_TEXT, ends.s);
		canvas_put_left(c, word, y, r.x + r.w - word, role_of_ending((enum ending)con->ending),
			end_name(con));
		str_free(&ends);
	}
}

static int draw_side(const struct connection *con, int which, struct canvas *c, int x, int y)
{
	const struct side *side = &con->side[which];
	char text[FMT_TEXT];

	canvas_put(c, x, y, which == CLIENT ? ROLE_CLIENT_SIDE : ROLE_SERVER_SIDE,
		which == CLIENT ? "client" : "server");
	canvas_putf(c, x + 8, y, ROLE_TEXT, "SYN %u  FIN %u  RST %u  %s in %" PRIu64 " packets", side->syn, side->fin,
		side->rst, fmt_bytes(text, side->bytes), side->packets);
	x = canvas_putf(c, x + 53, y, ROLE_STRONG, "%s%s", state_names[side->state],
		side->state_assumed ? "~" : "");
	if (side->retr)
		canvas_putf(c, x + 2, y, ROLE_WARNING, "%u sent again", side->retr);
	return y + 1;
}

static void draw_connection(const struct preview *p, struct canvas *c, struct rect r)
{
	const struct connection *con = &p->c;
	struct str reasons = STR_INIT;
	int y = r.y, bottom = r.y + r.h;

	y = draw_side(con, CLIENT, c, r.x, y);
	y = draw_side(con, SERVER, c, r.x, y);
	if (y < bottom && con->ending)
		y += canvas_put_wrapped(c, r.x, y, r.w, bottom - y > 3 ? 2 : 1, ROLE_DIM,
			ending_info[con->ending].meaning);
	connection_reasons(con, &reasons);
	for (char *line = reasons.s, *end; line && *line && y < bottom; line = end, y++) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		else
			end = line + strlen(line);
		canvas_put_left(c, r.x, y, r.w, ROLE_TEXT, line);
	}
	str_free(&reasons);
}

static void draw_ending(const struct preview *p, struct canvas *c, struct rect *r)
{
	const struct ending_info *info = &ending_info[p->ending];
	int n = canvas_put_wrapped(c, r->x, r->y, r->w, 2, ROLE_TEXT, info->meaning);

	n += canvas_put_wrapped(c, r->x, r->y + n, r->w, 2, ROLE_DIM, info->check);
	r->y += n;
	r->h -= n;
}

enum pane { PANE_BARS, PANE_LISTS, PANE_FIRST, PANE_SECOND, PANE_LAST };

/* Which panes stand side by side, the most useful first. */
static int choose_panes(const struct preview *p, enum pane out[4])
{
	int n = 0;

	if (p->view == VIEW_ENDINGS || p->view == VIEW_FINDINGS) { /* what they come to is one kind of ending */
		out[n++] = PANE_FIRST;
		out[n++] = PANE_SECOND;
	} else {
		out[n++] = PANE_BARS;
		if (p->rows[0])
			out[n++] = PANE_LISTS;
	}
	if (p->lasts)
		out[n++] = PANE_LAST;
	return n;
}

static void draw_pane(const struct app *a, const struct preview *p, enum pane pane, struct canvas *c,
	struct rect r)
{
	int half = p->rows[1] ? (r.h + 1) / 2 : r.h, rest = r.h - (int)p->rows[1] - 1;

	if (half < rest) /* the second needs less than its half, or the first does */
		half = rest;
	if (half > (int)p->rows[0] + 1)
		half = (int)p->rows[0] + 1;

	switch (pane) {
	case PANE_BARS:
		draw_bars(p, c, r);
		break;
	case PANE_LISTS:
		draw_list(p, 0, c, (struct rect){r.x, r.y, r.w, half});
		draw_list(p, 1, c, (struct rect){r.x, r.y + half, r.w, r.h - half});
		break;
	case PANE_FIRST:
		draw_list(p, 0, c, r);
		break;
	case PANE_SECOND:
		draw_list(p, 1, c, r);
		break;
	case PANE_LAST:
		draw_last(a, p, c, r);
		break;
	}
}

static void draw_panes(const struct app *a, const struct preview *p, struct canvas *c, struct rect r)
{
	enum pane pane[4];
	int n = choose_panes(p, pane), fit = c->w >= 120 ? 3 : c->w >= 70 ? 2 : 1, x = r.x, w;

	if (n > fit)
		n = fit;
	w = (r.w - 3 * (n - 1)) / n;
	for (int i = 0; i < n; i++) {
		int rest = i + 1 == n ? r.x + r.w - x : w;

		if (i)
			canvas_vline(c, x - 2, r.y, r.h, ROLE_FRAME);
		draw_pane(a, p, pane[i], c, (struct rect){x, r.y, rest, r.h});
		x += w + 3;
	}
}

static void draw_title(const struct preview *p, struct canvas *c, struct rect r)
{
	int x;

	canvas_hline(c, r.x, r.y, r.w, ROLE_FRAME);
	x = canvas_put(c, r.x + 2, r.y, ROLE_STRONG, " ");
	x = canvas_put(c, x, r.y, ROLE_STRONG, p->title.s ? p->title.s : "");
	canvas_put(c, x, r.y, ROLE_STRONG, " ");
}

void preview_draw(struct app *a, struct list *l, struct canvas *c, struct rect r)
{
	struct preview *p = &a->preview;
	const struct query_row *row = list_row(l, l->table.index);
	struct rect clip, body;
	int lines;

	if (!row)
		return;
	if (!p->valid || p->id != row->id || p->version != a->version || p->view != row->view)
		take(a, p, l, row);
	if (!a->conf.piece && preview_is_due(a))
		finish_lists(a, p);
	clip = canvas_clip(c, r);
	draw_title(p, c, r);
	lines = canvas_put_wrapped(c, r.x + 1, r.y + 1, r.w - 2, r.h >= 7 ? 2 : 1, ROLE_STRONG,
		p->sentence.s ? p->sentence.s : "");
	body = (struct rect){r.x + 1, r.y + 1 + lines, r.w - 2, r.h - 1 - lines};
	if (p->has_connection) {
		draw_connection(p, c, body);
	} else {
		if (p->view == VIEW_ENDINGS)
			draw_ending(p, c, &body);
		draw_panes(a, p, c, body);
	}
	canvas_unclip(c, clip);
}
