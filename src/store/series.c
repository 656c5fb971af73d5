/*
 * Time series of conversations. Most have events in a handful of seconds, a few in every one; so a
 * series is a chain of chunks of cells, and a cell says second, line and count. Cells of one second
 * may lie in several chunks; reading adds them. The hard thing is running out: a long chain gives
 * back its own oldest chunk, else the series that changed longest ago is lost, and its owner knows.
 */
#include "config.h"

#include "store/series.h"

#include <errno.h>
#include <string.h>

#include "util/err.h"
#include "util/mem.h"

#define CELLS 27
#define SPAN 4096	  /* seconds a chunk can name */
#define EARLIER 64	  /* of them, those before its first event */
#define CELL_MAX 0x7fffu  /* events a cell can count */
#define SEARCH_CHUNKS 4	  /* newest chunks searched for a cell to add to */
#define REST 8		  /* seconds after which a change makes a series the newest again */
#define LONG_CHAIN 32	  /* chunks beyond which a series pays for itself */
#define CHUNKS_PER_SERIES 2
#define BEFORE_ALL (INT64_MIN / 2) /* a second with room for arithmetic on both sides */

struct chunk {
	uint32_t older, newer; /* in its series; `newer` links the free ones */
	int64_t base;	       /* second of offset 0 */
	uint32_t latest;       /* offset of the last event there was */
	uint32_t cell[CELLS];  /* offset << 20 | line << 15 | count; count 0 is free */
};

_Static_assert(sizeof(struct chunk) == 128, "two cache lines");
_Static_assert(SERIES_LINES <= 32, "five bits");

struct series {
	uint32_t *owner; /* the field that names this series; NULL: free */
	uint32_t first, last, chunks;
	uint32_t older, newer; /* by last change; `newer` links the free ones */
	int64_t lost;	/* nothing is known of seconds before it */
	int64_t moved;	/* latest second of the pool when it became the newest */
};

size_t series_bytes(uint32_t max)
{
	return (size_t)max * (sizeof(struct series) + CHUNKS_PER_SERIES * sizeof(struct chunk));
}

bool series_init(struct series_pool *p, uint32_t max, struct err *err)
{
	*p = (struct series_pool){ .max = max, .now = BEFORE_ALL };
	p->chunks_max = max < UINT32_MAX / CHUNKS_PER_SERIES ? max * CHUNKS_PER_SERIES : max;
	p->series = mem_table((size_t)p->max + 1, sizeof(struct series));
	p->chunk = mem_table((size_t)p->chunks_max + 1, sizeof(struct chunk));
	if (!p->series || !p->chunk) {
		int code = errno;

		series_fini(p);
		return err_set_errno(err, code, "no memory for %u time series", max);
	}
	return true;
}

void series_fini(struct series_pool *p)
{
	mem_table_free(p->series, (size_t)p->max + 1, sizeof(struct series));
	mem_table_free(p->chunk, (size_t)p->chunks_max + 1, sizeof(struct chunk));
	*p = (struct series_pool){ 0 };
}

void series_clear(struct series_pool *p)
{
	p->used = p->chunks_used = p->free = p->chunk_free = 0;
	p->newest = p->oldest = p->count = 0;
	p->now = BEFORE_ALL;
}

static inline uint32_t cell_count(uint32_t cell)
{
	return cell & CELL_MAX;
}

static inline enum series_line cell_line(uint32_t cell)
{
	return (enum series_line)(cell >> 15 & 31);
}

static inline int64_t cell_second(const struct chunk *k, uint32_t cell)
{
	return k->base + (cell >> 20);
}

static int64_t chunk_latest(const struct chunk *k)
{
	return k->base + k->latest;
}

static void lru_remove(struct series_pool *p, uint32_t i)
{
	struct series *s = &p->series[i];

	*(s->newer ? &p->series[s->newer].older : &p->newest) = s->older;
	*(s->older ? &p->series[s->older].newer : &p->oldest) = s->newer;
}

static void lru_add(struct series_pool *p, uint32_t i)
{
	struct series *s = &p->series[i];

	s->moved = p->now;
	s->older = p->newest;
	s->newer = 0;
	*(p->newest ? &p->series[p->newest].newer : &p->oldest) = i;
	p->newest = i;
}

/* Gives the oldest chunk of a series back to the pool. */
static void chunk_drop_first(struct series_pool *p, struct series *s)
{
	uint32_t i = s->first;
	struct chunk *k = &p->chunk[i];

	s->first = k->newer;
	if (s->first)
		p->chunk[s->first].older = 0;
	else
		s->last = 0;
	s->chunks--;
	k->newer = p->chunk_free;
	p->chunk_free = i;
}

static void series_drop(struct series_pool *p, uint32_t i, uint32_t mark)
{
	struct series *s = &p->series[i];

	while (s->first)
		chunk_drop_first(p, s);
	lru_remove(p, i);
	*s->owner = mark;
	s->owner = NULL;
	s->newer = p->free;
	p->free = i;
	p->count--;
}

/* The series of that owner, made when it has none. NULL when the pool has no room at all. */
static struct series *series_of(struct series_pool *p, uint32_t *owner, int64_t second)
{
	bool lost = *owner == SERIES_LOST;
	uint32_t i = *owner;

	if (p->max == 0)
		return NULL;
	if (i == SERIES_NONE || lost) {
		if (!p->free && p->used == p->max)
			series_drop(p, p->oldest, SERIES_LOST);
		i = p->free ? p->free : ++p->used;
		if (i == p->free)
			p->free = p->series[i].newer;
		p->series[i] = (struct series){ .owner = owner };
		/* What came before is not known; of the second itself only a part. */
		p->series[i].lost = lost ? (second > p->now ? second : p->now) + 1 : BEFORE_ALL;
		*owner = i;
		p->count++;
		lru_add(p, i);
	} else if (p->now - p->series[i].moved > REST) {
		lru_remove(p, i);
		lru_add(p, i);
	}
	return &p->series[i];
}

static void series_forget_first(struct series_pool *p, struct series *s)
{
	int64_t unknown = chunk_latest(&p->chunk[s->first]) + 1;

	if (unknown > s->lost)
		s->lost = unknown;
	chunk_drop_first(p, s);
}

/* Makes a chunk free; s stays, but may lose its oldest. False: there is none to be had. */
static bool chunk_find_room(struct series_pool *p, struct series *s)
{
	while (s->first && chunk_latest(&p->chunk[s->first]) < p->now - SERIES_KEEP)
		chunk_drop_first(p, s);
	if (p->chunk_free || p->chunks_used < p->chunks_max)
		return true;
	if (s->chunks >= LONG_CHAIN || p->oldest == p->newest) {
		if (s->first)
			series_forget_first(p, s);
	} else {
		while (!p->chunk_free && p->oldest != p->newest)
			series_drop(p, p->oldest, SERIES_LOST);
	}
	return p->chunk_free != 0;
}

static struct chunk *chunk_add(struct series_pool *p, struct series *s, int64_t second)
{
	struct chunk *k;
	uint32_t i;

	if (!chunk_find_room(p, s))
		return NULL;
	i = p->chunk_free ? p->chunk_free : ++p->chunks_used;
	k = &p->chunk[i];
	if (i == p->chunk_free)
		p->chunk_free = k->newer;
	memset(k, 0, sizeof(*k));
	k->base = second - EARLIER;
	k->older = s->last;
	*(s->last ? &p->chunk[s->last].newer : &s->first) = i;
	s->last = i;
	s->chunks++;
	return k;
}

/* The first cell that says `head` and can count more, CELLS when there is none. */
static int chunk_find(const struct chunk *k, uint32_t head)
{
	int i = 0;

	while (i < CELLS && (k->cell[i] >> 15 != head || cell_count(k->cell[i]) == CELL_MAX))
		i++;
	return i;
}

static int chunk_room(const struct chunk *k)
{
	int i = 0;

	while (i < CELLS && cell_count(k->cell[i]) != 0)
		i++;
	return i;
}

/* A cell that can count one more of it: the one begun, else, of the newest chunk, a free one, else NULL. */
static uint32_t *chunk_cell(struct chunk *k, enum series_line line, int64_t second)
{
	uint32_t offset, head;
	int i = CELLS;

	if (second < k->base || second - k->base >= SPAN)
		return NULL;
	offset = (uint32_t)(second - k->base);
	head = offset << 5 | (uint32_t)line;
	if (offset <= k->latest)
		i = chunk_find(k, head);
	if (i == CELLS && !k->newer)
		i = chunk_room(k);
	if (i == CELLS)
		return NULL;
	if (cell_count(k->cell[i]) == 0)
		k->cell[i] = head << 15;
	if (offset > k->latest)
		k->latest = offset;
	return &k->cell[i];
}

/* Chunks follow each other in time, roughly: one that ends before the second also ends the search. */
static uint32_t *series_cell(struct series_pool *p, struct series *s, enum series_line line,
	int64_t second)
{
	uint32_t i = s->last;
	struct chunk *k;

	for (int tries = 0; i && tries < SEARCH_CHUNKS; tries++, i = k->older) {
		uint32_t *cell;

		k = &p->chunk[i];
		cell = chunk_cell(k, line, second);
		if (cell)
			return cell;
		if (chunk_latest(k) < second)
			break;
	}
	k = chunk_add(p, s, second);
	return k ? chunk_cell(k, line, second) : NULL;
}

void series_book(struct series_pool *p, uint32_t *owner, enum series_line line, int64_t second,
	uint32_t n)
{
	struct series *s;

	if (n == 0 || p->max == 0 || second <= p->now - SERIES_KEEP - 1)
		return;
	s = series_of(p, owner, second);
	if (second > p->now)
		p->now = second;
	while (s && n > 0) {
		uint32_t *cell = series_cell(p, s, line, second);
		uint32_t part;

		if (!cell)
			return;
		part = CELL_MAX - cell_count(*cell);
		part = n < part ? n : part;
		*cell += part;
		n -= part;
	}
}

enum where { THERE, BEFORE, ANYWHERE };

static bool is_there(int64_t at, int64_t second, enum where where)
{
	return where == ANYWHERE || (where == THERE ? at == second : at < second);
}

/* Takes up to n events of a chunk. Returns how many are left to take. */
static uint32_t chunk_take(struct chunk *k, enum series_line line, int64_t second,
	enum where where, uint32_t n)
{
	for (int i = 0; i < CELLS && n > 0; i++) {
		uint32_t *cell = &k->cell[i], part = cell_count(*cell);

		if (part == 0 || cell_line(*cell) != line ||
			!is_there(cell_second(k, *cell), second, where))
			continue;
		part = part < n ? part : n;
		*cell -= part;
		n -= part;
	}
	return n;
}

void series_take(struct series_pool *p, uint32_t *owner, enum series_line line, int64_t second,
	uint32_t n)
{
	struct series *s;

	if (*owner == SERIES_NONE || *owner == SERIES_LOST)
		return;
	s = &p->series[*owner];
	for (enum where w = THERE; w <= ANYWHERE; w++)
		for (uint32_t i = s->last; i && n > 0; i = p->chunk[i].older)
			n = chunk_take(&p->chunk[i], line, second, w, n);
}

void series_merge(struct series_pool *p, uint32_t *from, uint32_t *to)
{
	int64_t lost;

	if (*from == SERIES_LOST && *to == SERIES_NONE)
		*to = SERIES_LOST;
	else if (*from == SERIES_LOST && *to != SERIES_LOST)
		p->series[*to].lost = p->now + 1;
	if (*from == SERIES_NONE || *from == SERIES_LOST)
		return;
	if (*to == SERIES_NONE) {
		*to = *from;
		p->series[*to].owner = to;
		*from = SERIES_NONE;
		return;
	}
	lost = p->series[*from].lost;
	while (*from != SERIES_NONE && *from != SERIES_LOST && p->series[*from].first) {
		struct series *s = &p->series[*from];
		struct chunk k = p->chunk[s->first];

		/* Given back before it is booked again, so that there is room for it. */
		chunk_drop_first(p, s);
		for (int i = 0; i < CELLS; i++)
			series_book(p, to, cell_line(k.cell[i]), cell_second(&k, k.cell[i]),
				cell_count(k.cell[i]));
	}
	if (*from != SERIES_NONE && *from != SERIES_LOST)
		series_drop(p, *from, SERIES_NONE);
	*from = SERIES_NONE;
	if (*to != SERIES_NONE && *to != SERIES_LOST && p->series[*to].lost < lost)
		p->series[*to].lost = lost;
}

bool series_read(const struct series_pool *p, uint32_t owner, enum series_line line,
	int64_t until, size_t steps, uint32_t *sum)
{
	const struct series *s;
	int64_t from = until - (int64_t)steps + 1;

	if (p->max == 0 || owner == SERIES_LOST)
		return false;
	if (owner == SERIES_NONE)
		return true;
	s = &p->series[owner];
	if (s->lost > from)
		return false;
	for (uint32_t i = s->first; i; i = p->chunk[i].newer) {
		const struct chunk *k = &p->chunk[i];

		for (int j = 0; j < CELLS; j++) {
			int64_t at = cell_second(k, k->cell[j]);

			if (cell_line(k->cell[j]) == line && at >= from && at <= until)
				sum[at - from] += cell_count(k->cell[j]);
		}
	}
	return true;
}

void series_fetch(const struct series_pool *p, uint32_t owner)
{
	if (owner != SERIES_NONE && owner != SERIES_LOST)
		__builtin_prefetch(&p->series[owner], 1);
}
