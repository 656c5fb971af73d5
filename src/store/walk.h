/*
 * Windows slid over the facts and judged, piece by piece: as much as there is time for, then it
 * goes on where it stopped. While it goes on no fact may change that is older than where it goes
 * to.
 */
#ifndef TCPTOP_STORE_WALK_H
#define TCPTOP_STORE_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "store/board.h"
#include "store/bunch.h"
#include "store/timeline.h"

struct walk_bounds { /* borrowed as long as the walk lasts */
	struct timeline *line;
	struct facts *facts;
	const struct thresholds *thresholds;
	struct board *board; /* what is found goes there */
};

enum walk_stage {
	WALK_IN, /* steps come in, one after the other: put in order, counted, its facts linked */
	WALK_ORDER,
	WALK_COUNT,
	WALK_LINK,
	WALK_BEGIN, /* of the next window */
	WALK_OUT,   /* steps leave */
	WALK_UNCOUNT,
	WALK_UNLINK,
	WALK_OUT_FAR,
	WALK_SERVED, /* the judges' turn */
	WALK_NEAR,
	WALK_CLIENTS,
	WALK_FAR,
	WALK_END
};

struct walk {
	struct walk_bounds with;
	struct lens near, far; /* the short and the long window */
	struct bench bench;
	int64_t now, to;
	enum walk_stage stage;
	size_t in, near_from, far_from; /* steps: the next to come, the first in each window */
	size_t at;			/* of what the stage goes through */
	bool sliding;			/* the windows are as they were at the beginning */
	size_t looked_at;		/* by each window at the beginning */
};

enum walk_word {
	WALK_MORE,   /* the time is up */
	WALK_WINDOW, /* the windows that end at `now` are judged, and the board says so */
	WALK_DONE
};

void walk_fini(struct walk *w);
/* Nothing is to be judged for a while: gives back what it works in, if that is much. */
void walk_rest(struct walk *w);
/*
 * To judge all windows that end after `from`, up to which the board is made, and not after `to`.
 * INT64_MIN: all.
 */
void walk_begin(struct walk *w, const struct walk_bounds *with, int64_t from, int64_t to);
/* Goes on. work: how much, about a tenth of a microsecond each; what was done is taken off it. */
enum walk_word walk_on(struct walk *w, int64_t *work);

#endif
