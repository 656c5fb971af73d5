#include "config.h"

#include "store/cases.h"

#include <stdlib.h>
#include <string.h>

#include "util/hash.h"

const struct kept *fact_after(const struct judging *j, uint32_t *link)
{
	const struct link *at;

	if (!*link)
		return NULL;
	at = &j->lens->link[*link - 1];
	*link = at->next;
	return &j->lens->facts->kept[at->fact];
}

const struct kept *fact_first(const struct judging *j, uint32_t *link)
{
	*link = j->bunch->head;
	return fact_after(j, link);
}

const struct fact *fact_ends(const struct judging *j, const struct kept *f)
{
	facts_get_ends(j->lens->facts, (uint32_t)(f - j->lens->facts->kept), &j->bench->fact);
	return &j->bench->fact;
}

int64_t fact_fin(const struct judging *j, const struct kept *f)
{
	struct fact_times times;

	facts_get_times(j->lens->facts, f, &times);
	return times.fin;
}

int64_t fact_silence(const struct judging *j, const struct kept *f)
{
	struct fact_times times;

	facts_get_times(j->lens->facts, f, &times);
	return times.silence;
}

bool accepted_next(const struct judging *j, struct acceptances *a, int64_t *at, uint64_t *client)
{
	while (a->next == a->end) {
		const struct step *s;
		const struct cell *c;

		if (a->step == j->steps)
			return false;
		s = j->step[a->step++];
		c = step_cell(s, &j->bunch->who.a, j->bunch->who.port);
		if (!c || c->n == 0)
			continue;
		a->next = s->served + c->first;
		a->end = a->next + c->n;
	}
	*at = served_at(j->step[a->step - 1], a->next);
	*client = served_client(a->next++);
	return true;
}

uint64_t cases_collect(const struct judging *j, is_case *what, struct claim *c)
{
	uint32_t link;

	for (const struct kept *f = fact_first(j, &link); f; f = fact_after(j, &link)) {
		if (!what(j, f))
			continue;
		if (c->hits++ == 0)
			c->first = f->at;
		c->last = f->at;
		c->fresh += f->at >= j->counted;
		if (c->evidences < FINDING_EVIDENCE)
			c->evidence[c->evidences++] = f->uid;
	}
	return c->hits;
}

uint64_t cases_count(const struct judging *j, is_case *what)
{
	uint64_t n = 0;
	uint32_t link;

	for (const struct kept *f = fact_first(j, &link); f; f = fact_after(j, &link))
		n += what(j, f);
	return n;
}

/* Whether it is new to the bench. */
static bool first_seen(struct bench *b, uint64_t hash)
{
	size_t i, mask = sizeof(b->seen) / sizeof(b->seen[0]) - 1;

	hash += hash == 0;
	for (i = hash & mask; b->seen[i] && b->seen[i] != hash; i = (i + 1) & mask)
		;
	if (b->seen[i])
		return false;
	b->seen[i] = hash;
	return true;
}

static uint64_t distinct(const struct judging *j, is_case *what, bool clients)
{
	uint64_t n = 0;
	uint32_t link;

	memset(j->bench->seen, 0, sizeof(j->bench->seen));
	for (const struct kept *f = fact_first(j, &link); f && n < CASES_MAX; f = fact_after(j, &link)) {
		const struct fact *ends;
		uint8_t key[18];

		if (!what(j, f))
			continue;
		ends = fact_ends(j, f);
		memcpy(key, clients ? ends->client.b : ends->server.b, 16);
		memcpy(key + 16, &f->port, 2);
		n += first_seen(j->bench, hash_bytes(key, clients ? 16 : 18));
	}
	return n;
}

uint64_t cases_clients(const struct judging *j, is_case *what)
{
	return distinct(j, what, true);
}

uint64_t cases_services(const struct judging *j, is_case *what)
{
	return distinct(j, what, false);
}

int64_t time_at(const struct judging *j, const struct kept *f)
{
	(void)j;
	return f->at;
}

static int earlier(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

uint64_t cases_burst(struct judging *j, is_case *what, fact_time *time, int64_t span)
{
	struct bench *b = j->bench;
	size_t most = 0, from = 0;
	uint32_t link;

	b->times = 0;
	for (const struct kept *f = fact_first(j, &link); f && b->times < CASES_MAX; f = fact_after(j, &link))
		if (what(j, f))
			b->time[b->times++] = time(j, f);
	qsort(b->time, b->times, sizeof(b->time[0]), earlier);
	for (size_t to = 0; to < b->times; to++) {
		while (b->time[to] - b->time[from] > span)
			from++;
		if (to - from + 1 <= most)
			continue;
		most = to - from + 1;
		j->from = b->time[from];
		j->to = b->time[to];
	}
	return most;
}
