/* Frames made from numbers: the opposite of decode. Lengths and checksums are right. */
#ifndef TCPTOP_PACKET_CRAFT_H
#define TCPTOP_PACKET_CRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/tuple.h"

#define CRAFT_OPTIONS 40     /* octets a TCP header has for options */
#define CRAFT_PAYLOAD 65000  /* the most payload a segment may have */
#define CRAFT_MAX 65600	     /* room for any frame */

struct craft_tcp {
	struct tuple tuple; /* [0] is the sender; both addresses of one family */
	uint32_t seq, ack;
	uint16_t win, id;
	uint8_t flags, ttl, reserved;
	uint8_t noptions; /* filled up to a multiple of four with NOPs */
	uint8_t options[CRAFT_OPTIONS];
	size_t len; /* of the payload, which is letters */
};

struct craft_icmp {
	struct addr from, to; /* of the family of the quoted packet */
	uint8_t type, code, ttl;
	uint16_t id;
	const uint8_t *quote; /* an IP packet, or the beginning of one */
	size_t nquote;
};

/*
 * Each writes at buf and returns how many octets. craft_link: `from_client` picks the
 * Ethernet addresses, vlan 0 is none.
 */
size_t craft_link(uint8_t *buf, bool ipv6, bool from_client, uint16_t vlan);
size_t craft_tcp(uint8_t *buf, const struct craft_tcp *seg);
size_t craft_icmp(uint8_t *buf, const struct craft_icmp *icmp);

#endif
