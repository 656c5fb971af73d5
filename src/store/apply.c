/*
 * Rows go in. Whatever a row says of a connection replaces what was said before: what the old row had added to its
 * conversation and to the totals is subtracted, the new one's is added, as one difference. The hard thing is to know
 * at any time where the old one was added: an open connection holds its conversation, so that it cannot be folded.
 */
#include "config.h"

#include <assert.h>

#include "model/connection.h"
#include "store/state.h"
#include "store/tally.h"
#include "util/mem.h"

/* What was counted of a connection before, and where. */
struct account {
	struct connection c;
	struct tally n;
	uint32_t talk; /* held */
	bool counted;
};

static void count(struct store *st, uint32_t talk, const struct tally *t)
{
	if (!st->conf.sums_only)
		tally_add_to(t, &st->totals);
	talk_add(&st->talks, talk, t);
}

static void uncount(struct store *st, uint32_t talk, const struct tally *t)
{
	tally_take_from(t, &st->totals);
	talk_subtract(&st->talks, talk, t);
}

static void withdraw(struct store *st, const struct account *was)
{
	uncount(st, was->talk, &was->n);
	booking_change(st, was->talk, &was->c, NULL);
	talk_release(&st->talks, was->talk);
}

static void account_of(const struct store *st, uint32_t ref, struct account *was)
{
	was->counted = record_used(&st->records, ref) && st->records.slot[ref].conversation != RECORD_NONE;
	if (!was->counted)
		return;
	record_get(&st->records, ref, &was->c);
	tally_of_connection(&was->c, &was->n);
	was->talk = st->records.slot[ref].conversation;
}

/* Counts `c` instead of what record `ref` holds of it. Returns its conversation, held once for it. */
static uint32_t recount(struct store *st, uint32_t ref, const struct connection *c,
	const struct talk_place *at, struct account *was)
{
	struct talk_place found;
	struct tally is;
	uint32_t talk;

	account_of(st, ref, was);
	tally_of_connection(c, &is);
	if (was->counted && talk_same(&was->c, c)) {
		/* In this order, as there is always so much to take away from then. */
		count(st, was->talk, &is);
		uncount(st, was->talk, &was->n);
		booking_change(st, was->talk, &was->c, c);
		return was->talk;
	}
	if (was->counted)
		withdraw(st, was);
	if (!at->row) {
		talk_place_of(&st->talks, c, &found);
		at = &found;
	}
	talk = talk_obtain(&st->talks, c, at);
	booking_change(st, talk, NULL, c);
	count(st, talk, &is);
	return talk;
}

/* The slot's connection is not heard of again: it stays counted as it stood. */
static void slot_abandon(struct store *st, uint32_t ref)
{
	uint32_t talk = st->records.slot[ref].conversation;

	if (talk != RECORD_NONE)
		talk_release(&st->talks, talk);
	trails_drop(&st->trails_live, record_uid(&st->records, ref));
	record_clear(&st->records, ref);
	st->live--;
	st->forgotten++;
}

static uint32_t slot_of(struct store *st, uint32_t shard, const struct row *row)
{
	uint32_t ref = shard * st->conf.max_live + row->slot;

	assert(row->slot < st->conf.max_live && row->c.uid != 0);
	if (record_used(&st->records, ref) && !record_is(&st->records, ref, row->c.uid))
		slot_abandon(st, ref);
	return ref;
}

/* Had it ended before store_reset? Then it is not counted, unless that ending is withdrawn. */
static bool is_before_reset(const struct store *st, uint32_t ref, const struct connection *c)
{
	return record_used(&st->records, ref) && st->records.slot[ref].conversation == RECORD_NONE &&
	       c->ending != ENDING_NONE;
}

static void close_time_wait(struct connection *c)
{
	for (int i = 0; i < 2; i++)
		if (c->side[i].state == STATE_TIME_WAIT)
			c->side[i].state = STATE_CLOSED;
}

static bool in_time_wait(const struct connection *c)
{
	return c->side[CLIENT].state == STATE_TIME_WAIT ||
		c->side[SERVER].state == STATE_TIME_WAIT;
}

/* Sees to it that TIME_WAIT ends in that slot; without room it does when the connection leaves the slot. */
static void timewait_watch(struct store *st, uint32_t ref, const struct connection *c)
{
	if (timewait_room(&st->timewait, c->time_wait_until))
		timewait_add(&st->timewait, c->time_wait_until, ref, true);
}

/* The slot may hold another connection by now, or the same one with a later end of TIME_WAIT. */
static void slot_time_wait_over(struct store *st, uint32_t ref)
{
	uint32_t talk = st->records.slot[ref].conversation;
	struct connection c;

	if (!record_used(&st->records, ref) || talk == RECORD_NONE)
		return;
	record_get(&st->records, ref, &c);
	if (!in_time_wait(&c))
		return;
	if (!timewait_over(&st->timewait, c.time_wait_until)) {
		timewait_watch(st, ref, &c);
		return;
	}
	close_time_wait(&c);
	record_set(&st->records, ref, &c);
	talk_time_wait_over(&st->talks, talk);
	st->totals.n.n[COUNTER_TIME_WAIT]--;
}

void store_time_wait_over(void *arg, uint32_t who, bool has_slot)
{
	struct store *st = arg;

	st->version++;
	if (has_slot) {
		slot_time_wait_over(st, who);
		return;
	}
	if (!st->conf.sums_only)
		st->totals.n.n[COUNTER_TIME_WAIT]--;
	talk_time_wait_over(&st->talks, who);
	talk_release(&st->talks, who);
}

void store_time_wait_fetch(const void *arg, uint32_t who, bool has_slot)
{
	const struct store *st = arg;

	if (!has_slot)
		talk_fetch(&st->talks, who);
}

static void count_slot(struct store *st, uint32_t ref, const struct connection *c, const struct talk_place *at)
{
	struct account was;

	st->records.slot[ref].conversation = recount(st, ref, c, at, &was);
	if (in_time_wait(c) && !(was.counted && in_time_wait(&was.c)))
		timewait_watch(st, ref, c);
}

void store_recount_slot(struct store *st, uint32_t ref)
{
	const struct talk_place unknown = { 0 };
	struct connection c;

	if (!record_used(&st->records, ref))
		return;
	st->records.slot[ref].conversation = RECORD_NONE;
	record_get(&st->records, ref, &c);
	if (c.ending == ENDING_NONE)
		count_slot(st, ref, &c, &unknown);
}

static void apply_live(struct store *st, uint32_t shard, const struct row *row, const struct talk_place *at)
{
	struct store_shard *sh = &st->shard[shard];
	uint32_t ref = slot_of(st, shard, row);
	struct connection c = row->c;

	if (in_time_wait(&c) && timewait_over(&st->timewait, c.time_wait_until))
		close_time_wait(&c);
	if (!record_used(&st->records, ref))
		st->live++;
	if (row->slot >= sh->slots)
		sh->slots = row->slot + 1;
	if (!is_before_reset(st, ref, &c))
		count_slot(st, ref, &c, at);
	record_set(&st->records, ref, &c);
}

void store_get(const struct store *st, uint32_t ref, struct connection *c)
{
	record_get(&st->records, ref, c);
	if (ref >= st->log && in_time_wait(c) && timewait_over(&st->timewait, c->time_wait_until))
		close_time_wait(c);
}

/* Writes it into the log, over the one that was there a round before. */
static void log_write(struct store *st, struct store_shard *sh, uint64_t eseq,
	const struct connection *c)
{
	uint32_t i, ref;

	if (eseq >= sh->eseq_next)
		sh->eseq_next = eseq + 1;
	if (sh->log_max == 0) {
		st->forgotten++;
		return;
	}
	i = (uint32_t)(eseq % sh->log_max);
	ref = sh->log + i;
	if (i >= sh->log_used)
		sh->log_used = i + 1;
	if (record_used(&st->records, ref))
		st->forgotten++;
	else
		st->ended++;
	record_set(&st->records, ref, c);
}

/* What was seen of a connection while it lived stays when it has ended. */
static void trail_final(struct store *st, uint64_t uid)
{
	struct trail t;

	if (!trails_get(&st->trails_live, uid, &t))
		return;
	trails_put(&st->trails_ended, &t);
	trails_drop(&st->trails_live, uid);
}

static void apply_final(struct store *st, uint32_t shard, const struct row *row, const struct talk_place *at)
{
	uint32_t ref = slot_of(st, shard, row), talk;
	struct connection c = row->c;
	struct account was;
	bool ignore = is_before_reset(st, ref, &c), wait;

	wait = in_time_wait(&c) && timewait_room(&st->timewait, c.time_wait_until);
	if (!wait)
		close_time_wait(&c);
	talk = ignore ? RECORD_NONE : recount(st, ref, &c, at, &was);
	if (record_used(&st->records, ref)) {
		record_clear(&st->records, ref);
		st->live--;
	}
	trail_final(st, c.uid);
	if (ignore)
		return;
	log_write(st, &st->shard[shard], row->eseq, &c);
	if (wait)
		timewait_add(&st->timewait, c.time_wait_until, talk, false);
	else
		talk_release(&st->talks, talk);
}

/* --- After the last word ------------------------------------------------------------------------- */

static uint16_t add_u16(uint16_t a, uint16_t b)
{
	return a > UINT16_MAX - b ? UINT16_MAX : (uint16_t)(a + b);
}

static void later(int64_t *t, int64_t late, int64_t shift)
{
	if (late != TIME_NEVER && late + shift > *t)
		*t = late + shift;
}

static void first(int64_t *t, int64_t late, int64_t shift)
{
	if (late != TIME_NEVER && *t == TIME_NEVER)
		*t = late + shift;
}

/* shift: from the late row's start to the connection's, ns */
static void side_add(struct side *s, const struct side *late, int64_t shift)
{
	s->bytes += late->bytes;
	s->packets += late->packets;
	s->syn += late->syn;
	s->synack += late->synack;
	s->fin += late->fin;
	s->rst += late->rst;
	s->retr += late->retr;
	s->zwin += late->zwin;
	s->dupack += late->dupack;
	s->ooo += late->ooo;
	s->rst_ignored += late->rst_ignored;
	s->rst_path += late->rst_path;
	s->syn_uniq = add_u16(s->syn_uniq, late->syn_uniq);
	s->fin_uniq = add_u16(s->fin_uniq, late->fin_uniq);
	s->keepalive = add_u16(s->keepalive, late->keepalive);
	s->rst_uniq |= late->rst_uniq;
	s->ttl = s->ttl ? s->ttl : late->ttl;
	s->ttl_rst = s->ttl_rst ? s->ttl_rst : late->ttl_rst;
	if (late->syn)
		later(&s->t_syn_last, late->t_syn_last, shift);
	if (late->fin) {
		first(&s->t_fin, late->t_fin_last, shift);
		later(&s->t_fin_last, late->t_fin_last, shift);
	}
	if (late->rst) {
		first(&s->t_rst, late->rst_uniq ? late->t_rst : late->t_rst_last, shift);
		later(&s->t_rst_last, late->t_rst_last, shift);
	}
	if (late->bytes)
		later(&s->t_data, late->t_data, shift);
}

/* The verdict stands: a late packet changes no count of connections. */
static void connection_add(struct connection *c, const struct connection *late)
{
	int64_t shift = late->start ? late->start - c->start : 0;

	for (int i = 0; i < 2; i++)
		side_add(&c->side[i], &late->side[i], shift);
	c->evidence |= late->evidence;
	c->attributes |= late->attributes & ~ATTRIBUTE_BIT(DELIVERED);
	if (late->last > c->last)
		c->last = late->last;
}

static bool log_has(const struct store *st, const struct store_shard *sh, uint64_t eseq,
	uint32_t *ref)
{
	if (sh->log_max == 0 || eseq >= sh->eseq_next || sh->eseq_next - eseq > sh->log_max)
		return false;
	*ref = sh->log + (uint32_t)(eseq % sh->log_max);
	return record_used(&st->records, *ref);
}

static void apply_late(struct store *st, uint32_t shard, const struct row *row)
{
	struct talk_place at;
	struct connection old, c;
	struct tally is, was;
	uint32_t ref, talk;

	if (!st->conf.sums_only && log_has(st, &st->shard[shard], row->eseq, &ref)) {
		store_get(st, ref, &old);
		c = old;
		connection_add(&c, &row->c);
		tally_of_packets(&old, &was);
		tally_of_packets(&c, &is);
		tally_more(&is, &was); /* the old may have been counted in a row that was folded since */
		talk_place_of(&st->talks, &old, &at);
		talk = talk_obtain_late(&st->talks, &old, &at);
		booking_packets(st, talk, &old, &c);
		record_set(&st->records, ref, &c);
	} else {
		tally_of_packets(&row->c, &is);
		talk_place_of(&st->talks, &row->c, &at);
		talk = talk_obtain_late(&st->talks, &row->c, &at);
		if (!st->conf.sums_only)
			booking_packets(st, talk, NULL, &row->c);
	}
	count(st, talk, &is);
	talk_release(&st->talks, talk);
}

/* --- Nothing but sums ---------------------------------------------------------------------------- */

/* The only row of a connection, apart from late ones: straight to its conversation. */
static void apply_sum(struct store *st, const struct row *row, const struct talk_place *at)
{
	bool in = in_time_wait(&row->c), wait = in && timewait_room(&st->timewait, row->c.time_wait_until);
	uint32_t talk = talk_obtain(&st->talks, &row->c, at);
	struct tally t;

	if (in && !wait) {
		struct connection c = row->c;

		close_time_wait(&c);
		tally_of_connection(&c, &t);
	} else {
		tally_of_connection(&row->c, &t);
	}
	count(st, talk, &t);
	if (row->what == ROW_LIVE)
		st->live++;
	else
		st->forgotten++;
	if (wait)
		timewait_add(&st->timewait, row->c.time_wait_until, talk, false);
	else if (row->what == ROW_FINAL)
		talk_release(&st->talks, talk);
}

/* --- Blocks -------------------------------------------------------------------------------------- */

static void apply_row(struct store *st, uint32_t shard, const struct row *row, const struct talk_place *at)
{
	store_begins(st, row->c.start);
	if (row->what == ROW_LATE)
		apply_late(st, shard, row);
	else if (st->conf.sums_only)
		apply_sum(st, row, at);
	else if (row->what == ROW_LIVE)
		apply_live(st, shard, row, at);
	else
		apply_final(st, shard, row, at);
}

static void apply_trail(struct store *st, const struct row *row, const struct trail *trail)
{
	trails_put(row->what == ROW_LIVE ? &st->trails_live : &st->trails_ended, trail);
}

/*
 * Rows are worked on in batches, and what a batch will touch is read first: a miss costs more than all the rest, and
 * many that do not depend on each other cost little more than one.
 */
#define BATCH 64

/* Ended ones lie across lines. */
static void fetch_record(const struct store *st, uint32_t ref)
{
	const struct record *rec = record_at(&st->records, ref);

	mem_read(rec);
	mem_read((const char *)(rec + 1) - 1);
}

static void fetch_records(const struct store *st, uint32_t shard, const struct row *row)
{
	const struct store_shard *sh = &st->shard[shard];

	if (row->slot < st->conf.max_live && row->slot < sh->slots)
		fetch_record(st, shard * st->conf.max_live + row->slot);
	if (row->what != ROW_LIVE && sh->log_max) {
		uint32_t i = (uint32_t)(row->eseq % sh->log_max);

		if (i < sh->log_used)
			fetch_record(st, sh->log + i);
	}
}

/* The conversation of a row, where its record knows it. */
static bool known_talk(const struct store *st, uint32_t shard, const struct row *row, uint32_t *talk)
{
	uint32_t ref = shard * st->conf.max_live + row->slot;

	if (row->what == ROW_LATE || row->slot >= st->shard[shard].slots)
		return false;
	*talk = st->records.slot[ref].conversation;
	return *talk != RECORD_NONE && record_is(&st->records, ref, row->c.uid);
}

/* What is found by the connections' identities. */
static void fetch_by_uid(const struct store *st, const struct row *row, uint32_t n)
{
	uint64_t uid[BATCH];

	for (uint32_t i = 0; i < n; i++)
		uid[i] = row[i].c.uid;
	findings_fetch(st->findings, uid, n);
}

/* at: of the conversation, where it has to be looked for; else 0 */
static void fetch_batch(const struct store *st, uint32_t shard, const struct row *row, uint32_t n,
	struct talk_place *at)
{
	uint32_t talk;

	if (!st->conf.sums_only) {
		for (uint32_t i = 0; i < n; i++)
			fetch_records(st, shard, &row[i]);
		if (st->findings)
			fetch_by_uid(st, row, n);
	}
	for (uint32_t i = 0; i < n; i++) {
		at[i].row = 0;
		if (!st->conf.sums_only && known_talk(st, shard, &row[i], &talk)) {
			talk_fetch(&st->talks, talk);
			continue;
		}
		talk_place_of(&st->talks, &row[i].c, &at[i]);
	}
	for (uint32_t i = 0; i < n; i++)
		if (at[i].row)
			talk_fetch_slot(&st->talks, &at[i]);
	for (uint32_t i = 0; i < n; i++)
		if (at[i].row)
			talk_fetch_row(&st->talks, &at[i]);
		else if (known_talk(st, shard, &row[i], &talk))
			series_fetch(&st->talks.series, *talk_series(&st->talks, talk));
}

static void apply_rows(struct store *st, const struct block *b)
{
	struct talk_place at[BATCH];
	uint32_t trails = 0;

	for (uint32_t from = 0; from < b->rows; from += BATCH) {
		uint32_t n = b->rows - from < BATCH ? b->rows - from : BATCH;

		fetch_batch(st, b->shard, &b->row[from], n, at);
		for (uint32_t i = 0; i < n; i++) {
			const struct row *row = &b->row[from + i];

			apply_row(st, b->shard, row, &at[i]);
			if (row->has_trail && trails < b->trails)
				apply_trail(st, row, &b->trail[trails++]);
		}
	}
}

static void findings_stats_all(struct store *st)
{
	struct capture_stats stats;

	if (!st->findings)
		return;
	store_capture_stats(st, &stats);
	findings_stats(st->findings, &stats, st->now);
}

/* What ended before the time that all shards have passed has been heard of. */
static void pass(struct store *st, struct store_shard *sh, int64_t now)
{
	int64_t passed = INT64_MAX;

	sh->passed = now;
	for (uint32_t i = 0; i < st->conf.shards; i++)
		if (st->shard[i].passed < passed)
			passed = st->shard[i].passed;
	if (passed > 0 && st->findings)
		findings_pass(st->findings, passed);
}

void store_apply(struct store *st, const struct block *b)
{
	struct store_shard *sh = &st->shard[b->shard];

	assert(b->shard < st->conf.shards && b->rows <= BLOCK_ROWS);
	store_tick(st, b->now); /* first: the wheel of TIME_WAITs reaches little more than an hour on from now */
	if (st->conf.findings_only)
		store_heed(st, b);
	else
		apply_rows(st, b);
	if (b->stats_valid) {
		sh->stats = b->stats;
		findings_stats_all(st);
	}
	if (b->pass_complete)
		pass(st, sh, b->now);
	if (st->findings)
		findings_settle(st->findings, b->rows);
	sh->input_ended |= b->input_ended;
	st->version++;
}
