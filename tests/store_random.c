#include "config.h"

#include "store_random.h"

#include <string.h>

#include "model/tunnel.h"
#include "util/clock.h"

uint64_t random_next(struct random *r)
{
	uint64_t z = r->x += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint32_t random_below(struct random *r, uint32_t n)
{
	return (uint32_t)(random_next(r) % n);
}

/* Of any size: as many bits as chance wants, at most `bits`; often the extremes. */
static uint64_t any(struct random *r, unsigned bits, int wild)
{
	uint64_t max = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
	uint32_t dice = random_below(r, 16);

	if (wild == 0 && dice)
		return dice < 8 ? 0 : random_below(r, bits < 3 ? 1 : 4);
	if (dice == 1)
		return max;
	if (dice < 3)
		return 0;
	return random_next(r) >> (64 - bits) >> (wild == 3 ? 0 : random_below(r, bits));
}

static int64_t any_time(struct random *r, int wild)
{
	return random_below(r, 3) ? (int64_t)any(r, 63, wild) : TIME_NEVER;
}

static struct addr any_addr(struct random *r)
{
	uint64_t x[2] = { random_next(r), random_next(r) };
	struct addr a;

	if (random_below(r, 2))
		return addr_from_v4((const uint8_t *)x);
	memcpy(a.b, x, sizeof(a.b));
	return a;
}

static void random_side(struct random *r, struct side *s, int wild)
{
	s->bytes = any(r, 64, wild);
	s->packets = any(r, 48, wild);
	s->syn = (uint32_t)any(r, 32, wild);
	s->synack = (uint32_t)any(r, 32, wild);
	s->fin = (uint32_t)any(r, 32, wild);
	s->rst = (uint32_t)any(r, 32, wild);
	s->retr = (uint32_t)any(r, 32, wild);
	s->zwin = (uint32_t)any(r, 32, wild);
	s->dupack = (uint32_t)any(r, 32, wild);
	s->ooo = (uint32_t)any(r, 32, wild);
	s->rst_ignored = (uint32_t)any(r, 32, wild);
	s->rst_path = (uint32_t)any(r, 32, wild);
	s->syn_uniq = (uint16_t)any(r, 16, wild);
	s->fin_uniq = (uint16_t)any(r, 16, wild);
	s->keepalive = (uint16_t)any(r, 16, wild);
	s->tail = (uint16_t)any(r, 16, wild);
	s->rst_uniq = (uint8_t)random_below(r, 2);
	s->state = (uint8_t)random_below(r, STATE_COUNT);
	s->state_assumed = random_below(r, 2);
	s->ttl = (uint8_t)any(r, 8, wild);
	s->ttl_rst = (uint8_t)any(r, 8, wild);
	s->t_fin = any_time(r, wild);
	s->t_rst = any_time(r, wild);
	s->t_rst_last = any_time(r, wild);
	s->t_syn_last = any_time(r, wild);
	s->t_fin_last = any_time(r, wild);
	s->t_data = any_time(r, wild);
}

void random_connection(struct random *r, struct connection *c, int wild)
{
	uint32_t letters = random_below(r, HISTORY_MAX);

	memset(c, 0, sizeof(*c));
	c->start = (int64_t)any(r, 64, wild);
	c->last = (int64_t)any(r, 64, wild);
	c->ended = (int64_t)any(r, 64, wild);
	c->time_wait_until = (int64_t)any(r, 64, wild);
	for (int i = 0; i < 2; i++) {
		c->tuple.addr[i] = any_addr(r);
		c->tuple.port[i] = (uint16_t)random_next(r);
		random_side(r, &c->side[i], wild);
	}
	c->evidence = any(r, 64, wild);
	c->attributes = (uint32_t)any(r, 32, wild);
	c->t_established = any_time(r, wild);
	c->hs_srv_ns = any_time(r, wild);
	c->hs_clt_ns = any_time(r, wild);
	c->idle_ns = any_time(r, wild);
	if (random_below(r, 2))
		c->icmp_from = any_addr(r);
	c->icmp_type = (uint8_t)any(r, 8, wild);
	c->icmp_code = (uint8_t)any(r, 8, wild);
	c->ttl_delta = (int8_t)any(r, 8, wild);
	c->ending = (uint8_t)random_below(r, ENDING_COUNT);
	c->confidence = (uint8_t)random_below(r, 4);
	c->closer = (uint8_t)random_below(r, 4);
	c->client_by = (uint8_t)random_below(r, BY_COUNT);
	c->origin = (uint8_t)random_below(r, 3);
	c->rule = (uint8_t)random_next(r);
	c->rst_side = (uint8_t)random_below(r, 3);
	c->established = (uint8_t)random_below(r, 2);
	c->tunnel = (uint8_t)random_below(r, TUNNEL_COUNT);
	c->interface = (uint8_t)any(r, 8, wild);
	c->vlan = (uint16_t)any(r, 16, wild);
	c->generation = (uint16_t)any(r, 16, wild);
	for (uint32_t i = 0; i < letters; i++)
		c->history[i] = "ShADadFfRr^~"[random_below(r, 12)];
}

/* Nanoseconds between a microsecond and `ms` milliseconds, in whole microseconds, as engines say them. */
static int64_t about(struct random *r, uint32_t ms)
{
	return (1 + random_below(r, ms * 1000)) * NS_PER_US;
}

static void usual_side(struct random *r, struct side *s, int i, int64_t life)
{
	*s = (struct side){ .bytes = random_below(r, 60000), .packets = 4 + random_below(r, 80),
		.syn = 1, .synack = i == SERVER, .fin = 1, .retr = random_below(r, 3),
		.dupack = random_below(r, 3), .syn_uniq = i == CLIENT, .fin_uniq = 1,
		.state = i == CLIENT ? STATE_TIME_WAIT : STATE_CLOSED, .ttl = i ? 57 : 64,
		.t_rst = TIME_NEVER, .t_rst_last = TIME_NEVER };
	s->t_fin = life - about(r, 50);
	s->t_fin_last = s->t_fin;
	s->t_data = s->t_fin - about(r, 50);
}

void usual_connection(struct random *r, struct connection *c, bool v6)
{
	int64_t life = 200 * NS_PER_MS + about(r, 60000);

	memset(c, 0, sizeof(*c));
	c->start = INT64_C(1700000000) * NS_PER_SEC + (int64_t)(random_next(r) >> 20);
	for (int i = 0; i < 2; i++) {
		uint64_t x[2] = { random_next(r), random_next(r) };

		c->tuple.addr[i] = addr_from_v4((const uint8_t *)x);
		if (v6)
			memcpy(c->tuple.addr[i].b, x, sizeof(x));
		c->tuple.port[i] = (uint16_t)random_next(r);
		usual_side(r, &c->side[i], i, life);
	}
	c->last = c->start + life;
	c->hs_srv_ns = about(r, 40);
	c->hs_clt_ns = about(r, 2);
	c->t_established = c->hs_srv_ns + c->hs_clt_ns;
	c->side[SERVER].t_syn_last = c->hs_srv_ns;
	c->ended = c->start + c->side[SERVER].t_fin;
	c->time_wait_until = c->last + 60 * NS_PER_SEC;
	c->idle_ns = TIME_NEVER;
	c->evidence = EVIDENCE_BIT(HANDSHAKE) | EVIDENCE_BIT(ESTABLISHED) |
		EVIDENCE_BIT(FIN_CLIENT) | EVIDENCE_BIT(FIN_SERVER) |
		EVIDENCE_BIT(FIN_CLIENT_ACKED) | EVIDENCE_BIT(FIN_SERVER_ACKED) |
		EVIDENCE_BIT(NOTHING_OUTSTANDING);
	c->attributes = ATTRIBUTE_BIT(FIRST_FIN_CLIENT) | ATTRIBUTE_BIT(STAGE_LATER);
	c->ending = ENDING_GRACEFUL;
	c->confidence = CONFIDENCE_HIGH;
	c->closer = CLOSER_CLIENT;
	c->established = 1;
	c->rule = 13;
	c->rst_side = 2;
	c->generation = 1;
	memcpy(c->history, "ShADadFfA", 10);
}
