/* See screen.h. */
#include "config.h"

#include "screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow/engine.h"
#include "model/capture_stats.h"
#include "packet/pkt.h"
#include "packet/script.h"
#include "store/store.h"
#include "ui/script.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/hash.h"
#include "util/mem.h"

/* A fault of the test itself. */
static void need(bool ok, const struct err *err)
{
	if (ok)
		return;
	fprintf(stderr, "screen: %s\n", err->text);
	abort();
}

static struct block *take_block(void *arg)
{
	(void)arg;
	return mem_alloc(sizeof(struct block));
}

static void give_block(void *arg, struct block *b)
{
	struct screen *s = arg;

	store_apply(s->store, b);
	mem_free(b);
}

static void watch(void *arg, uint64_t uid)
{
	struct screen *s = arg;

	s->watched = uid;
	if (s->engine)
		engine_watch(s->engine, uid);
}

void screen_init(struct screen *s, const struct app_conf *conf, int w, int h)
{
	const struct store_conf store = {.shards = 1, .max_live = 1024, .max_ended = 4096,
		.max_conversations = 1024, .max_series = 256, .max_trails = 4096};
	const struct outlet outlet = {take_block, give_block, s};
	const struct engine_conf engine = {.max_connections = 1024, .max_trails = 1024, .from_file = true};
	struct app_conf app = conf ? *conf : (struct app_conf){.from_file = true, .input = "test.pcap"};
	struct err err = ERR_INIT;

	memset(s, 0, sizeof(*s));
	hash_seed(1);
	s->now = SCREEN_BASE;
	s->store = store_new(&store, &err);
	s->engine = engine_new(&engine, &outlet, &err);
	need(s->store && s->engine, &err);
	app.store = s->store;
	app.version = "0.1.0";
	app.calls.watch = watch;
	app.calls.arg = s;
	s->app = app_new(&app, &err);
	need(s->app != NULL, &err);
	canvas_init(&s->canvas, w, h);
}

void screen_fini(struct screen *s)
{
	app_free(s->app);
	engine_free(s->engine);
	store_free(s->store);
	canvas_fini(&s->canvas);
	str_free(&s->out);
}

void screen_packets(struct screen *s, const char *text, bool end)
{
	const struct script_conf conf = {.base = SCREEN_BASE};
	struct err err = ERR_INIT;
	struct script *script = script_new(text, &conf, &err);
	struct capture_stats stats = {0};

	need(script != NULL, &err);
	for (size_t i = 0; i < script_count(script); i++) {
		struct pkt p;

		if (script_pkt(script, i, &p) != DROP_NONE)
			continue;
		engine_run(s->engine, &p, 1);
		if (p.ts > s->now)
			s->now = p.ts;
	}
	s->packets += script_count(script);
	stats.packets = stats.segments = s->packets;
	engine_stats(s->engine, &stats);
	if (end)
		engine_finish(s->engine);
	else
		while (!engine_publish(s->engine, 1000))
			;
	script_free(script);
}

void screen_run(struct screen *s, const char *script)
{
	struct err err = ERR_INIT;

	need(script_run(s->app, &s->canvas, script, &s->now, &s->out, &err), &err);
}

void screen_keys(struct screen *s, const char *keys)
{
	struct str line = STR_INIT;

	str_addf(&line, "keys %s", keys);
	screen_run(s, line.s);
	str_free(&line);
}

const char *screen_text(struct screen *s)
{
	str_clear(&s->out);
	screen_run(s, "dump");
	return s->out.s;
}

const char *screen_roles(struct screen *s)
{
	str_clear(&s->out);
	screen_run(s, "roles");
	return s->out.s;
}

/* ---- sample traffic ---- */

struct sample {
	struct str *out;
	unsigned port;
	double t;
};

/* One connection: its endpoints, then `lines` with times that begin at 0. */
static void add(struct sample *s, const char *client, const char *server, const char *lines)
{
	str_addf(s->out, "conn c%u\nclient %s:%u\nserver %s\n%.3f > S ws 7; %s\n", s->port, client, s->port,
		server, s->t, lines);
	s->port++;
	s->t += 0.16;
}

static const char answered[] = "+0.02 < SA; +0.001 > .; +0 > PA len 200; +0.03 < PA len 1400; +0.001 > .; ";

void screen_sample(struct str *out)
{
	struct sample s = {out, 40000, 0};
	struct str good = STR_INIT, abort_srv = STR_INIT, abort_clt = STR_INIT, cut = STR_INIT;

	str_addf(&good, "%s+0.1 > FA; +0.01 < FA; +0 > .", answered);
	str_addf(&abort_srv, "%s+0.05 > PA len 400; +0.001 < .; +0.2 < RA", answered);
	str_addf(&abort_clt, "%s+0.05 < PA len 700; +0.01 > RA", answered);
	str_addf(&cut, "%s+0 > FA; +0.02 < .; +0.01 < PA len 1400 x 3; +0.001 > R x 3", answered);
	for (int i = 0; i < 60; i++) {
		add(&s, "10.0.1.12", "10.0.0.5:1194", "+0.0003 < RA");
		add(&s, "10.0.1.20", "10.0.0.7:443", good.s);
		if (i % 3 == 0)
			add(&s, "10.0.2.9", "10.0.0.7:443", cut.s);
		if (i % 2 == 0)
			add(&s, "10.0.1.13", "10.0.0.7:8080", abort_srv.s);
		if (i % 5 == 0)
			add(&s, "10.0.1.20", "10.0.0.8:5432", abort_clt.s);
		if (i % 10 == 0)
			add(&s, "10.0.3.4", "10.0.0.9:22", "+1 > again; +2 > again; +4 > again");
	}
	str_free(&good);
	str_free(&abort_srv);
	str_free(&abort_clt);
	str_free(&cut);
	str_add(out, "conn v6\nclient [fd77::1]:50000\nserver [fd77:0:12:3400::2]:993\n12 > S; +0.02 < SA; +0.001 > .\n"
		     "+0 > PA len 90; +0.02 < PA len 500; +0.01 > .\n");
}
