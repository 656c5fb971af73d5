/*
 * IPv4 and IPv6 down to what they carry. The hard part is length: the header's own is believed,
 * because frames are padded, cut by taps, and made longer than a header can say by segmentation
 * offload.
 */
#include "config.h"

#include <string.h>

#include "packet/walk.h"

#define HEADER_V4 20
#define OFFSET_V4 0x1fff
#define MORE_V4 0x2000
#define HEADER_V6 40
#define OFFSET_V6 0xfff8
#define MORE_V6 0x0001
#define EXTENSIONS_MAX 16

enum {
	PROTO_HOP_BY_HOP = 0,
	PROTO_ICMP = 1,
	PROTO_IPV4 = 4,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_IPV6 = 41,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_GRE = 47,
	PROTO_ESP = 50,
	PROTO_AH = 51,
	PROTO_ICMPV6 = 58,
	PROTO_DESTINATION = 60,
	PROTO_ETHERIP = 97,
	PROTO_IPCOMP = 108,
	PROTO_MOBILITY = 135,
	PROTO_MPLS = 137,
	PROTO_HIP = 139,
	PROTO_SHIM6 = 140,
	PROTO_ETHERNET = 143
};

enum { ROUTING_SOURCE = 0, ROUTING_MOBILE = 2, ROUTING_SEGMENTS = 4 };

#define OPTION_PAD1 0x00
#define OPTION_JUMBO 0xc2

static enum drop payload(struct walk *w, uint8_t proto);

/* IP, Ethernet and MPLS inside IP. */
static enum drop inner(struct walk *w, uint8_t proto)
{
	if (!walk_enter(w, proto == PROTO_MPLS ? TUNNEL_MPLS : TUNNEL_IPIP))
		return DROP_DEPTH;
	switch (proto) {
	case PROTO_IPV4:
		return ip_v4(w);
	case PROTO_IPV6:
		return ip_v6(w);
	case PROTO_MPLS:
		return link_mpls(w);
	default:
		return link_ethernet(w);
	}
}

/* The authentication header hides nothing (RFC 4302, 2). */
static bool skip_ah(struct walk *w, uint8_t *proto)
{
	const uint8_t *h = cur_take(&w->c, 12);
	size_t size = ((size_t)h[1] + 2) * 4;

	*proto = h[0];
	cur_skip(&w->c, size < 12 ? 0 : size - 12);
	return cur_ok(&w->c);
}

static enum drop behind_ah(struct walk *w)
{
	uint8_t proto;

	if (!walk_enter(w, TUNNEL_AH))
		return DROP_DEPTH;
	return skip_ah(w, &proto) ? payload(w, proto) : DROP_IP_SHORT;
}

/* An error is about the outer packet, so a quoted one is not searched for a connection inside a tunnel. */
static enum drop payload(struct walk *w, uint8_t proto)
{
	if (proto == PROTO_TCP)
		return w->quoting ? tcp_quoted(w) : tcp_segment(w);
	if (proto == PROTO_AH)
		return behind_ah(w);
	if (w->quoting)
		return DROP_NOT_TCP;
	switch (proto) {
	case PROTO_UDP:
		return tunnel_udp(w);
	case PROTO_ICMP:
		return icmp_v4(w);
	case PROTO_ICMPV6:
		return icmp_v6(w);
	case PROTO_IPV4:
	case PROTO_IPV6:
	case PROTO_MPLS:
	case PROTO_ETHERNET:
		return inner(w, proto);
	case PROTO_GRE:
		return tunnel_gre(w);
	case PROTO_ETHERIP:
		return tunnel_etherip(w);
	case PROTO_ESP:
	case PROTO_IPCOMP:
		return DROP_OPAQUE;
	}
	return DROP_NOT_TCP;
}

enum drop ip_v4(struct walk *w)
{
	const uint8_t *h = cur_take(&w->c, HEADER_V4);
	struct pkt *out = w->out;
	size_t total, header;

	if (!cur_ok(&w->c))
		return DROP_IP_SHORT;
	header = (size_t)(h[0] & 0x0f) * 4;
	total = be16(h + 2);
	/*
	 * Offloaded segments above 64 KiB carry 0; then the frame says how long they are. In what
	 * an error quotes, some hosts leave a length in their own byte order.
	 */
	if (!total || w->quoting)
		total = w->c.wire + HEADER_V4;
	if (h[0] >> 4 != 4 || header < HEADER_V4 || header > total)
		return DROP_IP_BAD;
	if (be16(h + 6) & OFFSET_V4)
		return DROP_IP_FRAGMENT;
	w->fragment = be16(h + 6) & MORE_V4;
	cur_limit(&w->c, total - HEADER_V4);
	if (header > HEADER_V4) {
		cur_skip(&w->c, header - HEADER_V4);
		if (!cur_ok(&w->c))
			return DROP_IP_SHORT;
	}
	out->ip_id = be16(h + 4);
	out->ttl = h[8];
	out->tuple.addr[0] = addr_from_v4(h + 12);
	out->tuple.addr[1] = addr_from_v4(h + 16);
	return payload(w, h[9]);
}

/* RFC 2675: the length of a packet too long for its header. `c` is inside the options. 0: there is none. */
static uint32_t find_jumbo(struct cursor c)
{
	while (c.left) {
		uint8_t type = *cur_take(&c, 1);
		size_t size;

		if (type == OPTION_PAD1)
			continue;
		size = *cur_take(&c, 1);
		if (type == OPTION_JUMBO && size == 4)
			return be32(cur_take(&c, 4));
		cur_skip(&c, size);
	}
	return 0;
}

/*
 * On its way through segments a packet is addressed to the next one; the connection is with the last.
 * `c` is behind the first eight octets, `h`.
 */
static void final_destination(struct walk *w, const uint8_t *h, struct cursor c)
{
	if (!h[3])
		return;
	switch (h[2]) {
	case ROUTING_SOURCE:
		if (h[1] < 2 || h[1] & 1)
			return;
		cur_skip(&c, (size_t)h[1] * 8 - 16);
		break;
	case ROUTING_MOBILE:
	case ROUTING_SEGMENTS:
		break;
	default:
		return;
	}
	if (c.left >= 16)
		memcpy(w->out->tuple.addr[1].b, cur_take(&c, 16), 16);
}

/* An extension header of the common form: next header, length in eights, what it is about. */
static enum drop skip_extension(struct walk *w, uint8_t *proto, bool *no_length)
{
	const uint8_t *h = cur_take(&w->c, 8);
	size_t more = (size_t)h[1] * 8;
	struct cursor c = w->c;
	uint32_t jumbo;

	if (!cur_ok(&w->c))
		return DROP_IP_SHORT;
	cur_skip(&w->c, more);
	if (!cur_ok(&w->c))
		return DROP_IP_SHORT;
	if (*proto == PROTO_ROUTING) {
		cur_limit(&c, more);
		final_destination(w, h, c);
	} else if (*proto == PROTO_HOP_BY_HOP && *no_length) {
		cur_init(&c, h + 2, more + 6, more + 6);
		jumbo = find_jumbo(c);
		if (jumbo && jumbo < more + 8)
			return DROP_IP_BAD;
		/* Four octets could claim anything: no more than the frame has. */
		w->c.bound = true;
		if (jumbo)
			cur_limit(&w->c, jumbo - more - 8);
		*no_length = false;
	}
	*proto = h[0];
	return DROP_NONE;
}

static enum drop skip_fragment(struct walk *w, uint8_t *proto)
{
	const uint8_t *h = cur_take(&w->c, 8);

	if (!cur_ok(&w->c))
		return DROP_IP_SHORT;
	*proto = h[0];
	w->fragment = be16(h + 2) & MORE_V6;
	return be16(h + 2) & OFFSET_V6 ? DROP_IP_FRAGMENT : DROP_NONE;
}

/* One extension header if `proto` is one; *over when it is not. */
static enum drop next_header(struct walk *w, uint8_t *proto, bool *no_length, bool *over)
{
	switch (*proto) {
	case PROTO_HOP_BY_HOP:
	case PROTO_ROUTING:
	case PROTO_DESTINATION:
	case PROTO_MOBILITY:
	case PROTO_HIP:
	case PROTO_SHIM6:
		return skip_extension(w, proto, no_length);
	case PROTO_FRAGMENT:
		return skip_fragment(w, proto);
	case PROTO_AH:
		w->out->tunnel = TUNNEL_AH;
		return skip_ah(w, proto) ? DROP_NONE : DROP_IP_SHORT;
	}
	*over = true;
	return DROP_NONE;
}

static enum drop behind_extensions(struct walk *w, uint8_t proto, bool no_length)
{
	bool over = false;
	int i;

	for (i = 0; i < EXTENSIONS_MAX; i++) {
		enum drop drop = next_header(w, &proto, &no_length, &over);

		if (drop != DROP_NONE)
			return drop;
		if (over)
			return payload(w, proto);
	}
	return DROP_DEPTH;
}

enum drop ip_v6(struct walk *w)
{
	const uint8_t *h = cur_take(&w->c, HEADER_V6);
	struct pkt *out = w->out;
	uint16_t length;

	if (!cur_ok(&w->c))
		return DROP_IP_SHORT;
	if (h[0] >> 4 != 6)
		return DROP_IP_BAD;
	/* 0: a jumbogram, or an offloaded segment; what the frame holds will do until an option says better. */
	length = be16(h + 4);
	if (length)
		cur_limit(&w->c, length);
	w->fragment = false;
	out->ip_id = 0;
	out->ttl = h[7];
	memcpy(out->tuple.addr, h + 8, sizeof(out->tuple.addr));
	if (h[6] == PROTO_TCP)
		return payload(w, PROTO_TCP);
	return behind_extensions(w, h[6], !length);
}

enum drop ip_any(struct walk *w)
{
	if (!w->c.left)
		return DROP_IP_SHORT;
	switch (cur_peek(&w->c, 0) >> 4) {
	case 4:
		return ip_v4(w);
	case 6:
		return ip_v6(w);
	}
	return DROP_IP_BAD;
}
