/*
 * Small sums. The hard thing is to be both fast and exact: all narrow counters are added as a few
 * words, of which the highest bit of each octet tells whether any of them is too large, and only
 * then is the result taken.
 */
#include "config.h"

#include "model/sums.h"

#include <string.h>

int sums_few(const struct sums *s, uint8_t ending)
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
	int k = sums_few(s, ending);

	if (k == SUMS_FEW || s->few[k].count > UINT8_MAX - count)
		return false;
	s->few[k].ending = ending;
	s->few[k].count = (uint8_t)(s->few[k].count + count);
	return true;
}

bool sums_add_ending(struct sums *s, uint8_t ending)
{
	return few_add(s, ending, 1);
}

bool sums_take(struct sums *s, enum counter n)
{
	if (!sums_octet(s->n, (int)n))
		return false;
	s->n[(int)n / 8] -= UINT64_C(1) << (int)n % 8 * 8;
	return true;
}

bool sums_merge(struct sums *s, const struct sums *other)
{
	struct sums new = *s;
	uint64_t top = 0;

	for (int k = 0; k < SUMS_WORDS; k++)
		top |= new.n[k] += other->n[k];
	if (top & SUMS_TOP_BITS)
		return false;
	for (int k = 0; k < SUMS_WIDE; k++) {
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

static void add_narrow(const uint64_t word[SUMS_WORDS], struct counters *n)
{
	for (int k = 0; k < SUMS_NARROW; k++)
		n->n[k] += sums_octet(word, k);
}

static inline void add_others(const struct sums *s, struct counters *n)
{
	for (int k = 0; k < SUMS_WIDE; k++)
		n->n[SUMS_NARROW + k] += s->wide[k];
	for (int k = 0; k < SUMS_FEW && s->few[k].ending != ENDING_NONE; k++)
		n->n[counter_of_ending((enum ending)s->few[k].ending)] += s->few[k].count;
}

void sums_add_to(const struct sums *s, struct counters *n)
{
	add_narrow(s->n, n);
	add_others(s, n);
}

uint64_t sums_counter(const struct sums *s, enum counter n)
{
	uint64_t sum = 0;

	if ((int)n < SUMS_NARROW)
		return sums_octet(s->n, (int)n);
	if ((int)n < COUNTER_ENDINGS)
		return s->wide[(int)n - SUMS_NARROW];
	for (int k = 0; k < SUMS_FEW; k++)
		if (s->few[k].count && counter_of_ending((enum ending)s->few[k].ending) == n)
			sum += s->few[k].count;
	return sum;
}

void tray_pour(struct tray *t)
{
	add_narrow(t->narrow, &t->n);
	memset(t->narrow, 0, sizeof(t->narrow));
}

void tray_add(struct tray *t, const struct sums *sums, const struct counters *full)
{
	uint64_t word[SUMS_WORDS], top = 0;

	for (int k = 0; k < SUMS_WORDS; k++)
		top |= word[k] = t->narrow[k] + sums->n[k];
	if (top & SUMS_TOP_BITS)
		tray_pour(t);
	memcpy(t->narrow, top & SUMS_TOP_BITS ? sums->n : word, sizeof(word));
	add_others(sums, &t->n);
	if (full)
		counters_add(&t->n, full);
}

void tray_add_to(const struct tray *t, struct counters *n)
{
	add_narrow(t->narrow, n);
	counters_add(n, &t->n);
}
