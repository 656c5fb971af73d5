/* Key names and codes: one table, read both ways. */
#include "config.h"

#include "ui/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/utf8.h"

static const struct {
	uint32_t key;
	const char *name;
} names[] = {
	{KEYCODE_ENTER, "Enter"},
	{KEYCODE_ESC, "Esc"},
	{KEYCODE_TAB, "Tab"},
	{KEYCODE_BACKTAB, "S-Tab"},
	{KEYCODE_BACKSPACE, "Backspace"},
	{KEYCODE_DELETE, "Delete"},
	{KEYCODE_INSERT, "Insert"},
	{KEYCODE_UP, "Up"},
	{KEYCODE_DOWN, "Down"},
	{KEYCODE_LEFT, "Left"},
	{KEYCODE_RIGHT, "Right"},
	{KEYCODE_PAGE_UP, "PgUp"},
	{KEYCODE_PAGE_DOWN, "PgDn"},
	{KEYCODE_HOME, "Home"},
	{KEYCODE_END, "End"},
	{' ', "Space"},
};

#define NAMES (sizeof(names) / sizeof(names[0]))

char *keycode_name(uint32_t key, char buf[KEY_TEXT])
{
	size_t n = 0;

	for (size_t i = 0; i < NAMES; i++) {
		if (names[i].key == key) {
			snprintf(buf, KEY_TEXT, "%s", names[i].name);
			return buf;
		}
	}
	if (key > KEYCODE_F0 && key <= KEYCODE_LAST)
		snprintf(buf, KEY_TEXT, "F%u", key - KEYCODE_F0);
	else if (key & KEYCODE_CTRL)
		snprintf(buf, KEY_TEXT, "C-%c", (int)(key & 0x7f));
	else {
		if (key > ' ' && key < KEYCODE_CTRL)
			n = utf8_encode(key, buf);
		buf[n] = '\0';
	}
	return buf;
}

uint32_t keycode_parse(const char *name, size_t n)
{
	char text[KEY_TEXT];
	const char *at = text;
	uint32_t ch;

	if (n == 0 || n >= sizeof(text))
		return KEYCODE_NONE;
	memcpy(text, name, n);
	text[n] = '\0';
	for (size_t i = 0; i < NAMES; i++)
		if (strcmp(names[i].name, text) == 0)
			return names[i].key;
	if (text[0] == 'F' && n > 1) {
		char *end;
		unsigned long f = strtoul(text + 1, &end, 10);

		return *end == '\0' && f >= 1 && f <= 12 ? KEYCODE_F0 + (uint32_t)f : KEYCODE_NONE;
	}
	if (n == 3 && text[0] == 'C' && text[1] == '-' && text[2] >= 'a' && text[2] <= 'z')
		return KEYCODE_CTRL | (uint32_t)text[2];
	ch = utf8_next(&at);
	return *at == '\0' && ch > ' ' && ch != 0x7f && ch != UTF8_REPLACEMENT ? ch : KEYCODE_NONE;
}
