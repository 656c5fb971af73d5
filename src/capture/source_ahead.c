/*
 * A source that is read ahead of its reader. Batches go round in a relay; the packets in them are
 * decoded where they are tracked, nothing is copied. The inner source belongs to the reading
 * thread, or, while that is held or paused, to the thread that takes the batches. What it counted
 * comes along with every batch, so nobody asks it meanwhile.
 */
#include "config.h"

#include "capture/source.h"

#include <pthread.h>

#include "model/capture_stats.h"
#include "packet/pkt.h"
#include "util/err.h"
#include "util/mem.h"
#include "util/relay.h"
#include "util/thread.h"

#define BATCHES 64 /* some hundred packets each: little enough to stay near, enough to sleep seldom */

/*
 * A pipe that ran dry is filled again in a moment, as a rule. Both threads would wait for each
 * other before one of them waits for the pipe, so this much is waited here.
 */
#define PATIENCE_MS 5

/* What one read of the inner source came to. Belongs to whoever the relay says. */
struct batch {
	enum source_state state;
	size_t n;
	struct pkt *pkt;
	struct err err; /* with the states that have words */
	struct capture_stats stats;
};

struct source_ahead {
	struct source head;
	struct source *inner;
	size_t room;
	struct relay *relay;
	struct pkt *pkt;
	struct batch batch[BATCHES];
	pthread_t thread;

	/* Of the thread that takes: */
	struct batch *lent; /* to be given back with the next one; NULL: none */
	bool over;
	struct capture_stats stats; /* of the packets that were lent */
};

static bool has_words(enum source_state state)
{
	return state != SOURCE_READY && state != SOURCE_IDLE && state != SOURCE_END;
}

static void read_batch(struct source_ahead *a, struct batch *b)
{
	struct err err = ERR_INIT;

	b->state = source_read(a->inner, b->pkt, a->room, &b->n, &err);
	if (b->state == SOURCE_IDLE && b->n == 0) {
		source_wait(a->inner, -1, PATIENCE_MS);
		b->state = source_read(a->inner, b->pkt, a->room, &b->n, &err);
	}
	/* What there is, is told; that there is no more, next time. */
	if (b->state == SOURCE_IDLE && b->n > 0)
		b->state = SOURCE_READY;
	if (has_words(b->state))
		b->err = err;
	source_stats(a->inner, &b->stats);
}

/* An idle source is left alone until it was waited for, by the other thread. */
static void *reader_main(void *arg)
{
	struct source_ahead *a = arg;
	bool over = false;
	size_t at;

	while (!over && (at = relay_fill(a->relay)) != RELAY_CLOSED) {
		struct batch *b = &a->batch[at];

		read_batch(a, b);
		over = source_is_over(b->state);
		relay_filled(a->relay, over || b->state == SOURCE_IDLE);
	}
	relay_leave(a->relay);
	return NULL;
}

static enum source_state ahead_lend(struct source *head, const struct pkt **pkt, size_t *n,
	struct err *err)
{
	struct source_ahead *a = (struct source_ahead *)head;
	struct batch *b;

	*n = 0;
	if (a->over)
		return a->lent->state;
	if (a->lent)
		relay_emptied(a->relay);
	else
		relay_release(a->relay);
	b = a->lent = &a->batch[relay_take(a->relay)];
	a->over = source_is_over(b->state);
	a->stats = b->stats;
	if (has_words(b->state))
		*err = b->err;
	*pkt = b->pkt;
	*n = b->n;
	return b->state;
}

/* Called when the last batch said that there is nothing now: the other thread pauses then. */
static void ahead_wait(struct source *head, int wake_fd, int timeout_ms)
{
	struct source_ahead *a = (struct source_ahead *)head;

	relay_hold(a->relay);
	if (!a->lent || a->lent->state == SOURCE_IDLE)
		source_wait(a->inner, wake_fd, timeout_ms);
	relay_release(a->relay);
}

static bool ahead_filter(struct source *head, const char *text, struct err *err)
{
	struct source_ahead *a = (struct source_ahead *)head;
	bool ok;

	relay_hold(a->relay);
	ok = source_filter(a->inner, text, err);
	relay_release(a->relay);
	return ok;
}

static void ahead_stats(struct source *head, struct capture_stats *to)
{
	source_stats_set(to, &((struct source_ahead *)head)->stats);
}

static void ahead_describe(const struct source *head, struct str *out)
{
	source_describe(((const struct source_ahead *)head)->inner, out);
}

static const char *ahead_input(const struct source *head, unsigned index)
{
	return source_input(((const struct source_ahead *)head)->inner, index);
}

static void ahead_free(struct source_ahead *a)
{
	relay_free(a->relay);
	source_close(a->inner);
	mem_free(a->pkt);
	mem_free(a);
}

static void ahead_close(struct source *head)
{
	struct source_ahead *a = (struct source_ahead *)head;

	relay_close(a->relay);
	pthread_join(a->thread, NULL);
	ahead_free(a);
}

static const struct source_ops ahead_ops = {
	.lend = ahead_lend,
	.wait = ahead_wait,
	.filter = ahead_filter,
	.stats = ahead_stats,
	.describe = ahead_describe,
	.input = ahead_input,
	.close = ahead_close,
};

struct source *source_ahead(struct source *inner, size_t room, struct err *err)
{
	struct source_ahead *a = mem_alloc(sizeof(*a));
	int error;

	a->head.ops = &ahead_ops;
	a->head.live = inner->live;
	a->head.piped = inner->piped;
	a->inner = inner;
	a->room = room;
	a->relay = relay_new(BATCHES);
	a->pkt = mem_array(BATCHES * room, sizeof(*a->pkt));
	for (size_t i = 0; i < BATCHES; i++)
		a->batch[i].pkt = &a->pkt[i * room];
	error = thread_start(&a->thread, reader_main, a);
	if (error == 0)
		return &a->head;
	err_set_errno(err, error, "cannot start the reading thread");
	ahead_free(a);
	return NULL;
}
