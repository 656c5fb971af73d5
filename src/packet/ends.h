/*
 * The hash of two endpoints, the same for both directions. The ends are put in order first, without
 * a branch: directions alternate, and a branch on them would be mispredicted every other time. IPv4
 * has a short key of its own.
 */
#ifndef TCPTOP_PACKET_ENDS_H
#define TCPTOP_PACKET_ENDS_H

#include <stdint.h>
#include <string.h>

#include "model/tuple.h"
#include "util/hash.h"

/* Of addresses of four octets. */
static inline uint32_t ends_hash_v4(const uint8_t *from, uint16_t from_port, const uint8_t *to,
	uint16_t to_port)
{
	uint32_t address[2];
	uint64_t a, b;

	memcpy(&address[0], from, sizeof(address[0]));
	memcpy(&address[1], to, sizeof(address[1]));
	a = (uint64_t)address[0] << 16 | from_port;
	b = (uint64_t)address[1] << 16 | to_port;
	return (uint32_t)hash_two(a < b ? a : b, a < b ? b : a);
}

/* Of addresses of sixteen. */
static inline uint32_t ends_hash_v6(const uint8_t *from, uint16_t from_port, const uint8_t *to,
	uint16_t to_port)
{
	uint64_t a[2], b[2], key[5], swap, x;

	memcpy(a, from, sizeof(a));
	memcpy(b, to, sizeof(b));
	swap = 0 - (uint64_t)((a[1] > b[1]) |
		((a[1] == b[1]) & ((a[0] > b[0]) | ((a[0] == b[0]) & (from_port > to_port)))));
	x = (a[0] ^ b[0]) & swap;
	key[0] = a[0] ^ x;
	key[1] = b[0] ^ x;
	x = (a[1] ^ b[1]) & swap;
	key[2] = a[1] ^ x;
	key[3] = b[1] ^ x;
	x = (uint64_t)(from_port ^ to_port) & swap;
	key[4] = (from_port ^ x) << 16 | (to_port ^ x);
	return (uint32_t)hash_five(key);
}

/* Of any; addresses of IPv6 that stand for IPv4 ones are those. */
static inline uint32_t ends_hash(const struct tuple *t)
{
	const struct addr *a = t->addr;

	if (addr_is_v4(&a[0]) && addr_is_v4(&a[1]))
		return ends_hash_v4(a[0].b + 12, t->port[0], a[1].b + 12, t->port[1]);
	return ends_hash_v6(a[0].b, t->port[0], a[1].b, t->port[1]);
}

#endif
