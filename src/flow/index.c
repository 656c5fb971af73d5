#include "config.h"

#include "flow/index.h"

#include <string.h>

#include "util/mem.h"

#define LOW_START 256u

/* Buckets for so many entries. */
static uint64_t at_least(uint64_t entries, enum index_load load)
{
	return 2 * entries / load;
}

static uint64_t buckets_for(uint64_t max, enum index_load load)
{
	uint64_t n = LOW_START;

	while (n < at_least(max, load) + 1)
		n *= 2;
	return n * 2;
}

/* A chain of overflow buckets is full but for its last one, and each begins with a full bucket of its own. */
static uint64_t over_for(uint64_t max)
{
	return max / BUCKET_ENTRIES + max / (BUCKET_ENTRIES + 1) + 2;
}

/* Until when the buckets there are will do. */
static void set_most(struct index *x)
{
	uint32_t buckets = x->low + x->split;
	uint64_t most = (uint64_t)buckets * x->load / 2;

	x->n_most = buckets < x->buckets_max && most < UINT32_MAX ? (uint32_t)most : UINT32_MAX;
}

bool index_init(struct index *x, uint64_t max, enum index_load load, const uint32_t *hash,
	size_t stride)
{
	memset(x, 0, sizeof(*x));
	x->hash = (const char *)hash;
	x->stride = stride;
	x->load = load;
	x->low = LOW_START;
	x->buckets_max = (uint32_t)buckets_for(max, load);
	x->over_max = (uint32_t)over_for(max);
	x->bucket = mem_table(x->buckets_max, sizeof(x->bucket[0]));
	x->over = mem_table(x->over_max, sizeof(x->over[0]));
	if (!x->bucket || !x->over) {
		index_fini(x);
		return false;
	}
	mem_table_small(x->over, x->over_max, sizeof(x->over[0])); /* a few per cent of the buckets */
	set_most(x);
	front_begin(&x->front, x->bucket, x->buckets_max, sizeof(x->bucket[0]));
	return true;
}

void index_fini(struct index *x)
{
	front_end(&x->front);
	mem_table_free(x->bucket, x->buckets_max, sizeof(x->bucket[0]));
	mem_table_free(x->over, x->over_max, sizeof(x->over[0]));
	x->bucket = x->over = NULL;
}

size_t index_bytes(uint64_t max, enum index_load load)
{
	return (at_least(max, load) + over_for(max) / 8) * sizeof(struct bucket);
}

static uint32_t over_take(struct index *x)
{
	uint32_t i = x->over_free;

	if (!i)
		return ++x->over_fresh;
	x->over_free = x->over[i - 1].more;
	memset(&x->over[i - 1], 0, sizeof(x->over[0]));
	return i;
}

static void over_give(struct index *x, uint32_t i)
{
	memset(&x->over[i - 1], 0, sizeof(x->over[0]));
	x->over[i - 1].more = x->over_free;
	x->over_free = i;
}

static void bucket_add(struct index *x, struct bucket *b, uint32_t tag, uint32_t ref)
{
	uint32_t free, i = 0;

	while (b->more)
		b = &x->over[b->more - 1];
	free = index_ref_hits(b, 0);
	if (free) {
		i = (uint32_t)__builtin_ctz(free);
	} else {
		b->more = over_take(x);
		b = &x->over[b->more - 1];
	}
	b->tag[i] = (uint16_t)tag;
	b->ref[i] = ref;
}

/* Says which half an entry goes to: a bit of its hash. While it is not in the tag, the owner knows it. */
static bool goes_up(const struct index *x, uint32_t tag, uint32_t ref)
{
	uint32_t hash = tag << 16;

	if (x->low < 1u << 16)
		memcpy(&hash, x->hash + (size_t)(ref - 1) * x->stride, sizeof(hash));
	return hash & x->low;
}

/* Into a bucket that has *n entries, and overflow buckets behind it only if it is full. */
static void deal(struct index *x, struct bucket *b, uint32_t *n, uint32_t tag, uint32_t ref)
{
	if (*n == BUCKET_ENTRIES) {
		bucket_add(x, b, tag, ref);
		return;
	}
	b->tag[*n] = (uint16_t)tag;
	b->ref[(*n)++] = ref;
}

/* Deals the entries of one bucket out to itself and to the next one that comes into use. */
static void split_one(struct index *x)
{
	struct bucket *from = &x->bucket[x->split], *to = &x->bucket[x->low + x->split];
	struct bucket was = *from;
	uint32_t more, i, n = 0, to_n = 0;

	memset(from, 0, sizeof(*from));
	for (;;) {
		for (i = 0; i < BUCKET_ENTRIES && was.ref[i]; i++)
			if (goes_up(x, was.tag[i], was.ref[i]))
				deal(x, to, &to_n, was.tag[i], was.ref[i]);
			else
				deal(x, from, &n, was.tag[i], was.ref[i]);
		if (!was.more)
			break;
		more = was.more;
		was = x->over[more - 1];
		over_give(x, more);
	}
	front_at(&x->front, ((size_t)x->low + x->split + 1) * sizeof(*to));
	if (++x->split == x->low) {
		x->low *= 2;
		x->split = 0;
	}
	set_most(x);
}

void index_add(struct index *x, uint32_t hash, uint32_t ref)
{
	if (x->n >= x->n_most)
		split_one(x);
	bucket_add(x, index_bucket(x, hash), hash >> 16, ref);
	x->n++;
}

/* The bucket of an entry, *at its place there, or NULL. */
static struct bucket *find(const struct index *x, uint32_t hash, uint32_t ref, uint32_t *at)
{
	struct bucket *b = index_bucket(x, hash);

	for (;;) {
		uint32_t hits = index_ref_hits(b, ref);

		if (hits) {
			*at = (uint32_t)__builtin_ctz(hits);
			return b;
		}
		if (!b->more)
			return NULL;
		b = &x->over[b->more - 1];
	}
}

bool index_remove(struct index *x, uint32_t hash, uint32_t ref)
{
	uint32_t at, end, free;
	struct bucket *b = find(x, hash, ref, &at), *last = b, *before = NULL;

	if (!b)
		return false;
	while (last->more) {
		before = last;
		last = &x->over[last->more - 1];
	}
	free = index_ref_hits(last, 0);
	end = free ? (uint32_t)__builtin_ctz(free) : BUCKET_ENTRIES;
	b->tag[at] = last->tag[end - 1];
	b->ref[at] = last->ref[end - 1];
	last->tag[end - 1] = 0;
	last->ref[end - 1] = 0;
	x->n--;
	if (end > 1)
		return true;
	/* Nothing is left in it. A first bucket stays; an overflow bucket is found by what links to it. */
	if (!before) {
		struct bucket *first = index_bucket(x, hash);

		if (first == last)
			return true;
		for (before = first; &x->over[before->more - 1] != last;)
			before = &x->over[before->more - 1];
	}
	end = before->more;
	before->more = 0;
	over_give(x, end);
	return true;
}

bool index_replace(struct index *x, uint32_t hash, uint32_t ref, uint32_t by)
{
	uint32_t at;
	struct bucket *b = find(x, hash, ref, &at);

	if (b)
		b->ref[at] = by;
	return b != NULL;
}
