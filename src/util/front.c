#include "config.h"

#include "util/front.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>

#include "util/mem.h"
#include "util/thread.h"

#define STEP ((size_t)2 << 20) /* a huge page */
/*
 * Had before they are filled, at least: of a table of connections so many are filled while the next huge
 * page comes, of others fewer.
 */
#define ENTRIES_AHEAD 3000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of the list, and held while pages are had */
static struct front *fronts;
static pthread_once_t started = PTHREAD_ONCE_INIT;
static bool running;
static sem_t bell;

/* Up to where huge pages end, as one that is begun is had whole. */
static size_t step_of(const struct front *f)
{
	size_t step = STEP - (uintptr_t)(f->table + f->had) % STEP, left = f->size - f->had;

	return left < step ? left : step;
}

static void go_on(struct front *f)
{
	size_t wanted = atomic_load_explicit(&f->wanted, memory_order_relaxed), step;

	for (; f->had < wanted; f->had += step) {
		step = step_of(f);
		if (!mem_populate(f->table + f->had, step))
			step = f->size - f->had; /* the table is touched by who fills it, then */
	}
}

static void *have_pages(void *arg)
{
	for (;;) {
		while (sem_wait(&bell) == -1 && errno == EINTR)
			;
		pthread_mutex_lock(&lock);
		for (struct front *f = fronts; f; f = f->next)
			go_on(f);
		pthread_mutex_unlock(&lock);
	}
	return arg;
}

static void start(void)
{
	pthread_t thread;

	if (sem_init(&bell, 0, 0) == -1 || thread_start(&thread, have_pages, NULL))
		return;
	pthread_detach(thread);
	running = true;
}

void front_begin(struct front *f, void *table, size_t n, size_t size)
{
	*f = (struct front){.table = table, .size = n * size, .ahead = ENTRIES_AHEAD * size};
	if (f->size < 2 * STEP)
		return;
	pthread_once(&started, start);
	if (!running)
		return;
	f->mark = STEP;
	pthread_mutex_lock(&lock);
	f->next = fronts;
	fronts = f;
	pthread_mutex_unlock(&lock);
}

void front_end(struct front *f)
{
	if (!f->mark)
		return;
	pthread_mutex_lock(&lock);
	for (struct front **at = &fronts; *at; at = &(*at)->next)
		if (*at == f) {
			*at = f->next;
			break;
		}
	pthread_mutex_unlock(&lock);
	f->mark = 0;
}

void front_passed(struct front *f, size_t octets)
{
	uintptr_t filled = (uintptr_t)f->table + octets;
	size_t wanted = octets + f->ahead + STEP - (filled + f->ahead) % STEP; /* to the next end of a huge page */

	f->mark = wanted - f->ahead;
	atomic_store_explicit(&f->wanted, wanted < f->size ? wanted : f->size, memory_order_relaxed);
	sem_post(&bell);
}
