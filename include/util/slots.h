/*
 * Open addressing that grows where it lies. A slot is a word, of which the highest bits say where
 * it belongs and 0 is empty; what the rest means is the owner's business. Searches go up and never
 * around, so twice as many slots hold the same words in the same order, and no second table is ever
 * needed.
 */
#ifndef TCPTOP_UTIL_SLOTS_H
#define TCPTOP_UTIL_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/mem.h"

struct slots {
	uint64_t *slot; /* 1 << bits of them, some beyond, and an empty one that ends every search */
	unsigned bits, most; /* now, and at most */
	uint32_t used;
};

/* Address space for that many words. False (errno set) when it cannot be had. */
bool slots_init(struct slots *s, uint32_t max);
void slots_fini(struct slots *s);
void slots_empty(struct slots *s); /* of words, as large as it is */
void slots_clear(struct slots *s); /* empty, as small as at the start */
bool slots_sparse(const struct slots *s); /* made for sixteen times as many as there are */
size_t slots_bytes(uint32_t max);  /* octets when all are there, at most */
size_t slots_taken(const struct slots *s);

static inline size_t slots_home(const struct slots *s, uint64_t word)
{
	return (size_t)(word >> (64 - s->bits));
}

/* Reads where the search for it begins into the cache. */
static inline void slots_fetch(const struct slots *s, uint64_t word)
{
	mem_read(&s->slot[slots_home(s, word)]);
}

/* Where that very word is, or the empty slot at which the search for it ends. */
static inline size_t slots_seek(const struct slots *s, uint64_t word)
{
	size_t at = slots_home(s, word);

	while (s->slot[at] && s->slot[at] != word)
		at++;
	return at;
}

/* Puts it behind those that are there; equal ones may be. False: no room, and nothing is changed. */
bool slots_put(struct slots *s, uint64_t word);
/* Empties that slot, which is in use; what stands behind it moves up. */
void slots_remove(struct slots *s, size_t at);

#endif
