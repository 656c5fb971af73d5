/*
 * Who met whom: how many different ends each row of conversations has seen, where those ends have no rows of their own.
 * Two pairs of the same 64-bit keyed hash are the same pair.
 */
#ifndef TCPTOP_STORE_PAIRS_H
#define TCPTOP_STORE_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/slots.h"

struct pairs {
	struct slots seen;
	uint32_t *count; /* by row, [0 .. rows] */
	uint32_t rows;	 /* 0: nobody asks */
	uint32_t max;	 /* pairs, PAIRS_PER_ROW for each row */
	uint64_t missed; /* times that a pair was met which there was no room to remember */
};

#define PAIRS_PER_ROW 4 /* where rows tell nothing of the other end, they are few, and pairs are many */

size_t pairs_bytes(uint32_t rows);
/* rows 0: does nothing. False (errno set) without address space. */
bool pairs_init(struct pairs *p, uint32_t rows);
void pairs_fini(struct pairs *p);
void pairs_clear(struct pairs *p, uint32_t rows); /* of which [0 .. rows] were used */

/* Reads what pairs_add will look at into the cache. */
static inline void pairs_fetch(const struct pairs *p, uint64_t hash)
{
	slots_fetch(&p->seen, hash);
}

/* The same of the lines behind, once the first is there. */
void pairs_fetch_rest(const struct pairs *p, uint64_t hash);

/* That row met an end: `hash` is of both, never 0. A pair beyond the bound is not counted, but as missed. */
void pairs_add(struct pairs *p, uint32_t row, uint64_t hash);
void pairs_forget(struct pairs *p, uint32_t row); /* its number; the pairs stay seen */

#endif
