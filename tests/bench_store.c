/*
 * What the store costs: bench_store CONVERSATIONS [ENDED LIVE]. Prints time per row and memory touched; a million
 * conversations and a million connections by default. Not a test: it fails on nothing.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "model/connection.h"
#include "store/store.h"
#include "store_random.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/mem.h"

struct bench {
	struct store *st;
	struct block *b;
	struct random rnd;
	uint32_t talks, live;
	int64_t now, spent;
	uint64_t uid, eseq, rows;
};

static double resident_mb(void)
{
	long pages = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f) {
		if (fscanf(f, "%ld %ld", &pages, &resident) != 2)
			resident = 0;
		fclose(f);
	}
	return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1048576;
}

/* Processor time: other work on the machine counts less. */
static int64_t used_ns(void)
{
	return (int64_t)clock() * (NS_PER_SEC / CLOCKS_PER_SEC);
}

static void flush(struct bench *x)
{
	int64_t began = used_ns();

	x->b->now = x->now;
	store_apply(x->st, x->b);
	store_tick(x->st, x->now);
	x->spent += used_ns() - began;
	x->rows += x->b->rows;
	x->b->rows = 0;
}

static struct row *row_add(struct bench *x, enum row_what what, uint32_t slot)
{
	if (x->b->rows == BLOCK_ROWS)
		flush(x);
	memset(&x->b->row[x->b->rows], 0, sizeof(x->b->row[0]));
	x->b->row[x->b->rows].what = (uint8_t)what;
	x->b->row[x->b->rows].slot = slot;
	return &x->b->row[x->b->rows++];
}

static void address(struct connection *c, uint32_t talk)
{
	uint8_t clt[4] = { 10, (uint8_t)(talk >> 16), (uint8_t)(talk >> 8), (uint8_t)talk };
	uint8_t srv[4] = { 192, 168, 0, (uint8_t)talk };

	c->tuple.addr[CLIENT] = addr_from_v4(clt);
	c->tuple.addr[SERVER] = addr_from_v4(srv);
	c->tuple.port[SERVER] = 443;
}

/* The connection in that slot: always the same one for the same number. */
static void connection(struct bench *x, struct connection *c, uint64_t uid)
{
	struct random rnd = { uid };

	usual_connection(&rnd, c, false);
	c->uid = uid;
	address(c, (uint32_t)(random_next(&rnd) % x->talks));
	c->start = INT64_C(1700000000) * NS_PER_SEC + (int64_t)uid * 200000;
	c->last = c->start + 5 * NS_PER_SEC;
	c->ended = c->last;
	c->time_wait_until = c->last + 60 * NS_PER_SEC;
	x->now = c->last;
}

static void open_up(struct connection *c)
{
	c->ending = ENDING_NONE;
	c->ended = c->time_wait_until = 0;
	for (int i = 0; i < 2; i++) {
		struct side *s = &c->side[i];

		s->state = STATE_ESTABLISHED;
		s->fin = s->fin_uniq = 0;
		s->t_fin = s->t_fin_last = TIME_NEVER;
		s->bytes /= 2;
	}
}

static void report(struct bench *x, const char *what)
{
	flush(x);
	printf("%-34s %7.0f ns a row, resident %6.1f MB\n", what, (double)x->spent / (double)x->rows,
		resident_mb());
	x->spent = 0;
	x->rows = 0;
}

static void run(struct bench *x, uint64_t ended)
{
	struct row *r;

	for (uint32_t i = 0; i < x->live; i++) {
		r = row_add(x, ROW_LIVE, i);
		connection(x, &r->c, ++x->uid);
		open_up(&r->c);
	}
	report(x, "first row of a connection");
	for (uint32_t i = 0; i < x->live; i++) {
		uint32_t slot = random_below(&x->rnd, x->live);

		r = row_add(x, ROW_LIVE, slot);
		connection(x, &r->c, slot + 1);
		open_up(&r->c);
		r->c.side[0].packets += 3;
		r->c.side[0].bytes += 3000;
	}
	report(x, "row of a live one, random order");
	for (uint64_t i = 0; i < ended; i++) {
		uint32_t slot = (uint32_t)(i % x->live);

		r = row_add(x, ROW_FINAL, slot);
		r->eseq = x->eseq++;
		connection(x, &r->c, x->uid - x->live + 1);
		r = row_add(x, ROW_LIVE, slot);
		connection(x, &r->c, ++x->uid);
		open_up(&r->c);
	}
	report(x, "last row of one, first of the next");
}

static bool count(void *arg, const struct connection *c)
{
	*(uint64_t *)arg += c->side[0].packets;
	return true;
}

static bool count_talk(void *arg, const struct conversation_key *key, const struct counters *n,
	uint32_t handle)
{
	(void)key, (void)handle;
	*(uint64_t *)arg += n->n[COUNTER_RST_SRV];
	return true;
}

int main(int argc, char **argv)
{
	struct store_conf conf = { .shards = 1, .max_live = 262144, .max_ended = 800000,
		.max_conversations = 1000000, .max_series = 65536, .max_trails = 4096 };
	struct bench x = { .rnd = { 1 }, .live = 200000 };
	struct store_usage u;
	struct err err = ERR_INIT;
	uint64_t sum = 0;
	double before;
	int64_t t;

	x.talks = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : conf.max_conversations;
	conf.max_ended = argc > 2 ? strtoull(argv[2], NULL, 10) : conf.max_ended;
	x.live = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : x.live;
	x.b = mem_alloc(sizeof(*x.b));
	memset(x.b, 1, sizeof(*x.b));
	memset(x.b, 0, sizeof(*x.b));
	before = resident_mb();
	x.st = store_new(&conf, &err);
	if (!x.st) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	printf("a new store: %.1f MB\n", resident_mb() - before);
	run(&x, conf.max_ended * 3 / 2);
	printf("the store: %.1f MB\n", resident_mb() - before);
	t = used_ns();
	store_each_connection(x.st, count, &sum);
	store_usage(x.st, &u);
	printf("visit %llu connections: %lld ns each\n", (unsigned long long)(u.live + u.ended),
		(long long)((used_ns() - t) / (int64_t)(u.live + u.ended)));
	t = used_ns();
	store_each_conversation(x.st, count_talk, &sum);
	printf("visit %llu conversations: %lld ns each\n", (unsigned long long)u.conversations,
		(long long)((used_ns() - t) / (int64_t)u.conversations));
	printf("series %llu, folded %llu, checksum %llu\n", (unsigned long long)u.series,
		(unsigned long long)u.folded, (unsigned long long)sum);
	store_free(x.st);
	mem_free(x.b);
	return 0;
}
