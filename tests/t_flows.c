/* What the table of live connections stands on: the index, the timer wheel, tombstones; and the table's short cut. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flow/flows.h"
#include "flow/tomb.h"
#include "flow/verdict.h"
#include "util/hash.h"

static uint64_t state_of_dice = 20261121;

static uint32_t dice(uint32_t n)
{
	state_of_dice = state_of_dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((state_of_dice >> 33) % n);
}

#define REFS 5000

/* Hashes from few values, so that chains grow long, and from many. */
static void index_agrees_with_a_list(uint32_t kinds)
{
	static uint32_t hash_of[REFS + 1]; /* 0: not in */
	struct index x;
	uint32_t in = 0;

	memset(hash_of, 0, sizeof(hash_of));
	assert_true(index_init(&x, REFS, INDEX_QUICK, &hash_of[1], sizeof(hash_of[0])));
	for (int i = 0; i < 200000; i++) {
		uint32_t ref = 1 + dice(REFS), found = 0, r;

		if (hash_of[ref]) {
			struct index_place at = index_at(&x, hash_of[ref]);

			while ((r = index_next(&x, &at, hash_of[ref])))
				found += r == ref;
			assert_int_equal(found, 1);
			assert_true(index_remove(&x, hash_of[ref], ref));
			assert_false(index_remove(&x, hash_of[ref], ref));
			hash_of[ref] = 0;
			in--;
		} else {
			hash_of[ref] = 1 + dice(kinds) * 2654435761u;
			index_add(&x, hash_of[ref], ref);
			in++;
		}
		assert_int_equal(x.n, in);
	}
	for (uint32_t ref = 1; ref <= REFS; ref++)
		if (hash_of[ref]) {
			assert_true(index_replace(&x, hash_of[ref], ref, ref + REFS));
			assert_true(index_remove(&x, hash_of[ref], ref + REFS));
		}
	assert_int_equal(x.n, 0);
	index_fini(&x);
}

static void index_holds_what_was_put_in(void **state)
{
	(void)state;
	index_agrees_with_a_list(3);
	index_agrees_with_a_list(100);
	index_agrees_with_a_list(UINT32_MAX / 2);
}

#define MANY 700000 /* buckets whose number says 16 bits of the hash, and more */

static void index_finds_among_many(void **state)
{
	uint32_t *hash_of = calloc(MANY + 1, sizeof(*hash_of)), others = 0;
	struct index x;

	(void)state;
	assert_non_null(hash_of);
	assert_true(index_init(&x, MANY, INDEX_SMALL, &hash_of[1], sizeof(hash_of[0])));
	for (uint32_t ref = 1; ref <= MANY; ref++) {
		hash_of[ref] = dice(0x10000) << 16 | dice(0x10000);
		index_add(&x, hash_of[ref], ref);
	}
	assert_true(x.low > 0x10000);
	for (uint32_t ref = 1; ref <= MANY; ref++) {
		struct index_place at = index_at(&x, hash_of[ref]);
		uint32_t found = 0, r;

		while ((r = index_next(&x, &at, hash_of[ref])))
			if (r == ref)
				found++;
			else
				others += hash_of[r] != hash_of[ref];
		assert_int_equal(found, 1);
	}
	assert_true(others < MANY / 1000);
	for (uint32_t ref = 1; ref <= MANY; ref++)
		assert_true(index_remove(&x, hash_of[ref], ref));
	assert_int_equal(x.n, 0);
	index_fini(&x);
	free(hash_of);
}

#define TIMERS 300

/* No timer comes early, none later than a tick, and what was armed anew for an earlier time comes once. */
static void timers_come_in_time_and_once(void **state)
{
	const int64_t tick = INT64_C(1) << WHEEL_SHIFT;
	static struct flow *f[TIMERS];
	struct flows t;
	int64_t now = 5 * tick;
	uint32_t waiting = 0, left = UINT32_MAX;
	struct flow *due;

	(void)state;
	hash_seed(1);
	assert_true(flows_init(&t, TIMERS, NULL));
	assert_null(flows_due(&t, now, &left));
	for (uint32_t i = 0; i < TIMERS; i++) {
		struct tuple tuple = { .port = { (uint16_t)(i + 1), 80 } };

		f[i] = flows_add(&t, &tuple, i);
		assert_non_null(f[i]);
		f[i]->deadline = INT64_MAX;
	}
	for (int round = 0; round < 30000; round++) {
		struct flow *one = f[dice(TIMERS)];

		waiting += one->deadline == INT64_MAX;
		/* Near, and beyond the wheel's own reach. */
		flows_arm(&t, one, now + (int64_t)dice(dice(2) ? 100 : 2000) * tick / 3);
		now += tick / (1 + dice(20));
		while ((due = flows_due(&t, now, &left))) {
			assert_true(due->deadline <= now);
			due->deadline = INT64_MAX;
			waiting--;
		}
		for (uint32_t i = 0; i < TIMERS && round % 100 == 0; i++)
			assert_true(f[i]->deadline > now - 2 * tick);
	}
	now += 100000 * tick;
	while ((due = flows_due(&t, now, &left)))
		waiting--;
	assert_int_equal(waiting, 0);
	flows_fini(&t);
}

/* Changed ones come once each, in order, also round the end of the ring; when all have come, it begins anew. */
static void changes_come_in_order_and_once(void **state)
{
	static uint32_t next[20000];
	uint32_t from = 0, to = 0, empty = 0;
	bool waits[TIMERS] = { false };
	static struct flow *f[TIMERS];
	struct flows t;

	(void)state;
	hash_seed(1);
	assert_true(flows_init(&t, TIMERS, NULL));
	for (uint32_t i = 0; i < TIMERS; i++) {
		struct tuple tuple = { .port = { (uint16_t)(i + 1), 80 } };

		f[i] = flows_add(&t, &tuple, i);
		assert_non_null(f[i]);
	}
	for (int round = 0; round < 20000; round++) {
		uint32_t i = dice(TIMERS);

		if (dice(round / 5000 % 2 ? 5 : 2)) {
			flows_touch(&t, f[i]);
			if (!waits[i])
				next[to++] = i;
			waits[i] = true;
		} else if (from < to) {
			assert_ptr_equal(flows_next_changed(&t), f[next[from]]);
			waits[next[from++]] = false;
		} else {
			assert_null(flows_next_changed(&t));
			assert_int_equal(t.queue_from, 0);
			empty++;
		}
		assert_int_equal(t.queued, to - from);
	}
	assert_true(empty > 10 && from > 2 * TIMERS);
	flows_fini(&t);
}

/* As many are looked at as was asked for, and the next time it goes on with the rest. */
static void timers_come_in_pieces(void **state)
{
	const int64_t tick = INT64_C(1) << WHEEL_SHIFT;
	uint32_t came = 0, calls = 0, left = UINT32_MAX;
	struct flows t;
	struct flow *f;

	(void)state;
	assert_true(flows_init(&t, TIMERS, NULL));
	assert_null(flows_due(&t, 5 * tick, &left));
	for (uint32_t i = 0; i < TIMERS; i++) {
		struct tuple tuple = { .port = { (uint16_t)(i + 1), 80 } };

		f = flows_add(&t, &tuple, i);
		f->deadline = INT64_MAX;
		flows_arm(&t, f, (10 + i % 3) * tick);
	}
	while (flows_may_be_due(&t, 20 * tick) && calls++ < TIMERS) {
		uint32_t before = came;

		left = 50;
		while ((f = flows_due(&t, 20 * tick, &left)))
			came++;
		assert_true(came - before <= 50);
		assert_true(left == 0 || came == TIMERS);
	}
	assert_int_equal(came, TIMERS);
	assert_int_equal(calls, TIMERS / 50 + 1);
	flows_fini(&t);
}

#define FIRST_ESEQ UINT64_C(0x100000005)

static void tombstones_are_found_until_they_are_due(void **state)
{
	struct flows t;
	struct tombs tombs;
	struct tuple tuple, back;
	int side;

	(void)state;
	assert_true(tombs_init(&tombs, 64));
	assert_true(flows_init(&t, 16, &tombs.index));
	for (int64_t i = 0; i < 1000; i++) {
		struct tomb tomb = { .hash = (uint32_t)(i % 7), .generation = 1 };
		int64_t now = i << 30;
		const struct tomb_times times = { .now = now, .start = 5000 - i, .until = (uint32_t)i + 30 };
		struct flow *f;
		bool high;

		memset(&tuple, 0, sizeof(tuple));
		tuple.addr[CLIENT].b[15] = (uint8_t)(i % 2 ? 9 : 1);
		tuple.addr[SERVER].b[15] = 5;
		tuple.port[CLIENT] = (uint16_t)(i % 500 + 1);
		tuple.port[SERVER] = 80;
		back = (struct tuple){ { tuple.addr[1], tuple.addr[0] }, { tuple.port[1], tuple.port[0] } };
		f = flows_add(&t, &tuple, tomb.hash);
		tomb.id = tomb_id(&tuple, &high);
		tomb.client_high = high;
		tombs_add(&tombs, &tomb, FIRST_ESEQ + (uint64_t)i, &times);
		flows_release(&t, f);
		assert_null(flows_find(&t, &tuple, tomb.hash, &side));
		assert_int_equal(tombs_eseq(&tombs, tombs_find(&tombs, &tuple, tomb.hash, now, &side)), FIRST_ESEQ + i);
		assert_int_equal(side, CLIENT);
		assert_int_equal(tombs_eseq(&tombs, tombs_find(&tombs, &back, tomb.hash, now, &side)), FIRST_ESEQ + i);
		assert_int_equal(side, SERVER);
		assert_true(tombs_start(&tombs, tombs_find(&tombs, &tuple, tomb.hash, now, &side)) == times.start);
		assert_non_null(tombs_find(&tombs, &tuple, tomb.hash, (i + 30) << 30, &side));
		assert_null(tombs_find(&tombs, &tuple, tomb.hash, (i + 31) << 30, &side));
	}
	/* Chunks whose stones were all forgotten were used again: 30 are remembered at a time. */
	assert_true(tombs.fresh <= 30 / (1u << tombs.chunk_bits) + 3);
	assert_true(tombs.index.n <= tombs.chunks << tombs.chunk_bits);
	assert_int_equal(t.index.n, 0);
	tombs_fini(&tombs);
	flows_fini(&t);
}

static void the_last_generation_is_the_one_remembered(void **state)
{
	struct tombs tombs;
	struct tuple tuple = {.port = {40000, 80}};
	int side;

	(void)state;
	tuple.addr[CLIENT].b[15] = 1;
	assert_true(tombs_init(&tombs, 64));
	for (int64_t i = 0; i < 100; i++) {
		/* Every tenth time so late that the one before is due, and a new connection is a first generation. */
		int64_t second = i * 20 + i / 10 * 100, now = second << 30;
		struct tomb tomb = {.hash = 5, .generation = i % 10 ? 2 : 1};
		const struct tomb_times times = {.now = now, .until = (uint32_t)second + 60};
		bool high;

		assert_int_equal(tombs_find(&tombs, &tuple, 5, now, &side) != NULL, i % 10 != 0);
		tomb.id = tomb_id(&tuple, &high);
		tomb.client_high = high;
		tombs_add(&tombs, &tomb, (uint64_t)i, &times);
		assert_int_equal(tombs_eseq(&tombs, tombs_find(&tombs, &tuple, 5, now, &side)), i);
	}
	tombs_fini(&tombs);
}

/* Chunks are large and connections seldom: who came long after the first of a chunk is remembered as long. */
static void seldom_ones_are_remembered_as_long(void **state)
{
	struct tombs tombs;
	struct tuple tuple = {.port = {40000, 80}};
	int side;

	(void)state;
	assert_true(tombs_init(&tombs, 16384));
	assert_true(tombs.chunk_bits > 6);
	for (uint32_t i = 0; i < 500; i++) {
		uint32_t second = i * 7, until = i % 5 ? second + 56 : second - second / 2;
		const struct tomb_times times = {.now = (int64_t)second << 30, .start = i, .until = until};
		struct tomb tomb = {.hash = i, .generation = 1}, *found;
		bool high;

		tuple.port[CLIENT] = (uint16_t)(i + 1);
		tomb.id = tomb_id(&tuple, &high);
		tomb.client_high = high;
		tombs_add(&tombs, &tomb, i, &times);
		for (uint32_t at = second; at < second + 70; at++) {
			found = tombs_find(&tombs, &tuple, i, (int64_t)at << 30, &side);
			assert_int_equal(found != NULL, at <= until);
			assert_true(!found || tombs_eseq(&tombs, found) == i);
			assert_true(!found || (tombs_start(&tombs, found) <= i && tombs_start(&tombs, found) + 20 > i));
		}
	}
	/* Two that are in use at a time, as each is closed after a minute, and one that is new. */
	assert_true(tombs.fresh <= 4);
	tombs_fini(&tombs);
}

static void counts_go_on_beyond_sixteen_bits(void **state)
{
	static struct rare rare[4];
	static struct rares pool = {rare, 1, 0};
	struct flow f;
	uint32_t sum = 0;

	(void)state;
	rare[0].pool = &pool;
	memset(&f, 0, sizeof(f));
	f.rare = rare;
	for (int i = 0; i < 200000; i++) {
		uint32_t more = i % 1000 ? 1 : dice(100000);

		flow_count_up(&f, SERVER, COUNT_SYN, more);
		sum += more;
		assert_int_equal(flow_count(&f, SERVER, COUNT_SYN), sum);
		assert_true(f.half[SERVER].n[COUNT_SYN] > 0);
		assert_true(flow_has_rare(&f) || sum <= UINT16_MAX);
	}
	flow_count_up(&f, SERVER, COUNT_SYN, 4000000000u - sum);
	assert_int_equal(flow_count(&f, SERVER, COUNT_SYN), 4000000000u);
	assert_int_equal(flow_count(&f, CLIENT, COUNT_SYN), 0);
	assert_int_equal(flow_count(&f, SERVER, COUNT_FIN), 0);
}

static void packets_go_on_beyond_thirty_two_bits(void **state)
{
	static struct rare rare[2];
	static struct rares pool = {rare, 1, 0};
	struct flow f;
	uint64_t sum = UINT32_MAX - 5;

	(void)state;
	rare[0].pool = &pool;
	memset(&f, 0, sizeof(f));
	f.rare = rare;
	f.half[CLIENT].packets = UINT32_MAX - 5;
	for (int i = 0; i < 100; i++) {
		uint32_t more = i % 10 ? 1 : 3000000000u;

		assert_true(flow_has_rare(&f) || sum <= UINT32_MAX);
		flow_packets_up(&f, CLIENT, more);
		sum += more;
		assert_true(flow_packets(&f, CLIENT) == sum);
		assert_true(f.half[CLIENT].packets > 0);
	}
	assert_true(flow_packets(&f, SERVER) == 0);
}

/* verdict_of() answers most packets without the table: never otherwise than the table would. */
static void short_cut_agrees_with_the_table(void **state)
{
	static const unsigned when[] = { 0, WHEN_ONE_WAY, WHEN_CAPTURE_LOSS, WHEN_SETTLED, WHEN_IDLE };
	int none = 0;

	(void)state;
	for (int i = 0; i < 300000; i++) {
		struct rare rare = {0};
		struct flow f;
		struct verdict quick, table;
		unsigned w = when[dice(5)];

		memset(&f, 0, sizeof(f));
		f.rare = &rare;
		f.first_fin = (uint8_t)dice(3);
		f.rst_side = (uint8_t)(dice(3) ? 2 : dice(2));
		f.origin = (uint8_t)dice(3);
		f.flags = dice(4) ? 0 : dice(UINT32_MAX) & dice(UINT32_MAX);
		for (int side = CLIENT; side <= SERVER; side++) {
			struct half *h = &f.half[side];

			h->flags = dice(UINT32_MAX) & dice(UINT32_MAX);
			h->packets = dice(4);
			rare.odd[side].rst = dice(3) ? 0 : dice(h->packets + 1);
			h->n[COUNT_SYNACK] = (uint16_t)dice(2);
			h->nxt = h->ack = dice(3);
		}
		quick = verdict_of(&f, w);
		table = verdict_by_table(&f, w);
		assert_int_equal(quick.rule, table.rule);
		assert_int_equal(quick.ending, table.ending);
		assert_int_equal(quick.confidence, table.confidence);
		none += quick.rule == 0;
	}
	assert_true(none > 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(index_holds_what_was_put_in),
		cmocka_unit_test(index_finds_among_many),
		cmocka_unit_test(timers_come_in_time_and_once),
		cmocka_unit_test(timers_come_in_pieces),
		cmocka_unit_test(changes_come_in_order_and_once),
		cmocka_unit_test(tombstones_are_found_until_they_are_due),
		cmocka_unit_test(the_last_generation_is_the_one_remembered),
		cmocka_unit_test(seldom_ones_are_remembered_as_long),
		cmocka_unit_test(counts_go_on_beyond_sixteen_bits),
		cmocka_unit_test(packets_go_on_beyond_thirty_two_bits),
		cmocka_unit_test(short_cut_agrees_with_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
