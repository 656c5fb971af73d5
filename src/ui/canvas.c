/* The screen in memory. The one hard thing: wide characters, whose halves must never be parted. */
#include "config.h"

#include "ui/canvas.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/fmt.h"
#include "util/mem.h"
#include "util/str.h"
#include "util/utf8.h"

static const struct cell blank = {' ', ROLE_TEXT, 1};

void canvas_init(struct canvas *c, int w, int h)
{
	memset(c, 0, sizeof(*c));
	canvas_resize(c, w, h);
}

void canvas_fini(struct canvas *c)
{
	mem_free(c->cell);
	c->cell = NULL;
	c->w = c->h = 0;
}

void canvas_resize(struct canvas *c, int w, int h)
{
	c->w = w < 0 ? 0 : w;
	c->h = h < 0 ? 0 : h;
	mem_free(c->cell);
	c->cell = mem_array((size_t)c->w * (size_t)c->h + 1, sizeof(*c->cell));
	canvas_clear(c);
}

void canvas_clear(struct canvas *c)
{
	size_t n = (size_t)c->w * (size_t)c->h;

	for (size_t i = 0; i < n; i++)
		c->cell[i] = blank;
	c->clip = (struct rect){0, 0, c->w, c->h};
	c->cursor_x = c->cursor_y = -1;
}

static int max_of(int a, int b)
{
	return a > b ? a : b;
}

static int min_of(int a, int b)
{
	return a < b ? a : b;
}

struct rect canvas_clip(struct canvas *c, struct rect r)
{
	struct rect before = c->clip;
	int right = min_of(r.x + r.w, before.x + before.w);
	int bottom = min_of(r.y + r.h, before.y + before.h);

	c->clip.x = max_of(r.x, before.x);
	c->clip.y = max_of(r.y, before.y);
	c->clip.w = max_of(0, right - c->clip.x);
	c->clip.h = max_of(0, bottom - c->clip.y);
	return before;
}

void canvas_unclip(struct canvas *c, struct rect before)
{
	c->clip = before;
}

static bool inside(const struct canvas *c, int x, int y)
{
	return x >= c->clip.x && x < c->clip.x + c->clip.w && y >= c->clip.y &&
	       y < c->clip.y + c->clip.h;
}

/* Writing over one half of a wide character leaves no other half behind. */
static void part_halves(struct canvas *c, int x, int y)
{
	struct cell *at = &c->cell[(size_t)y * (size_t)c->w + (size_t)x];

	if (at->width == 0 && x > 0) {
		at[-1].ch = ' ';
		at[-1].width = 1;
	}
	if (at->width == 2 && x + 1 < c->w) {
		at[1].ch = ' ';
		at[1].width = 1;
	}
}

static void set_cell(struct canvas *c, int x, int y, enum role role, uint32_t ch, int width)
{
	struct cell *at = &c->cell[(size_t)y * (size_t)c->w + (size_t)x];

	part_halves(c, x, y);
	if (width == 2)
		part_halves(c, x + 1, y);
	at[0] = (struct cell){ch, (uint8_t)role, (uint8_t)width};
	if (width == 2)
		at[1] = (struct cell){0, (uint8_t)role, 0};
}

int canvas_put_char(struct canvas *c, int x, int y, enum role role, uint32_t ch)
{
	int width;

	if (ch < 0x20 || (ch >= 0x7f && ch < 0xa0) || (c->ascii && ch > 0x7e))
		ch = '?';
	width = utf8_char_width(ch);
	if (width == 0)
		return x;
	if (width == 1 || (inside(c, x, y) && inside(c, x + 1, y))) {
		if (inside(c, x, y))
			set_cell(c, x, y, role, ch, width);
		return x + width;
	}
	for (int half = x; half < x + width; half++) /* clipped in the middle: neither half */
		if (inside(c, half, y))
			set_cell(c, half, y, role, ' ', 1);
	return x + width;
}

int canvas_put(struct canvas *c, int x, int y, enum role role, const char *text)
{
	uint32_t ch;

	while ((ch = utf8_next(&text)) != 0)
		x = canvas_put_char(c, x, y, role, ch);
	return x;
}

int canvas_putf(struct canvas *c, int x, int y, enum role role, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return canvas_put(c, x, y, role, text);
}

/* The first `width` columns of text, with a mark when some is missing. Returns the column behind it. */
static int put_cut(struct canvas *c, int x, int y, int width, enum role role, const char *text)
{
	size_t octets;
	const char *end;

	if (utf8_width(text) <= (size_t)width)
		return canvas_put(c, x, y, role, text);
	if (width <= 0)
		return x;
	octets = utf8_clip(text, (size_t)width - 1);
	for (end = text + octets; text < end;)
		x = canvas_put_char(c, x, y, role, utf8_next(&text));
	return canvas_put(c, x, y, role, canvas_glyph(c, "…", "~"));
}

int canvas_put_left(struct canvas *c, int x, int y, int width, enum role role, const char *text)
{
	int end = put_cut(c, x, y, width, role, text);

	while (end < x + width)
		end = canvas_put_char(c, end, y, role, ' ');
	return x + max_of(width, 0);
}

int canvas_put_right(struct canvas *c, int x, int y, int width, enum role role, const char *text)
{
	int lead = width - (int)utf8_width(text);

	for (int i = 0; i < lead; i++)
		canvas_put_char(c, x + i, y, role, ' ');
	put_cut(c, x + max_of(lead, 0), y, width - max_of(lead, 0), role, text);
	return x + max_of(width, 0);
}

int canvas_put_middle(struct canvas *c, int x, int y, int width, enum role role, const char *text)
{
	struct str cut = STR_INIT;

	if (width <= 0)
		return x;
	if (utf8_width(text) > (size_t)width) {
		fmt_middle(&cut, text, (size_t)width, canvas_glyph(c, "…", "~"));
		text = cut.s;
	}
	canvas_put_left(c, x, y, width, role, text);
	str_free(&cut);
	return x + width;
}

/* Octets of the next line: up to the last blank that fits, or all that fits when there is none. */
static size_t line_length(const char *text, size_t width)
{
	size_t fits = utf8_clip(text, width), end;

	if (text[fits] == '\0' || text[fits] == ' ')
		return fits;
	for (end = fits; end > 0 && text[end] != ' ';)
		end--;
	return end > 0 ? end : fits;
}

int canvas_put_wrapped(struct canvas *c, int x, int y, int width, int lines, enum role role,
	const char *text)
{
	struct str line = STR_INIT;
	int used = 0;

	if (width <= 0)
		return 0;
	for (; *text && used < lines; used++) {
		size_t n = line_length(text, (size_t)width);

		str_clear(&line);
		if (used == lines - 1)
			str_add(&line, text);
		else
			str_add_n(&line, text, n);
		put_cut(c, x, y + used, width, role, line.s);
		if (n == 0)
			n = strlen(text);
		for (text += n; *text == ' ';)
			text++;
	}
	str_free(&line);
	return used;
}

void canvas_fill(struct canvas *c, struct rect r, enum role role, uint32_t ch)
{
	for (int y = r.y; y < r.y + r.h; y++)
		for (int x = r.x; x < r.x + r.w; x++)
			canvas_put_char(c, x, y, role, ch);
}

void canvas_paint(struct canvas *c, struct rect r, enum role role)
{
	for (int y = r.y; y < r.y + r.h; y++)
		for (int x = r.x; x < r.x + r.w; x++)
			if (inside(c, x, y))
				c->cell[(size_t)y * (size_t)c->w + (size_t)x].role = (uint8_t)role;
}

void canvas_hline(struct canvas *c, int x, int y, int w, enum role role)
{
	for (int i = 0; i < w; i++)
		canvas_put(c, x + i, y, role, canvas_glyph(c, "─", "-"));
}

void canvas_vline(struct canvas *c, int x, int y, int h, enum role role)
{
	for (int i = 0; i < h; i++)
		canvas_put(c, x, y + i, role, canvas_glyph(c, "│", "|"));
}

void canvas_box(struct canvas *c, struct rect r, enum role role, const char *title)
{
	int right = r.x + r.w - 1, bottom = r.y + r.h - 1;

	if (r.w < 2 || r.h < 2)
		return;
	canvas_hline(c, r.x, r.y, r.w, role);
	canvas_hline(c, r.x, bottom, r.w, role);
	canvas_vline(c, r.x, r.y, r.h, role);
	canvas_vline(c, right, r.y, r.h, role);
	canvas_put(c, r.x, r.y, role, canvas_glyph(c, "┌", "+"));
	canvas_put(c, right, r.y, role, canvas_glyph(c, "┐", "+"));
	canvas_put(c, r.x, bottom, role, canvas_glyph(c, "└", "+"));
	canvas_put(c, right, bottom, role, canvas_glyph(c, "┘", "+"));
	if (title && *title && r.w > 6) {
		int x = canvas_put(c, r.x + 2, r.y, ROLE_STRONG, " ");

		x = put_cut(c, x, r.y, r.w - 6, ROLE_STRONG, title);
		canvas_put(c, x, r.y, ROLE_STRONG, " ");
	}
}

void canvas_copy(struct canvas *to, struct rect r, const struct canvas *from, int from_y)
{
	for (int y = 0; y < r.h; y++) {
		int row = from_y + y;

		if (row < 0 || row >= from->h)
			continue;
		for (int x = 0; x < r.w && x < from->w; x++) {
			const struct cell *cell = &from->cell[(size_t)row * (size_t)from->w + (size_t)x];

			if (cell->ch)
				canvas_put_char(to, r.x + x, r.y + y, cell->role, cell->ch);
		}
	}
}

static void dump(const struct canvas *c, struct str *out, bool roles)
{
	for (int y = 0; y < c->h; y++) {
		const struct cell *row = &c->cell[(size_t)y * (size_t)c->w];
		int end = c->w;

		while (end > 0 && row[end - 1].ch == ' ' && row[end - 1].role == ROLE_TEXT)
			end--;
		while (!roles && end > 0 && row[end - 1].ch == ' ')
			end--;
		for (int x = 0; x < end; x++) {
			char octets[4];

			if (roles)
				str_add_char(out, role_info[row[x].role].letter);
			else if (row[x].ch)
				str_add_n(out, octets, utf8_encode(row[x].ch, octets));
		}
		str_add_char(out, '\n');
	}
}

void canvas_dump(const struct canvas *c, struct str *out)
{
	dump(c, out, false);
}

void canvas_dump_roles(const struct canvas *c, struct str *out)
{
	dump(c, out, true);
}
