/* Who is in TIME_WAIT until when, so that the gauge goes down when it runs out. */
#ifndef TCPTOP_STORE_TIMEWAIT_H
#define TCPTOP_STORE_TIMEWAIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIMEWAIT_SLOTS 4096 /* seconds */

struct timewait {
	uint32_t slot[TIMEWAIT_SLOTS]; /* latest bundle of those that run out in that second, 0 none */
	struct bundle *bundle;	       /* [1 .. room), grows */
	uint32_t room, used, free, count, max;
	int64_t second; /* everything before it has run out */
};

/* Octets when that many wait. */
size_t timewait_bytes(uint64_t max);
void timewait_init(struct timewait *w, uint32_t max);
void timewait_fini(struct timewait *w);
void timewait_clear(struct timewait *w); /* the time stays */

/* Whether a TIME_WAIT until `until` (ns since the epoch) is over, as far as time has come. 0 always is. */
bool timewait_over(const struct timewait *w, int64_t until);
/* Whether one can be added: not over yet, and there is room. */
bool timewait_room(const struct timewait *w, int64_t until);
/*
 * `who`, of 31 bits, is the conversation of one that left the table, or the slot of one that did
 * not. At most an hour from now.
 */
void timewait_add(struct timewait *w, int64_t until, uint32_t who, bool has_slot);
/*
 * Time passes: `fire` is called for each that ran out; it may add. Of some in a row `fetch` is
 * called before.
 */
void timewait_tick(struct timewait *w, int64_t now,
	void (*fetch)(const void *arg, uint32_t who, bool has_slot),
	void (*fire)(void *arg, uint32_t who, bool has_slot), void *arg);

#endif
