/* Key names, the key map, and the bar that is made of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ui/canvas.h"
#include "ui/key.h"
#include "ui/keymap.h"
#include "util/err.h"
#include "util/str.h"

static void names_and_codes_go_both_ways(void **state)
{
	char text[KEY_TEXT];

	for (uint32_t key = KEYCODE_ENTER; key <= KEYCODE_LAST; key++) {
		if (key == KEYCODE_F0)
			continue;
		keycode_name(key, text);
		assert_int_equal(keycode_parse(text, strlen(text)), key);
	}
	for (uint32_t key = ' '; key < 0x7f; key++) {
		keycode_name(key, text);
		assert_int_equal(keycode_parse(text, strlen(text)), key);
	}
	assert_int_equal(keycode_parse("C-l", 3), KEYCODE_CTRL | 'l');
	assert_string_equal(keycode_name(KEYCODE_CTRL | 'l', text), "C-l");
	assert_int_equal(keycode_parse("ä", 2), 0xe4);
}

static void nonsense_is_no_key(void **state)
{
	static const char *const bad[] = {"", "F0", "F13", "F1x", "C-", "C-L", "ab", "Upp", "\x01", "\xff"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(keycode_parse(bad[i], strlen(bad[i])), KEYCODE_NONE);
}

/* Every default key is known, and no key has two meanings on one page. */
static void default_keys_do_not_clash(void **state)
{
	struct keymap map;

	keymap_default(&map);
	for (int a = 1; a < ACTION_COUNT; a++) {
		assert_int_not_equal(map.key[a][0], KEYCODE_NONE);
		for (int b = a + 1; b < ACTION_COUNT; b++)
			for (int i = 0; i < KEYS_PER_ACTION; i++)
				for (int j = 0; j < KEYS_PER_ACTION; j++)
					if (map.key[a][i] && action_info[a].where & action_info[b].where)
						assert_int_not_equal(map.key[a][i], map.key[b][j]);
	}
}

static void a_key_means_what_its_page_says(void **state)
{
	struct keymap map;

	keymap_default(&map);
	assert_int_equal(keymap_find(&map, IN_LIST, 'q'), ACTION_QUIT);
	assert_int_equal(keymap_find(&map, IN_DETAIL, '['), ACTION_NEIGHBOUR_PREVIOUS);
	assert_int_equal(keymap_find(&map, IN_LIST, '['), ACTION_NONE);
	assert_int_equal(keymap_find(&map, IN_OVER, KEYCODE_ESC), ACTION_BACK);
	assert_int_equal(keymap_find(&map, IN_ALL, KEYCODE_NONE), ACTION_NONE);
	assert_int_equal(keymap_find(&map, IN_ALL, '!'), ACTION_NONE); /* never a shell */
}

static void binding_moves_a_key(void **state)
{
	struct keymap map;
	struct err err = ERR_INIT;
	char keys[32];

	keymap_default(&map);
	assert_true(keymap_bind(&map, "pause", "Space z", &err));
	assert_int_equal(keymap_find(&map, IN_LIST, ' '), ACTION_PAUSE);
	assert_int_equal(keymap_find(&map, IN_LIST, 'p'), ACTION_NONE);
	assert_string_equal(keymap_keys(&map, ACTION_PAUSE, keys, sizeof(keys)), "Space z");
	assert_true(keymap_bind(&map, "theme", "s", &err));
	assert_int_equal(keymap_find(&map, IN_LIST, 's'), ACTION_THEME);
	assert_int_equal(keymap_find(&map, IN_LIST, KEYCODE_F0 + 6), ACTION_SORT);
}

static void binding_refuses_what_it_does_not_know(void **state)
{
	struct keymap map;
	struct err err = ERR_INIT;

	keymap_default(&map);
	assert_false(keymap_bind(&map, "paus", "z", &err));
	assert_string_equal(err.text, "no action \"paus\"");
	assert_false(keymap_bind(&map, "pause", "z Foo", &err));
	assert_string_equal(err.text, "no key \"Foo\"");
	assert_int_equal(keymap_find(&map, IN_LIST, 'p'), ACTION_PAUSE);
}

/* At every width the bar fits, and keeps help and quit as long as they fit at all. */
static void the_bar_fits_and_keeps_the_way_out(void **state)
{
	struct keymap map;

	keymap_default(&map);
	for (int w = 1; w <= 200; w++) {
		struct canvas c;
		struct str text = STR_INIT;

		canvas_init(&c, w, 1);
		keymap_draw_bar(&map, IN_LIST, &c, 0);
		canvas_dump(&c, &text);
		if (w >= 20) {
			assert_non_null(strstr(text.s, "? Help"));
			assert_non_null(strstr(text.s, "q Quit"));
		}
		if (w >= 80)
			assert_non_null(strstr(text.s, "/ Filter"));
		str_free(&text);
		canvas_fini(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_codes_go_both_ways),
		cmocka_unit_test(nonsense_is_no_key),
		cmocka_unit_test(default_keys_do_not_clash),
		cmocka_unit_test(a_key_means_what_its_page_says),
		cmocka_unit_test(binding_moves_a_key),
		cmocka_unit_test(binding_refuses_what_it_does_not_know),
		cmocka_unit_test(the_bar_fits_and_keeps_the_way_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
