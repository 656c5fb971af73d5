/*
 * Tombstones: what is remembered of a connection for a while after it has left the table, so that a late FIN, ACK
 * or RST still counts to it, and a new SYN on its ports is known to be a new generation. They lie in the order they
 * were made, in chunks that are used again when everything in them has been forgotten.
 */
#ifndef TCPTOP_FLOW_TOMB_H
#define TCPTOP_FLOW_TOMB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/flows.h"
#include "model/tuple.h"

#define TOMB_REF OTHER_REF /* in an index: a tombstone's number, not a slot */

struct tomb {
	uint64_t id; /* keyed hash of the tuple: as good as the tuple, which the late packet brings along */
	uint64_t eseq;
	int64_t until;	    /* ns since the epoch; forgotten after it */
	int64_t start;	    /* of the connection */
	uint32_t isn[2], nxt[2];
	uint32_t hash;	    /* of its index entry */
	uint16_t generation;
	/* Bit per side: whether isn, nxt are known, whether it had sent a FIN, a RST. */
	uint16_t isn_known : 2, nxt_known : 2, fins : 2, rsts : 2;
	uint16_t client_high : 1; /* the client is the higher endpoint of the two */
};

_Static_assert(sizeof(struct tomb) == 56, "as stated in engine_bytes");

struct tombs {
	struct tomb *tomb; /* [chunks << chunk_bits] */
	struct front front; /* of tomb */
	uint32_t *queue;   /* ring of the chunks in use, oldest first, [chunks] */
	int64_t *until;	   /* of a chunk: when the last one in it is forgotten */
	uint32_t chunks, chunk_bits;
	uint32_t first, used;	 /* of the ring */
	uint32_t fresh;		 /* chunks from here on were never used */
	uint32_t filled;	 /* tombstones in the newest chunk */
};

/* At least `max` of them. False: the address space cannot be had. */
bool tombs_init(struct tombs *t, uint32_t max);
void tombs_fini(struct tombs *t);
/* Octets for `max`. */
size_t tombs_bytes(uint64_t max);

/* What identifies a tuple, the same in both directions; *first_high: addr[0] is the higher endpoint. */
uint64_t tomb_id(const struct tuple *tuple, bool *first_high);
/*
 * Remembers one, in place of an older one of the same tuple; in the index it takes the place of `ref`. The oldest are
 * forgotten for it when they are due at `now`, or when there is no room.
 */
void tombs_add(struct tombs *t, struct index *x, const struct tomb *what, uint32_t ref, int64_t now);
/* That of the tuple, if it is not yet forgotten at `now`; *side is the packet's sender in it. NULL: none. */
struct tomb *tombs_find(const struct tombs *t, const struct index *x, const struct tuple *tuple, uint32_t hash,
	int64_t now, int *side);

#endif
