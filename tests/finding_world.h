/* A store that findings are looked for in, and the connections it is told of. */
#ifndef TCPTOP_TESTS_FINDING_WORLD_H
#define TCPTOP_TESTS_FINDING_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/block.h"
#include "model/connection.h"
#include "store/finding.h"
#include "store/store.h"
#include "util/clock.h"

#define T0 (INT64_C(1700000000) * NS_PER_SEC)
#define SEC(s) ((int64_t)((s) * 1e9))
#define MOST 4000  /* connections of a world */
#define SLOTS 8192 /* of its store */

struct world {
	struct connection c[MOST]; /* what publish() tells the store */
	size_t n; /* of them, or so many were told */
	struct store *st;
	struct block *b; /* on its way there */
};

extern const struct store_conf world_conf; /* of the store that world_new() makes */

struct world *world_new(void);
struct world *world_of(const struct store_conf *conf);
void world_free(struct world *w);

/* 10.`net`.0.`i`, and so on. */
struct addr host(int net, uint32_t i);
/*
 * Of the client 10.1.0.`clt` to the server 10.2.0.`srv`: it began at `at` seconds after T0 and
 * ended `e` after `lasts`; ENDING_NONE: it is open.
 */
struct connection connection_of(uint64_t uid, double at, uint32_t clt, uint32_t srv, uint16_t port,
	enum ending e, double lasts);
/* Another one of the world's. */
struct connection *add(struct world *w, double at, uint32_t clt, uint32_t srv, uint16_t port,
	enum ending e, double lasts);
/* `n` of them between `from` and `to`, of so many clients in turn. */
void add_many(struct world *w, int n, double from, double to, int clients, uint32_t srv, uint16_t port,
	enum ending e);

/* Puts the row into the block, which the store gets when it is full. */
void give(struct world *w, const struct connection *c, enum row_what what, uint32_t slot);
/* The store gets all there is, and it is `now`. */
void pass(struct world *w, int64_t now);
/* The world's connections in the order in which they ended. */
int by_end(const void *a, const void *b);
/* All of them that end by `until`, each when it ended, with a pass every second. Long ones are open before. */
void publish(struct world *w, double until);
/* That it is open, or ended otherwise. */
void give_wrong(struct world *w, const struct connection *c, uint32_t slot, enum ending e);

/* The first one of that kind; NULL: there is none. */
const struct finding *find(const struct store *st, enum finding_kind kind);
/* What is found, in order, one line each; to be freed. */
char *findings_text(const struct finding *f, size_t n);

#endif
