/* Options: values, ranges, who overrides whom, and what the words of an error say. */
#include "config.h"

#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli.h"
#include "conf.h"
#include "util/err.h"
#include "util/str.h"

static void times_and_sizes(void **state)
{
	static const struct {
		const char *text;
		int64_t ns;
	} times[] = {
		{ "10s", INT64_C(10000000000) },
		{ "10", INT64_C(10000000000) },
		{ "1.5s", INT64_C(1500000000) },
		{ "0.000000001s", 1 },
		{ "250ms", 250000000 },
		{ "7us", 7000 },
		{ "3ns", 3 },
		{ "5m", INT64_C(300000000000) },
		{ "2h", INT64_C(7200000000000) },
		{ "1d", INT64_C(86400000000000) },
	};
	static const char *const bad[] = { "", "s", "-1s", "1x", "1.s", "1 s", "1.5ns",
		"99999999999999999999", "9223372036854775807d", "1e3", "0x10", "1,5s" };
	int64_t n;

	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		assert_true(parse_time(times[i].text, &n));
		assert_int_equal(n, times[i].ns);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(parse_time(bad[i], &n));
	assert_true(parse_size("64K", &n));
	assert_int_equal(n, 65536);
	assert_true(parse_size("1.5g", &n));
	assert_int_equal(n, INT64_C(1610612736));
	assert_true(parse_size("17", &n));
	assert_int_equal(n, 17);
	assert_false(parse_size("1.5", &n));
	assert_false(parse_size("9999999T", &n));
}

/* A value as printed is the value again: 60s may come back as 1m. */
static void every_default_survives_printing(void **state)
{
	struct conf c;

	conf_init(&c);
	for (enum option_id id = 0; id < OPTION_COUNT; id++) {
		struct err err = ERR_INIT;
		struct str text = STR_INIT, again = STR_INIT;

		if (option_info[id].kind == OPTION_HEADING || !option_info[id].initial[0])
			continue;
		assert_true(conf_set(&c, id, option_info[id].initial, CONF_ARGV, &err));
		conf_value(&c, id, &text);
		assert_true(conf_set(&c, id, text.s, CONF_ARGV, &err));
		conf_value(&c, id, &again);
		assert_string_equal(text.s, again.s);
		str_free(&text);
		str_free(&again);
	}
	assert_int_equal(c.time_wait, INT64_C(60000000000));
	assert_int_equal(c.buffer, 64 << 20);
	conf_fini(&c);
}

static void names_and_letters_are_unique(void **state)
{
	for (enum option_id a = 0; a < OPTION_COUNT; a++)
		for (enum option_id b = a + 1; b < OPTION_COUNT; b++) {
			if (option_info[a].kind == OPTION_HEADING || option_info[b].kind == OPTION_HEADING)
				continue;
			assert_string_not_equal(option_info[a].name, option_info[b].name);
			assert_false(option_info[a].letter && option_info[a].letter == option_info[b].letter);
		}
}

static void faults_name_the_option_and_what_was_expected(void **state)
{
	static const struct {
		enum option_id id;
		const char *text, *part;
	} faults[] = {
		{ OPTION_delay, "soon", "--delay: expected a time such as 500ms" },
		{ OPTION_delay, "1ms", "--delay: expected 100ms to 1h, not '1ms'" },
		{ OPTION_max_connections, "5", "--max-connections: expected 16 to 16777216" },
		{ OPTION_max_connections, "ten", "a whole number" },
		{ OPTION_max_memory, "1M", "--max-memory: expected 16M or more" },
		{ OPTION_threads, "0", "--threads: expected 1 to 64, not '0' (threads that read" },
		{ OPTION_output, "xml", "--output: expected one of table|csv|json, not 'xml'" },
		{ OPTION_output, "", "table|csv|json" },
		{ OPTION_read, "", "--read: expected FILE" },
		{ OPTION_ascii, "perhaps", "--ascii: expected yes or no" },
	};
	struct conf c;

	conf_init(&c);
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		struct err err = ERR_INIT;

		assert_false(conf_set(&c, faults[i].id, faults[i].text, CONF_ARGV, &err));
		assert_non_null(strstr(err.text, faults[i].part));
	}
	conf_fini(&c);
}

static void the_command_line_goes_before_the_file(void **state)
{
	struct err err = ERR_INIT;
	struct conf c;

	conf_init(&c);
	assert_true(conf_set(&c, OPTION_delay, "3s", CONF_ARGV, &err));
	assert_true(conf_set(&c, OPTION_delay, "7s", CONF_RC, &err));
	assert_int_equal(c.delay, INT64_C(3000000000));
	assert_false(conf_set(&c, OPTION_delay, "never", CONF_RC, &err));
	assert_true(conf_set(&c, OPTION_view, "clients", CONF_RC, &err));
	assert_string_equal(c.view, "clients");
	conf_fini(&c);
}

static int parse(struct conf *c, const char *line)
{
	static char text[256];
	char *argv[16] = { (char *)"tcptop" };
	int argc = 1;

	snprintf(text, sizeof text, "%s", line);
	for (char *p = strtok(text, " "); p; p = strtok(NULL, " "))
		argv[argc++] = p;
	conf_init(c);
	optind = 0;
	return cli_parse(c, argc, argv);
}

static void argv_becomes_options(void **state)
{
	struct conf c;

	assert_int_equal(parse(&c, "-b -i eth0 -i lo -v clients host 10.0.0.5 --limit=7"), EXIT_DONE);
	assert_true(c.batch);
	assert_int_equal(c.interface.n, 2);
	assert_string_equal(c.interface.item[1], "lo");
	assert_string_equal(c.capture_filter, "host 10.0.0.5");
	assert_int_equal(c.limit, 7);
	conf_fini(&c);
	assert_int_equal(parse(&c, "-N -n"), EXIT_DONE);
	assert_false(c.names);
	conf_fini(&c);
	assert_int_equal(parse(&c, "-r - -- -not-an-option"), EXIT_DONE);
	assert_string_equal(c.read.item[0], "-");
	assert_string_equal(c.capture_filter, "-not-an-option");
	conf_fini(&c);
}

static void faults_of_argv_have_their_exit_codes(void **state)
{
	static const struct {
		const char *line;
		int status;
	} cases[] = {
		{ "--no-such-option", EXIT_USAGE },
		{ "-y", EXIT_USAGE },
		{ "-b -r", EXIT_CANNOT },
		{ "--read", EXIT_CANNOT },
		{ "--batch=yes", EXIT_CANNOT },
		{ "-d soon", EXIT_CANNOT },
		{ "-f tcp port 80", EXIT_CANNOT },
	};
	struct conf c;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(parse(&c, cases[i].line), cases[i].status);
		conf_fini(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_and_sizes),
		cmocka_unit_test(every_default_survives_printing),
		cmocka_unit_test(names_and_letters_are_unique),
		cmocka_unit_test(faults_name_the_option_and_what_was_expected),
		cmocka_unit_test(the_command_line_goes_before_the_file),
		cmocka_unit_test(argv_becomes_options),
		cmocka_unit_test(faults_of_argv_have_their_exit_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
