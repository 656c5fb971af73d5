/* The store: made from its bounds, asked by queries. What rows do to it is in apply.c. */
#include "config.h"

#include "store/store.h"

#include <string.h>

#include "model/connection.h"
#include "store/state.h"
#include "util/err.h"
#include "util/mem.h"

/* Each shard's ended connections are a ring of their own, numbered by the shard. */
static void shards_init(struct store *st)
{
	uint64_t share = st->conf.max_ended / st->conf.shards;
	uint64_t rest = st->conf.max_ended % st->conf.shards;
	uint32_t log = st->log;

	st->shard = mem_array(st->conf.shards, sizeof(st->shard[0]));
	for (uint32_t i = 0; i < st->conf.shards; i++) {
		st->shard[i].log = log;
		st->shard[i].passed = INT64_MIN;
		st->shard[i].log_max = (uint32_t)(share + (i < rest));
		log += st->shard[i].log_max;
	}
}

struct store *store_new(const struct store_conf *conf, struct err *err)
{
	uint64_t live = (uint64_t)conf->shards * conf->max_live;
	struct store *st;

	if (conf->shards == 0 || conf->max_live == 0 || conf->max_conversations == 0) {
		err_set(err, "a store needs room for a shard, a connection and a conversation");
		return NULL;
	}
	if (live >= RECORD_NONE || conf->max_ended >= RECORD_NONE - live) {
		err_set(err, "too many connections to keep: %llu",
			(unsigned long long)(live + conf->max_ended));
		return NULL;
	}
	st = mem_alloc(sizeof(*st));
	st->conf = *conf;
	st->log = (uint32_t)live;
	shards_init(st);
	timewait_init(&st->timewait, (uint32_t)(live + conf->max_ended));
	if (!records_init(&st->records, (uint32_t)live, (uint32_t)conf->max_ended, err) ||
		!conversations_init(&st->talks, conf, err) ||
		!series_total_init(&st->series, err) ||
		(!conf->no_findings && !(st->findings = findings_new(conf->thresholds, conf->max_facts, err))) ||
		!trails_init(&st->trails_live, conf->max_trails, err) ||
		!trails_init(&st->trails_ended, conf->max_trails, err)) {
		store_free(st);
		return NULL;
	}
	return st;
}

size_t store_bytes(const struct store_conf *conf)
{
	uint64_t live = (uint64_t)conf->shards * conf->max_live;

	return records_bytes(live, conf->max_ended) + timewait_bytes(live + conf->max_ended) + conversations_bytes(conf) +
	       series_bytes(conf->max_series) + 2 * trails_bytes(conf->max_trails) +
	       (conf->no_findings ? 0 : findings_bytes(conf->max_facts));
}

void store_free(struct store *st)
{
	if (!st)
		return;
	trails_fini(&st->trails_ended);
	trails_fini(&st->trails_live);
	findings_free(st->findings);
	series_total_fini(&st->series);
	conversations_fini(&st->talks);
	records_fini(&st->records);
	timewait_fini(&st->timewait);
	mem_free(st->shard);
	mem_free(st);
}

void store_tick(struct store *st, int64_t now)
{
	if (now > st->now)
		st->now = now;
	timewait_tick(&st->timewait, st->now, store_time_wait_fetch, store_time_wait_over, st);
}

void store_reset(struct store *st)
{
	timewait_clear(&st->timewait);
	conversations_clear(&st->talks);
	series_total_clear(&st->series);
	trails_clear(&st->trails_ended);
	if (st->findings)
		findings_clear(st->findings);
	memset(&st->totals, 0, sizeof(st->totals));
	st->ended = st->forgotten = 0;
	for (uint32_t i = 0; i < st->conf.shards; i++) {
		struct store_shard *sh = &st->shard[i];

		for (uint32_t k = 0; k < sh->log_used; k++)
			record_clear(&st->records, sh->log + k);
		sh->log_used = 0;
		for (uint32_t k = 0; k < sh->slots; k++)
			store_recount_slot(st, i * st->conf.max_live + k);
	}
	st->version++;
}

int64_t store_now(const struct store *st)
{
	return st->now;
}

/* A clock that was set back while connections were open may be behind all of them. */
int64_t store_first(const struct store *st)
{
	return st->now != 0 && st->first > st->now ? st->now : st->first;
}

uint64_t store_version(const struct store *st)
{
	return st->version;
}

bool store_input_ended(const struct store *st)
{
	for (uint32_t i = 0; i < st->conf.shards; i++)
		if (!st->shard[i].input_ended)
			return false;
	return true;
}

void store_totals(const struct store *st, struct counters *out)
{
	struct tray sum = st->totals;

	for (uint32_t i = 0; st->conf.sums_only && i < store_conversations(st); i++)
		if (talk_key(&st->talks, i))
			talk_add_to(&st->talks, i, &sum);
	memset(out, 0, sizeof(*out));
	tray_add_to(&sum, out);
}

void store_capture_stats(const struct store *st, struct capture_stats *out)
{
	memset(out, 0, sizeof(*out));
	for (uint32_t i = 0; i < st->conf.shards; i++)
		capture_stats_add(out, &st->shard[i].stats);
}

void store_usage(const struct store *st, struct store_usage *out)
{
	*out = (struct store_usage){
		.live = st->live,
		.live_max = st->log,
		.ended = st->ended,
		.ended_max = st->conf.max_ended,
		.ended_forgotten = st->forgotten,
		.conversations = st->talks.count,
		.conversations_max = st->talks.max,
		.folded = st->talks.folded,
		.peers_max = st->talks.pairs.max,
		.peers_missed = st->talks.pairs.missed,
		.series = st->talks.series.count,
		.series_max = st->talks.series.max,
	};
}

/* Those that ended lately first: they are asked for most. */
static uint32_t log_find(const struct store *st, const struct store_shard *sh, uint64_t uid)
{
	uint32_t next = sh->log_max ? (uint32_t)(sh->eseq_next % sh->log_max) : 0;
	uint32_t ref = record_find(&st->records, sh->log, next < sh->log_used ? next : sh->log_used, uid);

	if (ref == RECORD_NONE && next < sh->log_used)
		ref = record_find(&st->records, sh->log + next, sh->log_used - next, uid);
	return ref;
}

bool store_connection(const struct store *st, uint64_t uid, uint32_t *at, struct connection *out)
{
	bool there = *at < st->records.live + st->records.ended && record_is(&st->records, *at, uid);
	uint32_t ref = there ? *at : RECORD_NONE;

	for (uint32_t i = 0; i < st->conf.shards && ref == RECORD_NONE; i++)
		ref = record_find(&st->records, i * st->conf.max_live, st->shard[i].slots, uid);
	for (uint32_t i = 0; i < st->conf.shards && ref == RECORD_NONE; i++)
		ref = log_find(st, &st->shard[i], uid);
	if (ref == RECORD_NONE)
		return false;
	store_get(st, ref, out);
	*at = ref;
	return true;
}

bool store_trail(const struct store *st, uint64_t uid, struct trail *out)
{
	return trails_get(&st->trails_live, uid, out) || trails_get(&st->trails_ended, uid, out);
}

/* Visits the records used of [from, from + n). */
static bool visit_range(const struct store *st, uint32_t from, uint32_t n,
	bool (*visit)(void *arg, const struct connection *c), void *arg)
{
	struct connection c;

	for (uint32_t ref = from; ref < from + n; ref++) {
		if (!record_used(&st->records, ref))
			continue;
		store_get(st, ref, &c);
		if (!visit(arg, &c))
			return false;
	}
	return true;
}

void store_each_connection(const struct store *st,
	bool (*visit)(void *arg, const struct connection *c), void *arg)
{
	bool more = true;

	for (uint32_t i = 0; i < st->conf.shards && more; i++)
		more = visit_range(st, i * st->conf.max_live, st->shard[i].slots, visit, arg);
	for (uint32_t i = 0; i < st->conf.shards && more; i++)
		more = visit_range(st, st->shard[i].log, st->shard[i].log_used, visit, arg);
}

uint64_t store_places(const struct store *st)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < st->conf.shards; i++)
		n += (uint64_t)st->shard[i].slots + st->shard[i].log_used;
	return n;
}

bool store_connection_at(const struct store *st, uint64_t place, struct connection *out)
{
	uint32_t ref = RECORD_NONE;

	for (uint32_t i = 0; i < st->conf.shards && ref == RECORD_NONE; i++) {
		const struct store_shard *s = &st->shard[i];

		if (place < s->slots)
			ref = i * st->conf.max_live + (uint32_t)place;
		else if (place - s->slots < s->log_used)
			ref = s->log + (uint32_t)(place - s->slots);
		else
			place -= (uint64_t)s->slots + s->log_used;
	}
	if (ref == RECORD_NONE || !record_used(&st->records, ref))
		return false;
	store_get(st, ref, out);
	return true;
}

void store_each_conversation(const struct store *st,
	bool (*visit)(void *arg, const struct conversation_key *key, const struct counters *n,
		uint32_t handle),
	void *arg)
{
	struct counters n;

	for (uint32_t i = 0; i < store_conversations(st); i++) {
		const struct conversation_key *key = talk_key(&st->talks, i);

		if (!key)
			continue;
		talk_counters(&st->talks, i, &n);
		if (!visit(arg, key, &n, i))
			return;
	}
}

uint32_t store_conversations(const struct store *st)
{
	return st->talks.used + 1;
}

const struct conversation_key *store_conversation(const struct store *st, uint32_t handle)
{
	return talk_key(&st->talks, handle);
}

void store_conversation_add(const struct store *st, uint32_t handle, struct tray *to)
{
	talk_add_to(&st->talks, handle, to);
}

uint64_t store_conversation_counter(const struct store *st, uint32_t handle, enum counter n)
{
	return talk_counter(&st->talks, handle, n);
}

void store_conversation_counters(const struct store *st, uint32_t handle, const uint8_t *counter, size_t n, uint64_t *sum)
{
	talk_add_some(&st->talks, handle, counter, n, sum);
}

uint64_t store_keys_version(const struct store *st)
{
	return st->talks.keys_version;
}

unsigned store_left_out(const struct store *st)
{
	return st->conf.leave_out;
}

uint32_t store_conversation_peers(const struct store *st, uint32_t handle)
{
	return st->talks.met ? st->talks.pairs.count[handle] : 0;
}

bool store_series(const struct store *st, uint32_t handle, enum series_line line, int64_t until,
	size_t steps, uint32_t *sum)
{
	return series_read(&st->talks.series, *talk_series(&st->talks, handle), line, until, steps,
		sum);
}

bool store_series_lost(const struct store *st, uint32_t handle)
{
	return st->talks.series.max == 0 || *talk_series(&st->talks, handle) == SERIES_LOST;
}

bool store_series_empty(const struct store *st, uint32_t handle)
{
	return *talk_series(&st->talks, handle) == SERIES_NONE;
}

void store_series_total(const struct store *st, enum series_line line, int64_t until,
	size_t steps, uint32_t *sum)
{
	series_total_read(&st->series, line, until, steps, sum);
}

const struct finding *store_findings(const struct store *st, size_t *n)
{
	*n = 0;
	if (!st->findings)
		return NULL;
	return findings_list(st->findings, st->now, store_input_ended(st), n);
}

#define WORK_PER_ROW 10 /* a row of a view takes about a microsecond */

bool store_findings_step(const struct store *st, size_t rows)
{
	int64_t work = rows < INT64_MAX / WORK_PER_ROW ? (int64_t)rows * WORK_PER_ROW : INT64_MAX;

	return !st->findings || findings_work(st->findings, st->now, store_input_ended(st), work);
}

const struct finding *store_findings_latest(const struct store *st, size_t *n)
{
	*n = 0;
	return st->findings ? findings_latest(st->findings, n) : NULL;
}

void store_findings_usage(const struct store *st, struct findings_usage *out)
{
	memset(out, 0, sizeof(*out));
	if (st->findings)
		findings_usage(st->findings, out);
}
