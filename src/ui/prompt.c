/* The one-line editor. Text is kept in whole UTF-8 characters; the cursor is always between two of them. */
#include "config.h"

#include "ui/prompt.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "ui/canvas.h"
#include "ui/key.h"
#include "util/mem.h"
#include "util/str.h"
#include "util/utf8.h"

void prompt_init(struct prompt *p)
{
	memset(p, 0, sizeof(*p));
	p->browsing = -1;
}

void prompt_fini(struct prompt *p)
{
	for (int i = 0; i < PROMPT_HISTORY; i++)
		mem_free(p->history[i]);
}

static void set_text(struct prompt *p, const char *text)
{
	size_t n = strlen(text);

	if (n >= sizeof(p->text))
		n = 0;
	memmove(p->text, text, n);
	p->text[n] = '\0';
	p->len = p->cursor = n;
}

void prompt_start(struct prompt *p, const char *text)
{
	set_text(p, text);
	p->browsing = -1;
}

static size_t before(const struct prompt *p, size_t at)
{
	if (at == 0)
		return 0;
	do
		at--;
	while (at > 0 && ((unsigned char)p->text[at] & 0xc0) == 0x80);
	return at;
}

static size_t after(const struct prompt *p, size_t at)
{
	if (at >= p->len)
		return p->len;
	do
		at++;
	while (at < p->len && ((unsigned char)p->text[at] & 0xc0) == 0x80);
	return at;
}

static enum prompt_did cut(struct prompt *p, size_t from, size_t to)
{
	if (from >= to)
		return PROMPT_NOTHING;
	memmove(p->text + from, p->text + to, p->len - to + 1);
	p->len -= to - from;
	p->cursor = from;
	return PROMPT_EDITED;
}

static enum prompt_did insert(struct prompt *p, const char *octets, size_t n)
{
	if (p->len + n >= sizeof(p->text))
		return PROMPT_FULL;
	memmove(p->text + p->cursor + n, p->text + p->cursor, p->len - p->cursor + 1);
	memcpy(p->text + p->cursor, octets, n);
	p->len += n;
	p->cursor += n;
	return PROMPT_EDITED;
}

enum prompt_did prompt_paste(struct prompt *p, const char *text)
{
	struct str clean = STR_INIT;
	enum prompt_did did;
	char octets[4];
	uint32_t ch;

	str_add(&clean, "");
	while (*text) {
		ch = utf8_next(&text);
		if (ch == '\n' || ch == '\r' || ch == '\t')
			ch = ' ';
		if (ch >= ' ' && ch != 0x7f && utf8_char_width(ch) > 0)
			str_add_n(&clean, octets, utf8_encode(ch, octets));
	}
	while (clean.len > 0 && clean.s[clean.len - 1] == ' ')
		clean.len--;
	did = clean.len ? insert(p, clean.s, clean.len) : PROMPT_NOTHING;
	str_free(&clean);
	return did;
}

static bool word_char(char c)
{
	return isalnum((unsigned char)c) || c == '.' || c == '_' || c == '-' || (c & 0x80);
}

size_t prompt_word_start(const struct prompt *p)
{
	size_t at = p->cursor;

	while (at > 0 && word_char(p->text[at - 1]))
		at--;
	return at;
}

void prompt_replace_word(struct prompt *p, const char *word)
{
	cut(p, prompt_word_start(p), p->cursor);
	insert(p, word, strlen(word));
}

static enum prompt_did cut_word(struct prompt *p)
{
	size_t from = p->cursor;

	while (from > 0 && p->text[from - 1] == ' ')
		from--;
	while (from > 0 && p->text[from - 1] != ' ')
		from--;
	return cut(p, from, p->cursor);
}

static enum prompt_did browse(struct prompt *p, int step)
{
	int to = p->browsing + step;

	if (to < -1 || to >= PROMPT_HISTORY || (to >= 0 && !p->history[to]))
		return PROMPT_NOTHING;
	if (p->browsing < 0)
		memcpy(p->typed, p->text, sizeof(p->typed));
	p->browsing = to;
	set_text(p, to < 0 ? p->typed : p->history[to]);
	return PROMPT_EDITED;
}

void prompt_remember(struct prompt *p)
{
	int i;

	if (p->len == 0)
		return;
	for (i = 0; i < PROMPT_HISTORY - 1; i++)
		if (!p->history[i] || strcmp(p->history[i], p->text) == 0)
			break;
	mem_free(p->history[i]);
	memmove(p->history + 1, p->history, (size_t)i * sizeof(p->history[0]));
	p->history[0] = mem_strdup(p->text);
}

static enum prompt_did move_to(struct prompt *p, size_t at)
{
	p->cursor = at;
	return PROMPT_MOVED;
}

static enum prompt_did type(struct prompt *p, uint32_t key)
{
	char octets[4];

	if (key < ' ' || key == 0x7f || key >= KEYCODE_CTRL || utf8_char_width(key) == 0)
		return PROMPT_NOTHING;
	return insert(p, octets, utf8_encode(key, octets));
}

enum prompt_did prompt_key(struct prompt *p, uint32_t key)
{
	switch (key) {
	case KEYCODE_ENTER:
		return PROMPT_ACCEPTED;
	case KEYCODE_ESC:
	case KEYCODE_CTRL | 'g':
		return PROMPT_CANCELLED;
	case KEYCODE_TAB:
		return PROMPT_COMPLETE;
	case KEYCODE_BACKSPACE: /* an empty field is left, as one level up */
		return p->len == 0 ? PROMPT_CANCELLED : cut(p, before(p, p->cursor), p->cursor);
	case KEYCODE_DELETE:
	case KEYCODE_CTRL | 'd':
		return cut(p, p->cursor, after(p, p->cursor));
	case KEYCODE_CTRL | 'u':
		return cut(p, 0, p->cursor);
	case KEYCODE_CTRL | 'k':
		return cut(p, p->cursor, p->len);
	case KEYCODE_CTRL | 'w':
		return cut_word(p);
	case KEYCODE_LEFT:
	case KEYCODE_CTRL | 'b':
		return move_to(p, before(p, p->cursor));
	case KEYCODE_RIGHT:
	case KEYCODE_CTRL | 'f':
		return move_to(p, after(p, p->cursor));
	case KEYCODE_HOME:
	case KEYCODE_CTRL | 'a':
		return move_to(p, 0);
	case KEYCODE_END:
	case KEYCODE_CTRL | 'e':
		return move_to(p, p->len);
	case KEYCODE_UP:
		return browse(p, 1);
	case KEYCODE_DOWN:
		return browse(p, -1);
	default: /* everything else is text or nothing */
		return type(p, key);
	}
}

void prompt_draw(const struct prompt *p, struct canvas *c, int x, int y, int width, enum role role)
{
	struct rect clip;
	char head[PROMPT_ROOM];
	int column;

	if (width <= 0)
		return;
	memcpy(head, p->text, p->cursor);
	head[p->cursor] = '\0';
	column = (int)utf8_width(head);
	clip = canvas_clip(c, (struct rect){x, y, width, 1});
	canvas_fill(c, (struct rect){x, y, width, 1}, role, ' ');
	canvas_put(c, column < width ? x : x - (column - width + 1), y, role, p->text);
	canvas_unclip(c, clip);
	c->cursor_x = x + (column < width ? column : width - 1);
	c->cursor_y = y;
}
