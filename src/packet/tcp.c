/* The TCP header and its options. The hard part is to stay cheap when there is nothing but timestamps. */
#include "config.h"

#include <string.h>

#include "packet/decode.h"
#include "packet/ends.h"
#include "packet/walk.h"


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
			out->wscale = value[0] > TCP_WSCALE_MOST ? TCP_WSCALE_MOST : value[0];
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

/* They end where one contradicts itself or was not captured; those before it stand. */
void tcp_options(struct pkt *out, const uint8_t *at, size_t left, size_t sent)
{
	struct cursor c;

	cur_init(&c, at, left, sent);
	/* Those who send timestamps at all send them first, in every segment. */
	if (left >= 12 && be32(at) == TCP_NOP_NOP_TIMESTAMPS)
		take_timestamps(out, cur_take(&c, 12) + 4);
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

uint32_t tuple_hash(const struct tuple *t)
{
	return ends_hash(t);
}

enum drop tcp_segment(struct walk *w)
{
	const uint8_t *h = cur_take(&w->c, TCP_HEADER);
	struct pkt *out = w->out;
	size_t header, options;

	if (!cur_ok(&w->c))
		return DROP_TCP_SHORT;
	header = (size_t)(h[12] >> 4) * 4;
	if (header < TCP_HEADER || (header - TCP_HEADER > w->c.wire && !w->fragment))
		return DROP_TCP_BAD;
	options = header - TCP_HEADER;
	if (options > w->c.wire)
		options = w->c.wire; /* they go on in the next fragment */
	out->tuple.port[0] = be16(h);
	out->tuple.port[1] = be16(h + 2);
	out->hash = ends_hash(&out->tuple);
	tcp_fill(out, h, w->c.wire - options);
	if (header > TCP_HEADER)
		out->opts = OPT_ANY;
	tcp_options(out, w->c.p, w->c.left < options ? w->c.left : options, options);
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
	out->hash = ends_hash(&out->tuple);
	out->seq = be32(h + 4);
	out->ack = out->len = out->tsval = out->tsecr = 0;
	out->win = out->mss = 0;
	out->flags = out->opts = out->reserved = 0;
	out->wscale = TCP_NO_WSCALE;
	return DROP_NONE;
}
