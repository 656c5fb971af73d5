/* The segments of connections, in a bounded pool: who got theirs longest ago gives way. */
#ifndef TCPTOP_STORE_TRAILS_H
#define TCPTOP_STORE_TRAILS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/trail.h"
#include "util/chain.h"

struct err;
struct trail_entry;

struct trails {
	struct trail_entry *entry; /* [1 .. max] */
	uint32_t *bucket;	   /* first entry of a hash of uid, 0 none */
	struct chains segments;
	uint32_t max, mask, used, free;
	uint32_t newest, oldest;
};

/* Octets of the segments of `max` connections. */
size_t trails_bytes(uint32_t max);
bool trails_init(struct trails *t, uint32_t max, struct err *err);
void trails_fini(struct trails *t);
void trails_clear(struct trails *t);

/* Keeps a trail; one of the same uid is replaced. */
void trails_put(struct trails *t, const struct trail *trail);
void trails_drop(struct trails *t, uint64_t uid);
/* False: there is none. */
bool trails_get(const struct trails *t, uint64_t uid, struct trail *out);

#endif
