#include "config.h"

#include "store/odds.h"

#include <math.h>

#define Z 1.96

double wilson_lower(uint64_t k, uint64_t n)
{
	double p, spread;

	if (n == 0)
		return 0;
	if (k > n)
		k = n;
	p = (double)k / (double)n;
	spread = Z * sqrt(p * (1 - p) / (double)n + Z * Z / (4.0 * (double)n * (double)n));
	return (p + Z * Z / (2.0 * (double)n) - spread) / (1 + Z * Z / (double)n);
}

/* Summed upward from k, where the terms fall: from below the sum would be 1 minus nearly 1. */
double poisson_tail(uint64_t k, double usual)
{
	double term, sum = 0;

	if (k == 0)
		return 1;
	if (usual <= 0)
		return 0;
	if ((double)k <= usual)
		return 0.5; /* nothing unusual; more exactly is not asked */
	term = exp((double)k * log(usual) - usual - lgamma((double)k + 1));
	for (uint64_t i = k; term > sum * 1e-12 && i < k + 10000; i++) {
		sum += term;
		term *= usual / (double)(i + 1);
	}
	return sum < 1 ? sum : 1;
}
