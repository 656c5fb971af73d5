/* The self-pipe: a handler may write one octet, and that is all it does. */
#include "config.h"

#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "util/err.h"

static const int watched[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
static int ends[2] = { -1, -1 };

static void note(int sig)
{
	int saved = errno;
	unsigned char octet = (unsigned char)sig;
	ssize_t n = write(ends[1], &octet, 1);

	(void)n; /* a full pipe has woken us already */
	errno = saved;
}

bool signals_watch(struct err *err)
{
	struct sigaction act = { .sa_handler = note, .sa_flags = SA_RESTART | SA_RESETHAND };

	if (pipe(ends) != 0)
		return err_set_errno(err, errno, "cannot make a pipe");
	for (int i = 0; i < 2; i++) {
		fcntl(ends[i], F_SETFL, O_NONBLOCK);
		fcntl(ends[i], F_SETFD, FD_CLOEXEC);
	}
	sigemptyset(&act.sa_mask);
	/* nohup stays in force. A shell's `&` ignores SIGINT for us, and we want to be told all the same. */
	for (size_t i = 0; i < sizeof watched / sizeof *watched; i++) {
		struct sigaction old;

		sigaction(watched[i], NULL, &old);
		if (watched[i] != SIGHUP || old.sa_handler != SIG_IGN)
			sigaction(watched[i], &act, NULL);
	}
	act.sa_handler = SIG_IGN;
	act.sa_flags = 0;
	sigaction(SIGPIPE, &act, NULL);
	return true;
}

int signals_fd(void)
{
	return ends[0];
}

int signals_take(void)
{
	unsigned char octet;

	return read(ends[0], &octet, 1) == 1 ? octet : 0;
}
