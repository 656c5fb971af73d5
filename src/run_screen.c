/* The screen: one loop that waits for keys, blocks and time, and draws when the picture would be another. */
#include "config.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "capture/source.h"
#include "capture/worker.h"
#include "cli.h"
#include "host_names.h"
#include "plan.h"
#include "run.h"
#include "term/term.h"
#include "ui/app.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/mem.h"
#include "util/str.h"

#define SLICE_NS (10 * NS_PER_MS) /* of taking in news, or of work, before keys are looked at again */
#define PIECE 2048	   /* rows of the store looked at before the clock is: two or three ms at most */
#define FILTER_WAIT_MS 1000 /* for the capture thread's answer to another filter */
#define TICK_MS 100
#define SLOW_LOOK_NS (10 * NS_PER_MS)
/* After a slow look, what it asked for included, the packets have so many times as long. */
#define REST 4
#define REST_FILE 9 /* a file is waited for */
/* So long before a look changes are asked for: a tick, and what handing them over takes. */
#define LEAD_NS (150 * NS_PER_MS)
#define CHANGES_NS (2 * NS_PER_SEC) /* the longest that a look waits for them */
#define FRAME_NS (100 * NS_PER_MS) /* at most ten pictures a second */

struct screen {
	struct plan *plan;
	struct worker *worker;
	struct store *store;
	struct app *app;
	struct term *term;
	struct canvas canvas;
	struct str note;
	bool over, answered;
	bool asked;	   /* for changes, which have not all come yet */
	enum source_state how;
	struct err answer; /* to the last worker_filter() */
	unsigned effects;
	int64_t drawn;	   /* when the last picture was, on the monotonic clock */
	int64_t ready;	   /* when the look is due for which they have come, 0 = none */
	int64_t looked;	   /* how long the look has taken that is not done yet, ... */
	int64_t taken;	   /* ... and taking in what was asked for */
	int signal;	   /* that ended it, 0 = none */
};

static void set_note(struct screen *s, const char *text)
{
	str_clear(&s->note);
	str_add(&s->note, text);
	if (s->app)
		app_set_note(s->app, s->note.s);
	s->effects |= EFFECT_REDRAW;
}

static void take_block(struct screen *s, struct block *b)
{
	store_apply(s->store, b);
	if (b->pass_complete && s->asked) {
		app_rest(s->app, 0);
		s->ready = app_next_look(s->app);
		s->asked = false;
	}
	worker_return(s->worker, b);
}

/* Takes news for as long as a slice. True when there may be more. */
static bool take_some(struct screen *s)
{
	int64_t end = clock_monotonic() + SLICE_NS;
	struct worker_news news;

	while (!s->over && clock_monotonic() < end) {
		if (!worker_next(s->worker, &news))
			return false;
		switch (news.word) {
		case WORKER_BLOCK:
			take_block(s, news.block);
			break;
		case WORKER_WARNING:
			set_note(s, news.err.text);
			break;
		case WORKER_FILTER:
			s->answered = true;
			s->answer = news.err;
			break;
		case WORKER_OVER:
			s->over = true;
			s->how = news.how;
			if (news.how != SOURCE_END)
				set_note(s, news.err.text);
			break;
		}
	}
	return !s->over;
}

static bool take_news(struct screen *s)
{
	int64_t begin = clock_monotonic();
	bool for_look = s->asked, more = take_some(s);

	if (for_look)
		s->taken += clock_monotonic() - begin;
	return more;
}

static void call_watch(void *arg, uint64_t uid)
{
	struct screen *s = arg;

	if (!s->over)
		worker_watch(s->worker, uid);
}

static bool call_filter(void *arg, const char *text, struct err *err)
{
	struct screen *s = arg;
	int64_t deadline = clock_monotonic() + FILTER_WAIT_MS * NS_PER_MS;

	if (s->over)
		return err_set(err, "the input has ended");
	s->answered = false;
	worker_filter(s->worker, text);
	while (!s->answered && !s->over && clock_monotonic() < deadline) {
		struct pollfd fd = { .fd = worker_fd(s->worker), .events = POLLIN };

		poll(&fd, 1, TICK_MS);
		take_news(s);
	}
	if (!s->answered)
		return err_set(err, "the capture thread does not answer; the filter may still change");
	if (s->answer.text[0])
		*err = s->answer;
	return s->answer.text[0] == '\0';
}

/* People read clocks of the place they are in; exports and batch output stay with UTC. */
static int64_t local_offset(void)
{
	time_t now = (time_t)(clock_wall() / NS_PER_SEC);
	struct tm local;

	return localtime_r(&now, &local) ? (int64_t)local.tm_gmtoff * NS_PER_SEC : 0;
}

static bool open_app(struct screen *s, const char *input, struct err *err)
{
	const struct plan *p = s->plan;
	bool can_filter = plan_is_live(p->conf) && !p->conf->demo;
	const struct app_conf conf = {
		.store = s->store,
		.zones = p->zones,
		.calls = { .watch = call_watch, .capture_filter = can_filter ? call_filter : NULL, .arg = s },
		.version = PACKAGE_VERSION,
		.input = input,
		.from_file = !plan_is_live(p->conf),
		.capture_filter = p->conf->capture_filter,
		.view = p->view,
		.sort = p->sort,
		.ascending = p->ascending,
		.filter = p->conf->filter,
		.theme = p->conf->theme,
		.names = p->conf->names,
		.host = p->conf->names ? host_name : NULL,
		.confirm_quit = p->conf->confirm_quit,
		.piece = PIECE,
		.refresh_ns = p->conf->delay,
		.utc_offset_ns = local_offset(),
		.keymap = &p->rc->keymap,
		.columns = p->rc->columns,
		.interfaces = (const char *const *)p->inputs.item,
		.interface_count = p->inputs.n,
	};

	s->app = app_new(&conf, err);
	return s->app != NULL;
}

static void take_events(struct screen *s)
{
	struct event e;

	while (!(s->effects & EFFECT_QUIT) && term_next(s->term, &e)) {
		if (e.what == EVENT_RESIZE)
			canvas_resize(&s->canvas, e.w, e.h);
		if (e.what == EVENT_END)
			s->signal = e.signal;
		s->effects |= app_event(s->app, &e, clock_wall());
	}
}

/* What changed since the last picture waits until its time has come: keys held down draw no more than that. */
static bool wants_frame(const struct screen *s)
{
	return s->effects & (EFFECT_REDRAW | EFFECT_REPAINT);
}

static void draw(struct screen *s)
{
	int64_t now = clock_monotonic();

	if (!wants_frame(s) || now - s->drawn < FRAME_NS)
		return;
	s->drawn = now;
	canvas_clear(&s->canvas);
	app_draw(s->app, &s->canvas);
	term_draw(s->term, &s->canvas, app_theme(s->app), s->effects & EFFECT_REPAINT);
	s->effects &= ~(unsigned)(EFFECT_REDRAW | EFFECT_REPAINT);
}

static int wait_ms(const struct screen *s, bool more)
{
	int64_t left = s->drawn + FRAME_NS - clock_monotonic();

	if (more)
		return 0;
	if (!wants_frame(s))
		return TICK_MS;
	return left > 0 ? (int)(left / NS_PER_MS) + 1 : 0;
}

/*
 * A slice of looking at the store. A look that takes long leaves the packets several times as long
 * to be taken in.
 */
static void look(struct screen *s)
{
	int64_t begin = clock_monotonic(), now = begin, rest = plan_is_live(s->plan->conf) ? REST : REST_FILE;

	s->effects |= app_tick(s->app, clock_wall());
	while (app_is_busy(s->app) && now - begin < SLICE_NS) {
		s->effects |= app_work(s->app) & EFFECT_REDRAW;
		now = clock_monotonic();
	}
	s->looked += now - begin;
	if (app_is_busy(s->app) || s->asked || app_next_look(s->app) == s->ready)
		return;
	s->ready = 0;
	if (s->looked + s->taken > SLOW_LOOK_NS)
		app_rest(s->app, rest * (s->looked + s->taken));
	s->looked = s->taken = 0;
}

/*
 * Once for each look, which waits for them: it sees what was true a moment ago, and nothing is handed over
 * that nobody sees.
 */
static void ask_for_changes(struct screen *s)
{
	if (s->over || s->asked || s->ready || clock_wall() < app_next_look(s->app) - LEAD_NS)
		return;
	s->asked = true;
	app_rest(s->app, CHANGES_NS);
	worker_pass(s->worker);
}

/* Either packets or looks: a look whose store changes would begin anew, and blocks can wait. */
static void loop(struct screen *s)
{
	bool more = false, busy;
	int64_t stop_at = 0;

	if (s->plan->conf->duration && plan_is_live(s->plan->conf))
		stop_at = clock_monotonic() + s->plan->conf->duration;
	while (!(s->effects & EFFECT_QUIT) && s->signal == 0) {
		int fd = s->over ? -1 : worker_fd(s->worker);

		busy = app_is_busy(s->app);
		term_wait(s->term, &fd, s->over || busy ? 0 : 1, wait_ms(s, more || busy));
		take_events(s);
		if (!app_is_busy(s->app))
			more = take_news(s);
		if (stop_at && clock_monotonic() >= stop_at) {
			worker_stop(s->worker);
			stop_at = 0;
		}
		if (s->plan->conf->names && host_names_take())
			s->effects |= EFFECT_REDRAW;
		look(s);
		ask_for_changes(s);
		draw(s);
	}
}

static int leave(struct screen *s)
{
	term_close(s->term, s->effects & EFFECT_KEEP ? &s->canvas : NULL);
	if (s->note.len > 0 && s->over && s->how != SOURCE_END)
		cli_complain("%s", s->note.s);
	/* Ctrl-C is a way to leave, as q is. */
	if (s->signal != 0 && s->signal != SIGINT)
		return EXIT_SIGNAL + s->signal;
	if (!s->over || s->how == SOURCE_END)
		return EXIT_DONE;
	return s->how == SOURCE_DAMAGED ? EXIT_DAMAGED : EXIT_CANNOT;
}

static bool begin(struct screen *s, struct source *source, const char *input, struct err *err)
{
	const struct term_conf term = { .no_color = s->plan->conf->no_color, .ascii = s->plan->conf->ascii };
	int w, h;

	s->store = store_new(&s->plan->store, err);
	if (!s->store || !open_app(s, input, err)) {
		source_close(source);
		return false;
	}
	s->term = term_open(&term, err);
	if (!s->term) {
		source_close(source);
		return false;
	}
	s->worker = worker_start(source, &s->plan->engine, err);
	if (!s->worker) {
		term_close(s->term, NULL);
		return false;
	}
	worker_pace(s->worker, s->plan->conf->delay / 4 * 5); /* a look that asks in time comes first */
	term_size(s->term, &w, &h);
	canvas_init(&s->canvas, w, h);
	s->canvas.ascii = term_is_ascii(s->term);
	s->effects = EFFECT_REPAINT;
	return true;
}

int run_screen(struct plan *p, struct source *source)
{
	struct screen s = { .plan = p };
	struct str input = STR_INIT;
	struct err err = ERR_INIT;
	int status = EXIT_CANNOT;

	source_describe(source, &input);
	if (begin(&s, source, input.s ? input.s : "", &err)) {
		loop(&s);
		worker_free(s.worker);
		status = leave(&s);
		canvas_fini(&s.canvas);
	} else {
		cli_complain("%s", err.text);
	}
	app_free(s.app);
	store_free(s.store);
	str_free(&s.note);
	str_free(&input);
	return status;
}
