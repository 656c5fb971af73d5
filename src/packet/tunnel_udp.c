/*
 * Tunnels over UDP. A port number proves nothing, so each is followed only when its header is what
 * the RFC says; anything else is ordinary UDP.
 */
#include "config.h"

#include "packet/walk.h"

/* Without a capture filter the kernel passes no others: `of_use` in capture/input.c. */
enum {
	PORT_GTP_U = 2152,
	PORT_TEREDO = 3544,
	PORT_VXLAN = 4789,
	PORT_VXLAN_GPE = 4790,
	PORT_GENEVE = 6081,
	PORT_MPLS = 6635,
	PORT_VXLAN_LINUX = 8472 /* the kernel's default, from before there was an assigned one */
};

#define TYPE_MIN 0x0600

enum { GPE_IPV4 = 1, GPE_IPV6 = 2, GPE_ETHERNET = 3, GPE_MPLS = 5 };

#define VXLAN_VNI 0x08
#define VXLAN_NEXT 0x04

#define GTP_MORE 0x07 /* sequence number, N-PDU number, extension headers: then all three fields are there */
#define GTP_EXTENSIONS 0x04
#define GTP_EXTENSIONS_MAX 8
#define GTP_DATA 0xff

/* RFC 7348 */
static enum drop vxlan(struct walk *w)
{
	const uint8_t *h = cur_take(&w->c, 8);

	if (!cur_ok(&w->c) || !(h[0] & VXLAN_VNI) || h[7] != 0)
		return DROP_NOT_TCP;
	return walk_enter(w, TUNNEL_VXLAN) ? link_ethernet(w) : DROP_DEPTH;
}

static enum drop vxlan_gpe(struct walk *w)
{
	const uint8_t *h = cur_take(&w->c, 8);

	if (!cur_ok(&w->c) || !(h[0] & VXLAN_VNI) || !(h[0] & VXLAN_NEXT))
		return DROP_NOT_TCP;
	if (!walk_enter(w, TUNNEL_VXLAN))
		return DROP_DEPTH;
	switch (h[3]) {
	case GPE_IPV4:
		return ip_v4(w);
	case GPE_IPV6:
		return ip_v6(w);
	case GPE_ETHERNET:
		return link_ethernet(w);
	case GPE_MPLS:
		return link_mpls(w);
	}
	return DROP_NOT_TCP;
}

/* RFC 8926 */
static enum drop geneve(struct walk *w)
{
	const uint8_t *h = cur_take(&w->c, 8);
	uint16_t type = be16(h + 2);

	if (!cur_ok(&w->c) || h[0] >> 6 != 0 || type < TYPE_MIN)
		return DROP_NOT_TCP;
	cur_skip(&w->c, (size_t)(h[0] & 0x3f) * 4);
	if (!cur_ok(&w->c))
		return DROP_IP_SHORT;
	return walk_enter(w, TUNNEL_GENEVE) ? link_by_type(w, type) : DROP_DEPTH;
}

static enum drop mpls(struct walk *w)
{
	return walk_enter(w, TUNNEL_MPLS) ? link_mpls(w) : DROP_DEPTH;
}

/* 3GPP TS 29.281, 5.2: each extension ends in the type of the next, 0 is the last. */
static bool skip_gtp_extensions(struct cursor *c, uint8_t next)
{
	int i;

	for (i = 0; next && i < GTP_EXTENSIONS_MAX; i++) {
		size_t size = (size_t)*cur_take(c, 1) * 4;

		if (size < 4)
			return false;
		cur_skip(c, size - 2);
		next = *cur_take(c, 1);
	}
	return !next && cur_ok(c);
}

static enum drop gtp(struct walk *w)
{
	const uint8_t *h = cur_take(&w->c, 8);

	if (!cur_ok(&w->c) || (h[0] & 0xf0) != 0x30 || h[1] != GTP_DATA)
		return DROP_NOT_TCP;
	if (h[0] & GTP_MORE) {
		const uint8_t *more = cur_take(&w->c, 4);

		if (!skip_gtp_extensions(&w->c, h[0] & GTP_EXTENSIONS ? more[3] : 0))
			return cur_ok(&w->c) ? DROP_NOT_TCP : DROP_IP_SHORT;
	}
	if (!walk_enter(w, TUNNEL_GTP))
		return DROP_DEPTH;
	return cur_peek(&w->c, 0) >> 4 == 6 ? ip_v6(w) : ip_v4(w);
}

/* An IPv6 packet that fits, from or to one of Teredo's addresses (2001::/32). */
static bool is_teredo_packet(const struct cursor *c)
{
	size_t length = (size_t)cur_peek16(c, 4) + 40;

	return cur_peek(c, 0) >> 4 == 6 && length <= c->wire &&
		((cur_peek16(c, 8) == 0x2001 && cur_peek16(c, 10) == 0) ||
			(cur_peek16(c, 24) == 0x2001 && cur_peek16(c, 26) == 0));
}

/* RFC 4380, 5.1.1: authentication and origin indication may come first. */
static enum drop teredo(struct walk *w)
{
	if (cur_peek16(&w->c, 0) == 0x0001) {
		size_t id = cur_peek(&w->c, 2), value = cur_peek(&w->c, 3);

		cur_skip(&w->c, 4 + id + value + 9);
	}
	if (w->c.left && cur_peek16(&w->c, 0) == 0x0000)
		cur_skip(&w->c, 8);
	if (!is_teredo_packet(&w->c))
		return DROP_NOT_TCP;
	return walk_enter(w, TUNNEL_TEREDO) ? ip_v6(w) : DROP_DEPTH;
}

enum drop tunnel_udp(struct walk *w)
{
	const uint8_t *h = cur_take(&w->c, 8);
	uint16_t from = be16(h), to = be16(h + 2), length = be16(h + 4);

	if (!cur_ok(&w->c))
		return DROP_NOT_TCP;
	if (length >= 8)
		cur_limit(&w->c, length - 8u);
	switch (to) {
	case PORT_VXLAN:
	case PORT_VXLAN_LINUX:
		return vxlan(w);
	case PORT_VXLAN_GPE:
		return vxlan_gpe(w);
	case PORT_GENEVE:
		return geneve(w);
	case PORT_MPLS:
		return mpls(w);
	case PORT_GTP_U:
		return gtp(w);
	}
	if (from == PORT_GTP_U)
		return gtp(w);
	if (from == PORT_TEREDO || to == PORT_TEREDO || is_teredo_packet(&w->c))
		return teredo(w);
	return DROP_NOT_TCP;
}
