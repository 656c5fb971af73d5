/*
 * From the hash of a tuple to the number of what stands for it. A bucket is one cache line; it
 * grows by one bucket at a time (linear hashing: Litwin 1980), so that no packet waits for a table
 * to be built anew.
 */
#ifndef TCPTOP_FLOW_INDEX_H
#define TCPTOP_FLOW_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "util/front.h"

#define BUCKET_ENTRIES 7

struct bucket {
	uint32_t hash[BUCKET_ENTRIES];
	uint32_t more; /* overflow bucket + 1, 0 none */
	uint32_t ref[BUCKET_ENTRIES]; /* filled from the front; 0 ends it */
	uint32_t unused;
};

_Static_assert(sizeof(struct bucket) == 64, "one cache line");

struct index {
	struct bucket *bucket; /* [buckets_max], of which 0 .. low + split - 1 are in use */
	struct front front;    /* of bucket */
	struct bucket *over;   /* what does not fit, [over_max] */
	uint32_t low;	       /* power of two; buckets before `split` have been split in two */
	uint32_t split;
	uint32_t buckets_max, over_max, over_fresh, over_free;
	uint32_t n;
};

/* Room for `max` entries; false when the address space cannot be had. Untouched parts cost no memory. */
bool index_init(struct index *x, uint64_t max);
void index_fini(struct index *x);
/* Octets for `max` entries. */
size_t index_bytes(uint64_t max);

/* ref is not 0. The same hash may stand there many times, the same ref once. */
void index_add(struct index *x, uint32_t hash, uint32_t ref);
/* False: it was not there. */
bool index_remove(struct index *x, uint32_t hash, uint32_t ref);
bool index_replace(struct index *x, uint32_t hash, uint32_t ref, uint32_t by);

static inline struct bucket *index_bucket(const struct index *x, uint32_t hash)
{
	uint32_t i = hash & (x->low - 1);

	return &x->bucket[i < x->split ? hash & (2 * x->low - 1) : i];
}

/* Where a search stands: begin with index_at(). */
struct index_place {
	const struct bucket *bucket;
	uint32_t hits; /* bit per entry of it that has the hash and was not given yet */
};

/*
 * Bit per entry of a bucket's hash or ref that is the one asked for. All at once, without a branch
 * on any: which one it is cannot be foretold.
 */
static inline uint32_t index_hits(const uint32_t *entry, uint32_t wanted)
{
	uint32_t hits = 0;

#ifdef __SSE2__
	__m128i all = _mm_set1_epi32((int)wanted);
	__m128i low = _mm_cmpeq_epi32(_mm_load_si128((const __m128i *)&entry[0]), all);
	__m128i high = _mm_cmpeq_epi32(_mm_load_si128((const __m128i *)&entry[4]), all);

	hits = (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(_mm_packs_epi32(low, high), _mm_setzero_si128()));
#else
	for (unsigned i = 0; i < BUCKET_ENTRIES; i++)
		hits |= (uint32_t)(entry[i] == wanted) << i;
#endif
	return hits & ((1u << BUCKET_ENTRIES) - 1);
}

static inline struct index_place index_place_in(const struct bucket *b, uint32_t hash)
{
	return (struct index_place){b, index_hits(b->hash, hash)};
}

static inline struct index_place index_at(const struct index *x, uint32_t hash)
{
	return index_place_in(index_bucket(x, hash), hash);
}

/* The next ref of that hash, or 0. */
static inline uint32_t index_next(const struct index *x, struct index_place *at, uint32_t hash)
{
	for (;;) {
		const struct bucket *b = at->bucket;

		while (at->hits) {
			uint32_t ref = b->ref[__builtin_ctz(at->hits)];

			at->hits &= at->hits - 1;
			if (ref)
				return ref;
		}
		if (!b->more)
			return 0;
		*at = index_place_in(&x->over[b->more - 1], hash);
	}
}

#endif
