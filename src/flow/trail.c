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
	mem_table_small(t->page, (size_t)max * TRAIL_PAGES, sizeof(t->page[0]));
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
		t->kept[i].segments = 0;
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

/*
 * Here and in trail_add() field by field: what is put together elsewhere in small pieces and copied in
 * large ones has to wait for all that was written before, and memory that nobody has touched for long
 * takes its time.
 */
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
	e->seq = s->seq;
	e->ack = s->ack;
	e->len = s->len;
	e->count = s->count;
	e->t_flags = (uint64_t)t << 8 | s->flags;
	e->lasted = s->mss ? s->mss : (int32_t)lasted;
	e->win = s->win;
	e->what = (uint8_t)what;
	e->states = (uint8_t)(s->state[0] | s->state[1] << 4);
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

static uint16_t mss_of(const struct pkt *p)
{
	return p->opts & OPT_MSS ? p->mss : 0;
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
static bool joins(const struct segment *last, const struct pkt *p, int side, enum segment_note note, int64_t t)
{
	const uint8_t plain = TCP_ACK | TCP_PSH;

	return last->side == side && last->note == NOTE_NONE && note == NOTE_NONE &&
	       !((last->flags | p->flags) & (uint8_t)~plain) && !last->len == !p->len && !last->mss &&
	       !mss_of(p) && t - last->t < LONGEST_RUN && t - last->t >= -LONGEST_RUN;
}

/* Where among the others the last entry will stand: in place of the tail's oldest when there is no other. */
static uint32_t last_place(const struct trail_kept *k)
{
	return k->n < TRAIL_SEGMENTS ? k->n - 1U : (uint32_t)TRAIL_HEAD + k->oldest;
}

/* What was there is not looked at: nobody has touched it for long. */
static void settle_last(struct trail_pool *t, struct trail_kept *k)
{
	uint32_t at = last_place(k);

	if (k->n == TRAIL_SEGMENTS) {
		k->oldest = (uint8_t)((k->oldest + 1) % (TRAIL_TAIL - 1));
		k->n--;
	} else if (at % TRAIL_PAGE == 0) {
		k->page[at / TRAIL_PAGE] = page_take(t);
	}
	entry_set(entry_at(t, k, at), &k->last);
}

void trail_ask(const struct trail_pool *t, uint32_t i)
{
	const struct trail_kept *k = &t->kept[i];
	uint32_t at;

	if (!k->n)
		return;
	at = last_place(k);
	if (k->n < TRAIL_SEGMENTS && at % TRAIL_PAGE == 0)
		mem_ask(&t->page[t->pages_free == NIL ? t->pages_fresh : t->pages_free]);
	else
		mem_ask(&t->page[k->page[at / TRAIL_PAGE]]);
}

static void append(struct trail_pool *t, struct trail_kept *k, const struct flow *f, int side,
	const struct pkt *p)
{
	const struct half *x = &f->half[side];
	struct segment *s = &k->last;

	if (k->n)
		settle_last(t, k);
	k->n++;
	s->t = p->ts - f->start;
	s->seq = x->flags & (HALF_ISN | HALF_SEEN) ? p->seq - x->isn : p->seq;
	s->len = p->len;
	s->count = 1;
	s->mss = mss_of(p);
	s->flags = p->flags;
	s->side = (uint8_t)side;
}

void trail_add(struct trail_pool *t, const struct flow *f, int side, const struct pkt *p,
	enum segment_note note, int64_t now, int64_t time_wait)
{
	const struct half *y = &f->half[!side];
	struct trail_kept *k = &t->kept[f->trail];
	struct segment *last = &k->last;

	k->segments++;
	if (k->n > 3 && joins(last, p, side, note, p->ts - f->start)) {
		last->len += p->len;
		last->count++;
		last->flags |= p->flags;
	} else {
		append(t, k, f, side, p);
		last->note = (uint8_t)note;
	}
	last->t_last = p->ts - f->start;
	last->ack = y->flags & (HALF_ISN | HALF_SEEN) ? p->ack - y->isn : p->ack;
	last->win = p->win;
	last->state[CLIENT] = (uint8_t)state_of(f, CLIENT, now, time_wait);
	last->state[SERVER] = (uint8_t)state_of(f, SERVER, now, time_wait);
}

void trail_copy(const struct trail_pool *t, uint32_t i, uint64_t uid, struct trail *out)
{
	const struct trail_kept *k = &t->kept[i];

	out->uid = uid;
	out->n = k->n;
	for (uint32_t at = 0; at + 1U < k->n; at++)
		entry_get(entry_in_order(t, k, at), &out->seg[at]);
	if (k->n)
		out->seg[k->n - 1] = k->last;
	out->skipped = k->segments;
	for (uint32_t at = 0; at < k->n; at++)
		out->skipped -= out->seg[at].count;
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
