/* Lines of the log: level, form, and that nothing is written without a file. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "util/err.h"
#include "util/log.h"
#include "util/str.h"

static void grave_lines_only(void **state)
{
	char path[] = "t_log.XXXXXX";
	struct str text = STR_INIT;
	struct err err = ERR_INIT;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	log_say(LOG_LEVEL_ERROR, "before there is a file");
	assert_true(log_open(path, LOG_LEVEL_WARNING, &err));
	log_say(LOG_LEVEL_WARNING, "ring of %d MiB", 64);
	log_say(LOG_LEVEL_INFO, "not wanted");
	log_close();
	log_say(LOG_LEVEL_ERROR, "after it was closed");
	assert_true(str_read_file(&text, path, &err));
	unlink(path);
	assert_int_equal(text.s[4], '-');
	assert_string_equal(text.s + 23, "Z warning: ring of 64 MiB\n");
	str_free(&text);
}

static void long_lines_are_cut(void **state)
{
	char path[] = "t_log.XXXXXX", much[5000];
	struct str text = STR_INIT;
	struct err err = ERR_INIT;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	memset(much, 'x', sizeof(much) - 1);
	much[sizeof(much) - 1] = '\0';
	assert_true(log_open(path, LOG_LEVEL_DEBUG, &err));
	log_say(LOG_LEVEL_DEBUG, "%s", much);
	log_close();
	assert_true(str_read_file(&text, path, &err));
	unlink(path);
	assert_true(text.len > 900 && text.len <= 1024);
	assert_int_equal(text.s[text.len - 1], '\n');
	str_free(&text);
}

static void no_such_directory(void **state)
{
	struct err err = ERR_INIT;

	assert_false(log_open("no/such/directory/log", LOG_LEVEL_INFO, &err));
	assert_non_null(strstr(err.text, "no/such/directory/log: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grave_lines_only),
		cmocka_unit_test(long_lines_are_cut),
		cmocka_unit_test(no_such_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
