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

#endif
