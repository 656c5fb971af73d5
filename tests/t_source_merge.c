/* Several files as one source: the order of their packets, however few of them may be open. */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "capfile.h"
#include "capture/source.h"
#include "packet/pkt.h"
#include "reading.h"
#include "util/clock.h"
#include "util/err.h"

static void merged_in_time_order(void **state)
{
	static const char *const names[] = { "a", "b", "c" };
	struct files_conf conf = { .file = names, .files = 3 };
	struct capfile raw = { .link = CAPFILE_RAW }, ether = { .link = CAPFILE_ETHERNET, .ng = true };
	struct err err = ERR_INIT;

	write_syns("a", raw, T0, 2000, 50, 1000);	    /* even microseconds */
	write_syns("b", ether, T0 + 1000, 2000, 50, 2000);  /* odd ones */
	write_syns("c", raw, T0 + 1000, 4000, 25, 3000);    /* some of the odd ones again */
	for (size_t batch = 1; batch < 100; batch += 33) {
		assert_int_equal(read_files(&conf, batch, &err), SOURCE_END);
		assert_int_equal(got_n, 125);
		for (size_t i = 1; i < got_n; i++)
			assert_true(got[i - 1].ts < got[i].ts ||
				(got[i - 1].ts == got[i].ts && got[i - 1].source < got[i].source));
	}
	for (int i = 0; i < 3; i++)
		unlink(names[i]);
}

static void rotated_files(void **state)
{
	static char name[40][8];
	const char *names[40];
	struct files_conf conf = { .file = names, .files = 40 };
	struct err err = ERR_INIT;

	for (int i = 0; i < 40; i++) {
		snprintf(name[i], sizeof(name[i]), "r%d", i);
		names[39 - i] = name[i]; /* given the wrong way round */
		write_syns(name[i], (struct capfile){ .link = CAPFILE_RAW }, T0 + i * NS_PER_SEC,
			1000, 60, (uint32_t)i * 60);
	}
	assert_int_equal(read_files(&conf, 64, &err), SOURCE_END);
	assert_int_equal(got_n, 40 * 60);
	for (size_t i = 0; i < got_n; i++)
		assert_int_equal(got[i].seq, i);
	for (int i = 0; i < 40; i++)
		unlink(name[i]);
}

/* What merging means, told from the files one by one: of all next packets the earliest, of two that of the first file. */
static size_t merge_slowly(const struct files_conf *conf, struct pkt *out)
{
	static struct pkt each[MOST];
	size_t from[8] = { 0 }, n[8], at[8], total = 0, k = 0;

	for (size_t i = 0; i < conf->files; i++) {
		struct files_conf one = { .file = conf->file + i, .files = 1, .filter = conf->filter };
		struct err err = ERR_INIT;

		assert_int_equal(read_files(&one, 16, &err), SOURCE_END);
		memcpy(each + total, got, got_n * sizeof(*got));
		from[i] = at[i] = total;
		total += n[i] = got_n;
	}
	while (k < total) {
		size_t first = SIZE_MAX;

		for (size_t i = 0; i < conf->files; i++)
			if (at[i] < from[i] + n[i] && (first == SIZE_MAX || each[at[i]].ts < each[at[first]].ts))
				first = i;
		out[k] = each[at[first]++];
		out[k++].source = (uint8_t)first;
	}
	return total;
}

/* However few may be open at a time, and whatever order packets have in their file. */
static void merged_with_few_open(void **state)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f" };
	static struct pkt want[MOST];

	for (unsigned seed = 0; seed < 60; seed++) {
		struct files_conf conf = { .file = names, .files = 6, .most_open = seed % 4,
			.filter = seed % 5 == 0 ? "dst port 81" : NULL };
		struct err err = ERR_INIT;
		size_t n;

		srand(seed);
		for (int i = 0; i < 6; i++) {
			struct capfile f = { .link = CAPFILE_RAW, .ng = rand() % 4 == 0, .big_endian = rand() % 4 == 0 };
			int64_t at = T0 + rand() % 5 * NS_PER_SEC;

			capfile_begin(&f);
			for (uint32_t k = 0, packets = (uint32_t)rand() % 60; k < packets; k++) {
				at += (rand() % 10 - (seed % 3 == 0 ? 2 : 0)) * 100 * NS_PER_MS;
				capfile_syn(&f, at, (uint16_t)(80 + rand() % 3), (uint32_t)(i * 100) + k);
			}
			capfile_write(&f, names[i]);
			str_free(&f.bytes);
		}
		n = merge_slowly(&conf, want);
		assert_int_equal(read_files(&conf, 1 + seed * 3, &err), SOURCE_END);
		assert_int_equal(got_n, n);
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(got[i].seq, want[i].seq);
			assert_int_equal(got[i].ts, want[i].ts);
			assert_int_equal(got[i].source, want[i].source);
		}
	}
	for (int i = 0; i < 6; i++)
		unlink(names[i]);
}

/* Gone, or another file, when its time has come: said by name, and the others are read. */
static void gone_before_its_time(void **state)
{
	static const char *const names[] = { "a", "b", "c" };
	struct files_conf conf = { .file = names, .files = 3, .most_open = 1 };

	for (int put_another = 0; put_another < 2; put_another++) {
		struct err err = ERR_INIT;
		struct source *s;

		for (int i = 0; i < 3; i++)
			write_syns(names[i], (struct capfile){ .link = CAPFILE_RAW }, T0 + i * NS_PER_SEC, 1000,
				400, (uint32_t)i * 400);
		s = source_open_files(&conf, &err);
		assert_non_null(s);
		assert_false(source_filter(s, "nonsense words", &err));
		if (put_another) {
			write_syns("d", (struct capfile){ .link = CAPFILE_RAW }, T0, 1000, 9, 0);
			assert_int_equal(rename("d", "b"), 0);
		} else
			unlink("b");
		got_n = 0;
		assert_int_equal(drain(s, 64, &err), SOURCE_DAMAGED);
		assert_int_equal(err.code, put_another ? ESTALE : ENOENT);
		assert_memory_equal(err.text, "b: ", 3);
		assert_int_equal(got_n, 800);
		source_close(s);
	}
	for (int i = 0; i < 3; i++)
		unlink(names[i]);
}

/* A file on disk merged with a pipe: nothing later than the pipe's next packet may go before it. */
static void merged_with_a_pipe(void **state)
{
	const char *names[] = { "a", "fifo" };
	struct files_conf conf = { .file = names, .files = 2 };
	struct capfile f = { .link = CAPFILE_RAW };
	struct err err = ERR_INIT;
	struct source *s;
	FILE *out;

	write_syns("a", f, T0, 1000, 10, 100);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	s = open_files(&conf, 16, &err);
	assert_non_null(s);
	got_n = 0;
	assert_int_equal(drain(s, 16, &err), SOURCE_IDLE);
	assert_int_equal(got_n, 0);
	out = fopen("fifo", "wb");
	capfile_begin(&f);
	capfile_syn(&f, T0 + 4500, 80, 1);
	assert_int_equal(fwrite(f.bytes.s, f.bytes.len, 1, out), 1);
	fflush(out);
	assert_int_equal(drain(s, 16, &err), SOURCE_IDLE);
	assert_int_equal(got_n, 6); /* 0, 1, 2, 3, 4 and 4.5 us */
	assert_int_equal(got[5].seq, 1);
	fclose(out);
	assert_int_equal(drain(s, 16, &err), SOURCE_END);
	assert_int_equal(got_n, 11);
	source_close(s);
	str_free(&f.bytes);
	unlink("a");
	unlink("fifo");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merged_in_time_order),
		cmocka_unit_test(rotated_files),
		cmocka_unit_test(merged_with_few_open),
		cmocka_unit_test(gone_before_its_time),
		cmocka_unit_test(merged_with_a_pipe),
	};
	const struct CMUnitTest again[] = {
		cmocka_unit_test(merged_in_time_order),
		cmocka_unit_test(rotated_files),
		cmocka_unit_test(merged_with_few_open),
		cmocka_unit_test(merged_with_a_pipe),
	};
	int failed = cmocka_run_group_tests(tests, begin, finish);

	return failed + cmocka_run_group_tests(again, begin_ahead, finish);
}
