/*
 * Writes a capture file for measuring: bench_traffic FILE CONNECTIONS LIVE PACKETS [CONVERSATIONS]. So many
 * connections, about LIVE of them at any time, PACKETS together, as a link with 100,000 packets a second would bring
 * them: short and long, IPv4 and IPv6, requests and answers, losses, and all common ways to end. CONVERSATIONS: so
 * many clients with their service, again and again; otherwise nearly every connection has one of its own. The same
 * arguments give the same octets. Frames are cut after the headers and a few octets, as a capture for years would.
 */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RATE 100000 /* packets a second */
#define STEP_US 100 /* of the wheel; nothing follows sooner */
#define WHEEL (1u << 20)
#define FIRST_SECOND 1700000000
#define CAPTURED_PAYLOAD 26
#define NONE UINT32_MAX

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };
enum { CLT, SRV };

/* What a connection comes to, in per mille. */
enum fate { CLOSED, CLOSED_BY_SERVER, RESET_BY_CLIENT, RESET_BY_SERVER, REFUSED, UNANSWERED, VANISHED, LEFT_OPEN, FATES };
static const unsigned fate_share[FATES] = { 560, 180, 60, 60, 50, 30, 20, 40 };

struct conn {
	uint64_t due; /* us */
	uint32_t next; /* of the same step, or free */
	uint32_t id;
	uint32_t seq[2]; /* next to send */
	uint32_t left;	 /* data segments */
	uint32_t gap;	 /* us between them */
	uint32_t rtt;
	uint16_t port;
	uint8_t fate, step, from, again;
};

static uint32_t wheel[WHEEL];
static struct conn *conn;
static uint32_t conn_free = NONE, conn_used, conn_room, conns_live;
static uint64_t now_step, seed = 20261121, written;
static uint32_t talks; /* conversations; 0: nearly one for each connection */
static FILE *out;

static uint64_t mix(uint64_t x)
{
	x ^= x >> 30;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	x ^= x >> 27;
	x *= UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static uint32_t roll(uint32_t n)
{
	seed += UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)((mix(seed) >> 32) * n >> 32);
}

/* --- Frames -------------------------------------------------------------------------------------- */

static uint8_t *put16(uint8_t *p, unsigned v)
{
	*p++ = (uint8_t)(v >> 8);
	*p++ = (uint8_t)v;
	return p;
}

static uint8_t *put32(uint8_t *p, uint32_t v)
{
	return put16(put16(p, v >> 16), v & 0xffff);
}

/* What client, server and its port follow from. */
static uint32_t talk_of(const struct conn *c)
{
	return talks ? c->id % talks : c->id;
}

/* A quarter is IPv6. Few servers, nearly as many clients as connections. */
static bool is_v6(const struct conn *c)
{
	return mix(talk_of(c)) % 4 == 0;
}

static uint8_t *put_address(uint8_t *p, const struct conn *c, int side)
{
	uint64_t x = mix(talk_of(c) + UINT64_C(0x100000000));
	uint32_t host = side == CLT ? (uint32_t)x & 0xffffff : (uint32_t)(x >> 32) % 2000;

	if (is_v6(c)) {
		p = put32(p, UINT32_C(0x20010db8));
		p = put32(p, side == CLT ? host >> 8 : 1);
		p = put32(p, 0);
		return put32(p, host + 1);
	}
	return put32(p, side == CLT ? UINT32_C(0x0a000000) | host : UINT32_C(0xc0a80000) + host);
}

static uint8_t *put_ip(uint8_t *p, const struct conn *c, int from, unsigned length)
{
	static const uint8_t mac[12] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 };

	memcpy(p, mac, sizeof(mac));
	p = put16(p + sizeof(mac), is_v6(c) ? 0x86dd : 0x0800);
	if (is_v6(c)) {
		p = put32(p, UINT32_C(0x60000000));
		p = put16(p, length);
		p = put16(p, 6 << 8 | (from == CLT ? 57 : 60));
	} else {
		p = put16(p, 0x4500);
		p = put16(p, length + 20);
		p = put16(p, roll(65535) + 1);
		p = put16(p, 0x4000);
		p = put16(p, (from == CLT ? 57u : 60u) << 8 | 6);
		p = put16(p, 0);
	}
	p = put_address(p, c, from);
	return put_address(p, c, !from);
}

static uint8_t *put_options(uint8_t *p, unsigned flags)
{
	if (flags & SYN) {
		p = put32(p, UINT32_C(0x020405b4));
		p = put16(p, 0x0402);
	} else {
		p = put16(p, 0x0101);
	}
	p = put16(p, 0x080a);
	p = put32(p, (uint32_t)(now_step / 10));
	p = put32(p, flags & ACK ? (uint32_t)(now_step / 10) - 20 : 0);
	return flags & SYN ? put32(p, UINT32_C(0x01030307)) : p;
}

static void native32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v));
}

static void segment_at(const struct conn *c, int from, unsigned flags, uint32_t seq, uint32_t len)
{
	static const unsigned service[] = { 443, 443, 443, 80, 443, 22, 3306, 1194, 8080, 25 };
	uint8_t frame[16 + 160], *ip = frame + 16, *tcp, *end;
	unsigned options = flags & SYN ? 20 : flags & RST ? 0 : 12;
	unsigned srv = service[mix(talk_of(c) + UINT64_C(0x200000000)) % 10];
	uint32_t shown = len < CAPTURED_PAYLOAD ? len : CAPTURED_PAYLOAD;

	tcp = put_ip(ip, c, from, 20 + options + len);
	end = put16(tcp, from == CLT ? c->port : srv);
	end = put16(end, from == CLT ? srv : c->port);
	end = put32(end, seq);
	end = put32(end, flags & ACK ? c->seq[!from] : 0);
	end = put16(end, (20 + options) / 4 << 12 | flags);
	end = put16(end, 501);
	end = put32(end, 0);
	if (options)
		end = put_options(end, flags);
	memset(end, 0x5a, shown);
	native32(frame, (uint32_t)(FIRST_SECOND + c->due / 1000000));
	native32(frame + 4, (uint32_t)(c->due % 1000000));
	native32(frame + 8, (uint32_t)(end - ip) + shown);
	native32(frame + 12, (uint32_t)(end - ip) + len);
	fwrite(frame, 1, (size_t)(end - frame) + shown, out);
	written++;
}

static void segment(struct conn *c, int from, unsigned flags, uint32_t len)
{
	segment_at(c, from, flags, c->seq[from], len);
	c->seq[from] += len + (flags & (SYN | FIN) ? 1 : 0);
}

/* --- Connections --------------------------------------------------------------------------------- */

static void schedule(uint32_t i, uint64_t after)
{
	uint32_t *slot;

	if (after < 2 * STEP_US)
		after = 2 * STEP_US;
	if (after > (uint64_t)(WHEEL - 2) * STEP_US)
		after = (uint64_t)(WHEEL - 2) * STEP_US;
	conn[i].due += after;
	slot = &wheel[conn[i].due / STEP_US % WHEEL];
	conn[i].next = *slot;
	*slot = i;
}

static void begin(uint32_t id, uint64_t mean_data, uint64_t lifetime_us)
{
	uint32_t i = conn_free, kind = roll(1000);
	struct conn *c;

	if (i != NONE) {
		conn_free = conn[i].next;
	} else {
		if (conn_used == conn_room) {
			conn_room = conn_room ? conn_room * 2 : 1024;
			conn = realloc(conn, conn_room * sizeof(*conn));
			if (!conn)
				abort();
		}
		i = conn_used++;
	}
	c = &conn[i];
	memset(c, 0, sizeof(*c));
	c->id = id;
	c->due = now_step * STEP_US + roll(STEP_US);
	c->seq[CLT] = (uint32_t)mix(id * UINT64_C(3));
	c->seq[SRV] = (uint32_t)mix(id * UINT64_C(5));
	c->port = (uint16_t)(32768 + id % 28000);
	while (kind >= fate_share[c->fate])
		kind -= fate_share[c->fate++];
	c->left = mean_data ? (uint32_t)(mean_data / 4 + roll((uint32_t)(mean_data * 3 / 2 + 1))) : 0;
	c->gap = (uint32_t)(lifetime_us / (mean_data + 1));
	c->rtt = 1000 + roll(60000);
	conns_live++;
	schedule(i, 0);
}

/* The last words. Returns how long until the next, 0 when that was it. */
static uint64_t end_step(struct conn *c)
{
	int who = c->fate == CLOSED ? CLT : SRV;

	switch ((enum fate)c->fate) {
	case CLOSED:
	case CLOSED_BY_SERVER:
		if (c->again == 0)
			segment(c, who, FIN | ACK, 0);
		else if (c->again == 1)
			segment(c, !who, FIN | ACK, 0);
		else
			segment(c, who, ACK, 0);
		return c->again++ == 2 ? 0 : c->rtt / 2;
	case RESET_BY_CLIENT:
		segment(c, CLT, RST | ACK, 0);
		return 0;
	case RESET_BY_SERVER:
		segment(c, SRV, RST | ACK, 0);
		return 0;
	case VANISHED:
		if (c->again == 0)
			c->seq[CLT] += 300;
		segment_at(c, CLT, PSH | ACK, c->seq[CLT] - 300, 300);
		return c->again++ == 4 ? 0 : UINT64_C(200000) << c->again;
	case REFUSED:
	case UNANSWERED:
	case LEFT_OPEN:
	case FATES:
		break;
	}
	return 0;
}

/* Requests one way, answers the other, an acknowledgement after every second segment; some are lost and sent again. */
static uint64_t data_step(struct conn *c)
{
	uint32_t len = c->from == CLT ? 200 + roll(400) : 1448;

	c->left--;
	if (c->step % 3 == 2) {
		segment(c, c->from, ACK, 0);
	} else {
		segment(c, c->from, PSH | ACK, len);
		if (c->left && roll(100) == 0) {
			segment_at(c, c->from, PSH | ACK, c->seq[c->from] - len, len);
			c->left--;
		}
	}
	c->step = (uint8_t)(3 + (c->step + 1) % 6);
	if (roll(3) != 0)
		c->from = !c->from;
	return c->gap / 2 + roll(c->gap);
}

static uint64_t handshake_step(struct conn *c)
{
	switch (c->step) {
	case 0:
		segment_at(c, CLT, SYN, c->seq[CLT], 0);
		if (c->fate == UNANSWERED)
			return c->again++ == 3 ? 0 : UINT64_C(1000000) << c->again;
		c->seq[CLT]++;
		break;
	case 1:
		if (c->fate == REFUSED) {
			c->seq[SRV] = 0;
			segment(c, SRV, RST | ACK, 0);
			return 0;
		}
		segment(c, SRV, SYN | ACK, 0);
		break;
	case 2:
		segment(c, CLT, ACK, 0);
		break;
	}
	c->step++;
	return c->rtt / 2;
}

static void step(uint32_t i)
{
	struct conn *c = &conn[i];
	uint64_t after;

	if (c->step < 3)
		after = handshake_step(c);
	else
		after = c->left ? data_step(c) : end_step(c);
	if (after) {
		schedule(i, after);
		return;
	}
	c->next = conn_free;
	conn_free = i;
	conns_live--;
}

static int by_due(const void *a, const void *b)
{
	const struct conn *x = &conn[*(const uint32_t *)a], *y = &conn[*(const uint32_t *)b];

	return x->due != y->due ? x->due > y->due ? 1 : -1 : x->id > y->id ? 1 : -1;
}

static void run_step(void)
{
	static uint32_t due[4096];
	uint32_t *slot = &wheel[now_step % WHEEL];
	size_t n = 0;

	while (*slot != NONE && n < sizeof(due) / sizeof(due[0])) {
		due[n++] = *slot;
		*slot = conn[*slot].next;
	}
	qsort(due, n, sizeof(due[0]), by_due);
	for (size_t k = 0; k < n; k++)
		step(due[k]);
}

static void generate(uint64_t connections, uint64_t live, uint64_t packets)
{
	uint64_t span = packets * (1000000 / RATE); /* us */
	uint64_t lifetime = span * live / connections;
	/* Handshake and close take about five and a half packets, and one in twelve comes to nothing. */
	uint64_t tenths = packets * 109 / 10 / connections;
	uint64_t data = tenths > 58 ? (tenths - 58) / 10 : 0, begun = 0;

	while (begun < connections || (conns_live > 0 && now_step * STEP_US < span + lifetime)) {
		while (begun < connections && begun * span < now_step * STEP_US * connections)
			begin((uint32_t)begun++, data, lifetime);
		run_step();
		now_step++;
	}
}

int main(int argc, char **argv)
{
	static const uint32_t head[6] = { 0xa1b2c3d4, 4 << 16 | 2, 0, 0, 262144, 1 };

	if (argc < 5 || argc > 6 || strtoull(argv[2], NULL, 10) == 0) {
		fprintf(stderr, "usage: bench_traffic FILE CONNECTIONS LIVE PACKETS [CONVERSATIONS]\n");
		return 2;
	}
	if (argc > 5)
		talks = (uint32_t)strtoul(argv[5], NULL, 10);
	out = fopen(argv[1], "w");
	if (!out) {
		fprintf(stderr, "bench_traffic: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	memset(wheel, 0xff, sizeof(wheel));
	fwrite(head, sizeof(head), 1, out);
	generate(strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10));
	if (fclose(out) != 0) {
		fprintf(stderr, "bench_traffic: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	printf("%llu\n", (unsigned long long)written);
	free(conn);
	return 0;
}
