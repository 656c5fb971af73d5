/*
 * Small sums. The hard thing is to be both fast and exact: all narrow counters are added as one vector of octets that
 * tells whether any of them wrapped, and only then is the result taken.
 */
#include "config.h"

#include "store/tally.h"

#include <assert.h>
#include <string.h>

#include "model/counting.h"

struct taking {
	struct tally *t;
	uint64_t narrow; /* bits of all narrow ones */
};

static inline __attribute__((always_inline)) void take(void *arg, enum counter n, uint64_t value)
{
	struct taking *x = arg;

	if ((int)n >= COUNTER_ENDINGS) {
		x->t->ending = (uint8_t)((int)n - COUNTER_ENDINGS + 1);
	} else if ((int)n >= TALLY_NARROW) {
		x->t->wide[(int)n - TALLY_NARROW] = value;
	} else {
		x->narrow |= value;
		x->t->n[n] = (uint8_t)value;
	}
}

static void tally_begin(struct tally *t)
{
	memset(t->n, 0, sizeof(t->n));
	memset(t->wide, 0, sizeof(t->wide));
	t->ending = ENDING_NONE;
}

void tally_of_connection(const struct connection *c, struct tally *t)
{
	struct taking x = { t, 0 };

	tally_begin(t);
	counting_connection(c, take, &x);
	t->small = x.narrow <= UINT8_MAX;
	if (!t->small)
		counters_of_connection(c, &t->all);
}

void tally_of_packets(const struct connection *c, struct tally *t)
{
	struct taking x = { t, 0 };

	tally_begin(t);
	counting_packets(c, take, &x);
	t->small = x.narrow <= UINT8_MAX;
	if (!t->small)
		counters_of_packets(c, &t->all);
}

void tally_add(const struct tally *t, struct counters *to)
{
	if (!t->small) {
		counters_add(to, &t->all);
		return;
	}
	for (int k = 0; k < TALLY_NARROW; k++)
		to->n[k] += t->n[k];
	for (int k = 0; k < TALLY_WIDE; k++)
		to->n[TALLY_NARROW + k] += t->wide[k];
	if (t->ending != ENDING_NONE)
		to->n[counter_of_ending((enum ending)t->ending)]++;
}

void tally_subtract(const struct tally *t, struct counters *from)
{
	if (!t->small) {
		counters_subtract(from, &t->all);
		return;
	}
	for (int k = 0; k < TALLY_NARROW; k++)
		from->n[k] -= t->n[k];
	for (int k = 0; k < TALLY_WIDE; k++)
		from->n[TALLY_NARROW + k] -= t->wide[k];
	if (t->ending != ENDING_NONE)
		from->n[counter_of_ending((enum ending)t->ending)]--;
}

void tally_more(struct tally *t, const struct tally *less)
{
	if (!t->small) {
		tally_subtract(less, &t->all);
		return;
	}
	assert(less->small && less->ending == ENDING_NONE);
	for (int k = 0; k < TALLY_ROOM; k++)
		t->n[k] = (uint8_t)(t->n[k] - less->n[k]);
	for (int k = 0; k < TALLY_WIDE; k++)
		t->wide[k] -= less->wide[k];
}

/* Where that ending is counted, or could be; SUMS_FEW when there is no room. */
static int few_find(const struct sums *s, uint8_t ending)
{
	int room = SUMS_FEW;

	for (int k = 0; k < SUMS_FEW; k++) {
		if (s->few[k].count && s->few[k].ending == ending)
			return k;
		if (!s->few[k].count && room == SUMS_FEW)
			room = k;
	}
	return room;
}

static bool few_add(struct sums *s, uint8_t ending, uint8_t count)
{
	int k = few_find(s, ending);

	if (k == SUMS_FEW || s->few[k].count > UINT8_MAX - count)
		return false;
	s->few[k].ending = ending;
	s->few[k].count = (uint8_t)(s->few[k].count + count);
	return true;
}

/* sum = a + b. Nonzero when any wrapped. */
static inline uint8_t octets_add(uint8_t *sum, const uint8_t *a, const uint8_t *b)
{
	uint8_t wrapped = 0;

	for (int k = 0; k < TALLY_ROOM; k++) {
		uint8_t x = (uint8_t)(a[k] + b[k]);

		wrapped |= (uint8_t)(x < b[k]);
		sum[k] = x;
	}
	return wrapped;
}

bool sums_add(struct sums *s, const struct tally *t)
{
	uint8_t n[TALLY_ROOM];
	uint64_t wide[TALLY_WIDE], beyond = 0;

	if (!t->small || octets_add(n, s->n, t->n))
		return false;
	for (int k = 0; k < TALLY_WIDE; k++) {
		beyond |= t->wide[k];
		wide[k] = s->wide[k] + t->wide[k];
		beyond |= wide[k];
	}
	if (beyond > UINT32_MAX || (t->ending != ENDING_NONE && !few_add(s, t->ending, 1)))
		return false;
	memcpy(s->n, n, sizeof(n));
	for (int k = 0; k < TALLY_WIDE; k++)
		s->wide[k] = (uint32_t)wide[k];
	return true;
}

void sums_subtract(struct sums *s, const struct tally *t)
{
	assert(t->small); /* or it would not have fit */
	for (int k = 0; k < TALLY_ROOM; k++)
		s->n[k] = (uint8_t)(s->n[k] - t->n[k]);
	for (int k = 0; k < TALLY_WIDE; k++)
		s->wide[k] = (uint32_t)(s->wide[k] - t->wide[k]);
	if (t->ending != ENDING_NONE) {
		int k = few_find(s, t->ending);

		assert(k < SUMS_FEW && s->few[k].count > 0);
		s->few[k].count--;
	}
}

bool sums_merge(struct sums *s, const struct sums *other)
{
	struct sums new = *s;

	if (octets_add(new.n, s->n, other->n))
		return false;
	for (int k = 0; k < TALLY_WIDE; k++) {
		if (new.wide[k] > UINT32_MAX - other->wide[k])
			return false;
		new.wide[k] += other->wide[k];
	}
	for (int k = 0; k < SUMS_FEW; k++)
		if (other->few[k].count && !few_add(&new, other->few[k].ending, other->few[k].count))
			return false;
	*s = new;
	return true;
}

void sums_add_to(const struct sums *s, struct counters *n)
{
	for (int k = 0; k < TALLY_NARROW; k++)
		n->n[k] += s->n[k];
	for (int k = 0; k < TALLY_WIDE; k++)
		n->n[TALLY_NARROW + k] += s->wide[k];
	for (int k = 0; k < SUMS_FEW; k++)
		if (s->few[k].count)
			n->n[counter_of_ending((enum ending)s->few[k].ending)] += s->few[k].count;
}

void sums_counters(const struct sums *s, struct counters *n)
{
	memset(n, 0, sizeof(*n));
	sums_add_to(s, n);
}

uint64_t sums_counter(const struct sums *s, enum counter n)
{
	uint64_t sum = 0;

	if ((int)n < TALLY_NARROW)
		return s->n[n];
	if ((int)n < COUNTER_ENDINGS)
		return s->wide[(int)n - TALLY_NARROW];
	for (int k = 0; k < SUMS_FEW; k++)
		if (counter_of_ending((enum ending)s->few[k].ending) == n)
			sum += s->few[k].count;
	return sum;
}
