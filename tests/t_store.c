/*
 * The store against a naive recomputation: random connections live, swap roles, end, have their endings withdrawn,
 * are handed over for the last time, get late packets, are forgotten and folded; the sums must never notice.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/connection.h"
#include "store/pack.h"
#include "store/shape.h"
#include "store/store.h"
#include "store/timewait.h"
#include "store_random.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/mem.h"

#define T0 (INT64_C(1700000000) * NS_PER_SEC)
#define SHARDS 2
#define SLOTS 40
#define EVER 20000

enum { LIVING, OVER };

struct truth { /* a connection as it should be known */
	struct connection c;
	uint32_t shard, slot;
	uint64_t eseq;
	uint32_t at; /* where the store had it the last time it was asked */
	uint8_t what;
	bool ignored; /* it had ended before a reset */
};

struct world {
	struct random rnd;
	struct store *st;
	struct block *b;
	struct truth *all;
	uint32_t n, clients, servers;
	uint32_t at[SHARDS][SLOTS]; /* 1 + index into all, 0 free */
	uint64_t eseq[SHARDS];
	int64_t now;
	uint64_t uid;
};

static const struct store_conf roomy = { .shards = SHARDS, .max_live = SLOTS,
	.max_ended = EVER, .max_conversations = 1000, .max_series = 1000, .max_trails = 8 };

static void world_init(struct world *w, const struct store_conf *conf, uint64_t seed)
{
	struct err err = ERR_INIT;

	memset(w, 0, sizeof(*w));
	w->rnd.x = seed;
	w->st = store_new(conf, &err);
	assert_non_null(w->st);
	w->b = mem_alloc(sizeof(*w->b));
	w->all = mem_array(EVER, sizeof(w->all[0]));
	w->now = T0;
	w->clients = 5;
	w->servers = 3;
}

static void world_fini(struct world *w)
{
	store_free(w->st);
	mem_free(w->b);
	mem_free(w->all);
}

static struct row *row_add(struct world *w, const struct truth *t, enum row_what what)
{
	struct row *r = &w->b->row[w->b->rows++];

	memset(r, 0, sizeof(*r));
	w->b->shard = t->shard;
	r->what = (uint8_t)what;
	r->slot = t->slot;
	r->eseq = t->eseq;
	r->c = t->c;
	return r;
}

static void flush(struct world *w)
{
	w->b->now = w->now;
	store_apply(w->st, w->b);
	w->b->rows = w->b->trails = 0;
}

static struct addr address(uint8_t net, uint32_t i)
{
	uint8_t b[4] = { net, 0, (uint8_t)(i >> 8), (uint8_t)i };

	return addr_from_v4(b);
}

static int64_t since(const struct world *w, const struct connection *c)
{
	return w->now - c->start;
}

/* Some packets of one side, now. */
static void packets(struct world *w, struct connection *c, int i)
{
	struct side *s = &c->side[i];
	uint32_t n;

	s->packets += 1 + random_below(&w->rnd, 5);
	s->bytes += random_below(&w->rnd, 3000);
	s->retr += random_below(&w->rnd, 2);
	s->zwin += random_below(&w->rnd, 2);
	s->dupack += random_below(&w->rnd, 2);
	s->ooo += random_below(&w->rnd, 2);
	s->rst_ignored += random_below(&w->rnd, 2);
	s->rst_path += random_below(&w->rnd, 2);
	if ((n = random_below(&w->rnd, 3)) == 1) {
		s->syn++;
		s->synack += random_below(&w->rnd, 2);
		s->syn_uniq = 1;
		s->t_syn_last = since(w, c);
	} else if (n == 2) {
		s->fin++;
		s->fin_uniq = 1;
		s->t_fin = s->t_fin == TIME_NEVER ? since(w, c) : s->t_fin;
		s->t_fin_last = since(w, c);
	}
	if (random_below(&w->rnd, 4) == 0) {
		s->rst += 1 + random_below(&w->rnd, 2);
		s->rst_uniq = 1;
		s->t_rst = s->t_rst == TIME_NEVER ? since(w, c) : s->t_rst;
		s->t_rst_last = since(w, c);
	}
	c->last = w->now;
}

static void no_times(struct connection *c)
{
	c->t_established = c->hs_srv_ns = c->hs_clt_ns = c->idle_ns = TIME_NEVER;
	for (int i = 0; i < 2; i++) {
		struct side *s = &c->side[i];

		s->t_fin = s->t_rst = s->t_rst_last = TIME_NEVER;
		s->t_syn_last = s->t_fin_last = s->t_data = TIME_NEVER;
	}
}

static void born(struct world *w)
{
	uint32_t shard = random_below(&w->rnd, SHARDS), slot = random_below(&w->rnd, SLOTS);
	struct truth *t = &w->all[w->n];
	struct connection *c = &t->c;

	if (w->at[shard][slot] || w->n == EVER)
		return;
	*t = (struct truth){ .shard = shard, .slot = slot };
	w->at[shard][slot] = ++w->n;
	no_times(c);
	c->uid = ++w->uid;
	c->start = c->last = w->now;
	c->origin = (uint8_t)random_below(&w->rnd, 3);
	c->generation = 1;
	c->rst_side = 2;
	c->tuple.addr[CLIENT] = address(10, random_below(&w->rnd, w->clients));
	c->tuple.addr[SERVER] = address(192, random_below(&w->rnd, w->servers));
	c->tuple.port[CLIENT] = (uint16_t)random_next(&w->rnd);
	c->tuple.port[SERVER] = (uint16_t)(80 + random_below(&w->rnd, 3));
	packets(w, c, CLIENT);
}

static void swap_roles(struct connection *c)
{
	struct side s = c->side[0];
	struct tuple t = c->tuple;

	c->side[0] = c->side[1];
	c->side[1] = s;
	for (int i = 0; i < 2; i++) {
		c->tuple.addr[i] = t.addr[!i];
		c->tuple.port[i] = t.port[!i];
	}
}

static void grow(struct world *w, struct connection *c)
{
	packets(w, c, (int)random_below(&w->rnd, 2));
	for (int i = 0; i < 2; i++)
		c->side[i].state = (uint8_t)random_below(&w->rnd, STATE_TIME_WAIT);
	if (random_below(&w->rnd, 3) == 0 && !c->established) {
		c->established = 1;
		c->t_established = since(w, c);
	}
	if (random_below(&w->rnd, 8) == 0)
		swap_roles(c);
	if (random_below(&w->rnd, 5) == 0) {
		c->ending = (uint8_t)(1 + random_below(&w->rnd, ENDING_COUNT - 1));
		c->ended = w->now;
		c->attributes = random_below(&w->rnd, 2) ? ATTRIBUTE_BIT(DELIVERED) : 0;
	} else if (random_below(&w->rnd, 5) == 0) {
		c->ending = ENDING_NONE;
		c->ended = 0;
	}
	if (random_below(&w->rnd, 3) == 0 && c->ending) {
		c->side[random_below(&w->rnd, 2)].state = STATE_TIME_WAIT;
		c->time_wait_until = w->now + (int64_t)random_below(&w->rnd, 90) * NS_PER_SEC;
	}
}

static struct truth *any_living(struct world *w)
{
	uint32_t i = w->at[random_below(&w->rnd, SHARDS)][random_below(&w->rnd, SLOTS)];

	return i ? &w->all[i - 1] : NULL;
}

static void update(struct world *w)
{
	struct truth *t = any_living(w);

	if (!t)
		return;
	grow(w, &t->c);
	t->ignored = t->ignored && t->c.ending;
	row_add(w, t, ROW_LIVE);
	flush(w);
}

static void end(struct world *w)
{
	struct truth *t = any_living(w);

	if (!t)
		return;
	if (random_below(&w->rnd, 2))
		grow(w, &t->c);
	if (!t->c.ending)
		t->c.ending = ENDING_UNKNOWN;
	t->c.ended = t->c.ended ? t->c.ended : w->now;
	t->eseq = w->eseq[t->shard]++;
	t->what = OVER;
	w->at[t->shard][t->slot] = 0;
	row_add(w, t, ROW_FINAL);
	flush(w);
}

/* What the late packets of a side make of what was known. */
static void side_late(struct side *a, const struct side *b)
{
	a->packets += b->packets, a->bytes += b->bytes, a->retr += b->retr;
	a->zwin += b->zwin, a->dupack += b->dupack, a->ooo += b->ooo;
	a->rst_ignored += b->rst_ignored, a->rst_path += b->rst_path;
	a->syn += b->syn, a->synack += b->synack, a->fin += b->fin, a->rst += b->rst;
	a->rst_uniq |= b->rst_uniq;
	if (a->t_rst == TIME_NEVER)
		a->t_rst = b->t_rst;
	if (a->t_fin == TIME_NEVER)
		a->t_fin = b->t_fin;
	a->t_rst_last = b->rst ? b->t_rst_last : a->t_rst_last;
	a->t_fin_last = b->fin ? b->t_fin_last : a->t_fin_last;
	a->t_syn_last = b->syn ? b->t_syn_last : a->t_syn_last;
}

static void late(struct world *w)
{
	struct truth *t, more;
	struct connection *c = &more.c;

	if (w->n == 0)
		return;
	t = &w->all[random_below(&w->rnd, w->n)];
	if (t->what != OVER || t->ignored || w->now - t->c.last > 40 * NS_PER_SEC)
		return;
	more = *t;
	memset(c->side, 0, sizeof(c->side));
	no_times(c);
	packets(w, c, CLIENT);
	for (int i = 0; i < 2; i++) {
		struct side *a = &t->c.side[i], *b = &c->side[i];

		b->syn_uniq = b->fin_uniq = 0;
		if (a->rst_uniq) {
			b->rst_uniq = 0;
			b->t_rst = TIME_NEVER;
		}
	}
	row_add(w, &more, ROW_LATE);
	flush(w);
	for (int i = 0; i < 2; i++)
		side_late(&t->c.side[i], &c->side[i]);
	t->c.last = w->now;
}

/* TIME_WAIT runs out with the second after it. */
static void settle(const struct world *w, const struct truth *t, struct connection *c)
{
	*c = t->c;
	if (c->time_wait_until / NS_PER_SEC >= w->now / NS_PER_SEC)
		return;
	for (int i = 0; i < 2; i++)
		if (c->side[i].state == STATE_TIME_WAIT)
			c->side[i].state = STATE_CLOSED;
}

/* --- What must hold ------------------------------------------------------------------------------ */

struct check {
	struct world *w;
	struct counters sum;
	uint64_t rows, found;
	bool exact; /* nothing was folded: every row is the sum of its own connections */
};

static bool is_of(const struct connection *c, const struct conversation_key *key)
{
	return addr_equal(&c->tuple.addr[CLIENT], &key->client) &&
		addr_equal(&c->tuple.addr[SERVER], &key->server) &&
		c->tuple.port[SERVER] == key->port;
}

static void naive(const struct world *w, const struct conversation_key *key, struct counters *n)
{
	memset(n, 0, sizeof(*n));
	for (uint32_t i = 0; i < w->n; i++) {
		struct connection c;
		struct counters one;

		settle(w, &w->all[i], &c);
		if (w->all[i].ignored || (key && !is_of(&c, key)))
			continue;
		counters_of_connection(&c, &one);
		counters_add(n, &one);
	}
}

static void assert_invariant(const struct counters *n)
{
	uint64_t began = n->n[COUNTER_ATTEMPTS] + n->n[COUNTER_MID] + n->n[COUNTER_OTHER];
	uint64_t ended = 0, grouped = 0;

	for (int e = 1; e < ENDING_COUNT; e++)
		ended += n->n[counter_of_ending((enum ending)e)];
	for (int g = 1; g < GROUP_COUNT; g++)
		grouped += counters_group(n, (enum ending_group)g);
	assert_int_equal(began, n->n[COUNTER_OPEN] + ended);
	assert_int_equal(grouped, ended);
}

static bool check_conversation(void *arg, const struct conversation_key *key,
	const struct counters *n, uint32_t handle)
{
	struct check *k = arg;
	bool folded = key->other_clients || key->other_servers || key->other_ports;
	struct counters own;

	k->rows += !(key->other_clients && key->other_servers);
	counters_add(&k->sum, n);
	assert_invariant(n);
	naive(k->w, folded ? NULL : key, &own);
	for (int i = 0; i < COUNTER_COUNT; i++) {
		assert_true(n->n[i] <= own.n[i]);
		if (k->exact)
			assert_int_equal(n->n[i], own.n[i]);
	}
	return true;
}

static void check_sums(struct world *w, bool exact)
{
	struct check k = { .w = w, .exact = exact };
	struct counters totals, own;
	struct store_usage u;

	store_totals(w->st, &totals);
	naive(w, NULL, &own);
	for (int i = 0; i < COUNTER_COUNT; i++)
		assert_int_equal(totals.n[i], own.n[i]);
	assert_invariant(&totals);
	store_each_conversation(w->st, check_conversation, &k);
	assert_memory_equal(&k.sum, &totals, sizeof(totals));
	store_usage(w->st, &u);
	assert_int_equal(k.rows, u.conversations);
	assert_true(u.conversations <= u.conversations_max);
	assert_true(u.ended <= u.ended_max);
}

static bool check_connection(void *arg, const struct connection *c)
{
	struct check *k = arg;
	uint8_t a[PACK_MAX], b[PACK_MAX];
	struct shape of_a, of_b;
	struct connection own;
	size_t n;

	assert_true(c->uid >= 1 && c->uid <= k->w->n);
	settle(k->w, &k->w->all[c->uid - 1], &own);
	n = pack_connection(c, 0, &of_b, b);
	assert_int_equal(pack_connection(&own, 0, &of_a, a), n);
	assert_memory_equal(a, b, n);
	assert_memory_equal(&of_a, &of_b, sizeof(of_a));
	k->found++;
	return true;
}

/* Every open one and, of each shard, the last ones ended are there, as they are. */
static void check_connections(struct world *w, uint64_t log)
{
	struct check k = { .w = w };
	uint64_t should = 0;
	struct store_usage u;

	store_each_connection(w->st, check_connection, &k);
	for (uint32_t i = 0; i < w->n; i++) {
		struct truth *t = &w->all[i];
		bool kept = t->what == LIVING || t->eseq + log >= w->eseq[t->shard];
		struct connection c, anew;
		uint32_t nowhere = UINT32_MAX;

		memset(&c, 0, sizeof(c));
		memset(&anew, 0, sizeof(anew));
		kept = kept && !(t->ignored && t->what == OVER);
		should += kept;
		assert_int_equal(store_connection(w->st, t->c.uid, &t->at, &c), kept);
		if (kept) {
			assert_true(store_connection(w->st, t->c.uid, &nowhere, &anew));
			assert_memory_equal(&c, &anew, sizeof(c));
		}
	}
	store_usage(w->st, &u);
	assert_int_equal(k.found, should);
	assert_int_equal(u.live + u.ended, should);
}

static uint64_t line_sum(const struct world *w, enum series_line line, const uint32_t *handle)
{
	static uint32_t step[1200];
	uint64_t sum = 0;

	memset(step, 0, sizeof(step));
	if (handle)
		assert_true(store_series(w->st, *handle, line, w->now / NS_PER_SEC, 1200, step));
	else
		store_series_total(w->st, line, w->now / NS_PER_SEC, 1200, step);
	for (int i = 0; i < 1200; i++)
		sum += step[i];
	return sum;
}

static void check_lines(const struct world *w, const struct counters *n, const uint32_t *handle)
{
	static const enum counter of[] = { [SERIES_ATTEMPTS] = COUNTER_ATTEMPTS,
		[SERIES_CT] = COUNTER_CT, [SERIES_SYN_CLT] = COUNTER_SYN_CLT,
		[SERIES_SYN_SRV] = COUNTER_SYN_SRV, [SERIES_FIN_CLT] = COUNTER_FIN_CLT,
		[SERIES_FIN_SRV] = COUNTER_FIN_SRV, [SERIES_RST_CLT] = COUNTER_RST_CLT,
		[SERIES_RST_SRV] = COUNTER_RST_SRV, [SERIES_RST_UNIQ_CLT] = COUNTER_RST_UNIQ_CLT,
		[SERIES_RST_UNIQ_SRV] = COUNTER_RST_UNIQ_SRV };

	for (int i = 0; i < SERIES_GROUP; i++)
		assert_int_equal(line_sum(w, (enum series_line)i, handle), n->n[of[i]]);
	for (int g = 1; g < GROUP_COUNT; g++)
		assert_int_equal(line_sum(w, SERIES_GROUP + g - 1, handle),
			counters_group(n, (enum ending_group)g));
}

static bool check_series_of(void *arg, const struct conversation_key *key,
	const struct counters *n, uint32_t handle)
{
	(void)key;
	check_lines(arg, n, &handle);
	return true;
}

static void check_series(struct world *w)
{
	struct counters totals;

	store_totals(w->st, &totals);
	check_lines(w, &totals, NULL);
	store_each_conversation(w->st, check_series_of, w);
}

static void step(struct world *w)
{
	uint32_t dice = random_below(&w->rnd, 20);

	w->now += random_below(&w->rnd, 100) * NS_PER_MS;
	if (dice < 5)
		born(w);
	else if (dice < 13)
		update(w);
	else if (dice < 17)
		end(w);
	else
		late(w);
	if (random_below(&w->rnd, 10) == 0)
		store_tick(w->st, w->now);
}

/* A connection that was born but of which no row came is not known to the store. */
static void tell_all(struct world *w)
{
	for (uint32_t s = 0; s < SHARDS; s++) {
		for (uint32_t i = 0; i < SLOTS; i++)
			if (w->at[s][i])
				row_add(w, &w->all[w->at[s][i] - 1], ROW_LIVE);
		w->b->shard = s;
		flush(w);
	}
	store_tick(w->st, w->now);
}

/* --- Tests --------------------------------------------------------------------------------------- */

static void sums_are_what_happened(void **state)
{
	for (uint64_t seed = 1; seed <= 5; seed++) {
		struct world w;

		world_init(&w, &roomy, seed);
		for (int i = 1; i <= 6000; i++) {
			step(&w);
			if (i % 500)
				continue;
			tell_all(&w);
			check_sums(&w, true);
			check_connections(&w, EVER);
			check_series(&w);
		}
		world_fini(&w);
	}
}

static void forgetting_changes_no_sum(void **state)
{
	struct store_conf conf = roomy;
	struct world w;

	conf.max_ended = 14;
	world_init(&w, &conf, 77);
	for (int i = 1; i <= 6000; i++) {
		step(&w);
		if (i % 500)
			continue;
		tell_all(&w);
		check_sums(&w, true);
		check_connections(&w, 7);
		check_series(&w);
	}
	world_fini(&w);
}

static void folding_changes_no_sum(void **state)
{
	static const uint32_t bounds[] = { 1, 2, 7, 40, 100, 300 };

	for (size_t k = 0; k < sizeof(bounds) / sizeof(bounds[0]); k++) {
		struct store_conf conf = roomy;
		struct store_usage u;
		struct world w;

		conf.max_conversations = bounds[k];
		conf.max_series = bounds[k] / 2;
		conf.max_ended = 50;
		world_init(&w, &conf, 1000 + k);
		w.clients = 300;
		w.servers = 5;
		for (int i = 1; i <= 6000; i++) {
			step(&w);
			if (i % 1000)
				continue;
			tell_all(&w);
			check_sums(&w, false);
		}
		store_usage(w.st, &u);
		assert_true(u.folded > 0);
		assert_true(u.series <= u.series_max);
		if (bounds[k] <= 100)
			assert_int_equal(u.conversations, bounds[k]);
		world_fini(&w);
	}
}

static void reset_keeps_what_is_open(void **state)
{
	struct world w;

	world_init(&w, &roomy, 5);
	for (int i = 1; i <= 4000; i++) {
		step(&w);
		if (i % 500)
			continue;
		tell_all(&w);
		store_reset(w.st);
		for (uint32_t k = 0; k < w.n; k++)
			w.all[k].ignored = w.all[k].c.ending != ENDING_NONE;
		check_sums(&w, true);
		check_series(&w);
		check_connections(&w, EVER);
	}
	world_fini(&w);
}

static void time_wait_runs_out(void **state)
{
	struct world w;
	struct truth *t;
	struct counters n;
	struct connection c;

	world_init(&w, &roomy, 1);
	while (w.n == 0)
		born(&w);
	t = &w.all[0];
	t->c.ending = ENDING_GRACEFUL;
	t->c.ended = w.now;
	t->c.side[CLIENT].state = STATE_TIME_WAIT;
	t->c.time_wait_until = w.now + 60 * NS_PER_SEC;
	row_add(&w, t, ROW_FINAL);
	store_tick(w.st, w.now);
	flush(&w);
	store_totals(w.st, &n);
	assert_int_equal(n.n[COUNTER_TIME_WAIT], 1);
	store_tick(w.st, w.now + 60 * NS_PER_SEC);
	store_totals(w.st, &n);
	assert_int_equal(n.n[COUNTER_TIME_WAIT], 1);
	assert_true(store_connection(w.st, t->c.uid, &t->at, &c));
	assert_int_equal(c.side[CLIENT].state, STATE_TIME_WAIT);
	store_tick(w.st, w.now + 61 * NS_PER_SEC);
	store_totals(w.st, &n);
	assert_int_equal(n.n[COUNTER_TIME_WAIT], 0);
	assert_int_equal(n.n[counter_of_ending(ENDING_GRACEFUL)], 1);
	assert_true(store_connection(w.st, t->c.uid, &t->at, &c));
	assert_int_equal(c.side[CLIENT].state, STATE_CLOSED);
	assert_int_equal(store_now(w.st), w.now + 61 * NS_PER_SEC);
	assert_int_equal(store_first(w.st), T0);
	world_fini(&w);
}

static void trail_put(struct world *w, struct truth *t, enum row_what what, uint32_t n)
{
	row_add(w, t, what)->has_trail = 1;
	w->b->trail[w->b->trails++] = (struct trail){ .uid = t->c.uid, .n = n };
	flush(w);
}

/* Segments kept, 0 none. */
static uint32_t trail_length(const struct world *w, const struct truth *t)
{
	struct trail trail;

	return store_trail(w->st, t->c.uid, &trail) ? trail.n : 0;
}

static void trails_stay_for_the_last_ended(void **state)
{
	struct world w;

	world_init(&w, &roomy, 3);
	while (w.n < 12)
		born(&w);
	for (uint32_t i = 0; i < 12; i++) {
		struct truth *t = &w.all[i];

		trail_put(&w, t, ROW_LIVE, 1);
		trail_put(&w, t, ROW_LIVE, 2);
		assert_int_equal(trail_length(&w, t), 2);
		t->c.ending = ENDING_GRACEFUL;
		t->eseq = w.eseq[t->shard]++;
		if (i & 1)
			trail_put(&w, t, ROW_FINAL, 3);
		else
			row_add(&w, t, ROW_FINAL);
		flush(&w);
		assert_int_equal(trail_length(&w, t), i & 1 ? 3 : 2);
	}
	for (uint32_t i = 0; i < 12; i++)
		assert_int_equal(trail_length(&w, &w.all[i]) != 0, i >= 4);
	world_fini(&w);
}

struct waiting {
	struct timewait w;
	int64_t until[400]; /* ns, 0: nobody waits under this number */
	int64_t now;
};

static void fetched(const void *arg, uint32_t who, bool has_slot)
{
	const struct waiting *x = arg;

	assert_true(x->until[who] != 0 && has_slot == who % 2);
}

static void fired(void *arg, uint32_t who, bool has_slot)
{
	struct waiting *x = arg;

	assert_true(x->until[who] / NS_PER_SEC < x->now / NS_PER_SEC);
	assert_int_equal(has_slot, who % 2);
	x->until[who] = 0;
}

/* Up to an hour, with steps of time of any length: who waits is let go in its second, not before and not later. */
static void nobody_waits_too_long(void **state)
{
	static struct waiting x;
	struct random rnd = { 23 };
	unsigned fires = 0;

	timewait_init(&x.w, 400);
	x.now = INT64_C(1700000000) * NS_PER_SEC;
	for (int i = 0; i < 20000; i++) {
		uint32_t step = random_below(&rnd, 16) ? random_below(&rnd, 5) : random_below(&rnd, 6000), waiting = 0;

		x.now += (int64_t)step * NS_PER_SEC + random_below(&rnd, 1000);
		timewait_tick(&x.w, x.now, fetched, fired, &x);
		for (uint32_t k = 0; k < 400; k++) {
			assert_true(x.until[k] == 0 || x.until[k] / NS_PER_SEC >= x.now / NS_PER_SEC);
			waiting += x.until[k] != 0;
		}
		assert_int_equal(x.w.count, waiting);
		for (int n = 0; n < 10; n++) {
			uint32_t who = random_below(&rnd, 400);
			int64_t until = x.now + (int64_t)random_below(&rnd, n == 0 ? 3601 : i % 8 ? 60 : 2) * NS_PER_SEC;

			if (x.until[who])
				continue;
			assert_true(timewait_room(&x.w, until));
			timewait_add(&x.w, until, who, who % 2);
			x.until[who] = until;
			fires++;
		}
	}
	assert_true(fires > 10000);
	timewait_fini(&x.w);
}

static void too_much_is_refused(void **state)
{
	struct store_conf conf = roomy;
	struct err err = ERR_INIT;

	conf.max_ended = UINT32_MAX;
	assert_null(store_new(&conf, &err));
	assert_string_not_equal(err.text, "");
	conf = roomy;
	conf.max_conversations = 0;
	assert_null(store_new(&conf, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_are_what_happened),
		cmocka_unit_test(forgetting_changes_no_sum),
		cmocka_unit_test(folding_changes_no_sum),
		cmocka_unit_test(reset_keeps_what_is_open),
		cmocka_unit_test(time_wait_runs_out),
		cmocka_unit_test(nobody_waits_too_long),
		cmocka_unit_test(trails_stay_for_the_last_ended),
		cmocka_unit_test(too_much_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
