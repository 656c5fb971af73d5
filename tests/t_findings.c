/*
 * Every finding: connections it must be found in, and nearly the same ones in which it must not. Then what holds for
 * all: the moments of publishing do not matter, findings end after quiet windows, memory is bounded.
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

#include "flow/engine.h"
#include "model/connection.h"
#include "packet/script.h"
#include "query/query.h"
#include "store/finding.h"
#include "store/odds.h"
#include "store/store.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/hash.h"
#include "util/mem.h"
#include "util/str.h"

#define T0 (INT64_C(1700000000) * NS_PER_SEC)
#define SEC(s) ((int64_t)((s) * 1e9))
#define MOST 4000

struct world {
	struct connection c[MOST];
	size_t n;
	struct store *st;
	struct block *b;
	uint32_t slot;
};

static struct store *new_store(const struct thresholds *t)
{
	const struct store_conf conf = { .shards = 1, .max_live = MOST, .max_ended = 2 * MOST,
		.max_conversations = 2000, .max_series = 10, .thresholds = t };
	struct err err = ERR_INIT;
	struct store *st = store_new(&conf, &err);

	assert_non_null(st);
	return st;
}

static struct world *world_new(void)
{
	struct world *w = mem_alloc(sizeof(*w));

	w->st = new_store(NULL);
	w->b = mem_alloc(sizeof(*w->b));
	return w;
}

static void world_free(struct world *w)
{
	store_free(w->st);
	mem_free(w->b);
	mem_free(w);
}

static struct addr host(int net, int i)
{
	uint8_t b[4] = { 10, (uint8_t)net, (uint8_t)(i >> 8), (uint8_t)i };

	return addr_from_v4(b);
}

/* Client `clt` to server `srv`: port, begun at `at` seconds and ended `e` after `lasts`. */
static struct connection *add(struct world *w, double at, int clt, int srv, uint16_t port, enum ending e,
	double lasts)
{
	struct connection *c = &w->c[w->n++];

	assert_true(w->n <= MOST);
	memset(c, 0, sizeof(*c));
	c->uid = w->n;
	c->start = T0 + SEC(at);
	c->last = c->ended = c->start + SEC(lasts);
	c->tuple = (struct tuple){ { host(1, clt), host(2, srv) }, { (uint16_t)(1024 + w->n), port } };
	c->ending = (uint8_t)e;
	c->origin = ORIGIN_ATTEMPT;
	c->established = ending_info[e].group != GROUP_REFUSED && ending_info[e].group != GROUP_NO_ANSWER &&
			 e != ENDING_CANCELLED && e != ENDING_PROBE;
	c->t_established = c->established ? SEC(0.01) : TIME_NEVER;
	c->hs_srv_ns = c->hs_clt_ns = c->idle_ns = TIME_NEVER;
	for (int i = 0; i < 2; i++) {
		struct side *s = &c->side[i];

		s->t_fin = s->t_rst = s->t_rst_last = s->t_syn_last = s->t_fin_last = s->t_data = TIME_NEVER;
	}
	c->rst_side = 2;
	c->generation = 1;
	return c;
}

static void add_many(struct world *w, int n, double from, double to, int clients, int srv, uint16_t port,
	enum ending e)
{
	for (int i = 0; i < n; i++)
		add(w, from + (to - from) * i / n, 1 + i % clients, srv, port, e, 0.1);
}

/* --- Publishing ---------------------------------------------------------------------------------- */

static void give(struct world *w, const struct connection *c, enum row_what what, uint32_t slot)
{
	struct row *r = &w->b->row[w->b->rows++];

	memset(r, 0, sizeof(*r));
	r->what = (uint8_t)what;
	r->slot = slot;
	r->eseq = c->uid - 1;
	r->c = *c;
	if (w->b->rows == BLOCK_ROWS) {
		w->b->pass_complete = false;
		store_apply(w->st, w->b);
		w->b->rows = 0;
	}
}

static void pass(struct world *w, int64_t now)
{
	w->b->now = now;
	w->b->pass_complete = true;
	store_apply(w->st, w->b);
	w->b->rows = 0;
}

static int by_end(const void *a, const void *b)
{
	const struct connection *x = a, *y = b;

	return x->ended != y->ended ? (x->ended > y->ended) - (x->ended < y->ended) : (x->uid > y->uid) - (x->uid < y->uid);
}

static void give_wrong(struct world *w, const struct connection *c, uint32_t slot, enum ending e)
{
	struct connection other = *c;

	other.ending = (uint8_t)e;
	other.established = e == ENDING_NONE || e == ENDING_UNKNOWN;
	if (e == ENDING_NONE)
		other.ended = 0;
	give(w, &other, ROW_LIVE, slot);
}

static const struct finding *find(const struct store *st, enum finding_kind kind)
{
	size_t n;
	const struct finding *f = store_findings(st, &n);

	for (; n > 0; n--, f++)
		if (f->kind == kind)
			return f;
	return NULL;
}

/* Each as it ended, with a pass every second of packet time; then time goes on to `until`. Long ones are open before. */
static void publish(struct world *w, double until)
{
	int64_t second = T0;

	qsort(w->c, w->n, sizeof(w->c[0]), by_end);
	for (size_t i = 0; i < w->n; i++)
		if (w->c[i].ended - w->c[i].start > 60 * NS_PER_SEC)
			give_wrong(w, &w->c[i], (uint32_t)i, ENDING_NONE);
	for (size_t i = 0; i < w->n; i++) {
		if (w->c[i].ended > T0 + SEC(until))
			break;
		for (; second < w->c[i].ended; second += NS_PER_SEC) {
			pass(w, second);
			/* Asking in between changes nothing. */
			if (second / NS_PER_SEC % 7 == 0)
				find(w->st, FINDING_ICMP);
		}
		give(w, &w->c[i], ROW_FINAL, (uint32_t)i);
	}
	pass(w, T0 + SEC(until));
}

/* What is found, in order: one line each. */
static char *found(const struct store *st)
{
	struct str text = STR_INIT;
	size_t n;
	const struct finding *f = store_findings(st, &n);

	str_add(&text, "");
	for (size_t i = 0; i < n; i++) {
		str_addf(&text, "%s %s %lld %lld %llu %llu %s | %s | %s |", finding_info[f[i].kind].name,
			f[i].current ? "now" : "over", (long long)f[i].first, (long long)f[i].last,
			(unsigned long long)f[i].count, (unsigned long long)f[i].peak, f[i].subject,
			f[i].sentence, f[i].filter);
		for (uint32_t k = 0; k < f[i].evidences; k++)
			str_addf(&text, " %llu", (unsigned long long)f[i].evidence[k]);
		str_add_char(&text, '\n');
	}
	return text.s;
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
			fail_msg("scene %zu: no %s in:\n%s", i / 2, finding_info[s->kind].name, found(w->st));
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
		as = found(a->st);
		bs = found(b->st);
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

/* --- Beginning and end --------------------------------------------------------------------------- */

static void a_finding_ends_after_three_quiet_windows_and_stays_listed(void **state)
{
	struct world *w = world_new();
	const struct finding *f;
	size_t n;

	(void)state;
	refusing(w, true);
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
	w->st = new_store(&t);
	refusing(w, true);
	publish(w, 60);
	assert_null(find(w->st, FINDING_SERVICE_REFUSING));
	world_free(w);
}

static void a_reset_of_the_store_forgets_findings(void **state)
{
	struct world *w = world_new();
	size_t n;

	(void)state;
	refusing(w, true);
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
		cmocka_unit_test(each_finding_where_it_belongs_and_only_there),
		cmocka_unit_test(a_host_that_goes_down_is_one_finding_of_the_host),
		cmocka_unit_test(sockets_left_in_close_wait_leak_while_they_are_open),
		cmocka_unit_test(a_silent_port_of_a_host_that_answers),
		cmocka_unit_test(the_moment_of_publishing_does_not_matter),
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
