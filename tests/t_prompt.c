/* The one-line editor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ui/canvas.h"
#include "ui/key.h"
#include "ui/prompt.h"
#include "util/str.h"
#include "util/utf8.h"

static void type(struct prompt *p, const char *text)
{
	uint32_t ch;

	while ((ch = utf8_next(&text)) != 0)
		prompt_key(p, ch);
}

static void typing_moving_and_deleting(void **state)
{
	struct prompt p;

	prompt_init(&p);
	type(&p, "rst > 0");
	assert_string_equal(p.text, "rst > 0");
	prompt_key(&p, KEYCODE_HOME);
	type(&p, "é日");
	assert_string_equal(p.text, "é日rst > 0");
	assert_int_equal(prompt_key(&p, KEYCODE_BACKSPACE), PROMPT_EDITED);
	assert_string_equal(p.text, "érst > 0");
	prompt_key(&p, KEYCODE_LEFT);
	prompt_key(&p, KEYCODE_DELETE);
	assert_string_equal(p.text, "rst > 0");
	prompt_key(&p, KEYCODE_END);
	prompt_key(&p, KEYCODE_CTRL | 'w');
	assert_string_equal(p.text, "rst > ");
	prompt_key(&p, KEYCODE_CTRL | 'u');
	assert_string_equal(p.text, "");
	prompt_fini(&p);
}

static void q_is_a_letter(void **state)
{
	struct prompt p;

	prompt_init(&p);
	assert_int_equal(prompt_key(&p, 'q'), PROMPT_EDITED);
	assert_string_equal(p.text, "q");
	prompt_fini(&p);
}

static void keys_that_end_it_say_so(void **state)
{
	struct prompt p;

	prompt_init(&p);
	assert_int_equal(prompt_key(&p, KEYCODE_ENTER), PROMPT_ACCEPTED);
	assert_int_equal(prompt_key(&p, KEYCODE_ESC), PROMPT_CANCELLED);
	assert_int_equal(prompt_key(&p, KEYCODE_TAB), PROMPT_COMPLETE);
	assert_int_equal(prompt_key(&p, KEYCODE_BACKSPACE), PROMPT_CANCELLED);
	assert_int_equal(prompt_key(&p, KEYCODE_F0 + 5), PROMPT_NOTHING);
	assert_int_equal(prompt_key(&p, 0x1b), PROMPT_NOTHING);
	prompt_fini(&p);
}

static void history_is_walked_and_the_typed_line_kept(void **state)
{
	struct prompt p;

	prompt_init(&p);
	for (int i = 0; i < 3; i++) {
		static const char *const lines[] = {"one", "two", "one"};

		prompt_start(&p, lines[i]);
		prompt_remember(&p);
	}
	prompt_start(&p, "");
	type(&p, "new");
	prompt_key(&p, KEYCODE_UP);
	assert_string_equal(p.text, "one");
	prompt_key(&p, KEYCODE_UP);
	assert_string_equal(p.text, "two");
	assert_int_equal(prompt_key(&p, KEYCODE_UP), PROMPT_NOTHING);
	prompt_key(&p, KEYCODE_DOWN);
	prompt_key(&p, KEYCODE_DOWN);
	assert_string_equal(p.text, "new");
	prompt_fini(&p);
}

static void many_lines_are_remembered_within_bounds(void **state)
{
	struct prompt p;
	char line[8] = "aa";

	prompt_init(&p);
	for (int i = 0; i < 200; i++) {
		line[0] = (char)('a' + i % 26);
		line[1] = (char)('a' + i / 26);
		prompt_start(&p, line);
		prompt_remember(&p);
	}
	assert_string_equal(p.history[0], line);
	prompt_fini(&p);
}

static void a_word_is_replaced_at_the_cursor(void **state)
{
	struct prompt p;

	prompt_init(&p);
	prompt_start(&p, "server = 10.0.0.5 and rst.c");
	prompt_replace_word(&p, "rst.count.srv");
	assert_string_equal(p.text, "server = 10.0.0.5 and rst.count.srv");
	prompt_fini(&p);
}

static void a_long_line_shows_its_cursor(void **state)
{
	struct prompt p;
	struct canvas c;
	struct str text = STR_INIT;

	prompt_init(&p);
	canvas_init(&c, 12, 1);
	prompt_start(&p, "0123456789abcdef");
	prompt_draw(&p, &c, 2, 0, 6, ROLE_INPUT);
	assert_int_equal(c.cursor_x, 7);
	canvas_dump(&c, &text);
	assert_string_equal(text.s, "  bcdef\n");
	prompt_key(&p, KEYCODE_HOME);
	prompt_draw(&p, &c, 2, 0, 6, ROLE_INPUT);
	assert_int_equal(c.cursor_x, 2);
	str_free(&text);
	canvas_fini(&c);
	prompt_fini(&p);
}

/* Whatever is pressed, the text stays whole characters and the cursor between two of them. */
static void random_keys_keep_it_whole(void **state)
{
	struct prompt p;

	srand(7);
	prompt_init(&p);
	for (int i = 0; i < 20000; i++) {
		static const uint32_t keys[] = {'a', 0xe9, 0x65e5, 0x1f600, 0x301, ' ', '.', KEYCODE_LEFT,
			KEYCODE_RIGHT, KEYCODE_BACKSPACE, KEYCODE_DELETE, KEYCODE_HOME, KEYCODE_END,
			KEYCODE_UP, KEYCODE_DOWN, KEYCODE_CTRL | 'w', KEYCODE_CTRL | 'k', KEYCODE_ENTER};
		uint32_t key = keys[(size_t)rand() % (sizeof(keys) / sizeof(keys[0]))];
		const char *s = p.text;
		uint32_t ch;

		if (prompt_key(&p, key) == PROMPT_ACCEPTED)
			prompt_remember(&p);
		assert_int_equal(strlen(p.text), p.len);
		assert_true(p.cursor <= p.len);
		assert_int_not_equal((unsigned char)p.text[p.cursor] & 0xc0, 0x80);
		while ((ch = utf8_next(&s)) != 0)
			assert_int_not_equal(ch, UTF8_REPLACEMENT);
	}
	prompt_fini(&p);
}

static void a_full_line_takes_no_more(void **state)
{
	struct prompt p;

	prompt_init(&p);
	for (int i = 0; i < 2 * PROMPT_ROOM; i++)
		prompt_key(&p, 0x65e5);
	assert_true(p.len < PROMPT_ROOM);
	assert_int_equal(prompt_key(&p, 0x65e5), PROMPT_FULL);
	prompt_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(typing_moving_and_deleting),
		cmocka_unit_test(q_is_a_letter),
		cmocka_unit_test(keys_that_end_it_say_so),
		cmocka_unit_test(history_is_walked_and_the_typed_line_kept),
		cmocka_unit_test(many_lines_are_remembered_within_bounds),
		cmocka_unit_test(a_word_is_replaced_at_the_cursor),
		cmocka_unit_test(a_long_line_shows_its_cursor),
		cmocka_unit_test(random_keys_keep_it_whole),
		cmocka_unit_test(a_full_line_takes_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
