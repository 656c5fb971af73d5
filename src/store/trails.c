/* Entries in a table, their segments packed beside; a chained hash by uid, and a list by the time they came. */
#include "config.h"

#include "store/trails.h"

#include <errno.h>
#include <string.h>

#include "util/err.h"
#include "util/mem.h"

#define BLOCKS_EACH 16 /* on average, at most: 448 octets; 20 segments take 250 to 600 */

struct trail_entry {
	uint64_t uid;
	uint32_t hash_next; /* or the next free entry */
	uint32_t older, newer;
	uint32_t first; /* of its segments, packed one after the other */
	uint32_t n, skipped;
};

size_t trails_bytes(uint32_t max)
{
	return (size_t)max * (sizeof(struct trail_entry) + 2 * sizeof(uint32_t) +
		BLOCKS_EACH * sizeof(struct chain_block));
}

bool trails_init(struct trails *t, uint32_t max, struct err *err)
{
	uint32_t buckets = 16;

	while (buckets < max && buckets < UINT32_C(1) << 31)
		buckets *= 2;
	*t = (struct trails){ .max = max, .mask = buckets - 1 };
	t->entry = mem_table((size_t)max + 1, sizeof(struct trail_entry));
	t->bucket = mem_table(buckets, sizeof(uint32_t));
	/* One of any length there is always room for. */
	chains_init(&t->segments, (uint64_t)max * BLOCKS_EACH + chain_blocks(TRAIL_SEGMENTS * SEGMENT_PACKED));
	if (!t->entry || !t->bucket) {
		int code = errno;

		trails_fini(t);
		return err_set_errno(err, code, "no memory for the segments of %u connections",
			max);
	}
	return true;
}

void trails_fini(struct trails *t)
{
	chains_fini(&t->segments);
	mem_table_free(t->entry, (size_t)t->max + 1, sizeof(struct trail_entry));
	mem_table_free(t->bucket, (size_t)t->mask + 1, sizeof(uint32_t));
	*t = (struct trails){ 0 };
}

void trails_clear(struct trails *t)
{
	if (t->used)
		memset(t->bucket, 0, ((size_t)t->mask + 1) * sizeof(uint32_t));
	chains_clear(&t->segments);
	t->used = t->free = t->newest = t->oldest = 0;
}

static uint32_t *bucket_of(const struct trails *t, uint64_t uid)
{
	return &t->bucket[(uid * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & t->mask];
}

static uint32_t entry_find(const struct trails *t, uint64_t uid)
{
	uint32_t i = *bucket_of(t, uid);

	while (i && t->entry[i].uid != uid)
		i = t->entry[i].hash_next;
	return i;
}

static void entry_drop(struct trails *t, uint32_t i)
{
	struct trail_entry *e = &t->entry[i];
	uint32_t *link = bucket_of(t, e->uid);

	while (*link != i)
		link = &t->entry[*link].hash_next;
	*link = e->hash_next;
	*(e->newer ? &t->entry[e->newer].older : &t->newest) = e->older;
	*(e->older ? &t->entry[e->older].newer : &t->oldest) = e->newer;
	chain_drop(&t->segments, &e->first);
	e->hash_next = t->free;
	t->free = i;
}

void trails_drop(struct trails *t, uint64_t uid)
{
	uint32_t i = entry_find(t, uid);

	if (i)
		entry_drop(t, i);
}

/* The newest, found by its uid, without segments. */
static struct trail_entry *entry_new(struct trails *t, uint64_t uid)
{
	uint32_t i = t->free ? t->free : ++t->used, *b = bucket_of(t, uid);
	struct trail_entry *e = &t->entry[i];

	if (i == t->free)
		t->free = e->hash_next;
	*e = (struct trail_entry){ .uid = uid, .hash_next = *b, .older = t->newest };
	*b = i;
	*(t->newest ? &t->entry[t->newest].newer : &t->oldest) = i;
	t->newest = i;
	return e;
}

void trails_put(struct trails *t, const struct trail *trail)
{
	uint8_t bytes[TRAIL_SEGMENTS * SEGMENT_PACKED], *p = bytes;
	struct trail_entry *e;

	if (t->max == 0 || trail->uid == 0)
		return;
	trails_drop(t, trail->uid);
	for (uint32_t i = 0; i < trail->n && i < TRAIL_SEGMENTS; i++)
		p = segment_pack(&trail->seg[i], p);
	while (t->oldest && ((!t->free && t->used == t->max) ||
		chains_room(&t->segments) < chain_blocks((size_t)(p - bytes))))
		entry_drop(t, t->oldest);
	e = entry_new(t, trail->uid);
	e->n = trail->n;
	e->skipped = trail->skipped;
	chain_write(&t->segments, &e->first, bytes, (size_t)(p - bytes));
}

bool trails_get(const struct trails *t, uint64_t uid, struct trail *out)
{
	uint8_t bytes[TRAIL_SEGMENTS * SEGMENT_PACKED + CHAIN_BODY];
	uint32_t i = entry_find(t, uid);
	const struct trail_entry *e = &t->entry[i];
	const uint8_t *p = bytes;

	if (!i)
		return false;
	memset(out, 0, sizeof(*out));
	out->uid = uid;
	out->n = e->n;
	out->skipped = e->skipped;
	chain_read(&t->segments, e->first, bytes);
	for (uint32_t k = 0; k < e->n && k < TRAIL_SEGMENTS; k++)
		p = segment_unpack(p, &out->seg[k]);
	return true;
}
