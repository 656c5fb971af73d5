/* Sequence space of one connection: what is new, what was sent again, what is missing. */
#ifndef TCPTOP_FLOW_TRACK_H
#define TCPTOP_FLOW_TRACK_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/flow.h"

/* Octets acknowledged of a side whose SYN alone was seen, at most. */
#define SYN_ONLY_PLAUSIBLE (UINT32_C(1) << 20)

/* What track_segment found in it. */
#define TRACK_NEW 0x01		/* octets or a FIN never seen before */
#define TRACK_RETRANSMISSION 0x02
#define TRACK_OUT_OF_ORDER 0x04
#define TRACK_PROBE 0x08	/* keep-alive or zero-window probe */
#define TRACK_FIRST_FIN 0x10	/* the first FIN of this side */
#define TRACK_FIN 0x20
#define TRACK_ACK_MOVED 0x40	/* acknowledges more than before */
#define TRACK_EVENT 0x80	/* the connection's state may have changed: judge it again */

/*
 * Takes in a segment of `side` that is neither SYN nor RST: ACK, window, data, FIN.
 * f->last is still the time of the packet before it.
 */
unsigned track_segment(struct flow *f, int side, const struct pkt *p);

/*
 * `side` acknowledges exactly one octet more than was ever seen of its peer: the capture missed the
 * peer's FIN.
 */
bool track_implied_fin(struct flow *f, int side, const struct pkt *p);

/* Takes in the ACK and window of any segment. */
unsigned track_ack(struct flow *f, int side, const struct pkt *p);

/* A packet like this one came from this side within the last millisecond: a span port's copy. Remembers it. */
bool track_copy(struct flow *f, int side, const struct pkt *p);

/* Counts, times, TTL: what every packet of a side has. The first call for a packet that is no copy. */
void track_packet(struct flow *f, int side, const struct pkt *p);

/* Appends Zeek's letter once per side. */
void track_history(struct flow *f, int side, char letter);

#endif
