/*
 * Where live connections are kept: a slab whose slots never move (a slot number is an identity for the viewer),
 * a chained index over it, a timer wheel, a list per class for eviction, and the queue of changed slots.
 * All of it is sized once; nothing here allocates per packet but the doubling of the index in files.
 */
#ifndef TCPTOP_FLOW_FLOWS_H
#define TCPTOP_FLOW_FLOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/flow.h"

#define WHEEL_SHIFT 27 /* a tick is 2^27 ns, 134 ms */
#define WHEEL_SLOTS 8192u

struct flow_list {
	uint32_t head, tail, n;
};

/* Its neighbours in wheel and class. Apart from the flows, so that the neighbours' lines are few and near. */
struct flow_link {
	uint32_t wheel_prev, wheel_next, wheel_slot;
	uint32_t class_prev, class_next;
};

struct flows {
	struct flow *flow; /* [max] */
	struct flow_link *link; /* [max], by slot */
	uint32_t max, used, fresh, free; /* fresh: slots from here on were never used */
	uint32_t *head, mask;
	uint32_t wheel[WHEEL_SLOTS];
	int64_t wheel_tick; /* ticks before this one have been looked at */
	struct flow_list class[CLASS_COUNT];
	uint32_t *queue;    /* ring of changed slots, [queue_size] */
	uint32_t queue_size, queue_from, queued;
};

bool flows_init(struct flows *t, uint32_t max);
void flows_fini(struct flows *t);

static inline struct flow *flows_flow(const struct flows *t, uint32_t slot)
{
	return &t->flow[slot];
}

static inline uint32_t flows_slot(const struct flows *t, const struct flow *f)
{
	return (uint32_t)(f - t->flow);
}

/* The newest generation of the tuple; *side is the packet's sender in it. NULL when there is none. */
struct flow *flows_find(const struct flows *t, const struct tuple *tuple, uint32_t hash, int *side);
/* A cleared flow, linked into the index and into CLASS_SETUP; NULL when all slots are taken. */
struct flow *flows_add(struct flows *t, const struct tuple *client_first, uint32_t hash);
/* Takes it out of index, wheel and class; the slot stays taken until flows_release. */
void flows_unlink(struct flows *t, struct flow *f);
void flows_release(struct flows *t, struct flow *f);

void flows_set_class(struct flows *t, struct flow *f, enum flow_class class);
/* Sets f->deadline and sees to it that the wheel looks no later. */
void flows_arm(struct flows *t, struct flow *f, int64_t deadline);

/*
 * The next flow whose deadline has passed at `now`, or NULL. Each is taken off the wheel: arm it again.
 * Deadlines inside the current tick may come with the next one.
 */
struct flow *flows_due(struct flows *t, int64_t now);

/* Marks it as changed and queues its slot once. */
static inline void flows_touch(struct flows *t, struct flow *f)
{
	uint32_t at;

	f->flags |= FLOW_DIRTY;
	if (f->flags & FLOW_QUEUED)
		return;
	f->flags |= FLOW_QUEUED;
	at = t->queue_from + t->queued++;
	t->queue[at >= t->queue_size ? at - t->queue_size : at] = flows_slot(t, f);
}

/* Takes the next changed one off the queue, or NULL. */
struct flow *flows_next_changed(struct flows *t);

#endif
