/*
 * Tombstones: what is remembered of a connection for a while after it has left the table, so that a late FIN, ACK
 * or RST still counts to it, and a new SYN on its ports is known to be a new generation. They lie in the order
 * they were made, in chunks that are used again when everything in them has been forgotten. They have an index of
 * their own, as that of live flows, where every packet looks, is to stay small.
 */
#ifndef TCPTOP_FLOW_TOMB_H
#define TCPTOP_FLOW_TOMB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/flows.h"
#include "model/tuple.h"

struct tomb {
	uint32_t isn[2], nxt[2];
	uint32_t hash;	/* of its index entry */
	uint32_t id;	/* with the hash as good as the tuple, which the late packet brings along */
	uint16_t generation;
	/* tombs_add() sets it: seconds from its chunk's, up to which it is remembered, + 1; 0: not at all. */
	uint16_t left : 7;
	/* Bit per side: whether isn, nxt are known, whether it had sent a FIN, a RST. */
	uint16_t isn_known : 2, nxt_known : 2, fins : 2, rsts : 2;
	uint16_t client_high : 1; /* the client is the higher endpoint of the two */
};

_Static_assert(sizeof(struct tomb) == 28, "as stated in doc/performance.md");

/* From its chunk's beginning to the last tomb_second() in which a tombstone is remembered. */
#define TOMB_LEFT_MOST 126

struct tomb_chunk { /* of those that were added one after the other */
	uint64_t eseq;	/* of the first; the others count on from it */
	int64_t start;	/* of the connection that began first, ns since the epoch */
	uint32_t n;
	uint32_t second; /* in which it was begun */
	uint32_t until;	 /* the latest of them */
};

struct tombs {
	struct tomb *tomb; /* [chunks << chunk_bits] */
	struct front front; /* of tomb */
	struct index index; /* of tomb: its number + 1 */
	struct tomb_chunk *chunk; /* [chunks] */
	uint32_t *queue;   /* ring of the chunks in use, oldest first, [chunks] */
	uint32_t chunks, chunk_bits;
	uint32_t first, used;	 /* of the ring */
	uint32_t newest;	 /* chunk, when one is used */
	uint32_t fresh;		 /* chunks from here on were never used */
};

/* At least `max` of them. False: the address space cannot be had. */
bool tombs_init(struct tombs *t, uint32_t max);
void tombs_fini(struct tombs *t);
/* Octets for `max`, their index included. */
size_t tombs_bytes(uint64_t max);

/* In units of 2^30 ns, so that 32 bits last until the year 2116. */
static inline uint32_t tomb_second(int64_t ns)
{
	return (uint32_t)(ns >> 30);
}

/* What identifies a tuple, the same in both directions; *first_high: addr[0] is the higher endpoint. */
uint32_t tomb_id(const struct tuple *tuple, bool *first_high);
/* What is said of a connection besides. */
struct tomb_times {
	int64_t now, start;  /* ns; start: of the connection, since the epoch */
	uint32_t until;	     /* last tomb_second() in which it is remembered, at most TOMB_LEFT_MOST from now */
};

/*
 * Remembers one, in place of the one of the generation before it, if that is still remembered. eseq: one more than the
 * last time. The oldest are forgotten for it when they are due now, or when there is no room.
 */
void tombs_add(struct tombs *t, const struct tomb *what, uint64_t eseq,
	const struct tomb_times *times);
/* That of the tuple, if it is not yet forgotten at `now`; *side is the packet's sender in it. NULL: none. */
struct tomb *tombs_find(const struct tombs *t, const struct tuple *tuple, uint32_t hash, int64_t now, int *side);
/* The eseq it was added with. */
uint64_t tombs_eseq(const struct tombs *t, const struct tomb *tomb);
/* When its connection had begun already, ns since the epoch: it did then, or a little earlier. */
int64_t tombs_start(const struct tombs *t, const struct tomb *tomb);

#endif
