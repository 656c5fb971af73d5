/* A wheel of one-second slots; a node is looked at when its second comes round, not before. */
#include "config.h"

#include "store/timewait.h"

#include <string.h>

#include "util/clock.h"
#include "util/mem.h"

struct timewait_node {
	int64_t second;
	uint32_t conversation, next;
};

void timewait_init(struct timewait *w, uint32_t max)
{
	memset(w, 0, sizeof(*w));
	w->max = max;
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

static uint32_t *slot_of(struct timewait *w, int64_t second)
{
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
		w->room = w->room ? w->room * 2 : 64;
		w->node = mem_grow(w->node, w->room, sizeof(w->node[0]));
	}
	return w->used++;
}

bool timewait_room(const struct timewait *w, int64_t until)
{
	return !timewait_over(w, until) && w->count < w->max;
}

void timewait_add(struct timewait *w, int64_t until, uint32_t conversation)
{
	uint32_t *slot = slot_of(w, second_of(until)), i = node_take(w);

	w->node[i] = (struct timewait_node){ second_of(until), conversation, *slot };
	*slot = i;
	w->count++;
}

void timewait_tick(struct timewait *w, int64_t now,
	void (*fire)(void *arg, uint32_t conversation), void *arg)
{
	int64_t from = w->second, to = second_of(now);

	if (to <= from)
		return;
	w->second = to;
	if (to - from > TIMEWAIT_SLOTS)
		from = to - TIMEWAIT_SLOTS;
	for (; from < to && w->count > 0; from++) {
		uint32_t *link = slot_of(w, from);

		while (*link) {
			uint32_t i = *link;
			struct timewait_node *n = &w->node[i];

			if (n->second >= to) {
				link = &n->next;
				continue;
			}
			*link = n->next;
			n->next = w->free;
			w->free = i;
			w->count--;
			fire(arg, n->conversation);
		}
	}
}
