/*
 * Every finding: connections it must be found in, and nearly the same ones in which it must not.
 * Then that the moments of publishing do not matter. How long findings last and what bounds them is
 * in t_findings_last.c.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "finding_world.h"
#include "util/hash.h"
#include "util/mem.h"
#include "util/str.h"

/* What the store of this world has found, as a text. */
static char *found(const struct world *w)
{
	size_t n;
	const struct finding *f = store_findings(w->st, &n);

	return findings_text(f, n);
}

/* --- Scenes: with `yes` the finding is there, without it is not, though little differs ------------ */

static void refusing(struct world *w, bool yes)
{
	add_many(w, 30, 0, 50, 3, 5, 1194, ENDING_REFUSED);
	add_many(w, yes ? 1 : 15, 1, 49, 3, 5, 1194, ENDING_GRACEFUL);
}

/* Long connections count as served when they begin, though they have not ended. */
static void refusing_but_serving(struct world *w, bool yes)
{
	add_many(w, 30, 0, 50, 3, 5, 1194, ENDING_REFUSED);
	for (int i = 0; i < 15 && !yes; i++)
		add(w, 3 * i, 9, 5, 1194, ENDING_GRACEFUL, 5000);
}

static void flapping(struct world *w, bool yes)
{
	for (int i = 0; i < 24; i++)
		add(w, 2 * i, 1 + i % 3, 5, 80, (yes ? i % 6 < 3 : i < 12) ? ENDING_REFUSED : ENDING_GRACEFUL, 0.1);
}

static void silent(struct world *w, bool yes)
{
	add_many(w, 6, 0, 30, 2, 5, 8443, ENDING_UNANSWERED);
	if (!yes)
		add(w, 10, 7, 5, 8443, ENDING_GRACEFUL, 0.1);
}

static void queue(struct world *w, bool yes)
{
	add_many(w, 6, 10, 15, 6, 5, 3306, ENDING_UNANSWERED);
	/* Served at the same time, or half a minute later. */
	add_many(w, 30, yes ? 8 : 45, yes ? 17 : 55, 3, 5, 3306, ENDING_GRACEFUL);
}

static void queue_late(struct world *w, bool yes)
{
	add_many(w, yes ? 3 : 2, 10, 15, 3, 5, 3306, ENDING_NOT_ACCEPTED);
}

/* Full for a while: the handshakes are taken when there is room. */
static void queue_taken_late(struct world *w, bool yes)
{
	add_many(w, 8, 10, 15, 3, 5, 3306, ENDING_GRACEFUL);
	for (size_t i = 0; i < (yes ? 3 : 2); i++)
		w->c[2 * i].evidence |= EVIDENCE_BIT(TAKEN_LATE);
}

static void half_open(struct world *w, bool yes)
{
	add_many(w, 60, 5, 35, 60, 5, 80, ENDING_HALF_OPEN);
	/* The same clients do finish others: no flood. */
	if (!yes)
		add_many(w, 60, 5, 35, 60, 5, 80, ENDING_GRACEFUL);
}

static void scanner(struct world *w, bool yes)
{
	for (int i = 0; i < 40; i++)
		add(w, i, 66, 5 + i % 2, (uint16_t)(yes ? 1 + i : 80), ENDING_REFUSED, 0.01);
}

static void server_aborts(struct world *w, bool yes)
{
	add_many(w, yes ? 15 : 5, 0, 50, 3, 5, 80, ENDING_SERVER_ABORT);
	add_many(w, 60, 0, 50, 3, 5, 80, ENDING_GRACEFUL);
}

static void client_aborts(struct world *w, bool yes)
{
	size_t from = w->n;

	add_many(w, 15, 0, 50, 3, 5, 80, ENDING_CLIENT_ABORT);
	for (size_t i = from; i < w->n && !yes; i++)
		w->c[i].attributes |= ATTRIBUTE_BIT(DELIVERED);
	add_many(w, 60, 0, 50, 3, 5, 80, ENDING_GRACEFUL);
}

static void by_design(struct world *w, bool yes)
{
	add_many(w, 50, 0, 50, 3, 5, 80, ENDING_QUICK_RESET);
	if (!yes)
		add_many(w, 10, 0, 50, 3, 5, 80, ENDING_GRACEFUL);
}

static void restart_lost(struct world *w, bool yes)
{
	add_many(w, 6, 20, yes ? 25 : 80, 2, 5, 5432, ENDING_SERVER_LOST);
}

static void restart_aborts(struct world *w, bool yes)
{
	add_many(w, 12, 20, yes ? 20.9 : 32, 4, 5, 5432, ENDING_SERVER_ABORT);
}

/* The process ends and closes what is idle; or the server closes after each answer, as it always does. */
static void restart_closes(struct world *w, bool yes)
{
	for (int i = 0; i < 12; i++) {
		struct connection *c = add(w, 5 + i, 1 + i % 3, 5, 5432, ENDING_GRACEFUL, 30 - i);

		c->attributes |= ATTRIBUTE_BIT(FIRST_FIN_SERVER);
		c->side[SERVER].t_fin = SEC(29.5 - i);
		c->side[SERVER].t_data = yes ? SEC(1) : c->side[SERVER].t_fin;
	}
}

static void host_down(struct world *w, bool yes)
{
	for (int i = 0; i < 14; i++) {
		struct connection *c = add(w, 5, 1 + i % 3, 5, (uint16_t)(yes ? 80 + i % 7 : 80), ENDING_GRACEFUL, 30);

		c->attributes |= ATTRIBUTE_BIT(FIRST_FIN_SERVER);
		c->side[SERVER].t_fin = SEC(29 + i * 0.05);
	}
}

static void stale(struct world *w, bool yes)
{
	for (int i = 0; i < 6; i++) {
		struct connection *c = add(w, 60 * i, 1, 5, 8080, ENDING_SERVER_CUT, 40);

		c->side[SERVER].t_data = SEC(10);
		c->side[SERVER].t_fin = SEC(25);
		c->side[CLIENT].t_data = SEC(yes ? 39 : 25.2);
	}
}

static void idle(struct world *w, bool yes)
{
	for (int i = 0; i < 7; i++)
		add(w, 50 * i, 1 + i, 5, 22, ENDING_IDLE_RESET, 360)->idle_ns = SEC(yes ? 350 + i * 0.2 : 100 + 37 * i);
}

/* The device that forgets says nothing: the next request is never answered. */
static void idle_vanished(struct world *w, bool yes)
{
	for (int i = 0; i < 7; i++)
		add(w, 50 * i, 1 + i, 5, 22, ENDING_SERVER_VANISHED, 360)->idle_ns = yes ? SEC(350 + i * 0.2) : SEC(0.2);
}

static void interference(struct world *w, bool yes)
{
	for (int i = 0; i < 4; i++)
		add(w, 100 * i, 1 + i, 5, 443, ENDING_PATH_RESET, 1)->ttl_delta = (int8_t)(yes ? -3 : -1 - i);
}

static void outage(struct world *w, bool yes)
{
	for (int i = 0; i < 6; i++)
		add(w, 5 + (yes ? 1 : 9) * i, 1, 5 + i % 3, 22, ENDING_SERVER_VANISHED, 30);
}

static void leak(struct world *w, bool yes)
{
	for (int i = 0; i < 12; i++)
		add(w, 20 * i, 1 + i, 5, 445, ENDING_HALF_CLOSED, 61)->attributes |=
			yes || i % 2 ? ATTRIBUTE_BIT(FIRST_FIN_CLIENT) : ATTRIBUTE_BIT(FIRST_FIN_SERVER);
}

static void cuts(struct world *w, bool yes)
{
	add_many(w, 15, 0, 50, 3, 5, 443, ENDING_CLIENT_CUT);
	add_many(w, yes ? 15 : 100, 0, 50, 3, 5, 443, ENDING_GRACEFUL);
}

static void churn(struct world *w, bool yes)
{
	size_t from = w->n;

	add_many(w, yes ? 25 : 15, 0, 50, 1, 5, 443, ENDING_GRACEFUL);
	for (size_t i = from; i < w->n; i++)
		w->c[i].attributes |= ATTRIBUTE_BIT(PORT_REUSE);
}

static void churn_held(struct world *w, bool yes)
{
	for (int i = 0; i < (yes ? 3 : 2); i++) {
		struct connection *c = add(w, 10 * i, 1, 5, 443, ENDING_CLIENT_LOST, 5);

		c->evidence |= EVIDENCE_BIT(PORTS_HELD);
		c->side[CLIENT].t_syn_last = SEC(4.9);
	}
}

static void icmp(struct world *w, bool yes)
{
	for (int i = 0; i < 4; i++) {
		struct connection *c = add(w, 100 * i, 1, 5, 443, ENDING_UNREACHABLE, 1);

		c->icmp_from = host(9, yes ? 1 : i);
		c->icmp_type = 3;
		c->icmp_code = 13;
	}
}

static void capture_gaps(struct world *w, bool yes)
{
	add_many(w, 100, 0, 50, 3, 5, 443, ENDING_GRACEFUL);
	for (size_t i = 0; i < (yes ? 3 : 1); i++)
		w->c[i * 20].evidence |= EVIDENCE_BIT(GAP);
}

static void capture_one_way(struct world *w, bool yes)
{
	add_many(w, 40, 0, 50, 3, 5, 443, ENDING_UNKNOWN);
	for (size_t i = 0; i < 40; i++)
		if ((i % 4 == 0) != yes)
			w->c[i].evidence |= EVIDENCE_BIT(ONE_WAY);
}

static const struct scene {
	enum finding_kind kind;
	void (*build)(struct world *w, bool yes);
	const char *words; /* that the sentence has */
} scenes[] = {
	{ FINDING_SERVICE_REFUSING, refusing, "10.2.0.5:1194 refuses 97% of 31 attempts from 3 clients" },
	{ FINDING_SERVICE_REFUSING, refusing_but_serving, "100% of 30" },
	{ FINDING_SERVICE_FLAPPING, flapping, "12 of 24" },
	{ FINDING_SERVICE_SILENT, silent, "6 attempts of 2 clients in vain; nothing else of this host" },
	{ FINDING_QUEUE_FULL, queue, "6 handshakes not accepted while 30 were served" },
	{ FINDING_QUEUE_FULL, queue_late, "3 handshakes" },
	{ FINDING_QUEUE_FULL, queue_taken_late, "3 handshakes accepted late, 0 not at all, while 5 were served" },
	{ FINDING_HALF_OPEN_BURST, half_open, "from 60 sources" },
	{ FINDING_SCANNER, scanner, "10.1.0.66 tried 40 addresses and ports" },
	{ FINDING_SERVER_ABORTS, server_aborts, "15 of 75" },
	{ FINDING_CLIENT_ABORTS, client_aborts, "15 of 75" },
	{ FINDING_RESETS_BY_DESIGN, by_design, "100% of 50" },
	{ FINDING_RESTART_OR_FAILOVER, restart_lost, "no longer knew 6 connections of 2 clients at 22:13:40" },
	{ FINDING_RESTART_OR_FAILOVER, restart_aborts, "aborted 12 connections" },
	{ FINDING_RESTART_OR_FAILOVER, restart_closes, "closed 12 connections of 3 clients" },
	{ FINDING_STALE_POOL, stale, "again 14.0 s after it closed them (idle for 15.0 s)" },
	{ FINDING_IDLE_TIMEOUT, idle, "of silence (7 cases)" },
	{ FINDING_IDLE_TIMEOUT, idle_vanished, "something forgets connections to 10.2.0.5:22 after 5m51s of silence (7 cases)" },
	{ FINDING_PATH_INTERFERENCE, interference, "a device 3 hops nearer" },
	{ FINDING_PATH_OUTAGE, outage, "6 connections to hosts in 10.2.0.0/24" },
	{ FINDING_CLOSE_WAIT_LEAK, leak, "the server 10.2.0.5:445 did not close 12" },
	{ FINDING_CUT_DOWNLOADS, cuts, "15 of 30 downloads" },
	{ FINDING_PORT_CHURN, churn, "25 ports" },
	{ FINDING_PORT_CHURN, churn_held, "10.1.0.1 asked for 3 ports toward 10.2.0.5 port 443 that old connections still hold" },
	{ FINDING_ICMP, icmp, "10.9.0.1 rejects 4 attempts to reach 10.2.0.5:443 (ICMP type 3 code 13, admin" },
	{ FINDING_CAPTURE_QUALITY, capture_gaps, "misses packets of 3 of 60" },
	{ FINDING_CAPTURE_QUALITY, capture_one_way, "one direction only of 30 of 40 connections (75%)" },
};

#define SCENES (sizeof(scenes) / sizeof(scenes[0]))

static void each_finding_where_it_belongs_and_only_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * SCENES; i++) {
		const struct scene *s = &scenes[i / 2];
		struct world *w = world_new();
		const struct finding *f;
		bool yes = i % 2 == 0;

		s->build(w, yes);
		publish(w, 900);
		f = find(w->st, s->kind);
		if (yes && !f)
			fail_msg("scene %zu: no %s in:\n%s", i / 2, finding_info[s->kind].name, found(w));
		if (!yes && f)
			fail_msg("scene %zu: %s: %s", i / 2, finding_info[s->kind].name, f->sentence);
		if (yes && !strstr(f->sentence, s->words))
			fail_msg("scene %zu: \"%s\" lacks \"%s\"", i / 2, f->sentence, s->words);
		if (yes) {
			assert_true(f->count >= f->peak && f->peak > 0 && f->first <= f->last);
			assert_true(f->evidences > 0 && f->evidences <= FINDING_EVIDENCE);
			assert_true(f->evidence[0] > 0 && f->evidence[0] <= w->n);
		}
		world_free(w);
	}
}

static void a_host_that_goes_down_is_one_finding_of_the_host(void **state)
{
	(void)state;
	for (int yes = 0; yes < 2; yes++) {
		struct world *w = world_new();
		const struct finding *f;

		host_down(w, yes);
		publish(w, 100);
		f = find(w->st, FINDING_RESTART_OR_FAILOVER);
		assert_non_null(f);
		assert_string_equal(f->subject, yes ? "10.2.0.5" : "10.2.0.5:80");
		assert_string_equal(f->filter, yes ? "server = 10.2.0.5" : "server = 10.2.0.5 and server.port = 80");
		world_free(w);
	}
}

/* A service that answers on another port is filtered, not down. */
static void a_silent_port_of_a_host_that_answers(void **state)
{
	struct world *w = world_new();

	(void)state;
	silent(w, true);
	add(w, 10, 7, 5, 22, ENDING_GRACEFUL, 0.1);
	publish(w, 60);
	assert_non_null(strstr(find(w->st, FINDING_SERVICE_SILENT)->sentence, "port filtered?"));
	world_free(w);
}

static void give_waiting(struct world *w, double fin, enum ending e, double ended)
{
	for (int i = 0; i < 10; i++) {
		struct connection *c;

		w->n = 0;
		c = add(w, i, 1 + i, 5, 445, e, ended - i);
		c->uid = (uint64_t)i + 1;
		c->side[CLIENT].t_fin = SEC(fin - i);
		c->side[CLIENT].state = STATE_FIN_WAIT_2;
		c->side[SERVER].state = STATE_CLOSE_WAIT;
		c->attributes |= ATTRIBUTE_BIT(FIRST_FIN_CLIENT);
		give(w, c, ROW_LIVE, (uint32_t)i);
	}
}

/* Sockets that are still open count once they have waited for a minute, and no more when they are closed. */
static void sockets_left_in_close_wait_leak_while_they_are_open(void **state)
{
	struct world *w = world_new();
	const struct finding *f;

	(void)state;
	give_waiting(w, 20, ENDING_NONE, 30);
	for (int s = 0; s < 10; s++)
		w->b->row[s].c.ended = 0;
	pass(w, T0 + SEC(30));
	assert_null(find(w->st, FINDING_CLOSE_WAIT_LEAK));
	pass(w, T0 + SEC(69));
	assert_null(find(w->st, FINDING_CLOSE_WAIT_LEAK));
	pass(w, T0 + SEC(85));
	f = find(w->st, FINDING_CLOSE_WAIT_LEAK);
	assert_non_null(f);
	assert_non_null(strstr(f->sentence, "the server 10.2.0.5:445 did not close 10 connections"));
	assert_non_null(strstr(f->sentence, "10 still open"));
	pass(w, T0 + SEC(700));
	assert_true(find(w->st, FINDING_CLOSE_WAIT_LEAK)->current);
	/* Closed at last, long after: it is over when it has been quiet. */
	give_waiting(w, 20, ENDING_GRACEFUL, 700);
	pass(w, T0 + SEC(701));
	pass(w, T0 + SEC(1400));
	f = find(w->st, FINDING_CLOSE_WAIT_LEAK);
	assert_true(!f || !f->current);
	world_free(w);

	/* Closed in time: nothing. */
	w = world_new();
	give_waiting(w, 20, ENDING_NONE, 30);
	for (int s = 0; s < 10; s++)
		w->b->row[s].c.ended = 0;
	pass(w, T0 + SEC(30));
	give_waiting(w, 20, ENDING_GRACEFUL, 75);
	pass(w, T0 + SEC(76));
	pass(w, T0 + SEC(120));
	assert_null(find(w->st, FINDING_CLOSE_WAIT_LEAK));
	world_free(w);
}

/* Everything at once, at different times, for the tests below. */
static void all_scenes(struct world *w)
{
	for (size_t i = 0; i < SCENES; i++) {
		size_t from = w->n;

		scenes[i].build(w, true);
		for (; from < w->n; from++) {
			struct connection *c = &w->c[from];
			int64_t shift = SEC(97 * (double)i);

			c->start += shift;
			c->last += shift;
			c->ended += shift;
			c->tuple.addr[SERVER] = host(20 + (int)i, c->tuple.addr[SERVER].b[15]);
		}
	}
}

/* In any order, all in one pass; some were said to have ended otherwise, or not to have ended, before. */
static void publish_late(struct world *w, double until)
{
	for (size_t i = 0; i < w->n; i++)
		if (i % 3)
			give_wrong(w, &w->c[i], (uint32_t)i, i % 3 == 1 ? ENDING_REFUSED : ENDING_NONE);
	for (size_t i = w->n; i-- > 0;)
		if (i % 6 == 1)
			give_wrong(w, &w->c[i], (uint32_t)i, ENDING_NONE);
	for (size_t i = w->n; i-- > 0;)
		give(w, &w->c[i], i % 2 ? ROW_FINAL : ROW_LIVE, (uint32_t)i);
	pass(w, T0 + SEC(until));
}

static void the_moment_of_publishing_does_not_matter(void **state)
{
	static const double until[] = { 400, 1200, 3000, 9000 };

	(void)state;
	for (size_t i = 0; i < sizeof(until) / sizeof(until[0]); i++) {
		struct world *a = world_new(), *b = world_new();
		struct findings_usage usage;
		char *as, *bs;
		size_t kept = 0;

		all_scenes(a);
		for (size_t k = 0; k < a->n; k++)
			if (a->c[k].ended < T0 + SEC(until[i]))
				a->c[kept++] = a->c[k];
		a->n = b->n = kept;
		qsort(a->c, a->n, sizeof(a->c[0]), by_end);
		memcpy(b->c, a->c, sizeof(a->c));
		publish(a, until[i]);
		publish_late(b, until[i]);
		as = found(a);
		bs = found(b);
		assert_string_equal(as, bs);
		assert_true(strlen(as) > 100);
		store_findings_usage(a->st, &usage);
		assert_int_equal(usage.late + usage.crowded, 0);
		mem_free(as);
		mem_free(bs);
		world_free(a);
		world_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_finding_where_it_belongs_and_only_there),
		cmocka_unit_test(a_host_that_goes_down_is_one_finding_of_the_host),
		cmocka_unit_test(sockets_left_in_close_wait_leak_while_they_are_open),
		cmocka_unit_test(a_silent_port_of_a_host_that_answers),
		cmocka_unit_test(the_moment_of_publishing_does_not_matter),
	};

	hash_seed(7);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
