/* Files as sources: every kind of header, what is saved and filtered, and what is said of the bad ones. */
#include "config.h"

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
#include "model/capture_stats.h"
#include "packet/pkt.h"
#include "reading.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/str.h"

static void every_kind_of_header(void **state)
{
	for (int kind = 0; kind < 8; kind++) {
		struct capfile like = { .big_endian = kind & 1, .nanoseconds = kind & 2, .ng = kind & 4,
			.link = CAPFILE_RAW };
		struct err err = ERR_INIT;

		write_syns("a", like, T0 + 123456789, NS_PER_SEC, 100, 1);
		assert_int_equal(read_file("a", &err), SOURCE_END);
		assert_int_equal(got_n, 100);
		assert_int_equal(got[0].ts, T0 + (like.nanoseconds ? 123456789 : 123456000));
		assert_int_equal(got[99].seq, 100);
		assert_int_equal(got[99].tuple.port[1], 80);
		assert_int_equal(got[99].source, 0);
	}
	unlink("a");
}

/* More than is read at once: packets that lie across the edges come out whole. */
static void read_longer(bool ng)
{
	const char *name = "a";
	struct files_conf conf = { .file = &name, .files = 1 };
	struct capfile f = { .link = CAPFILE_ETHERNET, .ng = ng };
	static char padding[1400] = { [12] = 0x08, [13] = 0x06 };
	struct capture_stats stats = { 0 };
	struct err err = ERR_INIT;
	struct source *s;

	capfile_begin(&f);
	for (uint32_t i = 0; i < 3000; i++) {
		capfile_syn(&f, T0 + i, 80, i);
		capfile_packet(&f, T0 + i, padding, 14 + i * 7 % 1386);
	}
	capfile_write(&f, "a");
	s = open_files(&conf, 100, &err);
	got_n = 0;
	assert_int_equal(drain(s, 100, &err), SOURCE_END);
	assert_int_equal(got_n, 3000);
	for (uint32_t i = 0; i < 3000; i++)
		assert_int_equal(got[i].seq, i);
	source_stats(s, &stats);
	assert_int_equal(stats.packets, 6000);
	assert_int_equal(stats.dropped[DROP_NOT_IP], 3000);
	assert_int_equal(stats.file_bytes_read, f.bytes.len);
	source_close(s);
	str_free(&f.bytes);
	unlink("a");
}

static void longer_than_a_buffer(void **state)
{
	(void)state;
	read_longer(false);
	read_longer(true);
}

/* What is odd in a plain file is libpcap's to make sense of, and it goes on behind that. */
static void odd_packets_among_plain_ones(void **state)
{
	struct capfile f = { .link = CAPFILE_RAW };
	uint8_t *head, *long_one, *late, *fast;
	struct err err = ERR_INIT;

	capfile_begin(&f);
	for (uint32_t i = 0; i < 60; i++)
		capfile_syn(&f, T0 + i * NS_PER_SEC, 80, i);
	head = (uint8_t *)f.bytes.s;
	/* The file says that packets have 39 octets at most: the options of these are cut off. */
	head[16] = 39;
	head[17] = head[18] = 0;
	capfile_write(&f, "a");
	assert_int_equal(read_file("a", &err), SOURCE_END);
	assert_int_equal(got_n, 0);
	head[16] = 44;
	long_one = head + 24 + 10 * 56;
	late = head + 24 + 20 * 56;
	fast = head + 24 + 30 * 56;
	memset(late, 0xff, 4);	    /* 2106, or 1969 */
	memset(fast + 4, 0x7f, 4);  /* far more than a second of microseconds */
	long_one[8] = long_one[12] = 40 + 56; /* longer than the file says: it swallows the next one */
	capfile_write(&f, "a");
	assert_int_equal(read_file("a", &err), SOURCE_END);
	assert_int_equal(got_n, 59);
	for (uint32_t i = 0; i < 59; i++)
		assert_int_equal(got[i].seq, i < 11 ? i : i + 1);
	assert_int_equal(got[58].ts, T0 + 59 * NS_PER_SEC);
	str_free(&f.bytes);
	unlink("a");
}

static void a_header_and_no_packet(void **state)
{
	struct err err = ERR_INIT;

	write_syns("a", (struct capfile){ .link = CAPFILE_RAW }, T0, 0, 0, 0);
	assert_int_equal(read_file("a", &err), SOURCE_END);
	assert_int_equal(got_n, 0);
	unlink("a");
}

static void cut_short(void **state)
{
	for (int ng = 0; ng < 2; ng++) {
		struct capfile f = { .link = CAPFILE_RAW, .ng = ng };
		struct err err = ERR_INIT;
		size_t two;

		capfile_begin(&f);
		capfile_syn(&f, T0, 80, 1);
		capfile_syn(&f, T0, 80, 2);
		two = f.bytes.len;
		capfile_syn(&f, T0, 80, 3);
		for (size_t len = two + 1; len < f.bytes.len; len++) {
			write_bytes("a", f.bytes.s, len);
			assert_int_equal(read_file("a", &err), SOURCE_DAMAGED);
			assert_string_equal(err.text, "a: cut short in packet 3");
			assert_int_equal(got_n, 2);
		}
		str_free(&f.bytes);
	}
	unlink("a");
}

static void damaged_in_the_middle(void **state)
{
	struct capfile f = { .link = CAPFILE_RAW };
	static const char *const names[] = { "a", "b" };
	struct files_conf both = { .file = names, .files = 2 };
	struct err err = ERR_INIT;

	capfile_begin(&f);
	for (uint32_t i = 0; i < 9; i++)
		capfile_syn(&f, T0 + i, 80, i);
	memset(f.bytes.s + 24 + 4 * (16 + CAPFILE_SYN) + 8, 0x7f, 4);
	capfile_write(&f, "a");
	assert_int_equal(read_file("a", &err), SOURCE_DAMAGED);
	assert_non_null(strstr(err.text, "a: damaged in packet 5: "));
	assert_int_equal(got_n, 4);

	/* What the other file has is still read. */
	write_syns("b", (struct capfile){ .link = CAPFILE_RAW }, T0, 1000, 20, 100);
	assert_int_equal(read_files(&both, 7, &err), SOURCE_DAMAGED);
	assert_non_null(strstr(err.text, "a: damaged in packet 5: "));
	assert_int_equal(got_n, 24);
	str_free(&f.bytes);
	unlink("a");
	unlink("b");
}

static void no_capture_file(void **state)
{
	struct err err = ERR_INIT;

	assert_int_equal(read_file("a", &err), SOURCE_FAILED);
	assert_string_equal(err.text, "a: No such file or directory");
	assert_int_equal(read_file("/", &err), SOURCE_FAILED);
	assert_string_equal(err.text, "/: a directory");
	write_bytes("a", "", 0);
	assert_int_equal(read_file("a", &err), SOURCE_FAILED);
	assert_string_equal(err.text, "a: empty, not even a file header");
	write_bytes("a", "\xd4\xc3\xb2\xa1\2\0\4\0\0", 9);
	assert_int_equal(read_file("a", &err), SOURCE_FAILED);
	assert_string_equal(err.text, "a: cut short in the file header");
	write_bytes("a", "There is nothing to see here.", 29);
	assert_int_equal(read_file("a", &err), SOURCE_FAILED);
	assert_string_equal(err.text, "a: neither pcap nor pcapng");
	write_bytes("a", "\x1f\x8b\x08\0\0\0\0\0\0\3\3\0\0\0\0\0\0\0\0\0", 20);
	assert_int_equal(read_file("a", &err), SOURCE_FAILED);
	assert_string_equal(err.text, "a: packed with gzip; try: gzip -dc FILE | tcptop -r -");
	unlink("a");
}

static void absurd_times(void **state)
{
	struct capfile f = { .link = CAPFILE_RAW, .ng = true };
	struct err err = ERR_INIT;

	capfile_begin(&f);
	f.bytes.s[28 + 20] = 0; /* whole seconds, of 64 bits */
	capfile_syn(&f, INT64_MAX, 80, 1);
	capfile_syn(&f, 0, 80, 2);
	memset(f.bytes.s + 28 + 32 + 12, 0xff, 8);
	capfile_write(&f, "a");
	assert_int_equal(read_file("a", &err), SOURCE_END);
	assert_int_equal(got_n, 2);
	assert_int_equal(got[1].ts, 0);
	str_free(&f.bytes);
	unlink("a");
}

static void filtered(void **state)
{
	const char *name = "a";
	struct files_conf conf = { .file = &name, .files = 1, .filter = "tcp port 443" };
	struct capfile f = { .link = CAPFILE_RAW };
	struct err err = ERR_INIT;
	struct capture_stats stats = { 0 };
	struct source *s;
	size_t n;

	capfile_begin(&f);
	for (uint32_t i = 0; i < 90; i++)
		capfile_syn(&f, T0 + i, i % 3 ? 80 : 443, i);
	capfile_write(&f, "a");
	assert_int_equal(read_files(&conf, 16, &err), SOURCE_END);
	assert_int_equal(got_n, 30);

	conf.filter = "tcp prot 443";
	assert_null(source_open_files(&conf, &err));
	assert_non_null(strstr(err.text, "capture filter \"tcp prot 443\": "));

	/* Another one on the way; a bad one changes nothing. */
	conf.filter = NULL;
	s = source_open_files(&conf, &err);
	assert_int_equal(source_read(s, got, 30, &n, &err), SOURCE_READY);
	assert_int_equal(n, 30);
	assert_false(source_filter(s, "nonsense words", &err));
	assert_int_equal(source_read(s, got, 30, &n, &err), SOURCE_READY);
	assert_int_equal(n, 30);
	assert_true(source_filter(s, "dst port 443", &err));
	assert_int_equal(source_read(s, got, 30, &n, &err), SOURCE_READY);
	assert_int_equal(n, 10);
	assert_true(source_filter(s, "", &err));
	assert_int_equal(source_read(s, got, 30, &n, &err), SOURCE_END);
	source_stats(s, &stats);
	assert_int_equal(stats.packets, 70);
	source_close(s);
	str_free(&f.bytes);
	unlink("a");
}

static void counted_why_not(void **state)
{
	static const uint8_t arp[42] = { [12] = 0x08, [13] = 0x06 };
	const char *name = "a";
	struct files_conf conf = { .file = &name, .files = 1 };
	struct capfile f = { .link = CAPFILE_ETHERNET };
	struct capture_stats stats = { .segments = 7 };
	struct err err = ERR_INIT;
	struct source *s;

	capfile_begin(&f);
	capfile_syn(&f, T0, 80, 1);
	capfile_packet(&f, T0, arp, sizeof(arp));
	capfile_packet(&f, T0, arp, 5);
	capfile_write(&f, "a");
	s = open_files(&conf, 16, &err);
	got_n = 0;
	assert_int_equal(drain(s, 16, &err), SOURCE_END);
	assert_int_equal(got_n, 1);
	source_stats(s, &stats);
	assert_int_equal(stats.packets, 3);
	assert_int_equal(stats.bytes, 54 + 42 + 5);
	assert_int_equal(stats.dropped[DROP_NOT_IP], 1);
	assert_int_equal(stats.dropped[DROP_LINK_SHORT], 1);
	assert_int_equal(stats.segments, 7);
	assert_int_equal(stats.file_bytes_total, f.bytes.len);
	assert_int_equal(stats.file_bytes_read, f.bytes.len);
	source_close(s);

	f.link = 201; /* Bluetooth */
	f.bytes.s[20] = (char)201;
	capfile_write(&f, "a");
	s = open_files(&conf, 16, &err);
	got_n = 0;
	assert_int_equal(drain(s, 16, &err), SOURCE_END);
	source_stats(s, &stats);
	assert_int_equal(stats.dropped[DROP_LINK_UNKNOWN], 3);
	source_close(s);
	str_free(&f.bytes);
	unlink("a");
}

static void read_and_count(const struct files_conf *conf, struct capture_stats *stats)
{
	struct err err = ERR_INIT;
	struct source *s = open_files(conf, 37, &err);

	got_n = 0;
	assert_non_null(s);
	assert_int_equal(drain(s, 37, &err), SOURCE_END);
	memset(stats, 0, sizeof(*stats));
	source_stats(s, stats);
	source_close(s);
}

/* Without a filter and nothing to save packets come a shorter way, and come to the same. */
static void read_whichever_way(bool ng)
{
	static const char *const names[] = { "a", "b" };
	struct files_conf conf = { .file = names, .files = 1 };
	struct capfile f = { .link = CAPFILE_ETHERNET, .nanoseconds = true, .ng = ng };
	struct capture_stats plain, other;
	uint8_t frame[54 + 6];
	static struct pkt first[MOST];
	uint32_t random = 1;
	size_t n;

	capfile_begin(&f);
	for (uint32_t i = 0; i < 3000; i++) {
		capfile_syn(&f, T0 + i * 1001, 80, i);
		memcpy(frame, f.bytes.s + f.bytes.len - 54 - (ng ? 2 + 4 : 0), 54);
		memset(frame + 54, 0, 6);
		for (int k = 0; k < 2; k++) {
			random = random * 1664525 + 1013904223;
			frame[12 + (random >> 8) % 36] ^= (uint8_t)(1u << (random >> 29));
		}
		capfile_packet(&f, T0 + i * 1001, frame, (random >> 4) % 61);
	}
	capfile_write(&f, "a");
	str_free(&f.bytes);
	read_and_count(&conf, &plain);
	n = got_n;
	memcpy(first, got, n * sizeof(got[0]));
	assert_true(n > 3000 && n < 6000);
	assert_int_equal(plain.packets, 6000);
	conf.filter = "greater 0";
	for (int k = 0; k < 3; k++) {
		read_and_count(&conf, &other);
		assert_int_equal(got_n, n);
		assert_memory_equal(got, first, n * sizeof(got[0]));
		if (k == 2) /* what was saved is never pcapng */
			other.file_bytes_read = other.file_bytes_total = plain.file_bytes_total;
		assert_memory_equal(&other, &plain, sizeof(plain));
		conf.filter = NULL;
		conf.save = k == 0 ? "b" : NULL;
		conf.file = &names[k];
	}
	unlink("a");
	unlink("b");
}

static void filtered_and_saved_or_not(void **state)
{
	(void)state;
	read_whichever_way(false);
	read_whichever_way(true);
}

static void names_of_inputs(void **state)
{
	static const char *const names[] = { "a", "./b", "a", "b" };
	struct files_conf conf = { .file = names, .files = 2 };
	struct str text = STR_INIT;
	struct err err = ERR_INIT;
	struct source *s;

	write_syns("a", (struct capfile){ .link = CAPFILE_RAW }, T0, 1000, 2, 1);
	write_syns("b", (struct capfile){ .link = CAPFILE_RAW }, T0, 1000, 2, 1);
	s = open_files(&conf, 16, &err);
	source_describe(s, &text);
	assert_string_equal(text.s, "2 files");
	assert_string_equal(source_input(s, 1), "b");
	assert_string_equal(source_input(s, 2), "");
	assert_false(s->live);
	source_close(s);
	conf = (struct files_conf){ .file = &names[1], .files = 1 };
	s = open_files(&conf, 16, &err);
	str_clear(&text);
	source_describe(s, &text);
	assert_string_equal(text.s, "b");
	source_close(s);
	conf.file = names;
	conf.files = 4;
	s = open_files(&conf, 16, &err);
	str_clear(&text);
	source_describe(s, &text);
	assert_string_equal(text.s, "4 files");
	source_close(s);
	str_free(&text);
	unlink("a");
	unlink("b");
}

/* Another filter may come while the thread reads: nothing is lost, and a bad one changes nothing. */
static void filtered_ahead(void **state)
{
	const char *name = "a";
	struct files_conf conf = { .file = &name, .files = 1 };
	struct capture_stats stats = { 0 };
	struct err err = ERR_INIT;
	const struct pkt *pkt;
	struct source *s;
	size_t n;

	write_syns("a", (struct capfile){ .link = CAPFILE_RAW }, T0, 1000, 1000, 1);
	s = source_ahead(source_open_files(&conf, &err), 10, &err);
	assert_int_equal(source_next(s, NULL, 0, &pkt, &n, &err), SOURCE_READY);
	assert_int_equal(n, 10);
	assert_int_equal(pkt[9].seq, 10);
	source_stats(s, &stats);
	assert_int_equal(stats.packets, 10); /* not those that wait */
	assert_false(source_filter(s, "nonsense words", &err));
	assert_true(source_filter(s, "port 443", &err));
	got_n = 0;
	assert_int_equal(drain(s, 10, &err), SOURCE_END);
	assert_in_range(got_n, 0, 64 * 10); /* so many batches are under way */
	for (size_t i = 0; i < got_n; i++)
		assert_int_equal(got[i].seq, 11 + i);
	source_stats(s, &stats);
	assert_int_equal(stats.packets, 10 + got_n);
	source_close(s);
	unlink("a");
}

/* Wherever it is, it ends at once. */
static void closed_while_it_reads(void **state)
{
	const char *name = "a";
	struct files_conf conf = { .file = &name, .files = 1 };
	const struct pkt *pkt;

	write_syns("a", (struct capfile){ .link = CAPFILE_RAW }, T0, 1000, 4000, 1);
	for (int i = 0; i < 40; i++) {
		struct err err = ERR_INIT;
		struct source *s = source_ahead(source_open_files(&conf, &err), 1 + (size_t)i, &err);
		int64_t begin;
		size_t n;

		for (int k = 0; k < i; k++)
			source_next(s, NULL, 0, &pkt, &n, &err);
		usleep((useconds_t)i * 10);
		begin = clock_monotonic();
		source_close(s);
		assert_true(clock_monotonic() - begin < NS_PER_SEC);
	}
	unlink("a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_header),
		cmocka_unit_test(longer_than_a_buffer),
		cmocka_unit_test(odd_packets_among_plain_ones),
		cmocka_unit_test(a_header_and_no_packet),
		cmocka_unit_test(cut_short),
		cmocka_unit_test(damaged_in_the_middle),
		cmocka_unit_test(no_capture_file),
		cmocka_unit_test(absurd_times),
		cmocka_unit_test(filtered),
		cmocka_unit_test(counted_why_not),
		cmocka_unit_test(filtered_and_saved_or_not),
		cmocka_unit_test(names_of_inputs),
	};
	const struct CMUnitTest again[] = {
		cmocka_unit_test(filtered_ahead),
		cmocka_unit_test(closed_while_it_reads),
		cmocka_unit_test(every_kind_of_header),
		cmocka_unit_test(longer_than_a_buffer),
		cmocka_unit_test(odd_packets_among_plain_ones),
		cmocka_unit_test(a_header_and_no_packet),
		cmocka_unit_test(cut_short),
		cmocka_unit_test(damaged_in_the_middle),
		cmocka_unit_test(no_capture_file),
		cmocka_unit_test(absurd_times),
		cmocka_unit_test(counted_why_not),
		cmocka_unit_test(filtered_and_saved_or_not),
	};
	int failed = cmocka_run_group_tests(tests, begin, finish);

	return failed + cmocka_run_group_tests(again, begin_ahead, finish);
}
