/*
 * Link layers down to IP. One row of the table is one LINKTYPE_; what they have in common
 * (EtherTypes, LLC, PPP, MPLS) is shared with the tunnels.
 */
#include "config.h"

#include "packet/link.h"

#include "packet/decode.h"
#include "packet/wifi.h"

#define TAGS_MAX 8
#define LABELS_MAX 16
#define NFLOG_ATTRIBUTES_MAX 64

enum {
	TYPE_LENGTH_MAX = 0x05ff, /* below: the length of an 802.3 frame */
	TYPE_IPV4 = 0x0800,
	TYPE_ETHERNET = 0x6558, /* bridged inside GRE, Geneve */
	TYPE_VLAN = 0x8100,
	TYPE_IPV6 = 0x86dd,
	TYPE_PPP = 0x880b,
	TYPE_MPLS = 0x8847,
	TYPE_MPLS_UPSTREAM = 0x8848,
	TYPE_PPPOE = 0x8864,
	TYPE_VLAN_SERVICE = 0x88a8,
	TYPE_MACSEC = 0x88e5,
	TYPE_VLAN_9100 = 0x9100,
	TYPE_VLAN_9200 = 0x9200
};

/* Families that BSD loopbacks write; each system has its own number for IPv6. */
enum {
	FAMILY_IPV4 = 2,
	FAMILY_IPV6_LINUX = 10,
	FAMILY_IPV6_WINDOWS = 23,
	FAMILY_IPV6_NETBSD = 24,
	FAMILY_IPV6_FREEBSD = 28,
	FAMILY_IPV6_MACOS = 30
};

enum { NLPID_IPV6 = 0x8e, NLPID_IPV4 = 0xcc, NLPID_PPP = 0xcf };

enum {
	PPP_IPV4 = 0x0021,
	PPP_VJ_COMPRESSED = 0x002d,
	PPP_VJ_UNCOMPRESSED = 0x002f,
	PPP_MULTILINK = 0x003d,
	PPP_ENCRYPTED_LINK = 0x0055,
	PPP_ENCRYPTED = 0x0053,
	PPP_IPV6 = 0x0057,
	PPP_COMPRESSED_LINK = 0x00fb,
	PPP_COMPRESSED = 0x00fd,
	PPP_MPLS = 0x0281,
	PPP_MPLS_MULTICAST = 0x0283
};

static bool is_tag(uint16_t type)
{
	return type == TYPE_VLAN || type == TYPE_VLAN_SERVICE || type == TYPE_VLAN_9100 ||
		type == TYPE_VLAN_9200;
}

/* Takes the tags, keeps the outermost id, leaves the type behind them in *type. */
static enum drop skip_tags(struct walk *w, uint16_t *type)
{
	int i;

	for (i = 0; is_tag(*type); i++) {
		const uint8_t *h = cur_take(&w->c, 4);

		if (!cur_ok(&w->c))
			return DROP_LINK_SHORT;
		if (i == TAGS_MAX)
			return DROP_DEPTH;
		if (!w->out->vlan)
			w->out->vlan = be16(h) & 0x0fff;
		*type = be16(h + 2);
	}
	return DROP_NONE;
}

/* IEEE 802.2, and SNAP behind it (RFC 1042). */
enum drop link_llc(struct walk *w)
{
	const uint8_t *h = cur_take(&w->c, 3);
	uint32_t organization;
	uint16_t type;

	if (!cur_ok(&w->c))
		return DROP_LINK_SHORT;
	if (h[0] == 0x06 && h[1] == 0x06 && h[2] == 0x03)
		return ip_v4(w);
	if (h[0] != 0xaa || h[1] != 0xaa || h[2] != 0x03)
		return DROP_NOT_IP;
	h = cur_take(&w->c, 5);
	if (!cur_ok(&w->c))
		return DROP_LINK_SHORT;
	organization = be32(h) >> 8;
	type = be16(h + 3);
	if ((organization != 0 && organization != 0x0000f8) || type <= TYPE_LENGTH_MAX)
		return DROP_NOT_IP;
	return walk_deeper(w) ? link_by_type(w, type) : DROP_DEPTH;
}

static enum drop length_and_llc(struct walk *w, uint16_t length)
{
	if (length && length <= w->c.wire)
		cur_limit(&w->c, length);
	return link_llc(w);
}

static bool leads_to_ip(uint16_t type)
{
	return type == TYPE_IPV4 || type == TYPE_IPV6 || is_tag(type);
}

/* Labels do not say what they carry (RFC 3032, 2.2); IP shows in its first four bits, Ethernet by its type. */
enum drop link_mpls(struct walk *w)
{
	const uint8_t *h;
	int i = 0;

	do {
		h = cur_take(&w->c, 4);
		if (!cur_ok(&w->c))
			return DROP_LINK_SHORT;
		if (i++ == LABELS_MAX)
			return DROP_DEPTH;
	} while (!(h[2] & 0x01));
	if (leads_to_ip(cur_peek16(&w->c, 12)))
		return link_ethernet(w);
	/* The control word of a pseudowire (RFC 4385). */
	if (cur_peek(&w->c, 0) >> 4 == 0 && leads_to_ip(cur_peek16(&w->c, 16))) {
		cur_skip(&w->c, 4);
		return link_ethernet(w);
	}
	switch (cur_peek(&w->c, 0) >> 4) {
	case 4:
		return ip_v4(w);
	case 6:
		return ip_v6(w);
	}
	return w->c.left ? DROP_NOT_IP : DROP_LINK_SHORT;
}

static enum drop cisco_hdlc(struct walk *w)
{
	const uint8_t *h = cur_take(&w->c, 4);

	if (!cur_ok(&w->c))
		return DROP_LINK_SHORT;
	return be16(h + 2) <= TYPE_LENGTH_MAX ? DROP_NOT_IP : link_by_type(w, be16(h + 2));
}

static enum drop ppp_protocol(struct walk *w, uint16_t protocol)
{
	switch (protocol) {
	case PPP_IPV4:
		return ip_v4(w);
	case PPP_IPV6:
		return ip_v6(w);
	case PPP_MPLS:
	case PPP_MPLS_MULTICAST:
		return link_by_type(w, TYPE_MPLS);
	case PPP_ENCRYPTED:
	case PPP_ENCRYPTED_LINK:
	case PPP_COMPRESSED:
	case PPP_COMPRESSED_LINK:
		return DROP_OPAQUE;
	case PPP_VJ_COMPRESSED:
	case PPP_VJ_UNCOMPRESSED:
	case PPP_MULTILINK:
		return DROP_LINK_UNKNOWN;
	}
	return DROP_NOT_IP;
}

/*
 * RFC 1661, with the address and control fields of RFC 1662 or without; an odd first octet is the
 * whole protocol.
 */
enum drop link_ppp(struct walk *w)
{
	const uint8_t *h;

	if (cur_peek16(&w->c, 0) == 0xff03)
		cur_skip(&w->c, 2);
	h = cur_take(&w->c, 1);
	if (!cur_ok(&w->c) || (!(h[0] & 1) && !w->c.left))
		return DROP_LINK_SHORT;
	if (h[0] & 1)
		return ppp_protocol(w, h[0]);
	return ppp_protocol(w, (uint16_t)(h[0] << 8 | *cur_take(&w->c, 1)));
}

/* Serial lines mix PPP and Cisco's framing; the first octet tells. */
static enum drop ppp_or_hdlc(struct walk *w)
{
	uint8_t first = cur_peek(&w->c, 0);

	return first == 0x0f || first == 0x8f ? cisco_hdlc(w) : link_ppp(w);
}

static enum drop pppoe(struct walk *w)
{
	const uint8_t *h = cur_take(&w->c, 6);

	if (!cur_ok(&w->c))
		return DROP_LINK_SHORT;
	if (h[0] != 0x11)
		return DROP_LINK_UNKNOWN;
	if (h[1] != 0) /* discovery */
		return DROP_NOT_IP;
	cur_limit(&w->c, be16(h + 4));
	return walk_enter(w, TUNNEL_PPPOE) ? link_ppp(w) : DROP_DEPTH;
}

enum drop link_by_type(struct walk *w, uint16_t type)
{
	enum drop drop;

	if (type == TYPE_IPV4)
		return ip_v4(w);
	drop = skip_tags(w, &type);
	if (drop != DROP_NONE)
		return drop;
	if (type <= TYPE_LENGTH_MAX)
		return length_and_llc(w, type);
	switch (type) {
	case TYPE_IPV4:
		return ip_v4(w);
	case TYPE_IPV6:
		return ip_v6(w);
	case TYPE_MPLS:
	case TYPE_MPLS_UPSTREAM:
		return walk_enter(w, TUNNEL_MPLS) ? link_mpls(w) : DROP_DEPTH;
	case TYPE_PPPOE:
		return pppoe(w);
	case TYPE_PPP:
		return link_ppp(w);
	case TYPE_ETHERNET:
		return walk_deeper(w) ? link_ethernet(w) : DROP_DEPTH;
	case TYPE_MACSEC:
		return DROP_OPAQUE;
	}
	return DROP_NOT_IP;
}

enum drop link_ethernet(struct walk *w)
{
	const uint8_t *h = cur_take(&w->c, 14);

	return cur_ok(&w->c) ? link_by_type(w, be16(h + 12)) : DROP_LINK_SHORT;
}

/* The small numbers in the protocol field of Linux cooked captures; 4 is an LLC frame. */
static enum drop cooked_protocol(struct walk *w, uint16_t protocol)
{
	if (protocol == 4)
		return link_llc(w);
	return protocol <= TYPE_LENGTH_MAX ? DROP_NOT_IP : link_by_type(w, protocol);
}

static enum drop linux_cooked(struct walk *w)
{
	const uint8_t *h = cur_take(&w->c, 16);

	return cur_ok(&w->c) ? cooked_protocol(w, be16(h + 14)) : DROP_LINK_SHORT;
}

static enum drop linux_cooked_2(struct walk *w)
{
	const uint8_t *h = cur_take(&w->c, 20);

	return cur_ok(&w->c) ? cooked_protocol(w, be16(h)) : DROP_LINK_SHORT;
}

static enum drop by_family(struct walk *w, uint32_t family)
{
	switch (family) {
	case FAMILY_IPV4:
		return ip_v4(w);
	case FAMILY_IPV6_LINUX:
	case FAMILY_IPV6_WINDOWS:
	case FAMILY_IPV6_NETBSD:
	case FAMILY_IPV6_FREEBSD:
	case FAMILY_IPV6_MACOS:
		return ip_v6(w);
	}
	return DROP_LINK_UNKNOWN;
}

/* A family in the byte order of the machine that captured is whichever way round makes a small number. */
static uint32_t family_of(const uint8_t *h)
{
	return be32(h) > 0xffff ? le32(h) : be32(h);
}

static enum drop loopback(struct walk *w)
{
	const uint8_t *h = cur_take(&w->c, 4);

	return cur_ok(&w->c) ? by_family(w, family_of(h)) : DROP_LINK_SHORT;
}

/* OpenBSD: what IPsec let out of its encapsulation. Family, index of the key, flags. */
static enum drop bsd_enc(struct walk *w)
{
	const uint8_t *h = cur_take(&w->c, 12);

	return cur_ok(&w->c) ? by_family(w, family_of(h)) : DROP_LINK_SHORT;
}

/* OpenBSD and FreeBSD: what the packet filter logged. The header says how long it is, without its padding. */
static enum drop bsd_pflog(struct walk *w)
{
	const uint8_t *h = cur_take(&w->c, 4);
	size_t size = ((size_t)h[0] + 3) & ~(size_t)3;

	cur_skip(&w->c, size < 4 ? 0 : size - 4);
	return cur_ok(&w->c) ? by_family(w, h[1]) : DROP_LINK_SHORT;
}

/* RFC 2427: an address whose last octet is odd, then what is carried. Cisco writes an EtherType there. */
static enum drop frame_relay(struct walk *w)
{
	const uint8_t *h;
	int i = 0;

	do {
		h = cur_take(&w->c, 1);
		if (!cur_ok(&w->c))
			return DROP_LINK_SHORT;
		if (i++ == 4)
			return DROP_LINK_UNKNOWN;
	} while (!(h[0] & 1));
	h = cur_take(&w->c, 2);
	if (!cur_ok(&w->c))
		return DROP_LINK_SHORT;
	if (h[0] != 0x03)
		return be16(h) <= TYPE_LENGTH_MAX ? DROP_NOT_IP : link_by_type(w, be16(h));
	switch (h[1]) {
	case NLPID_IPV4:
		return ip_v4(w);
	case NLPID_IPV6:
		return ip_v6(w);
	case NLPID_PPP:
		return link_ppp(w);
	}
	return DROP_NOT_IP;
}

static enum drop fddi(struct walk *w)
{
	const uint8_t *h = cur_take(&w->c, 13);

	if (!cur_ok(&w->c))
		return DROP_LINK_SHORT;
	return (h[0] & 0x30) == 0x10 ? link_llc(w) : DROP_NOT_IP;
}

/* Attributes up to the packet. Their heads are in our own byte order: libpcap turns those of files. */
static enum drop nflog(struct walk *w)
{
	const uint8_t *h = cur_take(&w->c, 4);
	int i;

	if (cur_ok(&w->c) && h[1] != 0)
		return DROP_LINK_UNKNOWN;
	for (i = 0; i < NFLOG_ATTRIBUTES_MAX; i++) {
		size_t size;

		h = cur_take(&w->c, 4);
		if (!cur_ok(&w->c))
			return DROP_LINK_SHORT;
		if (own16(h + 2) == 9)
			return ip_any(w);
		size = own16(h);
		if (size < 4)
			return DROP_LINK_UNKNOWN;
		cur_skip(&w->c, ((size + 3) & ~(size_t)3) - 4);
	}
	return DROP_LINK_UNKNOWN;
}


/* Per-packet information: a header of its own length and the link type of what follows. */
static enum drop ppi(struct walk *w)
{
	const uint8_t *h = cur_take(&w->c, 8);
	const struct link_type *link;

	if (!cur_ok(&w->c))
		return DROP_LINK_SHORT;
	link = link_find((int)(le32(h + 4) & 0xffff));
	cur_skip(&w->c, le16(h + 2) < 8 ? 0 : le16(h + 2) - 8);
	if (!link || link->decode == ppi)
		return DROP_LINK_UNKNOWN;
	return link->decode(w);
}

static const struct link_type links[] = {
	{0, "NULL", loopback, 0, 0, false},
	{1, "EN10MB", link_ethernet, 12, 14, false},
	{9, "PPP", ppp_or_hdlc, 0, 0, false},
	{10, "FDDI", fddi, 0, 0, false},
	{11, "ATM_RFC1483", link_llc, 0, 0, false},
	{12, "RAW", ip_any, 0, 0, true},
	{14, "RAW", ip_any, 0, 0, true},
	{50, "PPP_SERIAL", ppp_or_hdlc, 0, 0, false},
	{51, "PPP_ETHER", pppoe, 0, 0, false},
	{101, "RAW", ip_any, 0, 0, true},
	{104, "C_HDLC", cisco_hdlc, 0, 0, false},
	{105, "IEEE802_11", wifi, 0, 0, false},
	{107, "FRELAY", frame_relay, 0, 0, false},
	{108, "LOOP", loopback, 0, 0, false},
	{109, "ENC", bsd_enc, 0, 0, false},
	{113, "LINUX_SLL", linux_cooked, 14, 16, false},
	{117, "PFLOG", bsd_pflog, 0, 0, false},
	{127, "IEEE802_11_RADIO", wifi_radiotap, 0, 0, false},
	{192, "PPI", ppi, 0, 0, false},
	{228, "IPV4", ip_any, 0, 0, true},
	{229, "IPV6", ip_any, 0, 0, true},
	{239, "NFLOG", nflog, 0, 0, false},
	{276, "LINUX_SLL2", linux_cooked_2, 0, 20, false},
};

const struct link_type *link_find(int dlt)
{
	size_t i;

	for (i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (links[i].dlt == dlt)
			return &links[i];
	return NULL;
}
