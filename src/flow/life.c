#include "config.h"

#include "flow/life.h"

#include <string.h>

#include "flow/state.h"
#include "flow/trail.h"
#include "flow/verdict.h"

#define REOPEN_SETUP (130 * NS_PER_SEC) /* Linux sends its last SYN this long after the first */
#define HOLD (60 * NS_PER_SEC)		/* late packets are expected for this long */
#define RETRY (100 * NS_PER_MS)

_Static_assert(HOLD >> 30 < TOMB_LEFT_MOST / 2,
	"tombstones can say so, and chunks of them need not be short");

/* The one that is missed least: ended, then never established, then the longest idle of a few. */
static struct flow *victim(struct engine *e)
{
	struct flows *t = &e->flows;

	if (t->class[CLASS_ENDED].n)
		return flows_flow(t, t->class[CLASS_ENDED].head);
	if (t->class[CLASS_SETUP].n)
		return flows_flow(t, t->class[CLASS_SETUP].head);
	return flows_idle(t);
}

static bool make_room(struct engine *e)
{
	struct flow *f = victim(e);

	if (!f)
		return false;
	if (!f->ending) {
		f->flags |= FLOW_EVICTED;
		e->stats.evicted++;
	}
	return life_end(e, f, WHEN_IDLE);
}

struct flow *life_open(struct engine *e, const struct pkt *p, int sender_side, enum client_by by,
	enum origin origin)
{
	struct tuple t = sender_side == SERVER ? tuple_reversed(&p->tuple) : p->tuple;
	struct flow *f = flows_add(&e->flows, &t, p->hash);
	int i;

	if (!f && make_room(e))
		f = flows_add(&e->flows, &t, p->hash);
	if (!f) {
		e->stats.dropped[DROP_TABLE_FULL]++;
		return NULL;
	}
	f->uid = ((uint64_t)e->conf.shard << 56) | e->next_uid++;
	f->start = f->last = p->ts;
	f->heard = e->now;
	f->client_by = (uint8_t)by;
	f->origin = (uint8_t)origin;
	f->rst_side = f->first_fin = 2;
	f->hs_srv_us = f->hs_clt_us = UINT32_MAX;
	f->vlan = p->vlan;
	f->tunnel = p->tunnel;
	f->source = p->source;
	f->generation = 1;
	f->deadline = INT64_MAX;
	for (i = 0; i < 2; i++)
		f->half[i].wscale = 0xff;
	if (by == BY_SYN && origin == ORIGIN_ATTEMPT && beats_call(e->beats, &t, p->ts))
		f->flags |= FLOW_PERIODIC;
	f->trail = trail_take(&e->trails);
	return f;
}

static unsigned world(const struct engine *e)
{
	unsigned when = 0;

	if (e->one_way_n >= 20 && e->one_way_sum * 2 > e->one_way_n)
		when |= WHEN_ONE_WAY;
	if (e->source.kernel_drops || e->source.interface_drops)
		when |= WHEN_CAPTURE_LOSS;
	return when;
}

void life_judge(struct engine *e, struct flow *f, unsigned when, int64_t at)
{
	unsigned around = world(e);
	struct verdict v = verdict_of(f, when | around), without;

	if (!v.ending) {
		/*
		 * What silence decided falls when the connection speaks, not by a RST or ICMP error
		 * that means nothing.
		 */
		if (f->ending && !(f->flags & FLOW_SILENT))
			life_withdraw(e, f);
		return;
	}
	if (around & WHEN_CAPTURE_LOSS)
		f->flags |= FLOW_CAPTURE_LOSS;
	without = when ? verdict_of(f, around) : v;
	if (f->flags & FLOW_SILENT && without.ending)
		f->ended = 0; /* now it was seen */
	f->flags &= ~(uint32_t)FLOW_SILENT;
	if (!without.ending)
		f->flags |= FLOW_SILENT;
	f->ending = v.ending;
	f->confidence = v.confidence;
	f->rule = v.rule;
	if (!f->ended)
		f->ended = at;
	if (f->class != CLASS_ENDED)
		flows_set_class(&e->flows, f, CLASS_ENDED);
	flows_touch(&e->flows, f);
}

void life_withdraw(struct engine *e, struct flow *f)
{
	f->ending = ENDING_NONE;
	f->confidence = CONFIDENCE_NONE;
	f->rule = 0;
	f->ended = 0;
	f->flags &= ~(uint32_t)(FLOW_SILENT | FLOW_TIMED_OUT);
	flows_set_class(&e->flows, f, f->flags & FLOW_ESTABLISHED ? CLASS_LIVE : CLASS_SETUP);
	flows_touch(&e->flows, f);
}

/* The server did not act as one that has its client's answer. The flags are asked first: they are at hand. */
static bool taken_late(const struct flow *f)
{
	const struct half *s = &f->half[SERVER];

	return f->flags & FLOW_TAKEN_LATE && !(s->flags & HALF_PROGRESS) &&
	       f->rare->odd[SERVER].synack_late >= SYNACK_LATE;
}

static int64_t due_of_open(const struct engine *e, const struct flow *f)
{
	const struct half *c = &f->half[CLIENT], *s = &f->half[SERVER];
	bool fin_c = c->flags & HALF_FIN, fin_s = s->flags & HALF_FIN;
	int64_t gap = 2 * (int64_t)f->retr_gap_us * NS_PER_US;

	if (verdict_stuck(f, CLIENT) || verdict_stuck(f, SERVER))
		return f->heard + (gap > e->conf.vanished ? gap : e->conf.vanished);
	if (!(f->flags & FLOW_ESTABLISHED) && f->origin == ORIGIN_ATTEMPT)
		return f->heard + e->conf.unanswered;
	if (taken_late(f))
		return f->heard + e->conf.unanswered;
	if (fin_c && fin_s)
		return f->heard + e->conf.linger;
	if (fin_c != fin_s && fin_acked(f, fin_c ? CLIENT : SERVER))
		return f->heard + e->conf.half_closed;
	return f->heard + e->conf.idle;
}

int64_t life_due(const struct engine *e, const struct flow *f)
{
	int64_t hold;

	if (f->flags & FLOW_PROVISIONAL)
		return f->heard + e->conf.linger;
	if (!f->ending)
		return due_of_open(e, f);
	if (f->flags & FLOW_SILENT)
		hold = f->flags & FLOW_ESTABLISHED || f->origin != ORIGIN_ATTEMPT ? e->conf.idle
										  : REOPEN_SETUP;
	else if (e->flows.class[CLASS_ENDED].n > e->ended_keep)
		hold = e->conf.linger;
	else
		hold = f->ending == ENDING_STRAY_RESET ? e->conf.idle : HOLD;
	return f->heard + hold;
}

void life_arm(struct engine *e, struct flow *f)
{
	flows_arm(&e->flows, f, life_due(e, f));
}

static unsigned when_of_open(const struct flow *f)
{
	const struct half *c = &f->half[CLIENT], *s = &f->half[SERVER];

	if (verdict_stuck(f, CLIENT) || verdict_stuck(f, SERVER))
		return WHEN_VANISHED;
	if (!(f->flags & FLOW_ESTABLISHED) && f->origin == ORIGIN_ATTEMPT)
		return WHEN_SETUP_OVER;
	if (taken_late(f))
		return WHEN_SETUP_OVER;
	if (c->flags & s->flags & HALF_FIN)
		return WHEN_SETTLED;
	if ((c->flags | s->flags) & HALF_FIN)
		return WHEN_HALF_CLOSED;
	return WHEN_IDLE;
}

bool life_timer(struct engine *e, struct flow *f)
{
	int64_t due = life_due(e, f);
	unsigned when;

	if (due > e->now) {
		flows_arm(&e->flows, f, due);
		return true;
	}
	if (f->flags & FLOW_PROVISIONAL) {
		rst_confirm(f);
		life_judge(e, f, 0, f->start + rel_ns(f->t_rst));
	} else if (f->ending) {
		if (life_end(e, f, 0))
			return false;
		flows_arm(&e->flows, f, e->now + RETRY);
		return true;
	} else {
		when = when_of_open(f);
		life_judge(e, f, when, due - e->skew);
		if (!f->ending) {
			f->flags |= FLOW_TIMED_OUT;
			life_judge(e, f, WHEN_IDLE, due - e->skew);
		}
	}
	life_arm(e, f);
	return true;
}

static void bury(struct engine *e, const struct flow *f, uint64_t eseq)
{
	const struct half *c = &f->half[CLIENT], *s = &f->half[SERVER];
	bool high;
	struct tomb t = {
		.id = tomb_id(&f->tuple, &high),
		.hash = f->hash,
		.isn = {c->isn, s->isn},
		.nxt = {c->nxt, s->nxt},
		.generation = f->generation,
		.isn_known = (c->flags & HALF_ISN ? 1 : 0) | (s->flags & HALF_ISN ? 2 : 0),
		.nxt_known = (c->flags & (HALF_SEEN | HALF_ISN) ? 1 : 0) |
			     (s->flags & (HALF_SEEN | HALF_ISN) ? 2 : 0),
		.fins = (c->flags & HALF_FIN ? 1 : 0) | (s->flags & HALF_FIN ? 2 : 0),
		.rsts = (f->rare->odd[CLIENT].rst ? 1 : 0) | (f->rare->odd[SERVER].rst ? 2 : 0),
	};

	t.client_high = high;
	tombs_add(&e->tombs, &t, eseq,
		&(struct tomb_times){.now = e->now,
			.start = f->start,
			.until = tomb_second(f->heard + HOLD)});
}

bool life_end(struct engine *e, struct flow *f, unsigned when)
{
	bool with_trail = trail_has(&e->trails, f);
	struct row *row = engine_row(e, with_trail);

	if (!row)
		return false;
	if (f->flags & FLOW_PROVISIONAL)
		rst_confirm(f);
	if (!f->ending || f->flags & FLOW_PROVISIONAL)
		life_judge(e, f, when | WHEN_IDLE, when & WHEN_REPLACED ? e->now - e->skew : f->last);
	row->eseq = e->next_eseq++;
	engine_put(e, f, row, ROW_FINAL, with_trail);
	bury(e, f, row->eseq);
	trail_give(&e->trails, f->trail);
	f->trail = NIL;
	if (e->watch == f->uid)
		e->watch = 0;
	flows_release(&e->flows, f);
	return true;
}

/* The SYN that waited belongs to the generation it opened. */
static void inherit_pending(struct flow *f, int side, const struct pending *syn)
{
	struct half *x = &f->half[side];

	f->start = syn->first;
	f->last = syn->last;
	x->flags |= HALF_ISN | HALF_SEEN;
	x->isn = syn->isn;
	x->nxt = syn->isn + 1 + syn->len;
	x->packets = syn->count;
	flow_count_up(f, side, COUNT_SYN, syn->count);
	x->uniq[UNIQ_SYN] = 1;
	x->win = syn->win;
	x->wscale = syn->wscale;
	x->ttl = syn->ttl;
	x->t_last = x->t_syn_last = rel_of(syn->last - syn->first);
	x->bytes = syn->len;
	x->history |= UINT32_C(1) << ('s' - 'a');
	f->history[f->history_len++] = side == CLIENT ? 'S' : 's';
	if (syn->count > 1)
		f->flags |= FLOW_HS_KARN;
}

struct flow *life_succeed(struct engine *e, struct flow *f, const struct pkt *p, int sender_side,
	enum client_by by, enum origin origin)
{
	uint32_t flags = f->flags;
	uint16_t generation = f->generation;
	struct pending syn = f->rare->pending;
	struct flow *new;

	f->flags &= ~(uint32_t)FLOW_PENDING;
	if (!f->ending)
		f->flags |= FLOW_REPLACED;
	if ((p->flags & (TCP_SYN | TCP_ACK)) != TCP_SYN) /* it was taken up, or refused anew */
		f->flags &= ~(uint32_t)FLOW_PORTS_HELD;
	if (!life_end(e, f, WHEN_REPLACED)) {
		f->flags = flags; /* no room for its row: it stays as it was */
		e->stats.dropped[DROP_TABLE_FULL]++;
		return NULL;
	}
	new = life_open(e, p, sender_side, by, origin);
	if (!new)
		return NULL;
	new->generation = saturating_up(generation);
	new->flags |= FLOW_PORT_REUSE;
	if (flags & FLOW_PENDING)
		/* The pending SYN's sender is the client of the new one. */
		inherit_pending(new, CLIENT, &syn);
	return new;
}

void life_flip(struct engine *e, struct flow *f)
{
	struct half h;
	const size_t own = offsetof(struct half, of_flow);
	int i;

	f->tuple = tuple_reversed(&f->tuple);
	memcpy(&h, &f->half[0], own);
	memcpy(&f->half[0], &f->half[1], own);
	memcpy(&f->half[1], &h, own);
	if (f->rst_side <= SERVER)
		f->rst_side = !f->rst_side;
	if (f->first_fin <= SERVER)
		f->first_fin = !f->first_fin;
	if (flow_has_rare(f)) {
		struct odd o = f->rare->odd[0];

		f->rare->odd[0] = f->rare->odd[1];
		f->rare->odd[1] = o;
		f->rare->pending.side = !f->rare->pending.side;
	}
	for (i = 0; i < f->history_len; i++)
		if (f->history[i] != '~')
			f->history[i] ^= 0x20;
	if (f->trail != NIL)
		trail_flip(&e->trails, f->trail);
}

void life_count_one_way(struct engine *e, const struct flow *f)
{
	uint8_t one = verdict_one_side(f);

	if (e->one_way_n < ONE_WAY_RING)
		e->one_way_n++;
	else
		e->one_way_sum -= e->one_way[e->one_way_at];
	e->one_way[e->one_way_at] = one;
	e->one_way_sum += one;
	e->one_way_at = (e->one_way_at + 1) % ONE_WAY_RING;
	e->stats.one_way = e->one_way_sum;
}
