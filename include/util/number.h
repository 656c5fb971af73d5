/*
 * Numbers in as many octets as they need: one for each 7 bits, and one more for more than 56. The
 * first one says how many, in the 0 bits below its lowest 1.
 */
#ifndef TCPTOP_UTIL_NUMBER_H
#define TCPTOP_UTIL_NUMBER_H

#include <stdint.h>
#include <string.h>

#define NUMBER_MAX 9    /* octets */
#define NUMBER_BEYOND 7 /* so many octets after a number may be written or read with it */

/* The lowest octet first, on every machine. */
static inline uint64_t number_low_first(uint64_t v)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	return __builtin_bswap64(v);
#else
	return v;
#endif
}

/* v is not 0. Returns what comes after it. */
static inline uint8_t *number_write(uint8_t *p, uint64_t v)
{
	unsigned high = 63 ^ (unsigned)__builtin_clzll(v), len = (high * 9 + 73) / 64;

	if (len > 8) {
		*p = 0;
		v = number_low_first(v);
		memcpy(p + 1, &v, sizeof(v));
		return p + NUMBER_MAX;
	}
	v = number_low_first(v << len | UINT64_C(1) << (len - 1));
	memcpy(p, &v, sizeof(v));
	return p + len;
}

/* Also of 0. */
static inline uint8_t *number_write_any(uint8_t *p, uint64_t v)
{
	if (v)
		return number_write(p, v);
	*p = 1;
	return p + 1;
}

static inline const uint8_t *number_read(const uint8_t *p, uint64_t *v)
{
	uint64_t x;
	int len;

	memcpy(&x, p, sizeof(x));
	if (!*p) {
		memcpy(&x, p + 1, sizeof(x));
		*v = number_low_first(x);
		return p + NUMBER_MAX;
	}
	x = number_low_first(x);
	len = __builtin_ctzll(x) + 1;
	*v = x << (64 - 8 * len) >> (64 - 7 * len);
	return p + len;
}

/* Differences of both signs as small numbers: 0, -1, 1, -2, ... Nothing is lost, whatever the sign means. */
static inline uint64_t number_fold_sign(uint64_t d)
{
	return (d << 1) ^ (d >> 63 ? UINT64_MAX : 0);
}

static inline uint64_t number_unfold_sign(uint64_t folded)
{
	return (folded >> 1) ^ (folded & 1 ? UINT64_MAX : 0);
}

#endif
