/*
 * Events per second. Of everything together: a ring of 24 h. Of conversations: only the seconds and
 * lines in which something happened, in chunks from one bounded pool; whoever changed longest ago
 * gives way.
 */
#ifndef TCPTOP_STORE_SERIES_H
#define TCPTOP_STORE_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

struct err;

#define SERIES_KEEP 3600 /* seconds of a conversation's series */
#define SERIES_TOTAL_STEPS 86400

/* What a conversation has: a number of the pool, or one of these. */
#define SERIES_NONE 0		 /* nothing happened that is still kept */
#define SERIES_LOST UINT32_MAX	 /* it had to give way */

struct chunk;
struct series;

struct series_pool {
	struct series *series; /* [1 .. max] */
	struct chunk *chunk;   /* [1 .. chunks_max] */
	uint32_t max, chunks_max;
	uint32_t used, chunks_used; /* high-water marks */
	uint32_t free, chunk_free;
	uint32_t newest, oldest; /* by last change */
	uint32_t count;
	int64_t now; /* latest second booked */
};

/* Octets of the series of `max` conversations. */
size_t series_bytes(uint32_t max);
bool series_init(struct series_pool *p, uint32_t max, struct err *err);
void series_fini(struct series_pool *p);
void series_clear(struct series_pool *p); /* the owners' fields are the caller's to clear */

/* Adds n events. `owner` is the conversation's field; it must stay where it is, the pool writes to it. */
void series_book(struct series_pool *p, uint32_t *owner, enum series_line line, int64_t second,
	uint32_t n);
/* Takes n events back: from that second, what is not there from any before it, else from any. */
void series_take(struct series_pool *p, uint32_t *owner, enum series_line line, int64_t second,
	uint32_t n);
/* Adds all of `from` to `to`; `from` has nothing afterwards. */
void series_merge(struct series_pool *p, uint32_t *from, uint32_t *to);
/* As store_series. */
bool series_read(const struct series_pool *p, uint32_t owner, enum series_line line,
	int64_t until, size_t steps, uint32_t *sum);

/* Fetches what booking will touch. */
void series_fetch(const struct series_pool *p, uint32_t owner);

struct series_total {
	uint32_t (*step)[SERIES_LINES];
	int64_t newest; /* second; INT64_MIN before the first event */
};

bool series_total_init(struct series_total *t, struct err *err);
void series_total_fini(struct series_total *t);
void series_total_clear(struct series_total *t);
void series_total_book(struct series_total *t, enum series_line line, int64_t second, uint32_t n);
void series_total_take(struct series_total *t, enum series_line line, int64_t second, uint32_t n);
void series_total_read(const struct series_total *t, enum series_line line, int64_t until,
	size_t steps, uint32_t *sum);

#endif
