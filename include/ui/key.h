/* Keys: a character, or one of the codes below. Names are what rc files, scripts and the help say. */
#ifndef TCPTOP_UI_KEY_H
#define TCPTOP_UI_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Controls are KEYCODE_CTRL | letter, so that C-i and Tab stay apart in bindings. */
enum {
	KEYCODE_NONE = 0,
	KEYCODE_CTRL = 0x1000000,
	KEYCODE_ENTER = 0x2000000,
	KEYCODE_ESC,
	KEYCODE_TAB,
	KEYCODE_BACKTAB,
	KEYCODE_BACKSPACE,
	KEYCODE_DELETE,
	KEYCODE_INSERT,
	KEYCODE_UP,
	KEYCODE_DOWN,
	KEYCODE_LEFT,
	KEYCODE_RIGHT,
	KEYCODE_PAGE_UP,
	KEYCODE_PAGE_DOWN,
	KEYCODE_HOME,
	KEYCODE_END,
	KEYCODE_F0, /* KEYCODE_F0 + n is Fn, up to F12 */
	KEYCODE_LAST = KEYCODE_F0 + 12
};

#define KEY_TEXT 16 /* room for any key name with its NUL */

/* "a", "Space", "C-c", "F6", "PgUp". Returns buf. */
char *keycode_name(uint32_t key, char buf[KEY_TEXT]);
/* The key of that name (of `n` octets), or KEYCODE_NONE. */
uint32_t keycode_parse(const char *name, size_t n);

#endif
