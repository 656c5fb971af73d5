/* Applies blocks as they come. The worker waits for us where packets come from files, so nothing is lost. */
#include "config.h"

#include "intake.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "capture/worker.h"
#include "cli.h"
#include "plan.h"
#include "signals.h"
#include "store/store.h"
#include "util/clock.h"
#include "util/err.h"

struct reading {
	struct intake *in;
	struct worker *worker;
	int64_t deadline; /* monotonic; 0 = none */
	bool stopping, over;
};

static void take_news(struct reading *r)
{
	struct worker_news news;

	while (!r->over && worker_next(r->worker, &news)) {
		switch (news.word) {
		case WORKER_BLOCK:
			store_apply(r->in->store, news.block);
			worker_return(r->worker, news.block);
			break;
		case WORKER_WARNING:
			cli_complain("%s", news.err.text);
			break;
		case WORKER_FILTER:
			break;
		case WORKER_OVER:
			r->over = true;
			r->in->how = news.how;
			if (news.how != SOURCE_END)
				cli_complain("%s", news.err.text);
			break;
		}
	}
}

static void stop(struct reading *r)
{
	if (!r->stopping)
		worker_stop(r->worker);
	r->stopping = true;
}

static int timeout_ms(const struct reading *r)
{
	int64_t left;

	if (r->deadline == 0 || r->stopping)
		return -1;
	left = r->deadline - clock_monotonic();
	return left <= 0 ? 0 : (int)((left + NS_PER_MS - 1) / NS_PER_MS);
}

static void read_all(struct reading *r)
{
	while (!r->over) {
		struct pollfd fds[] = {
			{ .fd = worker_fd(r->worker), .events = POLLIN },
			{ .fd = signals_fd(), .events = POLLIN },
		};

		if (poll(fds, 2, timeout_ms(r)) < 0 && errno != EINTR)
			stop(r);
		if (r->in->signal == 0 && (r->in->signal = signals_take()) != 0)
			stop(r);
		if (r->deadline && clock_monotonic() >= r->deadline)
			stop(r);
		take_news(r);
	}
}

/* A wall-clock limit would make what a file says depend on the machine. */
static bool has_deadline(const struct conf *c)
{
	if (c->duration == 0 || c->demo)
		return false;
	for (size_t i = 0; i < c->read.n; i++)
		if (strcmp(c->read.item[i], "-") != 0)
			return false;
	return true;
}

bool intake_run(struct intake *in, const struct plan *p, struct source *source)
{
	struct reading r = { .in = in };
	struct err err = ERR_INIT;

	*in = (struct intake){ .store = store_new(&p->store, &err) };
	if (!in->store) {
		source_close(source);
		cli_complain("%s", err.text);
		return false;
	}
	r.worker = worker_start(source, &p->engine, &err);
	if (!r.worker) {
		cli_complain("%s", err.text);
		store_free(in->store);
		return false;
	}
	if (has_deadline(p->conf))
		r.deadline = clock_monotonic() + p->conf->duration;
	read_all(&r);
	worker_free(r.worker);
	return true;
}

int intake_exit_code(const struct intake *in)
{
	if (in->signal != 0 && in->signal != SIGINT)
		return EXIT_SIGNAL + in->signal;
	if (in->how == SOURCE_DAMAGED)
		return EXIT_DAMAGED;
	return in->how == SOURCE_END ? EXIT_DONE : EXIT_CANNOT;
}
