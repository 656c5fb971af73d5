/* The store's inside, for the files that make it up. */
#ifndef TCPTOP_STORE_STATE_H
#define TCPTOP_STORE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/capture_stats.h"
#include "model/counters.h"
#include "store/conversations.h"
#include "store/findings.h"
#include "store/record.h"
#include "store/series.h"
#include "store/store.h"
#include "store/timewait.h"
#include "store/trails.h"

struct connection;

struct store_shard {
	uint32_t slots;	       /* of its live connections, those ever used */
	uint32_t log, log_max; /* its part of the log of ended connections: first record, how many */
	uint32_t log_used;     /* of them, those ever used */
	uint64_t eseq_next;    /* one more than the highest number seen */
	bool input_ended;
	int64_t passed; /* everything before it has been handed over; INT64_MIN: nothing was */
	struct capture_stats stats;
};

struct store {
	struct store_conf conf;
	struct records records;	/* all live slots, shard by shard, then the log */
	uint32_t log;		/* first record of the log */
	struct store_shard *shard;
	struct conversations talks;
	struct tray totals; /* 0 with sums_only: then it is summed up when it is asked for */
	struct series_total series;
	struct timewait timewait;
	struct trails trails_live, trails_ended;
	struct findings *findings;
	uint64_t live, ended, forgotten, version;
	int64_t now, first;
};

/* A connection began then, ns since the epoch; 0: it is not known. */
static inline void store_begins(struct store *st, int64_t start)
{
	if (start != 0 && (st->first == 0 || start < st->first))
		st->first = start;
}

/* The connection in a record as it is now: TIME_WAIT that is over is CLOSED. */
void store_get(const struct store *st, uint32_t ref, struct connection *c);

/* Counts what a slot holds anew, after everything was set to 0; what has ended is left out. */
void store_recount_slot(struct store *st, uint32_t ref);
/* For timewait_tick: counts one down. `arg` is the store. */
void store_time_wait_over(void *arg, uint32_t who, bool has_slot);
/* Reads what that will touch. */
void store_time_wait_fetch(const void *arg, uint32_t who, bool has_slot);

/*
 * Books into the time series of everything and of a conversation what changed from `was` to `is`; either may be
 * NULL. What is gone is taken back from where it was booked.
 */
void booking_change(struct store *st, uint32_t talk, const struct connection *was,
	const struct connection *is);
/* The same of packets only: what packets after the last word add. */
void booking_packets(struct store *st, uint32_t talk, const struct connection *was,
	const struct connection *is);

/* Takes the rows of a block in where there are findings only (store_conf.findings_only). */
void store_heed(struct store *st, const struct block *b);

#endif
