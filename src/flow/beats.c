/* Found by keyed hash, forgotten by number alone, so that the same packets give the same answers whatever the key. */
#include "config.h"

#include "flow/beats.h"

#include <string.h>

#include "model/connection.h"
#include "util/clock.h"
#include "util/hash.h"
#include "util/mem.h"

#define SLOTS (BEATS_MAX * 2)
#define EVEN 3 /* intervals that are like the one before them */
#define SHORTEST NS_PER_SEC
#define JITTER (100 * NS_PER_MS)

struct caller {
	struct addr client, server;
	uint16_t port;
};

struct beat {
	struct caller who;
	uint8_t used, even;
	int64_t last, interval;
};

struct beats {
	struct beat *beat; /* open addressing, [SLOTS] */
	uint32_t n;
};

struct beats *beats_new(void)
{
	struct beats *b = mem_alloc(sizeof(*b));

	b->n = 0;
	b->beat = mem_table(SLOTS, sizeof(b->beat[0]));
	if (b->beat)
		return b;
	mem_free(b);
	return NULL;
}

void beats_free(struct beats *b)
{
	if (!b)
		return;
	mem_table_free(b->beat, SLOTS, sizeof(b->beat[0]));
	mem_free(b);
}

static struct beat *beat_of(struct beats *b, const struct caller *who)
{
	uint64_t i = hash_bytes(who, sizeof(*who));

	for (;; i++) {
		struct beat *beat = &b->beat[i % SLOTS];

		if (!beat->used || !memcmp(&beat->who, who, sizeof(*who)))
			return beat;
	}
}

static bool alike(int64_t a, int64_t b)
{
	int64_t difference = a > b ? a - b : b - a, allowed = b / 10 > JITTER ? b / 10 : JITTER;

	return a >= SHORTEST && difference <= allowed;
}

bool beats_call(struct beats *b, const struct tuple *client_first, int64_t now)
{
	struct caller who;
	struct beat *beat;
	int64_t interval;

	memset(&who, 0, sizeof(who));
	who.client = client_first->addr[CLIENT];
	who.server = client_first->addr[SERVER];
	who.port = client_first->port[SERVER];
	beat = beat_of(b, &who);
	if (!beat->used && b->n == BEATS_MAX) {
		memset(b->beat, 0, SLOTS * sizeof(b->beat[0]));
		b->n = 0;
		beat = beat_of(b, &who);
	}
	if (!beat->used) {
		b->n++;
		memcpy(&beat->who, &who, sizeof(who));
		beat->used = 1;
		beat->last = now;
		return false;
	}
	interval = now - beat->last;
	if (!alike(interval, beat->interval))
		beat->even = 0;
	else if (beat->even < EVEN)
		beat->even++;
	beat->interval = interval;
	beat->last = now;
	return beat->even == EVEN;
}
