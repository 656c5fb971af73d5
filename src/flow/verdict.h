/* The decision table: what was seen of a connection -> how it ended, and how sure that is. Pure. */
#ifndef TCPTOP_FLOW_VERDICT_H
#define TCPTOP_FLOW_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/flow.h"

/* What silence or the world outside has decided; the rest is in the flow. */
#define WHEN_SETUP_OVER 0x01  /* the time allowed for a handshake has passed */
#define WHEN_SETTLED 0x02     /* nothing more came after both FINs */
#define WHEN_VANISHED 0x04    /* nothing more came after the last retransmission */
#define WHEN_HALF_CLOSED 0x08 /* nothing came for the time a half-closed connection is given */
#define WHEN_IDLE 0x10	      /* idle expiry, or evicted */
#define WHEN_REPLACED 0x20    /* a new generation took the tuple over */
#define WHEN_INPUT_ENDED 0x40
#define WHEN_ONE_WAY 0x80     /* most connections of this capture are seen in one direction only */
#define WHEN_CAPTURE_LOSS 0x100

struct verdict {
	uint8_t ending, confidence;
	uint8_t rule; /* row of the decision table, 0 = none */
};

/* The first row that matches; ENDING_NONE while none does. */
struct verdict verdict_of(const struct flow *f, unsigned when);

/*
 * The same, always by way of the table: what verdict_of answers at once when nothing has happened
 * that could end it.
 */
struct verdict verdict_by_table(const struct flow *f, unsigned when);

#define VANISH_RETRANSMISSIONS 3

/* Retransmissions or probes of `side` stand unanswered at the end. */
static inline bool verdict_stuck(const struct flow *f, int side)
{
	const struct half *h = &f->half[side];

	return h->tail >= VANISH_RETRANSMISSIONS || h->probe_tail >= VANISH_RETRANSMISSIONS;
}

/* Only one side has ever been seen although its acknowledgements show that the other spoke. */
static inline bool verdict_one_side(const struct flow *f)
{
	int seen = f->half[CLIENT].packets ? CLIENT : SERVER;
	const struct half *x = &f->half[seen];

	return !f->half[!seen].packets &&
	       (x->flags & HALF_ACK_MOVED || (x->flags & HALF_ISN && x->flags & HALF_PROGRESS));
}

#endif
