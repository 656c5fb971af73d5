/* Ratios as the two counts they are made of. */
#ifndef TCPTOP_QUERY_RATIO_H
#define TCPTOP_QUERY_RATIO_H

#include <stdint.h>

#include "model/counters.h"

enum ratio {
	RATIO_SYN_PER_CT,
	RATIO_SYN_PER_CT_CLT,
	RATIO_SYN_PER_CT_SRV,
	RATIO_RST_PER_CT,
	RATIO_RST_PER_CT_CLT,
	RATIO_RST_PER_CT_SRV,
	RATIO_RST_PER_ATTEMPT,
	RATIO_RST_PER_ATTEMPT_CLT,
	RATIO_RST_PER_ATTEMPT_SRV,
	RATIO_BAD,
	RATIO_REFUSED,
	RATIO_SETUP_FAILURE,
	RATIO_ABORT,
	RATIO_CLEAN
};

void ratio_parts(enum ratio which, const struct counters *n, uint64_t *over, uint64_t *under);

/* All connections that have ended, however they began. */
uint64_t ended_count(const struct counters *n);

#endif
