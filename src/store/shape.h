/*
 * What connections are alike in: how they ended, what proves it, in which order things happened, which numbers are
 * not as usual. Millions of connections have some hundred shapes, so each is kept once.
 */
#ifndef TCPTOP_STORE_SHAPE_H
#define TCPTOP_STORE_SHAPE_H

#include <stddef.h>
#include <stdint.h>

#include "model/connection.h"

/* Compared and hashed as it lies in memory: no padding. Its bits are pack.c's. */
struct shape {
	uint64_t evidence;
	uint64_t has;	     /* numbers that are packed */
	uint32_t attributes;
	uint32_t fine;	     /* packed times that are ns, not us */
	uint32_t count;	     /* small counts, two bits each */
	uint16_t never;	     /* times that are TIME_NEVER */
	uint8_t ending, rule;
	uint8_t who, how;    /* small enumerations and flags */
	uint8_t state[2];    /* of both ends */
	uint8_t icmp_type, icmp_code, tunnel, interface;
	char history[HISTORY_MAX];
};

_Static_assert(sizeof(struct shape) == 64, "a cache line without padding");

#define SHAPES_MAX 32766 /* at a time; numbered from 1 */

struct shape_entry;

struct shapes {
	struct shape_entry *entry; /* [1 .. used] */
	uint32_t *bucket;	   /* first entry of a hash, 0 none */
	uint32_t room, used, free, mask;
	uint64_t users; /* of all */
};

size_t shapes_bytes(void); /* at most */
void shapes_init(struct shapes *s);
void shapes_fini(struct shapes *s);

/* The number of a shape, with one user more. 0: there are SHAPES_MAX others. */
uint32_t shapes_take(struct shapes *s, const struct shape *shape);
/* One user less; without any the number is free. */
void shapes_drop(struct shapes *s, uint32_t i);
/* Borrowed until another is taken. */
const struct shape *shapes_at(const struct shapes *s, uint32_t i);

#endif
