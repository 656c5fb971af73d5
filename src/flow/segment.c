/* One packet finds its connection and is applied to it. */
#include "config.h"

#include "flow/life.h"

#include <string.h>

#include "flow/plain.h"
#include "flow/trail.h"
#include "flow/track.h"
#include "flow/track_parts.h"
#include "flow/verdict.h"

static void take_syn_first(struct flow *f, int side, const struct pkt *p)
{
	struct half *x = &f->half[side];

	bool late = x->flags & HALF_PROGRESS; /* captured after what followed it */

	x->flags |= HALF_ISN | HALF_SEEN;
	x->isn = p->seq;
	x->wscale = p->wscale;
	if (p->len)
		x->flags |= HALF_FAST_OPEN;
	if (late && seq_before(p->seq + p->len, x->nxt)) {
		x->bytes += p->len;
		return;
	}
	x->nxt = p->seq + 1 + p->len;
	x->win = p->win;
	x->bytes = p->len;
}

static void take_synack(struct engine *e, struct flow *f, int side, const struct pkt *p, bool again)
{
	struct half *x = &f->half[side], *y = &f->half[!side];
	struct odd *o;

	track_history(f, side, 'h');
	track_ack(f, side, p);
	x->redge = p->ack + p->win;
	if (again) {
		f->flags |= FLOW_HS_KARN;
		if (!(y->flags & HALF_PROGRESS))
			return;
		o = flow_odd(f, side);
		o->synack_late = saturating_up(o->synack_late);
		/* Once, with nothing to accept, is TCP_DEFER_ACCEPT. */
		if (o->synack_late >= SYNACK_LATE || y->t_data)
			f->flags |= FLOW_TAKEN_LATE;
		return;
	}
	if (side == CLIENT)
		return; /* simultaneous open, split handshake: nobody's delay */
	f->t_synack = rel_of(p->ts - f->start);
	if (!(f->flags & FLOW_HS_KARN) && y->flags & HALF_ISN)
		f->hs_srv_us = delay_us(f->start, p->ts);
}

/* A SYN or SYN-ACK of this generation. */
static void take_syn(struct engine *e, struct flow *f, int side, const struct pkt *p)
{
	struct half *x = &f->half[side], *y = &f->half[!side];
	bool ack = p->flags & TCP_ACK, known = x->flags & HALF_ISN, again = x->n[COUNT_SYNACK] > 0;

	flow_count_up(f, side, COUNT_SYN, 1);
	x->t_syn_last = rel_of(p->ts - f->start);
	if (ack)
		flow_count_up(f, side, COUNT_SYNACK, 1);
	if (!known || (p->seq != x->isn && !(f->flags & FLOW_ESTABLISHED) && ack)) {
		take_syn_first(f, side, p);
		if (!ack && y->flags & HALF_ISN && !y->n[COUNT_SYNACK] && side == SERVER)
			f->flags |= FLOW_SIMULTANEOUS;
	} else if (!ack) {
		f->flags |= FLOW_HS_KARN;
	}
	if (ack) {
		take_synack(e, f, side, p, again);
		return;
	}
	track_history(f, side, 's');
	if (!known)
		flow_uniq_up(f, side, UNIQ_SYN);
}

/* p shows that both ends are in ESTABLISHED. */
static void establish(struct engine *e, struct flow *f, const struct pkt *p)
{
	f->flags |= FLOW_ESTABLISHED;
	f->t_est = rel_of(p->ts - f->start);
	if (f->t_synack && !(f->flags & FLOW_HS_KARN))
		f->hs_clt_us = delay_us(f->start + rel_ns(f->t_synack), p->ts);
	if (!f->ending)
		flows_set_class(&e->flows, f, CLASS_LIVE);
}

static void check_established(struct engine *e, struct flow *f, const struct pkt *p)
{
	struct half *c = &f->half[CLIENT], *s = &f->half[SERVER];

	if (f->flags & FLOW_ESTABLISHED || !(c->flags & HALF_PROGRESS) ||
		!(s->flags & (HALF_ISN | HALF_PROGRESS)))
		return;
	/* The client must have acknowledged the server's SYN, not some older connection's octets. */
	if (s->flags & HALF_ISN && !seq_before(s->isn, c->ack))
		return;
	/*
	 * After a reset that stands, a client's segment is late or a scanner's own; only the server
	 * can say it lives.
	 */
	if (was_reset(f) && !(s->flags & HALF_PROGRESS))
		return;
	establish(e, f, p);
}

static enum segment_note take_rst(struct engine *e, struct flow *f, int side, const struct pkt *p)
{
	track_history(f, side, 'r');
	switch (rst_take(f, side, p, &e->rst)) {
	case RST_IGNORED:
		return NOTE_IGNORED_RST;
	case RST_ACCEPTED:
	case RST_AGAIN:
	case RST_AFTER_CLOSE:
	case RST_WAITS:
		break;
	}
	life_judge(e, f, 0, p->ts);
	return NOTE_NONE;
}

/* *step: the connection may be due at another time than it was. */
static enum segment_note take_data(struct engine *e, struct flow *f, int side, const struct pkt *p, bool *step)
{
	bool was_silent = f->flags & FLOW_SILENT, stuck;
	unsigned found = track_segment(f, side, p);

	if (found & (TRACK_RETRANSMISSION | TRACK_PROBE)) {
		int64_t gap = (p->ts - f->last) / NS_PER_US;

		f->retr_gap_us = gap < 0 ? 0 : gap < UINT32_MAX ? (uint32_t)gap : UINT32_MAX;
	}
	if (f->origin == ORIGIN_OTHER && !(f->flags & FLOW_ILLEGAL)) {
		f->origin = ORIGIN_MIDSTREAM; /* after stray resets, a connection shows */
		found |= TRACK_EVENT;
	}
	if (f->rst_side <= SERVER &&
		rst_life(f, side, p, found & (TRACK_NEW | TRACK_ACK_MOVED | TRACK_FIN) ||
			f->flags & FLOW_PROVISIONAL)) {
		rst_undo(f);
		found |= TRACK_EVENT;
	}
	if (found & TRACK_EVENT)
		check_established(e, f, p);
	stuck = verdict_stuck(f, side);
	if (was_silent && f->ending)
		life_withdraw(e, f);
	if (found & TRACK_EVENT || f->ending || f->rst_side <= SERVER || !(f->flags & FLOW_ESTABLISHED))
		life_judge(e, f, 0, p->ts);
	*step = stuck || was_silent || found & TRACK_EVENT;
	if (found & TRACK_PROBE)
		return NOTE_KEEPALIVE;
	if (found & TRACK_RETRANSMISSION)
		return NOTE_RETRANSMISSION;
	return found & TRACK_OUT_OF_ORDER ? NOTE_OUT_OF_ORDER : NOTE_NONE;
}

/* The flags of a copy or of a segment that no state machine takes: counted, nothing more. */
static void count_flags(struct flow *f, int side, const struct pkt *p)
{
	struct half *x = &f->half[side];
	struct odd *o;
	reltime now = rel_of(p->ts - f->start);

	if (p->flags & TCP_SYN) {
		flow_count_up(f, side, COUNT_SYN, 1);
		x->t_syn_last = now;
		if (p->flags & TCP_ACK)
			flow_count_up(f, side, COUNT_SYNACK, 1);
	}
	if (p->flags & TCP_FIN) {
		flow_count_up(f, side, COUNT_FIN, 1);
		flow_odd(f, side)->t_fin_again = now;
	}
	if (p->flags & TCP_RST) {
		o = flow_odd(f, side);
		o->rst++;
		o->t_rst_last = now;
		if (!o->t_rst)
			o->t_rst = now;
	}
}

static void take_illegal(struct engine *e, struct flow *f, int side, const struct pkt *p)
{
	struct half *x = &f->half[side];
	bool step;

	count_flags(f, side, p);
	track_history(f, side, p->flags & TCP_SYN ? 'q' :
		(p->flags & (TCP_FIN | TCP_RST)) == TCP_FIN ? 'f' : 'i');
	if (!(x->flags & (HALF_SEEN | HALF_ISN))) {
		x->isn = p->seq;
		x->nxt = p->seq + p->len + (p->flags & TCP_SYN ? 1 : 0) + (p->flags & TCP_FIN ? 1 : 0);
		x->flags |= HALF_SEEN | (p->flags & TCP_SYN ? HALF_ISN : 0);
	}
	if (p->flags & TCP_FIN && !(p->flags & TCP_ACK) && !(f->flags & FLOW_ILLEGAL) &&
		!(p->flags & (TCP_SYN | TCP_RST))) {
		/* Some stacks leave ACK out of a FIN; inside a connection it is one all the same. */
		x->n[COUNT_FIN]--;
		take_data(e, f, side, p, &step);
		return;
	}
	life_judge(e, f, 0, p->ts);
}

/*
 * The same kind of event in another second than the one before it: the row as it was goes out
 * first, so that the time series can book both where they belong.
 */
static void split_steps(struct engine *e, struct flow *f, int side, const struct pkt *p)
{
	const struct half *x = &f->half[side];
	reltime before = 0;

	if (p->flags & TCP_RST)
		before = f->rare->odd[side].t_rst_last;
	else if (p->flags & TCP_SYN)
		before = x->t_syn_last;
	else if (p->flags & TCP_FIN)
		before = flow_fin_last(f, side);
	if (before && f->flags & FLOW_DIRTY &&
		(f->start + rel_ns(before)) / NS_PER_SEC != p->ts / NS_PER_SEC)
		engine_emit(e, f);
}

/* The first packets of a side tell how far away it is. */
static inline void see_ttl(struct engine *e, struct flow *f, int side, const struct pkt *p)
{
	uint32_t known = (uint32_t)FLOW_TTL_KNOWN << side;

	if (f->half[side].packets > 2 || p->flags & TCP_RST || p->tunnel ||
		(f->flags & known && p->ttl == f->half[side].ttl))
		return;
	if (hosts_see_ttl(e->hosts, &f->tuple.addr[side], p->ttl))
		f->flags |= known;
}

/* It was heard: whether from both sides, the trail, and whoever looks on. */
static inline void note_heard(struct engine *e, struct flow *f, int side, const struct pkt *p,
	enum segment_note note)
{
	if (f->half[0].packets + f->half[1].packets == 4 && !(f->flags & FLOW_ONE_WAY_COUNTED)) {
		f->flags |= FLOW_ONE_WAY_COUNTED;
		life_count_one_way(e, f);
	}
	if (f->trail != NIL)
		trail_add(&e->trails, f, side, p, note, e->now - e->skew, e->conf.time_wait);
	flows_touch(&e->flows, f);
}

static void set_heard(const struct engine *e, struct flow *f, const struct pkt *p)
{
	if (p->ts > f->last)
		f->last = p->ts;
	f->heard = e->now;
}

/* Applies p to f, whose generation it belongs to. */
static void segment_apply(struct engine *e, struct flow *f, int side, const struct pkt *p)
{
	enum segment_note note = NOTE_NONE;
	struct odd *o;
	bool step = p->flags & (TCP_SYN | TCP_RST | TCP_FIN);

	if (step && !e->conf.no_series)
		split_steps(e, f, side, p);
	if (track_copy(f, side, p)) {
		count_flags(f, side, p);
		flow_packets_up(f, side, 1);
		if (!(p->flags & TCP_RST)) {
			o = flow_odd(f, side);
			o->copies = saturating_up(o->copies);
		}
		f->flags |= FLOW_DUPLICATES;
		e->stats.duplicates++;
		note = NOTE_DUPLICATE;
	} else {
		track_packet(f, side, p);
		if (segment_is_illegal(p))
			take_illegal(e, f, side, p);
		else if (p->flags & TCP_RST)
			note = take_rst(e, f, side, p);
		else if (p->flags & TCP_SYN) {
			if (f->flags & FLOW_SILENT)
				life_withdraw(e, f);
			take_syn(e, f, side, p);
			life_judge(e, f, 0, p->ts);
		} else
			note = take_data(e, f, side, p, &step);
		see_ttl(e, f, side, p);
	}
	set_heard(e, f, p);
	note_heard(e, f, side, p, note);
	if (step || f->ending)
		life_arm(e, f);
}

/* What the two short ways have in common afterwards. */
static inline void plain_applied(struct engine *e, struct flow *f, int side, const struct pkt *p)
{
	see_ttl(e, f, side, p);
	set_heard(e, f, p);
	note_heard(e, f, side, p, NOTE_NONE);
}

/* After a segment in order: of the rules that wait for nothing, those about both FINs alone can hold then. */
static bool may_be_over(const struct flow *f)
{
	const struct half *c = &f->half[CLIENT], *s = &f->half[SERVER];

	return c->flags & s->flags & HALF_FIN &&
	       ((c->flags | s->flags) & HALF_RST_CUT || (fin_acked(f, CLIENT) && fin_acked(f, SERVER)));
}

/* The short way. False: it is for the long one. */
static bool plain_apply(struct engine *e, struct flow *f, int side, const struct pkt *p)
{
	enum plain took = plain_take(f, side, p);

	if (took == PLAIN_NOT)
		return false;
	e->stats.segments++;
	if (took == PLAIN_ESTABLISHED)
		establish(e, f, p);
	else if (took == PLAIN_STEP && may_be_over(f))
		life_judge(e, f, 0, p->ts);
	plain_applied(e, f, side, p);
	if (took != PLAIN_TAKEN)
		life_arm(e, f);
	return true;
}

static void icmp_run(struct engine *e, const struct pkt *p, struct flow *guess)
{
	int side;
	struct flow *f = flows_find_guessed(&e->flows, guess, &p->tuple, p->hash, &side);
	const struct half *x;
	struct rare *rare;
	bool unreachable;

	e->stats.icmp_errors++;
	if (!f)
		return;
	x = &f->half[side];
	/* RFC 5927, 4.1: an error about octets that are not in flight is nobody's. */
	if (x->flags & (HALF_ISN | HALF_SEEN) &&
		(seq_before(x->nxt, p->seq) || x->nxt - p->seq > UINT32_C(1) << 26))
		return;
	if (x->flags & HALF_ISN && !(x->flags & HALF_PROGRESS) && seq_before(p->seq, x->isn))
		return;
	unreachable = p->icmp_v6 ? p->icmp_type == 1 : p->icmp_type == 3 && p->icmp_code != 4;
	f->flags |= FLOW_ICMP;
	rare = flow_rare(f);
	rare->icmp_from = p->icmp_from;
	rare->icmp_type = p->icmp_type;
	rare->icmp_code = p->icmp_code;
	if (unreachable) {
		f->flags |= FLOW_UNREACHABLE;
		life_judge(e, f, 0, p->ts);
		life_arm(e, f);
	}
	flows_touch(&e->flows, f);
}

/* Everything that the short way leaves. */
static void segment_place_and_apply(struct engine *e, const struct pkt *p, struct flow *f, int side)
{
	uint64_t full = e->stats.dropped[DROP_TABLE_FULL];

	if (f && f->deadline <= e->now && !life_timer(e, f))
		f = NULL;
	f = place_segment(e, f, &side, p);
	if (e->stats.dropped[DROP_TABLE_FULL] == full)
		e->stats.segments++;
	if (!f)
		return;
	if (e->conf.long_way || !plain_open(f, side, p)) {
		segment_apply(e, f, side, p);
		return;
	}
	plain_applied(e, f, side, p);
	life_arm(e, f);
}

void segment_run(struct engine *e, const struct pkt *p, struct flow *guess)
{
	struct flow *f;
	int side = CLIENT;

	if (p->kind == PKT_ICMP) {
		icmp_run(e, p, guess);
		return;
	}
	f = flows_find_guessed(&e->flows, guess, &p->tuple, p->hash, &side);
	if (!f || f->deadline <= e->now || e->conf.long_way || !plain_apply(e, f, side, p))
		segment_place_and_apply(e, p, f, side);
}
