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

static struct conversation_key other_clients(const struct conversation_key *of)
{
	return (struct conversation_key){ .server = of->server, .port = of->port, .other_clients = true };
}

static struct conversation_key other_servers(const struct conversation_key *of)
{
	return (struct conversation_key){ .client = of->client, .other_servers = true, .other_ports = true };
}

uint32_t fold_find(const struct conversations *cs, const struct conversation_key *key)
{
	struct conversation_key clients = other_clients(key), servers = other_servers(key);
	uint32_t i = talk_find(cs, &clients, talk_hash(&clients));

	return i ? i : talk_find(cs, &servers, talk_hash(&servers));
}

uint32_t fold_target(struct conversations *cs, const struct conversation_key *key)
{
	uint32_t i = fold_find(cs, key);

	cs->folded++;
	if (i == TALK_OTHERS && !cs->row[i].used) {
		cs->row[i].used = true;
		talk_keys_changed(cs);
	}
	return i;
}

/* Adds row i to another and frees it. */
static void fold_into(struct conversations *cs, uint32_t i, uint32_t target)
{
	talk_merge(cs, i, target);
	series_merge(&cs->series, talk_series(cs, i), talk_series(cs, target));
	cs->row[target].used = true;
	talk_touch(cs, target);
	talk_unlink(cs, i);
	talk_free(cs, i);
}

/* Makes row i one that others are folded into. */
static void fold_make(struct conversations *cs, uint32_t i, struct conversation_key key)
{
	talk_unlink(cs, i);
	cs->row[i].key = key;
	talk_keys_changed(cs);
	talk_link(cs, i, talk_hash(&key));
	talk_touch(cs, i);
	cs->aggregates++;
	cs->folded++;
}

/* Where rows have but one of both ends there is only one row to fold them into. */
static bool has_both_ends(const struct conversations *cs)
{
	return !(cs->leave_out & (KEY_CLIENT | KEY_SERVER));
}

bool fold_one(struct conversations *cs)
{
	for (int made = 0;; made++) {
		uint32_t i = talk_take_idlest(cs), target;
		struct conversation_key key;

		if (!i)
			return false;
		key = cs->row[i].key;
		if (talk_is_aggregate(&key)) {
			cs->aggregates--;
			fold_into(cs, i, TALK_OTHERS);
			return true;
		}
		target = fold_find(cs, &key);
		if (!target && has_both_ends(cs) && made < MAKE_PER_FOLD && cs->aggregates < cs->max / 8) {
			fold_make(cs, i, other_clients(&key));
		} else if (!target && has_both_ends(cs) && made <= MAKE_PER_FOLD && cs->aggregates < cs->max / 4) {
			fold_make(cs, i, other_servers(&key));
		} else {
			cs->folded++;
			fold_into(cs, i, target);
			return true;
		}
	}
}
