/*
 * What a row of sums says in words: the kind of ending that did most harm, out of how
 * many, and what that means. Its number is the group's, as the columns and bars show it.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "query/apps.h"
#include "query/query.h"
#include "query/ratio.h"
#include "store/finding.h"
#include "util/clock.h"
#include "util/fmt.h"

/*
 * What the server and what the client is said to have done; % stands for "412 of 420
 * attempts".
 */
struct deed {
	bool setup; /* counted against attempts, else against established connections */
	const char *server, *client, *why;
};

static const struct deed deeds[ENDING_COUNT] = {
	[ENDING_REFUSED] = {true, "refused %", "had % refused", "no listener on that port"},
	[ENDING_REFUSED_PATH] = {true, "had % refused in its name by a device on the path",
		"had % refused by a device on the path", "firewall or load balancer"},
	[ENDING_UNREACHABLE] = {true, "stayed out of reach in %", "found no way to the server in %",
		"the network answered with ICMP"},
	[ENDING_UNANSWERED] = {true, "left % unanswered", "waited in vain for an answer to %",
		"filtered, down or listen queue full"},
	[ENDING_HALF_OPEN] = {true, "had the handshake left unfinished in %",
		"left the handshake unfinished in %", "flood, scan or a broken way back"},
	[ENDING_CANCELLED] = {true, "had % dropped by the client", "dropped % with a reset",
		"scan, or it gave up too early"},
	[ENDING_NOT_ACCEPTED] = {true, "left % waiting", "waited in vain in %", "listen queue full"},
	[ENDING_HALF_CLOSED] = {false, "had % closed by one side only",
		"had % closed by one side only", "sockets pile up in CLOSE_WAIT"},
	[ENDING_CLIENT_ABORT] = {false, "had % aborted by the client", "aborted %", NULL},
	[ENDING_SERVER_ABORT] = {false, "aborted %", "had % aborted by the server", NULL},
	[ENDING_CLIENT_CUT] = {false, "kept sending after the client closed in %",
		"closed while the server was still sending in %", "cancelled or timed out"},
	[ENDING_SERVER_CUT] = {false, "closed while the client went on talking in %",
		"went on talking after the server had closed in %",
		"process ended or idle time too short"},
	[ENDING_CLIENT_LOST] = {false, "had % forgotten by the client", "had forgotten %",
		"restart, or a device on the path"},
	[ENDING_SERVER_LOST] = {false, "had forgotten %", "had % forgotten by the server",
		"restart, or a device on the path"},
	[ENDING_PATH_RESET] = {false, "had % reset by something on the path",
		"had % reset by something on the path", "firewall, IPS or load balancer"},
	[ENDING_IDLE_RESET] = {false, "had % reset after a long silence",
		"had % reset after a long silence", "an idle timeout"},
	[ENDING_KEEPALIVE_TIMEOUT] = {false, "had % given up for want of an answer to keep-alives",
		"had % given up for want of an answer to keep-alives", "dead peer or path"},
	[ENDING_CLIENT_VANISHED] = {false, "got no more answers in %", "stopped answering in %",
		"host or path down"},
	[ENDING_SERVER_VANISHED] = {false, "stopped answering in %", "got no more answers in %",
		"host or path down"},
};

/* Said where a group has several endings; which, is said after it. */
static const struct deed group_deeds[GROUP_COUNT] = {
	[GROUP_REFUSED] = {false, "had % refused", "had % refused", NULL},
	[GROUP_NO_ANSWER] = {false, "had % that got no answer", "had % that got no answer", NULL},
	[GROUP_ABORTED_SERVER] = {false, "aborted %", "had % aborted by the server", NULL},
	[GROUP_ABORTED_CLIENT] = {false, "had % aborted by the client", "aborted %", NULL},
	[GROUP_PATH] = {false, "had % reset on the path", "had % reset on the path", NULL},
	[GROUP_SILENT] = {false, "had % that went silent", "had % that went silent", NULL},
	[GROUP_HALF_CLOSED] = {false, "had % half closed", "had % half closed", NULL},
};

static bool about_client(enum view view)
{
	return view == VIEW_CLIENTS || view == VIEW_CLIENT_ZONES;
}

static void add_address(struct str *out, const struct addr *a, bool others, unsigned port)
{
	char buf[ADDR_TEXT];

	fmt_endpoint(out, others ? "others" : addr_text(a, buf), port);
}

/* Whom the sentence is about. */
static void add_subject(const struct query_row *row, struct str *out)
{
	switch (row->view) {
	case VIEW_SERVERS:
	case VIEW_SERVICES:
	case VIEW_CONVERSATIONS:
		add_address(out, &row->key.server, row->key.other_servers, row->key.port);
		return;
	case VIEW_CLIENTS:
		add_address(out, &row->key.client, row->key.other_clients, 0);
		return;
	case VIEW_CLIENT_ZONES:
		str_addf(out, "clients in %s", row->zone[CLIENT]);
		return;
	case VIEW_SERVER_ZONES:
	case VIEW_ZONES:
		str_addf(out, "servers in %s", row->zone[SERVER]);
		return;
	case VIEW_PORTS:
		str_addf(out, "port %u", row->key.port);
		if (*app_name(row->key.port))
			str_addf(out, " (%s)", app_name(row->key.port));
		return;
	case VIEW_CONNECTIONS:
	case VIEW_ENDINGS:
	case VIEW_FINDINGS:
	case VIEW_GRAPH:
	case VIEW_COUNT:
		return;
	}
}

static void add_peers(const struct query_row *row, struct str *out)
{
	const char *who = about_client(row->view) ? "server" : "client";
	const char *link = about_client(row->view) ? "to" : "from";

	if (row->view == VIEW_CONVERSATIONS) {
		str_add(out, " from ");
		add_address(out, &row->key.client, row->key.other_clients, 0);
	} else if (row->view == VIEW_ZONES) {
		str_addf(out, " from %s", row->zone[CLIENT]);
	} else if (row->peers > 0) {
		str_addf(out, " %s %u %s%s", link, row->peers, who, row->peers == 1 ? "" : "s");
	}
}

/* Those that ended so and count in the ending's own group: aborts that did no harm do not. */
static uint64_t counted(const struct counters *n, int e)
{
	uint64_t all = n->n[counter_of_ending((enum ending)e)], fine = 0;

	if (e == ENDING_SERVER_ABORT)
		fine = n->n[COUNTER_DELIVERED_SRV];
	else if (e == ENDING_CLIENT_ABORT)
		fine = n->n[COUNTER_DELIVERED] - n->n[COUNTER_DELIVERED_SRV];
	return all > fine ? all - fine : 0;
}

/*
 * The group to speak of: most harm, else most of what is worth a look; GROUP_NONE when
 * all is well.
 */
static enum ending_group worst_of(const struct counters *n)
{
	enum ending_group worst = GROUP_NONE;
	enum harm harm;
	int e, g;

	for (harm = HARM_BAD; harm >= HARM_MILD && worst == GROUP_NONE; harm--) {
		uint64_t sum[GROUP_COUNT] = {0};

		for (e = 1; e < ENDING_COUNT; e++)
			if (ending_info[e].harm == harm)
				sum[ending_info[e].group] += counted(n, e);
		for (g = 1; g < GROUP_COUNT; g++)
			if (sum[g] > sum[worst])
				worst = (enum ending_group)g;
	}
	return worst;
}

#define IN_SETUP 1
#define ESTABLISHED 2

/* The only ending the group has here, or ENDING_NONE; *stages: when its endings happen. */
static enum ending only_ending(const struct counters *n, enum ending_group g, unsigned *stages)
{
	int e, found = ENDING_NONE, kinds = 0;

	*stages = 0;
	for (e = 1; e < ENDING_COUNT; e++) {
		if (ending_info[e].group != g || !counted(n, e))
			continue;
		found = e;
		kinds++;
		*stages |= deeds[e].setup ? IN_SETUP : ESTABLISHED;
	}
	return kinds == 1 ? (enum ending)found : ENDING_NONE;
}

/* ": 4 client_cut, 1 client_lost", most frequent first. */
static void add_kinds(const struct counters *n, enum ending_group g, struct str *out)
{
	uint64_t last = UINT64_MAX;
	const char *link = ": ";

	for (;;) {
		uint64_t next = 0;
		int e;

		for (e = 1; e < ENDING_COUNT; e++) {
			uint64_t here = ending_info[e].group == g ? counted(n, e) : 0;

			if (here < last && here > next)
				next = here;
		}
		if (next == 0)
			return;
		for (e = 1; e < ENDING_COUNT; e++) {
			if (ending_info[e].group != g || counted(n, e) != next)
				continue;
			str_addf(out, "%s%llu %s", link, (unsigned long long)next, ending_info[e].name);
			link = ", ";
		}
		last = next;
	}
}

static bool about_many(enum view view)
{
	return view == VIEW_CLIENT_ZONES || view == VIEW_SERVER_ZONES || view == VIEW_ZONES;
}

static void add_fraction(const struct query_row *row, uint64_t part, uint64_t whole, const char *what,
	struct str *out)
{
	if (whole <= 1)
		str_addf(out, "%s only %s", about_many(row->view) ? "their" : "its", what);
	else if (part >= whole && whole == 2)
		str_addf(out, "both %ss", what);
	else if (part >= whole)
		str_addf(out, "all %llu %ss", (unsigned long long)part, what);
	else
		str_addf(out, "%llu of %llu %ss", (unsigned long long)part, (unsigned long long)whole, what);
}

static void add_deed(const struct query_row *row, enum ending_group g, struct str *out)
{
	unsigned stages;
	enum ending e = only_ending(&row->n, g, &stages);
	const struct deed *d = e ? &deeds[e] : &group_deeds[g];
	const char *words = about_client(row->view) ? d->client : d->server;
	const char *place = strchr(words, '%');
	uint64_t count = counters_group(&row->n, g);
	uint64_t whole = row->n.n[stages == IN_SETUP ? COUNTER_ATTEMPTS_DONE : COUNTER_CT_DONE];

	if (whole < count || stages == (IN_SETUP | ESTABLISHED))
		whole = ended_count(&row->n);
	str_add_n(out, words, (size_t)(place - words));
	add_fraction(row, count, whole, stages == IN_SETUP ? "attempt" : "connection", out);
	add_peers(row, out);
	str_add(out, place + 1);
	if (!e)
		add_kinds(&row->n, g, out);
	else if (e == ENDING_REFUSED && !row->key.port)
		str_add(out, ": a port without a listener");
	else if (d->why)
		str_addf(out, ": %s", d->why);
}

/* Nothing bad: still worth a word how it went. */
static void add_well(const struct query_row *row, struct str *out)
{
	uint64_t ended = ended_count(&row->n), open = row->n.n[COUNTER_OPEN];
	uint64_t habit = row->n.n[COUNTER_DELIVERED] +
		row->n.n[counter_of_ending(ENDING_QUICK_RESET)];

	if (ended >= 20 && habit * 10 >= ended * 9)
		str_addf(out, "closed %llu of %llu connections with RST after everything was said: a habit, not a fault",
			(unsigned long long)habit, (unsigned long long)ended);
	else if (ended > 0)
		str_addf(out, "%llu connection%s ended, none badly", (unsigned long long)ended,
			ended == 1 ? "" : "s");
	else
		str_add(out, "nothing ended yet");
	if (open > 0)
		str_addf(out, "; %llu open", (unsigned long long)open);
}

static void say_sums(const struct query_row *row, struct str *out)
{
	enum ending_group worst = worst_of(&row->n);

	add_subject(row, out);
	if (worst == GROUP_NONE) {
		str_add(out, ": ");
		add_well(row, out);
		return;
	}
	str_add_char(out, ' ');
	add_deed(row, worst, out);
}

static void say_ending(const struct query_row *row, struct str *out)
{
	char buf[FMT_TEXT];
	uint64_t n = row->n.n[counter_of_ending(row->ending)];

	str_add(out, ending_info[row->ending].sentence);
	if (row->total > 0)
		str_addf(out, ": %llu of %llu (%s)", (unsigned long long)n, (unsigned long long)row->total,
			fmt_share(buf, (double)n / (double)row->total));
}

static void say_step(const struct query_row *row, struct str *out)
{
	char buf[FMT_TEXT];
	const char *link = "";
	int g;

	str_addf(out, "%s UTC: %llu attempt%s, %llu RST; ended: ", fmt_clock(buf, row->second * NS_PER_SEC, 0),
		(unsigned long long)row->n.n[COUNTER_ATTEMPTS], row->n.n[COUNTER_ATTEMPTS] == 1 ? "" : "s",
		(unsigned long long)(row->n.n[COUNTER_RST_CLT] + row->n.n[COUNTER_RST_SRV]));
	for (g = 1; g < GROUP_COUNT; g++) {
		if (!row->group[g])
			continue;
		str_addf(out, "%s%llu %s", link, (unsigned long long)row->group[g], group_info[g].words);
		link = ", ";
	}
	if (!*link)
		str_add(out, "none");
}

void query_sentence(const struct query_row *row, struct str *out)
{
	switch (row->view) {
	case VIEW_CONNECTIONS:
		connection_sentence(row->c, out);
		return;
	case VIEW_ENDINGS:
		say_ending(row, out);
		return;
	case VIEW_GRAPH:
		say_step(row, out);
		return;
	case VIEW_SERVERS:
	case VIEW_CLIENTS:
	case VIEW_CLIENT_ZONES:
	case VIEW_SERVER_ZONES:
	case VIEW_ZONES:
	case VIEW_SERVICES:
	case VIEW_PORTS:
	case VIEW_CONVERSATIONS:
		say_sums(row, out);
		return;
	case VIEW_FINDINGS:
		str_add(out, row->finding->sentence);
		return;
	case VIEW_COUNT:
		return;
	}
}

static void add_condition(struct str *out, const char *name, const char *value)
{
	str_addf(out, "%s%s = %s", out->len ? " and " : "", name, value);
}

static void add_quoted(struct str *out, const char *name, const char *text)
{
	struct str quoted = STR_INIT;

	str_add_char(&quoted, '"');
	for (; text && *text; text++) {
		if (*text == '"' || *text == '\\')
			str_add_char(&quoted, '\\');
		str_add_char(&quoted, *text);
	}
	str_add_char(&quoted, '"');
	add_condition(out, name, quoted.s);
	str_free(&quoted);
}

static void add_addr_condition(struct str *out, const char *name, const struct addr *a, bool others)
{
	char buf[ADDR_TEXT];

	add_condition(out, name, others ? "\"\"" : addr_text(a, buf));
}

static void add_port_condition(struct str *out, const char *name, unsigned port, bool others)
{
	char text[8];

	snprintf(text, sizeof(text), "%u", port);
	add_condition(out, name, others ? "\"\"" : text);
}

static void connection_filter(const struct connection *c, struct str *out)
{
	char buf[FMT_TEXT];

	add_addr_condition(out, "client", &c->tuple.addr[CLIENT], false);
	add_port_condition(out, "client.port", c->tuple.port[CLIENT], false);
	add_addr_condition(out, "server", &c->tuple.addr[SERVER], false);
	add_port_condition(out, "server.port", c->tuple.port[SERVER], false);
	add_condition(out, "start", fmt_seconds(buf, c->start));
}

static void step_filter(const struct query_row *row, struct str *out)
{
	str_addf(out, "end >= %lld and end < %lld", (long long)row->second,
		(long long)row->second + row->step);
}

static void add_left_out(struct str *out, uint64_t n, const char *one, const char *many)
{
	char buf[FMT_TEXT];

	if (n)
		str_addf(out, "%s%s %s", out->len ? "; " : "", fmt_count(buf, n, 7), n == 1 ? one : many);
}

void query_findings_left_out(const struct store *st, struct str *out)
{
	struct findings_usage u;

	store_findings_usage(st, &u);
	add_left_out(out, u.forgotten, "finding is over and not listed any more", "findings are over and not listed any more");
	add_left_out(out, u.unlisted, "finding had no room", "findings had no room");
	add_left_out(out, u.unwatched, "subject was not watched", "subjects were not watched");
	add_left_out(out, u.crowded, "event had no room", "events had no room");
	add_left_out(out, u.late, "event came too late", "events came too late");
}

void query_row_filter(const struct query_row *row, struct str *out)
{
	const struct conversation_key *k = &row->key;
	enum view v = row->view;

	str_clear(out);
	str_add(out, "");
	if (v == VIEW_CONNECTIONS)
		connection_filter(row->c, out);
	if (v == VIEW_ENDINGS)
		add_condition(out, "ending", ending_info[row->ending].name);
	if (v == VIEW_GRAPH)
		step_filter(row, out);
	if (v == VIEW_FINDINGS)
		str_add(out, row->finding->filter);
	if (v == VIEW_CLIENTS || v == VIEW_CONVERSATIONS)
		add_addr_condition(out, "client", &k->client, k->other_clients);
	if (v == VIEW_SERVERS || v == VIEW_SERVICES || v == VIEW_CONVERSATIONS)
		add_addr_condition(out, "server", &k->server, k->other_servers);
	if (v == VIEW_SERVICES || v == VIEW_PORTS || v == VIEW_CONVERSATIONS)
		add_port_condition(out, "server.port", k->port, k->other_ports);
	if (v == VIEW_CLIENT_ZONES || v == VIEW_ZONES)
		add_quoted(out, "client.zone", row->zone[CLIENT]);
	if (v == VIEW_SERVER_ZONES || v == VIEW_ZONES)
		add_quoted(out, "server.zone", row->zone[SERVER]);
}
