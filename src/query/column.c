/*
 * The columns: the table of columns.def and a getter for each. The hard part is to state
 * nothing twice.
 */
#include "config.h"

#include "query/column.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "model/tunnel.h"
#include "query/apps.h"
#include "query/query.h"
#include "query/ratio.h"
#include "query/result.h"
#include "store/finding.h"
#include "util/clock.h"

/* Names, gists and units of counters as constants that a table can be made of. */
static const struct {
#define COUNTER(id, name, unit, gist) char id[sizeof(name)];
#define WIDE(id, name, unit, gist) char id[sizeof(name)];
#include "model/counters.def"
#undef COUNTER
#undef WIDE
} counter_name = {
#define COUNTER(id, name, unit, gist) .id = name,
#define WIDE(id, name, unit, gist) .id = name,
#include "model/counters.def"
#undef COUNTER
#undef WIDE
};

static const struct {
#define COUNTER(id, name, unit, gist) char id[sizeof(gist)];
#define WIDE(id, name, unit, gist) char id[sizeof(gist)];
#include "model/counters.def"
#undef COUNTER
#undef WIDE
} counter_gist = {
#define COUNTER(id, name, unit, gist) .id = gist,
#define WIDE(id, name, unit, gist) .id = gist,
#include "model/counters.def"
#undef COUNTER
#undef WIDE
};

enum {
#define COUNTER(id, name, unit, gist) COUNTER_UNIT_##id = UNIT_##unit,
#define WIDE(id, name, unit, gist) COUNTER_UNIT_##id = UNIT_##unit,
#include "model/counters.def"
#undef COUNTER
#undef WIDE
};

/* "Both sides" is a counter and the one after it. */
#define BOTH(id, ...)                                                                    \
	static_assert(COUNTER_##id##_SRV == COUNTER_##id##_CLT + 1, "sides of " #id " must be neighbours");
#define COLUMN(...)
#define COUNT(...)
#define RATIO(...)
#define ENDING_COLUMN(...)
#define GROUP_COLUMN(...)
#include "query/columns.def"
#undef BOTH
#undef COLUMN
#undef COUNT
#undef RATIO
#undef ENDING_COLUMN
#undef GROUP_COLUMN

static const struct value absent = {.what = VALUE_ABSENT};

static struct value of_int(int64_t i)
{
	return (struct value){.what = VALUE_INT, .i = i};
}

static struct value of_text(const char *text)
{
	if (!text || !*text)
		return absent;
	return (struct value){.what = VALUE_TEXT, .text = text};
}

/*
 * Room for texts that are made on the way; reused after VALUE_TEXTS calls. One thread owns
 * the viewer.
 */
static char *text_room(size_t *size)
{
	static char room[VALUE_TEXTS][1024];
	static unsigned next;

	*size = sizeof(room[0]);
	return room[next++ % VALUE_TEXTS];
}

#define GETTER(id) \
	static struct value get_##id(const struct column *col, const struct query_row *row)

GETTER(start)
{
	return of_int(row->c->start);
}

GETTER(end)
{
	return of_int(row->c->last);
}

GETTER(duration)
{
	return of_int(row->c->last - row->c->start);
}

GETTER(second)
{
	return of_int(row->second * NS_PER_SEC);
}

GETTER(client)
{
	if (row->key.other_clients)
		return absent;
	return (struct value){.what = VALUE_ADDR, .addr = row->key.client};
}

GETTER(server)
{
	if (row->key.other_servers)
		return absent;
	return (struct value){.what = VALUE_ADDR, .addr = row->key.server};
}

GETTER(client_port)
{
	return of_int(row->c->tuple.port[CLIENT]);
}

GETTER(server_port)
{
	return row->key.other_ports ? absent : of_int(row->key.port);
}

GETTER(client_by)
{
	return of_text(client_by_names[row->c->client_by]);
}

GETTER(client_zone)
{
	return of_text(row->zone[CLIENT]);
}

GETTER(server_zone)
{
	return of_text(row->zone[SERVER]);
}

GETTER(app)
{
	return row->key.other_ports ? absent : of_text(app_name(row->key.port));
}

GETTER(vlan)
{
	return row->c->vlan ? of_int(row->c->vlan) : absent;
}

GETTER(tunnel)
{
	return of_text(tunnel_names[row->c->tunnel]);
}

GETTER(interface)
{
	const struct query *q = row->query;
	size_t size;
	char *text;

	if (q && q->interfaces && row->c->interface < q->interface_count)
		return of_text(q->interfaces[row->c->interface]);
	text = text_room(&size);
	snprintf(text, size, "%u", row->c->interface);
	return of_text(text);
}

GETTER(finding)
{
	return of_text(finding_info[row->finding->kind].name);
}

/* In order of how bad it is, not of the alphabet. */
GETTER(severity)
{
	enum severity severity = finding_info[row->finding->kind].severity;

	return (struct value){.what = VALUE_TEXT, .text = severity_names[severity], .i = severity};
}

GETTER(first_seen)
{
	return of_int(row->finding->first);
}

GETTER(last_seen)
{
	return of_int(row->finding->last);
}

GETTER(subject)
{
	return of_text(row->finding->subject);
}

GETTER(said)
{
	return of_text(row->finding->sentence);
}

GETTER(cases)
{
	return of_int((int64_t)row->finding->count);
}

GETTER(current)
{
	return of_text(row->finding->current ? "now" : "over");
}

GETTER(scope)
{
	return of_text(row->finding->filter);
}

GETTER(peers)
{
	return of_int(row->peers);
}

GETTER(state_clt)
{
	return of_text(state_names[row->c->side[CLIENT].state]);
}

GETTER(state_srv)
{
	return of_text(state_names[row->c->side[SERVER].state]);
}

static enum ending ending_of(const struct query_row *row)
{
	return row->c ? (enum ending)row->c->ending : row->ending;
}

GETTER(ending)
{
	return of_text(ending_info[ending_of(row)].name);
}

GETTER(group)
{
	enum ending_group g = row->c ? connection_group(row->c) : ending_info[row->ending].group;

	return of_text(group_info[g].name);
}

GETTER(count)
{
	return of_int((int64_t)row->n.n[counter_of_ending(row->ending)]);
}

GETTER(share)
{
	uint64_t n = row->n.n[counter_of_ending(row->ending)];

	if (row->total == 0)
		return absent;
	return (struct value){.what = VALUE_REAL, .r = (double)n / (double)row->total};
}

GETTER(confidence)
{
	return of_text(confidence_name((enum confidence)row->c->confidence));
}

GETTER(closer)
{
	return of_text(closer_names[row->c->closer]);
}

static uint64_t rst_ignored(const struct connection *c)
{
	return (uint64_t)c->side[CLIENT].rst_ignored + c->side[SERVER].rst_ignored;
}

static uint64_t retransmissions(const struct connection *c)
{
	return (uint64_t)c->side[CLIENT].retr + c->side[SERVER].retr;
}

/* Some attributes have a number to them. Adds "=number", or nothing. */
static void attribute_number(const struct connection *c, enum attribute a, struct str *out)
{
	if (a == ATTRIBUTE_RST_IGNORED)
		str_addf(out, "=%llu", (unsigned long long)rst_ignored(c));
	else if (a == ATTRIBUTE_RETRANSMISSIONS)
		str_addf(out, "=%llu", (unsigned long long)retransmissions(c));
	else if (a == ATTRIBUTE_IDLE && c->idle_ns >= 0)
		str_addf(out, "=%lld.%03d", (long long)(c->idle_ns / NS_PER_SEC),
			(int)(c->idle_ns % NS_PER_SEC / NS_PER_MS));
	else if (a == ATTRIBUTE_ICMP)
		str_addf(out, "=%u/%u", c->icmp_type, c->icmp_code);
}

/* A list as text that lives as long as a value's may. */
static struct value of_list(const struct str *list)
{
	size_t size;
	char *text;

	if (list->len == 0)
		return absent;
	text = text_room(&size);
	snprintf(text, size, "%s", list->s);
	return (struct value){.what = VALUE_NAMES, .text = text};
}

GETTER(attributes)
{
	static struct str list; /* memory kept from call to call */
	int a;

	str_clear(&list);
	for (a = 0; a < ATTRIBUTE_COUNT; a++) {
		if (!(row->c->attributes >> a & 1))
			continue;
		if (list.len)
			str_add_char(&list, '|');
		str_add(&list, attribute_info[a].name);
		attribute_number(row->c, (enum attribute)a, &list);
	}
	return of_list(&list);
}

GETTER(evidence)
{
	static struct str list;
	int e;

	str_clear(&list);
	for (e = 0; e < EVIDENCE_COUNT; e++) {
		if (!(row->c->evidence >> e & 1))
			continue;
		if (list.len)
			str_add_char(&list, '|');
		str_add(&list, evidence_info[e].name);
	}
	return of_list(&list);
}

GETTER(history)
{
	return of_text(row->c->history);
}

GETTER(rule)
{
	return row->c->rule ? of_int(row->c->rule) : absent;
}

GETTER(generation)
{
	return of_int(row->c->generation);
}

static struct value of_time(int64_t ns)
{
	return ns == TIME_NEVER ? absent : of_int(ns);
}

GETTER(hs_srv)
{
	return of_time(row->c->hs_srv_ns);
}

GETTER(hs_clt)
{
	return of_time(row->c->hs_clt_ns);
}

GETTER(idle)
{
	return of_time(row->c->idle_ns);
}

GETTER(sentence)
{
	static struct str words;
	size_t size;
	char *text = text_room(&size);

	str_clear(&words);
	query_sentence(row, &words);
	snprintf(text, size, "%s", words.s);
	return of_text(text);
}

GETTER(dominant)
{
	int e, most = ENDING_NONE;
	uint64_t n = 0;

	for (e = 1; e < ENDING_COUNT; e++) {
		uint64_t here = row->n.n[counter_of_ending((enum ending)e)];

		if (here > n) {
			n = here;
			most = e;
		}
	}
	return of_text(ending_info[most].name);
}

GETTER(counter)
{
	return of_int((int64_t)row->n.n[col->arg]);
}

GETTER(both)
{
	return of_int((int64_t)(row->n.n[col->arg] + row->n.n[col->arg + 1]));
}

GETTER(ratio)
{
	uint64_t over, under;

	ratio_parts((enum ratio)col->arg, &row->n, &over, &under);
	if (under == 0)
		return over == 0 ? absent : (struct value){.what = VALUE_INFINITE};
	return (struct value){.what = VALUE_REAL, .r = (double)over / (double)under};
}

/*
 * In the graph the groups come from the time series, elsewhere from the counters of the
 * endings.
 */
GETTER(group_count)
{
	if (row->view == VIEW_GRAPH)
		return of_int((int64_t)row->group[col->arg]);
	return of_int((int64_t)counters_group(&row->n, (enum ending_group)col->arg));
}

enum { /* sets of views */
	NONE = 0,
	CON = 1 << VIEW_CONNECTIONS,
	END = 1 << VIEW_ENDINGS,
	FIN = 1 << VIEW_FINDINGS,
	GRA = 1 << VIEW_GRAPH,
	BY_CLIENT_ZONE = 1 << VIEW_CLIENT_ZONES | 1 << VIEW_ZONES | CON,
	BY_SERVER_ZONE = 1 << VIEW_SERVER_ZONES | 1 << VIEW_ZONES | CON,
	IN_CLIENT = 1 << VIEW_CLIENTS | 1 << VIEW_CONVERSATIONS | CON,
	IN_SERVER = 1 << VIEW_SERVERS | 1 << VIEW_SERVICES | 1 << VIEW_CONVERSATIONS | CON,
	IN_PORT = 1 << VIEW_SERVICES | 1 << VIEW_PORTS | 1 << VIEW_CONVERSATIONS | CON,
	IN_CLIENT_ZONE = IN_CLIENT | BY_CLIENT_ZONE,
	IN_SERVER_ZONE = IN_SERVER | BY_SERVER_ZONE,
	HAVE_PEERS = 1 << VIEW_SERVERS | 1 << VIEW_CLIENTS | 1 << VIEW_SERVICES | 1 << VIEW_PORTS |
		1 << VIEW_CLIENT_ZONES | 1 << VIEW_SERVER_ZONES,
	SUMS = HAVE_PEERS | 1 << VIEW_ZONES | 1 << VIEW_CONVERSATIONS,
	ALL = SUMS | CON,
	ALL_END = ALL | END,
	ALL_GRA = ALL | GRA,
	SUMS_GRA = SUMS | GRA,
	CON_END = CON | END
};

enum { /* flags */
	NOTHING = 0,
	K = COLUMN_KEY,
	D = COLUMN_DESCENDING,
	DROP1 = COLUMN_DROP(1),
	DROP2 = COLUMN_DROP(2),
	DROP3 = COLUMN_DROP(3),
	DROP4 = COLUMN_DROP(4),
	DROP5 = COLUMN_DROP(5),
	DROP6 = COLUMN_DROP(6),
	DROP7 = COLUMN_DROP(7)
};

/* What a kind says about the unit, and a counter's unit about the kind. */
enum {
	UNIT_OF_ADDR = UNIT_NONE,
	UNIT_OF_PORT = UNIT_NONE,
	UNIT_OF_TEXT = UNIT_NONE,
	UNIT_OF_NAME = UNIT_NONE,
	UNIT_OF_LIST = UNIT_NONE,
	UNIT_OF_SHARE = UNIT_NONE,
	UNIT_OF_COUNT = UNIT_CONNECTIONS,
	UNIT_OF_TIME = UNIT_SECONDS,
	UNIT_OF_DURATION = UNIT_SECONDS
};
#define KIND_OF_UNIT(u) ((u) == UNIT_BYTES ? KIND_BYTES : KIND_COUNT)

#define W(low, high) .min = (low), .max = (high)
#define F(set) .flags = (set)
#define V(shown, exported) .views = (shown), .exports = (exported)

#define COLUMN(getter, text, header, type, w, f, v, words)                               \
	{.name = text, .head = header, .gist = words, .kind = KIND_##type,                \
		.unit = (enum unit)UNIT_OF_##type, w, f, v, .get = get_##getter},
#define COUNT(id, header, w, f, v)                                                       \
	{.name = counter_name.id, .head = header, .gist = counter_gist.id,                \
		.kind = KIND_OF_UNIT((int)COUNTER_UNIT_##id),                             \
		.unit = (enum unit)COUNTER_UNIT_##id, w, f, v, .get = get_counter,        \
		.arg = COUNTER_##id},
#define BOTH(id, text, header, type, w, f, v, words)                                     \
	{.name = text, .head = header, .gist = words, .kind = KIND_##type,                \
		.unit = (enum unit)COUNTER_UNIT_##id##_CLT, w, f, v, .get = get_both,     \
		.arg = COUNTER_##id##_CLT},
#define RATIO(id, text, header, type, w, f, v, words)                                    \
	{.name = text, .head = header, .gist = words, .kind = KIND_##type,                \
		.unit = UNIT_NONE, w, f, v, .get = get_ratio, .arg = RATIO_##id},
#define ENDING_COLUMN(id, text, words)                                                   \
	{.name = text, .head = text, .gist = words, .kind = KIND_COUNT,                   \
		.unit = UNIT_CONNECTIONS, W(5, 12), F(D), V(ALL, SUMS),                   \
		.get = get_counter, .arg = COUNTER_ENDINGS + ENDING_##id - 1},
#define GROUP_COLUMN(id, text, header, words)                                            \
	{.name = text, .head = header, .gist = words, .kind = KIND_COUNT,                 \
		.unit = UNIT_CONNECTIONS, W(4, 6), F(D | DROP3), V(GRA, GRA),             \
		.get = get_group_count, .arg = GROUP_##id},                               \
	{.name = "group." text, .head = header, .gist = words, .kind = KIND_COUNT,        \
		.unit = UNIT_CONNECTIONS, W(4, 6), F(D | DROP3), V(SUMS, NONE),           \
		.get = get_group_count, .arg = GROUP_##id},

const struct column columns[] = {
#include "query/columns.def"
};
const size_t column_count = sizeof(columns) / sizeof(*columns);

/* Of what is made of counters in a way of its own: those that make a difference. */
static void find_needs(const struct column *col, bool need[COUNTER_COUNT])
{
	struct query_row row = {.view = VIEW_SERVERS};
	struct value base, v;

	for (int i = 0; i < COUNTER_COUNT; i++)
		row.n.n[i] = 1000; /* all the same and none alone: no difference hides behind another */
	base = col->get(col, &row);
	for (int i = 0; i < COUNTER_COUNT; i++) {
		for (uint64_t n = 999; n <= 1001; n += 2) {
			row.n.n[i] = n;
			v = col->get(col, &row);
			if (v.i != base.i || v.r < base.r || v.r > base.r || v.text != base.text)
				need[i] = true;
		}
		row.n.n[i] = 1000;
	}
}

bool column_is_zone(const struct column *col)
{
	return col->get == get_client_zone || col->get == get_server_zone;
}

void column_needs(const struct column *col, struct needs *n)
{
	if (col->get == get_counter || col->get == get_both)
		n->counter[col->arg] = true;
	if (col->get == get_both)
		n->counter[col->arg + 1] = true;
	if (col->get == get_ratio || col->get == get_group_count || col->get == get_dominant)
		find_needs(col, n->counter);
	if (col->get == get_peers || col->get == get_sentence)
		n->peers = true;
	if (col->get == get_client || col->get == get_client_zone)
		n->keys |= KEY_CLIENT;
	if (col->get == get_server || col->get == get_server_zone)
		n->keys |= KEY_SERVER;
	if (col->get == get_server_port || col->get == get_app)
		n->keys |= KEY_PORT;
	if (col->get == get_sentence)
		memset(n->counter, true, sizeof(n->counter));
}
