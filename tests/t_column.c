/* Columns: what the contract lists and in which order, values as text; zones, applications and sentences. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "query/apps.h"
#include "query/zones.h"
#include "query_world.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/str.h"

static void list_exports(enum view view, struct str *out)
{
	const struct column *col[256];
	size_t n = column_defaults(view, false, col, 256), i;

	str_clear(out);
	for (i = 0; i < n; i++)
		str_addf(out, "%s%s", i ? "," : "", col[i]->name);
}

#define SIDES(name) name ".clt," name ".srv"
#define BOTH(name) name "," SIDES(name)
#define ENDINGS                                                                          \
	"refused,refused_path,unreachable,unanswered,half_open,cancelled,not_accepted,probe,"     \
	"stray_reset,graceful,quick_reset,half_closed,client_abort,server_abort,client_cut,"      \
	"server_cut,client_lost,server_lost,path_reset,idle_reset,keepalive_timeout,"             \
	"client_vanished,server_vanished,replaced,unknown"
#define VALUES                                                                           \
	"attempts,ct.count,mid.count,open,syn_received,fin_wait,close_wait,time_wait," BOTH(      \
		"syn.count") "," BOTH("synack.count") "," BOTH("fin.count") "," BOTH("rst.count") \
	"," BOTH("rst.uniq") "," BOTH("fin.uniq") "," BOTH("syn.uniq") ",rst.ignored,rst.path,"   \
	SIDES("retr") "," SIDES("zwin") "," SIDES("dupack") "," SIDES("packets") "," SIDES(       \
		"bytes") "," BOTH("syn.per_ct") "," BOTH("rst.per_ct") "," BOTH(                  \
		"rst.per_attempt") "," ENDINGS ",bad,bad.ratio,refused.ratio,"                    \
	"setup_failure.ratio,abort.ratio,clean.ratio,other.count,delivered"

static void exports_list_what_the_contract_says(void **state)
{
	static const struct {
		enum view view;
		const char *columns;
	} t[] = {
		{VIEW_SERVERS, "server," VALUES},
		{VIEW_CLIENTS, "client," VALUES},
		{VIEW_CLIENT_ZONES, "client.zone," VALUES},
		{VIEW_SERVER_ZONES, "server.zone," VALUES},
		{VIEW_ZONES, "client.zone,server.zone," VALUES},
		{VIEW_SERVICES, "server,server.port,app," VALUES},
		{VIEW_PORTS, "server.port,app," VALUES},
		{VIEW_CONVERSATIONS, "client,server,server.port,app," VALUES},
		{VIEW_ENDINGS, "ending,group,count,share"},
		{VIEW_FINDINGS, "finding,severity,first,last,subject,sentence,count"},
		{VIEW_GRAPH, "time,attempts,ct.count,syn.count.clt,syn.count.srv,fin.count.clt,"
			"fin.count.srv,rst.count.clt,rst.count.srv,rst.per_ct.clt,rst.per_ct.srv,ok,refused,"
			"no_answer,aborted_server,aborted_client,path,silent,half_closed_group,other"},
		{VIEW_CONNECTIONS, "start,end,duration,client,client.port,client.by,client.zone,server,"
			"server.port,server.zone,app,vlan,tunnel,interface,attempts,ct.count,mid.count,"
			"state.clt,state.srv,ending,group,confidence,closer,attributes,evidence,history,"
			SIDES("syn.count") "," SIDES("synack.count") "," SIDES("fin.count") ","
			SIDES("rst.count") "," SIDES("rst.uniq") "," SIDES("fin.uniq") ","
			SIDES("syn.uniq") ",rst.ignored,rst.path," SIDES("retr") "," SIDES("zwin") ","
			SIDES("dupack") "," SIDES("packets") "," SIDES("bytes")
			",rule,generation,hs.srv,hs.clt,idle,sentence"},
	};
	struct str list = STR_INIT;
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(*t); i++) {
		list_exports(t[i].view, &list);
		assert_string_equal(list.s, t[i].columns);
	}
	str_free(&list);
}

static void names_are_known_once_per_view(void **state)
{
	size_t i, k;

	for (i = 0; i < column_count; i++) {
		assert_true(columns[i].views != 0);
		assert_int_equal(columns[i].exports & ~columns[i].views, 0);
		assert_true(columns[i].min <= columns[i].max);
		assert_true(strlen(columns[i].gist) > 3);
		for (k = i + 1; k < column_count; k++)
			if (!strcmp(columns[i].name, columns[k].name))
				assert_int_equal(columns[i].views & columns[k].views, 0);
	}
}

static void every_screen_has_its_columns(void **state)
{
	const struct column *col[64];
	bool ascending;
	int v;

	for (v = 0; v < VIEW_COUNT; v++) {
		const struct column *sort = query_default_sort((enum view)v, &ascending);

		assert_true(column_defaults((enum view)v, true, col, 64) >= 5);
		/* what a row is about never goes; of connections the time may */
		assert_int_equal(column_drop(col[v == VIEW_CONNECTIONS]), 0);
		assert_non_null(sort);
		assert_true(sort->views >> v & 1);
		assert_int_equal(view_by_name(view_names[v]), v);
	}
	assert_int_equal(view_by_name("serverz"), VIEW_COUNT);
}

/* Asks one row of a view and writes one of its columns. */
static const char *cell(struct store *st, enum view view, size_t i, const char *name, enum value_style style)
{
	static struct result result;
	static struct str text;
	struct query q = {.view = view};

	query_run(st, &q, &result);
	str_clear(&text);
	str_add(&text, "");
	column_format(column_find(view, name), result_row(&result, i), style, &text);
	result_free(&result);
	return text.s;
}

static void values_as_scripts_and_people_read_them(void **state)
{
	static const struct {
		enum view view;
		size_t row;
		const char *name, *exported, *shown;
	} t[] = {
		{VIEW_SERVICES, 0, "server", "10.0.0.5", "10.0.0.5"},
		{VIEW_SERVICES, 0, "rst.count", "6", "6"},
		{VIEW_SERVICES, 0, "syn.per_ct", "", "∞"},
		{VIEW_SERVICES, 0, "refused.ratio", "1", "100%"},
		{VIEW_SERVICES, 0, "abort.ratio", "", ""},
		{VIEW_SERVICES, 1, "syn.per_ct", "", ""},	/* 10.0.0.6:80: 0 by 0 */
		{VIEW_SERVERS, 0, "refused.ratio", "0.666667", "67%"},
		{VIEW_SERVERS, 0, "dominant", "refused", "refused"},
		{VIEW_SERVERS, 0, "group.ok", "3", "3"},
		{VIEW_SERVERS, 0, "server.zone", "10.0.0.0/24", "10.0.0.0/24"},
		{VIEW_CONNECTIONS, 0, "start", "1700000000.000000000", "22:13:20.000"},
		{VIEW_CONNECTIONS, 0, "duration", "0.100000000", "100.0 ms"},
		{VIEW_CONNECTIONS, 0, "hs.srv", "", ""},
		{VIEW_CONNECTIONS, 0, "vlan", "", ""},
		{VIEW_CONNECTIONS, 0, "client.by", "syn", "syn"},
		{VIEW_CONNECTIONS, 0, "app", "openvpn", "openvpn"},
		{VIEW_CONNECTIONS, 0, "interface", "0", "0"},
		{VIEW_GRAPH, 0, "time", "1700000000.000000000", "22:13:20"},
		{VIEW_ENDINGS, 0, "share", "0.428571", "43%"},
	};
	struct store *st = world_new();
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(*t); i++) {
		assert_string_equal(cell(st, t[i].view, t[i].row, t[i].name, STYLE_EXPORT), t[i].exported);
		assert_string_equal(cell(st, t[i].view, t[i].row, t[i].name, STYLE_SCREEN), t[i].shown);
	}
	store_free(st);
}

static void lists_carry_their_numbers(void **state)
{
	struct connection c = world_connection("10.0.0.1", 1, "10.0.0.2", 2, ENDING_SERVER_ABORT, 0);
	struct query_row row = {.view = VIEW_CONNECTIONS, .c = &c};
	struct str text = STR_INIT;

	c.attributes = ATTRIBUTE_BIT(RST_IGNORED) | ATTRIBUTE_BIT(IDLE) | ATTRIBUTE_BIT(DELIVERED);
	c.idle_ns = 3250 * NS_PER_MS;
	c.side[CLIENT].rst_ignored = 2;
	column_format(column_find(VIEW_CONNECTIONS, "attributes"), &row, STYLE_EXPORT, &text);
	assert_string_equal(text.s, "delivered|rst_ignored=2|idle=3.250");
	str_clear(&text);
	column_format(column_find(VIEW_CONNECTIONS, "evidence"), &row, STYLE_EXPORT, &text);
	assert_string_equal(text.s, "handshake|established");
	str_clear(&text);
	c.side[SERVER].state = STATE_CLOSE_WAIT;
	c.side[SERVER].state_assumed = true;
	column_format(column_find(VIEW_CONNECTIONS, "state.srv"), &row, STYLE_SCREEN, &text);
	assert_string_equal(text.s, "CLOSE_WAIT~");
	str_free(&text);
}

static const char *zone_of(const struct zones *z, const char *address)
{
	static char name[64];
	struct addr a;

	assert_true(addr_parse(address, &a));
	return zone_name(z, &a, name, sizeof(name));
}

static void zones_by_longest_match(void **state)
{
	struct err err = ERR_INIT;
	struct zones *z = zones_parse("# ours\n10.0.0.0/8 = all\n10.1.0.0/16 = Lyon office\r\n\n"
		"10.1.2.3 = router\n2001:db8::/32=docs\n0.0.0.0/0 = rest\n", &err);

	assert_non_null(z);
	assert_string_equal(zone_of(z, "10.2.0.1"), "all");
	assert_string_equal(zone_of(z, "10.1.9.1"), "Lyon office");
	assert_string_equal(zone_of(z, "10.1.2.3"), "router");
	assert_string_equal(zone_of(z, "8.8.8.8"), "rest");
	assert_string_equal(zone_of(z, "2001:db8:1::5"), "docs");
	assert_string_equal(zone_of(z, "2001:db9::1"), "internet");
	zones_free(z);
	assert_string_equal(zone_of(NULL, "192.168.7.9"), "192.168.7.0/24");
	assert_string_equal(zone_of(NULL, "172.31.255.1"), "172.31.255.0/24");
	assert_string_equal(zone_of(NULL, "172.32.0.1"), "internet");
	assert_string_equal(zone_of(NULL, "fd77:1:2:3::9"), "fd77:1:2:3::/64");
	assert_string_equal(zone_of(NULL, "::1"), "::/64");
	assert_string_equal(zone_of(NULL, "2600::1"), "internet");
}

/* Whatever an address has in common with others of its network, the zone is the same. */
static void check_network(const struct zones *z, struct addr a)
{
	struct addr net = zone_network(z, &a), b, of_b;
	char x[64], y[64];

	zone_name(z, &a, x, sizeof(x));
	for (unsigned bit = 0; bit < 128; bit++) {
		b = a;
		b.b[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		of_b = zone_network(z, &b);
		if (addr_equal(&of_b, &net))
			assert_string_equal(zone_name(z, &b, y, sizeof(y)), x);
	}
}

static void networks_are_within_zones(void **state)
{
	static const char *const text[] = {"10.0.0.0/8 = all\n10.1.2.3 = router\n", "10.1.2.128/25 = half\n",
		"fd77:1:2:3:4::/80 = lab\n", "::/0 = v6\n0.0.0.0/0 = v4\n", "fd77::/16 = ours\n10.0.0.0/12 = theirs\n"};
	static const char *const some[] = {"10.1.2.3", "10.1.2.4", "10.1.2.200", "10.16.0.1", "172.31.255.255", "8.8.8.8",
		"127.0.0.1", "192.168.0.0", "fd77:1:2:3:4::9", "fd77:1:2:3:5::9", "fe80::1", "::1", "::", "::2", "2600::1"};
	struct addr a, net;

	for (size_t i = 0; i <= sizeof(text) / sizeof(text[0]); i++) {
		struct err err = ERR_INIT;
		struct zones *z = i ? zones_parse(text[i - 1], &err) : NULL;

		assert_true(z || !i);
		for (size_t k = 0; k < sizeof(some) / sizeof(some[0]); k++) {
			assert_true(addr_parse(some[k], &a));
			check_network(z, a);
		}
		zones_free(z);
	}
	/* And no smaller than they need be. */
	assert_true(addr_parse("10.1.2.3", &a));
	net = zone_network(NULL, &a);
	assert_true(addr_parse("10.1.2.0", &a));
	assert_true(addr_equal(&net, &a));
}

static void zones_say_where_they_are_wrong(void **state)
{
	static const char *const t[][2] = {
		{"10.0.0.0/8 = a\nhello\n", "line 2: expected NETWORK = NAME"},
		{"10.0.0.0/33 = a", "line 1: expected a prefix length from 0 to 32 after '/', not '33'"},
		{"10.0.0.0/ = a", "line 1: expected a prefix length from 0 to 32 after '/', not ''"},
		{"10.0.0/8 = a", "line 1: expected a network such as 10.1.0.0/16, not '10.0.0'"},
		{"10.0.0.0/8 =  ", "line 1: expected a name after '='"},
		{"10.0.0.0/8 = a\x1b[2J", "line 1: control character in the name"},
		{"10.1.0.0/8 = a\n\n10.2.0.0/8 = b", "line 3: this network is already named in line 1"},
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct err err = ERR_INIT;

		assert_null(zones_parse(t[i][0], &err));
		assert_string_equal(err.text, t[i][1]);
	}
}

static void applications_have_one_name_each(void **state)
{
	unsigned port, named = 0;

	assert_string_equal(app_name(1194), "openvpn");
	assert_string_equal(app_name(443), "https");
	assert_string_equal(app_name(5432), "postgresql");
	assert_string_equal(app_name(22), "ssh");
	assert_string_equal(app_name(0), "");
	assert_string_equal(app_name(65535), "");
	for (port = 0; port < 65536; port++)
		named += *app_name((uint16_t)port) != '\0';
	assert_true(named > 400); /* the table is in order: every row is found */
}

static void check_sentence(const struct connection *c, const char *expected)
{
	struct str text = STR_INIT;

	connection_sentence(c, &text);
	assert_string_equal(text.s, expected);
	str_free(&text);
}

static void sentences_of_connections_have_their_numbers(void **state)
{
	struct connection c = world_connection("10.0.0.1", 1, "10.0.0.2", 2, ENDING_REFUSED, 0);

	check_sentence(&c, "server refused the connection (port closed) 30 us after the first SYN");
	c = world_connection("10.0.0.1", 1, "10.0.0.2", 2, ENDING_UNANSWERED, 0);
	c.confidence = CONFIDENCE_LOW;
	check_sentence(&c, "no answer to the connection attempt: 3 SYNs over 3.0 s (not certain)");
	c.evidence |= EVIDENCE_BIT(INPUT_ENDED);
	check_sentence(&c, "no answer to the connection attempt: 3 SYNs over 3.0 s; still unfinished when the "
		"input ended (not certain)");
	c = world_connection("10.0.0.1", 1, "10.0.0.2", 2, ENDING_SERVER_ABORT, 0);
	check_sentence(&c, "the server aborted 46.0 ms after the last data; 100 B from the client, 500 B from "
		"the server; no FIN from either side");
	c = world_connection("10.0.0.1", 1, "10.0.0.2", 2, ENDING_GRACEFUL, 0);
	check_sentence(&c, "closed normally, both sides with FIN, client first, after 100.0 ms; 100 B from the "
		"client, 500 B from the server");
	c.ending = ENDING_UNREACHABLE;
	c.icmp_type = 3;
	c.icmp_code = 13;
	c.icmp_from = c.tuple.addr[SERVER];
	check_sentence(&c, "the network answered that the server cannot be reached (ICMP): 3/13 "
		"(administratively prohibited), said 10.0.0.2");
	c.ending = ENDING_SERVER_VANISHED;
	c.side[CLIENT].tail = 5;
	c.side[CLIENT].retr = 5;
	check_sentence(&c, "the server stopped answering; the client sent 5 retransmissions, all unanswered");
	c.side[CLIENT].retr = 9;
	c.rst_side = CLIENT;
	check_sentence(&c, "the server stopped answering; the client sent 9 retransmissions, the last 5 unanswered, "
		"then a RST");
	c.rst_side = SERVER + 1;
	c.side[CLIENT].keepalive = 6;
	c.evidence |= EVIDENCE_BIT(UNANSWERED_PROBES);
	check_sentence(&c, "the server stopped answering; the client sent 6 probes, the last 5 unanswered");
	c.ending = ENDING_SERVER_LOST;
	c.idle_ns = 352 * NS_PER_SEC;
	check_sentence(&c, "the server no longer knows this connection: restarted, or a device forgot it after "
		"5m52s of silence; 100 B from the client, 500 B from the server");
	c = world_connection("10.0.0.1", 1, "10.0.0.2", 2, ENDING_PATH_RESET, 0);
	c.ttl_delta = -3;
	c.evidence |= EVIDENCE_BIT(RST_SENDER_SPOKE);
	check_sentence(&c, "reset by something between the two (firewall, IPS, load balancer), in the server's "
		"name 46.0 ms after the last data; the RST came from 3 hops nearer; the server went on talking "
		"after it");
	c = world_connection("10.0.0.1", 1, "10.0.0.2", 2, ENDING_NONE, 0);
	check_sentence(&c, "open: client ESTABLISHED, server ESTABLISHED, 100.0 ms so far; 100 B from the client, "
		"500 B from the server");
}

/* Whatever the numbers are, each ending has its sentence and its reasons, one line each. */
static void every_ending_has_a_sentence_and_reasons(void **state)
{
	struct str text = STR_INIT;
	int e;

	for (e = 0; e < ENDING_COUNT; e++) {
		struct connection c = world_connection("10.0.0.1", 1, "10.0.0.2", 2, (enum ending)e, 0);

		c.evidence = (UINT64_C(1) << EVIDENCE_COUNT) - 1;
		c.attributes = (UINT32_C(1) << ATTRIBUTE_COUNT) - 1;
		str_clear(&text);
		connection_sentence(&c, &text);
		assert_true(text.len > 15 && !strchr(text.s, '\n'));
		assert_null(strstr(text.s, "  "));
		str_clear(&text);
		connection_reasons(&c, &text);
		assert_true(text.s[text.len - 1] == '\n' && !strstr(text.s, "\n\n"));
	}
	str_free(&text);
}

static void reasons_name_rule_evidence_and_gaps(void **state)
{
	struct connection c = world_connection("10.0.0.1", 1, "10.0.0.2", 2, ENDING_SERVER_ABORT, 0);
	struct str text = STR_INIT;

	c.rule = 26;
	c.evidence |= EVIDENCE_BIT(RST_SERVER) | EVIDENCE_BIT(RST_EXACT);
	connection_reasons(&c, &text);
	assert_string_equal(text.s, "rule 26, server_abort: a reset was accepted\n"
		"seen: the handshake, SYN to ACK\n"
		"seen: segments of both sides after the SYN: the connection was established\n"
		"seen: an accepted RST from the server\n"
		"seen: its sequence number is exactly the next one expected\n"
		"missing: nothing; both directions were captured from the SYN on\n"
		"confidence high: the RST is exactly the one the receiver had to accept\n");
	str_clear(&text);
	c.evidence = EVIDENCE_BIT(MIDSTREAM) | EVIDENCE_BIT(IDLE);
	c.origin = ORIGIN_MIDSTREAM;
	c.idle_ns = 60 * NS_PER_SEC;
	c.confidence = CONFIDENCE_MEDIUM;
	connection_reasons(&c, &text);
	assert_string_equal(text.s, "rule 26, server_abort: a reset was accepted\n"
		"seen: the capture began after the connection did\n"
		"seen: a long silence before it: 1m00s\n"
		"missing: the beginning: the capture started later\n"
		"confidence medium: the beginning: the capture started later\n");
	str_clear(&text);
	c.evidence = EVIDENCE_BIT(RST_SERVER) | EVIDENCE_BIT(RST_IGNORED);
	c.attributes = ATTRIBUTE_BIT(BY_SERVER) | ATTRIBUTE_BIT(RST_IGNORED) | ATTRIBUTE_BIT(IDLE) |
		ATTRIBUTE_BIT(ZERO_WINDOW);
	c.side[CLIENT].rst_ignored = 2;
	c.side[CLIENT].zwin = 3;
	c.side[SERVER].zwin = 1;
	connection_reasons(&c, &text);
	assert_non_null(strstr(text.s, "seen: an accepted RST from the server\n"
		"also: RSTs the receiver had to ignore: 2 by the client\n"
		"also: 1m00s of silence before it\n"
		"also: a window of zero was announced: 3 by the client, 1 by the server\n"));
	str_free(&text);
}

static void sentences_of_rows(void **state)
{
	static const struct {
		enum view view;
		size_t row;
		const char *sentence;
	} t[] = {
		{VIEW_SERVICES, 0, "10.0.0.5:1194 refused all 6 attempts from 2 clients: no listener on that port"},
		{VIEW_SERVERS, 0, "10.0.0.5 refused 6 of 9 attempts from 2 clients: a port without a listener"},
		{VIEW_CLIENTS, 0, "10.0.0.1 had 4 of 7 attempts to 1 server refused: a port without a listener"},
		{VIEW_PORTS, 0, "port 1194 (openvpn) refused all 6 attempts from 2 clients: no listener on that port"},
		{VIEW_CONVERSATIONS, 0, "10.0.0.5:1194 refused all 4 attempts from 10.0.0.1: no listener on that port"},
		{VIEW_SERVICES, 2, "10.0.0.6:443 aborted both connections from 1 client"},
		{VIEW_SERVICES, 3, "10.0.0.5:443: 3 connections ended, none badly"},
		{VIEW_SERVICES, 4, "10.0.0.6:22: nothing ended yet; 1 open"},
		{VIEW_ZONES, 0, "servers in 10.0.0.0/24 refused 6 of 10 attempts from 10.0.0.0/24: a port without a listener"},
		{VIEW_ENDINGS, 0, "server refused the connection (port closed): 6 of 14 (43%)"},
		{VIEW_GRAPH, 0, "22:13:20 UTC: 1 attempt, 1 RST; ended: 1 refused"},
	};
	struct store *st = world_new();
	struct str text = STR_INIT;
	struct result result = {0};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct query q = {.view = t[i].view};

		query_run(st, &q, &result);
		str_clear(&text);
		query_sentence(result_row(&result, t[i].row), &text);
		assert_string_equal(text.s, t[i].sentence);
	}
	result_free(&result);
	str_free(&text);
	store_free(st);
}

/* What a service says of so many endings of each kind. */
static void check_service(const enum ending *e, size_t n, size_t delivered, const char *expected)
{
	struct query_row row = {.view = VIEW_SERVICES, .peers = 1};
	struct str text = STR_INIT;
	struct counters one;
	size_t i;

	addr_parse("10.0.0.5", &row.key.server);
	row.key.port = 443;
	for (i = 0; i < n; i++) {
		struct connection c = world_connection("10.0.0.1", (uint16_t)(i + 1), "10.0.0.5", 443, e[i], 0);

		if (i < delivered)
			c.attributes |= ATTRIBUTE_BIT(DELIVERED);
		counters_of_connection(&c, &one);
		counters_add(&row.n, &one);
	}
	query_sentence(&row, &text);
	assert_string_equal(text.s, expected);
	str_free(&text);
}

static void sentences_count_as_the_groups_do(void **state)
{
	static const enum ending habits[] = {ENDING_CLIENT_ABORT, ENDING_CLIENT_ABORT, ENDING_CLIENT_ABORT,
		ENDING_SERVER_ABORT, ENDING_SERVER_ABORT, ENDING_GRACEFUL};
	static const enum ending mixed[] = {ENDING_SERVER_LOST, ENDING_SERVER_ABORT, ENDING_SERVER_ABORT,
		ENDING_CLIENT_CUT, ENDING_GRACEFUL};
	static const enum ending stages[] = {ENDING_CANCELLED, ENDING_CLIENT_ABORT, ENDING_GRACEFUL};
	static const enum ending mild[] = {ENDING_CLIENT_CUT};

	check_service(habits, 6, 3, "10.0.0.5:443 aborted 2 of 6 connections from 1 client");
	check_service(habits, 6, 4, "10.0.0.5:443 aborted 1 of 6 connections from 1 client");
	check_service(habits, 6, 5, "10.0.0.5:443: 6 connections ended, none badly");
	check_service(mixed, 5, 0, "10.0.0.5:443 aborted 3 of 5 connections from 1 client: 2 server_abort, "
		"1 server_lost");
	check_service(stages, 3, 0, "10.0.0.5:443 had 2 of 3 connections from 1 client aborted by the client: "
		"1 cancelled, 1 client_abort");
	check_service(mild, 1, 0, "10.0.0.5:443 kept sending after the client closed in its only connection "
		"from 1 client: cancelled or timed out");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exports_list_what_the_contract_says),
		cmocka_unit_test(names_are_known_once_per_view),
		cmocka_unit_test(every_screen_has_its_columns),
		cmocka_unit_test(values_as_scripts_and_people_read_them),
		cmocka_unit_test(lists_carry_their_numbers),
		cmocka_unit_test(zones_by_longest_match),
		cmocka_unit_test(networks_are_within_zones),
		cmocka_unit_test(zones_say_where_they_are_wrong),
		cmocka_unit_test(applications_have_one_name_each),
		cmocka_unit_test(sentences_of_connections_have_their_numbers),
		cmocka_unit_test(every_ending_has_a_sentence_and_reasons),
		cmocka_unit_test(reasons_name_rule_evidence_and_gaps),
		cmocka_unit_test(sentences_of_rows),
		cmocka_unit_test(sentences_count_as_the_groups_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
