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

#define TCP_HEADER 20 /* octets, without options */
#define TCP_NO_WSCALE 0xff
#define TCP_WSCALE_MOST 14 /* RFC 7323, 2.3: more is taken as 14 */
#define TCP_NOP_NOP_TIMESTAMPS 0x0101080a /* how nearly all segments begin their options */

struct link_type;

/* Where we are in one frame. */
struct walk {
	struct cursor c;
	struct pkt *out;
	uint8_t depth; /* encapsulations entered */
	bool quoting;  /* inside the packet that an ICMP error quotes */
	bool fragment; /* the first of several: what it carries goes on elsewhere */
};

/*
 * Every function below goes on where the cursor stands and answers for the rest of the frame:
 * DROP_NONE and *out is complete, or why not.
 */
enum drop link_ethernet(struct walk *w);
/* What an EtherType announces; values below 0x600 are the length of an LLC frame. */
enum drop link_by_type(struct walk *w, uint16_t type);
enum drop link_llc(struct walk *w);
enum drop link_ppp(struct walk *w);
enum drop link_mpls(struct walk *w);

/* What decode() does when its short way does not fit; it fits all. */
enum drop decode_long(const struct link_type *link, const uint8_t *data, size_t captured,
	size_t wire, struct pkt *out);

enum drop ip_v4(struct walk *w);
enum drop ip_v6(struct walk *w);
enum drop ip_any(struct walk *w); /* as its version field says */

enum drop tcp_segment(struct walk *w);
enum drop tcp_quoted(struct walk *w);
/* Options at `at`, of which `left` octets were captured of `sent`, on top of what tcp_fill() says. */
void tcp_options(struct pkt *out, const uint8_t *at, size_t left, size_t sent);
enum drop icmp_v4(struct walk *w);
enum drop icmp_v6(struct walk *w);

enum drop tunnel_gre(struct walk *w);
enum drop tunnel_udp(struct walk *w);
enum drop tunnel_etherip(struct walk *w);

/*
 * Called wherever a layer may come again, so that no frame makes us go round and round. False:
 * answer DROP_DEPTH.
 */
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

/*
 * What the TCP header `h` says but for its ports, as if there were no options. All is read before
 * the first is written, which lets the compiler write more at once.
 */
static inline void tcp_fill(struct pkt *out, const uint8_t *h, size_t payload)
{
	uint32_t seq = be32(h + 4), ack = be32(h + 8);
	uint16_t win = be16(h + 14);
	uint8_t reserved = h[12] & 0x0f, flags = h[13];

	out->seq = seq;
	out->ack = ack;
	out->len = (uint32_t)payload;
	out->tsval = out->tsecr = 0;
	out->win = win;
	out->mss = 0;
	out->flags = flags;
	out->opts = 0;
	out->reserved = reserved;
	out->wscale = TCP_NO_WSCALE;
	out->kind = PKT_TCP;
	out->icmp_type = out->icmp_code = out->icmp_v6 = 0;
}

#endif
