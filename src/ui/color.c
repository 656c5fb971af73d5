/*
 * Colours folded down to what a terminal has: 0xrrggbb to the 256 of xterm, those to the first 16,
 * those to none.
 */
#include "config.h"

#include "ui/theme.h"

/* What xterm shows for the first 16; others differ a little, which cannot be known. */
static const uint32_t palette16[16] = {0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd,
	0x00cdcd, 0xe5e5e5, 0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff,
	0xffffff};

static const uint8_t cube_levels[6] = {0, 95, 135, 175, 215, 255};

static uint32_t rgb_of_256(int index)
{
	uint32_t grey;

	if (index < 16)
		return palette16[index];
	if (index < 232) {
		index -= 16;
		return (uint32_t)cube_levels[index / 36] << 16 |
		       (uint32_t)cube_levels[index / 6 % 6] << 8 | cube_levels[index % 6];
	}
	grey = 8 + 10 * (uint32_t)(index - 232);
	return grey << 16 | grey << 8 | grey;
}

static int distance(uint32_t a, uint32_t b)
{
	int dr = (int)(a >> 16 & 255) - (int)(b >> 16 & 255);
	int dg = (int)(a >> 8 & 255) - (int)(b >> 8 & 255);
	int db = (int)(a & 255) - (int)(b & 255);

	return 2 * dr * dr + 4 * dg * dg + 3 * db * db;
}

static int nearest(uint32_t rgb, int from, int to)
{
	int best = from;

	for (int i = from + 1; i < to; i++)
		if (distance(rgb, rgb_of_256(i)) < distance(rgb, rgb_of_256(best)))
			best = i;
	return best;
}

static int32_t fold(int32_t color, enum depth depth)
{
	if (color == COLOR_NONE || depth == DEPTH_TRUE)
		return color;
	if (color & COLOR_RGB) {
		uint32_t rgb = (uint32_t)color & 0xffffff;

		return depth == DEPTH_256 ? nearest(rgb, 16, 256) : nearest(rgb, 0, 16);
	}
	if (depth == DEPTH_16 && color > 15)
		return nearest(rgb_of_256(color), 0, 16);
	return color;
}

struct style theme_style(const struct theme *t, enum role role, enum depth depth)
{
	struct style style = t->style[role];

	if (depth == DEPTH_MONO)
		return (struct style){COLOR_NONE, COLOR_NONE, t->mono[role]};
	style.fg = fold(style.fg, depth);
	style.bg = fold(style.bg, depth);
	return style;
}
