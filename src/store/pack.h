/* A connection as a short run of bytes: what is usual costs nothing, nothing is lost. */
#ifndef TCPTOP_STORE_PACK_H
#define TCPTOP_STORE_PACK_H

#include <stddef.h>
#include <stdint.h>

struct connection;

#define PACK_MAX 768 /* no connection needs more octets */

/* Writes all but uid and start to `out`, which has room for PACK_MAX octets; returns how many it took. */
size_t pack_connection(const struct connection *c, uint8_t *out);
/* The opposite: c->uid and c->start are given, all else is set. `in` must come from pack_connection. */
void unpack_connection(const uint8_t *in, struct connection *c);

#endif
