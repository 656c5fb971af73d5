/*
 * Keeps the segments of living connections that matter (model/trail.h). Off the path of a batch
 * run. The last entry of each stands as it is, since it may grow; those before it lie in small
 * pages, as many as they need.
 */
#ifndef TCPTOP_FLOW_TRAIL_H
#define TCPTOP_FLOW_TRAIL_H

#include <stdbool.h>
#include <stddef.h>

#include "flow/flow.h"
#include "model/trail.h"
#include "util/mem.h"

#define TRAIL_PAGE 2 /* entries, 32 octets each */
#define TRAIL_PAGES (TRAIL_SEGMENTS / TRAIL_PAGE)

struct trail_kept {
	struct segment last;
	/* Those before it: the head, then the tail, which is a ring once it is full. */
	uint32_t page[TRAIL_PAGES];
	uint32_t segments; /* in all, those that were not kept too */
	uint8_t n;	/* entries, with last */
	uint8_t oldest; /* of the ring, counted from its beginning */
};

union trail_page;

struct trail_pool {
	struct trail_kept *kept; /* [max] */
	union trail_page *page;	 /* as many as they can ever need */
	uint32_t max, fresh, free, pages_fresh, pages_free;
};

/* Of `max` connections; 0 is none at all. False: no address space. */
bool trails_open(struct trail_pool *t, uint32_t max);
void trails_close(struct trail_pool *t);
size_t trails_pool_bytes(uint32_t max); /* at most */

/* Room for a connection's, or NIL. */
uint32_t trail_take(struct trail_pool *t);
void trail_give(struct trail_pool *t, uint32_t i);
/* Adds a segment of `side`, after it was tracked; now and time_wait as for state_of(). */
void trail_add(struct trail_pool *t, const struct flow *f, int side, const struct pkt *p,
	enum segment_note note, int64_t now, int64_t time_wait);
/* Asks for what trail_add() will write to. What it reads should have come by then: trail_ask_kept(). */
void trail_ask(const struct trail_pool *t, uint32_t i);
/* The sides have changed their roles. */
void trail_flip(struct trail_pool *t, uint32_t i);
/* As others are told of it. */
void trail_copy(const struct trail_pool *t, uint32_t i, uint64_t uid, struct trail *out);

static inline void trail_ask_kept(const struct trail_pool *t, uint32_t i)
{
	mem_ask(&t->kept[i].last);
	mem_ask(&t->kept[i].n);
}

/* Whether a connection has segments. */
static inline bool trail_has(const struct trail_pool *t, const struct flow *f)
{
	return f->trail != NIL && t->kept[f->trail].n;
}

#endif
