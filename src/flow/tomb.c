#include "config.h"

#include "flow/tomb.h"

#include <string.h>

#include "flow/flow.h"
#include "util/hash.h"
#include "util/mem.h"

#define CHUNK_BITS_MAX 10
#define AHEAD 16

bool tombs_init(struct tombs *t, uint32_t max)
{
	memset(t, 0, sizeof(*t));
	/* Chunks are forgotten whole: sixteen at the least, so that little goes at once. */
	while (t->chunk_bits < CHUNK_BITS_MAX && max >> (t->chunk_bits + 1) >= 16)
		t->chunk_bits++;
	t->chunks = (max >> t->chunk_bits) + 2;
	t->tomb = mem_table((size_t)t->chunks << t->chunk_bits, sizeof(t->tomb[0]));
	t->queue = mem_table(t->chunks, sizeof(t->queue[0]));
	t->until = mem_table(t->chunks, sizeof(t->until[0]));
	if (!t->tomb || !t->queue || !t->until) {
		tombs_fini(t);
		return false;
	}
	front_begin(&t->front, t->tomb, (size_t)t->chunks << t->chunk_bits, sizeof(t->tomb[0]));
	return true;
}

void tombs_fini(struct tombs *t)
{
	front_end(&t->front);
	mem_table_free(t->tomb, (size_t)t->chunks << t->chunk_bits, sizeof(t->tomb[0]));
	mem_table_free(t->queue, t->chunks, sizeof(t->queue[0]));
	mem_table_free(t->until, t->chunks, sizeof(t->until[0]));
	t->tomb = NULL;
	t->queue = NULL;
	t->until = NULL;
}

size_t tombs_bytes(uint64_t max)
{
	return max * sizeof(struct tomb);
}

uint64_t tomb_id(const struct tuple *tuple, bool *first_high)
{
	int order = memcmp(&tuple->addr[0], &tuple->addr[1], sizeof(tuple->addr[0]));
	bool high = order > 0 || (order == 0 && tuple->port[0] > tuple->port[1]);
	uint64_t w[5];

	memcpy(&w[0], &tuple->addr[high], sizeof(tuple->addr[0]));
	memcpy(&w[2], &tuple->addr[!high], sizeof(tuple->addr[0]));
	w[4] = (uint64_t)tuple->port[high] << 16 | tuple->port[!high];
	*first_high = high;
	return hash_five(w);
}

/* Its tombstones leave the index; those whose tuple has a younger one have left it before. */
static void chunk_forget(struct tombs *t, struct index *x, uint32_t chunk, uint32_t n)
{
	uint32_t from = chunk << t->chunk_bits, i;

	for (i = 0; i < n; i++) {
		if (i + AHEAD < n)
			__builtin_prefetch(index_bucket(x, t->tomb[from + i + AHEAD].hash), 1);
		(void)index_remove(x, t->tomb[from + i].hash, TOMB_REF | (from + i));
	}
}

/* Room for one more in the newest chunk. */
static void chunk_begin(struct tombs *t, struct index *x, int64_t now)
{
	uint32_t size = UINT32_C(1) << t->chunk_bits, chunk;

	if (t->used && (t->until[t->queue[t->first]] < now || t->used == t->chunks)) {
		chunk = t->queue[t->first];
		chunk_forget(t, x, chunk, size);
		t->first = t->first + 1 < t->chunks ? t->first + 1 : 0;
		t->used--;
	} else {
		chunk = t->fresh++;
		front_at(&t->front, ((size_t)t->fresh << t->chunk_bits) * sizeof(t->tomb[0]));
	}
	t->queue[(t->first + t->used++) % t->chunks] = chunk;
	t->until[chunk] = INT64_MIN;
	t->filled = 0;
}

/* An older one of the same tuple gives way. */
static void replace_older(struct tombs *t, struct index *x, const struct tomb *what)
{
	struct index_place at = index_at(x, what->hash);
	uint32_t ref;

	while ((ref = index_next(x, &at, what->hash)))
		if (ref & TOMB_REF && t->tomb[ref & ~TOMB_REF].id == what->id) {
			(void)index_remove(x, what->hash, ref);
			return;
		}
}

void tombs_add(struct tombs *t, struct index *x, const struct tomb *what, uint32_t ref, int64_t now)
{
	uint32_t chunk, i;

	if (!t->used || t->filled == UINT32_C(1) << t->chunk_bits)
		chunk_begin(t, x, now);
	chunk = t->queue[(t->first + t->used - 1) % t->chunks];
	i = (chunk << t->chunk_bits) + t->filled++;
	if (what->until > t->until[chunk])
		t->until[chunk] = what->until;
	replace_older(t, x, what);
	t->tomb[i] = *what;
	(void)index_replace(x, what->hash, ref, TOMB_REF | i);
}

struct tomb *tombs_find(const struct tombs *t, const struct index *x, const struct tuple *tuple, uint32_t hash,
	int64_t now, int *side)
{
	struct index_place at = index_at(x, hash);
	uint32_t ref;
	uint64_t id = 0;
	bool high = false;

	while ((ref = index_next(x, &at, hash))) {
		struct tomb *tomb = &t->tomb[ref & ~TOMB_REF];

		if (!(ref & TOMB_REF))
			continue;
		if (!id)
			id = tomb_id(tuple, &high);
		if (tomb->id != id)
			continue;
		*side = high == tomb->client_high ? CLIENT : SERVER;
		return tomb->until >= now ? tomb : NULL;
	}
	return NULL;
}
