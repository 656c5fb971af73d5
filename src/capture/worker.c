/*
 * The capture thread: wait, read a batch, track it, hand over what changed. The hard thing is who
 * waits for whom. Live, nobody: without an empty block rows are published later. From files the
 * thread waits for empty blocks, in its outlet and nowhere else. Blocks live in an array of the
 * worker until it is freed, whoever owns them.
 */
#include "config.h"

#include "capture/worker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "flow/engine.h"
#include "packet/pkt.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/mailbox.h"
#include "util/mem.h"
#include "util/str.h"
#include "util/thread.h"

#define BATCH 256
#define BATCH_LIVE 128
#define WAIT_MS 100		     /* the longest sleep: a tick comes at least this often */
#define PASS_MS 100	     /* live: how often changes are handed over, ... */
#define PASS_MS_MOST 1250    /* ... and how seldom, unless they are asked for */
#define ON_ASKING (-1)
#define PASS_PACKETS (1 << 20)	     /* files: at most so many packets apart; worker_pace() */
#define STEP_ROWS 64		     /* rows handed over between two batches of a device */
#define STATS_EVERY (100 * NS_PER_MS)
/* How far behind the clock a device's packets may come: the kernel gathers them for a while. */
#define CLOCK_LAG (100 * NS_PER_MS)

#define BLOCKS_LEAST 16	/* blocks under way; enough to keep both threads busy ... */
#define BLOCKS_LOOKED_AT 8 /* ... and, from files, where the viewer has so much to do that it is waited for anyway */
/* Handed over together where nobody looks before the end; the others are filled meanwhile. */
#define BLOCKS_GATHERED 8
#define BLOCKS_LIVE 512 /* a viewer that stops for a while costs this many blocks at most (90 MB), then delay */
#define ROOM_NOTES 64	 /* words beside the blocks, in both directions */

enum order {
	ORDER_WAKE,
	ORDER_PASS,
	ORDER_WATCH, /* thing: uint64_t */
	ORDER_FILTER /* thing: text */
};

/* Processor time that the thread spent on other things than reading: only when somebody asks for it. */
struct busy {
	bool measure;
	int64_t since;	    /* the last read returned */
	int64_t longest;    /* between two reads, ns */
	uint64_t reads, long_ones; /* long: a millisecond or more */
};

/* Words for the viewer; belongs to whoever took it out of the mailbox. */
struct note {
	enum source_state how;
	struct err err;
};

struct worker {
	/* Set before the thread starts. */
	struct source *source;
	struct engine *engine;
	size_t blocks_most;
	size_t room; /* packets of a read */
	struct mailbox *orders; /* to the thread; its descriptor wakes it */
	struct mailbox *empty;	/* blocks to the thread */
	struct mailbox *news;	/* blocks and notes to the viewer */
	pthread_t thread;
	atomic_bool stop;	/* read no more */
	atomic_bool abandoned;	/* nobody takes news any more */
	atomic_int pass_ms;	/* 0: by packets; ON_ASKING: only then, and when nothing comes */

	/* The thread's own; the viewer's again when it has ended. */
	struct block *block[BLOCKS_LIVE];
	size_t blocks;
	struct block *gathered[BLOCKS_GATHERED];
	size_t gather, in_hand; /* so many are handed over together; so many wait for that */
	bool patient;		/* wait for an empty block */
	bool starved;		/* there was none */
	bool passing;		/* changes are being handed over */
	bool asked;		/* for them */
	bool overdue;		/* timers are */
	int64_t pass_at, stats_at; /* monotonic */
	size_t since_pass;	/* packets */
	int64_t last_ts;	/* of the last packet */
	struct busy busy;
	struct pkt batch[BATCH];
};

/* An empty block, or NULL when there is none and waiting is not for us. */
static struct block *block_get(struct worker *w)
{
	struct block *b = mailbox_take(w->empty, NULL);

	if (!b && w->blocks < w->blocks_most) {
		b = malloc(sizeof(*b));
		if (b)
			w->block[w->blocks++] = b;
	}
	if (!b && w->patient)
		b = mailbox_wait(w->empty, NULL);
	/* Nobody reads on: any block will do to let the engine finish. */
	if (!b && w->patient)
		b = w->block[0];
	return b;
}

static struct block *block_take(void *arg)
{
	struct worker *w = arg;
	struct block *b = block_get(w);

	w->starved = !b;
	if (b)
		memset(b, 0, offsetof(struct block, row));
	return b;
}

/* To wake the viewer for each block would cost more than the block. */
static void hand_over(struct worker *w)
{
	/* There is room for every block; only an abandoned mailbox refuses, and then it does not matter. */
	for (size_t i = 0; i < w->in_hand; i++)
		(void)mailbox_put(w->news, WORKER_BLOCK, w->gathered[i]);
	w->in_hand = 0;
}

static void block_give(void *arg, struct block *b)
{
	struct worker *w = arg;

	w->gathered[w->in_hand++] = b;
	if (w->in_hand == w->gather || b->input_ended)
		hand_over(w);
}

static void tell(struct worker *w, enum worker_word word, enum source_state how,
	const struct err *err)
{
	struct note *note = mem_alloc(sizeof(*note));

	hand_over(w);
	note->how = how;
	note->err = *err;
	if (!mailbox_put(w->news, (int)word, note))
		mem_free(note);
}

static void obey_filter(struct worker *w, char *text)
{
	struct err err = ERR_INIT;

	(void)source_filter(w->source, text, &err);
	tell(w, WORKER_FILTER, SOURCE_READY, &err);
	mem_free(text);
}

static void obey(struct worker *w)
{
	uint64_t *uid;
	void *thing;
	int order;

	while ((thing = mailbox_take(w->orders, &order)) != NULL) {
		switch ((enum order)order) {
		case ORDER_WAKE:
			break;
		case ORDER_PASS:
			w->asked = true;
			break;
		case ORDER_WATCH:
			uid = thing;
			engine_watch(w->engine, *uid);
			w->asked = true;
			mem_free(uid);
			break;
		case ORDER_FILTER:
			obey_filter(w, thing);
			break;
		}
	}
}

static void count(struct worker *w, int64_t now)
{
	struct capture_stats stats = { 0 };

	w->stats_at = now;
	source_stats(w->source, &stats);
	engine_stats(w->engine, &stats);
}

static bool count_is_due(const struct worker *w, int64_t now)
{
	return now - w->stats_at >= STATS_EVERY;
}

/* Live time is the clock, less what packets may be late; never earlier than a packet that was seen. */
static void tick(struct worker *w, bool idle)
{
	int64_t now = w->last_ts, clock;

	if (!w->source->live)
		return;
	if (idle) {
		clock = clock_wall() - CLOCK_LAG;
		now = clock > now ? clock : now;
	}
	w->overdue = !engine_tick(w->engine, now);
}

static bool pass_is_due(const struct worker *w, int64_t now)
{
	int ms = atomic_load_explicit(&w->pass_ms, memory_order_relaxed);

	return w->asked || (ms > 0 && now - w->pass_at >= ms * NS_PER_MS);
}

static void publish_live(struct worker *w, int64_t now)
{
	if (!w->passing && !pass_is_due(w, now))
		return;
	if (!w->passing) {
		w->pass_at = now;
		w->asked = false;
	}
	w->passing = !engine_publish(w->engine, STEP_ROWS);
}

static void publish_file(struct worker *w, bool idle, int64_t now)
{
	bool many = w->since_pass >= PASS_PACKETS && atomic_load(&w->pass_ms) != ON_ASKING;

	if (!many && !((idle || pass_is_due(w, now)) && w->since_pass > 0))
		return;
	w->asked = false;
	w->since_pass = 0;
	w->pass_at = now;
	count(w, now); /* the next time may be long from now */
	while (!engine_publish(w->engine, STEP_ROWS) && !atomic_load(&w->abandoned))
		;
}

static void publish(struct worker *w, bool idle)
{
	int64_t now = clock_monotonic();

	if (count_is_due(w, now))
		count(w, now);
	if (w->source->live)
		publish_live(w, now);
	else
		publish_file(w, idle, now);
}

/* Sleeps here and, from files, where a block is taken. */
static void rest(struct worker *w)
{
	bool more = (w->passing && !w->starved) || w->overdue;

	source_wait(w->source, mailbox_fd(w->orders), more ? 0 : WAIT_MS);
}

static void busy_ends(struct busy *b)
{
	int64_t took;

	if (!b->measure)
		return;
	took = b->reads ? clock_thread() - b->since : 0;
	b->longest = took > b->longest ? took : b->longest;
	b->long_ones += took >= NS_PER_MS;
	b->reads++;
}

static void busy_begins(struct busy *b)
{
	if (b->measure)
		b->since = clock_thread();
}

/* "ip.fragment 3, not.tcp 12": packets that were captured and not tracked. */
static void say_what_was_not_used(const struct capture_stats *s)
{
	struct str text = STR_INIT;

	for (size_t d = 1; d < DROP_COUNT; d++)
		if (s->dropped[d] > 0)
			str_addf(&text, "%s%s %llu", text.len ? ", " : "", drop_info[d].name,
				(unsigned long long)s->dropped[d]);
	if (text.len)
		log_say(LOG_LEVEL_INFO, "packets not used: %s", text.s);
	str_free(&text);
}

/* For whoever asks afterwards. */
static void say_what_it_came_to(struct worker *w)
{
	const struct busy *b = &w->busy;
	struct capture_stats s = { 0 };

	if (!log_wants(LOG_LEVEL_INFO))
		return;
	source_stats(w->source, &s);
	say_what_was_not_used(&s);
	log_say(LOG_LEVEL_INFO, "%llu packets captured, %llu packets dropped by kernel, %llu by the device",
		(unsigned long long)s.packets, (unsigned long long)s.kernel_drops,
		(unsigned long long)s.interface_drops);
	if (b->measure)
		log_say(LOG_LEVEL_DEBUG, "%llu reads, processor time between two of them at most %.3f ms, "
			"%llu times 1 ms or more", (unsigned long long)b->reads,
			(double)b->longest / (double)NS_PER_MS, (unsigned long long)b->long_ones);
}

/* Reads to the end of the input, or until told to stop; how it ended. */
static enum source_state work(struct worker *w, struct err *err)
{
	enum source_state state = SOURCE_IDLE;
	const struct pkt *pkt;
	bool idle = false;
	size_t n;

	while (!atomic_load_explicit(&w->stop, memory_order_relaxed)) {
		if (idle)
			rest(w);
		obey(w);
		busy_ends(&w->busy);
		state = source_next(w->source, w->batch, w->room, &pkt, &n, err);
		busy_begins(&w->busy);
		if (n > 0) {
			engine_run(w->engine, pkt, n);
			w->last_ts = pkt[n - 1].ts;
			w->since_pass += n;
		}
		if (state == SOURCE_WARNING)
			tell(w, WORKER_WARNING, state, err);
		else if (source_is_over(state))
			return state;
		idle = state == SOURCE_IDLE;
		tick(w, idle);
		publish(w, idle);
	}
	return SOURCE_END;
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct err err = ERR_INIT;
	enum source_state how;

	w->busy.measure = log_wants(LOG_LEVEL_DEBUG);
	how = work(w, &err);
	say_what_it_came_to(w);
	w->patient = true;
	if (!atomic_load(&w->abandoned)) {
		count(w, clock_monotonic());
		engine_finish(w->engine);
	}
	tell(w, WORKER_OVER, how, &err);
	return NULL;
}

static void worker_discard(struct worker *w)
{
	engine_free(w->engine);
	source_close(w->source);
	mailbox_free(w->orders);
	mailbox_free(w->empty);
	mailbox_free(w->news);
	for (size_t i = 0; i < w->blocks; i++)
		free(w->block[i]);
	mem_free(w);
}

/* As many rows under way as there are connections: who wants small tables wants no large queue before them. */
static size_t blocks_for(const struct source *source, const struct engine_conf *engine)
{
	size_t blocks = engine->max_connections / BLOCK_ROWS;

	if (!source->live && !engine->final_only)
		return BLOCKS_LOOKED_AT;
	if (!source->live || blocks < BLOCKS_LEAST)
		return BLOCKS_LEAST;
	return blocks < BLOCKS_LIVE ? blocks : BLOCKS_LIVE;
}

struct worker *worker_start(struct source *source, const struct engine_conf *engine,
	struct err *err)
{
	struct worker *w = mem_alloc(sizeof(*w));
	struct outlet outlet = { block_take, block_give, w };
	struct engine_conf conf = *engine;
	int error = 0;

	/* A file is read and decoded by a thread of its own; a device's packets are worth no second one. */
	if (!source->live)
		source = source_ahead(source, BATCH, err);
	if (!source) {
		mem_free(w);
		return NULL;
	}
	w->source = source;
	atomic_init(&w->pass_ms, source->live || source->piped ? PASS_MS : 0);
	w->patient = !source->live;
	w->room = source->live ? BATCH_LIVE : BATCH;
	w->blocks_most = blocks_for(source, engine);
	conf.from_file = !source->live;
	conf.unmade_rows = true;
	w->gather = conf.final_only ? BLOCKS_GATHERED : 1;
	w->orders = mailbox_new(ROOM_NOTES, err);
	w->empty = w->orders ? mailbox_new(BLOCKS_LIVE, err) : NULL;
	w->news = w->empty ? mailbox_new(BLOCKS_LIVE + ROOM_NOTES, err) : NULL;
	mem_small_pages(source->live);
	w->engine = w->news ? engine_new(&conf, &outlet, err) : NULL;
	mem_small_pages(false);
	if (w->engine)
		error = thread_start(&w->thread, worker_main, w);
	if (w->engine && error == 0)
		return w;
	if (error != 0)
		err_set_errno(err, error, "cannot start the capture thread");
	worker_discard(w);
	return NULL;
}

int worker_fd(const struct worker *w)
{
	return mailbox_fd(w->news);
}

bool worker_next(struct worker *w, struct worker_news *news)
{
	struct note *note;
	void *thing;
	int word;

	thing = mailbox_take(w->news, &word);
	if (!thing)
		return false;
	*news = (struct worker_news){ .word = (enum worker_word)word };
	if (news->word == WORKER_BLOCK) {
		news->block = thing;
		engine_make_rows(news->block);
		return true;
	}
	note = thing;
	news->how = note->how;
	news->err = note->err;
	mem_free(note);
	return true;
}

void worker_return(struct worker *w, struct block *b)
{
	(void)mailbox_put(w->empty, 0, b);
}

/* A thread that does not listen has 64 orders waiting: one more changes nothing. */
static void command(struct worker *w, enum order order, void *thing)
{
	if (!mailbox_put(w->orders, (int)order, thing))
		mem_free(thing);
}

/* An order without a thing: in its place stands the worker, since it must not be NULL. */
static void nudge(struct worker *w, enum order order)
{
	(void)mailbox_put(w->orders, (int)order, w);
}

void worker_watch(struct worker *w, uint64_t uid)
{
	uint64_t *thing = mem_alloc(sizeof(*thing));

	*thing = uid;
	command(w, ORDER_WATCH, thing);
}

void worker_pace(struct worker *w, int64_t ns)
{
	int64_t ms = ns / NS_PER_MS;

	ms = ms < PASS_MS ? PASS_MS : ms > PASS_MS_MOST ? PASS_MS_MOST : ms;
	atomic_store(&w->pass_ms, w->source->live ? (int)ms : ON_ASKING);
}

void worker_pass(struct worker *w)
{
	nudge(w, ORDER_PASS);
}

void worker_filter(struct worker *w, const char *text)
{
	command(w, ORDER_FILTER, mem_strdup(text));
}

void worker_stop(struct worker *w)
{
	atomic_store(&w->stop, true);
	nudge(w, ORDER_WAKE);
}

void worker_free(struct worker *w)
{
	struct worker_news news;
	void *thing;
	int order;

	if (!w)
		return;
	atomic_store(&w->abandoned, true);
	worker_stop(w);
	mailbox_close(w->empty);
	pthread_join(w->thread, NULL);
	while (worker_next(w, &news))
		;
	while ((thing = mailbox_take(w->orders, &order)) != NULL)
		if (thing != w) /* nudge() */
			mem_free(thing);
	worker_discard(w);
}
