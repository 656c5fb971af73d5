#include "config.h"

#include "util/clock.h"

#include <time.h>

static int64_t clock_read(clockid_t which)
{
	struct timespec ts;

	clock_gettime(which, &ts);
	return ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

int64_t clock_wall(void)
{
	return clock_read(CLOCK_REALTIME);
}

int64_t clock_thread(void)
{
	return clock_read(CLOCK_THREAD_CPUTIME_ID);
}

int64_t clock_monotonic(void)
{
	return clock_read(CLOCK_MONOTONIC);
}
