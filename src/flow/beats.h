/* Who calls what at even intervals: health checks of load balancers and monitors. Bounded. */
#ifndef TCPTOP_FLOW_BEATS_H
#define TCPTOP_FLOW_BEATS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/tuple.h"

/* Clients of services remembered; when they are more, all are forgotten and it begins anew. */
#define BEATS_MAX 16384u

struct beats;

/* NULL when the memory cannot be had. */
struct beats *beats_new(void);
void beats_free(struct beats *b);

/* Where a call by that client will look: for whoever reads ahead. */
const void *beats_place(const struct beats *b, const struct tuple *client_first);
/*
 * The client calls the service at `now`, ns. True when its last intervals were the same, one second
 * or more each: four in a row, give or take a tenth.
 */
bool beats_call(struct beats *b, const struct tuple *client_first, int64_t now);

#endif
