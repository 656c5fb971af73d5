/*
 * Packet scripts: a small text language that becomes real frames in memory, for the tests, the
 * demo and mkpcap. Lengths and checksums are right; frames go through decode() like a capture.
 *
 *	client 10.0.0.1:40000		# endpoints; IPv6: [fd00::1]:40000
 *	server 10.0.0.5:80
 *	0.000 > S ws 7			# TIME DIRECTION FLAGS [words]
 *	0.020 < SA
 *	+0.001 > .
 *	+0 > PA len 300; +0.05 < PA len 1448 x 10 every 0.001
 *	9 < R				# `;` separates statements, `#` begins a comment
 *
 * Settings, for the connection that follows (each `conn` has its own):
 *	client ADDR:PORT, server ADDR:PORT
 *	conn [NAME]	begins the connection NAME or goes back to it; no name: the first one.
 *			A new one takes over endpoints, ttl and vlan, and has sequence numbers
 *			of its own: with the same endpoints it is another generation of them.
 *	isn C S		initial sequence numbers of client and server
 *	ttl C S		as seen at the capture; 64 64 when not set
 *	vlan N		an 802.1Q tag, 0 for none
 * and for the whole script:
 *	raw		frames begin with the IP header (script_dlt() says so)
 *	snap N		capture at most N octets of a frame
 *	unsorted	frames stay in the order of the lines, not of their times
 *
 * TIME is seconds from the start of the script, or +seconds after the last packet before.
 * DIRECTION is `>` from the client, `<` from the server.
 * FLAGS are letters of S A F R P U E C, `.` is ACK, `-` is none. In their place may stand:
 *	again		the sender's last SYN, data or FIN once more
 *	ka		a keep-alive probe: ACK, one octet before the next
 *	icmp TYPE/CODE [from ADDR] [quote N]
 *			an ICMP error (ICMPv6 when the connection is) that quotes the last
 *			segment sent against DIRECTION, with N octets from its TCP header on
 *			(default: the header). It comes from that segment's receiver, or ADDR.
 * Words:
 *	len N		octets of payload
 *	seq N, ack N	counted from the ISN: SYN is 0, the first data is 1. `=N` is absolute.
 *	sack L R	one SACK block, numbers as ack has them
 *	isn N		of a SYN: another ISN, that is, a new generation, for which the peer's
 *			next SYN has a new one too
 *	win N, ttl N, id N	window, TTL, IP identification
 *	res N		the four reserved bits of the TCP header
 *	mss N, ws N, sackok, ts VAL ECR, mptcp, tfo
 *			options; a SYN has an MSS unless `bare`
 *	lost		not in the capture, but the peer has it
 *	dropped		in the capture, but the peer does not get it
 *	forged		neither side's numbers change by it
 *	twice		the same frame again after 5 us, as some mirror ports do
 *	x N every T [doubling]
 *			N times, T seconds apart (0.001), each gap twice the one before
 *
 * Numbers that are not given are those of a real stack: seq is the sender's next one (of a SYN
 * its ISN), ack all that the peer has sent and was not dropped. A RST without ACK takes seq from
 * the peer's last ack, and has window 0 and id 0. A RST with ACK that answers a segment without
 * ACK, by a side that has not spoken, has seq =0, window 0 and id 0. A side that begins without
 * a SYN begins at ISN + 1.
 */
#ifndef TCPTOP_PACKET_SCRIPT_H
#define TCPTOP_PACKET_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/decode.h"

struct err;
struct script; /* opaque */

struct script_frame {
	int64_t ts;	     /* ns: the line's time plus script_conf.base */
	const uint8_t *data; /* belongs to the script */
	size_t captured, wire;
};

struct script_conf {
	int64_t base; /* ns, what time 0 is */
	bool ipv6;    /* endpoints not set are [fd00::1]:40000 and [fd00::5]:80, else in 10.0.0.0 */
};

/* NULL and err set ("line 3: ...") when the text is wrong. conf may be NULL: all zero. */
struct script *script_new(const char *text, const struct script_conf *conf, struct err *err);
void script_free(struct script *s);

/* The link type of the frames, as pcap_datalink() would say: Ethernet or raw IP. */
int script_dlt(const struct script *s);
size_t script_count(const struct script *s);
/* Borrowed until script_free(). */
const struct script_frame *script_frame(const struct script *s, size_t i);

/* Decodes frame i and stamps it. */
static inline enum drop script_pkt(const struct script *s, size_t i, struct pkt *out)
{
	const struct script_frame *f = script_frame(s, i);
	enum drop drop = decode(link_find(script_dlt(s)), f->data, f->captured, f->wire, out);

	out->ts = f->ts;
	out->source = 0;
	return drop;
}

#endif
