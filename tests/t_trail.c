/* The segments of connections: packed and unpacked, in queues of small blocks, the first and the last ones kept. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flow/trail.h"
#include "model/trail.h"
#include "store/trails.h"
#include "store_random.h"
#include "util/chain.h"
#include "util/clock.h"
#include "util/err.h"

static void assert_same_segment(const struct segment *a, const struct segment *b)
{
	assert_true(a->t == b->t && a->t_last == b->t_last && a->seq == b->seq && a->ack == b->ack &&
		a->len == b->len && a->count == b->count && a->win == b->win && a->mss == b->mss &&
		a->flags == b->flags && a->side == b->side && a->note == b->note &&
		a->state[0] == b->state[0] && a->state[1] == b->state[1]);
}

static void assert_same_trail(const struct trail *a, const struct trail *b)
{
	assert_int_equal(a->n, b->n);
	assert_int_equal(a->skipped, b->skipped);
	for (uint32_t i = 0; i < a->n; i++)
		assert_same_segment(&a->seg[i], &b->seg[i]);
}

/* Of as many bits as chance wants. */
static uint64_t any(struct random *r, unsigned bits)
{
	return random_next(r) >> (64 - bits) >> random_below(r, bits + 1);
}

static void random_segment(struct random *r, struct segment *s)
{
	int64_t unit = random_below(r, 2) ? 1000 : 1;

	*s = (struct segment){ .t = (int64_t)any(r, 50) * unit, .seq = (uint32_t)any(r, 32),
		.ack = (uint32_t)any(r, 32), .len = (uint32_t)any(r, 32), .count = 1, .win = (uint16_t)any(r, 16),
		.mss = (uint16_t)any(r, 16), .flags = (uint8_t)any(r, 8), .side = (uint8_t)random_below(r, 2),
		.note = (uint8_t)random_below(r, NOTE_COUNT),
		.state = { (uint8_t)random_below(r, STATE_COUNT), (uint8_t)random_below(r, STATE_COUNT) } };
	if (!random_below(r, 8))
		s->t = -s->t;
	s->t_last = s->t;
	if (random_below(r, 2)) {
		s->t_last += (int64_t)any(r, 50) * unit;
		s->count = (uint32_t)any(r, 32);
	}
}

static void segments_come_out_as_they_went_in(void **state)
{
	struct random r = { 3 };

	for (int i = 0; i < 50000; i++) {
		uint8_t bytes[SEGMENT_PACKED], *end;
		struct segment in, out;

		random_segment(&r, &in);
		if (i < 2)
			in.t = in.t_last = i ? INT64_MAX : INT64_MIN;
		end = segment_pack(&in, bytes);
		assert_in_range(end - bytes, 8, SEGMENT_PACKED - 7);
		memset(&out, 0xa5, sizeof(out));
		assert_ptr_equal(segment_unpack(bytes, &out), end);
		assert_same_segment(&in, &out);
	}
}

/* Runs that share a pool, against plain arrays. */
static void chains_keep_what_they_are_given(void **state)
{
	enum { RUNS = 8, MOST = 400 };
	static uint8_t plain[RUNS][MOST], out[MOST + CHAIN_BODY];
	uint32_t first[RUNS] = { 0 };
	size_t len[RUNS] = { 0 };
	struct random r = { 5 };
	struct chains c;
	unsigned refused = 0;

	chains_init(&c, 60);
	for (int i = 0; i < 100000; i++) {
		unsigned k = random_below(&r, RUNS);
		size_t n = random_below(&r, MOST + 1);

		if (chain_blocks(n) > chain_blocks(len[k]) + chains_room(&c)) {
			chain_drop(&c, &first[k]);
			assert_int_equal(first[k], 0);
			len[k] = 0;
			refused++;
			continue;
		}
		for (size_t at = 0; at < n; at++)
			plain[k][at] = (uint8_t)random_next(&r);
		len[k] = n;
		chain_write(&c, &first[k], plain[k], n);
		k = random_below(&r, RUNS);
		assert_int_equal(chain_read(&c, first[k], out) - out, chain_blocks(len[k]) * CHAIN_BODY);
		assert_memory_equal(out, plain[k], len[k]);
	}
	assert_in_range(refused, 100, 90000);
	for (int k = 0; k < RUNS; k++)
		chain_drop(&c, &first[k]);
	assert_int_equal(c.used, 0);
	chains_fini(&c);
}

/* What is to be kept, said plainly. */
static void plain_add(struct trail *t, const struct segment *s)
{
	struct segment *last = t->n ? &t->seg[t->n - 1] : NULL;

	if (t->n > 3 && last->side == s->side && last->note == NOTE_NONE && s->note == NOTE_NONE &&
		!((last->flags | s->flags) & ~(TCP_ACK | TCP_PSH)) && !last->len == !s->len && !last->mss && !s->mss) {
		last->t_last = s->t;
		last->ack = s->ack;
		last->len += s->len;
		last->count++;
		last->win = s->win;
		last->flags |= s->flags;
		return;
	}
	if (t->n == TRAIL_SEGMENTS) {
		t->skipped += t->seg[TRAIL_HEAD].count;
		memmove(&t->seg[TRAIL_HEAD], &t->seg[TRAIL_HEAD + 1], (TRAIL_TAIL - 1) * sizeof(t->seg[0]));
		t->n--;
	}
	t->seg[t->n++] = *s;
}

static void add(struct random *r, struct trail_pool *pool, struct flow *f, struct trail *plain)
{
	static const uint8_t flags[] = { TCP_ACK, TCP_ACK, TCP_ACK | TCP_PSH, TCP_SYN, TCP_FIN | TCP_ACK };
	struct segment s;
	struct pkt p = { .ts = f->last += 1000 + random_below(r, 100000) };

	random_segment(r, &s);
	p.seq = s.seq;
	p.ack = s.ack;
	p.len = random_below(r, 3) ? 0 : random_below(r, 1500);
	p.win = s.win;
	p.mss = s.mss = random_below(r, 16) ? 0 : s.mss;
	p.opts = s.mss ? OPT_MSS : 0;
	p.flags = flags[random_below(r, sizeof(flags))];
	s.note = random_below(r, 8) ? NOTE_NONE : s.note;
	trail_add(pool, f, s.side, &p, s.note, f->last, 0);
	s.t = s.t_last = p.ts - f->start;
	s.len = p.len;
	s.flags = p.flags;
	s.count = 1;
	s.state[0] = s.state[1] = (uint8_t)STATE_NONE;
	plain_add(plain, &s);
}

static void first_and_last_ones_are_kept(void **state)
{
	enum { FLOWS = 16 };
	static struct flow flow[FLOWS];
	static struct trail plain[FLOWS], out;
	static struct rare none;
	struct random r = { 7 };
	struct trail_pool pool;

	assert_true(trails_open(&pool, FLOWS));
	for (int i = 0; i < FLOWS; i++) {
		flow[i] = (struct flow){ .start = 1000000, .last = 1000000, .rare = &none, .trail = trail_take(&pool) };
		assert_int_not_equal(flow[i].trail, NIL);
	}
	assert_int_equal(trail_take(&pool), NIL);
	for (int i = 0; i < 80000; i++) {
		int k = (int)random_below(&r, FLOWS);

		add(&r, &pool, &flow[k], &plain[k]);
		trail_copy(&pool, flow[k].trail, 5, &out);
		for (uint32_t at = 0; at < plain[k].n; at++) /* not what this is about */
			memcpy(plain[k].seg[at].state, out.seg[at].state, 2);
		assert_same_trail(&plain[k], &out);
		if (!random_below(&r, 100)) {
			trail_flip(&pool, flow[k].trail);
			for (uint32_t at = 0; at < plain[k].n; at++)
				plain[k].seg[at].side ^= 1;
		}
		if (!random_below(&r, 200)) {
			trail_give(&pool, flow[k].trail);
			flow[k].trail = trail_take(&pool);
			assert_false(trail_has(&pool, &flow[k]));
			memset(&plain[k], 0, sizeof(plain[k]));
		}
	}
	trails_close(&pool);
}

/* Times of a connection that lasts for years stay right to the microsecond, and a run ends where its length does not fit. */
static void long_lives_stay_exact(void **state)
{
	static const int64_t minute = 60 * NS_PER_SEC;
	static struct rare none;
	struct trail_pool pool;
	struct trail out;

	assert_true(trails_open(&pool, 1));
	for (int64_t step = 1; step < 2000 * 24 * 60 * minute; step *= 3) {
		struct flow f = { .start = 77, .rare = &none, .trail = trail_take(&pool) };
		struct pkt p = { .ts = 77, .flags = TCP_ACK };

		for (int i = 0; i < 18; i++, p.ts += step)
			trail_add(&pool, &f, i < 4 ? i & 1 : 0, &p, NOTE_NONE, p.ts, 0);
		trail_copy(&pool, f.trail, 5, &out);
		assert_in_range(out.n, 5, step <= 2 * minute ? 5 : 18);
		for (uint32_t i = 0, at = 0; i < out.n; at += out.seg[i++].count) {
			int64_t t = at * step, t_last = (at + out.seg[i].count - 1) * step;

			assert_in_range(t - out.seg[i].t, 0, i + 1 < out.n && t >= INT64_C(1) << 55 ? 999 : 0);
			assert_in_range(t_last - out.seg[i].t_last, 0, i + 1 < out.n ? 1998 : 0);
		}
		trail_give(&pool, f.trail);
	}
	trails_close(&pool);
}

/* The store's: whoever came longest ago gives way, be it for want of entries or of room for segments. */
static void the_oldest_give_way(void **state)
{
	enum { MAX = 20, LAST = 3000 };
	static struct trail kept[LAST], out;
	struct random r = { 13 };
	struct err err = ERR_INIT;
	struct trails t;
	uint32_t first = 0;

	assert_true(trails_init(&t, MAX, &err));
	for (uint32_t i = 0; i < LAST; i++) {
		struct trail *k = &kept[i];

		*k = (struct trail){ .uid = i + 1, .n = random_below(&r, TRAIL_SEGMENTS + 1), .skipped = i };
		for (uint32_t at = 0; at < k->n; at++)
			random_segment(&r, &k->seg[at]);
		trails_put(&t, k);
		while (!trails_get(&t, first + 1, &out))
			first++;
		assert_in_range(i - first + 1, i < 5 ? i + 1 : 5, MAX);
		for (uint32_t at = first; at <= i; at++) {
			assert_true(trails_get(&t, at + 1, &out));
			assert_same_trail(&kept[at], &out);
		}
	}
	for (uint32_t i = 0; i < LAST; i++)
		trails_drop(&t, i + 1);
	assert_int_equal(t.segments.used, 0);
	trails_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_come_out_as_they_went_in),
		cmocka_unit_test(chains_keep_what_they_are_given),
		cmocka_unit_test(first_and_last_ones_are_kept),
		cmocka_unit_test(long_lives_stay_exact),
		cmocka_unit_test(the_oldest_give_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
