/* A row of the conversation table, and what conversations.c and fold.c share about it. */
#ifndef TCPTOP_STORE_TALK_H
#define TCPTOP_STORE_TALK_H

#include <stdbool.h>
#include <stdint.h>

#include "model/counters.h"
#include "model/tuple.h"

struct connection;
struct conversations;

/* The counters of counters.def: first all narrow ones, then the wide ones, then the endings. */
enum {
	TALK_NARROW = 0
#define COUNTER(...) +1
#define WIDE(...)
#include "model/counters.def"
#undef COUNTER
#undef WIDE
	,
	TALK_WIDE = COUNTER_ENDINGS - TALK_NARROW
};

#define COUNTER(id, ...) _Static_assert((int)COUNTER_##id < (int)TALK_NARROW, "narrow first");
#define WIDE(id, ...) _Static_assert((int)COUNTER_##id >= (int)TALK_NARROW, "narrow first");
#include "model/counters.def"
#undef COUNTER
#undef WIDE

enum { FOLD_USED = 1, FOLD_CLIENTS = 2, FOLD_SERVERS = 4, FOLD_PORTS = 8 }; /* talk_key.fold */
#define FOLD_ALL (FOLD_CLIENTS | FOLD_SERVERS | FOLD_PORTS)

struct talk_key { /* hashed as it lies in memory: no padding */
	struct addr client, server;
	uint16_t port;
	uint8_t fold, zero;
};

_Static_assert(sizeof(struct talk_key) == 36, "no padding");

/* A row has few kinds of endings as a rule: this many fit into it, as kind << FEW_BITS | count. */
#define FEW 3
#define FEW_BITS 27
#define FEW_MAX ((UINT32_C(1) << FEW_BITS) - 1)

struct talk {
	struct talk_key key;
	uint32_t hash_next;    /* or the next free row */
	uint32_t older, newer; /* while nothing holds it */
	uint32_t holds;	       /* open connections and TIME_WAITs; row TALK_OTHERS has one more */
	uint32_t series;
	uint32_t many; /* where all its endings are, 0: in few[] */
	uint32_t few[FEW];
	uint32_t n[TALK_NARROW];
	uint64_t wide[TALK_WIDE];
};

_Static_assert(sizeof(struct talk) <= 256, "four cache lines");

struct talk_key talk_key_of(const struct connection *c);
uint32_t talk_find(const struct conversations *cs, const struct talk_key *key);
void talk_link(struct conversations *cs, uint32_t i);
void talk_unlink(struct conversations *cs, uint32_t i);
void talk_lru_add(struct conversations *cs, uint32_t i);
void talk_lru_remove(struct conversations *cs, uint32_t i);
void talk_counters(const struct conversations *cs, const struct talk *t, struct counters *n);

/* fold.c: makes a row free by folding the longest idle. False: every row is held. */
bool fold_one(struct conversations *cs);
/* The row that takes in `key` when it cannot have its own. Counted as folded. */
uint32_t fold_target(struct conversations *cs, const struct talk_key *key);
/* The row into which `key` was folded, or 0 when only the others' row could have it. */
uint32_t fold_find(const struct conversations *cs, const struct talk_key *key);

#endif
