/*
 * Capture files of all sorts of blocks and records, broken in all sorts of ways: the short way for plain packets comes
 * to what the long way comes to.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "both_ways.h"
#include "capfile.h"
#include "ngfile.h"
#include "util/str.h"

#define FILES 4000
#define STAMP UINT64_C(1700000000123456) /* us */

static uint64_t state_of_dice = 20261121;

static uint32_t dice(uint32_t n)
{
	state_of_dice = state_of_dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((state_of_dice >> 33) % n);
}

/* A segment behind an Ethernet header or none, or behind too little of one. */
static uint32_t dice_frame(uint8_t frame[128])
{
	uint32_t ip = dice(2) ? 14 : 0, size = ip + 40 + dice(9) * 4;

	memset(frame, 0, 128);
	if (ip)
		frame[12] = 0x08;
	memcpy(frame + ip, "\x45\0\0\x28\0\1\x40\0\x40\6\0\0\x0a\0\0\1\x0a\0\0\5", 20);
	memcpy(frame + ip + 20, "\x9c\x40\0\x50\0\0\0\1\0\0\0\2\x50\x10\x20\0\0\0\0\0", 20);
	frame[ip + 27] = (uint8_t)dice(256);
	if (!dice(6))
		frame[dice(size)] ^= (uint8_t)(1u << dice(8));
	return dice(8) ? size : dice(size);
}

static void add_interface(struct ngfile *f)
{
	static const int64_t offsets[] = {0, 0, 0, 0, 5, -1700000000, -1700000001, 447483647, INT64_MIN, INT32_MAX};
	static const int resolutions[] = {-1, -1, 6, 6, 9, 9, 0, 3, 12, 0x81, 0x94, 0xa0};
	static const unsigned links[] = {1, 1, 1, 101, 113, 201};

	ng_interface(f, links[dice(6)], dice(3) ? 262144 : dice(80), resolutions[dice(12)], offsets[dice(10)]);
}

static uint64_t dice_stamp(void)
{
	static const uint64_t stamps[] = {0, 1, 1999999999, UINT64_C(2147483647999999), UINT64_C(2147483648000000),
		UINT64_C(1700000000123456789), UINT64_MAX};

	return dice(6) ? STAMP + dice(5000000) : stamps[dice(7)];
}

static void add_packet(struct ngfile *f, uint32_t interfaces)
{
	uint8_t frame[128];
	uint32_t size = dice_frame(frame), wire = dice(3) ? size : size + dice(1400);

	ng_packet_begin(f, dice(200) ? dice(interfaces) : dice(interfaces + 2), dice_stamp(), frame, size, wire);
	if (!dice(5))
		ng_data(f, NULL, 4 * dice(6)); /* options, whatever they say */
	ng_end(f);
}

/* What looks like a packet, and only just is none, or one of another kind than it looks like. */
static void add_twisted(struct ngfile *f, uint32_t interfaces)
{
	struct ngfile foreign = {.big_endian = !f->big_endian};
	size_t at = f->bytes.len;

	switch (dice(3)) {
	case 0: /* in the other byte order: of a type that nobody knows, and as long as that makes it */
		add_packet(&foreign, interfaces);
		str_add_n(&f->bytes, foreign.bytes.s, foreign.bytes.len);
		str_free(&foreign.bytes);
		break;
	case 1: /* as long as it says, but not of whole words */
		add_packet(f, interfaces);
		f->bytes.len -= 4;
		ng_number(f, 1 + dice(3), 0);
		f->block = at;
		ng_end(f);
		break;
	case 2: /* its packet ends where the block does, or behind that */
		add_packet(f, interfaces);
		foreign.big_endian = f->big_endian;
		ng_number(&foreign, 4, f->bytes.len - at - 32 + dice(3));
		memcpy(f->bytes.s + at + 20, foreign.bytes.s, 4);
		str_free(&foreign.bytes);
	}
}

static void add_block(struct ngfile *f, uint32_t *interfaces)
{
	uint8_t frame[128];
	uint32_t size = dice_frame(frame);

	switch (dice(16)) {
	case 0:
		ng_old_packet(f, (uint16_t)dice(*interfaces), dice_stamp(), frame, size, size);
		break;
	case 1:
		ng_simple_packet(f, frame, size, size + dice(2));
		break;
	case 2:
		ng_other(f, dice(40));
		break;
	case 3:
		add_interface(f);
		++*interfaces;
		break;
	case 4:
		if (dice(3))
			break;
		f->big_endian = dice(2);
		ng_section(f);
		*interfaces = 1;
		add_interface(f);
		break;
	default:
		if (dice(60))
			add_packet(f, *interfaces);
		else
			add_twisted(f, *interfaces);
	}
}

static void dice_pcapng(struct str *out)
{
	struct ngfile f = {.big_endian = !dice(4)};
	uint32_t interfaces = 1, blocks = dice(90);

	ng_section(&f);
	add_interface(&f);
	while (blocks--)
		add_block(&f, &interfaces);
	*out = f.bytes;
}

static void dice_pcap(struct str *out)
{
	struct capfile f = {.link = dice(2) ? CAPFILE_RAW : CAPFILE_ETHERNET, .big_endian = !dice(4)};
	uint32_t records = dice(90);
	uint8_t frame[128];

	f.nanoseconds = dice(2);
	capfile_begin(&f);
	while (records--) {
		uint32_t size = dice_frame(frame);

		capfile_packet(&f, (int64_t)(dice_stamp() % (INT64_MAX / 1000)) * 1000, frame, size);
	}
	*out = f.bytes;
}

/* Some octets, or four that say how long something is, or all from somewhere on. */
static void break_it(struct str *file)
{
	for (uint32_t n = dice(4); n > 0; n--) {
		size_t at = dice((uint32_t)file->len);

		if (dice(2))
			file->s[at] = (char)(dice(3) ? (uint8_t)file->s[at] ^ 1u << dice(8) : dice(256));
		else if (at + 4 < file->len)
			memcpy(file->s + at / 4 * 4, &(uint32_t){dice(2) ? dice(200) : UINT32_MAX - dice(4)}, 4);
	}
	if (!dice(8))
		file->len = dice((uint32_t)file->len);
}

static void short_and_long(void **state)
{
	static struct both_ways got;
	unsigned ends[INPUT_FAILED + 1] = {0};
	size_t packets = 0;

	(void)state;
	for (int i = 0; i < FILES; i++) {
		struct str file;

		if (dice(4))
			dice_pcapng(&file);
		else
			dice_pcap(&file);
		if (dice(3))
			break_it(&file);
		both_ways((const uint8_t *)file.s, file.len, (size_t)1 << dice(15), 1 + dice(BOTH_WAYS_ROOM), &got);
		str_free(&file);
		ends[got.state]++;
		packets += got.n;
	}
	assert_true(packets > FILES * 5);
	assert_true(ends[INPUT_OVER] > FILES / 4 && ends[INPUT_DAMAGED] > FILES / 8);
	assert_true(ends[INPUT_FAILED] > FILES / 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_and_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
