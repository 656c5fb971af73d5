/*
 * Two counters that only grow, each written by one thread. The hard thing is sleep: whoever goes to
 * sleep says so before it looks at the counters once more, and whoever moves a counter looks for
 * sleepers after it did; one of the two sees the other. A sleeper is left alone until half of the
 * places are his, since waking costs more than a place.
 */
#include "config.h"

#include "util/relay.h"

#include <pthread.h>
#include <stdatomic.h>

#include "util/mem.h"

/* A cache line for each counter, as each belongs to another processor. */
struct counter {
	atomic_size_t n;
	char apart[64 - sizeof(atomic_size_t)];
};

struct relay {
	size_t places;
	struct counter filled;	/* the filler writes it */
	struct counter emptied; /* the emptier writes it */
	atomic_bool filler_sleeps, emptier_sleeps;
	atomic_bool paused; /* everything must be emptied before more is filled */
	atomic_bool held;
	atomic_bool closed;
	pthread_mutex_t lock; /* for sleeping only */
	pthread_cond_t woken;
	bool filler_waits; /* under the lock: inside relay_fill() for as long as the lock is held, or gone */
};

struct relay *relay_new(size_t places)
{
	struct relay *r = mem_alloc(sizeof(*r));

	r->places = places;
	atomic_init(&r->held, true);
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->woken, NULL);
	return r;
}

void relay_free(struct relay *r)
{
	if (!r)
		return;
	pthread_cond_destroy(&r->woken);
	pthread_mutex_destroy(&r->lock);
	mem_free(r);
}

static size_t full_places(const struct relay *r)
{
	return atomic_load(&r->filled.n) - atomic_load(&r->emptied.n);
}

static bool worth_filling(const struct relay *r)
{
	size_t full = full_places(r);

	return !atomic_load(&r->held) &&
		(full == 0 || (full <= r->places / 2 && !atomic_load(&r->paused)));
}

static bool worth_emptying(const struct relay *r)
{
	size_t full = full_places(r);

	return full >= (r->places + 1) / 2 || (full > 0 && atomic_load(&r->paused));
}

static void wake(struct relay *r)
{
	pthread_mutex_lock(&r->lock);
	pthread_cond_broadcast(&r->woken);
	pthread_mutex_unlock(&r->lock);
}

static void filler_sleep(struct relay *r)
{
	pthread_mutex_lock(&r->lock);
	atomic_store(&r->filler_sleeps, true);
	r->filler_waits = true;
	pthread_cond_broadcast(&r->woken);
	while (!worth_filling(r) && !atomic_load(&r->closed))
		pthread_cond_wait(&r->woken, &r->lock);
	r->filler_waits = false;
	atomic_store(&r->filler_sleeps, false);
	pthread_mutex_unlock(&r->lock);
}

size_t relay_fill(struct relay *r)
{
	bool pause = atomic_load_explicit(&r->paused, memory_order_relaxed);

	if (full_places(r) == r->places || pause || atomic_load(&r->held))
		filler_sleep(r);
	if (pause)
		atomic_store(&r->paused, false);
	if (atomic_load(&r->closed))
		return RELAY_CLOSED;
	return atomic_load_explicit(&r->filled.n, memory_order_relaxed) % r->places;
}

void relay_filled(struct relay *r, bool pause)
{
	if (pause)
		atomic_store(&r->paused, true);
	atomic_fetch_add(&r->filled.n, 1);
	if (atomic_load(&r->emptier_sleeps) && worth_emptying(r))
		wake(r);
}

bool relay_has(const struct relay *r)
{
	return full_places(r) > 0;
}

size_t relay_take(struct relay *r)
{
	if (full_places(r) == 0) {
		pthread_mutex_lock(&r->lock);
		atomic_store(&r->emptier_sleeps, true);
		while (!worth_emptying(r) && !atomic_load(&r->closed))
			pthread_cond_wait(&r->woken, &r->lock);
		atomic_store(&r->emptier_sleeps, false);
		pthread_mutex_unlock(&r->lock);
	}
	if (atomic_load(&r->closed))
		return RELAY_CLOSED;
	return atomic_load_explicit(&r->emptied.n, memory_order_relaxed) % r->places;
}

void relay_emptied(struct relay *r)
{
	atomic_fetch_add(&r->emptied.n, 1);
	if (atomic_load(&r->filler_sleeps) && worth_filling(r))
		wake(r);
}

void relay_hold(struct relay *r)
{
	atomic_store(&r->held, true);
	pthread_mutex_lock(&r->lock);
	while (!r->filler_waits)
		pthread_cond_wait(&r->woken, &r->lock);
	pthread_mutex_unlock(&r->lock);
}

void relay_release(struct relay *r)
{
	atomic_store(&r->held, false);
	wake(r);
}

void relay_leave(struct relay *r)
{
	pthread_mutex_lock(&r->lock);
	r->filler_waits = true;
	pthread_cond_broadcast(&r->woken);
	pthread_mutex_unlock(&r->lock);
}

void relay_close(struct relay *r)
{
	atomic_store(&r->closed, true);
	wake(r);
}
