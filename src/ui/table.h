/*
 * A table on the screen: which columns fit, how wide they are, where the cursor is. What stands in
 * a cell it asks. The cursor is on the identity of a row, never on a row number.
 */
#ifndef TCPTOP_UI_TABLE_H
#define TCPTOP_UI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/canvas.h"

struct str;

#define TABLE_COLUMNS 96

struct table_band { /* title over neighbouring columns */
	const char *words, *brief; /* brief where there is no room for words */
	const char *letter;	   /* behind the column's head where bands are not shown */
};

struct table_column {
	const char *head;
	const struct table_band *band; /* compared by address; may be NULL */
	uint8_t min, max;
	uint8_t drop;  /* 0 never dropped for want of room, 1 last ... 7 first */
	bool right;    /* right aligned */
	bool middle;   /* what is too long loses its middle: addresses */
	bool keep;     /* given up last where not even what is never dropped fits */
	uint8_t brief; /* with `keep`: how narrow it still says something; 0: min */
	const char *brief_head; /* over that; NULL: head */
	bool picture;  /* drawn by the model; wants all the room there is up to max */
};

struct table_model {
	size_t rows;
	uint64_t (*id)(void *arg, size_t row);
	/*
	 * Adds the text of a cell, for `width` columns if it can (0: as wide as it likes), and may
	 * set its role.
	 */
	void (*text)(void *arg, size_t row, size_t column, int width, struct str *out, enum role *role);
	/* Draws a `picture` cell; NULL when there are none. */
	void (*picture)(void *arg, size_t row, size_t column, struct canvas *c, struct rect r);
	void *arg;
};

struct table {
	struct table_column column[TABLE_COLUMNS];
	size_t columns;
	size_t keys;	  /* leading columns that do not scroll away */
	size_t scroll;	  /* columns behind them that are scrolled out on the left */
	size_t sort;	  /* the sorted one; `columns` when none */
	bool ascending;
	uint64_t selected; /* identity of the selected row; 0: the first row, whichever it is */
	size_t index, top; /* where it was, and the first row shown, at the last table_follow or move */
	size_t visible;	   /* rows at the last draw */
};

/* Where a column came to stand: by table_layout, left to right. */
struct table_place {
	size_t column;
	int x, w;
};

void table_init(struct table *t);
/* After the rows changed: finds the selected one again, or takes the one that now stands in its place. */
void table_follow(struct table *t, const struct table_model *m);
void table_move(struct table *t, const struct table_model *m, long by);
void table_select(struct table *t, const struct table_model *m, size_t index);
void table_page(struct table *t, const struct table_model *m, int pages);
/* False when there is nothing further that way. */
bool table_scroll(struct table *t, int by);

/* want[i] is the width column i would like, between its min and max. Returns how many were placed. */
size_t table_layout(const struct table *t, const uint8_t *want, int width, struct table_place *out);

/* Header (two lines when `bands`) and rows. */
void table_draw(struct table *t, const struct table_model *m, struct canvas *c, struct rect r, bool bands);

#endif
