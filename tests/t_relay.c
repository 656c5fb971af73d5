/* Places going round between two threads: order, waiting, pausing, holding, leaving. */
#include "config.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

#include "util/relay.h"

#define PLACES 4
#define ROUNDS 200000

struct belt {
	struct relay *relay;
	unsigned place[PLACES]; /* plain memory: ThreadSanitizer judges whether it is passed on properly */
	unsigned rounds, pause_every;
	atomic_uint filled;
};

static void *fill(void *arg)
{
	struct belt *b = arg;
	size_t at;

	for (unsigned i = 0; i < b->rounds && (at = relay_fill(b->relay)) != RELAY_CLOSED; i++) {
		b->place[at] = i;
		b->filled++;
		relay_filled(b->relay, i % b->pause_every == b->pause_every - 1 || i == b->rounds - 1);
	}
	relay_leave(b->relay);
	return NULL;
}

static void belt_begin(struct belt *b, pthread_t *thread)
{
	b->relay = relay_new(PLACES);
	assert_int_equal(pthread_create(thread, NULL, fill, b), 0);
	assert_int_equal(b->filled, 0);
	relay_release(b->relay);
}

static void belt_end(struct belt *b, pthread_t thread)
{
	relay_close(b->relay);
	pthread_join(thread, NULL);
	relay_free(b->relay);
}

static void everything_arrives_in_order(void **state)
{
	static const unsigned pauses[] = { 1, 2, 7, ROUNDS };

	for (int k = 0; k < 4; k++) {
		struct belt b = { .rounds = ROUNDS / 4, .pause_every = pauses[k] };
		pthread_t thread;

		belt_begin(&b, &thread);
		for (unsigned i = 0; i < b.rounds; i++) {
			size_t at = relay_take(b.relay);

			assert_in_range(at, 0, PLACES - 1);
			assert_int_equal(b.place[at], i);
			relay_emptied(b.relay);
		}
		belt_end(&b, thread);
	}
}

/* Until what was filled with a pause is emptied, nothing more is filled. */
static void a_pause_is_one(void **state)
{
	struct belt b = { .rounds = 1000, .pause_every = 2 };
	pthread_t thread;

	belt_begin(&b, &thread);
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(b.place[relay_take(b.relay)], i);
		if (i % 100 == 1) {
			usleep(2000);
			assert_int_equal(b.filled, i + 1);
		}
		relay_emptied(b.relay);
	}
	belt_end(&b, thread);
}

static void held_means_untouched(void **state)
{
	struct belt b = { .rounds = ROUNDS, .pause_every = ROUNDS };
	unsigned before;
	pthread_t thread;

	belt_begin(&b, &thread);
	for (unsigned i = 0; i < ROUNDS; i++) {
		if (i % 1000 == 0 || i == ROUNDS - 1) {
			relay_hold(b.relay);
			before = b.filled;
			usleep(20);
			assert_int_equal(b.filled, before);
			relay_release(b.relay);
		}
		assert_int_equal(b.place[relay_take(b.relay)], i);
		relay_emptied(b.relay);
	}
	relay_hold(b.relay); /* it has left: no wait */
	relay_release(b.relay);
	belt_end(&b, thread);
}

/* Closing ends the filler wherever it is: filling, asleep for room, pausing. */
static void closing_ends_it(void **state)
{
	for (int i = 0; i < 30; i++) {
		struct belt b = { .rounds = UINT32_MAX, .pause_every = i % 3 ? 1000 : 1 };
		pthread_t thread;

		belt_begin(&b, &thread);
		usleep((useconds_t)i * 100);
		for (int k = 0; k < i % 4; k++) {
			relay_take(b.relay);
			relay_emptied(b.relay);
		}
		belt_end(&b, thread);
	}
	relay_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_arrives_in_order),
		cmocka_unit_test(a_pause_is_one),
		cmocka_unit_test(held_means_untouched),
		cmocka_unit_test(closing_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
