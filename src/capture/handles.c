/*
 * Descriptors are kept while there are some to spare, since a name may lead elsewhere later on and
 * rights may be given up meanwhile. Only who is out of them has to open a file twice.
 */
#include "config.h"

#include "capture/handles.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <unistd.h>

#include "util/mem.h"

#define SPARE 32 /* descriptors for everything else */
#define LEAST 4

struct handle {
	struct handles *of;
	char *path;
	int fd; /* -1: closed */
	dev_t dev;
	ino_t ino;
	struct handle *older, *newer; /* of the open ones */
};

struct handles {
	struct handle *oldest, *newest;
	size_t open, most;
};

/*
 * The soft limit may be raised by everybody, the hard one by root: later it cannot open what only
 * root may read.
 */
static size_t descriptors_for(size_t files)
{
	struct rlimit limit, more;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return files + SPARE;
	more = limit;
	if (limit.rlim_cur < files + SPARE)
		more.rlim_cur = files + SPARE;
	if (more.rlim_max < more.rlim_cur)
		more.rlim_max = more.rlim_cur;
	if (setrlimit(RLIMIT_NOFILE, &more) == 0)
		return (size_t)more.rlim_cur;
	more.rlim_cur = more.rlim_max = limit.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &more) == 0 ? (size_t)more.rlim_cur : (size_t)limit.rlim_cur;
}

struct handles *handles_new(size_t files, size_t most)
{
	struct handles *hs = mem_alloc(sizeof(*hs));
	size_t have = most ? most + SPARE : descriptors_for(files);

	hs->most = have > SPARE ? have - SPARE : 0;
	if (!most && hs->most < LEAST)
		hs->most = LEAST;
	return hs;
}

void handles_free(struct handles *hs)
{
	assert(!hs || hs->open == 0);
	mem_free(hs);
}

static void shut(struct handle *h)
{
	struct handles *hs = h->of;

	close(h->fd);
	h->fd = -1;
	*(h->older ? &h->older->newer : &hs->oldest) = h->newer;
	*(h->newer ? &h->newer->older : &hs->newest) = h->older;
	hs->open--;
}

static void opened(struct handle *h, int fd)
{
	struct handles *hs = h->of;

	h->fd = fd;
	h->older = hs->newest;
	h->newer = NULL;
	*(h->older ? &h->older->newer : &hs->oldest) = h;
	hs->newest = h;
	hs->open++;
#ifdef POSIX_FADV_SEQUENTIAL
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
#endif
}

struct handle *handle_new(struct handles *hs, const char *path, int fd, const struct stat *st)
{
	struct handle *h = mem_alloc(sizeof(*h));

	h->of = hs;
	h->path = mem_strdup(path);
	h->dev = st->st_dev;
	h->ino = st->st_ino;
	if (hs->open >= hs->most)
		shut(hs->oldest);
	opened(h, fd);
	return h;
}

void handle_free(struct handle *h)
{
	if (!h)
		return;
	if (h->fd >= 0)
		shut(h);
	mem_free(h->path);
	mem_free(h);
}

/* Whoever rotates files may have put another one in its place. */
static bool is_same(const struct handle *h, int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return false;
	errno = ESTALE;
	return st.st_dev == h->dev && st.st_ino == h->ino;
}

static int open_again(const struct handle *h)
{
	int fd = open(h->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY), error;

	if (fd < 0 || is_same(h, fd))
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

int handle_fd(struct handle *h)
{
	int fd;

	if (h->fd >= 0)
		return h->fd;
	if (h->of->open >= h->of->most)
		shut(h->of->oldest);
	while ((fd = open_again(h)) < 0 && errno == EMFILE && h->of->oldest)
		shut(h->of->oldest);
	if (fd >= 0)
		opened(h, fd);
	return fd;
}
