/*
 * Every ending, every row of the decision table, and the traps that other tools fall into: packets in words, and what
 * must come out. The text after a script is what sim_endings() says: ending/confidence row.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim.h"

#define OPEN_ "0 > S; 0.01 < SA; 0.02 > .\n"
#define TALK OPEN_ "0.1 > PA len 100; 0.11 < .; 0.12 < PA len 500; 0.13 > .\n"

struct scene {
	const char *name, *script;
	double tick; /* seconds; the clock goes on to here before the input ends; 0 = it does not */
	const char *want;
};

static const struct scene scenes[] = {
	/* setup */
	{"refused", "0 > S; 0.03 < RA", 0, "refused/high 7"},
	{"refused after a SYN-ACK", "0 > S; 0.01 < SA; 0.02 < R seq 1", 0, "refused/medium 7"},
	{"a RST that does not acknowledge the SYN is none", "0 > S; 0.01 < RA ack =77; 0.02 < SA; 0.03 > .", 0, "open"},
	{"a RST without ACK does not refuse", "0 > S; 0.01 < R seq =0 ", 30, "unanswered/low 10"},
	{"Windows asks again with the same ISN",
		"0 > S; 0.01 < RA; 0.5 > again; 0.51 < RA; 1 > again; 1.01 < RA", 0, "refused/high 7"},
	{"refused by another hop",
		"ttl 64 60; " TALK "1 > FA; 1.01 < FA; 1.02 > .; conn b\nclient 10.0.0.1:41000; 2 > S; 2.01 < RA ttl 64",
		0, "graceful/high 13, refused_path/high 6"},
	{"refused one hop nearer is less sure",
		"ttl 64 63; " TALK "1 > FA; 1.01 < FA; 1.02 > .; conn b\nclient 10.0.0.1:41000; 2 > S; 2.01 < RA ttl 64",
		0, "graceful/high 13, refused_path/medium 6"},
	{"unreachable", "0 > S; 0.01 < icmp 3/13 from 10.0.9.9", 0, "unreachable/high 8"},
	{"too big is not unreachable", "0 > S; 0.01 < icmp 3/4 from 10.0.9.9", 30, "unanswered/low 10"},
	{"ICMP, then an answer after all", "0 > S; 0.01 < icmp 3/1 from 10.0.9.9; 1 > again; 1.01 < SA; 1.02 > .", 0,
		"open"},
	{"unanswered", "0 > S; 1 > again; 3 > again; 7 > again", 40, "unanswered/low 10"},
	{"unanswered, withdrawn when the SYN comes again",
		"0 > S; 1 > again; 60 > again; 60.1 < SA; 60.2 > .; 60.3 > FA; 60.31 < FA; 60.32 > .", 0,
		"graceful/high 13"},
	{"unanswered at the end of the input", "0 > S; 1 > again", 0, "unanswered/low 10"},
	{"half open", "0 > S; 0.01 < SA; 1.01 < again; 3 < again", 40, "half_open/low 11"},
	{"cancelled", "0 > S; 0.01 < SA; 0.02 > R", 0, "cancelled/high 9"},
	{"cancelled before any answer", "0 > S; 0.2 > R seq 1", 0, "cancelled/medium 9"},
	{"a scanner's kernel resets, its own stack goes on",
		"0 > S; 0.01 < SA; 0.02 > R; 15 > PA len 30 seq 1 ack 1; 15.01 < R", 0, "cancelled/high 9"},
	{"refused while the client's ACK is under way", "0 > S; 0.01 < SA; 0.02 < R seq 1; 0.021 > .", 0,
		"refused/medium 7"},
	{"not accepted", OPEN_ "1 < SA seq 0; 1.01 > .; 3 < SA seq 0; 3.01 > .", 40, "not_accepted/high 15"},
	{"one late SYN-ACK is TCP_DEFER_ACCEPT", OPEN_ "1 < SA seq 0; 1.01 > .", 100, "open"},
	{"not accepted, ghost of a SYN cookie", OPEN_ "0.021 < R", 0, "not_accepted/high 15"},
	/* no connection */
	{"NULL probe", "0 > - ; 0.01 < RA", 0, "probe/medium 1"},
	{"Xmas probe", "0 > FPU; 0.01 < RA", 0, "probe/medium 1"},
	{"SYN-FIN probe", "0 > SF; 0.01 < SA; 0.02 > R", 0, "probe/medium 1"},
	{"ACK probe", "0 > . seq 1 ack 1; 0.01 < R", 0, "probe/medium 3"},
	{"backscatter", "0 < SA seq 0 ack 1; 0.01 > R", 0, "probe/medium 3"},
	{"stray resets", "0 < R seq 9; 1 < R seq 9", 0, "stray_reset/medium 2"},
	{"a single segment", "0 > PA len 10", 0, "unknown/low 4"},
	/* closing */
	{"client first", TALK "1 > FA; 1.01 < .; 1.02 < FA; 1.03 > .", 0, "graceful/high 13"},
	{"server first, three segments", TALK "1 < FA; 1.01 > FA; 1.02 < .", 0, "graceful/high 13"},
	{"half-close in use", TALK "1 > FA; 1.01 < .; 1.1 < PA len 900; 1.11 > .; 2 < FA; 2.01 > .", 0,
		"graceful/high 13"},
	{"simultaneous close", TALK "1 > FA dropped; 1 < FA dropped; 1.2 > again; 1.2 < again; 1.21 > .; 1.21 < .", 0,
		"graceful/high 13"},
	{"the last acknowledgement is missing", TALK "1 > FA; 1.01 < FA", 10, "graceful/high 13"},
	{"RST after both FINs is a footnote", TALK "1 > FA; 1.01 < FA; 1.02 > .; 1.03 < R", 0, "graceful/high 13"},
	{"FIN sent again is one close", TALK "1 > FA dropped; 1.2 > again; 1.21 < FA; 1.22 > .", 0, "graceful/high 13"},
	{"FIN before data that was reordered",
		TALK "1 > PA len 10 seq 101; 1.0002 > FA seq 121; 1.0004 > PA len 10 seq 111; 1.01 < FA ack 122; 1.02 > .",
		0, "graceful/high 13"},
	{"a FIN the capture missed", TALK "1 > FA lost; 1.01 < .; 1.02 < FA; 1.03 > .", 0, "graceful/medium 13"},
	{"simultaneous open", "0 > S dropped; 0 < S; 1 > again; 1.01 < SA seq 0; 1.01 > SA seq 0; 1.02 > .; 1.02 < .; 2 > FA; 2.01 < FA; 2.02 > .",
		0, "graceful/high 13"},
	{"data in the SYN", "0 > S len 5 tfo; 0.01 < SA; 0.02 > .; 1 > FA; 1.01 < FA; 1.02 > .", 0, "graceful/high 13"},
	{"TIME_WAIT assassinated", TALK "1 > FA; 1.01 < FA; 1.02 > .; 2 < . seq 1 ack 1 forged; 2.01 > R", 0,
		"graceful/high 13"},
	{"quick reset", TALK "1 < FA; 1.01 > .; 1.02 > RA", 0, "quick_reset/high 18"},
	{"quick reset by its own acknowledgement", TALK "1 < FA; 1.01 > RA ack 502", 0, "quick_reset/high 18"},
	{"half closed for good", TALK "1 > FA; 1.01 < .", 100, "half_closed/high 28"},
	{"half closed, and then it goes on", TALK "1 > FA; 1.01 < .; 90 < PA len 10; 90.01 > .; 91 < FA; 91.01 > .", 0,
		"graceful/high 13"},
	{"half closed is not judged at the end of the input", TALK "1 > FA; 1.01 < .", 0, "open"},
	{"half closed and refused when touched", TALK "1 > FA; 1.01 < .; 100 < .; 100.01 > R", 0, "half_closed/medium 21"},
	{"closed and gone before its FIN was acknowledged (TCP_LINGER2 below zero)", TALK "1 < FA; 1.04 > .; 1.041 < R", 0,
		"server_abort/medium 22"},
	{"killed server, or a goodbye whose FIN was missed", TALK "1 < FA; 1.01 > .; 5 > PA len 40 dropped; 5.01 < R", 0,
		"server_cut/medium 20"},
	/* resets */
	{"client aborts", TALK "1 > RA", 0, "client_abort/high 26"},
	{"server aborts", TALK "1 < RA", 0, "server_abort/high 26"},
	{"server aborts with the request unread", OPEN_ "0.1 > PA len 100; 0.11 < .; 0.3 < RA", 0, "server_abort/high 26"},
	{"abort while the peer's FIN is under way", TALK "1 < PA len 50; 1 < FA; 1.01 > RA ack 501", 0, "client_abort/high 19"},
	{"interrupted transfer",
		TALK "1 > FA; 1.01 < .; 1.02 < PA len 1400 x 4 every 0.0001; 1.03 > R seq 102 x 4 every 0.0001", 0,
		"client_cut/high 20"},
	{"interrupted transfer, and the server closes too",
		TALK "1 > FA; 1.01 < .; 1.02 < PA len 1400 dropped; 1.03 > R seq 102; 1.031 < FA", 0, "client_cut/high 12"},
	{"killed server, client writes", TALK "1 < FA; 1.01 > .; 5 > PA len 90 dropped; 5.01 < R", 0, "server_cut/high 20"},
	{"rebooted server", TALK "20 > PA len 40 dropped; 20.01 < R", 0, "server_lost/high 25"},
	{"rebooted server after a FIN", TALK "1 > FA dropped; 1.01 < R", 0, "server_lost/high 17"},
	{"client forgot", TALK "5 < PA len 40 dropped; 5.01 > R", 0, "client_lost/high 25"},
	{"SYN into a living connection",
		"isn 1000 2000\n" TALK "5 > S isn 9000000; 5.01 < . ack =1101 seq 501 forged; 5.02 > R seq =1101 forged", 0,
		"client_lost/high 25"},
	{"reset by something nearer", "ttl 64 57; " TALK "1 < RA ttl 63", 0, "path_reset/high 14"},
	{"forged reset, its sender goes on", TALK "1 < RA forged; 1.2 < PA len 30 dropped; 1.21 > R", 0, "path_reset/high 14"},
	{"resets both ways at once", TALK "1 > RA; 1.001 < RA", 0, "path_reset/medium 14"},
	{"idle reset", TALK "351 < RA", 0, "idle_reset/high 24"},
	{"keep-alive gives up", TALK "30 > ka dropped; 31 > ka dropped; 32 > ka dropped; 33 > RA", 0, "keepalive_timeout/high 23"},
	{"client gives up with a reset (BSD)",
		TALK "1 > PA len 9 dropped; 1.3 > again; 1.9 > again; 3.1 > again; 5.5 > RA", 0, "server_vanished/high 16"},
	/* silence */
	{"server vanished", TALK "1 > PA len 9 dropped; 1.3 > again; 1.9 > again; 3.1 > again", 60, "server_vanished/high 27"},
	{"client vanished", TALK "1 < PA len 9 dropped; 1.3 < again; 1.9 < again; 3.1 < again", 60, "client_vanished/high 27"},
	{"server vanished at the end of the input", TALK "1 > PA len 9 dropped; 1.3 > again; 1.9 > again; 3.1 > again", 0,
		"server_vanished/medium 27"},
	{"vanished, and back", TALK "1 > PA len 9 dropped; 1.3 > again; 1.9 > again; 3.1 > again; 30 > again; 30.01 < .", 0, "open"},
	{"idle for good", TALK, 2000, "unknown/low 30"},
	/* resets that are none */
	{"a blind reset outside the window", TALK "1 < R seq 900000; 2 > PA len 5; 2.01 < .", 0, "open"},
	{"a reset in the window draws a challenge ACK", TALK "1 < R seq 600 forged; 1.01 > .; 2 > PA len 5; 2.01 < .", 0, "open"},
	{"a reset in the window that nobody minds", TALK "1 < R seq 600 forged", 30, "server_abort/low 26"},
	{"a reset undone by life",
		TALK "1 < RA forged; 1.2 < PA len 30; 1.21 > .; 1.3 > PA len 30; 1.31 < .", 0, "open"},
	/* generations */
	{"ports reused after the close", TALK "1 > FA; 1.01 < FA; 1.02 > .; 3 > S isn 7000000; 3.01 < SA; 3.02 > .; 4 > RA", 0,
		"graceful/high 13, client_abort/high 26"},
	{"ports reused, the end unseen", TALK "9 > S isn 7000000; 9.01 < SA; 9.02 > .", 0, "replaced/medium 29, open"},
	{"a new ISN while the first is unanswered", "0 > S; 3 > S isn 7000000; 3.01 < SA; 3.02 > .", 0, "unanswered/low 10, open"},
	/* what the capture does not show */
	{"mid-stream, aborted", "0 > PA len 10; 0.01 < PA len 10; 0.02 > .; 1 < RA", 0, "server_abort/medium 26"},
	{"mid-stream, closed", "0 > PA len 10; 0.01 < PA len 10; 1 > FA; 1.01 < FA; 1.02 > .", 0, "graceful/medium 13"},
	{"one direction, aborted", "0 > S; 0.01 < SA lost; 0.02 > .; 0.1 > PA len 10; 0.2 < PA len 10 lost; 0.21 > .; 1 > RA", 0,
		"client_abort/low 5"},
	{"one direction, closed",
		"0 > S; 0.01 < SA lost; 0.02 > .; 0.1 > PA len 10; 0.2 < PA len 10 lost; 0.21 > .; 1 > FA; 1.01 < FA lost; 1.02 > .",
		0, "graceful/low 5"},
	{"octets the capture missed", TALK "1 < PA len 1000 lost; 1.01 > .; 2 < RA", 0, "server_abort/medium 26"},
	{"the SYN is missing", "0 < SA; 0.01 > .; 1 > FA; 1.01 < FA; 1.02 > .", 0, "graceful/medium 13"},
	{"SYN-ACK captured before its SYN", "unsorted\n0.00002 < SA seq 0 ack 1 forged; 0 > S; 0.001 < SA lost; 0.02 > .; 1 > FA; 1.01 < FA; 1.02 > .",
		0, "graceful/high 13"},
	{"copies of a span port",
		"0 > S twice id 1; 0.01 < SA twice id 1; 0.02 > . twice id 2; 1 > PA len 9 twice id 3; 1.01 < . twice id 2; 2 > FA twice id 4; 2.01 < FA twice id 3; 2.02 > . twice id 5",
		0, "graceful/high 13"},
};

static void play_scene(const struct scene *scene, bool ipv6)
{
	struct sim *s = sim_new(NULL);

	if (ipv6)
		sim_play_ipv6(s, scene->script);
	else
		sim_play(s, scene->script);
	if (scene->tick > 0)
		sim_tick(s, scene->tick);
	sim_finish(s);
	if (scene->want && strcmp(sim_endings(s), scene->want))
		fail_msg("%s (%s): %s, not %s", scene->name, ipv6 ? "IPv6" : "IPv4", sim_endings(s), scene->want);
	sim_free(s);
}

static void scenes_end_as_they_must(void **state)
{
	size_t i;

	for (i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++)
		play_scene(&scenes[i], false);
}

static bool v4_only(const char *script)
{
	return strstr(script, "10.0.") || strstr(script, "icmp") || strstr(script, " id ");
}

static void scenes_end_the_same_in_ipv6(void **state)
{
	size_t i;

	for (i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++)
		if (!v4_only(scenes[i].script))
			play_scene(&scenes[i], true);
}

static void every_ending_has_a_scene(void **state)
{
	size_t i;
	int e;

	for (e = ENDING_NONE + 1; e < ENDING_COUNT; e++) {
		const char *name = ending_info[e].name;
		bool found = false;

		for (i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++)
			if (scenes[i].want && strstr(scenes[i].want, name))
				found = true;
		if (!found)
			fail_msg("no scene ends as %s", name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scenes_end_as_they_must),
		cmocka_unit_test(scenes_end_the_same_in_ipv6),
		cmocka_unit_test(every_ending_has_a_scene),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
