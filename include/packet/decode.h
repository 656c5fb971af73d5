/* Bytes of a captured frame to struct pkt. Pure: no state, no clock, nothing kept. */
#ifndef TCPTOP_PACKET_DECODE_H
#define TCPTOP_PACKET_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/capture_stats.h"
#include "packet/pkt.h"

/* A link layer, found once per source. */
struct link_type;

/* The decoder of a LINKTYPE_/DLT_ number as pcap_datalink() gives it; NULL when it is not known. */
const struct link_type *link_find(int dlt);
/* Octets of a frame that headers may need: what the snapshot length has to be. */
#define DECODE_SNAPLEN 384

/*
 * Decodes one frame: `captured` octets at `data`, `wire` octets when it was sent. Fills *out, but
 * for ts and source, and returns DROP_NONE; otherwise says why not, and *out is undefined. Never
 * reads past `captured`.
 */
enum drop decode(const struct link_type *link, const uint8_t *data, size_t captured, size_t wire,
	struct pkt *out);

/* The hash decode() gives a tuple. */
uint32_t tuple_hash(const struct tuple *t);

#endif
