/* The short way for the segments that nearly all segments are. */
#ifndef TCPTOP_FLOW_PLAIN_H
#define TCPTOP_FLOW_PLAIN_H

#include <stdbool.h>

#include "flow/flow.h"

/*
 * Takes in a segment of `side` with the next data or an acknowledgement, on a connection that is under way and of which
 * nobody has closed, reset or fallen silent: sets what the long way (track.c, segment.c) would set. False when anything
 * about the segment or the connection is special; nothing was changed then.
 */
bool plain_take(struct flow *f, int side, const struct pkt *p);

#endif
