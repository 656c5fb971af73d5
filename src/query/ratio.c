/* The ratios, each stated once. */
#include "config.h"

#include "query/ratio.h"

#include <stddef.h>

#define SUM(list) sum_of((list), sizeof(list) / sizeof(*(list)), n)

static const enum ending refusals[] = {ENDING_REFUSED, ENDING_REFUSED_PATH};
static const enum ending setup_failures[] = {ENDING_REFUSED, ENDING_REFUSED_PATH,
	ENDING_UNREACHABLE, ENDING_UNANSWERED, ENDING_HALF_OPEN, ENDING_CANCELLED,
	ENDING_NOT_ACCEPTED};
static const enum ending aborts[] = {ENDING_CLIENT_ABORT, ENDING_SERVER_ABORT,
	ENDING_CLIENT_LOST, ENDING_SERVER_LOST, ENDING_PATH_RESET, ENDING_IDLE_RESET,
	ENDING_KEEPALIVE_TIMEOUT, ENDING_CLIENT_VANISHED, ENDING_SERVER_VANISHED};
static const enum ending clean[] = {ENDING_GRACEFUL, ENDING_QUICK_RESET};

static uint64_t sum_of(const enum ending *list, size_t count, const struct counters *n)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < count; i++)
		sum += n->n[counter_of_ending(list[i])];
	return sum;
}

uint64_t ended_count(const struct counters *n)
{
	uint64_t sum = 0;
	int e;

	for (e = 1; e < ENDING_COUNT; e++)
		sum += n->n[counter_of_ending((enum ending)e)];
	return sum;
}

static uint64_t both(const struct counters *n, enum counter clt)
{
	return n->n[clt] + n->n[clt + 1];
}

/* `delivered` ones closed well, in their own way. */
static uint64_t abort_count(const struct counters *n)
{
	uint64_t all = SUM(aborts), delivered = n->n[COUNTER_DELIVERED];

	return all > delivered ? all - delivered : 0;
}

void ratio_parts(enum ratio which, const struct counters *n, uint64_t *over, uint64_t *under)
{
	*under = n->n[COUNTER_CT];
	switch (which) {
	case RATIO_SYN_PER_CT:
		*over = both(n, COUNTER_SYN_CLT);
		return;
	case RATIO_SYN_PER_CT_CLT:
		*over = n->n[COUNTER_SYN_CLT];
		return;
	case RATIO_SYN_PER_CT_SRV:
		*over = n->n[COUNTER_SYN_SRV];
		return;
	case RATIO_RST_PER_CT:
		*over = both(n, COUNTER_RST_CLT);
		return;
	case RATIO_RST_PER_CT_CLT:
		*over = n->n[COUNTER_RST_CLT];
		return;
	case RATIO_RST_PER_CT_SRV:
		*over = n->n[COUNTER_RST_SRV];
		return;
	case RATIO_RST_PER_ATTEMPT:
		*over = both(n, COUNTER_RST_UNIQ_CLT);
		*under = n->n[COUNTER_ATTEMPTS];
		return;
	case RATIO_RST_PER_ATTEMPT_CLT:
		*over = n->n[COUNTER_RST_UNIQ_CLT];
		*under = n->n[COUNTER_ATTEMPTS];
		return;
	case RATIO_RST_PER_ATTEMPT_SRV:
		*over = n->n[COUNTER_RST_UNIQ_SRV];
		*under = n->n[COUNTER_ATTEMPTS];
		return;
	case RATIO_BAD:
		*over = n->n[COUNTER_BAD];
		*under = ended_count(n);
		return;
	case RATIO_REFUSED:
		*over = SUM(refusals);
		*under = n->n[COUNTER_ATTEMPTS_DONE];
		return;
	case RATIO_SETUP_FAILURE:
		*over = SUM(setup_failures);
		*under = n->n[COUNTER_ATTEMPTS_DONE];
		return;
	case RATIO_ABORT:
		*over = abort_count(n);
		*under = n->n[COUNTER_CT_DONE];
		return;
	case RATIO_CLEAN:
		*over = SUM(clean);
		*under = n->n[COUNTER_CT_DONE];
		return;
	}
	*over = 0;
}
