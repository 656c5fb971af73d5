/* Facts in order of time. New ones are noted as they come and sorted in when the order is asked for. */
#ifndef TCPTOP_STORE_TIMELINE_H
#define TCPTOP_STORE_TIMELINE_H

#include <stddef.h>
#include <stdint.h>

#include "store/facts.h"

struct moment { /* a fact's place in time */
	int64_t at;
	uint64_t uid;
	uint32_t fact, near, far; /* near, far: handles in the windows, for whoever walks along */
	uint16_t flags;
	uint8_t kind;
};

struct timeline {
	struct moment *moment; /* what is in order, then what came since */
	size_t ordered, n, room;
	struct moment *late; /* room to sort what came */
	size_t late_room;
};

void timeline_fini(struct timeline *t);
void timeline_clear(struct timeline *t);
/* Notes that fact number `i` is there, or says something else than it did. What is taken away needs no word. */
void timeline_note(struct timeline *t, const struct facts *facts, uint32_t i);
/* Brings all facts there are in order, and forgets those that are not; n is their number then. */
void timeline_sort(struct timeline *t, const struct facts *facts);

#endif
