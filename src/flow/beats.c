/*
 * Found by keyed hash, forgotten by number alone, so that the same packets give the same answers
 * whatever the key.
 */
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

struct beat {
	uint64_t who; /* keyed hash of client, server and port; 0: empty */
	int64_t last;
	int64_t interval : 56, even : 8;
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

static uint64_t who_of(const struct tuple *client_first)
{
	uint64_t w[5] = {[4] = client_first->port[SERVER]}, hash;

	memcpy(w, client_first->addr, sizeof(client_first->addr));
	hash = hash_five(w);
	return hash ? hash : 1;
}

static struct beat *beat_of(const struct beats *b, uint64_t who)
{
	for (uint64_t i = who;; i++) {
		struct beat *beat = &b->beat[i % SLOTS];

		if (!beat->who || beat->who == who)
			return beat;
	}
}

const void *beats_place(const struct beats *b, const struct tuple *client_first)
{
	return &b->beat[who_of(client_first) % SLOTS];
}

static bool alike(int64_t a, int64_t b)
{
	int64_t difference = a > b ? a - b : b - a, allowed = b / 10 > JITTER ? b / 10 : JITTER;

	return a >= SHORTEST && difference <= allowed;
}

bool beats_call(struct beats *b, const struct tuple *client_first, int64_t now)
{
	uint64_t who = who_of(client_first);
	struct beat *beat = beat_of(b, who);
	int64_t interval;

	if (!beat->who && b->n == BEATS_MAX) {
		memset(b->beat, 0, SLOTS * sizeof(b->beat[0]));
		b->n = 0;
		beat = beat_of(b, who);
	}
	if (!beat->who) {
		b->n++;
		beat->who = who;
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
