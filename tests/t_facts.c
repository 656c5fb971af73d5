/*
 * Events that findings are worked out from: what is kept of one says all that was put; and the steps of the timeline list
 * those there are, once each and in order of time, however they came, changed and went.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store/facts.h"
#include "store/timeline.h"

#define BASE (INT64_C(1700000000) * 1000000000)
#define ROOM 1024

static uint64_t state;

static uint64_t any(uint64_t n)
{
	state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (state >> 33) % n;
}

static struct addr any_addr(bool v4)
{
	struct addr a = { .b = { 0x20, 1 } };
	uint8_t b[4] = { 10, (uint8_t)any(256), (uint8_t)any(256), (uint8_t)any(256) };

	if (v4)
		return addr_of_v4(b);
	for (size_t i = 2; i < sizeof(a.b); i++)
		a.b[i] = (uint8_t)any(256);
	return a;
}

static int64_t any_span(void)
{
	static const int64_t some[] = { 0, 1, -1, 255, -4096, 1000000, INT64_C(90000000000), INT64_MAX, INT64_MIN };

	return some[any(sizeof(some) / sizeof(some[0]))];
}

static struct fact any_fact(uint64_t uid)
{
	struct fact f;

	memset(&f, 0, sizeof(f));
	f.uid = uid;
	f.kind = (uint8_t)any(FACT_KINDS);
	f.at = BASE + (int64_t)any(4 * STEP);
	f.port = (uint16_t)any(65536);
	f.client = any_addr(any(3) > 0);
	f.server = any_addr(any(3) > 0);
	f.flags = (uint16_t)(any(FACT_FLAGS + 1) & ~(unsigned)FACT_CLOSE);
	f.stage = (uint8_t)any(256);
	if (f.kind != FACT_OF_END)
		return f;
	f.ending = (uint8_t)any(ENDING_COUNT);
	if (f.ending == ENDING_UNREACHABLE) {
		f.via = any_addr(any(2));
		f.icmp_type = (uint8_t)any(256);
		f.icmp_code = (uint8_t)any(256);
		return f;
	}
	f.ttl_delta = (int8_t)any(256);
	f.silence = any_span();
	f.served = any_span();
	if (any(2)) {
		f.flags |= FACT_CLOSE;
		f.fin = f.at - (int64_t)any(STEP);
	}
	return f;
}

static void get(const struct facts *t, uint32_t i, struct fact *f)
{
	struct fact_times times;

	facts_get_ends(t, i, f);
	facts_get_times(t, &t->kept[i], &times);
	if (f->kind == FACT_OF_END && f->ending == ENDING_UNREACHABLE) {
		assert_true(times.fin == 0 && times.silence == 0 && times.served == 0);
		return;
	}
	f->fin = times.fin;
	f->silence = times.silence;
	f->served = times.served;
}

/* --- What is kept -------------------------------------------------------------------------------- */

static void what_is_kept_says_all_that_was_put(void **unused)
{
	struct facts t;
	struct fact got;

	(void)unused;
	state = 1;
	assert_true(facts_init(&t, ROOM));
	for (int n = 0; n < 100000; n++) {
		struct fact f = any_fact(1 + any(ROOM / 4));
		uint32_t i = facts_put(&t, &f);

		assert_true(i > 0);
		memset(&got, 0xaa, sizeof(got));
		get(&t, i - 1, &got);
		assert_memory_equal(&got, &f, sizeof(f));
		if (any(3) == 0)
			assert_true(facts_take(&t, f.uid, (enum fact_kind)f.kind));
	}
	for (uint64_t uid = 1; uid <= ROOM / 4; uid++)
		for (int kind = 0; kind < FACT_KINDS; kind++)
			facts_take(&t, uid, (enum fact_kind)kind);
	assert_int_equal(t.count, 0);
	assert_int_equal(t.spill.used, 0);
	facts_fini(&t);
}

/* All with as much as there can be: blocks run out before the table is full. What found no room is not half there. */
static void what_has_no_room_is_not_there(void **unused)
{
	struct facts t;
	struct fact f;
	uint32_t put = 0;

	(void)unused;
	state = 2;
	assert_true(facts_init(&t, ROOM));
	for (uint64_t uid = 1; uid <= 2 * ROOM; uid++) {
		memset(&f, 0, sizeof(f));
		f.uid = uid;
		f.at = BASE;
		f.kind = FACT_OF_END;
		f.ending = ENDING_UNREACHABLE;
		f.client = f.server = f.via = any_addr(false);
		put += facts_put(&t, &f) > 0;
	}
	assert_int_equal(put, ROOM / 2);
	assert_int_equal(t.count, put);
	/* One that grows beyond the room there is takes nothing with it. */
	assert_true(facts_take(&t, 1, FACT_OF_END));
	f.via = any_addr(true);
	f.client = f.server = f.via;
	f.uid = 2 * ROOM + 1;
	assert_true(facts_put(&t, &f) > 0);
	f.uid = 2 * ROOM + 2;
	f.client = any_addr(false);
	assert_true(facts_put(&t, &f) > 0);
	f.uid = 2 * ROOM + 1;
	assert_int_equal(facts_put(&t, &f), 0);
	assert_false(facts_take(&t, f.uid, FACT_OF_END));
	assert_int_equal(t.count, put);
	facts_clear(&t);
	assert_true(facts_put(&t, &f) > 0);
	facts_fini(&t);
}

/* --- Steps --------------------------------------------------------------------------------------- */

struct known {
	int64_t at[ROOM]; /* by uid; 0: it is not there */
	uint16_t flags[ROOM];
};

static bool before(const struct fact *a, const struct fact *b)
{
	return a->at < b->at || (a->at == b->at && a->uid < b->uid);
}

static void check_step(struct timeline *line, struct step *s, struct facts *t, const struct known *k)
{
	uint32_t due = 0;
	struct fact was = { .at = INT64_MIN }, f;

	timeline_order(line, s, t);
	for (uint64_t uid = 1; uid < ROOM; uid++)
		due += k->at[uid] && step_of(k->at[uid]) == s->at;
	assert_int_equal(s->moments, due);
	for (uint32_t i = 0; i < s->moments; i++, was = f) {
		facts_get_ends(t, moment_fact(s->moment[i]), &f);
		assert_true(before(&was, &f));
		assert_int_equal(f.at, k->at[f.uid]);
		assert_int_equal(!!(s->moment[i] & MOMENT_RARE), !!(k->flags[f.uid] & FACT_RARE));
	}
}

static void put(struct timeline *line, struct facts *t, struct known *k, const struct fact *f)
{
	uint32_t i;

	if (k->at[f->uid])
		timeline_stale(line, k->at[f->uid]);
	i = facts_put(t, f);
	assert_true(i > 0);
	timeline_note(line, t, i - 1);
	k->at[f->uid] = f->at;
	k->flags[f->uid] = f->flags;
}

static void steps_list_what_there_is_in_order(void **unused)
{
	static struct known k;
	struct timeline line = { .steps = 0 };
	struct facts t;

	(void)unused;
	state = 3;
	assert_true(facts_init(&t, 2 * ROOM));
	for (int n = 0; n < 60000; n++) {
		struct fact f = any_fact(1 + any(ROOM - 1));

		f.kind = FACT_OF_HELD;
		f.ending = 0;
		f.silence = f.served = f.fin = 0;
		if (any(4) == 0) /* some at the same time */
			f.at = BASE + (int64_t)any(4) * STEP;
		if (k.at[f.uid] && any(3) == 0) {
			timeline_stale(&line, k.at[f.uid]);
			assert_true(facts_take(&t, f.uid, FACT_OF_HELD));
			k.at[f.uid] = 0;
		} else {
			put(&line, &t, &k, &f);
		}
		if (any(50) == 0 && line.steps)
			check_step(&line, line.step[any(line.steps)], &t, &k);
	}
	for (size_t i = 0; i < line.steps; i++)
		check_step(&line, line.step[i], &t, &k);
	timeline_fini(&line);
	facts_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_kept_says_all_that_was_put),
		cmocka_unit_test(what_has_no_room_is_not_there),
		cmocka_unit_test(steps_list_what_there_is_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
