/*
 * Tombstones: what is remembered of a connection for a while after it has left the table, so that a late FIN, ACK
 * or RST still counts to it, and a new SYN on its ports is known to be a new generation.
 */
#ifndef TCPTOP_FLOW_TOMB_H
#define TCPTOP_FLOW_TOMB_H

#include <stdbool.h>
#include <stdint.h>

#include "model/tuple.h"

struct tomb {
	struct tuple tuple; /* [CLIENT], [SERVER] */
	uint32_t hash, next;
	uint64_t eseq;
	int64_t until;	    /* ns since the epoch; forgotten after it */
	int64_t start;	    /* of the connection */
	uint32_t isn[2], nxt[2];
	uint16_t generation;
	uint8_t isn_known, nxt_known; /* bit per side */
	uint8_t fins, rsts; /* sides that had sent a FIN, a RST: bit per side */
};

struct tombs {
	struct tomb *tomb; /* ring, [max]; the oldest is overwritten */
	uint32_t *head, mask, max;
	uint64_t made;	   /* all that were ever made; made - max is the oldest kept */
};

/* Fetches what finding one of that hash looks at first. */
static inline void tombs_fetch(const struct tombs *t, uint32_t hash)
{
	__builtin_prefetch(&t->head[hash & t->mask]);
}

bool tombs_init(struct tombs *t, uint32_t max);
void tombs_fini(struct tombs *t);
void tombs_add(struct tombs *t, const struct tomb *what);
/* The newest one of the tuple that is not yet forgotten at `now`; *side is the packet's sender in it. NULL: none. */
struct tomb *tombs_find(const struct tombs *t, const struct tuple *tuple, uint32_t hash, int64_t now,
	int *side);

#endif
