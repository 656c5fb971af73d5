/* Numbers, times and text in columns: tables of (input, expected). */
#include "config.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "util/fmt.h"
#include "util/str.h"
#include "util/utf8.h"

static void counts(void **state)
{
	static const struct {
		uint64_t n;
		size_t columns;
		const char *text;
	} t[] = {
		{0, 5, "0"}, {999, 3, "999"}, {9999, 4, "9999"}, {10000, 5, "10.0k"},
		{123460, 5, "123k"}, {12345, 5, "12.3k"}, {12345, 4, "12k"}, {99949, 5, "99.9k"}, {99950, 5, "100k"},
		{123456, 5, "123k"}, {999499, 5, "999k"}, {999500, 5, "1.0M"},
		{1234567, 4, "1.2M"}, {9949999, 4, "9.9M"}, {9950000, 4, "10M"},
		{12345678901, 5, "12.3G"}, {UINT64_MAX, 5, "18.4E"}, {1234, 3, "1k"},
	};
	char buf[FMT_TEXT];
	size_t i;

	for (i = 0; i < sizeof t / sizeof *t; i++)
		assert_string_equal(fmt_count(buf, t[i].n, t[i].columns), t[i].text);
}

/* Own digits say what printf says. */
static void digits_are_those_of_printf(void **state)
{
	char mine[FMT_UINT + 1], printed[64];
	uint64_t n = 0;

	for (int i = 0; i < 20000; i++) {
		*fmt_uint(mine, n) = '\0';
		snprintf(printed, sizeof printed, "%" PRIu64, n);
		assert_string_equal(mine, printed);
		*fmt_fixed(mine, n % 1000000000, 9) = '\0';
		snprintf(printed, sizeof printed, "%09" PRIu64, n % 1000000000);
		assert_string_equal(mine, printed);
		n = i < 1100 ? n + 1 : n * 6364136223846793005u + 1442695040888963407u;
		if (i > 1100 && i % 3 == 0)
			n >>= i % 61;
	}
	*fmt_uint(mine, UINT64_MAX) = '\0';
	assert_string_equal(mine, "18446744073709551615");
}

static void bytes_have_units(void **state)
{
	char buf[FMT_TEXT];

	assert_string_equal(fmt_bytes(buf, 1000), "1000 B");
	assert_string_equal(fmt_bytes(buf, 12300), "12.3 kB");
	assert_string_equal(fmt_bytes(buf, 3800000), "3.8 MB");
	assert_string_equal(fmt_bytes(buf, 999960), "1.0 MB");
	assert_string_equal(fmt_bytes(buf, UINT64_MAX), "18.4 EB");
}

static void durations(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} t[] = {
		{0, "0 s"}, {300, "300 ns"}, {19000, "19 us"}, {999499, "999 us"},
		{999500, "1.0 ms"}, {200600000, "200.6 ms"}, {999949999, "999.9 ms"},
		{999950000, "1.0 s"}, {38000000000, "38.0 s"}, {59949999999, "59.9 s"},
		{59950000000, "1m00s"}, {123000000000, "2m03s"}, {3599500000000, "1h00m"},
		{3720000000000, "1h02m"}, {273600000000000, "3d04h"}, {-19000, "-19 us"},
		{INT64_MIN, "-106751d23h"},
	};
	char buf[FMT_TEXT];
	size_t i;

	for (i = 0; i < sizeof t / sizeof *t; i++)
		assert_string_equal(fmt_duration(buf, t[i].ns), t[i].text);
}

static void ratios_and_shares(void **state)
{
	char buf[FMT_TEXT];

	assert_string_equal(fmt_ratio(buf, 0.5363), "0.54");
	assert_string_equal(fmt_ratio(buf, 1), "1.00");
	assert_string_equal(fmt_ratio(buf, 9.996), "10.0");
	assert_string_equal(fmt_ratio(buf, 12.345), "12.3");
	assert_string_equal(fmt_ratio(buf, 1234), "1234");
	assert_string_equal(fmt_ratio(buf, 12345), "12.3k");
	assert_string_equal(fmt_share(buf, 0), "0%");
	assert_string_equal(fmt_share(buf, 1e-9), "0.1%");
	assert_string_equal(fmt_share(buf, 0.004), "0.4%");
	assert_string_equal(fmt_share(buf, 0.76), "76%");
	assert_string_equal(fmt_share(buf, 0.9999), "99%");
	assert_string_equal(fmt_share(buf, 1), "100%");
}

static void times(void **state)
{
	char buf[FMT_TEXT];
	int64_t t = INT64_C(1795334400) * 1000000000 + 780370123;

	assert_string_equal(fmt_seconds(buf, t), "1795334400.780370123");
	assert_string_equal(fmt_seconds(buf, -1), "-0.000000001");
	assert_string_equal(fmt_date(buf, t), "2026-11-22");
	assert_string_equal(fmt_date(buf, t - INT64_C(28801) * 1000000000), "2026-11-21");
	assert_string_equal(fmt_clock(buf, t, 6), "08:00:00.780370");
	assert_string_equal(fmt_clock(buf, t, 0), "08:00:00");
	assert_string_equal(fmt_clock(buf, -1, 2), "23:59:59.99");
	assert_string_equal(fmt_date(buf, -1), "1969-12-31");
	assert_string_equal(fmt_date(buf, INT64_C(951782400) * 1000000000), "2000-02-29");
}

static void endpoints(void **state)
{
	struct str s = STR_INIT;

	fmt_endpoint(&s, "10.0.0.5", 1194);
	str_add_char(&s, ' ');
	fmt_endpoint(&s, "fd77::2", 443);
	str_add_char(&s, ' ');
	fmt_endpoint(&s, "fd77::2", 0);
	assert_string_equal(s.s, "10.0.0.5:1194 [fd77::2]:443 fd77::2");
	str_free(&s);
}

static void middle_is_cut_and_width_is_kept(void **state)
{
	static const struct {
		const char *text;
		size_t columns;
		const char *dots, *expected;
	} t[] = {
		{"10.0.0.5", 8, "…", "10.0.0.5"},
		{"2001:db8:85a3::8a2e:370:7334", 15, "…", "2001:db…70:7334"},
		{"2001:db8:85a3::8a2e:370:7334", 14, "~", "2001:db~0:7334"},
		{"abcdef", 2, "…", "a…"}, {"abcdef", 1, "…", "a"}, {"abcdef", 0, "…", ""},
	};
	size_t i;

	for (i = 0; i < sizeof t / sizeof *t; i++) {
		struct str s = STR_INIT;

		str_clear(&s);
		fmt_middle(&s, t[i].text, t[i].columns, t[i].dots);
		assert_string_equal(s.s ? s.s : "", t[i].expected);
		str_free(&s);
	}
}

static void decodes_strictly(void **state)
{
	const char *s = "a\xc3\xa9\xe2\x88\x9e\xf0\x9f\x98\x80\xc0\x80\xed\xa0\x80\xe2\x88";
	static const uint32_t expected[] = {'a', 0xe9, 0x221e, 0x1f600, 0xfffd, 0xfffd, 0xfffd,
		0xfffd, 0xfffd, 0xfffd, 0xfffd, 0};
	size_t i;

	for (i = 0; i < sizeof expected / sizeof *expected; i++)
		assert_int_equal(utf8_next(&s), expected[i]);
	assert_int_equal(*s, 0);
}

static void every_character_survives_a_round_trip(void **state)
{
	uint32_t ch;

	for (ch = 1; ch <= 0x10ffff; ch++) {
		char buf[5] = "";
		const char *p = buf;
		size_t n;

		if (ch >= 0xd800 && ch <= 0xdfff)
			continue;
		n = utf8_encode(ch, buf);
		assert_int_equal(utf8_next(&p), ch);
		assert_int_equal(p - buf, n);
	}
}

static void widths_clip_and_pad(void **state)
{
	struct str s = STR_INIT;

	assert_int_equal(utf8_width("abc"), 3);
	assert_int_equal(utf8_width("e\xcc\x81\xe2\x88\x9e"), 2);
	assert_int_equal(utf8_width("日本"), 4);
	assert_int_equal(utf8_clip("日本", 3), 3);
	assert_int_equal(utf8_clip("e\xcc\x81x", 1), 3);
	utf8_pad(&s, "日本", 3, false);
	str_add_char(&s, '|');
	utf8_pad(&s, "12", 4, true);
	str_add_char(&s, '|');
	utf8_pad(&s, "", 2, false);
	assert_string_equal(s.s, "日 |  12|  ");
	str_free(&s);
}

static void escapes_what_could_harm_a_terminal(void **state)
{
	struct str s = STR_INIT;

	utf8_escape(&s, "a\x1b[2J\0\xff\xc2\x9b\xe2\x88\x9e", 12);
	assert_string_equal(s.s, "a\\x1b[2J\\x00\\xff\\xc2\\x9b∞");
	str_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts),
		cmocka_unit_test(digits_are_those_of_printf),
		cmocka_unit_test(bytes_have_units),
		cmocka_unit_test(durations),
		cmocka_unit_test(ratios_and_shares),
		cmocka_unit_test(times),
		cmocka_unit_test(endpoints),
		cmocka_unit_test(middle_is_cut_and_width_is_kept),
		cmocka_unit_test(decodes_strictly),
		cmocka_unit_test(every_character_survives_a_round_trip),
		cmocka_unit_test(widths_clip_and_pad),
		cmocka_unit_test(escapes_what_could_harm_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
