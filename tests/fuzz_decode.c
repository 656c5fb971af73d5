/*
 * Any octets as a frame of any link type. Input: two octets, little-endian, of which nine bits are the link type and
 * the others are how many times 64 octets the capture left out; then the frame.
 */
#include "config.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/tunnel.h"
#include "packet/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What decode() says of a copy of exactly `n` octets, into memory full of `fill`. */
static enum drop decode_copy(const struct link_type *link, const uint8_t *data, size_t n,
	size_t wire, uint8_t fill, struct pkt *out)
{
	uint8_t *copy = malloc(n ? n : 1);
	enum drop drop;

	assert(copy);
	memcpy(copy, data, n);
	memset(out, fill, sizeof(*out));
	drop = decode(link, copy, n, wire, out);
	free(copy);
	assert((unsigned)drop < DROP_COUNT);
	return drop;
}

static void check(const struct pkt *p, const struct pkt *again)
{
	struct tuple back = {{p->tuple.addr[1], p->tuple.addr[0]}, {p->tuple.port[1], p->tuple.port[0]}};

	assert(p->hash == tuple_hash(&back));
	assert(p->kind == PKT_TCP || p->kind == PKT_ICMP);
	assert(p->tunnel < TUNNEL_COUNT && p->vlan < 4096);
	assert(p->wscale <= 14 || p->wscale == 0xff);
	assert(!(p->opts & ~OPT_ANY) || p->opts & OPT_ANY);
	/* Every field is set: what was in the memory before does not show. */
	assert(!memcmp(&p->tuple, &again->tuple, sizeof(p->tuple)) && p->hash == again->hash);
	assert(p->seq == again->seq && p->ack == again->ack && p->len == again->len);
	assert(p->tsval == again->tsval && p->tsecr == again->tsecr && p->win == again->win);
	assert(p->ip_id == again->ip_id && p->mss == again->mss && p->vlan == again->vlan);
	assert(p->kind == again->kind && p->flags == again->flags && p->ttl == again->ttl);
	assert(p->opts == again->opts && p->wscale == again->wscale && p->tunnel == again->tunnel);
	assert(p->reserved == again->reserved && p->icmp_type == again->icmp_type);
	assert(p->icmp_code == again->icmp_code && p->icmp_v6 == again->icmp_v6);
	assert(!memcmp(&p->icmp_from, &again->icmp_from, sizeof(p->icmp_from)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct link_type *link;
	struct pkt p, again;
	size_t wire;
	enum drop drop;

	if (size < 2)
		return 0;
	link = link_find(data[0] | (data[1] & 1) << 8);
	if (!link)
		return 0;
	wire = size - 2 + (size_t)(data[1] >> 1) * 64;
	drop = decode_copy(link, data + 2, size - 2, wire, 0x00, &p);
	assert(decode_copy(link, data + 2, size - 2, wire, 0xff, &again) == drop);
	if (drop == DROP_NONE)
		check(&p, &again);
	decode_copy(link, data + 2, (size - 2) / 2, wire, 0x00, &again);
	return 0;
}
