/*
 * The engine: packets in, connections out. One owner, one thread, no clock, no allocation and no
 * lock per packet. It knows connections only; conversations and totals are sums that the store
 * makes of its rows (model/block.h).
 */
#ifndef TCPTOP_FLOW_ENGINE_H
#define TCPTOP_FLOW_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/block.h"

struct engine; /* opaque */
struct err;
struct pkt;

/* Where filled blocks go. Called by the engine's owner thread only. */
struct outlet {
	/* An empty block (rows, trails 0), or NULL: "publish later" (live, never waits). */
	struct block *(*take)(void *arg);
	/* Hands a filled block over; the engine forgets it. */
	void (*give)(void *arg, struct block *b);
	void *arg;
};

struct engine_conf {
	uint32_t max_connections; /* live ones, at least 16 */
	/* Ended ones that late packets may still belong to; 0 = as many as connections. */
	uint32_t max_tombstones;
	uint32_t max_trails;	  /* connections whose segments are kept for the detail; 0 = none */
	uint32_t shard;
	bool from_file; /* time is packet time only, and the outlet waits rather than refuses */
	/* Nobody will ask when things happened: no row is handed over to tell two seconds apart. */
	bool no_series;
	/* Nobody looks before the end: what is still open is handed over by engine_finish only. */
	bool final_only;
	bool unmade_rows; /* whoever takes a block calls engine_make_rows() */
	bool long_way;	 /* no short cut for plain segments: for the test that the two ways agree */
	/* Timers in ns; 0 = the default of endings.md. */
	int64_t linger, idle_reset, unanswered, vanished, half_closed, idle, time_wait;
};

/* NULL and err set when the memory cannot be had. */
struct engine *engine_new(const struct engine_conf *conf, const struct outlet *outlet, struct err *err);
void engine_free(struct engine *e);
/* Octets its tables take when all are full: what a bound costs. */
size_t engine_bytes(const struct engine_conf *conf);

/* Tracks n packets in the order given. Time is theirs; a step back is counted and treated as no time passed. */
void engine_run(struct engine *e, const struct pkt *pkt, size_t n);
/*
 * Time passes without packets (live: the clock). Fires timers that are due. Live this and
 * engine_run fire some at a time and leave the rest to their next call: false when that should come
 * soon.
 */
bool engine_tick(struct engine *e, int64_t now);
/*
 * Counts that the source knows: packets seen, dropped, undecodable. Cumulative; published with the
 * next block.
 */
void engine_stats(struct engine *e, const struct capture_stats *stats);

/*
 * Hands over at most `budget` changed connections. True when nothing is left to hand over. Never
 * blocks when live. With final_only it hands over nothing but packets that came too late; with
 * no_series as well each connection comes in one row.
 */
bool engine_publish(struct engine *e, size_t budget);

/*
 * Makes what is missing in the rows of a block from an engine with unmade_rows. To be called once,
 * by the block's owner, on any thread: a tenth of what tracking costs, which the engine's thread is
 * spared. The engine may be gone by then.
 */
void engine_make_rows(struct block *b);

/* From now on rows of this live connection carry its trail (0: of none). */
void engine_watch(struct engine *e, uint64_t uid);

/*
 * The input is over: every connection is judged as it stands or stays open, and all is handed over,
 * last block included.
 */
void engine_finish(struct engine *e);

#endif
