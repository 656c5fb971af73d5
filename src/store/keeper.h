/* The inside of the keeper of findings, for the files that make it up. */
#ifndef TCPTOP_STORE_KEEPER_H
#define TCPTOP_STORE_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "store/board.h"
#include "store/facts.h"
#include "store/findings.h"
#include "store/timeline.h"
#include "store/walk.h"

#define CHECKPOINTS 4

/* How it stood after all windows up to a time: from there it goes on, as long as no older fact changes. */
struct checkpoint {
	struct board board;
	int64_t to;
};

enum job { JOB_NONE, JOB_SETTLE, JOB_DROP, JOB_LIST };

struct findings {
	struct thresholds thresholds;
	struct facts facts; /* those that may be cases; all are counted in the timeline */
	struct timeline line;
	uint64_t load_max; /* of the timeline */
	struct walk walk;
	enum job job; /* what is under way; JOB_SETTLE and JOB_LIST: on `walk` */
	struct board settled, shown, making;
	struct checkpoint checkpoint[CHECKPOINTS]; /* oldest first */
	size_t checkpoints;
	int64_t settled_to; /* INT64_MIN: nothing is settled. With JOB_SETTLE it soon will be up to here */
	int64_t shown_to, asked; /* asked: the time of what is shown, when there is anything */
	int64_t making_to, making_asked;
	bool any_shown;
	bool changed;
	int64_t changed_from; /* the oldest fact that changed since findings were last worked out */
	uint64_t late, crowded;
	struct {
		uint64_t packets, first_packets, n;
		int64_t first, last;
	} drops;
};

/* Begins to judge the windows after `from` and up to `to`. */
void keeper_walk(struct findings *fs, enum job job, struct board *board, int64_t from, int64_t to);
/* Goes on with settling, if it is under way. True when it is not any more. */
bool keeper_settle_on(struct findings *fs, int64_t *work);
void keeper_settle_whole(struct findings *fs);
/* A table is full: the oldest quarter is settled before its time, and dropped. */
void keeper_make_room(struct findings *fs);

#endif
