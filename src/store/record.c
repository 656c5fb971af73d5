/*
 * Records of connections. One of 60 octets holds nearly every connection with IPv4; the hard thing is those that need
 * more (IPv6, long stories): their last octets lie in a chain of blocks beside it. Times in whole microseconds, as most
 * files have them, take some octets less: if the first connection that ended has such times, 56 do for the log.
 */
#include "config.h"

#include "store/record.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "model/connection.h"
#include "store/pack.h"
#include "util/chain.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/mem.h"

/* record.shape: the number of one, or OWN, when the shape itself is what the body begins with; and perhaps SPILLED */
#define OWN 0x7fff
#define SPILLED 0x8000 /* the last octets of the body say where it goes on */
#define BYTES_MAX (sizeof(struct shape) + PACK_MAX)
#define BODY_LEAST (RECORD_BODY - 4)
#define SPILLS_PER_RECORD ((BYTES_MAX - BODY_LEAST + CHAIN_LINK + CHAIN_BODY - 1) / CHAIN_BODY)

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

/* Octets of its body. */
static size_t room_of(const struct records *r, uint32_t ref)
{
	return ref < r->live ? RECORD_BODY : r->stride - offsetof(struct record, body);
}

/* How far apart records of ended connections lie, from the first one on. */
static uint32_t stride_for(const struct connection *c)
{
	bool whole = c->start % NS_PER_US == 0 && c->last % NS_PER_US == 0 && c->ended % NS_PER_US == 0;

	return (uint32_t)(offsetof(struct record, body) + (whole ? BODY_LEAST : RECORD_BODY));
}

static uint32_t spill_link(const struct record *rec, size_t room)
{
	return rec->shape & SPILLED ? chain_link(rec->body, room) : 0;
}

static void body_write(struct records *r, struct record *rec, size_t room, const uint8_t *p, size_t n)
{
	uint32_t first = spill_link(rec, room);

	rec->shape &= (uint16_t)~SPILLED;
	if (n <= room) {
		chain_drop(&r->spill, &first);
		memcpy(rec->body, p, BODY_LEAST); /* always so many: faster */
		if (room > BODY_LEAST)
			memcpy(rec->body + BODY_LEAST, p + BODY_LEAST, RECORD_BODY - BODY_LEAST);
		return;
	}
	chain_split(&r->spill, rec->body, room, first, p, n);
	rec->shape |= SPILLED;
}

/* What the body holds, in one piece: itself or the copy in `bytes`. */
static const uint8_t *body_read(const struct records *r, const struct record *rec, size_t room, uint8_t *bytes)
{
	if (!(rec->shape & SPILLED))
		return rec->body;
	chain_join(&r->spill, rec->body, room, bytes);
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
	uint8_t bytes[BYTES_MAX], *p = bytes + sizeof(struct shape);
	struct shape shape;
	struct record *rec;
	uint32_t i;
	size_t n;

	if (!r->stride && ref >= r->live)
		r->stride = stride_for(c);
	rec = record_at(r, ref);
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
	body_write(r, rec, room_of(r, ref), p, n);
}

void record_get(const struct records *r, uint32_t ref, struct connection *c)
{
	const struct record *rec = record_at(r, ref);
	uint8_t bytes[BYTES_MAX + CHAIN_BODY];
	const uint8_t *p = body_read(r, rec, room_of(r, ref), bytes);
	struct shape own;
	const struct shape *shape = shape_of(r, rec, &p, &own);

	unpack_connection(shape, p, r->base, rec->uid, c);
}

void record_clear(struct records *r, uint32_t ref)
{
	struct record *rec = record_at(r, ref);
	uint32_t first = spill_link(rec, room_of(r, ref));

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
	const uint8_t *p = body_read(r, rec, room_of(r, ref), bytes);
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
