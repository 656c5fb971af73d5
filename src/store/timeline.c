#include "config.h"

#include "store/timeline.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util/mem.h"

void timeline_fini(struct timeline *t)
{
	mem_free(t->moment);
	mem_free(t->late);
	memset(t, 0, sizeof(*t));
}

void timeline_clear(struct timeline *t)
{
	t->ordered = t->n = 0;
}

static int order(const struct moment *x, const struct moment *y)
{
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x->uid != y->uid)
		return x->uid < y->uid ? -1 : 1;
	return y->kind - x->kind; /* ended before accepted, as ever */
}

static int compare(const void *a, const void *b)
{
	return order(a, b);
}

/* Facts that come and go faster than anybody asks leave their moments behind. */
static void make_room(struct timeline *t, const struct facts *facts)
{
	if (t->n == t->room && t->n > 4 * (size_t)facts->count)
		timeline_sort(t, facts);
	if (t->n < t->room)
		return;
	t->room = t->room ? t->room * 2 : 1024;
	t->moment = mem_grow(t->moment, t->room, sizeof(t->moment[0]));
}

void timeline_note(struct timeline *t, const struct facts *facts, uint32_t i)
{
	const struct fact *f = &facts->fact[i];

	make_room(t, facts);
	t->moment[t->n++] = (struct moment){ .at = f->at, .uid = f->uid, .fact = i, .flags = f->flags,
		.kind = f->kind };
}

/* Is the fact still the one that was noted? What else it says may have changed. */
static bool holds(const struct moment *m, const struct facts *facts)
{
	const struct fact *f = &facts->fact[m->fact];

	return f->uid == m->uid && f->at == m->at && f->kind == m->kind;
}

#define AHEAD 16 /* facts that are read before their turn */

static size_t keep_facts(struct moment *m, size_t n, const struct facts *facts)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (i + AHEAD < n)
			mem_read(&facts->fact[m[i + AHEAD].fact]);
		if (!holds(&m[i], facts))
			continue;
		m[kept] = m[i];
		m[kept++].flags = facts->fact[m[i].fact].flags;
	}
	return kept;
}

/* A fact that went and came again at the same time is there twice. */
static size_t keep_one_each(struct moment *m, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (!kept || order(&m[kept - 1], &m[i]) != 0)
			m[kept++] = m[i];
	return kept;
}

void timeline_sort(struct timeline *t, const struct facts *facts)
{
	size_t late = t->n - t->ordered, kept, at;

	if (t->n == 0)
		return;
	kept = keep_facts(t->moment, t->ordered, facts);
	late = keep_facts(t->moment + t->ordered, late, facts);
	if (late > t->late_room) {
		t->late_room = late + late / 2;
		t->late = mem_grow(t->late, t->late_room, sizeof(t->late[0]));
	}
	if (late) {
		memcpy(t->late, t->moment + t->ordered, late * sizeof(t->late[0]));
		qsort(t->late, late, sizeof(t->late[0]), compare);
	}
	/* From the end, so that nothing is overwritten before it has moved. */
	at = t->n = kept + late;
	while (late > 0) {
		bool old = kept > 0 && order(&t->moment[kept - 1], &t->late[late - 1]) > 0;

		t->moment[--at] = old ? t->moment[--kept] : t->late[--late];
	}
	t->ordered = t->n = keep_one_each(t->moment, t->n);
}
