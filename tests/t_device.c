/* Which device is taken, how long it is left alone, and what is advised when it cannot be opened. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "capture/device.h"
#include "capture/nap.h"
#include "util/err.h"
#include "util/str.h"

/* Longer while the buffer stays nearly empty, never longer than the screen may lag, none where few packets come. */
static void naps(void **state)
{
	struct nap n = { 0 }, small = { 0 };
	int ms = 0, before;

	nap_for(&n, 64 << 20, 384);
	assert_int_equal(nap_length(&n, 10, 100), 0);
	for (int i = 0; i < 9; i++) {
		before = ms;
		ms = nap_length(&n, 4000, 100);
		assert_true(ms >= before && ms <= 50);
	}
	assert_int_equal(ms, 50);
	/* Half as long while more than a quarter fills, down to what the buffer outlasts in any case. */
	assert_int_equal(nap_length(&n, 40000, 100), 25);
	for (int i = 0; i < 9; i++)
		ms = nap_length(&n, 40000, 100);
	assert_int_equal(ms, 10);
	assert_int_equal(nap_length(&n, 20000, 100), 10);
	assert_int_equal(nap_length(&n, 1000, 100), 20);
	nap_was_cut(&n);
	assert_int_equal(nap_length(&n, 1000, 100), 10);
	assert_int_equal(nap_length(&n, 1000, 15), 15);
	assert_int_equal(nap_length(&n, 1000, 5), 0);
	assert_int_equal(nap_length(&n, 10, 100), 0);
	/* The least buffer counts; one that a moment fills allows none. */
	nap_for(&small, 64 << 20, 384);
	nap_for(&small, 8 << 20, 65535);
	assert_int_equal(nap_length(&small, 300, 100), 2);
	assert_int_equal(nap_length(&small, 300, 100), 2);
	nap_for(&small, 2 << 20, 384);
	assert_int_equal(nap_length(&small, 300, 100), 0);
}

static void device_of_the_default_route(void **state)
{
	static const char v4[] =
		"Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
		"wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
		"eth0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0\n"
		"eth1\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
		"eth2\t00000000\t0100000A\t0203\t0\t0\t1\t00000000\t0\t0\t0\n";
	static const char v6[] =
		"fe800000000000000000000000000000 40 00000000000000000000000000000000 00 "
		"00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n"
		"00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
		"fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth5\n"
		"00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
		"00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n";
	char *name = device_of_route(v4);

	assert_string_equal(name, "eth1");
	free(name);
	name = device_of_route6(v6);
	assert_string_equal(name, "eth5");
	free(name);
	assert_null(device_of_route("Iface\tDestination\n"));
	assert_null(device_of_route6(""));
}

static void advice_repeats_the_command(void **state)
{
	char name[] = "tcptop", i[] = "-i", eth0[] = "eth0", host[] = "host 10.0.0.5", its[] = "it's";
	char *argv[] = { name, i, eth0, host, its };
	struct err err = { .code = 1, .text = "" }; /* EPERM */
	struct str text = STR_INIT;

	device_advice(&err, 5, argv, &text);
	assert_string_equal(text.s, "  sudo setcap cap_net_raw+ep $(command -v tcptop)\n"
				    "  sudo tcptop -i eth0 'host 10.0.0.5' 'it'\\''s'\n");
	str_clear(&text);
	err.code = 0;
	device_advice(&err, 5, argv, &text);
	assert_string_equal(text.s, "");
	str_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(naps),
		cmocka_unit_test(device_of_the_default_route),
		cmocka_unit_test(advice_repeats_the_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
