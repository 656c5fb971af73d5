/*
 * The same packets give the same rows, octet for octet: whatever the secret of the hash, the size of the batches, and
 * how often rows are handed over; in a table with room for all and in the smallest one.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim.h"
#include "util/clock.h"
#include "util/hash.h"

#define PACKETS 6000

static struct pkt all[PACKETS];

struct way {
	uint64_t seed;
	size_t batch;
	unsigned publish; /* after every so many batches; 0 = at the end */
};

static const struct way ways[] = {
	{42, 1, 0}, {7, 1, 0}, {99, 1, 1}, {UINT64_C(0x123456789abcdef), 2, 3}, {1, 64, 1}, {3, 257, 2}, {5, PACKETS, 0},
};

static uint64_t next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* Talk that makes sense now and then: numbers near each other, few ports, many hosts, gaps of up to minutes. */
static void make_packets(uint64_t x)
{
	static const uint8_t flags[] = {TCP_SYN, TCP_SYN | TCP_ACK, TCP_ACK, TCP_ACK | TCP_PSH, TCP_FIN | TCP_ACK,
		TCP_RST, TCP_RST | TCP_ACK, 0, TCP_FIN, TCP_SYN | TCP_FIN, TCP_ACK, TCP_ACK};
	int64_t t = 1700000000 * NS_PER_SEC;
	size_t i;

	for (i = 0; i < PACKETS; i++) {
		struct pkt *p = &all[i];
		unsigned dir = (unsigned)(next_random(&x) & 1), who = (unsigned)(next_random(&x) % 60);

		memset(p, 0, sizeof(*p));
		p->kind = next_random(&x) % 50 ? PKT_TCP : PKT_ICMP;
		p->icmp_type = 3;
		t += (int64_t)(next_random(&x) % 9 ? next_random(&x) % 3000000 : next_random(&x) % 20000000000);
		p->ts = t - (int64_t)(next_random(&x) % 20 ? 0 : next_random(&x) % 2000000);
		p->tuple.addr[dir].b[15] = (uint8_t)(1 + who % 20);
		p->tuple.addr[!dir].b[15] = 200;
		p->tuple.port[dir] = (uint16_t)(40000 + who % 3);
		p->tuple.port[!dir] = (uint16_t)(next_random(&x) % 4 ? 80 : 50000);
		p->flags = flags[next_random(&x) % (sizeof(flags))];
		p->seq = (uint32_t)(1000 + next_random(&x) % 40 + (next_random(&x) % 9 ? 0 : next_random(&x)));
		p->ack = (uint32_t)(1000 + next_random(&x) % 40);
		p->len = next_random(&x) % 3 ? 0 : (uint32_t)(next_random(&x) % 30);
		p->win = (uint16_t)(next_random(&x) % 3 * 30000);
		p->ip_id = (uint16_t)next_random(&x);
		p->ttl = (uint8_t)(60 + next_random(&x) % 3);
		p->wscale = 0xff;
	}
}

static struct sim *play(const struct way *w, uint32_t max)
{
	struct engine_conf conf = {.max_connections = max, .max_trails = 8, .from_file = true};
	struct sim *s = sim_new(&conf);
	unsigned batches = 0;
	size_t i, n;

	hash_seed(w->seed);
	for (i = 0; i < PACKETS; i++)
		all[i].hash = tuple_hash(&all[i].tuple);
	for (i = 0; i < PACKETS; i += n) {
		n = PACKETS - i < w->batch ? PACKETS - i : w->batch;
		engine_run(sim_engine(s), &all[i], n);
		if (w->publish && ++batches % w->publish == 0)
			sim_publish(s);
	}
	sim_finish(s);
	return s;
}

static void assert_same(struct sim *a, struct sim *b, size_t way)
{
	size_t i;

	if (sim_count(a) != sim_count(b))
		fail_msg("way %zu: %zu connections, not %zu", way, sim_count(b), sim_count(a));
	for (i = 0; i < sim_count(a); i++)
		if (memcmp(sim_at(a, i), sim_at(b, i), sizeof(struct connection)))
			fail_msg("way %zu: connection %zu of %zu differs", way, i, sim_count(a));
	assert_memory_equal(sim_stats(a), sim_stats(b), sizeof(struct capture_stats));
}

static void rows_depend_on_the_packets_alone(void **state)
{
	static const uint32_t rooms[] = {4096, 64, 16};
	size_t room, run, i;

	for (run = 1; run <= 3; run++) {
		make_packets(run * UINT64_C(88172645463325252));
		for (room = 0; room < sizeof(rooms) / sizeof(rooms[0]); room++) {
			struct sim *first = play(&ways[0], rooms[room]);

			assert_true(sim_count(first) > 100);
			for (i = 1; i < sizeof(ways) / sizeof(ways[0]); i++) {
				struct sim *other = play(&ways[i], rooms[room]);

				assert_same(first, other, i);
				sim_free(other);
			}
			sim_free(first);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_depend_on_the_packets_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
