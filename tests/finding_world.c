#include "config.h"

#include "finding_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/err.h"
#include "util/mem.h"
#include "util/str.h"

const struct store_conf world_conf = { .shards = 1, .max_live = SLOTS, .max_ended = 2 * MOST,
	.max_conversations = 2000, .max_series = 10 };

struct world *world_of(const struct store_conf *conf)
{
	struct world *w = mem_alloc(sizeof(*w));
	struct err err = ERR_INIT;

	w->st = store_new(conf, &err);
	assert_non_null(w->st);
	w->b = mem_alloc(sizeof(*w->b));
	return w;
}

struct world *world_new(void)
{
	return world_of(&world_conf);
}

void world_free(struct world *w)
{
	store_free(w->st);
	mem_free(w->b);
	mem_free(w);
}

struct addr host(int net, uint32_t i)
{
	uint8_t b[4] = { 10, (uint8_t)net, (uint8_t)(i >> 8), (uint8_t)i };

	return addr_from_v4(b);
}

struct connection connection_of(uint64_t uid, double at, uint32_t clt, uint32_t srv, uint16_t port,
	enum ending e, double lasts)
{
	struct connection c;

	memset(&c, 0, sizeof(c));
	c.uid = uid;
	c.start = T0 + SEC(at);
	c.last = c.start + SEC(lasts);
	c.ended = e == ENDING_NONE ? 0 : c.last;
	c.tuple = (struct tuple){ { host(1, clt), host(2, srv) }, { (uint16_t)(1024 + uid % 60000), port } };
	c.ending = (uint8_t)e;
	c.origin = ORIGIN_ATTEMPT;
	c.established = ending_info[e].group != GROUP_REFUSED && ending_info[e].group != GROUP_NO_ANSWER &&
			e != ENDING_CANCELLED && e != ENDING_PROBE;
	c.t_established = c.established ? SEC(0.01) : TIME_NEVER;
	c.hs_srv_ns = c.hs_clt_ns = c.idle_ns = TIME_NEVER;
	for (int i = 0; i < 2; i++) {
		struct side *s = &c.side[i];

		s->t_fin = s->t_rst = s->t_rst_last = s->t_syn_last = s->t_fin_last = s->t_data = TIME_NEVER;
	}
	c.rst_side = 2;
	c.generation = 1;
	return c;
}

struct connection *add(struct world *w, double at, uint32_t clt, uint32_t srv, uint16_t port,
	enum ending e, double lasts)
{
	struct connection *c = &w->c[w->n++];

	assert_true(w->n <= MOST);
	*c = connection_of(w->n, at, clt, srv, port, e, lasts);
	return c;
}

void add_many(struct world *w, int n, double from, double to, int clients, uint32_t srv, uint16_t port,
	enum ending e)
{
	for (int i = 0; i < n; i++)
		add(w, from + (to - from) * i / n, (uint32_t)(1 + i % clients), srv, port, e, 0.1);
}

/* --- Publishing ---------------------------------------------------------------------------------- */

static void apply(struct world *w, bool whole)
{
	w->b->pass_complete = whole;
	store_apply(w->st, w->b);
	w->b->rows = 0;
}

void give(struct world *w, const struct connection *c, enum row_what what, uint32_t slot)
{
	struct row *r = &w->b->row[w->b->rows++];

	memset(r, 0, sizeof(*r));
	r->what = (uint8_t)what;
	r->slot = slot;
	r->eseq = c->uid - 1;
	r->c = *c;
	if (w->b->rows == BLOCK_ROWS)
		apply(w, false);
}

void pass(struct world *w, int64_t now)
{
	w->b->now = now;
	apply(w, true);
}

int by_end(const void *a, const void *b)
{
	const struct connection *x = a, *y = b;

	if (x->ended != y->ended)
		return (x->ended > y->ended) - (x->ended < y->ended);
	return (x->uid > y->uid) - (x->uid < y->uid);
}

void give_wrong(struct world *w, const struct connection *c, uint32_t slot, enum ending e)
{
	struct connection other = *c;

	other.ending = (uint8_t)e;
	other.established = e == ENDING_NONE || e == ENDING_UNKNOWN;
	if (e == ENDING_NONE)
		other.ended = 0;
	give(w, &other, ROW_LIVE, slot);
}

const struct finding *find(const struct store *st, enum finding_kind kind)
{
	size_t n;
	const struct finding *f = store_findings(st, &n);

	for (; n > 0; n--, f++)
		if (f->kind == kind)
			return f;
	return NULL;
}

void publish(struct world *w, double until)
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

char *findings_text(const struct finding *f, size_t n)
{
	struct str text = STR_INIT;

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
