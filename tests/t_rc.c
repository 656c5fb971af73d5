/* The configuration file: what it sets, and the warnings with their lines. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "conf.h"
#include "rc.h"
#include "ui/key.h"
#include "util/err.h"
#include "util/str.h"

static void parse(struct rc *rc, struct conf *c, const char *text, struct str *warnings)
{
	conf_init(c);
	rc_init(rc);
	rc_parse(rc, c, "x.conf", text, warnings);
}

static void done(struct rc *rc, struct conf *c, struct str *warnings)
{
	rc_fini(rc);
	conf_fini(c);
	str_free(warnings);
}

static void options_keys_and_columns(void **state)
{
	struct str warnings = STR_INIT;
	struct conf c;
	struct rc rc;

	parse(&rc, &c,
		"# words\n"
		"[set]\n"
		"delay = 3s\n"
		"no-color = yes\n"
		"[keys]\n"
		"filter = F7\n"
		"[columns]\n"
		"servers = server, rst.count\n"
		"servers = ct.count\n",
		&warnings);
	assert_null(warnings.s);
	assert_int_equal(c.delay, INT64_C(3000000000));
	assert_true(c.no_color);
	assert_int_equal(rc.columns[VIEW_SERVERS].n, 3);
	assert_string_equal(rc.columns[VIEW_SERVERS].column[0]->name, "server");
	assert_string_equal(rc.columns[VIEW_SERVERS].column[2]->name, "ct.count");
	assert_int_equal(rc.columns[VIEW_CLIENTS].n, 0);
	assert_int_equal(rc.keymap.key[ACTION_FILTER][0], KEYCODE_F0 + 7);
	done(&rc, &c, &warnings);
}

static void what_is_not_understood_is_a_warning_with_its_line(void **state)
{
	static const struct {
		const char *text, *part;
	} cases[] = {
		{ "[set]\n\nno-such = 1\n", "x.conf: line 3: [set]: no option 'no-such'" },
		{ "[set]\nview = hosts\n", "line 2: [set]: no view 'hosts'" },
		{ "[set]\ntheme = no-such-theme\n", "line 2: " },
		{ "[set]\nhelp = yes\n", "line 2: [set]: 'help' belongs on the command line" },
		{ "[set]\ndelay = soon\n", "line 2: --delay: expected a time" },
		{ "[keys]\nfly = x\n", "line 2: " },
		{ "[columns]\nhosts = server\n", "line 2: [columns]: no such view" },
		{ "[columns]\nservers = server,colour\n", "line 2: no column 'colour'" },
		{ "[other]\na = b\n", "line 2: expected a section" },
		{ "a = b\n", "line 1: expected a section" },
		{ "[set]\njust words\n", "line 2: expected [SECTION] or NAME = VALUE" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct str warnings = STR_INIT;
		struct conf c;
		struct rc rc;

		parse(&rc, &c, cases[i].text, &warnings);
		assert_non_null(warnings.s);
		assert_non_null(strstr(warnings.s, cases[i].part));
		assert_ptr_equal(strchr(warnings.s, '\n'), strrchr(warnings.s, '\n'));
		done(&rc, &c, &warnings);
	}
}

static void a_long_line_is_said_and_the_next_one_counts(void **state)
{
	struct str text = STR_INIT, warnings = STR_INIT;
	struct conf c;
	struct rc rc;

	str_add(&text, "[columns]\nservers = ");
	while (text.len < 5000)
		str_add(&text, "rst.count,");
	str_add(&text, "server\n[set]\nno-such = 1\n");
	parse(&rc, &c, text.s, &warnings);
	assert_non_null(strstr(warnings.s, "line 2: too long"));
	assert_non_null(strstr(warnings.s, "line 4: [set]: no option"));
	str_free(&text);
	done(&rc, &c, &warnings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_keys_and_columns),
		cmocka_unit_test(what_is_not_understood_is_a_warning_with_its_line),
		cmocka_unit_test(a_long_line_is_said_and_the_next_one_counts),
	};

#ifndef HAVE_INIH
	return 77;
#endif
	return cmocka_run_group_tests(tests, NULL, NULL);
}
