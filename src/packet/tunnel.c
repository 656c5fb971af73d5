/* GRE in its versions (RFC 2784, 2890, 2637), mirrored traffic in it, and Ethernet over IP (RFC 3378). */
#include "config.h"

#include "packet/walk.h"

#define GRE_CHECKSUM 0x8000
#define GRE_ROUTING 0x4000
#define GRE_KEY 0x2000
#define GRE_SEQUENCE 0x1000
#define GRE_ACK 0x0080 /* version 1 only */
#define GRE_VERSION 0x0007

enum {
	GRE_TYPE_MIN = 0x0600,
	GRE_TYPE_ERSPAN_3 = 0x22eb,
	GRE_TYPE_PPP = 0x880b,
	GRE_TYPE_WCCP = 0x883e,
	GRE_TYPE_ERSPAN = 0x88be
};

static enum drop mirrored(struct walk *w, uint16_t type, bool sequence)
{
	const uint8_t *h;

	if (type == GRE_TYPE_ERSPAN) {
		/* The first version has neither a sequence number nor a header of its own. */
		cur_skip(&w->c, sequence ? 8 : 0);
		return link_ethernet(w);
	}
	h = cur_take(&w->c, 12);
	if (h[11] & 1)
		cur_skip(&w->c, 8);
	return link_ethernet(w);
}

static enum drop gre_payload(struct walk *w, uint16_t type, bool sequence)
{
	switch (type) {
	case GRE_TYPE_ERSPAN:
	case GRE_TYPE_ERSPAN_3:
		return mirrored(w, type, sequence);
	case GRE_TYPE_WCCP:
		/* Version 2 puts four octets in front, which never look like IPv4. */
		if (cur_peek(&w->c, 0) >> 4 != 4)
			cur_skip(&w->c, 4);
		return ip_v4(w);
	}
	return type < GRE_TYPE_MIN ? DROP_NOT_TCP : link_by_type(w, type);
}

/* RFC 2637: the key field is payload length and call; without a sequence number there is no payload. */
static enum drop pptp(struct walk *w, uint16_t flags, uint16_t type)
{
	if (type != GRE_TYPE_PPP || !(flags & GRE_SEQUENCE))
		return DROP_NOT_TCP;
	cur_skip(&w->c, flags & GRE_ACK ? 12 : 8);
	return link_ppp(w);
}

enum drop tunnel_gre(struct walk *w)
{
	const uint8_t *h = cur_take(&w->c, 4);
	uint16_t flags = be16(h), type = be16(h + 2);
	size_t more = 0;

	if (!cur_ok(&w->c))
		return DROP_IP_SHORT;
	if (!walk_enter(w, TUNNEL_GRE))
		return DROP_DEPTH;
	if ((flags & GRE_VERSION) == 1)
		return pptp(w, flags, type);
	if (flags & (GRE_VERSION | GRE_ROUTING))
		return DROP_NOT_TCP;
	if (flags & GRE_CHECKSUM)
		more += 4;
	if (flags & GRE_KEY)
		more += 4;
	if (flags & GRE_SEQUENCE)
		more += 4;
	cur_skip(&w->c, more);
	if (!cur_ok(&w->c))
		return DROP_IP_SHORT;
	return gre_payload(w, type, flags & GRE_SEQUENCE);
}

enum drop tunnel_etherip(struct walk *w)
{
	const uint8_t *h = cur_take(&w->c, 2);

	if (!cur_ok(&w->c))
		return DROP_IP_SHORT;
	if (be16(h) != 0x3000)
		return DROP_NOT_TCP;
	return walk_enter(w, TUNNEL_IPIP) ? link_ethernet(w) : DROP_DEPTH;
}
