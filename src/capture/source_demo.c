/*
 * The built-in traffic as a source: decoded like a capture, by the clock on the screen and
 * at once elsewhere.
 */
#include "config.h"

#include <poll.h>

#include "capture/demo.h"
#include "capture/source.h"
#include "model/capture_stats.h"
#include "packet/decode.h"
#include "packet/pkt.h"
#include "util/clock.h"
#include "util/hash.h"
#include "util/mem.h"
#include "util/str.h"

#define FIXED_SEED 20260101
#define FIXED_START (INT64_C(1767225600) * NS_PER_SEC) /* 2026-01-01T00:00:00Z */

struct source_demo {
	struct source source;
	struct demo *demo;
	struct capture_stats stats;
};

static struct source_demo *self(struct source *s)
{
	return (struct source_demo *)s; /* its first member */
}

static enum source_state demo_read(struct source *s, struct pkt *pkt, size_t room, size_t *n,
	struct err *err)
{
	struct source_demo *d = self(s);
	int64_t now = s->live ? clock_wall() : INT64_MAX;
	const struct script_frame *f;
	enum drop drop;

	*n = 0;
	while (*n < room) {
		f = demo_peek(d->demo);
		if (!f)
			return SOURCE_END;
		if (f->ts > now)
			return SOURCE_IDLE;
		d->stats.packets++;
		d->stats.bytes += f->wire;
		drop = decode(link_find(demo_dlt(d->demo)), f->data, f->captured, f->wire, &pkt[*n]);
		if (drop) {
			d->stats.dropped[drop]++;
		} else {
			pkt[*n].ts = f->ts;
			pkt[*n].source = 0;
			(*n)++;
		}
		demo_take(d->demo);
	}
	return SOURCE_READY;
}

static void demo_wait(struct source *s, int wake_fd, int timeout_ms)
{
	struct pollfd fd = { .fd = wake_fd, .events = POLLIN };
	const struct script_frame *f = demo_peek(self(s)->demo);
	int64_t ms = timeout_ms;

	if (!s->live || !f)
		return;
	if ((f->ts - clock_wall()) / NS_PER_MS + 1 < ms)
		ms = (f->ts - clock_wall()) / NS_PER_MS + 1;
	if (ms > 0)
		poll(&fd, 1, (int)ms); /* poll passes over a negative descriptor */
}

static void demo_stats(struct source *s, struct capture_stats *stats)
{
	const struct capture_stats *mine = &self(s)->stats;
	size_t i;

	stats->packets = mine->packets;
	stats->bytes = mine->bytes;
	for (i = 0; i < DROP_COUNT; i++)
		if (i != DROP_TABLE_FULL)
			stats->dropped[i] = mine->dropped[i];
	stats->kernel_drops = stats->interface_drops = 0;
	stats->file_bytes_read = stats->file_bytes_total = 0;
}

static void demo_describe(const struct source *s, struct str *out)
{
	(void)s;
	str_add(out, "demo");
}

static const char *demo_input(const struct source *s, unsigned index)
{
	(void)s;
	return index == 0 ? "demo" : "";
}

static void demo_close(struct source *s)
{
	demo_free(self(s)->demo);
	mem_free(s);
}

static const struct source_ops demo_ops = {
	.read = demo_read,
	.wait = demo_wait,
	.stats = demo_stats,
	.describe = demo_describe,
	.input = demo_input,
	.close = demo_close,
};

struct source *source_open_demo(bool in_real_time, struct err *err)
{
	struct source_demo *d = mem_alloc(sizeof(*d));

	(void)err; /* there is nothing that could fail, yet callers treat all sources alike */
	d->source.ops = &demo_ops;
	d->source.live = in_real_time;
	d->demo = in_real_time ? demo_new(hash_random_seed(), clock_wall(), true) :
		demo_new(FIXED_SEED, FIXED_START, false);
	return &d->source;
}
