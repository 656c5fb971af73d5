/* A decoded packet, by value, so that capture memory can go. */
#ifndef TCPTOP_PACKET_PKT_H
#define TCPTOP_PACKET_PKT_H

#include <stdint.h>

#include "model/tuple.h"

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_PSH 0x08
#define TCP_ACK 0x10
#define TCP_URG 0x20
#define TCP_ECE 0x40
#define TCP_CWR 0x80

enum pkt_kind {
	PKT_TCP,  /* a segment */
	/*
	 * An ICMP or ICMPv6 error; tuple, seq are those of the segment it quotes (its sender is
	 * [0]).
	 */
	PKT_ICMP
};

/* Bits of pkt.opts: which options the segment carried. */
#define OPT_MSS 0x01
#define OPT_WSCALE 0x02
#define OPT_SACK_PERM 0x04
#define OPT_SACK 0x08
#define OPT_TIMESTAMPS 0x10
#define OPT_MPTCP 0x20
#define OPT_FAST_OPEN 0x40
#define OPT_ANY 0x80 /* the header was longer than 20 octets */

struct pkt {
	int64_t ts;	    /* ns since the epoch, from the capture */
	struct tuple tuple; /* [0] is the sender */
	uint32_t hash;	    /* of the two endpoints, the same for both directions */
	uint32_t seq;
	union {
		struct { /* of a segment */
			uint32_t ack;
			uint32_t len; /* payload octets on the wire, whatever was captured of them */
			uint32_t tsval, tsecr; /* valid with OPT_TIMESTAMPS */
		};
		struct addr icmp_from; /* sender of the ICMP error */
	};
	uint16_t win;	    /* as on the wire */
	uint16_t ip_id;	    /* 0 in IPv6 */
	uint16_t mss;
	uint16_t vlan;	    /* outermost id, 0 none */
	uint8_t flags;	    /* TCP_* */
	uint8_t ttl;	    /* or hop limit */
	uint8_t opts;	    /* OPT_* */
	uint8_t reserved;   /* the four reserved bits of the TCP header, for odd probes */
	uint8_t source;	    /* index of the capture source */
	uint8_t wscale;	    /* 0xff: no such option */
	/* What is the same in nearly all packets stands together: it is written at once. */
	uint8_t kind;	    /* enum pkt_kind */
	uint8_t tunnel;	    /* enum tunnel, the innermost */
	uint8_t icmp_type, icmp_code, icmp_v6;
};

#endif
