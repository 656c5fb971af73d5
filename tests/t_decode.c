/* Frames of every kind, whole and cut anywhere. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "frames.h"
#include "packet/decode.h"
#include "packet/walk.h"
#include "util/hash.h"

/* Decodes a copy of exactly `captured` octets, so that a read past the end is one past the memory. */
static enum drop decode_cut(int dlt, const uint8_t *bytes, size_t captured, size_t wire,
	struct pkt *out)
{
	uint8_t *copy = malloc(captured ? captured : 1);
	enum drop drop;

	assert_non_null(copy);
	memcpy(copy, bytes, captured);
	memset(out, 0xa5, sizeof(*out));
	drop = decode(link_find(dlt), copy, captured, wire, out);
	free(copy);
	return drop;
}

static enum drop decode_text(int dlt, const char *text, struct pkt *out)
{
	uint8_t bytes[FRAME_MAX];
	size_t n = frame_bytes(text, bytes);

	return decode_cut(dlt, bytes, n, n, out);
}

static struct addr address(const char *text)
{
	struct addr a;

	assert_true(addr_parse(text, &a));
	return a;
}

static void check_segment(const struct pkt *p)
{
	struct addr four[2] = {address("10.0.0.1"), address("10.0.0.5")};
	struct addr six[2] = {address("fd00::1"), address("fd00::5")};
	struct addr teredo = address("2001::1");

	assert_true(!memcmp(p->tuple.addr, four, sizeof(four)) ||
		!memcmp(p->tuple.addr, six, sizeof(six)) ||
		(addr_equal(&p->tuple.addr[0], &teredo) && addr_equal(&p->tuple.addr[1], &six[1])));
	assert_int_equal(p->tuple.port[0], 40000);
	assert_int_equal(p->tuple.port[1], 80);
	assert_int_equal(p->hash, tuple_hash(&p->tuple));
	assert_int_equal(p->seq, 0x11223344);
	assert_int_equal(p->wscale, 0xff);
	assert_int_equal(p->mss, 0);
	if (p->kind == PKT_ICMP)
		return;
	assert_int_equal(p->tsval, 0);
	assert_int_equal(p->tsecr, 0);
	assert_int_equal(p->kind, PKT_TCP);
	assert_int_equal(p->ack, 0x55667788);
	assert_int_equal(p->len, 5);
	assert_int_equal(p->flags, TCP_PSH | TCP_ACK);
	assert_int_equal(p->win, 0x1000);
	assert_int_equal(p->ttl, 64);
	assert_int_equal(p->opts, 0);
	assert_int_equal(p->reserved, 0);
	assert_int_equal(p->ip_id, addr_is_v4(&p->tuple.addr[0]) ? 0x1234 : 0);
	assert_int_equal(p->icmp_type, 0);
}

static void every_kind_of_frame(void **state)
{
	struct pkt p;
	size_t i;

	for (i = 0; i < FRAMES; i++) {
		const struct frame *f = &frames[i];
		enum drop drop = decode_text(f->dlt, f->text, &p);

		if (drop != f->drop)
			fail_msg("%s: %s, not %s", f->name, drop_info[drop].name, drop_info[f->drop].name);
		if (drop != DROP_NONE)
			continue;
		if (p.tunnel != f->tunnel || p.vlan != f->vlan)
			fail_msg("%s: tunnel %s, vlan %u", f->name, tunnel_names[p.tunnel], p.vlan);
		check_segment(&p);
	}
}

/*
 * Of a frame that the capture cut, enough is there or not; what is said of it does not depend on where it was cut.
 * With `wire` the length of the whole frame and with that of the piece: a tap that slices says the latter.
 */
static void every_prefix_is_decoded_or_counted(void **state)
{
	uint8_t bytes[FRAME_MAX];
	size_t i, n, cut;

	for (i = 0; i < FRAMES; i++) {
		struct pkt whole, p;
		enum drop drop;

		n = frame_bytes(frames[i].text, bytes);
		drop = decode_cut(frames[i].dlt, bytes, n, n, &whole);
		for (cut = 0; cut < n; cut++) {
			enum drop said = decode_cut(frames[i].dlt, bytes, cut, n, &p);

			assert_in_range(said, DROP_NONE, DROP_COUNT - 1);
			if (said == DROP_NONE) {
				assert_int_equal(drop, DROP_NONE);
				assert_memory_equal(&p.tuple, &whole.tuple, sizeof(p.tuple));
				assert_int_equal(p.hash, whole.hash);
				assert_int_equal(p.seq, whole.seq);
				assert_int_equal(p.len, whole.len);
				assert_int_equal(p.flags, whole.flags);
				assert_int_equal(p.tunnel, whole.tunnel);
				assert_int_equal(p.vlan, whole.vlan);
			}
			assert_in_range(decode_cut(frames[i].dlt, bytes, cut, cut, &p), DROP_NONE,
				DROP_COUNT - 1);
		}
	}
}

/* Any octet of any frame changed: still an answer, and never a read outside. */
static void every_octet_may_be_wrong(void **state)
{
	static const uint8_t wrong[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
	uint8_t bytes[FRAME_MAX], was;
	size_t i, n, at, k;
	struct pkt p;

	for (i = 0; i < FRAMES; i++) {
		n = frame_bytes(frames[i].text, bytes);
		for (at = 0; at < n; at++) {
			was = bytes[at];
			for (k = 0; k < sizeof(wrong); k++) {
				bytes[at] = wrong[k];
				assert_in_range(decode_cut(frames[i].dlt, bytes, n, n, &p),
					DROP_NONE, DROP_COUNT - 1);
			}
			bytes[at] = was;
		}
	}
}

static void cut_headers_say_where(void **state)
{
	static const struct {
		size_t captured;
		enum drop drop;
	} rows[] = {
		{0, DROP_LINK_SHORT},  {13, DROP_LINK_SHORT}, {14, DROP_IP_SHORT},
		{33, DROP_IP_SHORT},   {34, DROP_TCP_SHORT},  {53, DROP_TCP_SHORT},
		{54, DROP_NONE},       {57, DROP_NONE},
	};
	uint8_t bytes[FRAME_MAX];
	size_t n = frame_bytes(ETHER("0800") V4, bytes), i;
	struct pkt p;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(decode_cut(1, bytes, rows[i].captured, n, &p), rows[i].drop);
	assert_int_equal(p.len, 5);
}

/* A segment from 10.0.0.1 with this offset-and-flags field, options and payload behind the header. */
#define WITH(offset_flags, more) \
	IN4("06") "9c40 0050 11223344 55667788 " offset_flags " 1000 0000 0000" more

static void options_are_read(void **state)
{
	struct pkt p;

	assert_int_equal(decode_text(101, WITH("a002", "020405b4 0402 080a 01020304 05060708 01 030307"),
				 &p), DROP_NONE);
	assert_int_equal(p.opts, OPT_MSS | OPT_SACK_PERM | OPT_TIMESTAMPS | OPT_WSCALE | OPT_ANY);
	assert_int_equal(p.mss, 1460);
	assert_int_equal(p.wscale, 7);
	assert_int_equal(p.tsval, 0x01020304);
	assert_int_equal(p.tsecr, 0x05060708);
	assert_int_equal(p.len, 0);
	assert_int_equal(decode_text(101, WITH("8010", "0101080a 00000001 ffffffff" HELLO), &p), DROP_NONE);
	assert_int_equal(p.opts, OPT_TIMESTAMPS | OPT_ANY);
	assert_int_equal(p.tsval, 1);
	assert_int_equal(p.tsecr, UINT32_MAX);
	assert_int_equal(p.len, 5);
	/* what looks like an MSS is payload */
	assert_int_equal(decode_text(101, WITH("6010", "01010101 020405b4"), &p), DROP_NONE);
	assert_int_equal(p.opts, OPT_ANY);
	assert_int_equal(p.len, 4);
	assert_int_equal(decode_text(101, WITH("8010", "0101050a 00000001 00000002"), &p), DROP_NONE);
	assert_int_equal(p.opts, OPT_SACK | OPT_ANY);
	assert_int_equal(decode_text(101, WITH("8002", "1e0c0081 0102030405060708"), &p), DROP_NONE);
	assert_int_equal(p.opts, OPT_MPTCP | OPT_ANY);
	assert_int_equal(decode_text(101, WITH("6002", "22020101"), &p), DROP_NONE);
	assert_int_equal(p.opts, OPT_FAST_OPEN | OPT_ANY);
	assert_int_equal(decode_text(101, WITH("6002", "fe04f989"), &p), DROP_NONE);
	assert_int_equal(p.opts, OPT_FAST_OPEN | OPT_ANY);
	assert_int_equal(decode_text(101, WITH("6002", "fe041234"), &p), DROP_NONE);
	assert_int_equal(p.opts, OPT_ANY);
	assert_int_equal(decode_text(101, WITH("6f10", "01010101"), &p), DROP_NONE);
	assert_int_equal(p.reserved, 0x0f);
	assert_int_equal(decode_text(101, WITH("6002", "03030f01"), &p), DROP_NONE);
	assert_int_equal(p.wscale, 14); /* RFC 7323, 2.3 */
}

/* Nonsense among the options ends them; the segment counts all the same, as it does for the receiver. */
static void wrong_options_end_the_options(void **state)
{
	static const char *const rows[] = {
		WITH("7002", "030307 00 020405b4"), /* behind the end */
		WITH("7002", "030307 02 00 0405b4"), /* length 0 */
		WITH("7002", "030307 02 01 0405b4"),
		WITH("7002", "030307 02 09 0405b4"), /* past the end */
		WITH("7002", "030307 02 03 05 01 01"), /* an MSS of three octets */
		WITH("7002", "030307 01 01 01 01 02"), /* no length */
	};
	struct pkt p;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(decode_text(101, rows[i], &p), DROP_NONE);
		assert_int_equal(p.opts, OPT_WSCALE | OPT_ANY);
		assert_int_equal(p.wscale, 7);
		assert_int_equal(p.mss, 0);
		assert_int_equal(p.len, 0);
	}
}

/* The header's own length decides: padding is no payload, and what was not captured still counts. */
static void length_is_the_headers(void **state)
{
	uint8_t bytes[FRAME_MAX];
	struct pkt p;
	size_t n;

	assert_int_equal(decode_text(1, ETHER("0800") IN4("06") TCP_HEAD "|000000000000", &p), DROP_NONE);
	assert_int_equal(p.len, 0);
	n = frame_bytes("4500 05dc 1234 4000 4006 0000 0a000001 0a000005" TCP_HEAD, bytes);
	assert_int_equal(decode_cut(101, bytes, n, 1500, &p), DROP_NONE);
	assert_int_equal(p.len, 1460);
	/* sliced by a tap that says the slice was all */
	assert_int_equal(decode_cut(101, bytes, n, n, &p), DROP_NONE);
	assert_int_equal(p.len, 1460);
	/* 0: the frame says, here one of 80,000 octets */
	n = frame_bytes("4500 0000 1234 4000 4006 0000 0a000001 0a000005" TCP_HEAD, bytes);
	assert_int_equal(decode_cut(101, bytes, n, 80000, &p), DROP_NONE);
	assert_int_equal(p.len, 80000 - 40);
	/* PPPoE around IP knows that there was padding */
	assert_int_equal(decode_text(1,
				 ETHER("8864") "11000001 002a 0021 4500 002e 1234 4000 4006 0000 0a000001"
					       "0a000005" TCP_HEAD "000000000000", &p), DROP_NONE);
	assert_int_equal(p.len, 0);
}

/* A jumbogram of 100,000 octets; one that claims more than its frame has is not believed. */
static void jumbograms_have_their_length(void **state)
{
	uint8_t bytes[FRAME_MAX];
	struct pkt p;
	size_t n = frame_bytes("60000000 0000 0040 fd000000000000000000000000000001"
			       "fd000000000000000000000000000005 06 00 c204 000186a0" TCP_HEAD, bytes);

	assert_int_equal(decode_cut(101, bytes, n, 100040, &p), DROP_NONE);
	assert_int_equal(p.len, 100000 - 8 - 20);
	assert_int_equal(decode_cut(101, bytes, n, 1000, &p), DROP_NONE);
	assert_int_equal(p.len, 1000 - 40 - 8 - 20);
}

/* The options of a SYN may go on in the second fragment. */
static void first_fragment_may_cut_options(void **state)
{
	struct pkt p;

	assert_int_equal(decode_text(101,
				 "4500 {4} 1234 2000 4006 0000 0a000001 0a000005 9c40 0050 11223344 00000000"
				 "a002 1000 0000 0000 020405b4", &p), DROP_NONE);
	assert_int_equal(p.flags, TCP_SYN);
	assert_int_equal(p.len, 0);
	assert_int_equal(p.mss, 1460);
	assert_int_equal(p.opts, OPT_MSS | OPT_ANY);
}

static void error_says_who_and_about_what(void **state)
{
	struct addr router = address("192.0.2.1"), router6 = address("2001:db8::1");
	struct pkt p;

	assert_int_equal(decode_text(1, ETHER("8100") "0064 0800" OUT4("01") "0302 0000 00000000" QUOTE4,
				 &p), DROP_NONE);
	check_segment(&p);
	assert_int_equal(p.kind, PKT_ICMP);
	assert_int_equal(p.icmp_type, 3);
	assert_int_equal(p.icmp_code, 2);
	assert_int_equal(p.icmp_v6, 0);
	assert_true(addr_equal(&p.icmp_from, &router));
	assert_int_equal(p.ttl, 255);
	assert_int_equal(p.ip_id, 0x4321);
	assert_int_equal(p.vlan, 100);
	assert_int_equal(p.len, 0);
	assert_int_equal(decode_text(101, OUT6("3a") "0104 0000 00000000" QUOTE6, &p), DROP_NONE);
	check_segment(&p);
	assert_int_equal(p.kind, PKT_ICMP);
	assert_int_equal(p.icmp_type, 1);
	assert_int_equal(p.icmp_code, 4);
	assert_int_equal(p.icmp_v6, 1);
	assert_true(addr_equal(&p.icmp_from, &router6));
}

/* Some hosts swap the length they quote; ports and sequence number are there all the same. */
static void quoted_length_may_be_swapped(void **state)
{
	struct pkt p;

	assert_int_equal(decode_text(101, OUT4("01") "0301 0000 00000000 4500 1800 1234 4000 40 06 0000"
						     "0a000001 0a000005 9c400050 11223344", &p), DROP_NONE);
	assert_int_equal(decode_text(101, OUT4("01") "0301 0000 00000000 4500 0018 1234 4000 40 06 0000"
						     "0a000001 0a000005 9c400050 11223344", &p), DROP_NONE);
	check_segment(&p);
}

static struct tuple turned(struct tuple t)
{
	return (struct tuple){{t.addr[1], t.addr[0]}, {t.port[1], t.port[0]}};
}

static void hash_is_the_same_both_ways(void **state)
{
	struct tuple t = {{address("10.0.0.1"), address("10.0.0.5")}, {40000, 80}};
	struct tuple back = turned(t), other = t;
	uint32_t first = tuple_hash(&t);

	assert_int_equal(tuple_hash(&back), first);
	other.port[0]++;
	assert_int_not_equal(tuple_hash(&other), first);
	/* the ports exchanged alone are another connection */
	other = (struct tuple){{t.addr[0], t.addr[1]}, {80, 40000}};
	assert_int_not_equal(tuple_hash(&other), first);
	other.addr[1] = other.addr[0]; /* a host with itself */
	back = turned(other);
	assert_int_equal(tuple_hash(&back), tuple_hash(&other));
	t = (struct tuple){{address("fd00::1"), address("fc00::2:1")}, {1, 1}};
	back = turned(t);
	assert_int_equal(tuple_hash(&back), tuple_hash(&t));
	t = (struct tuple){{address("fd00::1"), address("fd00::1")}, {1, 2}};
	back = turned(t);
	assert_int_equal(tuple_hash(&back), tuple_hash(&t));
	first = tuple_hash(&t);
	hash_seed(2); /* nobody can know */
	assert_int_not_equal(tuple_hash(&t), first);
	hash_seed(1);
}

/* 2^16 connections of one client in 2^16 buckets: chance leaves about 37 % empty. */
static void hash_spreads(void **state)
{
	static uint8_t seen[65536];
	struct tuple t = {{address("10.0.0.1"), address("10.0.0.5")}, {0, 80}};
	unsigned i, empty = 0;

	memset(seen, 0, sizeof(seen));
	for (i = 0; i < 65536; i++) {
		t.port[0] = (uint16_t)i;
		t.addr[1].b[15] = (uint8_t)(i * 7);
		seen[tuple_hash(&t) & 0xffff] = 1;
	}
	for (i = 0; i < 65536; i++)
		empty += !seen[i];
	assert_in_range(empty, 23000, 25500);
}

static uint32_t dice(uint32_t n)
{
	static uint64_t state = 20261121;

	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((state >> 33) % n);
}

/* A link header before an IP header before a TCP header with options and payload; *n octets in all. */
static void dice_frame(int dlt, uint8_t *frame, size_t *n)
{
	static const uint8_t v4[] = "\x45\0\0\0\x12\x34\0\0\x40\6\0\0\x0a\0\0\1\x0a\0\0\5";
	static const uint8_t v6[] = "\x60\0\0\0\0\0\6\x40" "fd00000000000001" "fd00000000000005";
	static const uint8_t tcp[] = "\x9c\x40\0\x50\1\2\3\4\5\6\7\x08\0\x18\x20\0\0\0\0\0";
	static const struct {
		uint8_t size, octets[41];
	} options[] = {
		{0, ""},
		{12, "\1\1\x08\x0a\1\2\3\4\5\6\7\x08"},
		{20, "\2\4\5\xb4\4\2\x08\x0a\1\2\3\4\5\6\7\x08\1\3\3\7"},
		{12, "\2\4\5\xb4\1\3\3\x08\1\1\4\2"},
		{24, "\1\1\x08\x0a\1\2\3\4\5\6\7\x08\1\1\5\x0a\1\2\3\4\5\6\7\x08"},
		{24, "\2\4\5\xb4\1\3\3\6\1\1\x08\x0a\1\2\3\4\5\6\7\x08\4\2\0\0"},
		{40, "\1\1\x08\x0a\1\2\3\4\5\6\7\x08\x1e\x14" "eighteen in mptcp." "\2\4\5\xb4\1\1\1\1"},
	};
	size_t link = dlt == 1 ? 14 : dlt == 113 ? 16 : dlt == 276 ? 20 : 0, ip, header, payload = dice(4) * 7;
	unsigned which = dice(sizeof(options) / sizeof(options[0]));
	bool six = dice(2);
	uint8_t type_is[2] = {six ? 0x86 : 0x08, six ? 0xdd : 0x00};
	uint8_t *type = frame + (dlt == 1 ? 12 : dlt == 113 ? 14 : 0), *at = frame + link;

	memset(frame, 0, FRAME_MAX);
	ip = six ? 40 : 20;
	header = 20u + options[which].size;
	memcpy(at, six ? v6 : v4, ip);
	at[six ? 5 : 3] = (uint8_t)(header + payload + (six ? 0 : 20));
	memcpy(at + ip, tcp, 20);
	at[ip + 12] = (uint8_t)(header / 4 << 4 | dice(16));
	memcpy(at + ip + 20, options[which].octets, options[which].size);
	for (int i = 0; i < 2; i++)
		if (six && dice(3) == 0) /* an address that stands for one of IPv4 */
			memcpy(at + 8 + 16 * i, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\1", 16);
	*n = link + ip + header + payload;
	while (link && dice(4) == 0) { /* tags */
		memmove(at + 4, at, *n - link);
		at[0] = (uint8_t)dice(256);
		at[1] = (uint8_t)dice(256);
		memcpy(at + 2, type_is, 2);
		memcpy(type_is, dice(8) ? "\x81\0" : "\x88\xa8", 2);
		*n += 4;
	}
	if (link)
		memcpy(type, type_is, 2);
}

/* Most segments take a short way, all can take the long one: both must say the same, whatever is broken. */
static void the_short_way_is_the_long_one(void **state)
{
	static const int dlts[] = {1, 12, 113, 276, 0};
	unsigned good = 0, bad = 0;

	for (int i = 0; i < 500000; i++) {
		const int dlt = dlts[dice(sizeof(dlts) / sizeof(dlts[0]))];
		size_t n, captured, wire, changes = dice(4);
		uint8_t frame[FRAME_MAX], *copy;
		struct pkt a, b;
		enum drop drop;

		dice_frame(dlt, frame, &n);
		while (changes--)
			frame[dice((uint32_t)n)] ^= (uint8_t)(dice(3) ? 1u << dice(8) : dice(256));
		captured = dice(3) ? n : dice((uint32_t)n + 1);
		wire = dice(3) ? n : captured + dice(64);
		copy = malloc(captured + !captured);
		assert_non_null(copy);
		memcpy(copy, frame, captured);
		memset(&a, 0xa5, sizeof(a));
		memset(&b, 0xa5, sizeof(b));
		drop = decode(link_find(dlt), copy, captured, wire, &a);
		assert_int_equal(decode_long(link_find(dlt), copy, captured, wire, &b), drop);
		free(copy);
		if (drop == DROP_NONE)
			assert_memory_equal(&a, &b, sizeof(a));
		good += drop == DROP_NONE;
		bad += drop != DROP_NONE;
	}
	assert_true(good > 100000 && bad > 100000);
}

static void unknown_links_are_unknown(void **state)
{
	assert_null(link_find(-1));
	assert_null(link_find(147));
	assert_non_null(link_find(1));
}

/* Writes every frame as fuzz_decode wants it: link type, then the octets. */
static int write_seeds(const char *folder)
{
	uint8_t bytes[FRAME_MAX];
	char name[4096];
	size_t i;

	for (i = 0; i < FRAMES; i++) {
		size_t n = frame_bytes(frames[i].text, bytes);
		FILE *f;

		snprintf(name, sizeof(name), "%s/frame-%03zu", folder, i);
		f = fopen(name, "wb");
		if (!f || fputc(frames[i].dlt & 0xff, f) == EOF || fputc(frames[i].dlt >> 8, f) == EOF ||
			fwrite(bytes, 1, n, f) != n || fclose(f) != 0) {
			perror(name);
			return 1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_frame),
		cmocka_unit_test(every_prefix_is_decoded_or_counted),
		cmocka_unit_test(every_octet_may_be_wrong),
		cmocka_unit_test(cut_headers_say_where),
		cmocka_unit_test(options_are_read),
		cmocka_unit_test(wrong_options_end_the_options),
		cmocka_unit_test(length_is_the_headers),
		cmocka_unit_test(jumbograms_have_their_length),
		cmocka_unit_test(first_fragment_may_cut_options),
		cmocka_unit_test(error_says_who_and_about_what),
		cmocka_unit_test(quoted_length_may_be_swapped),
		cmocka_unit_test(hash_is_the_same_both_ways),
		cmocka_unit_test(hash_spreads),
		cmocka_unit_test(the_short_way_is_the_long_one),
		cmocka_unit_test(unknown_links_are_unknown),
	};

	hash_seed(1);
	if (argc == 3 && !strcmp(argv[1], "seeds"))
		return write_seeds(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
