/*
 * Bytes of a frame to struct pkt. The layers are in link.c, ip.c, tcp.c, icmp.c and tunnel*.c; each hands the rest
 * of the frame to the next, so that a plain segment costs four calls and no loop.
 */
#include "config.h"

#include "packet/decode.h"

#include <string.h>

#include "packet/link.h"
#include "packet/walk.h"
#include "util/hash.h"

const uint8_t cur_zeros[CUR_TAKE_MAX];

enum drop decode(const struct link_type *link, const uint8_t *data, size_t captured, size_t wire,
	struct pkt *out)
{
	struct walk w = {.out = out};

	cur_init(&w.c, data, captured, wire);
	out->vlan = 0;
	out->tunnel = TUNNEL_NONE;
	return link->decode(&w);
}

/* One end of an IPv4 connection as a number. */
static uint64_t end_v4(const struct tuple *t, int i)
{
	uint32_t a;

	memcpy(&a, t->addr[i].b + 12, sizeof(a));
	return (uint64_t)a << 16 | t->port[i];
}

static uint32_t hash_v6(const struct tuple *t)
{
	uint64_t a[2], b[2], key[5], swap, x;

	memcpy(a, &t->addr[0], sizeof(a));
	memcpy(b, &t->addr[1], sizeof(b));
	swap = 0 - (uint64_t)((a[1] > b[1]) |
		((a[1] == b[1]) &
			((a[0] > b[0]) | ((a[0] == b[0]) & (t->port[0] > t->port[1])))));
	x = (a[0] ^ b[0]) & swap;
	key[0] = a[0] ^ x;
	key[1] = b[0] ^ x;
	x = (a[1] ^ b[1]) & swap;
	key[2] = a[1] ^ x;
	key[3] = b[1] ^ x;
	x = (uint64_t)(t->port[0] ^ t->port[1]) & swap;
	key[4] = (t->port[0] ^ x) << 16 | (t->port[1] ^ x);
	return (uint32_t)hash_bytes(key, sizeof(key));
}

/*
 * The ends are put in order first, without a branch: directions alternate, and a branch on them would be
 * mispredicted every other time. IPv4 has a short key of its own; hashing is most of what decoding costs.
 */
uint32_t tuple_hash(const struct tuple *t)
{
	uint64_t a, b, key[2];

	if (!addr_is_v4(&t->addr[0]) || !addr_is_v4(&t->addr[1]))
		return hash_v6(t);
	a = end_v4(t, 0);
	b = end_v4(t, 1);
	key[0] = a < b ? a : b;
	key[1] = a < b ? b : a;
	return (uint32_t)hash_bytes(key, sizeof(key));
}
