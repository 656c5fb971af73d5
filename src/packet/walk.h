/* The way from the link layer inwards: what the files of this layer call in each other. */
#ifndef TCPTOP_PACKET_WALK_H
#define TCPTOP_PACKET_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "model/capture_stats.h"
#include "model/tunnel.h"
#include "packet/cursor.h"
#include "packet/pkt.h"

#define WALK_DEPTH_MAX 8 /* encapsulations that are followed */

/* Where we are in one frame. */
struct walk {
	struct cursor c;
	struct pkt *out;
	uint8_t depth; /* encapsulations entered */
	bool quoting;  /* inside the packet that an ICMP error quotes */
	bool fragment; /* the first of several: what it carries goes on elsewhere */
};

/*
 * Every function below goes on where the cursor stands and answers for the rest of the frame: DROP_NONE and *out
 * is complete, or why not.
 */
enum drop link_ethernet(struct walk *w);
/* What an EtherType announces; values below 0x600 are the length of an LLC frame. */
enum drop link_by_type(struct walk *w, uint16_t type);
enum drop link_llc(struct walk *w);
enum drop link_ppp(struct walk *w);
enum drop link_mpls(struct walk *w);

enum drop ip_v4(struct walk *w);
enum drop ip_v6(struct walk *w);
enum drop ip_any(struct walk *w); /* as its version field says */

enum drop tcp_segment(struct walk *w);
enum drop tcp_quoted(struct walk *w);
/*
 * Ports and what follows them in *out, of the TCP header `h` that was found good. Behind it are `left` octets that
 * were captured and `wire` that were sent: options and payload.
 */
void tcp_fill(struct pkt *out, const uint8_t *h, const uint8_t *behind, size_t left, size_t wire);
enum drop icmp_v4(struct walk *w);
enum drop icmp_v6(struct walk *w);

enum drop tunnel_gre(struct walk *w);
enum drop tunnel_udp(struct walk *w);
enum drop tunnel_etherip(struct walk *w);

/* Called wherever a layer may come again, so that no frame makes us go round and round. False: answer DROP_DEPTH. */
static inline bool walk_deeper(struct walk *w)
{
	return ++w->depth <= WALK_DEPTH_MAX;
}

/* The same for what is worth telling the user. */
static inline bool walk_enter(struct walk *w, enum tunnel tunnel)
{
	w->out->tunnel = (uint8_t)tunnel;
	return walk_deeper(w);
}

#endif
