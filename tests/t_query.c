/* Questions: groups against a naive sum, order, limits, series, drilling down; the same answer every time. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "query/zones.h"
#include "query_world.h"
#include "store_random.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/str.h"

#define CONNECTIONS 600

static const enum view sums[] = {VIEW_SERVERS, VIEW_CLIENTS, VIEW_CLIENT_ZONES, VIEW_SERVER_ZONES,
	VIEW_ZONES, VIEW_SERVICES, VIEW_PORTS, VIEW_CONVERSATIONS};
#define SUMS (sizeof(sums) / sizeof(*sums))

static struct connection random_world_connection(struct random *r)
{
	static const enum ending endings[] = {ENDING_NONE, ENDING_GRACEFUL, ENDING_GRACEFUL, ENDING_REFUSED,
		ENDING_SERVER_ABORT, ENDING_CLIENT_ABORT, ENDING_UNANSWERED, ENDING_STRAY_RESET};
	static const char *const clients[] = {"10.0.0.1", "10.0.0.2", "9.9.9.9", "10.0.1.77", "fd00::1",
		"2001:db8::7"};
	static const char *const servers[] = {"10.0.0.5", "192.168.3.4", "10.0.0.40", "fd00::5", "8.8.8.8"};
	static const unsigned ports[] = {443, 22, 8080, 5432};

	return world_connection(clients[random_below(r, 6)], 1024 + random_below(r, 60000),
		servers[random_below(r, 5)], ports[random_below(r, 4)], endings[random_below(r, 8)],
		random_below(r, 3000) / 100.0);
}

/* Fills a store and `out` with the same connections. */
static struct store *random_world(uint64_t seed, struct connection *out)
{
	struct random r = {seed};
	struct store *st = world_empty();
	size_t i;

	for (i = 0; i < CONNECTIONS; i++) {
		out[i] = random_world_connection(&r);
		out[i].uid = world_add(st, out[i]);
	}
	return st;
}

/* The key columns of the view as one text, made without the query's help. */
static void naive_key(enum view view, const struct connection *c, char *out, size_t size)
{
	char clt[ADDR_TEXT], srv[ADDR_TEXT], zc[64], zs[64];
	unsigned port = c->tuple.port[SERVER];

	addr_text(&c->tuple.addr[CLIENT], clt);
	addr_text(&c->tuple.addr[SERVER], srv);
	zone_name(NULL, &c->tuple.addr[CLIENT], zc, sizeof(zc));
	zone_name(NULL, &c->tuple.addr[SERVER], zs, sizeof(zs));
	if (view == VIEW_SERVERS)
		snprintf(out, size, "%s", srv);
	else if (view == VIEW_CLIENTS)
		snprintf(out, size, "%s", clt);
	else if (view == VIEW_CLIENT_ZONES)
		snprintf(out, size, "%s", zc);
	else if (view == VIEW_SERVER_ZONES)
		snprintf(out, size, "%s", zs);
	else if (view == VIEW_ZONES)
		snprintf(out, size, "%s %s", zc, zs);
	else if (view == VIEW_SERVICES)
		snprintf(out, size, "%s %u", srv, port);
	else if (view == VIEW_PORTS)
		snprintf(out, size, "%u", port);
	else
		snprintf(out, size, "%s %s %u", clt, srv, port);
}

static void row_key(const struct query_row *row, char *out, size_t size)
{
	struct connection c = {0};

	if (row->view == VIEW_CLIENT_ZONES)
		snprintf(out, size, "%s", row->zone[CLIENT]);
	else if (row->view == VIEW_SERVER_ZONES)
		snprintf(out, size, "%s", row->zone[SERVER]);
	else if (row->view == VIEW_ZONES)
		snprintf(out, size, "%s %s", row->zone[CLIENT], row->zone[SERVER]);
	else {
		c.tuple.addr[CLIENT] = row->key.client;
		c.tuple.addr[SERVER] = row->key.server;
		c.tuple.port[SERVER] = row->key.port;
		naive_key(row->view, &c, out, size);
	}
}

struct naive {
	size_t n;
	struct {
		char key[128];
		struct counters sum;
	} group[CONNECTIONS];
};

static void naive_group(enum view view, const struct connection *c, struct naive *out)
{
	struct counters one;
	char key[128];
	size_t i, k;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < CONNECTIONS; i++) {
		naive_key(view, &c[i], key, sizeof(key));
		for (k = 0; k < out->n && strcmp(out->group[k].key, key); k++)
			;
		if (k == out->n)
			strcpy(out->group[out->n++].key, key);
		counters_of_connection(&c[i], &one);
		counters_add(&out->group[k].sum, &one);
	}
}

static void groups_are_what_a_naive_sum_gives(void **state)
{
	static struct connection c[CONNECTIONS];
	static struct naive naive;
	struct store *st = random_world(7, c);
	struct result result = {0};
	size_t v, i, k;
	char key[128];

	for (v = 0; v < SUMS; v++) {
		struct query q = {.view = sums[v]};

		query_run(st, &q, &result);
		naive_group(sums[v], c, &naive);
		assert_int_equal(result.rows, naive.n);
		assert_int_equal(result.total, naive.n);
		for (i = 0; i < result.rows; i++) {
			const struct query_row *row = result_row(&result, i);

			row_key(row, key, sizeof(key));
			for (k = 0; k < naive.n && strcmp(naive.group[k].key, key); k++)
				;
			assert_true(k < naive.n);
			assert_memory_equal(&row->n, &naive.group[k].sum, sizeof(row->n));
		}
	}
	result_free(&result);
	store_free(st);
}

static void all_views_agree_with_the_total(void **state)
{
	static const enum view others[] = {VIEW_CONNECTIONS, VIEW_ENDINGS, VIEW_GRAPH};
	static struct connection c[CONNECTIONS];
	struct store *st = random_world(11, c);
	struct result result = {0};
	struct counters total;
	size_t v;

	store_totals(st, &total);
	for (v = 0; v < SUMS + 3; v++) {
		struct query q = {.view = v < SUMS ? sums[v] : others[v - SUMS]};

		query_run(st, &q, &result);
		assert_memory_equal(&result.sum, &total, sizeof(total));
	}
	assert_int_equal(total.n[COUNTER_ATTEMPTS] + total.n[COUNTER_MID] + total.n[COUNTER_OTHER],
		CONNECTIONS);
	result_free(&result);
	store_free(st);
}

/* Whether a may stand before b: by the column, then by key columns ascending. */
static bool in_order(const struct column *col, bool ascending, const struct query_row *a,
	const struct query_row *b)
{
	struct value x = col->get(col, a), y = col->get(col, b);
	int order = value_order(col, &x, &y, ascending);
	size_t i;

	if (order == 0 && a->view == VIEW_FINDINGS && !strcmp(col->name, "severity") && !ascending) {
		col = column_find(VIEW_FINDINGS, "count");
		x = col->get(col, a);
		y = col->get(col, b);
		order = value_order(col, &x, &y, false);
	}
	for (i = 0; i < column_count && order == 0; i++) {
		const struct column *key = &columns[i];

		if (!(key->flags & COLUMN_KEY) || !(key->exports >> a->view & 1))
			continue;
		x = key->get(key, a);
		y = key->get(key, b);
		order = value_order(key, &x, &y, true);
	}
	return order <= 0;
}

static void check_order(struct store *st, const struct query *q)
{
	struct result all = {0}, some = {0};
	struct query limited = *q;
	size_t i;

	query_run(st, q, &all);
	limited.limit = 7;
	query_run(st, &limited, &some);
	assert_int_equal(some.rows, all.rows < 7 ? all.rows : 7);
	assert_int_equal(some.matched, all.matched);
	for (i = 0; i < all.rows; i++) {
		struct query_row row = *result_row(&all, i);
		struct connection c;

		if (row.c) {
			c = *row.c;
			row.c = &c;
		}
		if (i < some.rows)
			assert_int_equal(result_id(&some, i), row.id);
		if (i + 1 < all.rows)
			assert_true(in_order(q->sort, q->ascending, &row, result_row(&all, i + 1)));
	}
	result_free(&all);
	result_free(&some);
}

static void rows_are_in_order_by_every_column_both_ways(void **state)
{
	static struct connection c[CONNECTIONS];
	struct store *st = random_world(13, c);
	struct query q = {0};
	size_t i;
	int v;

	for (v = 0; v < VIEW_COUNT; v++) {
		for (i = 0; i < column_count; i++) {
			if (!(columns[i].views >> v & 1))
				continue;
			q.view = (enum view)v;
			q.sort = &columns[i];
			q.ascending = !q.ascending;
			check_order(st, &q);
		}
	}
	store_free(st);
}

static void known_order(void **state)
{
	struct store *st = world_new();

	assert_string_equal(world_ask(st, VIEW_CLIENTS, NULL, NULL, 0),
		"10.0.0.1, 192.0.2.9, 10.0.0.2, 10.1.0.7, 10.0.0.3, fd77::1");
	assert_string_equal(world_ask(st, VIEW_CLIENTS, NULL, "client", 0),
		"fd77::1, 192.0.2.9, 10.1.0.7, 10.0.0.3, 10.0.0.2, 10.0.0.1");
	/* infinite, then numbers, then nothing */
	assert_string_equal(world_ask(st, VIEW_SERVICES, NULL, "syn.per_ct", 0),
		"10.0.0.5 1194, 203.0.113.1 443, 10.0.0.5 443, 10.0.0.6 22, 10.0.0.6 443, fd77::2 5432, "
		"10.0.0.6 80");
	assert_string_equal(world_ask(st, VIEW_SERVICES, NULL, "syn.per_ct:asc", 0),
		"10.0.0.5 443, 10.0.0.6 22, 10.0.0.6 443, fd77::2 5432, 10.0.0.5 1194, 203.0.113.1 443, "
		"10.0.0.6 80");
	assert_string_equal(world_ask(st, VIEW_PORTS, NULL, "dominant:asc", 3), "443, 5432, 1194");
	assert_string_equal(world_ask(st, VIEW_ENDINGS, NULL, NULL, 4),
		"refused refused, graceful ok, server_abort aborted_server, stray_reset other");
	assert_string_equal(world_ask(st, VIEW_FINDINGS, NULL, NULL, 0), "");
	store_free(st);
}

/* Rows in any order of arrival: the same answer. */
static void arrival_makes_no_difference(void **state)
{
	static struct connection c[CONNECTIONS];
	struct store *st = random_world(17, c), *other = world_empty();
	struct str first = STR_INIT;
	size_t i, v;

	for (i = 0; i < CONNECTIONS; i++)
		world_add(other, c[(i * 7 + 3) % CONNECTIONS]);
	for (v = 0; v < SUMS; v++) {
		str_clear(&first);
		str_add(&first, world_ask(st, sums[v], NULL, NULL, 0));
		assert_string_equal(world_ask(other, sums[v], NULL, NULL, 0), first.s);
	}
	str_clear(&first);
	str_add(&first, world_ask(st, VIEW_CONNECTIONS, "end:refused", NULL, 0));
	assert_true(first.len > 1000);
	assert_string_equal(world_ask(other, VIEW_CONNECTIONS, "end:refused", NULL, 0), first.s);
	str_free(&first);
	store_free(st);
	store_free(other);
}

/* How many rows the text passes in a view; 1 and the id, when it is one. */
static size_t ask_rows(struct store *st, enum view view, const char *text, uint64_t *id)
{
	struct query q = {.view = view};
	struct result result = {0};
	struct err err = ERR_INIT;
	struct filter *f = filter_parse(view, text, &err, NULL);
	size_t n;

	assert_string_equal(err.text, "");
	q.filter[0] = f;
	query_run(st, &q, &result);
	n = result.rows;
	if (n > 0)
		*id = result_id(&result, 0);
	result_free(&result);
	filter_free(f);
	return n;
}

static void a_row_s_filter_selects_the_row_and_its_connections(void **state)
{
	static const enum view more[] = {VIEW_ENDINGS, VIEW_CONNECTIONS};
	static struct connection c[CONNECTIONS];
	struct store *st = random_world(19, c);
	struct str text = STR_INIT;
	struct result result = {0};
	size_t v, i;

	for (v = 0; v < SUMS + 2; v++) {
		struct query q = {.view = v < SUMS ? sums[v] : more[v - SUMS], .limit = 40};

		query_run(st, &q, &result);
		for (i = 0; i < result.rows; i++) {
			const struct query_row *row = result_row(&result, i);
			uint64_t id = 0, n = row->n.n[COUNTER_ATTEMPTS] + row->n.n[COUNTER_OTHER];

			query_row_filter(row, &text);
			assert_int_equal(ask_rows(st, q.view, text.s, &id), 1);
			assert_int_equal(id, row->id);
			if (q.view == VIEW_ENDINGS)
				n = row->n.n[counter_of_ending(row->ending)];
			assert_int_equal(ask_rows(st, VIEW_CONNECTIONS, text.s, &id), n);
		}
	}
	result_free(&result);
	str_free(&text);
	store_free(st);
}

static void peers_are_distinct(void **state)
{
	struct store *st = world_new();
	struct query q = {.view = VIEW_SERVERS};
	struct result result = {0};

	query_run(st, &q, &result);
	assert_int_equal(result_row(&result, 0)->peers, 2); /* 10.0.0.5: 10.0.0.1 on two ports, 10.0.0.2 */
	q.view = VIEW_CLIENTS;
	query_run(st, &q, &result);
	assert_int_equal(result_row(&result, 0)->peers, 1); /* 10.0.0.1: two ports of one server */
	q.view = VIEW_PORTS;
	query_run(st, &q, &result);
	assert_int_equal(result_row(&result, 0)->peers, 2); /* 1194 */
	result_free(&result);
	store_free(st);
}

static uint64_t spark_sum(const struct query_row *row, int line)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < SPARK_STEPS; i++)
		sum += row->spark[line][i];
	return sum;
}

static void sparklines_show_what_was_counted(void **state)
{
	static struct connection c[CONNECTIONS];
	struct store *st = random_world(23, c);
	struct result result = {0};
	size_t v, i;

	for (v = 0; v < SUMS; v++) {
		struct query q = {.view = sums[v], .spark = true, .limit = 5};

		query_run(st, &q, &result);
		for (i = 0; i < result.rows; i++) {
			const struct query_row *row = result_row(&result, i);

			assert_non_null(row->spark);
			assert_false(row->spark_partial);
			assert_int_equal(spark_sum(row, 0), row->n.n[COUNTER_ATTEMPTS]);
			assert_int_equal(spark_sum(row, 1), row->n.n[COUNTER_RST_UNIQ_CLT]);
			assert_int_equal(spark_sum(row, 2), row->n.n[COUNTER_RST_UNIQ_SRV]);
		}
	}
	result_free(&result);
	store_free(st);
}

static void the_graph_adds_up(void **state)
{
	static struct connection c[CONNECTIONS];
	static const char *const filters[] = {NULL, "server.port = 443", "server = 10.0.0.5 or client = fd00::1"};
	struct store *st = random_world(29, c);
	struct result result = {0};
	size_t f, i;
	int g;

	for (f = 0; f < 3; f++) {
		struct query q = {.view = VIEW_GRAPH};
		struct err err = ERR_INIT;
		struct filter *filter = filters[f] ? filter_parse(VIEW_GRAPH, filters[f], &err, NULL) : NULL;
		uint64_t attempts = 0, resets = 0, group[GROUP_COUNT] = {0};

		q.filter[1] = filter;
		query_run(st, &q, &result);
		assert_true(result.rows > 25 && result.rows < 33);
		for (i = 0; i < result.rows; i++) {
			const struct query_row *row = result_row(&result, i);

			assert_int_equal(row->step, 1);
			assert_int_equal(row->second, WORLD_T0 + (int64_t)i);
			attempts += row->n.n[COUNTER_ATTEMPTS];
			resets += row->n.n[COUNTER_RST_SRV];
			for (g = 1; g < GROUP_COUNT; g++)
				group[g] += row->group[g];
		}
		assert_int_equal(attempts, result.sum.n[COUNTER_ATTEMPTS]);
		assert_int_equal(resets, result.sum.n[COUNTER_RST_SRV]);
		for (g = 1; g < GROUP_COUNT; g++)
			assert_int_equal(group[g], counters_group(&result.sum, (enum ending_group)g));
		filter_free(filter);
	}
	result_free(&result);
	store_free(st);
}

static void a_long_graph_has_longer_steps(void **state)
{
	struct store *st = world_empty();
	struct query q = {.view = VIEW_GRAPH};
	struct result result = {0};
	uint64_t attempts = 0;
	size_t i;

	for (i = 0; i < 10; i++)
		world_add(st, world_connection("10.0.0.1", 4000, "10.0.0.5", 80, ENDING_REFUSED, 777.0 * (double)i));
	query_run(st, &q, &result);
	assert_true(result.rows > 1000 && result.rows <= 3600);
	for (i = 0; i < result.rows; i++) {
		assert_int_equal(result_row(&result, i)->step, 2);
		attempts += result_row(&result, i)->n.n[COUNTER_ATTEMPTS];
	}
	assert_int_equal(attempts, 10);
	result_free(&result);
	store_free(st);
}

/* The only connection began at a time that is not reached any more. */
static void a_clock_that_was_set_back_does_not_end_the_graph(void **state)
{
	struct store *st = world_empty();
	struct connection c = world_connection("10.0.0.1", 4000, "10.0.0.5", 80, ENDING_REFUSED, 0);
	struct query q = {.view = VIEW_GRAPH};
	struct result result = {0};

	c.last -= 3600 * NS_PER_SEC;
	world_add(st, c);
	assert_true(store_first(st) <= store_now(st));
	query_run(st, &q, &result);
	assert_int_equal(result.rows, 1);
	assert_int_equal(result.sum.n[COUNTER_ATTEMPTS], 1);
	result_free(&result);
	store_free(st);
}

static void endings_are_all_there_with_their_shares(void **state)
{
	struct store *st = world_new();
	struct query q = {.view = VIEW_ENDINGS};
	struct result result = {0};
	double shares = 0;
	size_t i;

	query_run(st, &q, &result);
	assert_int_equal(result.rows, ENDING_COUNT - 1);
	for (i = 0; i < result.rows; i++) {
		const struct column *share = column_find(VIEW_ENDINGS, "share");

		shares += share->get(share, result_row(&result, i)).r;
	}
	assert_true(shares > 0.999999 && shares < 1.000001);
	result_free(&result);
	store_free(st);
}

static void an_empty_store_has_no_rows(void **state)
{
	struct store *st = world_empty();
	struct result result = {0};
	int v;

	for (v = 0; v < VIEW_COUNT; v++) {
		struct query q = {.view = (enum view)v, .spark = true};

		query_run(st, &q, &result);
		assert_int_equal(result.rows, v == VIEW_ENDINGS ? ENDING_COUNT - 1 : 0);
	}
	result_free(&result);
	store_free(st);
}

static void folded_conversations_stay_in_the_sums(void **state)
{
	struct store_conf conf = {.shards = 1, .max_live = 16, .max_ended = 1000, .max_conversations = 24,
		.max_series = 16, .max_trails = 1};
	struct err err = ERR_INIT;
	struct store *st = store_new(&conf, &err);
	struct query q = {.view = VIEW_CLIENTS};
	struct result result = {0};
	struct counters total;
	char client[32];
	int i;

	for (i = 0; i < 200; i++) {
		snprintf(client, sizeof(client), "10.9.%d.%d", i / 100, i % 100 + 1);
		world_add(st, world_connection(client, 5000, "10.0.0.5", 80, ENDING_REFUSED, i));
	}
	store_totals(st, &total);
	query_run(st, &q, &result);
	assert_true(result.rows < 26);
	assert_memory_equal(&result.sum, &total, sizeof(total));
	assert_int_equal(total.n[counter_of_ending(ENDING_REFUSED)], 200);
	q.sort = column_find(VIEW_CLIENTS, "client");
	query_run(st, &q, &result);
	assert_true(result_row(&result, result.rows - 1)->key.other_clients);
	assert_false(result_row(&result, 0)->key.other_clients);
	result_free(&result);
	store_free(st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_are_what_a_naive_sum_gives),
		cmocka_unit_test(all_views_agree_with_the_total),
		cmocka_unit_test(rows_are_in_order_by_every_column_both_ways),
		cmocka_unit_test(known_order),
		cmocka_unit_test(arrival_makes_no_difference),
		cmocka_unit_test(a_row_s_filter_selects_the_row_and_its_connections),
		cmocka_unit_test(peers_are_distinct),
		cmocka_unit_test(sparklines_show_what_was_counted),
		cmocka_unit_test(the_graph_adds_up),
		cmocka_unit_test(a_long_graph_has_longer_steps),
		cmocka_unit_test(a_clock_that_was_set_back_does_not_end_the_graph),
		cmocka_unit_test(endings_are_all_there_with_their_shares),
		cmocka_unit_test(an_empty_store_has_no_rows),
		cmocka_unit_test(folded_conversations_stay_in_the_sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
