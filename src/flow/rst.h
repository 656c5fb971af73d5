/*
 * Resets: would the receiver accept this one (RFC 9293, 3.10.7.3 and 3.10.7.4; RFC 5961, 3), and
 * what held when it came. A reset that needs no belief in either end (P1 to P4 of the design) is
 * path evidence.
 */
#ifndef TCPTOP_FLOW_RST_H
#define TCPTOP_FLOW_RST_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/flow.h"

struct hosts;

/* flow.rst_facts: what held when the first reset was accepted; r is its sender, p the other side. */
#define RST_FIN_R 0x0001	   /* r had sent a FIN (implied ones too) */
#define RST_FIN_P 0x0002
#define RST_FIN_R_ACKED 0x0004
#define RST_FIN_P_ACKED 0x0008	   /* by r, this RST's own acknowledgement included */
#define RST_NOTHING_OUTSTANDING 0x0010
#define RST_R_RETRANSMITTED 0x0020 /* r had sent something again 3 times or more without an answer */
#define RST_R_PROBED 0x0040	   /* r had sent 2 keep-alive probes or more without an answer */
#define RST_SERVER_ANSWERED 0x0080 /* the server's last data came after the client's */
/* p's last segment carried neither data nor FIN nor news of r's, or was a probe. */
#define RST_DRAWN_BY_EMPTY 0x0100
#define RST_IDLE 0x0200
#define RST_EARLY 0x0400	   /* within 30 s of the handshake */
#define RST_BOTH_SIDES 0x0800	   /* P4 */
#define RST_OTHER_HOP 0x1000	   /* P2, or refused_path's condition */
#define RST_FAR_HOP 0x2000	   /* ... by 3 hops or more */
#define RST_DELIVERED 0x4000
#define RST_LOOSE 0x8000	   /* accepted because nobody objected, or without anything to check it by */
#define RST_PROVISIONAL_OVER 0x10000

enum rst_result {
	RST_ACCEPTED,	 /* the first one of the connection */
	RST_AGAIN,	 /* the connection had been reset already */
	RST_AFTER_CLOSE, /* both sides had closed */
	/* In the window but not exact: provisional for 2 s (RFC 5961: a challenge ACK is due). */
	RST_WAITS,
	RST_IGNORED
};

struct rst_conf {
	int64_t idle_reset;	   /* ns of silence that make an idle reset */
	const struct hosts *hosts; /* may be NULL: no other flow tells of hop distances */
};

/* Takes a RST of `side` in. After track_packet(); f->last is still the time of the packet before. */
enum rst_result rst_take(struct flow *f, int side, const struct pkt *p, const struct rst_conf *conf);

/* A provisional RST turned out to count: nobody objected in time. */
void rst_confirm(struct flow *f);
/* The accepted or provisional RST was ignored by its receiver after all. */
void rst_undo(struct flow *f);

/*
 * Something other than a RST came from `side` after a RST. Says whether that undoes it. Called
 * after the segment was tracked.
 */
bool rst_life(struct flow *f, int side, const struct pkt *p, bool something_new);

#endif
