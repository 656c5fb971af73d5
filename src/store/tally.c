/*
 * Small sums. The hard thing is to be both fast and exact: all narrow counters are added as a few words, of which the
 * highest bit of each octet tells whether any of them is too large, and only then is the result taken.
 */
#include "config.h"

#include "store/tally.h"

#include <assert.h>
#include <string.h>

#include "model/counting.h"

#define TOP_BITS UINT64_C(0x8080808080808080)

struct taking {
	uint64_t word[TALLY_WORDS], wide[TALLY_WIDE];
	uint64_t narrow; /* bits of all narrow ones */
	uint8_t ending;
};

static inline __attribute__((always_inline)) void take(void *arg, enum counter n, uint64_t value)
{
	struct taking *x = arg;

	if ((int)n >= COUNTER_ENDINGS) {
		x->ending = (uint8_t)((int)n - COUNTER_ENDINGS + 1);
	} else if ((int)n >= TALLY_NARROW) {
		x->wide[(int)n - TALLY_NARROW] = value;
	} else {
		x->narrow |= value;
		x->word[(int)n / 8] |= value << (int)n % 8 * 8;
	}
}

/* Word by word, so that they need not be in memory at all. */
static inline __attribute__((always_inline)) void taking_begin(struct taking *x)
{
	x->narrow = x->word[0] = x->word[1] = x->word[2] = x->word[3] = x->word[4] = 0;
	x->wide[0] = x->wide[1] = x->wide[2] = x->wide[3] = 0;
	x->ending = ENDING_NONE;
}

_Static_assert(TALLY_WORDS == 5 && TALLY_WIDE == 4, "as many as are set to 0 above");

static inline __attribute__((always_inline)) void tally_set(struct tally *t, const struct taking *x)
{
	for (int k = 0; k < TALLY_WORDS; k++)
		t->n[k] = x->word[k];
	for (int k = 0; k < TALLY_WIDE; k++)
		t->wide[k] = x->wide[k];
	t->ending = x->ending;
	t->small = x->narrow <= TALLY_MOST;
}

void tally_of_connection(const struct connection *c, struct tally *t)
{
	struct taking x;

	taking_begin(&x);
	counting_connection(c, take, &x);
	tally_set(t, &x);
	if (!t->small)
		counters_of_connection(c, &t->all);
}

void tally_of_packets(const struct connection *c, struct tally *t)
{
	struct taking x;

	taking_begin(&x);
	counting_packets(c, take, &x);
	tally_set(t, &x);
	if (!t->small)
		counters_of_packets(c, &t->all);
}

static inline uint8_t octet(const uint64_t word[TALLY_WORDS], int n)
{
	return (uint8_t)(word[n / 8] >> n % 8 * 8);
}

void tally_add(const struct tally *t, struct counters *to)
{
	if (!t->small) {
		counters_add(to, &t->all);
		return;
	}
	for (int k = 0; k < TALLY_NARROW; k++)
		to->n[k] += octet(t->n, k);
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
		from->n[k] -= octet(t->n, k);
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
	for (int k = 0; k < TALLY_WORDS; k++)
		t->n[k] -= less->n[k];
	for (int k = 0; k < TALLY_WIDE; k++)
		t->wide[k] -= less->wide[k];
}

/* Where that ending is counted, or could be; SUMS_FEW when there is no room. */
static int few_find(const struct sums *s, uint8_t ending)
{
	int room = SUMS_FEW;

	for (int k = 0; k < SUMS_FEW; k++) {
		if (s->few[k].ending == ending)
			return k;
		if (!s->few[k].count && room == SUMS_FEW)
			room = k;
		if (s->few[k].ending == ENDING_NONE)
			break;
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

bool sums_add(struct sums *s, const struct tally *t)
{
	uint64_t n[TALLY_WORDS], wide[TALLY_WIDE], top = 0, beyond = 0;

	if (!t->small)
		return false;
	for (int k = 0; k < TALLY_WORDS; k++)
		top |= n[k] = s->n[k] + t->n[k];
	for (int k = 0; k < TALLY_WIDE; k++) {
		wide[k] = s->wide[k] + t->wide[k];
		beyond |= wide[k] | t->wide[k];
	}
	if (top & TOP_BITS || beyond > UINT32_MAX || (t->ending != ENDING_NONE && !few_add(s, t->ending, 1)))
		return false;
	for (int k = 0; k < TALLY_WORDS; k++)
		s->n[k] = n[k];
	for (int k = 0; k < TALLY_WIDE; k++)
		s->wide[k] = (uint32_t)wide[k];
	return true;
}

bool sums_subtract(struct sums *s, const struct tally *t)
{
	uint64_t n[TALLY_WORDS], top = TOP_BITS;
	int few = t->ending == ENDING_NONE ? SUMS_FEW : few_find(s, t->ending);

	if (!t->small || (few < SUMS_FEW && (s->few[few].ending != t->ending || !s->few[few].count)) ||
		(few == SUMS_FEW && t->ending != ENDING_NONE))
		return false;
	for (int k = 0; k < TALLY_WORDS; k++) {
		n[k] = (s->n[k] | TOP_BITS) - t->n[k];
		top &= n[k];
	}
	if (top != TOP_BITS)
		return false;
	for (int k = 0; k < TALLY_WIDE; k++)
		if (s->wide[k] < t->wide[k])
			return false;
	for (int k = 0; k < TALLY_WORDS; k++)
		s->n[k] = n[k] & ~TOP_BITS;
	for (int k = 0; k < TALLY_WIDE; k++)
		s->wide[k] = (uint32_t)(s->wide[k] - t->wide[k]);
	if (few < SUMS_FEW)
		s->few[few].count--;
	return true;
}

bool sums_take(struct sums *s, enum counter n)
{
	if (!octet(s->n, (int)n))
		return false;
	s->n[(int)n / 8] -= UINT64_C(1) << (int)n % 8 * 8;
	return true;
}

bool sums_merge(struct sums *s, const struct sums *other)
{
	struct sums new = *s;
	uint64_t top = 0;

	for (int k = 0; k < TALLY_WORDS; k++)
		top |= new.n[k] += other->n[k];
	if (top & TOP_BITS)
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
		n->n[k] += octet(s->n, k);
	for (int k = 0; k < TALLY_WIDE; k++)
		n->n[TALLY_NARROW + k] += s->wide[k];
	for (int k = 0; k < SUMS_FEW; k++)
		if (s->few[k].count)
			n->n[counter_of_ending((enum ending)s->few[k].ending)] += s->few[k].count;
}

uint64_t sums_counter(const struct sums *s, enum counter n)
{
	uint64_t sum = 0;

	if ((int)n < TALLY_NARROW)
		return octet(s->n, (int)n);
	if ((int)n < COUNTER_ENDINGS)
		return s->wide[(int)n - TALLY_NARROW];
	for (int k = 0; k < SUMS_FEW; k++)
		if (s->few[k].count && counter_of_ending((enum ending)s->few[k].ending) == n)
			sum += s->few[k].count;
	return sum;
}
