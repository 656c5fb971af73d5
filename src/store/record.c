/*
 * Records of connections. Two cache lines hold nearly every connection; the hard thing is the few that need more
 * (IPv6 with a long story): their last octets lie in blocks of 32 octets, chained, taken from slabs that grow.
 */
#include "config.h"

#include "store/record.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "model/connection.h"
#include "store/pack.h"
#include "util/err.h"
#include "util/mem.h"

#define BUCKETS_START 4096
#define SPILL_BODY 28
#define SLAB_BITS 15
#define SLAB_SIZE (UINT32_C(1) << SLAB_BITS)
#define SPILLS_PER_RECORD ((PACK_MAX - RECORD_BODY + SPILL_BODY - 1) / SPILL_BODY)

struct spill {
	uint32_t next;
	uint8_t body[SPILL_BODY];
};

bool records_init(struct records *r, uint32_t n, struct err *err)
{
	uint64_t spills = (uint64_t)n * SPILLS_PER_RECORD;

	if (spills > UINT32_MAX - SLAB_SIZE)
		spills = UINT32_MAX - SLAB_SIZE;
	*r = (struct records){ .n = n, .mask = BUCKETS_START - 1 };
	r->slabs_max = (uint32_t)(spills / (SLAB_SIZE - 1)) + 1;
	r->rec = mem_table(n, sizeof(struct record));
	r->bucket = mem_table(BUCKETS_START, sizeof(uint32_t));
	r->slab = mem_array(r->slabs_max, sizeof(struct spill *));
	if (!r->rec || !r->bucket) {
		int code = errno;

		records_fini(r);
		return err_set_errno(err, code, "no memory for %u connections", n);
	}
	return true;
}

size_t records_bytes(uint64_t n)
{
	return n * (sizeof(struct record) + 2 * sizeof(uint32_t)) + n / 4 * sizeof(struct spill);
}

void records_fini(struct records *r)
{
	mem_table_free(r->rec, r->n, sizeof(struct record));
	mem_table_free(r->bucket, (size_t)r->mask + 1, sizeof(uint32_t));
	for (uint32_t i = 0; i < r->slabs; i++)
		mem_free(r->slab[i]);
	mem_free(r->slab);
	*r = (struct records){ 0 };
}

static struct spill *spill_at(const struct records *r, uint32_t i)
{
	return &r->slab[i >> SLAB_BITS][i & (SLAB_SIZE - 1)];
}

/* A new slab's blocks go to the free list; its first stays unused, since 0 says none. */
static void spill_grow(struct records *r)
{
	uint32_t first = r->slabs << SLAB_BITS;

	assert(r->slabs < r->slabs_max);
	r->slab[r->slabs++] = mem_array(SLAB_SIZE, sizeof(struct spill));
	for (uint32_t i = first + SLAB_SIZE - 1; i > first; i--) {
		spill_at(r, i)->next = r->spill_free;
		r->spill_free = i;
	}
}

static uint32_t spill_take(struct records *r)
{
	uint32_t i;

	if (!r->spill_free)
		spill_grow(r);
	i = r->spill_free;
	r->spill_free = spill_at(r, i)->next;
	spill_at(r, i)->next = 0;
	r->spills++;
	return i;
}

static void spill_drop(struct records *r, uint32_t *first)
{
	while (*first) {
		struct spill *s = spill_at(r, *first);
		uint32_t next = s->next;

		s->next = r->spill_free;
		r->spill_free = *first;
		r->spills--;
		*first = next;
	}
}

/* Writes n octets into the chain at *link, which keeps its blocks where it can. */
static void spill_write(struct records *r, uint32_t *link, const uint8_t *p, size_t n)
{
	while (n > 0) {
		size_t part = n < SPILL_BODY ? n : SPILL_BODY;
		struct spill *s;

		if (!*link)
			*link = spill_take(r);
		s = spill_at(r, *link);
		memcpy(s->body, p, part);
		p += part;
		n -= part;
		link = &s->next;
	}
	spill_drop(r, link);
}

static uint32_t *bucket_of(const struct records *r, uint64_t uid)
{
	return &r->bucket[(uid * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & r->mask];
}

static void bucket_add(struct records *r, uint32_t ref)
{
	uint32_t *b = bucket_of(r, r->rec[ref].uid);

	r->rec[ref].next = RECORD_NONE - *b;
	*b = RECORD_NONE - ref;
}

/* Twice as many buckets when there are more records than buckets; without memory, longer chains. */
static void buckets_grow(struct records *r)
{
	uint32_t old = r->mask + 1;
	uint32_t *was = r->bucket, *bucket;

	if (r->used <= r->mask || old >= UINT32_C(1) << 31)
		return;
	bucket = mem_table((size_t)old * 2, sizeof(*bucket));
	if (!bucket)
		return;
	r->bucket = bucket;
	r->mask = old * 2 - 1;
	for (uint32_t i = 0; i < old; i++) {
		uint32_t ref = RECORD_NONE - was[i], next;

		for (; ref != RECORD_NONE; ref = next) {
			next = r->rec[ref].next;
			bucket_add(r, ref);
		}
	}
	mem_table_free(was, old, sizeof(*was));
}

static void record_link(struct records *r, uint32_t ref)
{
	r->used++;
	buckets_grow(r);
	bucket_add(r, ref);
}

static void record_unlink(struct records *r, uint32_t ref)
{
	uint32_t *b = bucket_of(r, r->rec[ref].uid), i = RECORD_NONE - *b;

	r->used--;
	if (i == ref) {
		*b = RECORD_NONE - r->rec[ref].next;
		return;
	}
	while (r->rec[i].next != ref)
		i = r->rec[i].next;
	r->rec[i].next = r->rec[ref].next;
}

void record_set(struct records *r, uint32_t ref, const struct connection *c)
{
	struct record *rec = &r->rec[ref];
	uint8_t bytes[PACK_MAX];
	size_t n = pack_connection(c, bytes);

	assert(n <= PACK_MAX && c->uid != 0);
	if (rec->uid != c->uid) {
		if (rec->uid)
			record_unlink(r, ref);
		rec->uid = c->uid;
		record_link(r, ref);
	}
	rec->start = c->start;
	if (n <= RECORD_BODY) {
		memcpy(rec->body, bytes, n);
		spill_drop(r, &rec->spill);
	} else {
		memcpy(rec->body, bytes, RECORD_BODY);
		spill_write(r, &rec->spill, bytes + RECORD_BODY, n - RECORD_BODY);
	}
}

void record_get(const struct records *r, uint32_t ref, struct connection *c)
{
	const struct record *rec = &r->rec[ref];
	uint8_t bytes[PACK_MAX + SPILL_BODY], *p;

	c->uid = rec->uid;
	c->start = rec->start;
	if (!rec->spill) {
		unpack_connection(rec->body, c);
		return;
	}
	memcpy(bytes, rec->body, RECORD_BODY);
	p = bytes + RECORD_BODY;
	for (uint32_t i = rec->spill; i; i = spill_at(r, i)->next) {
		memcpy(p, spill_at(r, i)->body, SPILL_BODY);
		p += SPILL_BODY;
	}
	unpack_connection(bytes, c);
}

void record_clear(struct records *r, uint32_t ref)
{
	struct record *rec = &r->rec[ref];

	if (!rec->uid)
		return;
	record_unlink(r, ref);
	spill_drop(r, &rec->spill);
	rec->uid = 0;
}

uint32_t record_find(const struct records *r, uint64_t uid)
{
	uint32_t i;

	if (uid == 0)
		return RECORD_NONE;
	for (i = RECORD_NONE - *bucket_of(r, uid); i != RECORD_NONE; i = r->rec[i].next)
		if (r->rec[i].uid == uid)
			break;
	return i;
}

void record_fetch(const struct records *r, const uint64_t *uid, size_t n)
{
	for (size_t i = 0; i < n; i++)
		mem_read(bucket_of(r, uid[i]));
	for (size_t i = 0; i < n; i++) {
		uint32_t ref = RECORD_NONE - *bucket_of(r, uid[i]);

		if (ref != RECORD_NONE)
			mem_read(&r->rec[ref].next);
	}
}
