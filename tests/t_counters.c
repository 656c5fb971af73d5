/* What one connection counts for. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/connection.h"
#include "model/counters.h"

static struct counters count(const struct connection *c)
{
	struct counters n;

	counters_of_connection(c, &n);
	return n;
}

static uint64_t group_sum(const struct counters *n)
{
	uint64_t sum = 0;

	for (int g = 1; g < GROUP_COUNT; g++)
		sum += counters_group(n, (enum ending_group)g);
	return sum;
}

static void every_ending_counts_once(void **state)
{
	for (int origin = 0; origin < 3; origin++) {
		for (int e = 0; e < 2 * ENDING_COUNT; e++) {
			struct connection c = { .origin = (uint8_t)origin,
				.ending = (uint8_t)(e / 2),
				.attributes = e & 1 ? ATTRIBUTE_BIT(DELIVERED) : 0 };
			struct counters n = count(&c);
			enum ending_group g = connection_group(&c);
			uint64_t endings = 0;

			for (int k = COUNTER_ENDINGS; k < COUNTER_COUNT; k++)
				endings += n.n[k];
			assert_int_equal(endings, c.ending != ENDING_NONE);
			assert_int_equal(n.n[COUNTER_OPEN], c.ending == ENDING_NONE);
			assert_int_equal(n.n[COUNTER_ATTEMPTS] + n.n[COUNTER_MID] +
					n.n[COUNTER_OTHER],
				1);
			assert_int_equal(group_sum(&n), endings);
			if (g != GROUP_NONE)
				assert_int_equal(counters_group(&n, g), 1);
		}
	}
}

static void delivered_abort_is_no_fault(void **state)
{
	struct connection c = { .origin = ORIGIN_ATTEMPT, .established = 1,
		.ending = ENDING_SERVER_ABORT };
	struct counters n = count(&c);

	assert_int_equal(n.n[COUNTER_BAD], 1);
	assert_int_equal(counters_group(&n, GROUP_ABORTED_SERVER), 1);
	c.attributes = ATTRIBUTE_BIT(DELIVERED);
	n = count(&c);
	assert_int_equal(n.n[COUNTER_BAD], 0);
	assert_int_equal(n.n[COUNTER_DELIVERED], 1);
	assert_int_equal(counters_group(&n, GROUP_ABORTED_SERVER), 0);
	assert_int_equal(counters_group(&n, GROUP_ABORTED_CLIENT), 0);
	assert_int_equal(counters_group(&n, GROUP_OK), 1);
	assert_int_equal(connection_group(&c), GROUP_OK);

	/* What is no abort by a side stays what it is. */
	c.ending = ENDING_IDLE_RESET;
	n = count(&c);
	assert_int_equal(n.n[COUNTER_BAD], 1);
	assert_int_equal(counters_group(&n, GROUP_PATH), 1);
}

static void handshakes_are_those_of_attempts(void **state)
{
	struct connection c = { .origin = ORIGIN_ATTEMPT };
	struct counters n = count(&c);

	assert_int_equal(n.n[COUNTER_ATTEMPTS_DONE], 0);
	c.established = 1;
	n = count(&c);
	assert_int_equal(n.n[COUNTER_CT], 1);
	assert_int_equal(n.n[COUNTER_ATTEMPTS_DONE], 1);
	assert_int_equal(n.n[COUNTER_CT_DONE], 0);
	c.ending = ENDING_GRACEFUL;
	n = count(&c);
	assert_int_equal(n.n[COUNTER_CT_DONE], 1);
	assert_int_equal(n.n[COUNTER_BAD], 0);
	c.origin = ORIGIN_MIDSTREAM;
	n = count(&c);
	assert_int_equal(n.n[COUNTER_CT], 0);
	assert_int_equal(n.n[COUNTER_MID], 1);
	assert_int_equal(n.n[COUNTER_ATTEMPTS_DONE], 0);
	c = (struct connection){ .origin = ORIGIN_ATTEMPT, .ending = ENDING_REFUSED };
	n = count(&c);
	assert_int_equal(n.n[COUNTER_ATTEMPTS_DONE], 1);
	assert_int_equal(n.n[COUNTER_CT_DONE], 0);
}

static void gauges_are_of_open_ones(void **state)
{
	struct connection c = { 0 };
	struct counters n;

	c.side[CLIENT].state = STATE_FIN_WAIT_2;
	c.side[SERVER].state = STATE_CLOSE_WAIT;
	n = count(&c);
	assert_int_equal(n.n[COUNTER_FIN_WAIT], 1);
	assert_int_equal(n.n[COUNTER_CLOSE_WAIT], 1);
	c.ending = ENDING_HALF_CLOSED;
	n = count(&c);
	assert_int_equal(n.n[COUNTER_FIN_WAIT], 0);
	assert_int_equal(n.n[COUNTER_CLOSE_WAIT], 0);
	c.side[CLIENT].state = STATE_TIME_WAIT;
	n = count(&c);
	assert_int_equal(n.n[COUNTER_TIME_WAIT], 1);
}

static void packets_go_to_their_side(void **state)
{
	struct connection c = { 0 };
	struct counters n, other;

	c.side[CLIENT].rst = 10;
	c.side[CLIENT].rst_uniq = 1;
	c.side[SERVER].syn = 2;
	c.side[SERVER].synack = 2;
	c.side[CLIENT].rst_path = 1;
	c.side[SERVER].rst_path = 2;
	n = count(&c);
	assert_int_equal(n.n[COUNTER_RST_CLT], 10);
	assert_int_equal(n.n[COUNTER_RST_SRV], 0);
	assert_int_equal(n.n[COUNTER_RST_UNIQ_CLT], 1);
	assert_int_equal(n.n[COUNTER_SYN_SRV], 2);
	assert_int_equal(n.n[COUNTER_SYNACK_SRV], 2);
	assert_int_equal(n.n[COUNTER_RST_PATH], 3);
	other = n;
	counters_add(&other, &n);
	assert_int_equal(other.n[COUNTER_RST_CLT], 20);
	counters_subtract(&other, &n);
	assert_memory_equal(&other, &n, sizeof(n));
	counters_of_packets(&c, &n);
	assert_int_equal(n.n[COUNTER_RST_CLT], 10);
	assert_int_equal(n.n[COUNTER_OPEN], 0);
}

static void every_counter_has_a_name(void **state)
{
	for (int i = 0; i < COUNTER_COUNT; i++) {
		assert_non_null(counter_info[i].name);
		assert_string_not_equal(counter_info[i].gist, "");
		for (int k = 0; k < i; k++)
			assert_string_not_equal(counter_info[i].name, counter_info[k].name);
	}
	assert_string_equal(counter_info[counter_of_ending(ENDING_REFUSED)].name, "refused");
	assert_string_equal(counter_info[counter_of_ending(ENDING_UNKNOWN)].name, "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_ending_counts_once),
		cmocka_unit_test(delivered_abort_is_no_fault),
		cmocka_unit_test(handshakes_are_those_of_attempts),
		cmocka_unit_test(gauges_are_of_open_ones),
		cmocka_unit_test(packets_go_to_their_side),
		cmocka_unit_test(every_counter_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
