/*
 * Packing a connection. What is alike in many of them goes into the shape; numbers are first made small by what is
 * usual for them (a last data segment just before the end), and only those that differ from it follow. The hard thing
 * is that packing and unpacking must agree on what is usual: `squeeze` and `stretch` are mirror images, line by line,
 * and a guess may rest only on what was stretched before it.
 */
#include "config.h"

#include "store/pack.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "model/connection.h"
#include "store/shape.h"
#include "util/clock.h"
#include "util/number.h"

#define USUAL_TIME_WAIT (60 * NS_PER_SEC)

/* shape.how, above origin and rst_side */
enum { HAS_V4 = 0x10, HAS_ICMP = 0x20, IS_ENDED = 0x40, HAS_TIME_WAIT = 0x80 };

/* Bits of shape.has. */
enum number {
	N_START, /* times; in shape.fine too */
	N_LAST,
	N_ENDED,
	N_TIME_WAIT,
	N_RELATIVE, /* in shape.never too */
	N_HS_SRV = N_RELATIVE,
	N_HS_CLT,
	N_ESTABLISHED,
	N_IDLE,
	N_SIDE_TIMES, /* of the client, of the server */
	N_T_FIN = 0,
	N_T_RST,
	N_T_RST_LAST,
	N_T_SYN_LAST,
	N_T_FIN_LAST,
	N_T_DATA,
	N_TIMES_PER_SIDE,
	N_UID = N_SIDE_TIMES + 2 * N_TIMES_PER_SIDE,
	N_TTL_DELTA,
	N_VLAN,
	N_GENERATION,
	N_SIDE, /* of the client, of the server */
	N_BYTES = 0,
	N_PACKETS,
	N_TTL,
	N_TTL_RST,
	N_RETR,
	N_DUPACK,
	N_TAIL,
	N_OOO,
	N_ZWIN,
	N_RST_IGNORED,
	N_RST_PATH,
	N_KEEPALIVE,
	N_COUNTS, /* in shape.count too */
	N_PER_SIDE = N_COUNTS + 6,
	N_END = N_SIDE + 2 * N_PER_SIDE
};

_Static_assert(N_END <= 64 && N_UID <= 32 && N_UID - N_RELATIVE <= 16, "one bit each in the shape");
_Static_assert(2 * 16 + 16 + 4 + N_END * NUMBER_MAX + NUMBER_BEYOND <= PACK_MAX, "room for all of them");

#define INLINE static inline __attribute__((always_inline)) /* a quarter less instructions */
#define BIT(n) (UINT64_C(1) << (n))
#define RARE_BITS (BIT(N_COUNTS) - BIT(N_OOO)) /* of a side */

/* --- Numbers ------------------------------------------------------------------------------------- */

struct writer {
	uint8_t *p;
	uint64_t has;
	uint32_t fine, never, count;
};

struct reader {
	const uint8_t *p;
	uint64_t has;
	uint32_t fine, never, count;
};

static inline void put(struct writer *w, unsigned n, uint64_t v)
{
	if (!v)
		return;
	w->has |= BIT(n);
	w->p = number_write(w->p, v);
}

static inline uint64_t get(struct reader *r, unsigned n)
{
	uint64_t v = 0;

	if (r->has & BIT(n))
		r->p = number_read(r->p, &v);
	return v;
}

/* Mostly whole microseconds. */
static inline void put_time(struct writer *w, unsigned n, int64_t t, int64_t usual)
{
	uint64_t d = (uint64_t)t - (uint64_t)usual, us = (uint64_t)((int64_t)d / NS_PER_US);

	if (us * NS_PER_US != d) {
		w->fine |= (uint32_t)BIT(n);
		us = d;
	}
	put(w, n, number_fold_sign(us));
}

static inline int64_t get_time(struct reader *r, unsigned n, int64_t usual)
{
	uint64_t d = number_unfold_sign(get(r, n));

	if (!(r->fine & BIT(n)))
		d *= NS_PER_US;
	return (int64_t)((uint64_t)usual + d);
}

static inline void put_relative(struct writer *w, unsigned n, int64_t t, int64_t usual)
{
	if (t == TIME_NEVER)
		w->never |= (uint32_t)BIT(n - N_RELATIVE);
	else
		put_time(w, n, t, usual);
}

static inline int64_t get_relative(struct reader *r, unsigned n, int64_t usual)
{
	return r->never & BIT(n - N_RELATIVE) ? TIME_NEVER : get_time(r, n, usual);
}

/* The i-th count of a side, mostly 0 to 2. */
static inline void put_count(struct writer *w, int side, unsigned i, uint32_t v)
{
	uint32_t small = v < 3 ? v : 3;

	w->count |= small << (12 * (unsigned)side + 2 * i);
	put(w, N_SIDE + (unsigned)side * N_PER_SIDE + N_COUNTS + i, v - small);
}

static inline uint32_t get_count(struct reader *r, int side, unsigned i)
{
	uint32_t small = r->count >> (12 * (unsigned)side + 2 * i) & 3;

	return small + (uint32_t)get(r, N_SIDE + (unsigned)side * N_PER_SIDE + N_COUNTS + i);
}

/* --- What is usual ------------------------------------------------------------------------------- */

static inline int64_t at_least_0(int64_t t)
{
	return t < 0 ? 0 : t;
}

/* The last packet, in whole microseconds since the start, as other times are. */
static inline int64_t life_of(const struct connection *c)
{
	int64_t life = at_least_0((int64_t)((uint64_t)c->last - (uint64_t)c->start));

	return life - life % NS_PER_US;
}

static int64_t usual_established(const struct connection *c)
{
	uint64_t sum = (uint64_t)at_least_0(c->hs_srv_ns) + (uint64_t)at_least_0(c->hs_clt_ns);

	return (int64_t)(sum & INT64_MAX);
}

/* --- Squeezing, stretching ----------------------------------------------------------------------- */

static inline void squeeze_times(const struct connection *c, int i, int64_t life, struct writer *w)
{
	const struct side *s = &c->side[i], *client = &c->side[CLIENT];
	unsigned n = N_SIDE_TIMES + (unsigned)i * N_TIMES_PER_SIDE;
	bool fin = i == SERVER && client->t_fin >= 0, data = i == SERVER && client->t_data >= 0;

	put_relative(w, n + N_T_FIN, s->t_fin, fin ? client->t_fin : life);
	put_relative(w, n + N_T_RST, s->t_rst, life);
	put_relative(w, n + N_T_RST_LAST, s->t_rst_last, at_least_0(s->t_rst));
	put_relative(w, n + N_T_SYN_LAST, s->t_syn_last, i == CLIENT ? 0 : at_least_0(c->hs_srv_ns));
	put_relative(w, n + N_T_FIN_LAST, s->t_fin_last, at_least_0(s->t_fin));
	put_relative(w, n + N_T_DATA, s->t_data, data ? client->t_data : life);
}

static inline void stretch_times(struct reader *r, int i, int64_t life, struct connection *c)
{
	struct side *s = &c->side[i], *client = &c->side[CLIENT];
	unsigned n = N_SIDE_TIMES + (unsigned)i * N_TIMES_PER_SIDE;
	bool fin = i == SERVER && client->t_fin >= 0, data = i == SERVER && client->t_data >= 0;

	s->t_fin = get_relative(r, n + N_T_FIN, fin ? client->t_fin : life);
	s->t_rst = get_relative(r, n + N_T_RST, life);
	s->t_rst_last = get_relative(r, n + N_T_RST_LAST, at_least_0(s->t_rst));
	s->t_syn_last = get_relative(r, n + N_T_SYN_LAST, i == CLIENT ? 0 : at_least_0(c->hs_srv_ns));
	s->t_fin_last = get_relative(r, n + N_T_FIN_LAST, at_least_0(s->t_fin));
	s->t_data = get_relative(r, n + N_T_DATA, data ? client->t_data : life);
}

INLINE void squeeze_side(const struct connection *c, int i, struct writer *w)
{
	const struct side *s = &c->side[i];
	unsigned n = N_SIDE + (unsigned)i * N_PER_SIDE;

	put(w, n + N_BYTES, s->bytes);
	put(w, n + N_PACKETS,
		i == CLIENT ? s->packets : number_fold_sign(s->packets - c->side[CLIENT].packets));
	put(w, n + N_TTL, s->ttl);
	put(w, n + N_TTL_RST, s->ttl_rst);
	put(w, n + N_RETR, s->retr);
	put(w, n + N_DUPACK, s->dupack);
	put(w, n + N_TAIL, s->tail);
	if (s->ooo | s->zwin | s->rst_ignored | s->rst_path | s->keepalive) {
		put(w, n + N_OOO, s->ooo);
		put(w, n + N_ZWIN, s->zwin);
		put(w, n + N_RST_IGNORED, s->rst_ignored);
		put(w, n + N_RST_PATH, s->rst_path);
		put(w, n + N_KEEPALIVE, s->keepalive);
	}
	put_count(w, i, 0, s->syn);
	put_count(w, i, 1, s->synack);
	put_count(w, i, 2, s->fin);
	put_count(w, i, 3, s->rst);
	put_count(w, i, 4, s->syn_uniq);
	put_count(w, i, 5, s->fin_uniq);
}

INLINE void stretch_side(struct reader *r, int i, struct connection *c)
{
	struct side *s = &c->side[i];
	unsigned n = N_SIDE + (unsigned)i * N_PER_SIDE;

	s->bytes = get(r, n + N_BYTES);
	s->packets = i == CLIENT ? get(r, n + N_PACKETS)
				 : number_unfold_sign(get(r, n + N_PACKETS)) + c->side[CLIENT].packets;
	s->ttl = (uint8_t)get(r, n + N_TTL);
	s->ttl_rst = (uint8_t)get(r, n + N_TTL_RST);
	s->retr = (uint32_t)get(r, n + N_RETR);
	s->dupack = (uint32_t)get(r, n + N_DUPACK);
	s->tail = (uint16_t)get(r, n + N_TAIL);
	s->ooo = s->zwin = s->rst_ignored = s->rst_path = s->keepalive = 0;
	if (r->has & RARE_BITS << n) {
		s->ooo = (uint32_t)get(r, n + N_OOO);
		s->zwin = (uint32_t)get(r, n + N_ZWIN);
		s->rst_ignored = (uint32_t)get(r, n + N_RST_IGNORED);
		s->rst_path = (uint32_t)get(r, n + N_RST_PATH);
		s->keepalive = (uint16_t)get(r, n + N_KEEPALIVE);
	}
	s->syn = get_count(r, i, 0);
	s->synack = get_count(r, i, 1);
	s->fin = get_count(r, i, 2);
	s->rst = get_count(r, i, 3);
	s->syn_uniq = (uint16_t)get_count(r, i, 4);
	s->fin_uniq = (uint16_t)get_count(r, i, 5);
}

static inline void squeeze(const struct connection *c, int64_t base, struct writer *w)
{
	int64_t life = life_of(c);

	put(w, N_UID, c->uid >> 32); /* first, for unpack_uid() */
	put_time(w, N_START, c->start, base);
	put_time(w, N_LAST, c->last, c->start);
	if (c->ended)
		put_time(w, N_ENDED, c->ended, c->last);
	if (c->time_wait_until)
		put_time(w, N_TIME_WAIT, c->time_wait_until, (int64_t)((uint64_t)c->last + USUAL_TIME_WAIT));
	put_relative(w, N_HS_SRV, c->hs_srv_ns, 0);
	put_relative(w, N_HS_CLT, c->hs_clt_ns, 0);
	put_relative(w, N_ESTABLISHED, c->t_established, usual_established(c));
	put_relative(w, N_IDLE, c->idle_ns, 0);
	put(w, N_TTL_DELTA, number_fold_sign((uint64_t)(int64_t)c->ttl_delta));
	put(w, N_VLAN, c->vlan);
	put(w, N_GENERATION, number_fold_sign((uint64_t)c->generation - 1));
	squeeze_times(c, CLIENT, life, w);
	squeeze_times(c, SERVER, life, w);
	squeeze_side(c, CLIENT, w);
	squeeze_side(c, SERVER, w);
}

static inline void stretch(struct reader *r, int64_t base, unsigned how, struct connection *c)
{
	int64_t life;

	c->uid |= get(r, N_UID) << 32;
	c->start = get_time(r, N_START, base);
	c->last = get_time(r, N_LAST, c->start);
	c->ended = how & IS_ENDED ? get_time(r, N_ENDED, c->last) : 0;
	c->time_wait_until = how & HAS_TIME_WAIT
		? get_time(r, N_TIME_WAIT, (int64_t)((uint64_t)c->last + USUAL_TIME_WAIT))
		: 0;
	c->hs_srv_ns = get_relative(r, N_HS_SRV, 0);
	c->hs_clt_ns = get_relative(r, N_HS_CLT, 0);
	c->t_established = get_relative(r, N_ESTABLISHED, usual_established(c));
	c->idle_ns = get_relative(r, N_IDLE, 0);
	c->ttl_delta = (int8_t)number_unfold_sign(get(r, N_TTL_DELTA));
	c->vlan = (uint16_t)get(r, N_VLAN);
	c->generation = (uint16_t)(number_unfold_sign(get(r, N_GENERATION)) + 1);
	life = life_of(c);
	stretch_times(r, CLIENT, life, c);
	stretch_times(r, SERVER, life, c);
	stretch_side(r, CLIENT, c);
	stretch_side(r, SERVER, c);
}

/* --- Words and addresses ------------------------------------------------------------------------- */

static void put_words(const struct connection *c, unsigned flags, struct shape *s)
{
	assert(c->confidence < 4 && c->closer < 4 && c->client_by < 8 && c->established < 2);
	assert(c->origin < 4 && c->rst_side < 4);
	s->evidence = c->evidence;
	s->attributes = c->attributes;
	s->ending = c->ending;
	s->rule = c->rule;
	s->who = (uint8_t)(c->confidence | c->closer << 2 | c->client_by << 4 | c->established << 7);
	s->how = (uint8_t)(c->origin | (unsigned)c->rst_side << 2 | flags);
	for (int i = 0; i < 2; i++) {
		const struct side *end = &c->side[i];

		assert(end->state < 16 && end->rst_uniq < 2);
		s->state[i] = (uint8_t)(end->state | end->state_assumed << 4 | end->rst_uniq << 5);
	}
	s->icmp_type = c->icmp_type;
	s->icmp_code = c->icmp_code;
	s->tunnel = c->tunnel;
	s->interface = c->interface;
	memcpy(s->history, c->history, sizeof(s->history));
}

static void get_words(const struct shape *s, struct connection *c)
{
	c->evidence = s->evidence;
	c->attributes = s->attributes;
	c->ending = s->ending;
	c->rule = s->rule;
	c->confidence = s->who & 3;
	c->closer = s->who >> 2 & 3;
	c->client_by = s->who >> 4 & 7;
	c->established = s->who >> 7;
	c->origin = s->how & 3;
	c->rst_side = s->how >> 2 & 3;
	for (int i = 0; i < 2; i++) {
		struct side *end = &c->side[i];

		end->state = s->state[i] & 15;
		end->state_assumed = s->state[i] >> 4 & 1;
		end->rst_uniq = s->state[i] >> 5;
	}
	c->icmp_type = s->icmp_type;
	c->icmp_code = s->icmp_code;
	c->tunnel = s->tunnel;
	c->interface = s->interface;
	memcpy(c->history, s->history, sizeof(c->history));
}

static inline uint8_t *put_addr(uint8_t *p, const struct addr *a, bool v4)
{
	if (v4) {
		memcpy(p, a->b + 12, 4);
		return p + 4;
	}
	memcpy(p, a->b, 16);
	return p + 16;
}

static inline const uint8_t *get_addr(const uint8_t *p, struct addr *a, bool v4)
{
	if (v4) {
		*a = addr_of_v4(p);
		return p + 4;
	}
	memcpy(a->b, p, 16);
	return p + 16;
}

static inline size_t tuple_length(bool v4)
{
	return (v4 ? 2 * 4 : 2 * 16) + 2 * sizeof(uint16_t);
}

static inline uint8_t *put_tuple(uint8_t *p, const struct tuple *t, bool v4)
{
	p = put_addr(p, &t->addr[0], v4);
	p = put_addr(p, &t->addr[1], v4);
	memcpy(p, t->port, sizeof(t->port));
	return p + sizeof(t->port);
}

static inline const uint8_t *get_tuple(const uint8_t *p, struct tuple *t, bool v4)
{
	p = get_addr(p, &t->addr[0], v4);
	p = get_addr(p, &t->addr[1], v4);
	memcpy(t->port, p, sizeof(t->port));
	return p + sizeof(t->port);
}

size_t pack_connection(const struct connection *c, int64_t base, struct shape *shape, uint8_t *out)
{
	static const struct addr none;
	bool v4 = addr_is_v4(&c->tuple.addr[0]) && addr_is_v4(&c->tuple.addr[1]);
	bool icmp = memcmp(&c->icmp_from, &none, sizeof(none)) != 0;
	struct writer w = { .p = put_tuple(out, &c->tuple, v4) };

	put_words(c, (v4 ? HAS_V4 : 0U) | (icmp ? HAS_ICMP : 0U) | (c->ended ? IS_ENDED : 0U) |
		(c->time_wait_until ? HAS_TIME_WAIT : 0U), shape);
	squeeze(c, base, &w);
	if (icmp)
		w.p = put_addr(w.p, &c->icmp_from, false);
	shape->has = w.has;
	shape->fine = w.fine;
	shape->never = (uint16_t)w.never;
	shape->count = w.count;
	return (size_t)(w.p - out);
}

void unpack_connection(const struct shape *shape, const uint8_t *in, int64_t base, uint32_t uid,
	struct connection *c)
{
	struct reader r = { .p = get_tuple(in, &c->tuple, shape->how & HAS_V4), .has = shape->has,
		.fine = shape->fine, .never = shape->never, .count = shape->count };

	c->uid = uid;
	get_words(shape, c);
	stretch(&r, base, shape->how, c);
	if (shape->how & HAS_ICMP)
		get_addr(r.p, &c->icmp_from, false);
	else
		memset(&c->icmp_from, 0, sizeof(c->icmp_from));
}

uint64_t unpack_uid(const struct shape *shape, const uint8_t *in, uint32_t uid)
{
	struct reader r = { .p = in + tuple_length(shape->how & HAS_V4), .has = shape->has };

	return get(&r, N_UID) << 32 | uid;
}
