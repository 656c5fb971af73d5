/*
 * A wheel of one-second slots that reaches further than any TIME_WAIT lasts. So a node need not say when it runs out:
 * its slot does.
 */
#include "config.h"

#include "store/timewait.h"

#include <string.h>

#include "util/clock.h"
#include "util/mem.h"

#define NODE_MAX 0x7fffffffu
#define FIRE_AT_ONCE 32

struct timewait_node {
	uint32_t who, next : 31, has_slot : 1;
};

_Static_assert(sizeof(struct timewait_node) == 8, "a million of them wait");

size_t timewait_bytes(uint64_t max)
{
	return (size_t)(max * sizeof(struct timewait_node));
}

void timewait_init(struct timewait *w, uint32_t max)
{
	memset(w, 0, sizeof(*w));
	w->max = max < NODE_MAX ? max : NODE_MAX - 1;
	w->used = 1;
}

void timewait_fini(struct timewait *w)
{
	mem_free(w->node);
	w->node = NULL;
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

static uint32_t node_take(struct timewait *w)
{
	uint32_t i = w->free;

	if (i) {
		w->free = w->node[i].next;
		return i;
	}
	if (w->used >= w->room) {
		w->room = w->room ? w->room * 2 : 64; /* count <= max < 2^31 keeps it in range */
		w->node = mem_grow(w->node, w->room, sizeof(w->node[0]));
	}
	return w->used++;
}

bool timewait_room(const struct timewait *w, int64_t until)
{
	return !timewait_over(w, until) && w->count < w->max;
}

void timewait_add(struct timewait *w, int64_t until, uint32_t who, bool has_slot)
{
	uint32_t *slot = slot_of(w, second_of(until)), i = node_take(w);

	w->node[i] = (struct timewait_node){ .who = who, .next = *slot & NODE_MAX, .has_slot = has_slot };
	*slot = i;
	w->count++;
}

/* Takes up to FIRE_AT_ONCE out of a row of nodes. Returns how many. */
static uint32_t take_some(struct timewait *w, uint32_t *first, struct timewait_node *out)
{
	uint32_t n = 0;

	for (; *first && n < FIRE_AT_ONCE; n++) {
		uint32_t i = *first;
		struct timewait_node *node = &w->node[i];

		out[n] = *node;
		*first = node->next;
		node->next = w->free & NODE_MAX;
		w->free = i;
		w->count--;
	}
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
		struct timewait_node due[FIRE_AT_ONCE];

		*slot = 0; /* whoever is added while they fire stays */
		while ((n = take_some(w, &first, due)) > 0) {
			for (uint32_t k = 0; k < n; k++)
				fetch(arg, due[k].who, due[k].has_slot);
			for (uint32_t k = 0; k < n; k++)
				fire(arg, due[k].who, due[k].has_slot);
		}
	}
}
