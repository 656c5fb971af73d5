/* Blocks of pcapng files: sections, interfaces, all kinds of packets, and what is said of bad ones. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "capture/pcapng.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/str.h"

/* A file in the making, in either byte order. */
struct file {
	struct str bytes;
	bool big_endian;
	size_t block; /* where the one begins that is not ended */
};

static void add(struct file *f, unsigned octets, uint64_t v)
{
	for (unsigned i = 0; i < octets; i++) {
		char c = (char)(v >> 8 * (f->big_endian ? octets - 1 - i : i));

		str_add_n(&f->bytes, &c, 1);
	}
}

static void begin(struct file *f, uint32_t type)
{
	f->block = f->bytes.len;
	add(f, 4, type);
	add(f, 4, 0);
}

static void end(struct file *f)
{
	struct file length = { .big_endian = f->big_endian };

	add(&length, 4, f->bytes.len - f->block + 4);
	memcpy(f->bytes.s + f->block + 4, length.bytes.s, 4);
	str_add_n(&f->bytes, length.bytes.s, 4);
	str_free(&length.bytes);
}

static void add_section(struct file *f)
{
	begin(f, PCAPNG_MAGIC);
	add(f, 4, 0x1a2b3c4d);
	add(f, 2, 1);
	add(f, 2, 0);
	add(f, 8, UINT64_MAX);
	end(f);
}

/* resolution -1: without; offset 0: without. */
static void add_interface(struct file *f, unsigned link, uint32_t snaplen, int resolution, int64_t offset)
{
	begin(f, 1);
	add(f, 2, link);
	add(f, 2, 0);
	add(f, 4, snaplen);
	add(f, 2, 2); /* if_name */
	add(f, 2, 3);
	add(f, 4, 0);
	if (resolution >= 0) {
		add(f, 2, 9);
		add(f, 2, 1);
		str_add_n(&f->bytes, (char[]){ (char)resolution, 0, 0, 0 }, 4);
	}
	if (offset) {
		add(f, 2, 14);
		add(f, 2, 8);
		add(f, 8, (uint64_t)offset);
	}
	end(f);
}

static void add_data(struct file *f, uint32_t size)
{
	for (uint32_t i = 0; i < (size + 3) / 4 * 4; i++)
		add(f, 1, i < size ? i : 0);
}

static void add_packet(struct file *f, uint32_t interface, uint64_t stamp, uint32_t captured, uint32_t wire)
{
	begin(f, 6);
	add(f, 4, interface);
	add(f, 4, stamp >> 32);
	add(f, 4, stamp & UINT32_MAX);
	add(f, 4, captured);
	add(f, 4, wire);
	add_data(f, captured);
	end(f);
}

static void add_old_packet(struct file *f, uint16_t interface, uint64_t stamp, uint32_t captured, uint32_t wire)
{
	begin(f, 2);
	add(f, 2, interface);
	add(f, 2, 77); /* packets lost */
	add(f, 4, stamp >> 32);
	add(f, 4, stamp & UINT32_MAX);
	add(f, 4, captured);
	add(f, 4, wire);
	add_data(f, captured);
	end(f);
}

static void add_simple_packet(struct file *f, uint32_t captured, uint32_t wire)
{
	begin(f, 3);
	add(f, 4, wire);
	add_data(f, captured);
	end(f);
}

/* A block of a type that nobody knows. */
static void add_other(struct file *f)
{
	begin(f, 0x0bad);
	add_data(f, 20);
	end(f);
}

static struct pcapng_packet packet[16];
static uint8_t data_ok[16];

/* All packets of the file; returns what stopped it. */
static enum pcapng_step read_all(const struct file *f, struct pcapng *ng, size_t *n, struct err *err)
{
	const uint8_t *bytes = (const uint8_t *)f->bytes.s;
	size_t at = 0, size = 0;
	enum pcapng_step step;

	*n = 0;
	memset(ng, 0, sizeof(*ng));
	for (;;) {
		struct pcapng_packet p;

		step = pcapng_block(ng, bytes + at, f->bytes.len - at, &size, &p, err);
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

static void both_byte_orders(void **state)
{
	(void)state;
	for (int order = 0; order < 4; order++) {
		struct file f = { .big_endian = order & 1 };
		struct err err = ERR_INIT;
		struct pcapng ng;
		size_t n;

		add_section(&f);
		add_interface(&f, 1, 0, -1, 0);
		add_other(&f);
		add_interface(&f, 113, 50, 9, 0);
		add_packet(&f, 0, UINT64_C(1700000000123456), 61, 1500);
		add_packet(&f, 1, UINT64_C(1700000000123456789), 7, 7);
		add_old_packet(&f, 1, UINT64_C(1700000001000000001), 8, 9);
		/* The second section, in the other order perhaps, has other interfaces. */
		f.big_endian ^= order >> 1;
		add_section(&f);
		add_interface(&f, 101, 10, 3, -5);
		add_packet(&f, 0, 1700000005250, 4, 4);
		add_simple_packet(&f, 10, 3000);
		assert_int_equal(read_all(&f, &ng, &n, &err), PCAPNG_SHORT);
		assert_int_equal(ng.at, f.bytes.len);
		assert_int_equal(n, 5);
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
	} rows[] = {
		{ 0, 1700000000, 0, 1700000000, 0 },
		{ 6, 1999999, 0, 1, 999999000 },
		{ 9, 1999999999, 1700000000, 1700000001, 999999999 },
		{ 12, UINT64_C(1500000000001), 0, 1, 500000000 },
		{ 19, UINT64_C(15000000000000000000), 0, 1, 500000000 },
		{ 0x80, 7, 0, 7, 0 },
		{ 0x81, 7, 0, 3, 500000000 },
		{ 0xa0, UINT64_C(0x3ffffffff), 0, 3, 999999999 },
		{ 0xbf, UINT64_C(0xc000000000000000), 0, 1, 500000000 },
		{ 0, UINT64_MAX, 0, INT64_MAX, 0 },
		{ 0, UINT64_MAX, 1, INT64_MAX, 0 },
		{ 6, 5000000, -5, 0, 0 },
		{ 6, 5000000, INT64_MIN, INT64_MIN + 5, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct file f = { .big_endian = i & 1 };
		struct err err = ERR_INIT;
		struct pcapng ng;
		size_t n;

		add_section(&f);
		add_interface(&f, 1, 0, rows[i].resolution, rows[i].offset);
		add_packet(&f, 0, rows[i].stamp, 0, 0);
		assert_int_equal(read_all(&f, &ng, &n, &err), PCAPNG_SHORT);
		assert_int_equal(n, 1);
		assert_true(packet[0].sec == rows[i].sec);
		assert_int_equal(packet[0].ns, rows[i].ns);
		pcapng_fini(&ng);
		str_free(&f.bytes);
	}
}

/* Cut anywhere, it is short, never more. */
static void every_length(void **state)
{
	struct file f = { .big_endian = true };
	size_t whole;

	(void)state;
	add_section(&f);
	add_interface(&f, 1, 0, 9, 0);
	add_packet(&f, 0, 1, 33, 33);
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
		struct file f = { .big_endian = false };
		struct err err = ERR_INIT;
		size_t n, block[3];
		struct pcapng ng;

		add_section(&f);
		block[0] = f.block;
		add_interface(&f, 1, 0, 9, 0);
		block[1] = f.block;
		add_packet(&f, 0, 1, 33, 33);
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
	struct file f = { .big_endian = false };
	struct err err = ERR_INIT;
	struct pcapng ng;
	size_t n;

	(void)state;
	add_section(&f);
	add_simple_packet(&f, 4, 4);
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
		cmocka_unit_test(bad_blocks),
		cmocka_unit_test(packets_too_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
