/* What one connection adds to the counters, in few octets, to be added to sums of the same form. */
#ifndef TCPTOP_STORE_TALLY_H
#define TCPTOP_STORE_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "model/sums.h"

struct connection;

struct tally {
	uint64_t n[SUMS_WORDS];
	uint64_t wide[SUMS_WIDE];
	uint8_t ending;	     /* enum ending; ENDING_NONE: it adds to none */
	bool small;	     /* it fits into the above; otherwise only `all` is valid */
	struct counters all; /* not small */
};

void tally_of_connection(const struct connection *c, struct tally *t);
void tally_of_packets(const struct connection *c, struct tally *t);
void tally_add(const struct tally *t, struct counters *to);
/* Differences wrap; a sum of differences is exact again. */
void tally_subtract(const struct tally *t, struct counters *from);
/* The same with a sum of very many. */
void tally_add_to(const struct tally *t, struct tray *to);
void tally_take_from(const struct tally *t, struct tray *from);
/* Makes `t` how much more it is than `less`, of which no number is larger. */
void tally_more(struct tally *t, const struct tally *less);

/* Adds to the sums. False: something would not fit, and nothing is changed. */
bool sums_add(struct sums *s, const struct tally *t);
/* Takes that away. False: there is not so much, and nothing is changed. */
bool sums_subtract(struct sums *s, const struct tally *t);

#endif
