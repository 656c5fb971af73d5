/* What is saved of files and pipes, in which format, and what happens when it cannot be. */
#include "config.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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
#include "util/str.h"

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
	for (int i = 0; i < 2; i++)
		unlink(names[i]);
	unlink("c");
}

/* The first four octets of the file, in our byte order. */
static uint32_t magic_of(const char *name)
{
	FILE *f = fopen(name, "rb");
	uint32_t magic = 0;

	assert_non_null(f);
	assert_int_equal(fread(&magic, sizeof(magic), 1, f), 1);
	fclose(f);
	return magic;
}

static void assert_merged(const char *name)
{
	struct err err = ERR_INIT;

	assert_int_equal(read_file(name, &err), SOURCE_END);
	assert_int_equal(got_n, 200);
	for (size_t k = 0; k < 200; k++) {
		assert_int_equal(got[k].seq, (k % 2 ? 2000 : 1000) + k / 2);
		assert_int_equal(got[k].ts, T0 + (k % 2 ? 1001 : 7) + 2000 * (int64_t)(k / 2));
	}
}

/* What ends in .pcap or .pcapng is that; anything else is pcap where that will do. */
static void saved_as_named(void **state)
{
	static const char *const names[] = { "a", "b" };
	static const struct {
		const char *name;
		bool ng, ethernet, pcapng; /* the second file; what is made of them */
	} cases[] = {
		{ "c", false, false, false },
		{ "c", true, false, true },
		{ "c", false, true, true },
		{ "c.pcap", true, false, false },
		{ "c.pcapng", false, false, true },
		{ "c.pcapng", true, true, true },
		{ "pcapng", false, false, false },
	};
	struct files_conf conf = { .file = names, .files = 2 };
	struct capfile raw = { .link = CAPFILE_RAW, .nanoseconds = true };
	struct err err = ERR_INIT;

	write_syns("a", raw, T0 + 7, 2000, 100, 1000);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct capfile like = { .link = cases[i].ethernet ? CAPFILE_ETHERNET : CAPFILE_RAW,
			.ng = cases[i].ng, .nanoseconds = true };

		write_syns("b", like, T0 + 1001, 2000, 100, 2000);
		conf.save = cases[i].name;
		assert_int_equal(read_files(&conf, 16, &err), SOURCE_END);
		assert_int_equal(magic_of(cases[i].name), cases[i].pcapng ? 0x0a0d0d0a : 0xa1b23c4d);
		assert_merged(cases[i].name);
		unlink(cases[i].name);
	}

	conf.save = "c.pcap";
	write_syns("b", (struct capfile){ .link = CAPFILE_ETHERNET }, T0, 1, 1, 1);
	assert_null(source_open_files(&conf, &err));
	assert_string_equal(err.text, "c.pcap: a pcap file cannot hold packets of link types RAW and EN10MB; "
				      "one whose name ends in .pcapng can");
	unlink("c.pcap");

	/* Nothing to save is still a capture file. */
	write_syns("a", raw, T0, 1, 0, 0);
	conf.files = 1;
	for (int i = 0; i < 2; i++) {
		conf.save = i ? "c.pcapng" : "c.pcap";
		assert_int_equal(read_files(&conf, 16, &err), SOURCE_END);
		assert_int_equal(read_file(conf.save, &err), SOURCE_END);
		assert_int_equal(got_n, 0);
		unlink(conf.save);
	}
	unlink("a");
	unlink("b");
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

/* A file that has packets of several link types, which nobody knows before they come. */
static void saved_with_many_link_types(void **state)
{
	const char *name = "a";
	struct files_conf conf = { .file = &name, .files = 1, .save = "c" };
	struct capfile f = { .link = CAPFILE_RAW, .ng = true };
	struct err err = ERR_INIT;
	struct source *s;

	capfile_begin(&f);
	for (uint32_t i = 0; i < 60; i++) {
		if (i == 20)
			capfile_interface(&f, CAPFILE_ETHERNET);
		if (i == 40)
			capfile_interface(&f, CAPFILE_RAW);
		capfile_syn(&f, T0 + i * NS_PER_SEC, 80, i);
	}
	capfile_write(&f, "a");
	assert_int_equal(read_files(&conf, 16, &err), SOURCE_END);
	assert_int_equal(got_n, 60);
	assert_int_equal(read_file("c", &err), SOURCE_END);
	assert_int_equal(got_n, 60);
	for (uint32_t i = 0; i < 60; i++) {
		assert_int_equal(got[i].seq, i);
		assert_int_equal(got[i].ts, T0 + i * NS_PER_SEC);
	}
	unlink("c");

	/* Who wants a pcap file gets what it can hold, and is told of the rest. */
	conf.save = "c.pcap";
	s = open_files(&conf, 16, &err);
	got_n = 0;
	assert_int_equal(drain(s, 16, &err), SOURCE_WARNING);
	assert_string_equal(err.text, "c.pcap: a pcap file cannot hold packets of link types RAW and EN10MB; "
				      "one whose name ends in .pcapng can");
	assert_int_equal(drain(s, 16, &err), SOURCE_END);
	assert_int_equal(got_n, 60);
	source_close(s);
	assert_int_equal(read_file("c.pcap", &err), SOURCE_END);
	assert_int_equal(got_n, 20);
	unlink("c.pcap");
	str_free(&f.bytes);
	unlink("a");
}

/* Octet by octet: blocks whose lengths hold, and as many interfaces as there are link types. */
static void assert_two_interfaces(const char *name)
{
	struct str saved = STR_INIT;
	struct err err = ERR_INIT;
	int described = 0;

	assert_true(str_read_file(&saved, name, &err));
	for (size_t at = 0; at < saved.len;) {
		uint32_t block[3];

		memcpy(block, saved.s + at, sizeof(block));
		assert_int_equal(block[1] % 4, 0);
		assert_true(block[1] >= 12 && at + block[1] <= saved.len);
		assert_memory_equal(saved.s + at + block[1] - 4, &block[1], 4);
		if (block[0] == 1)
			assert_int_equal(block[2], described++ ? CAPFILE_ETHERNET : CAPFILE_RAW);
		at += block[1];
	}
	assert_int_equal(described, 2);
	str_free(&saved);
}

/* One interface for each link type, however many the file had; a link type that has no number ends it. */
static void saved_by_link_type(void **state)
{
	const char *name = "a";
	struct files_conf conf = { .file = &name, .files = 1, .save = "c" };
	struct capfile f = { .link = CAPFILE_RAW, .ng = true };
	struct err err = ERR_INIT;
	struct source *s;

	capfile_begin(&f);
	for (uint16_t i = 0; i < 30; i++) {
		capfile_syn(&f, T0 + i, 80, i);
		capfile_interface(&f, i % 2 ? CAPFILE_RAW : CAPFILE_ETHERNET);
	}
	capfile_write(&f, "a");
	assert_int_equal(read_files(&conf, 16, &err), SOURCE_END);
	assert_two_interfaces("c");

	for (uint16_t i = 0; i < 20; i++)
		capfile_interface(&f, 147 + i);
	capfile_syn(&f, T0 + 30, 80, 1);
	capfile_write(&f, "a");
	s = open_files(&conf, 16, &err);
	assert_int_equal(drain(s, 16, &err), SOURCE_WARNING);
	assert_string_equal(err.text, "c: packets are no longer saved: one has a link type that nobody knows");
	source_close(s);
	str_free(&f.bytes);
	unlink("a");
	unlink("c");
}

/* A pipe tells its link type when it is read: the header waits for it. */
static void saved_from_a_pipe(void **state)
{
	static const char *const names[] = { "a", "pipe" };
	struct files_conf conf = { .file = names, .files = 2, .save = "c" };
	struct capfile f = { .link = CAPFILE_ETHERNET };
	struct err err = ERR_INIT;
	enum source_state how;
	struct source *s;
	int fd;

	capfile_begin(&f);
	capfile_syn(&f, T0 + 1000, 80, 7);
	write_syns("a", (struct capfile){ .link = CAPFILE_RAW }, T0, 2000, 2, 1);
	assert_int_equal(mkfifo("pipe", 0600), 0);
	fd = open("pipe", O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	s = open_files(&conf, 16, &err);
	got_n = 0;
	assert_int_equal(write(fd, f.bytes.s, f.bytes.len), (ssize_t)f.bytes.len);
	close(fd);
	while ((how = drain(s, 16, &err)) == SOURCE_IDLE)
		source_wait(s, -1, 1000);
	assert_int_equal(how, SOURCE_END);
	assert_int_equal(got_n, 3);
	source_close(s);
	assert_int_equal(read_file("c", &err), SOURCE_END);
	assert_int_equal(got_n, 3);
	assert_int_equal(got[1].seq, 7);
	str_free(&f.bytes);
	unlink("a");
	unlink("pipe");
	unlink("c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(saved_as_read),
		cmocka_unit_test(saved_as_named),
		cmocka_unit_test(disk_full),
		cmocka_unit_test(saved_with_many_link_types),
		cmocka_unit_test(saved_by_link_type),
		cmocka_unit_test(saved_from_a_pipe),
	};
	int failed = cmocka_run_group_tests(tests, begin, finish);

	return failed + cmocka_run_group_tests(tests, begin_ahead, finish);
}
