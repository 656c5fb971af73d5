/*
 * Bytes of a frame to struct pkt. The layers are in link.c, ip.c, tcp.c, icmp.c and tunnel*.c; each hands the rest
 * of the frame to the next, so that a plain segment costs four calls and no loop.
 */
#include "config.h"

#include "packet/decode.h"

#include <string.h>

#include "packet/link.h"
#include "packet/walk.h"

const uint8_t cur_zeros[CUR_TAKE_MAX];

/*
 * Most packets, told at one look: IPv4 without options or IPv6 without extensions right behind the link header, TCP
 * right behind that, lengths that fit. All of what link.c, ip.c and tcp.c check is checked; whatever is different in
 * any way goes the long way. NULL: this is one of those; else the TCP header.
 */
static inline const uint8_t *plain_segment(const struct link_type *link, const uint8_t *data, size_t captured,
	struct pkt *out, size_t *payload)
{
	const uint8_t *ip = data + link->ip_at, *tcp;
	uint16_t type;
	size_t total;

	if (!link->ip_at || captured < link->ip_at + 40u)
		return NULL;
	type = be16(data + link->type_at);
	if (type == 0x0800) {
		tcp = ip + 20;
		total = be16(ip + 2);
		if (ip[0] != 0x45 || ip[9] != 6 || be16(ip + 6) & 0x3fff || total < 40)
			return NULL;
		total -= 20;
		out->ip_id = be16(ip + 4);
		out->ttl = ip[8];
		out->tuple.addr[0] = addr_of_v4(ip + 12);
		out->tuple.addr[1] = addr_of_v4(ip + 16);
	} else if (type == 0x86dd && captured >= link->ip_at + 60u) {
		tcp = ip + 40;
		total = be16(ip + 4);
		if (ip[0] >> 4 != 6 || ip[6] != 6 || total < 20)
			return NULL;
		out->ip_id = 0;
		out->ttl = ip[7];
		memcpy(out->tuple.addr, ip + 8, sizeof(out->tuple.addr));
	} else
		return NULL;
	if (tcp[12] >> 4 < 5 || (size_t)(tcp[12] >> 4) * 4 > total)
		return NULL;
	*payload = total - 20;
	return tcp;
}

enum drop decode(const struct link_type *link, const uint8_t *data, size_t captured, size_t wire,
	struct pkt *out)
{
	struct walk w = {.out = out};
	const uint8_t *tcp;
	size_t behind, here;

	out->vlan = 0;
	out->tunnel = TUNNEL_NONE;
	tcp = plain_segment(link, data, captured, out, &behind);
	if (tcp) {
		here = captured - (size_t)(tcp + 20 - data);
		tcp_fill(out, tcp, tcp + 20, here < behind ? here : behind, behind);
		return DROP_NONE;
	}
	cur_init(&w.c, data, captured, wire);
	return link->decode(&w);
}

