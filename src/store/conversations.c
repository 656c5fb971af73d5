/*
 * Conversations. Rows live in a slab that never grows. A row to which something open belongs is held; the others
 * wait in order of their last change to be folded (fold.c) when a new one finds the table full.
 */
#include "config.h"

#include "store/conversations.h"

#include <errno.h>
#include <string.h>

#include "model/connection.h"
#include "store/talk.h"
#include "util/err.h"
#include "util/hash.h"
#include "util/mem.h"

#define BUCKETS_START 4096

size_t conversations_bytes(uint32_t max)
{
	return (size_t)max * (sizeof(struct talk) + 2 * sizeof(uint32_t));
}

bool conversations_init(struct conversations *cs, uint32_t max, uint32_t max_series,
	struct err *err)
{
	*cs = (struct conversations){ .max = max, .mask = BUCKETS_START - 1 };
	cs->row = mem_table((size_t)max + 1, sizeof(struct talk));
	cs->bucket = mem_table(BUCKETS_START, sizeof(uint32_t));
	if (!cs->row || !cs->bucket) {
		int code = errno;

		conversations_fini(cs);
		return err_set_errno(err, code, "no memory for %u conversations", max);
	}
	if (!series_init(&cs->series, max_series, err)) {
		conversations_fini(cs);
		return false;
	}
	conversations_clear(cs);
	return true;
}

void conversations_fini(struct conversations *cs)
{
	series_fini(&cs->series);
	mem_table_free(cs->row, (size_t)cs->max + 1, sizeof(struct talk));
	mem_table_free(cs->bucket, (size_t)cs->mask + 1, sizeof(uint32_t));
	mem_free(cs->many);
	*cs = (struct conversations){ 0 };
}

void conversations_clear(struct conversations *cs)
{
	/* A table not yet used is zero, and not to be touched. */
	if (cs->used)
		memset(cs->bucket, 0, ((size_t)cs->mask + 1) * sizeof(uint32_t));
	memset(cs->row, 0, ((size_t)cs->used + 1) * sizeof(struct talk));
	cs->used = cs->free = cs->count = cs->newest = cs->oldest = 0;
	cs->aggregates = 0;
	cs->folded = 0;
	cs->many_used = cs->many_room ? 1 : 0;
	cs->many_free = 0;
	cs->row[TALK_OTHERS].key.fold = FOLD_ALL;
	cs->row[TALK_OTHERS].holds = 1;
	series_clear(&cs->series);
}

/* --- Rows ---------------------------------------------------------------------------------------- */

static uint32_t *bucket_of(const struct conversations *cs, const struct talk_key *key)
{
	return &cs->bucket[hash_bytes(key, sizeof(*key)) & cs->mask];
}

void talk_link(struct conversations *cs, uint32_t i)
{
	uint32_t *b = bucket_of(cs, &cs->row[i].key);

	cs->row[i].hash_next = *b;
	*b = i;
}

void talk_unlink(struct conversations *cs, uint32_t i)
{
	uint32_t *link = bucket_of(cs, &cs->row[i].key);

	while (*link != i)
		link = &cs->row[*link].hash_next;
	*link = cs->row[i].hash_next;
}

uint32_t talk_find(const struct conversations *cs, const struct talk_key *key)
{
	uint32_t i = *bucket_of(cs, key);

	while (i && memcmp(&cs->row[i].key, key, sizeof(*key)) != 0)
		i = cs->row[i].hash_next;
	return i;
}

void talk_lru_add(struct conversations *cs, uint32_t i)
{
	struct talk *t = &cs->row[i];

	t->older = cs->newest;
	t->newer = 0;
	*(cs->newest ? &cs->row[cs->newest].newer : &cs->oldest) = i;
	cs->newest = i;
}

void talk_lru_remove(struct conversations *cs, uint32_t i)
{
	struct talk *t = &cs->row[i];

	*(t->newer ? &cs->row[t->newer].older : &cs->newest) = t->older;
	*(t->older ? &cs->row[t->older].newer : &cs->oldest) = t->newer;
}

struct talk_key talk_key_of(const struct connection *c)
{
	struct talk_key key;

	memset(&key, 0, sizeof(key));
	key.client = c->tuple.addr[CLIENT];
	key.server = c->tuple.addr[SERVER];
	key.port = c->tuple.port[SERVER];
	key.fold = FOLD_USED;
	return key;
}

/* Twice as many buckets when there are more rows than buckets; without memory, longer chains. */
static void buckets_grow(struct conversations *cs)
{
	uint32_t old = cs->mask + 1;
	uint32_t *was = cs->bucket, *bucket;

	if (cs->count <= cs->mask || old >= UINT32_C(1) << 31)
		return;
	bucket = mem_table((size_t)old * 2, sizeof(*bucket));
	if (!bucket)
		return;
	cs->bucket = bucket;
	cs->mask = old * 2 - 1;
	for (uint32_t k = 0; k < old; k++)
		for (uint32_t i = was[k], next; i; i = next) {
			next = cs->row[i].hash_next;
			talk_link(cs, i);
		}
	mem_table_free(was, old, sizeof(*was));
}

static uint32_t talk_make(struct conversations *cs, const struct talk_key *key)
{
	uint32_t i = cs->free ? cs->free : ++cs->used;

	if (i == cs->free)
		cs->free = cs->row[i].hash_next;
	memset(&cs->row[i], 0, sizeof(cs->row[i]));
	cs->row[i].key = *key;
	talk_link(cs, i);
	talk_lru_add(cs, i);
	cs->count++;
	buckets_grow(cs);
	return i;
}

uint32_t talk_obtain(struct conversations *cs, const struct connection *c)
{
	struct talk_key key = talk_key_of(c);
	uint32_t i = talk_find(cs, &key);

	if (!i) {
		if (cs->count < cs->max || fold_one(cs))
			i = talk_make(cs, &key);
		else
			i = fold_target(cs, &key);
	}
	talk_hold(cs, i);
	return i;
}

void talk_hold(struct conversations *cs, uint32_t i)
{
	if (cs->row[i].holds++ == 0)
		talk_lru_remove(cs, i);
}

void talk_release(struct conversations *cs, uint32_t i)
{
	if (--cs->row[i].holds == 0)
		talk_lru_add(cs, i);
}

uint32_t talk_obtain_late(struct conversations *cs, const struct connection *c)
{
	struct talk_key key = talk_key_of(c);
	uint32_t i = talk_find(cs, &key);

	if (!i)
		i = fold_find(cs, &key);
	if (!i)
		return talk_obtain(cs, c);
	talk_hold(cs, i);
	return i;
}

bool talk_same(const struct connection *a, const struct connection *b)
{
	return a->tuple.port[SERVER] == b->tuple.port[SERVER] &&
		addr_equal(&a->tuple.addr[CLIENT], &b->tuple.addr[CLIENT]) &&
		addr_equal(&a->tuple.addr[SERVER], &b->tuple.addr[SERVER]);
}

uint32_t *talk_series(const struct conversations *cs, uint32_t i)
{
	return &cs->row[i].series;
}

void talk_fetch(const struct conversations *cs, uint32_t i)
{
	const char *row = (const char *)&cs->row[i <= cs->max ? i : 0];

	for (size_t line = 0; line < sizeof(struct talk); line += 64)
		__builtin_prefetch(row + line, 1);
}

void talk_fetch_bucket(const struct conversations *cs, const struct connection *c)
{
	struct talk_key key = talk_key_of(c);

	__builtin_prefetch(bucket_of(cs, &key));
}

void talk_fetch_first(const struct conversations *cs, const struct connection *c)
{
	struct talk_key key = talk_key_of(c);

	talk_fetch(cs, *bucket_of(cs, &key));
}

/* --- Counters ------------------------------------------------------------------------------------ */

static uint32_t few_ending(uint32_t few)
{
	return few >> FEW_BITS;
}

static uint32_t few_count(uint32_t few)
{
	return few & FEW_MAX;
}

/* Moves the endings of a row to where there is room for all. */
static void endings_spread(struct conversations *cs, struct talk *t)
{
	uint32_t i = cs->many_free;

	if (i) {
		cs->many_free = cs->many[i][0];
	} else {
		if (cs->many_used >= cs->many_room) {
			cs->many_room = cs->many_room ? cs->many_room * 2 : 64;
			cs->many = mem_grow(cs->many, cs->many_room, sizeof(cs->many[0]));
			cs->many_used += cs->many_used == 0;
		}
		i = cs->many_used++;
	}
	memset(cs->many[i], 0, sizeof(cs->many[i]));
	for (int k = 0; k < FEW; k++)
		if (few_count(t->few[k]))
			cs->many[i][few_ending(t->few[k])] = few_count(t->few[k]);
	t->many = i;
}

/* Where the few endings of a row have that one, or could; NULL when they are too many. */
static uint32_t *few_find(struct talk *t, uint32_t ending)
{
	uint32_t *room = NULL;

	for (int k = 0; k < FEW; k++) {
		if (few_count(t->few[k]) == 0)
			room = &t->few[k];
		else if (few_ending(t->few[k]) == ending)
			return &t->few[k];
	}
	return room;
}

static void ending_add(struct conversations *cs, struct talk *t, uint32_t ending, int64_t diff)
{
	uint32_t *few = t->many ? NULL : few_find(t, ending);

	if (few) {
		int64_t n = few_count(*few) + diff;

		if (n >= 0 && n <= FEW_MAX) {
			*few = ending << FEW_BITS | (uint32_t)n;
			return;
		}
	}
	if (!t->many)
		endings_spread(cs, t);
	cs->many[t->many][ending] += (uint32_t)diff;
}

void talk_add(struct conversations *cs, uint32_t i, const struct counters *diff)
{
	struct talk *t = &cs->row[i];

	for (int k = 0; k < TALK_NARROW; k++)
		t->n[k] += (uint32_t)diff->n[k];
	for (int k = 0; k < TALK_WIDE; k++)
		t->wide[k] += diff->n[TALK_NARROW + k];
	for (uint32_t k = 0; k < ENDING_COUNT - 1; k++)
		if (diff->n[COUNTER_ENDINGS + k])
			ending_add(cs, t, k, (int64_t)diff->n[COUNTER_ENDINGS + k]);
	if (t->holds == 0 && cs->newest != i) {
		talk_lru_remove(cs, i);
		talk_lru_add(cs, i);
	}
}

void talk_add_one(struct conversations *cs, uint32_t i, enum counter n, int64_t diff)
{
	cs->row[i].n[n] += (uint32_t)diff;
}

void talk_counters(const struct conversations *cs, const struct talk *t, struct counters *n)
{
	uint64_t *endings = &n->n[COUNTER_ENDINGS];

	for (int k = 0; k < TALK_NARROW; k++)
		n->n[k] = t->n[k];
	for (int k = 0; k < TALK_WIDE; k++)
		n->n[TALK_NARROW + k] = t->wide[k];
	for (int k = 0; k < ENDING_COUNT - 1; k++)
		endings[k] = t->many ? cs->many[t->many][k] : 0;
	for (int k = 0; k < FEW && !t->many; k++)
		endings[few_ending(t->few[k])] += few_count(t->few[k]);
}

bool talk_read(const struct conversations *cs, uint32_t i, struct conversation_key *key,
	struct counters *n)
{
	const struct talk *t = &cs->row[i];

	if (i > cs->used || !(t->key.fold & FOLD_USED))
		return false;
	memset(key, 0, sizeof(*key));
	key->client = t->key.client;
	key->server = t->key.server;
	key->port = t->key.port;
	key->other_clients = t->key.fold & FOLD_CLIENTS;
	key->other_servers = t->key.fold & FOLD_SERVERS;
	key->other_ports = t->key.fold & FOLD_PORTS;
	talk_counters(cs, t, n);
	return true;
}
