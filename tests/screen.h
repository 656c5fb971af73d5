/* For tests of the screen: packet scripts through the real engine into a store, and an app over it. */
#ifndef TCPTOP_TESTS_SCREEN_H
#define TCPTOP_TESTS_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "ui/app.h"
#include "ui/canvas.h"
#include "util/str.h"

struct engine;
struct store;

#define SCREEN_BASE (INT64_C(1767225600) * 1000000000) /* 2026-01-01 00:00:00 UTC */

struct screen {
	struct store *store;
	struct engine *engine;
	struct app *app;
	struct canvas canvas;
	int64_t now;
	uint64_t packets;
	uint64_t watched; /* last uid the app asked to watch */
	struct str out;	  /* dumps */
};

/* An empty store and an app over it; conf->store and calls are filled in. conf may be NULL. */
void screen_init(struct screen *s, const struct app_conf *conf, int w, int h);
void screen_fini(struct screen *s);
/* Packets of a script, times from SCREEN_BASE on; the store then knows them. `end`: the input is over. */
void screen_packets(struct screen *s, const char *script, bool end);
/* Runs lines of ui/script.h; aborts when one is wrong. */
void screen_run(struct screen *s, const char *script);
/* The whole screen as text, replacing what `out` had. */
const char *screen_text(struct screen *s);
const char *screen_roles(struct screen *s);
/* Presses keys by name. */
void screen_keys(struct screen *s, const char *keys);

/* The traffic of the sketches: several servers, every kind of trouble; made of text, the same every time. */
void screen_sample(struct str *out);

#endif
