/*
 * A timer wheel of slot numbers. Nothing is ever taken out of its middle: what was armed anew for
 * an earlier time leaves its old entry behind, and whoever reads the entries knows which still hold
 * (flow.wheel_at). So neither arming nor disarming touches any other slot's memory.
 */
#ifndef TCPTOP_FLOW_WHEEL_H
#define TCPTOP_FLOW_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WHEEL_SHIFT 27 /* a tick is 2^27 ns, 134 ms */
/* 69 s; what is due later is looked at then, and put off: so old entries do not pile up. */
#define WHEEL_TICKS 512u
#define SHEET_SLOTS 14

struct sheet { /* one cache line of entries of one tick */
	uint32_t next; /* index + 1 */
	uint32_t n;
	uint32_t slot[SHEET_SLOTS];
};

struct wheel {
	uint32_t first[WHEEL_TICKS]; /* newest sheet of a tick, index + 1 */
	struct sheet *sheet;	     /* [sheets] */
	uint32_t sheets, fresh, free;
	int64_t tick; /* ticks before this one have been looked at; 0: nothing was ever asked */
};

/* Room for max slots, each armed once and as many old entries. */
bool wheel_init(struct wheel *w, uint32_t max);
void wheel_fini(struct wheel *w);
/* Octets for max slots. */
size_t wheel_bytes(uint64_t max);

static inline int64_t wheel_tick(int64_t ns)
{
	return ns >> WHEEL_SHIFT;
}

/* Where an entry for that time (ns) belongs, below WHEEL_TICKS: what is overdue comes next. */
uint32_t wheel_place(const struct wheel *w, int64_t deadline);
/* Whether place a is looked at before place b. */
static inline bool wheel_before(const struct wheel *w, uint32_t a, uint32_t b)
{
	uint32_t next = (uint32_t)w->tick;

	return ((a - next) & (WHEEL_TICKS - 1)) < ((b - next) & (WHEEL_TICKS - 1));
}

/* False: no sheet is free; drop what does not hold any more (wheel_sweep), then there is. */
bool wheel_add(struct wheel *w, uint32_t place, uint32_t slot);
/* Keeps the entries for which holds() says so. */
void wheel_sweep(struct wheel *w, bool (*holds)(void *arg, uint32_t slot, uint32_t place), void *arg);
/*
 * Takes up to `room` entries off ticks before `now`'s, oldest tick first; *place is theirs. 0:
 * there is none. Entries added to that same place meanwhile come in the next call.
 */
uint32_t wheel_take(struct wheel *w, int64_t now, uint32_t *slot, uint32_t room, uint32_t *place);

#endif
