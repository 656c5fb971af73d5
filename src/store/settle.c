/*
 * What is old enough is worked out for the last time, and its facts are dropped: that bounds memory
 * and work. It is done in pieces, as rows come: what is older than `settled_to` does not change any
 * more from the moment it begins.
 */
#include "config.h"

#include "store/keeper.h"

#include "util/clock.h"
#include "util/mem.h"

/* An attempt is taken back for 130 s after its last SYN, and known as unanswered 20 s after it. */
#define SETTLED (240 * NS_PER_SEC)

#define DROP_PIECE 1024 /* facts taken away at a time */
#define SETTLE_LEAST 2000 /* of findings_settle(): a fifth of a millisecond */
#define SETTLE_PER_ROW 16

void keeper_walk(struct findings *fs, enum job job, struct board *board, int64_t from, int64_t to)
{
	const struct walk_bounds with = { &fs->line, &fs->facts, &fs->thresholds, board };

	walk_begin(&fs->walk, &with, from, to);
	fs->job = job;
}

/* From now on nothing changes that is older than `to`, the end of a step. */
static void settle(struct findings *fs, int64_t to)
{
	keeper_walk(fs, JOB_SETTLE, &fs->settled, fs->settled_to, to);
	fs->settled_to = to;
	fs->changed = true;
}

/* As far as that, if it is further than before. */
static void settle_further(struct findings *fs, int64_t to)
{
	if (to > fs->settled_to)
		settle(fs, to);
}

static bool is_settling(const struct findings *fs)
{
	return fs->job == JOB_SETTLE || fs->job == JOB_DROP;
}

/* Takes a fact away, if it is still that of the step. */
static bool take(struct findings *fs, const struct step *s, uint32_t moment)
{
	const struct kept *k = &fs->facts.kept[moment_fact(moment)];

	return k->at >= s->at && k->at < s->at + STEP &&
	       facts_take(&fs->facts, k->uid, (enum fact_kind)k->kind);
}

/* Takes some of what no window needs any more out of a step. True when it is all out. */
static bool drop_old_of(struct findings *fs, struct step *s, bool all)
{
	uint32_t to = s->dropped + DROP_PIECE;

	if (s->dropped == 0)
		timeline_order(&fs->line, s, &fs->facts);
	if (to > s->moments)
		to = s->moments;
	for (uint32_t i = s->dropped; i < to; i++)
		mem_read(&fs->facts.kept[moment_fact(s->moment[i])]);
	for (uint32_t i = s->dropped; i < to; i++)
		if (all || !(s->moment[i] & MOMENT_RARE))
			take(fs, s, s->moment[i]);
	s->dropped = to;
	if (to < s->moments)
		return false;
	s->dropped = 0;
	s->stale = true;
	timeline_bare(&fs->line, s);
	timeline_order(&fs->line, s, &fs->facts);
	return true;
}

/* True when nothing is left to do. */
static bool drop_old(struct findings *fs, int64_t *work)
{
	for (size_t i = 0; i < fs->line.steps && fs->line.step[i]->at < fs->settled_to - WINDOW_SHORT;) {
		struct step *s = fs->line.step[i];
		bool all = s->at < fs->settled_to - WINDOW_LONG;

		if (s->bare && !all) {
			i++;
			continue;
		}
		if (*work <= 0)
			return false;
		*work -= 2 * (int64_t)DROP_PIECE;
		if (!drop_old_of(fs, s, all))
			continue;
		if (s->moments == 0)
			timeline_drop(&fs->line, i);
		else
			i++;
	}
	return true;
}

bool keeper_settle_on(struct findings *fs, int64_t *work)
{
	enum walk_word word = WALK_WINDOW;

	while (fs->job == JOB_SETTLE && word == WALK_WINDOW) {
		word = walk_on(&fs->walk, work);
		if (word != WALK_DONE)
			continue;
		board_prune(&fs->settled, fs->settled_to);
		walk_rest(&fs->walk);
		fs->job = JOB_DROP;
	}
	if (fs->job == JOB_DROP && *work > 0 && drop_old(fs, work))
		fs->job = JOB_NONE;
	return !is_settling(fs);
}

void keeper_settle_whole(struct findings *fs)
{
	int64_t work = INT64_MAX;

	keeper_settle_on(fs, &work);
}

void findings_pass(struct findings *fs, int64_t passed)
{
	int64_t to = step_of(passed - SETTLED), from = fs->settled_to;

	if (is_settling(fs) || fs->line.steps == 0)
		return;
	if (from == INT64_MIN)
		from = fs->line.step[0]->at;
	/* A whole window at a time: each run begins with making the windows anew. */
	if (to >= from + WINDOW_SHORT)
		settle(fs, to);
}

/* The end of the oldest quarter of what is kept. */
static int64_t first_quarter(const struct findings *fs)
{
	uint64_t all = fs->line.moments + fs->line.served, n = 0;
	size_t i = 0;

	while (i + 1 < fs->line.steps && (n += fs->line.step[i]->moments + fs->line.step[i]->serveds) < all / 4)
		i++;
	return fs->line.step[i]->at + STEP;
}

/* Forgets the oldest facts, settled or not: no more than are needed for a while. */
static void crowd_out(struct findings *fs)
{
	uint32_t enough = fs->facts.max - fs->facts.max / 16;

	if (fs->facts.count <= enough)
		return;
	fs->checkpoints = 0;
	for (size_t i = 0; i < fs->line.steps && fs->facts.count > enough; i++) {
		struct step *s = fs->line.step[i];

		timeline_order(&fs->line, s, &fs->facts);
		for (uint32_t k = 0; k < s->moments && fs->facts.count > enough; k++)
			fs->crowded += take(fs, s, s->moment[k]);
		s->stale = true;
	}
}

static void crowd_out_served(struct findings *fs)
{
	uint64_t enough = fs->load_max - fs->load_max / 16;

	if (timeline_load(&fs->line) <= enough)
		return;
	fs->checkpoints = 0;
	for (size_t i = 0; i < fs->line.steps && timeline_load(&fs->line) > enough; i++)
		fs->crowded += timeline_deafen(&fs->line, fs->line.step[i]);
}

static void settle_now(struct findings *fs, int64_t to)
{
	settle_further(fs, to);
	keeper_settle_whole(fs);
}

/* Settles as much as lets the oldest step go with all that it counts, if that is not the future yet. */
static void let_oldest_go(struct findings *fs)
{
	const struct timeline *line = &fs->line;
	size_t i = 0;
	int64_t to;

	while (i < line->steps && line->step[i]->bare)
		i++;
	if (i == line->steps)
		return;
	to = line->step[i]->at + WINDOW_SHORT + STEP;
	if (to <= line->step[line->steps - 1]->at)
		settle_now(fs, to);
}

void keeper_make_room(struct findings *fs)
{
	keeper_settle_whole(fs);
	settle_now(fs, first_quarter(fs));
	crowd_out(fs);
	crowd_out_served(fs);
	if (timeline_load(&fs->line) >= fs->load_max)
		let_oldest_go(fs);
}

/* So that hardly anybody ever waits for that, it begins in time. */
static bool is_nearly_full(const struct findings *fs)
{
	return fs->facts.count > fs->facts.max - fs->facts.max / 16 ||
	       timeline_load(&fs->line) > fs->load_max - fs->load_max / 16;
}

void findings_settle(struct findings *fs, size_t rows)
{
	int64_t work = SETTLE_LEAST + SETTLE_PER_ROW * (int64_t)rows;

	if (!is_settling(fs) && fs->line.steps && is_nearly_full(fs))
		settle_further(fs, first_quarter(fs));
	keeper_settle_on(fs, &work);
}
