/*
 * Sequence tracking from the middle of the path. The hard part is that the tap misses packets too:
 * an acknowledgement of octets never seen moves nxt and is remembered as a gap, an acknowledgement
 * of exactly one octet more than was seen implies a FIN.
 */
#include "config.h"

#include "flow/track.h"

#include <string.h>

#include "flow/track_parts.h"

#define COPY_WINDOW_US 1000

void track_history(struct flow *f, int side, char letter)
{
	struct half *h = &f->half[side];
	uint32_t bit = UINT32_C(1) << (letter - 'a');

	if (h->history & bit)
		return;
	h->history |= bit;
	if (f->history_len >= HISTORY_MAX - 1) {
		f->history[HISTORY_MAX - 2] = '~';
		return;
	}
	f->history[f->history_len++] = side == CLIENT ? (char)(letter - 'a' + 'A') : letter;
}

/* As Zeek does for t, w and g: written again each time their number gains a digit. */
static void history_scaled(struct flow *f, int side, char letter, uint32_t count)
{
	uint32_t power;

	for (power = 1; power < count && power < 1000000000; power *= 10)
		;
	if (power != count)
		return;
	f->half[side].history &= ~(UINT32_C(1) << (letter - 'a'));
	track_history(f, side, letter);
}

bool track_copy(struct flow *f, int side, const struct pkt *p)
{
	struct half *h = &f->half[side];
	uint32_t sig = signature(p);
	bool telling = p->ip_id != 0 || (!(p->flags & TCP_RST) && (p->len || p->flags & (TCP_SYN | TCP_FIN)));
	bool copy;

	copy = telling && h->packets && (sig == h->sig[0] || sig == h->sig[1]) &&
	       p->ts - f->start - rel_ns(h->t_last) < COPY_WINDOW_US * NS_PER_US;
	if (!copy) {
		h->sig[1] = h->sig[0];
		h->sig[0] = sig;
	}
	return copy;
}

void track_packet(struct flow *f, int side, const struct pkt *p)
{
	struct half *h = &f->half[side], *peer = &f->half[!side];
	struct odd *o;

	flow_packets_up(f, side, 1);
	h->t_last = rel_of(p->ts - f->start);
	if (p->flags & TCP_RST)
		return;
	if (!h->ttl)
		h->ttl = p->ttl;
	else if (h->ttl != p->ttl)
		h->flags |= HALF_TTL_VARIES;
	/*
	 * What the peer had sent in vain is answered now; a RST of the peer's drawn by this packet
	 * still wants to know.
	 */
	if (!peer->tail && !peer->probe_tail && !(peer->flags & HALF_BEFORE))
		return;
	o = flow_odd(f, !side);
	o->tail_before = peer->tail;
	o->probe_before = peer->probe_tail;
	peer->tail = peer->probe_tail = 0;
	peer->flags &= ~(uint32_t)HALF_BEFORE;
	if (o->tail_before || o->probe_before)
		peer->flags |= HALF_BEFORE;
}

static void hole_open(struct flow *f, int side, uint32_t from, uint32_t to)
{
	struct odd *o = flow_odd(f, side);
	int last = 0;

	while (last < HOLES - 1 && o->hole[last].from != o->hole[last].to)
		last++; /* the first one that is filled; else the oldest is forgotten */
	if (o->hole[last].from != o->hole[last].to)
		f->half[side].flags |= HALF_GAP_LOST;
	memmove(&o->hole[1], &o->hole[0], (size_t)last * sizeof(o->hole[0]));
	o->hole[0].from = from;
	o->hole[0].to = to;
}

/*
 * Acknowledgements that the capture has before the octets they are of: once those have come,
 * nothing is missing.
 */
static void gap_close(struct flow *f, int side)
{
	const struct odd *o = &f->rare->odd[side];
	struct half *h = &f->half[side];
	int i;

	for (i = 0; i < HOLES; i++)
		if (o->hole[i].from != o->hole[i].to)
			return;
	if (!(h->flags & HALF_GAP_LOST))
		h->flags &= ~(uint32_t)HALF_GAP;
}

/* How many octets of [from, to) had been jumped over; they are now seen. */
static uint32_t hole_fill(struct flow *f, int side, uint32_t from, uint32_t to)
{
	struct odd *o = &f->rare->odd[side]; /* written to where a hole is, so that it is its own */
	uint32_t filled = 0;
	int i;

	for (i = 0; i < HOLES; i++) {
		uint32_t a = o->hole[i].from, b = o->hole[i].to;

		if (a == b || seq_upto(b, from) || seq_upto(to, a))
			continue;
		if (seq_upto(from, a) && seq_upto(b, to)) {
			filled += b - a;
			o->hole[i].to = a;
		} else if (seq_upto(from, a)) {
			filled += to - a;
			o->hole[i].from = to;
		} else if (seq_upto(b, to)) {
			filled += b - from;
			o->hole[i].to = from;
		} else {
			filled += to - from;
			o->hole[i].to = from;
			hole_open(f, side, to, b);
			break;
		}
	}
	return filled;
}

/* 0: there is none. */
static void fin_is_at(struct flow *f, int side, reltime when)
{
	f->half[side].t_fin = when;
	if (f->rare->odd[side].t_fin_again)
		f->rare->odd[side].t_fin_again = 0; /* its own, as something was written there */
}

/* Takes the last octet of `side`, which only its acknowledgement told of, for its FIN. */
static void fin_imply(struct flow *f, int side, const struct pkt *p)
{
	struct half *h = &f->half[side], *peer = &f->half[!side];

	h->flags |= HALF_FIN | HALF_FIN_IMPLIED;
	f->flags |= FLOW_CLOSING;
	h->fin_seq = h->nxt - 1;
	fin_is_at(f, side, rel_of(p->ts - f->start));
	if (!(peer->flags & HALF_FIN))
		h->flags |= HALF_FIN_FIRST;
	if (f->first_fin == 2)
		f->first_fin = (uint8_t)side;
	peer->nxt_at_peer_fin = peer->nxt;
}

static void fin_forget(struct flow *f, int side)
{
	struct half *h = &f->half[side], *peer = &f->half[!side];

	h->flags &= ~(uint32_t)(HALF_FIN | HALF_FIN_IMPLIED | HALF_FIN_FIRST);
	fin_is_at(f, side, 0);
	if (peer->flags & HALF_FIN)
		peer->flags |= HALF_FIN_FIRST;
	if (f->first_fin == side)
		f->first_fin = peer->flags & HALF_FIN ? (uint8_t)!side : 2;
}

/* A FIN that only its acknowledgement told of was none: data turned up in its place, or the FIN behind it. */
static void fin_withdraw(struct flow *f, int side)
{
	struct half *h = &f->half[side];

	fin_forget(f, side);
	h->flags |= HALF_GAP;
	hole_open(f, side, h->fin_seq, h->fin_seq + 1);
}

/*
 * Picked up mid-stream at an empty segment, y may have sent a keep-alive probe, whose number is one
 * less than its next. Once x has acknowledged that number itself, it was none.
 */
static bool may_be_a_probe(const struct half *x, const struct half *y, const struct pkt *p)
{
	bool acked = x->flags & HALF_ACK && (x->ack == y->nxt ||
		(x->ack == p->ack && x->flags & HALF_ACK_STEP_ONE));

	return !(y->flags & (HALF_ISN | HALF_FIN)) && y->nxt == y->isn && !y->t_data && !acked;
}

bool track_implied_fin(struct flow *f, int side, const struct pkt *p)
{
	struct half *y = &f->half[!side];

	if (p->ack - y->nxt != 1 || y->flags & HALF_FIN || p->len || !(y->flags & HALF_PROGRESS) ||
		may_be_a_probe(&f->half[side], y, p))
		return false;
	y->nxt++;
	fin_imply(f, !side, p);
	return true;
}

/* Never seen: what it sent is known from the acknowledgements of its peer alone. */
static bool is_hidden(const struct half *h)
{
	return !(h->flags & (HALF_SEEN | HALF_ISN));
}

/*
 * x acknowledges `step` octets more of a hidden peer. The one octet that comes after x's FIN is
 * taken for its FIN.
 */
static void hidden_peer_acked(struct flow *f, int side, const struct pkt *p, uint32_t step)
{
	struct half *x = &f->half[side], *y = &f->half[!side];

	if (step && y->flags & HALF_FIN)
		fin_forget(f, !side);
	y->nxt = x->ack;
	if (step == 1 && x->flags & HALF_FIN)
		fin_imply(f, !side, p);
}

/* Its last octet is missing, and the one before it is not. */
static bool lacks_last_octet_only(const struct flow *f, int side)
{
	const struct odd *o = &f->rare->odd[side];
	const struct half *h = &f->half[side];

	for (int i = 0; i < HOLES; i++)
		if (o->hole[i].to == h->nxt && o->hole[i].from == h->nxt - 1)
			return true;
	return false;
}

/*
 * x closes. Was the peer's last octet its FIN, to which this one answers? With data no
 * acknowledgement says so at once: one octet that was never seen may be either.
 */
static void fin_before_own(struct flow *f, int side, const struct pkt *p)
{
	struct half *x = &f->half[side], *y = &f->half[!side];

	if (y->flags & HALF_FIN || !(x->flags & HALF_ACK))
		return;
	if (is_hidden(y)) {
		if (x->flags & HALF_ACK_STEP_ONE)
			fin_imply(f, !side, p);
	} else if (x->ack == y->nxt && y->flags & HALF_PROGRESS && lacks_last_octet_only(f, !side)) {
		hole_fill(f, !side, y->nxt - 1, y->nxt);
		gap_close(f, !side);
		fin_imply(f, !side, p);
	}
}

/* X acknowledges what Y was never seen to send. */
static unsigned ack_beyond(struct flow *f, int side, const struct pkt *p)
{
	struct half *y = &f->half[!side];

	if (track_implied_fin(f, side, p))
		return TRACK_EVENT;
	if (p->ack - y->nxt == 1 && may_be_a_probe(&f->half[side], y, p)) {
		y->nxt = y->isn = p->ack;
		flow_odd(f, !side)->keepalive++;
		return 0;
	}
	if (y->flags & HALF_FIN_IMPLIED)
		fin_withdraw(f, !side);
	y->flags |= HALF_GAP;
	hole_open(f, !side, y->nxt, p->ack);
	y->nxt = p->ack;
	track_history(f, !side, 'g');
	return 0;
}

/*
 * While Y has sent nothing but its SYN, an acknowledgement far from it belongs to another
 * connection: the challenge ACK of an older one (RFC 5961, 4), say.
 */
static bool ack_is_foreign(const struct half *y, const struct pkt *p)
{
	return y->flags & HALF_ISN && !(y->flags & HALF_PROGRESS) &&
	       p->ack - y->isn - 1 > SYN_ONLY_PLAUSIBLE;
}

unsigned track_ack(struct flow *f, int side, const struct pkt *p)
{
	struct half *x = &f->half[side], *y = &f->half[!side];
	uint32_t step = 0;
	unsigned found = 0;

	if (!(p->flags & TCP_ACK))
		return 0;
	if (ack_is_foreign(y, p)) {
		if (f->flags & FLOW_PORT_REUSE && !(p->flags & (TCP_SYN | TCP_RST)))
			f->flags |= FLOW_PORTS_HELD;
		return 0;
	}
	x->last_ack = p->ack;
	if (!(x->flags & HALF_ACK)) {
		x->flags |= HALF_ACK;
		x->ack = p->ack;
		x->redge = p->ack;
		if (is_hidden(y))
			y->isn = p->ack;
		found = TRACK_ACK_MOVED;
	} else if (seq_before(x->ack, p->ack) && p->ack - x->ack < PLAUSIBLE) {
		step = p->ack - x->ack;
		x->ack = p->ack;
		x->flags |= HALF_ACK_MOVED;
		x->flags &= ~(uint32_t)HALF_ACK_STEP_ONE;
		if (step == 1)
			x->flags |= HALF_ACK_STEP_ONE;
		found = TRACK_ACK_MOVED;
		if (y->flags & HALF_FIN || x->flags & HALF_FIN)
			found |= TRACK_EVENT;
	}
	if (is_hidden(y)) {
		hidden_peer_acked(f, side, p, step);
	} else if (seq_before(y->nxt, p->ack) && p->ack - y->nxt < PLAUSIBLE && !(p->flags & TCP_RST)) {
		found |= ack_beyond(f, side, p);
	}
	return found;
}

static unsigned track_fin(struct flow *f, int side, const struct pkt *p)
{
	struct half *x = &f->half[side], *y = &f->half[!side];
	uint32_t seq = p->seq + p->len;
	unsigned found = TRACK_FIN | TRACK_EVENT;
	reltime now = rel_of(p->ts - f->start);

	flow_count_up(f, side, COUNT_FIN, 1);
	if (x->flags & HALF_FIN && !(x->flags & HALF_FIN_IMPLIED)) {
		flow_odd(f, side)->t_fin_again = now;
		if (seq == x->fin_seq)
			return found | TRACK_RETRANSMISSION;
		flow_uniq_up(f, side, UNIQ_FIN);
		return found;
	}
	found |= TRACK_FIRST_FIN | TRACK_NEW;
	flow_uniq_up(f, side, UNIQ_FIN);
	if (x->flags & HALF_FIN_IMPLIED && seq != x->fin_seq)
		fin_withdraw(f, side);
	fin_before_own(f, side, p);
	if (x->flags & HALF_FIN_IMPLIED)
		x->flags &= ~(uint32_t)HALF_FIN_IMPLIED; /* it was only late */
	else if (!(y->flags & HALF_FIN) || !(p->flags & TCP_ACK) || seq_upto(p->ack, y->fin_seq))
		x->flags |= HALF_FIN_FIRST;
	x->flags |= HALF_FIN;
	f->flags |= FLOW_CLOSING;
	x->fin_seq = seq;
	fin_is_at(f, side, now);
	y->nxt_at_peer_fin = y->nxt;
	if (f->first_fin == 2) {
		f->first_fin = (uint8_t)side;
		f->t_first_fin = x->t_fin;
	}
	return found;
}

/* Octets [seq, seq + len) of a segment with payload. */
static unsigned track_data(struct flow *f, int side, const struct pkt *p)
{
	struct half *x = &f->half[side];
	uint32_t end = p->seq + p->len, filled;

	if (x->flags & HALF_FIN_IMPLIED && seq_before(x->fin_seq, end))
		fin_withdraw(f, side);
	if (seq_upto(end, x->nxt)) {
		filled = hole_fill(f, side, p->seq, end);
		x->bytes += filled;
		if (filled && x->flags & HALF_GAP)
			gap_close(f, side);
		/*
		 * Octets not seen before are late rather than sent again when they come at once, or
		 * were acknowledged before.
		 */
		if (filled == p->len && (seq_upto(end, f->half[!side].ack) ||
			p->ts - f->start - rel_ns(x->t_data) < 3 * NS_PER_MS)) {
			flow_odd(f, side)->ooo++;
			x->t_data = rel_of(p->ts - f->start);
			return TRACK_OUT_OF_ORDER;
		}
		flow_count_up(f, side, COUNT_RETR, 1);
		x->tail = saturating_up(x->tail);
		x->t_data = rel_of(p->ts - f->start);
		history_scaled(f, side, 't', flow_count(f, side, COUNT_RETR));
		return TRACK_RETRANSMISSION;
	}
	x->t_data = rel_of(p->ts - f->start);
	if (end - x->nxt >= PLAUSIBLE)
		return 0; /* nowhere near: not this connection's octets, whatever it is */
	if (seq_before(p->seq, x->nxt)) {
		x->bytes += end - x->nxt + hole_fill(f, side, p->seq, x->nxt);
	} else {
		if (p->seq != x->nxt)
			hole_open(f, side, x->nxt, p->seq);
		x->bytes += p->len;
	}
	x->nxt = end;
	return TRACK_NEW;
}

static bool is_probe(const struct half *x, const struct half *y, const struct pkt *p)
{
	if (p->len > 1 || p->flags & TCP_FIN || !(x->flags & HALF_SEEN) || !(p->flags & TCP_ACK))
		return false;
	if (p->len && x->flags & HALF_FIN_IMPLIED && p->seq == x->fin_seq)
		return false; /* the octet that was taken for a FIN */
	/* RFC 9293, 3.8.4 and 3.8.6.1: an octet already sent, or one pushed against a closed window. */
	if (p->seq == x->nxt - 1)
		return true;
	/* What it sent into the closed window is lost: Linux asks with the number before the first of it. */
	if (y->flags & HALF_ACK && y->win == 0 && p->seq == y->ack - 1)
		return true;
	return p->len == 1 && p->seq == x->nxt && y->flags & HALF_ACK && y->win == 0;
}

/* What a probe against a closed window pushes is an octet of the stream, taken or not. */
static void track_pushed_octet(struct flow *f, int side, const struct pkt *p)
{
	struct half *x = &f->half[side];

	if (!p->len || p->seq != x->nxt)
		return;
	x->nxt++;
	x->bytes++;
	x->t_data = rel_of(p->ts - f->start);
	track_history(f, side, 'd');
}

unsigned track_segment(struct flow *f, int side, const struct pkt *p)
{
	struct half *x = &f->half[side], *y = &f->half[!side];
	unsigned found;
	uint32_t old_ack = x->ack;
	uint16_t old_win = x->win;
	struct odd *odd;

	if (is_hidden(x))
		x->isn = x->nxt = p->seq;
	found = track_ack(f, side, p);
	x->flags &= ~(uint32_t)HALF_FIN_ACK_LAST;
	if (found & TRACK_ACK_MOVED && y->flags & HALF_FIN && seq_before(y->fin_seq, x->ack))
		x->flags |= HALF_FIN_ACK_LAST;
	if (p->flags & TCP_ACK) {
		track_window(x, y, p);
		if (p->win == 0) {
			history_scaled(f, side, 'w', ++flow_odd(f, side)->zwin);
		}
		if (!(x->flags & HALF_PROGRESS) && !ack_is_foreign(y, p)) {
			x->flags |= HALF_PROGRESS;
			if (y->flags & HALF_PROGRESS)
				f->flags |= FLOW_UNDER_WAY;
			found |= TRACK_EVENT;
		}
	}
	x->win = p->win;
	if (is_probe(x, y, p)) {
		if (!x->probe_tail)
			track_idle(f, x, y, p);
		track_pushed_octet(f, side, p);
		odd = flow_odd(f, side);
		odd->keepalive = saturating_up(odd->keepalive);
		x->probe_tail = saturating_up(x->probe_tail);
		return found | TRACK_PROBE;
	}
	if (p->len) {
		found |= track_data(f, side, p);
		x->flags &= ~(uint32_t)HALF_EMPTY_LAST;
		track_history(f, side, 'd');
	} else if (!(p->flags & TCP_FIN)) {
		x->flags |= HALF_EMPTY_LAST;
		if (p->flags & TCP_ACK) {
			track_history(f, side, 'a');
			if (!(found & TRACK_ACK_MOVED) && p->ack == old_ack && p->win == old_win &&
				seq_before(p->ack, y->nxt) && y->flags & HALF_SEEN && x->packets > 1)
				flow_count_up(f, side, COUNT_DUPACK, 1);
		}
	}
	if (p->flags & TCP_FIN) {
		found |= track_fin(f, side, p);
		x->flags &= ~(uint32_t)HALF_EMPTY_LAST;
		track_history(f, side, 'f');
		if (found & TRACK_FIN && found & TRACK_RETRANSMISSION && !p->len)
			x->tail = saturating_up(x->tail);
		if (seq_before(x->nxt, p->seq + p->len))
			hole_open(f, side, x->nxt, p->seq + p->len); /* overtook data */
		if (seq_before(x->nxt, p->seq + p->len + 1))
			x->nxt = p->seq + p->len + 1;
	}
	if (!(found & (TRACK_RETRANSMISSION | TRACK_OUT_OF_ORDER)))
		track_idle(f, x, y, p);
	x->flags |= HALF_SEEN;
	return found;
}
