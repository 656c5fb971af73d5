/*
 * Conversations. Rows live in a slab that never grows. A row to which something open belongs is held; the others
 * wait in order of their last change to be folded (fold.c) when a new one finds the table full. The hard thing is
 * memory that is in no cache: nearly every row is small and touched alone. So slots tell strangers without a look at
 * their row, and the order of change is a queue that is only ever written at its end: who changes again gets another
 * turn, and the older one is passed over when it comes up.
 */
#include "config.h"

#include "store/conversations.h"

#include <errno.h>
#include <string.h>

#include "model/connection.h"
#include "store/store.h"
#include "store/talk.h"
#include "util/err.h"
#include "util/hash.h"
#include "util/mem.h"

#define QUEUE_START 1024
#define LARGE_BITS 10
#define LARGE_SLAB (UINT32_C(1) << LARGE_BITS)
#define LARGE_SHARE 16 /* one row in so many is thought to have large numbers */

#define TURNS_PER_ROW 2 /* at most: the queue doubles when it is full */

size_t conversations_bytes(const struct store_conf *conf)
{
	uint32_t max = conf->max_conversations;

	return (size_t)max * (sizeof(struct talk) + TURNS_PER_ROW * sizeof(uint32_t)) + slots_bytes(max) +
	       max / LARGE_SHARE * sizeof(struct counters) + pairs_bytes(conf->peers ? max : 0);
}

size_t conversations_taken(const struct conversations *cs)
{
	return ((size_t)cs->used + 1) * sizeof(struct talk) + slots_taken(&cs->slots) +
	       ((size_t)cs->queue_mask + 1) * sizeof(uint32_t) +
	       (size_t)cs->large_slabs * LARGE_SLAB * sizeof(struct counters);
}

static bool tables_init(struct conversations *cs)
{
	cs->row = mem_table((size_t)cs->max + 1, sizeof(struct talk));
	mem_table_small_first(cs->row, (size_t)cs->max + 1, sizeof(struct talk));
	cs->queue = mem_table(QUEUE_START, sizeof(uint32_t));
	return cs->row && cs->queue && slots_init(&cs->slots, cs->max) &&
	       pairs_init(&cs->pairs, cs->met ? cs->max : 0);
}

bool conversations_init(struct conversations *cs, const struct store_conf *conf, struct err *err)
{
	*cs = (struct conversations){ .max = conf->max_conversations, .queue_mask = QUEUE_START - 1,
		.leave_out = conf->leave_out, .met = conf->peers };
	if (!tables_init(cs)) {
		int code = errno;

		conversations_fini(cs);
		return err_set_errno(err, code, "no memory for %u conversations", conf->max_conversations);
	}
	if (!series_init(&cs->series, conf->max_series, err)) {
		conversations_fini(cs);
		return false;
	}
	conversations_clear(cs);
	return true;
}

void conversations_fini(struct conversations *cs)
{
	series_fini(&cs->series);
	pairs_fini(&cs->pairs);
	slots_fini(&cs->slots);
	mem_table_free(cs->row, (size_t)cs->max + 1, sizeof(struct talk));
	mem_table_free(cs->queue, (size_t)cs->queue_mask + 1, sizeof(uint32_t));
	for (uint32_t i = 0; i < cs->large_slabs; i++)
		mem_free(cs->large[i]);
	mem_free(cs->large);
	*cs = (struct conversations){ 0 };
}

void conversations_clear(struct conversations *cs)
{
	slots_clear(&cs->slots);
	pairs_clear(&cs->pairs, cs->used);
	memset(cs->row, 0, ((size_t)cs->used + 1) * sizeof(struct talk));
	cs->used = cs->free = cs->count = 0;
	cs->queue_first = cs->queue_end = 0;
	cs->large_used = cs->large_free = cs->larges = 0;
	cs->aggregates = 0;
	cs->folded = 0;
	cs->row[TALK_OTHERS].key.other_clients = true;
	cs->row[TALK_OTHERS].key.other_servers = true;
	cs->row[TALK_OTHERS].key.other_ports = true;
	cs->row[TALK_OTHERS].holds = 1;
	series_clear(&cs->series);
	talk_keys_changed(cs);
}

void talk_keys_changed(struct conversations *cs)
{
	static uint64_t last; /* the store belongs to one thread */

	cs->keys_version = ++last;
}

/* --- Finding rows -------------------------------------------------------------------------------- */

/* A key as words: client, server, and the rest. */
static inline void words_of(const struct connection *c, unsigned without, uint64_t w[5])
{
	uint64_t client = -(uint64_t)!(without & KEY_CLIENT), server = -(uint64_t)!(without & KEY_SERVER);

	memcpy(w, c->tuple.addr, 4 * sizeof(*w));
	w[0] &= client;
	w[1] &= client;
	w[2] &= server;
	w[3] &= server;
	w[4] = without & KEY_PORT ? 0 : c->tuple.port[SERVER];
}

static inline void words_of_key(const struct conversation_key *key, uint64_t w[5])
{
	memcpy(w, key, 4 * sizeof(*w));
	w[4] = key->port | (uint64_t)key->other_clients << 16 | (uint64_t)key->other_servers << 17 |
	       (uint64_t)key->other_ports << 18;
}

static inline uint64_t hash_of(const uint64_t w[5])
{
	uint64_t hash = hash_five(w);

	return hash + (hash == 0);
}

static void key_of(const struct connection *c, unsigned without, struct conversation_key *key)
{
	uint64_t w[5];

	words_of(c, without, w);
	*key = (struct conversation_key){ .port = (uint16_t)w[4] };
	memcpy(key, w, 4 * sizeof(*w));
}

static inline bool key_equal(const struct conversation_key *a, const struct conversation_key *b)
{
	uint64_t x[5], y[5];

	words_of_key(a, x);
	words_of_key(b, y);
	return !((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3]) | (x[4] ^ y[4]));
}

uint64_t talk_hash(const struct conversation_key *key)
{
	uint64_t w[5];

	words_of_key(key, w);
	return hash_of(w);
}

void talk_place_of(const struct conversations *cs, const struct connection *c, struct talk_place *out)
{
	uint64_t w[5];

	words_of(c, cs->leave_out, w);
	out->row = hash_of(w);
	if (!cs->met)
		return;
	words_of(c, cs->leave_out & ~cs->met, w);
	out->pair = hash_of(w);
}

/* The high half of a slot is that of the key's hash: it tells most strangers without a look at their row, the low half. */
static inline uint32_t slot_row(uint64_t slot, uint64_t hash)
{
	return (slot ^ hash) >> 32 ? 0 : (uint32_t)slot;
}

uint32_t talk_find(const struct conversations *cs, const struct conversation_key *key, uint64_t hash)
{
	const uint64_t *slot = cs->slots.slot;

	for (size_t at = slots_home(&cs->slots, hash); slot[at]; at++) {
		uint32_t i = slot_row(slot[at], hash);

		if (i && key_equal(&cs->row[i].key, key))
			return i;
	}
	return 0;
}

/* Without a slot left it is not found any more: what comes for it gets another row. */
void talk_link(struct conversations *cs, uint32_t i, uint64_t hash)
{
	(void)slots_put(&cs->slots, hash >> 32 << 32 | i);
}

void talk_unlink(struct conversations *cs, uint32_t i)
{
	uint64_t hash = talk_hash(&cs->row[i].key);
	size_t at = slots_home(&cs->slots, hash);

	while (cs->slots.slot[at] && (uint32_t)cs->slots.slot[at] != i)
		at++;
	if (cs->slots.slot[at])
		slots_remove(&cs->slots, at);
}

void talk_fetch_slot(const struct conversations *cs, const struct talk_place *at)
{
	slots_fetch(&cs->slots, at->row);
	if (cs->met)
		pairs_fetch(&cs->pairs, at->pair);
}

void talk_fetch(const struct conversations *cs, uint32_t i)
{
	if (i <= cs->max) {
		mem_read(&cs->row[i]);
		mem_read((const char *)&cs->row[i] + 64);
	}
}

void talk_fetch_row(const struct conversations *cs, const struct talk_place *place)
{
	const uint64_t *slot = cs->slots.slot;
	size_t at = slots_home(&cs->slots, place->row);

	while (slot[at] && !slot_row(slot[at], place->row))
		at++;
	if (slot[at])
		talk_fetch(cs, (uint32_t)slot[at]);
	if (cs->met)
		pairs_fetch_rest(&cs->pairs, place->pair);
}

/* --- The order of change ------------------------------------------------------------------------- */

/* Puts those that still have their turn together at the beginning, in a ring twice as long if they are many. */
static void queue_make_room(struct conversations *cs)
{
	uint32_t old = cs->queue_mask + 1, n = cs->queue_end - cs->queue_first, kept = 0;
	uint32_t room = old < cs->count * TURNS_PER_ROW ? old * 2 : old;
	uint32_t *queue = mem_table(room, sizeof(*queue));

	if (!queue) {
		/* Half of the idle ones forgotten is better than to stop: they come back when they change. */
		cs->queue_first += old / 2;
		return;
	}
	for (uint32_t k = 0; k < n; k++) {
		uint32_t turn = cs->queue_first + k, i = cs->queue[turn & cs->queue_mask];
		struct talk *t = &cs->row[i];

		if (!t->used || t->holds || t->turn != turn)
			continue;
		/* Renumbered from queue_first on: never more than its old turn, so no two are taken for each other. */
		t->turn = cs->queue_first + kept++;
		queue[t->turn & (room - 1)] = i;
	}
	mem_table_free(cs->queue, old, sizeof(*cs->queue));
	cs->queue = queue;
	cs->queue_mask = room - 1;
	cs->queue_end = cs->queue_first + kept;
}

void talk_touch(struct conversations *cs, uint32_t i)
{
	if (cs->row[i].holds)
		return;
	if (cs->queue_end - cs->queue_first > cs->queue_mask)
		queue_make_room(cs);
	cs->row[i].turn = cs->queue_end++;
	cs->queue[cs->row[i].turn & cs->queue_mask] = i;
}

uint32_t talk_take_idlest(struct conversations *cs)
{
	while (cs->queue_first != cs->queue_end) {
		uint32_t turn = cs->queue_first++, i = cs->queue[turn & cs->queue_mask];

		if (cs->row[i].used && cs->row[i].holds == 0 && cs->row[i].turn == turn)
			return i;
	}
	return 0;
}

/* --- Rows ---------------------------------------------------------------------------------------- */

static uint32_t talk_make(struct conversations *cs, const struct conversation_key *key, uint64_t hash)
{
	uint32_t i = cs->free ? cs->free : ++cs->used;

	if (i == cs->free) {
		cs->free = cs->row[i].turn;
		talk_keys_changed(cs);
	}
	memset(&cs->row[i], 0, sizeof(cs->row[i]));
	cs->row[i].key = *key;
	cs->row[i].used = true;
	cs->count++;
	talk_link(cs, i, hash);
	return i;
}

uint32_t talk_obtain(struct conversations *cs, const struct connection *c, const struct talk_place *at)
{
	struct conversation_key key;
	uint32_t i;

	key_of(c, cs->leave_out, &key);
	i = talk_find(cs, &key, at->row);
	if (!i) {
		if (cs->count < cs->max || fold_one(cs))
			i = talk_make(cs, &key, at->row);
		else
			i = fold_target(cs, &key);
	}
	if (cs->met && i != TALK_OTHERS)
		pairs_add(&cs->pairs, i, at->pair);
	talk_hold(cs, i);
	return i;
}

void talk_hold(struct conversations *cs, uint32_t i)
{
	cs->row[i].holds++;
}

void talk_release(struct conversations *cs, uint32_t i)
{
	if (--cs->row[i].holds == 0)
		talk_touch(cs, i);
}

uint32_t talk_obtain_late(struct conversations *cs, const struct connection *c, const struct talk_place *at)
{
	struct conversation_key key;
	uint32_t i;

	key_of(c, cs->leave_out, &key);
	i = talk_find(cs, &key, at->row);
	if (!i)
		i = fold_find(cs, &key);
	if (!i || cs->met)
		return talk_obtain(cs, c, at);
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

/* --- Counters ------------------------------------------------------------------------------------ */

static struct counters *large_of(const struct conversations *cs, uint32_t i)
{
	uint32_t at = cs->row[i].large;

	return &cs->large[at >> LARGE_BITS][at & (LARGE_SLAB - 1)];
}

/* Counters in full, for what does not fit into the row's sums. The first of the first slab stays unused. */
static struct counters *large_have(struct conversations *cs, uint32_t i)
{
	struct talk *t = &cs->row[i];

	if (t->large)
		return large_of(cs, i);
	if (cs->large_free) {
		t->large = cs->large_free;
		cs->large_free = (uint32_t)large_of(cs, i)->n[0];
	} else {
		t->large = ++cs->large_used;
		if (t->large >> LARGE_BITS >= cs->large_slabs) {
			cs->large = mem_grow(cs->large, cs->large_slabs + 1, sizeof(*cs->large));
			cs->large[cs->large_slabs++] = mem_array(LARGE_SLAB, sizeof(**cs->large));
		}
	}
	cs->larges++;
	memset(large_of(cs, i), 0, sizeof(struct counters));
	return large_of(cs, i);
}

static void large_drop(struct conversations *cs, uint32_t i)
{
	if (!cs->row[i].large)
		return;
	large_of(cs, i)->n[0] = cs->large_free;
	cs->large_free = cs->row[i].large;
	cs->row[i].large = 0;
	cs->larges--;
}

/* What is in the sums makes room for more. */
static void sums_pour(struct conversations *cs, uint32_t i)
{
	struct sums *sums = &cs->row[i].sums;

	sums_add_to(sums, large_have(cs, i));
	memset(sums, 0, sizeof(*sums));
}

void talk_add(struct conversations *cs, uint32_t i, const struct tally *t)
{
	struct sums *sums = &cs->row[i].sums;

	if (sums_add(sums, t))
		return;
	if (t->small)
		sums_pour(cs, i);
	if (!sums_add(sums, t))
		tally_add(t, large_have(cs, i));
}

/* What was added may have been poured since: the counters in full may be less than nothing then, but not the sum. */
void talk_subtract(struct conversations *cs, uint32_t i, const struct tally *t)
{
	if (!sums_subtract(&cs->row[i].sums, t))
		tally_subtract(t, large_have(cs, i));
}

void talk_time_wait_over(struct conversations *cs, uint32_t i)
{
	if (!sums_take(&cs->row[i].sums, COUNTER_TIME_WAIT))
		large_have(cs, i)->n[COUNTER_TIME_WAIT]--;
}

void talk_merge(struct conversations *cs, uint32_t from, uint32_t to)
{
	struct talk *f = &cs->row[from], *t = &cs->row[to];

	if (!sums_merge(&t->sums, &f->sums))
		sums_add_to(&f->sums, large_have(cs, to));
	if (f->large)
		counters_add(large_have(cs, to), large_of(cs, from));
}

void talk_free(struct conversations *cs, uint32_t i)
{
	struct talk *t = &cs->row[i];

	large_drop(cs, i);
	pairs_forget(&cs->pairs, i);
	talk_keys_changed(cs);
	memset(t, 0, sizeof(*t));
	t->turn = cs->free;
	cs->free = i;
	cs->count--;
}

const struct conversation_key *talk_key(const struct conversations *cs, uint32_t i)
{
	return i <= cs->used && cs->row[i].used ? &cs->row[i].key : NULL;
}

void talk_counters(const struct conversations *cs, uint32_t i, struct counters *n)
{
	memset(n, 0, sizeof(*n));
	sums_add_to(&cs->row[i].sums, n);
	if (cs->row[i].large)
		counters_add(n, large_of(cs, i));
}

void talk_add_to(const struct conversations *cs, uint32_t i, struct tray *to)
{
	tray_add(to, &cs->row[i].sums, cs->row[i].large ? large_of(cs, i) : NULL);
}

void talk_add_some(const struct conversations *cs, uint32_t i, const uint8_t *counter, size_t n, uint64_t *sum)
{
	for (size_t k = 0; k < n; k++)
		sum[k] += talk_counter(cs, i, (enum counter)counter[k]);
}

uint64_t talk_counter(const struct conversations *cs, uint32_t i, enum counter n)
{
	uint64_t sum = sums_counter(&cs->row[i].sums, n);

	return cs->row[i].large ? sum + large_of(cs, i)->n[n] : sum;
}
