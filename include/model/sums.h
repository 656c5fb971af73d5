/*
 * Counters of a few connections in few octets, as nearly all numbers are small. Eight narrow
 * counters share a word, each an octet whose highest bit is 0, so that they are added all at once;
 * what does not fit is never cut off but refused.
 */
#ifndef TCPTOP_MODEL_SUMS_H
#define TCPTOP_MODEL_SUMS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/counters.h"

/* The counters of counters.def: first all narrow ones, then the wide ones, then the endings. */
enum {
	SUMS_NARROW = 0
#define COUNTER(...) +1
#define WIDE(...)
#include "model/counters.def"
#undef COUNTER
#undef WIDE
	,
	SUMS_WIDE = COUNTER_ENDINGS - SUMS_NARROW,
	SUMS_WORDS = (SUMS_NARROW + 7) / 8,
	SUMS_MOST = 127, /* of a narrow one */
	SUMS_FEW = 8	 /* kinds of endings */
};

#define COUNTER(id, ...) _Static_assert((int)COUNTER_##id < (int)SUMS_NARROW, "narrow first");
#define WIDE(id, ...) _Static_assert((int)COUNTER_##id >= (int)SUMS_NARROW, "narrow first");
#include "model/counters.def"
#undef COUNTER
#undef WIDE

#define SUMS_TOP_BITS UINT64_C(0x8080808080808080)

struct sums {
	uint64_t n[SUMS_WORDS];
	uint32_t wide[SUMS_WIDE];
	struct {
		uint8_t ending, count; /* enum ending, or ENDING_NONE from there on; count 0: free */
	} few[SUMS_FEW];
};

/* A narrow counter. */
static inline uint8_t sums_octet(const uint64_t word[SUMS_WORDS], int n)
{
	return (uint8_t)(word[n / 8] >> n % 8 * 8);
}

/* Adds other sums. False: something would not fit, and nothing is changed. */
bool sums_merge(struct sums *s, const struct sums *other);
void sums_add_to(const struct sums *s, struct counters *n);
uint64_t sums_counter(const struct sums *s, enum counter n);
/* Where that ending is counted, or could be; SUMS_FEW when there is no room. */
int sums_few(const struct sums *s, uint8_t ending);
/* Counts one more that ended so. False: no room. */
bool sums_add_ending(struct sums *s, uint8_t ending);
/* Takes away one of a narrow counter. False: there is none. */
bool sums_take(struct sums *s, enum counter n);

/* Many sums on the way to one: quick to add to. Begins as 0. */
struct tray {
	uint64_t narrow[SUMS_WORDS]; /* of these what came last */
	struct counters n;	     /* and all else */
};

/* Adds sums, and counters in full unless NULL. */
void tray_add(struct tray *t, const struct sums *sums, const struct counters *full);
/* Makes room for the largest narrow ones. */
void tray_pour(struct tray *t);
/* Adds all of it. */
void tray_add_to(const struct tray *t, struct counters *n);

#endif
