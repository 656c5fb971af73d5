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

/* The same, always by way of the table: what verdict_of answers at once when nothing has happened that could end it. */
struct verdict verdict_by_table(const struct flow *f, unsigned when);

/* Retransmissions or probes of `side` stand unanswered at the end. */
bool verdict_stuck(const struct flow *f, int side);
/* Only one side has ever been seen although its acknowledgements show that the other spoke. */
bool verdict_one_side(const struct flow *f);

#endif
