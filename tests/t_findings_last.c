/*
 * What holds for all findings: when one begins, ends and is forgotten, what thresholds do, how
 * memory is bounded; and packets that become one. What each of them is found in is in t_findings.c.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "finding_world.h"
#include "flow/engine.h"
#include "packet/script.h"
#include "query/query.h"
#include "store/odds.h"
#include "util/err.h"
#include "util/hash.h"
#include "util/str.h"

/* --- Beginning and end --------------------------------------------------------------------------- */

/* A service that refuses nearly all. */
static void refusing(struct world *w)
{
	add_many(w, 30, 0, 50, 3, 5, 1194, ENDING_REFUSED);
	add_many(w, 1, 1, 49, 3, 5, 1194, ENDING_GRACEFUL);
}

static void a_finding_ends_after_three_quiet_windows_and_stays_listed(void **state)
{
	struct world *w = world_new();
	const struct finding *f;
	size_t n;

	(void)state;
	refusing(w);
	publish(w, 60);
	assert_true(find(w->st, FINDING_SERVICE_REFUSING)->current);
	/* The last window in which it holds ends a minute after the last refusal or so. */
	pass(w, T0 + SEC(200));
	assert_true(find(w->st, FINDING_SERVICE_REFUSING)->current);
	pass(w, T0 + SEC(300));
	f = find(w->st, FINDING_SERVICE_REFUSING);
	assert_non_null(f);
	assert_false(f->current);
	assert_int_equal(f->count, 30);
	assert_int_equal(f->first, T0 + SEC(0.1));
	/* Long after, when its facts are gone, it is still listed; and another time is another finding. */
	w->n = 0;
	add_many(w, 25, 4000, 4040, 3, 5, 1194, ENDING_REFUSED);
	for (size_t i = 0; i < w->n; i++)
		w->c[i].uid += 1000;
	publish(w, 4050);
	f = store_findings(w->st, &n);
	assert_int_equal(n, 2);
	assert_false(f[0].current);
	assert_int_equal(f[0].count, 30);
	assert_true(f[1].current);
	assert_int_equal(f[1].count, 25);
	assert_true(f[0].id != f[1].id);
	world_free(w);
}

/* 48 of 60 are too few to be sure of 80 %; but what is raised stays with them. */
static void what_is_raised_stays_with_less(void **state)
{
	(void)state;
	for (int raised = 0; raised < 2; raised++) {
		struct world *w = world_new();
		const struct finding *f;

		if (raised)
			add_many(w, 40, 0, 55, 3, 5, 80, ENDING_REFUSED);
		for (int i = 0; i < 800; i++)
			add(w, 60 + i, 1 + i % 3, 5, 80, i % 10 < 8 ? ENDING_REFUSED : ENDING_GRACEFUL, 0.1);
		publish(w, 860);
		f = find(w->st, FINDING_SERVICE_REFUSING);
		assert_int_equal(f != NULL, raised);
		if (f) {
			assert_true(f->current);
			assert_true(f->count > 500);
		}
		world_free(w);
	}
}

/* Aborts that have always been there become what is usual: only more than that is a finding. */
static void the_usual_rate_is_no_finding(void **state)
{
	struct world *w = world_new();
	const struct finding *f;
	size_t n;

	(void)state;
	for (int i = 0; i < 1500; i++)
		add(w, 4 * i, 1 + i % 3, 5, 80, i % 2 ? ENDING_SERVER_ABORT : ENDING_GRACEFUL, 0.1);
	add_many(w, 40, 5000, 5030, 3, 5, 80, ENDING_SERVER_ABORT);
	publish(w, 6000);
	f = store_findings(w->st, &n);
	/* At first nothing is known of it, then it is usual, then there is more. */
	assert_true(f[0].kind == FINDING_SERVER_ABORTS || f[0].kind == FINDING_RESTART_OR_FAILOVER);
	f = &f[n - 1];
	assert_int_equal(f->kind, FINDING_SERVER_ABORTS);
	assert_true(f->first > T0 + SEC(4900));
	world_free(w);
}

static void thresholds_can_be_set(void **state)
{
	struct store_conf conf = world_conf;
	struct world *w = world_new();
	struct thresholds t;
	struct err err = ERR_INIT;

	(void)state;
	thresholds_default(&t);
	assert_true(thresholds_set(&t, "refusing.share=0.98", &err));
	assert_false(thresholds_set(&t, "refusing=1", &err));
	assert_false(thresholds_set(&t, "refusing.share", &err));
	assert_false(thresholds_set(&t, "refusing.share=much", &err));
	assert_false(thresholds_set(&t, "refusing.share=-1", &err));
	store_free(w->st);
	conf.thresholds = &t;
	w->st = store_new(&conf, &err);
	assert_non_null(w->st);
	refusing(w);
	publish(w, 60);
	assert_null(find(w->st, FINDING_SERVICE_REFUSING));
	world_free(w);
}

static void a_reset_of_the_store_forgets_findings(void **state)
{
	struct world *w = world_new();
	size_t n;

	(void)state;
	refusing(w);
	publish(w, 60);
	assert_non_null(find(w->st, FINDING_SERVICE_REFUSING));
	store_reset(w->st);
	store_findings(w->st, &n);
	assert_int_equal(n, 0);
	world_free(w);
}

static void drops_are_the_capture_s_own_finding(void **state)
{
	struct world *w = world_new();
	const struct finding *f;

	(void)state;
	w->b->stats_valid = true;
	w->b->stats.packets = 1000;
	pass(w, T0);
	assert_null(find(w->st, FINDING_CAPTURE_QUALITY));
	w->b->stats.kernel_drops = 77;
	pass(w, T0 + SEC(1));
	f = find(w->st, FINDING_CAPTURE_QUALITY);
	assert_non_null(f);
	assert_int_equal(f->count, 77);
	assert_true(f->current);
	pass(w, T0 + SEC(500));
	assert_false(find(w->st, FINDING_CAPTURE_QUALITY)->current);
	world_free(w);
}

/* --- Bounds -------------------------------------------------------------------------------------- */

static void more_facts_than_fit_are_counted_and_still_found(void **state)
{
	struct world *w = world_new();
	struct findings_usage usage;
	const struct finding *f;

	(void)state;
	for (uint64_t i = 0; i < 600000; i++) {
		struct connection *c;

		w->n = 0;
		c = add(w, (double)i * 0.0001, (int)(i % 60000), 5, 80, ENDING_HALF_OPEN, 20);
		c->uid = i + 1;
		give(w, c, ROW_FINAL, 0);
	}
	pass(w, T0 + SEC(90));
	store_findings_usage(w->st, &usage);
	assert_true(usage.facts <= usage.facts_max);
	assert_true(usage.crowded > 0);
	f = find(w->st, FINDING_HALF_OPEN_BURST);
	assert_non_null(f);
	assert_true(f->count > 100000);
	assert_non_null(strstr(f->sentence, "from 4096 or more sources"));
	world_free(w);
}

/* With many facts the work is not done for each asking; when the input has ended it is. */
static void with_many_facts_an_answer_may_be_old_until_the_input_ends(void **state)
{
	(void)state;
	for (int many = 0; many < 2; many++) {
		struct world *w = world_new();
		struct connection *c;
		uint64_t n = many ? 40000 : 4000;

		for (uint64_t i = 0; i < n; i++) {
			w->n = 0;
			c = add(w, 20.0 * (double)i / (double)n, 1, 5, 80, ENDING_CLIENT_ABORT, 0.1);
			c->uid = i + 1;
			give(w, c, ROW_FINAL, 0);
		}
		pass(w, T0 + SEC(21));
		assert_null(find(w->st, FINDING_SERVICE_REFUSING));
		for (uint64_t i = n; i < n + 20; i++) {
			w->n = 0;
			c = add(w, 21, 1, 6, 1194, ENDING_REFUSED, 0.1);
			c->uid = i + 1;
			give(w, c, ROW_FINAL, 0);
		}
		pass(w, T0 + SEC(21.5));
		assert_int_equal(find(w->st, FINDING_SERVICE_REFUSING) == NULL, many);
		if (many)
			w->b->input_ended = true;
		pass(w, T0 + SEC(21.5));
		assert_non_null(find(w->st, FINDING_SERVICE_REFUSING));
		world_free(w);
	}
}

static const char *left_out(const struct world *w)
{
	static char text[200];
	struct str words = STR_INIT;

	query_findings_left_out(w->st, &words);
	snprintf(text, sizeof(text), "%s", words.s ? words.s : "");
	str_free(&words);
	return text;
}

static void findings_that_are_all_current_wait_for_room(void **state)
{
	struct world *w = world_new();
	struct findings_usage usage;
	size_t n;

	(void)state;
	assert_string_equal(left_out(w), "");
	for (uint64_t i = 0; i < 600 * 5; i++)
		add(w, (double)(i / 600) * 9, 1, 5 + (int)(i % 600), 80, ENDING_UNANSWERED, 0.1);
	publish(w, 60);
	store_findings(w->st, &n);
	store_findings_usage(w->st, &usage);
	assert_int_equal(n, 512);
	assert_int_equal(usage.unlisted, 601 - 512); /* one is the scanner */
	assert_int_equal(usage.forgotten, 0);
	assert_string_equal(left_out(w), "89 findings had no room");
	world_free(w);
}

static void more_findings_than_fit_are_counted(void **state)
{
	struct world *w = world_new();
	struct findings_usage usage;
	size_t n;

	(void)state;
	/* Six a minute, for more than an hour: the first ones are over and go. */
	for (uint64_t i = 0; i < 600 * 20; i++) {
		struct connection *c;
		double at = (double)(i / 20) * 10;

		w->n = 0;
		c = add(w, at + (double)(i % 20) * 0.3, 1, 5 + (int)(i / 20), 80, ENDING_REFUSED, 0.1);
		c->uid = i + 1;
		give(w, c, ROW_FINAL, 0);
		if (i % 20 == 19)
			pass(w, T0 + SEC(at + 9));
	}
	pass(w, T0 + SEC(7000));
	store_findings(w->st, &n);
	store_findings_usage(w->st, &usage);
	assert_int_equal(n, 512);
	assert_int_equal(usage.forgotten, 600 - 512);
	assert_string_equal(left_out(w), "88 findings are over and not listed any more");
	world_free(w);
}

/* Days may lie between two packets. */
static void time_may_leap(void **state)
{
	struct world *w = world_new();
	size_t n;

	(void)state;
	add_many(w, 25, 0, 40, 3, 5, 80, ENDING_REFUSED);
	add_many(w, 25, 86400.0 * 3000, 86400.0 * 3000 + 40, 3, 5, 80, ENDING_REFUSED);
	qsort(w->c, w->n, sizeof(w->c[0]), by_end);
	for (size_t i = 0; i < w->n; i++) {
		give(w, &w->c[i], ROW_FINAL, 0);
		pass(w, w->c[i].ended);
	}
	store_findings(w->st, &n);
	assert_int_equal(n, 2);
	world_free(w);
}

/* --- The rest ------------------------------------------------------------------------------------ */

static void odds_are_right(void **state)
{
	(void)state;
	assert_true(wilson_lower(0, 0) == 0);
	assert_true(wilson_lower(10, 10) > 0.722 && wilson_lower(10, 10) < 0.723);
	assert_true(wilson_lower(50, 100) > 0.403 && wilson_lower(50, 100) < 0.404);
	assert_true(poisson_tail(0, 3) == 1);
	assert_true(poisson_tail(10, 0) == 0);
	assert_true(poisson_tail(10, 3) > 0.00110 && poisson_tail(10, 3) < 0.00111);
	assert_true(poisson_tail(5, 50) > 0.1);
	assert_true(poisson_tail(1000000, 990000) < 1e-10);
}

static struct block *outlet_take(void *arg)
{
	struct world *w = arg;

	w->b->rows = w->b->trails = 0;
	return w->b;
}

static void outlet_give(void *arg, struct block *b)
{
	struct world *w = arg;

	store_apply(w->st, b);
}

/* Packets all the way: a port that is closed, and two clients that do not believe it. */
static void packets_become_a_finding(void **state)
{
	const struct engine_conf conf = { .max_connections = 1000, .from_file = true };
	struct world *w = world_new();
	const struct outlet outlet = { outlet_take, outlet_give, w };
	struct err err = ERR_INIT;
	struct engine *e = engine_new(&conf, &outlet, &err);
	const struct script_conf sc = { .base = T0 };
	struct str text = STR_INIT;
	struct script *script;
	const struct finding *f;

	(void)state;
	assert_non_null(e);
	for (int i = 0; i < 20; i++)
		str_addf(&text, "conn c%d; client 10.0.0.%d:%d; server 10.0.0.5:1194; %d > S; %d.01 < RA\n", i, 1 + i % 2,
			40000 + i, 1 + i, 1 + i);
	script = script_new(text.s, &sc, &err);
	if (!script)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < script_count(script); i++) {
		struct pkt p;

		assert_int_equal(script_pkt(script, i, &p), DROP_NONE);
		engine_run(e, &p, 1);
	}
	engine_finish(e);
	f = find(w->st, FINDING_SERVICE_REFUSING);
	assert_non_null(f);
	assert_int_equal(f->count, 20);
	assert_string_equal(f->sentence, "10.0.0.5:1194 refuses 100% of 20 attempts from 2 clients");
	assert_string_equal(f->filter, "server = 10.0.0.5 and server.port = 1194");
	script_free(script);
	str_free(&text);
	engine_free(e);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_finding_ends_after_three_quiet_windows_and_stays_listed),
		cmocka_unit_test(what_is_raised_stays_with_less),
		cmocka_unit_test(the_usual_rate_is_no_finding),
		cmocka_unit_test(thresholds_can_be_set),
		cmocka_unit_test(a_reset_of_the_store_forgets_findings),
		cmocka_unit_test(drops_are_the_capture_s_own_finding),
		cmocka_unit_test(more_facts_than_fit_are_counted_and_still_found),
		cmocka_unit_test(with_many_facts_an_answer_may_be_old_until_the_input_ends),
		cmocka_unit_test(findings_that_are_all_current_wait_for_room),
		cmocka_unit_test(more_findings_than_fit_are_counted),
		cmocka_unit_test(time_may_leap),
		cmocka_unit_test(odds_are_right),
		cmocka_unit_test(packets_become_a_finding),
	};

	hash_seed(7);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
