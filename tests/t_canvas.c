/* The canvas: text, clipping, wide characters, boxes, dumps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ui/canvas.h"
#include "util/str.h"

static void assert_shows(const struct canvas *c, const char *expected)
{
	struct str text = STR_INIT;

	canvas_dump(c, &text);
	assert_string_equal(text.s, expected);
	str_free(&text);
}

static void text_is_clipped_at_every_edge(void **state)
{
	struct canvas c;

	canvas_init(&c, 5, 2);
	canvas_put(&c, -2, 0, ROLE_TEXT, "abcdefghij");
	canvas_put(&c, 0, 1, ROLE_TEXT, "12");
	canvas_put(&c, 0, 2, ROLE_TEXT, "below");
	canvas_put(&c, 0, -1, ROLE_TEXT, "above");
	assert_shows(&c, "cdefg\n12\n");
	canvas_fini(&c);
}

static void put_returns_the_column_behind_even_when_clipped(void **state)
{
	struct canvas c;

	canvas_init(&c, 3, 1);
	assert_int_equal(canvas_put(&c, 1, 0, ROLE_TEXT, "abcdef"), 7);
	assert_int_equal(canvas_put(&c, 0, 0, ROLE_TEXT, "日本"), 4);
	assert_int_equal(canvas_put_left(&c, 0, 0, 2, ROLE_TEXT, "abc"), 2);
	canvas_fini(&c);
}

static void wide_characters_are_never_halved(void **state)
{
	struct canvas c;

	canvas_init(&c, 5, 3);
	canvas_put(&c, 0, 0, ROLE_TEXT, "日本語"); /* the third would need column 5 */
	canvas_put(&c, 0, 1, ROLE_TEXT, "日本");
	canvas_put(&c, 1, 1, ROLE_TEXT, "x"); /* over the right half of the first */
	canvas_put(&c, 0, 2, ROLE_TEXT, "ab日");
	canvas_put(&c, 1, 2, ROLE_TEXT, "本"); /* over the left half */
	assert_shows(&c, "日本\n x本\na本\n");
	canvas_fini(&c);
}

static void controls_do_not_reach_a_cell(void **state)
{
	struct canvas c;

	canvas_init(&c, 12, 1);
	canvas_put(&c, 0, 0, ROLE_TEXT, "a\033[31mb\x7f\xc2\x9b\xff");
	for (int i = 0; i < c.w; i++)
		assert_true(c.cell[i].ch >= ' ' && c.cell[i].ch != 0x7f &&
			    !(c.cell[i].ch >= 0x80 && c.cell[i].ch < 0xa0));
	canvas_fini(&c);
}

static void ascii_canvas_has_ascii_only(void **state)
{
	struct canvas c;

	canvas_init(&c, 8, 3);
	c.ascii = true;
	canvas_box(&c, (struct rect){0, 0, 8, 3}, ROLE_TEXT, "");
	canvas_put(&c, 1, 1, ROLE_TEXT, "é…█");
	assert_shows(&c, "+------+\n|???   |\n+------+\n");
	canvas_fini(&c);
}

static void clips_nest_and_come_off(void **state)
{
	struct canvas c;
	struct rect outer, inner;

	canvas_init(&c, 6, 1);
	outer = canvas_clip(&c, (struct rect){1, 0, 4, 1});
	inner = canvas_clip(&c, (struct rect){3, 0, 40, 40});
	canvas_put(&c, 0, 0, ROLE_TEXT, "abcdef");
	canvas_unclip(&c, inner);
	canvas_put(&c, 0, 0, ROLE_TEXT, "xx");
	canvas_unclip(&c, outer);
	canvas_put(&c, 5, 0, ROLE_TEXT, "!");
	assert_shows(&c, " x de!\n");
	canvas_fini(&c);
}

static void fields_are_cut_padded_and_aligned(void **state)
{
	struct canvas c;

	canvas_init(&c, 10, 5);
	canvas_fill(&c, (struct rect){0, 0, 10, 5}, ROLE_TEXT, '.');
	canvas_put_left(&c, 1, 0, 5, ROLE_TEXT, "abcdefgh");
	canvas_put_left(&c, 1, 1, 5, ROLE_TEXT, "ab");
	canvas_put_right(&c, 1, 2, 5, ROLE_TEXT, "ab");
	canvas_put_right(&c, 1, 3, 5, ROLE_TEXT, "abcdefgh");
	canvas_put_middle(&c, 1, 4, 7, ROLE_TEXT, "2001:db8::17");
	assert_shows(&c, ".abcd…....\n.ab   ....\n.   ab....\n.abcd…....\n.200…:17..\n");
	canvas_fini(&c);
}

static void text_wraps_at_blanks(void **state)
{
	struct canvas c;

	canvas_init(&c, 9, 4);
	assert_int_equal(canvas_put_wrapped(&c, 0, 0, 9, 3, ROLE_TEXT, "the server said no to everybody"), 3);
	assert_shows(&c, "the\nserver\nsaid no …\n\n");
	canvas_clear(&c);
	assert_int_equal(canvas_put_wrapped(&c, 0, 0, 4, 4, ROLE_TEXT, "abcdefgh"), 2);
	assert_int_equal(canvas_put_wrapped(&c, 0, 0, 4, 4, ROLE_TEXT, ""), 0);
	assert_int_equal(canvas_put_wrapped(&c, 0, 0, 1, 4, ROLE_TEXT, "日"), 1);
	canvas_fini(&c);
}

static void empty_canvases_take_everything(void **state)
{
	static const int sizes[][2] = {{0, 0}, {0, 5}, {5, 0}, {-1, -1}, {1, 1}};

	for (size_t i = 0; i < 5; i++) {
		struct canvas c;

		canvas_init(&c, sizes[i][0], sizes[i][1]);
		canvas_put(&c, 0, 0, ROLE_TEXT, "日x");
		canvas_box(&c, (struct rect){0, 0, 9, 9}, ROLE_TEXT, "t");
		canvas_fill(&c, (struct rect){-1, -1, 4, 4}, ROLE_TEXT, '#');
		canvas_paint(&c, (struct rect){-1, -1, 4, 4}, ROLE_DIM);
		canvas_put_middle(&c, 0, 0, 3, ROLE_TEXT, "abcdef");
		canvas_fini(&c);
	}
}

static void roles_are_dumped_as_letters(void **state)
{
	struct canvas c;
	struct str text = STR_INIT;

	canvas_init(&c, 4, 1);
	canvas_put(&c, 0, 0, ROLE_DIM, "ab");
	canvas_put(&c, 2, 0, ROLE_ALERT, "c");
	canvas_dump_roles(&c, &text);
	assert_string_equal(text.s, "dd!\n");
	str_free(&text);
	canvas_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_clipped_at_every_edge),
		cmocka_unit_test(put_returns_the_column_behind_even_when_clipped),
		cmocka_unit_test(wide_characters_are_never_halved),
		cmocka_unit_test(controls_do_not_reach_a_cell),
		cmocka_unit_test(ascii_canvas_has_ascii_only),
		cmocka_unit_test(clips_nest_and_come_off),
		cmocka_unit_test(fields_are_cut_padded_and_aligned),
		cmocka_unit_test(text_wraps_at_blanks),
		cmocka_unit_test(empty_canvases_take_everything),
		cmocka_unit_test(roles_are_dumped_as_letters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
