/*
 * The engine's promises beside the endings: counters, states, the sum of all endings, bounds, late packets, roles,
 * and that any packets at all give exactly one ending for each connection.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/counters.h"
#include "sim.h"
#include "util/clock.h"

#define TALK "0 > S; 0.01 < SA; 0.02 > .; 0.1 > PA len 100; 0.11 < .; 0.12 < PA len 500; 0.13 > .\n"

/* What brings the end of the waiting forward is told when it is due, not when the wheel comes round again. */
static void deadlines_that_come_nearer_are_kept(void **state)
{
	static const struct {
		const char *script;
		double before, after; /* s: nothing is decided yet, and it is */
		const char *ending;
	} waits[] = {
		{TALK "1 > PA len 9 dropped; 1.3 > again; 1.9 > again; 3.1 > again", 13, 14, "server_vanished/high 27"},
		{TALK "1 > FA; 1.01 < .; 1.02 < PA len 9; 1.03 > .", 60, 63, "half_closed/high 28"},
	};

	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		struct sim *s = sim_new(NULL);

		sim_play(s, waits[i].script);
		sim_tick(s, waits[i].before);
		sim_publish(s);
		assert_string_equal(sim_endings(s), "open");
		sim_tick(s, waits[i].after);
		sim_publish(s);
		assert_string_equal(sim_endings(s), waits[i].ending);
		sim_free(s);
	}
}

/* Plays the first lines up to each state in turn and looks at both ends. */
static void states_follow_the_close(void **state)
{
	static const struct {
		const char *line;
		enum tcp_state client, server;
	} steps[] = {
		{"0 > S", STATE_SYN_SENT, STATE_LISTEN},
		{"0 > S; 0.01 < SA", STATE_SYN_SENT, STATE_SYN_RECEIVED},
		{"0 > S dropped; 0 < S dropped", STATE_SYN_SENT, STATE_SYN_SENT},
		{"0 > S dropped; 0 < S dropped; 1 > again; 1 < again; 1.01 > SA seq 0; 1.01 < SA seq 0", STATE_SYN_RECEIVED,
			STATE_SYN_RECEIVED},
		{"0 > S; 0.01 < SA; 0.02 > .; 1 < SA seq 0; 1.01 > .", STATE_ESTABLISHED, STATE_ESTABLISHED},
		{"0 > S; 0.01 < SA; 0.02 > .; 1 < SA seq 0; 1.01 > .; 3 < SA seq 0; 3.01 > .", STATE_ESTABLISHED,
			STATE_SYN_RECEIVED},
		{TALK, STATE_ESTABLISHED, STATE_ESTABLISHED},
		{TALK "1 > FA", STATE_FIN_WAIT_1, STATE_ESTABLISHED},
		{TALK "1 > FA; 1.01 < .", STATE_FIN_WAIT_2, STATE_CLOSE_WAIT},
		{TALK "1 > FA; 1.01 < .; 1.02 < FA", STATE_FIN_WAIT_2, STATE_LAST_ACK},
		{TALK "1 > FA; 1.01 < .; 1.02 < FA; 1.03 > .", STATE_TIME_WAIT, STATE_CLOSED},
		{TALK "1 > FA; 1.01 < FA", STATE_FIN_WAIT_2, STATE_LAST_ACK},
		{TALK "1 > FA dropped; 1 < FA dropped", STATE_FIN_WAIT_1, STATE_FIN_WAIT_1},
		{TALK "1 > FA dropped; 1 < FA dropped; 1.2 > again dropped; 1.2 < again; 1.21 > .", STATE_CLOSING, STATE_FIN_WAIT_2},
		{TALK "1 > FA dropped; 1 < FA dropped; 1.2 > again; 1.2 < again; 1.21 > .; 1.21 < .", STATE_TIME_WAIT,
			STATE_TIME_WAIT},
		{TALK "1 < RA", STATE_CLOSED, STATE_CLOSED},
	};
	size_t i;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct sim *s = sim_new(NULL);
		const struct connection *c;

		sim_play(s, steps[i].line);
		sim_publish(s);
		c = sim_only(s);
		if (c->side[CLIENT].state != steps[i].client || c->side[SERVER].state != steps[i].server)
			fail_msg("after \"%s\": %s / %s", steps[i].line, state_names[c->side[CLIENT].state],
				state_names[c->side[SERVER].state]);
		sim_free(s);
	}
}

static void time_wait_lasts_two_msl(void **state)
{
	struct sim *s = sim_new(NULL);

	sim_play(s, TALK "1 > FA; 1.01 < FA; 1.02 > .");
	sim_publish(s);
	assert_int_equal(sim_only(s)->time_wait_until - sim_only(s)->start, 61020 * NS_PER_MS);
	sim_tick(s, 62);
	sim_finish(s);
	assert_int_equal(sim_only(s)->side[CLIENT].state, STATE_CLOSED);
	sim_free(s);
}

static void counts_by_side(void **state)
{
	struct sim *s = sim_new(NULL);
	const struct connection *c;

	sim_play(s, "0 > S; 1 > again; 1.01 < SA; 1.02 > .; 1.1 > PA len 100 dropped; 1.3 > again; 1.31 < .\n"
		    "1.4 < PA len 1000; 1.41 > . win 0; 1.5 > . win 900; 1.6 < PA len 1000 lost; 1.61 < PA len 1000\n"
		    "1.62 > . ack 1001 win 900; 1.63 > . ack 1001 win 900; 1.7 < PA len 1000 seq 1001; 1.71 > . ack 3001\n"
		    "2 > FA; 2.2 > again; 2.21 < FA; 2.22 > .");
	sim_finish(s);
	c = sim_only(s);
	assert_int_equal(c->side[CLIENT].syn, 2);
	assert_int_equal(c->side[CLIENT].syn_uniq, 1);
	assert_int_equal(c->side[SERVER].syn, 1);
	assert_int_equal(c->side[SERVER].synack, 1);
	assert_int_equal(c->side[CLIENT].fin, 2);
	assert_int_equal(c->side[CLIENT].fin_uniq, 1);
	assert_int_equal(c->side[SERVER].fin, 1);
	assert_int_equal(c->side[CLIENT].retr, 1);
	assert_int_equal(c->side[CLIENT].zwin, 1);
	assert_int_equal(c->side[CLIENT].bytes, 100);
	assert_int_equal(c->side[SERVER].bytes, 3000);
	assert_true(c->side[CLIENT].dupack >= 1);
	assert_int_equal(c->hs_srv_ns, TIME_NEVER); /* Karn: the SYN was repeated */
	assert_int_equal(c->established, 1);
	assert_int_equal(c->closer, CLOSER_CLIENT);
	assert_string_equal(c->history, "ShADTadWtFf");
	sim_free(s);
}

static void handshake_is_timed(void **state)
{
	struct sim *s = sim_new(NULL);

	sim_play(s, "0 > S; 0.030 < SA; 0.031 > .");
	sim_finish(s);
	assert_int_equal(sim_only(s)->hs_srv_ns, 30 * NS_PER_MS);
	assert_int_equal(sim_only(s)->hs_clt_ns, 1 * NS_PER_MS);
	sim_free(s);
}

static void roles_are_guessed_and_say_so(void **state)
{
	struct sim *s = sim_new(NULL);

	sim_play(s, "0 < PA len 10; 0.01 > .");
	sim_finish(s);
	assert_int_equal(sim_only(s)->client_by, BY_PORT);
	assert_int_equal(sim_only(s)->tuple.port[SERVER], 80);
	assert_int_equal(sim_only(s)->origin, ORIGIN_MIDSTREAM);
	sim_free(s);

	/* Port 40000 was called by a SYN: it is the service, whatever the numbers say. */
	s = sim_new(NULL);
	sim_play(s, "client 10.0.0.9:80\nserver 10.0.0.5:40000\n0 > S; 0.01 < SA; 0.02 > .\nconn b\n"
		    "client 10.0.0.8:80\n1 < PA len 10; 1.01 > .");
	sim_finish(s);
	assert_int_equal(sim_at(s, 1)->client_by, BY_LEARNED);
	assert_int_equal(sim_at(s, 1)->tuple.port[SERVER], 40000);
	sim_free(s);
}

static void late_packets_count_to_what_ended(void **state)
{
	struct engine_conf conf = {.max_connections = 16, .max_tombstones = 64, .from_file = true};
	struct sim *s = sim_new(&conf);
	char line[200];
	int i;

	sim_play(s, TALK "1 > FA; 1.01 < FA; 1.02 > .");
	for (i = 0; i < 40; i++) { /* push it out of the table */
		snprintf(line, sizeof(line), "client 10.0.1.%d:1000; 1.5 > S", i + 1);
		sim_play(s, line);
	}
	sim_play(s, "2 < R seq 502; 2.1 > FA seq 101 ack 502");
	sim_publish(s);
	assert_int_equal(sim_at(s, 0)->side[SERVER].rst, 1);
	assert_int_equal(sim_at(s, 0)->side[CLIENT].fin, 2);
	assert_true(sim_at(s, 0)->attributes & ATTRIBUTE_BIT(RST_AFTER_CLOSE));
	assert_int_equal(sim_at(s, 0)->ending, ENDING_GRACEFUL);
	sim_free(s);
}

static void nothing_is_told_before_the_end_but_final_words(void **state)
{
	struct engine_conf conf = {.max_connections = 64, .from_file = true};
	struct sim *all, *last;

	all = sim_new(&conf);
	conf.final_only = true;
	last = sim_new(&conf);
	for (int part = 0; part < 2; part++) {
		const char *text = part ? "9 < PA len 10; 300 > FA\nconn b\nclient 10.0.0.8:1234\n300.5 > S; 300.6 < RA"
					: TALK "\nconn c\nclient 10.0.0.7:1235\n1 > S; 3 > S; 7 > S";

		sim_play(all, text);
		sim_play(last, text);
		sim_publish(all);
		sim_publish(last);
		assert_int_equal(sim_count(all), part ? 3 : 2);
		assert_true(sim_count(last) < sim_count(all));
	}
	sim_finish(all);
	sim_finish(last);
	assert_int_equal(sim_count(last), sim_count(all));
	for (size_t i = 0; i < sim_count(all); i++)
		assert_memory_equal(sim_at(last, i), sim_at(all, i), sizeof(struct connection));
	sim_free(all);
	sim_free(last);
}

static void full_table_ends_ended_ones_first(void **state)
{
	struct engine_conf conf = {.max_connections = 16, .from_file = true};
	struct sim *s = sim_new(&conf);
	char line[300];
	size_t i, evicted_live = 0;

	sim_play(s, TALK); /* a real connection */
	for (i = 0; i < 500; i++) { /* and a SYN flood */
		snprintf(line, sizeof(line), "client 10.1.%zu.%zu:999; %.3f > S", i / 250, i % 250 + 1, 1 + i * 0.001);
		sim_play(s, line);
	}
	sim_finish(s);
	assert_int_equal(sim_count(s), 501);
	assert_int_equal(sim_at(s, 0)->ending, ENDING_NONE);
	for (i = 1; i < 501; i++) {
		assert_int_equal(sim_at(s, i)->ending, ENDING_UNANSWERED);
		evicted_live += sim_at(s, i)->evidence & EVIDENCE_BIT(EVICTED) ? 1 : 0;
	}
	assert_int_equal(evicted_live, sim_stats(s)->evicted);
	assert_true(evicted_live >= 480);
	sim_free(s);
}

static void a_set_clock_is_not_silence(void **state)
{
	struct sim *s = sim_new(NULL);

	sim_play(s, TALK "90000000 > PA len 10; 90000000.01 < .");
	sim_publish(s);
	assert_int_equal(sim_only(s)->ending, ENDING_NONE);
	assert_int_equal(sim_stats(s)->time_jumps, 1);
	sim_play(s, "conn b\nclient 10.0.0.2:2; 5 > S; 5.01 < SA; 5.02 > .");
	sim_finish(s);
	assert_int_equal(sim_count(s), 2);
	assert_int_equal(sim_at(s, 1)->ending, ENDING_NONE);
	assert_int_equal(sim_stats(s)->time_jumps, 2);
	sim_free(s);
}

/* Both end without a packet that says so: one because time passed, one because the input did not go on. */
static void the_end_of_the_input_is_no_timeout(void **state)
{
	struct sim *s = sim_new(NULL);

	sim_play(s, "0 > S");
	sim_finish(s);
	assert_int_equal(sim_only(s)->ending, ENDING_UNANSWERED);
	assert_true(sim_only(s)->evidence & EVIDENCE_BIT(INPUT_ENDED));
	assert_false(sim_only(s)->evidence & EVIDENCE_BIT(TIMEOUT));
	sim_free(s);

	s = sim_new(NULL);
	sim_play(s, "0 > S");
	sim_tick(s, 30);
	sim_finish(s);
	assert_int_equal(sim_only(s)->ending, ENDING_UNANSWERED);
	assert_false(sim_only(s)->evidence & EVIDENCE_BIT(INPUT_ENDED));
	assert_true(sim_only(s)->evidence & EVIDENCE_BIT(TIMEOUT));
	sim_free(s);
}

static void different_ones_are_counted_beyond_eight_bits(void **state)
{
	struct sim *s = sim_new(NULL);
	char line[100];

	sim_play(s, TALK);
	for (int i = 0; i < 700; i++) {
		snprintf(line, sizeof(line), "%d.%03d > S isn %u forged\n", 1 + i / 1000, i % 1000,
			7000001u + 3000000u * (unsigned)i);
		sim_play(s, line);
	}
	for (int i = 0; i < 300; i++) {
		snprintf(line, sizeof(line), "%d.%03d < FA seq %d forged\n", 3 + i / 1000, i % 1000, 501 + 10 * i);
		sim_play(s, line);
	}
	sim_finish(s);
	assert_int_equal(sim_only(s)->side[CLIENT].syn_uniq, 701);
	assert_int_equal(sim_only(s)->side[CLIENT].syn, 701);
	assert_int_equal(sim_only(s)->side[SERVER].fin_uniq, 300);
	sim_free(s);
}

static void pending_syn_belongs_to_what_it_opens(void **state)
{
	struct sim *s = sim_new(NULL);

	sim_play(s, TALK "9 > S isn 7000000; 10 > again; 10.01 < SA; 10.02 > .");
	sim_finish(s);
	assert_int_equal(sim_count(s), 2);
	assert_int_equal(sim_at(s, 0)->side[CLIENT].syn, 1);
	assert_int_equal(sim_at(s, 1)->side[CLIENT].syn, 2);
	assert_int_equal(sim_at(s, 1)->generation, 2);
	assert_true(sim_at(s, 1)->attributes & ATTRIBUTE_BIT(PORT_REUSE));
	assert_int_equal(sim_at(s, 1)->start - sim_at(s, 0)->start, 9 * NS_PER_SEC);
	sim_free(s);

	s = sim_new(NULL);
	sim_play(s, TALK "9 > S isn 7000000 forged; 9.1 > PA len 5; 9.2 < .");
	sim_finish(s);
	assert_int_equal(sim_only(s)->side[CLIENT].syn, 2);
	assert_int_equal(sim_only(s)->side[CLIENT].syn_uniq, 2);
	sim_free(s);
}

static void the_trail_keeps_what_matters(void **state)
{
	struct engine_conf conf = {.max_connections = 16, .max_trails = 16, .from_file = true, .linger = NS_PER_SEC};
	struct sim *s = sim_new(&conf);
	const struct trail *t;

	sim_play(s, TALK "0.5 < PA len 1000 x 50 every 0.001; 0.6 > .; 1 > FA; 1.01 < FA; 1.02 > .");
	sim_tick(s, 200);
	sim_publish(s);
	t = sim_trail(s, sim_only(s)->uid);
	assert_non_null(t);
	assert_int_equal(t->seg[0].flags, TCP_SYN);
	assert_int_equal(t->seg[0].mss, 1460);
	assert_int_equal(t->seg[t->n - 1].state[CLIENT], STATE_TIME_WAIT);
	assert_int_equal(t->skipped, 0);
	assert_true(t->n < 14);
	sim_free(s);
}

static uint64_t next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* attempts + mid.count + other.count = open + the sum of all endings. */
static void check_sum(struct sim *s)
{
	struct counters sum = {{0}}, one;
	uint64_t endings = 0;
	size_t i;

	for (i = 0; i < sim_count(s); i++) {
		counters_of_connection(sim_at(s, i), &one);
		counters_add(&sum, &one);
		assert_int_equal(one.n[COUNTER_ATTEMPTS] + one.n[COUNTER_MID] + one.n[COUNTER_OTHER], 1);
	}
	for (i = ENDING_NONE + 1; i < ENDING_COUNT; i++)
		endings += sum.n[counter_of_ending(i)];
	assert_int_equal(sum.n[COUNTER_ATTEMPTS] + sum.n[COUNTER_MID] + sum.n[COUNTER_OTHER],
		sum.n[COUNTER_OPEN] + endings);
}

static void random_packets_end_exactly_once(void **state)
{
	static const uint8_t flags[] = {TCP_SYN, TCP_SYN | TCP_ACK, TCP_ACK, TCP_ACK | TCP_PSH, TCP_FIN | TCP_ACK, TCP_RST,
		TCP_RST | TCP_ACK, 0, TCP_FIN, TCP_SYN | TCP_FIN, TCP_ACK, TCP_ACK};
	uint64_t x = 88172645463325252u;
	int run, i, n;

	for (run = 0; run < 4000; run++) {
		struct engine_conf conf = {.max_connections = 16, .max_trails = run % 2 ? 4 : 0, .from_file = true};
		struct sim *s = sim_new(&conf);
		uint64_t packets = 0;
		int64_t t = 1700000000 * NS_PER_SEC;
		size_t k;

		n = 1 + (int)(next_random(&x) % 30);
		for (i = 0; i < n; i++) {
			struct pkt p = {.kind = PKT_TCP, .ttl = 64, .wscale = 0xff};
			int dir = (int)(next_random(&x) & 1), who = (int)(next_random(&x) % 20);

			t += (int64_t)(next_random(&x) % 5 ? next_random(&x) % 1000000 : next_random(&x) % 40000000000);
			p.ts = t;
			p.tuple.addr[dir].b[15] = 1;
			p.tuple.addr[!dir].b[15] = 2;
			p.tuple.port[dir] = (uint16_t)(40000 + (who < 10 ? 0 : who));
			p.tuple.port[!dir] = 80;
			p.hash = tuple_hash(&p.tuple);
			p.flags = flags[next_random(&x) % sizeof(flags)];
			p.seq = (uint32_t)(1000 + next_random(&x) % 40 + (next_random(&x) % 9 ? 0 : next_random(&x)));
			p.ack = (uint32_t)(1000 + next_random(&x) % 40);
			p.len = next_random(&x) % 3 ? 0 : (uint32_t)(next_random(&x) % 30);
			p.win = (uint16_t)(next_random(&x) % 3 * 30000);
			p.ip_id = (uint16_t)next_random(&x);
			sim_pkt(s, &p);
			if (next_random(&x) % 8 == 0)
				sim_publish(s);
			if (next_random(&x) % 16 == 0)
				check_sum(s);
		}
		if (run % 3 == 0)
			sim_tick(s, 100000);
		sim_finish(s);
		check_sum(s);
		for (k = 0; k < sim_count(s); k++)
			packets += sim_at(s, k)->side[CLIENT].packets + sim_at(s, k)->side[SERVER].packets;
		assert_int_equal(packets, n);
		sim_free(s);
	}
}

/* A healthy connection that loses any one packet in the capture is never a certain fault. */
static void one_packet_missed_is_no_certain_fault(void **state)
{
	static const char *const healthy[] = {
		TALK "1 > FA; 1.01 < .; 1.02 < FA; 1.03 > .",
		TALK "1 < FA; 1.01 > FA; 1.02 < .",
		TALK "1 > FA; 1.01 < .; 1.1 < PA len 900; 1.11 > .; 2 < FA; 2.01 > .",
		TALK "1 < PA len 1400 x 8; 1.1 > .; 2 < FA; 2.1 > RA",
	};
	size_t i, k, lost;

	for (i = 0; i < sizeof(healthy) / sizeof(healthy[0]); i++) {
		struct script_conf conf = {.base = 1700000000 * NS_PER_SEC};
		struct script *script = script_new(healthy[i], &conf, NULL);

		for (lost = 0; lost < script_count(script); lost++) {
			struct sim *s = sim_new(NULL);
			const struct connection *c;

			for (k = 0; k < script_count(script); k++) {
				struct pkt p;

				script_pkt(script, k, &p);
				if (k != lost)
					sim_pkt(s, &p);
			}
			sim_tick(s, 3000);
			sim_finish(s);
			c = sim_only(s);
			if (ending_info[c->ending].harm == HARM_BAD && c->confidence == CONFIDENCE_HIGH)
				fail_msg("script %zu without packet %zu: %s", i, lost, sim_endings(s));
			sim_free(s);
		}
		script_free(script);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states_follow_the_close),
		cmocka_unit_test(time_wait_lasts_two_msl),
		cmocka_unit_test(counts_by_side),
		cmocka_unit_test(handshake_is_timed),
		cmocka_unit_test(roles_are_guessed_and_say_so),
		cmocka_unit_test(late_packets_count_to_what_ended),
		cmocka_unit_test(full_table_ends_ended_ones_first),
		cmocka_unit_test(a_set_clock_is_not_silence),
		cmocka_unit_test(the_end_of_the_input_is_no_timeout),
		cmocka_unit_test(pending_syn_belongs_to_what_it_opens),
		cmocka_unit_test(nothing_is_told_before_the_end_but_final_words),
		cmocka_unit_test(the_trail_keeps_what_matters),
		cmocka_unit_test(different_ones_are_counted_beyond_eight_bits),
		cmocka_unit_test(deadlines_that_come_nearer_are_kept),
		cmocka_unit_test(random_packets_end_exactly_once),
		cmocka_unit_test(one_packet_missed_is_no_certain_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
