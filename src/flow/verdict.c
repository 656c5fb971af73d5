/*
 * One pass computes facts, one table (model/rules.def) turns them into an ending: first row that
 * matches wins.
 *
 * r is the side whose reset was accepted first, p its peer. In rows 17 to 22 FIN(x) means a FIN
 * before that reset.
 */
#include "config.h"

#include "flow/verdict.h"

#include "flow/rst.h"
#include "model/rule.h"

#define GOODBYE 64 /* octets */
#define KNOWN_BITS 7

#define W(when) ((uint64_t)(when) << RULE_FACT_WHEN)

/* The table knows the reasons for deciding now by the same bits. */
_Static_assert(W(WHEN_SETUP_OVER) == W_SETUP_OVER && W(WHEN_SETTLED) == W_SETTLED &&
	W(WHEN_VANISHED) == W_VANISHED && W(WHEN_HALF_CLOSED) == W_HALF_CLOSED && W(WHEN_IDLE) == W_IDLE &&
	W(WHEN_REPLACED) == W_REPLACED && W(WHEN_INPUT_ENDED) == W_INPUT_ENDED, "when");

/* Anything but RSTs. */
static bool spoken(const struct flow *f, int side)
{
	return f->half[side].packets > f->rare->odd[side].rst;
}

static uint64_t opener_facts(const struct flow *f)
{
	const struct half *c = &f->half[CLIENT], *s = &f->half[SERVER];
	int one = spoken(f, CLIENT) ? CLIENT : SERVER;
	const struct odd *odd = &f->rare->odd[one], *other = &f->rare->odd[!one];
	uint64_t facts = 0;

	if (f->flags & FLOW_ILLEGAL)
		facts |= F_ILLEGAL;
	if (!spoken(f, one))
		return facts | F_ONLY_RST;
	if (!(c->flags & HALF_ISN) && !(s->flags & HALF_ISN))
		facts |= F_NO_HANDSHAKE;
	if (spoken(f, !one))
		return facts;
	if (facts & F_NO_HANDSHAKE && f->half[one].packets - odd->rst - odd->copies == 1) {
		if (other->rst && f->flags & FLOW_LONE_BARE && !odd->rst)
			facts |= F_PROBED;
		if (!f->half[!one].packets && !odd->rst)
			facts |= F_SINGLE;
	}
	if (one == SERVER && s->n[COUNT_SYNACK] && s->packets == flow_count(f, SERVER, COUNT_SYNACK) &&
		!(c->flags & HALF_ISN))
		facts |= f->rare->odd[CLIENT].rst ? F_PROBED : F_SINGLE;
	return facts;
}

/* p's octets after r's FIN that r never acknowledged. */
static uint32_t unheard(const struct flow *f, int r)
{
	const struct half *x = &f->half[r], *y = &f->half[!r];
	uint32_t from = y->nxt_at_peer_fin, to = y->nxt;

	if (y->flags & HALF_FIN && to == y->fin_seq + 1)
		to--;
	if (x->flags & HALF_ACK && seq_before(from, x->ack))
		from = x->ack;
	return seq_before(from, to) ? to - from : 0;
}

static bool path_evidence(const struct flow *f)
{
	const struct half *x = &f->half[f->rst_side];

	bool began = f->flags & FLOW_ESTABLISHED || f->origin != ORIGIN_ATTEMPT;

	return (x->flags & HALF_SPOKE && began) || f->rst_facts & (RST_OTHER_HOP | RST_BOTH_SIDES) ||
	       (x->flags & HALF_RST_STALE && !(x->flags & HALF_RST_EXACT));
}

static uint64_t rst_facts(const struct flow *f)
{
	int r = f->rst_side;
	const struct half *x = &f->half[r];
	uint32_t had = f->rst_facts;
	bool passive = x->flags & HALF_RST_PASSIVE, solicited = x->flags & HALF_RST_SOLICITED;
	uint64_t facts = F_RST;

	if (r == SERVER)
		facts |= F_BY_SERVER;
	if (had & RST_OTHER_HOP)
		facts |= F_HOP;
	if (path_evidence(f))
		facts |= F_PATH;
	if (passive)
		facts |= F_PASSIVE;
	if (solicited)
		facts |= F_SOLICITED;
	if (had & RST_FIN_P)
		facts |= F_FIN_P;
	if (had & RST_FIN_R)
		facts |= F_FIN_R;
	if (!(had & RST_FIN_P) || !(had & RST_FIN_R))
		facts |= F_RST_FIRST;
	if (had & RST_R_RETRANSMITTED)
		facts |= F_R_STUCK;
	if (had & RST_R_PROBED)
		facts |= F_R_PROBED;
	if (had & RST_IDLE)
		facts |= F_IDLE;
	if (r == SERVER && passive && solicited && had & RST_EARLY)
		facts |= F_S_GHOST;
	if (had & RST_FIN_P_ACKED && had & RST_NOTHING_OUTSTANDING &&
		(r == CLIENT || had & RST_SERVER_ANSWERED))
		facts |= F_P_ACKED_CLEAN;
	if (had & RST_FIN_R && unheard(f, r))
		facts |= F_P_UNHEARD;
	if (had & RST_FIN_R_ACKED && passive && had & RST_DRAWN_BY_EMPTY)
		facts |= F_R_HALF;
	return facts;
}

static uint64_t close_facts(const struct flow *f, unsigned when)
{
	const struct half *c = &f->half[CLIENT], *s = &f->half[SERVER];
	bool fin_c = c->flags & HALF_FIN, fin_s = s->flags & HALF_FIN;
	uint64_t facts = 0;
	int r = f->first_fin;

	if (fin_c && fin_s) {
		facts |= F_BOTH_FINS;
		if ((fin_acked(f, CLIENT) && fin_acked(f, SERVER)) ||
			when & (WHEN_SETTLED | WHEN_IDLE | WHEN_INPUT_ENDED | WHEN_REPLACED))
			facts |= F_CLOSED;
		if (r <= SERVER && f->half[r].flags & HALF_RST_CUT && unheard(f, r) > GOODBYE)
			facts |= F_CUT_LATE;
	}
	if (fin_c != fin_s && fin_acked(f, fin_c ? CLIENT : SERVER))
		facts |= F_ONE_FIN_ACKED;
	return facts;
}

static uint64_t facts_of(const struct flow *f, unsigned when)
{
	const struct half *c = &f->half[CLIENT], *s = &f->half[SERVER];
	uint64_t facts = opener_facts(f) | close_facts(f, when) | W(when);

	if (verdict_one_side(f)) {
		facts |= F_ONE_SIDE;
		if (c->flags & s->flags & HALF_FIN)
			facts |= F_V_FIN;
	}
	if (c->flags & HALF_ISN)
		facts |= F_SYN;
	if (s->n[COUNT_SYNACK] || (s->flags & HALF_ISN && f->flags & FLOW_SIMULTANEOUS))
		facts |= F_SYNACK;
	if (f->flags & FLOW_ESTABLISHED)
		facts |= F_ESTABLISHED;
	if (f->flags & FLOW_UNREACHABLE)
		facts |= F_UNREACHABLE;
	if (verdict_stuck(f, CLIENT) || verdict_stuck(f, SERVER))
		facts |= F_STUCK;
	if (s->flags & HALF_PROGRESS)
		facts |= F_S_BEYOND;
	if (f->rare->odd[SERVER].synack_late >= SYNACK_LATE)
		facts |= F_SYNACK_LATE;
	if ((spoken(f, CLIENT) && spoken(f, SERVER)) || f->origin == ORIGIN_MIDSTREAM)
		facts |= F_SPOKE;
	if (was_reset(f))
		facts |= rst_facts(f);
	return facts;
}

static int actor_of(const struct flow *f, enum actor actor)
{
	switch (actor) {
	case ACTOR_NOBODY:
		return CLIENT;
	case ACTOR_R:
		return f->rst_side;
	case ACTOR_P:
		return !f->rst_side;
	case ACTOR_FIRST_FIN:
		return f->first_fin;
	case ACTOR_STUCK_PEER:
		return verdict_stuck(f, CLIENT) ? SERVER : CLIENT;
	case ACTOR_VISIBLE:
		return f->half[CLIENT].packets ? CLIENT : SERVER;
	}
	return CLIENT;
}

/* Endings that a capture of one direction makes up. */
static bool needs_both_directions(enum ending e)
{
	return e == ENDING_UNANSWERED || e == ENDING_HALF_OPEN || e == ENDING_PROBE ||
	       e == ENDING_STRAY_RESET || e == ENDING_REFUSED;
}

static bool is_low(const struct flow *f, const struct rule *rule, uint64_t facts, unsigned when)
{
	bool attempt_cut_short = when & WHEN_INPUT_ENDED && rule->row >= 10 && rule->row <= 15 &&
				 rule->row != 13 && !(facts & F_RST);

	return rule->row == 30 || rule->row == 4 || rule->row == 5 || attempt_cut_short ||
	       rule->row == 10 || (rule->row >= 5 && facts & F_RST && f->rst_facts & RST_LOOSE) ||
	       (rule->row == 11 && !(facts & F_RST));
}

/*
 * A side that closed answers everything but a FIN with a RST, and a FIN together with its last few
 * octets too (the goodbye of TLS). Whether p closed as well hangs on one packet that the capture
 * may have missed.
 */
static bool a_missed_packet_would_explain(const struct flow *f, const struct rule *rule, uint64_t facts)
{
	if (rule->row == 20)
		return unheard(f, f->rst_side) <= GOODBYE;
	/* A client that takes a second for its ACK may have reset before, as scanners' kernels do. */
	if (rule->row == 15)
		return facts & F_S_GHOST && f->hs_clt_us != UINT32_MAX && f->hs_clt_us > 1000000;
	return rule->row == 21 || (rule->row == 22 && facts & F_PASSIVE);
}

static bool is_medium(const struct flow *f, const struct rule *rule, uint64_t facts, unsigned when)
{
	uint32_t halves = f->half[CLIENT].flags | f->half[SERVER].flags;

	if (facts & F_RST && facts & F_PASSIVE && !(facts & F_SOLICITED))
		return true;
	if (rule->row == 14)
		return !(f->half[f->rst_side].flags & HALF_SPOKE) && !(f->rst_facts & RST_FAR_HOP);
	if (rule->row == 6)
		return !(f->rst_facts & RST_FAR_HOP);
	if (a_missed_packet_would_explain(f, rule, facts))
		return true;
	return f->origin != ORIGIN_ATTEMPT || f->client_by > BY_LEARNED ||
	       halves & (HALF_GAP | HALF_FIN_IMPLIED) || rule->row == 29 ||
	       (when & WHEN_INPUT_ENDED && rule->row == 27) || when & WHEN_CAPTURE_LOSS ||
	       !(f->half[CLIENT].flags & HALF_ISN);
}

/*
 * Rows that need no silence stand on one of these: a packet that opens nothing, an ICMP error, a
 * reset, both FINs, or a side that was never heard although it should have been. Most packets bring
 * none.
 */
static bool may_have_ended(const struct flow *f)
{
	const struct half *c = &f->half[CLIENT], *s = &f->half[SERVER];

	if (f->flags & (FLOW_ILLEGAL | FLOW_UNREACHABLE) || f->rst_side <= SERVER ||
		c->flags & s->flags & HALF_FIN)
		return true;
	if (!spoken(f, CLIENT))
		return true;
	return s->packets ? !spoken(f, SERVER)
			  : !(c->flags & HALF_ISN) || c->flags & (HALF_PROGRESS | HALF_ACK_MOVED);
}

struct verdict verdict_of(const struct flow *f, unsigned when)
{
	if (!(when & ~(WHEN_ONE_WAY | WHEN_CAPTURE_LOSS)) && !may_have_ended(f))
		return (struct verdict){ENDING_NONE, CONFIDENCE_NONE, 0};
	return verdict_by_table(f, when);
}

static const struct rule *first_match(uint64_t facts)
{
	const struct rule *rule = rules, *end = rules + rule_count;

	while (rule < end && ((facts & rule->all) != rule->all || facts & rule->none ||
				     (rule->any && !(facts & rule->any))))
		rule++;
	return rule;
}

/* The rule depends on the facts alone, and a few dozen sets of facts are those of nearly all connections. */
static const struct rule *rule_of(uint64_t facts)
{
	static _Thread_local struct {
		uint64_t facts;
		const struct rule *rule;
	} known[1 << KNOWN_BITS];
	unsigned at = (unsigned)(facts * UINT64_C(0x9e3779b97f4a7c15) >> (64 - KNOWN_BITS));

	if (!known[at].rule || known[at].facts != facts) {
		known[at].facts = facts;
		known[at].rule = first_match(facts);
	}
	return known[at].rule;
}

struct verdict verdict_by_table(const struct flow *f, unsigned when)
{
	uint64_t facts = facts_of(f, when);
	struct verdict v = {ENDING_NONE, CONFIDENCE_NONE, 0};
	const struct rule *rule = rule_of(facts);

	if (rule == rules + rule_count)
		return v;
	v.rule = rule->row;
	v.ending = rule->ending[actor_of(f, rule->actor)];
	v.confidence = CONFIDENCE_HIGH;
	if (is_medium(f, rule, facts, when))
		v.confidence = CONFIDENCE_MEDIUM;
	if (is_low(f, rule, facts, when))
		v.confidence = CONFIDENCE_LOW;
	if (when & WHEN_ONE_WAY && needs_both_directions(v.ending)) {
		v.confidence = CONFIDENCE_LOW;
		if (v.ending == ENDING_UNANSWERED || v.ending == ENDING_HALF_OPEN)
			v.ending = ENDING_UNKNOWN;
	}
	return v;
}
