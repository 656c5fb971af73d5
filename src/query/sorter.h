/* Puts rows in order as they come, keeping only the first ones when asked to. */
#ifndef TCPTOP_QUERY_SORTER_H
#define TCPTOP_QUERY_SORTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "query/column.h"

#define SORT_ROWS UINT32_MAX /* row numbers are less */

/* What is compared of a row: numbers that come in the order of what they stand for, as far as they go. */
struct sort_item {
	uint64_t rank;	/* of the value in the sort column */
	uint64_t tie;	/* of what tells rows of one value apart */
	uint32_t value; /* where the sorter keeps the value, if the rank is not all of it */
	uint32_t row;	/* what it stands for, as the tie-breaker knows it */
};

struct sorter {
	struct sort_item *item; /* after sorter_finish in order */
	size_t n, room;
	size_t keep; /* 0 = all */
	bool was_cut;
	struct sort_item worst; /* of those kept when it was */
	uint64_t dice;
	const struct column *column;
	bool ascending;
	bool exact; /* ranks are the whole values */
	struct value *value;
	size_t values, value_room;
	/* Order of rows whose keys and ties are equal; must tell any two apart. */
	int (*decide)(const void *arg, uint64_t a, uint64_t b);
	const void *arg;
	struct sort_item *spare;
	size_t spare_room;
};

/* Forgets the items, keeps the memory. */
void sorter_begin(struct sorter *s, size_t keep, const struct column *column, bool ascending,
	int (*decide)(const void *arg, uint64_t a, uint64_t b), const void *arg);
/*
 * A row, its value in the sort column, and a number that comes in the order of rows of one value as
 * far as it goes (0 for all will do). Whether it could be among the first, by its value alone and
 * by all of it: false is certain; and adding it. A text of the value must live as long as the
 * items.
 */
bool sorter_may_want(const struct sorter *s, const struct value *v);
bool sorter_wants(const struct sorter *s, const struct value *v, uint64_t tie, uint64_t row);
void sorter_add(struct sorter *s, const struct value *v, uint64_t tie, uint64_t row);
void sorter_finish(struct sorter *s);
void sorter_free(struct sorter *s);

#endif
