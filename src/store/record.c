/*
 * Records of connections. One of 60 octets holds nearly every connection with IPv4; the hard thing is those that need
 * more (IPv6, long stories): their last octets lie in a chain of blocks beside it.
 */
#include "config.h"

#include "store/record.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "model/connection.h"
#include "store/pack.h"
#include "util/chain.h"
#include "util/err.h"
#include "util/mem.h"

/* record.shape: the number of one, or OWN, when the shape itself is what the body begins with; and perhaps SPILLED */
#define OWN 0x7fff
#define SPILLED 0x8000 /* the last octets of the body say where it goes on */
#define BYTES_MAX (sizeof(struct shape) + PACK_MAX)
#define BODY_BEFORE (RECORD_BODY - sizeof(uint32_t)) /* of those that are spilled */
#define SPILLS_PER_RECORD ((BYTES_MAX - BODY_BEFORE + CHAIN_BODY - 1) / CHAIN_BODY)

_Static_assert(SHAPES_MAX < OWN, "numbers of shapes");

bool records_init(struct records *r, uint32_t live, uint32_t ended, struct err *err)
{
	*r = (struct records){ .live = live, .ended = ended };
	/* One more than there are: who unpacks the last reads beyond it. */
	r->slot = mem_table((size_t)live + 1, sizeof(struct slot));
	r->log = mem_table((size_t)ended + 1, sizeof(struct record));
	chains_init(&r->spill, ((uint64_t)live + ended) * SPILLS_PER_RECORD);
	shapes_init(&r->shapes);
	if (!r->slot || !r->log) {
		int code = errno;

		records_fini(r);
		return err_set_errno(err, code, "no memory for %llu connections", (unsigned long long)live + ended);
	}
	return true;
}

size_t records_bytes(uint64_t live, uint64_t ended)
{
	return live * sizeof(struct slot) + ended * sizeof(struct record) + (live + ended) / 2 * sizeof(struct chain_block);
}

void records_fini(struct records *r)
{
	mem_table_free(r->slot, (size_t)r->live + 1, sizeof(struct slot));
	mem_table_free(r->log, (size_t)r->ended + 1, sizeof(struct record));
	chains_fini(&r->spill);
	shapes_fini(&r->shapes);
	*r = (struct records){ 0 };
}

static uint32_t spill_link(const struct record *rec)
{
	uint32_t first = 0;

	if (rec->shape & SPILLED)
		memcpy(&first, rec->body + BODY_BEFORE, sizeof(first));
	return first;
}

static void body_write(struct records *r, struct record *rec, const uint8_t *p, size_t n)
{
	uint32_t first = spill_link(rec);

	rec->shape &= (uint16_t)~SPILLED;
	if (n <= RECORD_BODY) {
		chain_drop(&r->spill, &first);
		memcpy(rec->body, p, RECORD_BODY); /* always so many: faster */
		return;
	}
	chain_write(&r->spill, &first, p + BODY_BEFORE, n - BODY_BEFORE);
	memcpy(rec->body, p, BODY_BEFORE);
	memcpy(rec->body + BODY_BEFORE, &first, sizeof(first));
	rec->shape |= SPILLED;
}

/* What the body holds, in one piece: itself or the copy in `bytes`. */
static const uint8_t *body_read(const struct records *r, const struct record *rec, uint8_t *bytes)
{
	if (!(rec->shape & SPILLED))
		return rec->body;
	memcpy(bytes, rec->body, BODY_BEFORE);
	chain_read(&r->spill, spill_link(rec), bytes + BODY_BEFORE);
	return bytes;
}

static void shape_drop(struct records *r, const struct record *rec)
{
	uint32_t i = rec->shape & OWN;

	if (i && i != OWN)
		shapes_drop(&r->shapes, i);
}

/* The shape, and in *p what follows it. `own`: room for one */
static const struct shape *shape_of(const struct records *r, const struct record *rec, const uint8_t **p,
	struct shape *own)
{
	uint32_t i = rec->shape & OWN;

	if (i != OWN)
		return shapes_at(&r->shapes, i);
	memcpy(own, *p, sizeof(*own));
	*p += sizeof(*own);
	return own;
}

void record_set(struct records *r, uint32_t ref, const struct connection *c)
{
	struct record *rec = record_at(r, ref);
	uint8_t bytes[BYTES_MAX], *p = bytes + sizeof(struct shape);
	struct shape shape;
	uint32_t i;
	size_t n;

	if (!rec->shape && r->used++ == 0)
		r->base = c->start;
	n = pack_connection(c, r->base, &shape, p);
	i = shapes_take(&r->shapes, &shape);
	shape_drop(r, rec);
	if (!i) {
		i = OWN;
		p = memcpy(bytes, &shape, sizeof(shape));
		n += sizeof(shape);
	}
	rec->uid = (uint32_t)c->uid;
	rec->shape = (uint16_t)((rec->shape & SPILLED) | i);
	body_write(r, rec, p, n);
}

void record_get(const struct records *r, uint32_t ref, struct connection *c)
{
	const struct record *rec = record_at(r, ref);
	uint8_t bytes[BYTES_MAX + CHAIN_BODY];
	const uint8_t *p = body_read(r, rec, bytes);
	struct shape own;
	const struct shape *shape = shape_of(r, rec, &p, &own);

	unpack_connection(shape, p, r->base, rec->uid, c);
}

void record_clear(struct records *r, uint32_t ref)
{
	struct record *rec = record_at(r, ref);
	uint32_t first = spill_link(rec);

	if (!rec->shape)
		return;
	shape_drop(r, rec);
	chain_drop(&r->spill, &first);
	rec->shape = 0;
	r->used--;
}

uint64_t record_uid(const struct records *r, uint32_t ref)
{
	const struct record *rec = record_at(r, ref);
	uint8_t bytes[BYTES_MAX + CHAIN_BODY];
	const uint8_t *p = body_read(r, rec, bytes);
	struct shape own;
	const struct shape *shape = shape_of(r, rec, &p, &own);

	return unpack_uid(shape, p, rec->uid);
}

bool record_is(const struct records *r, uint32_t ref, uint64_t uid)
{
	const struct record *rec = record_at(r, ref);

	return rec->uid == (uint32_t)uid && rec->shape && record_uid(r, ref) == uid;
}

uint32_t record_find(const struct records *r, uint32_t from, uint32_t n, uint64_t uid)
{
	for (uint32_t ref = from + n; ref-- > from;)
		if (record_at(r, ref)->uid == (uint32_t)uid && record_is(r, ref, uid))
			return ref;
	return RECORD_NONE;
}
