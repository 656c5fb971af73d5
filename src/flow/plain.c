#include "config.h"

#include "flow/plain.h"

#include "flow/track_parts.h"

#define BIT_OF(letter) (UINT32_C(1) << ((letter) - 'a')) /* half.history */

/* Both have spoken, and nothing has begun to end it. */
static bool is_quiet(const struct flow *f)
{
	const uint32_t must = FLOW_ESTABLISHED | FLOW_UNDER_WAY, must_not = FLOW_SILENT | FLOW_PENDING;

	return (f->flags & (must | must_not)) == must && !f->ending && f->rst_side > SERVER &&
	       f->origin != ORIGIN_OTHER;
}

/* x goes on and y listens: no FIN, no probes, nothing sent again that is not answered yet. */
static bool are_plain(const struct half *x, const struct half *y)
{
	const uint32_t must = HALF_SEEN | HALF_PROGRESS | HALF_ACK;

	return (x->flags & (must | HALF_FIN)) == must && (y->flags & (must | HALF_FIN | HALF_BEFORE)) == must &&
	       !(x->tail | x->probe_tail | y->tail | y->probe_tail) && y->win;
}

/* In order, acknowledging what was seen, with a letter that is written already. */
static bool is_next(const struct half *x, const struct half *y, const struct pkt *p)
{
	if ((p->flags & (TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK)) != TCP_ACK || !p->win || p->ttl != x->ttl)
		return false;
	if (p->seq != x->nxt || p->len >= PLAUSIBLE)
		return false;
	if (p->ack - x->ack >= PLAUSIBLE || seq_before(y->nxt, p->ack))
		return false;
	if (p->len)
		return x->history & BIT_OF('d');
	/* The same number and window again: a duplicate acknowledgement, perhaps. */
	return x->history & BIT_OF('a') && (p->ack != x->ack || p->win != x->win);
}

/* The first packets of a side tell its TTL, the fourth of both whether both are seen. */
static bool is_early(const struct flow *f, const struct half *x)
{
	return x->packets < 2 || f->half[CLIENT].packets + f->half[SERVER].packets == 3;
}

bool plain_take(struct flow *f, int side, const struct pkt *p)
{
	struct half *x = &f->half[side];
	const struct half *y = &f->half[!side];
	uint32_t sig, step;
	reltime now;

	if (!is_quiet(f) || !are_plain(x, y) || !is_next(x, y, p) || is_early(f, x))
		return false;
	sig = signature(p);
	if (sig == x->sig[0] || sig == x->sig[1])
		return false; /* a copy, perhaps */
	x->sig[1] = x->sig[0];
	x->sig[0] = sig;
	now = rel_of(p->ts - f->start);
	x->packets++;
	x->t_last = now;
	x->last_ack = p->ack;
	x->flags &= ~(uint32_t)(HALF_FIN_ACK_LAST | HALF_EMPTY_LAST);
	step = p->ack - x->ack;
	if (step) {
		x->ack = p->ack;
		x->flags &= ~(uint32_t)HALF_ACK_STEP_ONE;
		x->flags |= HALF_ACK_MOVED | (step == 1 ? HALF_ACK_STEP_ONE : 0);
	}
	track_window(x, y, p);
	x->win = p->win;
	if (p->len) {
		x->t_data = now;
		x->bytes += p->len;
		x->nxt = p->seq + p->len;
	} else {
		x->flags |= HALF_EMPTY_LAST;
	}
	track_idle(f, x, y, p);
	return true;
}
