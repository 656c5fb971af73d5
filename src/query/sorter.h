/* Puts rows in order as they come, keeping only the first ones when asked to. */
#ifndef TCPTOP_QUERY_SORTER_H
#define TCPTOP_QUERY_SORTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "query/column.h"

struct sort_item {
	struct value key; /* of the sort column; its text lives as long as the sorter's owner says */
	uint64_t row;	  /* what it stands for, as the tie-breaker knows it */
};

struct sorter {
	struct sort_item *item; /* after sorter_finish in order */
	size_t n, room;
	size_t keep; /* 0 = all */
	const struct column *column;
	bool ascending;
	/* Order of rows whose keys are equal; must tell any two apart. */
	int (*tie)(const void *arg, uint64_t a, uint64_t b);
	const void *arg;
	struct sort_item *spare;
	size_t spare_room;
};

/* Forgets the items, keeps the memory. */
void sorter_begin(struct sorter *s, size_t keep, const struct column *column, bool ascending,
	int (*tie)(const void *arg, uint64_t a, uint64_t b), const void *arg);
/* Whether it would be kept if it were added now. */
bool sorter_wants(const struct sorter *s, const struct sort_item *item);
void sorter_add(struct sorter *s, const struct sort_item *item);
void sorter_finish(struct sorter *s);
void sorter_free(struct sorter *s);

#endif
