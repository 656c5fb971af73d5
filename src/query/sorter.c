/*
 * Order. Where only the first rows are kept, twice as many are taken in before the others are
 * dropped, which takes a few comparisons a row whatever order they come in; then a merge sort does
 * it. The hard thing is that a million rows are in no cache: so an item carries numbers that decide
 * nearly every comparison, and neither its value nor its row is looked at.
 */
#include "config.h"

#include "query/sorter.h"

#include <math.h>
#include <string.h>

#include "util/mem.h"

#define RANK_ABSENT UINT64_MAX /* last either way */
#define TOP_BIT (UINT64_C(1) << 63)
#define SPARE 64 /* items at least, before any are dropped */

/* Doubles, as numbers, in their order. */
static uint64_t rank_of_real(double r)
{
	uint64_t bits;

	if (r == 0)
		r = 0; /* not the negative one */
	memcpy(&bits, &r, sizeof(bits));
	return bits & TOP_BIT ? ~bits : bits | TOP_BIT;
}

static uint64_t rank_of_text(const struct value *v)
{
	uint64_t rank = 0;

	/* Those with a number of their own are in its order: all of a column or none. */
	if (v->i)
		return (uint64_t)v->i << 56 | TOP_BIT;
	for (size_t i = 0; i < 8 && v->text[i]; i++)
		rank |= (uint64_t)(unsigned char)v->text[i] << (56 - 8 * i);
	return rank;
}

static uint64_t rank_of_addr(const struct addr *a)
{
	uint64_t rank = addr_is_v4(a) ? 0 : 1;

	for (size_t i = addr_is_v4(a) ? 9 : 0, end = i + 7; i < end; i++)
		rank = rank << 8 | a->b[i];
	return rank;
}

static uint64_t rank_of(const struct sorter *s, const struct value *v)
{
	uint64_t rank = 0;

	switch (v->what) {
	case VALUE_ABSENT:
		return RANK_ABSENT;
	case VALUE_INT:
		rank = (uint64_t)v->i ^ TOP_BIT;
		break;
	case VALUE_REAL:
		rank = rank_of_real(v->r);
		break;
	case VALUE_INFINITE:
		rank = rank_of_real(INFINITY);
		break;
	case VALUE_TEXT:
	case VALUE_NAMES:
		rank = rank_of_text(v);
		break;
	case VALUE_ADDR:
		rank = rank_of_addr(&v->addr);
		break;
	}
	if (!s->ascending)
		rank = ~rank;
	return rank < RANK_ABSENT ? rank : RANK_ABSENT - 1;
}

/* NULL: numbers are ranks, and their values are not kept. */
static inline const struct value *value_of(const struct sorter *s, const struct sort_item *item)
{
	return s->value ? &s->value[item->value] : NULL;
}

static int order_of_equals(const struct sorter *s, const struct value *x, const struct sort_item *a,
	const struct value *y, const struct sort_item *b)
{
	int by_value = s->exact ? 0 : value_order(s->column, x, y, s->ascending);

	if (by_value)
		return by_value;
	if (a->tie != b->tie)
		return a->tie < b->tie ? -1 : 1;
	return s->decide(s->arg, a->row, b->row);
}

static inline int order(const struct sorter *s, const struct sort_item *a, const struct sort_item *b)
{
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	if (s->exact && a->tie != b->tie)
		return a->tie < b->tie ? -1 : 1;
	return order_of_equals(s, value_of(s, a), a, value_of(s, b), b);
}

void sorter_begin(struct sorter *s, size_t keep, const struct column *column, bool ascending,
	int (*decide)(const void *arg, uint64_t a, uint64_t b), const void *arg)
{
	s->n = 0;
	s->values = 0;
	s->was_cut = false;
	s->keep = keep;
	s->column = column;
	s->ascending = ascending;
	/* The rank of a number is the number, but for the least or the greatest. */
	s->exact = !kind_is_text(column->kind);
	s->decide = decide;
	s->arg = arg;
}

static void swap(struct sort_item *a, struct sort_item *b)
{
	struct sort_item t = *a;

	*a = *b;
	*b = t;
}

/* Any of them, so that no order of rows makes it slow. */
static const struct sort_item *any_of(struct sorter *s, size_t from, size_t to)
{
	s->dice = s->dice * UINT64_C(6364136223846793005) + 1;
	return &s->item[from + (s->dice >> 32) % (to - from)];
}

static struct sort_item middle_of_three(struct sorter *s, size_t from, size_t to)
{
	const struct sort_item *a = any_of(s, from, to), *b = any_of(s, from, to), *c = any_of(s, from, to);

	if (order(s, a, b) > 0) {
		const struct sort_item *t = a;

		a = b;
		b = t;
	}
	return order(s, c, a) <= 0 ? *a : order(s, c, b) <= 0 ? *c : *b;
}

/* Brings the first `keep` of all to the front, in any order. */
static void bring_forward(struct sorter *s)
{
	size_t from = 0, to = s->n;

	while (to - from > 1) {
		struct sort_item pivot = middle_of_three(s, from, to);
		size_t i = from, k = to; /* before i none is behind the pivot, from k on none before it */

		while (i < k) {
			while (order(s, &s->item[i], &pivot) < 0)
				i++;
			while (order(s, &pivot, &s->item[k - 1]) < 0)
				k--;
			if (i < k)
				swap(&s->item[i++], &s->item[--k]);
		}
		if (s->keep <= k)
			to = k;
		else if (s->keep >= i)
			from = i;
		if (s->keep == k || s->keep == i)
			return;
	}
}

/* Drops what is not among the first `keep`. The places behind them still own the values that are free now. */
static void cut(struct sorter *s)
{
	bring_forward(s);
	s->n = s->keep;
	s->worst = s->item[0];
	for (size_t i = 1; i < s->n; i++)
		if (order(s, &s->worst, &s->item[i]) < 0)
			s->worst = s->item[i];
	s->was_cut = true;
}

bool sorter_may_want(const struct sorter *s, const struct value *v)
{
	return !s->was_cut || rank_of(s, v) <= s->worst.rank;
}

bool sorter_wants(const struct sorter *s, const struct value *v, uint64_t tie, uint64_t row)
{
	const struct sort_item item = {rank_of(s, v), tie, 0, (uint32_t)row}, *worst = &s->worst;

	if (!s->was_cut)
		return true;
	if (item.rank != worst->rank)
		return item.rank < worst->rank;
	return order_of_equals(s, v, &item, value_of(s, worst), worst) < 0;
}

/* Where the value of the next item stays: where that of a dropped one was, if there is one at its place. */
static uint32_t keep_value(struct sorter *s, const struct value *v)
{
	uint32_t at;

	if (s->exact)
		return 0;
	if (s->n < s->values) {
		at = s->item[s->n].value;
	} else {
		if (s->values == s->value_room) {
			s->value_room = s->value_room ? s->value_room * 2 : 256;
			s->value = mem_grow(s->value, s->value_room, sizeof(*s->value));
		}
		at = (uint32_t)s->values++;
	}
	s->value[at] = *v;
	return at;
}

void sorter_add(struct sorter *s, const struct value *v, uint64_t tie, uint64_t row)
{
	struct sort_item item = {rank_of(s, v), tie, 0, (uint32_t)row};

	if (!sorter_wants(s, v, tie, row))
		return;
	if (s->n == s->room) {
		s->room = s->room ? s->room * 2 : 256;
		s->item = mem_grow(s->item, s->room, sizeof(*s->item));
	}
	item.value = keep_value(s, v);
	s->item[s->n++] = item;
	if (s->keep && s->n >= 2 * s->keep + SPARE)
		cut(s);
}

static void merge(struct sorter *s, size_t from, size_t middle, size_t to)
{
	size_t i = from, k = middle, out;

	for (out = from; out < to; out++) {
		bool left = k == to || (i < middle && order(s, &s->item[i], &s->item[k]) <= 0);

		s->spare[out] = left ? s->item[i++] : s->item[k++];
	}
}

/* Bottom up, in runs of doubling length. */
static void merge_sort(struct sorter *s)
{
	size_t run, from;

	if (s->spare_room < s->room) {
		s->spare_room = s->room;
		s->spare = mem_grow(s->spare, s->spare_room, sizeof(*s->spare));
	}
	for (run = 1; run < s->n; run *= 2) {
		struct sort_item *sorted = s->spare;
		size_t room = s->spare_room;

		for (from = 0; from < s->n; from += 2 * run) {
			size_t middle = from + run < s->n ? from + run : s->n;
			size_t to = middle + run < s->n ? middle + run : s->n;

			merge(s, from, middle, to);
		}
		s->spare = s->item;
		s->spare_room = s->room;
		s->item = sorted;
		s->room = room;
	}
}

void sorter_finish(struct sorter *s)
{
	if (s->keep && s->n > s->keep)
		cut(s);
	merge_sort(s);
}

void sorter_free(struct sorter *s)
{
	mem_free(s->item);
	mem_free(s->spare);
	mem_free(s->value);
	memset(s, 0, sizeof(*s));
}
