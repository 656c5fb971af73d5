/* Keyed hashing of bytes: XXH3 with a secret drawn at start, so that nobody can aim at one bucket. */
#ifndef TCPTOP_UTIL_HASH_H
#define TCPTOP_UTIL_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Sets the secret. Called once before threads start; tests pass a constant. */
void hash_seed(uint64_t seed);
/* A seed nobody can guess, from the kernel. */
uint64_t hash_random_seed(void);

uint64_t hash_bytes(const void *p, size_t n);

/*
 * The same for a few words, inline: for the way of every packet. Folded products of words under
 * keys that are secret in full, which is what XXH3 does with short inputs under public constants
 * and one secret: without the keys nobody can aim at a bucket. Two rounds, as one product is nearly
 * linear in words that differ in few bits.
 */
#define HASH_KEYS 6
extern uint64_t hash_key[HASH_KEYS]; /* of hash_seed() */

static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
	uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
	uint64_t low = al * bl, x = ah * bl + (low >> 32), y = al * bh + (uint32_t)x;

	return (y << 32 | (uint32_t)low) ^ (ah * bh + (x >> 32) + (y >> 32));
#endif
}

static inline uint64_t hash_two(uint64_t a, uint64_t b)
{
	return hash_fold(hash_fold(a ^ hash_key[0], b ^ hash_key[1]) ^ hash_key[2], hash_key[3]);
}

static inline uint64_t hash_five(const uint64_t w[5])
{
	uint64_t h = hash_fold(w[0] ^ hash_key[0], w[1] ^ hash_key[1]) +
		hash_fold(w[2] ^ hash_key[2], w[3] ^ hash_key[3]);

	return hash_fold(h ^ hash_key[4], w[4] ^ hash_key[5]);
}

#endif
