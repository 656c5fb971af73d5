/* Files and pipes as sources: every kind of header, order when merged, and what is said of the bad ones. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
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
#include "capture/device.h"
#include "capture/nap.h"
#include "capture/source.h"
#include "capture/spool.h"
#include "model/capture_stats.h"
#include "packet/pkt.h"
#include "util/clock.h"
#include "util/err.h"

#define T0 (INT64_C(1700000000) * NS_PER_SEC)
#define MOST 4096

static char here[] = "/tmp/t_source.XXXXXX";
static struct pkt got[MOST];
static size_t got_n;
static bool ahead; /* everything once more with a thread that reads ahead */

static int begin(void **state)
{
	return mkdtemp(here) && chdir(here) == 0 ? 0 : -1;
}

static int finish(void **state)
{
	return chdir("/") == 0 && rmdir(here) == 0 ? 0 : -1;
}

static struct source *open_files(const struct files_conf *conf, size_t batch, struct err *err)
{
	struct source *s = source_open_files(conf, err);

	return s && ahead ? source_ahead(s, batch, err) : s;
}

/* Reads on until the source waits or is over, gathering packets in `got`. */
static enum source_state drain(struct source *s, size_t batch, struct err *err)
{
	enum source_state state;
	const struct pkt *pkt;
	size_t n;

	do {
		assert_true(got_n + batch <= MOST);
		state = source_next(s, got + got_n, batch, &pkt, &n, err);
		assert_true(n <= batch);
		if (pkt != got + got_n && n > 0)
			memcpy(got + got_n, pkt, n * sizeof(*pkt));
		got_n += n;
	} while (state == SOURCE_READY);
	return state;
}

static enum source_state read_files(const struct files_conf *conf, size_t batch, struct err *err)
{
	struct source *s = open_files(conf, batch, err);
	enum source_state state;

	got_n = 0;
	if (!s)
		return SOURCE_FAILED;
	state = drain(s, batch, err);
	source_close(s);
	return state;
}

static enum source_state read_file(const char *name, struct err *err)
{
	struct files_conf conf = { .file = &name, .files = 1 };

	return read_files(&conf, 16, err);
}

static void write_bytes(const char *name, const void *bytes, size_t n)
{
	struct capfile f = { 0 };

	str_add_n(&f.bytes, bytes, n);
	capfile_write(&f, name);
	str_free(&f.bytes);
}

/* A file of n SYNs, `gap` apart, seq counting from `seq`. */
static void write_syns(const char *name, struct capfile like, int64_t first, int64_t gap, unsigned n,
	uint32_t seq)
{
	capfile_begin(&like);
	for (unsigned i = 0; i < n; i++)
		capfile_syn(&like, first + gap * i, 80, seq + i);
	capfile_write(&like, name);
	str_free(&like.bytes);
}

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

/* More than is read at once: packets that lie across the edges come out whole. */
static void longer_than_a_buffer(void **state)
{
	const char *name = "a";
	struct files_conf conf = { .file = &name, .files = 1 };
	struct capfile f = { .link = CAPFILE_ETHERNET };
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

/* Interfaces and sections of one file, each with a link type and a byte order of its own. */
static void many_link_types(void **state)
{
	const char *name = "a";
	struct files_conf conf = { .file = &name, .files = 1 };
	struct capfile f = { .link = CAPFILE_RAW, .ng = true };
	struct capture_stats stats = { 0 };
	struct err err = ERR_INIT;
	struct source *s;

	capfile_begin(&f);
	for (uint32_t i = 0; i < 60; i++) {
		if (i == 10)
			capfile_interface(&f, CAPFILE_ETHERNET);
		if (i == 20)
			capfile_interface(&f, 201); /* Bluetooth */
		if (i == 30) {
			f.big_endian = f.nanoseconds = true;
			f.link = CAPFILE_ETHERNET;
			capfile_begin(&f);
		}
		if (i == 40)
			capfile_interface(&f, CAPFILE_RAW);
		capfile_syn(&f, T0 + i * NS_PER_SEC, i % 2 ? 80 : 443, i);
	}
	capfile_write(&f, "a");
	assert_int_equal(read_file("a", &err), SOURCE_END);
	assert_int_equal(got_n, 50);
	for (uint32_t i = 0; i < 50; i++) {
		assert_int_equal(got[i].seq, i < 20 ? i : i + 10);
		assert_int_equal(got[i].ts, T0 + got[i].seq * NS_PER_SEC);
	}

	/* A filter is compiled for each of them; what cannot be asked of a link type holds for none of its packets. */
	conf.filter = "dst port 443";
	assert_int_equal(read_files(&conf, 16, &err), SOURCE_END);
	assert_int_equal(got_n, 25);
	conf.filter = NULL;
	s = open_files(&conf, 16, &err);
	assert_true(source_filter(s, "dst port 80", &err));
	assert_true(source_filter(s, "dst port 443", &err));
	got_n = 0;
	assert_int_equal(drain(s, 16, &err), SOURCE_END);
	if (!ahead)
		assert_int_equal(got_n, 25);
	source_stats(s, &stats);
	assert_int_equal(stats.file_bytes_read, f.bytes.len);
	source_close(s);
	str_free(&f.bytes);
	unlink("a");
}

static void filter_of_one_link_type(void **state)
{
	const char *name = "a";
	struct files_conf conf = { .file = &name, .files = 1, .filter = "ether src 00:00:00:00:00:00" };
	struct capfile f = { .link = CAPFILE_ETHERNET, .ng = true };
	struct err err = ERR_INIT;

	capfile_begin(&f);
	capfile_syn(&f, T0, 80, 1);
	capfile_interface(&f, CAPFILE_RAW);
	capfile_syn(&f, T0, 80, 2);
	capfile_write(&f, "a");
	assert_int_equal(read_files(&conf, 16, &err), SOURCE_END);
	assert_int_equal(got_n, 1);
	assert_int_equal(got[0].seq, 1);
	str_free(&f.bytes);
	unlink("a");
}

/* More link types than are told apart are unknown ones, not a reason to stop. */
static void too_many_link_types(void **state)
{
	const char *name = "a";
	struct files_conf conf = { .file = &name, .files = 1, .filter = "tcp" };
	struct capfile f = { .link = CAPFILE_RAW, .ng = true };
	struct capture_stats stats = { 0 };
	struct err err = ERR_INIT;
	struct source *s;

	capfile_begin(&f);
	for (uint16_t i = 0; i < 40; i++)
		capfile_interface(&f, 147 + i % 20);
	capfile_syn(&f, T0, 80, 1);
	f.interface = 0;
	capfile_syn(&f, T0, 80, 2);
	capfile_write(&f, "a");
	assert_int_equal(read_files(&conf, 16, &err), SOURCE_END);
	assert_int_equal(got_n, 1);
	conf.filter = NULL;
	s = open_files(&conf, 16, &err);
	got_n = 0;
	assert_int_equal(drain(s, 16, &err), SOURCE_END);
	assert_int_equal(got_n, 1);
	source_stats(s, &stats);
	assert_int_equal(stats.dropped[DROP_LINK_UNKNOWN], 1);
	source_close(s);
	str_free(&f.bytes);
	unlink("a");
}

static void damaged_pcapng(void **state)
{
	struct capfile f = { .link = CAPFILE_RAW, .ng = true };
	struct err err = ERR_INIT;

	capfile_begin(&f);
	for (uint32_t i = 0; i < 9; i++)
		capfile_syn(&f, T0, 80, i);
	f.bytes.s[60 + 4 * 72 + 20] = 41; /* more octets than there are in its block */
	capfile_write(&f, "a");
	assert_int_equal(read_file("a", &err), SOURCE_DAMAGED);
	assert_string_equal(err.text,
		"a: damaged in packet 5, at byte 348: a packet of 41 octets is longer than its block");
	assert_int_equal(got_n, 4);
	f.bytes.s[28 + 28] = 33;
	capfile_write(&f, "a");
	assert_int_equal(read_file("a", &err), SOURCE_FAILED);
	assert_string_equal(err.text, "a: damaged at byte 28: a block that ends with another length than 32");
	write_bytes("a", f.bytes.s, 28);
	assert_int_equal(read_file("a", &err), SOURCE_FAILED);
	assert_string_equal(err.text, "a: cut short in the file header");
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
static void filtered_and_saved_or_not(void **state)
{
	static const char *const names[] = { "a", "b" };
	struct files_conf conf = { .file = names, .files = 1 };
	struct capfile f = { .link = CAPFILE_ETHERNET, .nanoseconds = true };
	struct capture_stats plain, other;
	uint8_t frame[54 + 6];
	static struct pkt first[MOST];
	uint32_t random = 1;
	size_t n;

	capfile_begin(&f);
	for (uint32_t i = 0; i < 3000; i++) {
		capfile_syn(&f, T0 + i * 1001, 80, i);
		memcpy(frame, f.bytes.s + f.bytes.len - 54, 54);
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
		assert_memory_equal(&other, &plain, sizeof(plain));
		conf.filter = NULL;
		conf.save = k == 0 ? "b" : NULL;
		conf.file = &names[k];
	}
	unlink("a");
	unlink("b");
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

static void saved_as_read(void **state)
{
	static const char *const names[] = { "a", "b" };
	struct files_conf conf = { .file = names, .files = 2, .save = "c", .filter = "port 80" };
	struct capfile raw = { .link = CAPFILE_RAW, .nanoseconds = true };
	struct err err = ERR_INIT;
	struct pkt first[200];

	write_syns("a", raw, T0 + 7, 2000, 100, 1000);
	raw.ng = true;
	write_syns("b", raw, T0 + 1001, 2000, 100, 2000);
	assert_int_equal(read_files(&conf, 16, &err), SOURCE_END);
	assert_int_equal(got_n, 200);
	memcpy(first, got, sizeof(first));
	assert_int_equal(read_file("c", &err), SOURCE_END);
	assert_int_equal(got_n, 200);
	for (size_t i = 0; i < 200; i++) {
		assert_int_equal(got[i].ts, first[i].ts);
		assert_int_equal(got[i].seq, first[i].seq);
	}

	conf.save = "b";
	assert_null(source_open_files(&conf, &err));
	assert_string_equal(err.text, "b: cannot be read and written at once");
	conf.save = "no/such/place";
	assert_null(source_open_files(&conf, &err));
	assert_non_null(strstr(err.text, "no/such/place"));
	conf.save = "c";
	write_syns("b", (struct capfile){ .link = CAPFILE_ETHERNET }, T0, 1, 1, 1);
	assert_null(source_open_files(&conf, &err));
	assert_non_null(strstr(err.text, "one file cannot hold packets of link types RAW and EN10MB"));

	/* Nothing to save is still a capture file. */
	write_syns("a", raw, T0, 1, 0, 0);
	conf.files = 1;
	assert_int_equal(read_files(&conf, 16, &err), SOURCE_END);
	assert_int_equal(read_file("c", &err), SOURCE_END);
	for (int i = 0; i < 2; i++)
		unlink(names[i]);
	unlink("c");
}

static void disk_full(void **state)
{
	const char *name = "a";
	struct files_conf conf = { .file = &name, .files = 1, .save = "/dev/full" };
	struct err err = ERR_INIT;

	if (access("/dev/full", W_OK) != 0)
		skip();
	write_syns("a", (struct capfile){ .link = CAPFILE_RAW }, T0, 1000, 1000, 1);
	got_n = 0;
	struct source *s = open_files(&conf, 64, &err);
	assert_int_equal(drain(s, 64, &err), SOURCE_WARNING);
	assert_string_equal(err.text, "/dev/full: packets are no longer saved: No space left on device");
	assert_int_equal(drain(s, 64, &err), SOURCE_END);
	assert_int_equal(got_n, 1000);
	source_close(s);
	unlink("a");
}

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

/* Longer while the buffer stays nearly empty, never longer than the screen may lag, none where few packets come. */
static void naps(void **state)
{
	struct nap n = { 0 }, small = { 0 };
	int ms = 0, before;

	nap_for(&n, 64 << 20, 384);
	assert_int_equal(nap_length(&n, 10, 100), 0);
	for (int i = 0; i < 9; i++) {
		before = ms;
		ms = nap_length(&n, 4000, 100);
		assert_true(ms >= before && ms <= 50);
	}
	assert_int_equal(ms, 50);
	/* Half as long while more than a quarter fills, down to what the buffer outlasts in any case. */
	assert_int_equal(nap_length(&n, 40000, 100), 25);
	for (int i = 0; i < 9; i++)
		ms = nap_length(&n, 40000, 100);
	assert_int_equal(ms, 10);
	assert_int_equal(nap_length(&n, 20000, 100), 10);
	assert_int_equal(nap_length(&n, 1000, 100), 20);
	nap_was_cut(&n);
	assert_int_equal(nap_length(&n, 1000, 100), 10);
	assert_int_equal(nap_length(&n, 1000, 15), 15);
	assert_int_equal(nap_length(&n, 1000, 5), 0);
	assert_int_equal(nap_length(&n, 10, 100), 0);
	/* The least buffer counts; one that a moment fills allows none. */
	nap_for(&small, 64 << 20, 384);
	nap_for(&small, 8 << 20, 65535);
	assert_int_equal(nap_length(&small, 300, 100), 2);
	assert_int_equal(nap_length(&small, 300, 100), 2);
	nap_for(&small, 2 << 20, 384);
	assert_int_equal(nap_length(&small, 300, 100), 0);
}

static void device_of_the_default_route(void **state)
{
	static const char v4[] =
		"Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
		"wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
		"eth0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0\n"
		"eth1\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
		"eth2\t00000000\t0100000A\t0203\t0\t0\t1\t00000000\t0\t0\t0\n";
	static const char v6[] =
		"fe800000000000000000000000000000 40 00000000000000000000000000000000 00 "
		"00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n"
		"00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
		"fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth5\n"
		"00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
		"00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n";
	char *name = device_of_route(v4);

	assert_string_equal(name, "eth1");
	free(name);
	name = device_of_route6(v6);
	assert_string_equal(name, "eth5");
	free(name);
	assert_null(device_of_route("Iface\tDestination\n"));
	assert_null(device_of_route6(""));
}

static void advice_repeats_the_command(void **state)
{
	char name[] = "tcptop", i[] = "-i", eth0[] = "eth0", host[] = "host 10.0.0.5", its[] = "it's";
	char *argv[] = { name, i, eth0, host, its };
	struct err err = { .code = 1, .text = "" }; /* EPERM */
	struct str text = STR_INIT;

	device_advice(&err, 5, argv, &text);
	assert_string_equal(text.s, "  sudo setcap cap_net_raw+ep $(command -v tcptop)\n"
				    "  sudo tcptop -i eth0 'host 10.0.0.5' 'it'\\''s'\n");
	str_clear(&text);
	err.code = 0;
	device_advice(&err, 5, argv, &text);
	assert_string_equal(text.s, "");
	str_free(&text);
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
		cmocka_unit_test(merged_in_time_order),
		cmocka_unit_test(rotated_files),
		cmocka_unit_test(merged_with_few_open),
		cmocka_unit_test(gone_before_its_time),
		cmocka_unit_test(longer_than_a_buffer),
		cmocka_unit_test(odd_packets_among_plain_ones),
		cmocka_unit_test(a_header_and_no_packet),
		cmocka_unit_test(many_link_types),
		cmocka_unit_test(filter_of_one_link_type),
		cmocka_unit_test(too_many_link_types),
		cmocka_unit_test(damaged_pcapng),
		cmocka_unit_test(cut_short),
		cmocka_unit_test(damaged_in_the_middle),
		cmocka_unit_test(no_capture_file),
		cmocka_unit_test(absurd_times),
		cmocka_unit_test(filtered),
		cmocka_unit_test(counted_why_not),
		cmocka_unit_test(filtered_and_saved_or_not),
		cmocka_unit_test(names_of_inputs),
		cmocka_unit_test(saved_as_read),
		cmocka_unit_test(disk_full),
		cmocka_unit_test(pipe_octet_by_octet),
		cmocka_unit_test(pipe_cut_short),
		cmocka_unit_test(unreadable_spool),
		cmocka_unit_test(pipe_of_something_else),
		cmocka_unit_test(waiting_ends_with_the_wake),
		cmocka_unit_test(merged_with_a_pipe),
		cmocka_unit_test(naps),
		cmocka_unit_test(device_of_the_default_route),
		cmocka_unit_test(advice_repeats_the_command),
	};

	const struct CMUnitTest again[] = {
		cmocka_unit_test(filtered_ahead),
		cmocka_unit_test(closed_while_it_reads),
		cmocka_unit_test(every_kind_of_header),
		cmocka_unit_test(merged_in_time_order),
		cmocka_unit_test(rotated_files),
		cmocka_unit_test(merged_with_few_open),
		cmocka_unit_test(longer_than_a_buffer),
		cmocka_unit_test(odd_packets_among_plain_ones),
		cmocka_unit_test(a_header_and_no_packet),
		cmocka_unit_test(many_link_types),
		cmocka_unit_test(filter_of_one_link_type),
		cmocka_unit_test(too_many_link_types),
		cmocka_unit_test(damaged_pcapng),
		cmocka_unit_test(cut_short),
		cmocka_unit_test(damaged_in_the_middle),
		cmocka_unit_test(no_capture_file),
		cmocka_unit_test(absurd_times),
		cmocka_unit_test(counted_why_not),
		cmocka_unit_test(filtered_and_saved_or_not),
		cmocka_unit_test(names_of_inputs),
		cmocka_unit_test(saved_as_read),
		cmocka_unit_test(disk_full),
		cmocka_unit_test(pipe_octet_by_octet),
		cmocka_unit_test(pipe_cut_short),
		cmocka_unit_test(pipe_of_something_else),
		cmocka_unit_test(waiting_ends_with_the_wake),
		cmocka_unit_test(merged_with_a_pipe),
	};
	int failed = cmocka_run_group_tests(tests, begin, finish);

	ahead = true;
	strcpy(here, "/tmp/t_source.XXXXXX");
	return failed + cmocka_run_group_tests(again, begin, finish);
}
