/* The first rows of an order are the same, however many are kept and in whatever order they come. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "query/sorter.h"
#include "store_random.h"

#define ROWS 3000

static int by_number(const void *arg, uint64_t a, uint64_t b)
{
	(void)arg;
	return (a > b) - (a < b);
}

/* Of few values and many, falling, rising, and as chance wants. */
static uint32_t number_of(struct random *r, uint32_t i, int kind)
{
	switch (kind) {
	case 0:
		return i;
	case 1:
		return ROWS - i;
	case 2:
		return random_below(r, 5);
	case 3:
		return i < ROWS / 2 ? i : ROWS - i;
	}
	return random_below(r, 100000);
}

static void sort(struct sorter *s, const struct column *col, size_t keep, int kind, bool ascending)
{
	static char text[ROWS][24];
	struct random r = {(uint64_t)kind + 1};

	sorter_begin(s, keep, col, ascending, by_number, NULL);
	for (uint32_t i = 0; i < ROWS; i++) {
		uint32_t n = number_of(&r, i, kind);
		struct value v = {.what = VALUE_INT, .i = n};

		if (kind_is_text(col->kind)) {
			snprintf(text[i], sizeof(text[i]), "all alike so far %06u", n);
			v = (struct value){.what = VALUE_TEXT, .text = text[i]};
		}
		sorter_add(s, &v, n % 3, i);
	}
	sorter_finish(s);
}

static void check(const char *name, int kind, bool ascending)
{
	static const size_t keeps[] = {1, 2, 7, 64, 100, 999, 1500, ROWS - 1, ROWS, ROWS + 1, 100000};
	const struct column *col = column_find(VIEW_CONNECTIONS, name);
	struct sorter all = {.n = 0}, first = {.n = 0};

	sort(&all, col, 0, kind, ascending);
	assert_int_equal(all.n, ROWS);
	for (size_t k = 0; k < sizeof(keeps) / sizeof(*keeps); k++) {
		sort(&first, col, keeps[k], kind, ascending);
		assert_int_equal(first.n, keeps[k] < ROWS ? keeps[k] : ROWS);
		for (size_t i = 0; i < first.n; i++)
			assert_int_equal(first.item[i].row, all.item[i].row);
	}
	sorter_free(&all);
	sorter_free(&first);
}

static void what_is_kept_is_the_beginning_of_all(void **state)
{
	(void)state;
	for (int kind = 0; kind < 5; kind++)
		for (int ascending = 0; ascending < 2; ascending++) {
			check("client.port", kind, ascending);
			check("history", kind, ascending);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_kept_is_the_beginning_of_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
