/*
 * Rows go in. Whatever a row says of a connection replaces what was said before: what the old row had added to its
 * conversation and to the totals is subtracted, the new one's is added, as one difference. The hard thing is to know
 * at any time where the old one was added: an open connection holds its conversation, so that it cannot be folded.
 */
#include "config.h"

#include <assert.h>

#include "model/connection.h"
#include "store/state.h"

/* What was counted of a connection before, and where. */
struct account {
	struct connection c;
	struct counters n;
	uint32_t talk; /* held */
	bool counted;
};

static void totals_and_talk(struct store *st, uint32_t talk, const struct counters *diff)
{
	counters_add(&st->totals, diff);
	talk_add(&st->talks, talk, diff);
}

static void withdraw(struct store *st, const struct account *was)
{
	struct counters diff = { { 0 } };

	counters_subtract(&diff, &was->n);
	totals_and_talk(st, was->talk, &diff);
	booking_change(st, was->talk, &was->c, NULL);
	talk_release(&st->talks, was->talk);
}

static void account_of(const struct store *st, uint32_t ref, struct account *was)
{
	const struct record *rec = &st->records.rec[ref];

	was->counted = rec->uid && rec->conversation != RECORD_NONE;
	if (!was->counted)
		return;
	record_get(&st->records, ref, &was->c);
	counters_of_connection(&was->c, &was->n);
	was->talk = rec->conversation;
}

/* Counts `c` instead of what record `ref` holds of it. Returns its conversation, held once for it. */
static uint32_t recount(struct store *st, uint32_t ref, const struct connection *c,
	struct account *was)
{
	struct counters diff;
	uint32_t talk;

	account_of(st, ref, was);
	counters_of_connection(c, &diff);
	if (was->counted && talk_same(&was->c, c)) {
		talk = was->talk;
		counters_subtract(&diff, &was->n);
		booking_change(st, talk, &was->c, c);
	} else {
		if (was->counted)
			withdraw(st, was);
		talk = talk_obtain(&st->talks, c);
		booking_change(st, talk, NULL, c);
	}
	totals_and_talk(st, talk, &diff);
	return talk;
}

/* The slot's connection is not heard of again: it stays counted as it stood. */
static void slot_abandon(struct store *st, uint32_t ref)
{
	struct record *rec = &st->records.rec[ref];

	if (rec->conversation != RECORD_NONE)
		talk_release(&st->talks, rec->conversation);
	trails_drop(&st->trails_live, rec->uid);
	record_clear(&st->records, ref);
	st->live--;
	st->forgotten++;
}

static uint32_t slot_of(struct store *st, uint32_t shard, const struct row *row)
{
	uint32_t ref = shard * st->conf.max_live + row->slot;

	assert(row->slot < st->conf.max_live && row->c.uid != 0);
	if (st->records.rec[ref].uid && st->records.rec[ref].uid != row->c.uid)
		slot_abandon(st, ref);
	return ref;
}

/* Had it ended before store_reset? Then it is not counted, unless that ending is withdrawn. */
static bool is_before_reset(const struct store *st, uint32_t ref, const struct connection *c)
{
	const struct record *rec = &st->records.rec[ref];

	return rec->uid && rec->conversation == RECORD_NONE && c->ending != ENDING_NONE;
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
	const struct record *rec = &st->records.rec[ref];
	struct connection c;

	if (!rec->uid || rec->conversation == RECORD_NONE)
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
	talk_add_one(&st->talks, rec->conversation, COUNTER_TIME_WAIT, -1);
	st->totals.n[COUNTER_TIME_WAIT]--;
}

void store_time_wait_over(void *arg, uint32_t who, bool has_slot)
{
	struct store *st = arg;

	st->version++;
	if (has_slot) {
		slot_time_wait_over(st, who);
		return;
	}
	st->totals.n[COUNTER_TIME_WAIT]--;
	talk_add_one(&st->talks, who, COUNTER_TIME_WAIT, -1);
	talk_release(&st->talks, who);
}

static void count_slot(struct store *st, uint32_t ref, const struct connection *c)
{
	struct account was;

	st->records.rec[ref].conversation = recount(st, ref, c, &was);
	if (in_time_wait(c) && !(was.counted && in_time_wait(&was.c)))
		timewait_watch(st, ref, c);
}

void store_recount_slot(struct store *st, uint32_t ref)
{
	struct record *rec = &st->records.rec[ref];
	struct connection c;

	if (!rec->uid)
		return;
	rec->conversation = RECORD_NONE;
	record_get(&st->records, ref, &c);
	if (c.ending == ENDING_NONE)
		count_slot(st, ref, &c);
}

static void apply_live(struct store *st, uint32_t shard, const struct row *row)
{
	struct store_shard *sh = &st->shard[shard];
	uint32_t ref = slot_of(st, shard, row);
	struct connection c = row->c;

	if (in_time_wait(&c) && timewait_over(&st->timewait, c.time_wait_until))
		close_time_wait(&c);
	if (!st->records.rec[ref].uid)
		st->live++;
	if (row->slot >= sh->slots)
		sh->slots = row->slot + 1;
	if (!is_before_reset(st, ref, &c))
		count_slot(st, ref, &c);
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
	if (st->records.rec[ref].uid)
		st->forgotten++;
	else
		st->ended++;
	record_set(&st->records, ref, c);
}

/* What was seen of a connection while it lived stays when it has ended. */
static void trail_final(struct store *st, uint64_t uid)
{
	const struct trail *t = trails_find(&st->trails_live, uid);

	if (!t)
		return;
	trails_put(&st->trails_ended, t);
	trails_drop(&st->trails_live, uid);
}

static void apply_final(struct store *st, uint32_t shard, const struct row *row)
{
	uint32_t ref = slot_of(st, shard, row), talk;
	struct connection c = row->c;
	struct account was;
	bool ignore = is_before_reset(st, ref, &c), wait;

	wait = in_time_wait(&c) && timewait_room(&st->timewait, c.time_wait_until);
	if (!wait)
		close_time_wait(&c);
	talk = ignore ? RECORD_NONE : recount(st, ref, &c, &was);
	if (st->records.rec[ref].uid) {
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
	return st->records.rec[*ref].uid != 0;
}

static void apply_late(struct store *st, uint32_t shard, const struct row *row)
{
	struct connection old, c;
	struct counters diff, was;
	uint32_t ref, talk;

	if (log_has(st, &st->shard[shard], row->eseq, &ref)) {
		store_get(st, ref, &old);
		c = old;
		connection_add(&c, &row->c);
		counters_of_packets(&old, &was);
		counters_of_packets(&c, &diff);
		counters_subtract(&diff, &was);
		talk = talk_obtain_late(&st->talks, &old);
		booking_packets(st, talk, &old, &c);
		record_set(&st->records, ref, &c);
	} else {
		counters_of_packets(&row->c, &diff);
		talk = talk_obtain_late(&st->talks, &row->c);
		booking_packets(st, talk, NULL, &row->c);
	}
	totals_and_talk(st, talk, &diff);
	talk_release(&st->talks, talk);
}

/* --- Blocks -------------------------------------------------------------------------------------- */

static void apply_row(struct store *st, uint32_t shard, const struct row *row)
{
	if (row->c.start != 0 && (st->first == 0 || row->c.start < st->first))
		st->first = row->c.start;
	switch ((enum row_what)row->what) {
	case ROW_LIVE:
		apply_live(st, shard, row);
		break;
	case ROW_FINAL:
		apply_final(st, shard, row);
		break;
	case ROW_LATE:
		apply_late(st, shard, row);
		break;
	}
}

static void apply_trail(struct store *st, const struct row *row, const struct trail *trail)
{
	trails_put(row->what == ROW_LIVE ? &st->trails_live : &st->trails_ended, trail);
}

/* Rows ahead whose memory is fetched while this one is worked on: each step needs what the one before fetched. */
enum { FAR = 6, NEAR = 4, NEXT = 2 };

static void fetch_record(const struct store *st, uint32_t ref)
{
	__builtin_prefetch(&st->records.rec[ref], 1);
	__builtin_prefetch(st->records.rec[ref].body + 64, 1);
}

static void fetch_far(const struct store *st, uint32_t shard, const struct row *row)
{
	const struct store_shard *sh = &st->shard[shard];

	if (row->slot < st->conf.max_live)
		fetch_record(st, shard * st->conf.max_live + row->slot);
	if (row->what != ROW_LIVE && sh->log_max)
		fetch_record(st, sh->log + (uint32_t)(row->eseq % sh->log_max));
	record_fetch(&st->records, row->c.uid);
}

/* The conversation of a row, where its record knows it. */
static bool known_talk(const struct store *st, uint32_t shard, const struct row *row, uint32_t *talk)
{
	const struct record *rec;

	if (row->slot >= st->conf.max_live)
		return false;
	rec = &st->records.rec[shard * st->conf.max_live + row->slot];
	*talk = rec->conversation;
	return rec->uid == row->c.uid && rec->conversation != RECORD_NONE;
}

static void fetch_near(const struct store *st, uint32_t shard, const struct row *row)
{
	uint32_t talk;

	if (known_talk(st, shard, row, &talk))
		talk_fetch(&st->talks, talk);
	else
		talk_fetch_bucket(&st->talks, &row->c);
}

static void fetch_next(const struct store *st, uint32_t shard, const struct row *row)
{
	uint32_t talk;

	if (known_talk(st, shard, row, &talk))
		series_fetch(&st->talks.series, *talk_series(&st->talks, talk));
	else
		talk_fetch_first(&st->talks, &row->c);
}

static void fetch_ahead(const struct store *st, const struct block *b, uint32_t i)
{
	if (i + FAR < b->rows)
		fetch_far(st, b->shard, &b->row[i + FAR]);
	if (i + NEAR < b->rows)
		fetch_near(st, b->shard, &b->row[i + NEAR]);
	if (i + NEXT < b->rows)
		fetch_next(st, b->shard, &b->row[i + NEXT]);
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
	uint32_t trails = 0;

	assert(b->shard < st->conf.shards && b->rows <= BLOCK_ROWS);
	for (uint32_t i = 0; i < b->rows; i++) {
		fetch_ahead(st, b, i);
		apply_row(st, b->shard, &b->row[i]);
		if (b->row[i].has_trail && trails < b->trails)
			apply_trail(st, &b->row[i], &b->trail[trails++]);
	}
	if (b->now > st->now)
		st->now = b->now;
	if (b->stats_valid) {
		sh->stats = b->stats;
		findings_stats_all(st);
	}
	if (b->pass_complete)
		pass(st, sh, b->now);
	sh->input_ended |= b->input_ended;
	st->version++;
}
