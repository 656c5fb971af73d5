/*
 * The one definition of every count, as pairs of counter and value. Inline, so that who takes the
 * pairs pays only for the form it keeps them in.
 */
#ifndef TCPTOP_MODEL_COUNTING_H
#define TCPTOP_MODEL_COUNTING_H

#include <stdbool.h>

#include "model/connection.h"
#include "model/counters.h"

#define COUNTING static inline __attribute__((always_inline))

/* Takes a pair. A counter comes at most once; one that does not come is 0. */
#define COUNTING_EMIT void (*emit)(void *arg, enum counter n, uint64_t value), void *arg

COUNTING bool counting_an_end_is_in(const struct connection *c, enum tcp_state s)
{
	return c->side[CLIENT].state == s || c->side[SERVER].state == s;
}

/* An abort that did no harm: the application had answered, nothing was outstanding. */
COUNTING bool counting_delivered(const struct connection *c)
{
	enum ending_group g = ending_info[c->ending].group;

	return (c->attributes & ATTRIBUTE_BIT(DELIVERED)) &&
	       (g == GROUP_ABORTED_SERVER || g == GROUP_ABORTED_CLIENT);
}

COUNTING void counting_ending(const struct connection *c, COUNTING_EMIT)
{
	const struct ending_info *e = &ending_info[c->ending];
	bool delivered = counting_delivered(c);

	emit(arg, counter_of_ending((enum ending)c->ending), 1);
	emit(arg, COUNTER_CT_DONE, c->established != 0);
	emit(arg, COUNTER_DELIVERED, delivered);
	emit(arg, COUNTER_DELIVERED_SRV, delivered && e->group == GROUP_ABORTED_SERVER);
	emit(arg, COUNTER_BAD, e->harm == HARM_BAD && !delivered);
}

COUNTING void counting_open(const struct connection *c, COUNTING_EMIT)
{
	emit(arg, COUNTER_OPEN, 1);
	emit(arg, COUNTER_SYN_RECEIVED, counting_an_end_is_in(c, STATE_SYN_RECEIVED));
	emit(arg, COUNTER_FIN_WAIT,
		counting_an_end_is_in(c, STATE_FIN_WAIT_1) || counting_an_end_is_in(c, STATE_FIN_WAIT_2));
	emit(arg, COUNTER_CLOSE_WAIT, counting_an_end_is_in(c, STATE_CLOSE_WAIT));
}

/* Packets and octets: what packets after the last word add. */
COUNTING void counting_packets(const struct connection *c, COUNTING_EMIT)
{
	const struct side *clt = &c->side[CLIENT], *srv = &c->side[SERVER];

	emit(arg, COUNTER_SYN_CLT, clt->syn);
	emit(arg, COUNTER_SYN_SRV, srv->syn);
	emit(arg, COUNTER_SYNACK_CLT, clt->synack);
	emit(arg, COUNTER_SYNACK_SRV, srv->synack);
	emit(arg, COUNTER_FIN_CLT, clt->fin);
	emit(arg, COUNTER_FIN_SRV, srv->fin);
	emit(arg, COUNTER_RST_CLT, clt->rst);
	emit(arg, COUNTER_RST_SRV, srv->rst);
	emit(arg, COUNTER_SYN_UNIQ_CLT, clt->syn_uniq);
	emit(arg, COUNTER_SYN_UNIQ_SRV, srv->syn_uniq);
	emit(arg, COUNTER_FIN_UNIQ_CLT, clt->fin_uniq);
	emit(arg, COUNTER_FIN_UNIQ_SRV, srv->fin_uniq);
	emit(arg, COUNTER_RST_UNIQ_CLT, clt->rst_uniq);
	emit(arg, COUNTER_RST_UNIQ_SRV, srv->rst_uniq);
	emit(arg, COUNTER_RST_IGNORED, (uint64_t)clt->rst_ignored + srv->rst_ignored);
	emit(arg, COUNTER_RST_PATH, (uint64_t)clt->rst_path + srv->rst_path);
	emit(arg, COUNTER_RETR_CLT, clt->retr);
	emit(arg, COUNTER_RETR_SRV, srv->retr);
	emit(arg, COUNTER_ZWIN_CLT, clt->zwin);
	emit(arg, COUNTER_ZWIN_SRV, srv->zwin);
	emit(arg, COUNTER_DUPACK_CLT, clt->dupack);
	emit(arg, COUNTER_DUPACK_SRV, srv->dupack);
	emit(arg, COUNTER_OOO_CLT, clt->ooo);
	emit(arg, COUNTER_OOO_SRV, srv->ooo);
	emit(arg, COUNTER_PACKETS_CLT, clt->packets);
	emit(arg, COUNTER_PACKETS_SRV, srv->packets);
	emit(arg, COUNTER_BYTES_CLT, clt->bytes);
	emit(arg, COUNTER_BYTES_SRV, srv->bytes);
}

COUNTING void counting_connection(const struct connection *c, COUNTING_EMIT)
{
	bool attempt = c->origin == ORIGIN_ATTEMPT, ended = c->ending != ENDING_NONE;

	counting_packets(c, emit, arg);
	emit(arg, COUNTER_ATTEMPTS, attempt);
	emit(arg, COUNTER_MID, c->origin == ORIGIN_MIDSTREAM);
	emit(arg, COUNTER_OTHER, c->origin == ORIGIN_OTHER);
	emit(arg, COUNTER_CT, attempt && c->established);
	emit(arg, COUNTER_ATTEMPTS_DONE, attempt && (c->established || ended));
	if (ended)
		counting_ending(c, emit, arg);
	else
		counting_open(c, emit, arg);
	emit(arg, COUNTER_TIME_WAIT, counting_an_end_is_in(c, STATE_TIME_WAIT));
}

#endif
