/*
 * One connection: what happened, who did it, both ends, the segments, and why we say so. Everything
 * is drawn on a long canvas first; the screen shows a part of it.
 */
#include "config.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model/tunnel.h"
#include "ui/page.h"
#include "query/apps.h"
#include "store/store.h"
#include "util/clock.h"
#include "util/fmt.h"
#include "util/utf8.h"

#define LEAST_LADDER 6 /* lines; a shorter one does not make room for the reasons */
#define LONG_CANVAS 200 /* lines; more than any connection needs */

static void ask_alike(struct app *a, const struct detail *d)
{
	const struct query q = {.view = VIEW_SERVICES, .limit = 1, .zones = a->conf.zones};
	struct str scope = STR_INIT;
	char address[ADDR_TEXT];

	str_addf(&scope, "server = %s and server.port = %u",
		addr_text(&d->c.tuple.addr[SERVER], address), d->c.tuple.port[SERVER]);
	if (d->c.ending)
		ask_begin(a, &a->alike, &q, scope.s, "");
	else
		ask_close(&a->alike);
	str_free(&scope);
}

bool detail_work(struct app *a, struct detail *d, size_t piece)
{
	struct result *r = &a->alike.result;

	if (!a->alike.open || !query_step(r, piece))
		return false;
	d->alike = d->of = 0;
	if (r->rows) {
		const struct counters *n = &result_row(r, 0)->n;

		d->alike = n->n[counter_of_ending((enum ending)d->c.ending)];
		for (int e = 1; e < ENDING_COUNT; e++)
			d->of += n->n[counter_of_ending((enum ending)e)];
	}
	ask_close(&a->alike);
	return true;
}

void detail_refresh(struct app *a, struct detail *d)
{
	struct connection c;
	struct trail trail;

	if (!d->gone && store_connection(a->conf.store, d->uid, &d->at, &c)) {
		d->c = c;
		d->known = true;
	} else {
		d->gone = d->known;
	}
	if (store_trail(a->conf.store, d->uid, &trail)) {
		d->trail = trail;
		d->has_trail = true;
	}
	if (!d->known)
		return;
	ask_alike(a, d);
	detail_work(a, d, ask_piece(a));
}

static void show(struct app *a, struct detail *d, uint64_t uid, uint32_t at)
{
	*d = (struct detail){.uid = uid, .at = at, .expanded = d->expanded};
	detail_refresh(a, d);
	if (a->conf.calls.watch)
		a->conf.calls.watch(a->conf.calls.arg, uid);
}

bool detail_open(struct app *a, uint64_t uid)
{
	struct connection c;
	struct page *p;
	uint32_t at = 0;

	if (!store_connection(a->conf.store, uid, &at, &c)) {
		app_say(a, ROLE_WARNING, "this connection is not kept any more");
		return false;
	}
	p = app_push(a, PAGE_DETAIL);
	if (p)
		show(a, p->detail, uid, at);
	return p != NULL;
}

/* ---- parts ---- */

/* "server_abort" as a headline: "SERVER ABORT". */
static void headline(const struct connection *c, char *out, size_t room)
{
	size_t i;
	const char *name = c->ending ? ending_info[c->ending].name : "open";

	for (i = 0; name[i] && i + 1 < room; i++)
		out[i] = name[i] == '_' ? ' ' : (char)toupper((unsigned char)name[i]);
	out[i] = '\0';
}

static int draw_verdict(const struct detail *d, struct canvas *c, int y)
{
	const struct connection *con = &d->c;
	struct str text = STR_INIT;
	char head[64];
	int x;

	headline(con, head, sizeof(head));
	x = canvas_put(c, 1, y, role_of_ending((enum ending)con->ending), head) + 2;
	if (con->ending)
		x = canvas_putf(c, x, y, ROLE_DIM, "letter %c", ending_info[con->ending].letter) + 2;
	if (con->confidence) {
		x = canvas_putf(c, x, y, con->confidence == CONFIDENCE_LOW ? ROLE_WARNING : ROLE_LABEL,
			    "confidence %s%s", confidence_name((enum confidence)con->confidence),
			    con->confidence == CONFIDENCE_LOW ? " ?" : "") + 2;
	}
	if (con->closer) /* a reset is no close: it may only have answered, or given up */
		canvas_putf(c, x, y, ROLE_LABEL,
			con->evidence & (EVIDENCE_BIT(FIN_CLIENT) | EVIDENCE_BIT(FIN_SERVER))
				? "closed first by %s"
				: "reset by %s",
			closer_names[con->closer]);
	y++;
	connection_sentence(con, &text);
	y += canvas_put_wrapped(c, 1, y, c->w - 2, 3, ROLE_STRONG, text.s ? text.s : "");
	str_free(&text);
	return y + 1;
}

/* Columns of the table of the two sides. */
static const struct {
	const char *head;
	int width;
	int needs; /* columns of screen */
} side_columns[] = {
	{"SYN", 4, 0}, {"FIN", 4, 0}, {"RST", 4, 0}, {"BYTES", 9, 0}, {"PACKETS", 8, 0},
	{"SENT AGAIN", 11, 100}, {"ZERO WINDOW", 12, 100}, {"DUP ACK", 8, 120}, {"TTL", 4, 74},
	{"RST TTL", 8, 120},
};

static void side_value(const struct side *s, size_t column, char *out, size_t room)
{
	char bytes[FMT_TEXT];
	uint64_t value[] = {s->syn, s->fin, s->rst, 0, s->packets, s->retr, s->zwin, s->dupack, s->ttl,
		s->ttl_rst};

	if (column == 3)
		snprintf(out, room, "%s", fmt_bytes(bytes, s->bytes));
	else if ((column == 8 || column == 9) && value[column] == 0)
		snprintf(out, room, "-");
	else
		snprintf(out, room, "%" PRIu64, value[column]);
}

static void draw_side(const struct connection *con, int which, struct canvas *c, int y, int address_width)
{
	const struct side *s = &con->side[which];
	enum role role = which == CLIENT ? ROLE_CLIENT_SIDE : ROLE_SERVER_SIDE;
	struct str ends = STR_INIT;
	char text[ADDR_TEXT];
	int x;

	canvas_putf(c, 1, y, role, "%s%s", which == CLIENT ? "client" : "server",
		con->client_by >= BY_PORT ? "?" : "");
	fmt_endpoint(&ends, addr_text(&con->tuple.addr[which], text), con->tuple.port[which]);
	x = canvas_put_middle(c, 9, y, address_width, ROLE_TEXT, ends.s);
	for (size_t i = 0; i < sizeof(side_columns) / sizeof(side_columns[0]); i++) {
		bool rst = i == 2 && s->rst;

		if (c->w < side_columns[i].needs)
			continue;
		side_value(s, i, text, sizeof(text));
		x = canvas_put_right(c, x, y, side_columns[i].width, rst ? role : ROLE_TEXT, text);
	}
	if (c->w >= 60)
		canvas_putf(c, x + 2, y, ROLE_STRONG, "%s%s", state_names[s->state],
			s->state_assumed ? "~" : "");
	str_free(&ends);
}

static int draw_sides(const struct connection *con, struct canvas *c, int y)
{
	int address = c->w >= 130 ? 46 : 22, x;

	if (c->w < 60)
		address = 15;
	canvas_put(c, 1, y, ROLE_HEADER, "SIDE");
	canvas_put(c, 9, y, ROLE_HEADER, "ADDRESS");
	x = 9 + address;
	for (size_t i = 0; i < sizeof(side_columns) / sizeof(side_columns[0]); i++)
		if (c->w >= side_columns[i].needs)
			x = canvas_put_right(c, x, y, side_columns[i].width, ROLE_HEADER, side_columns[i].head);
	if (c->w >= 60)
		canvas_put(c, x + 2, y, ROLE_HEADER, "STATE");
	draw_side(con, CLIENT, c, y + 1, address);
	draw_side(con, SERVER, c, y + 2, address);
	if (c->w < 60) {
		canvas_putf(c, 1, y + 3, ROLE_STRONG, "%s / %s", state_names[con->side[CLIENT].state],
			state_names[con->side[SERVER].state]);
		y++;
	}
	return y + 4;
}

static int draw_lines(struct canvas *c, int y, const char *text)
{
	struct str line = STR_INIT;

	while (*text) {
		size_t n = strcspn(text, "\n");

		str_clear(&line);
		str_add_n(&line, text, n);
		y += canvas_put_wrapped(c, 3, y, c->w - 4, 3, ROLE_TEXT, line.s);
		text += n + (text[n] == '\n');
	}
	str_free(&line);
	return y;
}

static int draw_reasons(const struct connection *con, struct canvas *c, int y)
{
	struct str reasons = STR_INIT;

	connection_reasons(con, &reasons);
	canvas_put(c, 1, y++, ROLE_HEADER, "WHY WE SAY SO");
	y = draw_lines(c, y, reasons.s ? reasons.s : "");
	str_free(&reasons);
	return y + 1;
}

static int reasons_height(const struct connection *con, int width)
{
	struct canvas scratch;
	int lines;

	canvas_init(&scratch, width, LONG_CANVAS);
	lines = draw_reasons(con, &scratch, 0);
	canvas_fini(&scratch);
	return lines - 1;
}

static int draw_advice(const struct connection *con, struct canvas *c, int y)
{
	const struct ending_info *info = &ending_info[con->ending];

	if (!con->ending)
		return y;
	canvas_put(c, 1, y++, ROLE_HEADER, "WHAT IT USUALLY IS");
	y += canvas_put_wrapped(c, 3, y, c->w - 4, 3, ROLE_TEXT, info->meaning);
	canvas_put(c, 1, y++, ROLE_HEADER, "WHERE TO LOOK");
	y += canvas_put_wrapped(c, 3, y, c->w - 4, 3, ROLE_TEXT, info->check);
	return y + 1;
}

static int fact(struct canvas *c, int y, const char *name, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static int fact(struct canvas *c, int y, const char *name, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	canvas_put(c, 3, y, ROLE_LABEL, name);
	return y + canvas_put_wrapped(c, 18, y, c->w - 19, 2, ROLE_TEXT, text);
}

static int draw_facts(const struct app *a, const struct connection *con, struct canvas *c, int y)
{
	int64_t offset = a->conf.utc_offset_ns;
	char from[FMT_TEXT], to[FMT_TEXT], date[FMT_TEXT], length[FMT_TEXT], address[ADDR_TEXT];
	const char *app = app_name(con->tuple.port[SERVER]);

	canvas_put(c, 1, y++, ROLE_HEADER, "MORE");
	y = fact(c, y, "time", "%s %s to %s, %s", fmt_date(date, con->start + offset),
		fmt_clock(from, con->start + offset, 6), fmt_clock(to, con->last + offset, 6),
		fmt_duration(length, con->last - con->start));
	if (con->hs_srv_ns != TIME_NEVER)
		y = fact(c, y, "handshake", "SYN to SYN-ACK %s, SYN-ACK to ACK %s",
			fmt_duration(from, con->hs_srv_ns),
			con->hs_clt_ns == TIME_NEVER ? "-" : fmt_duration(to, con->hs_clt_ns));
	if (con->idle_ns >= NS_PER_SEC)
		y = fact(c, y, "silence", "%s before %s", fmt_duration(from, con->idle_ns),
			con->rst_side <= SERVER ? "the reset" : "what was not answered");
	y = fact(c, y, "history", "%s   (Zeek's letters, upper case from the client)", con->history);
	y = fact(c, y, "client by", "%s%s", client_by_names[con->client_by],
		con->client_by >= BY_PORT ? ", a guess: no SYN was seen" : "");
	if (*app)
		y = fact(c, y, "application", "%s, by its port %u", app, con->tuple.port[SERVER]);
	if (con->vlan)
		y = fact(c, y, "VLAN", "%u", con->vlan);
	if (con->tunnel)
		y = fact(c, y, "tunnel", "%s", tunnel_names[con->tunnel]);
	if (con->generation > 1)
		y = fact(c, y, "generation", "%u: these addresses and ports were used before", con->generation);
	if (con->evidence & EVIDENCE_BIT(ICMP))
		y = fact(c, y, "ICMP", "type %u code %u from %s", con->icmp_type, con->icmp_code,
			addr_text(&con->icmp_from, address));
	return y + 1;
}

static int draw_all(const struct app *a, const struct detail *d, struct canvas *c)
{
	int y = draw_verdict(d, c, 0), room, reasons = reasons_height(&d->c, c->w);

	y = draw_sides(&d->c, c, y);
	room = d->visible - y;
	if (room - reasons >= LEAST_LADDER)
		room -= reasons; /* the ladder leaves out of its middle what they need */
	y = ladder_draw(c, y, d->expanded ? 0 : room, d, a->conf.utc_offset_ns);
	y = draw_reasons(&d->c, c, y);
	y = draw_advice(&d->c, c, y);
	return draw_facts(a, &d->c, c, y);
}

/* ---- the page ---- */

/* "17 of 31", from the list below. */
static void place_words(struct app *a, const struct detail *d, char *out, size_t room)
{
	struct list *l = app_list(a);

	out[0] = '\0';
	for (size_t i = 0; i < l->rows; i++)
		if (l->ids[i] == d->uid)
			snprintf(out, room, "%zu of %zu", i + 1, l->rows);
}

static void crumb_line(struct app *a, const struct detail *d, struct canvas *c, int y)
{
	struct str ends = STR_INIT;
	char address[ADDR_TEXT], place[64];

	fmt_endpoint(&ends, addr_text(&d->c.tuple.addr[CLIENT], address), d->c.tuple.port[CLIENT]);
	str_add(&ends, " -> ");
	fmt_endpoint(&ends, addr_text(&d->c.tuple.addr[SERVER], address), d->c.tuple.port[SERVER]);
	place_words(a, d, place, sizeof(place));
	crumbs_draw(a, c, y, c->w - 3 - (int)strlen(place), ends.s);
	canvas_put(c, c->w - (int)strlen(place) - 1, y, ROLE_LABEL, place);
	str_free(&ends);
}

static void foot_words(const struct detail *d, struct canvas *c, struct str *out)
{
	if (d->of > 1)
		str_addf(out, "Same end: %llu of %llu on this port (Enter lists them)  ",
			(unsigned long long)d->alike, (unsigned long long)d->of);
	if (d->visible < d->height)
		str_addf(out, "%s %d-%d/%d", canvas_glyph(c, "↕", "j/k"), d->scroll + 1,
			d->scroll + d->visible, d->height);
}

void detail_draw(struct app *a, struct detail *d, struct canvas *c)
{
	int top = c->h >= 6 ? 2 : 1, bottom = c->h - (c->h >= 6 ? 2 : 1);
	struct canvas tall;
	struct str words = STR_INIT;

	status_draw(a, c, 0);
	if (c->h >= 12) {
		tabs_draw(a, c, 1, VIEW_CONNECTIONS);
		top = 3;
	}
	if (top > 1)
		crumb_line(a, d, c, top - 1);
	canvas_init(&tall, c->w, LONG_CANVAS);
	tall.ascii = c->ascii;
	d->visible = bottom - top;
	d->height = draw_all(a, d, &tall);
	if (d->scroll > d->height - d->visible)
		d->scroll = d->height - d->visible;
	if (d->scroll < 0)
		d->scroll = 0;
	canvas_copy(c, (struct rect){0, top, c->w, d->visible}, &tall, d->scroll);
	canvas_fini(&tall);
	str_add(&words, "");
	foot_words(d, c, &words);
	foot_draw(a, c, IN_DETAIL, words.s, ROLE_NOTE);
	str_free(&words);
}

/* ---- keys ---- */

static unsigned neighbour(struct app *a, struct detail *d, int by)
{
	struct list *l = app_list(a);
	struct table_model m = list_model(l);

	for (size_t i = 0; i < l->rows; i++) {
		if (l->ids[i] != d->uid)
			continue;
		if ((by < 0 && i == 0) || (by > 0 && i + 1 == l->rows)) {
			app_say(a, ROLE_NOTE, by < 0 ? "this is the first" : "this is the last");
			return EFFECT_REDRAW;
		}
		l->pinned = true;
		table_select(&l->table, &m, by < 0 ? i - 1 : i + 1);
		show(a, d, l->table.selected, d->at);
		return EFFECT_REDRAW;
	}
	app_say(a, ROLE_NOTE, "the list below does not have it any more");
	return EFFECT_REDRAW;
}

/* All connections to this service that ended the same way. */
static unsigned open_alike(struct app *a, const struct detail *d)
{
	struct str scope = STR_INIT, crumb = STR_INIT;
	char address[ADDR_TEXT];
	struct err err = ERR_INIT;
	struct list *l;
	struct page *p;

	if (!d->c.ending)
		return EFFECT_REDRAW;
	addr_text(&d->c.tuple.addr[SERVER], address);
	str_addf(&scope, "server = %s and server.port = %u and ending = %s", address,
		d->c.tuple.port[SERVER], ending_info[d->c.ending].name);
	fmt_endpoint(&crumb, address, d->c.tuple.port[SERVER]);
	str_addf(&crumb, " %s", ending_info[d->c.ending].name);
	l = list_new(a, VIEW_CONNECTIONS);
	list_sort_by(a, l, NULL, false);
	if (list_set_scope(a, l, scope.s, crumb.s) && list_set_filter(a, l, "", &err, NULL) &&
		(p = app_push(a, PAGE_LIST))) {
		p->list = l;
		list_refresh(a, l);
	} else {
		list_free(l);
	}
	str_free(&scope);
	str_free(&crumb);
	return EFFECT_REDRAW;
}

/* A view from here is a view of the list below: the detail closes. */
static unsigned leave_to_view(struct app *a, enum action act)
{
	app_pop(a);
	return app_top(a)->kind == PAGE_LIST ? list_act(a, app_top(a)->list, act) : EFFECT_REDRAW;
}

static unsigned scroll_to(struct detail *d, int line)
{
	int last = d->height - d->visible;

	line = line > last ? last : line;
	d->scroll = line < 0 ? 0 : line;
	return EFFECT_REDRAW;
}

unsigned detail_act(struct app *a, struct detail *d, enum action act)
{
	if (act >= ACTION_VIEW_1 && act <= ACTION_VIEW_9)
		return leave_to_view(a, act);
	switch ((int)act) {
	case ACTION_VIEW_NEXT:
	case ACTION_VIEW_PREVIOUS:
		return leave_to_view(a, act);
	case ACTION_OPEN:
		return open_alike(a, d);
	case ACTION_EXPAND:
		d->expanded = !d->expanded;
		return EFFECT_REDRAW;
	case ACTION_NEIGHBOUR_PREVIOUS:
		return neighbour(a, d, -1);
	case ACTION_NEIGHBOUR_NEXT:
		return neighbour(a, d, 1);
	case ACTION_UP:
		return scroll_to(d, d->scroll - 1);
	case ACTION_DOWN:
		return scroll_to(d, d->scroll + 1);
	case ACTION_PAGE_UP:
		return scroll_to(d, d->scroll - d->visible + 1);
	case ACTION_PAGE_DOWN:
		return scroll_to(d, d->scroll + d->visible - 1);
	case ACTION_TOP:
		return scroll_to(d, 0);
	case ACTION_BOTTOM:
		return scroll_to(d, d->height);
	}
	return 0;
}
