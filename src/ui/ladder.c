/*
 * The ladder: segments between two lines, the client's on the left, with time, what passed since
 * the one before, and the states of both ends as they change.
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ui/page.h"
#include "util/clock.h"
#include "util/fmt.h"
#include "util/utf8.h"

#define SILENCE_NS (100 * NS_PER_MS) /* longer gaps get a line of their own */

/* The flags as they are on the wire; the same bits as TCP_* of packet/pkt.h, which this layer does not know. */
enum { FLAG_FIN = 0x01, FLAG_SYN = 0x02, FLAG_RST = 0x04, FLAG_PSH = 0x08, FLAG_ACK = 0x10, FLAG_URG = 0x20 };

struct lanes { /* where things stand */
	int time, time_w, delta, left, right, states;
	bool brief; /* short states */
};

const char *state_short(unsigned state)
{
	static const char *const names[STATE_COUNT] = {[STATE_NONE] = "-", [STATE_CLOSED] = "CLOSED",
		[STATE_LISTEN] = "LISTEN", [STATE_SYN_SENT] = "SYN-S", [STATE_SYN_RECEIVED] = "SYN-R",
		[STATE_ESTABLISHED] = "EST", [STATE_FIN_WAIT_1] = "FW1", [STATE_FIN_WAIT_2] = "FW2",
		[STATE_CLOSE_WAIT] = "CLS-W", [STATE_CLOSING] = "CLOSNG", [STATE_LAST_ACK] = "LST-A",
		[STATE_TIME_WAIT] = "TIME-W"};

	return state < STATE_COUNT ? names[state] : "?";
}

static void flag_words(const struct segment *s, struct str *out)
{
	static const struct {
		uint8_t flag;
		const char *name;
	} flags[] = {{FLAG_SYN, "SYN"}, {FLAG_FIN, "FIN"}, {FLAG_RST, "RST"}, {FLAG_PSH, "PSH"},
		{FLAG_URG, "URG"}, {FLAG_ACK, "ACK"}};
	size_t before = out->len;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (s->flags & flags[i].flag)
			str_addf(out, "%s%s", out->len > before ? "+" : "", flags[i].name);
	if (out->len == before)
		str_add(out, "no flags");
}

/* Adds " words" when all of it fits: half a number would be another number. */
static void add_part(struct str *out, int room, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void add_part(struct str *out, int room, const char *format, ...)
{
	char part[96];
	va_list args;

	va_start(args, format);
	vsnprintf(part, sizeof(part), format, args);
	va_end(args);
	if ((int)(out->len + 1 + strlen(part)) <= room)
		str_addf(out, " %s", part);
}

/* What the arrow says in `room` columns, the most important first. */
static void segment_words(const struct segment *s, int room, struct str *out)
{
	char text[FMT_TEXT];

	if (s->note == NOTE_ICMP) {
		str_add(out, "ICMP error");
		return;
	}
	flag_words(s, out);
	if (s->note != NOTE_NONE && s->note < NOTE_COUNT)
		add_part(out, room, "(%s)", segment_note_names[s->note]);
	if (s->len)
		add_part(out, room, "%s", fmt_bytes(text, s->len));
	if (s->count > 1)
		add_part(out, room, "in %u segments", s->count);
	if (s->len || s->flags & (FLAG_SYN | FLAG_FIN | FLAG_RST))
		add_part(out, room, "seq %u", s->seq);
	if (s->flags & FLAG_ACK)
		add_part(out, room, "ack %u", s->ack);
	if (s->flags & FLAG_SYN || s->win == 0)
		add_part(out, room, "win %u", s->win);
	if (s->mss)
		add_part(out, room, "mss %u", s->mss);
}

static enum role segment_role(const struct segment *s)
{
	if (s->note == NOTE_IGNORED_RST || s->note == NOTE_DUPLICATE)
		return ROLE_DIM;
	if (s->flags & FLAG_RST)
		return s->side == CLIENT ? ROLE_CLIENT_SIDE : ROLE_SERVER_SIDE;
	if (s->flags & (FLAG_SYN | FLAG_FIN))
		return ROLE_STRONG;
	if (s->note != NOTE_NONE)
		return ROLE_WARNING;
	return ROLE_TEXT;
}

static void draw_arrow(struct canvas *c, int y, const struct lanes *at, const struct segment *s)
{
	int from = at->left + 1, to = at->right - 1, room = to - from - 5, words_w, x;
	const char *dash = canvas_glyph(c, "─", "-");
	enum role role = segment_role(s);
	struct str words = STR_INIT;

	segment_words(s, room, &words);
	words_w = (int)utf8_width(words.s);
	for (x = from; x <= to; x++)
		canvas_put(c, x, y, role, dash);
	if (s->side == CLIENT) {
		canvas_put(c, to, y, role, canvas_glyph(c, ">", ">"));
		x = from + 1;
	} else {
		canvas_put(c, from, y, role, canvas_glyph(c, "<", "<"));
		x = to - words_w - 2;
	}
	x = canvas_put(c, x, y, role, " ");
	x = canvas_put(c, x, y, role, words.s);
	canvas_put(c, x, y, role, " ");
	str_free(&words);
}

static void draw_states(struct canvas *c, int y, const struct lanes *at, const struct segment *s,
	const struct segment *before)
{
	if (at->states < 0)
		return;
	if (before && before->state[0] == s->state[0] && before->state[1] == s->state[1])
		return;
	if (at->brief)
		canvas_putf(c, at->states, y, ROLE_DIM, "%s/%s", state_short(s->state[0]),
			state_short(s->state[1]));
	else
		canvas_putf(c, at->states, y, ROLE_DIM, "%s / %s", state_names[s->state[0]],
			state_names[s->state[1]]);
}

static void draw_between(struct canvas *c, int y, const struct lanes *at, const char *words)
{
	const char *dots = canvas_glyph(c, "· · ·", ". . .");
	int w = (int)strlen(words) + 12, x = at->left + (at->right - at->left - w) / 2;

	canvas_vline(c, at->left, y, 1, ROLE_FRAME);
	canvas_vline(c, at->right, y, 1, ROLE_FRAME);
	canvas_putf(c, x > at->left ? x : at->left + 1, y, ROLE_DIM, "%s %s %s", dots, words, dots);
}

static struct lanes lanes_for(const struct canvas *c)
{
	struct lanes at = {.time = 1, .time_w = c->w >= 110 ? 15 : 9, .states = -1};

	at.delta = at.time + at.time_w + 1;
	at.left = at.delta + 10;
	if (c->w < 60) { /* no room for times of their own */
		at.left = 10;
		at.delta = -1;
	}
	at.right = c->w - 2;
	if (c->w >= 110) {
		at.states = c->w - 28;
		at.right = at.states - 2;
	} else if (c->w >= 76) {
		at.brief = true;
		at.states = c->w - 14;
		at.right = at.states - 2;
	}
	if (at.right - at.left > 100)
		at.right = at.left + 100, at.states = at.right + 2;
	return at;
}

static void draw_ends(struct canvas *c, int y, const struct lanes *at)
{
	canvas_put_right(c, at->time, y, at->time_w - (at->time + at->time_w >= at->left), ROLE_HEADER, "TIME");
	if (at->delta >= 0)
		canvas_put_right(c, at->delta, y, 9, ROLE_HEADER, "DELTA");
	canvas_put(c, at->left, y, ROLE_CLIENT_SIDE, "CLIENT");
	canvas_put(c, at->right - 5, y, ROLE_SERVER_SIDE, "SERVER");
	if (at->states >= 0)
		canvas_put(c, at->states, y, ROLE_HEADER, at->brief ? "STATES" : "CLIENT / SERVER STATE");
}

static void draw_times(struct canvas *c, int y, const struct lanes *at, const struct segment *s,
	int64_t before, int64_t start)
{
	char text[FMT_TEXT];

	if (at->time_w >= 15)
		canvas_put_right(c, at->time, y, at->time_w, ROLE_DIM, fmt_clock(text, start + s->t, 6));
	else
		canvas_putf(c, at->time, y, ROLE_DIM, "%*d.%06d", at->time_w - 7,
			(int)(s->t / NS_PER_SEC), (int)(s->t % NS_PER_SEC / 1000));
	if (at->delta >= 0 && before >= 0)
		canvas_put_right(c, at->delta, y, 9, ROLE_DIM, fmt_duration(text, s->t - before));
}

static int draw_segment(struct canvas *c, int y, const struct lanes *at, const struct segment *s,
	const struct segment *before, int64_t start)
{
	int64_t gap = before ? s->t - before->t_last : 0;
	char words[64], text[FMT_TEXT];

	if (gap >= SILENCE_NS) {
		snprintf(words, sizeof(words), "%s of silence", fmt_duration(text, gap));
		draw_between(c, y++, at, words);
	}
	draw_times(c, y, at, s, before ? before->t_last : -1, start);
	canvas_vline(c, at->left, y, 1, ROLE_FRAME);
	canvas_vline(c, at->right, y, 1, ROLE_FRAME);
	draw_arrow(c, y, at, s);
	draw_states(c, y, at, s, before);
	return y + 1;
}

static const struct segment *segment_before(const struct trail *t, uint32_t i)
{
	return i ? &t->seg[i - 1] : NULL;
}

/* Lines that segment i takes, with the silence or the gap before it. */
static int lines_of(const struct trail *t, uint32_t i)
{
	int lines = 1 + (i == TRAIL_HEAD && t->skipped);

	if (i && t->seg[i].t - t->seg[i - 1].t_last >= SILENCE_NS)
		lines++;
	return lines;
}

/*
 * Which segments [from, to) to leave out so that the others and a line about it fit into `room`
 * lines: the first ones, which set it up, and above all the last ones, which end it, stay.
 */
static void choose_fold(const struct trail *t, uint32_t n, int room, uint32_t *from, uint32_t *to)
{
	int need = 0;

	for (uint32_t i = 0; i < n; i++)
		need += lines_of(t, i);
	*from = *to = n;
	if (room < 6 || need <= room)
		return;
	*from = room < 10 ? 2 : 3;
	for (room -= 1 + (int)*from; *to > *from + 1 && lines_of(t, *to - 1) <= room; (*to)--)
		room -= lines_of(t, *to - 1);
}

static int draw_folded(struct canvas *c, int y, const struct lanes *at, const struct trail *t, uint32_t from,
	uint32_t to)
{
	unsigned long long segments = from < TRAIL_HEAD && to > TRAIL_HEAD ? t->skipped : 0;
	char words[64];

	for (uint32_t i = from; i < to; i++)
		segments += t->seg[i].count ? t->seg[i].count : 1;
	snprintf(words, sizeof(words), "%llu more segments: x shows all", segments);
	draw_between(c, y, at, words);
	return y + 1;
}

int ladder_draw(struct canvas *c, int y, int room, const struct detail *d, int64_t utc_offset)
{
	const struct trail *trail = &d->trail;
	uint32_t n = trail->n < TRAIL_SEGMENTS ? trail->n : TRAIL_SEGMENTS, from, to;
	struct lanes at = lanes_for(c);
	char words[64];

	if (!d->has_trail || n == 0) {
		canvas_put(c, 1, y, ROLE_HEADER, "SEGMENTS");
		canvas_put_wrapped(c, 3, y + 1, c->w - 4, 2, ROLE_DIM,
			d->c.ended ? "Its segments are not kept any more; the history below has them as letters."
				   : "They are kept from now on, as they come.");
		return y + 2;
	}
	draw_ends(c, y++, &at);
	choose_fold(trail, n, room ? room - 1 : 0, &from, &to);
	for (uint32_t i = 0; i < n; i++) {
		if (i == from) {
			y = draw_folded(c, y, &at, trail, from, to);
			i = to;
		} else if (i == TRAIL_HEAD && trail->skipped) {
			snprintf(words, sizeof(words), "%u segments not kept", trail->skipped);
			draw_between(c, y++, &at, words);
		}
		y = draw_segment(c, y, &at, &trail->seg[i], segment_before(trail, i), d->c.start + utc_offset);
	}
	return y;
}
