/* pcapng files as sources: interfaces and sections of all sorts, blocks between packets, and bad ones. */
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
#include "ngfile.h"
#include "packet/pkt.h"
#include "reading.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/str.h"

#define T0_US ((uint64_t)(T0 / NS_PER_US))

/* A SYN without a link header. */
static void syn(uint8_t *ip, uint32_t seq)
{
	memcpy(ip, "\x45\0\0\x28\0\1\0\0\x40\6\0\0\x0a\0\0\1\x0a\0\0\5", 20);
	memcpy(ip + 20, "\x9c\x40\0\x50\0\0\0\0\0\0\0\0\x50\x02\x20\0\0\0\0\0", 20);
	ip[26] = (uint8_t)(seq >> 8);
	ip[27] = (uint8_t)seq;
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

/* Blocks that are no packets, or are packets of another kind, end no batch: all is in one, in order. */
static void blocks_between_packets(void **state)
{
	static const uint32_t others[] = {4, 5, 10, 0x0bad, 0x40000bad}; /* names, statistics, secrets, custom */
	const char *name = "a";
	struct files_conf conf = {.file = &name, .files = 1};
	struct capture_stats stats = {0};
	struct err err = ERR_INIT;
	struct source *s;
	size_t n;

	(void)state;
	for (int order = 0; order < 2; order++) {
		struct ngfile f = {.big_endian = order};
		uint8_t frame[CAPFILE_SYN];

		ng_section(&f);
		ng_interface(&f, CAPFILE_RAW, 0, 6, 0);
		for (uint32_t i = 0; i < 200; i++) {
			syn(frame, i);
			if (i % 10 == 3)
				ng_old_packet(&f, 0, T0_US + i, frame, sizeof(frame), 1500);
			else if (i % 10 == 7)
				ng_simple_packet(&f, frame, sizeof(frame), sizeof(frame));
			else
				ng_packet_begin(&f, 0, T0_US + i, frame, sizeof(frame), 1500);
			if (i % 10 == 5)
				ng_data(&f, NULL, 12); /* options */
			if (i % 10 != 3 && i % 10 != 7)
				ng_end(&f);
			if (i % 10 == 8) {
				ng_begin(&f, others[i / 10 % 5]);
				ng_data(&f, NULL, i);
				ng_end(&f);
			}
		}
		write_bytes("a", f.bytes.s, f.bytes.len);
		s = source_open_files(&conf, &err);
		assert_non_null(s);
		assert_int_equal(source_read(s, got, MOST, &n, &err), SOURCE_READY);
		assert_int_equal(n, 200);
		for (uint32_t i = 0; i < 200; i++) {
			assert_int_equal(got[i].seq, i);
			/* A simple packet has the time of the one before. */
			assert_int_equal(got[i].ts, T0 + (i % 10 == 7 ? i - 1 : i) * NS_PER_US);
		}
		source_stats(s, &stats);
		assert_int_equal(stats.packets, 200);
		assert_int_equal(stats.bytes, 180 * 1500 + 20 * CAPFILE_SYN);
		assert_int_equal(stats.file_bytes_read, f.bytes.len);
		assert_int_equal(source_read(s, got, MOST, &n, &err), SOURCE_END);
		source_close(s);
		str_free(&f.bytes);
	}
	unlink("a");
}

/* Each with a link type, units and an offset of its own, packets of all of them in turn. */
static void interfaces_in_turn(void **state)
{
	static const struct {
		unsigned link;
		int resolution;
		int64_t offset;
		uint64_t stamp; /* of T0 */
	} faces[] = {
		{CAPFILE_RAW, 6, 0, T0_US},
		{CAPFILE_RAW, 9, 0, (uint64_t)T0},
		{CAPFILE_RAW, 3, 100, T0_US / 1000 - 100000},
		{CAPFILE_ETHERNET, 6, -100, T0_US + 100000000},
		{CAPFILE_RAW, 12, 1700000000, 0},
		{201, 6, 0, T0_US}, /* Bluetooth */
		{CAPFILE_ETHERNET, 0x94, 0, UINT64_C(1700000000) << 20},
	};
	const size_t n = sizeof(faces) / sizeof(faces[0]);
	struct ngfile f = {.big_endian = false};
	struct err err = ERR_INIT;
	uint32_t at = 0;

	(void)state;
	ng_section(&f);
	for (size_t i = 0; i < n; i++)
		ng_interface(&f, faces[i].link, 0, faces[i].resolution, faces[i].offset);
	for (uint32_t i = 0; i < 140; i++) {
		uint8_t frame[14 + CAPFILE_SYN] = {[12] = 0x08};
		size_t link = faces[i % n].link == CAPFILE_ETHERNET ? 14 : 0;

		syn(frame + link, i);
		ng_packet_begin(&f, i % n, faces[i % n].stamp, frame, (uint32_t)link + CAPFILE_SYN, 1500);
		ng_end(&f);
	}
	write_bytes("a", f.bytes.s, f.bytes.len);
	assert_int_equal(read_file("a", &err), SOURCE_END);
	assert_int_equal(got_n, 120);
	for (uint32_t i = 0; i < 140; i++) {
		if (i % n == 5)
			continue;
		assert_int_equal(got[at].seq, i);
		assert_int_equal(got[at++].ts, T0);
	}
	str_free(&f.bytes);
	unlink("a");
}

/* What is damaged among plain blocks is told where it is, and what lies before it is read. */
static void damaged_among_plain_ones(void **state)
{
	static const struct {
		size_t at; /* in the block */
		const char *octets, *words;
	} rows[] = {
		{4, "\x49\0\0\0", "a block of 73 octets"},
		{4, "\0\0\0\x7f", "a block of 2130706432 octets"},
		{4, "\0\0\0\0", "a block of 0 octets"},
		{8, "\1\0\0\0", "a packet of interface 1, which is not described"},
		{20, "\x29\0\0\0", "a packet of 41 octets is longer than its block"},
		{68, "\x40\0\0\0", "a block that ends with another length than 72"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct capfile f = {.link = CAPFILE_RAW, .ng = true};
		struct err err = ERR_INIT;
		char want[200];

		capfile_begin(&f);
		for (uint32_t k = 0; k < 100; k++)
			capfile_syn(&f, T0, 80, k);
		memcpy(f.bytes.s + 60 + 50 * 72 + rows[i].at, rows[i].octets, 4);
		capfile_write(&f, "a");
		assert_int_equal(read_file("a", &err), SOURCE_DAMAGED);
		snprintf(want, sizeof(want), "a: damaged in packet 51, at byte 3660: %s", rows[i].words);
		assert_string_equal(err.text, want);
		assert_int_equal(got_n, 50);
		str_free(&f.bytes);
	}
	unlink("a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_link_types),
		cmocka_unit_test(filter_of_one_link_type),
		cmocka_unit_test(too_many_link_types),
		cmocka_unit_test(damaged_pcapng),
		cmocka_unit_test(blocks_between_packets),
		cmocka_unit_test(interfaces_in_turn),
		cmocka_unit_test(damaged_among_plain_ones),
	};
	int failed = cmocka_run_group_tests(tests, begin, finish);

	return failed + cmocka_run_group_tests(tests, begin_ahead, finish);
}
