/* What was found: the findings listed, and what is remembered of subjects from window to window. */
#ifndef TCPTOP_STORE_BOARD_H
#define TCPTOP_STORE_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/judge.h"

#define BOARD_ROWS 512	 /* findings listed; those over longest are forgotten first */
#define BOARD_MEMOS 2048 /* subjects with a finding that is not over */
#define BOARD_RATES 4096 /* subjects with a usual rate, at least */
#define BOARD_INDEX (4 * BOARD_MEMOS)


struct memo {
	struct subject who;
	uint8_t judge; /* index into judges */
	bool raised;
	bool unlisted; /* it had no row when it was raised, and was counted for that */
	uint32_t quiet; /* steps since it last held */
	uint32_t row;
	int64_t seen;	 /* end of the last window in which it held */
	int64_t counted; /* facts before this are in the row's count */
};

struct rate {
	uint64_t who;  /* hash of judge and subject; 0: free */
	double usual;  /* cases in a window as a rule, at `rated` */
	int64_t rated; /* end of the window that last went into it */
};

struct rates { /* by hash */
	struct rate *rate;
	uint32_t n, max, room; /* max: of n */
};

struct board {
	struct memo *memo;
	struct finding *row; /* one more than BOARD_ROWS have room */
	uint32_t *index;     /* hash -> 1 + memo */
	struct rates rates;
	uint32_t memos, rows, raised;
	uint32_t fresh; /* of the rows, those raised in this step: the last ones */
	uint64_t forgotten, unlisted, unwatched; /* see findings_usage */
};

/* max_rates: subjects whose usual rate is known, at most; no fewer than BOARD_RATES. */
void board_init(struct board *b, uint32_t max_rates);
void board_fini(struct board *b);
void board_clear(struct board *b);
size_t board_bytes(uint32_t max_rates);
void board_copy(struct board *to, const struct board *from);

struct memo *board_find(const struct board *b, unsigned judge, const struct subject *who);
/* NULL when there is no room. */
struct memo *board_obtain(struct board *b, unsigned judge, const struct subject *who);
/* Forgets the memos and rates that say no more than new ones would. */
void board_prune(struct board *b, int64_t now);

/* The usual rate as it is at `now`; takes another window's cases into it. */
double board_usual(const struct board *b, unsigned judge, const struct subject *who, int64_t now);
void board_rate(struct board *b, unsigned judge, const struct subject *who, int64_t now, uint32_t cases);

/* The claim holds in the window that ends at `now`. */
void board_claim(struct board *b, struct memo *m, int64_t now, const struct claim *c);
/* The step is over: what was raised in it is listed in an order that does not hang on that of the judging. */
void board_settle_order(struct board *b);
/* Ends what has been quiet for `limit` steps, `now` among them. */
void board_quiet(struct board *b, int64_t now, uint32_t limit);

#endif
