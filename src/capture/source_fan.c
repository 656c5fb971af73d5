/*
 * Several sources, each read by a thread of its own into a relay, merged by time. The hard thing is
 * a thread without packets: is there an older one still to come from it? It says with every read up
 * to which time it has delivered all: when it finds nothing, that is now less what the kernel may
 * keep to itself. So busy threads wait for a quiet one exactly as long as they must; for one that
 * says nothing at all they wait a little longer and then go on.
 */
#include "config.h"

#include "capture/source_fan.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "capture/source_pcap.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/mailbox.h"
#include "util/mem.h"
#include "util/relay.h"
#include "util/str.h"
#include "util/thread.h"

#define BATCH 256
#define BATCHES 16 /* beyond them packets wait in the kernel's buffer */
#define SLACK_MS 30 /* the kernel's timers are as coarse as its ticks */
#define STATS_EVERY (100 * NS_PER_MS)
#define FAREWELL (500 * NS_PER_MS) /* between the end of the first and that of all */

/* What one read of an inner source came to. Belongs to whoever the relay says. */
struct batch {
	enum source_state state;
	size_t n;
	struct pkt *pkt;
	int64_t upto; /* wall clock: whatever comes later is not older than this */
	struct err err;
	struct capture_stats stats;
};

enum awaited { NOTHING, PACKETS, ANY_WORD };

struct reader {
	struct fan *fan;
	struct source_pcap *inner; /* the thread's, the taker's while the relay is held */
	struct relay *relay;
	struct batch batch[BATCHES];
	struct pkt *pkt;
	pthread_t thread;
	atomic_int awaited; /* the taker sleeps until this comes */

	/* The thread's: */
	bool idle;
	int64_t stats_at;

	/* The taker's: */
	struct batch *at; /* has packets left; NULL: none now */
	size_t next;
	int64_t upto;
	bool over;
	struct capture_stats stats;
};

struct fan {
	struct source head;
	size_t readers, running; /* running: whose threads were started */
	int gather_ms;
	struct mailbox *bell; /* wakes the taker */

	/* The taker's: */
	int64_t waiting; /* monotonic: since when packets wait for a quiet reader; 0: none do */
	int64_t leaving; /* monotonic: when the first reader ended */
	enum source_state end;
	struct err end_err;
	bool tell; /* warning has not been told yet */
	struct err warning;
	struct reader reader[];
};

/* --- The reading threads --- */

/* Drops are asked for now and then: that takes several calls of the system. */
static void count_batch(struct reader *r, struct batch *b)
{
	int64_t now = clock_monotonic();

	if (now - r->stats_at < STATS_EVERY && !source_is_over(b->state)) {
		b->stats = r->inner->stats;
		return;
	}
	r->stats_at = now;
	source_stats(&r->inner->head, &b->stats);
}

static void read_batch(struct reader *r, struct batch *b)
{
	int64_t lag = (r->fan->gather_ms + SLACK_MS) * NS_PER_MS, now;

	if (r->idle)
		source_wait(&r->inner->head, -1, r->fan->gather_ms);
	now = clock_wall();
	b->state = source_read(&r->inner->head, b->pkt, BATCH, &b->n, &b->err);
	r->idle = b->state == SOURCE_IDLE;
	if (r->idle)
		b->upto = now - lag;
	else
		b->upto = b->n > 0 ? b->pkt[b->n - 1].ts : INT64_MIN;
	count_batch(r, b);
}

static void ring(struct reader *r, bool packets)
{
	int awaited = atomic_load(&r->awaited);

	if ((awaited == ANY_WORD || (awaited == PACKETS && packets)) &&
		atomic_exchange(&r->awaited, NOTHING) != NOTHING)
		(void)mailbox_put(r->fan->bell, 0, r);
}

static void *reader_main(void *arg)
{
	struct reader *r = arg;
	bool over = false;
	size_t at;

	while (!over && (at = relay_fill(r->relay)) != RELAY_CLOSED) {
		struct batch *b = &r->batch[at];
		bool important;

		read_batch(r, b);
		over = source_is_over(b->state);
		important = b->n > 0 || over || b->state == SOURCE_WARNING;
		relay_filled(r->relay, false);
		ring(r, important);
	}
	relay_leave(r->relay);
	return NULL;
}

static bool start(struct fan *f, struct err *err)
{
	while (f->running < f->readers) {
		struct reader *r = &f->reader[f->running];
		int error = thread_start(&r->thread, reader_main, r);

		if (error != 0)
			return err_set_errno(err, error, "cannot start a reading thread");
		relay_release(r->relay);
		f->running++;
	}
	return true;
}

/* --- The thread that takes --- */

static void hear(struct fan *f, struct reader *r, const struct batch *b)
{
	r->stats = b->stats;
	if (b->upto > r->upto)
		r->upto = b->upto;
	/* All see the same devices: what one has to say of them is enough. */
	if (b->state == SOURCE_WARNING && r == &f->reader[0]) {
		f->warning = b->err;
		f->tell = true;
	}
	if (!source_is_over(b->state))
		return;
	r->over = true;
	r->upto = INT64_MAX;
	if (f->leaving)
		return;
	f->leaving = clock_monotonic();
	f->end = b->state;
	f->end_err = b->err;
}

/* Gets the reader's next packets ready, if it has any. */
static void refill(struct fan *f, struct reader *r)
{
	while (!r->at && !r->over && !f->tell && relay_has(r->relay)) {
		struct batch *b = &r->batch[relay_take(r->relay)];

		hear(f, r, b);
		r->next = 0;
		if (b->n > 0)
			r->at = b;
		else
			relay_emptied(r->relay);
	}
}

static int64_t next_ts(const struct reader *r)
{
	return r->at->pkt[r->next].ts;
}

/*
 * The reader with the earliest packet, NULL when none has one. *second: up to when it stays so;
 * *quiet: up to when those without packets have delivered all.
 */
static struct reader *earliest(struct fan *f, int64_t *second, int64_t *quiet)
{
	struct reader *first = NULL;

	*second = *quiet = INT64_MAX;
	for (size_t i = 0; i < f->readers; i++) {
		struct reader *r = &f->reader[i];

		refill(f, r);
		if (!r->at) {
			if (r->upto < *quiet)
				*quiet = r->upto;
		} else if (!first || next_ts(r) < next_ts(first)) {
			if (first)
				*second = next_ts(first);
			first = r;
		} else if (next_ts(r) < *second)
			*second = next_ts(r);
	}
	return first;
}

static int64_t patience(const struct fan *f)
{
	return 2 * (f->gather_ms + SLACK_MS) * NS_PER_MS;
}

/* Whether a packet of this time has to wait for a reader that has delivered all up to `quiet` only. */
static bool must_wait(struct fan *f, int64_t ts, int64_t quiet)
{
	int64_t now;

	if (ts <= quiet) {
		f->waiting = 0;
		return false;
	}
	now = clock_monotonic();
	if (!f->waiting)
		f->waiting = now;
	return now - f->waiting < patience(f) && !f->leaving;
}

/* The packets of this reader that are not younger than `last`; one at least. */
static size_t take_run(struct reader *r, int64_t last, struct pkt *pkt, size_t room)
{
	struct batch *b = r->at;
	size_t n = 0;

	do {
		pkt[n++] = b->pkt[r->next++];
	} while (n < room && r->next < b->n && next_ts(r) <= last);
	if (r->next == b->n) {
		r->at = NULL;
		relay_emptied(r->relay);
	}
	return n;
}

static bool all_over(const struct fan *f)
{
	for (size_t i = 0; i < f->readers; i++)
		if (!f->reader[i].over || f->reader[i].at)
			return false;
	return true;
}

static enum source_state words(struct fan *f, bool full, struct err *err)
{
	if (f->tell) {
		f->tell = false;
		*err = f->warning;
		return SOURCE_WARNING;
	}
	if (!full && f->leaving &&
		(all_over(f) || clock_monotonic() - f->leaving > FAREWELL)) {
		if (f->end != SOURCE_END)
			*err = f->end_err;
		return f->end;
	}
	return full ? SOURCE_READY : SOURCE_IDLE;
}

static enum source_state fan_read(struct source *head, struct pkt *pkt, size_t room, size_t *n, struct err *err)
{
	struct fan *f = (struct fan *)head;
	int64_t second, quiet;
	struct reader *first;

	*n = 0;
	if (f->running < f->readers && !start(f, err))
		return SOURCE_FAILED;
	while (*n < room && (first = earliest(f, &second, &quiet)) != NULL) {
		if (must_wait(f, next_ts(first), quiet))
			break;
		if (!f->waiting && quiet < second)
			second = quiet;
		*n += take_run(first, second, pkt + *n, room - *n);
	}
	return words(f, *n == room, err);
}

/* Tells the readers that have nothing what is waited for; whether one of them has something by now. */
static bool await(struct fan *f, enum awaited what)
{
	bool has = false;

	for (size_t i = 0; i < f->readers; i++) {
		struct reader *r = &f->reader[i];

		if (r->at)
			continue;
		atomic_store(&r->awaited, what);
		has = has || relay_has(r->relay);
	}
	return has;
}

static void fan_wait(struct source *head, int wake_fd, int timeout_ms)
{
	struct fan *f = (struct fan *)head;
	struct pollfd fds[2] = {
		{.fd = mailbox_fd(f->bell), .events = POLLIN}, {.fd = wake_fd, .events = POLLIN}};
	int64_t left = f->waiting + patience(f) - clock_monotonic();

	if (f->running < f->readers)
		return;
	if (f->waiting && left < timeout_ms * NS_PER_MS)
		timeout_ms = left > 0 ? (int)(left / NS_PER_MS) + 1 : 0;
	if (!await(f, f->waiting ? ANY_WORD : PACKETS))
		poll(fds, 2, timeout_ms);
	for (size_t i = 0; i < f->readers; i++)
		atomic_store(&f->reader[i].awaited, NOTHING);
	while (mailbox_take(f->bell, NULL))
		;
}

/* What the first takes the others take too: they stand for the same devices. */
static bool fan_filter(struct source *head, const char *text, struct err *err)
{
	struct fan *f = (struct fan *)head;
	bool ok = true;

	for (size_t i = 0; i < f->running; i++)
		relay_hold(f->reader[i].relay);
	for (size_t i = 0; ok && i < f->readers; i++)
		ok = source_filter(&f->reader[i].inner->head, text, err);
	for (size_t i = 0; i < f->running; i++)
		relay_release(f->reader[i].relay);
	return ok;
}

static void fan_stats(struct source *head, struct capture_stats *to)
{
	const struct fan *f = (const struct fan *)head;
	struct capture_stats sum = { 0 };

	for (size_t i = 0; i < f->readers; i++)
		capture_stats_add(&sum, &f->reader[i].stats);
	/* The devices' own, the same for each reader. */
	sum.interface_drops = f->reader[0].stats.interface_drops;
	source_stats_set(to, &sum);
}

static void fan_describe(const struct source *head, struct str *out)
{
	source_describe(&((const struct fan *)head)->reader[0].inner->head, out);
}

static const char *fan_input(const struct source *head, unsigned index)
{
	return source_input(&((const struct fan *)head)->reader[0].inner->head, index);
}

static void fan_close(struct source *head)
{
	struct fan *f = (struct fan *)head;

	for (size_t i = 0; i < f->running; i++)
		relay_close(f->reader[i].relay);
	for (size_t i = 0; i < f->running; i++)
		pthread_join(f->reader[i].thread, NULL);
	for (size_t i = 0; i < f->readers; i++) {
		relay_free(f->reader[i].relay);
		source_pcap_free(f->reader[i].inner);
		mem_free(f->reader[i].pkt);
	}
	mailbox_free(f->bell);
	mem_free(f);
}

static const struct source_ops fan_ops = {
	.read = fan_read,
	.wait = fan_wait,
	.filter = fan_filter,
	.stats = fan_stats,
	.describe = fan_describe,
	.input = fan_input,
	.close = fan_close,
};

static void reader_init(struct reader *r, struct fan *f, struct source_pcap *inner)
{
	r->fan = f;
	r->inner = inner;
	r->relay = relay_new(BATCHES);
	r->pkt = mem_array(BATCHES * BATCH, sizeof(*r->pkt));
	for (size_t i = 0; i < BATCHES; i++)
		r->batch[i].pkt = &r->pkt[i * BATCH];
	r->upto = INT64_MIN;
	r->idle = true;
	atomic_init(&r->awaited, NOTHING);
}

struct source *source_fan(struct source_pcap *const *inner, size_t n, int gather_ms, struct err *err)
{
	struct fan *f = mem_alloc(sizeof(*f) + n * sizeof(f->reader[0]));

	f->head.ops = &fan_ops;
	f->head.live = true;
	f->readers = n;
	f->gather_ms = gather_ms;
	for (size_t i = 0; i < n; i++)
		reader_init(&f->reader[i], f, inner[i]);
	f->bell = mailbox_new(n, err);
	if (f->bell)
		return &f->head;
	fan_close(&f->head);
	return NULL;
}
