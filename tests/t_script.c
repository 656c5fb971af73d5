/*
 * Packet scripts: octets against frames that were put together by other means, and the
 * numbers that are filled in.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "packet/pkt.h"
#include "packet/script.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/mem.h"
#include "util/str.h"

static struct script *play(const char *text)
{
	struct err err = ERR_INIT;
	struct script *s = script_new(text, NULL, &err);

	assert_string_equal(err.text, "");
	assert_non_null(s);
	return s;
}

static uint32_t be(const uint8_t *p, size_t n)
{
	uint32_t v = 0;

	while (n--)
		v = v << 8 | *p++;
	return v;
}

/*
 * Of a frame with an Ethernet header and no tag, read without decode(): "> S 1000 0 len 0".
 */
static void tell(const struct script *s, size_t i, struct str *out)
{
	const uint8_t *ip = script_frame(s, i)->data + 14, *tcp = ip + (ip[0] >> 4 == 4 ? 20 : 40);
	size_t len = script_frame(s, i)->wire - (size_t)(tcp - ip) - 14 - (size_t)(tcp[12] >> 4) * 4;
	static const char letters[] = "FSRPAUEC";
	size_t bit;

	str_addf(out, "%c", ip[-14 + 5] == 2 ? '>' : '<');
	for (bit = 0; bit < 8; bit++)
		if (tcp[13] >> bit & 1)
			str_add_char(out, letters[bit]);
	str_addf(out, " %u", (unsigned)be(tcp + 4, 4));
	if (tcp[13] & TCP_ACK)
		str_addf(out, " a%u", (unsigned)be(tcp + 8, 4));
	if (len)
		str_addf(out, " len %zu", len);
}

static void expect(const char *text, const char *const *want)
{
	struct script *s = play(text);
	struct str got = STR_INIT;
	size_t i;

	for (i = 0; i < script_count(s); i++) {
		assert_non_null(want[i]);
		str_clear(&got);
		tell(s, i, &got);
		assert_string_equal(got.s, want[i]);
	}
	assert_null(want[i]);
	str_free(&got);
	script_free(s);
}

#define EXPECT(text, ...) expect("isn 1000 5000\n" text, (const char *const[]){ __VA_ARGS__, NULL })

static void expect_octets(const char *text, size_t i, const char *hex)
{
	struct script *s = play(text);
	const struct script_frame *f = script_frame(s, i);
	struct str got = STR_INIT;
	size_t k;

	for (k = 0; k < f->captured; k++)
		str_addf(&got, "%02x", f->data[k]);
	assert_string_equal(got.s, hex);
	str_free(&got);
	script_free(s);
}

static void frames_are_right_to_the_octet(void **state)
{
	(void)state;
	expect_octets("isn 1000 5000\n0 > S sackok ts 100 0 ws 7", 0,
		"02000000000202000000000108004500003c00014000400626b60a0000010a00"
		"00059c400050000003e800000000a002faf092330000020405b40402080a0000"
		"00640000000003030701");
	expect_octets("isn 1000 5000\n0 > S\n1 < RA ttl 60", 1,
		"020000000001020000000002080045000028000040003c062acb0a0000050a00"
		"000100509c4000000000000003e950140000fb510000");
	expect_octets("client [fd00::1]:40000\nserver [fd00::5]:443\nisn 1000 5000\nvlan 7\nttl 64 57\n"
		"0 < PA len 3 win 512", 0,
		"0200000000010200000000028100000786dd6000000000170639fd0000000000"
		"00000000000000000005fd00000000000000000000000000000101bb9c400000"
		"1389000003e95018020039f20000616263");
	expect_octets("isn 1000 5000\n0 > S sackok ts 100 0 ws 7\n"
		"1 < icmp 3/13 from 10.9.9.9 quote 8 ttl 62 id 7", 1,
		"020000000001020000000002080045000038000700003e015fac0a0909090a00"
		"0001030d5c7a000000004500003c00014000400626b60a0000010a0000059c40"
		"0050000003e8");
}

static void numbers_follow_the_conversation(void **state)
{
	(void)state;
	EXPECT("0 > S; 1 < SA; 2 > .; 3 > PA len 10 x 2; 4 < . ; 5 < PA len 7; 6 > FA; 7 < F.; 8 > .",
		">S 1000", "<SA 5000 a1001", ">A 1001 a5001", ">PA 1001 a5001 len 10",
		">PA 1011 a5001 len 10", "<A 5001 a1021", "<PA 5001 a1021 len 7",
		">FA 1021 a5008", "<FA 5008 a1022", ">A 1022 a5009");
}

static void explicit_numbers_are_relative_unless_absolute(void **state)
{
	(void)state;
	EXPECT("0 > S; 1 < SA ack 1; 2 > PA seq 11 ack 3 len 5; 3 > PA seq 1 len 10; 4 < . ; "
		"5 > . seq =7 ack =4294967295; 6 > . seq -1",
		">S 1000", "<SA 5000 a1001", ">PA 1011 a5003 len 5", ">PA 1001 a5001 len 10",
		"<A 5001 a1016", ">A 7 a4294967295", ">A 999 a5001");
}

static void resets_have_the_forms_of_a_stack(void **state)
{
	struct script *s;

	(void)state;
	EXPECT("0 > S len 20 tfo; 1 < RA", ">S 1000 len 20", "<RA 0 a1021");
	EXPECT("0 > S; 1 < SA; 2 > R", ">S 1000", "<SA 5000 a1001", ">R 1001");
	/*
	 * Data that came after the close is answered with its own ack number, not with what
	 * was sent last.
	 */
	EXPECT("0 > FA; 1 < PA len 5 ack 1; 2 > R; 3 < . ; 4 > R", ">FA 1001 a5001",
		"<PA 5001 a1001 len 5", ">R 1001", "<A 5006 a1002", ">R 1002");
	EXPECT("0 > PA len 5; 1 < RA", ">PA 1001 a5001 len 5", "<RA 5001 a1006");
	EXPECT("0 < R; 1 < R", "<R 5001", "<R 5001");
	EXPECT("0 > F; 1 < RA", ">F 1001", "<RA 0 a1002");
	s = play("0 > PA len 1; 1 < R; 2 > RA");
	assert_int_equal(be(script_frame(s, 1)->data + 18, 2), 0);	/* IP id */
	assert_int_equal(be(script_frame(s, 1)->data + 48, 2), 0);	/* window */
	assert_int_equal(be(script_frame(s, 2)->data + 18, 2), 2);
	assert_int_equal(be(script_frame(s, 2)->data + 48, 2), 64240);
	script_free(s);
}

static void a_connection_may_begin_in_its_middle(void **state)
{
	(void)state;
	EXPECT("0 < PA len 9; 1 > . ; 2 > - ; 3 > FPU", "<PA 5001 a1001 len 9", ">A 1001 a5010",
		"> 1001", ">FPU 1001");
	EXPECT("0 > . seq =4000000000 len 1; 1 < . ; 2 > . len 1", ">A 4000000000 a5001 len 1",
		"<A 5001 a4000000001", ">A 4000000001 a5001 len 1");
}

static void sequence_numbers_wrap(void **state)
{
	const char *const want[] = { ">S 4294967290", "<SA 1 a4294967291", ">PA 4294967291 a2 len 10",
		"<A 2 a5", ">FA 5 a2", NULL };

	(void)state;
	expect("isn 4294967290 1; 0 > S; 1 < SA; 2 > PA len 10; 3 < .; 4 > FA", want);
}

static void lost_dropped_and_forged(void **state)
{
	(void)state;
	EXPECT("0 > PA len 5 lost; 1 < . ; 2 > PA len 5 dropped; 3 < . ; 4 > again; 5 < .",
		"<A 5001 a1006", ">PA 1006 a5001 len 5", "<A 5001 a1006", ">PA 1006 a5001 len 5",
		"<A 5001 a1011");
	EXPECT("0 > PA len 5 forged; 1 > PA len 6; 2 > . twice", ">PA 1001 a5001 len 5",
		">PA 1001 a5001 len 6", ">A 1007 a5001", ">A 1007 a5001");
}

static void again_repeats_with_the_newest_ack(void **state)
{
	(void)state;
	EXPECT("0 > S; 1 > again x 2; 3 < SA; 4 < again; 5 > FA; 6 < PA len 4; 7 > . ; 8 > again; 9 > ka",
		">S 1000", ">S 1000", ">S 1000", "<SA 5000 a1001", "<SA 5000 a1001",
		">FA 1001 a5001", "<PA 5001 a1002 len 4", ">A 1002 a5005", ">FA 1001 a5005",
		">A 1001 a5005");
}

static void a_new_isn_is_a_new_generation(void **state)
{
	(void)state;
	EXPECT("0 > S; 1 < SA; 2 > S isn 9000; 3 < SA isn 70; 4 > .; 5 > S isn 12000; 6 < RA",
		">S 1000", "<SA 5000 a1001", ">S 9000", "<SA 70 a9001", ">A 9001 a71", ">S 12000",
		"<RA 0 a12001");
	EXPECT("0 > S; 1 < SA; 2 > S isn 9000; 3 > again; 4 < SA; 5 < again", ">S 1000", "<SA 5000 a1001",
		">S 9000", ">S 9000", "<SA 64005123 a9001", "<SA 64005123 a9001");
}

static void connections_keep_their_numbers_apart(void **state)
{
	(void)state;
	EXPECT("0 > S; 1 < SA; conn b; isn 80 90; 2 > S; conn; 3 < . ; conn b; 4 < SA",
		">S 1000", "<SA 5000 a1001", ">S 80", "<A 5001 a1001", "<SA 90 a81");
}

static void times_are_exact_and_sorted(void **state)
{
	struct script_conf conf = { .base = 5 * NS_PER_SEC };
	struct err err = ERR_INIT;
	struct script *s = script_new("1.000000001 > S x 3 every 0.5 doubling\n+0.25 < SA\n0.1 > .\n.2 > . twice",
		&conf, &err);
	static const int64_t want[] = { 100000000, 200000000, 200005000, 1000000001, 1500000001,
		2500000001, 2750000001 };
	size_t i;

	(void)state;
	assert_non_null(s);
	assert_int_equal(script_count(s), 7);
	for (i = 0; i < 7; i++)
		assert_int_equal(script_frame(s, i)->ts, want[i] + conf.base);
	script_free(s);
	s = play("unsorted; 1 > S; 0 > S");
	assert_int_equal(script_frame(s, 1)->ts, 0);
	script_free(s);
}

static void link_types_and_snapping(void **state)
{
	struct script *s = play("raw; 0 > S bare; snap 100; 1 < PA len 1000");

	(void)state;
	assert_int_equal(script_dlt(s), 12);
	assert_int_equal(script_frame(s, 0)->data[0], 0x45);
	assert_int_equal(script_frame(s, 0)->wire, 40);
	assert_int_equal(script_frame(s, 0)->captured, 40);
	assert_int_equal(script_frame(s, 1)->wire, 1040);
	assert_int_equal(script_frame(s, 1)->captured, 100);
	script_free(s);
	s = play("# nothing\n;;\n\n");
	assert_int_equal(script_dlt(s), 1);
	assert_int_equal(script_count(s), 0);
	script_free(s);
}

static void mistakes_are_named(void **state)
{
	static const struct {
		const char *text, *want;
	} t[] = {
		{ "0 > S\n# fine\nx", "line 3: expected a time, found 'x'" },
		{ "1.0000000001 > S", "line 1: expected a time, found '1.0000000001'" },
		{ "1. 0", "line 1: expected a direction (> or <), found '0'" },
		{ "0 >", "line 1: expected flags, found the end of the line" },
		{ "0 > Q", "line 1: expected flags (of SAFRPUEC, '.' or '-'), again, ka or icmp, found 'Q'" },
		{ "0 > S len", "line 1: expected a number from 0 to 65000, found the end of the line" },
		{ "0 > S len 65001", "line 1: expected a number from 0 to 65000, found '65001'" },
		{ "0 > S len -1", "line 1: expected a number from 0 to 65000, found '-1'" },
		{ "0 > S seq =x", "line 1: expected a sequence number, found '=x'" },
		{ "0 > S len 1 shiny", "line 1: expected a word such as len or seq, found 'shiny'" },
		{ "0 > . isn 3", "line 1: isn is for a SYN" },
		{ "0 > S every soon", "line 1: expected seconds, found 'soon'" },
		{ "0 > S x 0", "line 1: expected a number from 1 to 1000000, found '0'" },
		{ "0 > S from 10.0.0.1", "line 1: expected a word such as len or seq, found 'from'" },
		{ "0 > S sackok ts 1 1 ws 1 mptcp tfo sack 1 2", "line 1: more options than a header has room for" },
		{ "0 > S x 1000000 len 60000", "line 1: more packets than a script may have" },
		{ "0 > S x 99 every 1 doubling", "line 1: time goes too far" },
		{ "0 > again", "line 1: nothing to send again" },
		{ "0 < icmp 3/1", "line 1: no segment that an ICMP error could quote" },
		{ "0 > S; 1 < icmp 3", "line 1: expected TYPE/CODE, found '3'" },
		{ "0 > S; 1 < icmp 3/300", "line 1: expected TYPE/CODE, found '3/300'" },
		{ "0 > S; 1 < icmp 3/1 from ::1", "line 1: the ICMP error is of another address family" },
		{ "client 10.0.0.1", "line 1: expected ADDRESS:PORT, found '10.0.0.1'" },
		{ "client ::1:80", "line 1: expected [IPV6 ADDRESS]:PORT, found '::1:80'" },
		{ "client 10.0.0:80", "line 1: expected ADDRESS:PORT, found '10.0.0:80'" },
		{ "client :80", "line 1: expected ADDRESS:PORT, found ':80'" },
		{ "client 10.0.0.1:65536", "line 1: expected ADDRESS:PORT, found '10.0.0.1:65536'" },
		{ "client [::1]:80\n0 > S", "line 2: client and server are of different address families" },
		{ "conn a b", "line 1: expected the end of the line, found 'b'" },
		{ "isn 1", "line 1: expected a number from 0 to 4294967295, found the end of the line" },
		{ "ttl 64 64 64", "line 1: expected the end of the line, found '64'" },
		{ "ttl 64 256", "line 1: expected a number from 0 to 255, found '256'" },
		{ "0 > S; raw", "line 1: raw comes before the first packet" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct err err = ERR_INIT;

		assert_null(script_new(t[i].text, NULL, &err));
		assert_string_equal(err.text, t[i].want);
	}
}

/* What a script says is what decode() reads. */
static void decode_reads_what_was_written(void **state)
{
	struct script *s = play("client [fd00::1]:41000; server [fd00::5]:443; isn 7 9; vlan 5; ttl 63 250\n"
		"0.5 > S ws 9 sackok ts 3 4 mss 1220 tfo len 6; 1 < SA mptcp win 99\n"
		"2 < RA len 4 res 5; 3 > icmp 1/3 from fd00::77");
	struct pkt p;

	(void)state;
	assert_int_equal(script_pkt(s, 0, &p), DROP_NONE);
	assert_int_equal(p.ts, NS_PER_SEC / 2);
	assert_int_equal(p.kind, PKT_TCP);
	assert_int_equal(p.flags, TCP_SYN);
	assert_int_equal(p.seq, 7);
	assert_int_equal(p.len, 6);
	assert_int_equal(p.mss, 1220);
	assert_int_equal(p.wscale, 9);
	assert_int_equal(p.tsval, 3);
	assert_int_equal(p.tsecr, 4);
	assert_int_equal(p.ttl, 63);
	assert_int_equal(p.vlan, 5);
	assert_int_equal(p.tuple.port[0], 41000);
	assert_int_equal(p.opts, OPT_MSS | OPT_WSCALE | OPT_SACK_PERM | OPT_TIMESTAMPS |
		OPT_FAST_OPEN | OPT_ANY);
	assert_int_equal(script_pkt(s, 1, &p), DROP_NONE);
	assert_int_equal(p.ack, 14);
	assert_int_equal(p.win, 99);
	assert_true(p.opts & OPT_MPTCP);
	assert_int_equal(script_pkt(s, 2, &p), DROP_NONE);
	assert_int_equal(p.flags, TCP_RST | TCP_ACK);
	assert_int_equal(p.len, 4);
	assert_int_equal(p.reserved, 5);
	assert_int_equal(p.ttl, 250);
	assert_int_equal(script_pkt(s, 3, &p), DROP_NONE);
	assert_int_equal(p.kind, PKT_ICMP);
	assert_int_equal(p.icmp_type, 1);
	assert_int_equal(p.icmp_code, 3);
	assert_int_equal(p.icmp_from.b[15], 0x77);
	assert_int_equal(p.tuple.port[0], 443);
	assert_int_equal(p.seq, 10);
	script_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_right_to_the_octet),
		cmocka_unit_test(numbers_follow_the_conversation),
		cmocka_unit_test(explicit_numbers_are_relative_unless_absolute),
		cmocka_unit_test(resets_have_the_forms_of_a_stack),
		cmocka_unit_test(a_connection_may_begin_in_its_middle),
		cmocka_unit_test(sequence_numbers_wrap),
		cmocka_unit_test(lost_dropped_and_forged),
		cmocka_unit_test(again_repeats_with_the_newest_ack),
		cmocka_unit_test(a_new_isn_is_a_new_generation),
		cmocka_unit_test(connections_keep_their_numbers_apart),
		cmocka_unit_test(times_are_exact_and_sorted),
		cmocka_unit_test(link_types_and_snapping),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(decode_reads_what_was_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
