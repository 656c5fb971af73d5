#include "config.h"

#include "flow/trail.h"

#include <string.h>

#include "flow/state.h"

#define ROOM (TRAIL_HEAD + TRAIL_TAIL)

void trail_start(struct trail *t, uint64_t uid)
{
	t->uid = uid;
	t->n = 0;
	t->skipped = 0;
}

/* Plain data or plain acknowledgements in a row tell no more than their number and sum. */
static bool joins(const struct segment *last, const struct segment *s)
{
	const uint8_t plain = TCP_ACK | TCP_PSH;

	return last->side == s->side && last->note == NOTE_NONE && s->note == NOTE_NONE &&
	       !((last->flags | s->flags) & (uint8_t)~plain) && !last->len == !s->len;
}

void trail_add(struct trail *t, const struct flow *f, int side, const struct pkt *p,
	enum segment_note note, int64_t now, int64_t time_wait)
{
	const struct half *x = &f->half[side], *y = &f->half[!side];
	struct segment s = {
		.t = p->ts - f->start,
		.t_last = p->ts - f->start,
		.seq = x->flags & (HALF_ISN | HALF_SEEN) ? p->seq - x->base : p->seq,
		.ack = y->flags & (HALF_ISN | HALF_SEEN) ? p->ack - y->base : p->ack,
		.len = p->len,
		.count = 1,
		.win = p->win,
		.mss = p->opts & OPT_MSS ? p->mss : 0,
		.flags = p->flags,
		.side = (uint8_t)side,
		.note = (uint8_t)note,
		.ttl = p->ttl,
		.state = {(uint8_t)state_of(f, CLIENT, now, time_wait),
			(uint8_t)state_of(f, SERVER, now, time_wait)},
	};
	struct segment *last = t->n ? &t->seg[t->n - 1] : NULL;

	if (last && t->n > 3 && joins(last, &s)) {
		last->t_last = s.t;
		last->ack = s.ack;
		last->len += s.len;
		last->count++;
		last->win = s.win;
		last->flags |= s.flags;
		memcpy(last->state, s.state, sizeof(s.state));
		return;
	}
	if (t->n == ROOM) {
		t->skipped += t->seg[TRAIL_HEAD].count;
		memmove(&t->seg[TRAIL_HEAD], &t->seg[TRAIL_HEAD + 1],
			(TRAIL_TAIL - 1) * sizeof(t->seg[0]));
		t->n--;
	}
	t->seg[t->n++] = s;
}

void trail_flip(struct trail *t)
{
	uint32_t i;

	for (i = 0; i < t->n; i++) {
		struct segment *s = &t->seg[i];
		uint8_t state = s->state[0];

		s->side = !s->side;
		s->state[0] = s->state[1];
		s->state[1] = state;
	}
}
