/*
 * Order. A heap holds the best `keep` items with the worst of them on top; without a bound
 * a merge sort does it all.
 */
#include "config.h"

#include "query/sorter.h"

#include <string.h>

#include "util/mem.h"

static int order(const struct sorter *s, const struct sort_item *a, const struct sort_item *b)
{
	int by_key = value_order(s->column, &a->key, &b->key, s->ascending);

	return by_key ? by_key : s->tie(s->arg, a->row, b->row);
}

void sorter_begin(struct sorter *s, size_t keep, const struct column *column, bool ascending,
	int (*tie)(const void *arg, uint64_t a, uint64_t b), const void *arg)
{
	s->n = 0;
	s->keep = keep;
	s->column = column;
	s->ascending = ascending;
	s->tie = tie;
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

bool sorter_wants(const struct sorter *s, const struct sort_item *item)
{
	return s->keep == 0 || s->n < s->keep || order(s, item, &s->item[0]) < 0;
}

void sorter_add(struct sorter *s, const struct sort_item *item)
{
	if (s->keep && s->n == s->keep) {
		if (order(s, item, &s->item[0]) >= 0)
			return;
		s->item[0] = *item;
		sift_down(s, 0, s->n);
		return;
	}
	if (s->n == s->room) {
		s->room = s->room ? s->room * 2 : 256;
		s->item = mem_grow(s->item, s->room, sizeof(*s->item));
	}
	s->item[s->n++] = *item;
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
	memset(s, 0, sizeof(*s));
}
