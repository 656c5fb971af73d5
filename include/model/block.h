/*
 * Rows on their way from an engine to the store. A block has exactly one owner at any time and is
 * plain memory while owned. Blocks of one shard are applied in the order they were filled.
 *
 * A row replaces what was said of the connection before. Conversations and all totals are sums over
 * rows, made by the store (the new row added, the old one subtracted); so nothing is counted twice
 * and nothing is lost.
 */
#ifndef TCPTOP_MODEL_BLOCK_H
#define TCPTOP_MODEL_BLOCK_H

#include <stdint.h>

#include "model/capture_stats.h"
#include "model/connection.h"
#include "model/trail.h"

enum row_what {
	/*
	 * The connection in `slot` as it is now (it may already have an ending, which may be
	 * withdrawn).
	 */
	ROW_LIVE,
	/*
	 * The last word on it: `slot` is free again; it goes to the log of ended connections as
	 * `eseq`.
	 */
	ROW_FINAL,
	/*
	 * Packets after the last word: add side[].packets, syn, synack, fin, rst, ... and OR the
	 * bits. tuple, start and last are the connection's; a side's times hold where their count
	 * is not 0. The verdict stands.
	 */
	ROW_LATE
};

struct row {
	uint8_t what;	/* enum row_what */
	uint8_t has_trail; /* the block's next trail belongs to this row */
	uint8_t unmade;	   /* c is not there yet: engine_make_rows() */
	uint32_t slot;	/* of the engine's table, below engine_conf.max_connections */
	uint64_t eseq;	/* ROW_FINAL, ROW_LATE: number of the ended connection, 0, 1, 2 ... per shard */
	struct connection c;
};

#define BLOCK_ROWS 256
#define BLOCK_TRAILS 64

struct block {
	struct block *next; /* for whoever owns it */
	uint32_t shard;
	uint32_t rows, trails;
	int64_t now;	    /* the engine's time when it was filled: packet time in files */
	bool pass_complete; /* every change before `now` has been handed over with this block */
	bool input_ended;   /* the last block of this shard */
	bool stats_valid;
	struct capture_stats stats; /* cumulative, of this shard */
	struct row row[BLOCK_ROWS];
	struct trail trail[BLOCK_TRAILS];
};

#endif
