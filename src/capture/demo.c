/*
 * The built-in traffic. A round is a list of beginnings drawn from the cast; each, when its
 * time comes, becomes a packet script with everything filled in. The scripts under way
 * stand in a heap by the time of their next frame, so frames come in order, rounds flow
 * into each other, and no more is in memory than is being played.
 */
#include "config.h"

#include "capture/demo.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/err.h"
#include "util/mem.h"
#include "util/str.h"

#define SNAP 192 /* octets of a frame that are made: the headers, and something to look at */
#define ROUND (DEMO_ROUND_SECONDS * NS_PER_SEC)
#define FIRST_PORT 32768 /* of the range clients draw from */
#define PORTS 28232
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum pool {
	LYON, PARIS, WAREHOUSE, BACKEND, HOME, INTERNET, STRANGER, SCANNER, INTERNET6, LYON6, MONITOR
};

enum server {
#define CLIENT(...)
#define SERVER(id, ...) SERVER_##id,
#include "demo_hosts.def"
#undef CLIENT
#undef SERVER
};

enum play {
#define PLAY(id, ...) PLAY_##id,
#include "demo_plays.def"
#undef PLAY
};

struct host {
	const char *address;
	unsigned pool, port, ttl, delay_us; /* pool: clients, port: servers */
};

static const struct host clients[] = {
#define CLIENT(id, address, ttl, delay) { address, id, 0, ttl, delay },
#define SERVER(...)
#include "demo_hosts.def"
#undef CLIENT
#undef SERVER
};

static const struct host servers[] = {
#define CLIENT(...)
#define SERVER(id, address, port, ttl, delay) { address, 0, port, ttl, delay },
#include "demo_hosts.def"
#undef CLIENT
#undef SERVER
};

static const struct {
	const char *name, *text;
	enum ending ending;
} plays[] = {
#define PLAY(id, ending, text) { #id, text, ENDING_##ending },
#include "demo_plays.def"
#undef PLAY
};

static const struct role {
	enum play play;
	unsigned times, from, to;
	enum pool clients;
	enum server server;
} cast[] = {
#define CAST(play, times, from, to, clients, server) \
	{ PLAY_##play, times, from, to, clients, SERVER_##server },
#include "demo_cast.def"
#undef CAST
};

struct beginning {
	int64_t at;
	const struct role *role;
};

struct running {
	struct script *script;
	const struct role *role;
	size_t next; /* frame of it */
	int64_t ts;  /* of that frame */
	uint64_t order;
};

struct demo {
	uint64_t random, order;
	int64_t start; /* of the round whose beginnings are listed */
	bool endless;
	unsigned port;
	struct beginning *beginning;
	size_t beginnings, begun;
	struct running *heap; /* the earliest first */
	size_t running, room;
};

/* splitmix64: small, and the same everywhere. */
static uint64_t draw(struct demo *d)
{
	uint64_t z = d->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint64_t draw_between(struct demo *d, uint64_t min, uint64_t max)
{
	return min + draw(d) % (max - min + 1);
}

static void add_seconds(struct str *out, uint64_t us)
{
	str_addf(out, "%" PRIu64 ".%06" PRIu64, us / 1000000, us % 1000000);
}

/* "{c}", "{s}", "{3-90}", "{3-90ms}"; `at` is after the brace. Returns what follows. */
static const char *fill_in(struct demo *d, const char *at, const struct host *client,
	const struct host *server, struct str *out)
{
	const struct host *end = *at == 'c' ? client : server;
	uint64_t min, max;
	char *after;

	if (*at == 'c' || *at == 's') {
		add_seconds(out, end->delay_us * draw_between(d, 85, 125) / 100);
		return at + 2;
	}
	min = strtoull(at, &after, 10);
	max = strtoull(after + 1, &after, 10);
	if (*after == 'm') {
		add_seconds(out, draw_between(d, min * 1000, max * 1000));
		after += 2;
	} else {
		str_addf(out, "%" PRIu64, draw_between(d, min, max));
	}
	return after + 1;
}

static void add_endpoint(struct demo *d, const char *word, const char *address, unsigned port,
	struct str *out)
{
	bool v6 = strchr(address, ':');

	str_addf(out, v6 ? "%s [" : "%s ", word);
	for (; *address; address++)
		if (*address == '*')
			str_addf(out, "%u", (unsigned)draw_between(d, 1, 254));
		else
			str_add_char(out, *address);
	str_addf(out, v6 ? "]:%u\n" : ":%u\n", port);
}

static const struct host *draw_client(struct demo *d, enum pool pool)
{
	size_t first = 0, n = 0, i;

	for (i = 0; i < COUNT(clients); i++)
		if (clients[i].pool == pool && n++ == 0)
			first = i;
	assert(n);
	return &clients[first + draw_between(d, 0, n - 1)];
}

static void write_script(struct demo *d, const struct role *role, struct str *out)
{
	const struct host *client = draw_client(d, role->clients), *server = &servers[role->server];
	const char *at = plays[role->play].text;
	uint64_t isn = draw(d);

	d->port = d->port % PORTS + 1;
	add_endpoint(d, "client", client->address, FIRST_PORT + d->port - 1, out);
	add_endpoint(d, "server", server->address,
		server->port ? server->port : (unsigned)draw_between(d, 1, 1023), out);
	str_addf(out, "isn %" PRIu32 " %" PRIu32 "\n", (uint32_t)isn, (uint32_t)(isn >> 32));
	str_addf(out, "ttl %u %u\nsnap %d\n", client->ttl, server->ttl, SNAP);
	while (*at)
		if (*at == '{')
			at = fill_in(d, at + 1, client, server, out);
		else
			str_add_char(out, *at++);
}

static bool before(const struct running *a, const struct running *b)
{
	return a->ts != b->ts ? a->ts < b->ts : a->order < b->order;
}

static void swap(struct running *a, struct running *b)
{
	struct running t = *a;

	*a = *b;
	*b = t;
}

static void sift_up(struct running *heap, size_t i)
{
	for (; i && before(&heap[i], &heap[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&heap[i], &heap[(i - 1) / 2]);
}

static void sift_down(struct running *heap, size_t n)
{
	size_t i = 0, child;

	while ((child = 2 * i + 1) < n) {
		if (child + 1 < n && before(&heap[child + 1], &heap[child]))
			child++;
		if (!before(&heap[child], &heap[i]))
			return;
		swap(&heap[i], &heap[child]);
		i = child;
	}
}

static void begin(struct demo *d, const struct beginning *b)
{
	struct script_conf conf = { .base = b->at };
	struct err err = ERR_INIT;
	struct str text = STR_INIT;
	struct running r = { .order = d->order++, .role = b->role };

	write_script(d, b->role, &text);
	r.script = script_new(text.s, &conf, &err);
	assert(r.script && script_count(r.script)); /* our own text, and t_demo reads all of it */
	str_free(&text);
	r.ts = script_frame(r.script, 0)->ts;
	if (d->running == d->room) {
		d->room = d->room ? 2 * d->room : 64;
		d->heap = mem_grow(d->heap, d->room, sizeof(*d->heap));
	}
	d->heap[d->running] = r;
	sift_up(d->heap, d->running++);
}

static int by_time(const void *a, const void *b)
{
	const struct beginning *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->role < y->role ? -1 : x->role > y->role;
}

/*
 * Lists the beginnings of a round: each role's spread evenly over its time, none quite on
 * the beat.
 */
static void plan_round(struct demo *d)
{
	size_t i, n = 0;
	unsigned k;

	d->begun = 0;
	for (i = 0; i < COUNT(cast); i++) {
		int64_t from = cast[i].from * NS_PER_SEC;
		int64_t step = (cast[i].to * NS_PER_SEC - from) / cast[i].times;

		for (k = 0; k < cast[i].times; k++)
			d->beginning[n++] = (struct beginning){ .role = &cast[i],
				.at = d->start + from + k * step +
					(int64_t)draw_between(d, 0, (uint64_t)step) };
	}
	assert(n == d->beginnings);
	qsort(d->beginning, n, sizeof(*d->beginning), by_time);
}

struct demo *demo_new(uint64_t seed, int64_t start, bool endless)
{
	struct demo *d = mem_alloc(sizeof(*d));
	size_t i;

	d->random = seed;
	d->start = start;
	d->endless = endless;
	d->port = (unsigned)draw_between(d, 0, PORTS - 1);
	for (i = 0; i < COUNT(cast); i++)
		d->beginnings += cast[i].times;
	d->beginning = mem_array(d->beginnings, sizeof(*d->beginning));
	plan_round(d);
	return d;
}

void demo_free(struct demo *d)
{
	size_t i;

	if (!d)
		return;
	for (i = 0; i < d->running; i++)
		script_free(d->heap[i].script);
	mem_free(d->heap);
	mem_free(d->beginning);
	mem_free(d);
}

/* Everything that begins before the first frame under way is under way. */
const struct script_frame *demo_peek(struct demo *d)
{
	for (;;) {
		if (d->begun == d->beginnings && d->endless) {
			d->start += ROUND;
			plan_round(d);
		}
		if (d->begun == d->beginnings)
			break;
		if (d->running && d->heap[0].ts < d->beginning[d->begun].at)
			break;
		begin(d, &d->beginning[d->begun++]);
	}
	if (!d->running)
		return NULL;
	return script_frame(d->heap[0].script, d->heap[0].next);
}

void demo_take(struct demo *d)
{
	struct running *r;

	if (!demo_peek(d))
		return;
	r = d->heap;
	if (++r->next < script_count(r->script)) {
		r->ts = script_frame(r->script, r->next)->ts;
	} else {
		script_free(r->script);
		*r = d->heap[--d->running];
	}
	sift_down(d->heap, d->running);
}

int demo_dlt(const struct demo *d)
{
	return d->running ? script_dlt(d->heap[0].script) : 1;
}

size_t demo_role(const struct demo *d)
{
	return (size_t)(d->heap[0].role - cast);
}

const char *demo_role_name(size_t role)
{
	return role < COUNT(cast) ? plays[cast[role].play].name : "";
}

enum ending demo_role_ending(size_t role)
{
	return plays[cast[role].play].ending;
}

void demo_role_text(struct demo *d, size_t role, struct str *out)
{
	write_script(d, &cast[role], out);
}
