/*
 * A table of what was asked and what was answered, owned by the main thread, and a few threads that
 * ask. They may hang in a resolver for seconds, so they are never waited for: they belong to the
 * process and end with it.
 */
#include "config.h"

#include "host_names.h"

#include <ctype.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#include "model/tuple.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/hash.h"
#include "util/mailbox.h"
#include "util/mem.h"
#include "util/thread.h"

#define NAMES 16384 /* addresses remembered; the ones after that stay numbers */
#define SLOTS (2 * NAMES)
#define ASKERS 4

struct host {
	struct addr addr;
	char *name; /* NULL: none, or not known yet */
	bool used, asked;
};

struct question {
	struct host *host; /* only `addr` may be read by an asker */
	char name[NI_MAXHOST]; /* "": it has none */
};

static struct {
	struct mailbox *questions, *answers;
	struct host *host; /* [SLOTS], open addressing */
	size_t used, awaited;
} names;

/* What a name server says ends up on a terminal: letters, digits and the few signs of names, or nothing. */
static bool is_plain(const char *name)
{
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("-._", *name))
			return false;
	return true;
}

static void look_up(struct question *q)
{
	const struct addr *a = &q->host->addr;
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in four = { .sin_family = AF_INET };
	bool v4 = addr_is_v4(a);
	int status;

	memcpy(&four.sin_addr, a->b + 12, 4);
	memcpy(&six.sin6_addr, a->b, 16);
	status = v4 ? getnameinfo((struct sockaddr *)&four, sizeof four, q->name, sizeof q->name,
			      NULL, 0, NI_NAMEREQD)
		    : getnameinfo((struct sockaddr *)&six, sizeof six, q->name, sizeof q->name,
			      NULL, 0, NI_NAMEREQD);
	if (status != 0 || !is_plain(q->name))
		q->name[0] = '\0';
}

static void *asker(void *arg)
{
	struct question *q;

	while ((q = mailbox_wait(names.questions, NULL)) != NULL) {
		look_up(q);
		if (!mailbox_put(names.answers, 1, q))
			mem_free(q);
	}
	return NULL;
}

bool host_names_start(struct err *err)
{
	pthread_t thread;
	int code = 0;

	names.questions = mailbox_new(NAMES, err);
	names.answers = names.questions ? mailbox_new(NAMES, err) : NULL;
	if (!names.answers)
		return false;
	names.host = mem_array(SLOTS, sizeof *names.host);
	for (int i = 0; i < ASKERS && code == 0; i++) {
		code = thread_start(&thread, asker, NULL);
		if (code == 0)
			pthread_detach(thread);
	}
	return code == 0 || err_set_errno(err, code, "cannot start a thread for names");
}

/* Its place in the table; NULL when the table is full. */
static struct host *host_of(const struct addr *a)
{
	size_t i = hash_bytes(a, sizeof *a) % SLOTS;

	while (names.host[i].used && !addr_equal(&names.host[i].addr, a))
		i = (i + 1) % SLOTS;
	if (!names.host[i].used) {
		if (names.used == NAMES)
			return NULL;
		names.used++;
		names.host[i].used = true;
		names.host[i].addr = *a;
	}
	return &names.host[i];
}

const char *host_name(const struct addr *a)
{
	struct host *h = host_of(a);
	struct question *q;

	if (!h)
		return NULL;
	if (!h->asked) {
		q = mem_alloc(sizeof *q);
		q->host = h;
		h->asked = mailbox_put(names.questions, 1, q);
		names.awaited += h->asked;
		if (!h->asked)
			mem_free(q);
	}
	return h->name;
}

bool host_names_take(void)
{
	struct question *q;
	bool news = false;

	while ((q = mailbox_take(names.answers, NULL)) != NULL) {
		names.awaited--;
		if (q->name[0]) {
			q->host->name = mem_strdup(q->name);
			news = true;
		}
		mem_free(q);
	}
	return news;
}

void host_names_wait(int timeout_ms)
{
	int64_t deadline = clock_monotonic() + timeout_ms * NS_PER_MS, left;

	while (names.awaited > 0 && (left = deadline - clock_monotonic()) > 0) {
		struct pollfd fd = { .fd = mailbox_fd(names.answers), .events = POLLIN };

		poll(&fd, 1, (int)(left / NS_PER_MS) + 1);
		host_names_take();
	}
}
