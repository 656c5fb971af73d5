#include "config.h"

#include "util/hash.h"

#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "util/clock.h"

static uint64_t secret;

void hash_seed(uint64_t seed)
{
	secret = seed;
}

uint64_t hash_random_seed(void)
{
	uint64_t seed;

	if (getentropy(&seed, sizeof(seed)) != 0)
		seed = (uint64_t)clock_wall() * UINT64_C(0x9e3779b97f4a7c15);
	return seed;
}

uint64_t hash_bytes(const void *p, size_t n)
{
	return XXH3_64bits_withSeed(p, n, secret);
}
