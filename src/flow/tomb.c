#include "config.h"

#include "flow/tomb.h"

#include <string.h>

#include "flow/flow.h"
#include "util/hash.h"
#include "util/mem.h"

#define CHUNK_BITS_MAX 10
#define AHEAD 16
/* The newest one is not full, the oldest one is forgotten whole, two may have been closed by time. */
#define SPARE_CHUNKS 4

bool tombs_init(struct tombs *t, uint32_t max)
{
	memset(t, 0, sizeof(*t));
	/* Chunks are forgotten whole: sixteen at the least, so that little goes at once. */
	while (t->chunk_bits < CHUNK_BITS_MAX && max >> (t->chunk_bits + 1) >= 16)
		t->chunk_bits++;
	t->chunks = (max >> t->chunk_bits) + SPARE_CHUNKS;
	t->tomb = mem_table((size_t)t->chunks << t->chunk_bits, sizeof(t->tomb[0]));
	t->queue = mem_table(t->chunks, sizeof(t->queue[0]));
	t->chunk = mem_table(t->chunks, sizeof(t->chunk[0]));
	if (!t->tomb || !t->queue || !t->chunk ||
		!index_init(&t->index, (uint64_t)t->chunks << t->chunk_bits, INDEX_SMALL,
			&t->tomb[0].hash, sizeof(t->tomb[0]))) {
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
	mem_table_free(t->chunk, t->chunks, sizeof(t->chunk[0]));
	index_fini(&t->index);
	t->tomb = NULL;
	t->queue = NULL;
	t->chunk = NULL;
}

size_t tombs_bytes(uint64_t max)
{
	return max * sizeof(struct tomb) + index_bytes(max, INDEX_SMALL);
}

uint32_t tomb_id(const struct tuple *tuple, bool *first_high)
{
	int order = memcmp(&tuple->addr[0], &tuple->addr[1], sizeof(tuple->addr[0]));
	bool high = order > 0 || (order == 0 && tuple->port[0] > tuple->port[1]);
	uint64_t w[5];

	memcpy(&w[0], &tuple->addr[high], sizeof(tuple->addr[0]));
	memcpy(&w[2], &tuple->addr[!high], sizeof(tuple->addr[0]));
	w[4] = (uint64_t)tuple->port[high] << 16 | tuple->port[!high];
	*first_high = high;
	return (uint32_t)(hash_five(w) >> 32);
}

/* Its tombstones leave the index; those whose tuple has a younger one have left it before. */
static void chunk_forget(struct tombs *t, uint32_t chunk)
{
	uint32_t from = chunk << t->chunk_bits, n = t->chunk[chunk].n;

	for (uint32_t i = 0; i < n; i++) {
		if (i % AHEAD == 0)
			for (uint32_t k = i; k < i + AHEAD && k < n; k++)
				mem_read(index_bucket(&t->index, t->tomb[from + k].hash));
		(void)index_remove(&t->index, t->tomb[from + i].hash, from + i + 1);
	}
}

/* A chunk that is empty becomes the newest. */
static void chunk_begin(struct tombs *t, uint64_t eseq, const struct tomb_times *times)
{
	uint32_t second = tomb_second(times->now), chunk;

	if (t->used && (t->chunk[t->queue[t->first]].until < second || t->used == t->chunks)) {
		chunk = t->queue[t->first];
		chunk_forget(t, chunk);
		t->first = t->first + 1 < t->chunks ? t->first + 1 : 0;
		t->used--;
	} else {
		chunk = t->fresh++;
		front_at(&t->front, ((size_t)t->fresh << t->chunk_bits) * sizeof(t->tomb[0]));
	}
	t->queue[(t->first + t->used++) % t->chunks] = chunk;
	t->newest = chunk;
	t->chunk[chunk] = (struct tomb_chunk){
		.eseq = eseq, .start = times->start, .second = second};
}

/* Room for one more in the newest chunk, and it can say until when that one is remembered. */
static bool has_room(const struct tombs *t, uint32_t until)
{
	const struct tomb_chunk *c = &t->chunk[t->newest];

	return t->used && c->n < UINT32_C(1) << t->chunk_bits &&
		(until < c->second || until - c->second <= TOMB_LEFT_MOST);
}

static bool is_due(const struct tombs *t, uint32_t i, uint32_t second)
{
	uint64_t end = (uint64_t)t->chunk[i >> t->chunk_bits].second + t->tomb[i].left;

	return end <= second || !t->tomb[i].left;
}

/* The one that is not due before `second`, or NULL: of one tuple there may be others, but no two that are not due. */
static struct tomb *find(const struct tombs *t, uint32_t hash, uint32_t id, uint32_t second)
{
	struct index_place at = index_at(&t->index, hash);
	uint32_t ref;

	while ((ref = index_next(&t->index, &at, hash))) {
		struct tomb *tomb = &t->tomb[ref - 1];

		if (tomb->id == id && tomb->hash == hash && !is_due(t, ref - 1, second))
			return tomb;
	}
	return NULL;
}

void tombs_add(struct tombs *t, const struct tomb *what, uint64_t eseq,
	const struct tomb_times *times)
{
	struct tomb *older = NULL;
	struct tomb_chunk *c;
	uint32_t i;

	if (!has_room(t, times->until))
		chunk_begin(t, eseq, times);
	c = &t->chunk[t->newest];
	i = (t->newest << t->chunk_bits) + c->n++;
	if (times->until > c->until)
		c->until = times->until;
	if (times->start < c->start)
		c->start = times->start;
	if (what->generation > 1)
		older = find(t, what->hash, what->id, tomb_second(times->now));
	t->tomb[i] = *what;
	t->tomb[i].left = 0;
	if (times->until >= c->second)
		t->tomb[i].left = (times->until - c->second + 1) & (TOMB_LEFT_MOST + 1);
	if (older)
		(void)index_replace(&t->index, what->hash, (uint32_t)(older - t->tomb) + 1, i + 1);
	else
		index_add(&t->index, what->hash, i + 1);
}

struct tomb *tombs_find(const struct tombs *t, const struct tuple *tuple, uint32_t hash, int64_t now, int *side)
{
	struct index_place at = index_at(&t->index, hash);
	struct tomb *tomb;
	bool high;

	if (!at.hits && !at.bucket->more)
		return NULL; /* nearly always, and at once */
	tomb = find(t, hash, tomb_id(tuple, &high), tomb_second(now));
	if (!tomb)
		return NULL;
	*side = high == tomb->client_high ? CLIENT : SERVER;
	return tomb;
}

uint64_t tombs_eseq(const struct tombs *t, const struct tomb *tomb)
{
	uint32_t i = (uint32_t)(tomb - t->tomb);

	return t->chunk[i >> t->chunk_bits].eseq + (i & ((UINT32_C(1) << t->chunk_bits) - 1));
}

int64_t tombs_start(const struct tombs *t, const struct tomb *tomb)
{
	return t->chunk[(uint32_t)(tomb - t->tomb) >> t->chunk_bits].start;
}
