/*
 * Packed connections: a fixed record each, live ones by slot, ended ones in a log, and what does not fit in small
 * blocks beside.
 */
#ifndef TCPTOP_STORE_RECORD_H
#define TCPTOP_STORE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/shape.h"
#include "util/chain.h"

struct connection;
struct err;

#define RECORD_BODY 54
#define RECORD_NONE UINT32_MAX

struct record {
	uint32_t uid;	/* its low half */
	uint16_t shape; /* 0: empty; record.c has the rest of its bits */
	uint8_t body[RECORD_BODY];
};

struct slot { /* of a live one */
	struct record rec;
	uint32_t conversation; /* the row its counts went to, the store's */
};

_Static_assert(sizeof(struct record) == 60 && sizeof(struct slot) == 64, "live ones: a cache line each");

struct records {
	struct slot *slot;  /* [live] */
	struct record *log; /* [ended], but that they lie `stride` apart: see record.c */
	struct shapes shapes;
	struct chains spill; /* what does not fit into bodies */
	int64_t base; /* ns since the epoch, near which their times are */
	uint32_t live, ended;
	uint32_t used; /* records that are not empty */
	uint32_t stride; /* 0: there was none yet */
};

bool records_init(struct records *r, uint32_t live, uint32_t ended, struct err *err);
void records_fini(struct records *r);
/* Octets of so many records, half of them with a block of spill. */
size_t records_bytes(uint64_t live, uint64_t ended);

/* Live ones come first, then the log. */
static inline struct record *record_at(const struct records *r, uint32_t ref)
{
	if (ref < r->live)
		return &r->slot[ref].rec;
	return (struct record *)(void *)((char *)r->log + (size_t)(ref - r->live) * r->stride);
}

static inline bool record_used(const struct records *r, uint32_t ref)
{
	return record_at(r, ref)->shape != 0;
}

/* Sets a record; what was there is replaced. */
void record_set(struct records *r, uint32_t ref, const struct connection *c);
void record_get(const struct records *r, uint32_t ref, struct connection *c);
/* Empties it. */
void record_clear(struct records *r, uint32_t ref);
/* Of one that is used. */
uint64_t record_uid(const struct records *r, uint32_t ref);
/* Whether it holds that connection. */
bool record_is(const struct records *r, uint32_t ref, uint64_t uid);
/* The record of that uid among `n` from `from`, the last first, or RECORD_NONE. Looks at them all. */
uint32_t record_find(const struct records *r, uint32_t from, uint32_t n, uint64_t uid);

#endif
