/* Questions answered in pieces: the same as at one go, whatever the pieces, and whatever the store does in between. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "query_world.h"
#include "store_random.h"
#include "util/err.h"

#define CONNECTIONS 300
#define LIMIT 9

static void add_some(struct store *st, struct random *r, int n)
{
	static const enum ending endings[] = {ENDING_NONE, ENDING_GRACEFUL, ENDING_REFUSED, ENDING_SERVER_ABORT,
		ENDING_UNANSWERED};
	char client[32], server[32];

	while (n-- > 0) {
		snprintf(client, sizeof(client), random_below(r, 2) ? "10.0.%u.1" : "fd00::%u:5",
			(unsigned)random_below(r, 90));
		snprintf(server, sizeof(server), "192.0.2.%u", (unsigned)random_below(r, 7));
		world_add(st, world_connection(client, 1024 + random_below(r, 60000), server,
				      80 + random_below(r, 3), endings[random_below(r, 5)],
				      random_below(r, 3000) / 100.0));
	}
}

static void assert_same(struct result *a, struct result *b)
{
	assert_int_equal(a->rows, b->rows);
	assert_int_equal(a->matched, b->matched);
	assert_int_equal(a->total, b->total);
	assert_memory_equal(&a->sum, &b->sum, sizeof(a->sum));
	for (size_t i = 0; i < a->rows; i++) {
		const struct query_row *p = result_row(a, i), *q = result_row(b, i);

		assert_int_equal(p->id, q->id);
		assert_int_equal(result_id(a, i), p->id);
		assert_memory_equal(&p->key, &q->key, sizeof(p->key));
		assert_memory_equal(&p->n, &q->n, sizeof(p->n));
		assert_int_equal(p->peers, q->peers);
		assert_int_equal(p->spark != NULL, q->spark != NULL);
		if (p->spark)
			assert_memory_equal(p->spark, q->spark, 3 * sizeof(*p->spark));
		assert_memory_equal(p->group, q->group, sizeof(p->group));
		if (p->c)
			assert_int_equal(p->c->uid, q->c->uid);
	}
}

/* Returns how many pieces it took. */
static size_t run_in_pieces(struct store *st, const struct query *q, size_t work, struct result *out)
{
	size_t pieces = 1;

	query_begin(st, q, out);
	while (!query_step(out, work))
		assert_true(++pieces < 100000);
	return pieces;
}

static void check_filter(struct store *st, enum view view, const char *text)
{
	struct err err = ERR_INIT;
	struct filter *f = filter_parse(view, text, &err, NULL);
	struct query q = {.view = view, .filter = {f}, .limit = LIMIT, .spark = true};
	struct result whole = {0}, pieces = {0};

	if (!f)
		return; /* not a question of this view */
	for (size_t i = 0; i < 2; i++) {
		query_run(st, &q, &whole);
		for (size_t work = 1; work < 1000; work = work * 3 + 1) {
			run_in_pieces(st, &q, work, &pieces);
			assert_same(&whole, &pieces);
		}
		q.limit = 0;
	}
	result_free(&whole);
	result_free(&pieces);
	filter_free(f);
}

static void pieces_make_the_whole(void **state)
{
	static const char *const filters[] = {"", "server = 192.0.2.3", "attempts > 2", "refused > 0 and server.port = 80",
		"peers > 1", "bad.ratio > 30%", "10.0.1", "client.zone = \"10.0.3.0/24\"", "dominant = refused",
		"ending = refused", "duration > 5s", "aborted_server > 0", "no such thing at all"};
	struct random r = {31};
	struct store *st = world_empty();

	add_some(st, &r, CONNECTIONS);
	for (int v = 0; v < VIEW_COUNT; v++)
		for (size_t i = 0; i < sizeof(filters) / sizeof(*filters); i++)
			check_filter(st, (enum view)v, filters[i]);
	store_free(st);
}

/* By every column, so that nothing is summed too little. */
static void order_needs_no_more_than_what_is_summed(void **state)
{
	struct random r = {37};
	struct store *st = world_empty();
	struct result all = {0}, first = {0};

	add_some(st, &r, CONNECTIONS);
	for (int v = 0; v < VIEW_COUNT; v++)
		for (size_t i = 0; i < column_count; i++) {
			struct query q = {.view = (enum view)v, .sort = &columns[i]};

			if (!(columns[i].views >> v & 1))
				continue;
			query_run(st, &q, &all);
			q.limit = LIMIT;
			run_in_pieces(st, &q, 11, &first);
			assert_int_equal(first.rows, all.rows < LIMIT ? all.rows : LIMIT);
			for (size_t k = 0; k < first.rows; k++)
				assert_int_equal(result_id(&first, k), result_id(&all, k));
			for (size_t k = 1; k < all.rows; k++) {
				struct query_row row = *result_row(&all, k - 1);
				struct connection c;
				struct value x, y;

				if (row.c)
					c = *row.c, row.c = &c;
				x = columns[i].get(&columns[i], &row);
				y = columns[i].get(&columns[i], result_row(&all, k));
				assert_true(value_order(&columns[i], &x, &y, false) <= 0);
			}
		}
	result_free(&all);
	result_free(&first);
	store_free(st);
}

/* A piece takes a bounded part: whole queries take about as many pieces as there are rows to look at. */
static void pieces_are_small(void **state)
{
	static const enum view views[] = {VIEW_CLIENTS, VIEW_CONVERSATIONS, VIEW_CONNECTIONS};
	struct random r = {41};
	struct store *st = world_empty();
	struct result result = {0};

	add_some(st, &r, 2000);
	for (size_t i = 0; i < 3; i++) {
		struct query q = {.view = views[i], .limit = LIMIT};
		size_t pieces = run_in_pieces(st, &q, 32, &result);

		assert_true(pieces * 32 >= result.matched);
	}
	result_free(&result);
	store_free(st);
}

/* As the screen does it: of two results one is shown, the other is asked, of one view after the other. */
static void a_shown_result_keeps_its_rows_without_what_made_it(void **state)
{
	struct random r = {43};
	struct store *st = world_empty();
	struct result two[2] = {{0}, {0}}, alone = {0};

	add_some(st, &r, CONNECTIONS);
	for (int i = 0; i < 4 * VIEW_COUNT; i++) {
		struct query q = {.view = (enum view)(i / 2 % VIEW_COUNT), .limit = i % 3 ? LIMIT : 0};
		struct result *shown = &two[i & 1], *next = &two[!(i & 1)];

		run_in_pieces(st, &q, 64, shown);
		result_hand_over(shown, next);
		query_run(st, &q, &alone);
		assert_same(&alone, shown);
		for (size_t k = 0; k < shown->rows; k++)
			assert_true(result_find(shown, result_id(&alone, k)) == k);
	}
	result_free(&two[0]);
	result_free(&two[1]);
	result_free(&alone);
	store_free(st);
}

static void a_store_that_changes_in_between_is_asked_anew(void **state)
{
	for (int v = 0; v < VIEW_COUNT; v++) {
		struct query q = {.view = (enum view)v, .limit = LIMIT, .spark = true};
		struct random r = {43};
		struct store *st = world_empty();
		struct result pieces = {0}, whole = {0};

		add_some(st, &r, CONNECTIONS);
		query_begin(st, &q, &pieces);
		for (int i = 0; i < 2; i++) {
			bool done;

			add_some(st, &r, 50);
			done = query_step(&pieces, 40);
			if (done) /* some views have so little to do */
				query_begin(st, &q, &pieces);
			if (i == 0)
				add_some(st, &r, 50);
			else
				store_reset(st);
		}
		while (!query_step(&pieces, 40))
			;
		query_run(st, &q, &whole);
		assert_same(&pieces, &whole);
		/* Whole means whole: what comes after it changes nothing. */
		add_some(st, &r, 50);
		assert_true(query_step(&pieces, 40));
		assert_same(&pieces, &whole);
		result_free(&pieces);
		result_free(&whole);
		store_free(st);
	}
}

static void a_store_that_never_keeps_still_is_answered_in_the_end(void **state)
{
	struct query q = {.view = VIEW_CLIENTS, .limit = LIMIT};
	struct random r = {47};
	struct store *st = world_empty();
	struct result pieces = {0}, whole = {0};
	int n = 0;

	add_some(st, &r, CONNECTIONS);
	query_begin(st, &q, &pieces);
	while (!query_step(&pieces, 1)) {
		assert_true(++n < 20);
		add_some(st, &r, 1);
	}
	query_run(st, &q, &whole);
	assert_same(&pieces, &whole);
	result_free(&pieces);
	result_free(&whole);
	store_free(st);
}

/* A result that is asked again and again keeps groups, as one that is asked for the first time cannot. */
static void asking_again_is_asking_anew(void **state)
{
	static const struct store_conf conf = {.shards = 1, .max_live = 1024, .max_ended = 2000, .max_conversations = 60,
		.max_series = 20, .max_trails = 16};
	static const char *const filters[] = {"", "server.port = 80", "10.0.1", "attempts > 2", "client.zone = internet"};
	struct err err = ERR_INIT;
	struct random r = {53};
	struct store *st[2] = {world_empty(), store_new(&conf, &err)}; /* the second one folds all the time */
	struct result kept[2] = {{0}, {0}}, fresh = {0};
	size_t folded = 0;

	for (int i = 0; i < 1200; i++) {
		enum view view = (enum view)(i / 6 % (VIEW_CONVERSATIONS + 1));
		struct filter *f = filter_parse(view, filters[i / 3 % 5], &err, NULL);
		struct query q = {.view = view, .filter = {f}, .limit = i % 4 ? LIMIT : 0};
		struct store_usage usage;

		if (i % 300 == 299)
			store_reset(st[i / 300 % 2]);
		for (int k = 0; k < 2; k++) {
			add_some(st[k], &r, i % 5 ? 2 : 0);
			for (int again = 0; again < 2; again++) {
				query_run(st[k], &q, &kept[k ^ (i / 100 % 2)]);
				query_run(st[k], &q, &fresh);
				assert_same(&fresh, &kept[k ^ (i / 100 % 2)]);
				result_free(&fresh);
			}
			store_usage(st[k], &usage);
			folded += usage.folded;
		}
		filter_free(f);
	}
	assert_true(folded > 1000);
	for (int k = 0; k < 2; k++) {
		result_free(&kept[k]);
		store_free(st[k]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asking_again_is_asking_anew),
		cmocka_unit_test(pieces_make_the_whole),
		cmocka_unit_test(order_needs_no_more_than_what_is_summed),
		cmocka_unit_test(pieces_are_small),
		cmocka_unit_test(a_shown_result_keeps_its_rows_without_what_made_it),
		cmocka_unit_test(a_store_that_changes_in_between_is_asked_anew),
		cmocka_unit_test(a_store_that_never_keeps_still_is_answered_in_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
