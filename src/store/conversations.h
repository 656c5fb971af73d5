/* The conversations: a bounded table of counters by client, server and port of the server. */
#ifndef TCPTOP_STORE_CONVERSATIONS_H
#define TCPTOP_STORE_CONVERSATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/conversation.h"
#include "model/counters.h"
#include "store/series.h"

struct connection;
struct err;
struct talk; /* a row, 256 octets */

#define TALK_OTHERS 0 /* the row of all that found no better one */

struct conversations {
	struct talk *row; /* [0 .. max] */
	uint32_t *bucket; /* first row of a hash, 0 none */
	uint32_t (*many)[ENDING_COUNT - 1]; /* endings of rows with many of them, [1 .. many_room) */
	uint32_t max, mask;
	uint32_t used, free, count;
	uint32_t many_room, many_used, many_free;
	uint32_t newest, oldest; /* rows that nothing open belongs to, by last change */
	uint32_t aggregates;	 /* rows into which others were folded, without the row of others */
	uint64_t folded;	 /* conversations that were folded */
	struct series_pool series;
};

/* Octets of `max` rows, not counting their series. */
size_t conversations_bytes(uint32_t max);
bool conversations_init(struct conversations *cs, uint32_t max, uint32_t max_series,
	struct err *err);
void conversations_fini(struct conversations *cs);
void conversations_clear(struct conversations *cs); /* empty; nothing held survives */

/* The row of that connection, made when there is none; held until talk_release, so it is not folded away. */
uint32_t talk_obtain(struct conversations *cs, const struct connection *c);
void talk_hold(struct conversations *cs, uint32_t i);
void talk_release(struct conversations *cs, uint32_t i);
/* The same for a connection that has ended: the row into which its own was folded will do. */
uint32_t talk_obtain_late(struct conversations *cs, const struct connection *c);
/* Whether both belong to one conversation. */
bool talk_same(const struct connection *a, const struct connection *b);

/* Adds a difference, which may be negative (it wraps). */
void talk_add(struct conversations *cs, uint32_t i, const struct counters *diff);
void talk_add_one(struct conversations *cs, uint32_t i, enum counter n, int64_t diff);
/* Its key and counters. False: the row is not in use. */
bool talk_read(const struct conversations *cs, uint32_t i, struct conversation_key *key,
	struct counters *n);
/* Where the series pool keeps what it knows of the row. */
uint32_t *talk_series(const struct conversations *cs, uint32_t i);
/* Fetch what will be touched: a row; of a connection whose row is not known, where to look for it, then its row. */
void talk_fetch(const struct conversations *cs, uint32_t i);
void talk_fetch_bucket(const struct conversations *cs, const struct connection *c);
void talk_fetch_first(const struct conversations *cs, const struct connection *c);

#endif
