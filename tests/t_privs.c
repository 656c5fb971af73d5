/* Rights go and stay away, and what was open stays usable. Each case in a process of its own. */
#include "config.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "capture/privs.h"
#include "util/err.h"

#define OPEN_FILE "/tmp/t_privs.XXXXXX"

/* 0 is good; another number says which check failed. */
static int drop_and_look(uid_t expected, gid_t expected_group)
{
	char path[] = OPEN_FILE;
	int fd = mkstemp(path);
	bool was_root = geteuid() == 0;
	struct err err = ERR_INIT;

	if (fd < 0 || chmod(path, 0600) != 0 || unlink(path) != 0)
		return 1;
	if (!privs_drop(&err))
		return 2;
	if (getuid() != expected || geteuid() != expected || getgid() != expected_group)
		return 3;
	if (expected != 0 && (setuid(0) == 0 || seteuid(0) == 0))
		return 4;
	if (open("/etc/shadow", O_RDONLY) >= 0)
		return 5;
	if (write(fd, "still", 5) != 5)
		return 6;
	if (was_root && getgroups(0, NULL) != 0)
		return 7;
	return privs_drop(&err) ? 0 : 8;
}

static int in_child(uid_t expected, gid_t expected_group)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0)
		_exit(drop_and_look(expected, expected_group));
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Root of a user namespace may have nobody to become. */
static bool may_change_user(void)
{
	int status = -1;
	pid_t child;

	if (geteuid() != 0)
		return false;
	child = fork();
	if (child == 0)
		_exit(setgid(1234) == 0 && setuid(4321) == 0 ? 0 : 1);
	waitpid(child, &status, 0);
	return status == 0;
}

static void for_who_called_sudo(void **state)
{
	if (!may_change_user())
		skip();
	setenv("SUDO_UID", "4321", 1);
	setenv("SUDO_GID", "1234", 1);
	assert_int_equal(in_child(4321, 1234), 0);
}

static void for_nobody(void **state)
{
	static const char *const bad[] = { "", "0", "-1", "12x", "99999999999999999999", "4294967295" };

	if (!may_change_user())
		skip();
	setenv("SUDO_GID", "1234", 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		setenv("SUDO_UID", bad[i], 1);
		assert_int_equal(in_child(65534, 65534), 0);
	}
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
	assert_int_equal(in_child(65534, 65534), 0);
}

static void without_root(void **state)
{
	if (geteuid() == 0)
		skip();
	assert_int_equal(in_child(getuid(), getgid()), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(for_who_called_sudo),
		cmocka_unit_test(for_nobody),
		cmocka_unit_test(without_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
