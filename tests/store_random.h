/* Random connections for the tests of the store: usual ones, and any that the type can hold. */
#ifndef TCPTOP_TESTS_STORE_RANDOM_H
#define TCPTOP_TESTS_STORE_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

#include "model/connection.h"

struct random {
	uint64_t x; /* the seed; every run is the same */
};

uint64_t random_next(struct random *r);
uint32_t random_below(struct random *r, uint32_t n);

/* `wild` 0: small values as a rule; 3: every field anywhere in its range. uid is left 0. */
void random_connection(struct random *r, struct connection *c, int wild);
/* A connection as it is seen every day: handshake, a little data, FINs. */
void usual_connection(struct random *r, struct connection *c, bool v6);

#endif
