/* Counters of a connection, a conversation, a row of any view: always the same list, always sums. */
#ifndef TCPTOP_MODEL_COUNTERS_H
#define TCPTOP_MODEL_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "model/ending.h"

struct connection;

enum counter {
#define COUNTER(id, ...) COUNTER_##id,
#define WIDE(id, ...) COUNTER_##id,
#include "model/counters.def"
#undef COUNTER
#undef WIDE
	COUNTER_ENDINGS,					/* counter of ending e: counter_of_ending(e) */
	COUNTER_COUNT = COUNTER_ENDINGS + ENDING_COUNT - 1
};

enum unit { UNIT_NONE, UNIT_CONNECTIONS, UNIT_PACKETS, UNIT_BYTES, UNIT_SECONDS };

struct counters {
	uint64_t n[COUNTER_COUNT];
};

struct counter_info {
	const char *name, *gist;
	enum unit unit;
};

extern const struct counter_info counter_info[COUNTER_COUNT]; /* endings too */

static inline enum counter counter_of_ending(enum ending e)
{
	return (enum counter)(COUNTER_ENDINGS + (int)e - 1);
}

/* What one connection contributes to each counter, as it stands. The one definition of every count. */
void counters_of_connection(const struct connection *c, struct counters *out);

/* Adds that. */
void counters_add_connection(struct counters *to, const struct connection *c);

/* Of that only the packets and octets: what packets after the last word add. */
void counters_of_packets(const struct connection *c, struct counters *out);

/*
 * The group a connection is counted in: GROUP_NONE while it is open. An abort with the attribute
 * `delivered` did no harm and counts as OK; on endings that are no abort by a side the attribute
 * changes nothing.
 */
enum ending_group connection_group(const struct connection *c);

void counters_add(struct counters *to, const struct counters *what);
/* Differences wrap; a sum of differences is exact again. */
void counters_subtract(struct counters *from, const struct counters *what);

/* Connections whose ending belongs to the group; those ended `delivered` count as OK, not as aborted. */
uint64_t counters_group(const struct counters *c, enum ending_group g);

#endif
