/* The time series of everything together: a plain ring, a day long. */
#include "config.h"

#include "store/series.h"

#include <errno.h>
#include <string.h>

#include "util/err.h"
#include "util/mem.h"

#define TAKE_AWAY 120 /* seconds on both sides in which an event is sought that is not where it should be */

bool series_total_init(struct series_total *t, struct err *err)
{
	t->newest = INT64_MIN;
	t->step = mem_table(SERIES_TOTAL_STEPS, sizeof(t->step[0]));
	if (!t->step)
		return err_set_errno(err, errno, "no memory for the time series");
	return true;
}

void series_total_fini(struct series_total *t)
{
	mem_table_free(t->step, SERIES_TOTAL_STEPS, sizeof(t->step[0]));
	t->step = NULL;
}

void series_total_clear(struct series_total *t)
{
	/* A ring not yet used is zero, and not to be touched. */
	if (t->newest != INT64_MIN)
		memset(t->step, 0, SERIES_TOTAL_STEPS * sizeof(t->step[0]));
	t->newest = INT64_MIN;
}

static uint32_t *step_at(const struct series_total *t, int64_t second)
{
	int64_t i = second % SERIES_TOTAL_STEPS;

	return t->step[i < 0 ? i + SERIES_TOTAL_STEPS : i];
}

static bool is_kept(const struct series_total *t, int64_t second)
{
	return t->newest != INT64_MIN && second <= t->newest &&
		second > t->newest - SERIES_TOTAL_STEPS;
}

/* Seconds that begin now must be empty: a day ago something else stood there. */
static void series_total_advance(struct series_total *t, int64_t second)
{
	int64_t from = t->newest;

	if (from == INT64_MIN || second - from > SERIES_TOTAL_STEPS)
		from = second - SERIES_TOTAL_STEPS;
	if (t->newest != INT64_MIN)
		for (int64_t s = from + 1; s <= second; s++)
			memset(step_at(t, s), 0, sizeof(t->step[0]));
	t->newest = second;
}

void series_total_book(struct series_total *t, enum series_line line, int64_t second, uint32_t n)
{
	if (n == 0)
		return;
	if (second > t->newest)
		series_total_advance(t, second);
	if (is_kept(t, second))
		step_at(t, second)[line] += n;
}

static uint32_t step_take(struct series_total *t, enum series_line line, int64_t second,
	uint32_t n)
{
	uint32_t *step, part;

	if (!is_kept(t, second))
		return n;
	step = &step_at(t, second)[line];
	part = *step < n ? *step : n;
	*step -= part;
	return n - part;
}

void series_total_take(struct series_total *t, enum series_line line, int64_t second, uint32_t n)
{
	for (int64_t d = 0; n > 0 && d < TAKE_AWAY; d++)
		n = step_take(t, line, second - d, n);
	for (int64_t d = 1; n > 0 && d < TAKE_AWAY; d++)
		n = step_take(t, line, second + d, n);
}

void series_total_read(const struct series_total *t, enum series_line line, int64_t until,
	size_t steps, uint32_t *sum)
{
	for (size_t i = 0; i < steps; i++) {
		int64_t second = until - (int64_t)(steps - 1 - i);

		if (is_kept(t, second))
			sum[i] += step_at(t, second)[line];
	}
}
