/*
 * ICMP and ICMPv6 errors. They matter only for the TCP segment they quote: what they say is about
 * its connection.
 */
#include "config.h"

#include "packet/walk.h"

#define HEADER 8

/* Destination unreachable, time exceeded, parameter problem (RFC 792). */
static bool is_error_v4(uint8_t type)
{
	return type == 3 || type == 11 || type == 12;
}

/* Destination unreachable, packet too big, time exceeded, parameter problem (RFC 4443). */
static bool is_error_v6(uint8_t type)
{
	return type >= 1 && type <= 4;
}

static enum drop icmp_error(struct walk *w, const uint8_t *h, bool v6)
{
	struct pkt *out = w->out;
	const struct addr from = out->tuple.addr[0];
	const uint16_t ip_id = out->ip_id;
	const uint8_t ttl = out->ttl;
	enum drop drop;

	w->quoting = true;
	drop = v6 ? ip_v6(w) : ip_v4(w);
	if (drop == DROP_IP_SHORT)
		return DROP_ICMP_SHORT;
	if (drop != DROP_NONE)
		return drop;
	out->kind = PKT_ICMP;
	out->icmp_from = from;
	out->ip_id = ip_id;
	out->ttl = ttl;
	out->icmp_type = h[0];
	out->icmp_code = h[1];
	out->icmp_v6 = v6;
	return DROP_NONE;
}

enum drop icmp_v4(struct walk *w)
{
	const uint8_t *h;

	if (w->c.left && !is_error_v4(cur_peek(&w->c, 0)))
		return DROP_NOT_TCP;
	h = cur_take(&w->c, HEADER);
	return cur_ok(&w->c) ? icmp_error(w, h, false) : DROP_ICMP_SHORT;
}

enum drop icmp_v6(struct walk *w)
{
	const uint8_t *h;

	if (w->c.left && !is_error_v6(cur_peek(&w->c, 0)))
		return DROP_NOT_TCP;
	h = cur_take(&w->c, HEADER);
	return cur_ok(&w->c) ? icmp_error(w, h, true) : DROP_ICMP_SHORT;
}
