/* A connection as its shape and a short run of octets: what is usual costs nothing, nothing is lost. */
#ifndef TCPTOP_STORE_PACK_H
#define TCPTOP_STORE_PACK_H

#include <stddef.h>
#include <stdint.h>

struct connection;
struct shape;

#define PACK_MAX 640 /* no connection needs more octets, what is written or read beyond included */

/*
 * Fills the shape and writes the rest, but for the low half of uid, to `out`, which has room for PACK_MAX octets;
 * returns how many it took. Times are near `base`, ns since the epoch, or take some octets more.
 */
size_t pack_connection(const struct connection *c, int64_t base, struct shape *shape, uint8_t *out);
/* The opposite: the low half of c->uid is given, all else is set. `in` must come from pack_connection. */
void unpack_connection(const struct shape *shape, const uint8_t *in, int64_t base, uint32_t uid,
	struct connection *c);
/* The uid alone. */
uint64_t unpack_uid(const struct shape *shape, const uint8_t *in, uint32_t uid);

#endif
