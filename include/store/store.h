/*
 * The flow store: what the viewer knows. One owner (the main thread). Blocks go in; queries read.
 *
 * Conversations carry the counters: each is the sum of the rows of its connections, kept by adding
 * a new row and subtracting the one it replaces. Forgetting a connection therefore changes no
 * total.
 */
#ifndef TCPTOP_STORE_STORE_H
#define TCPTOP_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/block.h"
#include "model/conversation.h"
#include "model/counters.h"
#include "model/sums.h"

struct err;
struct store;
struct thresholds;

struct store_conf {
	uint32_t shards;
	uint32_t max_live;	    /* per shard: engine_conf.max_connections */
	uint64_t max_ended;	    /* ended connections kept, oldest forgotten first */
	uint32_t max_conversations; /* beyond it the longest idle are folded */
	uint32_t max_series;	    /* conversations with a time series, the busiest */
	uint32_t max_trails;	    /* ended connections whose segments are kept */
	/* Events that findings are worked out from; 0: as many as ever are of use. */
	uint32_t max_facts;
	bool no_findings;	    /* nobody will ask for them: store_findings() has none */
	/* Nobody will ask for anything but findings, nor reset. One shard only, and there must be findings. */
	bool findings_only;
	/*
	 * Nobody will ask for connections or time series, nor reset: only sums are kept. Every
	 * connection must come in one row (engine_conf.final_only), beside late ones.
	 */
	bool sums_only;
	/*
	 * Parts of the conversations' keys (KEY_CLIENT ...) that nobody will ask for: conversations
	 * that differ in nothing else are one row, and that part of its key is 0. Every connection
	 * must come in one row, as above.
	 */
	unsigned leave_out;
	/*
	 * Of these KEY_CLIENT or KEY_SERVER: how many different ones each row met is counted; 0: it
	 * is not.
	 */
	unsigned peers;
	const struct thresholds *thresholds; /* of findings; NULL: the defaults. Copied */
};

struct store *store_new(const struct store_conf *conf, struct err *err);
void store_free(struct store *st);
/* Octets its tables take when all are full: what a bound costs. */
size_t store_bytes(const struct store_conf *conf);

/*
 * Takes the rows in; the block stays the caller's. Cost: one or two cache misses per row, no
 * allocation on the way.
 */
void store_apply(struct store *st, const struct block *b);
/* Time passes: TIME_WAIT runs out. Called with block.now or, live, the clock. */
void store_tick(struct store *st, int64_t now);
/* Forgets all that has ended and sets every counter to what is open now. */
void store_reset(struct store *st);

/* Latest time known, ns since the epoch; 0 before the first packet. */
int64_t store_now(const struct store *st);
int64_t store_first(const struct store *st);	/* time of the first packet, never after store_now(); 0 before it */
uint64_t store_version(const struct store *st); /* another value whenever anything changed */
bool store_input_ended(const struct store *st); /* all shards said so */

void store_totals(const struct store *st, struct counters *out);
void store_capture_stats(const struct store *st, struct capture_stats *out); /* sum over shards */

struct store_usage { /* what the bounds hold, for line 1 and the closing words */
	uint64_t live, live_max, ended, ended_max, ended_forgotten;
	uint64_t conversations, conversations_max, folded;
	/* Pairs that `peers` are counted by, and times that one had no room. */
	uint64_t peers_max, peers_missed;
	uint64_t series, series_max;
};
void store_usage(const struct store *st, struct store_usage *out);

/*
 * A connection by uid. False when it is not known (any more). *at is where it was found the last
 * time, and any number at first: it is looked for there before everywhere, which with a million
 * takes some 30 ms.
 */
bool store_connection(const struct store *st, uint64_t uid, uint32_t *at, struct connection *out);
/* Its segments. False when there are none (any more). */
bool store_trail(const struct store *st, uint64_t uid, struct trail *out);

/*
 * Visits every connection kept, live and ended. `visit` returns false to stop. The row is the
 * visitor's until it returns.
 */
void store_each_connection(const struct store *st,
	bool (*visit)(void *arg, const struct connection *c), void *arg);

/*
 * The same for who looks at a part of them at a time, as long as the store does not change: places
 * are the numbers below store_places(). False: there is none at that one.
 */
uint64_t store_places(const struct store *st);
bool store_connection_at(const struct store *st, uint64_t place, struct connection *out);

/*
 * Events per second of packet time, for sparklines and graph. Steps are aligned to whole seconds of
 * the epoch. Ending groups are counted at connection.ended.
 */
enum series_line {
	SERIES_ATTEMPTS,
	SERIES_CT,
	SERIES_SYN_CLT,
	SERIES_SYN_SRV,
	SERIES_FIN_CLT,
	SERIES_FIN_SRV,
	SERIES_RST_CLT, /* rst.count */
	SERIES_RST_SRV,
	SERIES_RST_UNIQ_CLT,
	SERIES_RST_UNIQ_SRV,
	SERIES_GROUP, /* + enum ending_group - 1 */
	SERIES_LINES = SERIES_GROUP + GROUP_COUNT - 1
};

/*
 * Visits every conversation: its key, its counters, and a handle for store_series. Folded ones are
 * visited too.
 */
void store_each_conversation(const struct store *st,
	bool (*visit)(void *arg, const struct conversation_key *key, const struct counters *n,
		uint32_t handle),
	void *arg);

/*
 * The same for who needs but a part of it, at their own pace as long as the store does not change:
 * handles are the numbers below store_conversations(). NULL: nothing is kept under that one. The
 * key is borrowed until the store changes.
 */
uint32_t store_conversations(const struct store *st);
const struct conversation_key *store_conversation(const struct store *st, uint32_t handle);
void store_conversation_add(const struct store *st, uint32_t handle, struct tray *to);
uint64_t store_conversation_counter(const struct store *st, uint32_t handle, enum counter n);
/* Adds those counters of it to as many numbers. */
void store_conversation_counters(const struct store *st, uint32_t handle, const uint8_t *counter,
	size_t n, uint64_t *sum);
/*
 * Another value, of any store, never 0, whenever what was kept under a handle has another key now.
 * New handles change nothing.
 */
uint64_t store_keys_version(const struct store *st);
/* store_conf.leave_out, and how many of store_conf.peers the row met. */
unsigned store_left_out(const struct store *st);
uint32_t store_conversation_peers(const struct store *st, uint32_t handle);

/*
 * Adds a conversation's last `steps` seconds up to and including second `until` to sum[0 ..
 * steps-1]. False: it has none.
 */
bool store_series(const struct store *st, uint32_t handle, enum series_line line, int64_t until,
	size_t steps, uint32_t *sum);
/*
 * Without a look at it: whether that is false for want of a series; whether there is nothing that
 * it could add.
 */
bool store_series_lost(const struct store *st, uint32_t handle);
bool store_series_empty(const struct store *st, uint32_t handle);
/* The same of everything together, kept for 24 h. */
void store_series_total(const struct store *st, enum series_line line, int64_t until,
	size_t steps, uint32_t *sum);

#endif
