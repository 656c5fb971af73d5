/* Addresses as text and as order. */
#include "config.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/tuple.h"

static void text_follows_rfc5952(void **state)
{
	static const char *const rows[][2] = {
		{"10.0.0.1", "10.0.0.1"},
		{"::", "::"},
		{"::1", "::1"},
		{"1::", "1::"},
		{"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
		{"2001:0db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
		{"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
		{"fe80:0:0:0:AB:0:0:1", "fe80::ab:0:0:1"},
		{"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
		{"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
		{"::ffff:1.2.3.4", "1.2.3.4"},
	};
	char buf[ADDR_TEXT];
	struct addr a;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(addr_parse(rows[i][0], &a));
		assert_string_equal(addr_text(&a, buf), rows[i][1]);
	}
	assert_false(addr_parse("10.0.0", &a));
	assert_false(addr_parse("example", &a));
}

/* The C library knows the rule as well, but for addresses that it takes for IPv4 in disguise. */
static void text_is_that_of_the_c_library(void **state)
{
	char buf[ADDR_TEXT], theirs[INET6_ADDRSTRLEN];
	uint64_t x = 1;

	for (int n = 0; n < 50000; n++) {
		struct addr a;
		bool v6 = n & 1;

		for (int i = 0; i < 16; i++) {
			x = x * 6364136223846793005u + 1442695040888963407u;
			a.b[i] = x >> 40 & 3 ? 0 : (uint8_t)(x >> 56);
		}
		a.b[0] |= 0x20;
		if (!v6)
			a = addr_from_v4(a.b + 4);
		assert_non_null(v6 ? inet_ntop(AF_INET6, a.b, theirs, sizeof(theirs))
				   : inet_ntop(AF_INET, a.b + 12, theirs, sizeof(theirs)));
		assert_string_equal(addr_text(&a, buf), theirs);
	}
}

static void order_is_v4_first_then_numbers(void **state)
{
	static const char *const rows[] = {"9.0.0.1", "10.0.0.1", "10.0.0.2", "::1", "2001:db8::1"};
	struct addr a, b;
	size_t i;

	for (i = 0; i + 1 < sizeof(rows) / sizeof(rows[0]); i++) {
		addr_parse(rows[i], &a);
		addr_parse(rows[i + 1], &b);
		assert_true(addr_compare(&a, &b) < 0);
		assert_true(addr_compare(&b, &a) > 0);
		assert_int_equal(addr_compare(&a, &a), 0);
	}
}

static void networks_by_bits(void **state)
{
	struct addr a, net;

	addr_parse("10.1.2.3", &a);
	addr_parse("10.1.0.0", &net);
	assert_true(addr_in_net(&a, &net, 96 + 16));
	assert_false(addr_in_net(&a, &net, 96 + 24));
	assert_true(addr_in_net(&a, &net, 96 + 22));
	addr_parse("fd00::1", &a);
	assert_false(addr_in_net(&a, &net, 96));
	assert_true(addr_in_net(&a, &net, 0));
	assert_false(addr_in_net(&a, &net, 129));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_follows_rfc5952),
		cmocka_unit_test(text_is_that_of_the_c_library),
		cmocka_unit_test(order_is_v4_first_then_numbers),
		cmocka_unit_test(networks_by_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
