/*
 * Which connection, and which generation of it, a segment belongs to. The hard part is the SYN: the
 * same ISN is a retransmission, another ISN on a connection that has ended opens a new generation
 * at once, and on one that lives it waits until the other side takes it up (RFC 9293, 3.10.7.4; RFC
 * 5961, 4: the challenge ACK; RFC 6191: TIME-WAIT).
 */
#include "config.h"

#include "flow/life.h"

#include "flow/track.h"
#include "flow/verdict.h"

#define EPHEMERAL_FIRST 32768 /* Linux: net.ipv4.ip_local_port_range */
#define EPHEMERAL_LAST 60999
#define FLAGS_OF_STATE (TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK)

static bool is_ephemeral(uint16_t port)
{
	return port >= EPHEMERAL_FIRST && port <= EPHEMERAL_LAST;
}

/* No SYN says who called whom: which side the sender most likely is on, and by what rule. */
static int guess_side(const struct engine *e, const struct pkt *p, enum client_by *by)
{
	uint16_t from = p->tuple.port[0], to = p->tuple.port[1];
	uint32_t from_hits = hosts_service_hits(e->hosts, from), to_hits = hosts_service_hits(e->hosts, to);

	if (from_hits != to_hits && !(p->flags & TCP_RST)) {
		*by = BY_LEARNED;
		return from_hits > to_hits ? SERVER : CLIENT;
	}
	*by = BY_PORT;
	if ((from < 1024) != (to < 1024))
		return from < 1024 ? SERVER : CLIENT;
	if (is_ephemeral(from) != is_ephemeral(to))
		return is_ephemeral(from) ? CLIENT : SERVER;
	if (from != to)
		return from < to ? SERVER : CLIENT;
	*by = BY_FIRST;
	return CLIENT;
}

static struct flow *open_by(struct engine *e, const struct pkt *p, int *side)
{
	struct flow *f;
	enum client_by by;

	if (segment_is_illegal(p)) {
		*side = CLIENT;
		f = life_open(e, p, CLIENT, p->flags & TCP_SYN ? BY_SYN : BY_FIRST, ORIGIN_OTHER);
		if (f)
			f->flags |= FLOW_ILLEGAL;
		return f;
	}
	if (p->flags & TCP_SYN) {
		*side = p->flags & TCP_ACK ? SERVER : CLIENT;
		if (*side == CLIENT)
			hosts_see_service(e->hosts, p->tuple.port[1]);
		return life_open(e, p, *side, *side == CLIENT ? BY_SYN : BY_SYNACK, ORIGIN_ATTEMPT);
	}
	*side = guess_side(e, p, &by);
	f = life_open(e, p, *side, by, p->flags & TCP_RST ? ORIGIN_OTHER : ORIGIN_MIDSTREAM);
	if (f && !(p->flags & TCP_RST) && !p->len && !p->opts)
		f->flags |= FLOW_LONE_BARE;
	return f;
}

static bool is_terminal(const struct flow *f)
{
	if (f->flags & FLOW_PROVISIONAL)
		return false;
	if (f->rst_side <= SERVER || (fin_acked(f, CLIENT) && fin_acked(f, SERVER)))
		return true;
	if (f->flags & FLOW_ILLEGAL || f->origin == ORIGIN_OTHER)
		return true;
	/* Whether the hidden side's FIN and the own one were acknowledged is not to be seen. */
	if (verdict_one_side(f) && f->half[CLIENT].flags & f->half[SERVER].flags & HALF_FIN)
		return true;
	/* An attempt that nothing ever answered is over when its port tries afresh. */
	return f->origin == ORIGIN_ATTEMPT && !(f->flags & FLOW_ESTABLISHED) && !f->half[SERVER].packets;
}

/* Another SYN than the one that waits has come: that one opened nothing and is the old connection's. */
static void drop_other_pending(struct flow *f, int side, const struct pkt *p)
{
	if (!(f->flags & FLOW_PENDING) || (f->rare->pending.isn == p->seq && f->rare->pending.side == side))
		return;
	flow_count_up(f, f->rare->pending.side, COUNT_SYN, f->rare->pending.count);
	flow_packets_up(f, f->rare->pending.side, f->rare->pending.count);
	flow_uniq_up(f, f->rare->pending.side, UNIQ_SYN);
	f->flags &= ~(uint32_t)FLOW_PENDING;
}

static void pend(struct engine *e, struct flow *f, int side, const struct pkt *p)
{
	struct half *x = &f->half[side];
	struct pending *pending;

	drop_other_pending(f, side, p);
	pending = &flow_rare(f)->pending;
	if (!(f->flags & FLOW_PENDING))
		*pending = (struct pending){
			.first = p->ts,
			.isn = p->seq,
			.len = p->len,
			.side = (uint8_t)side,
			.win = p->win,
			.wscale = p->wscale,
			.ttl = p->ttl,
		};
	pending->count++;
	pending->last = p->ts;
	f->flags |= FLOW_PORTS_HELD | FLOW_PENDING;
	if (p->ts > f->last)
		f->last = p->ts;
	x->t_syn_last = rel_of(p->ts - f->start);
	flows_touch(&e->flows, f);
}

/*
 * A bare SYN on a tuple that is in use. Leaves in *f the generation it belongs to, NULL when it has
 * been dealt with.
 */
static void place_syn(struct engine *e, struct flow **f, int *side, const struct pkt *p)
{
	struct flow *old = *f;
	struct half *x = &old->half[*side], *y = &old->half[!*side];

	if (x->flags & HALF_ISN && x->isn == p->seq)
		return;
	if (!(x->flags & HALF_ISN)) {
		if (y->flags & HALF_ISN && !y->n[COUNT_SYNACK] &&
			!(old->flags & FLOW_ESTABLISHED) && !is_terminal(old))
			return; /* simultaneous open, or a split handshake */
		if (y->flags & HALF_ISN && !y->n[COUNT_SYNACK] && !(y->flags & HALF_PROGRESS) && !old->ending)
			return;
		if (y->n[COUNT_SYNACK] && y->flags & HALF_ACK && y->ack == p->seq + 1 + p->len)
			return; /* captured after its own SYN-ACK */
		if (old->origin == ORIGIN_MIDSTREAM && x->flags & HALF_SEEN && x->isn == p->seq + 1)
			return; /* captured after its first data */
	}
	if (!is_terminal(old)) {
		pend(e, old, *side, p);
		*f = NULL;
		return;
	}
	drop_other_pending(old, *side, p);
	hosts_see_service(e->hosts, p->tuple.port[1]);
	*f = life_succeed(e, old, p, CLIENT, BY_SYN, ORIGIN_ATTEMPT);
	*side = CLIENT;
}

/* A SYN-ACK of a connection whose SYN the capture missed, on the ports of one that is over. */
static bool answers_an_unseen_syn(const struct flow *old, int side, const struct pkt *p)
{
	const struct half *x = &old->half[side], *y = &old->half[!side];
	bool over = (old->rst_side <= SERVER && !(old->flags & FLOW_PROVISIONAL)) ||
		    (fin_acked(old, CLIENT) && fin_acked(old, SERVER));

	return over && p->flags & TCP_SYN && p->flags & TCP_ACK && y->flags & HALF_ISN &&
	       p->ack - y->isn - 1 > SYN_ONLY_PLAUSIBLE && !(x->flags & HALF_ISN && x->isn == p->seq);
}

/* Does this answer the SYN that waits? Then a new generation begins, and the packet is its server's. */
static void place_answer(struct engine *e, struct flow **f, int *side, const struct pkt *p)
{
	struct flow *old = *f;

	if (!(old->flags & FLOW_PENDING) && answers_an_unseen_syn(old, *side, p)) {
		*f = life_succeed(e, old, p, SERVER, BY_SYNACK, ORIGIN_ATTEMPT);
		*side = SERVER;
		return;
	}
	if (!(old->flags & FLOW_PENDING) || *side == old->rare->pending.side || !(p->flags & TCP_ACK) ||
		!(p->flags & (TCP_SYN | TCP_RST)))
		return;
	if (p->ack - old->rare->pending.isn - 1 > old->rare->pending.len)
		return;
	*f = life_succeed(e, old, p, SERVER, BY_SYN, ORIGIN_ATTEMPT);
	*side = SERVER;
}

/* In a capture of one direction nobody is seen to answer the SYN that waits; but its sender goes on from it. */
static void place_sequel(struct engine *e, struct flow **f, int side, const struct pkt *p)
{
	struct flow *old = *f;

	if (old->half[!side].packets || !(old->flags & FLOW_PENDING) || old->rare->pending.side != side ||
		!(p->flags & TCP_ACK) || p->seq - old->rare->pending.isn - 1 > old->rare->pending.len)
		return;
	*f = life_succeed(e, old, p, CLIENT, BY_SYN, ORIGIN_ATTEMPT);
}

/* A SYN-ACK or late SYN tells the roles better than the guess of a mid-stream start. */
static void correct_roles(struct engine *e, struct flow *f, int *side, const struct pkt *p)
{
	int sender = p->flags & TCP_ACK ? SERVER : CLIENT;

	if (f->origin == ORIGIN_ATTEMPT || f->flags & FLOW_ILLEGAL || f->half[CLIENT].flags & HALF_ISN ||
		f->half[SERVER].flags & HALF_ISN)
		return;
	if (*side != sender) {
		life_flip(e, f);
		*side = sender;
	}
	f->origin = ORIGIN_ATTEMPT;
	f->client_by = sender == CLIENT ? BY_SYN : BY_SYNACK;
}

/* A SYN, or the answer to one that was missed, with other numbers than the connection that is buried there. */
static bool opens_after(const struct tomb *t, int side, const struct pkt *p)
{
	bool same = t->isn_known >> side & 1 && t->isn[side] == p->seq;

	if (!(p->flags & TCP_SYN) || p->flags & (TCP_FIN | TCP_RST) || same)
		return false;
	return !(p->flags & TCP_ACK) ||
	       (t->isn_known >> !side & 1 && p->ack - t->isn[!side] - 1 > SYN_ONLY_PLAUSIBLE);
}

/* Nobody in the table has this tuple. Returns the connection it opens, NULL when it was only late. */
static struct flow *place_new(struct engine *e, int *side, const struct pkt *p)
{
	struct tomb *t = tombs_find(&e->tombs, &p->tuple, p->hash, e->now, side);
	struct flow *f;
	uint16_t generation;

	if (!t)
		return open_by(e, p, side);
	if (!opens_after(t, *side, p)) {
		if (late_take(e, t, *side, p))
			return NULL;
		e->stats.dropped[DROP_TABLE_FULL]++;
		return NULL;
	}
	generation = t->generation;
	f = open_by(e, p, side);
	if (f) {
		f->generation = saturating_up(generation);
		f->flags |= FLOW_PORT_REUSE;
	}
	return f;
}

struct flow *place_segment(struct engine *e, struct flow *f, int *side, const struct pkt *p)
{
	if (!f)
		return place_new(e, side, p);
	if (!(p->flags & (TCP_SYN | TCP_RST)) || segment_is_illegal(p)) {
		place_sequel(e, &f, *side, p);
		return f;
	}
	if ((p->flags & FLAGS_OF_STATE) == TCP_SYN)
		place_syn(e, &f, side, p);
	else
		place_answer(e, &f, side, p);
	if (f && p->flags & TCP_SYN)
		correct_roles(e, f, side, p);
	return f;
}
