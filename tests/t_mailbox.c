/* Order, ownership and the file descriptor of a mailbox; and two threads that pass blocks round. */
#include "config.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "util/err.h"
#include "util/mailbox.h"

#define PASSES 100000
#define BLOCKS 8

static bool readable(const struct mailbox *m)
{
	struct pollfd fd = { .fd = mailbox_fd(m), .events = POLLIN };

	return poll(&fd, 1, 0) == 1;
}

static void order_and_room(void **state)
{
	struct err err = ERR_INIT;
	struct mailbox *m = mailbox_new(3, &err);
	int a, b, c, d, kind = 0;

	assert_null(mailbox_take(m, &kind));
	for (int round = 0; round < 5; round++) {
		assert_true(mailbox_put(m, 1, &a));
		assert_true(mailbox_put(m, 2, &b));
		assert_true(mailbox_put(m, 3, &c));
		assert_false(mailbox_put(m, 4, &d));
		assert_ptr_equal(mailbox_take(m, &kind), &a);
		assert_int_equal(kind, 1);
		assert_true(mailbox_put(m, 4, &d));
		assert_ptr_equal(mailbox_take(m, NULL), &b);
		assert_ptr_equal(mailbox_wait(m, &kind), &c);
		assert_ptr_equal(mailbox_wait(m, &kind), &d);
		assert_int_equal(kind, 4);
		assert_null(mailbox_take(m, &kind));
	}
	mailbox_free(m);
}

static void the_descriptor_tells_the_truth(void **state)
{
	struct err err = ERR_INIT;
	struct mailbox *m = mailbox_new(2, &err);
	int a;

	assert_false(readable(m));
	mailbox_put(m, 0, &a);
	mailbox_put(m, 0, &a);
	assert_true(readable(m));
	mailbox_take(m, NULL);
	assert_true(readable(m));
	mailbox_take(m, NULL);
	assert_false(readable(m));
	mailbox_put(m, 0, &a);
	mailbox_close(m);
	mailbox_take(m, NULL);
	assert_true(readable(m));
	mailbox_free(m);
}

static void closed_gives_what_it_has(void **state)
{
	struct err err = ERR_INIT;
	struct mailbox *m = mailbox_new(2, &err);
	int a;

	mailbox_put(m, 0, &a);
	mailbox_close(m);
	mailbox_close(m);
	assert_false(mailbox_put(m, 0, &a));
	assert_ptr_equal(mailbox_wait(m, NULL), &a);
	assert_null(mailbox_wait(m, NULL));
	assert_null(mailbox_take(m, NULL));
	mailbox_free(m);
}

/* Plain memory that only its owner touches: the thread sanitizer would tell if two did. */
struct parcel {
	uint64_t number, filling[8];
};

struct pair {
	struct mailbox *filled, *empty;
};

static void *fill(void *arg)
{
	struct pair *pair = arg;
	struct parcel *p;

	for (uint64_t i = 0; i < PASSES; i++) {
		p = mailbox_wait(pair->empty, NULL);
		p->number = i;
		for (int j = 0; j < 8; j++)
			p->filling[j] = i * 8 + (uint64_t)j;
		if (!mailbox_put(pair->filled, 0, p))
			return p;
	}
	mailbox_close(pair->filled);
	return NULL;
}

static void two_threads_pass_blocks(void **state)
{
	static struct parcel parcel[BLOCKS];
	struct err err = ERR_INIT;
	struct pair pair = { mailbox_new(BLOCKS, &err), mailbox_new(BLOCKS, &err) };
	struct pollfd fd = { .fd = mailbox_fd(pair.filled), .events = POLLIN };
	struct parcel *p;
	uint64_t next = 0;
	pthread_t thread;
	void *failed;

	for (int i = 0; i < BLOCKS; i++)
		assert_true(mailbox_put(pair.empty, 0, &parcel[i]));
	assert_int_equal(pthread_create(&thread, NULL, fill, &pair), 0);
	for (;;) {
		assert_int_equal(poll(&fd, 1, 10000), 1);
		p = mailbox_take(pair.filled, NULL);
		if (!p)
			break;
		assert_int_equal(p->number, next++);
		for (int j = 0; j < 8; j++)
			assert_int_equal(p->filling[j], p->number * 8 + (uint64_t)j);
		assert_true(mailbox_put(pair.empty, 0, p));
	}
	assert_int_equal(next, PASSES);
	pthread_join(thread, &failed);
	assert_null(failed);
	mailbox_free(pair.filled);
	mailbox_free(pair.empty);
}

static void *wait_for_close(void *arg)
{
	return mailbox_wait(arg, NULL);
}

static void close_ends_waiting(void **state)
{
	struct err err = ERR_INIT;
	struct mailbox *m = mailbox_new(1, &err);
	pthread_t thread;
	void *got = m;

	assert_int_equal(pthread_create(&thread, NULL, wait_for_close, m), 0);
	mailbox_close(m);
	pthread_join(thread, &got);
	assert_null(got);
	mailbox_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_and_room),
		cmocka_unit_test(the_descriptor_tells_the_truth),
		cmocka_unit_test(closed_gives_what_it_has),
		cmocka_unit_test(two_threads_pass_blocks),
		cmocka_unit_test(close_ends_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
