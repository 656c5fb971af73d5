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

#define BUCKET_ENTRIES 10

struct bucket {
	/* Upper halves of hashes; the number of the bucket says most of the lower ones. */
	uint16_t tag[BUCKET_ENTRIES];
	uint32_t more; /* overflow bucket + 1, 0 none */
	uint32_t ref[BUCKET_ENTRIES]; /* filled from the front; 0 ends it */
};

_Static_assert(sizeof(struct bucket) == 64, "one cache line");

/*
 * Entries in two buckets, on average. Every eighth search goes on into another bucket, or, where memory
 * counts for more, every sixth.
 */
enum index_load { INDEX_QUICK = 9, INDEX_SMALL = 10 };

struct index {
	const char *hash; /* borrowed: of ref 1; that of the next one lies `stride` octets on */
	size_t stride;
	struct bucket *bucket; /* [buckets_max], of which 0 .. low + split - 1 are in use */
	struct front front;    /* of bucket */
	struct bucket *over;   /* what does not fit, [over_max] */
	enum index_load load;
	uint32_t low;	       /* power of two; buckets before `split` have been split in two */
	uint32_t split;
	uint32_t buckets_max, over_max, over_fresh, over_free;
	uint32_t n, n_most;    /* n_most: before one more bucket comes into use */
};

/*
 * Room for `max` entries; false when the address space cannot be had. Untouched parts cost no memory.
 * hash: where the whole hash of ref 1 stands, those of the others `stride` octets apart; each must as
 * long as its ref is in the index.
 */
bool index_init(struct index *x, uint64_t max, enum index_load load, const uint32_t *hash,
	size_t stride);
void index_fini(struct index *x);
/* Octets for `max` entries. */
size_t index_bytes(uint64_t max, enum index_load load);

/*
 * ref is not 0, and its hash stands where index_init() was told. The same hash may be there many
 * times, the same ref once.
 */
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
	uint32_t hits; /* bit per entry of it that has the tag and was not given yet */
};

/*
 * Bit per entry of a bucket that has that tag, or that ref. All at once, without a branch on any:
 * which one it is cannot be foretold.
 */
static inline uint32_t index_tag_hits(const struct bucket *b, uint32_t hash)
{
	uint32_t hits = 0;

#ifdef __SSE2__
	/* What stands behind the tags is compared with them, and forgotten. */
	__m128i all = _mm_set1_epi16((short)(hash >> 16));
	__m128i low = _mm_cmpeq_epi16(_mm_load_si128((const __m128i *)(const void *)b), all);
	__m128i high = _mm_cmpeq_epi16(_mm_load_si128((const __m128i *)(const void *)b + 1), all);

	hits = (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(low, high));
#else
	for (unsigned i = 0; i < BUCKET_ENTRIES; i++)
		hits |= (uint32_t)(b->tag[i] == hash >> 16) << i;
#endif
	return hits & ((1u << BUCKET_ENTRIES) - 1);
}

static inline uint32_t index_ref_hits(const struct bucket *b, uint32_t ref)
{
	uint32_t hits = 0;

#ifdef __SSE2__
	/* The last four are 6 to 9, so that nothing beyond the bucket is read. */
	__m128i all = _mm_set1_epi32((int)ref);
	__m128i low = _mm_cmpeq_epi32(_mm_loadu_si128((const __m128i *)(const void *)&b->ref[0]), all);
	__m128i high = _mm_cmpeq_epi32(_mm_loadu_si128((const __m128i *)(const void *)&b->ref[4]), all);
	__m128i last = _mm_cmpeq_epi32(_mm_load_si128((const __m128i *)(const void *)b + 3), all);

	hits = (uint32_t)_mm_movemask_epi8(
		_mm_packs_epi16(_mm_packs_epi32(low, high), _mm_packs_epi32(last, last)));
	hits = (hits & 0xff) | (hits >> 2 & 0x300);
#else
	for (unsigned i = 0; i < BUCKET_ENTRIES; i++)
		hits |= (uint32_t)(b->ref[i] == ref) << i;
#endif
	return hits;
}

static inline struct index_place index_place_in(const struct bucket *b, uint32_t hash)
{
	return (struct index_place){b, index_tag_hits(b, hash)};
}

static inline struct index_place index_at(const struct index *x, uint32_t hash)
{
	return index_place_in(index_bucket(x, hash), hash);
}

/* The next ref whose hash may be that one, or 0. Once in ten thousand times it is another's. */
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
