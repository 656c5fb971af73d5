/* Keeps the segments of a connection that matter (model/trail.h). Off the path of a batch run. */
#ifndef TCPTOP_FLOW_TRAIL_H
#define TCPTOP_FLOW_TRAIL_H

#include "flow/flow.h"
#include "model/trail.h"

void trail_start(struct trail *t, uint64_t uid);
/* Adds a segment of `side`, after it was tracked; now and time_wait as for state_of(). */
void trail_add(struct trail *t, const struct flow *f, int side, const struct pkt *p,
	enum segment_note note, int64_t now, int64_t time_wait);
/* The sides have changed their roles. */
void trail_flip(struct trail *t);

#endif
