/* What a connection adds, taken from the one definition of every count word by word. */
#include "config.h"

#include "store/tally.h"

#include <assert.h>
#include <string.h>

#include "model/counting.h"

struct taking {
	uint64_t word[SUMS_WORDS], wide[SUMS_WIDE];
	uint64_t narrow; /* bits of all narrow ones */
	uint8_t ending;
};

static inline __attribute__((always_inline)) void take(void *arg, enum counter n, uint64_t value)
{
	struct taking *x = arg;

	if ((int)n >= COUNTER_ENDINGS) {
		x->ending = (uint8_t)((int)n - COUNTER_ENDINGS + 1);
	} else if ((int)n >= SUMS_NARROW) {
		x->wide[(int)n - SUMS_NARROW] = value;
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

_Static_assert(SUMS_WORDS == 5 && SUMS_WIDE == 4, "as many as are set to 0 above");

static inline __attribute__((always_inline)) void tally_set(struct tally *t, const struct taking *x)
{
	for (int k = 0; k < SUMS_WORDS; k++)
		t->n[k] = x->word[k];
	for (int k = 0; k < SUMS_WIDE; k++)
		t->wide[k] = x->wide[k];
	t->ending = x->ending;
	t->small = x->narrow <= SUMS_MOST;
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

void tally_add(const struct tally *t, struct counters *to)
{
	if (!t->small) {
		counters_add(to, &t->all);
		return;
	}
	for (int k = 0; k < SUMS_NARROW; k++)
		to->n[k] += sums_octet(t->n, k);
	for (int k = 0; k < SUMS_WIDE; k++)
		to->n[SUMS_NARROW + k] += t->wide[k];
	if (t->ending != ENDING_NONE)
		to->n[counter_of_ending((enum ending)t->ending)]++;
}

void tally_subtract(const struct tally *t, struct counters *from)
{
	if (!t->small) {
		counters_subtract(from, &t->all);
		return;
	}
	for (int k = 0; k < SUMS_NARROW; k++)
		from->n[k] -= sums_octet(t->n, k);
	for (int k = 0; k < SUMS_WIDE; k++)
		from->n[SUMS_NARROW + k] -= t->wide[k];
	if (t->ending != ENDING_NONE)
		from->n[counter_of_ending((enum ending)t->ending)]--;
}

static inline void add_others(const struct tally *t, uint64_t sign, struct counters *n)
{
	for (int k = 0; k < SUMS_WIDE; k++)
		n->n[SUMS_NARROW + k] += sign * t->wide[k];
	if (t->ending != ENDING_NONE)
		n->n[counter_of_ending((enum ending)t->ending)] += sign;
}

void tally_add_to(const struct tally *t, struct tray *to)
{
	uint64_t n[SUMS_WORDS], top = 0;

	for (int k = 0; k < SUMS_WORDS; k++)
		top |= n[k] = to->narrow[k] + t->n[k];
	if (!t->small) {
		counters_add(&to->n, &t->all);
		return;
	}
	if (top & SUMS_TOP_BITS)
		tray_pour(to);
	memcpy(to->narrow, top & SUMS_TOP_BITS ? t->n : n, sizeof(n));
	add_others(t, 1, &to->n);
}

/* Of narrow ones that are not there any more it is taken where they went. */
void tally_take_from(const struct tally *t, struct tray *from)
{
	uint64_t n[SUMS_WORDS], top = SUMS_TOP_BITS;

	for (int k = 0; k < SUMS_WORDS; k++)
		top &= n[k] = (from->narrow[k] | SUMS_TOP_BITS) - t->n[k];
	if (!t->small || top != SUMS_TOP_BITS) {
		tally_subtract(t, &from->n);
		return;
	}
	for (int k = 0; k < SUMS_WORDS; k++)
		from->narrow[k] = n[k] & ~SUMS_TOP_BITS;
	add_others(t, UINT64_MAX, &from->n);
}

void tally_more(struct tally *t, const struct tally *less)
{
	if (!t->small) {
		tally_subtract(less, &t->all);
		return;
	}
	assert(less->small && less->ending == ENDING_NONE);
	for (int k = 0; k < SUMS_WORDS; k++)
		t->n[k] -= less->n[k];
	for (int k = 0; k < SUMS_WIDE; k++)
		t->wide[k] -= less->wide[k];
}

bool sums_add(struct sums *s, const struct tally *t)
{
	uint64_t n[SUMS_WORDS], wide[SUMS_WIDE], top = 0, beyond = 0;

	if (!t->small)
		return false;
	for (int k = 0; k < SUMS_WORDS; k++)
		top |= n[k] = s->n[k] + t->n[k];
	for (int k = 0; k < SUMS_WIDE; k++) {
		wide[k] = s->wide[k] + t->wide[k];
		beyond |= wide[k] | t->wide[k];
	}
	if (top & SUMS_TOP_BITS || beyond > UINT32_MAX ||
		(t->ending != ENDING_NONE && !sums_add_ending(s, t->ending)))
		return false;
	for (int k = 0; k < SUMS_WORDS; k++)
		s->n[k] = n[k];
	for (int k = 0; k < SUMS_WIDE; k++)
		s->wide[k] = (uint32_t)wide[k];
	return true;
}

bool sums_subtract(struct sums *s, const struct tally *t)
{
	uint64_t n[SUMS_WORDS], top = SUMS_TOP_BITS;
	int few = t->ending == ENDING_NONE ? SUMS_FEW : sums_few(s, t->ending);

	if (!t->small || (few < SUMS_FEW && (s->few[few].ending != t->ending || !s->few[few].count)) ||
		(few == SUMS_FEW && t->ending != ENDING_NONE))
		return false;
	for (int k = 0; k < SUMS_WORDS; k++) {
		n[k] = (s->n[k] | SUMS_TOP_BITS) - t->n[k];
		top &= n[k];
	}
	if (top != SUMS_TOP_BITS)
		return false;
	for (int k = 0; k < SUMS_WIDE; k++)
		if (s->wide[k] < t->wide[k])
			return false;
	for (int k = 0; k < SUMS_WORDS; k++)
		s->n[k] = n[k] & ~SUMS_TOP_BITS;
	for (int k = 0; k < SUMS_WIDE; k++)
		s->wide[k] = (uint32_t)(s->wide[k] - t->wide[k]);
	if (few < SUMS_FEW)
		s->few[few].count--;
	return true;
}
