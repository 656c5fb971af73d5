/* The filter language: text to the rows it passes, or to the error and where it is. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "query_world.h"
#include "util/err.h"
#include "util/str.h"

struct expectation {
	enum view view;
	const char *filter, *rows;
};

static void check(const struct expectation *t, size_t n)
{
	struct store *st = world_new();
	size_t i;

	for (i = 0; i < n; i++) {
		const char *rows = world_ask(st, t[i].view, t[i].filter, NULL, 0);

		if (strcmp(rows, t[i].rows) != 0)
			fail_msg("%s: %s\n  gives   %s\n  not     %s", view_names[t[i].view], t[i].filter,
				rows, t[i].rows);
	}
	store_free(st);
}

#define CHECK(table) check(table, sizeof(table) / sizeof(*(table)))

static void both_filters_of_the_mission_work_as_typed(void **state)
{
	static const char by_rst[] = "rst.count > 0 and fin.count = 0";
	static const char without[] = "rst.count > 0 and ct.count = 0";
	static const struct expectation t[] = {
		{VIEW_SERVERS, by_rst, "10.0.0.6"},
		{VIEW_SERVERS, without, ""},
		{VIEW_CLIENTS, by_rst, "192.0.2.9, 10.0.0.2, 10.1.0.7"},
		{VIEW_CLIENTS, without, "192.0.2.9, 10.0.0.2"},
		{VIEW_CLIENT_ZONES, by_rst, "internet, 10.1.0.0/24"},
		{VIEW_CLIENT_ZONES, without, "internet"},
		{VIEW_SERVER_ZONES, by_rst, ""},
		{VIEW_SERVER_ZONES, without, ""},
		{VIEW_ZONES, by_rst, "internet 10.0.0.0/24, 10.1.0.0/24 10.0.0.0/24"},
		{VIEW_ZONES, without, "internet 10.0.0.0/24"},
		{VIEW_SERVICES, by_rst, "10.0.0.5 1194, 10.0.0.6 80, 10.0.0.6 443"},
		{VIEW_SERVICES, without, "10.0.0.5 1194, 10.0.0.6 80"},
		{VIEW_PORTS, by_rst, "1194, 80"},
		{VIEW_PORTS, without, "1194, 80"},
		{VIEW_CONVERSATIONS, by_rst, "10.0.0.1 10.0.0.5 1194, 192.0.2.9 10.0.0.6 80, "
			"10.0.0.2 10.0.0.5 1194, 10.1.0.7 10.0.0.6 443"},
		{VIEW_CONVERSATIONS, without, "10.0.0.1 10.0.0.5 1194, 192.0.2.9 10.0.0.6 80, "
			"10.0.0.2 10.0.0.5 1194"},
		{VIEW_CONNECTIONS, "(rst.count > 0 and fin.count = 0) and not end:refused",
			"10.1.0.7 10.0.0.6:443 server_abort, 10.1.0.7 10.0.0.6:443 server_abort, "
			"192.0.2.9 10.0.0.6:80 stray_reset"},
		{VIEW_CONNECTIONS, "rst.count > 0 and ct.count = 0 and client != 10.0.0.0/24",
			"192.0.2.9 10.0.0.6:80 stray_reset"},
	};

	CHECK(t);
}

static void keys_are_asked_before_summing_and_values_after(void **state)
{
	static const struct expectation t[] = {
		{VIEW_SERVERS, "client = 10.0.0.1", "10.0.0.5"},
		{VIEW_SERVERS, "client = 10.0.0.1 and rst.count = 4", "10.0.0.5"},
		{VIEW_SERVERS, "rst.count = 6", "10.0.0.5"},
		{VIEW_SERVERS, "client = 10.0.0.2 and rst.count = 6", ""},
		{VIEW_SERVERS, "server.port = 443 and attempts = 3", "10.0.0.5"},
		{VIEW_SERVERS, "port:443 and client in 10.1.0.0/16", "10.0.0.6"},
		{VIEW_SERVERS, "app:ssh", "10.0.0.6"},
		{VIEW_SERVERS, "not app:ssh and server = 10.0.0.6 and open = 0", "10.0.0.6"},
		{VIEW_SERVERS, "server = 10.0.0.5 or rst.count = 5", "10.0.0.5, 10.0.0.6"},
		{VIEW_CLIENTS, "server = 10.0.0.6 or server.port = 5432",
			"192.0.2.9, 10.1.0.7, 10.0.0.3, fd77::1"},
		{VIEW_SERVERS, "client = 10.0.0.1 or rst.count > 5",
			"column 1: keys are asked before summing and counts after it: in the view servers "
			"join them by 'and'"},
		{VIEW_SERVERS, "syn.count > 0 and not (client = 10.0.0.1 and rst.count > 5)",
			"column 24: keys are asked before summing and counts after it: in the view servers "
			"join them by 'and'"},
		{VIEW_SERVERS, "client.zone = internet", "10.0.0.6"},
		{VIEW_ENDINGS, "client = 10.1.0.7 and count > 0", "server_abort aborted_server"},
		{VIEW_ENDINGS, "end:refused", "refused refused"},
	};

	CHECK(t);
}

static void every_operator(void **state)
{
	static const struct expectation t[] = {
		{VIEW_SERVICES, "server in 10.0.0.0/8 and server.port in {80, 22}", "10.0.0.6 80, 10.0.0.6 22"},
		{VIEW_SERVICES, "server.port in {20..25, 80}", "10.0.0.6 80, 10.0.0.6 22"},
		{VIEW_SERVICES, "server.port not in {443,1194} && server == 10.0.0.6",
			"10.0.0.6 80, 10.0.0.6 22"},
		{VIEW_SERVICES, "server = fd77::/64", "fd77::2 5432"},
		{VIEW_SERVICES, "server != 10.0.0.0/24", "203.0.113.1 443, fd77::2 5432"},
		{VIEW_SERVICES, "server ~ '^10\\.0\\.0\\.[6-9]' and app !~ http",
			"10.0.0.6 22"},
		{VIEW_SERVICES, "app ~ ^open", "10.0.0.5 1194"},
		{VIEW_SERVICES, "app = OpenVPN", "10.0.0.5 1194"},
		{VIEW_SERVICES, "server.port < 81", "10.0.0.6 80, 10.0.0.6 22"},
		{VIEW_SERVICES, "server.port <= 80", "10.0.0.6 80, 10.0.0.6 22"},
		{VIEW_SERVICES, "server.port>=1194 || server.port == 22",
			"10.0.0.5 1194, 10.0.0.6 22, fd77::2 5432"},
		{VIEW_SERVICES, "!server.port>23", "10.0.0.6 22"},
		{VIEW_SERVICES, "not not port:22", "10.0.0.6 22"},
		{VIEW_SERVICES, "port:22 or port:80 and server = 10.0.0.5", "10.0.0.6 22"},
		{VIEW_SERVICES, "(port:22 or port:80) and server = 10.0.0.5", ""},
		{VIEW_SERVICES, "port:>1000 host:fd77::1", "fd77::2 5432"},
		{VIEW_SERVICES, "", "10.0.0.5 1194, 10.0.0.6 80, 10.0.0.6 443, 10.0.0.5 443, 10.0.0.6 22, "
			"203.0.113.1 443, fd77::2 5432"},
	};

	CHECK(t);
}

static void shortcuts_words_and_endings(void **state)
{
	static const struct expectation t[] = {
		{VIEW_SERVICES, "openvpn", "10.0.0.5 1194"},
		{VIEW_SERVICES, "FD77", "fd77::2 5432"},
		{VIEW_SERVICES, "10.0.0.6:80", "10.0.0.6 80"},
		{VIEW_SERVICES, "\"0.6\" 22", "10.0.0.6 22"},
		{VIEW_SERVICES, "port:openvpn", "10.0.0.5 1194"},
		{VIEW_SERVICES, "server.port in {OpenVPN, 22} and ATT > 1", "10.0.0.5 1194"},
		{VIEW_SERVICES, "REF > 5", "10.0.0.5 1194"},
		{VIEW_SERVICES, "NOA >= 1 and RSTs = 0", "203.0.113.1 443"},
		{VIEW_SERVICES, "abs > 1", "10.0.0.6 443"},
		{VIEW_SERVICES, "end:refused", "10.0.0.5 1194"},
		{VIEW_SERVICES, "ending = refused", "10.0.0.5 1194"},
		{VIEW_SERVICES, "refused", "10.0.0.5 1194"},
		{VIEW_SERVICES, "refused > 5", "10.0.0.5 1194"},
		{VIEW_SERVICES, "ending in {unanswered, stray_reset}", "10.0.0.6 80, 203.0.113.1 443"},
		{VIEW_SERVICES, "group = no_answer", "203.0.113.1 443"},
		{VIEW_SERVICES, "state:time_wait and client.zone = 10.0.0.0/24", "10.0.0.5 443"},
		{VIEW_CONNECTIONS, "port:22 state:established app:ssh host:10.0.0.3",
			"10.0.0.3 10.0.0.6:22 "},
		{VIEW_CONNECTIONS, "state: TIME_WAIT and client = fd77::1", "fd77::1 fd77::2:5432 graceful"},
		{VIEW_CONNECTIONS, "end:unanswered", "10.0.0.3 203.0.113.1:443 unanswered"},
		{VIEW_CONNECTIONS, "unansw", "10.0.0.3 203.0.113.1:443 unanswered"},
		{VIEW_CONNECTIONS, "ending = \"\"", "10.0.0.3 10.0.0.6:22 "},
		{VIEW_CONNECTIONS, "closer = client and host:fd77::2", "fd77::1 fd77::2:5432 graceful"},
		{VIEW_CONNECTIONS, "attributes = first_fin and evidence ~ hand and server = fd77::2",
			"fd77::1 fd77::2:5432 graceful"},
		{VIEW_CONNECTIONS, "zone:internet and not port = 80", "10.0.0.3 203.0.113.1:443 unanswered"},
		{VIEW_CONNECTIONS, "10.0.0.3:40000", "10.0.0.3 10.0.0.6:22 , 10.0.0.3 203.0.113.1:443 unanswered"},
	};

	CHECK(t);
}

static void units_times_and_ratios(void **state)
{
	static const struct expectation t[] = {
		{VIEW_CONNECTIONS, "hs.srv = 2ms and hs.clt < 20 us app:postgresql",
			"fd77::1 fd77::2:5432 graceful"},
		{VIEW_CONNECTIONS, "hs.srv = 2ms and hs.clt <= 19us and app = postgresql",
			"fd77::1 fd77::2:5432 graceful"},
		{VIEW_CONNECTIONS, "hs.srv > 0.0021", ""},
		{VIEW_CONNECTIONS, "start = 1700000004", "10.0.0.1 10.0.0.5:443 graceful, "
			"10.1.0.7 10.0.0.6:443 server_abort, fd77::1 fd77::2:5432 graceful"},
		{VIEW_CONNECTIONS, "start >= 2023-11-14T22:13:27 and end < 1700000007.100000001",
			"10.0.0.3 203.0.113.1:443 unanswered"},
		{VIEW_CONNECTIONS, "start >= '2023-11-14 22:13:27Z' and end < 1700000007.1", ""},
		{VIEW_SERVERS, "bytes.srv > 1KB", "10.0.0.5, 10.0.0.6"},
		{VIEW_SERVERS, "bytes.srv > 1.5kB", ""},
		{VIEW_SERVERS, "bytes.srv = 0.0015MB", "10.0.0.5, 10.0.0.6"},
		{VIEW_SERVERS, "refused.ratio > 60%", "10.0.0.5"},
		{VIEW_SERVERS, "refused.ratio > 0.7", ""},
		{VIEW_SERVERS, "rst.per_ct > 1000000", ""},
		{VIEW_CLIENTS, "rst.per_ct > 1000000", "192.0.2.9, 10.0.0.2"},
		{VIEW_CLIENTS, "rst.per_ct = inf", "192.0.2.9, 10.0.0.2"},
		{VIEW_CLIENTS, "rst.per_ct < 2", "10.0.0.1, 10.1.0.7, 10.0.0.3, fd77::1"},
		{VIEW_CLIENTS, "syn.count.clt = 0.007k", "10.0.0.1"},
	};

	CHECK(t);
}

static void errors_name_the_place_and_what_was_expected(void **state)
{
	static const struct {
		enum view view;
		const char *filter, *error;
		size_t position;
	} t[] = {
		{VIEW_SERVERS, "rst.count >", "column 12: expected a number after '>'", 11},
		{VIEW_SERVERS, "rst.count > x", "column 13: expected a number such as 100 or 10k, not 'x'", 12},
		{VIEW_SERVERS, "rst.coumt > 1",
			"column 1: no column 'rst.coumt' in the view servers; did you mean rst.count?", 0},
		{VIEW_SERVERS, "RST > 0",
			"column 1: RST on the screen is rst.count, rst.count.clt or rst.count.srv", 0},
		{VIEW_SERVICES, "port = htp",
			"column 8: expected a port, 0 to 65535, or a name such as http, not 'htp'", 7},
		{VIEW_SERVERS, "rst.count > 5ms", "column 13: expected a number such as 100 or 10k, not '5ms'", 12},
		{VIEW_SERVERS, "duration > 5s",
			"column 1: 'duration' is known of single connections: use the view connections", 0},
		{VIEW_SERVERS, "server > 10.0.0.1", "column 8: expected =, !=, in or ~ after 'server'", 7},
		{VIEW_SERVERS, "rst.count ~ 5",
			"column 11: expected =, !=, <, <=, >, >= or in after 'rst.count': it is a number", 10},
		{VIEW_SERVERS, "server = 10.0.0", "column 10: expected an address or a network such as "
			"10.0.0.0/8, not '10.0.0'", 9},
		{VIEW_SERVERS, "server = 10.0.0.0/33", "column 10: expected a prefix length from 0 to 32 "
			"after '/'", 9},
		{VIEW_SERVERS, "(rst.count > 0", "column 15: expected ')' for the '(' in column 1", 14},
		{VIEW_SERVERS, "rst.count > 0)", "column 14: expected 'and', 'or' or the end, not ')'", 13},
		{VIEW_SERVERS, "rst.count > 0 and", "column 18: expected a condition such as rst.count > 0 "
			"at the end", 17},
		{VIEW_SERVERS, "and rst.count", "column 1: expected a condition such as rst.count > 0, not "
			"'and'", 0},
		{VIEW_SERVERS, "server in {10.0.0.1 10.0.0.2}", "column 21: expected ',' or '}' in the list", 20},
		{VIEW_SERVERS, "server in {", "column 12: expected an address after '{'", 11},
		{VIEW_SERVERS, "server = 'x", "column 10: this quote is not closed", 9},
		{VIEW_SERVERS, "server", "column 7: expected =, !=, <, >, ~ or in after 'server'", 6},
		{VIEW_SERVERS, "∞∞ = 3 and rst.count > x",
			"column 1: no column '∞∞' in the view servers", 0},
		{VIEW_SERVERS, "\"∞∞\" and rst.count > x", "column 22: expected a number such as 100 or 10k, not 'x'", 25},
		{VIEW_SERVICES, "server.port = 65536", "column 15: expected a port, 0 to 65535, or a name "
			"such as http, not '65536'", 14},
		{VIEW_SERVICES, "app ~ '('", "column 8: expected a regular expression: ", 7},
		{VIEW_SERVICES, "app ~ '(a{1,200}){1,200}'", "column 8: the pattern repeats too often", 7},
		{VIEW_SERVICES, "app ~ '(a)\\1'", "column 8: back-references are not known here", 7},
		{VIEW_SERVERS, "state:syn_sent", "column 1: state syn_sent is known of single connections "
			"only: use the view connections", 0},
		{VIEW_SERVERS, "ending != refused", "column 8: rows of the view servers are sums: write "
			"ending = NAME, or compare the column NAME with a number", 7},
		{VIEW_SERVERS, "end:refuse", "column 5: 'refuse' is no ending; there are: refused, ", 4},
		{VIEW_CONNECTIONS, "state:foo", "column 7: 'foo' is no state; there are: CLOSED, ", 6},
		{VIEW_GRAPH, "end:refused", "column 1: 'end' is known of single connections", 0},
		{VIEW_ENDINGS, "rst.count > 0", "column 1: 'rst.count' is known of", 0},
		{VIEW_FINDINGS, "client = 10.0.0.1", "column 1: 'client' is known of", 0},
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct err err = ERR_INIT;
		size_t position = 999;

		assert_null(filter_parse(t[i].view, t[i].filter, &err, &position));
		if (strncmp(err.text, t[i].error, strlen(t[i].error)) != 0 || position != t[i].position)
			fail_msg("%s\n  says  %s (%zu)\n  not   %s (%zu)", t[i].filter, err.text, position,
				t[i].error, t[i].position);
	}
}

static void depth_and_length_are_bounded(void **state)
{
	struct err err = ERR_INIT;
	struct str text = STR_INIT;
	struct filter *f;
	int i;

	for (i = 0; i < 49; i++)
		str_add_char(&text, '(');
	str_add(&text, "rst.count");
	for (i = 0; i < 49; i++)
		str_add_char(&text, ')');
	f = filter_parse(VIEW_SERVERS, text.s, &err, NULL);
	assert_non_null(f);
	filter_free(f);
	str_clear(&text);
	for (i = 0; i < 1000; i++)
		str_add(&text, "not ");
	assert_null(filter_parse(VIEW_SERVERS, text.s, &err, NULL));
	assert_string_equal(err.text, "column 201: nested too deeply");
	for (i = 0; i < 1000; i++)
		str_add(&text, "not ");
	assert_null(filter_parse(VIEW_SERVERS, text.s, &err, NULL));
	assert_string_equal(err.text, "column 4097: the filter is too long");
	str_free(&text);
}

static void first_words(enum view view, const char *text, char *out, size_t size)
{
	struct completion c[64];
	size_t n = filter_complete(view, text, strlen(text), c, 64), i;

	out[0] = '\0';
	for (i = 0; i < n && i < 3; i++) {
		assert_non_null(c[i].gist);
		snprintf(out + strlen(out), size - strlen(out), "%s%s", i ? " " : "", c[i].word);
	}
}

static void words_are_completed(void **state)
{
	static const struct {
		enum view view;
		const char *text, *words;
	} t[] = {
		{VIEW_SERVERS, "rst.c", "rst.count rst.count.clt rst.count.srv"},
		{VIEW_SERVERS, "rst.count > 0 and fin.count", "fin.count fin.count.clt fin.count.srv"},
		{VIEW_SERVERS, "rst.count > 0 a", "and app attempts"},
		{VIEW_CONNECTIONS, "ending = ref", "refused refused_path"},
		{VIEW_CONNECTIONS, "state:time", "TIME_WAIT"},
		{VIEW_SERVERS, "end:server_", "server_abort server_cut server_lost"},
		{VIEW_CONNECTIONS, "closer in {client, s", "server"},
		{VIEW_SERVERS, "clie", "client client.zone client_abort"},
	};
	char words[256];
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(*t); i++) {
		first_words(t[i].view, t[i].text, words, sizeof(words));
		assert_string_equal(words, t[i].words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_filters_of_the_mission_work_as_typed),
		cmocka_unit_test(keys_are_asked_before_summing_and_values_after),
		cmocka_unit_test(every_operator),
		cmocka_unit_test(shortcuts_words_and_endings),
		cmocka_unit_test(units_times_and_ratios),
		cmocka_unit_test(errors_name_the_place_and_what_was_expected),
		cmocka_unit_test(depth_and_length_are_bounded),
		cmocka_unit_test(words_are_completed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
