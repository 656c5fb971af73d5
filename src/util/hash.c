#include "config.h"

#include "util/hash.h"

#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "util/clock.h"

static uint64_t secret;
/* Without a seed, as in tests: any that are not 0. */
uint64_t hash_key[HASH_KEYS] = { UINT64_C(0x9e3779b97f4a7c15), UINT64_C(0xbf58476d1ce4e5b9),
	UINT64_C(0x94d049bb133111eb), UINT64_C(0xd6e8feb86659fd93), UINT64_C(0xa0761d6478bd642f),
	UINT64_C(0xe7037ed1a0b428db) };

/* Keys out of the seed by SplitMix64; odd, so that none is 0. */
void hash_seed(uint64_t seed)
{
	secret = seed;
	for (int i = 0; i < HASH_KEYS; i++) {
		uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);

		z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
		hash_key[i] = (z ^ z >> 31) | 1;
	}
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
