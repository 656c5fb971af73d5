/* The conversations: a bounded table of counters by client, server and port of the server. */
#ifndef TCPTOP_STORE_CONVERSATIONS_H
#define TCPTOP_STORE_CONVERSATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/conversation.h"
#include "model/counters.h"
#include "model/sums.h"
#include "store/pairs.h"
#include "store/series.h"
#include "util/slots.h"

struct connection;
struct err;
struct store_conf;
struct talk; /* a row, 128 octets */
struct tally;

#define TALK_OTHERS 0 /* the row of all that found no better one */

struct conversations {
	struct talk *row; /* [0 .. max] */
	struct slots slots; /* where rows are found */
	struct counters **large; /* slabs of counters in full, of rows with large numbers */
	uint32_t *queue;  /* rows that nothing open belongs to, by last change: a ring; some have moved on since */
	uint32_t max;
	unsigned leave_out, met; /* parts of keys: those that rows do not tell apart, of these those that are counted */
	uint32_t used, free, count;
	uint32_t larges, large_used, large_free, large_slabs;
	uint32_t queue_mask, queue_first, queue_end; /* turns; they wrap */
	uint32_t aggregates;	 /* rows into which others were folded, without the row of others */
	uint64_t folded;	 /* conversations that were folded */
	uint64_t keys_version;	 /* of all tables there ever were: another one when a row that was in use has another key */
	struct series_pool series;
	struct pairs pairs; /* rows and what is left out of their keys, by cs->met */
};

/* Where to look for what belongs to a connection: hashes. */
struct talk_place {
	uint64_t row; /* of the conversation's key; 0: not known */
	uint64_t pair;
};

/* Octets of all rows, not counting their series; some of them with large numbers. */
size_t conversations_bytes(const struct store_conf *conf);
/* Octets taken now, series not counted. */
size_t conversations_taken(const struct conversations *cs);
bool conversations_init(struct conversations *cs, const struct store_conf *conf, struct err *err);
void conversations_fini(struct conversations *cs);
void conversations_clear(struct conversations *cs); /* empty; nothing held survives */

void talk_place_of(const struct conversations *cs, const struct connection *c, struct talk_place *out);
/* Both read what talk_obtain will need, for many connections in turn: the first for all of them before the second. */
void talk_fetch_slot(const struct conversations *cs, const struct talk_place *at);
void talk_fetch_row(const struct conversations *cs, const struct talk_place *at);
void talk_fetch(const struct conversations *cs, uint32_t i); /* a row that is known */

/* The row of that connection, made when there is none; held until talk_release, so it is not folded away. */
uint32_t talk_obtain(struct conversations *cs, const struct connection *c, const struct talk_place *at);
void talk_hold(struct conversations *cs, uint32_t i);
void talk_release(struct conversations *cs, uint32_t i);
/* The same for a connection that has ended: the row into which its own was folded will do. */
uint32_t talk_obtain_late(struct conversations *cs, const struct connection *c, const struct talk_place *at);
/* Whether both belong to one conversation. */
bool talk_same(const struct connection *a, const struct connection *b);

/* Counts a connection; takes one away that was counted there before. */
void talk_add(struct conversations *cs, uint32_t i, const struct tally *t);
void talk_subtract(struct conversations *cs, uint32_t i, const struct tally *t);
/* One TIME_WAIT that was counted there is over. */
void talk_time_wait_over(struct conversations *cs, uint32_t i);

/* The key of row i, borrowed until anything is counted. NULL: the row is not in use. Rows: 0 .. used. */
const struct conversation_key *talk_key(const struct conversations *cs, uint32_t i);
void talk_counters(const struct conversations *cs, uint32_t i, struct counters *n);
void talk_add_to(const struct conversations *cs, uint32_t i, struct tray *to);
void talk_add_some(const struct conversations *cs, uint32_t i, const uint8_t *counter, size_t n, uint64_t *sum);
uint64_t talk_counter(const struct conversations *cs, uint32_t i, enum counter n);
/* Where the series pool keeps what it knows of the row. */
uint32_t *talk_series(const struct conversations *cs, uint32_t i);

#endif
