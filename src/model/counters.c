/*
 * What is counted. What one connection adds is said in model/counting.h and nowhere else; whatever
 * any view shows is a sum of that, so all views agree.
 */
#include "config.h"

#include "model/counters.h"

#include <string.h>

#include "model/connection.h"
#include "model/counting.h"

const struct counter_info counter_info[COUNTER_COUNT] = {
#define COUNTER(id, name, unit, gist) [COUNTER_##id] = { name, gist, UNIT_##unit },
#define WIDE(id, name, unit, gist) [COUNTER_##id] = { name, gist, UNIT_##unit },
#include "model/counters.def"
#undef COUNTER
#undef WIDE
#define ENDING(id, name, letter, group, harm, sentence, ...) \
	[COUNTER_ENDINGS + ENDING_##id - 1] = { name, sentence, UNIT_CONNECTIONS },
#include "model/endings.def"
#undef ENDING
};

enum ending_group connection_group(const struct connection *c)
{
	return counting_delivered(c) ? GROUP_OK : ending_info[c->ending].group;
}

static inline void take(void *arg, enum counter n, uint64_t value)
{
	((struct counters *)arg)->n[n] = value;
}

void counters_of_packets(const struct connection *c, struct counters *out)
{
	memset(out, 0, sizeof(*out));
	counting_packets(c, take, out);
}

void counters_of_connection(const struct connection *c, struct counters *out)
{
	memset(out, 0, sizeof(*out));
	counting_connection(c, take, out);
}

static inline void add(void *arg, enum counter n, uint64_t value)
{
	((struct counters *)arg)->n[n] += value;
}

void counters_add_connection(struct counters *to, const struct connection *c)
{
	counting_connection(c, add, to);
}

void counters_add(struct counters *to, const struct counters *what)
{
	for (size_t i = 0; i < COUNTER_COUNT; i++)
		to->n[i] += what->n[i];
}

void counters_subtract(struct counters *from, const struct counters *what)
{
	for (size_t i = 0; i < COUNTER_COUNT; i++)
		from->n[i] -= what->n[i];
}

uint64_t counters_group(const struct counters *c, enum ending_group g)
{
	uint64_t sum = 0;

	for (int e = 1; e < ENDING_COUNT; e++)
		if (ending_info[e].group == g)
			sum += c->n[counter_of_ending((enum ending)e)];
	if (g == GROUP_OK)
		sum += c->n[COUNTER_DELIVERED];
	else if (g == GROUP_ABORTED_SERVER)
		sum -= c->n[COUNTER_DELIVERED_SRV];
	else if (g == GROUP_ABORTED_CLIENT)
		sum -= c->n[COUNTER_DELIVERED] - c->n[COUNTER_DELIVERED_SRV];
	return sum;
}
