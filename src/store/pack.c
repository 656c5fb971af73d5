/*
 * Packing a connection. Every number is first made small by what is usual for it (a FIN that was sent once, a last
 * data segment just before the end), so that most become 0; a bitmap says which do not, and only those follow, as
 * base-128 numbers. The hard thing is that packing and unpacking must agree on what is usual: `squeeze` and
 * `stretch` are mirror images, line by line, and a guess may rest only on what was stretched before it.
 */
#include "config.h"

#include "store/pack.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "model/connection.h"
#include "util/clock.h"

#define USUAL_TIME_WAIT (60 * NS_PER_SEC)

enum { HAS_V4 = 1, HAS_ICMP = 2, IS_ENDED = 4, HAS_TIME_WAIT = 8 }; /* the first octet */

enum number {
	N_LAST,
	N_ENDED,
	N_TIME_WAIT,
	N_HS_SRV,
	N_HS_CLT,
	N_ESTABLISHED,
	N_IDLE,
	N_EVIDENCE,
	N_ATTRIBUTES,
	N_ICMP,
	N_TTL_DELTA,
	N_TUNNEL,
	N_INTERFACE,
	N_VLAN,
	N_GENERATION,
	N_SIDE, /* the rest twice: of the client, of the server */
	N_BYTES = 0,
	N_PACKETS,
	N_SYN,
	N_SYNACK,
	N_FIN,
	N_RST,
	N_RETR,
	N_ZWIN,
	N_DUPACK,
	N_OOO,
	N_RST_IGNORED,
	N_RST_PATH,
	N_SYN_UNIQ,
	N_FIN_UNIQ,
	N_KEEPALIVE,
	N_TAIL,
	N_TTL_RST,
	N_T_FIN,
	N_T_RST,
	N_T_RST_LAST,
	N_T_SYN_LAST,
	N_T_FIN_LAST,
	N_T_DATA,
	N_PER_SIDE,
	N_COUNT = N_SIDE + 2 * N_PER_SIDE
};

_Static_assert(N_COUNT <= 64, "one bit each in the bitmap");

/* Differences of both signs as small numbers: 0, -1, 1, -2, ... All arithmetic wraps, so it is exact. */
static inline uint64_t fold_sign(uint64_t value, uint64_t usual)
{
	uint64_t d = value - usual;

	return (d << 1) ^ (d >> 63 ? UINT64_MAX : 0);
}

static inline uint64_t unfold_sign(uint64_t folded, uint64_t usual)
{
	return ((folded >> 1) ^ (folded & 1 ? UINT64_MAX : 0)) + usual;
}

/* Times since the start: TIME_NEVER is 0, then the difference to what is usual. */
static inline uint64_t fold_time(int64_t t, int64_t usual)
{
	return t == TIME_NEVER ? 0 : fold_sign((uint64_t)t, (uint64_t)usual) + 1;
}

static inline int64_t unfold_time(uint64_t folded, int64_t usual)
{
	return folded == 0 ? TIME_NEVER : (int64_t)unfold_sign(folded - 1, (uint64_t)usual);
}

static inline int64_t at_least_0(int64_t t)
{
	return t < 0 ? 0 : t;
}

/* What a relative time is guessed from: never negative, so that folded times cannot wrap into 0. */
static int64_t usual_last(const struct connection *c)
{
	return at_least_0((int64_t)((uint64_t)c->last - (uint64_t)c->start));
}

static int64_t usual_established(const struct connection *c)
{
	uint64_t sum = (uint64_t)at_least_0(c->hs_srv_ns) + (uint64_t)at_least_0(c->hs_clt_ns);

	return (int64_t)(sum & INT64_MAX);
}

static int64_t usual_syn(const struct connection *c, int i)
{
	return i == CLIENT ? 0 : at_least_0(c->hs_srv_ns);
}

static void squeeze_side(const struct connection *c, int i, uint64_t *n)
{
	const struct side *s = &c->side[i];
	int64_t last = usual_last(c);

	n[N_BYTES] = s->bytes;
	n[N_PACKETS] = s->packets;
	n[N_SYN] = fold_sign(s->syn, 1);
	n[N_SYNACK] = fold_sign(s->synack, i == SERVER ? s->syn : 0);
	n[N_FIN] = s->fin;
	n[N_RST] = s->rst;
	n[N_RETR] = s->retr;
	n[N_ZWIN] = s->zwin;
	n[N_DUPACK] = s->dupack;
	n[N_OOO] = s->ooo;
	n[N_RST_IGNORED] = s->rst_ignored;
	n[N_RST_PATH] = s->rst_path;
	n[N_SYN_UNIQ] = fold_sign(s->syn_uniq, i == CLIENT);
	n[N_FIN_UNIQ] = fold_sign(s->fin_uniq, s->fin > 0);
	n[N_KEEPALIVE] = s->keepalive;
	n[N_TAIL] = s->tail;
	n[N_TTL_RST] = s->ttl_rst;
	n[N_T_FIN] = fold_time(s->t_fin, last);
	n[N_T_RST] = fold_time(s->t_rst, last);
	n[N_T_RST_LAST] = fold_time(s->t_rst_last, at_least_0(s->t_rst));
	n[N_T_SYN_LAST] = fold_time(s->t_syn_last, usual_syn(c, i));
	n[N_T_FIN_LAST] = fold_time(s->t_fin_last, at_least_0(s->t_fin));
	n[N_T_DATA] = fold_time(s->t_data, last);
}

static void stretch_side(const uint64_t *n, int i, struct connection *c)
{
	struct side *s = &c->side[i];
	int64_t last = usual_last(c);

	s->bytes = n[N_BYTES];
	s->packets = (uint32_t)n[N_PACKETS];
	s->syn = (uint32_t)unfold_sign(n[N_SYN], 1);
	s->synack = (uint32_t)unfold_sign(n[N_SYNACK], i == SERVER ? s->syn : 0);
	s->fin = (uint32_t)n[N_FIN];
	s->rst = (uint32_t)n[N_RST];
	s->retr = (uint32_t)n[N_RETR];
	s->zwin = (uint32_t)n[N_ZWIN];
	s->dupack = (uint32_t)n[N_DUPACK];
	s->ooo = (uint32_t)n[N_OOO];
	s->rst_ignored = (uint32_t)n[N_RST_IGNORED];
	s->rst_path = (uint32_t)n[N_RST_PATH];
	s->syn_uniq = (uint16_t)unfold_sign(n[N_SYN_UNIQ], i == CLIENT);
	s->fin_uniq = (uint16_t)unfold_sign(n[N_FIN_UNIQ], s->fin > 0);
	s->keepalive = (uint16_t)n[N_KEEPALIVE];
	s->tail = (uint16_t)n[N_TAIL];
	s->ttl_rst = (uint8_t)n[N_TTL_RST];
	s->t_fin = unfold_time(n[N_T_FIN], last);
	s->t_rst = unfold_time(n[N_T_RST], last);
	s->t_rst_last = unfold_time(n[N_T_RST_LAST], at_least_0(s->t_rst));
	s->t_syn_last = unfold_time(n[N_T_SYN_LAST], usual_syn(c, i));
	s->t_fin_last = unfold_time(n[N_T_FIN_LAST], at_least_0(s->t_fin));
	s->t_data = unfold_time(n[N_T_DATA], last);
}

static void squeeze(const struct connection *c, uint64_t n[N_COUNT])
{
	uint64_t last = (uint64_t)c->last;

	n[N_LAST] = fold_sign(last, (uint64_t)c->start);
	n[N_ENDED] = c->ended ? fold_sign((uint64_t)c->ended, last) : 0;
	n[N_TIME_WAIT] = c->time_wait_until
		? fold_sign((uint64_t)c->time_wait_until, last + USUAL_TIME_WAIT)
		: 0;
	n[N_HS_SRV] = fold_time(c->hs_srv_ns, 0);
	n[N_HS_CLT] = fold_time(c->hs_clt_ns, 0);
	n[N_ESTABLISHED] = fold_time(c->t_established, usual_established(c));
	n[N_IDLE] = fold_time(c->idle_ns, 0);
	n[N_EVIDENCE] = c->evidence;
	n[N_ATTRIBUTES] = c->attributes;
	n[N_ICMP] = (uint64_t)c->icmp_type << 8 | c->icmp_code;
	n[N_TTL_DELTA] = fold_sign((uint64_t)(int64_t)c->ttl_delta, 0);
	n[N_TUNNEL] = c->tunnel;
	n[N_INTERFACE] = c->interface;
	n[N_VLAN] = c->vlan;
	n[N_GENERATION] = fold_sign(c->generation, 1);
	squeeze_side(c, CLIENT, n + N_SIDE);
	squeeze_side(c, SERVER, n + N_SIDE + N_PER_SIDE);
}

static void stretch(const uint64_t n[N_COUNT], unsigned has, struct connection *c)
{
	uint64_t last = unfold_sign(n[N_LAST], (uint64_t)c->start);
	uint64_t closed = last + USUAL_TIME_WAIT;

	c->last = (int64_t)last;
	c->ended = has & IS_ENDED ? (int64_t)unfold_sign(n[N_ENDED], last) : 0;
	c->time_wait_until =
		has & HAS_TIME_WAIT ? (int64_t)unfold_sign(n[N_TIME_WAIT], closed) : 0;
	c->hs_srv_ns = unfold_time(n[N_HS_SRV], 0);
	c->hs_clt_ns = unfold_time(n[N_HS_CLT], 0);
	c->t_established = unfold_time(n[N_ESTABLISHED], usual_established(c));
	c->idle_ns = unfold_time(n[N_IDLE], 0);
	c->evidence = n[N_EVIDENCE];
	c->attributes = (uint32_t)n[N_ATTRIBUTES];
	c->icmp_type = (uint8_t)(n[N_ICMP] >> 8);
	c->icmp_code = (uint8_t)n[N_ICMP];
	c->ttl_delta = (int8_t)unfold_sign(n[N_TTL_DELTA], 0);
	c->tunnel = (uint8_t)n[N_TUNNEL];
	c->interface = (uint8_t)n[N_INTERFACE];
	c->vlan = (uint16_t)n[N_VLAN];
	c->generation = (uint16_t)unfold_sign(n[N_GENERATION], 1);
	stretch_side(n + N_SIDE, CLIENT, c);
	stretch_side(n + N_SIDE + N_PER_SIDE, SERVER, c);
}

static uint8_t *put(uint8_t *p, const void *what, size_t n)
{
	memcpy(p, what, n);
	return p + n;
}

static const uint8_t *get(const uint8_t *p, void *what, size_t n)
{
	memcpy(what, p, n);
	return p + n;
}

static uint8_t *put_numbers(uint8_t *p, const uint64_t n[N_COUNT])
{
	uint8_t *map = p;
	uint64_t bits = 0;

	p += sizeof(bits);
	for (int i = 0; i < N_COUNT; i++) {
		uint64_t v = n[i];

		if (v == 0)
			continue;
		bits |= UINT64_C(1) << i;
		for (; v >= 0x80; v >>= 7)
			*p++ = (uint8_t)(v | 0x80);
		*p++ = (uint8_t)v;
	}
	memcpy(map, &bits, sizeof(bits));
	return p;
}

static const uint8_t *get_numbers(const uint8_t *p, uint64_t n[N_COUNT])
{
	uint64_t bits;

	memset(n, 0, N_COUNT * sizeof(n[0]));
	for (p = get(p, &bits, sizeof(bits)); bits; bits &= bits - 1) {
		uint64_t v = 0;
		int shift = 0;

		for (; *p & 0x80; shift += 7)
			v |= (uint64_t)(*p++ & 0x7f) << shift;
		n[__builtin_ctzll(bits)] = v | (uint64_t)*p++ << shift;
	}
	return p;
}

/* The small enumerations: 8 octets whatever they say. */
static uint8_t *put_words(uint8_t *p, const struct connection *c)
{
	assert(c->confidence < 4 && c->closer < 4 && c->client_by < 8 && c->established < 2);
	assert(c->origin < 4 && c->rst_side < 4);
	*p++ = c->ending;
	*p++ = c->rule;
	*p++ = (uint8_t)(c->confidence | c->closer << 2 | c->client_by << 4 | c->established << 7);
	*p++ = (uint8_t)(c->origin | c->rst_side << 2);
	for (int i = 0; i < 2; i++) {
		const struct side *s = &c->side[i];

		assert(s->state < 16 && s->rst_uniq < 2);
		*p++ = (uint8_t)(s->state | s->state_assumed << 4 | s->rst_uniq << 5);
		*p++ = s->ttl;
	}
	return p;
}

static const uint8_t *get_words(const uint8_t *p, struct connection *c)
{
	c->ending = *p++;
	c->rule = *p++;
	c->confidence = *p & 3;
	c->closer = *p >> 2 & 3;
	c->client_by = *p >> 4 & 7;
	c->established = *p++ >> 7;
	c->origin = *p & 3;
	c->rst_side = *p++ >> 2;
	for (int i = 0; i < 2; i++) {
		struct side *s = &c->side[i];

		s->state = *p & 15;
		s->state_assumed = *p >> 4 & 1;
		s->rst_uniq = *p++ >> 5;
		s->ttl = *p++;
	}
	return p;
}

static uint8_t *put_tuple(uint8_t *p, const struct tuple *t, bool v4)
{
	size_t skip = v4 ? 12 : 0;

	for (int i = 0; i < 2; i++)
		p = put(p, t->addr[i].b + skip, sizeof(t->addr[i].b) - skip);
	return put(p, t->port, sizeof(t->port));
}

static const uint8_t *get_tuple(const uint8_t *p, struct tuple *t, bool v4)
{
	static const uint8_t zero[4];
	size_t skip = v4 ? 12 : 0;

	for (int i = 0; i < 2; i++) {
		t->addr[i] = addr_from_v4(zero);
		p = get(p, t->addr[i].b + skip, sizeof(t->addr[i].b) - skip);
	}
	return get(p, t->port, sizeof(t->port));
}

size_t pack_connection(const struct connection *c, uint8_t *out)
{
	static const struct addr none;
	uint64_t n[N_COUNT];
	uint8_t *p = out + 1, *history;
	bool v4 = addr_is_v4(&c->tuple.addr[0]) && addr_is_v4(&c->tuple.addr[1]);
	bool icmp = memcmp(&c->icmp_from, &none, sizeof(none)) != 0;

	out[0] = (uint8_t)((v4 ? HAS_V4 : 0) | (icmp ? HAS_ICMP : 0) |
		(c->ended ? IS_ENDED : 0) | (c->time_wait_until ? HAS_TIME_WAIT : 0));
	p = put_tuple(p, &c->tuple, v4);
	if (icmp)
		p = put(p, &c->icmp_from, sizeof(c->icmp_from));
	p = put_words(p, c);
	squeeze(c, n);
	p = put_numbers(p, n);
	history = p++;
	*history = (uint8_t)strnlen(c->history, HISTORY_MAX - 1);
	p = put(p, c->history, *history);
	return (size_t)(p - out);
}

void unpack_connection(const uint8_t *in, struct connection *c)
{
	uint64_t n[N_COUNT];
	unsigned has = in[0];
	const uint8_t *p = get_tuple(in + 1, &c->tuple, has & HAS_V4);
	size_t len;

	memset(&c->icmp_from, 0, sizeof(c->icmp_from));
	if (has & HAS_ICMP)
		p = get(p, &c->icmp_from, sizeof(c->icmp_from));
	p = get_words(p, c);
	p = get_numbers(p, n);
	stretch(n, has, c);
	memset(c->history, 0, sizeof(c->history));
	len = *p++;
	get(p, c->history, len);
}
