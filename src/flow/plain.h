/* The short way for the segments that nearly all segments are. */
#ifndef TCPTOP_FLOW_PLAIN_H
#define TCPTOP_FLOW_PLAIN_H

#include <stdbool.h>

#include "flow/flow.h"

enum plain {
	PLAIN_NOT,	  /* special in some way: nothing was changed */
	PLAIN_TAKEN,	  /* the connection is where it was */
	/* It has come a step further: it is to be judged when both have closed, and armed anew. */
	PLAIN_STEP,
	PLAIN_ESTABLISHED /* the handshake is complete, which the caller has yet to note; and armed anew */
};

/*
 * Takes in a segment of `side`, when it is the one that opens, goes on with or closes a connection
 * in order, and nothing about the connection is special: sets in the flow what the long way
 * (track.c, segment.c) would set. A deadline of f that has passed is the caller's to see to before.
 */
enum plain plain_take(struct flow *f, int side, const struct pkt *p);

/* The same for the SYN that has just opened f. False: it was none. */
bool plain_open(struct flow *f, int side, const struct pkt *p);

#endif
