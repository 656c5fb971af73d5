/* A capture file read the short way for plain packets, the long one, and one packet ahead: all come to the same. */
#ifndef TCPTOP_TESTS_BOTH_WAYS_H
#define TCPTOP_TESTS_BOTH_WAYS_H

#include <stddef.h>
#include <stdint.h>

#include "capture/input.h"
#include "util/err.h"

#define BOTH_WAYS_SIZE ((size_t)32768) /* octets of a file at most */
#define BOTH_WAYS_ROOM 64		/* packets asked for at a time at most */
#define BOTH_WAYS_MOST (BOTH_WAYS_SIZE / 16 + BOTH_WAYS_ROOM)

/* What reading a file came to. */
struct both_ways {
	struct pkt pkt[BOTH_WAYS_MOST];
	size_t n;
	uint64_t frames, octets;
	struct capture_stats stats;
	enum input_state state;
	struct err err;
};

/*
 * Reads `size` octets as a file in all three ways and asserts that they agree; what they agree on is *out.
 * `portion` octets are read at once, `room` packets asked for at a time.
 */
void both_ways(const uint8_t *data, size_t size, size_t portion, size_t room, struct both_ways *out);

#endif
