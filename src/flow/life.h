/*
 * The life of a connection inside the engine: opened by a packet, judged when something tells,
 * handed over for good. Private to src/flow/: engine.c runs it, segment.c applies packets, life.c
 * opens, judges, times out and ends.
 */
#ifndef TCPTOP_FLOW_LIFE_H
#define TCPTOP_FLOW_LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/beats.h"
#include "flow/engine.h"
#include "flow/flow.h"
#include "flow/hosts.h"
#include "flow/rst.h"
#include "flow/flows.h"
#include "flow/tomb.h"
#include "flow/trail.h"

#define ONE_WAY_RING 200

struct late { /* packets after a connection left the table */
	uint64_t eseq;
	struct connection c; /* tuple, start, last, counts to add, attributes to OR */
};
#define LATE_MAX 256

struct engine {
	struct engine_conf conf;
	struct outlet outlet;
	struct block *out;  /* being filled; NULL when none could be had */
	struct flows flows;
	struct tombs tombs;
	struct hosts *hosts;
	struct beats *beats;
	struct rst_conf rst;
	struct trail_pool trails;

	int64_t now;	    /* the engine's time: packet time, never stepping back ... */
	int64_t skew;	    /* ... because a clock set back is made up for by this much */
	uint64_t next_uid, next_eseq;
	uint64_t watch;
	uint32_t watch_at; /* slot to look at next for it ... */
	bool seeking;	   /* ... while it has not been found */
	uint32_t due_left; /* flows whose timers may be looked at in this call */
	bool finishing; /* every row that goes now takes its trail along */
	uint32_t ended_keep; /* ended connections held in full for late packets, at most */

	uint8_t one_way[ONE_WAY_RING];
	uint32_t one_way_at, one_way_n, one_way_sum;
	struct late late[LATE_MAX];
	uint32_t lates;
	struct capture_stats stats;  /* what the engine itself counts */
	struct capture_stats source; /* what the sources count */
};

/* --- life.c --- */

/* A new connection whose client is the sender (side CLIENT) or the receiver of p. NULL: no room, counted. */
struct flow *life_open(struct engine *e, const struct pkt *p, int sender_side, enum client_by by,
	enum origin origin);
/* Applies the decision table; `at` is the time of what happened, ns since the epoch. */
void life_judge(struct engine *e, struct flow *f, unsigned when, int64_t at);
/* An ending by silence falls: something was heard. */
void life_withdraw(struct engine *e, struct flow *f);
/* When silence will next mean something, in the engine's time. */
int64_t life_due(const struct engine *e, const struct flow *f);
void life_arm(struct engine *e, struct flow *f);
/* Its deadline has passed: judge it, put it off, or end it. False: the flow is gone. */
bool life_timer(struct engine *e, struct flow *f);
/*
 * Ends it for good: handed over, leaves a tombstone, the slot is free. False: no block to be had
 * now, nothing was done.
 */
bool life_end(struct engine *e, struct flow *f, unsigned when);
/* A new generation takes the tuple over from f, with f's pending SYN if there is one. NULL as life_open. */
struct flow *life_succeed(struct engine *e, struct flow *f, const struct pkt *p, int sender_side,
	enum client_by by, enum origin origin);
/* Who is client and who server was wrong. */
void life_flip(struct engine *e, struct flow *f);
/* Remembers whether a connection with four packets was seen in both directions. */
void life_count_one_way(struct engine *e, const struct flow *f);

/* --- place.c --- */
/*
 * The connection that p belongs to, whose tuple f has (NULL: nobody in the table has it): f, a new
 * generation, a new connection. NULL: p was only late, waits, or there was no room; it has been
 * counted then. *side: its sender there.
 */
struct flow *place_segment(struct engine *e, struct flow *f, int *side, const struct pkt *p);

/* --- segment.c --- */
/* Flags that no state of RFC 9293 takes together. */
static inline bool segment_is_illegal(const struct pkt *p)
{
	uint8_t fl = p->flags & (TCP_FIN | TCP_SYN | TCP_RST | TCP_PSH | TCP_ACK | TCP_URG);

	if (fl & TCP_SYN)
		return fl & (TCP_FIN | TCP_RST);
	if (fl & TCP_RST)
		return fl & TCP_FIN;
	return !(fl & TCP_ACK);
}

/* guess: the flow that had p's hash a moment ago, or NULL; a wrong one only costs time. */
void segment_run(struct engine *e, const struct pkt *p, struct flow *guess);

/* --- late.c --- */

/*
 * Takes in a packet of a connection that has left the table. False: no room for its row, nothing
 * was counted.
 */
bool late_take(struct engine *e, struct tomb *t, int side, const struct pkt *p);

/* --- engine.c --- */

/* Room for one more row (and trail), or NULL when live and no block is to be had. */
struct row *engine_row(struct engine *e, bool with_trail);
/* Fills that row with the flow as it is now, its trail too if there was to be room for one. */
void engine_put(struct engine *e, const struct flow *f, struct row *row, enum row_what what, bool with_trail);
/* Publishes the flow as it is now. False: no block. */
bool engine_emit(struct engine *e, struct flow *f);

#endif
