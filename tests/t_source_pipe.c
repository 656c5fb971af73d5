/* Pipes as sources: never a wait for what is not there yet. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "capfile.h"
#include "capture/source.h"
#include "capture/spool.h"
#include "packet/pkt.h"
#include "reading.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/str.h"

/* Standard input as a pipe, fed piece by piece; `fed` is how much of f went in. */
struct feed {
	struct capfile f;
	size_t fed;
	int fd, old_stdin;
	struct source *s;
};

static void feed_begin(struct feed *feed)
{
	static const char *const name = "-";
	struct files_conf conf = { .file = &name, .files = 1 };
	struct err err = ERR_INIT;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	feed->old_stdin = dup(STDIN_FILENO);
	dup2(ends[0], STDIN_FILENO);
	close(ends[0]);
	feed->fd = ends[1];
	feed->s = open_files(&conf, 16, &err);
	assert_non_null(feed->s);
	got_n = 0;
}

static void feed_more(struct feed *feed, size_t upto)
{
	size_t n = upto - feed->fed;

	assert_int_equal(write(feed->fd, feed->f.bytes.s + feed->fed, n), n);
	feed->fed = upto;
}

static void feed_end(struct feed *feed)
{
	source_close(feed->s);
	dup2(feed->old_stdin, STDIN_FILENO);
	close(feed->old_stdin);
	str_free(&feed->f.bytes);
}

/* Whatever piece is missing, what is whole comes out at once and reading never waits. */
static void pipe_octet_by_octet(void **state)
{
	for (int kind = 0; kind < 4; kind++) {
		struct feed feed = { .f = { .link = CAPFILE_RAW, .ng = kind & 1, .big_endian = kind & 2 } };
		struct err err = ERR_INIT;
		size_t whole[4];

		capfile_begin(&feed.f);
		for (uint32_t i = 0; i < 4; i++) {
			capfile_syn(&feed.f, T0, 80, i);
			whole[i] = feed.f.bytes.len;
		}
		feed_begin(&feed);
		for (size_t at = 1, n = 0; at <= feed.f.bytes.len; at++) {
			feed_more(&feed, at);
			n += n < 4 && at == whole[n];
			assert_int_equal(drain(feed.s, 16, &err), SOURCE_IDLE);
			assert_int_equal(got_n, n);
		}
		close(feed.fd);
		assert_int_equal(drain(feed.s, 16, &err), SOURCE_END);
		assert_int_equal(got_n, 4);
		feed_end(&feed);
	}
}

static void pipe_cut_short(void **state)
{
	struct feed feed = { .f = { .link = CAPFILE_RAW } };
	struct err err = ERR_INIT;

	capfile_begin(&feed.f);
	capfile_syn(&feed.f, T0, 80, 1);
	feed_begin(&feed);
	feed_more(&feed, feed.f.bytes.len);
	assert_int_equal(drain(feed.s, 16, &err), SOURCE_IDLE);
	assert_int_equal(write(feed.fd, "abc", 3), 3);
	close(feed.fd);
	assert_int_equal(drain(feed.s, 16, &err), SOURCE_DAMAGED);
	assert_string_equal(err.text, "standard input: cut short in packet 2");
	assert_int_equal(got_n, 1);
	feed_end(&feed);
}

/* An error while reading is no end of the file. */
static void unreadable_spool(void **state)
{
	struct err err = ERR_INIT;
	struct spool *spool = spool_new(open("/", O_RDONLY), 0);
	FILE *f = spool_stream(spool, &err);
	char byte;

	assert_non_null(f);
	assert_false(spool_fill(spool));
	assert_true(spool_has_header(spool));
	errno = 0;
	assert_int_equal(fread(&byte, 1, 1, f), 0);
	assert_true(ferror(f) != 0);
	assert_int_equal(errno, EISDIR);
	fclose(f);
}

static void pipe_of_something_else(void **state)
{
	struct feed feed = { .fd = -1 };
	struct err err = ERR_INIT;

	str_add(&feed.f.bytes, "hello, world: no packets");
	feed_begin(&feed);
	feed_more(&feed, feed.f.bytes.len);
	assert_int_equal(drain(feed.s, 16, &err), SOURCE_FAILED);
	assert_string_equal(err.text, "standard input: neither pcap nor pcapng");
	close(feed.fd);
	feed_end(&feed);

	feed = (struct feed){ .fd = -1 };
	feed_begin(&feed);
	close(feed.fd);
	assert_int_equal(drain(feed.s, 16, &err), SOURCE_FAILED);
	assert_string_equal(err.text, "standard input: empty, not even a file header");
	feed_end(&feed);
}

static void waiting_ends_with_the_wake(void **state)
{
	struct feed feed = { .f = { .link = CAPFILE_RAW } };
	struct err err = ERR_INIT;
	int wake[2];
	int64_t start;

	capfile_begin(&feed.f);
	capfile_syn(&feed.f, T0, 80, 1);
	feed_begin(&feed);
	assert_int_equal(pipe(wake), 0);
	assert_int_equal(drain(feed.s, 16, &err), SOURCE_IDLE);
	start = clock_monotonic();
	source_wait(feed.s, wake[0], 30);
	assert_true(clock_monotonic() - start >= 25 * NS_PER_MS);
	assert_int_equal(write(wake[1], "!", 1), 1);
	source_wait(feed.s, wake[0], 60000);
	feed_more(&feed, feed.f.bytes.len);
	source_wait(feed.s, -1, 60000);
	assert_int_equal(drain(feed.s, 16, &err), SOURCE_IDLE);
	assert_int_equal(got_n, 1);
	assert_true(clock_monotonic() - start < 20 * NS_PER_SEC);
	close(wake[0]);
	close(wake[1]);
	close(feed.fd);
	feed_end(&feed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pipe_octet_by_octet),
		cmocka_unit_test(pipe_cut_short),
		cmocka_unit_test(unreadable_spool),
		cmocka_unit_test(pipe_of_something_else),
		cmocka_unit_test(waiting_ends_with_the_wake),
	};
	const struct CMUnitTest again[] = {
		cmocka_unit_test(pipe_octet_by_octet),
		cmocka_unit_test(pipe_cut_short),
		cmocka_unit_test(pipe_of_something_else),
		cmocka_unit_test(waiting_ends_with_the_wake),
	};
	int failed = cmocka_run_group_tests(tests, begin, finish);

	return failed + cmocka_run_group_tests(again, begin_ahead, finish);
}
