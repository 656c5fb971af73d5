/*
 * The screen as a function: events in, effects out, and a picture on demand. No loop, no clock, no
 * terminal inside; time is given. One owner, the thread that owns the store.
 */
#ifndef TCPTOP_UI_APP_H
#define TCPTOP_UI_APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "query/column.h"
#include "ui/canvas.h"
#include "ui/theme.h"

struct app; /* opaque */
struct err;
struct fields;
struct keymap;
struct store;
struct zones;

struct event {
	enum { EVENT_KEY, EVENT_PASTE, EVENT_RESIZE, EVENT_END } what;
	uint32_t key; /* EVENT_KEY: see ui/key.h */
	const char *text; /* EVENT_PASTE: UTF-8 with whatever controls it had; borrowed until the next event */
	int w, h;     /* EVENT_RESIZE */
	int signal;   /* EVENT_END: why; a terminal that hung up counts as SIGHUP */
};

/* What the caller has to do now. */
#define EFFECT_REDRAW 0x01 /* app_draw would give another picture */
#define EFFECT_QUIT 0x02
#define EFFECT_KEEP 0x04   /* with QUIT: leave the last picture in the scrollback */
#define EFFECT_BUSY 0x10    /* there is work left for app_work() */
#define EFFECT_REPAINT 0x08 /* everything anew: the theme changed, or somebody asked */

/* What the screen asks of whoever has the engine. Each may be NULL. */
struct app_calls {
	/* Rows of this connection are to carry its trail from now on; 0: of none. */
	void (*watch)(void *arg, uint64_t uid);
	/* Sets another capture filter; "" takes it off. False with err when the old one stays. */
	bool (*capture_filter)(void *arg, const char *text, struct err *err);
	void *arg;
};

struct app_conf {
	struct store *store;	  /* borrowed; only store_reset changes it from here */
	const struct zones *zones; /* borrowed; may be NULL */
	struct app_calls calls;
	const char *version;	  /* borrowed, as all text below */
	const char *input;	  /* "eth0", "mix.pcap", "demo" */
	bool from_file;		  /* its end comes; time is packet time */
	const char *capture_filter; /* in force, may be NULL */
	enum view view;
	const struct column *sort; /* NULL: the view's own, then `ascending` does not count */
	bool ascending;
	const char *filter;	  /* may be NULL */
	const char *theme;	  /* name, may be NULL */
	bool names, confirm_quit;
	const char *(*host)(const struct addr *a); /* as in struct query */
	const struct keymap *keymap;  /* copied; NULL: the default keys */
	const struct fields *columns; /* [VIEW_COUNT], which to show; NULL, or none of a view: its own */
	const char *const *interfaces; /* as in struct query */
	size_t interface_count;
	/* Rows of the store looked at in one app_work(); 0: all at once, as they are wanted. */
	size_t piece;
	int64_t refresh_ns;	  /* between two looks at the store; 0: one second */
	int64_t utc_offset_ns;	  /* added to times of day */
};

/* NULL with err when the filter or the theme is not right. */
struct app *app_new(const struct app_conf *conf, struct err *err);
void app_free(struct app *a);

/* `now` is ns since the epoch and never steps back. Both return EFFECT_ bits. */
unsigned app_event(struct app *a, const struct event *e, int64_t now);
/* Looks at the store when it is due. Called whenever something may have changed, at least once a second. */
unsigned app_tick(struct app *a, int64_t now);
/* When app_tick() will look next, if the store has changed by then; INT64_MAX: not until something happens. */
int64_t app_next_look(const struct app *a);
/*
 * A piece of the work that events and ticks have left, a few ms of it. While it is busy the store
 * had better stay as it is: a question whose store changed begins anew. What is on the screen
 * meanwhile is what was true before.
 */
unsigned app_work(struct app *a);
bool app_is_busy(struct app *a);
/* No look by itself for so long: the last one was dear. What keys ask for is looked up all the same. */
void app_rest(struct app *a, int64_t ns);
/* The whole screen. The canvas has the size of the terminal and says whether it is ASCII only. */
void app_draw(struct app *a, struct canvas *c);

/* Valid until the next event. */
const struct theme *app_theme(const struct app *a);

/* A note that stays on the screen: "file cut short in packet 107". Copied; NULL takes it away. */
void app_set_note(struct app *a, const char *text);

#endif
