/* Octets of any number in small blocks of a pool: what is short takes little, and nothing ever moves. */
#ifndef TCPTOP_UTIL_CHAIN_H
#define TCPTOP_UTIL_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHAIN_BODY 28 /* octets of a run in a block */

struct chain_block { /* 32 octets */
	uint32_t next;
	uint8_t body[CHAIN_BODY];
};

struct chains {
	struct chain_block **slab;
	uint32_t slabs;
	uint32_t max, used; /* blocks */
	uint32_t fresh;	    /* those from 1 to here were used before */
	uint32_t free;
};

/* Room for so many blocks, or nearly 2^32. They are made as they are needed. */
void chains_init(struct chains *c, uint64_t blocks);
void chains_fini(struct chains *c);
/* Gives back all that was ever taken. */
void chains_clear(struct chains *c);

/* How many blocks more there is room for. */
static inline uint32_t chains_room(const struct chains *c)
{
	return c->max - c->used;
}

/* Blocks that n octets take. */
static inline uint32_t chain_blocks(size_t n)
{
	return (uint32_t)((n + CHAIN_BODY - 1) / CHAIN_BODY);
}

/* Writes n octets at *first (0: nothing yet), in place of those that were there. There must be room. */
void chain_write(struct chains *c, uint32_t *first, const void *p, size_t n);
/* Reads a run; whole blocks are written to `out`. Returns what comes after the last octet read. */
uint8_t *chain_read(const struct chains *c, uint32_t first, uint8_t *out);
/* Gives it back; *first becomes 0. */
void chain_drop(struct chains *c, uint32_t *first);

#endif
