/* The TCP header and its options. The hard part is to stay cheap when there is nothing but timestamps. */
#include "config.h"

#include <string.h>

#include "packet/decode.h"
#include "packet/walk.h"
#include "util/hash.h"

#define HEADER 20
#define NO_WSCALE 0xff
#define WSCALE_MAX 14 /* RFC 7323, 2.3: more is taken as 14 */

enum {
	KIND_END = 0,
	KIND_NOP = 1,
	KIND_MSS = 2,
	KIND_WSCALE = 3,
	KIND_SACK_PERM = 4,
	KIND_SACK = 5,
	KIND_TIMESTAMPS = 8,
	KIND_MPTCP = 30,
	KIND_FAST_OPEN = 34,
	KIND_EXPERIMENT_1 = 253,
	KIND_EXPERIMENT_2 = 254
};

#define NOP_NOP_TIMESTAMPS 0x0101080a
#define EXID_FAST_OPEN 0xf989 /* RFC 7413, appendix A */

static inline void take_timestamps(struct pkt *out, const uint8_t *value)
{
	out->opts |= OPT_TIMESTAMPS;
	out->tsval = be32(value);
	out->tsecr = be32(value + 4);
}

/* One option of `size` octets, its kind and length octets included. One of a wrong size says nothing. */
static void take_option(struct pkt *out, uint8_t kind, const uint8_t *value, size_t size)
{
	switch (kind) {
	case KIND_MSS:
		if (size == 4) {
			out->opts |= OPT_MSS;
			out->mss = be16(value);
		}
		break;
	case KIND_WSCALE:
		if (size == 3) {
			out->opts |= OPT_WSCALE;
			out->wscale = value[0] > WSCALE_MAX ? WSCALE_MAX : value[0];
		}
		break;
	case KIND_SACK_PERM:
		out->opts |= OPT_SACK_PERM;
		break;
	case KIND_SACK:
		out->opts |= OPT_SACK;
		break;
	case KIND_TIMESTAMPS:
		if (size == 10)
			take_timestamps(out, value);
		break;
	case KIND_MPTCP:
		out->opts |= OPT_MPTCP;
		break;
	case KIND_FAST_OPEN:
		out->opts |= OPT_FAST_OPEN;
		break;
	case KIND_EXPERIMENT_1:
	case KIND_EXPERIMENT_2:
		if (size >= 4 && be16(value) == EXID_FAST_OPEN)
			out->opts |= OPT_FAST_OPEN;
		break;
	}
}

/* Options end where one contradicts itself or was not captured; those before it stand. */
static void take_options(struct pkt *out, struct cursor c)
{
	while (c.left) {
		uint8_t kind = *cur_take(&c, 1);
		const uint8_t *value;
		size_t size;

		if (kind == KIND_NOP)
			continue;
		if (kind == KIND_END)
			return;
		size = *cur_take(&c, 1);
		if (size < 2)
			return;
		value = cur_take(&c, size - 2 > CUR_TAKE_MAX ? CUR_TAKE_MAX : size - 2);
		if (!cur_ok(&c))
			return;
		take_option(out, kind, value, size);
	}
}

/* One end of an IPv4 connection as a number. */
static inline uint64_t end_v4(const struct tuple *t, int i)
{
	uint32_t a;

	memcpy(&a, t->addr[i].b + 12, sizeof(a));
	return (uint64_t)a << 16 | t->port[i];
}

static inline uint32_t hash_v6(const struct tuple *t)
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
	return (uint32_t)hash_five(key);
}

/*
 * The ends are put in order first, without a branch: directions alternate, and a branch on them would be
 * mispredicted every other time. IPv4 has a short key of its own.
 */
static inline uint32_t hash_of(const struct tuple *t)
{
	uint64_t a, b;

	if (!addr_is_v4(&t->addr[0]) || !addr_is_v4(&t->addr[1]))
		return hash_v6(t);
	a = end_v4(t, 0);
	b = end_v4(t, 1);
	return (uint32_t)hash_two(a < b ? a : b, a < b ? b : a);
}

uint32_t tuple_hash(const struct tuple *t)
{
	return hash_of(t);
}

void tcp_fill(struct pkt *out, const uint8_t *h, const uint8_t *behind, size_t left, size_t wire)
{
	size_t options = (size_t)(h[12] >> 4) * 4 - HEADER;
	struct cursor c;

	if (options > wire)
		options = wire; /* they go on in the next fragment */
	out->tuple.port[0] = be16(h);
	out->tuple.port[1] = be16(h + 2);
	out->hash = hash_of(&out->tuple);
	out->seq = be32(h + 4);
	out->ack = be32(h + 8);
	out->len = (uint32_t)(wire - options);
	out->tsval = 0;
	out->tsecr = 0;
	out->win = be16(h + 14);
	out->mss = 0;
	out->kind = PKT_TCP;
	out->flags = h[13];
	out->opts = h[12] >> 4 > HEADER / 4 ? OPT_ANY : 0;
	out->wscale = NO_WSCALE;
	out->reserved = h[12] & 0x0f;
	out->icmp_type = out->icmp_code = out->icmp_v6 = 0;
	if (!options)
		return;
	if (options == 12 && left >= 12 && be32(behind) == NOP_NOP_TIMESTAMPS) {
		take_timestamps(out, behind + 4);
		return;
	}
	cur_init(&c, behind, left < options ? left : options, options);
	take_options(out, c);
}

enum drop tcp_segment(struct walk *w)
{
	const uint8_t *h = cur_take(&w->c, HEADER);
	size_t header;

	if (!cur_ok(&w->c))
		return DROP_TCP_SHORT;
	header = (size_t)(h[12] >> 4) * 4;
	if (header < HEADER || (header - HEADER > w->c.wire && !w->fragment))
		return DROP_TCP_BAD;
	tcp_fill(w->out, h, w->c.p, w->c.left, w->c.wire);
	return DROP_NONE;
}

/* RFC 792 promises eight octets of it: ports and sequence number. */
enum drop tcp_quoted(struct walk *w)
{
	const uint8_t *h = cur_take(&w->c, 8);
	struct pkt *out = w->out;

	if (!cur_ok(&w->c))
		return DROP_ICMP_SHORT;
	out->tuple.port[0] = be16(h);
	out->tuple.port[1] = be16(h + 2);
	out->hash = hash_of(&out->tuple);
	out->seq = be32(h + 4);
	out->ack = out->len = out->tsval = out->tsecr = 0;
	out->win = out->mss = 0;
	out->flags = out->opts = out->reserved = 0;
	out->wscale = NO_WSCALE;
	return DROP_NONE;
}
