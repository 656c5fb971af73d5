/*
 * What must hold on every capture, whatever is in it. Each connection of each capture found is played again with one
 * packet missing, with other addresses, at another time, as IPv6, with every packet twice, and with one direction only.
 * The folder is $TCPTOP_CAPTURES, or shared/captures beside the source tree; the demo's traffic is always there.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>

#include "capture/source.h"
#include "sim.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/mem.h"

#define MANY 60	       /* packets of a connection that are each left out once; of longer ones the ends are */
#define LONGEST 4000   /* packets of a connection that is played again */
#define CONNECTIONS 250 /* of one capture */

struct packets {
	struct pkt *p;
	size_t n, room;
};

static struct {
	size_t captures, connections, removed, turned, moved, doubled, halves, medium;
} tried;

static void keep(struct packets *all, const struct pkt *p)
{
	if (all->n == all->room) {
		all->room = all->room ? all->room * 2 : 1024;
		all->p = mem_grow(all->p, all->room, sizeof(all->p[0]));
	}
	all->p[all->n++] = *p;
}

static void read_all(struct source *source, struct packets *all)
{
	struct err err = ERR_INIT;
	enum source_state st;
	struct pkt p[64];
	size_t n, i;

	do {
		n = 0;
		st = source_read(source, p, 64, &n, &err);
		for (i = 0; i < n; i++)
			keep(all, &p[i]);
	} while ((st == SOURCE_READY || st == SOURCE_WARNING || st == SOURCE_IDLE) && all->n < 200000);
	source->ops->close(source);
}

/* Plays the packets and lets silence speak. The caller frees. */
static struct sim *play(const struct packets *k)
{
	struct engine_conf conf = {.max_connections = 64, .from_file = true};
	struct sim *s = sim_new(&conf);
	size_t i;

	for (i = 0; i < k->n; i++)
		sim_pkt(s, &k->p[i]);
	sim_finish(s);
	return s;
}

static bool is_fault(const struct connection *c)
{
	return ending_info[c->ending].harm == HARM_BAD;
}

static bool any_fault(struct sim *s)
{
	size_t i;

	for (i = 0; i < sim_count(s); i++)
		if (is_fault(sim_at(s, i)))
			return true;
	return false;
}

static void one_missing(const struct packets *k, const char *file)
{
	struct sim *whole = play(k);
	bool healthy = !any_fault(whole) && sim_count(whole) == 1 && k->n > 2;
	struct packets rest = {NULL, 0, 0};
	size_t i, j;

	for (i = 0; healthy && i < k->n; i++) {
		struct sim *s;

		if (k->n > MANY && i > MANY / 2 && i + MANY / 2 < k->n)
			continue;
		rest.n = 0;
		for (j = 0; j < k->n; j++)
			if (j != i)
				keep(&rest, &k->p[j]);
		s = play(&rest);
		for (j = 0; j < sim_count(s); j++)
			if (is_fault(sim_at(s, j)) && sim_at(s, j)->confidence == CONFIDENCE_HIGH)
				fail_msg("%s port %u: %s without packet %zu, %s with it", file,
					k->p[0].tuple.port[0], sim_endings(s), i, sim_endings(whole));
		tried.removed++;
		sim_free(s);
	}
	sim_free(whole);
	mem_free(rest.p);
}

/* Endings, counts and roles are the same; addresses and times need not be. */
static void assert_alike(struct sim *a, struct sim *b, const char *what, const char *file)
{
	size_t i;
	int side;

	if (sim_count(a) != sim_count(b))
		fail_msg("%s: %s: %s, then %s", file, what, sim_endings(a), sim_endings(b));
	for (i = 0; i < sim_count(a); i++) {
		const struct connection *x = sim_at(a, i), *y = sim_at(b, i);

		if (x->ending != y->ending || x->confidence != y->confidence || x->rule != y->rule ||
			x->client_by != y->client_by || x->evidence != y->evidence ||
			x->last - x->start != y->last - y->start)
			fail_msg("%s: %s: %s, then %s", file, what, sim_endings(a), sim_endings(b));
		for (side = 0; side < 2; side++) {
			assert_int_equal(x->tuple.port[side], y->tuple.port[side]);
			assert_int_equal(x->side[side].packets, y->side[side].packets);
			assert_int_equal(x->side[side].bytes, y->side[side].bytes);
			assert_int_equal(x->side[side].rst, y->side[side].rst);
			assert_int_equal(x->side[side].retr, y->side[side].retr);
			assert_int_equal(x->side[side].state, y->side[side].state);
		}
	}
}

static void other_address(struct addr *a)
{
	a->b[15] ^= 0x55;
	a->b[13] ^= 0xaa;
}

static void as_ipv6(struct addr *a)
{
	if (addr_is_v4(a)) {
		memset(a->b, 0, 12);
		a->b[0] = 0x20;
		a->b[1] = 0x01;
	}
}

static void changed(const struct packets *k, const char *what, void (*change)(struct addr *), int64_t shift,
	const char *file)
{
	struct packets other = {NULL, 0, 0};
	struct sim *a = play(k), *b;
	size_t i;

	for (i = 0; i < k->n; i++) {
		struct pkt p = k->p[i];

		if (change) {
			change(&p.tuple.addr[0]);
			change(&p.tuple.addr[1]);
		}
		p.ts += shift;
		p.hash = tuple_hash(&p.tuple);
		keep(&other, &p);
	}
	b = play(&other);
	assert_alike(a, b, what, file);
	tried.moved++;
	sim_free(a);
	sim_free(b);
	mem_free(other.p);
}

static void doubled(const struct packets *k, const char *file)
{
	struct packets twice = {NULL, 0, 0};
	struct sim *a = play(k), *b;
	size_t i;
	int side;

	for (i = 0; i < k->n; i++) {
		struct pkt p = k->p[i];

		if (!p.ip_id)
			p.ip_id = (uint16_t)(i + 1); /* only what a span port's copies have in common tells them */
		keep(&twice, &p);
		keep(&twice, &p);
	}
	b = play(&twice);
	for (i = 0; i < sim_count(a) && sim_count(a) == sim_count(b); i++) {
		const struct connection *x = sim_at(a, i), *y = sim_at(b, i);

		if (x->ending != y->ending)
			break;
		for (side = 0; side < 2; side++) {
			assert_int_equal(x->side[side].syn_uniq, y->side[side].syn_uniq);
			assert_int_equal(x->side[side].fin_uniq, y->side[side].fin_uniq);
			assert_int_equal(x->side[side].rst_uniq, y->side[side].rst_uniq);
			assert_int_equal(x->side[side].retr, y->side[side].retr);
			assert_int_equal(x->side[side].rst * 2, y->side[side].rst);
		}
	}
	if (i < sim_count(a) || sim_count(a) != sim_count(b))
		fail_msg("%s: every packet twice: %s, then %s", file, sim_endings(a), sim_endings(b));
	tried.doubled++;
	sim_free(a);
	sim_free(b);
	mem_free(twice.p);
}

static bool has_ending(struct sim *s, uint8_t ending)
{
	size_t i;

	for (i = 0; i < sim_count(s); i++)
		if (sim_at(s, i)->ending == ending)
			return true;
	return false;
}

static void one_direction(const struct packets *k, const char *file)
{
	struct sim *whole = play(k);
	int way;

	for (way = 0; way < 2; way++) {
		struct packets half = {NULL, 0, 0};
		struct sim *s;
		size_t i;

		for (i = 0; i < k->n; i++)
			if ((memcmp(&k->p[i].tuple, &k->p[0].tuple, sizeof(struct tuple)) != 0) == way)
				keep(&half, &k->p[i]);
		s = play(&half);
		for (i = 0; i < sim_count(s); i++) {
			const struct connection *c = sim_at(s, i);

			if (!is_fault(c) || has_ending(whole, c->ending))
				continue;
			if (c->confidence == CONFIDENCE_HIGH)
				fail_msg("%s: one direction: %s, whole: %s", file, sim_endings(s),
					sim_endings(whole));
			tried.medium += c->confidence == CONFIDENCE_MEDIUM;
		}
		tried.halves++;
		sim_free(s);
		mem_free(half.p);
	}
	sim_free(whole);
}

/* The packets of the connection that packet `first` is of, if it is its first; icmp errors are left out. */
static bool connection_at(const struct packets *all, size_t first, struct packets *out)
{
	const struct pkt *p = &all->p[first];
	size_t i;

	out->n = 0;
	if (p->kind != PKT_TCP)
		return false;
	for (i = 0; i < all->n; i++) {
		const struct pkt *q = &all->p[i];

		if (q->hash != p->hash || q->kind != PKT_TCP || q->tuple.port[0] + q->tuple.port[1] !=
									p->tuple.port[0] + p->tuple.port[1])
			continue;
		if (i < first)
			return false;
		keep(out, q);
		if (out->n > LONGEST)
			return false;
	}
	return true;
}

/* The short way for plain segments (flow/plain.h), and rows made later, leave what the long way leaves at once. */
static void both_ways(const struct packets *all, const char *file)
{
	struct sim *s[2];
	size_t i;

	for (int way = 0; way < 2; way++) {
		struct engine_conf conf = {.max_connections = 4096, .from_file = true, .long_way = way,
			.unmade_rows = !way};

		s[way] = sim_new(&conf);
		for (i = 0; i < all->n; i += 64)
			engine_run(sim_engine(s[way]), &all->p[i], all->n - i < 64 ? all->n - i : 64);
		sim_finish(s[way]);
	}
	assert_int_equal(sim_count(s[0]), sim_count(s[1]));
	for (i = 0; i < sim_count(s[0]); i++)
		if (memcmp(sim_at(s[0], i), sim_at(s[1], i), sizeof(struct connection)))
			fail_msg("%s: connection %zu is not the same by the long way", file, i);
	sim_free(s[0]);
	sim_free(s[1]);
}

static void check_packets(struct packets *all, const char *file)
{
	struct packets one = {NULL, 0, 0};
	size_t i, found = 0;

	for (i = 0; i < all->n; i++)
		all->p[i].hash = tuple_hash(&all->p[i].tuple); /* under this test's secret */
	both_ways(all, file);
	for (i = 0; i < all->n && found < CONNECTIONS; i++) {
		if (!connection_at(all, i, &one))
			continue;
		found++;
		one_missing(&one, file);
		changed(&one, "other addresses", other_address, 0, file);
		changed(&one, "another time", NULL, 31557600 * NS_PER_SEC, file);
		changed(&one, "as IPv6", as_ipv6, 0, file);
		doubled(&one, file);
		one_direction(&one, file);
	}
	tried.connections += found;
	tried.captures++;
	mem_free(one.p);
}

static void check_folder(const char *root, const char *sub)
{
	char path[2048];
	struct dirent *d;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%s", root, sub);
	dir = opendir(path);
	while (dir && (d = readdir(dir))) {
		const char *files[1] = {path};
		struct files_conf conf = {.file = files, .files = 1};
		struct packets all = {NULL, 0, 0};
		struct err err = ERR_INIT;
		struct source *source;

		if (!strstr(d->d_name, ".pcap"))
			continue;
		snprintf(path, sizeof(path), "%s/%s/%s", root, sub, d->d_name);
		source = source_open_files(&conf, &err);
		if (!source)
			continue;
		read_all(source, &all);
		check_packets(&all, d->d_name);
		mem_free(all.p);
	}
	if (dir)
		closedir(dir);
}

static void report(void)
{
	print_message("%zu captures, %zu connections: %zu times one packet left out, %zu times moved, "
		      "%zu doubled, %zu halves (%zu faults of medium confidence)\n",
		tried.captures, tried.connections, tried.removed, tried.moved, tried.doubled, tried.halves,
		tried.medium);
}

static void hold_on_real_captures(void **state)
{
	static const char *const folders[] = {"terminations", "linktypes", "ipv6", "tunnels", "lab", "large"};
	const char *root = getenv("TCPTOP_CAPTURES");
	char beside[512];
	DIR *dir;
	size_t i;

	if (!root) {
		snprintf(beside, sizeof(beside), "%s/../shared/captures", getenv("srcdir") ? getenv("srcdir") : ".");
		root = beside;
	}
	dir = opendir(root);
	if (!dir) {
		print_message("no folder of captures: skipped\n");
		skip();
	}
	closedir(dir);
	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		check_folder(root, folders[i]);
	report();
}

static void hold_on_the_demo(void **state)
{
	struct packets all = {NULL, 0, 0};
	struct err err = ERR_INIT;
	struct source *source = source_open_demo(false, &err);

	assert_non_null(source);
	read_all(source, &all);
	check_packets(&all, "demo");
	report();
	mem_free(all.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hold_on_the_demo),
		cmocka_unit_test(hold_on_real_captures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
