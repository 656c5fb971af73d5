/* The engine's outside: batches in, rows out, time. */
#include "config.h"

#include "flow/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flow/life.h"
#include "flow/snapshot.h"
#include "flow/unmade.h"
#include "flow/verdict.h"
#include "util/err.h"
#include "util/mem.h"

#define JUMP_BACK (10 * NS_PER_SEC) /* less is reordering, more is a clock that was set */
#define JUMP_AHEAD (24 * 3600 * NS_PER_SEC) /* no capture is silent for so long: the clock was set */
#define DUE_LIVE 128 /* flows whose timers are looked at in one call */
#define WATCH_STEP 512 /* flows among which the one that is watched is looked for at a time */
#define AHEAD 8 /* packets that are worked on while memory answers */
#define RING 32 /* packets under way, and some */
#define TRAIL_STEP (2 * AHEAD + AHEAD / 2)
#define TOGETHER 16 /* connections that are read together */
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
		       (sizeof(e->flows.flow[0]) + sizeof(struct rare) + sizeof(e->flows.queue[0]) +
			       sizeof(e->flows.spare[0])) +
	       wheel_bytes(conf->max_connections) + index_bytes(conf->max_connections, INDEX_QUICK) +
	       tombs_bytes(tombs) + trails_pool_bytes(conf->max_trails);
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

void engine_put(struct engine *e, const struct flow *f, struct row *row, enum row_what what, bool with_trail)
{
	int64_t now = e->now - e->skew;

	row->what = (uint8_t)what;
	row->slot = flows_slot(&e->flows, f);
	row->has_trail = with_trail;
	if (e->conf.unmade_rows && !flow_has_rare(f))
		unmade_put(f, now, e->conf.time_wait, row);
	else
		snapshot(f, now, e->conf.time_wait, &row->c);
	if (with_trail)
		trail_copy(&e->trails, f->trail, f->uid, &e->out->trail[e->out->trails++]);
	e->out->rows++;
}

bool engine_emit(struct engine *e, struct flow *f)
{
	bool with_trail = (f->uid == e->watch || e->finishing) && f->trail != NIL;
	struct row *row = engine_row(e, with_trail);

	if (!row)
		return false;
	engine_put(e, f, row, ROW_LIVE, with_trail);
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
		if (i % TOGETHER == 0)
			flows_fetch_changed(&e->flows, TOGETHER);
		f = flows_next_changed(&e->flows);
		if (!f)
			break;
		if (!engine_emit(e, f)) {
			flows_touch(&e->flows, f);
			return false;
		}
		budget--;
	}
	if (e->flows.queued || !have_block(e))
		return false;
	give(e, true, false);
	return true;
}

/*
 * The connection that somebody looks at is handed over once more, for its trail. False: looked at
 * some, not found yet.
 */
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
 * What packets will touch is asked for some packets before they are worked on, in three steps of
 * which each needs what the one before has brought: the bucket of the index, the flow found there,
 * and what its flags say will be wanted. So the memory answers while other packets are worked on.
 * Asked for a few lines at a time between them: of a hundred at once a processor forgets all but
 * some twenty.
 */
struct ahead {
	const struct pkt *pkt;
	const struct bucket *bucket[RING];
	struct flow *found[RING]; /* most likely the flow of that packet, or NULL */
	uint32_t opening; /* of those under way so many will most likely open one */
};

static void ask_index(const struct engine *e, struct ahead *a, size_t i)
{
	const struct bucket *b = index_bucket(&e->flows.index, a->pkt[i].hash);

	a->bucket[i % RING] = b;
	mem_ask(b);
}

/* A SYN that nobody has the tuple of: most likely it opens a connection. */
static void ask_for_new(const struct engine *e, struct ahead *a, const struct pkt *p)
{
	mem_ask(index_bucket(&e->tombs.index, p->hash));
	mem_ask(beats_place(e->beats, &p->tuple));
	mem_ask_all(flows_spare(&e->flows, a->opening++), sizeof(struct flow));
}

static void ask_flow(const struct engine *e, struct ahead *a, size_t i)
{
	const struct pkt *p = &a->pkt[i];
	struct index_place at = index_place_in(a->bucket[i % RING], p->hash);
	uint32_t ref = index_next(&e->flows.index, &at, p->hash);
	struct flow *f = ref ? flows_flow(&e->flows, ref - 1) : NULL;

	a->found[i % RING] = f;
	if (f) {
		mem_ask(&f->flags);
		mem_ask(&f->start);
		mem_ask(&f->half[0]);
		mem_ask(&f->half[1]);
	} else if (p->flags & TCP_SYN) {
		ask_for_new(e, a, p);
	}
	if (p->flags & TCP_SYN)
		mem_ask(hosts_place(e->hosts, &p->tuple.addr[0]));
}

/* What plain.c will touch of it is less while it is open and under way than when it begins or ends. */
static void ask_rest(const struct engine *e, struct ahead *a, size_t i)
{
	const uint32_t known = (uint32_t)FLOW_TTL_KNOWN << SERVER | (uint32_t)FLOW_TTL_KNOWN << CLIENT;
	const struct pkt *p = &a->pkt[i];
	const struct flow *f = a->found[i % RING];
	bool traced;

	if (!f)
		return;
	traced = e->conf.max_trails && f->trail != NIL;
	if (p->flags & (TCP_SYN | TCP_FIN | TCP_RST) || traced ||
		(f->flags & (FLOW_ESTABLISHED | FLOW_CLOSING)) != FLOW_ESTABLISHED) {
		mem_ask(&f->half[SERVER].isn);
		mem_ask(&f->half[CLIENT].isn);
	}
	if (p->flags & TCP_RST)
		mem_ask_all(rares_next(&e->flows.rares), sizeof(struct rare));
	if (!(p->flags & TCP_SYN) && !(f->flags & FLOW_UNDER_WAY) && (f->flags & known) != known)
		mem_ask(hosts_place(e->hosts, &p->tuple.addr[0]));
	if (traced)
		trail_ask_kept(&e->trails, f->trail);
}

static void ask_trail(const struct engine *e, const struct ahead *a, size_t i)
{
	const struct flow *f = a->found[i % RING];

	if (f && f->trail != NIL)
		trail_ask(&e->trails, f->trail);
}

static void run(struct engine *e, struct ahead *a, size_t i)
{
	const struct pkt *p = &a->pkt[i];
	struct flow *f = a->found[i % RING];

	if (!f && p->flags & TCP_SYN)
		a->opening--;
	advance_a_little(e, p->ts);
	segment_run(e, p, f);
}

/*
 * A tick of the wheel may hold thousands. A file waits for them, a device does not: the next calls
 * go on with them.
 */
static void limit_due(struct engine *e)
{
	e->due_left = e->conf.from_file ? UINT32_MAX : DUE_LIVE;
}

void engine_run(struct engine *e, const struct pkt *pkt, size_t n)
{
	struct ahead a = {.pkt = pkt};

	limit_due(e);
	for (size_t i = 0; i < n + 3 * AHEAD; i++) {
		if (i < n)
			ask_index(e, &a, i);
		if (i >= AHEAD && i - AHEAD < n)
			ask_flow(e, &a, i - AHEAD);
		if (i >= 2 * AHEAD && i - 2 * AHEAD < n)
			ask_rest(e, &a, i - 2 * AHEAD);
		if (e->conf.max_trails && i >= TRAIL_STEP && i - TRAIL_STEP < n)
			ask_trail(e, &a, i - TRAIL_STEP);
		if (i >= 3 * AHEAD)
			run(e, &a, i - 3 * AHEAD);
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
