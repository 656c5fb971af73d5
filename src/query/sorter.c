/*
 * Order. A heap holds the best `keep` items with the worst of them on top; without a bound a merge sort does it all.
 * The hard thing is that a million rows are in no cache: so an item carries numbers that decide nearly every
 * comparison, and neither its value nor its row is looked at.
 */
#include "config.h"

#include "query/sorter.h"

#include <math.h>
#include <string.h>

#include "util/mem.h"

#define RANK_ABSENT UINT64_MAX /* last either way */
#define TOP_BIT (UINT64_C(1) << 63)

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
	s->keep = keep;
	s->column = column;
	s->ascending = ascending;
	s->exact = !kind_is_text(column->kind); /* the rank of a number is the number, but for the least or the greatest */
	s->decide = decide;
	s->arg = arg;
}

static void swap(struct sort_item *a, struct sort_item *b)
{
	struct sort_item t = *a;

	*a = *b;
	*b = t;
}

static void sift_down(struct sorter *s, size_t i, size_t n)
{
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= n)
			return;
		if (child + 1 < n && order(s, &s->item[child], &s->item[child + 1]) < 0)
			child++;
		if (order(s, &s->item[i], &s->item[child]) >= 0)
			return;
		swap(&s->item[i], &s->item[child]);
		i = child;
	}
}

static void sift_up(struct sorter *s, size_t i)
{
	while (i > 0 && order(s, &s->item[(i - 1) / 2], &s->item[i]) < 0) {
		swap(&s->item[(i - 1) / 2], &s->item[i]);
		i = (i - 1) / 2;
	}
}

static bool is_full(const struct sorter *s)
{
	return s->keep && s->n == s->keep;
}

bool sorter_may_want(const struct sorter *s, const struct value *v)
{
	return !is_full(s) || rank_of(s, v) <= s->item[0].rank;
}

bool sorter_wants(const struct sorter *s, const struct value *v, uint64_t tie, uint64_t row)
{
	const struct sort_item item = {rank_of(s, v), tie, 0, (uint32_t)row}, *worst = s->item;

	if (!is_full(s))
		return true;
	if (item.rank != worst->rank)
		return item.rank < worst->rank;
	return order_of_equals(s, v, &item, value_of(s, worst), worst) < 0;
}

/* Where the value stays: of a full heap, where that of the worst was. */
static uint32_t keep_value(struct sorter *s, const struct value *v)
{
	uint32_t at;

	if (s->exact)
		return 0;
	if (is_full(s)) {
		at = s->item[0].value;
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

	if (is_full(s)) {
		if (!sorter_wants(s, v, tie, row))
			return;
		item.value = keep_value(s, v);
		s->item[0] = item;
		sift_down(s, 0, s->n);
		return;
	}
	if (s->n == s->room) {
		s->room = s->room ? s->room * 2 : 256;
		s->item = mem_grow(s->item, s->room, sizeof(*s->item));
	}
	item.value = keep_value(s, v);
	s->item[s->n++] = item;
	if (s->keep)
		sift_up(s, s->n - 1);
}

static void heap_sort(struct sorter *s)
{
	size_t n;

	for (n = s->n; n > 1; n--) {
		swap(&s->item[0], &s->item[n - 1]);
		sift_down(s, 0, n - 1);
	}
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
	if (s->keep)
		heap_sort(s);
	else
		merge_sort(s);
}

void sorter_free(struct sorter *s)
{
	mem_free(s->item);
	mem_free(s->spare);
	mem_free(s->value);
	memset(s, 0, sizeof(*s));
}
