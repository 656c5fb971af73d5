/*
 * What is counted. counters_of_connection() is the only place that turns a connection into numbers; whatever any
 * view shows is a sum of its results, so all views agree.
 */
#include "config.h"

#include "model/counters.h"

#include <string.h>

#include "model/connection.h"

const struct counter_info counter_info[COUNTER_COUNT] = {
#define COUNTER(id, name, unit, gist) [COUNTER_##id] = { name, gist, UNIT_##unit },
#define WIDE(id, name, unit, gist) [COUNTER_##id] = { name, gist, UNIT_##unit },
#include "model/counters.def"
#undef COUNTER
#undef WIDE
#define ENDING(id, name, letter, group, harm, sentence, ...) \
	[COUNTER_ENDINGS + ENDING_##id - 1] = { name, sentence, UNIT_CONNECTIONS },
#include "model/endings.def"
#undef ENDING
};

static bool is_abort(enum ending_group g)
{
	return g == GROUP_ABORTED_SERVER || g == GROUP_ABORTED_CLIENT;
}

static bool was_delivered(const struct connection *c)
{
	return (c->attributes & ATTRIBUTE_BIT(DELIVERED)) && is_abort(ending_info[c->ending].group);
}

enum ending_group connection_group(const struct connection *c)
{
	return was_delivered(c) ? GROUP_OK : ending_info[c->ending].group;
}

static bool an_end_is_in(const struct connection *c, enum tcp_state s)
{
	return c->side[CLIENT].state == s || c->side[SERVER].state == s;
}

static void count_ending(const struct connection *c, uint64_t n[COUNTER_COUNT])
{
	const struct ending_info *e = &ending_info[c->ending];
	bool delivered = was_delivered(c);

	n[counter_of_ending((enum ending)c->ending)] = 1;
	n[COUNTER_CT_DONE] = c->established != 0;
	n[COUNTER_DELIVERED] = delivered;
	n[COUNTER_DELIVERED_SRV] = delivered && e->group == GROUP_ABORTED_SERVER;
	n[COUNTER_BAD] = e->harm == HARM_BAD && !delivered;
}

static void count_open(const struct connection *c, uint64_t n[COUNTER_COUNT])
{
	n[COUNTER_OPEN] = 1;
	n[COUNTER_SYN_RECEIVED] = an_end_is_in(c, STATE_SYN_RECEIVED);
	n[COUNTER_FIN_WAIT] =
		an_end_is_in(c, STATE_FIN_WAIT_1) || an_end_is_in(c, STATE_FIN_WAIT_2);
	n[COUNTER_CLOSE_WAIT] = an_end_is_in(c, STATE_CLOSE_WAIT);
}

static void count_packets(const struct connection *c, uint64_t n[COUNTER_COUNT])
{
	const struct side *clt = &c->side[CLIENT], *srv = &c->side[SERVER];

	n[COUNTER_SYN_CLT] = clt->syn;
	n[COUNTER_SYN_SRV] = srv->syn;
	n[COUNTER_SYNACK_CLT] = clt->synack;
	n[COUNTER_SYNACK_SRV] = srv->synack;
	n[COUNTER_FIN_CLT] = clt->fin;
	n[COUNTER_FIN_SRV] = srv->fin;
	n[COUNTER_RST_CLT] = clt->rst;
	n[COUNTER_RST_SRV] = srv->rst;
	n[COUNTER_SYN_UNIQ_CLT] = clt->syn_uniq;
	n[COUNTER_SYN_UNIQ_SRV] = srv->syn_uniq;
	n[COUNTER_FIN_UNIQ_CLT] = clt->fin_uniq;
	n[COUNTER_FIN_UNIQ_SRV] = srv->fin_uniq;
	n[COUNTER_RST_UNIQ_CLT] = clt->rst_uniq;
	n[COUNTER_RST_UNIQ_SRV] = srv->rst_uniq;
	n[COUNTER_RST_IGNORED] = (uint64_t)clt->rst_ignored + srv->rst_ignored;
	n[COUNTER_RST_PATH] = (uint64_t)clt->rst_path + srv->rst_path;
	n[COUNTER_RETR_CLT] = clt->retr;
	n[COUNTER_RETR_SRV] = srv->retr;
	n[COUNTER_ZWIN_CLT] = clt->zwin;
	n[COUNTER_ZWIN_SRV] = srv->zwin;
	n[COUNTER_DUPACK_CLT] = clt->dupack;
	n[COUNTER_DUPACK_SRV] = srv->dupack;
	n[COUNTER_OOO_CLT] = clt->ooo;
	n[COUNTER_OOO_SRV] = srv->ooo;
	n[COUNTER_PACKETS_CLT] = clt->packets;
	n[COUNTER_PACKETS_SRV] = srv->packets;
	n[COUNTER_BYTES_CLT] = clt->bytes;
	n[COUNTER_BYTES_SRV] = srv->bytes;
}

void counters_of_packets(const struct connection *c, struct counters *out)
{
	memset(out, 0, sizeof(*out));
	count_packets(c, out->n);
}

void counters_of_connection(const struct connection *c, struct counters *out)
{
	bool attempt = c->origin == ORIGIN_ATTEMPT, ended = c->ending != ENDING_NONE;
	uint64_t *n = out->n;

	counters_of_packets(c, out);
	n[COUNTER_ATTEMPTS] = attempt;
	n[COUNTER_MID] = c->origin == ORIGIN_MIDSTREAM;
	n[COUNTER_OTHER] = c->origin == ORIGIN_OTHER;
	n[COUNTER_CT] = attempt && c->established;
	n[COUNTER_ATTEMPTS_DONE] = attempt && (c->established || ended);
	if (ended)
		count_ending(c, n);
	else
		count_open(c, n);
	n[COUNTER_TIME_WAIT] = an_end_is_in(c, STATE_TIME_WAIT);
}

void counters_add(struct counters *to, const struct counters *what)
{
	for (size_t i = 0; i < COUNTER_COUNT; i++)
		to->n[i] += what->n[i];
}

void counters_subtract(struct counters *from, const struct counters *what)
{
	for (size_t i = 0; i < COUNTER_COUNT; i++)
		from->n[i] -= what->n[i];
}

uint64_t counters_group(const struct counters *c, enum ending_group g)
{
	uint64_t sum = 0;

	for (int e = 1; e < ENDING_COUNT; e++)
		if (ending_info[e].group == g)
			sum += c->n[counter_of_ending((enum ending)e)];
	if (g == GROUP_OK)
		sum += c->n[COUNTER_DELIVERED];
	else if (g == GROUP_ABORTED_SERVER)
		sum -= c->n[COUNTER_DELIVERED_SRV];
	else if (g == GROUP_ABORTED_CLIENT)
		sum -= c->n[COUNTER_DELIVERED] - c->n[COUNTER_DELIVERED_SRV];
	return sum;
}
