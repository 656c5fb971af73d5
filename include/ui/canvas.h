/* A screen in memory: cells with a character and a role. What it looks like on a terminal is decided later. */
#ifndef TCPTOP_UI_CANVAS_H
#define TCPTOP_UI_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/theme.h"

struct str;

struct cell {
	uint32_t ch;   /* 0: the right half of the wide character before it */
	uint8_t role;  /* enum role, never a colour */
	uint8_t width; /* columns of ch: 1 or 2, 0 for a right half */
};

struct rect {
	int x, y, w, h;
};

struct canvas {
	int w, h;
	struct cell *cell;	/* w * h, row by row */
	struct rect clip;	/* nothing is drawn outside; always within the canvas */
	int cursor_x, cursor_y; /* where the text cursor stands; -1: hidden */
	bool ascii;		/* only ASCII may be used for glyphs */
};

void canvas_init(struct canvas *c, int w, int h);
void canvas_fini(struct canvas *c);
/* Another size; all cells become blank. Sizes below 0 count as 0. */
void canvas_resize(struct canvas *c, int w, int h);
/* Blanks everything, takes the clip off and hides the cursor. */
void canvas_clear(struct canvas *c);

/* Narrows drawing to what of `r` lies inside the present clip, and returns that clip, for canvas_unclip. */
struct rect canvas_clip(struct canvas *c, struct rect r);
void canvas_unclip(struct canvas *c, struct rect before);

/*
 * Text from column x on. Controls and bad octets show as '?'; combining marks are left out. All
 * return the column behind what was written, clipped or not, so that calls can be chained.
 */
int canvas_put(struct canvas *c, int x, int y, enum role role, const char *text);
int canvas_putf(struct canvas *c, int x, int y, enum role role, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
/* Exactly `width` columns: cut (with a mark at the end) or filled up with blanks. */
int canvas_put_left(struct canvas *c, int x, int y, int width, enum role role, const char *text);
int canvas_put_right(struct canvas *c, int x, int y, int width, enum role role, const char *text);
/* Exactly `width` columns; what is too long loses its middle, as addresses want it. */
int canvas_put_middle(struct canvas *c, int x, int y, int width, enum role role, const char *text);
/*
 * Text in lines of at most `width` columns, broken at blanks, at most `lines` of them. Returns how
 * many were used.
 */
int canvas_put_wrapped(struct canvas *c, int x, int y, int width, int lines, enum role role,
	const char *text);
int canvas_put_char(struct canvas *c, int x, int y, enum role role, uint32_t ch);
void canvas_fill(struct canvas *c, struct rect r, enum role role, uint32_t ch);
/* Gives every cell of the rectangle a role and leaves the characters alone. */
void canvas_paint(struct canvas *c, struct rect r, enum role role);

/* Lines in box characters, or ASCII ones. */
void canvas_hline(struct canvas *c, int x, int y, int w, enum role role);
void canvas_vline(struct canvas *c, int x, int y, int h, enum role role);
void canvas_box(struct canvas *c, struct rect r, enum role role, const char *title);

/* Copies rows from `from_y` on of another canvas into the rectangle. */
void canvas_copy(struct canvas *to, struct rect r, const struct canvas *from, int from_y);

/* One glyph for either kind of terminal: `wide` as UTF-8, `plain` in ASCII. */
static inline const char *canvas_glyph(const struct canvas *c, const char *wide, const char *plain)
{
	return c->ascii ? plain : wide;
}

/* The screen as text, one line per row, trailing blanks left out. */
void canvas_dump(const struct canvas *c, struct str *out);
/* The same with the letter of each cell's role instead of its character. */
void canvas_dump_roles(const struct canvas *c, struct str *out);

#endif
