#include "config.h"

#include "flow/rst.h"

#include "flow/hosts.h"
#include "flow/track.h"

#define SOLICITED_NS (500 * NS_PER_MS)
#define UNSCALED_WINDOW (UINT32_C(1) << 20) /* assumed where no SYN told the scale */

enum check { CHECK_EXACT, CHECK_UNKNOWN, CHECK_INSIDE, CHECK_OUTSIDE };

/* RFC 9293, 3.10.7.3: in SYN-SENT a RST counts only if it acknowledges the SYN. */
static enum check check_syn_sent(const struct half *y, const struct pkt *p)
{
	bool acks = (p->flags & TCP_ACK) && seq_before(y->isn, p->ack) && seq_upto(p->ack, y->nxt);

	return acks ? CHECK_EXACT : CHECK_OUTSIDE;
}

static enum check check_window(struct half *x, const struct half *y, const struct pkt *p)
{
	bool x_known = x->flags & (HALF_SEEN | HALF_ISN), known = x->flags & y->flags & HALF_ISN;
	uint32_t right;

	if (y->flags & HALF_ACK && p->seq == y->ack)
		return CHECK_EXACT;
	if (x_known && p->seq == x->nxt)
		return CHECK_EXACT;
	if (!(y->flags & HALF_ACK))
		return x_known && y->flags & HALF_SEEN ? CHECK_INSIDE : CHECK_UNKNOWN;
	right = known ? y->redge : y->ack + UNSCALED_WINDOW;
	if (x_known && seq_before(right, x->nxt))
		right = x->nxt;
	if (seq_before(p->seq, y->ack) || seq_before(right, p->seq))
		return CHECK_OUTSIDE;
	if (x_known && seq_before(p->seq, x->nxt) && !((x->flags | y->flags) & (HALF_GAP | HALF_SHRUNK)))
		x->flags |= HALF_RST_STALE;
	return CHECK_INSIDE;
}

static enum check rst_check(struct flow *f, int side, const struct pkt *p)
{
	struct half *x = &f->half[side], *y = &f->half[!side];
	bool y_known = y->flags & (HALF_SEEN | HALF_ISN);

	/* The number of an older connection: x answers somebody's acknowledgement of that one (RFC 5961, 4). */
	if (x->flags & HALF_ISN && !(x->flags & HALF_PROGRESS) && !(y->flags & HALF_ACK) &&
		p->seq - x->isn > SYN_ONLY_PLAUSIBLE && !(p->flags & TCP_ACK))
		return CHECK_OUTSIDE;
	if (!y_known) {
		if (x->flags & HALF_SEEN && p->seq == x->nxt)
			return CHECK_EXACT;
		return CHECK_UNKNOWN;
	}
	if (y->flags & HALF_ISN && !(y->flags & HALF_PROGRESS) && !y->n[COUNT_SYNACK]) {
		bool x_unseen = !(x->flags & (HALF_ISN | HALF_SEEN));

		/* A SYN-ACK that was seen need not have arrived. */
		if (x_unseen || check_syn_sent(y, p) == CHECK_EXACT)
			return check_syn_sent(y, p);
	}
	return check_window(x, y, p);
}

static bool is_solicited(const struct flow *f, int side, const struct pkt *p)
{
	const struct half *y = &f->half[!side];
	int64_t since = p->ts - f->start - rel_ns(y->t_last), allowed = SOLICITED_NS;

	if (p->flags & TCP_ACK || !(y->flags & HALF_ACK) || !y->packets)
		return false;
	if (f->hs_srv_us != UINT32_MAX && 3 * (int64_t)f->hs_srv_us * NS_PER_US > allowed)
		allowed = 3 * (int64_t)f->hs_srv_us * NS_PER_US;
	return (p->seq == y->last_ack || p->seq == y->ack) && since <= allowed;
}

/* The sender's known hop distance, from this connection or from others; -1 unknown. */
static int known_distance(const struct flow *f, int side, const struct rst_conf *conf)
{
	const struct half *x = &f->half[side];

	if (x->flags & HALF_TTL_VARIES)
		return -1;
	if (x->ttl && x->packets - f->rare->odd[side].rst >= 2)
		return hop_distance(x->ttl);
	if (conf->hosts)
		return hosts_distance(conf->hosts, &f->tuple.addr[side]);
	return -1;
}

static uint32_t hop_facts(struct flow *f, int side, const struct pkt *p, const struct rst_conf *conf)
{
	int known = known_distance(f, side, conf), delta;

	if (known < 0)
		return 0;
	delta = hop_distance(p->ttl) - known;
	f->ttl_delta = (int8_t)(delta > INT8_MAX ? INT8_MAX : delta < INT8_MIN ? INT8_MIN : delta);
	if (!delta)
		return 0;
	return RST_OTHER_HOP | (delta >= 3 || delta <= -3 ? RST_FAR_HOP : 0);
}

static uint32_t acked_facts(const struct flow *f, int r, const struct pkt *p)
{
	const struct half *x = &f->half[r], *y = &f->half[!r];
	uint32_t r_acks = x->ack, facts = 0;
	bool r_has_ack = x->flags & HALF_ACK;

	if (p->flags & TCP_ACK && (!r_has_ack || seq_before(r_acks, p->ack))) {
		r_acks = p->ack;
		r_has_ack = true;
	}
	if (fin_acked(f, r))
		facts |= RST_FIN_R_ACKED;
	if (y->flags & HALF_FIN && r_has_ack && seq_before(y->fin_seq, r_acks))
		facts |= RST_FIN_P_ACKED;
	if (r_has_ack && seq_upto(y->nxt, r_acks) && y->flags & HALF_ACK && seq_upto(x->nxt, y->ack))
		facts |= RST_NOTHING_OUTSTANDING;
	return facts;
}

static bool server_answered(const struct flow *f)
{
	const struct half *c = &f->half[CLIENT], *s = &f->half[SERVER];

	return s->t_data && rel_ns(s->t_data) >= rel_ns(c->t_data);
}

/* What held when it came; see rst.h. */
static uint32_t rst_facts_now(struct flow *f, int r, const struct pkt *p, bool solicited,
	const struct rst_conf *conf)
{
	const struct half *x = &f->half[r], *y = &f->half[!r];
	uint32_t facts = acked_facts(f, r, p) | hop_facts(f, r, p, conf);
	uint16_t tail = solicited ? f->rare->odd[r].tail_before : x->tail;
	uint16_t probes = solicited ? f->rare->odd[r].probe_before : x->probe_tail;
	int64_t idle = p->ts - f->last;

	if (solicited)
		idle = (int64_t)y->idle_us * NS_PER_US;
	if (idle < 0)
		idle = 0; /* captured out of order */
	flow_rare(f)->rst_idle_us = idle / NS_PER_US < UINT32_MAX ? (uint32_t)(idle / NS_PER_US) : UINT32_MAX;
	if (idle >= conf->idle_reset)
		facts |= RST_IDLE;
	if (x->flags & HALF_FIN)
		facts |= RST_FIN_R;
	if (y->flags & HALF_FIN)
		facts |= RST_FIN_P;
	if (tail >= 3)
		facts |= RST_R_RETRANSMITTED;
	if (probes >= 2)
		facts |= RST_R_PROBED;
	if (server_answered(f))
		facts |= RST_SERVER_ANSWERED;
	/*
	 * Whoever waits in FIN_WAIT_2 takes the acknowledgement of its FIN in silence; who answers
	 * it with a RST was gone.
	 */
	if ((y->flags & HALF_EMPTY_LAST && !(y->flags & HALF_FIN_ACK_LAST)) || y->probe_tail)
		facts |= RST_DRAWN_BY_EMPTY;
	if (p->ts - f->start - rel_ns(f->t_est ? f->t_est : f->t_synack) <= 30 * NS_PER_SEC)
		facts |= RST_EARLY;
	if (facts & RST_NOTHING_OUTSTANDING && !(facts & (RST_FIN_R | RST_FIN_P)) && server_answered(f) &&
		f->half[CLIENT].bytes + f->half[SERVER].bytes > 0)
		facts |= RST_DELIVERED;
	return facts;
}

static void note_first(struct flow *f, int side, const struct pkt *p, bool solicited)
{
	struct half *x = &f->half[side];
	struct odd *o = flow_odd(f, side);

	x->flags &= ~(uint32_t)(HALF_RST_PASSIVE | HALF_RST_SOLICITED | HALF_RST_EXACT | HALF_RST_UNCHECKED |
				HALF_RST_SYN_REPLY);
	x->flags |= HALF_RST;
	if (!(p->flags & TCP_ACK))
		x->flags |= HALF_RST_PASSIVE;
	if (solicited)
		x->flags |= HALF_RST_SOLICITED;
	if (p->len)
		x->flags |= HALF_RST_PAYLOAD;
	if (p->opts & OPT_MPTCP)
		x->flags |= HALF_RST_MPTCP;
	if (p->flags & TCP_ACK && p->seq == 0 && f->half[!side].flags & HALF_ISN)
		x->flags |= HALF_RST_SYN_REPLY;
	o->rst_seq = p->seq;
	o->ttl_rst = p->ttl;
}

/* The other side had reset the connection already: P4 when both came at once and nothing drew either. */
static void second_side(struct flow *f, int side, const struct pkt *p, bool solicited)
{
	struct half *x = &f->half[side];
	const struct half *y = &f->half[!side];

	if (x->flags & HALF_RST)
		return;
	note_first(f, side, p, solicited);
	if (!solicited && !(y->flags & HALF_RST_SOLICITED) && y->flags & HALF_RST_ACCEPTED &&
		p->ts - f->start - rel_ns(f->t_rst) <= 2 * NS_PER_MS &&
		f->flags & FLOW_ESTABLISHED)
		f->rst_facts |= RST_BOTH_SIDES;
}

static void accept(struct flow *f, int side, reltime when)
{
	f->half[side].flags |= HALF_RST_ACCEPTED;
	f->rst_side = (uint8_t)side;
	f->t_rst = when;
}

enum rst_result rst_take(struct flow *f, int side, const struct pkt *p, const struct rst_conf *conf)
{
	struct half *x = &f->half[side];
	struct odd *o = flow_odd(f, side);
	bool solicited = is_solicited(f, side, p), first = o->rst == 0;
	reltime now = rel_of(p->ts - f->start);
	enum check check;

	o->rst++;
	o->t_rst_last = now;
	if (first) {
		o->t_rst = now;
		o->ttl_rst = p->ttl;
	}
	if (solicited && x->flags & HALF_FIN)
		x->flags |= HALF_RST_CUT;
	if (f->rst_side == side && !(f->flags & FLOW_PROVISIONAL))
		return RST_AGAIN;
	if (f->rst_side == !side && !(f->flags & FLOW_PROVISIONAL)) {
		second_side(f, side, p, solicited);
		return RST_AGAIN;
	}
	if (x->flags & HALF_FIN && f->half[!side].flags & HALF_FIN) {
		if (!solicited && rst_check(f, side, p) == CHECK_OUTSIDE) {
			o->rst_ignored++;
			return RST_IGNORED;
		}
		if (!(x->flags & HALF_RST))
			note_first(f, side, p, solicited);
		return RST_AFTER_CLOSE;
	}
	check = rst_check(f, side, p);
	if (check == CHECK_OUTSIDE) {
		o->rst_ignored++;
		return RST_IGNORED;
	}
	if (f->flags & FLOW_PROVISIONAL) {
		/* A better one after a doubtful one: this one counts. */
		if (check == CHECK_INSIDE)
			return RST_WAITS;
		flow_odd(f, f->rst_side)->rst_ignored++;
		f->flags &= ~(uint32_t)FLOW_PROVISIONAL;
		f->rst_side = 2;
	}
	if (p->flags & TCP_ACK && f->half[!side].flags & HALF_SEEN)
		track_implied_fin(f, side, p);
	note_first(f, side, p, solicited);
	f->rst_facts = rst_facts_now(f, side, p, solicited, conf);
	if (check == CHECK_EXACT)
		x->flags |= HALF_RST_EXACT;
	if (check == CHECK_UNKNOWN) {
		x->flags |= HALF_RST_UNCHECKED;
		f->rst_facts |= RST_LOOSE;
	}
	if (check == CHECK_INSIDE) {
		f->flags |= FLOW_PROVISIONAL;
		f->rst_side = (uint8_t)side;
		f->t_rst = now;
		return RST_WAITS;
	}
	accept(f, side, now);
	return RST_ACCEPTED;
}

void rst_confirm(struct flow *f)
{
	f->flags &= ~(uint32_t)FLOW_PROVISIONAL;
	f->rst_facts |= RST_LOOSE;
	accept(f, f->rst_side, f->t_rst);
}

void rst_undo(struct flow *f)
{
	struct half *x;

	if (f->rst_side > SERVER)
		return;
	x = &f->half[f->rst_side];
	flow_odd(f, f->rst_side)->rst_ignored++;
	x->flags &= ~(uint32_t)(HALF_RST | HALF_RST_ACCEPTED | HALF_RST_PASSIVE | HALF_RST_SOLICITED |
				HALF_RST_EXACT | HALF_RST_UNCHECKED | HALF_RST_STALE | HALF_SPOKE |
				HALF_SPOKE_SOON | HALF_RST_SYN_REPLY);
	if (!(f->flags & FLOW_PROVISIONAL))
		f->flags |= FLOW_RST_UNDONE;
	f->flags &= ~(uint32_t)FLOW_PROVISIONAL;
	f->rst_side = 2;
	f->rst_facts = 0;
	f->t_rst = 0;
	f->rare->rst_idle_us = 0; /* which it has, of its own */
	f->ttl_delta = 0;
}

bool rst_life(struct flow *f, int side, const struct pkt *p, bool something_new)
{
	int64_t since;
	struct half *x, *y;

	if (f->rst_side > SERVER)
		return false;
	if (f->flags & FLOW_PROVISIONAL)
		/* Whoever was to be reset answers with a challenge ACK or goes on: it did not accept. */
		return side != f->rst_side || something_new;
	x = &f->half[f->rst_side];
	y = &f->half[!f->rst_side];
	/* A SYN was refused, sent again, taken up, and now answered. */
	if (!(f->flags & FLOW_ESTABLISHED) &&
		rel_ns(x->t_syn_last) > rel_ns(f->rare->odd[f->rst_side].t_rst_last))
		return true;
	since = p->ts - f->start - rel_ns(f->t_rst);
	if (side == f->rst_side && something_new) {
		x->flags |= HALF_SPOKE_SOON;
		if (since >= NS_PER_MS)
			x->flags |= HALF_SPOKE;
	}
	return x->flags & HALF_SPOKE_SOON && y->flags & HALF_ACK &&
	       seq_before(f->rare->odd[f->rst_side].rst_seq, y->ack);
}

