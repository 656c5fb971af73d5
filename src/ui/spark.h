/* Small pictures of numbers: one line high, in eighths of a cell, or in ASCII. */
#ifndef TCPTOP_UI_SPARK_H
#define TCPTOP_UI_SPARK_H

#include <stddef.h>
#include <stdint.h>

#include "ui/theme.h"

struct canvas;

/*
 * `count` per `base` over time, folded from n steps into `width` cells, oldest first; 1 per base is
 * the full height. A cell in which nothing happened is blank; one with base but without count shows
 * a dot at its foot.
 */
void spark_ratio(struct canvas *c, int x, int y, int width, enum role role, const uint32_t *count,
	const uint32_t *base, size_t n);

/* A bar of `part` of `whole`, `width` cells at full length. Returns the column behind it. */
int spark_bar(struct canvas *c, int x, int y, int width, enum role role, uint64_t part, uint64_t whole);

#endif
