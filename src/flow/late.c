/* Packets after the last word: they count to the connection they belong to, and change nothing else. */
#include "config.h"

#include <string.h>

#include "flow/life.h"
#include "flow/track_parts.h"

/* The row being added up for it, or a new one. NULL: no room, and nobody takes rows now. */
static struct late *late_row(struct engine *e, const struct tomb *t, int side, const struct tuple *sender_first)
{
	struct late *l = e->lates ? &e->late[e->lates - 1] : NULL;
	uint64_t eseq = tombs_eseq(&e->tombs, t);

	if (l && l->eseq == eseq)
		return l;
	if (e->lates == LATE_MAX && !engine_publish(e, 0) && e->lates == LATE_MAX)
		return NULL;
	l = &e->late[e->lates++];
	memset(l, 0, sizeof(*l));
	l->eseq = eseq;
	l->c.tuple = side == SERVER ? tuple_reversed(sender_first) : *sender_first;
	/* What the times of the row count from; the connection's own is not kept. */
	l->c.start = tombs_start(&e->tombs, t);
	return l;
}

/* Octets beyond those seen before are new: the table was full, and it was judged before its end. */
static void late_data(struct tomb *t, struct side *x, int side, const struct pkt *p)
{
	uint32_t end = p->seq + p->len, nxt = t->nxt[side];

	if (p->len <= 1 && p->seq + 1 == nxt)
		return; /* a keep-alive probe, or as good as one */
	if (seq_upto(end, nxt)) {
		x->retr++;
	} else if (end - nxt < PLAUSIBLE) {
		x->bytes += seq_before(p->seq, nxt) ? end - nxt : p->len;
		t->nxt[side] = end;
	}
}

static void late_reset(struct tomb *t, struct late *l, int side, int64_t rel)
{
	struct side *x = &l->c.side[side];

	x->rst++;
	x->t_rst_last = rel;
	if (!(t->rsts & 1 << side)) {
		t->rsts |= 1u << side & 3;
		x->rst_uniq = 1;
		x->t_rst = rel;
	}
	if (t->fins == 3)
		l->c.attributes |= ATTRIBUTE_BIT(RST_AFTER_CLOSE);
}

bool late_take(struct engine *e, struct tomb *t, int side, const struct pkt *p)
{
	struct late *l = late_row(e, t, side, &p->tuple);
	struct side *x;
	int64_t rel;

	if (!l)
		return false;
	rel = p->ts - l->c.start;
	x = &l->c.side[side];
	l->c.last = p->ts;
	x->packets++;
	if (p->flags & TCP_SYN) {
		x->syn++;
		x->t_syn_last = rel;
		if (p->flags & TCP_ACK)
			x->synack++;
	}
	if (p->flags & TCP_FIN) {
		x->fin++;
		x->t_fin_last = rel;
	}
	if (p->flags & TCP_RST)
		late_reset(t, l, side, rel);
	else if (p->len && !(p->flags & TCP_SYN) && t->nxt_known >> side & 1)
		late_data(t, x, side, p);
	return true;
}
