#include "config.h"

#include "flow/trail.h"

#include <string.h>

#include "flow/state.h"
#include "util/clock.h"
#include "util/mem.h"

/* An entry in two thirds of the octets. */
struct entry {
	uint32_t seq, ack, len, count;
	uint64_t t_flags; /* t << 8 | flags */
	int32_t lasted;	  /* t_last - t, or the MSS: who tells it is no run */
	uint16_t win;
	uint8_t what, states;
};

/* what: side, note << 1, and units. Times are ns as long as they fit: t for 416 days, runs for two seconds. */
enum { NOTE_SHIFT = 1, T_US = 0x10, LASTED_US = 0x20, HAS_MSS = 0x40 };

#define LONGEST_T (INT64_C(1) << 55)
#define LONGEST_RUN_NS (INT64_C(1) << 31)
#define LONGEST_RUN (LONGEST_RUN_NS * NS_PER_US)

_Static_assert(NOTE_COUNT <= 8 && STATE_COUNT <= 16, "their bits");

union trail_page {
	struct entry entry[TRAIL_PAGE];
	uint32_t next; /* the next free one */
};

_Static_assert(sizeof(union trail_page) == 64, "a cache line");

bool trails_open(struct trail_pool *t, uint32_t max)
{
	*t = (struct trail_pool){ .max = max, .free = NIL, .pages_free = NIL };
	if (!max)
		return true;
	t->kept = mem_table(max, sizeof(t->kept[0]));
	t->page = mem_table((size_t)max * TRAIL_PAGES, sizeof(t->page[0]));
	return t->kept && t->page;
}

void trails_close(struct trail_pool *t)
{
	mem_table_free(t->kept, t->max, sizeof(t->kept[0]));
	mem_table_free(t->page, (size_t)t->max * TRAIL_PAGES, sizeof(t->page[0]));
}

size_t trails_pool_bytes(uint32_t max)
{
	return max * (sizeof(struct trail_kept) + TRAIL_PAGES * sizeof(union trail_page));
}

uint32_t trail_take(struct trail_pool *t)
{
	uint32_t i = t->free;

	if (i != NIL)
		t->free = t->kept[i].page[0];
	else if (t->fresh < t->max)
		i = t->fresh++;
	if (i != NIL) {
		t->kept[i].skipped = 0;
		t->kept[i].n = t->kept[i].oldest = 0;
	}
	return i;
}

/* Pages that n entries take besides the last. */
static uint32_t pages_of(uint32_t n)
{
	return n ? (n - 1 + TRAIL_PAGE - 1) / TRAIL_PAGE : 0;
}

void trail_give(struct trail_pool *t, uint32_t i)
{
	struct trail_kept *k;

	if (i == NIL)
		return;
	k = &t->kept[i];
	for (uint32_t at = 0; at < pages_of(k->n); at++) {
		t->page[k->page[at]].next = t->pages_free;
		t->pages_free = k->page[at];
	}
	k->page[0] = t->free;
	t->free = i;
}

static uint32_t page_take(struct trail_pool *t)
{
	uint32_t i = t->pages_free;

	if (i == NIL)
		return t->pages_fresh++;
	t->pages_free = t->page[i].next;
	return i;
}

static void entry_set(struct entry *e, const struct segment *s)
{
	int64_t t = s->t, lasted = s->t_last - s->t;
	unsigned what = s->side | (unsigned)s->note << NOTE_SHIFT | (s->mss ? HAS_MSS : 0);

	if (t >= LONGEST_T || t < -LONGEST_T) {
		t /= NS_PER_US;
		what |= T_US;
	}
	if (lasted >= LONGEST_RUN_NS || lasted < -LONGEST_RUN_NS) {
		lasted /= NS_PER_US;
		what |= LASTED_US;
	}
	*e = (struct entry){ .seq = s->seq, .ack = s->ack, .len = s->len, .count = s->count,
		.t_flags = (uint64_t)t << 8 | s->flags, .lasted = s->mss ? s->mss : (int32_t)lasted,
		.win = s->win, .what = (uint8_t)what, .states = (uint8_t)(s->state[0] | s->state[1] << 4) };
}

static void entry_get(const struct entry *e, struct segment *s)
{
	int64_t t = (int64_t)e->t_flags >> 8, lasted = e->what & HAS_MSS ? 0 : e->lasted;

	t *= e->what & T_US ? NS_PER_US : 1;
	lasted *= e->what & LASTED_US ? NS_PER_US : 1;
	*s = (struct segment){ .t = t, .t_last = t + lasted, .seq = e->seq, .ack = e->ack, .len = e->len,
		.count = e->count, .win = e->win, .mss = e->what & HAS_MSS ? (uint16_t)e->lasted : 0,
		.flags = (uint8_t)e->t_flags, .side = e->what & 1, .note = e->what >> NOTE_SHIFT & 7,
		.state = { e->states & 15, e->states >> 4 } };
}

static struct entry *entry_at(const struct trail_pool *t, const struct trail_kept *k, uint32_t at)
{
	return &t->page[k->page[at / TRAIL_PAGE]].entry[at % TRAIL_PAGE];
}

/* Where the entry stands that is the i-th in order of time, without the last. */
static struct entry *entry_in_order(const struct trail_pool *t, const struct trail_kept *k, uint32_t i)
{
	const uint32_t ring = TRAIL_TAIL - 1;

	if (i >= TRAIL_HEAD)
		i = TRAIL_HEAD + (i - TRAIL_HEAD + k->oldest) % ring;
	return entry_at(t, k, i);
}

/* Plain data or plain acknowledgements in a row tell no more than their number and sum. */
static bool joins(const struct segment *last, const struct segment *s)
{
	const uint8_t plain = TCP_ACK | TCP_PSH;

	return last->side == s->side && last->note == NOTE_NONE && s->note == NOTE_NONE &&
	       !((last->flags | s->flags) & (uint8_t)~plain) && !last->len == !s->len &&
	       !last->mss && !s->mss && s->t - last->t < LONGEST_RUN &&
	       s->t - last->t >= -LONGEST_RUN;
}

static void join(struct segment *last, const struct segment *s)
{
	last->t_last = s->t;
	last->ack = s->ack;
	last->len += s->len;
	last->count++;
	last->win = s->win;
	last->flags |= s->flags;
	memcpy(last->state, s->state, sizeof(s->state));
}

/* The last entry takes its place among the others, that of the oldest in the tail when there is no other. */
static void settle_last(struct trail_pool *t, struct trail_kept *k)
{
	uint32_t at = k->n - 1U;

	if (k->n < TRAIL_SEGMENTS) {
		if (at % TRAIL_PAGE == 0)
			k->page[at / TRAIL_PAGE] = page_take(t);
	} else {
		at = TRAIL_HEAD + k->oldest;
		k->skipped += entry_at(t, k, at)->count;
		k->oldest = (uint8_t)((k->oldest + 1) % (TRAIL_TAIL - 1));
		k->n--;
	}
	entry_set(entry_at(t, k, at), &k->last);
}

static void append(struct trail_pool *t, struct trail_kept *k, const struct segment *s)
{
	if (k->n)
		settle_last(t, k);
	k->last = *s;
	k->n++;
}

void trail_add(struct trail_pool *t, const struct flow *f, int side, const struct pkt *p,
	enum segment_note note, int64_t now, int64_t time_wait)
{
	const struct half *x = &f->half[side], *y = &f->half[!side];
	struct trail_kept *k = &t->kept[f->trail];
	struct segment s = {
		.t = p->ts - f->start,
		.t_last = p->ts - f->start,
		.seq = x->flags & (HALF_ISN | HALF_SEEN) ? p->seq - x->isn : p->seq,
		.ack = y->flags & (HALF_ISN | HALF_SEEN) ? p->ack - y->isn : p->ack,
		.len = p->len,
		.count = 1,
		.win = p->win,
		.mss = p->opts & OPT_MSS ? p->mss : 0,
		.flags = p->flags,
		.side = (uint8_t)side,
		.note = (uint8_t)note,
		.state = {(uint8_t)state_of(f, CLIENT, now, time_wait),
			(uint8_t)state_of(f, SERVER, now, time_wait)},
	};

	if (k->n > 3 && joins(&k->last, &s))
		join(&k->last, &s);
	else
		append(t, k, &s);
}

void trail_copy(const struct trail_pool *t, uint32_t i, uint64_t uid, struct trail *out)
{
	const struct trail_kept *k = &t->kept[i];

	out->uid = uid;
	out->n = k->n;
	out->skipped = k->skipped;
	for (uint32_t at = 0; at + 1U < k->n; at++)
		entry_get(entry_in_order(t, k, at), &out->seg[at]);
	if (k->n)
		out->seg[k->n - 1] = k->last;
}

void trail_flip(struct trail_pool *t, uint32_t i)
{
	struct trail_kept *k = &t->kept[i];
	uint8_t state = k->last.state[0];

	for (uint32_t at = 0; at + 1U < k->n; at++) {
		struct entry *e = entry_at(t, k, at);

		e->what ^= 1;
		e->states = (uint8_t)(e->states >> 4 | e->states << 4);
	}
	k->last.side = !k->last.side;
	k->last.state[0] = k->last.state[1];
	k->last.state[1] = state;
}
