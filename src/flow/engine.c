/* The engine's outside: batches in, rows out, time. */
#include "config.h"

#include "flow/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flow/life.h"
#include "flow/snapshot.h"
#include "flow/verdict.h"
#include "util/err.h"
#include "util/mem.h"

#define JUMP_BACK (10 * NS_PER_SEC) /* less is reordering, more is a clock that was set */
#define JUMP_AHEAD (24 * 3600 * NS_PER_SEC) /* no capture is silent for so long: the clock was set */
#define DUE_LIVE 128 /* flows whose timers are looked at in one call */
#define WATCH_STEP 512 /* flows among which the one that is watched is looked for at a time */
#define STAGE 32 /* packets whose memory is fetched together */
#define AHEAD 16 /* connections, the same */
#define ENDED_KEEP 16384 /* more than that end within seconds, and 2 s is what most late packets take */

static int64_t or_default(int64_t given, int64_t standard)
{
	return given > 0 ? given : standard;
}

struct engine *engine_new(const struct engine_conf *conf, const struct outlet *outlet, struct err *err)
{
	struct engine *e = mem_alloc(sizeof(*e));
	struct engine_conf *c = &e->conf;

	*c = *conf;
	e->outlet = *outlet;
	c->linger = or_default(c->linger, 2 * NS_PER_SEC);
	c->idle_reset = or_default(c->idle_reset, 30 * NS_PER_SEC);
	c->unanswered = or_default(c->unanswered, 20 * NS_PER_SEC);
	c->vanished = or_default(c->vanished, 10 * NS_PER_SEC);
	c->half_closed = or_default(c->half_closed, 60 * NS_PER_SEC);
	c->idle = or_default(c->idle, 900 * NS_PER_SEC);
	c->time_wait = or_default(c->time_wait, 60 * NS_PER_SEC);
	if (c->max_connections < 16)
		c->max_connections = 16;
	if (!c->max_tombstones)
		c->max_tombstones = c->max_connections;
	e->ended_keep = c->max_connections / 4 < ENDED_KEEP ? c->max_connections / 4 : ENDED_KEEP;
	e->next_uid = 1;
	e->hosts = hosts_new();
	e->beats = beats_new();
	e->rst = (struct rst_conf){c->idle_reset, e->hosts};
	if (e->hosts && e->beats && tombs_init(&e->tombs, c->max_tombstones) &&
		flows_init(&e->flows, c->max_connections, &e->tombs.index) &&
		trails_open(&e->trails, c->max_trails))
		return e;
	err_set_errno(err, ENOMEM, "no address space for %u connections", c->max_connections);
	engine_free(e);
	return NULL;
}

size_t engine_bytes(const struct engine_conf *conf)
{
	const struct engine *e = NULL;
	uint64_t tombs = conf->max_tombstones ? conf->max_tombstones : conf->max_connections;

	return conf->max_connections *
		       (sizeof(e->flows.flow[0]) + sizeof(struct rare) + sizeof(e->flows.queue[0]) + sizeof(e->flows.spare[0])) +
	       wheel_bytes(conf->max_connections) + index_bytes(conf->max_connections) + tombs_bytes(tombs) +
	       trails_pool_bytes(conf->max_trails);
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	if (e->out)
		e->outlet.give(e->outlet.arg, e->out);
	flows_fini(&e->flows);
	tombs_fini(&e->tombs);
	hosts_free(e->hosts);
	beats_free(e->beats);
	trails_close(&e->trails);
	mem_free(e);
}

static void give(struct engine *e, bool complete, bool ended)
{
	struct block *b = e->out;

	if (!b)
		return;
	b->shard = e->conf.shard;
	b->now = e->now - e->skew;
	b->pass_complete = complete;
	b->input_ended = ended;
	b->stats_valid = true;
	b->stats = e->stats;
	capture_stats_add(&b->stats, &e->source);
	e->out = NULL;
	e->outlet.give(e->outlet.arg, b);
}

static bool have_block(struct engine *e)
{
	if (!e->out) {
		e->out = e->outlet.take(e->outlet.arg);
		if (e->out)
			e->out->rows = e->out->trails = 0;
	}
	return e->out != NULL;
}

struct row *engine_row(struct engine *e, bool with_trail)
{
	struct row *row;

	if (e->out && (e->out->rows == BLOCK_ROWS || (with_trail && e->out->trails == BLOCK_TRAILS)))
		give(e, false, false);
	if (!have_block(e))
		return NULL;
	row = &e->out->row[e->out->rows];
	row->has_trail = 0;
	row->unmade = 0;
	row->eseq = 0;
	return row;
}

bool engine_emit(struct engine *e, struct flow *f)
{
	bool with_trail = (f->uid == e->watch || e->finishing) && f->trail != NIL;
	struct row *row = engine_row(e, with_trail);

	if (!row)
		return false;
	row->what = ROW_LIVE;
	row->slot = flows_slot(&e->flows, f);
	row->has_trail = with_trail;
	snapshot_row(f, e->now - e->skew, e->conf.time_wait, e->conf.unmade_rows, row);
	if (with_trail)
		trail_copy(&e->trails, f->trail, f->uid, &e->out->trail[e->out->trails++]);
	e->out->rows++;
	f->flags &= ~(uint32_t)FLOW_DIRTY;
	return true;
}

/* Rows of connections that have left the table, which got packets since. */
static bool emit_lates(struct engine *e)
{
	uint32_t done = 0;

	while (done < e->lates) {
		struct row *row = engine_row(e, false);

		if (!row)
			break;
		row->what = ROW_LATE;
		row->slot = NIL;
		row->eseq = e->late[done].eseq;
		row->c = e->late[done].c;
		e->out->rows++;
		done++;
	}
	e->lates -= done;
	memmove(e->late, e->late + done, e->lates * sizeof(e->late[0]));
	return !e->lates;
}

static bool publish_changed(struct engine *e, size_t budget)
{
	struct flow *f;

	for (size_t i = 0; budget && e->flows.queued; i++) {
		if (!have_block(e))
			return false;
		if (i % AHEAD == 0)
			flows_fetch_changed(&e->flows, AHEAD);
		f = flows_next_changed(&e->flows);
		if (!f)
			break;
		if (!engine_emit(e, f)) {
			flows_touch(&e->flows, f);
			return false;
		}
		budget--;
	}
	if (budget && have_block(e))
		give(e, e->flows.queued == 0, false);
	return e->flows.queued == 0;
}

/* The connection that somebody looks at is handed over once more, for its trail. False: looked at some, not found yet. */
static bool find_watched(struct engine *e)
{
	uint32_t end = e->flows.fresh, some = e->watch_at + WATCH_STEP;

	for (; e->seeking && e->watch_at < end && e->watch_at < some; e->watch_at++) {
		struct flow *f = flows_flow(&e->flows, e->watch_at);

		if (!(f->flags & FLOW_USED) || f->uid != e->watch)
			continue;
		flows_touch(&e->flows, f);
		e->seeking = false;
	}
	e->seeking = e->seeking && e->watch_at < end;
	return !e->seeking;
}

bool engine_publish(struct engine *e, size_t budget)
{
	bool found;

	if (!emit_lates(e))
		return false;
	if (e->conf.final_only)
		return true;
	found = find_watched(e);
	return publish_changed(e, budget) && found;
}

/* Time moves to ts, or stays where it is when the packets' clock steps back. */
static void advance(struct engine *e, int64_t ts)
{
	int64_t t = ts + e->skew;
	struct flow *f;

	if (e->now && t - e->now > JUMP_AHEAD) {
		e->skew -= t - e->now;
		t = e->now;
		e->stats.time_jumps++;
	}
	if (t < e->now) {
		e->stats.time_backwards++;
		if (e->now - t <= JUMP_BACK)
			return;
		e->skew += e->now - t;
		e->stats.time_jumps++;
		return;
	}
	e->now = t;
	while ((f = flows_due(&e->flows, t, &e->due_left)))
		life_timer(e, f);
}

/* The same for packets: nearly always time goes on, and nothing is due. */
static inline void advance_a_little(struct engine *e, int64_t ts)
{
	int64_t t = ts + e->skew;

	if (t >= e->now && t - e->now <= JUMP_AHEAD && !flows_may_be_due(&e->flows, t))
		e->now = t;
	else
		advance(e, ts);
}

/*
 * What the packets will touch is read for all of them before the first is worked on: so the cache misses of one
 * overlap those of the others. Read, not only asked for: where the address itself must be looked up, a prefetch is
 * often in vain.
 */
static void fetch_index(const struct engine *e, const struct pkt *pkt, size_t n, const struct bucket **bucket)
{
	for (size_t i = 0; i < n; i++) {
		bucket[i] = index_bucket(&e->flows.index, pkt[i].hash);
		mem_read(bucket[i]);
	}
}

/* found[i] is most likely the flow of pkt[i], or NULL. What is far away is read in one row, with nothing between. */
static void fetch_flows(const struct engine *e, const struct pkt *pkt, size_t n, const struct bucket **bucket,
	struct flow **found)
{
	const void *far[4 * STAGE];
	size_t wanted = 0;
	uint32_t opened = 0;

	for (size_t i = 0; i < n; i++) {
		struct index_place at = index_place_in(bucket[i], pkt[i].hash);
		uint32_t ref = index_next(&e->flows.index, &at, pkt[i].hash);

		found[i] = NULL;
		if (ref) {
			found[i] = flows_flow(&e->flows, ref - 1);
			far[wanted++] = &found[i]->flags;
		}
		if (!(pkt[i].flags & TCP_SYN))
			continue;
		far[wanted++] = hosts_place(e->hosts, &pkt[i].tuple.addr[0]);
		if (!found[i]) {
			far[wanted++] = index_bucket(&e->tombs.index, pkt[i].hash);
			far[wanted++] = beats_place(e->beats, &pkt[i].tuple);
			far[wanted++] = flows_spare(&e->flows, opened++);
		}
	}
	for (size_t i = 0; i < wanted; i++)
		mem_read(far[i]);
	while (opened)
		flow_read_rest(flows_spare(&e->flows, --opened));
}

/* What plain.c will touch of each, which is less while it is open and under way than when it begins or ends. */
static void fetch_lines(const struct engine *e, const struct pkt *pkt, size_t n, struct flow *const *found)
{
	const uint32_t known = (uint32_t)FLOW_TTL_KNOWN << SERVER | (uint32_t)FLOW_TTL_KNOWN << CLIENT;

	for (size_t i = 0; i < n; i++) {
		const struct flow *f = found[i];

		if (!f)
			continue;
		mem_read(&f->start);
		mem_read(&f->half[0]);
		mem_read(&f->half[1]);
		if (!(f->flags & FLOW_UNDER_WAY) && (f->flags & known) != known)
			mem_read(hosts_place(e->hosts, &pkt[i].tuple.addr[0]));
		if (!(pkt[i].flags & (TCP_SYN | TCP_FIN | TCP_RST)) &&
			(f->flags & (FLOW_ESTABLISHED | FLOW_CLOSING)) == FLOW_ESTABLISHED)
			continue;
		mem_read(&f->half[SERVER].isn);
		if (!(pkt[i].flags & TCP_SYN))
			mem_read(&f->half[CLIENT].isn);
	}
}

static void fetch_trails(const struct engine *e, size_t n, struct flow *const *found)
{
	for (size_t i = 0; i < n; i++)
		if (found[i])
			mem_read(&found[i]->trail);
	for (size_t i = 0; i < n; i++)
		if (found[i] && found[i]->trail != NIL) {
			const struct trail_kept *k = &e->trails.kept[found[i]->trail];

			mem_read(&k->last);
			mem_read(&k->n);
		}
}

/* A tick of the wheel may hold thousands. A file waits for them, a device does not: the next calls go on with them. */
static void limit_due(struct engine *e)
{
	e->due_left = e->conf.from_file ? UINT32_MAX : DUE_LIVE;
}

void engine_run(struct engine *e, const struct pkt *pkt, size_t n)
{
	limit_due(e);
	while (n) {
		size_t some = n < STAGE ? n : STAGE;
		const struct bucket *bucket[STAGE];
		struct flow *found[STAGE];

		fetch_index(e, pkt, some, bucket);
		fetch_flows(e, pkt, some, bucket, found);
		fetch_lines(e, pkt, some, found);
		if (e->conf.max_trails)
			fetch_trails(e, some, found);
		for (size_t i = 0; i < some; i++) {
			advance_a_little(e, pkt[i].ts);
			segment_run(e, &pkt[i], found[i]);
		}
		pkt += some;
		n -= some;
	}
}

bool engine_tick(struct engine *e, int64_t now)
{
	limit_due(e);
	if (now + e->skew > e->now)
		advance(e, now);
	return e->due_left > 0;
}

void engine_stats(struct engine *e, const struct capture_stats *stats)
{
	e->source = *stats;
}

void engine_watch(struct engine *e, uint64_t uid)
{
	e->watch = uid;
	e->watch_at = 0;
	e->seeking = uid != 0;
}

static void finish_flow(struct engine *e, struct flow *f)
{
	if (f->deadline <= e->now && !life_timer(e, f))
		return;
	if (f->flags & FLOW_PROVISIONAL) {
		rst_confirm(f);
		life_judge(e, f, 0, f->start + rel_ns(f->t_rst));
	}
	if (!f->ending) {
		f->flags |= FLOW_INPUT_ENDED;
		life_judge(e, f, WHEN_INPUT_ENDED, f->last);
		if (!f->ending)
			f->flags &= ~(uint32_t)FLOW_INPUT_ENDED;
	}
	flows_touch(&e->flows, f);
}

void engine_finish(struct engine *e)
{
	uint32_t i;

	e->finishing = true; /* nobody can ask for a trail later */
	for (i = 0; i < e->flows.fresh; i++) {
		struct flow *f = flows_flow(&e->flows, i);

		if (f->flags & FLOW_USED)
			finish_flow(e, f);
	}
	while (!emit_lates(e) || !publish_changed(e, SIZE_MAX))
		if (!have_block(e))
			return; /* nobody takes them any more */
	if (have_block(e))
		give(e, true, true);
}
