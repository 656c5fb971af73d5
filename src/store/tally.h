/*
 * What one connection adds to the counters, in few octets: nearly all of its numbers are small. Sums of tallies are
 * kept in the same form as long as they fit (struct sums), and in full where they do not: nothing is ever cut off.
 * Eight narrow counters share a word, each an octet whose highest bit is 0, so that they are added all at once.
 */
#ifndef TCPTOP_STORE_TALLY_H
#define TCPTOP_STORE_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "model/counters.h"

struct connection;

/* The counters of counters.def: first all narrow ones, then the wide ones, then the endings. */
enum {
	TALLY_NARROW = 0
#define COUNTER(...) +1
#define WIDE(...)
#include "model/counters.def"
#undef COUNTER
#undef WIDE
	,
	TALLY_WIDE = COUNTER_ENDINGS - TALLY_NARROW,
	TALLY_WORDS = (TALLY_NARROW + 7) / 8,
	TALLY_MOST = 127 /* of a narrow one */
};

#define COUNTER(id, ...) _Static_assert((int)COUNTER_##id < (int)TALLY_NARROW, "narrow first");
#define WIDE(id, ...) _Static_assert((int)COUNTER_##id >= (int)TALLY_NARROW, "narrow first");
#include "model/counters.def"
#undef COUNTER
#undef WIDE

struct tally {
	uint64_t n[TALLY_WORDS];
	uint64_t wide[TALLY_WIDE];
	uint8_t ending;	     /* enum ending; ENDING_NONE: it adds to none */
	bool small;	     /* it fits into the above; otherwise only `all` is valid */
	struct counters all; /* not small */
};

void tally_of_connection(const struct connection *c, struct tally *t);
void tally_of_packets(const struct connection *c, struct tally *t);
void tally_add(const struct tally *t, struct counters *to);
/* Differences wrap; a sum of differences is exact again. */
void tally_subtract(const struct tally *t, struct counters *from);
/* Makes `t` how much more it is than `less`, of which no number is larger. */
void tally_more(struct tally *t, const struct tally *less);

#define SUMS_FEW 8 /* kinds of endings */

struct sums { /* of a conversation, as far as they fit */
	uint64_t n[TALLY_WORDS];
	uint32_t wide[TALLY_WIDE];
	struct {
		uint8_t ending, count; /* enum ending, or ENDING_NONE from there on; count 0: free */
	} few[SUMS_FEW];
};

/* Adds to the sums. False: something would not fit, and nothing is changed. */
bool sums_add(struct sums *s, const struct tally *t);
/* Takes that away. False: there is not so much, and nothing is changed. */
bool sums_subtract(struct sums *s, const struct tally *t);
/* Takes away one of a narrow counter. False: there is none. */
bool sums_take(struct sums *s, enum counter n);
/* Adds other sums. False as above. */
bool sums_merge(struct sums *s, const struct sums *other);
void sums_add_to(const struct sums *s, struct counters *n);
uint64_t sums_counter(const struct sums *s, enum counter n);

#endif
