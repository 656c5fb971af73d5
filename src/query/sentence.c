/*
 * What is said of one connection: the sentence of its ending with the numbers that belong
 * to it.
 */
#include "config.h"

#include <stdlib.h>

#include "query/query.h"
#include "query/words.h"
#include "util/fmt.h"

static const char *const side_word[2] = {"client", "server"};

static void add_time(struct str *out, const char *before, int64_t ns, const char *after)
{
	char buf[FMT_TEXT];

	if (ns >= 0)
		str_addf(out, "%s%s%s", before, fmt_duration(buf, ns), after);
}

static void add_times(struct str *out, uint64_t n, const char *what)
{
	str_addf(out, "%llu %s%s", (unsigned long long)n, what, n == 1 ? "" : "s");
}

/* Last data of either side, since the start; TIME_NEVER without any. */
static int64_t last_data(const struct connection *c)
{
	int64_t a = c->side[CLIENT].t_data, b = c->side[SERVER].t_data;

	return a > b ? a : b;
}

static void add_volume(struct str *out, const struct connection *c)
{
	char clt[FMT_TEXT], srv[FMT_TEXT];

	if (c->side[CLIENT].bytes == 0 && c->side[SERVER].bytes == 0) {
		str_add(out, "; no data was sent");
		return;
	}
	str_addf(out, "; %s from the client, %s from the server",
		fmt_bytes(clt, c->side[CLIENT].bytes), fmt_bytes(srv, c->side[SERVER].bytes));
}

/* "200.6 ms after the last data", or after the handshake when there was none. */
static void add_since_data(struct str *out, const struct connection *c, int64_t when)
{
	int64_t data = last_data(c);

	if (when < 0)
		return;
	if (data >= 0 && when >= data)
		add_time(out, " ", when - data, " after the last data");
	else if (data < 0 && c->t_established >= 0 && when >= c->t_established)
		add_time(out, " ", when - c->t_established, " after the handshake");
	else
		add_time(out, " ", when, " after the first packet");
}

/* First accepted RST, since the start. */
static int64_t reset_time(const struct connection *c)
{
	return c->rst_side <= SERVER ? c->side[c->rst_side].t_rst : TIME_NEVER;
}

static void say_refused(const struct connection *c, struct str *out)
{
	const struct side *clt = &c->side[CLIENT];

	add_time(out, " ", c->side[SERVER].t_rst, " after the first SYN");
	if (clt->syn > 1) {
		str_add(out, "; ");
		add_times(out, clt->syn, "SYN");
		add_time(out, " over ", clt->t_syn_last, "");
	}
}

static void say_distance(const struct connection *c, struct str *out)
{
	int hops = abs(c->ttl_delta);

	if (hops > 0)
		str_addf(out, "; the RST came from %d hop%s %s", hops, hops == 1 ? "" : "s",
			c->ttl_delta < 0 ? "nearer" : "farther away");
}

static void say_unreachable(const struct connection *c, struct str *out)
{
	char buf[ADDR_TEXT];

	str_addf(out, ": %u/%u", c->icmp_type, c->icmp_code);
	words_icmp(c, out);
	str_addf(out, ", said %s", addr_text(&c->icmp_from, buf));
}

static void say_unanswered(const struct connection *c, struct str *out)
{
	const struct side *clt = &c->side[CLIENT];

	str_add(out, ": ");
	add_times(out, clt->syn, "SYN");
	if (clt->syn > 1)
		add_time(out, " over ", clt->t_syn_last, "");
}

static void say_half_open(const struct connection *c, struct str *out)
{
	const struct side *srv = &c->side[SERVER];

	str_add(out, ": ");
	add_times(out, srv->synack, "SYN-ACK");
	if (srv->synack > 1)
		add_time(out, " over ", srv->t_syn_last, "");
	if (c->ending == ENDING_HALF_OPEN)
		str_add(out, " unanswered");
	else if (c->rst_side == SERVER)
		add_time(out, ", then a RST ", srv->t_rst, " after the SYN");
}

static void say_stray(const struct connection *c, struct str *out)
{
	uint64_t n = (uint64_t)c->side[CLIENT].rst + c->side[SERVER].rst;

	str_add(out, ": ");
	add_times(out, n, "RST");
	if (n > 1)
		add_time(out, " over ", c->last - c->start, "");
}

static void say_graceful(const struct connection *c, struct str *out)
{
	uint64_t resets = (uint64_t)c->side[CLIENT].rst + c->side[SERVER].rst;

	if (c->closer == CLOSER_CLIENT || c->closer == CLOSER_SERVER)
		str_addf(out, ", %s first,", closer_names[c->closer]);
	else if (c->closer == CLOSER_BOTH)
		str_add(out, ", both at the same time,");
	add_time(out, " after ", c->last - c->start, "");
	add_volume(out, c);
	if (resets && (c->attributes & ATTRIBUTE_BIT(RST_AFTER_CLOSE))) {
		str_add(out, "; ");
		add_times(out, resets, "late RST");
	}
}

static void say_half_closed(const struct connection *c, struct str *out)
{
	int closed = c->side[CLIENT].t_fin >= 0 ? CLIENT : SERVER;

	str_addf(out, ": the %s closed", side_word[closed]);
	add_time(out, " ", c->side[closed].t_fin, " after the first packet");
	str_addf(out, ", the %s did not", side_word[!closed]);
	if (c->ended > c->last)
		add_time(out, "; silent for ", c->ended - c->last, "");
}

static void say_abort(const struct connection *c, struct str *out)
{
	bool fin = c->side[CLIENT].fin || c->side[SERVER].fin;

	add_since_data(out, c, reset_time(c));
	add_volume(out, c);
	if (!fin)
		str_add(out, "; no FIN from either side");
	if (c->attributes & ATTRIBUTE_BIT(DELIVERED))
		str_add(out, "; nothing was outstanding, so it looks like its habit");
}

static void say_cut(const struct connection *c, int who, struct str *out)
{
	const struct side *s = &c->side[who];

	str_addf(out, ": its FIN");
	add_time(out, " ", s->t_fin, " after the first packet");
	str_add(out, ", then ");
	add_times(out, s->rst, "RST");
	str_add(out, " for what still came");
	if (s->t_fin >= 0)
		add_time(out, s->rst > 1 ? ", the first " : " ", s->t_rst - s->t_fin, " later");
	add_volume(out, c);
}

static void say_lost(const struct connection *c, struct str *out)
{
	if (c->idle_ns > INT64_C(1000000000))
		add_time(out, ": restarted, or a device forgot it after ", c->idle_ns, " of silence");
	else
		add_since_data(out, c, reset_time(c));
	add_volume(out, c);
}

static void say_path(const struct connection *c, struct str *out)
{
	if (c->rst_side <= SERVER)
		str_addf(out, ", in the %s's name", side_word[c->rst_side]);
	add_since_data(out, c, reset_time(c));
	say_distance(c, out);
	if (c->rst_side <= SERVER && (c->evidence & EVIDENCE_BIT(RST_SENDER_SPOKE)))
		str_addf(out, "; the %s went on talking after it", side_word[c->rst_side]);
}

static void say_idle(const struct connection *c, struct str *out)
{
	add_time(out, ": ", c->idle_ns, "");
	if (c->rst_side <= SERVER)
		str_addf(out, ", by the %s's side", side_word[c->rst_side]);
}

static void say_keepalive(const struct connection *c, struct str *out)
{
	int who = c->rst_side <= SERVER ? c->rst_side : CLIENT;
	const struct side *s = &c->side[who];

	str_addf(out, ": the %s sent ", side_word[who]);
	add_times(out, s->keepalive, "probe");
	if (s->tail > 0 && s->tail < s->keepalive)
		str_addf(out, ", the last %u unanswered", s->tail);
}

/* When the other side was last heard is known of data only, so no time is said. */
static void say_vanished(const struct connection *c, int who, struct str *out)
{
	const struct side *left = &c->side[!who];
	bool probes = (c->evidence & EVIDENCE_BIT(UNANSWERED_PROBES)) != 0;
	const char *what = probes ? "probe" : "retransmission";
	uint32_t all = probes ? left->keepalive : left->retr;

	if (left->tail == 0)
		return;
	str_addf(out, "; the %s sent ", side_word[!who]);
	if (all > left->tail) {
		add_times(out, all, what);
		str_addf(out, ", the last %u unanswered", left->tail);
	} else {
		add_times(out, left->tail, what);
		str_add(out, left->tail == 1 ? ", unanswered" : ", all unanswered");
	}
	if (c->rst_side == !who)
		str_add(out, ", then a RST");
}

/* What the numbers add to the ending's own words. */
static void say_numbers(const struct connection *c, struct str *out)
{
	switch ((enum ending)c->ending) {
	case ENDING_REFUSED:
		say_refused(c, out);
		return;
	case ENDING_REFUSED_PATH:
		say_refused(c, out);
		say_distance(c, out);
		return;
	case ENDING_UNREACHABLE:
		say_unreachable(c, out);
		return;
	case ENDING_UNANSWERED:
		say_unanswered(c, out);
		return;
	case ENDING_HALF_OPEN:
	case ENDING_NOT_ACCEPTED:
		say_half_open(c, out);
		return;
	case ENDING_CANCELLED:
		add_time(out, " ", c->side[CLIENT].t_rst, " after its SYN");
		return;
	case ENDING_STRAY_RESET:
		say_stray(c, out);
		return;
	case ENDING_GRACEFUL:
		say_graceful(c, out);
		return;
	case ENDING_QUICK_RESET:
		add_time(out, ", after ", c->last - c->start, "");
		add_volume(out, c);
		return;
	case ENDING_HALF_CLOSED:
		say_half_closed(c, out);
		return;
	case ENDING_CLIENT_ABORT:
	case ENDING_SERVER_ABORT:
		say_abort(c, out);
		return;
	case ENDING_CLIENT_CUT:
		say_cut(c, CLIENT, out);
		return;
	case ENDING_SERVER_CUT:
		say_cut(c, SERVER, out);
		return;
	case ENDING_CLIENT_LOST:
	case ENDING_SERVER_LOST:
		say_lost(c, out);
		return;
	case ENDING_PATH_RESET:
		say_path(c, out);
		return;
	case ENDING_IDLE_RESET:
		say_idle(c, out);
		return;
	case ENDING_KEEPALIVE_TIMEOUT:
		say_keepalive(c, out);
		return;
	case ENDING_CLIENT_VANISHED:
		say_vanished(c, CLIENT, out);
		return;
	case ENDING_SERVER_VANISHED:
		say_vanished(c, SERVER, out);
		return;
	case ENDING_NONE:
	case ENDING_PROBE:
	case ENDING_REPLACED:
	case ENDING_UNKNOWN:
	case ENDING_COUNT:
		return;
	}
}

static void say_open(const struct connection *c, struct str *out)
{
	const char *clt = state_names[c->side[CLIENT].state], *srv = state_names[c->side[SERVER].state];

	str_addf(out, "open: client %s, server %s", *clt ? clt : "unknown", *srv ? srv : "unknown");
	add_time(out, ", ", c->last - c->start, " so far");
	add_volume(out, c);
}

/* The end of the input cut it off, and no packet had ended it. */
static bool is_unfinished(const struct connection *c)
{
	enum ending_group g = ending_info[c->ending].group;

	return (c->evidence & EVIDENCE_BIT(INPUT_ENDED)) && c->rst_side > SERVER &&
		(g == GROUP_NO_ANSWER || g == GROUP_SILENT || g == GROUP_HALF_CLOSED ||
			c->ending == ENDING_UNKNOWN);
}

void connection_sentence(const struct connection *c, struct str *out)
{
	if (c->ending == ENDING_NONE) {
		say_open(c, out);
		return;
	}
	str_add(out, ending_info[c->ending].sentence);
	say_numbers(c, out);
	if (is_unfinished(c))
		str_add(out, "; still unfinished when the input ended");
	if (c->confidence == CONFIDENCE_LOW)
		str_add(out, " (not certain)");
}
