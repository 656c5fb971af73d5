/*
 * A ring of pointers under a mutex. The hard thing is the file descriptor: a pipe that holds
 * exactly one byte while the ring holds something, changed under the same mutex, so that poll() and
 * the ring never disagree.
 */
#include "config.h"

#include "util/mailbox.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "util/err.h"
#include "util/mem.h"

struct letter {
	void *thing;
	int kind;
};

struct mailbox {
	pthread_mutex_t lock;
	pthread_cond_t filled;
	size_t room, first, n; /* the ring: n letters from `first` on */
	bool closed;
	int wake[2]; /* read end, write end */
	struct letter letter[];
};

static bool wake_open(int fd[2])
{
	if (pipe(fd) != 0)
		return false;
	for (int i = 0; i < 2; i++) {
		fcntl(fd[i], F_SETFD, FD_CLOEXEC);
		fcntl(fd[i], F_SETFL, O_NONBLOCK);
	}
	return true;
}

/* The pipe has room for the one or two bytes that are ever in it; only a signal can be in the way. */
static void wake_raise(int fd)
{
	while (write(fd, "!", 1) < 0 && errno == EINTR)
		;
}

static void wake_lower(int fd)
{
	char byte;

	while (read(fd, &byte, 1) < 0 && errno == EINTR)
		;
}

struct mailbox *mailbox_new(size_t room, struct err *err)
{
	struct mailbox *m = mem_alloc(sizeof(*m) + room * sizeof(m->letter[0]));

	if (!wake_open(m->wake)) {
		err_set_errno(err, errno, "cannot make a pipe");
		mem_free(m);
		return NULL;
	}
	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->filled, NULL);
	m->room = room;
	return m;
}

void mailbox_free(struct mailbox *m)
{
	if (!m)
		return;
	close(m->wake[0]);
	close(m->wake[1]);
	pthread_cond_destroy(&m->filled);
	pthread_mutex_destroy(&m->lock);
	mem_free(m);
}

bool mailbox_put(struct mailbox *m, int kind, void *thing)
{
	bool fits;

	pthread_mutex_lock(&m->lock);
	fits = m->n < m->room && !m->closed;
	if (fits) {
		m->letter[(m->first + m->n) % m->room] = (struct letter){ thing, kind };
		if (m->n++ == 0) {
			wake_raise(m->wake[1]);
			pthread_cond_broadcast(&m->filled);
		}
	}
	pthread_mutex_unlock(&m->lock);
	return fits;
}

/* With the lock held. */
static void *ring_take(struct mailbox *m, int *kind)
{
	struct letter *l = &m->letter[m->first];

	if (m->n == 0)
		return NULL;
	m->first = (m->first + 1) % m->room;
	if (--m->n == 0)
		wake_lower(m->wake[0]);
	if (kind)
		*kind = l->kind;
	return l->thing;
}

void *mailbox_take(struct mailbox *m, int *kind)
{
	void *thing;

	pthread_mutex_lock(&m->lock);
	thing = ring_take(m, kind);
	pthread_mutex_unlock(&m->lock);
	return thing;
}

void *mailbox_wait(struct mailbox *m, int *kind)
{
	void *thing;

	pthread_mutex_lock(&m->lock);
	while (m->n == 0 && !m->closed)
		pthread_cond_wait(&m->filled, &m->lock);
	thing = ring_take(m, kind);
	pthread_mutex_unlock(&m->lock);
	return thing;
}

void mailbox_close(struct mailbox *m)
{
	pthread_mutex_lock(&m->lock);
	if (!m->closed) {
		m->closed = true;
		wake_raise(m->wake[1]);
		pthread_cond_broadcast(&m->filled);
	}
	pthread_mutex_unlock(&m->lock);
}

int mailbox_fd(const struct mailbox *m)
{
	return m->wake[0];
}
