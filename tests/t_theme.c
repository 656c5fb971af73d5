/* Themes: parents, files with faults, folding of colours, and that the shipped ones are right. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ui/theme.h"
#include "util/err.h"
#include "util/str.h"

static void every_role_stands_below_its_parent(void **state)
{
	for (int r = 1; r < ROLE_COUNT; r++)
		assert_true((int)role_info[r].parent < r);
}

static void letters_and_names_are_unique(void **state)
{
	for (int a = 0; a < ROLE_COUNT; a++) {
		for (int b = a + 1; b < ROLE_COUNT; b++) {
			assert_int_not_equal(role_info[a].letter, role_info[b].letter);
			assert_string_not_equal(role_info[a].name, role_info[b].name);
		}
	}
}

static void every_look_in_the_table_is_understood(void **state)
{
#ifndef HAVE_INIH
	skip(); /* theme files are what reads looks as text */
#endif
	for (int r = 0; r < ROLE_COUNT; r++) {
		struct str line = STR_INIT, warnings = STR_INIT;
		const struct role_info *info = &role_info[r];
		struct theme t;

		str_addf(&line, "%s = %s %s %s\n", info->name, *info->fg ? info->fg : "-",
			*info->bg ? info->bg : "-", *info->attributes ? info->attributes : "-");
		theme_parse(&t, line.s, &warnings);
		assert_int_equal(warnings.len, 0);
		str_free(&line);
		str_free(&warnings);
	}
}

/* Without colours, endings that differ in kind must still look different from plain text or carry a letter of theirs. */
static void mono_keeps_what_matters_apart(void **state)
{
	struct theme t;

	theme_default(&t);
	for (int r = 0; r < ROLE_COUNT; r++) {
		struct style s = theme_style(&t, (enum role)r, DEPTH_MONO);

		assert_int_equal(s.fg, COLOR_NONE);
		assert_int_equal(s.bg, COLOR_NONE);
	}
	assert_int_not_equal(theme_style(&t, ROLE_ALERT, DEPTH_MONO).attributes, 0);
	assert_int_not_equal(theme_style(&t, ROLE_SELECTED, DEPTH_MONO).attributes, 0);
	assert_int_not_equal(theme_style(&t, ROLE_STATUS_ALERT, DEPTH_MONO).attributes,
		theme_style(&t, ROLE_STATUS, DEPTH_MONO).attributes);
	for (int g = GROUP_REFUSED; g <= GROUP_PATH; g++)
		assert_int_not_equal(
			theme_style(&t, role_of_group((enum ending_group)g), DEPTH_MONO).attributes, 0);
}

static void every_ending_has_the_role_of_its_group(void **state)
{
	for (int e = 1; e < ENDING_COUNT; e++)
		assert_int_equal(role_of_ending((enum ending)e), role_of_group(ending_info[e].group));
	assert_int_equal(role_of_ending(ENDING_NONE), ROLE_TEXT);
	assert_int_equal(role_of_ending((enum ending)200), ROLE_TEXT);
}

#if HAVE_INIH
static void a_child_takes_what_it_does_not_say(void **state)
{
	struct theme t;

	theme_parse(&t, "alert = #ff8000 - underline\n", NULL);
	assert_int_equal(t.style[ROLE_GROUP_PATH].fg, COLOR_RGB | 0xff8000);
	assert_int_equal(t.style[ROLE_GROUP_PATH].attributes, STYLE_UNDERLINE);
	assert_int_equal(t.style[ROLE_WARNING].fg, 3);
	assert_int_equal(t.mono[ROLE_ALERT], STYLE_UNDERLINE);
}

static void faults_are_named_with_their_line_and_the_rest_is_used(void **state)
{
	struct str warnings = STR_INIT;
	struct theme t;

	theme_parse(&t,
		"# a comment\n"
		"warm = red\n"
		"text = reddish\n"
		"alert = 300\n"
		"dim = - - shiny\n"
		"good = bright-blue - bold underline\n",
		&warnings);
	assert_string_equal(warnings.s,
		"line 2: no role \"warm\"\n"
		"line 3: no color \"reddish\"\n"
		"line 4: no color \"300\"\n"
		"line 5: no attribute \"shiny\"\n");
	assert_int_equal(t.style[ROLE_GOOD].fg, 12);
	assert_int_equal(t.style[ROLE_GOOD].attributes, STYLE_BOLD | STYLE_UNDERLINE);
	assert_int_equal(t.style[ROLE_ALERT].fg, 1);
	str_free(&warnings);
}

static void a_line_that_says_nothing_is_a_fault(void **state)
{
	struct str warnings = STR_INIT;
	struct theme t;

	theme_parse(&t, "text = default\nnonsense\n", &warnings);
	assert_non_null(strstr(warnings.s, "line 2: "));
	str_free(&warnings);
}

static void shipped_themes_have_no_fault(void **state)
{
	assert_true(theme_file_count >= 5);
	for (size_t i = 0; i < theme_file_count; i++) {
		struct str warnings = STR_INIT;
		struct err err = ERR_INIT;
		struct theme t;

		assert_true(theme_load(&t, theme_files[i].name, &warnings, &err));
		assert_int_equal(warnings.len, 0);
		assert_string_equal(t.name, theme_files[i].name);
		str_free(&warnings);
	}
}

static void the_mono_theme_has_no_colour(void **state)
{
	struct err err = ERR_INIT;
	struct theme t;

	assert_true(theme_load(&t, "mono", NULL, &err));
	for (int r = 0; r < ROLE_COUNT; r++) {
		assert_int_equal(t.style[r].fg, COLOR_NONE);
		assert_int_equal(t.style[r].bg, COLOR_NONE);
	}
}

static void an_unknown_theme_is_refused_by_name(void **state)
{
	struct err err = ERR_INIT;
	struct theme t;

	assert_false(theme_load(&t, "mauve", NULL, &err));
	assert_non_null(strstr(err.text, "no theme \"mauve\""));
	assert_non_null(strstr(err.text, "high-contrast"));
	assert_false(theme_load(&t, "./no/such/file.theme", NULL, &err));
}

static void colours_fold_to_what_there_is(void **state)
{
	struct theme t;

	theme_parse(&t, "text = #ff0000 #000000\ndim = 196\nstrong = #808080\nlabel = 208 7\n", NULL);
	assert_int_equal(theme_style(&t, ROLE_TEXT, DEPTH_TRUE).fg, COLOR_RGB | 0xff0000);
	assert_int_equal(theme_style(&t, ROLE_TEXT, DEPTH_256).fg, 196);
	assert_int_equal(theme_style(&t, ROLE_TEXT, DEPTH_256).bg, 16);
	assert_int_equal(theme_style(&t, ROLE_TEXT, DEPTH_16).fg, 9);
	assert_int_equal(theme_style(&t, ROLE_TEXT, DEPTH_16).bg, 0);
	assert_int_equal(theme_style(&t, ROLE_DIM, DEPTH_256).fg, 196);
	assert_int_equal(theme_style(&t, ROLE_DIM, DEPTH_16).fg, 9);
	assert_int_equal(theme_style(&t, ROLE_STRONG, DEPTH_16).fg, 8);
	assert_int_equal(theme_style(&t, ROLE_LABEL, DEPTH_16).bg, 7);
}

/* Whatever a file says, no index may leave the palette it is folded to. */
static void folding_stays_within_the_palette(void **state)
{
	for (int color = 0; color < 256; color++) {
		char text[64];
		struct theme t;
		int32_t fg;

		snprintf(text, sizeof(text), "text = %d #%02x%02x%02x\n", color, color, 255 - color, color / 2);
		theme_parse(&t, text, NULL);
		fg = theme_style(&t, ROLE_TEXT, DEPTH_16).fg;
		assert_in_range(fg, 0, 15);
		assert_in_range(theme_style(&t, ROLE_TEXT, DEPTH_16).bg, 0, 15);
		assert_in_range(theme_style(&t, ROLE_TEXT, DEPTH_256).bg, 16, 255);
	}
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_role_stands_below_its_parent),
		cmocka_unit_test(letters_and_names_are_unique),
		cmocka_unit_test(every_look_in_the_table_is_understood),
		cmocka_unit_test(mono_keeps_what_matters_apart),
		cmocka_unit_test(every_ending_has_the_role_of_its_group),
#if HAVE_INIH
		cmocka_unit_test(a_child_takes_what_it_does_not_say),
		cmocka_unit_test(faults_are_named_with_their_line_and_the_rest_is_used),
		cmocka_unit_test(a_line_that_says_nothing_is_a_fault),
		cmocka_unit_test(shipped_themes_have_no_fault),
		cmocka_unit_test(the_mono_theme_has_no_colour),
		cmocka_unit_test(an_unknown_theme_is_refused_by_name),
		cmocka_unit_test(colours_fold_to_what_there_is),
		cmocka_unit_test(folding_stays_within_the_palette),
#endif
	};

	/* Themes of whoever runs this must not matter. */
	setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
