/*
 * Folding: when the table is full, the conversation idle for longest goes into the row "other clients" of its server
 * and port, else into that of its client's "other servers", else into the row of all others. What was counted stays
 * counted. The hard thing is that a row to fold into needs room itself: the first conversation becomes that row
 * where it lies, which wins nothing; so such rows are bounded, and only a few are made before one must be freed.
 */
#include "config.h"

#include "store/conversations.h"

#include <string.h>

#include "store/talk.h"

#define MAKE_PER_FOLD 8 /* rows made to fold into, at most, before one is freed */

static struct talk_key other_clients(const struct talk_key *of)
{
	struct talk_key key;

	memset(&key, 0, sizeof(key));
	key.server = of->server;
	key.port = of->port;
	key.fold = FOLD_USED | FOLD_CLIENTS;
	return key;
}

static struct talk_key other_servers(const struct talk_key *of)
{
	struct talk_key key;

	memset(&key, 0, sizeof(key));
	key.client = of->client;
	key.fold = FOLD_USED | FOLD_SERVERS | FOLD_PORTS;
	return key;
}

uint32_t fold_find(const struct conversations *cs, const struct talk_key *key)
{
	struct talk_key clients = other_clients(key), servers = other_servers(key);
	uint32_t i = talk_find(cs, &clients);

	return i ? i : talk_find(cs, &servers);
}

uint32_t fold_target(struct conversations *cs, const struct talk_key *key)
{
	uint32_t i = fold_find(cs, key);

	cs->folded++;
	if (i == TALK_OTHERS)
		cs->row[i].key.fold |= FOLD_USED;
	return i;
}

/* Adds row i to another and frees it. */
static void fold_into(struct conversations *cs, uint32_t i, uint32_t target)
{
	struct talk *t = &cs->row[i];
	struct counters n;

	talk_counters(cs, t, &n);
	talk_add(cs, target, &n);
	series_merge(&cs->series, &t->series, &cs->row[target].series);
	cs->row[target].key.fold |= FOLD_USED;
	talk_unlink(cs, i);
	talk_lru_remove(cs, i);
	if (t->many) {
		cs->many[t->many][0] = cs->many_free;
		cs->many_free = t->many;
	}
	memset(t, 0, sizeof(*t));
	t->hash_next = cs->free;
	cs->free = i;
	cs->count--;
}

/* Makes row i one that others are folded into. */
static void fold_make(struct conversations *cs, uint32_t i, struct talk_key key)
{
	talk_unlink(cs, i);
	cs->row[i].key = key;
	talk_link(cs, i);
	talk_lru_remove(cs, i);
	talk_lru_add(cs, i);
	cs->aggregates++;
	cs->folded++;
}

bool fold_one(struct conversations *cs)
{
	for (int made = 0;; made++) {
		uint32_t i = cs->oldest, target;
		struct talk_key key;

		if (!i)
			return false;
		key = cs->row[i].key;
		if (key.fold & FOLD_ALL) {
			cs->aggregates--;
			fold_into(cs, i, TALK_OTHERS);
			return true;
		}
		target = fold_find(cs, &key);
		if (!target && made < MAKE_PER_FOLD && cs->aggregates < cs->max / 8) {
			fold_make(cs, i, other_clients(&key));
		} else if (!target && made <= MAKE_PER_FOLD && cs->aggregates < cs->max / 4) {
			fold_make(cs, i, other_servers(&key));
		} else {
			cs->folded++;
			fold_into(cs, i, target);
			return true;
		}
	}
}
