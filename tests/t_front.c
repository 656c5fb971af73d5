/* Pages of a growing table are had before they are needed, no more than said, and its content is left alone. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "util/front.h"
#include "util/mem.h"

#define MB ((size_t)1 << 20)
#define SIZE (32 * MB)

static size_t resident(char *table)
{
	static unsigned char there[SIZE / 4096];
	size_t page = (size_t)sysconf(_SC_PAGESIZE), n = 0;

	assert_int_equal(mincore(table, SIZE, there), 0);
	for (size_t i = 0; i < SIZE / page; i++)
		n += there[i] & 1;
	return n * page;
}

/* Waits some seconds for it. */
static size_t resident_at_least(char *table, size_t octets)
{
	size_t n = 0;

	for (int tries = 0; tries < 500 && (n = resident(table)) < octets; tries++)
		nanosleep(&(struct timespec){0, 10000000}, NULL);
	return n;
}

static void pages_are_had_ahead(void **state)
{
	char *table = mem_table(SIZE, 1);
	struct front f;
	size_t n;

	assert_non_null(table);
	if (!mem_populate(table, 4096)) {
		mem_table_free(table, SIZE, 1);
		skip();
	}
	front_begin(&f, table, SIZE / 400, 400); /* a megabyte and some ahead */
	memset(table, 7, MB);
	front_at(&f, MB);
	assert_true(resident(table) <= 3 * MB); /* small tables cost what they hold, but for a huge page */
	memset(table, 7, 3 * MB);
	front_at(&f, 3 * MB);
	n = resident_at_least(table, 6 * MB);
	assert_true(n == 6 * MB); /* tables begin where huge pages do */
	for (size_t i = 0; i < 3 * MB; i++)
		assert_int_equal(table[i], 7);
	for (size_t i = 3 * MB; i < 6 * MB; i += 512)
		assert_int_equal(table[i], 0);
	front_at(&f, SIZE); /* the end of the table is the end */
	assert_int_equal(resident_at_least(table, SIZE), SIZE);
	front_end(&f);
	mem_table_free(table, SIZE, 1);
}

static void after_the_end_nothing_is_touched(void **state)
{
	char *table = mem_table(SIZE, 1);
	struct front f;

	front_begin(&f, table, SIZE, 1);
	front_end(&f);
	front_at(&f, 8 * MB);
	nanosleep(&(struct timespec){0, 20000000}, NULL);
	assert_int_equal(resident(table), 0);
	mem_table_free(table, SIZE, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_are_had_ahead),
		cmocka_unit_test(after_the_end_nothing_is_touched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
