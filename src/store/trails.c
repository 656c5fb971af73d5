/* A slab of trails, a chained hash by uid, and a list by the time they came. */
#include "config.h"

#include "store/trails.h"

#include <errno.h>
#include <string.h>

#include "util/err.h"
#include "util/mem.h"

struct trail_entry {
	uint32_t hash_next; /* or the next free entry */
	uint32_t older, newer;
	struct trail trail;
};

size_t trails_bytes(uint32_t max)
{
	return (size_t)max * (sizeof(struct trail_entry) + 2 * sizeof(uint32_t));
}

bool trails_init(struct trails *t, uint32_t max, struct err *err)
{
	uint32_t buckets = 16;

	while (buckets < max && buckets < UINT32_C(1) << 31)
		buckets *= 2;
	*t = (struct trails){ .max = max, .mask = buckets - 1 };
	t->entry = mem_table((size_t)max + 1, sizeof(struct trail_entry));
	t->bucket = mem_table(buckets, sizeof(uint32_t));
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
	mem_table_free(t->entry, (size_t)t->max + 1, sizeof(struct trail_entry));
	mem_table_free(t->bucket, (size_t)t->mask + 1, sizeof(uint32_t));
	*t = (struct trails){ 0 };
}

void trails_clear(struct trails *t)
{
	if (t->used)
		memset(t->bucket, 0, ((size_t)t->mask + 1) * sizeof(uint32_t));
	t->used = t->free = t->newest = t->oldest = 0;
}

static uint32_t *bucket_of(const struct trails *t, uint64_t uid)
{
	return &t->bucket[(uid * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & t->mask];
}

static uint32_t entry_find(const struct trails *t, uint64_t uid)
{
	uint32_t i = *bucket_of(t, uid);

	while (i && t->entry[i].trail.uid != uid)
		i = t->entry[i].hash_next;
	return i;
}

static void entry_drop(struct trails *t, uint32_t i)
{
	struct trail_entry *e = &t->entry[i];
	uint32_t *link = bucket_of(t, e->trail.uid);

	while (*link != i)
		link = &t->entry[*link].hash_next;
	*link = e->hash_next;
	*(e->newer ? &t->entry[e->newer].older : &t->newest) = e->older;
	*(e->older ? &t->entry[e->older].newer : &t->oldest) = e->newer;
	e->hash_next = t->free;
	t->free = i;
}

void trails_drop(struct trails *t, uint64_t uid)
{
	uint32_t i = entry_find(t, uid);

	if (i)
		entry_drop(t, i);
}

void trails_put(struct trails *t, const struct trail *trail)
{
	struct trail_entry *e;
	uint32_t i, *b = bucket_of(t, trail->uid);

	if (t->max == 0 || trail->uid == 0)
		return;
	trails_drop(t, trail->uid);
	if (!t->free && t->used == t->max)
		entry_drop(t, t->oldest);
	i = t->free ? t->free : ++t->used;
	e = &t->entry[i];
	if (i == t->free)
		t->free = e->hash_next;
	e->trail = *trail;
	e->hash_next = *b;
	*b = i;
	e->older = t->newest;
	e->newer = 0;
	*(t->newest ? &t->entry[t->newest].newer : &t->oldest) = i;
	t->newest = i;
}

const struct trail *trails_find(const struct trails *t, uint64_t uid)
{
	uint32_t i = entry_find(t, uid);

	return i ? &t->entry[i].trail : NULL;
}
