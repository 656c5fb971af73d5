/* Time series: what was booked is read, what was taken back is not, and running out is said. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store/series.h"
#include "util/err.h"

#define T0 INT64_C(1700000000)

static struct series_pool pool_new(uint32_t max)
{
	struct err err = ERR_INIT;
	struct series_pool p;

	assert_true(series_init(&p, max, &err));
	return p;
}

static uint32_t sum_of(const struct series_pool *p, uint32_t owner, enum series_line line,
	int64_t until, size_t steps)
{
	uint32_t step[SERIES_KEEP] = { 0 }, sum = 0;

	assert_true(series_read(p, owner, line, until, steps, step));
	for (size_t i = 0; i < steps; i++)
		sum += step[i];
	return sum;
}

static void booked_seconds_are_read(void **state)
{
	struct series_pool p = pool_new(4);
	uint32_t a = 0, step[3] = { 0 };

	series_book(&p, &a, SERIES_RST_SRV, T0, 2);
	series_book(&p, &a, SERIES_RST_SRV, T0 + 2, 70000);
	series_book(&p, &a, SERIES_RST_CLT, T0 + 1, 5);
	series_book(&p, &a, SERIES_RST_SRV, T0, 1);
	assert_true(series_read(&p, a, SERIES_RST_SRV, T0 + 2, 3, step));
	assert_int_equal(step[0], 3);
	assert_int_equal(step[1], 0);
	assert_int_equal(step[2], 70000);
	assert_int_equal(p.count, 1);
	series_fini(&p);
}

static void taken_back_where_it_was(void **state)
{
	struct series_pool p = pool_new(4);
	uint32_t a = 0, step[3] = { 0 };

	series_book(&p, &a, SERIES_GROUP, T0, 2);
	series_book(&p, &a, SERIES_GROUP, T0 + 2, 2);
	series_take(&p, &a, SERIES_GROUP, T0 + 2, 1);
	series_take(&p, &a, SERIES_GROUP, T0 + 1, 1); /* none there: the one before goes */
	assert_true(series_read(&p, a, SERIES_GROUP, T0 + 2, 3, step));
	assert_int_equal(step[0], 1);
	assert_int_equal(step[2], 1);
	series_fini(&p);
}

static void longest_unchanged_gives_way(void **state)
{
	struct series_pool p = pool_new(2);
	uint32_t a = 0, b = 0, c = 0, none = 0, step[1] = { 0 };

	series_book(&p, &a, SERIES_CT, T0, 1);
	series_book(&p, &b, SERIES_CT, T0, 1);
	series_book(&p, &a, SERIES_CT, T0, 1);
	series_book(&p, &c, SERIES_CT, T0, 1);
	assert_int_equal(b, SERIES_LOST);
	assert_false(series_read(&p, b, SERIES_CT, T0, 1, step));
	assert_true(series_read(&p, none, SERIES_CT, T0, 1, step));
	assert_int_equal(step[0], 0);
	assert_int_equal(sum_of(&p, a, SERIES_CT, T0, 1), 2);
	assert_int_equal(p.count, 2);

	/* It begins anew: from the next second on it is complete. */
	series_book(&p, &b, SERIES_CT, T0, 1);
	series_book(&p, &b, SERIES_CT, T0 + 1, 1);
	assert_false(series_read(&p, b, SERIES_CT, T0 + 1, 2, step));
	assert_int_equal(sum_of(&p, b, SERIES_CT, T0 + 1, 1), 1);
	series_fini(&p);
}

static void busy_one_pays_for_itself(void **state)
{
	struct series_pool p = pool_new(64); /* 128 chunks */
	uint32_t busy = 0, quiet = 0, step[1000] = { 0 };

	series_book(&p, &quiet, SERIES_CT, T0, 1);
	for (int64_t s = 0; s < 1000; s++)
		for (int line = 0; line < SERIES_LINES; line++)
			series_book(&p, &busy, (enum series_line)line, T0 + s, 2);
	assert_int_equal(sum_of(&p, quiet, SERIES_CT, T0, 1), 1);
	assert_int_equal(sum_of(&p, busy, SERIES_CT, T0 + 999, 100), 200);
	assert_false(series_read(&p, busy, SERIES_CT, T0 + 999, 1000, step));
	series_fini(&p);
}

#define SECONDS 12
#define EVENTS 600 /* few enough for one series */

/* Events that come one by one, several at a time, and go again are as many as in a table of them. */
static void some_are_exact_in_any_order(uint32_t x)
{
	uint32_t of[SERIES_LINES][SECONDS] = { { 0 } }, a = 0;
	struct series_pool p = pool_new(64);

	for (int i = 0; i < EVENTS; i++) {
		uint32_t line, second, n, step[SECONDS] = { 0 };

		x = x * 1664525u + 1013904223u;
		line = (x >> 8) % SERIES_LINES;
		second = (x >> 16) % SECONDS;
		n = x >> 24 & 7 ? 1 + (x >> 28) % 3 : x >> 28 ? 1 : 40000;
		if (i / 100 % 2 && of[line][second] >= n) {
			series_take(&p, &a, (enum series_line)line, T0 + second, n);
			of[line][second] -= n;
		} else {
			series_book(&p, &a, (enum series_line)line, T0 + second, n);
			of[line][second] += n;
		}
		assert_true(series_read(&p, a, (enum series_line)line, T0 + SECONDS - 1, SECONDS, step));
		assert_memory_equal(step, of[line], sizeof(step));
	}
	series_fini(&p);
}

static void counts_are_exact_in_any_order(void **state)
{
	(void)state;
	for (uint32_t x = 1; x <= 50; x++)
		some_are_exact_in_any_order(x);
}

/* A connection that opens and closes within a second, twenty times: no more than a cell for each. */
static void single_events_of_a_second_share_a_cell(void **state)
{
	struct series_pool p = pool_new(64);
	uint32_t a = 0;

	(void)state;
	for (int64_t s = 0; s < 20; s++)
		for (int line = 0; line < SERIES_LINES; line++)
			series_book(&p, &a, (enum series_line)line, T0 + s, 1);
	assert_int_equal(p.chunks_used, 1);
	/* What comes twice has a cell for itself, and the shared one is rid of it. */
	series_book(&p, &a, SERIES_CT, T0 + 19, 1);
	assert_int_equal(sum_of(&p, a, SERIES_CT, T0 + 19, 20), 21);
	series_take(&p, &a, SERIES_CT, T0 + 19, 2);
	assert_int_equal(sum_of(&p, a, SERIES_CT, T0 + 19, 20), 19);
	assert_int_equal(p.chunks_used, 1);
	series_fini(&p);
}

static void old_seconds_are_forgotten(void **state)
{
	struct series_pool p = pool_new(2);
	uint32_t a = 0;

	for (int64_t s = 0; s < 100; s++)
		series_book(&p, &a, SERIES_CT, T0 + s, 1);
	assert_int_equal(p.chunks_used, 4);
	for (int64_t s = 0; s < 108; s++)
		series_book(&p, &a, SERIES_CT, T0 + 2 * SERIES_KEEP + s, 1);
	assert_int_equal(p.chunks_used, 4);
	assert_int_equal(sum_of(&p, a, SERIES_CT, T0 + 2 * SERIES_KEEP + 107, SERIES_KEEP), 108);
	series_fini(&p);
}

static void merging_adds(void **state)
{
	struct series_pool p = pool_new(8);
	uint32_t a = 0, b = 0, c = 0, step[1] = { 0 };

	for (int64_t s = 0; s < 60; s++) {
		series_book(&p, &a, SERIES_CT, T0 + s, 1);
		series_book(&p, &b, SERIES_CT, T0 + s, 2);
	}
	series_merge(&p, &a, &b);
	assert_int_equal(a, SERIES_NONE);
	assert_int_equal(sum_of(&p, b, SERIES_CT, T0 + 59, 60), 180);
	series_merge(&p, &b, &c);
	assert_int_equal(b, SERIES_NONE);
	assert_int_equal(sum_of(&p, c, SERIES_CT, T0 + 59, 60), 180);
	assert_int_equal(p.count, 1);

	/* What it takes in may be incomplete; then it is too. */
	a = SERIES_LOST;
	series_merge(&p, &a, &c);
	assert_false(series_read(&p, c, SERIES_CT, T0 + 59, 1, step));
	series_fini(&p);
}

static void total_is_a_day_long(void **state)
{
	struct err err = ERR_INIT;
	struct series_total t;
	uint32_t step[4] = { 0 };

	assert_true(series_total_init(&t, &err));
	series_total_read(&t, SERIES_CT, T0, 4, step);
	assert_int_equal(step[3], 0);
	series_total_book(&t, SERIES_CT, T0, 3);
	series_total_book(&t, SERIES_CT, T0 - 2, 1);
	series_total_take(&t, SERIES_CT, T0, 1);
	series_total_read(&t, SERIES_CT, T0 + 1, 4, step);
	assert_int_equal(step[0], 1);
	assert_int_equal(step[2], 2);
	assert_int_equal(step[3], 0);
	series_total_book(&t, SERIES_CT, T0 + SERIES_TOTAL_STEPS - 1, 1);
	memset(step, 0, sizeof(step));
	series_total_read(&t, SERIES_CT, T0, 1, step);
	assert_int_equal(step[0], 2);
	series_total_book(&t, SERIES_CT, T0 + SERIES_TOTAL_STEPS, 1);
	memset(step, 0, sizeof(step));
	series_total_read(&t, SERIES_CT, T0, 1, step);
	assert_int_equal(step[0], 0);
	series_total_book(&t, SERIES_CT, T0, 1); /* too late */
	series_total_read(&t, SERIES_CT, T0 + SERIES_TOTAL_STEPS, 1, step);
	assert_int_equal(step[0], 1);
	series_total_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(booked_seconds_are_read),
		cmocka_unit_test(taken_back_where_it_was),
		cmocka_unit_test(longest_unchanged_gives_way),
		cmocka_unit_test(busy_one_pays_for_itself),
		cmocka_unit_test(counts_are_exact_in_any_order),
		cmocka_unit_test(single_events_of_a_second_share_a_cell),
		cmocka_unit_test(old_seconds_are_forgotten),
		cmocka_unit_test(merging_adds),
		cmocka_unit_test(total_is_a_day_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
