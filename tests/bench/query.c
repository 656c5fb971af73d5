/*
 * What questions cost: bench_query [CONNECTIONS [ROUNDS]]. Fills a store with a million connections, nearly each a
 * conversation of its own, a fifth of them open, and asks it as the screen does. Prints for each view the median of
 * processor time, in ms:
 *
 *	first	the first 5000 rows in the view's order, with sparklines where the screen has them, asked for the first time
 *	whole	the same asked again, as it is with every refresh
 *	group	the same with one row: what it takes to sum up, and find the first
 *	sort	5000 rows more than one: by the view's own column, and by text or time
 *	filter	a condition on sums, and one on keys, that all rows pass, more than none
 *	piece	the longest of the pieces that the whole comes in, and how many there are
 *
 * Not a test: it fails on nothing.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "query/query.h"
#include "store/store.h"
#include "../store_random.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/hash.h"
#include "util/mem.h"

#define ROWS 5000
#define WORK 4096
#define ROUNDS_MAX 99

struct filling {
	struct store *st;
	struct block *b;
	struct random rnd;
};

struct cost {
	double first, whole, piece; /* ms */
	size_t pieces, rows;
};

static const struct asked {
	enum view view;
	const char *other;  /* column to sort by */
	const char *sums, *keys; /* filters */
} asked[] = {
	{VIEW_CLIENTS, "client", "packets >= 0 and rst.count >= 0", "server.port > 0"},
	{VIEW_SERVERS, "server", "packets >= 0 and rst.count >= 0", "server.port > 0"},
	{VIEW_CONVERSATIONS, "client", "packets >= 0 and rst.count >= 0", "server.port > 0"},
	{VIEW_PORTS, "server.port", "packets >= 0 and rst.count >= 0", "server.port > 0"},
	{VIEW_ENDINGS, "ending", "count >= 0", "server.port > 0"},
	{VIEW_CONNECTIONS, "duration", "packets >= 0 and rst.count >= 0", "server.port > 0"},
};

static double used_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* ---- the store ---- */

static void flush(struct filling *f)
{
	store_apply(f->st, f->b);
	f->b->rows = 0;
}

/* One in four is IPv6; some clients come twice; ends of five kinds. */
static void connection(struct filling *f, uint64_t uid, struct connection *c)
{
	static const enum ending endings[] = {ENDING_GRACEFUL, ENDING_GRACEFUL, ENDING_SERVER_ABORT,
		ENDING_REFUSED, ENDING_CLIENT_ABORT};
	uint32_t client = (uint32_t)(uid % 50 == 0 ? uid / 2 : uid), kind = random_below(&f->rnd, 5);
	uint8_t clt[4] = {10, (uint8_t)(client >> 16), (uint8_t)(client >> 8), (uint8_t)client};
	uint8_t srv[4] = {192, 168, (uint8_t)random_below(&f->rnd, 8), (uint8_t)random_below(&f->rnd, 250)};

	usual_connection(&f->rnd, c, false);
	c->uid = uid;
	c->tuple.addr[CLIENT] = addr_from_v4(clt);
	c->tuple.addr[SERVER] = addr_from_v4(srv);
	for (int i = 0; i < 2 && uid % 4 == 0; i++)
		memcpy(c->tuple.addr[i].b, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0", 12);
	c->tuple.port[SERVER] = (uint16_t)(80 + random_below(&f->rnd, 20));
	c->start = INT64_C(1700000000) * NS_PER_SEC + (int64_t)uid * 200000;
	c->last = c->ended = c->start + (int64_t)random_below(&f->rnd, 60000) * NS_PER_MS;
	c->time_wait_until = 0;
	c->ending = endings[kind];
	c->side[SERVER].rst = kind == 2 || kind == 3 ? 1 + random_below(&f->rnd, 3) : 0;
	c->side[SERVER].rst_uniq = c->side[SERVER].rst > 0;
	c->side[CLIENT].rst = kind == 4;
	c->side[CLIENT].rst_uniq = kind == 4;
}

static void fill(struct filling *f, uint32_t n)
{
	uint64_t eseq = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct row *r = &f->b->row[f->b->rows++];
		bool open = i % 5 == 0;

		memset(r, 0, sizeof(*r));
		r->what = open ? ROW_LIVE : ROW_FINAL;
		r->slot = i / 5;
		connection(f, i + 1, &r->c);
		if (open) {
			r->c.ending = ENDING_NONE;
			r->c.ended = 0;
		} else {
			r->slot = n / 5 + 1; /* no connection was published there before */
			r->eseq = eseq++;
		}
		f->b->now = r->c.last;
		if (f->b->rows == BLOCK_ROWS)
			flush(f);
	}
	flush(f);
}

/* ---- the questions ---- */

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *ms, int n)
{
	qsort(ms, (size_t)n, sizeof(*ms), compare);
	return ms[n / 2];
}

static struct cost ask(const struct store *st, const struct query *q, struct result *r, int rounds)
{
	double ms[ROUNDS_MAX];
	struct cost cost = {.first = used_ms()};

	query_run(st, q, r); /* its memory is there from now on */
	cost.first = used_ms() - cost.first;
	for (int i = 0; i < rounds; i++) {
		double begin = used_ms();

		query_run(st, q, r);
		ms[i] = used_ms() - begin;
	}
	cost.whole = median(ms, rounds);
	cost.rows = r->matched;
	for (int i = 0; i < rounds; i++) {
		bool done = false;

		ms[i] = 0;
		for (cost.pieces = 0; !done; cost.pieces++) {
			double begin = used_ms(), took;

			if (cost.pieces == 0)
				query_begin(st, q, r);
			done = query_step(r, WORK);
			took = used_ms() - begin;
			ms[i] = took > ms[i] ? took : ms[i];
		}
	}
	cost.piece = median(ms, rounds);
	return cost;
}

static double filtered(const struct store *st, struct query q, const char *text, struct result *r, int rounds)
{
	struct err err = ERR_INIT;
	struct filter *f = filter_parse(q.view, text, &err, NULL);
	double ms;

	if (!f) {
		fprintf(stderr, "%s: %s\n", text, err.text);
		return 0;
	}
	q.filter[0] = f;
	ms = ask(st, &q, r, rounds).whole;
	filter_free(f);
	return ms;
}

static void measure(const struct store *st, const struct asked *a, int rounds)
{
	struct query q = {.view = a->view, .limit = ROWS, .spark = a->view < VIEW_CONNECTIONS};
	struct result r = {.rows = 0};
	struct cost whole = ask(st, &q, &r, rounds), group;
	double other, sums, keys;

	q.sort = column_find(a->view, a->other);
	other = ask(st, &q, &r, rounds).whole;
	q.sort = NULL;
	q.limit = 1;
	group = ask(st, &q, &r, rounds);
	sums = filtered(st, q, a->sums, &r, rounds);
	keys = filtered(st, q, a->keys, &r, rounds);
	printf("%-14s %8zu  %7.1f %7.1f %7.1f  %7.1f %7.1f  %7.1f %7.1f  %7.2f %5zu\n", view_names[a->view],
		whole.rows, whole.first, whole.whole, group.whole, whole.whole - group.whole, other - group.whole,
		sums - group.whole, keys - group.whole, whole.piece, whole.pieces);
	result_free(&r);
}

int main(int argc, char **argv)
{
	uint32_t n = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000;
	int rounds = argc > 2 ? atoi(argv[2]) : 5;
	struct store_conf conf = {.shards = 1, .max_live = n / 5 + 2, .max_ended = n, .max_conversations = n,
		.max_series = 65536, .max_trails = 16, .no_findings = true};
	struct filling f = {.rnd = {1}};
	struct err err = ERR_INIT;

	if (rounds < 1 || rounds > ROUNDS_MAX || n == 0) {
		fprintf(stderr, "usage: bench_query [CONNECTIONS [ROUNDS]]\n");
		return 2;
	}
	hash_seed(1);
	f.b = mem_alloc(sizeof(*f.b));
	f.st = store_new(&conf, &err);
	if (!f.st) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	fill(&f, n);
	printf("%u connections, %u conversations; ms of processor time, median of %d\n", n,
		store_conversations(f.st) - 1, rounds);
	printf("%-14s %8s  %7s %7s %7s  %15s  %15s  %13s\n", "", "", "", "", "", "sort", "filter", "piece");
	printf("%-14s %8s  %7s %7s %7s  %7s %7s  %7s %7s  %7s %5s\n", "view", "rows", "first", "whole", "group", "own",
		"other", "sums", "keys", "longest", "count");
	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++)
		measure(f.st, &asked[i], rounds);
	store_free(f.st);
	mem_free(f.b);
	return 0;
}
