/* Blocks of pcapng files: sections, interfaces, all kinds of packets, and what is said of bad ones. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "capture/pcapng.h"
#include "ngfile.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/str.h"

static struct pcapng_packet packet[16];
static uint8_t data_ok[16];
static size_t plains; /* of the packets of the last file */

/* What is plain is what the long way says of it, and is counted alike. */
static void check_plain(const struct pcapng_plain *plain, struct pcapng *before, const struct pcapng *ng,
	enum pcapng_step step, const struct pcapng_packet *p)
{
	assert_int_equal(step, PCAPNG_PACKET);
	assert_ptr_equal(plain->interface, &ng->interface[p->interface]);
	assert_int_equal(plain->ts, p->sec * NS_PER_SEC + p->ns);
	assert_int_equal(plain->captured, p->captured);
	assert_int_equal(plain->wire, p->wire);
	assert_ptr_equal(plain->data, p->data);
	pcapng_passed(before, plain->size, plain->ts);
	assert_int_equal(before->at, ng->at);
	assert_int_equal(before->sec, ng->sec);
	assert_int_equal(before->ns, ng->ns);
}

/* All packets of the file; returns what stopped it. */
static enum pcapng_step read_all(const struct ngfile *f, struct pcapng *ng, size_t *n, struct err *err)
{
	const uint8_t *bytes = (const uint8_t *)f->bytes.s;
	size_t at = 0, size = 0;
	enum pcapng_step step;

	*n = plains = 0;
	memset(ng, 0, sizeof(*ng));
	for (;;) {
		struct pcapng_plain plain;
		struct pcapng_packet p;
		struct pcapng before = *ng;
		bool is_plain = pcapng_plain(ng, bytes + at, f->bytes.len - at, &plain);

		step = pcapng_block(ng, bytes + at, f->bytes.len - at, &size, &p, err);
		if (is_plain)
			check_plain(&plain, &before, ng, step, &p);
		plains += is_plain;
		assert_int_equal(ng->at, at + (step == PCAPNG_PACKET || step == PCAPNG_OTHER ? size : 0));
		if (step == PCAPNG_SHORT || step == PCAPNG_DAMAGED)
			return step;
		if (step == PCAPNG_PACKET) {
			assert_true(p.data > bytes + at && p.data + p.captured < bytes + at + size);
			data_ok[*n] = p.captured == 0 || p.data[p.captured - 1] == p.captured - 1;
			packet[(*n)++] = p;
		}
		at += size;
	}
}

/* Whether its byte order is that of this machine. */
static bool is_ours(const struct ngfile *f)
{
	const uint16_t one = 1;
	uint8_t first;

	memcpy(&first, &one, sizeof(first));
	return f->big_endian == !first;
}

static void both_byte_orders(void **state)
{
	(void)state;
	for (int order = 0; order < 4; order++) {
		struct ngfile f = { .big_endian = order & 1 };
		bool first_is_ours = is_ours(&f);
		struct err err = ERR_INIT;
		struct pcapng ng;
		size_t n;

		ng_section(&f);
		ng_interface(&f, 1, 0, -1, 0);
		ng_other(&f, 20);
		ng_interface(&f, 113, 50, 9, 0);
		ng_packet(&f, 0, UINT64_C(1700000000123456), 61, 1500);
		ng_packet(&f, 1, UINT64_C(1700000000123456789), 7, 7);
		ng_old_packet(&f, 1, UINT64_C(1700000001000000001), NULL, 8, 9);
		/* The second section, in the other order perhaps, has other interfaces. */
		f.big_endian ^= order >> 1;
		ng_section(&f);
		ng_interface(&f, 101, 10, 3, -5);
		ng_packet(&f, 0, 1700000005250, 4, 4);
		ng_simple_packet(&f, NULL, 10, 3000);
		assert_int_equal(read_all(&f, &ng, &n, &err), PCAPNG_SHORT);
		assert_int_equal(ng.at, f.bytes.len);
		assert_int_equal(n, 5);
		assert_int_equal(plains, 2 * first_is_ours + is_ours(&f));
		assert_int_equal(packet[0].interface, 0);
		assert_int_equal(packet[0].sec, 1700000000);
		assert_int_equal(packet[0].ns, 123456000);
		assert_int_equal(packet[0].captured, 61);
		assert_int_equal(packet[0].wire, 1500);
		assert_int_equal(packet[1].interface, 1);
		assert_int_equal(packet[1].ns, 123456789);
		assert_int_equal(packet[2].interface, 1);
		assert_int_equal(packet[2].sec, 1700000001);
		assert_int_equal(packet[2].ns, 1);
		assert_int_equal(packet[2].wire, 9);
		assert_int_equal(packet[3].sec, 1700000000);
		assert_int_equal(packet[3].ns, 250000000);
		/* No time of its own; as much as the interface takes. */
		assert_int_equal(packet[4].sec, 1700000000);
		assert_int_equal(packet[4].captured, 10);
		assert_int_equal(packet[4].wire, 3000);
		for (size_t i = 0; i < n; i++)
			assert_true(data_ok[i]);
		assert_int_equal(ng.interfaces, 1);
		assert_int_equal(ng.interface[0].link, 101);
		pcapng_fini(&ng);
		str_free(&f.bytes);
	}
}

static void resolutions(void **state)
{
	static const struct {
		int resolution;
		uint64_t stamp;
		int64_t offset, sec;
		uint32_t ns;
		bool plain;
	} rows[] = {
		{ 0, 1700000000, 0, 1700000000, 0, true },
		{ 6, 1999999, 0, 1, 999999000, true },
		{ 9, 1999999999, 1700000000, 1700000001, 999999999, true },
		{ 12, UINT64_C(1500000000001), 0, 1, 500000000, false },
		{ 19, UINT64_C(15000000000000000000), 0, 1, 500000000, false },
		{ 0x80, 7, 0, 7, 0, true },
		{ 0x81, 7, 0, 3, 500000000, true },
		{ 0x89, 1023, 0, 1, 998046875, true },
		{ 0x8a, 1023, 0, 0, 999023437, false },
		{ 0xa0, UINT64_C(0x3ffffffff), 0, 3, 999999999, false },
		{ 0xbf, UINT64_C(0xc000000000000000), 0, 1, 500000000, false },
		{ 0, UINT64_MAX, 0, INT64_MAX, 0, false },
		{ 0, UINT64_MAX, 1, INT64_MAX, 0, false },
		{ 6, 5000000, -5, 0, 0, true },
		{ 6, 4999999, -5, -1, 999999000, false },
		{ 6, 5000000, INT64_MIN, INT64_MIN + 5, 0, false },
		/* As late as a pcap file can say, and later. */
		{ 9, UINT64_C(2147483647999999999), 0, INT32_MAX, 999999999, true },
		{ 9, UINT64_C(2147483648000000000), 0, INT64_C(1) + INT32_MAX, 0, false },
		{ 9, 999999999, INT32_MAX, INT32_MAX, 999999999, true },
		{ 9, 1000000000, INT32_MAX, INT64_C(1) + INT32_MAX, 0, false },
		{ 9, UINT64_C(4294967294999999999), -INT32_MAX, INT32_MAX, 999999999, true },
		{ 9, UINT64_C(4294967295000000000), -INT32_MAX, INT64_C(1) + INT32_MAX, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		struct ngfile f = { .big_endian = i & 1 };
		struct err err = ERR_INIT;
		struct pcapng ng;
		size_t n;

		ng_section(&f);
		ng_interface(&f, 1, 0, rows[i / 2].resolution, rows[i / 2].offset);
		ng_packet(&f, 0, rows[i / 2].stamp, 0, 0);
		assert_int_equal(read_all(&f, &ng, &n, &err), PCAPNG_SHORT);
		assert_int_equal(n, 1);
		assert_true(packet[0].sec == rows[i / 2].sec);
		assert_int_equal(packet[0].ns, rows[i / 2].ns);
		assert_int_equal(plains, rows[i / 2].plain && is_ours(&f));
		pcapng_fini(&ng);
		str_free(&f.bytes);
	}
}

/* Cut anywhere, it is short, never more. */
static void every_length(void **state)
{
	struct ngfile f = { .big_endian = true };
	size_t whole;

	(void)state;
	ng_section(&f);
	ng_interface(&f, 1, 0, 9, 0);
	ng_packet(&f, 0, 1, 33, 33);
	whole = f.bytes.len;
	for (f.bytes.len = 0; f.bytes.len <= whole; f.bytes.len++) {
		struct err err = ERR_INIT;
		struct pcapng ng;
		size_t n;

		assert_int_equal(read_all(&f, &ng, &n, &err), PCAPNG_SHORT);
		assert_int_equal(n, f.bytes.len == whole);
		pcapng_fini(&ng);
	}
	str_free(&f.bytes);
}

/* All of it is there, or it is not plain: never an octet is read that is not. */
static void plain_when_whole(void **state)
{
	struct ngfile f = { .big_endian = false };
	struct err err = ERR_INIT;
	struct pcapng_plain p;
	struct pcapng ng;
	size_t n;

	(void)state;
	f.big_endian = !is_ours(&f);
	ng_section(&f);
	ng_interface(&f, 1, 0, 9, 0);
	ng_packet_begin(&f, 0, 1, NULL, 33, 1500);
	ng_data(&f, NULL, 24); /* options, whatever they say */
	ng_end(&f);
	assert_int_equal(read_all(&f, &ng, &n, &err), PCAPNG_SHORT);
	assert_int_equal(plains, 1);
	for (size_t left = 0; left <= f.bytes.len - f.block; left++) {
		uint8_t *copy = malloc(left + !left);

		assert_non_null(copy);
		memcpy(copy, f.bytes.s + f.block, left);
		assert_int_equal(pcapng_plain(&ng, copy, left, &p), left == f.bytes.len - f.block);
		free(copy);
	}
	pcapng_fini(&ng);
	str_free(&f.bytes);
}

/* Longer ones are cut where they are handed over. */
static void long_ones_are_not_plain(void **state)
{
	(void)state;
	for (uint32_t more = 0; more <= 4; more += 4) {
		struct ngfile f = { .big_endian = false };
		struct err err = ERR_INIT;
		struct pcapng ng;
		size_t n;

		f.big_endian = !is_ours(&f);
		ng_section(&f);
		ng_interface(&f, 1, 0, 9, 0);
		ng_packet(&f, 0, 1, PCAPNG_PLAIN_MOST - 32 + more, 0);
		assert_int_equal(read_all(&f, &ng, &n, &err), PCAPNG_SHORT);
		assert_int_equal(n, 1);
		assert_int_equal(plains, more == 0);
		pcapng_fini(&ng);
		str_free(&f.bytes);
	}
}

/* What is said of four octets that are wrong, and where. */
static void bad_blocks(void **state)
{
	static const struct {
		unsigned block, at;
		char octets[5];
		const char *words;
	} rows[] = {
		{ 0, 8, "abcd", "a section header with the byte order mark 0x64636261" },
		{ 0, 12, "\2\0\0\0", "version 2 of pcapng is not known" },
		{ 0, 24, "\34\1\0\0", "a block that ends with another length than 28" },
		{ 0, 0, "\7\0\0\0", "a block of type 0x00000007 before any section" },
		{ 1, 4, "\x8\0\0\0", "a block of 8 octets" },
		{ 1, 4, "\x2a\0\0\0", "a block of 42 octets" },
		{ 1, 4, "\0\0\0\x40", "a block of 1073741824 octets" },
		{ 1, 18, "\x7f\0\0\0", "option 2 of an interface is longer than its block" },
		{ 1, 28, "\x64\0\0\0", "an interface with the time resolution 0x64" },
		{ 1, 28, "\xc0\0\0\0", "an interface with the time resolution 0xc0" },
		{ 2, 8, "\1\0\0\0", "a packet of interface 1, which is not described" },
		{ 2, 20, "\x25\0\0\0", "a packet of 37 octets is longer than its block" },
		{ 2, 20, "\xff\xff\xff\xff", "a packet of 4294967295 octets is longer than its block" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ngfile f = { .big_endian = false };
		struct err err = ERR_INIT;
		size_t n, block[3];
		struct pcapng ng;

		ng_section(&f);
		block[0] = f.block;
		ng_interface(&f, 1, 0, 9, 0);
		block[1] = f.block;
		ng_packet(&f, 0, 1, 33, 33);
		block[2] = f.block;
		memcpy(f.bytes.s + block[rows[i].block] + rows[i].at, rows[i].octets, 4);
		assert_int_equal(read_all(&f, &ng, &n, &err), PCAPNG_DAMAGED);
		assert_string_equal(err.text, rows[i].words);
		assert_int_equal(ng.at, block[rows[i].block]);
		pcapng_fini(&ng);
		str_free(&f.bytes);
	}
}

static void packets_too_early(void **state)
{
	struct ngfile f = { .big_endian = false };
	struct err err = ERR_INIT;
	struct pcapng ng;
	size_t n;

	(void)state;
	ng_section(&f);
	ng_simple_packet(&f, NULL, 4, 4);
	assert_int_equal(read_all(&f, &ng, &n, &err), PCAPNG_DAMAGED);
	assert_string_equal(err.text, "a packet before any interface");
	pcapng_fini(&ng);
	str_free(&f.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_byte_orders),
		cmocka_unit_test(resolutions),
		cmocka_unit_test(every_length),
		cmocka_unit_test(plain_when_whole),
		cmocka_unit_test(long_ones_are_not_plain),
		cmocka_unit_test(bad_blocks),
		cmocka_unit_test(packets_too_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
