/*
 * Where live connections are kept: a slab whose slots never move (a slot number is an identity for the viewer),
 * a chained index over it, a timer wheel, a list per class for eviction, and the queue of changed slots.
 * All of it is sized once; nothing here allocates per packet but the doubling of the index in files.
 */
#ifndef TCPTOP_FLOW_TABLE_H
#define TCPTOP_FLOW_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/flow.h"

#define WHEEL_SHIFT 27 /* a tick is 2^27 ns, 134 ms */
#define WHEEL_SLOTS 8192u

struct flow_list {
	uint32_t head, tail, n;
};

struct table {
	struct flow *flow; /* [max] */
	uint32_t max, used, fresh, free; /* fresh: slots from here on were never used */
	uint32_t *head, mask;
	uint32_t wheel[WHEEL_SLOTS];
	int64_t wheel_tick; /* ticks before this one have been looked at */
	struct flow_list class[CLASS_COUNT];
	uint32_t *queue;    /* ring of changed slots, [queue_size] */
	uint32_t queue_size, queue_from, queued;
};

bool table_init(struct table *t, uint32_t max);
void table_fini(struct table *t);

static inline struct flow *table_flow(const struct table *t, uint32_t slot)
{
	return &t->flow[slot];
}

static inline uint32_t table_slot(const struct table *t, const struct flow *f)
{
	return (uint32_t)(f - t->flow);
}

/* The newest generation of the tuple; *side is the packet's sender in it. NULL when there is none. */
struct flow *table_find(const struct table *t, const struct tuple *tuple, uint32_t hash, int *side);
/* A cleared flow, linked into the index and into CLASS_SETUP; NULL when all slots are taken. */
struct flow *table_add(struct table *t, const struct tuple *client_first, uint32_t hash);
/* Takes it out of index, wheel and class; the slot stays taken until table_release. */
void table_unlink(struct table *t, struct flow *f);
void table_release(struct table *t, struct flow *f);

void table_set_class(struct table *t, struct flow *f, enum flow_class class);
/* Sets f->deadline and sees to it that the wheel looks no later. */
void table_arm(struct table *t, struct flow *f, int64_t deadline);

/*
 * The next flow whose deadline has passed at `now`, or NULL. Each is taken off the wheel: arm it again.
 * Deadlines inside the current tick may come with the next one.
 */
struct flow *table_due(struct table *t, int64_t now);

/* Marks it as changed and queues its slot once. */
static inline void table_touch(struct table *t, struct flow *f)
{
	uint32_t at;

	f->flags |= FLOW_DIRTY;
	if (f->flags & FLOW_QUEUED)
		return;
	f->flags |= FLOW_QUEUED;
	at = t->queue_from + t->queued++;
	t->queue[at >= t->queue_size ? at - t->queue_size : at] = table_slot(t, f);
}

/* Takes the next changed one off the queue, or NULL. */
struct flow *table_next_changed(struct table *t);

#endif
