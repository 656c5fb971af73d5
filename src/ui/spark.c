/* Sparklines and bars. */
#include "config.h"

#include "ui/spark.h"

#include "ui/canvas.h"

static const char *const blocks[9] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const plain[9] = {" ", ".", ":", "-", "=", "+", "*", "*", "#"};

static uint64_t sum(const uint32_t *values, size_t from, size_t to)
{
	uint64_t total = 0;

	while (from < to)
		total += values[from++];
	return total;
}

/* 0 .. 8; anything above nothing is at least 1. */
static int level(uint64_t part, uint64_t whole)
{
	if (part == 0)
		return 0;
	if (part >= whole)
		return 8;
	return 1 + (int)(part * 7 / whole);
}

void spark_ratio(struct canvas *c, int x, int y, int width, enum role role, const uint32_t *count,
	const uint32_t *base, size_t n)
{
	const char *const *glyphs = c->ascii ? plain : blocks;

	for (int i = 0; i < width; i++) {
		size_t from = n * (size_t)i / (size_t)width, to = n * (size_t)(i + 1) / (size_t)width;
		uint64_t happened, tries;

		if (to == from) /* more cells than steps: each step is drawn wide */
			to = from + 1;
		happened = sum(count, from, to);
		tries = sum(base, from, to);
		if (happened == 0 && tries > 0)
			canvas_put(c, x + i, y, ROLE_DIM, canvas_glyph(c, "·", "_"));
		else
			canvas_put(c, x + i, y, role, glyphs[level(happened, tries)]);
	}
}

int spark_bar(struct canvas *c, int x, int y, int width, enum role role, uint64_t part, uint64_t whole)
{
	static const char *const eighths[8] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	uint64_t cells8;

	if (whole == 0 || part == 0 || width <= 0)
		return x;
	cells8 = part >= whole ? (uint64_t)width * 8
			       : (uint64_t)((double)part / (double)whole * width * 8.0);
	if (cells8 < 8 && c->ascii)
		cells8 = 8;
	if (cells8 == 0)
		cells8 = 1;
	for (; cells8 >= 8; cells8 -= 8)
		x = canvas_put(c, x, y, role, canvas_glyph(c, "█", "#"));
	return c->ascii ? x : canvas_put(c, x, y, role, eighths[cells8]);
}
