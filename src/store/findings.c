/*
 * Findings are worked out anew from the facts kept, window by window, whenever somebody asks: so neither the order
 * in which facts came nor the moments of asking change them, and an ending withdrawn is as if it never was. What is
 * older than SETTLED is worked out for the last time and its facts are dropped: that bounds memory and work. Between
 * two askings hardly anything old changes, so the work begins at the youngest checkpoint that still holds.
 */
#include "config.h"

#include "store/findings.h"

#include <stdio.h>
#include <string.h>

#include "model/capture_stats.h"
#include "store/board.h"
#include "store/facts.h"
#include "store/timeline.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/fmt.h"
#include "util/mem.h"

/* An attempt is taken back for 130 s after its last SYN, and known as unanswered 20 s after it. */
#define SETTLED (240 * NS_PER_SEC)

#define MANY 16384
#define PAUSE_PER_FACT (20 * NS_PER_US)
#define CHECKPOINTS 4
#define CHECKPOINT_AGE (3 * STEP)   /* of the youngest: hardly a fact comes later */
#define CHECKPOINT_SPACE (4 * STEP) /* between two of them, at least */

/* How it stood after all windows up to a time: from there it goes on, as long as no older fact changes. */
struct checkpoint {
	struct board board;
	int64_t to;
};

struct findings {
	struct thresholds thresholds;
	struct facts facts;
	struct lens near, far; /* the short and the long window */
	struct bench bench;
	struct timeline line;
	struct board settled, shown;
	struct checkpoint checkpoint[CHECKPOINTS]; /* oldest first */
	size_t checkpoints;
	int64_t settled_to; /* INT64_MIN: nothing is settled */
	int64_t oldest;	    /* of the facts, no later than */
	int64_t shown_to, asked; /* asked: the time of what is shown, when there is anything */
	bool any_shown;
	bool changed;
	int64_t changed_from; /* the oldest fact that changed since findings were last worked out */
	uint64_t late, crowded;
	struct {
		uint64_t packets, first_packets, n;
		int64_t first, last;
	} drops;
};

struct findings *findings_new(const struct thresholds *thresholds, uint32_t max_facts, struct err *err)
{
	struct findings *fs = mem_alloc(sizeof(*fs));

	if (thresholds)
		fs->thresholds = *thresholds;
	else
		thresholds_default(&fs->thresholds);
	board_init(&fs->settled);
	board_init(&fs->shown);
	for (size_t i = 0; i < CHECKPOINTS; i++)
		board_init(&fs->checkpoint[i].board);
	fs->settled_to = INT64_MIN;
	fs->oldest = fs->changed_from = INT64_MAX;
	if (facts_init(&fs->facts, max_facts ? max_facts : FACTS_MAX))
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
	lens_fini(&fs->near);
	lens_fini(&fs->far);
	board_fini(&fs->settled);
	board_fini(&fs->shown);
	for (size_t i = 0; i < CHECKPOINTS; i++)
		board_fini(&fs->checkpoint[i].board);
	timeline_fini(&fs->line);
	mem_free(fs);
}

/*
 * At worst all facts are in the short window, each with a client of its own. Moments: those that are no longer true
 * are thrown out when they are four times as many, and half as many again are sorted apart.
 */
#define LINKS_PER_FACT 7
#define MOMENTS_PER_FACT 5

size_t findings_bytes(uint32_t max_facts)
{
	size_t facts = max_facts ? max_facts : FACTS_MAX;
	size_t board = BOARD_MEMOS * sizeof(struct memo) + (BOARD_ROWS + 1) * sizeof(struct finding) + BOARD_INDEX * sizeof(uint32_t);

	return facts_bytes((uint32_t)facts) + facts * (MOMENTS_PER_FACT * sizeof(struct moment) +
		LINKS_PER_FACT * sizeof(struct link) + sizeof(struct bunch) + 4 * sizeof(struct entry)) +
	       (2 + CHECKPOINTS) * board + sizeof(struct findings);
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
	fs->oldest = fs->changed_from = INT64_MAX;
	fs->late = fs->crowded = 0;
	memset(&fs->drops, 0, sizeof(fs->drops));
	fs->changed = true;
}

/* --- Windows ------------------------------------------------------------------------------------- */

static int64_t step_of(int64_t at)
{
	int64_t rest = at % STEP;

	return at - (rest < 0 ? rest + STEP : rest);
}

static void judge_bunch(struct findings *fs, struct board *board, const struct lens *lens, unsigned which,
	const struct bunch *bunch, int64_t now)
{
	const struct judge *judge = &judges[which];
	uint32_t cases = judge->cases(bunch);
	double least = fs->thresholds.v[judge->least], ease = fs->thresholds.v[THRESHOLD_EASE];
	bool worth = cases > 0 && (double)cases >= least * ease, raised;
	struct memo *memo;
	struct claim claim;

	if (!worth && !(judge->rated && cases > 0))
		return;
	memo = board_find(board, which, &bunch->who);
	raised = memo && memo->raised;
	worth = worth && (double)cases >= least * (raised ? ease : 1);
	if (worth) {
		struct judging j = { .lens = lens, .bunch = bunch, .thresholds = &fs->thresholds, .bench = &fs->bench,
			.ease = raised ? ease : 1, .usual = memo ? memo_usual(memo, now) : 0, .until = now,
			.from = INT64_MIN, .to = INT64_MAX, .counted = raised ? memo->counted : INT64_MIN };

		memset(&claim, 0, sizeof(claim));
		worth = judge->holds(&j, &claim);
	}
	if (!memo && (worth || judge->rated))
		memo = board_obtain(board, which, &bunch->who);
	if (!memo)
		return;
	if (worth)
		board_claim(board, memo, now, &claim);
	if (judge->rated)
		memo_rate(memo, now, cases);
}

static void judge_lens(struct findings *fs, struct board *board, const struct lens *lens, bool longer, int64_t now)
{
	for (size_t k = 0; k < lens->bunches; k++) {
		const struct bunch *bunch = &lens->bunch[k];

		if (bunch->n == 0)
			continue;
		for (unsigned i = 0; i < judge_count; i++)
			if (judges[i].common == bunch->who.common && judges[i].longer == longer)
				judge_bunch(fs, board, lens, i, bunch, now);
	}
}

static void judge_all(struct findings *fs, struct board *board, int64_t now)
{
	judge_lens(fs, board, &fs->near, false, now);
	judge_lens(fs, board, &fs->far, true, now);
	board_settle_order(board);
	board_quiet(board, now, (uint32_t)(fs->thresholds.v[THRESHOLD_QUIET] * (double)(WINDOW_SHORT / STEP)));
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

/* --- Sliding ------------------------------------------------------------------------------------- */

struct slide { /* indices of moments: the next to come, the next to leave each window */
	size_t next, near, far;
};

/* Moments from..to - 1, LENS_MANY at most. */
static void slide_in_some(struct findings *fs, const struct slide *s, size_t from, size_t to)
{
	struct moment *m = fs->line.moment;
	uint32_t fact[LENS_MANY], *handle[LENS_MANY];
	size_t n = 0, i;

	for (i = from; i < to; i++)
		if (i >= s->near) {
			fact[n] = m[i].fact;
			handle[n++] = &m[i].near;
		}
	lens_add(&fs->near, fact, n, false, handle);
	n = 0;
	for (i = from; i < to; i++)
		if (i >= s->far && m[i].flags & FACT_RARE) {
			fact[n] = m[i].fact;
			handle[n++] = &m[i].far;
		}
	lens_add(&fs->far, fact, n, true, handle);
}

static void slide_in(struct findings *fs, struct slide *s, int64_t before)
{
	size_t to = s->next, some;

	while (to < fs->line.n && fs->line.moment[to].at < before)
		to++;
	for (; s->next < to; s->next += some) {
		some = to - s->next < LENS_MANY ? to - s->next : LENS_MANY;
		slide_in_some(fs, s, s->next, s->next + some);
	}
}

static void slide_out(struct findings *fs, struct slide *s, int64_t now)
{
	for (; s->near < s->next && fs->line.moment[s->near].at < now - WINDOW_SHORT; s->near++)
		lens_remove(&fs->near, fs->line.moment[s->near].fact, fs->line.moment[s->near].near);
	for (; s->far < s->next && fs->line.moment[s->far].at < now - WINDOW_LONG; s->far++)
		if (fs->line.moment[s->far].flags & FACT_RARE)
			lens_remove(&fs->far, fs->line.moment[s->far].fact, fs->line.moment[s->far].far);
}

/* The windows as they were at `from`. */
static void slide_begin(struct findings *fs, struct slide *s, int64_t from)
{
	*s = (struct slide){ 0 };
	lens_begin(&fs->near, fs->facts.fact);
	lens_begin(&fs->far, fs->facts.fact);
	while (s->near < fs->line.n && fs->line.moment[s->near].at < from - WINDOW_SHORT)
		s->near++;
	while (s->far < fs->line.n && fs->line.moment[s->far].at < from - WINDOW_LONG)
		s->far++;
	slide_in(fs, s, from);
}

/* Judges all windows that end after `from`, up to which the board is made, and not after `to`. The facts are in order. */
static void judge_until(struct findings *fs, struct board *board, int64_t from, int64_t to, int64_t checkpoints_to)
{
	struct slide s;
	int64_t now = from;

	if (now == INT64_MIN) {
		if (fs->line.n == 0)
			return;
		now = step_of(fs->line.moment[0].at);
	}
	slide_begin(fs, &s, now);
	while (now < to) {
		/* A long time of nothing is passed over. */
		if (s.near == s.next && s.far == s.next && board->raised == 0) {
			if (s.next == fs->line.n)
				break;
			if (now < step_of(fs->line.moment[s.next].at))
				now = step_of(fs->line.moment[s.next].at);
			if (now >= to)
				break;
		}
		now += STEP;
		slide_in(fs, &s, now);
		slide_out(fs, &s, now);
		judge_all(fs, board, now);
		if (now <= checkpoints_to)
			checkpoint_add(fs, board, now);
	}
}

/* --- Settling ------------------------------------------------------------------------------------ */

static void drop_old(struct findings *fs)
{
	fs->oldest = INT64_MAX;
	for (size_t i = 0; i < fs->line.n; i++) {
		const struct moment *m = &fs->line.moment[i];
		int64_t keep = m->flags & FACT_RARE ? WINDOW_LONG : WINDOW_SHORT;

		if (m->at < fs->settled_to - keep)
			facts_take(&fs->facts, &fs->facts.fact[m->fact]);
		else if (m->at < fs->oldest)
			fs->oldest = m->at;
	}
}

/* `to` is the end of a step. The facts are in order. */
static void settle(struct findings *fs, int64_t to)
{
	judge_until(fs, &fs->settled, fs->settled_to, to, INT64_MIN);
	fs->settled_to = to;
	board_prune(&fs->settled, to);
	drop_old(fs);
	fs->changed = true;
}

void findings_pass(struct findings *fs, int64_t passed)
{
	int64_t to = step_of(passed - SETTLED);
	int64_t from = fs->settled_to == INT64_MIN ? fs->oldest : fs->settled_to;

	/* A whole window at a time: each run begins with making the windows anew. */
	if (from == INT64_MAX || to < from + WINDOW_SHORT)
		return;
	timeline_sort(&fs->line, &fs->facts);
	settle(fs, to);
}

/* The table is full: the oldest quarter is settled before its time, and dropped. */
static void make_room(struct findings *fs)
{
	int64_t to;

	timeline_sort(&fs->line, &fs->facts);
	to = step_of(fs->line.moment[fs->line.n / 4].at) + STEP;
	if (to > fs->settled_to)
		settle(fs, to);
	if (fs->facts.count <= fs->facts.max - fs->facts.max / 8)
		return;
	fs->checkpoints = 0;
	for (size_t i = 0; i < fs->line.n / 4; i++)
		fs->crowded += facts_take(&fs->facts, &fs->facts.fact[fs->line.moment[i].fact]);
}

/* --- Facts come ---------------------------------------------------------------------------------- */

static bool is_settled(const struct findings *fs, const struct fact *f)
{
	return f->uid && f->at < fs->settled_to;
}

static bool fact_put(struct findings *fs, const struct fact *f)
{
	uint32_t i = facts_put(&fs->facts, f);

	if (i)
		timeline_note(&fs->line, &fs->facts, i - 1);
	return i > 0;
}

static void fact_drop(struct findings *fs, const struct fact *f)
{
	fs->changed = true;
	if (f->at < fs->changed_from)
		fs->changed_from = f->at;
	facts_take(&fs->facts, f);
}

static void fact_change(struct findings *fs, const struct fact *was, const struct fact *is)
{
	if ((!was->uid && !is->uid) || !memcmp(was, is, sizeof(*was)))
		return;
	/* What is settled stays as it was told; but who closes at last waits no longer. */
	if (is_settled(fs, was) || (is_settled(fs, is) && !was->uid)) {
		if ((was->uid ? was : is)->kind != FACT_OF_WAIT)
			fs->late++;
		else if (was->uid && !is->uid)
			fact_drop(fs, was);
		return;
	}
	if (!is->uid || is_settled(fs, is)) {
		fact_drop(fs, was);
		return;
	}
	fs->changed = true;
	if (was->uid && was->at < fs->changed_from)
		fs->changed_from = was->at;
	if (is->at < fs->changed_from)
		fs->changed_from = is->at;
	if (is->at < fs->oldest)
		fs->oldest = is->at;
	if (fact_put(fs, is))
		return;
	make_room(fs);
	if (is_settled(fs, is) || !fact_put(fs, is))
		fs->crowded++;
}

void findings_fetch(const struct findings *fs, const uint64_t *uid, size_t n)
{
	facts_fetch(&fs->facts, uid, n);
}

void findings_change(struct findings *fs, const struct connection *was, const struct connection *is)
{
	int64_t leak_age = (int64_t)(fs->thresholds.v[THRESHOLD_LEAK_AGE] * 1e9);
	struct fact a[FACT_KINDS] = { 0 }, b[FACT_KINDS] = { 0 };

	if (was)
		facts_of_connection(was, leak_age, a);
	if (is)
		facts_of_connection(is, leak_age, b);
	for (int i = 0; i < FACT_KINDS; i++)
		fact_change(fs, &a[i], &b[i]);
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
	fs->changed = true;
}

/* --- Findings go --------------------------------------------------------------------------------- */

/* Dropped packets belong to no connection: the row is made apart. */
static void add_drops(struct findings *fs, int64_t now)
{
	struct finding *f = &fs->shown.row[fs->shown.rows];
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
	fs->shown.rows++;
}

/* Of what has happened: facts that only time will make true lie ahead. INT64_MIN: nothing has. */
static int64_t last_event(const struct findings *fs)
{
	size_t n = fs->line.n;

	while (n > 0 && fs->line.moment[n - 1].kind == FACT_OF_WAIT)
		n--;
	return n ? fs->line.moment[n - 1].at : INT64_MIN;
}

/* With many facts the last answer must do for a while: working them out takes about half a microsecond for each. */
static bool shown_will_do(const struct findings *fs, int64_t now)
{
	return fs->any_shown && fs->facts.count > MANY && now >= fs->asked &&
	       now - fs->asked < (int64_t)fs->facts.count * PAUSE_PER_FACT;
}

const struct finding *findings_list(struct findings *fs, int64_t now, bool final, size_t *n)
{
	int64_t to = step_of(now) + STEP;
	const struct checkpoint *from;

	if ((fs->changed || to != fs->shown_to) && (final || !shown_will_do(fs, now))) {
		timeline_sort(&fs->line, &fs->facts);
		/* What the capture is ahead of the clock with, or a store that was told no time. */
		if (last_event(fs) >= to)
			to = step_of(last_event(fs)) + STEP;
		checkpoints_check(fs, to);
		from = youngest(fs);
		board_copy(&fs->shown, from ? &from->board : &fs->settled);
		judge_until(fs, &fs->shown, from ? from->to : fs->settled_to, to, to - CHECKPOINT_AGE);
		add_drops(fs, now);
		fs->shown_to = step_of(now) + STEP;
		fs->changed = false;
		fs->any_shown = true;
		fs->asked = now;
	}
	*n = fs->shown.rows;
	return fs->shown.row;
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
