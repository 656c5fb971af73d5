/* One source out of several that share the same devices' packets, each read by a thread of its own. */
#ifndef TCPTOP_CAPTURE_SOURCE_FAN_H
#define TCPTOP_CAPTURE_SOURCE_FAN_H

#include <stddef.h>

struct err;
struct source;
struct source_pcap;

/*
 * Takes over n sources of the same devices and merges them by time. The threads start with the
 * first read, so that rights can be given up before. gather_ms: how long the kernel may keep a
 * packet to itself. A source that says nothing holds up the others for twice as long at most. NULL
 * and err when the system has no descriptors left; the inner sources are closed then.
 */
struct source *source_fan(struct source_pcap *const *inner, size_t n, int gather_ms, struct err *err);

#endif
