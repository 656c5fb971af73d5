/* How sure a share is, and how unlikely a number. */
#ifndef TCPTOP_STORE_ODDS_H
#define TCPTOP_STORE_ODDS_H

#include <stdint.h>

/* Lower end of the Wilson interval (95 %) of k out of n; 0 when n is 0. */
double wilson_lower(uint64_t k, uint64_t n);
/* Chance of k or more where `usual` are expected (Poisson). */
double poisson_tail(uint64_t k, double usual);

#endif
