/*
 * Facts in time, step by step. What can only be counted is counted here, by service; of what may be a case, the step
 * knows where it is kept. Both are put in order when a window comes to them.
 */
#ifndef TCPTOP_STORE_TIMELINE_H
#define TCPTOP_STORE_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "store/facts.h"
#include "util/number.h"

/* A kept fact's place in time is its index here, with MOMENT_RARE when it is FACT_RARE. */
#define MOMENT_RARE (UINT32_C(1) << 31)

static inline uint32_t moment_fact(uint32_t moment)
{
	return moment & ~MOMENT_RARE;
}

struct served { /* an attempt that was accepted; a million of them may be kept, so they lie without gaps */
	uint8_t when[7];   /* its cell << SERVED_CELL | ns since the step's beginning << 1 | taken back */
	uint8_t client[6]; /* client_hash() */
};
#define SERVED_CELL 35
#define SERVED_CELL_BITS 21

_Static_assert(sizeof(struct served) == 13 && SERVED_CELL + SERVED_CELL_BITS == 8 * 7, "as in doc/performance.md");

struct cell { /* counts of a service */
	struct addr server;
	uint16_t port;
	uint32_t accepted, established; /* established: of those that ended */
	uint32_t first, n; /* its place among the served, once they are in order */
};

struct step {
	int64_t at; /* its beginning */
	uint32_t *moment;
	struct cell *cell;
	uint32_t *index; /* hash -> 1 + cell, and some of the hash */
	struct served *served;
	uint32_t moments, moment_room, cells, cell_room, index_room, serveds, served_room;
	uint32_t ended, accepted; /* connections that ended, attempts accepted */
	uint32_t ordered;	  /* of the moments, those in order of time */
	uint32_t dropped;	  /* of the moments, those looked at when it was found too old */
	bool stale;		  /* some moments' facts are not there any more */
	bool grouped;		  /* the served are ordered by cell and time */
	bool deaf;		  /* the served were forgotten for want of room: they are counted only */
	bool shut;		  /* no room for more services: what others did is not counted */
	bool bare;		  /* too old for the short window: of it there is nothing left */
};

struct timeline {
	struct step **step; /* in order of time */
	size_t steps, room;
	struct step *last; /* asked for */
	uint64_t moments, served, cells, counted; /* of all steps; counted: what ended and what was accepted */
	void *scratch;
	size_t scratch_size;
};

void timeline_fini(struct timeline *t);
void timeline_clear(struct timeline *t);
/* What a timeline takes for so many moments and such a load of counts. */
size_t timeline_bytes(size_t moments, size_t load);
/* What the counts take, in the octets of one who was served. */
uint64_t timeline_load(const struct timeline *t);

/* Notes that fact number `i` is kept, or says something else than it did. */
void timeline_note(struct timeline *t, struct facts *facts, uint32_t i);
/* A fact that was kept at that time is not there any more, or at another time. */
void timeline_stale(struct timeline *t, int64_t at);
/* Counts a fact, or takes that back. False: there was no room for it. */
bool timeline_count(struct timeline *t, const struct fact *f, bool back);
/* The step of that time takes no more room than it has. */
void timeline_shut(struct timeline *t, int64_t at);
bool timeline_is_shut(struct timeline *t, int64_t at);
/* Brings all of a step in order; moments whose facts are not there any more are forgotten. */
void timeline_order(struct timeline *t, struct step *s, struct facts *facts);

/* The first step that begins at `at` or later; their number when there is none. */
size_t timeline_from(const struct timeline *t, int64_t at);
/* Who was served is forgotten, for want of room. Returns how many they were. */
uint32_t timeline_deafen(struct timeline *t, struct step *s);
/* What was counted is forgotten, too. */
void timeline_bare(struct timeline *t, struct step *s);
void timeline_drop(struct timeline *t, size_t step);

/* The service's cell, or NULL. */
const struct cell *step_cell(const struct step *s, const struct addr *server, uint16_t port);

int64_t step_of(int64_t at);
/*
 * 48 bits of a keyed hash. Of a million clients that were served one is taken for one of ten thousand that
 * were not once in thirty thousand runs.
 */
uint64_t client_hash(const struct addr *a);

static inline uint64_t served_when(const struct served *x)
{
	uint64_t v = 0;

	memcpy(&v, x->when, sizeof(x->when));
	return number_low_first(v);
}

static inline uint64_t served_client(const struct served *x)
{
	uint64_t v = 0;

	memcpy(&v, x->client, sizeof(x->client));
	return number_low_first(v);
}

static inline struct served served_of(uint64_t when, uint64_t client)
{
	struct served x;

	when = number_low_first(when);
	client = number_low_first(client);
	memcpy(x.when, &when, sizeof(x.when));
	memcpy(x.client, &client, sizeof(x.client));
	return x;
}

static inline int64_t served_at(const struct step *s, const struct served *x)
{
	return s->at + (int64_t)(served_when(x) >> 1 & ((UINT64_C(1) << (SERVED_CELL - 1)) - 1));
}

#endif
