/*
 * Conversations. Rows live in a slab that never grows. A row to which something open belongs is held; the others
 * wait in order of their last change to be folded (fold.c) when a new one finds the table full. The hard thing is
 * memory that is in no cache: nearly every row is small and touched alone. So slots tell strangers without a look at
 * their row, and the order of change is a queue that is only ever written at its end: who changes again gets another
 * turn, and the older one is passed over when it comes up.
 */
#include "config.h"

#include "store/conversations.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "model/connection.h"
#include "store/talk.h"
#include "util/err.h"
#include "util/hash.h"
#include "util/mem.h"

#define SLOTS_START 4096
#define QUEUE_START 1024
#define LARGE_BITS 10
#define LARGE_SLAB (UINT32_C(1) << LARGE_BITS)
#define LARGE_SHARE 16 /* one row in so many is thought to have large numbers */

/* Slots come to at most this many for a row, the queue to this many turns: both double when they are full. */
#define SLOTS_PER_ROW 3
#define TURNS_PER_ROW 2

size_t conversations_bytes(uint32_t max)
{
	return (size_t)max * (sizeof(struct talk) + SLOTS_PER_ROW * sizeof(struct talk_slot) +
				     TURNS_PER_ROW * sizeof(uint32_t)) +
	       max / LARGE_SHARE * sizeof(struct counters);
}

size_t conversations_taken(const struct conversations *cs)
{
	return ((size_t)cs->used + 1) * sizeof(struct talk) +
	       ((size_t)cs->mask + 1) * sizeof(struct talk_slot) +
	       ((size_t)cs->queue_mask + 1) * sizeof(uint32_t) +
	       (size_t)cs->large_slabs * LARGE_SLAB * sizeof(struct counters);
}

bool conversations_init(struct conversations *cs, uint32_t max, uint32_t max_series,
	struct err *err)
{
	*cs = (struct conversations){ .max = max, .mask = SLOTS_START - 1, .queue_mask = QUEUE_START - 1 };
	cs->row = mem_table((size_t)max + 1, sizeof(struct talk));
	cs->slot = mem_table(SLOTS_START, sizeof(struct talk_slot));
	cs->queue = mem_table(QUEUE_START, sizeof(uint32_t));
	if (!cs->row || !cs->slot || !cs->queue) {
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
	mem_table_free(cs->slot, (size_t)cs->mask + 1, sizeof(struct talk_slot));
	mem_table_free(cs->queue, (size_t)cs->queue_mask + 1, sizeof(uint32_t));
	for (uint32_t i = 0; i < cs->large_slabs; i++)
		mem_free(cs->large[i]);
	mem_free(cs->large);
	*cs = (struct conversations){ 0 };
}

void conversations_clear(struct conversations *cs)
{
	/* A table not yet used is zero, and not to be touched. */
	if (cs->used)
		memset(cs->slot, 0, ((size_t)cs->mask + 1) * sizeof(struct talk_slot));
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
}

/* --- Finding rows -------------------------------------------------------------------------------- */

void talk_key_of(const struct connection *c, struct conversation_key *key)
{
	*key = (struct conversation_key){ .client = c->tuple.addr[CLIENT],
		.server = c->tuple.addr[SERVER], .port = c->tuple.port[SERVER] };
}

uint64_t talk_hash(const struct conversation_key *key)
{
	return hash_bytes(key, sizeof(*key));
}

uint64_t talk_hash_of(const struct connection *c)
{
	struct conversation_key key;

	talk_key_of(c, &key);
	return talk_hash(&key);
}

/* The first slot from where the tag belongs that has it, or the empty one at which the search ends. */
static uint32_t slot_seek(const struct conversations *cs, uint32_t tag)
{
	uint32_t at = tag & cs->mask;

	while (cs->slot[at].row && cs->slot[at].tag != tag)
		at = (at + 1) & cs->mask;
	return at;
}

uint32_t talk_find(const struct conversations *cs, const struct conversation_key *key, uint64_t hash)
{
	uint32_t tag = (uint32_t)hash, at = slot_seek(cs, tag);

	for (; cs->slot[at].row; at = (at + 1) & cs->mask)
		if (cs->slot[at].tag == tag &&
			memcmp(&cs->row[cs->slot[at].row].key, key, sizeof(*key)) == 0)
			break;
	return cs->slot[at].row;
}

static void slot_put(struct talk_slot *slot, uint32_t mask, struct talk_slot what)
{
	uint32_t at = what.tag & mask;

	while (slot[at].row)
		at = (at + 1) & mask;
	slot[at] = what;
}

/* Twice as many slots when two thirds are taken; without memory, longer searches. */
static void slots_grow(struct conversations *cs)
{
	uint32_t old = cs->mask + 1;
	struct talk_slot *was = cs->slot, *slot;

	if (cs->count < old / 3 * 2 || old >= UINT32_C(1) << 31)
		return;
	slot = mem_table((size_t)old * 2, sizeof(*slot));
	if (!slot) {
		assert(cs->count < cs->mask); /* an empty one ends every search */
		return;
	}
	for (uint32_t k = 0; k < old; k++)
		if (was[k].row)
			slot_put(slot, old * 2 - 1, was[k]);
	cs->slot = slot;
	cs->mask = old * 2 - 1;
	mem_table_free(was, old, sizeof(*was));
}

void talk_link(struct conversations *cs, uint32_t i, uint64_t hash)
{
	slot_put(cs->slot, cs->mask, (struct talk_slot){ (uint32_t)hash, i });
}

/* What stands behind the slot that becomes empty moves up, where its own place allows it. */
static void slot_clear(struct conversations *cs, uint32_t gap)
{
	struct talk_slot *slot = cs->slot;

	for (uint32_t at = (gap + 1) & cs->mask; slot[at].row; at = (at + 1) & cs->mask) {
		uint32_t home = slot[at].tag & cs->mask;

		if (((at - home) & cs->mask) >= ((at - gap) & cs->mask)) {
			slot[gap] = slot[at];
			gap = at;
		}
	}
	slot[gap].row = 0;
}

void talk_unlink(struct conversations *cs, uint32_t i)
{
	uint32_t at = slot_seek(cs, (uint32_t)talk_hash(&cs->row[i].key));

	while (cs->slot[at].row != i)
		at = (at + 1) & cs->mask;
	slot_clear(cs, at);
}

void talk_fetch_slot(const struct conversations *cs, uint64_t hash)
{
	mem_read(&cs->slot[(uint32_t)hash & cs->mask]);
}

void talk_fetch(const struct conversations *cs, uint32_t i)
{
	if (i <= cs->max) {
		mem_read(&cs->row[i]);
		mem_read((const char *)&cs->row[i] + 64);
	}
}

void talk_fetch_row(const struct conversations *cs, uint64_t hash)
{
	uint32_t at = slot_seek(cs, (uint32_t)hash);

	if (cs->slot[at].row)
		talk_fetch(cs, cs->slot[at].row);
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

	if (i == cs->free)
		cs->free = cs->row[i].turn;
	memset(&cs->row[i], 0, sizeof(cs->row[i]));
	cs->row[i].key = *key;
	cs->row[i].used = true;
	cs->count++;
	slots_grow(cs);
	talk_link(cs, i, hash);
	return i;
}

uint32_t talk_obtain(struct conversations *cs, const struct connection *c, uint64_t hash)
{
	struct conversation_key key;
	uint32_t i;

	talk_key_of(c, &key);
	i = talk_find(cs, &key, hash);
	if (!i) {
		if (cs->count < cs->max || fold_one(cs))
			i = talk_make(cs, &key, hash);
		else
			i = fold_target(cs, &key);
	}
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

uint32_t talk_obtain_late(struct conversations *cs, const struct connection *c, uint64_t hash)
{
	struct conversation_key key;
	uint32_t i;

	talk_key_of(c, &key);
	i = talk_find(cs, &key, hash);
	if (!i)
		i = fold_find(cs, &key);
	if (!i)
		return talk_obtain(cs, c, hash);
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

/* Counters in full for a row that has none; what it counted goes there. The first of the first slab stays unused. */
static struct counters *large_make(struct conversations *cs, uint32_t i)
{
	struct talk *t = &cs->row[i];

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
	sums_counters(&t->sums, large_of(cs, i));
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

void talk_add(struct conversations *cs, uint32_t i, const struct tally *t)
{
	struct talk *row = &cs->row[i];

	if (row->large)
		tally_add(t, large_of(cs, i));
	else if (!sums_add(&row->sums, t))
		tally_add(t, large_make(cs, i));
}

void talk_subtract(struct conversations *cs, uint32_t i, const struct tally *t)
{
	struct talk *row = &cs->row[i];

	if (row->large)
		tally_subtract(t, large_of(cs, i));
	else
		sums_subtract(&row->sums, t);
}

void talk_time_wait_over(struct conversations *cs, uint32_t i)
{
	struct talk *row = &cs->row[i];

	if (row->large)
		large_of(cs, i)->n[COUNTER_TIME_WAIT]--;
	else
		row->sums.n[COUNTER_TIME_WAIT]--;
}

void talk_merge(struct conversations *cs, uint32_t from, uint32_t to)
{
	struct talk *f = &cs->row[from], *t = &cs->row[to];

	if (!f->large && !t->large && sums_merge(&t->sums, &f->sums))
		return;
	if (!t->large)
		large_make(cs, to);
	talk_add_to(cs, from, large_of(cs, to));
}

void talk_free(struct conversations *cs, uint32_t i)
{
	struct talk *t = &cs->row[i];

	large_drop(cs, i);
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
	if (cs->row[i].large)
		*n = *large_of(cs, i);
	else
		sums_counters(&cs->row[i].sums, n);
}

void talk_add_to(const struct conversations *cs, uint32_t i, struct counters *n)
{
	if (cs->row[i].large)
		counters_add(n, large_of(cs, i));
	else
		sums_add_to(&cs->row[i].sums, n);
}

uint64_t talk_counter(const struct conversations *cs, uint32_t i, enum counter n)
{
	return cs->row[i].large ? large_of(cs, i)->n[n] : sums_counter(&cs->row[i].sums, n);
}
