/* Packed connections: whatever goes in comes out. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store/record.h"
#include "store_random.h"
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

static void comes_out_as_it_went_in(void **state)
{
	struct err err = ERR_INIT;
	struct records r;
	struct random rnd = { 7 };

	assert_true(records_init(&r, 64, &err));
	for (int i = 0; i < 20000; i++) {
		struct connection in, out;
		uint32_t ref = random_below(&rnd, 64);

		random_connection(&rnd, &in, i % 4);
		in.uid = (uint64_t)i + 1;
		record_set(&r, ref, &in);
		memset(&out, 0, sizeof(out));
		record_get(&r, ref, &out);
		assert_same(&in, &out);
		assert_int_equal(record_find(&r, in.uid), ref);
	}
	for (uint32_t i = 0; i < 64; i++)
		record_clear(&r, i);
	assert_int_equal(r.spills, 0);
	for (int i = 0; i < 20000; i++)
		assert_int_equal(record_find(&r, (uint64_t)i + 1), RECORD_NONE);
	records_fini(&r);
}

static void usual_connections_are_small(void **state)
{
	struct err err = ERR_INIT;
	struct records r;
	struct random rnd = { 9 };
	struct connection c;

	assert_true(records_init(&r, 2000, &err));
	for (uint32_t i = 0; i < 1000; i++) {
		usual_connection(&rnd, &c, false);
		c.uid = i + 1;
		record_set(&r, i, &c);
	}
	assert_true(r.spills <= 20);
	for (uint32_t i = 1000; i < 2000; i++) {
		usual_connection(&rnd, &c, true);
		c.uid = i + 1;
		record_set(&r, i, &c);
	}
	/* 128 octets and one block of 32: 160 with IPv6. */
	assert_true(r.spills <= 1050);
	records_fini(&r);
}

static void one_record_changes_size(void **state)
{
	struct err err = ERR_INIT;
	struct records r;
	struct random rnd = { 11 };
	struct connection c, out;

	assert_true(records_init(&r, 1, &err));
	for (int i = 0; i < 1000; i++) {
		random_connection(&rnd, &c, i & 1 ? 3 : 0);
		c.uid = 5;
		record_set(&r, 0, &c);
		memset(&out, 0, sizeof(out));
		record_get(&r, 0, &out);
		assert_same(&c, &out);
		assert_true(r.spills <= 30);
	}
	record_clear(&r, 0);
	assert_int_equal(r.spills, 0);
	assert_int_equal(r.slabs, 1);
	records_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_out_as_it_went_in),
		cmocka_unit_test(usual_connections_are_small),
		cmocka_unit_test(one_record_changes_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
