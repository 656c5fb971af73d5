/* A store that keeps apart only what a question needs gives the same text as one that keeps everything apart. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "export/export.h"
#include "query/filter.h"
#include "query/zones.h"
#include "store/store.h"
#include "store_random.h"
#include "util/clock.h"
#include "util/err.h"

#define T0 (INT64_C(1700000000) * NS_PER_SEC)
#define CONNECTIONS 1500
#define LIVE 512

struct question {
	enum view view;
	const char *filter, *sort, *fields; /* NULL: none, the view's own, the format's own */
	enum export_format format;
};

/* ---- what is asked ---- */

static const char *const filters[] = {NULL, "attempts > 1", "server in 192.0.2.0/24", "client = 10.0.0.0/8", "port = 80",
	"app = http", "client.zone = inside", "server.zone != inside and rst.count > 0", "10.0", "not (port = 80 or port = 22)",
	"sentence ~ attempts"};

static const char *const sorts[] = {NULL, "peers", "sentence", "bytes", "attempts:asc"};

static void query_of(const struct question *a, const struct zones *zones, struct query *q)
{
	struct err err = ERR_INIT;

	*q = (struct query){.view = a->view, .zones = zones};
	if (a->filter)
		q->filter[0] = filter_parse(a->view, a->filter, &err, NULL);
	if (a->sort) {
		char name[16];

		snprintf(name, sizeof(name), "%.*s", (int)strcspn(a->sort, ":"), a->sort);
		q->sort = column_find(a->view, name);
		q->ascending = strchr(a->sort, ':') != NULL;
	}
}

static void fields_of(const struct question *a, struct fields *f)
{
	struct err err = ERR_INIT;

	*f = (struct fields){.n = 0};
	if (!a->fields || !fields_parse(f, a->view, a->fields, &err))
		fields_default(f, a->view, a->format);
}

/* ---- the stores ---- */

static struct addr v4(unsigned a, unsigned b, unsigned c, unsigned d)
{
	uint8_t x[4] = {(uint8_t)a, (uint8_t)b, (uint8_t)c, (uint8_t)d};

	return addr_from_v4(x);
}

static void row_of(struct random *r, uint32_t i, struct row *row)
{
	static const uint16_t ports[] = {22, 80, 443, 8080, 50000};
	static struct tuple tuple[CONNECTIONS];
	struct connection *c = &row->c;

	memset(row, 0, sizeof(*row));
	random_connection(r, c, random_below(r, 8) ? 0 : 1);
	c->uid = i + 1;
	c->start = T0 + (int64_t)random_below(r, 60) * NS_PER_SEC;
	c->last = c->start + NS_PER_SEC;
	c->time_wait_until = random_below(r, 2) ? c->last + 5 * NS_PER_SEC : 0;
	c->tuple.addr[CLIENT] = random_below(r, 4) ? v4(10, 0, random_below(r, 3), random_below(r, 40)) :
						     v4(198, 51, 100, random_below(r, 5));
	c->tuple.addr[SERVER] = random_below(r, 3) ? v4(192, 0, 2, random_below(r, 9)) : v4(10, 0, 1, random_below(r, 9));
	c->tuple.port[SERVER] = ports[random_below(r, 5)];
	row->what = ROW_FINAL;
	row->eseq = i;
	if (i > 0 && random_below(r, 12) == 0) {
		row->what = ROW_LATE;
		row->eseq = random_below(r, i);
		c->tuple = tuple[row->eseq];
	} else if (i > CONNECTIONS - LIVE) {
		row->what = ROW_LIVE;
		row->slot = i - (CONNECTIONS - LIVE);
		c->ending = ENDING_NONE;
	}
	tuple[i] = c->tuple;
}

static struct store *fill(const struct store_conf *conf, uint64_t seed)
{
	static struct block b;
	struct err err = ERR_INIT;
	struct store *st = store_new(conf, &err);
	struct random r = {seed};

	assert_non_null(st);
	for (uint32_t i = 0; i < CONNECTIONS; i++) {
		row_of(&r, i, &b.row[b.rows++]);
		if (b.rows == BLOCK_ROWS || i + 1 == CONNECTIONS) {
			b.now = T0 + (int64_t)i * NS_PER_SEC / 20;
			store_apply(st, &b);
			b.rows = 0;
		}
	}
	return st;
}

static struct store_conf conf_of(uint32_t conversations, bool sums_only)
{
	return (struct store_conf){.shards = 1, .max_live = LIVE, .max_ended = CONNECTIONS,
		.max_conversations = conversations, .no_findings = true, .sums_only = sums_only};
}

static char *answer(const struct store *st, const struct query *q, const struct question *a)
{
	struct result result = {0};
	struct err err = ERR_INIT;
	struct fields fields;
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	fields_of(a, &fields);
	query_run(st, q, &result);
	assert_true(export_rows(to, a->format, &fields, &result, &err));
	fprintf(to, "%zu %zu\n", result.matched, result.total);
	for (int n = 0; n < COUNTER_COUNT; n++)
		fprintf(to, "%llu ", (unsigned long long)result.sum.n[n]);
	fclose(to);
	result_free(&result);
	fields_free(&fields);
	return text;
}

static struct store *fill_for(const struct query *q, const struct question *a, struct store_conf conf)
{
	struct query_parts parts;
	struct fields fields;

	fields_of(a, &fields);
	query_parts(q, fields.column, fields.n, &parts);
	fields_free(&fields);
	conf.leave_out = parts.leave_out;
	conf.peers = parts.peers;
	return fill(&conf, 5);
}

static void assert_same_text(struct store *const whole[2], const struct question *a, const struct zones *zones)
{
	struct query q;
	struct store *st;
	char *expected, *text;

	query_of(a, zones, &q);
	for (int sums_only = 0; sums_only < 2; sums_only++) {
		st = fill_for(&q, a, conf_of(CONNECTIONS, sums_only));
		expected = answer(whole[sums_only], &q, a);
		text = answer(st, &q, a);
		assert_string_equal(text, expected);
		free(text);
		free(expected);
		store_free(st);
	}
	filter_free((struct filter *)q.filter[0]);
}

static void same_text_in_every_view(void **state)
{
	static const char *const fields[] = {NULL, "sentence", "peers,attempts"};
	struct err err = ERR_INIT;
	struct zones *zones = zones_parse("10.0.0.0/16 = inside\n198.51.100.3/32 = partner\n", &err);
	struct store_conf conf[2] = {conf_of(CONNECTIONS, false), conf_of(CONNECTIONS, true)};
	struct store *whole[2] = {fill(&conf[0], 5), fill(&conf[1], 5)};

	(void)state;
	for (int v = VIEW_SERVERS; v <= VIEW_ENDINGS; v++) {
		if (v == VIEW_CONNECTIONS)
			continue;
		for (size_t f = 0; f < sizeof(filters) / sizeof(*filters); f++)
			assert_same_text(whole, &(struct question){(enum view)v, filters[f], NULL, NULL, EXPORT_TABLE}, zones);
		for (size_t s = 0; s < sizeof(sorts) / sizeof(*sorts); s++)
			assert_same_text(whole, &(struct question){(enum view)v, NULL, sorts[s], NULL, EXPORT_CSV}, zones);
		for (size_t f = 0; f < sizeof(fields) / sizeof(*fields); f++)
			assert_same_text(whole, &(struct question){(enum view)v, NULL, NULL, fields[f], EXPORT_CSV}, NULL);
	}
	store_free(whole[0]);
	store_free(whole[1]);
	zones_free(zones);
}

/* ---- what is left out ---- */

static void assert_parts(const struct question *a, unsigned leave_out, unsigned peers)
{
	struct query_parts parts;
	struct fields fields;
	struct query q;

	query_of(a, NULL, &q);
	fields_of(a, &fields);
	query_parts(&q, fields.column, fields.n, &parts);
	assert_int_equal(parts.leave_out, leave_out);
	assert_int_equal(parts.peers, peers);
	fields_free(&fields);
	filter_free((struct filter *)q.filter[0]);
}

static void only_what_is_looked_at_is_kept_apart(void **state)
{
	static const struct {
		struct question asked;
		unsigned leave_out, peers;
	} cases[] = {
		{{VIEW_SERVERS, .format = EXPORT_TABLE}, KEY_CLIENT | KEY_PORT, KEY_CLIENT},
		{{VIEW_SERVERS, .format = EXPORT_CSV}, KEY_CLIENT | KEY_PORT, 0},
		{{VIEW_SERVERS, .format = EXPORT_CSV, .sort = "peers"}, KEY_CLIENT | KEY_PORT, KEY_CLIENT},
		{{VIEW_SERVERS, .format = EXPORT_CSV, .filter = "peers > 1"}, KEY_CLIENT | KEY_PORT, KEY_CLIENT},
		{{VIEW_SERVERS, .format = EXPORT_CSV, .filter = "port = 80"}, KEY_CLIENT, 0},
		{{VIEW_SERVERS, .format = EXPORT_TABLE, .filter = "port = 80"}, 0, 0},
		{{VIEW_SERVERS, .format = EXPORT_CSV, .filter = "client.zone = x"}, KEY_PORT, 0},
		{{VIEW_SERVERS, .format = EXPORT_CSV, .filter = "server = 10.0.0.1 and attempts > 1"}, KEY_CLIENT | KEY_PORT, 0},
		{{VIEW_SERVERS, .format = EXPORT_CSV, .filter = "word"}, 0, 0},
		{{VIEW_CLIENTS, .format = EXPORT_TABLE}, KEY_SERVER | KEY_PORT, KEY_SERVER},
		{{VIEW_SERVICES, .format = EXPORT_TABLE}, KEY_CLIENT, KEY_CLIENT},
		{{VIEW_PORTS, .format = EXPORT_TABLE}, KEY_CLIENT | KEY_SERVER, KEY_CLIENT},
		{{VIEW_CONVERSATIONS, .format = EXPORT_TABLE}, 0, 0},
		{{VIEW_CLIENT_ZONES, .format = EXPORT_TABLE}, KEY_PORT, 0},
		{{VIEW_CLIENT_ZONES, .format = EXPORT_CSV}, KEY_SERVER | KEY_PORT, 0},
		{{VIEW_SERVER_ZONES, .format = EXPORT_CSV}, KEY_CLIENT | KEY_PORT, 0},
		{{VIEW_ZONES, .format = EXPORT_TABLE}, KEY_PORT, 0},
		{{VIEW_ENDINGS, .format = EXPORT_CSV}, KEY_WHOLE, 0},
		{{VIEW_ENDINGS, .format = EXPORT_CSV, .filter = "client = 10.0.0.1"}, KEY_SERVER | KEY_PORT, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_parts(&cases[i].asked, cases[i].leave_out, cases[i].peers);
}

/* ---- the bound ---- */

static void sums_are_whole_when_rows_are_folded(void **state)
{
	struct store_conf conf = conf_of(CONNECTIONS, true), tight = conf_of(4, true);
	struct store *whole = fill(&conf, 9), *st;
	struct counters sum, expected;
	struct store_usage usage;

	(void)state;
	store_totals(whole, &expected);
	for (unsigned out = 0; out <= KEY_WHOLE; out++) {
		tight.leave_out = out;
		tight.peers = out & KEY_CLIENT ? KEY_CLIENT : out & KEY_SERVER;
		st = fill(&tight, 9);
		store_totals(st, &sum);
		assert_memory_equal(&sum, &expected, sizeof(sum));
		store_usage(st, &usage);
		assert_true(usage.conversations <= 4);
		assert_int_equal(usage.folded > 0, out != KEY_WHOLE);
		store_free(st);
	}
	store_free(whole);
}

static void folded_rows_have_others(void **state)
{
	const struct question a = {VIEW_SERVERS, NULL, NULL, "server,attempts,peers", EXPORT_CSV};
	struct store_conf tight = conf_of(4, true);
	struct store *st;
	struct query q;
	char *text;

	(void)state;
	query_of(&a, NULL, &q);
	tight.leave_out = KEY_CLIENT | KEY_PORT;
	tight.peers = KEY_CLIENT;
	st = fill(&tight, 5);
	text = answer(st, &q, &a);
	assert_non_null(strstr(text, "\r\n,")); /* a row without a server */
	free(text);
	store_free(st);
}

/* More ends than there is room to remember: what is not counted is told. */
static void peers_beyond_the_bound_are_told(void **state)
{
	struct store_conf conf = conf_of(CONNECTIONS, true), tight = conf_of(4, true);
	struct store_usage all, some;
	struct store *st;

	(void)state;
	conf.leave_out = tight.leave_out = KEY_WHOLE & ~(unsigned)KEY_PORT;
	conf.peers = tight.peers = KEY_CLIENT;
	st = fill(&conf, 9);
	store_usage(st, &all);
	store_free(st);
	assert_true(all.peers_max >= CONNECTIONS);
	assert_int_equal(all.peers_missed, 0);
	st = fill(&tight, 9);
	store_usage(st, &some);
	store_free(st);
	assert_in_range(some.peers_max, 4, 64);
	assert_true(some.peers_missed > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_text_in_every_view),
		cmocka_unit_test(only_what_is_looked_at_is_kept_apart),
		cmocka_unit_test(sums_are_whole_when_rows_are_folded),
		cmocka_unit_test(folded_rows_have_others),
		cmocka_unit_test(peers_beyond_the_bound_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
