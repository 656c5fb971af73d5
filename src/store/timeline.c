/*
 * Facts come in any order and are taken back later. What is counted is simply counted down again; who was served is
 * noted as taken back, and cancelled when the step is put in order.
 */
#include "config.h"

#include "store/timeline.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "util/hash.h"
#include "util/mem.h"

_Static_assert(STEP < INT64_C(1) << (SERVED_CELL - 1), "a time within a step fits");

int64_t step_of(int64_t at)
{
	int64_t rest = at % STEP;

	return at - (rest < 0 ? rest + STEP : rest);
}

uint64_t client_hash(const struct addr *a)
{
	uint64_t w[2];

	memcpy(w, a->b, sizeof(w));
	return hash_two(w[0], w[1]) >> 16;
}

/* --- Steps --------------------------------------------------------------------------------------- */

static void step_free(struct step *s)
{
	mem_free(s->moment);
	mem_free(s->cell);
	mem_free(s->index);
	mem_free(s->served);
	mem_free(s);
}

void timeline_clear(struct timeline *t)
{
	while (t->steps)
		step_free(t->step[--t->steps]);
	t->last = NULL;
	t->moments = t->served = t->cells = t->counted = 0;
}

void timeline_fini(struct timeline *t)
{
	timeline_clear(t);
	mem_free(t->step);
	mem_free(t->scratch);
	memset(t, 0, sizeof(*t));
}

#define CELL_LOAD ((sizeof(struct cell) + 3 * sizeof(uint32_t)) / sizeof(struct served))

/* Room grows by halves. */
size_t timeline_bytes(size_t moments, size_t load)
{
	return moments * 3 / 2 * sizeof(uint32_t) + load * 3 / 2 * sizeof(struct served);
}

uint64_t timeline_load(const struct timeline *t)
{
	return t->served + t->cells * CELL_LOAD;
}

size_t timeline_from(const struct timeline *t, int64_t at)
{
	size_t low = 0, high = t->steps;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (t->step[mid]->at < at)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct step *step_obtain(struct timeline *t, int64_t at)
{
	struct step *s = t->last;
	size_t i;

	at = step_of(at);
	if (s && s->at == at)
		return s;
	i = timeline_from(t, at);
	if (i < t->steps && t->step[i]->at == at)
		return t->last = t->step[i];
	if (t->steps == t->room) {
		t->room = t->room ? t->room * 2 : 16;
		t->step = mem_grow(t->step, t->room, sizeof(t->step[0]));
	}
	memmove(&t->step[i + 1], &t->step[i], (t->steps++ - i) * sizeof(t->step[0]));
	s = t->step[i] = mem_alloc(sizeof(*s));
	s->at = at;
	return t->last = s;
}

uint32_t timeline_deafen(struct timeline *t, struct step *s)
{
	uint32_t n = s->serveds;

	for (uint32_t i = 0; i < s->cells; i++)
		s->cell[i].n = 0;
	t->served -= n;
	mem_free(s->served);
	s->served = NULL;
	s->serveds = s->served_room = 0;
	s->deaf = s->grouped = true;
	return n;
}

void timeline_bare(struct timeline *t, struct step *s)
{
	t->counted -= s->ended + s->accepted;
	t->cells -= s->cells;
	timeline_deafen(t, s);
	mem_free(s->cell);
	mem_free(s->index);
	s->cell = NULL;
	s->index = NULL;
	s->cells = s->cell_room = s->index_room = s->ended = s->accepted = 0;
	s->bare = true;
}

void timeline_drop(struct timeline *t, size_t step)
{
	struct step *s = t->step[step];

	timeline_bare(t, s);
	t->moments -= s->moments;
	if (t->last == s)
		t->last = NULL;
	step_free(s);
	memmove(&t->step[step], &t->step[step + 1], (--t->steps - step) * sizeof(t->step[0]));
}

static uint32_t more(uint32_t room)
{
	return room < 64 ? 64 : room + room / 2;
}

#define SCRATCH_KEPT ((size_t)256 << 10) /* what is larger is seldom wanted, and given back */

static void *scratch(struct timeline *t, size_t size)
{
	if (size > t->scratch_size) {
		mem_free(t->scratch);
		t->scratch_size = size + size / 4;
		t->scratch = mem_grow(NULL, t->scratch_size, 1);
	}
	return t->scratch;
}

static void scratch_rest(struct timeline *t)
{
	if (t->scratch_size <= SCRATCH_KEPT)
		return;
	mem_free(t->scratch);
	t->scratch = NULL;
	t->scratch_size = 0;
}

/* --- Kept facts ---------------------------------------------------------------------------------- */

/* What a moment is put in order by. */
struct place {
	int64_t at;
	uint64_t uid;
	uint32_t moment;
	uint8_t kind;
};

static struct place place_of(uint32_t moment, const struct facts *facts)
{
	const struct kept *k = &facts->kept[moment_fact(moment)];

	return (struct place){ k->at, k->uid, moment, k->kind };
}

static int compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x->uid != y->uid)
		return x->uid < y->uid ? -1 : 1;
	return y->kind - x->kind; /* ended before accepted, as ever */
}

#define ORDER_AT 4096 /* moments that came since: so that whoever comes to the step has not much to do */
#define AHEAD 16 /* facts that are read before their turn */

/*
 * Is the fact still of that step, and known there as it is now? One that changed is fresh, and was noted once more; so
 * is another one in its place.
 */
static bool holds(const struct step *s, const struct kept *k, bool fresh)
{
	return k->uid && k->at >= s->at && k->at < s->at + STEP && !(k->flags & FACT_FRESH) == !fresh;
}

static uint32_t keep_ordered(const struct step *s, const struct facts *facts)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < s->ordered; i++) {
		if (i + AHEAD < s->ordered)
			mem_read(&facts->kept[moment_fact(s->moment[i + AHEAD])]);
		if (holds(s, &facts->kept[moment_fact(s->moment[i])], false))
			s->moment[kept++] = s->moment[i];
	}
	return kept;
}

/* Those that came since, in order. A fact that was noted twice is fresh only once. */
static uint32_t order_late(const struct step *s, struct facts *facts, struct place *out)
{
	uint32_t n = 0;

	for (uint32_t i = s->ordered; i < s->moments; i++) {
		uint32_t fact = moment_fact(s->moment[i]);
		struct kept *k = &facts->kept[fact];

		if (i + AHEAD < s->moments)
			mem_read(&facts->kept[moment_fact(s->moment[i + AHEAD])]);
		if (!holds(s, k, true))
			continue;
		k->flags &= (uint16_t)~FACT_FRESH;
		out[n++] = place_of(k->flags & FACT_RARE ? fact | MOMENT_RARE : fact, facts);
	}
	if (n)
		qsort(out, n, sizeof(*out), compare);
	return n;
}

static void order_moments(struct timeline *t, struct step *s, struct facts *facts)
{
	struct place *came = scratch(t, (s->moments - s->ordered) * sizeof(*came)), last;
	uint32_t kept = s->stale ? keep_ordered(s, facts) : s->ordered, late = order_late(s, facts, came), at;

	s->stale = false;
	t->moments -= s->moments;
	at = s->ordered = s->moments = kept + late;
	t->moments += s->moments;
	/* From the end, so that nothing is overwritten before it has moved. */
	for (; late > 0; s->moment[--at] = came[--late].moment)
		while (kept > 0) {
			last = place_of(s->moment[kept - 1], facts);
			if (compare(&last, &came[late - 1]) < 0)
				break;
			s->moment[--at] = s->moment[--kept];
		}
	scratch_rest(t);
	if (s->moments < s->moment_room / 4) {
		s->moment_room = s->moments + s->moments / 2;
		s->moment = mem_grow(s->moment, s->moment_room, sizeof(s->moment[0]));
	}
}

void timeline_note(struct timeline *t, struct facts *facts, uint32_t i)
{
	struct step *s = step_obtain(t, facts->kept[i].at);

	/* Facts that come and go faster than anybody asks leave their moments behind. */
	if (s->moments == s->moment_room && s->moment_room && t->moments > 2 * (uint64_t)facts->count)
		order_moments(t, s, facts);
	if (s->moments == s->moment_room) {
		s->moment_room = more(s->moment_room);
		s->moment = mem_grow(s->moment, s->moment_room, sizeof(s->moment[0]));
	}
	s->moment[s->moments++] = i;
	t->moments++;
	if (s->moments - s->ordered >= ORDER_AT)
		order_moments(t, s, facts);
}

void timeline_stale(struct timeline *t, int64_t at)
{
	step_obtain(t, at)->stale = true;
}

/* --- Counted facts ------------------------------------------------------------------------------- */

/* step.index: the number of a cell + 1, above it some bits of its hash, so that few others are looked at in vain. */
#define INDEX_BITS 24
#define CELLS_MAX (UINT32_C(1) << SERVED_CELL_BITS)

static uint32_t index_cell(uint32_t entry)
{
	return entry & ((UINT32_C(1) << INDEX_BITS) - 1);
}

static uint32_t cell_hash(const struct addr *server, uint16_t port)
{
	uint64_t w[2];

	memcpy(w, server->b, sizeof(w));
	return (uint32_t)hash_two(w[0] ^ port, w[1]);
}

static uint32_t *cell_place(const struct step *s, const struct addr *server, uint16_t port, uint32_t hash)
{
	uint32_t i = hash & (s->index_room - 1);

	for (; s->index[i]; i = (i + 1) & (s->index_room - 1)) {
		const struct cell *c = &s->cell[index_cell(s->index[i]) - 1];

		if (s->index[i] >> INDEX_BITS == hash >> INDEX_BITS && c->port == port &&
			!memcmp(&c->server, server, sizeof(*server)))
			break;
	}
	return &s->index[i];
}

static struct cell *cell_find(const struct step *s, const struct addr *server, uint16_t port)
{
	uint32_t entry = s->index_room ? *cell_place(s, server, port, cell_hash(server, port)) : 0;

	return entry ? &s->cell[index_cell(entry) - 1] : NULL;
}

const struct cell *step_cell(const struct step *s, const struct addr *server, uint16_t port)
{
	return cell_find(s, server, port);
}

static uint32_t index_entry(uint32_t cell, uint32_t hash)
{
	return hash >> INDEX_BITS << INDEX_BITS | (cell + 1);
}

static void index_double(struct step *s)
{
	s->index_room = s->index_room ? s->index_room * 2 : 64;
	mem_free(s->index);
	s->index = mem_array(s->index_room, sizeof(s->index[0]));
	for (uint32_t i = 0; i < s->cells; i++) {
		uint32_t hash = cell_hash(&s->cell[i].server, s->cell[i].port);

		*cell_place(s, &s->cell[i].server, s->cell[i].port, hash) = index_entry(i, hash);
	}
}

/* NULL: the step is shut, and was before anything was counted there. */
static struct cell *cell_obtain(struct timeline *t, struct step *s, const struct fact *f)
{
	uint32_t hash, *place;

	if (s->shut || s->cells == CELLS_MAX)
		return cell_find(s, &f->server, f->port);
	if (s->cells * UINT64_C(4) >= s->index_room * UINT64_C(3))
		index_double(s);
	hash = cell_hash(&f->server, f->port);
	place = cell_place(s, &f->server, f->port, hash);
	if (*place)
		return &s->cell[index_cell(*place) - 1];
	if (s->cells == s->cell_room) {
		s->cell_room = more(s->cell_room);
		s->cell = mem_grow(s->cell, s->cell_room, sizeof(s->cell[0]));
	}
	s->cell[s->cells] = (struct cell){ .server = f->server, .port = f->port };
	*place = index_entry(s->cells, hash);
	t->cells++;
	return &s->cell[s->cells++];
}

void timeline_shut(struct timeline *t, int64_t at)
{
	struct step *s = step_obtain(t, at);

	timeline_deafen(t, s);
	s->shut = true;
}

bool timeline_is_shut(struct timeline *t, int64_t at)
{
	return step_obtain(t, at)->shut;
}

static int compare_served(const void *a, const void *b)
{
	const struct served *x = a, *y = b;
	uint64_t a_when = served_when(x), b_when = served_when(y);
	uint64_t a_client = served_client(x), b_client = served_client(y);

	if (a_when >> 1 != b_when >> 1)
		return a_when < b_when ? -1 : 1;
	if (a_client != b_client)
		return a_client < b_client ? -1 : 1;
	return (int)(a_when & 1) - (int)(b_when & 1);
}

static void sort_cell(struct served *x, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++)
		if (compare_served(&x[i - 1], &x[i]) > 0) {
			qsort(x, n, sizeof(*x), compare_served);
			return;
		}
}

/* What was taken back goes, and what it took back. */
static uint32_t cancel(struct served *x, uint32_t n)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (served_when(&x[i]) & 1) {
			const struct served taken = served_of(served_when(&x[i]) - 1, served_client(&x[i]));
			uint32_t k = kept;

			while (k > 0 && memcmp(&x[k - 1], &taken, sizeof(taken)) != 0)
				k--;
			assert(k > 0);
			memmove(&x[k - 1], &x[k], (kept-- - k) * sizeof(*x));
			continue;
		}
		x[kept++] = x[i];
	}
	return kept;
}

/* By cell, then by time: nearly in order of time they are already. */
static void order_served(struct timeline *t, struct step *s)
{
	struct served *by_cell = scratch(t, s->serveds * sizeof(*by_cell));
	uint32_t at = 0;

	for (uint32_t i = 0; i < s->cells; i++)
		s->cell[i].n = 0;
	for (uint32_t i = 0; i < s->serveds; i++)
		s->cell[served_when(&s->served[i]) >> SERVED_CELL].n++;
	for (uint32_t i = 0; i < s->cells; i++) {
		s->cell[i].first = at;
		at += s->cell[i].n;
		s->cell[i].n = 0;
	}
	for (uint32_t i = 0; i < s->serveds; i++) {
		struct cell *c = &s->cell[served_when(&s->served[i]) >> SERVED_CELL];

		by_cell[c->first + c->n++] = s->served[i];
	}
	t->served -= s->serveds;
	s->serveds = 0;
	for (uint32_t i = 0; i < s->cells; i++) {
		struct cell *c = &s->cell[i];

		sort_cell(by_cell + c->first, c->n);
		c->n = cancel(by_cell + c->first, c->n);
		memcpy(s->served + s->serveds, by_cell + c->first, c->n * sizeof(*by_cell));
		c->first = s->serveds;
		s->serveds += c->n;
	}
	t->served += s->serveds;
	s->grouped = true;
	scratch_rest(t);
}

/* Who was served, or that they were not. */
static void serve(struct timeline *t, struct step *s, const struct fact *f, const struct cell *c, bool back)
{
	/* Each that is taken back was there: when much is, half of it can go. */
	if (back && s->serveds == s->served_room)
		order_served(t, s);
	if (s->serveds == s->served_room) {
		s->served_room = more(s->served_room);
		s->served = mem_grow(s->served, s->served_room, sizeof(s->served[0]));
	}
	s->served[s->serveds++] = served_of((uint64_t)(c - s->cell) << SERVED_CELL |
		(uint64_t)(f->at - s->at) << 1 | back, client_hash(&f->client));
	t->served++;
	s->grouped = false;
}

bool timeline_count(struct timeline *t, const struct fact *f, bool back)
{
	bool accepted = f->kind == FACT_OF_ACCEPTED, of_service = accepted || f->flags & FACT_ESTABLISHED;
	uint32_t by = back ? UINT32_MAX : 1;
	struct cell *c = NULL;
	struct step *s;

	if (!accepted && f->kind != FACT_OF_END)
		return true;
	s = step_obtain(t, f->at);
	if (of_service)
		c = cell_obtain(t, s, f);
	if (accepted && !c)
		return false;
	t->counted += back ? UINT64_MAX : 1;
	if (accepted) {
		s->accepted += by;
		c->accepted += by;
		if (!s->deaf)
			serve(t, s, f, c, back);
	} else {
		s->ended += by;
		if (c)
			c->established += by;
	}
	return c || !of_service;
}

void timeline_order(struct timeline *t, struct step *s, struct facts *facts)
{
	if (s->stale || s->ordered < s->moments)
		order_moments(t, s, facts);
	if (!s->grouped && s->serveds)
		order_served(t, s);
}
