/* Octets of any number in small blocks of a pool: what is short takes little, and nothing ever moves. */
#ifndef TCPTOP_UTIL_CHAIN_H
#define TCPTOP_UTIL_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

/*
 * What has a place of `room` octets elsewhere and does not fit: the last octets of its place are
 * CHAIN_LINK that say where it goes on. Whoever has the place remembers whether it is such a one.
 */
#define CHAIN_LINK sizeof(uint32_t)

/* The run of one. */
static inline uint32_t chain_link(const uint8_t *place, size_t room)
{
	uint32_t first;

	memcpy(&first, place + room - CHAIN_LINK, sizeof(first));
	return first;
}

/* Blocks that it takes when it has n octets, more than `room`. */
static inline uint32_t chain_blocks_beyond(size_t n, size_t room)
{
	return chain_blocks(n - (room - CHAIN_LINK));
}

/*
 * Lays n octets, more than `room`, there; the rest goes to the run at `first` (0: none yet), as
 * chain_write() says.
 */
static inline void chain_split(struct chains *c, uint8_t *place, size_t room, uint32_t first, const uint8_t *p,
	size_t n)
{
	size_t here = room - CHAIN_LINK;

	chain_write(c, &first, p + here, n - here);
	memcpy(place, p, here);
	memcpy(place + here, &first, sizeof(first));
}

/* Puts it together in `out`, which has CHAIN_BODY octets more than are wanted. */
static inline void chain_join(const struct chains *c, const uint8_t *place, size_t room, uint8_t *out)
{
	memcpy(out, place, room - CHAIN_LINK);
	chain_read(c, chain_link(place, room), out + room - CHAIN_LINK);
}

#endif
