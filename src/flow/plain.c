/*
 * Nearly all connections are opened, talk and are closed in order, and nearly all their segments
 * are what the one before makes one expect. Which ones is decided by comparisons alone; whatever
 * fits none of them is left to the long way (place.c, track.c, segment.c), which every segment here
 * would leave in the same state.
 */
#include "config.h"

#include "flow/plain.h"

#include "flow/track.h"
#include "flow/track_parts.h"

#define BIT_OF(letter) (UINT32_C(1) << ((letter) - 'a')) /* half.history */
#define FLAGS_OF_STATE (TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK)

/* Each makes the long way ask something that is not asked here. */
#define ODD_FLOW \
	(FLOW_SILENT | FLOW_PENDING | FLOW_ILLEGAL | FLOW_UNREACHABLE | FLOW_PROVISIONAL | \
		FLOW_SIMULTANEOUS)
#define ODD_HALF (HALF_BEFORE | HALF_FIN_IMPLIED)

static bool is_odd(const struct flow *f)
{
	return f->flags & ODD_FLOW || f->ending || f->rst_side <= SERVER || f->origin == ORIGIN_OTHER;
}

/* It sent something again, or asked for a sign of life, since the other side last spoke. */
static bool has_tail(const struct half *h)
{
	return h->tail | h->probe_tail;
}

/* The next one of x, from where it was always sent, acknowledging nothing that y was not seen to send. */
static bool is_next(const struct half *x, const struct half *y, const struct pkt *p)
{
	return p->seq == x->nxt && p->ttl == x->ttl && p->win && p->len < PLAUSIBLE &&
	       !seq_before(y->nxt, p->ack);
}

/* Of one that has shown no progress: what it sent next is behind its SYN. */
static bool sent_syn_only(const struct half *h)
{
	return !h->bytes && !(h->flags & HALF_GAP);
}

/* Perhaps a span port's copy. */
static bool may_be_copy(const struct half *x, uint32_t sig)
{
	return sig == x->sig[0] || sig == x->sig[1];
}

static void letter(struct flow *f, int side, char what)
{
	if (!(f->half[side].history & BIT_OF(what)))
		track_history(f, side, what);
}

/* What track_copy() and track_packet() do. */
static reltime count_it(struct flow *f, int side, const struct pkt *p, uint32_t sig)
{
	struct half *x = &f->half[side];

	x->sig[1] = x->sig[0];
	x->sig[0] = sig;
	flow_packets_up(f, side, 1);
	x->last_ack = p->ack;
	return x->t_last = rel_of(p->ts - f->start);
}

bool plain_open(struct flow *f, int side, const struct pkt *p)
{
	struct half *x = &f->half[side];

	if ((p->flags & FLAGS_OF_STATE) != TCP_SYN || side != CLIENT ||
		f->origin != ORIGIN_ATTEMPT || x->packets || f->half[SERVER].packets)
		return false;
	x->sig[0] = signature(p);
	x->packets = x->n[COUNT_SYN] = 1;
	x->uniq[UNIQ_SYN] = 1;
	x->t_last = x->t_syn_last = rel_of(p->ts - f->start);
	x->ttl = p->ttl;
	x->flags = HALF_ISN | HALF_SEEN | (p->len ? HALF_FAST_OPEN : 0);
	x->isn = p->seq;
	x->wscale = p->wscale;
	x->nxt = p->seq + 1 + p->len;
	x->win = p->win;
	x->bytes = p->len;
	track_history(f, side, 's');
	return true;
}

/* The server's answer to the client's SYN, once. */
static enum plain take_synack(struct flow *f, int side, const struct pkt *p)
{
	struct half *x = &f->half[side];
	const struct half *y = &f->half[!side];
	uint32_t sig = signature(p);

	if (RARELY(side != SERVER || is_odd(f) || f->flags & FLOW_ESTABLISHED || f->origin != ORIGIN_ATTEMPT ||
		    x->packets || x->flags & (HALF_ISN | HALF_SEEN) || p->len || may_be_copy(x, sig)))
		return PLAIN_NOT;
	if (RARELY((y->flags & (HALF_ISN | HALF_SEEN | HALF_PROGRESS | ODD_HALF)) != (HALF_ISN | HALF_SEEN) ||
		    has_tail(y) || p->ack != y->nxt || !sent_syn_only(y)))
		return PLAIN_NOT;
	x->ttl = p->ttl;
	x->t_syn_last = count_it(f, side, p, sig);
	x->n[COUNT_SYN] = x->n[COUNT_SYNACK] = 1;
	x->flags |= HALF_ISN | HALF_SEEN | HALF_ACK;
	x->isn = p->seq;
	x->nxt = p->seq + 1;
	x->wscale = p->wscale;
	x->win = p->win;
	x->ack = p->ack;
	x->redge = p->ack + p->win;
	track_history(f, side, 'h');
	f->t_synack = x->t_last;
	if (!(f->flags & FLOW_HS_KARN))
		f->hs_srv_us = delay_us(f->start, p->ts);
	return PLAIN_STEP;
}

/* The client's acknowledgement of the SYN-ACK. */
static enum plain take_third(struct flow *f, int side, const struct pkt *p)
{
	struct half *x = &f->half[side];
	const struct half *y = &f->half[!side];
	const uint32_t opened = HALF_ISN | HALF_SEEN, beyond = HALF_PROGRESS | HALF_FIN | ODD_HALF;
	uint32_t sig = signature(p);

	if (RARELY(side != CLIENT || f->origin != ORIGIN_ATTEMPT || has_tail(x) || has_tail(y) ||
		    may_be_copy(x, sig) || (x->flags & (opened | beyond | HALF_ACK)) != opened ||
		    (y->flags & (opened | beyond | HALF_ACK)) != (opened | HALF_ACK)))
		return PLAIN_NOT;
	if (RARELY(p->len || p->ack != y->nxt || !sent_syn_only(y)))
		return PLAIN_NOT;
	x->ack = x->redge = p->ack;
	count_it(f, side, p, sig);
	track_window(x, y, p);
	x->win = p->win;
	x->flags = (x->flags | HALF_ACK | HALF_PROGRESS | HALF_EMPTY_LAST) & ~(uint32_t)HALF_FIN_ACK_LAST;
	letter(f, side, 'a');
	track_idle(f, x, y, p);
	return PLAIN_ESTABLISHED;
}

/* x acknowledges what y has sent so far, or less. Returns whether that is more than before. */
static bool take_ack(struct half *x, const struct half *y, uint32_t ack)
{
	uint32_t step = ack - x->ack;

	x->flags &= ~(uint32_t)HALF_FIN_ACK_LAST;
	if (!step)
		return false;
	x->ack = ack;
	x->flags &= ~(uint32_t)HALF_ACK_STEP_ONE;
	x->flags |= HALF_ACK_MOVED | (step == 1 ? HALF_ACK_STEP_ONE : 0);
	if (y->flags & HALF_FIN && seq_before(y->fin_seq, ack))
		x->flags |= HALF_FIN_ACK_LAST;
	return true;
}

/* x closes its half, for the first time. */
static void take_fin(struct flow *f, int side, const struct pkt *p)
{
	struct half *x = &f->half[side], *y = &f->half[!side];

	x->n[COUNT_FIN] = x->uniq[UNIQ_FIN] = 1;
	x->t_fin = x->t_last;
	if (!(y->flags & HALF_FIN) || seq_upto(p->ack, y->fin_seq))
		x->flags |= HALF_FIN_FIRST;
	x->flags |= HALF_FIN;
	f->flags |= FLOW_CLOSING;
	x->fin_seq = x->nxt++;
	y->nxt_at_peer_fin = y->nxt;
	if (f->first_fin == 2) {
		f->first_fin = (uint8_t)side;
		f->t_first_fin = x->t_fin;
	}
}

/* Whether the connection is such that the next segment of x may be taken here at all. */
static bool are_plain(const struct flow *f, const struct half *x, const struct half *y, const struct pkt *p)
{
	const uint32_t must = HALF_SEEN | HALF_ACK;

	if (RARELY((x->flags & (must | ODD_HALF)) != must ||
		    (y->flags & (must | ODD_HALF)) != must || has_tail(x) || has_tail(y) ||
		    !y->win || p->ack - x->ack >= PLAUSIBLE))
		return false;
	/* Of a side that has sent nothing but its SYN, only that is acknowledged. */
	if (RARELY(!(y->flags & HALF_PROGRESS)) && (!(x->flags & HALF_PROGRESS) || p->ack != x->ack))
		return false;
	if (p->flags & TCP_FIN)
		/* A hole may be a FIN of the other side's that was missed, and stands in the rare part. */
		return !(x->flags & HALF_FIN) && !x->n[COUNT_FIN] && !x->t_fin && !flow_has_rare(f);
	if (p->len)
		return !(x->flags & HALF_FIN);
	/* Not a duplicate acknowledgement. */
	return p->ack != x->ack || p->win != x->win || p->ack == y->nxt;
}

/* Data, acknowledgements and FINs of an established connection. */
static enum plain take_next(struct flow *f, int side, const struct pkt *p)
{
	struct half *x = &f->half[side];
	const struct half *y = &f->half[!side];
	uint32_t sig = signature(p);
	bool moved, step;

	if (RARELY(!are_plain(f, x, y, p) || may_be_copy(x, sig)))
		return PLAIN_NOT;
	count_it(f, side, p, sig);
	moved = take_ack(x, y, p->ack);
	step = p->flags & TCP_FIN || (moved && (x->flags | y->flags) & HALF_FIN);
	track_window(x, y, p);
	x->win = p->win;
	if (!(x->flags & HALF_PROGRESS)) {
		x->flags |= HALF_PROGRESS;
		if (y->flags & HALF_PROGRESS)
			f->flags |= FLOW_UNDER_WAY;
		step = true;
	}
	if (p->len) {
		x->t_data = x->t_last;
		x->bytes += p->len;
		x->nxt = p->seq + p->len;
		letter(f, side, 'd');
	}
	if (p->flags & TCP_FIN) {
		take_fin(f, side, p);
		letter(f, side, 'f');
	}
	if (p->len || p->flags & TCP_FIN) {
		x->flags &= ~(uint32_t)HALF_EMPTY_LAST;
	} else {
		x->flags |= HALF_EMPTY_LAST;
		letter(f, side, 'a');
	}
	track_idle(f, x, y, p);
	return step ? PLAIN_STEP : PLAIN_TAKEN;
}

enum plain plain_take(struct flow *f, int side, const struct pkt *p)
{
	uint8_t flags = p->flags & FLAGS_OF_STATE;

	if (flags == (TCP_SYN | TCP_ACK))
		return take_synack(f, side, p);
	if (RARELY((flags & ~TCP_FIN) != TCP_ACK || is_odd(f) || !is_next(&f->half[side], &f->half[!side], p)))
		return PLAIN_NOT;
	if (f->flags & FLOW_ESTABLISHED)
		return take_next(f, side, p);
	return flags == TCP_ACK ? take_third(f, side, p) : PLAIN_NOT;
}
