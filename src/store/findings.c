/*
 * Findings are worked out anew from the facts kept, window by window, whenever somebody asks: so neither the order
 * in which facts came nor the moments of asking change them, and an ending withdrawn is as if it never was. What is
 * older than SETTLED is worked out for the last time and its facts are dropped: that bounds memory and work.
 */
#include "config.h"

#include "store/findings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/capture_stats.h"
#include "store/board.h"
#include "store/facts.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/fmt.h"
#include "util/mem.h"

/* An attempt is taken back for 130 s after its last SYN, and known as unanswered 20 s after it. */
#define SETTLED (240 * NS_PER_SEC)

struct key { /* a fact's place in time */
	int64_t at;
	uint64_t uid;
	uint32_t fact, near, far; /* handles in the windows */
	uint16_t flags;
};

struct findings {
	struct thresholds thresholds;
	struct facts facts;
	struct lens near, far; /* the short and the long window */
	struct bench bench;
	struct key *key;
	size_t keys, key_room;
	struct board settled, shown;
	int64_t settled_to; /* INT64_MIN: nothing is settled */
	int64_t oldest;	    /* of the facts, no later than */
	int64_t shown_to;
	bool changed;
	uint64_t late, crowded;
	struct {
		uint64_t packets, first_packets, n;
		int64_t first, last;
	} drops;
};

struct findings *findings_new(const struct thresholds *thresholds, struct err *err)
{
	struct findings *fs = mem_alloc(sizeof(*fs));

	if (thresholds)
		fs->thresholds = *thresholds;
	else
		thresholds_default(&fs->thresholds);
	board_init(&fs->settled);
	board_init(&fs->shown);
	fs->settled_to = INT64_MIN;
	fs->oldest = INT64_MAX;
	if (facts_init(&fs->facts))
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
	mem_free(fs->key);
	mem_free(fs);
}

size_t findings_bytes(void)
{
	return facts_bytes() + 2 * (BOARD_MEMOS * sizeof(struct memo) + BOARD_ROWS * sizeof(struct finding)) +
	       sizeof(struct findings);
}

void findings_clear(struct findings *fs)
{
	facts_clear(&fs->facts);
	board_clear(&fs->settled);
	board_clear(&fs->shown);
	fs->settled_to = INT64_MIN;
	fs->oldest = INT64_MAX;
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

static int earlier(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x->uid != y->uid)
		return x->uid < y->uid ? -1 : 1;
	return (x->flags & FACT_ACCEPTED) - (y->flags & FACT_ACCEPTED);
}

static void put_in_order(struct findings *fs)
{
	if (fs->facts.count > fs->key_room) {
		fs->key_room = fs->facts.count + fs->facts.count / 2;
		fs->key = mem_grow(fs->key, fs->key_room, sizeof(fs->key[0]));
	}
	fs->keys = 0;
	for (uint32_t i = 0; i < fs->facts.used; i++) {
		const struct fact *f = &fs->facts.fact[i];

		if (f->uid)
			fs->key[fs->keys++] = (struct key){ .at = f->at, .uid = f->uid, .fact = i,
				.flags = f->flags };
	}
	if (fs->keys)
		qsort(fs->key, fs->keys, sizeof(fs->key[0]), earlier);
}

static void judge_bunch(struct findings *fs, struct board *board, const struct lens *lens, unsigned which,
	const struct bunch *bunch, int64_t now)
{
	const struct judge *judge = &judges[which];
	uint32_t cases = judge->cases(bunch);
	double least = fs->thresholds.v[judge->least], ease = fs->thresholds.v[THRESHOLD_EASE];
	bool worth = cases > 0 && (double)cases >= least * ease;
	struct judging j = { .lens = lens, .bunch = bunch, .thresholds = &fs->thresholds, .bench = &fs->bench,
		.until = now, .from = INT64_MIN, .to = INT64_MAX, .counted = INT64_MIN };
	struct memo *memo;
	struct claim claim = { 0 };

	if (!worth && !(judge->rated && cases > 0))
		return;
	memo = board_find(board, which, &bunch->who);
	j.ease = memo && memo->raised ? ease : 1;
	if (memo && memo->raised)
		j.counted = memo->counted;
	j.usual = memo ? memo_usual(memo, now) : 0;
	worth = worth && (double)cases >= least * j.ease && judge->holds(&j, &claim);
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
	board_quiet(board, now, (uint32_t)(fs->thresholds.v[THRESHOLD_QUIET] * (double)(WINDOW_SHORT / STEP)));
}

struct slide { /* indices of keys: the next to come, the next to leave each window */
	size_t next, near, far;
};

static void slide_in(struct findings *fs, struct slide *s, int64_t before)
{
	for (; s->next < fs->keys && fs->key[s->next].at < before; s->next++) {
		struct key *k = &fs->key[s->next];

		if (s->next >= s->near)
			k->near = lens_add(&fs->near, k->fact, false);
		if (s->next >= s->far && k->flags & FACT_RARE)
			k->far = lens_add(&fs->far, k->fact, true);
	}
}

static void slide_out(struct findings *fs, struct slide *s, int64_t now)
{
	for (; s->near < s->next && fs->key[s->near].at < now - WINDOW_SHORT; s->near++)
		lens_remove(&fs->near, fs->key[s->near].fact, fs->key[s->near].near);
	for (; s->far < s->next && fs->key[s->far].at < now - WINDOW_LONG; s->far++)
		if (fs->key[s->far].flags & FACT_RARE)
			lens_remove(&fs->far, fs->key[s->far].fact, fs->key[s->far].far);
}

/* The windows as they were at `from`. */
static void slide_begin(struct findings *fs, struct slide *s, int64_t from)
{
	*s = (struct slide){ 0 };
	lens_begin(&fs->near, fs->facts.fact);
	lens_begin(&fs->far, fs->facts.fact);
	while (s->near < fs->keys && fs->key[s->near].at < from - WINDOW_SHORT)
		s->near++;
	while (s->far < fs->keys && fs->key[s->far].at < from - WINDOW_LONG)
		s->far++;
	slide_in(fs, s, from);
}

/* Judges all windows that end after what is settled and not after `to`. The facts are in order. */
static void judge_until(struct findings *fs, struct board *board, int64_t to)
{
	struct slide s;
	int64_t now = fs->settled_to;

	if (now == INT64_MIN) {
		if (fs->keys == 0)
			return;
		now = step_of(fs->key[0].at);
	}
	slide_begin(fs, &s, now);
	while (now < to) {
		/* A long time of nothing is passed over. */
		if (s.near == s.next && s.far == s.next && board->raised == 0) {
			if (s.next == fs->keys)
				break;
			if (now < step_of(fs->key[s.next].at))
				now = step_of(fs->key[s.next].at);
			if (now >= to)
				break;
		}
		now += STEP;
		slide_in(fs, &s, now);
		slide_out(fs, &s, now);
		judge_all(fs, board, now);
	}
}

/* --- Settling ------------------------------------------------------------------------------------ */

static void drop_old(struct findings *fs)
{
	fs->oldest = INT64_MAX;
	for (size_t i = 0; i < fs->keys; i++) {
		const struct key *k = &fs->key[i];
		int64_t keep = k->flags & FACT_RARE ? WINDOW_LONG : WINDOW_SHORT;

		if (k->at < fs->settled_to - keep)
			facts_take(&fs->facts, &fs->facts.fact[k->fact]);
		else if (k->at < fs->oldest)
			fs->oldest = k->at;
	}
}

/* `to` is the end of a step. The facts are in order. */
static void settle(struct findings *fs, int64_t to)
{
	judge_until(fs, &fs->settled, to);
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
	put_in_order(fs);
	settle(fs, to);
}

/* The table is full: the oldest quarter is settled before its time, and dropped. */
static void make_room(struct findings *fs)
{
	int64_t to;

	put_in_order(fs);
	to = step_of(fs->key[fs->keys / 4].at) + STEP;
	if (to > fs->settled_to)
		settle(fs, to);
	if (fs->facts.count <= FACTS_MAX - FACTS_MAX / 8)
		return;
	for (size_t i = 0; i < fs->keys / 4; i++)
		fs->crowded += facts_take(&fs->facts, &fs->facts.fact[fs->key[i].fact]);
}

/* --- Facts come ---------------------------------------------------------------------------------- */

static bool is_settled(const struct findings *fs, const struct fact *f)
{
	return f->uid && f->at < fs->settled_to;
}

static void fact_change(struct findings *fs, const struct fact *was, const struct fact *is)
{
	if ((!was->uid && !is->uid) || !memcmp(was, is, sizeof(*was)))
		return;
	/* What is settled stays as it was told. */
	if (is_settled(fs, was) || (is_settled(fs, is) && !was->uid)) {
		fs->late++;
		return;
	}
	fs->changed = true;
	if (!is->uid || is_settled(fs, is)) {
		facts_take(&fs->facts, was);
		return;
	}
	if (is->at < fs->oldest)
		fs->oldest = is->at;
	if (facts_put(&fs->facts, is))
		return;
	make_room(fs);
	if (is_settled(fs, is) || !facts_put(&fs->facts, is))
		fs->crowded++;
}

void findings_change(struct findings *fs, const struct connection *was, const struct connection *is)
{
	struct fact a[2] = { 0 }, b[2] = { 0 };

	if (was)
		facts_of_connection(was, a);
	if (is)
		facts_of_connection(is, b);
	fact_change(fs, &a[0], &b[0]);
	fact_change(fs, &a[1], &b[1]);
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

const struct finding *findings_list(struct findings *fs, int64_t now, size_t *n)
{
	int64_t to = step_of(now) + STEP;

	if (fs->changed || to != fs->shown_to) {
		put_in_order(fs);
		/* What the capture is ahead of the clock with, or a store that was told no time. */
		if (fs->keys && to <= fs->key[fs->keys - 1].at)
			to = step_of(fs->key[fs->keys - 1].at) + STEP;
		board_copy(&fs->shown, &fs->settled);
		judge_until(fs, &fs->shown, to);
		add_drops(fs, now);
		fs->shown_to = step_of(now) + STEP;
		fs->changed = false;
	}
	*n = fs->shown.rows;
	return fs->shown.row;
}

void findings_usage(const struct findings *fs, struct findings_usage *out)
{
	*out = (struct findings_usage){
		.facts = fs->facts.count,
		.facts_max = FACTS_MAX,
		.late = fs->late,
		.crowded = fs->crowded,
		.forgotten = fs->settled.forgotten,
		.unwatched = fs->settled.unwatched,
	};
}
