/*
 * A wheel of one-second slots that reaches further than any TIME_WAIT lasts. So nobody need say
 * when theirs runs out: their slot does. A million of them wait, so those of a slot lie in bundles.
 */
#include "config.h"

#include "store/timewait.h"

#include <assert.h>
#include <string.h>

#include "util/clock.h"
#include "util/mem.h"

#define WHO_MAX 0x7fffffffu
#define FIRE_AT_ONCE 32
#define BUNDLE 14

struct bundle {
	uint32_t next, n; /* next: the one filled before it, or of the free ones */
	uint32_t who[BUNDLE]; /* << 1 | has_slot */
};

_Static_assert(sizeof(struct bundle) == 64, "a cache line");

/* Of each slot one may be filled in part. */
size_t timewait_bytes(uint64_t max)
{
	return (size_t)((max + BUNDLE - 1) / BUNDLE + (max < TIMEWAIT_SLOTS ? max : TIMEWAIT_SLOTS)) *
	       sizeof(struct bundle);
}

void timewait_init(struct timewait *w, uint32_t max)
{
	memset(w, 0, sizeof(*w));
	w->max = max;
	w->used = 1;
}

void timewait_fini(struct timewait *w)
{
	mem_free(w->bundle);
	w->bundle = NULL;
}

void timewait_clear(struct timewait *w)
{
	memset(w->slot, 0, sizeof(w->slot));
	w->used = 1;
	w->free = w->count = 0;
}

static int64_t second_of(int64_t ns)
{
	return ns / NS_PER_SEC;
}

/* Who waits for longer than the wheel reaches waits no longer than that. */
static uint32_t *slot_of(struct timewait *w, int64_t second)
{
	if (second - w->second >= TIMEWAIT_SLOTS)
		second = w->second + TIMEWAIT_SLOTS - 1;
	return &w->slot[(uint64_t)second % TIMEWAIT_SLOTS];
}

bool timewait_over(const struct timewait *w, int64_t until)
{
	return until <= 0 || second_of(until) < w->second;
}

/* An empty one before `next`. */
static uint32_t bundle_take(struct timewait *w, uint32_t next)
{
	uint32_t i = w->free;

	if (i) {
		w->free = w->bundle[i].next;
	} else {
		if (w->used >= w->room) {
			w->room = w->room ? w->room * 2 : 64; /* count <= max < 2^32 keeps it in range */
			w->bundle = mem_grow(w->bundle, w->room, sizeof(w->bundle[0]));
		}
		i = w->used++;
	}
	w->bundle[i].next = next;
	w->bundle[i].n = 0;
	return i;
}

bool timewait_room(const struct timewait *w, int64_t until)
{
	return !timewait_over(w, until) && w->count < w->max;
}

void timewait_add(struct timewait *w, int64_t until, uint32_t who, bool has_slot)
{
	uint32_t *slot = slot_of(w, second_of(until));
	struct bundle *b;

	assert(who <= WHO_MAX);
	if (!*slot || w->bundle[*slot].n == BUNDLE)
		*slot = bundle_take(w, *slot);
	b = &w->bundle[*slot];
	b->who[b->n++] = who << 1 | has_slot;
	w->count++;
}

/* Takes up to FIRE_AT_ONCE out of a row of bundles, the latest first. Returns how many. */
static uint32_t take_some(struct timewait *w, uint32_t *first, uint32_t *out)
{
	uint32_t n = 0;

	while (*first && n < FIRE_AT_ONCE) {
		uint32_t i = *first;
		struct bundle *b = &w->bundle[i];

		while (b->n > 0 && n < FIRE_AT_ONCE)
			out[n++] = b->who[--b->n];
		if (b->n > 0)
			break;
		*first = b->next;
		b->next = w->free;
		w->free = i;
	}
	w->count -= n;
	return n;
}

void timewait_tick(struct timewait *w, int64_t now,
	void (*fetch)(const void *arg, uint32_t who, bool has_slot),
	void (*fire)(void *arg, uint32_t who, bool has_slot), void *arg)
{
	int64_t from = w->second, to = second_of(now);

	if (to <= from)
		return;
	w->second = to;
	if (to - from > TIMEWAIT_SLOTS)
		from = to - TIMEWAIT_SLOTS;
	for (; from < to && w->count > 0; from++) {
		uint32_t *slot = &w->slot[(uint64_t)from % TIMEWAIT_SLOTS], first = *slot, n;
		uint32_t due[FIRE_AT_ONCE];

		*slot = 0; /* whoever is added while they fire stays */
		while ((n = take_some(w, &first, due)) > 0) {
			for (uint32_t k = 0; k < n; k++)
				fetch(arg, due[k] >> 1, due[k] & 1);
			for (uint32_t k = 0; k < n; k++)
				fire(arg, due[k] >> 1, due[k] & 1);
		}
	}
}
