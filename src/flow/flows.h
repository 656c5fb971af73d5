/*
 * Where live connections are kept: a slab whose slots never move (a slot number is an identity for the viewer),
 * their entries in the index and in the timer wheel, what tells who is evicted first, and the queue of changed slots.
 * All of it is sized once; nothing here allocates.
 */
#ifndef TCPTOP_FLOW_FLOWS_H
#define TCPTOP_FLOW_FLOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/flow.h"
#include "flow/index.h"
#include "flow/wheel.h"
#include "util/front.h"
#include "util/mem.h"

#define DUE_MOST 32 /* flows whose deadlines are looked at together */

struct flow_list {
	uint32_t head, tail, n; /* of CLASS_LIVE only n holds: they stand in no list */
};

struct flows {
	struct flow *flow; /* [max] */
	struct front front; /* of flow */
	struct rares rares;
	uint32_t *spare;    /* stack of slots given back, [max] */
	uint32_t max, used, fresh, spares; /* fresh: slots from here on were never used */
	struct index index; /* of flows (slot + 1) */
	const struct index *graves; /* of tombstones (tomb.h), where those that are due will go */
	struct wheel wheel;
	struct flow_list class[CLASS_COUNT];
	uint32_t hand;	    /* where the next look for a long idle one begins */
	uint32_t *queue;    /* ring of changed slots, [queue_size] */
	uint32_t queue_size, queue_from, queued;
	/* Entries taken off the wheel and not looked at yet. */
	uint32_t due[DUE_MOST], due_n, due_at, due_place;
};

/* Room for max flows. graves: borrowed, NULL: none. */
bool flows_init(struct flows *t, uint32_t max, const struct index *graves);
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
/* The same for one who has a guess, or NULL: a flow that had the hash a moment ago. */
static inline struct flow *flows_find_guessed(const struct flows *t, struct flow *guess, const struct tuple *tuple,
	uint32_t hash, int *side)
{
	if (guess && guess->flags & FLOW_USED && guess->hash == hash) {
		*side = tuple_side(&guess->tuple, tuple);
		if (*side >= 0)
			return guess;
	}
	return flows_find(t, tuple, hash, side);
}

/* What flows_add() will most likely give when it has been called `ahead` times more. */
static inline const struct flow *flows_spare(const struct flows *t, uint32_t ahead)
{
	if (ahead < t->spares)
		return &t->flow[t->spare[t->spares - 1 - ahead]];
	ahead -= t->spares;
	return &t->flow[ahead < t->max - t->fresh ? t->fresh + ahead : 0];
}

/* A cleared flow, linked into the index and into CLASS_SETUP; NULL when all slots are taken. */
struct flow *flows_add(struct flows *t, const struct tuple *client_first, uint32_t hash);
/* Gives the slot back; nobody finds it any more. */
void flows_release(struct flows *t, struct flow *f);

/* The longest idle of a few that are CLASS_LIVE, or NULL. */
struct flow *flows_idle(struct flows *t);
void flows_set_class(struct flows *t, struct flow *f, enum flow_class class);
void flows_arm_anew(struct flows *t, struct flow *f, int64_t deadline);

/* Sets f->deadline and sees to it that the wheel looks no later. */
static inline void flows_arm(struct flows *t, struct flow *f, int64_t deadline)
{
	/* A later deadline needs no entry: the wheel looks at the old one, sees it is not due, and puts it off. */
	if (f->flags & FLOW_ARMED && deadline >= f->deadline)
		f->deadline = deadline;
	else
		flows_arm_anew(t, f, deadline);
}

/*
 * The next flow whose deadline has passed at `now`, or NULL. Each is off the wheel: arm it again.
 * Deadlines inside the current tick may come with the next one. At most *left flows are looked at; it counts down.
 */
struct flow *flows_due(struct flows *t, int64_t now, uint32_t *left);
/* False: flows_due() has none, and need not be asked. */
static inline bool flows_may_be_due(const struct flows *t, int64_t now)
{
	return t->due_at < t->due_n || wheel_tick(now) != t->wheel.tick;
}

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
/* Reads ahead what publishing the next `n` changed ones will touch. */
void flows_fetch_changed(const struct flows *t, uint32_t n);

#endif
