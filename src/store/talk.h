/* A row of the conversation table, and what conversations.c and fold.c share about it. */
#ifndef TCPTOP_STORE_TALK_H
#define TCPTOP_STORE_TALK_H

#include <stdbool.h>
#include <stdint.h>

#include "model/conversation.h"
#include "store/tally.h"

struct connection;
struct conversations;

struct talk {
	struct conversation_key key;
	bool used;
	uint32_t holds;	 /* open connections and TIME_WAITs; row TALK_OTHERS has one more */
	uint32_t turn;	 /* where it stands in the queue of idle ones; of a free row: the next free one */
	uint32_t series;
	uint32_t large;	 /* counters in full, to which the sums come; 0: they fit into the sums */
	struct sums sums;
};

_Static_assert(sizeof(struct talk) == 128, "two cache lines");

static inline bool talk_is_aggregate(const struct conversation_key *key)
{
	return key->other_clients || key->other_servers || key->other_ports;
}

uint64_t talk_hash(const struct conversation_key *key);
/* The row of that key, or 0. */
uint32_t talk_find(const struct conversations *cs, const struct conversation_key *key, uint64_t hash);
void talk_link(struct conversations *cs, uint32_t i, uint64_t hash);
void talk_unlink(struct conversations *cs, uint32_t i);
/* It changed just now: the last to be folded, as long as nothing holds it. */
void talk_touch(struct conversations *cs, uint32_t i);
/* The row that nothing holds and that changed longest ago, or 0; it leaves the queue. */
uint32_t talk_take_idlest(struct conversations *cs);
/* Adds all that row `from` counts to another. */
void talk_merge(struct conversations *cs, uint32_t from, uint32_t to);
/* Rows that were there have other keys, or are there no more. */
void talk_keys_changed(struct conversations *cs);
/* Gives an unlinked row back. */
void talk_free(struct conversations *cs, uint32_t i);

/* fold.c: makes a row free by folding the longest idle. False: every row is held. */
bool fold_one(struct conversations *cs);
/* The row that takes in `key` when it cannot have its own. Counted as folded. */
uint32_t fold_target(struct conversations *cs, const struct conversation_key *key);
/* The row into which `key` was folded, or 0 when only the others' row could have it. */
uint32_t fold_find(const struct conversations *cs, const struct conversation_key *key);

#endif
