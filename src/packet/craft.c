/*
 * Writes frames octet by octet. The hard part is order: lengths first, then the checksum
 * over the pseudo header.
 */
#include "config.h"

#include "packet/craft.h"

#include <string.h>

#include "packet/pkt.h"

enum { PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_ICMPV6 = 58 };

static uint8_t *put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
	return p + 2;
}

static uint8_t *put32(uint8_t *p, uint32_t v)
{
	return put16(put16(p, v >> 16), v & 0xffff);
}

static uint8_t *put(uint8_t *p, const void *what, size_t n)
{
	memcpy(p, what, n);
	return p + n;
}

/* RFC 1071: the one's complement sum, not yet folded. */
static uint64_t sum(const uint8_t *p, size_t n)
{
	uint64_t s = 0;
	size_t i;

	for (i = 0; i + 1 < n; i += 2)
		s += (unsigned)p[i] << 8 | p[i + 1];
	return n & 1 ? s + ((unsigned)p[n - 1] << 8) : s;
}

static uint16_t fold(uint64_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

static uint64_t sum_pseudo(const struct addr *from, const struct addr *to, unsigned proto,
	size_t n)
{
	size_t skip = addr_is_v4(from) ? 12 : 0;

	return sum(from->b + skip, 16 - skip) + sum(to->b + skip, 16 - skip) + proto + n;
}

static size_t put_ipv4(uint8_t *p, const struct addr *from, const struct addr *to, uint8_t proto,
	uint8_t ttl, uint16_t id, size_t n)
{
	uint8_t *at = p;

	at = put16(at, 0x4500);
	at = put16(at, (unsigned)(20 + n));
	at = put16(at, id);
	at = put16(at, proto == PROTO_TCP ? 0x4000 : 0); /* do not fragment */
	*at++ = ttl;
	*at++ = proto;
	at = put16(at, 0);
	at = put(at, from->b + 12, 4);
	put(at, to->b + 12, 4);
	put16(p + 10, fold(sum(p, 20)));
	return 20;
}

static size_t put_ipv6(uint8_t *p, const struct addr *from, const struct addr *to, uint8_t proto,
	uint8_t ttl, size_t n)
{
	p = put32(p, UINT32_C(6) << 28);
	p = put16(p, (unsigned)n);
	*p++ = proto;
	*p++ = ttl;
	p = put(p, from->b, 16);
	put(p, to->b, 16);
	return 40;
}

size_t craft_link(uint8_t *buf, bool ipv6, bool from_client, uint16_t vlan)
{
	static const uint8_t mac[2][6] = { { 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 2 } };
	uint8_t *p = buf;

	p = put(p, mac[from_client], 6);
	p = put(p, mac[!from_client], 6);
	if (vlan)
		p = put16(put16(p, 0x8100), vlan);
	p = put16(p, ipv6 ? 0x86dd : 0x0800);
	return (size_t)(p - buf);
}

static void put_letters(uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = (uint8_t)('a' + i % 26);
}

size_t craft_tcp(uint8_t *buf, const struct craft_tcp *seg)
{
	const struct addr *from = &seg->tuple.addr[0], *to = &seg->tuple.addr[1];
	size_t options = (seg->noptions + 3u) & ~3u, n = 20 + options + seg->len, ip;
	uint8_t *tcp, *p;

	if (addr_is_v4(from))
		ip = put_ipv4(buf, from, to, PROTO_TCP, seg->ttl, seg->id, n);
	else
		ip = put_ipv6(buf, from, to, PROTO_TCP, seg->ttl, n);
	tcp = p = buf + ip;
	p = put16(p, seg->tuple.port[0]);
	p = put16(p, seg->tuple.port[1]);
	p = put32(p, seg->seq);
	p = put32(p, seg->ack);
	*p++ = (uint8_t)((20 + options) / 4 << 4 | (seg->reserved & 15));
	*p++ = seg->flags;
	p = put16(p, seg->win);
	p = put32(p, 0); /* checksum, urgent pointer */
	memset(p, 1, options);
	p = put(p, seg->options, seg->noptions) + (options - seg->noptions);
	put_letters(p, seg->len);
	put16(tcp + 16, fold(sum(tcp, n) + sum_pseudo(from, to, PROTO_TCP, n)));
	return ip + n;
}

size_t craft_icmp(uint8_t *buf, const struct craft_icmp *icmp)
{
	bool v4 = addr_is_v4(&icmp->from);
	size_t n = 8 + icmp->nquote, ip;
	uint8_t *p;

	if (v4)
		ip = put_ipv4(buf, &icmp->from, &icmp->to, PROTO_ICMP, icmp->ttl, icmp->id, n);
	else
		ip = put_ipv6(buf, &icmp->from, &icmp->to, PROTO_ICMPV6, icmp->ttl, n);
	p = buf + ip;
	*p++ = icmp->type;
	*p++ = icmp->code;
	p = put16(p, 0);
	p = put32(p, 0);
	put(p, icmp->quote, icmp->nquote);
	put16(buf + ip + 2, fold(sum(buf + ip, n) + (v4 ? 0 :
		sum_pseudo(&icmp->from, &icmp->to, PROTO_ICMPV6, n))));
	return ip + n;
}
