/*
 * Bytes of a frame to struct pkt. Most frames take the short way below. All others go the long one:
 * the layers are in link.c, ip.c, tcp.c, icmp.c and tunnel*.c, and each hands the rest of the frame
 * to the next.
 */
#include "config.h"

#include "packet/decode.h"

#include <string.h>

#include "packet/ends.h"
#include "packet/link.h"
#include "packet/walk.h"

#define TYPE_IPV4 0x0800
#define TYPE_IPV6 0x86dd
#define TYPE_VLAN 0x8100
#define TAG 4
#define V4_HEADER 20
#define V6_HEADER 40
#define PROTO_TCP 6

/* Octets of the TCP header `h`, as it says. */
#define TCP_LENGTH(h) ((size_t)((h)[12] >> 4) * 4)

#define APART __attribute__((noinline))

const uint8_t cur_zeros[CUR_TAKE_MAX];

static inline void plain_timestamps(struct pkt *out, const uint8_t *value)
{
	out->tsval = be32(value);
	out->tsecr = be32(value + 4);
}

/*
 * Of `size` octets of options, all of them captured: the timestamps that most segments have, and
 * what most SYNs have (segment size, SACK permitted, timestamps, window scale), are known at a
 * look. False: others are there.
 */
static inline bool plain_options(struct pkt *out, const uint8_t *at, size_t size)
{
	if (size == 12 && be32(at) == TCP_NOP_NOP_TIMESTAMPS) {
		out->opts = OPT_ANY | OPT_TIMESTAMPS;
		plain_timestamps(out, at + 4);
		return true;
	}
	if (size != 20 || be16(at) != 0x0204 || be32(at + 4) != 0x0402080a || be32(at + 16) >> 8 != 0x010303 ||
		at[19] > TCP_WSCALE_MOST)
		return false;
	out->opts = OPT_ANY | OPT_MSS | OPT_SACK_PERM | OPT_TIMESTAMPS | OPT_WSCALE;
	out->mss = be16(at + 2);
	plain_timestamps(out, at + 8);
	out->wscale = at[19];
	return true;
}

/*
 * `size` octets were sent from the TCP header `h` on, all that it says it has among them, and
 * `captured` captured.
 */
static inline enum drop plain_tcp(struct pkt *out, const uint8_t *h, size_t size, size_t captured)
{
	size_t header = TCP_LENGTH(h);

	tcp_fill(out, h, size - header);
	out->vlan = 0;
	out->tunnel = TUNNEL_NONE;
	if (header == TCP_HEADER ||
		(captured >= header && plain_options(out, h + TCP_HEADER, header - TCP_HEADER)))
		return DROP_NONE;
	out->opts = OPT_ANY;
	tcp_options(out, h + TCP_HEADER, (captured < header ? captured : header) - TCP_HEADER,
		header - TCP_HEADER);
	return DROP_NONE;
}

/*
 * Version 4 without options, TCP, no fragment, lengths that fit; both headers but for TCP's options
 * are captured.
 */
static inline bool is_plain_v4(const uint8_t *ip)
{
	size_t header = TCP_LENGTH(ip + V4_HEADER);

	return ip[0] == 0x45 && (be32(ip + 6) & 0x3fff00ff) == PROTO_TCP && header >= TCP_HEADER &&
		V4_HEADER + header <= be16(ip + 2);
}

static inline enum drop plain_v4(const uint8_t *ip, size_t captured, struct pkt *out)
{
	const uint8_t *tcp = ip + V4_HEADER;
	uint16_t from = be16(tcp), to = be16(tcp + 2);

	out->hash = ends_hash_v4(ip + 12, from, ip + 16, to);
	out->tuple.addr[0] = addr_of_v4(ip + 12);
	out->tuple.addr[1] = addr_of_v4(ip + 16);
	out->tuple.port[0] = from;
	out->tuple.port[1] = to;
	out->ip_id = be16(ip + 4);
	out->ttl = ip[8];
	return plain_tcp(out, tcp, be16(ip + 2) - V4_HEADER, captured - V4_HEADER);
}

/* The same, without extensions. An address that stands for one of IPv4 is hashed as such elsewhere. */
static inline bool is_plain_v6(const uint8_t *ip)
{
	size_t header = TCP_LENGTH(ip + V6_HEADER);
	struct addr from;

	memcpy(&from, ip + 8, sizeof(from));
	return ip[0] >> 4 == 6 && ip[6] == PROTO_TCP && header >= TCP_HEADER && header <= be16(ip + 4) &&
		!addr_is_v4(&from);
}

static inline enum drop plain_v6(const uint8_t *ip, size_t captured, struct pkt *out)
{
	const uint8_t *tcp = ip + V6_HEADER;
	uint16_t from = be16(tcp), to = be16(tcp + 2);

	out->hash = ends_hash_v6(ip + 8, from, ip + 24, to);
	memcpy(out->tuple.addr, ip + 8, sizeof(out->tuple.addr));
	out->tuple.port[0] = from;
	out->tuple.port[1] = to;
	out->ip_id = 0;
	out->ttl = ip[7];
	return plain_tcp(out, tcp, be16(ip + 4), captured - V6_HEADER);
}

APART enum drop decode_long(const struct link_type *link, const uint8_t *data, size_t captured, size_t wire,
	struct pkt *out)
{
	struct walk w = {.out = out};

	out->vlan = 0;
	out->tunnel = TUNNEL_NONE;
	cur_init(&w.c, data, captured, wire);
	return link->decode(&w);
}

/* Apart, so that IPv4 need not save the registers that this takes. */
static APART enum drop decode_v6(const struct link_type *link, const uint8_t *data, size_t captured,
	size_t wire, struct pkt *out)
{
	size_t ip = link->ip_at;

	if (captured >= ip + V6_HEADER + TCP_HEADER && is_plain_v6(data + ip))
		return plain_v6(data + ip, captured - ip, out);
	return decode_long(link, data, captured, wire, out);
}

/* One tag, as ports that mirror others often leave it on; further ones go the long way. */
static APART enum drop decode_tagged(const struct link_type *link, const uint8_t *data,
	size_t captured, size_t wire, struct pkt *out)
{
	size_t ip = link->ip_at + (size_t)TAG;
	uint16_t type = 0;

	if (captured >= ip + V4_HEADER + TCP_HEADER)
		type = be16(data + ip - 2);
	if (type == TYPE_IPV4 && is_plain_v4(data + ip))
		plain_v4(data + ip, captured - ip, out);
	else if (type == TYPE_IPV6 && captured >= ip + V6_HEADER + TCP_HEADER && is_plain_v6(data + ip))
		plain_v6(data + ip, captured - ip, out);
	else
		return decode_long(link, data, captured, wire, out);
	out->vlan = be16(data + ip - TAG) & 0x0fff;
	return DROP_NONE;
}

/*
 * What comes at once: IPv4, what may be IPv6, something else. At least what a link header and IPv4
 * take is captured.
 */
static inline uint16_t plain_type(const struct link_type *link, const uint8_t *data)
{
	if (link->ip_at)
		return be16(data + link->type_at);
	if (!link->bare)
		return 0;
	return data[0] >> 4 == 4 ? TYPE_IPV4 : TYPE_IPV6;
}

/*
 * The short way, for most packets: IPv4 without options or IPv6 without extensions right behind a
 * link header whose places are known, or behind one tag; TCP right behind that, lengths that fit.
 * All that link.c, ip.c and tcp.c check is checked; what is different in any way goes the long way.
 */
enum drop decode(const struct link_type *link, const uint8_t *data, size_t captured, size_t wire,
	struct pkt *out)
{
	size_t ip = link->ip_at;
	uint16_t type = 0;

	if (captured >= ip + V4_HEADER + TCP_HEADER)
		type = plain_type(link, data);
	if (type == TYPE_IPV6)
		return decode_v6(link, data, captured, wire, out);
	if (type == TYPE_IPV4 && is_plain_v4(data + ip))
		return plain_v4(data + ip, captured - ip, out);
	if (type == TYPE_VLAN)
		return decode_tagged(link, data, captured, wire, out);
	return decode_long(link, data, captured, wire, out);
}
