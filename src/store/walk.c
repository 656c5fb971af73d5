/*
 * Every stage can stop after a bounded part of it, and nothing but the walk says where. What is
 * hard is that the steps it walks over must stand still meanwhile: who changes them ends the walk
 * first.
 */
#include "config.h"

#include "store/walk.h"

#include <math.h>
#include <string.h>

#include "util/mem.h"

/* What things cost, in the units of walk_on(). */
#define COST_LINK 2
#define COST_ORDER 1 /* one of the served */
#define COST_CELL 2
#define COST_CASE 2 /* of a bunch that a judge takes up */
#define COST_BOARD 2000

#define CELLS 256 /* counted at a time */
#define LOOKED_AT_LEAST 256 /* bunches and clients */
#define REST_OVER ((size_t)1 << 20) /* octets */

void walk_fini(struct walk *w)
{
	lens_fini(&w->near);
	lens_fini(&w->far);
}

void walk_rest(struct walk *w)
{
	if (lens_taken(&w->near) + lens_taken(&w->far) > REST_OVER)
		walk_fini(w);
}

void walk_begin(struct walk *w, const struct walk_bounds *with, int64_t from, int64_t to)
{
	w->with = *with;
	w->to = to;
	w->now = from;
	w->stage = WALK_END;
	w->sliding = false;
	if (from == INT64_MIN) {
		if (with->line->steps == 0) {
			w->now = to;
			return;
		}
		w->now = with->line->step[0]->at;
	}
	lens_begin(&w->near, with->facts);
	lens_begin(&w->far, with->facts);
	w->near_from = timeline_from(with->line, w->now - WINDOW_SHORT);
	w->in = w->far_from = timeline_from(with->line, w->now - WINDOW_LONG);
	w->at = 0;
	w->stage = WALK_IN;
}

/* --- Sliding ------------------------------------------------------------------------------------- */

/* Moments from..to - 1, LENS_MANY at most. */
static void slide_in_some(struct walk *w, const struct step *s, uint32_t from, uint32_t to)
{
	uint32_t near[LENS_MANY], far[LENS_MANY];
	size_t nears = 0, fars = 0;

	for (uint32_t i = from; i < to; i++) {
		uint32_t fact = moment_fact(s->moment[i]);

		if (w->in >= w->near_from)
			near[nears++] = fact;
		if (s->moment[i] & MOMENT_RARE)
			far[fars++] = fact;
	}
	lens_add(&w->near, near, nears, false);
	lens_add(&w->far, far, fars, true);
}

static void order_step(struct walk *w, struct step *s, int64_t *work)
{
	*work -= COST_ORDER * (int64_t)(s->grouped ? 0 : s->serveds) + (s->moments - s->ordered);
	timeline_order(w->with.line, s, w->with.facts);
}

/* True when all of them are. */
static bool count_cells(struct walk *w, const struct step *s, bool back, int64_t *work)
{
	uint32_t from = (uint32_t)w->at, to = from + CELLS < s->cells ? from + CELLS : s->cells;

	lens_count(&w->near, s, from, to, back);
	*work -= COST_CELL * (int64_t)(to - from);
	w->at = to;
	return to == s->cells;
}

static bool link_some(struct walk *w, const struct step *s, int64_t *work)
{
	uint32_t from = (uint32_t)w->at, to = from + LENS_MANY < s->moments ? from + LENS_MANY : s->moments;

	slide_in_some(w, s, from, to);
	*work -= COST_LINK * (int64_t)(to - from);
	w->at = to;
	return to == s->moments;
}

static bool unlink_some(struct walk *w, const struct step *s, int64_t *work)
{
	uint32_t from = (uint32_t)w->at, to = from + LENS_MANY < s->moments ? from + LENS_MANY : s->moments;

	for (uint32_t i = from; i < to; i++)
		mem_read(&w->with.facts->kept[moment_fact(s->moment[i])]);
	for (uint32_t i = from; i < to; i++)
		lens_remove(&w->near, moment_fact(s->moment[i]));
	*work -= COST_LINK * (int64_t)(to - from);
	w->at = to;
	return to == s->moments;
}

static void slide_out_far(struct walk *w, int64_t *work)
{
	const struct timeline *line = w->with.line;

	for (; w->far_from < w->in && line->step[w->far_from]->at < w->now - WINDOW_LONG; w->far_from++) {
		const struct step *s = line->step[w->far_from];

		for (uint32_t i = 0; i < s->moments; i++)
			if (s->moment[i] & MOMENT_RARE)
				lens_remove(&w->far, moment_fact(s->moment[i]));
		*work -= s->moments;
	}
}

/* --- Judging ------------------------------------------------------------------------------------- */

static void judge_bunch(struct walk *w, unsigned which, const struct bunch *bunch, int64_t *work)
{
	const struct judge *judge = &judges[which];
	const struct thresholds *t = w->with.thresholds;
	struct board *board = w->with.board;
	uint32_t cases = judge->cases(bunch);
	double least = t->v[judge->least], ease = t->v[THRESHOLD_EASE];
	bool worth = cases > 0 && (double)cases >= least * ease, raised;
	struct memo *memo;
	struct claim claim;

	if (!worth && !(judge->rated && cases > 0))
		return;
	memo = board_find(board, which, &bunch->who);
	raised = memo && memo->raised;
	worth = worth && (double)cases >= least * (raised ? ease : 1);
	if (worth) {
		struct judging j = {.lens = judge->longer ? &w->far : &w->near,
			.bunch = bunch,
			.step = w->with.line->step + w->near_from,
			.steps = w->in - w->near_from,
			.thresholds = t,
			.bench = &w->bench,
			.ease = raised ? ease : 1,
			.usual = judge->rated ? board_usual(board, which, &bunch->who, w->now) : 0,
			.until = w->now,
			.from = INT64_MIN,
			.to = INT64_MAX,
			.counted = raised ? memo->counted : INT64_MIN};

		memset(&claim, 0, sizeof(claim));
		worth = judge->holds(&j, &claim);
		*work -= COST_CASE * (int64_t)(bunch->n + bunch->accepted / 8);
	}
	*work -= COST_CASE;
	if (!memo && worth)
		memo = board_obtain(board, which, &bunch->who);
	if (memo && worth)
		board_claim(board, memo, w->now, &claim);
	if (judge->rated)
		board_rate(board, which, &bunch->who, w->now, cases);
}

/* By the judges of what it has in common. */
static void judge_by_all(struct walk *w, const struct bunch *bunch, bool longer, int64_t *work)
{
	for (unsigned i = 0; i < judge_count; i++)
		if (judges[i].common == bunch->who.common && judges[i].longer == longer)
			judge_bunch(w, i, bunch, work);
}

/* All bunches, from w->at on. True when they are through. */
static bool judge_lens(struct walk *w, const struct lens *lens, bool longer, int64_t *work)
{
	for (; w->at < lens->bunches && *work > 0; w->at++) {
		if (lens->bunch[w->at].n)
			judge_by_all(w, &lens->bunch[w->at], longer, work);
		*work -= w->at % 8 == 0;
	}
	return w->at >= lens->bunches;
}

/* Fewer than so many failures of a client are no matter. */
static uint32_t least_in_vain(const struct walk *w)
{
	double least = w->with.thresholds->v[THRESHOLD_SCANNER_TARGETS] * w->with.thresholds->v[THRESHOLD_EASE];

	return least > 1 ? (uint32_t)fmin(ceil(least), UINT32_MAX) : 1;
}

static bool judge_clients(struct walk *w, int64_t *work)
{
	uint32_t least = least_in_vain(w);

	for (; w->at < w->near.clients && *work > 0; w->at++) {
		const struct client *c = &w->near.client[w->at];
		struct bunch bunch = { .head = c->head, .tail = c->tail, .n = c->vain, .failed = c->vain,
			.accepted = c->accepted };
		struct fact f;

		if (c->vain < least)
			continue;
		facts_get_ends(w->with.facts, w->near.link[c->head - 1].fact, &f);
		bunch.who.common = COMMON_CLIENT;
		bunch.who.a = f.client;
		judge_by_all(w, &bunch, false, work);
	}
	return w->at >= w->near.clients;
}

static void finish_window(struct walk *w, int64_t *work)
{
	const struct thresholds *t = w->with.thresholds;

	board_settle_order(w->with.board);
	board_quiet(w->with.board, w->now, (uint32_t)(t->v[THRESHOLD_QUIET] * (double)(WINDOW_SHORT / STEP)));
	*work -= COST_BOARD;
}

/* --- Walking ------------------------------------------------------------------------------------- */

/* Every window looks at them, at those of which all facts went too. */
static size_t looked_at(const struct walk *w)
{
	return w->near.bunches + w->near.clients + w->far.bunches;
}

/* So the windows are made anew from what lies in them, when that is less work than has been done since the last time. */
static bool is_worth_anew(const struct walk *w)
{
	size_t live = w->near.links - w->near.gone + w->far.links - w->far.gone;

	return w->sliding && looked_at(w) > 2 * w->looked_at + live / 8 + LOOKED_AT_LEAST;
}

/* To the next window. False: there is none. */
static bool next_window(struct walk *w)
{
	const struct timeline *line = w->with.line;

	if (w->now >= w->to)
		return false;
	/* A long time of nothing is passed over. */
	if (w->near_from == w->in && w->far_from == w->in && w->with.board->raised == 0) {
		if (w->in == line->steps)
			return false;
		if (w->now < line->step[w->in]->at)
			w->now = line->step[w->in]->at;
		if (w->now >= w->to)
			return false;
	}
	w->now += STEP;
	return true;
}

static void next_stage(struct walk *w, enum walk_stage stage)
{
	w->stage = stage;
	w->at = 0;
}

/* A part of what lets steps come in. */
static void come_in(struct walk *w, int64_t *work)
{
	struct step *s = w->in < w->with.line->steps ? w->with.line->step[w->in] : NULL;

	if (!s || s->at >= w->now)
		next_stage(w, w->sliding ? WALK_OUT : WALK_BEGIN);
	else if (w->stage == WALK_IN)
		next_stage(w, WALK_ORDER);
	else if (w->stage == WALK_ORDER) {
		order_step(w, s, work);
		next_stage(w, WALK_LINK);
	} else if (w->stage == WALK_LINK) {
		/*
		 * Groups are made by facts first, which are in order of time: by counts they would
		 * be in order of arrival.
		 */
		if (link_some(w, s, work))
			next_stage(w, WALK_COUNT);
	} else if (w->in < w->near_from || count_cells(w, s, false, work)) {
		w->in++;
		next_stage(w, WALK_IN);
	}
}

static void go_out(struct walk *w, int64_t *work)
{
	struct step *s = w->near_from < w->in ? w->with.line->step[w->near_from] : NULL;

	if (!s || s->at >= w->now - WINDOW_SHORT)
		next_stage(w, WALK_OUT_FAR);
	else if (w->stage == WALK_OUT)
		next_stage(w, WALK_UNCOUNT);
	else if (w->stage == WALK_UNCOUNT) {
		if (count_cells(w, s, true, work))
			next_stage(w, WALK_UNLINK);
	} else if (unlink_some(w, s, work)) {
		w->near_from++;
		next_stage(w, WALK_OUT);
	}
}

/* A part of a stage. True when a window is judged. */
static bool go_on(struct walk *w, int64_t *work)
{
	switch (w->stage) {
	case WALK_IN:
	case WALK_ORDER:
	case WALK_COUNT:
	case WALK_LINK:
		come_in(w, work);
		break;
	case WALK_BEGIN:
		if (is_worth_anew(w)) {
			walk_begin(w, &w->with, w->now, w->to);
			break;
		}
		if (!w->sliding)
			w->looked_at = looked_at(w);
		w->sliding = true;
		next_stage(w, next_window(w) ? WALK_IN : WALK_END);
		break;
	case WALK_OUT:
	case WALK_UNCOUNT:
	case WALK_UNLINK:
		go_out(w, work);
		break;
	case WALK_OUT_FAR:
		slide_out_far(w, work);
		next_stage(w, WALK_SERVED);
		break;
	case WALK_SERVED:
		*work -= lens_count_served(&w->near, w->with.line->step + w->near_from, w->in - w->near_from,
				 least_in_vain(w)) / 16;
		next_stage(w, WALK_NEAR);
		break;
	case WALK_NEAR:
		if (judge_lens(w, &w->near, false, work))
			next_stage(w, WALK_CLIENTS);
		break;
	case WALK_CLIENTS:
		if (judge_clients(w, work))
			next_stage(w, WALK_FAR);
		break;
	case WALK_FAR:
		if (!judge_lens(w, &w->far, true, work))
			break;
		finish_window(w, work);
		next_stage(w, WALK_BEGIN);
		return true;
	case WALK_END:
		break;
	}
	return false;
}

enum walk_word walk_on(struct walk *w, int64_t *work)
{
	while (w->stage != WALK_END) {
		if (*work <= 0)
			return WALK_MORE;
		if (go_on(w, work))
			return WALK_WINDOW;
	}
	return WALK_DONE;
}
