/*
 * Findings from very many events: what is only counted, what pieces do to an answer, and what
 * happens when there is no room. The rules of the findings themselves are in t_findings.c.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "finding_world.h"
#include "store_random.h"
#include "util/hash.h"
#include "util/mem.h"

static struct world *bounded(uint32_t max_facts, bool findings_only)
{
	struct store_conf conf = world_conf;

	conf.max_facts = max_facts;
	conf.findings_only = findings_only;
	return world_of(&conf);
}

/* Told at once that it ended. */
static void tell(struct world *w, double at, uint32_t clt, uint32_t srv, enum ending e)
{
	struct connection c = connection_of(++w->n, at, clt, srv, 80, e, 0.1);

	give(w, &c, ROW_FINAL, 0);
}

/* --- Counted events ------------------------------------------------------------------------------ */

static void events_that_are_no_cases_take_no_room(void **state)
{
	struct world *w = bounded(1000, false);
	struct findings_usage usage;
	const struct finding *f;

	(void)state;
	/* 2400 events, more than are kept, and of one service no case among them. */
	for (uint32_t i = 0; i < 1200; i++)
		tell(w, 0.04 * i, i, i % 2, ENDING_GRACEFUL);
	for (uint32_t i = 0; i < 40; i++) {
		tell(w, i, i, 0, ENDING_REFUSED);
		tell(w, i, i, 2, ENDING_REFUSED);
	}
	tell(w, 5, 5, 2, ENDING_GRACEFUL);
	pass(w, T0 + SEC(50));
	f = find(w->st, FINDING_SERVICE_REFUSING);
	assert_non_null(f);
	assert_string_equal(f->sentence, "10.2.0.2:80 refuses 98% of 41 attempts from 40 clients");
	store_findings_usage(w->st, &usage);
	assert_int_equal(usage.crowded + usage.late, 0);
	assert_int_equal(usage.facts, 80);
	world_free(w);
}

/*
 * Served attempts are counted for a client only when enough of its others failed: wherever they
 * were, and whenever.
 */
static void a_scanner_is_one_whose_attempts_fail(void **state)
{
	(void)state;
	for (int served = 0; served < 2; served++) {
		struct world *w = bounded(0, false);

		for (uint32_t i = 0; i < 40; i++) {
			tell(w, 0.5 * i, 7, 100 + i, ENDING_REFUSED);
			tell(w, 20 - 0.5 * i, served ? 7 : 8 + i, 200 + i % 3, ENDING_GRACEFUL);
		}
		pass(w, T0 + SEC(50));
		assert_int_equal(find(w->st, FINDING_SCANNER) == NULL, served);
		world_free(w);
	}
}

/* The one client that is refused is named, not the first one that came. */
static void the_client_that_is_refused_is_named(void **state)
{
	struct world *w = bounded(0, false);

	(void)state;
	tell(w, 0, 1, 5, ENDING_GRACEFUL);
	tell(w, 0, 2, 5, ENDING_CLIENT_ABORT);
	for (uint32_t i = 0; i < 40; i++)
		tell(w, 1 + i, 3, 5, ENDING_REFUSED);
	pass(w, T0 + SEC(50));
	assert_non_null(strstr(find(w->st, FINDING_SERVICE_REFUSING)->sentence, "all of them by one client, 10.1.0.3"));
	world_free(w);
}

/* --- No room ------------------------------------------------------------------------------------- */

/* More services than can be counted, and all is taken back; what comes later is counted again. */
static void services_without_room_leave_no_trace(void **state)
{
	struct world *w = bounded(64, false);
	struct findings_usage usage;
	const struct finding *f;

	(void)state;
	for (int back = 0; back < 2; back++) {
		w->n = 0;
		for (uint32_t i = 0; i < 5000; i++) {
			struct connection c = connection_of(++w->n, i % 30, i, i % 500, 80,
				back ? ENDING_NONE : ENDING_GRACEFUL, 0.1);

			c.origin = ORIGIN_MIDSTREAM;
			give(w, &c, ROW_LIVE, i);
		}
		pass(w, T0 + SEC(31));
	}
	store_findings_usage(w->st, &usage);
	assert_true(usage.crowded > 0 && usage.crowded < 5000);
	for (uint32_t i = 0; i < 30; i++)
		tell(w, 100 + i, i % 3, 9, i ? ENDING_REFUSED : ENDING_GRACEFUL);
	pass(w, T0 + SEC(135));
	f = find(w->st, FINDING_SERVICE_REFUSING);
	assert_non_null(f);
	assert_string_equal(f->sentence, "10.2.0.9:80 refuses 97% of 30 attempts from 3 clients");
	world_free(w);
}

/* Who was served is forgotten first; how many they were is not. */
static void counts_outlive_who_was_served(void **state)
{
	struct world *w = bounded(64, false);
	struct findings_usage usage;

	(void)state;
	for (uint32_t i = 0; i < 5000; i++)
		tell(w, 0.01 * i, i, 5, ENDING_GRACEFUL);
	for (uint32_t i = 0; i < 40; i++)
		tell(w, i, i, 5, ENDING_REFUSED);
	pass(w, T0 + SEC(55));
	store_findings_usage(w->st, &usage);
	assert_true(usage.crowded > 0);
	assert_null(find(w->st, FINDING_SERVICE_REFUSING));
	world_free(w);
}

/* A usual rate is known of so many services; of more, the others are said to be left out. */
static void usual_rates_are_bounded(void **state)
{
	(void)state;
	for (uint32_t n = 4000; n <= 5000; n += 1000) {
		struct world *w = bounded(20000, false);
		struct findings_usage usage;

		for (uint32_t i = 0; i < n; i++)
			tell(w, 1 + 0.001 * i, i % 50, i, ENDING_CLIENT_ABORT);
		/* That one service is watched all the same: it was the first. */
		for (uint32_t i = 0; i < 20; i++)
			tell(w, 15 + i, i, 0, ENDING_CLIENT_ABORT);
		pass(w, T0 + SEC(40));
		assert_non_null(find(w->st, FINDING_CLIENT_ABORTS));
		store_findings_usage(w->st, &usage);
		assert_int_equal(usage.unwatched > 0, n > 4096);
		assert_int_equal(usage.crowded, 0);
		world_free(w);
	}
}

/* --- Pieces -------------------------------------------------------------------------------------- */

static void some_rows(struct world *w, struct random *r, int second)
{
	static const enum ending ending[] = { ENDING_GRACEFUL, ENDING_GRACEFUL, ENDING_GRACEFUL, ENDING_SERVER_ABORT,
		ENDING_REFUSED, ENDING_UNANSWERED, ENDING_HALF_OPEN, ENDING_SERVER_LOST, ENDING_SERVER_VANISHED, ENDING_NONE };

	for (int i = 0; i < 40; i++) {
		enum ending e = ending[random_below(r, sizeof(ending) / sizeof(ending[0]))];
		struct connection c = connection_of(++w->n, second + 0.02 * i, random_below(r, 50),
			random_below(r, 9), 80, e, 0.1);

		give(w, &c, e == ENDING_NONE ? ROW_LIVE : ROW_FINAL, random_below(r, SLOTS));
	}
	pass(w, T0 + SEC(second + 1));
}

/*
 * One store is asked in pieces, and often left before they are all done; the other, of findings
 * only, as a whole.
 */
static void pieces_make_the_same_answer(void **state)
{
	struct world *a = bounded(0, false), *b = bounded(0, true);
	struct random ra = { 5 }, rb = { 5 };
	size_t pieces = 0, times = 0;

	(void)state;
	for (int second = 0; second < 900; second++) {
		size_t n, m;
		const struct finding *f, *g;
		char *as, *bs;

		some_rows(a, &ra, second);
		some_rows(b, &rb, second);
		for (int k = 0; k < second % 40 && !store_findings_step(a->st, 3); k++)
			pieces++;
		if (second % 40 != 39)
			continue;
		while (!store_findings_step(a->st, 3))
			pieces++;
		f = store_findings_latest(a->st, &n);
		g = store_findings(b->st, &m);
		as = findings_text(f, n);
		bs = findings_text(g, m);
		assert_string_equal(as, bs);
		times += n > 3;
		mem_free(as);
		mem_free(bs);
	}
	assert_true(pieces > 5000 && times > 10);
	world_free(a);
	world_free(b);
}

/* Pieces that it takes to work out so many events, one each two seconds and each of somebody else, all told at once. */
static size_t pieces_of(uint32_t events)
{
	struct world *w = bounded(0, false);
	size_t pieces = 0;

	for (uint32_t i = 0; i < events; i++)
		tell(w, 2.0 * i, i, i, ENDING_REFUSED);
	for (uint32_t i = 0; i < 40; i++)
		tell(w, 2.0 * events + i, 5, 0, ENDING_REFUSED);
	pass(w, T0 + SEC(2.0 * events + 60));
	while (!store_findings_step(w->st, 100))
		pieces++;
	assert_non_null(find(w->st, FINDING_SERVICE_REFUSING));
	world_free(w);
	return pieces;
}

static void a_long_time_takes_no_more_than_its_parts(void **state)
{
	size_t some = pieces_of(4000), many = pieces_of(16000);

	(void)state;
	assert_true(some > 100);
	if (many > 5 * some)
		fail_msg("%zu pieces, %zu for four times as much", some, many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_that_are_no_cases_take_no_room),
		cmocka_unit_test(a_scanner_is_one_whose_attempts_fail),
		cmocka_unit_test(the_client_that_is_refused_is_named),
		cmocka_unit_test(services_without_room_leave_no_trace),
		cmocka_unit_test(counts_outlive_who_was_served),
		cmocka_unit_test(usual_rates_are_bounded),
		cmocka_unit_test(pieces_make_the_same_answer),
		cmocka_unit_test(a_long_time_takes_no_more_than_its_parts),
	};

	hash_seed(7);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
