/* The segments of one connection that matter, for its detail. Runs of like data segments are one entry. */
#ifndef TCPTOP_MODEL_TRAIL_H
#define TCPTOP_MODEL_TRAIL_H

#include <stdint.h>

#define TRAIL_HEAD 6  /* the first entries are kept: the handshake and the first data */
#define TRAIL_TAIL 14 /* and the last ones; what lay between is counted in `skipped` */
#define TRAIL_SEGMENTS (TRAIL_HEAD + TRAIL_TAIL)

struct segment {
	int64_t t;	/* ns since the connection's start; of a run: its first */
	int64_t t_last; /* of a run: its last */
	uint32_t seq;	/* relative to the sender's ISN, or to the first octet seen of it */
	uint32_t ack;	/* relative to the receiver's; valid with the ACK flag */
	uint32_t len;	/* payload octets, of a run: the sum */
	uint32_t count; /* segments in the run */
	uint16_t win;	/* as on the wire, unscaled */
	uint16_t mss;	/* of a SYN, 0 none */
	uint8_t flags;	/* TCP_* of packet/pkt.h */
	uint8_t side;	/* CLIENT or SERVER */
	uint8_t note;	/* enum segment_note */
	uint8_t state[2]; /* enum tcp_state of both ends after it */
};

enum segment_note {
	NOTE_NONE,
	NOTE_RETRANSMISSION,
	NOTE_OUT_OF_ORDER,
	NOTE_KEEPALIVE,
	NOTE_IGNORED_RST,
	NOTE_CHALLENGE_ACK,
	NOTE_ICMP,
	NOTE_DUPLICATE,
	NOTE_COUNT
};

struct trail {
	uint64_t uid;
	uint32_t n;	  /* entries in use */
	uint32_t skipped; /* segments between the head and the tail that were not kept */
	/* In order of time; a gap lies after [TRAIL_HEAD - 1] when skipped. */
	struct segment seg[TRAIL_SEGMENTS];
};

#define SEGMENT_PACKED 64 /* no packed segment needs more octets, those read beyond it included */

/*
 * A segment in as many octets as it needs, some 16 mostly, and back; each by itself. Both return
 * what comes after it. Up to SEGMENT_PACKED octets are written and may be read.
 */
uint8_t *segment_pack(const struct segment *s, uint8_t *out);
const uint8_t *segment_unpack(const uint8_t *in, struct segment *s);

extern const char *const segment_note_names[NOTE_COUNT];

#endif
