/*
 * Findings are worked out anew from the facts kept, window by window, whenever somebody asks: so neither the order
 * in which facts came nor the moments of asking change them, and an ending withdrawn is as if it never was. What is
 * older than SETTLED is worked out for the last time and its facts are dropped: that bounds memory and work. Between
 * two askings hardly anything old changes, so the work begins at the youngest checkpoint that still holds. Nobody waits
 * for any of this: it is done in pieces. When there are more facts than there is room for, what is settled early
 * depends on how many came at a time; how many it were is told.
 */
#include "config.h"

#include "store/keeper.h"

#include <stdio.h>
#include <string.h>

#include "model/capture_stats.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/fmt.h"
#include "util/mem.h"

#define MANY 16384
#define COUNTED_PER_FACT 16 /* facts that are only counted cost no more than a kept one */
#define LOAD_PER_FACT 6	    /* of counts, see timeline_load */
#define PAUSE_PER_FACT (20 * NS_PER_US)
#define RATES_PART 8 /* of what facts there is room for, so many have subjects with a usual rate */
#define CHECKPOINT_AGE (3 * STEP)   /* of the youngest: hardly a fact comes later */
#define CHECKPOINT_SPACE (4 * STEP) /* between two of them, at least */

struct findings *findings_new(const struct thresholds *thresholds, uint32_t max_facts, struct err *err)
{
	struct findings *fs = mem_alloc(sizeof(*fs));
	uint32_t facts = max_facts ? max_facts : FACTS_MAX, rates = facts / RATES_PART;

	if (thresholds)
		fs->thresholds = *thresholds;
	else
		thresholds_default(&fs->thresholds);
	board_init(&fs->settled, rates);
	board_init(&fs->shown, rates);
	board_init(&fs->making, rates);
	for (size_t i = 0; i < CHECKPOINTS; i++)
		board_init(&fs->checkpoint[i].board, rates);
	fs->settled_to = INT64_MIN;
	fs->changed_from = INT64_MAX;
	fs->load_max = (uint64_t)LOAD_PER_FACT * facts;
	if (facts_init(&fs->facts, facts))
		return fs;
	err_set(err, "no memory for findings");
	findings_free(fs);
	return NULL;
}

void findings_free(struct findings *fs)
{
	if (!fs)
		return;
	facts_fini(&fs->facts);
	walk_fini(&fs->walk);
	board_fini(&fs->settled);
	board_fini(&fs->shown);
	board_fini(&fs->making);
	for (size_t i = 0; i < CHECKPOINTS; i++)
		board_fini(&fs->checkpoint[i].board);
	timeline_fini(&fs->line);
	mem_free(fs);
}

/*
 * At worst all facts are in the short window, each at a service, a host and a client of its own. Room grows by halves;
 * of tables by hash a quarter is used, or more.
 */
#define LINKS_PER_FACT 4

size_t findings_bytes(uint32_t max_facts)
{
	size_t facts = max_facts ? max_facts : FACTS_MAX;

	return facts_bytes((uint32_t)facts) + timeline_bytes(facts, LOAD_PER_FACT * facts) +
	       facts * (LINKS_PER_FACT * sizeof(struct link) + 2 * sizeof(struct bunch) + sizeof(struct client) +
			       8 * sizeof(struct entry)) +
	       (3 + CHECKPOINTS) * board_bytes((uint32_t)facts / RATES_PART) + sizeof(struct findings);
}

void findings_clear(struct findings *fs)
{
	facts_clear(&fs->facts);
	board_clear(&fs->settled);
	board_clear(&fs->shown);
	timeline_clear(&fs->line);
	fs->checkpoints = 0;
	fs->any_shown = false;
	fs->settled_to = INT64_MIN;
	fs->changed_from = INT64_MAX;
	fs->job = JOB_NONE;
	fs->late = fs->crowded = 0;
	memset(&fs->drops, 0, sizeof(fs->drops));
	fs->changed = true;
}

/* --- Checkpoints --------------------------------------------------------------------------------- */

static struct checkpoint *youngest(struct findings *fs)
{
	return fs->checkpoints ? &fs->checkpoint[fs->checkpoints - 1] : NULL;
}

static void checkpoint_drop_oldest(struct findings *fs)
{
	struct checkpoint oldest = fs->checkpoint[0]; /* its room is used again */

	memmove(fs->checkpoint, fs->checkpoint + 1, (CHECKPOINTS - 1) * sizeof(oldest));
	fs->checkpoint[CHECKPOINTS - 1] = oldest;
	fs->checkpoints--;
}

/* The board is made up to `to`. The youngest checkpoint moves on with it, as far as there is another one close by. */
static void checkpoint_add(struct findings *fs, const struct board *board, int64_t to)
{
	size_t n = fs->checkpoints;

	if (n > 1 && to - fs->checkpoint[n - 2].to < CHECKPOINT_SPACE)
		n = --fs->checkpoints;
	else if (n == CHECKPOINTS)
		checkpoint_drop_oldest(fs);
	n = fs->checkpoints++;
	board_copy(&fs->checkpoint[n].board, board);
	fs->checkpoint[n].to = to;
}

/* Leaves those that are as if they were made now, of times after what is settled and up to `to`. */
static void checkpoints_check(struct findings *fs, int64_t to)
{
	while (fs->checkpoints && (youngest(fs)->to > fs->changed_from || youngest(fs)->to > to))
		fs->checkpoints--;
	while (fs->checkpoints && fs->checkpoint[0].to <= fs->settled_to)
		checkpoint_drop_oldest(fs);
	fs->changed_from = INT64_MAX;
}

/* --- Facts come ---------------------------------------------------------------------------------- */

static bool is_settled(const struct findings *fs, const struct fact *f)
{
	return f && f->at < fs->settled_to;
}

/* What is known of that time is not what it was. */
static void touch(struct findings *fs, const struct fact *f)
{
	fs->changed = true;
	if (fs->job == JOB_LIST)
		fs->job = JOB_NONE;
	if (f->at < fs->changed_from)
		fs->changed_from = f->at;
}

static bool fact_put(struct findings *fs, const struct fact *f)
{
	uint32_t i = facts_put(&fs->facts, f);

	if (i)
		timeline_note(&fs->line, &fs->facts, i - 1);
	return i > 0;
}

static void fact_add(struct findings *fs, const struct fact *f)
{
	touch(fs, f);
	if (fact_is_case(f) && !fact_put(fs, f)) {
		keeper_make_room(fs);
		if (is_settled(fs, f) || !fact_put(fs, f))
			fs->crowded++;
	}
	if (timeline_load(&fs->line) >= fs->load_max && !timeline_is_shut(&fs->line, f->at)) {
		keeper_make_room(fs);
		if (!is_settled(fs, f) && timeline_load(&fs->line) >= fs->load_max)
			timeline_shut(&fs->line, f->at);
	}
	if (!is_settled(fs, f) && !timeline_count(&fs->line, f, false))
		fs->crowded++;
}

/* kept: another one will replace it in the table. */
static void fact_drop(struct findings *fs, const struct fact *f, bool kept)
{
	touch(fs, f);
	if (!is_settled(fs, f))
		timeline_count(&fs->line, f, true);
	else
		keeper_settle_whole(fs);
	if (!fact_is_case(f))
		return;
	timeline_stale(&fs->line, f->at);
	if (!kept)
		facts_take(&fs->facts, f->uid, (enum fact_kind)f->kind);
}

/* Either may be NULL. */
static void fact_change(struct findings *fs, const struct fact *was, const struct fact *is)
{
	if (was && is && !memcmp(was, is, sizeof(*was)))
		return;
	/* What is settled stays as it was told; but who closes at last waits no longer. */
	if (is_settled(fs, was) || (is_settled(fs, is) && !was)) {
		if ((was ? was : is)->kind != FACT_OF_WAIT)
			fs->late++;
		else if (was && !is)
			fact_drop(fs, was, false);
		return;
	}
	if (is_settled(fs, is))
		is = NULL;
	if (was)
		fact_drop(fs, was, is && fact_is_case(is));
	if (is)
		fact_add(fs, is);
}

void findings_fetch(const struct findings *fs, const uint64_t *uid, size_t n)
{
	facts_fetch(&fs->facts, uid, n);
}

void findings_change(struct findings *fs, const struct connection *was, const struct connection *is)
{
	int64_t leak_age = (int64_t)(fs->thresholds.v[THRESHOLD_LEAK_AGE] * 1e9);
	struct fact a[FACT_KINDS], b[FACT_KINDS];
	unsigned before = 0, after = 0;

	if (was && is && facts_same(was, is))
		return;
	if (was)
		before = facts_of_connection(was, leak_age, a);
	if (is)
		after = facts_of_connection(is, leak_age, b);
	for (int i = 0; i < FACT_KINDS; i++)
		if ((before | after) >> i & 1)
			fact_change(fs, before >> i & 1 ? &a[i] : NULL, after >> i & 1 ? &b[i] : NULL);
}

void findings_stats(struct findings *fs, const struct capture_stats *stats, int64_t now)
{
	uint64_t n = stats->kernel_drops + stats->interface_drops;

	fs->drops.packets = stats->packets;
	if (n == fs->drops.n)
		return;
	if (fs->drops.n == 0)
		fs->drops.first = now;
	fs->drops.n = n;
	fs->drops.last = now;
	fs->changed = true; /* the row of it is made last */
}

/* --- Findings go --------------------------------------------------------------------------------- */

/* Dropped packets belong to no connection: the row is made apart. */
static void add_drops(struct findings *fs, struct board *to, int64_t now)
{
	struct finding *f = &to->row[to->rows];
	char buf[FMT_TEXT], of[FMT_TEXT];

	if (fs->drops.n == 0)
		return;
	memset(f, 0, sizeof(*f));
	f->kind = FINDING_CAPTURE_QUALITY;
	f->id = 1;
	f->first = fs->drops.first;
	f->last = fs->drops.last;
	f->count = f->peak = fs->drops.n;
	f->current = now - f->last < (int64_t)(fs->thresholds.v[THRESHOLD_QUIET] * (double)WINDOW_SHORT);
	snprintf(f->subject, sizeof(f->subject), "capture: drops");
	snprintf(f->sentence, sizeof(f->sentence), "the capture dropped %s packets, %s came through: a larger "
		"--buffer-size or a capture filter helps", fmt_count(buf, fs->drops.n, 7),
		fmt_count(of, fs->drops.packets, 7));
	to->rows++;
}

/* Facts that only time will make true lie ahead. */
static bool has_happened(const struct step *s, const struct facts *facts)
{
	if (s->ended || s->accepted)
		return true;
	for (uint32_t i = 0; i < s->moments; i++)
		if (facts->kept[moment_fact(s->moment[i])].kind != FACT_OF_WAIT)
			return true;
	return false;
}

/* The end of the window that ends last. */
static int64_t last_window(struct findings *fs, int64_t now)
{
	int64_t to = step_of(now) + STEP;

	/* What the capture is ahead of the clock with, or a store that was told no time. */
	for (size_t i = fs->line.steps; i > 0 && fs->line.step[i - 1]->at >= to; i--) {
		timeline_order(&fs->line, fs->line.step[i - 1], &fs->facts);
		if (has_happened(fs->line.step[i - 1], &fs->facts))
			return fs->line.step[i - 1]->at + STEP;
	}
	return to;
}

/* With many facts the last answer must do for a while: working them out takes about half a microsecond for each. */
static bool shown_will_do(const struct findings *fs, int64_t now)
{
	uint64_t facts = fs->facts.count + fs->line.counted / COUNTED_PER_FACT;

	return fs->any_shown && facts > MANY && now >= fs->asked && now - fs->asked < (int64_t)facts * PAUSE_PER_FACT;
}

static bool is_shown(const struct findings *fs, int64_t now, bool final)
{
	return (!fs->changed && step_of(now) + STEP == fs->shown_to) || (!final && shown_will_do(fs, now));
}

static void list_begin(struct findings *fs, int64_t now)
{
	int64_t to = last_window(fs, now);
	const struct checkpoint *from;

	checkpoints_check(fs, to);
	from = youngest(fs);
	board_copy(&fs->making, from ? &from->board : &fs->settled);
	fs->making_to = to;
	fs->making_asked = now;
	keeper_walk(fs, JOB_LIST, &fs->making, from ? from->to : fs->settled_to, to);
}

static void list_end(struct findings *fs)
{
	struct board before = fs->shown;

	add_drops(fs, &fs->making, fs->making_asked);
	fs->shown = fs->making;
	fs->making = before;
	fs->shown_to = step_of(fs->making_asked) + STEP;
	fs->asked = fs->making_asked;
	fs->changed = false;
	fs->any_shown = true;
	fs->job = JOB_NONE;
}

static bool list_on(struct findings *fs, int64_t *work)
{
	for (;;)
		switch (walk_on(&fs->walk, work)) {
		case WALK_MORE:
			return false;
		case WALK_WINDOW:
			if (fs->walk.now <= fs->making_to - CHECKPOINT_AGE)
				checkpoint_add(fs, &fs->making, fs->walk.now);
			break;
		case WALK_DONE:
			list_end(fs);
			return true;
		}
}

bool findings_work(struct findings *fs, int64_t now, bool final, int64_t work)
{
	if (fs->job != JOB_LIST && is_shown(fs, now, final))
		return true;
	if (!keeper_settle_on(fs, &work) || work <= 0)
		return false;
	if (fs->job != JOB_LIST)
		list_begin(fs, now);
	if (!list_on(fs, &work))
		return false;
	if (final)
		walk_rest(&fs->walk);
	return true;
}

const struct finding *findings_latest(const struct findings *fs, size_t *n)
{
	*n = fs->shown.rows;
	return fs->shown.row;
}

const struct finding *findings_list(struct findings *fs, int64_t now, bool final, size_t *n)
{
	while (!is_shown(fs, now, final))
		findings_work(fs, now, final, INT64_MAX);
	return findings_latest(fs, n);
}

void findings_usage(const struct findings *fs, struct findings_usage *out)
{
	/* What is shown goes on from what is settled, but may be older. */
	const struct board *a = &fs->settled, *b = &fs->shown;

	*out = (struct findings_usage){
		.facts = fs->facts.count,
		.facts_max = fs->facts.max,
		.late = fs->late,
		.crowded = fs->crowded,
		.forgotten = a->forgotten > b->forgotten ? a->forgotten : b->forgotten,
		.unlisted = a->unlisted > b->unlisted ? a->unlisted : b->unlisted,
		.unwatched = a->unwatched > b->unwatched ? a->unwatched : b->unwatched,
	};
}
