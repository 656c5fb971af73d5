/*
 * Packed connections: a fixed record each, live ones by slot, ended ones by number, and what does not fit in small
 * blocks beside. Found by uid.
 */
#ifndef TCPTOP_STORE_RECORD_H
#define TCPTOP_STORE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct connection;
struct err;

#define RECORD_BODY 100
#define RECORD_NONE UINT32_MAX

struct record {
	uint64_t uid;	/* 0: empty */
	int64_t start;
	uint32_t next;	/* with the same hash of uid */
	uint32_t conversation; /* the row its counts went to, the store's */
	uint32_t spill; /* first block of what did not fit into body, 0 none */
	uint8_t body[RECORD_BODY];
};

_Static_assert(sizeof(struct record) == 128, "two cache lines");

struct spill;

struct records {
	struct record *rec; /* [n] */
	uint32_t *bucket;   /* first record of a hash; RECORD_NONE - x, so that zeroed memory is empty */
	struct spill **slab;
	uint32_t n, mask;
	uint32_t used; /* records that are not empty */
	uint32_t slabs, slabs_max, spill_free;
	uint64_t spills; /* blocks in use */
};

bool records_init(struct records *r, uint32_t n, struct err *err);
void records_fini(struct records *r);
/* Octets of n records, some of them with a block of spill. */
size_t records_bytes(uint64_t n);

/* Sets a record; what was there is replaced. An empty one becomes findable. */
void record_set(struct records *r, uint32_t ref, const struct connection *c);
void record_get(const struct records *r, uint32_t ref, struct connection *c);
/* Empties it. */
void record_clear(struct records *r, uint32_t ref);
/* The record of that uid, or RECORD_NONE. */
uint32_t record_find(const struct records *r, uint64_t uid);
/* Reads ahead what finding, adding or emptying n of them will touch. */
void record_fetch(const struct records *r, const uint64_t *uid, size_t n);

#endif
