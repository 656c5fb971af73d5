#include "config.h"

#include "flow/snapshot.h"

#include <string.h>

#include "flow/hosts.h"
#include "flow/rst.h"
#include "flow/state.h"
#include "flow/verdict.h"
#include "util/mem.h"

/* What stands in the rare part of a flow that has one. */
static void side_of_rare(const struct flow *f, int i, struct side *out)
{
	const struct odd *odd = &f->rare->odd[i];

	out->syn = flow_count(f, i, COUNT_SYN);
	out->synack = flow_count(f, i, COUNT_SYNACK);
	out->fin = flow_count(f, i, COUNT_FIN);
	out->retr = flow_count(f, i, COUNT_RETR);
	out->dupack = flow_count(f, i, COUNT_DUPACK);
	out->syn_uniq = flow_uniq(f, i, UNIQ_SYN);
	out->fin_uniq = flow_uniq(f, i, UNIQ_FIN);
	out->rst = odd->rst;
	out->zwin = odd->zwin;
	out->ooo = odd->ooo;
	out->rst_ignored = odd->rst_ignored;
	out->keepalive = odd->keepalive;
	out->rst_uniq = odd->rst > 0;
	if (f->flags & FLOW_PENDING && f->rare->pending.side == i) {
		/* A SYN that has opened nothing yet is the old connection's. */
		out->packets += f->rare->pending.count;
		out->syn += f->rare->pending.count;
		out->syn_uniq++;
	}
	out->ttl_rst = odd->ttl_rst;
	out->t_rst = rel_ns(odd->t_rst);
	out->t_rst_last = rel_ns(odd->t_rst_last);
	out->t_fin_last = out->fin ? rel_ns(flow_fin_last(f, i)) : TIME_NEVER;
}

/* Into a cleared one. */
static void side_of(const struct flow *f, int i, int64_t now, int64_t time_wait, struct side *out)
{
	const struct half *h = &f->half[i], *peer = &f->half[!i];

	out->bytes = h->bytes;
	out->packets = flow_packets(f, i);
	out->syn = h->n[COUNT_SYN];
	out->synack = h->n[COUNT_SYNACK];
	out->fin = h->n[COUNT_FIN];
	out->retr = h->n[COUNT_RETR];
	out->dupack = h->n[COUNT_DUPACK];
	out->rst_path = f->ending == ENDING_PATH_RESET && f->rst_side == i ? 1 : 0;
	out->syn_uniq = h->uniq[UNIQ_SYN];
	out->fin_uniq = h->uniq[UNIQ_FIN];
	out->tail = h->tail > h->probe_tail ? h->tail : h->probe_tail;
	out->state = (uint8_t)state_of(f, i, now, time_wait);
	out->state_assumed = !f->ending && peer->packets && rel_ns(peer->t_last) > rel_ns(h->t_last);
	out->ttl = h->ttl;
	out->t_fin = out->t_fin_last = h->n[COUNT_FIN] ? rel_ns(h->t_fin) : TIME_NEVER;
	out->t_rst = out->t_rst_last = TIME_NEVER;
	out->t_syn_last = rel_ns(h->t_syn_last);
	out->t_data = rel_ns(h->t_data);
	if (flow_has_rare(f))
		side_of_rare(f, i, out);
}

static uint64_t rst_evidence(const struct flow *f)
{
	static const struct {
		uint32_t had;
		uint64_t bit;
	} from_facts[] = {
		{RST_BOTH_SIDES, EVIDENCE_BIT(RST_BOTH_SIDES)},
		{RST_OTHER_HOP, EVIDENCE_BIT(RST_OTHER_TTL)},
		{RST_NOTHING_OUTSTANDING, EVIDENCE_BIT(NOTHING_OUTSTANDING)},
		{RST_R_RETRANSMITTED, EVIDENCE_BIT(UNANSWERED_RETR)},
		{RST_R_PROBED, EVIDENCE_BIT(UNANSWERED_PROBES)},
		{RST_IDLE, EVIDENCE_BIT(IDLE)},
	};
	const struct half *x = &f->half[f->rst_side];
	uint64_t e = f->rst_side == CLIENT ? EVIDENCE_BIT(RST_CLIENT) : EVIDENCE_BIT(RST_SERVER);
	size_t i;

	for (i = 0; i < sizeof(from_facts) / sizeof(from_facts[0]); i++)
		if (f->rst_facts & from_facts[i].had)
			e |= from_facts[i].bit;
	if (x->flags & HALF_RST_EXACT)
		e |= EVIDENCE_BIT(RST_EXACT);
	else if (x->flags & HALF_RST_UNCHECKED)
		e |= EVIDENCE_BIT(RST_UNCHECKED);
	else
		e |= EVIDENCE_BIT(RST_IN_WINDOW);
	e |= x->flags & HALF_RST_PASSIVE ? EVIDENCE_BIT(RST_PASSIVE) : 0;
	if (x->flags & HALF_RST_SYN_REPLY)
		e |= EVIDENCE_BIT(RST_SYN_REPLY);
	else if (!(x->flags & HALF_RST_PASSIVE))
		e |= EVIDENCE_BIT(RST_ACTIVE);
	if (x->flags & HALF_RST_SOLICITED)
		e |= EVIDENCE_BIT(RST_SOLICITED);
	if (x->flags & HALF_RST_STALE)
		e |= EVIDENCE_BIT(RST_STALE_SEQ);
	if (x->flags & HALF_SPOKE)
		e |= EVIDENCE_BIT(RST_SENDER_SPOKE);
	if (f->rare->odd[f->rst_side].rst > f->rare->odd[f->rst_side].rst_ignored + 1)
		e |= EVIDENCE_BIT(RST_REPEATED);
	return e;
}

static uint64_t fin_evidence(const struct flow *f)
{
	const struct half *c = &f->half[CLIENT], *s = &f->half[SERVER];
	uint64_t e = 0;

	if (c->flags & HALF_FIN)
		e |= EVIDENCE_BIT(FIN_CLIENT);
	if (s->flags & HALF_FIN)
		e |= EVIDENCE_BIT(FIN_SERVER);
	if (fin_acked(f, CLIENT))
		e |= EVIDENCE_BIT(FIN_CLIENT_ACKED);
	if (fin_acked(f, SERVER))
		e |= EVIDENCE_BIT(FIN_SERVER_ACKED);
	if ((c->flags | s->flags) & HALF_FIN_IMPLIED)
		e |= EVIDENCE_BIT(FIN_IMPLIED);
	if (c->flags & s->flags & HALF_FIN_FIRST)
		e |= EVIDENCE_BIT(FIN_CROSSED);
	if (f->first_fin <= SERVER) {
		const struct half *p = &f->half[!f->first_fin], *r = &f->half[f->first_fin];
		uint32_t end = p->nxt - (p->flags & HALF_FIN ? 1 : 0);

		if (seq_before(p->nxt_at_peer_fin, end)) {
			e |= EVIDENCE_BIT(DATA_AFTER_FIN);
			if (!(r->flags & HALF_ACK) || seq_before(r->ack, end))
				e |= EVIDENCE_BIT(DATA_UNACKED);
		}
	}
	return e;
}

/* What few connections have one of: a reset, something ignored, an ICMP error. */
static uint64_t rare_evidence(const struct flow *f)
{
	const struct half *c = &f->half[CLIENT], *s = &f->half[SERVER];
	uint32_t either = c->flags | s->flags;
	uint64_t e = 0;

	if (was_reset(f))
		e |= rst_evidence(f);
	else if (either & HALF_RST && c->flags & s->flags & HALF_FIN)
		e |= EVIDENCE_BIT(RST_AFTER_CLOSE);
	if (f->rare->odd[CLIENT].rst_ignored || f->rare->odd[SERVER].rst_ignored)
		e |= EVIDENCE_BIT(RST_IGNORED);
	if (either & HALF_RST_PAYLOAD)
		e |= EVIDENCE_BIT(RST_PAYLOAD);
	return e;
}

/* What the flags of few connections say. */
static uint64_t flag_evidence(const struct flow *f)
{
	uint64_t e = 0;

	if (f->flags & FLOW_RST_UNDONE)
		e |= EVIDENCE_BIT(RST_UNDONE);
	if (f->flags & FLOW_TAKEN_LATE)
		e |= EVIDENCE_BIT(TAKEN_LATE);
	if (f->flags & FLOW_PORTS_HELD)
		e |= EVIDENCE_BIT(PORTS_HELD);
	if (f->flags & FLOW_ICMP)
		e |= EVIDENCE_BIT(ICMP);
	if (f->flags & FLOW_HS_KARN &&
		flow_count(f, CLIENT, COUNT_SYN) - flow_count(f, CLIENT, COUNT_SYNACK) >
			flow_uniq(f, CLIENT, UNIQ_SYN)) /* not a span port's copy */
		e |= EVIDENCE_BIT(SYN_REPEATED);
	if (f->flags & FLOW_ILLEGAL)
		e |= EVIDENCE_BIT(ILLEGAL_OPENER);
	if (f->flags & FLOW_REPLACED)
		e |= EVIDENCE_BIT(NEW_GENERATION);
	if (f->flags & FLOW_INPUT_ENDED)
		e |= EVIDENCE_BIT(INPUT_ENDED);
	else if (f->flags & (FLOW_SILENT | FLOW_TIMED_OUT))
		e |= EVIDENCE_BIT(TIMEOUT);
	if (f->flags & FLOW_EVICTED)
		e |= EVIDENCE_BIT(EVICTED);
	if (f->ending && f->flags & FLOW_CAPTURE_LOSS)
		e |= EVIDENCE_BIT(CAPTURE_LOSS);
	return e;
}

static uint64_t evidence_of(const struct flow *f)
{
	const uint32_t telling = FLOW_RST_UNDONE | FLOW_TAKEN_LATE | FLOW_PORTS_HELD | FLOW_ICMP |
				 FLOW_HS_KARN | FLOW_ILLEGAL | FLOW_REPLACED | FLOW_INPUT_ENDED |
				 FLOW_SILENT | FLOW_TIMED_OUT | FLOW_EVICTED | FLOW_CAPTURE_LOSS;
	const struct half *c = &f->half[CLIENT], *s = &f->half[SERVER];
	uint32_t either = c->flags | s->flags;
	uint64_t e = either & HALF_FIN ? fin_evidence(f) : 0;

	if (f->flags & FLOW_ESTABLISHED) {
		e |= EVIDENCE_BIT(ESTABLISHED);
		if (f->origin == ORIGIN_ATTEMPT && c->flags & HALF_ISN &&
			(s->n[COUNT_SYNACK] || s->n[COUNT_SYN]))
			e |= EVIDENCE_BIT(HANDSHAKE);
	}
	if (f->origin == ORIGIN_MIDSTREAM)
		e |= EVIDENCE_BIT(MIDSTREAM);
	if (f->client_by > BY_LEARNED)
		e |= EVIDENCE_BIT(ROLE_GUESSED);
	if (either & HALF_RST || flow_has_rare(f))
		e |= rare_evidence(f);
	if (f->ending == ENDING_CLIENT_VANISHED || f->ending == ENDING_SERVER_VANISHED)
		e |= c->probe_tail >= 3 || s->probe_tail >= 3 ? EVIDENCE_BIT(UNANSWERED_PROBES)
							      : EVIDENCE_BIT(UNANSWERED_RETR);
	if (f->rare->odd[SERVER].synack_late)
		e |= EVIDENCE_BIT(SYNACK_REPEATED);
	if (f->flags & telling)
		e |= flag_evidence(f);
	if (f->ending == ENDING_PROBE && !(f->flags & FLOW_ILLEGAL))
		e |= EVIDENCE_BIT(LONE_SEGMENT);
	if (either & HALF_GAP)
		e |= EVIDENCE_BIT(GAP);
	if (verdict_one_side(f))
		e |= EVIDENCE_BIT(ONE_WAY);
	return e;
}

/* Data. Of a side that the capture does not show, only the other's acknowledgements tell. */
static bool has_sent(const struct half *h, bool one_side)
{
	if (h->packets || !one_side)
		return h->bytes > 0;
	return h->nxt - h->isn > (h->flags & HALF_FIN ? 1 : 0);
}

static uint32_t stage_of(const struct flow *f)
{
	bool one_side = verdict_one_side(f);
	bool clt = has_sent(&f->half[CLIENT], one_side), srv = has_sent(&f->half[SERVER], one_side);

	if (!(f->flags & FLOW_ESTABLISHED) && f->origin == ORIGIN_ATTEMPT && !one_side)
		return ATTRIBUTE_BIT(STAGE_SETUP);
	if (!clt && !srv)
		return ATTRIBUTE_BIT(STAGE_NO_DATA);
	return clt && srv ? ATTRIBUTE_BIT(STAGE_LATER) : ATTRIBUTE_BIT(STAGE_FIRST_REQUEST);
}

static uint32_t doer_of(const struct flow *f)
{
	switch ((enum ending)f->ending) {
	case ENDING_CLIENT_ABORT:
	case ENDING_CLIENT_CUT:
	case ENDING_CLIENT_LOST:
	case ENDING_CANCELLED:
		return ATTRIBUTE_BIT(BY_CLIENT);
	case ENDING_SERVER_ABORT:
	case ENDING_SERVER_CUT:
	case ENDING_SERVER_LOST:
	case ENDING_REFUSED:
	case ENDING_NOT_ACCEPTED:
		return ATTRIBUTE_BIT(BY_SERVER);
	case ENDING_QUICK_RESET:
	case ENDING_IDLE_RESET:
	case ENDING_KEEPALIVE_TIMEOUT:
		if (f->rst_side <= SERVER)
			return f->rst_side == CLIENT ? ATTRIBUTE_BIT(BY_CLIENT)
						     : ATTRIBUTE_BIT(BY_SERVER);
		return 0;
	case ENDING_HALF_CLOSED:
		/* Whoever did not close. */
		return f->half[CLIENT].flags & HALF_FIN ? ATTRIBUTE_BIT(BY_SERVER)
							: ATTRIBUTE_BIT(BY_CLIENT);
	case ENDING_NONE:
	case ENDING_REFUSED_PATH:
	case ENDING_UNREACHABLE:
	case ENDING_UNANSWERED:
	case ENDING_HALF_OPEN:
	case ENDING_PROBE:
	case ENDING_STRAY_RESET:
	case ENDING_GRACEFUL:
	case ENDING_PATH_RESET:
	case ENDING_CLIENT_VANISHED:
	case ENDING_SERVER_VANISHED:
	case ENDING_REPLACED:
	case ENDING_UNKNOWN:
	case ENDING_COUNT:
		break;
	}
	return 0;
}

/* r closed first, and acknowledged data that its peer sent afterwards. */
static bool is_half_close(const struct flow *f)
{
	const struct half *r = &f->half[f->first_fin], *p = &f->half[!f->first_fin];
	uint32_t end = p->nxt - (p->flags & HALF_FIN ? 1 : 0);

	return seq_before(p->nxt_at_peer_fin, end) && r->flags & HALF_ACK &&
	       seq_before(p->nxt_at_peer_fin, r->ack);
}

static uint32_t rare_attributes(const struct flow *f)
{
	const struct half *c = &f->half[CLIENT], *s = &f->half[SERVER];
	const struct odd *odd = f->rare->odd;
	uint32_t a = 0;

	if (!was_reset(f) && c->flags & s->flags & HALF_FIN && (odd[CLIENT].rst || odd[SERVER].rst) &&
		odd[CLIENT].rst + odd[SERVER].rst > odd[CLIENT].rst_ignored + odd[SERVER].rst_ignored)
		a |= ATTRIBUTE_BIT(RST_AFTER_CLOSE);
	if (was_reset(f) && f->rst_facts & RST_DELIVERED &&
		(f->ending == ENDING_CLIENT_ABORT || f->ending == ENDING_SERVER_ABORT))
		a |= ATTRIBUTE_BIT(DELIVERED);
	if (was_reset(f) && f->rare->rst_idle_us >= 1000000)
		a |= ATTRIBUTE_BIT(IDLE);
	if (odd[CLIENT].rst_ignored || odd[SERVER].rst_ignored)
		a |= ATTRIBUTE_BIT(RST_IGNORED);
	if ((c->flags | s->flags) & HALF_RST_PAYLOAD)
		a |= ATTRIBUTE_BIT(PAYLOAD_IN_RST);
	if ((c->flags | s->flags) & HALF_RST_MPTCP)
		a |= ATTRIBUTE_BIT(MPTCP);
	if (odd[CLIENT].zwin || odd[SERVER].zwin)
		a |= ATTRIBUTE_BIT(ZERO_WINDOW);
	if (f->flags & FLOW_ICMP)
		a |= ATTRIBUTE_BIT(ICMP);
	return a;
}

static uint32_t closing_attributes(const struct flow *f)
{
	const struct half *c = &f->half[CLIENT], *s = &f->half[SERVER];
	uint32_t a = 0;

	if (c->flags & s->flags & HALF_FIN_FIRST)
		a |= ATTRIBUTE_BIT(FIRST_FIN_BOTH);
	else if (f->first_fin <= SERVER)
		a |= f->first_fin == CLIENT ? ATTRIBUTE_BIT(FIRST_FIN_CLIENT)
					    : ATTRIBUTE_BIT(FIRST_FIN_SERVER);
	if (f->first_fin <= SERVER && is_half_close(f))
		a |= ATTRIBUTE_BIT(HALF_CLOSE);
	return a;
}

/* Calls at even intervals that are over at once, and want nothing. */
static bool is_healthcheck(const struct flow *f)
{
	bool data = f->half[CLIENT].bytes || f->half[SERVER].bytes;

	return f->flags & FLOW_PERIODIC &&
	       (f->ending == ENDING_CANCELLED || f->ending == ENDING_QUICK_RESET ||
		       (!data && (f->ending == ENDING_CLIENT_ABORT || f->ending == ENDING_GRACEFUL)));
}

static uint32_t attributes_of(const struct flow *f)
{
	const struct half *c = &f->half[CLIENT], *s = &f->half[SERVER];
	uint32_t either = c->flags | s->flags, a = closing_attributes(f) | doer_of(f);

	if (f->ending)
		a |= stage_of(f);
	if (either & HALF_RST || flow_has_rare(f))
		a |= rare_attributes(f);
	if (f->flags & FLOW_SIMULTANEOUS)
		a |= ATTRIBUTE_BIT(SIMULTANEOUS_OPEN);
	if (either & HALF_FAST_OPEN)
		a |= ATTRIBUTE_BIT(FAST_OPEN);
	if (c->n[COUNT_RETR] || s->n[COUNT_RETR])
		a |= ATTRIBUTE_BIT(RETRANSMISSIONS);
	if (verdict_one_side(f))
		a |= ATTRIBUTE_BIT(ONE_WAY);
	if (either & HALF_FIN_IMPLIED)
		a |= ATTRIBUTE_BIT(IMPLIED_FIN);
	if (f->flags & FLOW_PORT_REUSE)
		a |= ATTRIBUTE_BIT(PORT_REUSE);
	if (f->flags & FLOW_DUPLICATES)
		a |= ATTRIBUTE_BIT(DUPLICATES);
	if (is_healthcheck(f))
		a |= ATTRIBUTE_BIT(HEALTHCHECK);
	return a;
}

static uint8_t closer_of(const struct flow *f)
{
	if (f->half[CLIENT].flags & f->half[SERVER].flags & HALF_FIN_FIRST)
		return CLOSER_BOTH;
	if (f->first_fin <= SERVER)
		return f->first_fin == CLIENT ? CLOSER_CLIENT : CLOSER_SERVER;
	if (was_reset(f))
		return f->rst_side == CLIENT ? CLOSER_CLIENT : CLOSER_SERVER;
	return CLOSER_NONE;
}

/*
 * Before the RST, or before what was never answered. A keep-alive probe comes when its sender
 * likes: no sign.
 */
static int64_t idle_of(const struct flow *f)
{
	const struct half *stuck = &f->half[f->ending == ENDING_SERVER_VANISHED ? CLIENT : SERVER];

	if (f->ending == ENDING_SERVER_VANISHED || f->ending == ENDING_CLIENT_VANISHED)
		return stuck->tail >= 3 ? (int64_t)stuck->idle_us * NS_PER_US : TIME_NEVER;
	return was_reset(f) ? (int64_t)f->rare->rst_idle_us * NS_PER_US : TIME_NEVER;
}

void snapshot(const struct flow *f, int64_t now, int64_t time_wait, struct connection *out)
{
	mem_clear(out, sizeof(*out));
	out->uid = f->uid;
	out->start = f->start;
	out->last = f->last;
	out->ended = f->ended;
	out->tuple = f->tuple;
	side_of(f, CLIENT, now, time_wait, &out->side[CLIENT]);
	side_of(f, SERVER, now, time_wait, &out->side[SERVER]);
	if (out->side[CLIENT].state == STATE_TIME_WAIT || out->side[SERVER].state == STATE_TIME_WAIT)
		out->time_wait_until = state_time_wait_until(f, time_wait);
	out->evidence = evidence_of(f);
	out->attributes = attributes_of(f);
	out->t_established = rel_ns(f->t_est);
	out->hs_srv_ns = f->hs_srv_us == UINT32_MAX ? TIME_NEVER : (int64_t)f->hs_srv_us * NS_PER_US;
	out->hs_clt_ns = f->hs_clt_us == UINT32_MAX ? TIME_NEVER : (int64_t)f->hs_clt_us * NS_PER_US;
	out->idle_ns = idle_of(f);
	if (f->flags & FLOW_ICMP) {
		out->icmp_from = f->rare->icmp_from;
		out->icmp_type = f->rare->icmp_type;
		out->icmp_code = f->rare->icmp_code;
	}
	out->ttl_delta = f->ttl_delta;
	out->ending = f->ending;
	out->confidence = f->confidence;
	out->closer = closer_of(f);
	out->client_by = f->client_by;
	out->origin = f->origin;
	out->rule = f->rule;
	out->rst_side = was_reset(f) ? f->rst_side : 2;
	out->established = (f->flags & FLOW_ESTABLISHED) != 0;
	out->tunnel = f->tunnel;
	out->interface = f->source;
	out->vlan = f->vlan;
	out->generation = f->generation;
	memcpy(out->history, f->history, sizeof(out->history));
}
