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
#define CELL_MAX 0x3fffu  /* events a cell can count */
#define CELL_ONCE 0x80000000u /* a cell of lines that have one event each in that second */
#define SEARCH_CHUNKS 4	  /* newest chunks searched for a cell to add to */
#define REST 8		  /* seconds after which a change makes a series the newest again */
#define LONG_CHAIN 32	  /* chunks beyond which a series pays for itself */
#define CHUNKS_PER_SERIES 2
#define BEFORE_ALL (INT64_MIN / 2) /* a second with room for arithmetic on both sides */

struct chunk {
	uint32_t older, newer; /* in its series; `newer` links the free ones */
	int64_t base;	       /* second of offset 0 */
	uint32_t latest;       /* offset of the last event there was */
	/*
	 * offset << 19 | line << 14 | count, or CELL_ONCE | offset << 19 | bit per line. Of a line of a second there is
	 * one event here, counted in a bit, or more in a cell of their own. Free when it counts nothing.
	 */
	uint32_t cell[CELLS];
};

_Static_assert(sizeof(struct chunk) == 128, "two cache lines");
_Static_assert(SERIES_LINES <= 19, "a bit each beside the offset");

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

static inline uint32_t cell_offset(uint32_t cell)
{
	return cell >> 19 & (SPAN - 1);
}

static inline int64_t cell_second(const struct chunk *k, uint32_t cell)
{
	return k->base + cell_offset(cell);
}

static inline bool cell_is_free(uint32_t cell)
{
	return !(cell & (cell & CELL_ONCE ? (UINT32_C(1) << SERIES_LINES) - 1 : CELL_MAX));
}

/* The events of a line that it counts. */
static inline uint32_t cell_count(uint32_t cell, enum series_line line)
{
	if (cell & CELL_ONCE)
		return cell >> line & 1;
	return (cell >> 14 & 31) == line ? cell & CELL_MAX : 0;
}

static inline uint32_t cell_once(uint32_t offset, enum series_line line)
{
	return CELL_ONCE | offset << 19 | UINT32_C(1) << line;
}

static inline uint32_t cell_many(uint32_t offset, enum series_line line, uint32_t n)
{
	return offset << 19 | (uint32_t)line << 14 | n;
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

/* Counts up to n events in that cell, if it is one of theirs. Returns how many; `offset` is their second. */
static uint32_t cell_book(uint32_t *cell, enum series_line line, uint32_t offset, uint32_t n)
{
	uint32_t once = cell_once(offset, line), left;

	if (cell_is_free(*cell) || cell_offset(*cell) != offset)
		return 0;
	if (*cell == once)
		*cell = cell_many(offset, line, 1);
	if (*cell & CELL_ONCE) {
		if (*cell & once & ~CELL_ONCE & ((UINT32_C(1) << SERIES_LINES) - 1))
			return 0;
		*cell |= once;
		return 1;
	}
	if ((*cell >> 14 & 31) != line)
		return 0;
	left = CELL_MAX - (*cell & CELL_MAX);
	n = n < left ? n : left;
	*cell += n;
	return n;
}

/* The same in a cell that is free. Where another one has counted the first of them, it is theirs now. */
static uint32_t cell_begin(struct chunk *k, uint32_t *cell, enum series_line line, uint32_t offset, uint32_t n)
{
	for (int i = 0; i < CELLS; i++) {
		uint32_t *other = &k->cell[i];

		if (*other & CELL_ONCE && cell_offset(*other) == offset && cell_count(*other, line)) {
			*other &= ~(UINT32_C(1) << line);
			n = n < CELL_MAX ? n : CELL_MAX - 1;
			*cell = cell_many(offset, line, n + 1);
			return n;
		}
	}
	n = n < CELL_MAX ? n : CELL_MAX;
	*cell = n == 1 ? cell_once(offset, line) : cell_many(offset, line, n);
	return n;
}

/* Counts some in a cell that is begun, else, of the newest chunk, in a free one. Returns how many. */
static uint32_t chunk_book(struct chunk *k, enum series_line line, int64_t second, uint32_t n)
{
	uint32_t offset, booked = 0;

	if (second < k->base || second - k->base >= SPAN)
		return 0;
	offset = (uint32_t)(second - k->base);
	if (offset <= k->latest)
		for (int i = 0; i < CELLS && !booked; i++)
			booked = cell_book(&k->cell[i], line, offset, n);
	if (!k->newer)
		for (int i = 0; i < CELLS && !booked; i++)
			if (cell_is_free(k->cell[i]))
				booked = cell_begin(k, &k->cell[i], line, offset, n);
	if (booked && offset > k->latest)
		k->latest = offset;
	return booked;
}

/* Chunks follow each other in time, roughly: one that ends before the second also ends the search. */
static uint32_t book_some(struct series_pool *p, struct series *s, enum series_line line, int64_t second, uint32_t n)
{
	uint32_t i = s->last;
	struct chunk *k;

	for (int tries = 0; i && tries < SEARCH_CHUNKS; tries++, i = k->older) {
		uint32_t booked;

		k = &p->chunk[i];
		booked = chunk_book(k, line, second, n);
		if (booked)
			return booked;
		if (chunk_latest(k) < second)
			break;
	}
	k = chunk_add(p, s, second);
	return k ? chunk_book(k, line, second, n) : 0;
}

void series_book(struct series_pool *p, uint32_t *owner, enum series_line line, int64_t second,
	uint32_t n)
{
	struct series *s;
	uint32_t booked;

	if (n == 0 || p->max == 0 || second <= p->now - SERIES_KEEP - 1)
		return;
	s = series_of(p, owner, second);
	if (second > p->now)
		p->now = second;
	for (; s && n > 0; n -= booked) {
		booked = book_some(p, s, line, second, n);
		if (!booked)
			return;
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
		uint32_t *cell = &k->cell[i], part = cell_count(*cell, line);

		if (part == 0 || !is_there(cell_second(k, *cell), second, where))
			continue;
		part = part < n ? part : n;
		*cell -= *cell & CELL_ONCE ? UINT32_C(1) << line : part;
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

static void cell_merge(struct series_pool *p, uint32_t *to, const struct chunk *k, uint32_t cell)
{
	for (unsigned line = 0; line < SERIES_LINES; line++)
		series_book(p, to, (enum series_line)line, cell_second(k, cell), cell_count(cell, (enum series_line)line));
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
			cell_merge(p, to, &k, k.cell[i]);
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
			uint32_t n = cell_count(k->cell[j], line);

			if (n && at >= from && at <= until)
				sum[at - from] += n;
		}
	}
	return true;
}

void series_fetch(const struct series_pool *p, uint32_t owner)
{
	if (owner != SERIES_NONE && owner != SERIES_LOST)
		__builtin_prefetch(&p->series[owner], 1);
}
