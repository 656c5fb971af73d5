/*
 * Details that the ending alone does not show: octets and retransmissions around holes, probes, FINs that come early,
 * late or not at all, resets that mean nothing, and whose packets are whose when ports are used again.
 * Each case names what is looked at; the rest of the row is free.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim.h"
#include "util/clock.h"

#define OPEN_ "isn 1000 3000000000; 0 > S; 0.01 < SA; 0.02 > .\n"
#define TALK OPEN_ "0.1 > PA len 100; 0.11 < .; 0.12 < PA len 500; 0.13 > .\n"
#define HOLE(t) t ".0 < PA len 10 lost; " t ".01 > .; " t ".1 < PA len 10; " t ".11 > .; "
#define FOUR_HOLES HOLE("1") HOLE("2") HOLE("3") HOLE("4")
#define ONE_WAY "isn 1000 3000000000; 0 > S; 0.01 < SA lost; 0.02 > .; 0.1 > PA len 10; 0.2 < PA len 500 lost; 0.21 > .\n"
#define RUNNING "isn 1000 3000000000; 0.02 > .; 0.1 > PA len 10; 0.2 < PA len 500 lost; 0.21 > .\n" /* one way, too */
#define CLOSE_ "9 > FA; 9.01 < FA; 9.02 > .\n"

struct detail {
	const char *name, *script;
	double tick;
	const char *want; /* sim_endings() */
	enum closer closer;
	struct {
		uint32_t bytes, retr, ooo, keepalive, ignored;
	} side[2]; /* of the last connection */
};

static const struct detail details[] = {
	/* sequence space */
	{"a FIN that overtook data loses no octet", TALK "1 > PA len 10 seq 101; 1.0002 > FA seq 121; 1.0004 > PA len 10 seq 111; "
							 "1.01 < FA ack 122; 1.02 > .",
		0, "graceful/high 13", CLOSER_CLIENT, {{120, 0, 1, 0, 0}, {500, 0, 0, 0, 0}}},
	{"a lost end of data is sent again together with the FIN", TALK "1 > FA seq 121; 1.3 > PFA len 20 seq 101; 1.31 < FA ack 122; 1.32 > .",
		0, "graceful/high 13", CLOSER_CLIENT, {{120, 1, 0, 0, 0}, {500, 0, 0, 0, 0}}},
	{"four holes, the first filled before the fourth opens",
		TALK "1 < PA len 10 seq 511; 1.0001 < PA len 10 seq 531; 1.0002 < PA len 10 seq 551; 1.0003 < PA len 10 seq 541; "
		     "1.0004 < PA len 10 seq 571; 1.0005 < PA len 10 seq 501; 1.0006 < PA len 10 seq 521; 1.0007 < PA len 10 seq 561; 1.1 > . ack 581",
		0, "open", CLOSER_NONE, {{100, 0, 0, 0, 0}, {580, 0, 4, 0, 0}}},
	{"sequence numbers wrap", "isn 4294967290 4294967000; 0 > S; 0.01 < SA; 0.02 > .; 0.1 > PA len 100; 0.11 < .; 0.12 < PA len 500; 0.13 > .; "
				  "0.2 < PA len 9 dropped; 0.5 < again; 0.51 > .; " CLOSE_,
		0, "graceful/high 13", CLOSER_CLIENT, {{100, 0, 0, 0, 0}, {509, 1, 0, 0, 0}}},
	{"a SYN captured after the first data takes no octet away",
		"unsorted; isn 1000 3000000000\n0.00003 > PA len 100; 0 > S seq 0 forged; 0.01 < .; " CLOSE_, 0, NULL, CLOSER_CLIENT,
		{{100, 0, 0, 0, 0}, {0, 0, 0, 0, 0}}},
	{"four holes made by acknowledgements, three of them filled: some octets are still missing",
		TALK FOUR_HOLES "5 < PA len 10 seq 521; 5.1 < PA len 10 seq 541; 5.2 < PA len 10 seq 561; 6 < RA",
		0, "server_abort/medium 26", CLOSER_SERVER, {{100, 0, 0, 0, 0}, {570, 0, 3, 0, 0}}},
	{"of two holes, none is left", TALK "1 < PA len 10 lost; 1.01 > .; 1.1 < PA len 10; 1.11 > .; 2 < PA len 10 lost; 2.01 > .; "
		"5 < PA len 10 seq 501; 5.1 < PA len 10 seq 521; 6 < RA",
		0, "server_abort/high 26", CLOSER_SERVER, {{100, 0, 0, 0, 0}, {530, 0, 2, 0, 0}}},
	/* probes */
	{"picked up at a keep-alive: its answer implies no FIN", "0 > . seq 100 ack 1; 0.01 < . seq 1 ack 101; 60 > . seq 100 ack 1; 60.01 < . seq 1 ack 101",
		400, "open", CLOSER_NONE, {{0, 0, 0, 2, 0}, {0, 0, 0, 0, 0}}},
	{"keep-alives with a garbage octet are no data",
		TALK "30 > A len 1 seq 100; 30.01 < .; 60 > A len 1 seq 100; 60.01 < .; 90 > ka; 90.01 < .", 0, "open", CLOSER_NONE,
		{{100, 0, 0, 3, 0}, {500, 0, 0, 0, 0}}},
	{"a window probe's octet is taken when the window opens",
		TALK "1 > . win 0; 6 < PA len 1 dropped; 11 < again; 12 > . win 500 ack 502; 12.1 < PA len 99 seq 502; 12.2 > . ack 601; "
		     "13 < FA; 13.1 > FA; 13.2 < .",
		0, "graceful/high 13", CLOSER_SERVER, {{100, 0, 0, 0, 0}, {600, 0, 0, 2, 0}}},
	{"Linux probes a closed window below what it had sent into it",
		TALK "1 > . win 0; 1.001 < PA len 100 dropped; 6 < . seq 500; 6.01 > . win 0; 16 < . seq 500; 36 < . seq 500; 76 < . seq 500", 400,
		"client_vanished/high 27", CLOSER_NONE, {{100, 0, 0, 0, 0}, {600, 0, 0, 4, 0}}},
	/* FIN */
	{"a missed octet looks like a FIN until data follows: who closed is forgotten too",
		TALK "1 < PA len 1 lost; 1.01 > .; 1.1 < PA len 10; 1.11 > .; 2 > FA; 2.01 < .; 2.1 < FA; 2.11 > .", 0,
		"graceful/medium 13", CLOSER_CLIENT, {{100, 0, 0, 0, 0}, {510, 0, 0, 0, 0}}},
	{"an octet captured after its acknowledgement was no FIN, and is not missing",
		"unsorted\n" TALK "1.0001 > . ack 502 forged; 1 < PA len 1; 2 < RA", 0, "server_abort/high 26", CLOSER_SERVER,
		{{100, 0, 0, 0, 0}, {501, 0, 1, 0, 0}}},
	{"nor are octets captured after theirs", "unsorted\n" TALK "1.0001 > . ack 601 forged; 1 < PA len 100; 2 < RA", 0,
		"server_abort/high 26", CLOSER_SERVER, {{100, 0, 0, 0, 0}, {600, 0, 1, 0, 0}}},
	{"a missed FIN that the other's FIN acknowledges came first", TALK "1 < FA lost; 1.01 > FA; 1.02 < .", 0,
		"graceful/medium 13", CLOSER_SERVER, {{100, 0, 0, 0, 0}, {500, 0, 0, 0, 0}}},
	{"so did one that the other's last data acknowledges", TALK "1 < FA lost; 1.01 > PA len 31; 1.011 > FA; 1.02 < .", 0,
		"graceful/medium 13", CLOSER_SERVER, {{131, 0, 0, 0, 0}, {500, 0, 0, 0, 0}}},
	{"or data and FIN in one", TALK "1 < FA lost; 1.01 > PFA len 31; 1.02 < .", 0,
		"graceful/medium 13", CLOSER_SERVER, {{131, 0, 0, 0, 0}, {500, 0, 0, 0, 0}}},
	{"a missed octet that data acknowledges is none when the FIN comes behind it",
		TALK "1 < PA len 1 lost; 1.01 > PA len 31; 1.011 > FA; 1.02 < FA; 1.03 > .", 0, "graceful/medium 13", CLOSER_CLIENT,
		{{131, 0, 0, 0, 0}, {500, 0, 0, 0, 0}}},
	{"nor are two octets", TALK "1 < PA len 2 lost; 1.01 > PA len 31; 1.011 > FA; 1.02 < .", 100, "half_closed/medium 28",
		CLOSER_CLIENT, {{131, 0, 0, 0, 0}, {500, 0, 0, 0, 0}}},
	/* one direction */
	{"one direction: the hidden FIN that the own one acknowledges came first", ONE_WAY "1 < FA lost; 1.01 > FA; 1.02 < . lost", 0,
		"graceful/low 5", CLOSER_SERVER, {{10, 0, 0, 0, 0}, {0, 0, 0, 0, 0}}},
	{"one direction: acknowledged before the own one", ONE_WAY "1 < FA lost; 1.01 > .; 1.02 > FA; 1.03 < . lost", 0,
		"graceful/low 5", CLOSER_SERVER, {{10, 0, 0, 0, 0}, {0, 0, 0, 0, 0}}},
	{"one direction: acknowledged after the own one", ONE_WAY "1 > FA; 1.01 < FA lost; 1.02 > .", 0,
		"graceful/low 5", CLOSER_CLIENT, {{10, 0, 0, 0, 0}, {0, 0, 0, 0, 0}}},
	{"one direction: an octet before the own FIN was data when more came behind it",
		ONE_WAY "1 < PA len 1 lost; 1.01 > .; 1.02 > FA; 1.03 < PA len 9 lost; 1.04 > .", 0, "unknown/low 5", CLOSER_CLIENT,
		{{10, 0, 0, 0, 0}, {0, 0, 0, 0, 0}}},
	{"one direction: ... and another octet came behind it",
		ONE_WAY "1 < PA len 1 lost; 1.01 > .; 1.02 > FA; 1.03 < FA lost; 1.04 > .", 0, "graceful/low 5", CLOSER_CLIENT,
		{{10, 0, 0, 0, 0}, {0, 0, 0, 0, 0}}},
	{"one direction: only the server, whose FIN answers one", "isn 1000 3000000000; 0 > S lost; 0.01 < SA; 0.02 > . lost; "
		"0.1 > PA len 10 lost; 0.11 < PA len 500; 1 > FA lost; 1.01 < FA; 1.02 > . lost", 0,
		"graceful/low 5", CLOSER_CLIENT, {{0, 0, 0, 0, 0}, {500, 0, 0, 0, 0}}},
	{"one direction: ports used again after the close", RUNNING "1 > FA; 1.01 < FA lost; 1.02 > .; 5 > S isn 7000000; 5.01 < SA lost; "
		"5.02 > .; 5.1 > PA len 7", 0, "graceful/low 5, unknown/low 5", CLOSER_NONE, {{7, 0, 0, 0, 0}, {0, 0, 0, 0, 0}}},
	{"one direction: ports used again, the end unseen", RUNNING "9 > S isn 7000000; 9.01 < SA lost; 9.02 > .; 9.1 > PA len 7; 10 > RA", 0,
		"unknown/low 5, client_abort/low 5", CLOSER_CLIENT, {{7, 0, 0, 0, 0}, {0, 0, 0, 0, 0}}},
	{"one direction: a SYN from which nobody goes on opens nothing", RUNNING "9 > S isn 7000000; 9.1 > PA len 7 seq =1011 ack =3000000501 forged",
		0, "unknown/low 5", CLOSER_NONE, {{17, 0, 0, 0, 0}, {0, 0, 0, 0, 0}}},
	/* RST */
	{"refused, asked again, and then served", OPEN_ CLOSE_ "conn b\nclient 10.0.0.7:7; isn 1000 3000000000; 10 > S; 10.01 < RA; 10.5 > again; "
						       "10.51 < SA; 10.52 > .; 10.6 > PA len 9; 10.61 < PA len 5; 10.62 > .; 11 > FA; 11.01 < FA; 11.02 > .",
		0, "graceful/high 13, graceful/high 13", CLOSER_CLIENT, {{9, 0, 0, 0, 0}, {5, 0, 0, 0, 1}}},
	{"served, but refused first by something else in its name", "isn 1000 3000000000; 0 > S; 0.001 < RA; 0.01 < SA; 0.02 > R seq 1", 0,
		"refused/high 7", CLOSER_SERVER, {{0, 0, 0, 0, 0}, {0, 0, 0, 0, 0}}},
	{"the SYN-ACK got lost, and the SYN sent again is refused", "0 > S; 0.01 < SA dropped; 1 > again; 1.01 < RA seq =0 ack 1", 0,
		"refused/high 7", CLOSER_SERVER, {{0, 0, 0, 0, 0}, {0, 0, 0, 0, 0}}},
	{"an ignored RST is no word: what silence decided stands, as of then", "0 > S; 1 > again; 40 < R seq 900", 0,
		"unanswered/low 10", CLOSER_NONE, {{0, 0, 0, 0, 0}, {0, 0, 0, 0, 1}}},
	{"half closed stays so for an ignored RST", TALK "1 > FA; 1.01 < .; 70 < R seq 90000", 0, "half_closed/high 28",
		CLOSER_CLIENT, {{100, 0, 0, 0, 0}, {500, 0, 0, 0, 1}}},
	{"TIME_WAIT ignores a RST outside its window too", TALK "1 > FA; 1.01 < FA; 1.02 > .; 1.04 < R seq 900000", 0,
		"graceful/high 13", CLOSER_CLIENT, {{100, 0, 0, 0, 0}, {500, 0, 0, 0, 1}}},
	{"a SYN into an older connection that the capture never saw",
		"isn 1000 3000000000; 0 > S; 0.01 < . seq 5000 ack =77777777 forged; 0.02 > R seq =77777777 forged; 3 > again; 3.01 < SA; 3.02 > .; " CLOSE_,
		0, "graceful/high 13", CLOSER_CLIENT, {{0, 0, 0, 0, 1}, {0, 0, 0, 0, 0}}},
	/* generations */
	{"ports used again, the SYN unseen", TALK "1 > FA; 1.01 < FA; 1.02 > .; 5 > S isn 7000000 lost; 5.01 < SA; 5.02 > .; 5.1 > PA len 10; 5.11 < .; 6 > RA",
		0, "graceful/high 13, client_abort/medium 26", CLOSER_CLIENT, {{10, 0, 0, 0, 0}, {0, 0, 0, 0, 0}}},
	{"a SYN into a living connection: challenge, RST, and again",
		TALK "5 > S isn 9000000; 5.01 < . ack =1101 seq 501 forged; 5.02 > R seq =1101 forged; 5.1 > S isn 9000000; 5.11 < SA; 5.12 > .; " CLOSE_,
		0, "client_lost/high 25, graceful/high 13", CLOSER_CLIENT, {{0, 0, 0, 0, 0}, {0, 0, 0, 0, 0}}},
	/* ICMP */
	{"an ICMP error about the server's packets names the connection too", OPEN_ "0.1 < PA len 9; 0.2 > icmp 3/1 from 10.9.9.9; " CLOSE_, 0,
		"graceful/high 13", CLOSER_CLIENT, {{0, 0, 0, 0, 0}, {9, 0, 0, 0, 0}}},
};

static void check_side(const struct detail *d, const struct connection *c, int i)
{
	const struct side *x = &c->side[i];

	if (x->bytes != d->side[i].bytes || x->retr != d->side[i].retr || x->ooo != d->side[i].ooo ||
		x->keepalive != d->side[i].keepalive || x->rst_ignored != d->side[i].ignored)
		fail_msg("%s: side %d: bytes %u retr %u ooo %u keepalive %u ignored %u", d->name, i, (unsigned)x->bytes,
			x->retr, x->ooo, x->keepalive, x->rst_ignored);
}

static void details_are_right(void **state)
{
	size_t i;

	for (i = 0; i < sizeof(details) / sizeof(details[0]); i++) {
		const struct detail *d = &details[i];
		struct sim *s = sim_new(NULL);
		const struct connection *c;

		sim_play(s, d->script);
		if (d->tick > 0)
			sim_tick(s, d->tick);
		sim_finish(s);
		if (d->want && strcmp(sim_endings(s), d->want))
			fail_msg("%s: %s, not %s", d->name, sim_endings(s), d->want);
		c = sim_at(s, sim_count(s) - 1);
		if (c->closer != d->closer)
			fail_msg("%s: closer %s", d->name, closer_names[c->closer]);
		check_side(d, c, CLIENT);
		check_side(d, c, SERVER);
		sim_free(s);
	}
}

/* What a capture of one direction tells of the other one is not nothing: the stage and who closed. */
static void one_direction_has_stages(void **state)
{
	static const struct {
		const char *script;
		uint32_t stage;
	} c[] = {
		{"0 > S; 0.01 < SA lost; 0.02 > .; 1 > RA", ATTRIBUTE_BIT(STAGE_NO_DATA)},
		{"0 > S; 0.01 < SA lost; 0.02 > .; 0.1 > PA len 10; 0.11 < . lost; 1 > RA", ATTRIBUTE_BIT(STAGE_FIRST_REQUEST)},
		{ONE_WAY "1 > RA", ATTRIBUTE_BIT(STAGE_LATER)},
		{ONE_WAY "1 < FA lost; 1.01 > FA", ATTRIBUTE_BIT(STAGE_LATER)},
		{"0 > S; 0.01 < SA lost; 0.02 > .; 0.1 > PA len 10; 1 < FA lost; 1.01 > FA", ATTRIBUTE_BIT(STAGE_FIRST_REQUEST)},
		{"0 > S; 1 > again; 2 > R seq 1", ATTRIBUTE_BIT(STAGE_SETUP)},
	};
	const uint32_t stages = ATTRIBUTE_BIT(STAGE_SETUP) | ATTRIBUTE_BIT(STAGE_NO_DATA) | ATTRIBUTE_BIT(STAGE_FIRST_REQUEST) |
				ATTRIBUTE_BIT(STAGE_LATER);
	size_t i;

	for (i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		struct sim *s = sim_new(NULL);

		sim_play(s, c[i].script);
		sim_finish(s);
		if ((sim_only(s)->attributes & stages) != c[i].stage)
			fail_msg("%s: attributes %x", c[i].script, sim_only(s)->attributes);
		sim_free(s);
	}
}

/* Traces of full queues and of ports still in use, which findings are made of; nearly the same without them. */
static void handshakes_leave_traces(void **state)
{
	static const struct {
		const char *name, *script;
		size_t row;
		uint64_t evidence;
		bool has;
	} c[] = {
		{"the SYN-ACK comes again after data: the accept queue was full",
			OPEN_ "0.1 > PA len 10 dropped; 0.3 > again dropped; 1.01 < SA seq 0 forged; 1.02 > .; 1.1 > PA len 10 seq 1; 1.11 < . ack 11",
			0, EVIDENCE_BIT(TAKEN_LATE), true},
		{"it comes twice", OPEN_ "1.01 < SA seq 0 forged; 1.02 > .; 3.01 < SA seq 0 forged; 3.02 > .; 4 > PA len 10; 4.01 < .",
			0, EVIDENCE_BIT(TAKEN_LATE), true},
		{"it comes once, and data is taken at once: TCP_DEFER_ACCEPT",
			OPEN_ "1.01 < SA seq 0 forged; 1.02 > .; 4 > PA len 10; 4.01 < .", 0, EVIDENCE_BIT(TAKEN_LATE), false},
		{"it comes twice before the client has it", "isn 1000 3000000000; 0 > S; 0.01 < SA; 1.01 < SA seq 0 forged; 1.02 > .; 1.1 > PA len 5; 1.2 < .",
			0, EVIDENCE_BIT(TAKEN_LATE), false},
		{"a challenge ACK: the old connection held the port",
			TALK "5 > S isn 9000000; 5.01 < . ack =1101 seq 501 forged; 5.02 > R seq =1101 forged; 5.1 > S isn 9000000; 5.11 < SA; 5.12 > .",
			0, EVIDENCE_BIT(PORTS_HELD), true},
		{"... and the new one only came after it",
			TALK "5 > S isn 9000000; 5.01 < . ack =1101 seq 501 forged; 5.02 > R seq =1101 forged; 5.1 > S isn 9000000; 5.11 < SA; 5.12 > .",
			1, EVIDENCE_BIT(PORTS_HELD), false},
		{"taken up at once: nobody held it", TALK "9 > S isn 7000000; 9.01 < SA; 9.02 > .", 0, EVIDENCE_BIT(PORTS_HELD), false},
		{"TIME_WAIT answers with its last ACK, and the client with a RST",
			TALK CLOSE_ "12 > S isn 7000; 12.01 < . ack =1102 seq =3000000502 forged; 12.02 > R seq =1102 forged; 13 > S isn 7000 seq =7000 forged; 13.01 < SA; 13.02 > .",
			1, EVIDENCE_BIT(PORTS_HELD), true},
		{"TIME_WAIT is over", TALK CLOSE_ "72 > S isn 7000; 72.01 < SA; 72.02 > .", 1, EVIDENCE_BIT(PORTS_HELD), false},
	};
	size_t i;

	for (i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		struct sim *s = sim_new(NULL);

		sim_play(s, c[i].script);
		sim_finish(s);
		if (c[i].row >= sim_count(s) || !(sim_at(s, c[i].row)->evidence & c[i].evidence) == c[i].has)
			fail_msg("%s: %s, evidence %llx", c[i].name, sim_endings(s),
				c[i].row < sim_count(s) ? (unsigned long long)sim_at(s, c[i].row)->evidence : 0);
		sim_free(s);
	}
}

/* How long it was silent before what is never answered; probes come of silence, so they say nothing. */
static void who_vanishes_has_been_silent(void **state)
{
	static const struct {
		const char *script;
		int64_t idle_ms;
	} c[] = {
		{TALK "351.13 > PA len 9 dropped; 351.4 > again; 352 > again; 353 > again; 355 > again", 351000},
		{TALK "351.13 > PA len 9 dropped; 351.131 > PA len 9 dropped; 351.4 > again; 352 > again; 353 > again; 355 > again", 351000},
		{TALK "351.13 > PA len 9; 351.14 < .; 351.15 > PA len 9 dropped; 351.4 > again; 352 > again; 353 > again; 355 > again", 10},
		{TALK "60 > ka dropped; 61 > ka dropped; 62 > ka dropped; 63 > ka dropped", -1},
	};
	size_t i;

	for (i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		struct sim *s = sim_new(NULL);
		int64_t want = c[i].idle_ms < 0 ? TIME_NEVER : c[i].idle_ms * NS_PER_MS;

		sim_play(s, c[i].script);
		sim_tick(s, 500);
		sim_finish(s);
		assert_int_equal(sim_only(s)->ending, ENDING_SERVER_VANISHED);
		if (sim_only(s)->idle_ns != want)
			fail_msg("%s: silent for %lld ns", c[i].script, (long long)sim_only(s)->idle_ns);
		sim_free(s);
	}
}

static void silence_is_dated_by_itself(void **state)
{
	struct sim *s = sim_new(NULL);

	sim_play(s, "0 > S; 1 > again; 40 < R seq 900");
	sim_finish(s);
	assert_int_equal(sim_only(s)->ended - sim_only(s)->start, 21 * NS_PER_SEC);
	sim_free(s);

	/* What is seen after it takes its place, at its own time. */
	s = sim_new(NULL);
	sim_play(s, TALK "1 > FA; 1.01 < .; 100 < RA");
	sim_finish(s);
	assert_int_equal(sim_only(s)->rule, 18);
	assert_int_equal(sim_only(s)->ended - sim_only(s)->start, 100 * NS_PER_SEC);
	sim_free(s);
}

static void handshake_times_survive_copies_and_disorder(void **state)
{
	struct sim *s = sim_new(NULL);

	sim_play(s, "0 > S twice id 1; 0.03 < SA twice id 1; 0.04 > . twice id 2");
	sim_finish(s);
	assert_int_equal(sim_only(s)->hs_srv_ns, 30 * NS_PER_MS);
	assert_int_equal(sim_only(s)->hs_clt_ns, 10 * NS_PER_MS);
	assert_false(sim_only(s)->evidence & EVIDENCE_BIT(SYN_REPEATED));
	sim_free(s);

	/* A split handshake (the server answers with ACK and SYN) has a SYN-ACK of the client's, which is no repeated SYN. */
	s = sim_new(NULL);
	sim_play(s, "0 > S; 0.01 < . ack 1 seq 1; 0.02 < S seq 0; 0.03 > SA seq 0 ack 1; 0.04 < .; 1 > PA len 5");
	sim_finish(s);
	assert_int_equal(sim_only(s)->hs_clt_ns, TIME_NEVER);
	assert_false(sim_only(s)->evidence & EVIDENCE_BIT(SYN_REPEATED));
	sim_free(s);

	s = sim_new(NULL);
	sim_play(s, "unsorted\n0.001 > S; 0.0009 < SA; 0.02 > .");
	sim_finish(s);
	assert_int_equal(sim_only(s)->hs_srv_ns, TIME_NEVER);
	sim_free(s);
}

/* Judged early because the table was full; what it goes on to send still counts to it. */
static void an_evicted_connection_loses_no_octet(void **state)
{
	struct engine_conf conf = {.max_connections = 16, .from_file = true};
	struct sim *s = sim_new(&conf);
	char line[200];
	int i;

	sim_play(s, TALK);
	for (i = 0; i < 20; i++) {
		snprintf(line, sizeof(line), "conn c%d\nclient 10.0.1.%d:1000; 1 > S; 1.01 < SA; 1.02 > .", i, i + 1);
		sim_play(s, line);
	}
	sim_play(s, "isn 1000 3000000000\n2 > PA len 50 seq 101; 2.1 > PA len 50 seq 101; 2.2 > A len 1 seq 150; 2.3 > PA len 60 seq 141");
	sim_finish(s);
	assert_true(sim_at(s, 0)->evidence & EVIDENCE_BIT(EVICTED));
	assert_int_equal(sim_at(s, 0)->side[CLIENT].bytes, 200);
	assert_int_equal(sim_at(s, 0)->side[CLIENT].retr, 1);
	assert_int_equal(sim_at(s, 0)->side[CLIENT].packets, 8);
	sim_free(s);
}

static void health_checks_are_told_by_their_rhythm(void **state)
{
	struct sim *s = sim_new(NULL);
	char line[200];
	int i;

	for (i = 0; i < 10; i++) {
		snprintf(line, sizeof(line), "client 10.0.0.1:%d\n%d.%02d > S; +0.001 < SA; +0.001 > R", 40000 + i, 5 * i, i % 3);
		sim_play(s, line);
		/* As often, but when it likes. */
		snprintf(line, sizeof(line), "client 10.0.0.2:%d\n%d > S; +0.001 < SA; +0.001 > R", 40000 + i, 5 * i + i * i % 4);
		sim_play(s, line);
	}
	sim_finish(s);
	for (i = 0; i < 10; i++) {
		assert_int_equal(!!(sim_at(s, (size_t)i * 2)->attributes & ATTRIBUTE_BIT(HEALTHCHECK)), i >= 4);
		assert_false(sim_at(s, (size_t)i * 2 + 1)->attributes & ATTRIBUTE_BIT(HEALTHCHECK));
	}
	sim_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(details_are_right),
		cmocka_unit_test(one_direction_has_stages),
		cmocka_unit_test(handshakes_leave_traces),
		cmocka_unit_test(who_vanishes_has_been_silent),
		cmocka_unit_test(silence_is_dated_by_itself),
		cmocka_unit_test(an_evicted_connection_loses_no_octet),
		cmocka_unit_test(health_checks_are_told_by_their_rhythm),
		cmocka_unit_test(handshake_times_survive_copies_and_disorder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
