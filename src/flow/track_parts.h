/* Steps that the long way (track.c) and the short way (plain.c) through a segment have in common. */
#ifndef TCPTOP_FLOW_TRACK_PARTS_H
#define TCPTOP_FLOW_TRACK_PARTS_H

#include <stdint.h>

#include "flow/flow.h"

#define PLAUSIBLE (UINT32_C(1) << 30) /* no window reaches further */

/* What a span port's copy has in common with its original, and other packets hardly ever. */
static inline uint32_t signature(const struct pkt *p)
{
	return p->seq * 2654435761u ^ p->ack * 2246822519u ^ p->len * 3266489917u ^
	       ((uint32_t)p->ip_id << 16 | p->win) ^ (uint32_t)p->flags << 8 ^ p->tsval;
}

/* What lies between two packets, when the capture has them in this order; else UINT32_MAX. */
static inline uint32_t delay_us(int64_t from, int64_t to)
{
	int64_t us = (to - from) / NS_PER_US;

	return to >= from && us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
}

static inline void track_window(struct half *x, const struct half *y, const struct pkt *p)
{
	bool scaled = x->wscale != 0xff && y->wscale != 0xff;
	uint32_t right = p->ack + ((uint32_t)p->win << (scaled ? x->wscale : 0));

	if (seq_before(x->redge, right))
		x->redge = right;
	else if (seq_before(right, x->redge) && p->ack == x->ack)
		x->flags |= HALF_SHRUNK;
}

/* Something new after a silence: how long it was, for whoever resets the connection because of it. */
static inline void track_idle(const struct flow *f, struct half *x, const struct half *y, const struct pkt *p)
{
	int64_t silence = (p->ts - f->last) / NS_PER_US;
	uint32_t us = silence <= 0 ? 0 : silence < UINT32_MAX ? (uint32_t)silence : UINT32_MAX;

	/* What follows before the other side has said a word does not break another silence. */
	if (us < x->idle_us && y->t_last && y->t_last < rel_of(f->last - f->start))
		return;
	x->idle_us = us;
}

#endif
