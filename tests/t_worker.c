/*
 * The capture thread with a source and an engine of the test's own: who waits for whom, in which order things
 * arrive, how fast it stops. The engine's stand-in hands every packet's seq on as the slot of a row.
 */
#include "config.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "capture/worker.h"
#include "flow/engine.h"
#include "packet/pkt.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/mem.h"

/* --- An engine that only counts ------------------------------------------------------------------------------- */

#define PENDING_MOST (1 << 22)

struct engine {
	struct outlet outlet;
	bool from_file;
	uint32_t seen, published;
	uint64_t watched;
	struct capture_stats stats;
};

static atomic_int ticks, refused, publishings;
static atomic_bool engine_missing;

struct engine *engine_new(const struct engine_conf *conf, const struct outlet *outlet, struct err *err)
{
	struct engine *e;

	if (engine_missing) {
		err_set(err, "no memory");
		return NULL;
	}
	e = mem_alloc(sizeof(*e));
	e->outlet = *outlet;
	e->from_file = conf->from_file;
	return e;
}

void engine_free(struct engine *e)
{
	mem_free(e);
}

void engine_run(struct engine *e, const struct pkt *pkt, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(pkt[i].seq, e->seen);
		e->seen++;
	}
}

bool engine_tick(struct engine *e, int64_t now)
{
	assert_false(e->from_file);
	assert_true(now <= clock_wall());
	ticks++;
	return true;
}

void engine_stats(struct engine *e, const struct capture_stats *stats)
{
	e->stats = *stats;
}

void engine_watch(struct engine *e, uint64_t uid)
{
	e->watched = uid;
}

static struct block *next_block(struct engine *e)
{
	struct block *b = e->outlet.take(e->outlet.arg);

	if (!b) {
		refused++;
		return NULL;
	}
	assert_int_equal(b->rows, 0);
	assert_int_equal(b->trails, 0);
	assert_false(b->input_ended);
	b->stats_valid = true;
	b->stats = e->stats;
	b->stats.evicted = e->watched;
	return b;
}

bool engine_publish(struct engine *e, size_t budget)
{
	struct block *b;

	publishings++;
	while (e->published < e->seen && budget > 0) {
		b = next_block(e);
		if (!b)
			return false;
		while (b->rows < BLOCK_ROWS && e->published < e->seen && budget > 0) {
			b->row[b->rows++].slot = e->published++;
			budget--;
		}
		e->outlet.give(e->outlet.arg, b);
	}
	return e->published == e->seen;
}

void engine_finish(struct engine *e)
{
	struct block *b;

	while (!engine_publish(e, 1000))
		;
	b = next_block(e);
	assert_non_null(b);
	b->input_ended = true;
	e->outlet.give(e->outlet.arg, b);
}

/* --- A source that makes numbered packets --------------------------------------------------------------------- */

struct numbers {
	struct source head;
	uint32_t next, most; /* then it ends, or is idle when live */
	enum source_state end;
	bool warned;
};

static atomic_uint numbers_made;
static atomic_bool numbers_closed;

static enum source_state numbers_read(struct source *head, struct pkt *pkt, size_t room, size_t *n,
	struct err *err)
{
	struct numbers *s = (struct numbers *)head;

	if (s->head.piped) {
		usleep(1000);
		room = 10;
	}
	for (*n = 0; *n < room && s->next < s->most; (*n)++) {
		memset(&pkt[*n], 0, sizeof(pkt[*n]));
		pkt[*n].ts = s->head.live ? clock_wall() : s->next;
		pkt[*n].seq = s->next++;
	}
	numbers_made = s->next;
	if (!s->warned && s->next >= 1000) {
		s->warned = true;
		err_set(err, "a thousand");
		return SOURCE_WARNING;
	}
	if (s->next < s->most)
		return SOURCE_READY;
	if (s->head.live || s->head.piped)
		return SOURCE_IDLE;
	if (s->end != SOURCE_END)
		err_set(err, "the end");
	return s->end;
}

static void numbers_wait(struct source *head, int wake_fd, int timeout_ms)
{
	struct pollfd fd = { .fd = wake_fd, .events = POLLIN };

	poll(&fd, 1, timeout_ms);
}

static bool numbers_filter(struct source *head, const char *text, struct err *err)
{
	return strcmp(text, "bad") != 0 || err_set(err, "bad filter");
}

static void numbers_stats(struct source *head, struct capture_stats *stats)
{
	stats->packets = ((struct numbers *)head)->next;
}

static void numbers_close(struct source *head)
{
	numbers_closed = true;
	mem_free(head);
}

static const struct source_ops numbers_ops = {
	.read = numbers_read,
	.wait = numbers_wait,
	.filter = numbers_filter,
	.stats = numbers_stats,
	.close = numbers_close,
};

static struct worker *start_source(bool live, bool piped, uint32_t most, enum source_state end)
{
	static const struct engine_conf conf = { .max_connections = 16 };
	struct numbers *s = mem_alloc(sizeof(*s));
	struct err err = ERR_INIT;
	struct worker *w;

	*s = (struct numbers){ .head = { &numbers_ops, live, piped }, .most = most, .end = end };
	numbers_made = 0;
	numbers_closed = false;
	ticks = refused = publishings = 0;
	w = worker_start(&s->head, &conf, &err);
	assert_non_null(w);
	return w;
}

static struct worker *start(bool live, uint32_t most, enum source_state end)
{
	return start_source(live, false, most, end);
}

/* --- A viewer ------------------------------------------------------------------------------------------------- */

struct viewer {
	uint32_t next;		/* the row that must come next */
	uint64_t watched;
	int blocks, warnings, filters;
	bool input_ended, over;
	enum source_state how;
	struct capture_stats stats;
	struct err err, answer;
};

static void view(struct viewer *v, struct worker *w, const struct worker_news *news)
{
	assert_false(v->over);
	switch (news->word) {
	case WORKER_BLOCK:
		assert_false(v->input_ended);
		for (uint32_t i = 0; i < news->block->rows; i++)
			assert_int_equal(news->block->row[i].slot, v->next++);
		v->blocks++;
		v->watched = news->block->stats.evicted;
		v->stats = news->block->stats;
		v->input_ended = news->block->input_ended;
		worker_return(w, news->block);
		break;
	case WORKER_WARNING:
		assert_string_equal(news->err.text, "a thousand");
		v->warnings++;
		break;
	case WORKER_FILTER:
		v->filters++;
		v->answer = news->err;
		break;
	case WORKER_OVER:
		v->over = true;
		v->how = news->how;
		v->err = news->err;
		break;
	}
}

/* Takes what there is; waits at most `ms` for the first thing. */
static void look(struct viewer *v, struct worker *w, int ms)
{
	struct pollfd fd = { .fd = worker_fd(w), .events = POLLIN };
	struct worker_news news;

	poll(&fd, 1, ms);
	while (worker_next(w, &news))
		view(v, w, &news);
}

static void look_until_over(struct viewer *v, struct worker *w)
{
	int64_t until = clock_monotonic() + 60 * NS_PER_SEC;

	while (!v->over && clock_monotonic() < until)
		look(v, w, 1000);
	assert_true(v->over);
	assert_true(v->input_ended);
}

/* --- Tests ---------------------------------------------------------------------------------------------------- */

static void a_file_waits_for_the_viewer(void **state)
{
	const unsigned most = 3 << 20;
	struct worker *w = start(false, most, SOURCE_END);
	struct viewer v = { 0 };
	unsigned made = 0;

	/* A pass begins after a million packets, and finds few blocks. */
	for (int i = 0; i < 100 && (made == 0 || made != numbers_made); i++) {
		made = numbers_made;
		usleep(50000);
	}
	assert_true(numbers_made < 2 << 20);
	look_until_over(&v, w);
	assert_int_equal(v.next, most);
	assert_int_equal(v.how, SOURCE_END);
	assert_int_equal(v.stats.packets, most);
	assert_int_equal(v.warnings, 1);
	assert_int_equal(ticks, 0);
	assert_int_equal(refused, 0);
	worker_free(w);
	assert_true(numbers_closed);
}

/* Ten thousand packets a second, without a pause: nobody waits for a million of them. */
static void a_pipe_is_shown_while_it_comes(void **state)
{
	struct worker *w = start_source(false, true, 2000000000, SOURCE_END);
	struct viewer v = { 0 };

	for (int i = 0; i < 100 && v.next == 0; i++)
		look(&v, w, 100);
	assert_true(v.next > 0 && numbers_made < 1 << 20);
	worker_free(w);
	assert_true(numbers_closed);
}

/* What is counted belongs to what is shown, also when nothing more comes for a while. */
static void a_pipe_that_pauses_has_told_all(void **state)
{
	struct worker *w = start_source(false, true, 500, SOURCE_END);
	struct viewer v = { 0 };

	for (int i = 0; i < 100 && v.next < 500; i++)
		look(&v, w, 100);
	assert_int_equal(v.next, 500);
	assert_int_equal(v.stats.packets, 500);
	worker_free(w);
}

static void words_come_after_the_last_block(void **state)
{
	static const enum source_state ends[] = { SOURCE_DAMAGED, SOURCE_GONE, SOURCE_FAILED };

	for (int i = 0; i < 3; i++) {
		struct worker *w = start(false, 10, ends[i]);
		struct viewer v = { 0 };

		look_until_over(&v, w);
		assert_int_equal(v.next, 10);
		assert_int_equal(v.how, ends[i]);
		assert_string_equal(v.err.text, "the end");
		worker_free(w);
	}
}

static void a_device_never_waits(void **state)
{
	struct worker *w = start(true, PENDING_MOST, SOURCE_END);
	int64_t until = clock_monotonic() + 30 * NS_PER_SEC;
	struct viewer v = { 0 };

	/* Nobody looks, and yet everything is read. */
	while (numbers_made < PENDING_MOST && clock_monotonic() < until)
		usleep(1000);
	assert_int_equal(numbers_made, PENDING_MOST);
	usleep(150000);
	assert_true(ticks > 0);
	worker_stop(w);
	look_until_over(&v, w);
	assert_int_equal(v.next, PENDING_MOST);
	assert_int_equal(v.how, SOURCE_END);
	worker_free(w);
}

static void stops_at_once_when_idle(void **state)
{
	int64_t begin, took, best = NS_PER_SEC;

	for (int i = 0; i < 5; i++) {
		struct worker *w = start(true, 100, SOURCE_END);
		struct viewer v = { 0 };

		for (int k = 0; k < 1000 && numbers_made < 100; k++)
			usleep(5000);
		usleep(20000);
		begin = clock_monotonic();
		worker_stop(w);
		look_until_over(&v, w);
		took = clock_monotonic() - begin;
		best = took < best ? took : best;
		assert_int_equal(v.next, 100);
		worker_free(w);
	}
	assert_true(best < 50 * NS_PER_MS); /* a busy machine may delay some, not all */
}

static void is_freed_at_once_whatever_it_does(void **state)
{
	for (int i = 0; i < 8; i++) {
		struct worker *w = start(i & 1, 2000000000, SOURCE_END);
		struct viewer v = { 0 };
		int64_t begin;

		usleep(i * 2000);
		if (i & 2)
			look(&v, w, 100);
		if (i & 4)
			worker_stop(w);
		worker_watch(w, 5);
		worker_filter(w, "port 80");
		begin = clock_monotonic();
		worker_free(w);
		assert_true(clock_monotonic() - begin < 5 * NS_PER_SEC);
		assert_true(numbers_closed);
	}
	worker_free(NULL);
}

static void ticks_while_nothing_comes(void **state)
{
	struct worker *w = start(true, 0, SOURCE_END);

	usleep(550000);
	worker_free(w);
	assert_in_range(ticks, 2, 8);
}

static void orders_are_obeyed(void **state)
{
	struct worker *w = start(true, 1, SOURCE_END);
	struct viewer v = { 0 };

	worker_filter(w, "port 80");
	while (v.filters < 1)
		look(&v, w, 1000);
	assert_string_equal(v.answer.text, "");
	worker_filter(w, "bad");
	while (v.filters < 2)
		look(&v, w, 1000);
	assert_string_equal(v.answer.text, "bad filter");
	worker_watch(w, 77);
	worker_stop(w);
	look_until_over(&v, w);
	assert_int_equal(v.watched, 77);
	worker_free(w);
}

static bool published_within(int more_than, int ms)
{
	int64_t until = clock_monotonic() + ms * NS_PER_MS;

	while (publishings <= more_than && clock_monotonic() < until)
		usleep(2000);
	return publishings > more_than;
}

/* By itself it would take six seconds. */
static void changes_come_when_they_are_asked_for(void **state)
{
	struct worker *w = start(true, 1, SOURCE_END);
	int64_t begin;
	int before;

	worker_pace(w, 60 * NS_PER_SEC);
	assert_true(published_within(0, 5000));
	begin = clock_monotonic();
	for (int i = 0; i < 5; i++) {
		before = publishings;
		worker_pass(w);
		assert_true(published_within(before, 1000));
	}
	before = publishings;
	worker_watch(w, 1);
	assert_true(published_within(before, 1000));
	assert_true(clock_monotonic() - begin < 4 * NS_PER_SEC);
	worker_free(w);
}

static void without_an_engine(void **state)
{
	static const struct engine_conf conf = { .max_connections = 16 };
	struct numbers *s = mem_alloc(sizeof(*s));
	struct err err = ERR_INIT;

	s->head.ops = &numbers_ops;
	numbers_closed = false;
	engine_missing = true;
	assert_null(worker_start(&s->head, &conf, &err));
	engine_missing = false;
	assert_string_equal(err.text, "no memory");
	assert_true(numbers_closed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_waits_for_the_viewer),
		cmocka_unit_test(a_pipe_is_shown_while_it_comes),
		cmocka_unit_test(a_pipe_that_pauses_has_told_all),
		cmocka_unit_test(words_come_after_the_last_block),
		cmocka_unit_test(a_device_never_waits),
		cmocka_unit_test(stops_at_once_when_idle),
		cmocka_unit_test(is_freed_at_once_whatever_it_does),
		cmocka_unit_test(ticks_while_nothing_comes),
		cmocka_unit_test(orders_are_obeyed),
		cmocka_unit_test(changes_come_when_they_are_asked_for),
		cmocka_unit_test(without_an_engine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
