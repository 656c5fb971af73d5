/*
 * What findings cost: bench_findings [FACTS [SERVICES [CLIENTS]]]. A live store into which connections come and end
 * at an even rate, so that in the end as many facts are not settled yet; every second it is asked for findings in
 * pieces, as a screen does. Prints what one asking takes, the longest piece of one, and the longest block of rows. Not
 * a test: it fails on nothing.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/connection.h"
#include "store/finding.h"
#include "store/store.h"
#include "store_random.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/mem.h"

#define T0 (INT64_C(1700000000) * NS_PER_SEC)
#define UNSETTLED 300 /* seconds of facts kept, or nearly so */
#define SECONDS 420
#define PIECE 2048 /* rows, as run_screen.c has it */

struct bench {
	struct store *st;
	struct block *b;
	struct random rnd;
	uint32_t services, clients;
	uint64_t uid;
	int64_t block, piece; /* the longest ones, ns */
};

/* Processor time: other work on the machine counts less. */
static int64_t used_ns(void)
{
	return (int64_t)clock() * (NS_PER_SEC / CLOCKS_PER_SEC);
}

static enum ending some_ending(struct random *r)
{
	static const enum ending often[] = { ENDING_GRACEFUL, ENDING_GRACEFUL, ENDING_GRACEFUL, ENDING_GRACEFUL,
		ENDING_GRACEFUL, ENDING_GRACEFUL, ENDING_QUICK_RESET, ENDING_CLIENT_ABORT, ENDING_SERVER_ABORT,
		ENDING_REFUSED, ENDING_UNANSWERED, ENDING_SERVER_LOST };

	return often[random_below(r, sizeof(often) / sizeof(often[0]))];
}

static void block_apply(struct bench *x)
{
	int64_t t = used_ns();

	store_apply(x->st, x->b);
	t = used_ns() - t;
	x->block = t > x->block ? t : x->block;
	x->b->rows = 0;
}

static void ask(struct bench *x)
{
	bool done = false;

	while (!done) {
		int64_t t = used_ns();

		done = store_findings_step(x->st, PIECE);
		t = used_ns() - t;
		x->piece = t > x->piece ? t : x->piece;
	}
}

static void row_add(struct bench *x, int64_t now)
{
	struct row *r = &x->b->row[x->b->rows++];
	uint32_t service = random_below(&x->rnd, x->services), client = random_below(&x->rnd, x->clients);
	uint8_t clt[4] = { 10, (uint8_t)(client >> 16), (uint8_t)(client >> 8), (uint8_t)client };
	uint8_t srv[4] = { 192, 168, (uint8_t)(service >> 10), (uint8_t)(service >> 2) };
	struct connection *c = &r->c;
	int64_t lasts;

	memset(r, 0, sizeof(*r));
	usual_connection(&x->rnd, c, false);
	lasts = c->last - c->start;
	c->uid = ++x->uid;
	c->tuple.addr[CLIENT] = addr_from_v4(clt);
	c->tuple.addr[SERVER] = addr_from_v4(srv);
	c->tuple.port[SERVER] = (uint16_t)(80 + service % 4);
	c->ending = (uint8_t)some_ending(&x->rnd);
	c->established = ending_info[c->ending].group != GROUP_REFUSED && ending_info[c->ending].group != GROUP_NO_ANSWER;
	c->ended = c->last = now;
	c->start = now - (c->ending == ENDING_UNANSWERED ? 20 * NS_PER_SEC : lasts);
	r->what = ROW_FINAL;
	r->slot = 0;
	r->eseq = x->uid - 1;
	if (x->b->rows < BLOCK_ROWS)
		return;
	block_apply(x);
}

static void pass(struct bench *x, int64_t now)
{
	x->b->now = now;
	x->b->pass_complete = true;
	block_apply(x);
	store_tick(x->st, now);
	x->b->pass_complete = false;
}

int main(int argc, char **argv)
{
	struct store_conf conf = { .shards = 1, .max_live = 262144, .max_ended = 300000, .max_conversations = 1000000,
		.max_series = 4096, .max_trails = 16 };
	uint64_t facts = argc > 1 ? strtoull(argv[1], NULL, 10) : 250000;
	struct bench x = { .rnd = { 1 }, .services = 400, .clients = 20000 };
	int64_t asked = 0, applied = 0, most = 0, t;
	struct findings_usage usage;
	struct err err = ERR_INIT;
	size_t n = 0;
	int times = 0;

	x.services = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : x.services;
	x.clients = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : x.clients;
	x.b = mem_alloc(sizeof(*x.b));
	x.st = store_new(&conf, &err);
	if (!x.st) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	for (int second = 0; second < SECONDS; second++) {
		t = used_ns();
		/* About 1.8 facts a connection. */
		for (uint64_t i = 0; i < facts * 10 / 18 / UNSETTLED; i++)
			row_add(&x, T0 + second * NS_PER_SEC + (int64_t)(i * NS_PER_SEC / (facts * 10 / 18 / UNSETTLED + 1)));
		pass(&x, T0 + (second + 1) * NS_PER_SEC);
		applied += used_ns() - t;
		t = used_ns();
		ask(&x);
		t = used_ns() - t;
		if (second < SECONDS - 100)
			continue;
		asked += t;
		times++;
		most = t > most ? t : most;
	}
	store_findings_usage(x.st, &usage);
	store_findings_latest(x.st, &n);
	printf("%llu facts kept (%llu crowded out), %zu findings: asking takes %.1f ms, at most %.1f, its longest piece "
	       "%.1f; a second's rows %.1f ms, the longest block %.1f\n",
		(unsigned long long)usage.facts, (unsigned long long)usage.crowded, n, (double)asked / times / 1e6,
		(double)most / 1e6, (double)x.piece / 1e6, (double)applied / SECONDS / 1e6, (double)x.block / 1e6);
	store_free(x.st);
	mem_free(x.b);
	return 0;
}
