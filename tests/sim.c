#include "config.h"

#include "sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/clock.h"
#include "util/err.h"
#include "util/hash.h"
#include "util/mem.h"
#include "util/str.h"

#define BASE (INT64_C(1700000000) * NS_PER_SEC)

struct kept {
	struct connection c;
	struct trail trail;
	bool has_trail, final;
	uint32_t slot;
	uint64_t eseq;
};

struct sim {
	struct engine *e;
	struct block block;
	struct kept *row;
	size_t n, room;
	struct capture_stats stats;
	struct str text;
	bool sorted;
};

static struct block *sim_take(void *arg)
{
	struct sim *s = arg;

	s->block.rows = s->block.trails = 0;
	return &s->block;
}

static struct kept *by_uid(struct sim *s, uint64_t uid)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->row[i].c.uid == uid)
			return &s->row[i];
	if (s->n == s->room) {
		s->room = s->room ? s->room * 2 : 64;
		s->row = mem_grow(s->row, s->room, sizeof(s->row[0]));
	}
	memset(&s->row[s->n], 0, sizeof(s->row[0]));
	s->sorted = false;
	return &s->row[s->n++];
}

static void add_late(struct sim *s, const struct row *row)
{
	size_t i;
	int side;

	for (i = 0; i < s->n; i++)
		if (s->row[i].final && s->row[i].eseq == row->eseq)
			break;
	assert_true(i < s->n);
	s->row[i].c.attributes |= row->c.attributes;
	for (side = 0; side < 2; side++) {
		struct side *to = &s->row[i].c.side[side];
		const struct side *from = &row->c.side[side];

		to->packets += from->packets;
		to->bytes += from->bytes;
		to->retr += from->retr;
		to->syn += from->syn;
		to->synack += from->synack;
		to->fin += from->fin;
		to->rst += from->rst;
	}
}

static void sim_give(void *arg, struct block *b)
{
	struct sim *s = arg;
	uint32_t i, trail = 0;

	engine_make_rows(b);
	for (i = 0; i < b->rows; i++) {
		struct row *row = &b->row[i];
		struct kept *kept;

		if (row->what == ROW_LATE) {
			add_late(s, row);
			continue;
		}
		kept = by_uid(s, row->c.uid);
		assert_false(kept->final);
		kept->c = row->c;
		kept->slot = row->slot;
		kept->final = row->what == ROW_FINAL;
		kept->eseq = row->eseq;
		if (row->has_trail) {
			kept->trail = b->trail[trail++];
			kept->has_trail = true;
			assert_true(kept->trail.uid == row->c.uid);
		}
	}
	if (b->stats_valid)
		s->stats = b->stats;
}

struct sim *sim_new(const struct engine_conf *conf)
{
	struct engine_conf standard = {.max_connections = 4096, .max_trails = 64, .from_file = true};
	struct sim *s = mem_alloc(sizeof(*s));
	struct outlet outlet = {sim_take, sim_give, s};
	struct err err = ERR_INIT;

	hash_seed(42);
	s->e = engine_new(conf ? conf : &standard, &outlet, &err);
	if (!s->e)
		fail_msg("%s", err.text);
	return s;
}

void sim_free(struct sim *s)
{
	engine_free(s->e);
	mem_free(s->row);
	str_free(&s->text);
	mem_free(s);
}

void sim_pkt(struct sim *s, const struct pkt *p)
{
	engine_run(s->e, p, 1);
}

static void play(struct sim *s, const char *text, bool ipv6)
{
	struct script_conf conf = {.base = BASE, .ipv6 = ipv6};
	struct err err = ERR_INIT;
	struct script *script = script_new(text, &conf, &err);
	size_t i;

	if (!script)
		fail_msg("%s", err.text);
	for (i = 0; i < script_count(script); i++) {
		struct pkt p;

		assert_int_equal(script_pkt(script, i, &p), DROP_NONE);
		engine_run(s->e, &p, 1);
	}
	script_free(script);
}

void sim_play(struct sim *s, const char *text)
{
	play(s, text, false);
}

void sim_play_ipv6(struct sim *s, const char *text)
{
	play(s, text, true);
}

void sim_tick(struct sim *s, double seconds)
{
	engine_tick(s->e, BASE + (int64_t)(seconds * 1e9));
}

void sim_publish(struct sim *s)
{
	while (!engine_publish(s->e, 1000))
		;
}

void sim_finish(struct sim *s)
{
	engine_finish(s->e);
}

static int older(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	return x->c.uid < y->c.uid ? -1 : x->c.uid > y->c.uid;
}

static void sort(struct sim *s)
{
	if (!s->sorted && s->n)
		qsort(s->row, s->n, sizeof(s->row[0]), older);
	s->sorted = true;
}

size_t sim_count(struct sim *s)
{
	return s->n;
}

const struct connection *sim_at(struct sim *s, size_t i)
{
	sort(s);
	assert_true(i < s->n);
	return &s->row[i].c;
}

const struct connection *sim_only(struct sim *s)
{
	assert_int_equal(s->n, 1);
	return &s->row[0].c;
}

const char *sim_endings(struct sim *s)
{
	size_t i;

	sort(s);
	str_clear(&s->text);
	for (i = 0; i < s->n; i++) {
		const struct connection *c = &s->row[i].c;

		if (i)
			str_add(&s->text, ", ");
		if (c->ending)
			str_addf(&s->text, "%s/%s %u", ending_info[c->ending].name,
				confidence_name(c->confidence), c->rule);
		else
			str_add(&s->text, "open");
	}
	return s->text.s;
}

const struct capture_stats *sim_stats(struct sim *s)
{
	return &s->stats;
}

const struct trail *sim_trail(struct sim *s, uint64_t uid)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->row[i].c.uid == uid && s->row[i].has_trail)
			return &s->row[i].trail;
	return NULL;
}

struct engine *sim_engine(struct sim *s)
{
	return s->e;
}
