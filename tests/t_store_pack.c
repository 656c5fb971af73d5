/* Packed connections: whatever goes in comes out. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store/pack.h"
#include "store/record.h"
#include "store/shape.h"
#include "store_random.h"
#include "util/clock.h"
#include "util/err.h"

static void assert_same(const struct connection *a, const struct connection *b)
{
	for (int i = 0; i < 2; i++) {
		assert_memory_equal(&a->tuple.addr[i], &b->tuple.addr[i], 16);
		assert_int_equal(a->tuple.port[i], b->tuple.port[i]);
	}
	/* Both were zeroed before they were filled, padding too. */
	assert_memory_equal(a, b, sizeof(*a));
}

/* whole: the first that ended has times in whole microseconds. */
static void check_records(bool whole)
{
	struct err err = ERR_INIT;
	struct records r;
	struct random rnd = { 7 };
	struct connection first;

	assert_true(records_init(&r, 32, 32, &err));
	random_connection(&rnd, &first, 0);
	first.start = first.last = first.ended = INT64_C(1700000000123456000) + !whole;
	record_set(&r, 40, &first);
	assert_int_equal(r.stride, whole ? 56 : 60);
	for (int i = 0; i < 20000; i++) {
		struct connection in, out;
		uint32_t ref = random_below(&rnd, 64);

		random_connection(&rnd, &in, i % 4);
		in.uid = (uint64_t)i + 1;
		record_set(&r, ref, &in);
		memset(&out, 0, sizeof(out));
		record_get(&r, ref, &out);
		assert_same(&in, &out);
		assert_int_equal(record_find(&r, 0, 64, in.uid), ref);
	}
	for (uint32_t i = 0; i < 64; i++)
		record_clear(&r, i);
	assert_int_equal(r.spill.used, 0);
	for (int i = 0; i < 20000; i++)
		assert_int_equal(record_find(&r, 0, 64, (uint64_t)i + 1), RECORD_NONE);
	records_fini(&r);
}

static void comes_out_as_it_went_in(void **state)
{
	check_records(false);
	check_records(true);
}

/* Octets packed, of n with whole microseconds or with nanoseconds, as devices say them. */
static double mean_size(struct random *rnd, bool v6, bool ns)
{
	const int64_t start = INT64_C(1700000000) * NS_PER_SEC;
	size_t sum = 0, n = 1000;

	for (size_t i = 0; i < n; i++) {
		uint8_t bytes[PACK_MAX];
		struct shape shape;
		struct connection c;
		int64_t off;

		usual_connection(rnd, &c, v6);
		off = ns ? 0 : c.start % NS_PER_US;
		c.start -= off;
		c.last -= off;
		c.ended -= off;
		c.time_wait_until -= off;
		sum += pack_connection(&c, start, &shape, bytes);
	}
	return (double)sum / (double)n;
}

static void usual_connections_are_small(void **state)
{
	struct random rnd = { 9 };

	assert_true(mean_size(&rnd, false, false) <= RECORD_BODY - 1);
	assert_true(mean_size(&rnd, false, true) <= RECORD_BODY + 1);
	assert_true(mean_size(&rnd, true, true) <= RECORD_BODY + 25);
}

static void shapes_are_shared(void **state)
{
	struct err err = ERR_INIT;
	struct records r;
	struct random rnd = { 13 };
	struct connection c;

	assert_true(records_init(&r, 0, 1000, &err));
	for (uint32_t i = 0; i < 1000; i++) {
		usual_connection(&rnd, &c, i & 1);
		c.uid = i + 1;
		record_set(&r, i, &c);
	}
	assert_in_range(r.shapes.used, 2, 150);
	for (uint32_t i = 0; i < 1000; i++)
		record_clear(&r, i);
	assert_int_equal(r.shapes.users, 0);
	records_fini(&r);
}

/* More shapes than there are numbers: the rest carry their own. */
static void shapes_run_out(void **state)
{
	enum { N = SHAPES_MAX + 3000 };
	struct err err = ERR_INIT;
	struct records r;
	struct random rnd = { 17 };

	assert_true(records_init(&r, 100, N - 100, &err));
	for (int round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < N; i++) {
			struct connection in, out;

			random_connection(&rnd, &in, 0);
			in.uid = i + 1;
			in.evidence = (uint64_t)round << 32 | i;
			record_set(&r, i, &in);
			memset(&out, 0, sizeof(out));
			record_get(&r, i, &out);
			assert_same(&in, &out);
			assert_true(record_is(&r, i, in.uid));
		}
		assert_int_equal(r.shapes.used, SHAPES_MAX);
	}
	for (uint32_t i = 0; i < N; i++)
		record_clear(&r, i);
	assert_int_equal(r.shapes.users, 0);
	assert_int_equal(r.spill.used, 0);
	records_fini(&r);
}

/* The whole uid counts, though a record has only half of it by itself. */
static void uids_are_told_apart(void **state)
{
	static const uint64_t uid[] = { 1, UINT64_C(1) << 32, (UINT64_C(1) << 32) + 1, UINT64_C(3) << 56 | 1,
		UINT64_MAX };
	enum { N = sizeof(uid) / sizeof(uid[0]) };
	struct err err = ERR_INIT;
	struct records r;
	struct random rnd = { 19 };

	assert_true(records_init(&r, 2, 3, &err));
	for (uint32_t i = 0; i < N; i++) {
		struct connection c;

		random_connection(&rnd, &c, 3);
		c.uid = uid[i];
		assert_false(record_used(&r, i));
		record_set(&r, i, &c);
		assert_true(record_used(&r, i));
	}
	for (uint32_t i = 0; i < N; i++) {
		assert_int_equal(record_find(&r, 0, N, uid[i]), i);
		assert_int_equal(record_uid(&r, i), uid[i]);
		for (uint32_t k = 0; k < N; k++)
			assert_int_equal(record_is(&r, i, uid[k]), i == k);
	}
	assert_int_equal(record_find(&r, 1, 3, uid[0]), RECORD_NONE);
	records_fini(&r);
}

static void one_record_changes_size(void **state)
{
	struct err err = ERR_INIT;
	struct records r;
	struct random rnd = { 11 };
	struct connection c, out;

	assert_true(records_init(&r, 1, 0, &err));
	for (int i = 0; i < 1000; i++) {
		random_connection(&rnd, &c, i & 1 ? 3 : 0);
		c.uid = 5;
		record_set(&r, 0, &c);
		memset(&out, 0, sizeof(out));
		record_get(&r, 0, &out);
		assert_same(&c, &out);
		assert_true(r.spill.used <= 30);
	}
	record_clear(&r, 0);
	assert_int_equal(r.spill.used, 0);
	assert_int_equal(r.spill.slabs, 1);
	records_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_out_as_it_went_in),
		cmocka_unit_test(usual_connections_are_small),
		cmocka_unit_test(shapes_are_shared),
		cmocka_unit_test(shapes_run_out),
		cmocka_unit_test(uids_are_told_apart),
		cmocka_unit_test(one_record_changes_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
