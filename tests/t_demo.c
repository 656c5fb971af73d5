/*
 * The built-in traffic: every role is a right script, frames come in order and again the
 * same, and all decode.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "capture/demo.h"
#include "capture/source.h"
#include "flow/engine.h"
#include "model/capture_stats.h"
#include "packet/pkt.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/hash.h"
#include "util/mem.h"
#include "util/str.h"

#define START (INT64_C(1767225600) * NS_PER_SEC)

static void every_role_is_a_right_script(void **state)
{
	struct demo *d = demo_new(1, START, false);
	size_t i, n;

	(void)state;
	for (i = 0; demo_role_name(i)[0]; i++)
		for (n = 0; n < 20; n++) {
			struct err err = ERR_INIT;
			struct str text = STR_INIT;
			struct script *s;

			demo_role_text(d, i, &text);
			s = script_new(text.s, NULL, &err);
			if (!s)
				fail_msg("%s: %s in\n%s", demo_role_name(i), err.text, text.s);
			assert_null(strpbrk(text.s, "{}"));
			assert_true(script_count(s) > 0);
			script_free(s);
			str_free(&text);
		}
	assert_true(i >= 25);
	demo_free(d);
}

/* Plays at most `frames` and returns a hash of all that was played. */
static uint64_t digest(uint64_t seed, bool endless, size_t frames, size_t *played)
{
	struct demo *d = demo_new(seed, START, endless);
	const struct script_frame *f;
	int64_t last = START;
	uint64_t sum = 0;

	for (*played = 0; *played < frames && (f = demo_peek(d)); ++*played) {
		struct {
			uint64_t sum, bytes;
			int64_t ts;
		} all = { sum, hash_bytes(f->data, f->captured), f->ts };

		assert_true(f->ts >= last);
		assert_true(f->captured <= f->wire);
		last = f->ts;
		sum = hash_bytes(&all, sizeof(all));
		demo_take(d);
	}
	demo_free(d);
	return sum;
}

static void the_same_seed_plays_the_same_in_time_order(void **state)
{
	size_t n, m;
	uint64_t once;

	(void)state;
	once = digest(7, false, SIZE_MAX, &n);
	assert_true(n > 10000);
	assert_true(digest(7, false, SIZE_MAX, &m) == once);
	assert_int_equal(n, m);
	assert_false(digest(8, false, SIZE_MAX, &m) == once);
}

static void one_round_ends_and_endless_does_not(void **state)
{
	struct demo *d = demo_new(7, START, false);
	int64_t last = 0;
	size_t n;

	(void)state;
	for (; demo_peek(d); demo_take(d))
		last = demo_peek(d)->ts;
	demo_take(d);
	assert_null(demo_peek(d));
	assert_true(last >= START + (DEMO_ROUND_SECONDS - 5) * NS_PER_SEC);
	assert_true(last <= START + (DEMO_ROUND_SECONDS + 30) * NS_PER_SEC);
	demo_free(d);
	digest(7, true, 100000, &n);
	assert_int_equal(n, 100000);
}

static void the_source_decodes_every_frame(void **state)
{
	struct err err = ERR_INIT;
	struct source *s = source_open_demo(false, &err);
	struct capture_stats stats = { .packets = 0 };
	static struct pkt pkt[64];
	struct str words = STR_INIT;
	size_t n, total = 0, i;
	int64_t last = 0;
	enum source_state now;

	(void)state;
	assert_non_null(s);
	assert_false(s->live);
	do {
		source_wait(s, -1, 1000);
		now = source_read(s, pkt, 64, &n, &err);
		for (i = 0; i < n; i++) {
			assert_true(pkt[i].ts >= last);
			last = pkt[i].ts;
		}
		total += n;
	} while (now == SOURCE_READY);
	assert_int_equal(now, SOURCE_END);
	source_stats(s, &stats);
	assert_int_equal(stats.packets, total);
	for (i = 0; i < DROP_COUNT; i++)
		assert_int_equal(stats.dropped[i], 0);
	source_describe(s, &words);
	assert_string_equal(words.s, "demo");
	assert_string_equal(source_input(s, 0), "demo");
	assert_false(source_filter(s, "tcp", &err));
	str_free(&words);
	source_close(s);
}

/* By the clock: nothing from the future, and waiting ends when something is due. */
static void the_source_keeps_time(void **state)
{
	struct err err = ERR_INIT;
	struct source *s = source_open_demo(true, &err);
	int64_t begin = clock_wall();
	static struct pkt pkt[64];
	size_t n, total = 0, i;

	(void)state;
	assert_true(s->live);
	while (total < 10 && clock_wall() < begin + 10 * NS_PER_SEC) {
		while (source_read(s, pkt, 64, &n, &err) == SOURCE_READY)
			total += n;
		for (i = 0; i < n; i++) {
			assert_true(pkt[i].ts <= clock_wall());
			assert_true(pkt[i].ts >= begin);
		}
		total += n;
		source_wait(s, -1, 100);
	}
	assert_true(total >= 10);
	source_close(s);
}

#define SLOTS 4096

/*
 * Rows of the engine as they stand: of live slots the newest, of ended connections the
 * count of their endings.
 */
struct seen {
	struct block block;
	bool done;
	uint64_t ended[ENDING_COUNT], open;
	struct connection live[SLOTS];
	struct {
		struct connection c;
		bool known;
		size_t role;
		bool has_role;
	} first[65536]; /* by client port: the first generation */
};

static struct block *take(void *arg)
{
	struct seen *seen = arg;

	seen->block = (struct block){ .rows = 0 };
	return &seen->block;
}

static void note(struct seen *seen, const struct connection *c)
{
	uint16_t port = c->tuple.port[c->tuple.port[CLIENT] < 32768];

	if (c->generation > 1)
		return;
	seen->first[port].c = *c;
	seen->first[port].known = true;
}

static void give(void *arg, struct block *b)
{
	struct seen *seen = arg;
	uint32_t i;

	for (i = 0; i < b->rows; i++) {
		const struct row *row = &b->row[i];

		if (row->what == ROW_LATE)
			continue;
		assert_true(row->slot < SLOTS);
		memset(&seen->live[row->slot], 0, sizeof(seen->live[0]));
		if (row->what == ROW_LIVE)
			seen->live[row->slot] = row->c;
		else
			seen->ended[row->c.ending]++;
		note(seen, &row->c);
	}
	seen->done |= b->input_ended;
}

static void add_live(struct seen *seen)
{
	size_t i;

	for (i = 0; i < SLOTS; i++)
		if (seen->live[i].uid && seen->live[i].ending)
			seen->ended[seen->live[i].ending]++;
		else if (seen->live[i].uid)
			seen->open++;
}

static void judge_frame(struct seen *seen, struct engine *e, struct demo *d)
{
	const struct script_frame *f = demo_peek(d);
	struct pkt p;

	assert_int_equal(decode(link_find(demo_dlt(d)), f->data, f->captured, f->wire, &p), DROP_NONE);
	p.ts = f->ts;
	p.source = 0;
	if (p.kind == PKT_TCP) {
		uint16_t port = p.tuple.port[p.tuple.port[0] < 32768];

		seen->first[port].role = demo_role(d);
		seen->first[port].has_role = true;
	}
	engine_run(e, &p, 1);
	engine_tick(e, p.ts);
	engine_publish(e, 64);
	demo_take(d);
}

/*
 * live: what has been handed over after a round by the clock; else the round and `silence`
 * after it, to the end.
 */
static struct seen *judge(uint64_t seed, bool live, int64_t silence)
{
	struct seen *seen = mem_alloc(sizeof(*seen));
	const struct engine_conf conf = { .max_connections = SLOTS, .from_file = !live };
	const struct outlet outlet = { .take = take, .give = give, .arg = seen };
	struct err err = ERR_INIT;
	struct engine *e = engine_new(&conf, &outlet, &err);
	struct demo *d = demo_new(seed, START, live);
	int64_t end = START + DEMO_ROUND_SECONDS * NS_PER_SEC;

	assert_non_null(e);
	while (demo_peek(d) && (!live || demo_peek(d)->ts < end)) {
		end = live ? end : demo_peek(d)->ts;
		judge_frame(seen, e, d);
	}
	for (; silence > 0; silence -= NS_PER_SEC)
		engine_tick(e, end += NS_PER_SEC);
	if (live)
		engine_publish(e, SIZE_MAX);
	else
		engine_finish(e);
	assert_true(seen->done == !live);
	add_live(seen);
	engine_free(e);
	demo_free(d);
	return seen;
}

static void expect_every_ending(uint64_t seed, bool live)
{
	struct seen *seen = judge(seed, live, 0);
	size_t i;

	for (i = ENDING_NONE + 1; i < ENDING_COUNT; i++)
		if (!seen->ended[i])
			fail_msg("seed %u: no connection ended %s", (unsigned)seed, ending_info[i].name);
	assert_true(seen->open > 0);
	assert_true(seen->ended[ENDING_GRACEFUL] > 10 * seen->open);
	mem_free(seen);
}

static void one_round_shows_every_ending(void **state)
{
	(void)state;
	expect_every_ending(20260101, false);
}

static void three_minutes_of_the_screen_show_every_ending(void **state)
{
	(void)state;
	expect_every_ending(1, true);
	expect_every_ending(2, true);
	expect_every_ending(3, true);
}

static void every_connection_ends_as_its_play_says(void **state)
{
	struct seen *seen = judge(20260101, false, 1000 * NS_PER_SEC);
	size_t port, wrong = 0;

	(void)state;
	for (port = 32768; port < 65536; port++) {
		enum ending want;

		if (!seen->first[port].has_role)
			continue;
		want = demo_role_ending(seen->first[port].role);
		if (seen->first[port].known && seen->first[port].c.ending == want)
			continue;
		print_error("%s is %s (rule %u, %s), not %s\n", demo_role_name(seen->first[port].role),
			ending_info[seen->first[port].c.ending].name, seen->first[port].c.rule,
			seen->first[port].c.history, ending_info[want].name);
		wrong++;
	}
	assert_int_equal(wrong, 0);
	mem_free(seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_role_is_a_right_script),
		cmocka_unit_test(the_same_seed_plays_the_same_in_time_order),
		cmocka_unit_test(one_round_ends_and_endless_does_not),
		cmocka_unit_test(the_source_decodes_every_frame),
		cmocka_unit_test(the_source_keeps_time),
		cmocka_unit_test(one_round_shows_every_ending),
		cmocka_unit_test(three_minutes_of_the_screen_show_every_ending),
		cmocka_unit_test(every_connection_ends_as_its_play_says),
	};

	hash_seed(1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
