/* The short way for plain segments: it takes them and nothing else, and what it leaves is what the long way leaves. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flow/plain.h"
#include "sim.h"
#include "util/clock.h"

#define PACKETS 20000
#define TALKS 24

static uint64_t state_of_dice = 20261121;

static uint32_t dice(uint32_t n)
{
	state_of_dice = state_of_dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((state_of_dice >> 33) % n);
}

/* What both ends of a talk will send next. */
struct talk {
	uint32_t nxt[2], win[2];
	unsigned opened; /* packets of the handshake that were sent; 3 = all */
	unsigned closed; /* bit per side */
};

static struct pkt all[PACKETS];

static void fill(struct pkt *p, unsigned who, int side, int64_t ts)
{
	memset(p, 0, sizeof(*p));
	p->kind = PKT_TCP;
	p->ts = ts;
	p->tuple.addr[side].b[15] = (uint8_t)(1 + who);
	p->tuple.addr[!side].b[15] = 200;
	p->tuple.port[side] = 40000;
	p->tuple.port[!side] = 80;
	p->hash = tuple_hash(&p->tuple);
	p->ttl = (uint8_t)(side ? 60 : 64);
	p->ip_id = (uint16_t)dice(65536);
	p->win = 1000;
	p->wscale = 0xff;
}

/* Something out of the ordinary, or nothing. */
static void disturb(struct talk *t, struct pkt *p, int side)
{
	switch (dice(60)) {
	case 0:
		p->seq -= dice(400);
		break;
	case 1:
		p->seq += dice(400);
		break;
	case 2:
		p->ack += dice(3);
		break;
	case 3:
		p->ack -= dice(300);
		break;
	case 4:
		p->win = 0;
		break;
	case 5:
		p->seq--;
		p->len = dice(2);
		break;
	case 6:
		p->flags |= TCP_FIN;
		t->nxt[side]++;
		break;
	case 7:
		p->flags = dice(2) ? TCP_RST : TCP_RST | TCP_ACK;
		break;
	case 8:
		p->ttl -= 3;
		break;
	case 9:
		p->ts -= dice(2000000);
		break;
	case 10:
		p->flags = dice(5) ? TCP_ACK | TCP_URG | TCP_PSH : 0;
		break;
	default:
		break;
	}
}

/* The next packet of a handshake, of which sometimes the rest is missing. */
static void open_talk(struct talk *t, struct pkt *p, unsigned who, int64_t now)
{
	int side = t->opened == 1;

	fill(p, who, side, now);
	if (!t->opened) {
		t->nxt[0] = dice(UINT32_MAX);
		t->nxt[1] = dice(UINT32_MAX);
	}
	p->seq = t->nxt[side];
	p->ack = t->opened ? t->nxt[!side] : 0;
	p->flags = t->opened == 2 ? TCP_ACK : t->opened ? TCP_SYN | TCP_ACK : dice(9) ? TCP_SYN : TCP_ACK;
	if (p->flags & TCP_SYN)
		t->nxt[side]++;
	if (p->flags & TCP_SYN && dice(2))
		p->wscale = (uint8_t)dice(10);
	t->opened = dice(9) ? t->opened + 1 : 3;
	if (!dice(9))
		disturb(t, p, side);
}

/* Talk in order nearly all the time, so that a segment is plain after many that were, and after each that was not. */
static void make_talk(void)
{
	static struct talk talk[TALKS];
	int64_t now = 1700000000 * NS_PER_SEC;

	memset(talk, 0, sizeof(talk));
	for (size_t i = 0; i < PACKETS; i++) {
		unsigned who = dice(TALKS);
		struct talk *t = &talk[who];
		int side = (int)dice(2);
		struct pkt *p = &all[i];

		now += dice(40) ? dice(3000000) : dice(40) ? dice(2000000000) : (int64_t)dice(100) * NS_PER_SEC;
		if (i && !dice(30)) { /* a span port's copy of the last one */
			*p = all[i - 1];
			p->ts = now;
			continue;
		}
		if (!dice(t->closed == 3 ? 6 : 150))
			t->opened = t->closed = 0;
		if (t->opened < 3) {
			open_talk(t, p, who, now);
			continue;
		}
		fill(p, who, side, now);
		p->flags = TCP_ACK;
		p->seq = t->nxt[side];
		p->ack = t->nxt[!side] - (dice(8) ? 0 : dice(100));
		p->len = dice(3) || t->closed >> side & 1 ? 0 : dice(1400);
		t->nxt[side] += p->len;
		if (!dice(20) && !(t->closed >> side & 1)) {
			p->flags |= TCP_FIN;
			t->closed |= 1u << side;
			t->nxt[side]++;
		}
		disturb(t, p, side);
	}
}

static struct sim *play(bool long_way, bool trails)
{
	struct engine_conf conf = {.max_connections = 64, .max_trails = trails ? 64 : 0, .from_file = true,
		.long_way = long_way, .unmade_rows = !long_way};
	struct sim *s = sim_new(&conf);

	for (size_t i = 0; i < PACKETS; i += 100) {
		engine_run(sim_engine(s), &all[i], 100);
		if (i % 700 == 0)
			sim_publish(s);
	}
	sim_finish(s);
	return s;
}

static void assert_same_trail(const struct trail *s, const struct trail *t)
{
	assert_int_equal(s->n, t->n);
	assert_int_equal(s->skipped, t->skipped);
	for (unsigned i = 0; i < s->n; i++) {
		const struct segment *x = &s->seg[i], *y = &t->seg[i];

		assert_true(x->t == y->t && x->t_last == y->t_last && x->seq == y->seq && x->ack == y->ack &&
			x->len == y->len && x->count == y->count && x->win == y->win && x->flags == y->flags &&
			x->side == y->side && x->note == y->note && x->state[0] == y->state[0] &&
			x->state[1] == y->state[1]);
	}
}

static void both_ways_agree(void **state)
{
	for (int run = 0; run < 20; run++) {
		struct sim *a, *b;

		make_talk();
		a = play(true, run & 1);
		b = play(false, run & 1);
		assert_true(sim_count(a) > 50);
		assert_int_equal(sim_count(a), sim_count(b));
		for (size_t i = 0; i < sim_count(a); i++) {
			const struct connection *x = sim_at(a, i), *y = sim_at(b, i);
			const struct trail *s = sim_trail(a, x->uid), *t = sim_trail(b, y->uid);

			assert_memory_equal(x, y, sizeof(*x));
			assert_int_equal(s != NULL, t != NULL);
			if (s)
				assert_same_trail(s, t);
		}
		assert_memory_equal(sim_stats(a), sim_stats(b), sizeof(struct capture_stats));
		sim_free(a);
		sim_free(b);
	}
}

static struct rare rare_pool[2];
static struct rares rares = {rare_pool, 1, 0};

/* A connection under way: the client's next is 5000, the server's 9000, all of it acknowledged. */
static void make_flow(struct flow *f, struct pkt *p)
{
	memset(f, 0, sizeof(*f));
	rare_pool[0].pool = &rares;
	rares.fresh = 1;
	f->rare = rare_pool;
	f->first_fin = 2;
	f->flags = FLOW_USED | FLOW_ESTABLISHED | FLOW_UNDER_WAY;
	f->rst_side = 2;
	f->origin = ORIGIN_ATTEMPT;
	f->start = f->last = NS_PER_SEC;
	for (int i = 0; i < 2; i++) {
		struct half *h = &f->half[i];

		h->flags = HALF_SEEN | HALF_PROGRESS | HALF_ACK | HALF_ISN;
		h->nxt = i ? 9000 : 5000;
		h->ack = i ? 5000 : 9000;
		h->packets = 10;
		h->win = 500;
		h->ttl = 64;
		h->wscale = 0;
		h->history = UINT32_C(1) << ('a' - 'a') | UINT32_C(1) << ('d' - 'a');
	}
	memset(p, 0, sizeof(*p));
	p->kind = PKT_TCP;
	p->ts = 2 * NS_PER_SEC;
	p->flags = TCP_ACK | TCP_PSH;
	p->seq = 5000;
	p->ack = 9000;
	p->len = 100;
	p->win = 600;
	p->ttl = 64;
}

static void plain_segments_go_the_short_way(void **state)
{
	struct flow f;
	struct pkt p;

	make_flow(&f, &p);
	assert_int_equal(plain_take(&f, CLIENT, &p), PLAIN_TAKEN);
	assert_int_equal(f.half[CLIENT].nxt, 5100);
	assert_int_equal(f.half[CLIENT].bytes, 100);
	p.seq = 9000;
	p.ack = 5100;
	p.len = 0;
	p.flags = TCP_ACK;
	assert_int_equal(plain_take(&f, SERVER, &p), PLAIN_TAKEN);
	assert_int_equal(f.half[SERVER].ack, 5100);
}

/* The packet that `side` sends next. */
static enum plain next_of(struct flow *f, int side, uint8_t flags, uint32_t len)
{
	struct pkt p;

	memset(&p, 0, sizeof(p));
	p.kind = PKT_TCP;
	p.ts = f->last + NS_PER_MS;
	p.flags = flags;
	p.seq = f->half[side].nxt;
	p.ack = f->half[!side].nxt;
	p.len = len;
	p.win = 500;
	p.ttl = 64;
	p.wscale = 0xff;
	f->last = p.ts;
	return plain_take(f, side, &p);
}

static void opening_and_closing_in_order_go_the_short_way(void **state)
{
	struct half *c, *s;
	struct flow f;
	struct pkt p;

	make_flow(&f, &p);
	c = &f.half[CLIENT];
	s = &f.half[SERVER];
	f.flags = FLOW_USED;
	memset(f.half, 0, offsetof(struct half, of_flow));
	memset(&f.half[SERVER], 0, offsetof(struct half, of_flow));
	c->flags = HALF_SEEN | HALF_ISN;
	c->isn = 4999;
	c->nxt = 5000;
	c->packets = c->n[COUNT_SYN] = c->uniq[UNIQ_SYN] = 1;
	c->ttl = 64;
	c->wscale = s->wscale = 0xff;
	s->nxt = 9000;
	assert_int_equal(next_of(&f, SERVER, TCP_SYN | TCP_ACK, 0), PLAIN_STEP);
	assert_int_equal(s->isn, 9000);
	assert_int_equal(s->n[COUNT_SYNACK], 1);
	assert_int_equal(next_of(&f, CLIENT, TCP_ACK, 0), PLAIN_ESTABLISHED);
	f.flags |= FLOW_ESTABLISHED;
	assert_int_equal(next_of(&f, CLIENT, TCP_ACK | TCP_PSH, 10), PLAIN_TAKEN);
	assert_false(f.flags & FLOW_UNDER_WAY);
	assert_int_equal(next_of(&f, SERVER, TCP_ACK, 20), PLAIN_STEP);
	assert_true(f.flags & FLOW_UNDER_WAY);
	assert_int_equal(next_of(&f, CLIENT, TCP_ACK | TCP_FIN, 5), PLAIN_STEP);
	assert_int_equal(f.first_fin, CLIENT);
	assert_int_equal(c->fin_seq, 5015);
	assert_int_equal(next_of(&f, SERVER, TCP_ACK, 0), PLAIN_STEP);
	assert_int_equal(next_of(&f, SERVER, TCP_ACK, 7), PLAIN_TAKEN);
	assert_int_equal(next_of(&f, SERVER, TCP_ACK | TCP_FIN, 0), PLAIN_STEP);
	assert_false(s->flags & HALF_FIN_FIRST);
	assert_int_equal(next_of(&f, CLIENT, TCP_ACK, 0), PLAIN_STEP);
	assert_true(fin_acked(&f, CLIENT) && fin_acked(&f, SERVER));
	assert_string_equal(f.history, "hADdFaf");
}

static void special_ones_do_not(void **state)
{
	struct flow f, before;
	struct pkt p;

#define NOT_WITH(change)                                    \
	do {                                                \
		make_flow(&f, &p);                          \
		change;                                     \
		before = f;                                 \
		assert_int_equal(plain_take(&f, CLIENT, &p), PLAIN_NOT); \
		assert_memory_equal(&f, &before, sizeof(f)); \
	} while (0)
	NOT_WITH(p.flags |= TCP_SYN);
	NOT_WITH(p.flags |= TCP_RST);
	NOT_WITH(p.flags = TCP_PSH);
	NOT_WITH(p.seq--);
	NOT_WITH(p.seq++);
	NOT_WITH(p.ack--);
	NOT_WITH(p.ack++);
	NOT_WITH(p.win = 0);
	NOT_WITH(p.ttl--);
	NOT_WITH((p.len = 0, p.win = 500, f.half[SERVER].nxt = 9001));
	NOT_WITH((p.flags |= TCP_FIN, f.half[CLIENT].flags |= HALF_FIN));
	NOT_WITH((p.flags |= TCP_FIN, f.half[CLIENT].t_fin = 1));
	NOT_WITH((p.flags |= TCP_FIN, flow_odd(&f, SERVER)->zwin = 1));
	NOT_WITH(f.half[CLIENT].flags |= HALF_FIN);
	NOT_WITH(f.half[SERVER].flags |= HALF_FIN | HALF_FIN_IMPLIED);
	NOT_WITH(f.half[SERVER].flags &= ~(uint32_t)HALF_SEEN);
	NOT_WITH(f.half[CLIENT].flags &= ~(uint32_t)HALF_ACK);
	NOT_WITH((f.half[SERVER].flags &= ~(uint32_t)HALF_PROGRESS, f.half[CLIENT].ack--));
	NOT_WITH(p.flags = TCP_SYN | TCP_ACK);
	NOT_WITH(f.flags &= ~(uint32_t)FLOW_ESTABLISHED);
	NOT_WITH(f.flags |= FLOW_UNREACHABLE);
	NOT_WITH(f.flags |= FLOW_PROVISIONAL);
	NOT_WITH(f.half[CLIENT].tail = 1);
	NOT_WITH(f.half[SERVER].tail = 1);
	NOT_WITH(f.half[SERVER].probe_tail = 1);
	NOT_WITH(f.half[SERVER].flags |= HALF_BEFORE);
	NOT_WITH(f.half[SERVER].win = 0);
	NOT_WITH(f.flags |= FLOW_PENDING);
	NOT_WITH(f.flags |= FLOW_SILENT);
	NOT_WITH(f.ending = ENDING_GRACEFUL);
	NOT_WITH(f.rst_side = SERVER);
	NOT_WITH(f.origin = ORIGIN_OTHER);
	NOT_WITH((f.half[CLIENT].sig[1] = 0, f.half[CLIENT].sig[0] = p.seq * 2654435761u ^ p.ack * 2246822519u ^
		  p.len * 3266489917u ^ p.win ^ (uint32_t)p.flags << 8));
#undef NOT_WITH
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways_agree),
		cmocka_unit_test(plain_segments_go_the_short_way),
		cmocka_unit_test(opening_and_closing_in_order_go_the_short_way),
		cmocka_unit_test(special_ones_do_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
