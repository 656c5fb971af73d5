/* Running a query, in pieces or at one go, and handing out its rows; the memory that results share. */
#include "config.h"

#include "query/result.h"

#include <stdlib.h>
#include <string.h>

#include "query/filter_tree.h"
#include "query/zones.h"
#include "store/finding.h"
#include "store/store.h"
#include "util/hash.h"
#include "util/mem.h"

#define RESTARTS 3 /* of a query whose store does not keep still; then it is run at one go */

void hash_map_clear(struct hash_map *m)
{
	if (m->used)
		memset(m->slot, 0, m->room * sizeof(*m->slot));
	m->used = 0;
}

void hash_map_free(struct hash_map *m)
{
	mem_free(m->slot);
	memset(m, 0, sizeof(*m));
}

static size_t hash_map_place(const struct hash_map *m, uint64_t hash)
{
	size_t i = hash & (m->room - 1);

	while (m->slot[i].hash && m->slot[i].hash != hash)
		i = (i + 1) & (m->room - 1);
	return i;
}

static void hash_map_double(struct hash_map *m)
{
	struct hash_map bigger = {.room = m->room ? m->room * 2 : 64, .used = m->used};
	size_t i;

	bigger.slot = mem_array(bigger.room, sizeof(*bigger.slot));
	for (i = 0; i < m->room; i++)
		if (m->slot[i].hash)
			bigger.slot[hash_map_place(&bigger, m->slot[i].hash)] = m->slot[i];
	mem_free(m->slot);
	*m = bigger;
}

uint32_t *hash_map_put(struct hash_map *m, uint64_t hash, bool *is_new)
{
	size_t i;

	if (m->used * 2 >= m->room)
		hash_map_double(m);
	hash += hash == 0;
	i = hash_map_place(m, hash);
	*is_new = !m->slot[i].hash;
	if (*is_new) {
		m->slot[i].hash = hash;
		m->slot[i].value = 0;
		m->used++;
	}
	return &m->slot[i].value;
}

const uint32_t *hash_map_get(const struct hash_map *m, uint64_t hash)
{
	size_t i;

	hash += hash == 0;
	if (!m->used)
		return NULL;
	i = hash_map_place(m, hash);
	return m->slot[i].hash ? &m->slot[i].value : NULL;
}

#define CHUNK 65536

struct text_chunk {
	struct text_chunk *next;
	size_t used;
	char text[CHUNK];
};

const char *texts_keep(struct texts *t, const char *text)
{
	size_t size = strlen(text) + 1;
	char *kept;

	if (size > CHUNK)
		return "";
	if (!t->chunk || t->chunk->used + size > CHUNK) {
		struct text_chunk *chunk = mem_grow(NULL, 1, sizeof(*chunk));

		chunk->next = t->chunk;
		chunk->used = 0;
		t->chunk = chunk;
	}
	kept = memcpy(t->chunk->text + t->chunk->used, text, size);
	t->chunk->used += size;
	return kept;
}

void texts_clear(struct texts *t)
{
	while (t->chunk) {
		struct text_chunk *next = t->chunk->next;

		mem_free(t->chunk);
		t->chunk = next;
	}
}

void *result_room(void *p, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return p;
	*room = *room ? *room * 2 : 64;
	return mem_grow(p, *room, size);
}

/* Zones of the same name are the same zone. */
static uint32_t zone_by_name(struct result_memory *m, const char *name)
{
	bool is_new;
	uint32_t *at = hash_map_put(&m->zone_of, hash_bytes(name, strlen(name)), &is_new);

	if (!is_new)
		return *at;
	m->zone = result_room(m->zone, m->zones, &m->zone_room, sizeof(*m->zone));
	m->zone[m->zones] = texts_keep(&m->texts, name);
	return *at = (uint32_t)m->zones++;
}

const char *result_zone(struct result_memory *m, const struct addr *a)
{
	struct addr net = zone_network(m->query->zones, a);
	uint64_t hash = hash_bytes(&net, sizeof(net));
	char name[256];
	bool is_new;
	uint32_t *at = hash_map_put(&m->zone_of, hash, &is_new), zone;

	if (!is_new)
		return m->zone[*at];
	zone = zone_by_name(m, zone_name(m->query->zones, a, name, sizeof(name)));
	/* the map may have moved meanwhile */
	*hash_map_put(&m->zone_of, hash, &is_new) = zone;
	return m->zone[zone];
}

bool query_passes_before(const struct query *q, const struct query_row *row)
{
	return filter_before(q->filter[0], row) && filter_before(q->filter[1], row);
}

bool query_passes_after(const struct query *q, const struct query_row *row)
{
	return filter_after(q->filter[0], row) && filter_after(q->filter[1], row);
}

bool query_needs_zones(const struct query *q)
{
	return (q->filter[0] && q->filter[0]->zones) || (q->filter[1] && q->filter[1]->zones);
}

bool query_has_before(const struct query *q)
{
	return (q->filter[0] && q->filter[0]->before) || (q->filter[1] && q->filter[1]->before);
}

bool query_has_after(const struct query *q)
{
	return (q->filter[0] && q->filter[0]->after) || (q->filter[1] && q->filter[1]->after);
}

/* Texts of these columns are constants or belong to the result anyway. */
static bool text_stays(const struct column *col)
{
	return col->kind == KIND_NAME || strstr(col->name, "zone") || !strcmp(col->name, "app");
}

void result_sort_begin(struct result_memory *m, int (*decide)(const void *, uint64_t, uint64_t))
{
	const struct query *q = m->query;
	bool ascending = q->ascending;
	const struct column *sort = q->sort ? q->sort : query_default_sort(q->view, &ascending);

	sorter_begin(&m->sorter, q->limit, sort, ascending, decide, m);
}

void result_sort_in(struct result_memory *m, const struct query_row *row, uint64_t tie, uint64_t number)
{
	const struct column *col = m->sorter.column;
	struct value v = col->get(col, row);

	if (!sorter_wants(&m->sorter, &v, tie, number))
		return;
	if (v.text && !text_stays(col))
		v.text = texts_keep(&m->texts, v.text);
	sorter_add(&m->sorter, &v, tie, number);
}

bool result_sort_may_want(const struct result_memory *m, const struct query_row *row)
{
	const struct column *col = m->sorter.column;
	struct value v = col->get(col, row);

	return sorter_may_want(&m->sorter, &v);
}

void result_sort_finish(struct result *r)
{
	sorter_finish(&r->memory->sorter);
	r->rows = r->memory->sorter.n;
}

uint64_t result_addr_tie(const struct addr *a)
{
	uint64_t tie = 0;

	if (!addr_is_v4(a)) {
		for (int i = 0; i < 8; i++)
			tie = tie << 8 | a->b[i];
		return tie >> 2 | UINT64_C(1) << 62;
	}
	for (int i = 12; i < 16; i++)
		tie = tie << 8 | a->b[i];
	return tie;
}

#define SUMS {step_groups, row_of_group, "rst.count", false}

/* What makes each view, and the order it is in when nobody asks for another one. */
static const struct view_kind {
	bool (*step)(struct result *r, size_t *work);
	void (*row)(struct result_memory *m, uint64_t number, struct query_row *row);
	const char *sort;
	bool ascending;
} kinds[] = {
	[VIEW_SERVERS] = SUMS,
	[VIEW_CLIENTS] = SUMS,
	[VIEW_CLIENT_ZONES] = SUMS,
	[VIEW_SERVER_ZONES] = SUMS,
	[VIEW_ZONES] = SUMS,
	[VIEW_SERVICES] = SUMS,
	[VIEW_PORTS] = SUMS,
	[VIEW_CONVERSATIONS] = SUMS,
	[VIEW_CONNECTIONS] = {step_connections, row_of_connection, "start", true},
	[VIEW_ENDINGS] = {step_endings, row_of_ending, "count", false},
	[VIEW_FINDINGS] = {step_findings, row_of_finding, "severity", false},
	[VIEW_GRAPH] = {step_graph, row_of_step, "time", true},
};

_Static_assert(sizeof(kinds) / sizeof(kinds[0]) == VIEW_COUNT, "each view has a row");

const struct column *query_default_sort(enum view view, bool *ascending)
{
	*ascending = kinds[view].ascending;
	return column_find(view, kinds[view].sort);
}

void result_free_lines(struct result_memory *m)
{
	for (size_t i = 0; i < sizeof(m->line) / sizeof(*m->line); i++) {
		mem_free(m->line[i]);
		m->line[i] = NULL;
	}
}

/* From the beginning, with the memory there is. */
static void start(struct result *r)
{
	struct result_memory *m = r->memory;

	m->version = store_version(m->store);
	m->stage = STAGE_FIRST;
	m->at = 0;
	texts_clear(&m->texts);
	hash_map_clear(&m->zone_of);
	hash_map_clear(&m->place_of);
	m->indexed = 0;
	grouping_begin(&m->by);
	m->zones = m->steps = 0;
	m->ended = 0;
	memset(&m->total, 0, sizeof(m->total));
	memset(&m->sum, 0, sizeof(m->sum));
	mem_free(m->spark);
	m->spark = NULL;
	mem_free(m->no_series);
	m->no_series = NULL;
	mem_free(m->copy);
	m->copy = NULL;
	result_free_lines(m);
	r->rows = r->matched = r->total = 0;
	memset(&r->sum, 0, sizeof(r->sum));
}

void query_begin(const struct store *st, const struct query *q, struct result *out)
{
	struct result_memory *m;

	if (!out->memory)
		out->memory = mem_alloc(sizeof(*out->memory));
	m = out->memory;
	m->store = st;
	m->asked = *q;
	m->query = &m->asked;
	m->restarts = 0;
	start(out);
}

bool query_step(struct result *r, size_t work)
{
	struct result_memory *m = r->memory;

	if (m->stage == STAGE_DONE)
		return true;
	if (m->version != store_version(m->store)) {
		start(r);
		if (++m->restarts > RESTARTS)
			work = SIZE_MAX;
	}
	if (!kinds[m->query->view].step(r, &work))
		return false;
	m->stage = STAGE_DONE;
	return true;
}

void query_run(const struct store *st, const struct query *q, struct result *out)
{
	query_begin(st, q, out);
	query_step(out, SIZE_MAX);
}

void result_free(struct result *r)
{
	struct result_memory *m = r->memory;

	if (!m)
		return;
	sorter_free(&m->sorter);
	texts_clear(&m->texts);
	hash_map_free(&m->zone_of);
	hash_map_free(&m->place_of);
	grouping_free(&m->by);
	mem_free(m->zone);
	mem_free(m->spark);
	mem_free(m->no_series);
	mem_free(m->copy);
	mem_free(m->step);
	result_free_lines(m);
	mem_free(m->finding);
	mem_free(m);
	memset(r, 0, sizeof(*r));
}

void result_hand_over(struct result *from, struct result *to)
{
	if (from->memory && to->memory && from->memory->stage == STAGE_DONE && from->memory->query->limit)
		grouping_hand_over(&from->memory->by, &to->memory->by);
}

const struct query_row *result_row(struct result *r, size_t i)
{
	struct result_memory *m = r->memory;
	enum view view = m->query->view;

	if (view == VIEW_CONNECTIONS && m->copy)
		m->current = m->copy[i];
	kinds[view].row(m, kinds[view].row == row_of_group ? i : m->sorter.item[i].row, &m->row);
	return &m->row;
}

static uint64_t connection_id(const struct result_memory *m, size_t i)
{
	struct connection c;

	if (m->copy)
		return m->copy[i].uid;
	return store_connection_at(m->store, m->sorter.item[i].row, &c) ? c.uid : 0;
}

uint64_t result_id(const struct result *r, size_t i)
{
	const struct result_memory *m = r->memory;
	uint64_t number = m->sorter.item[i].row;

	if (m->query->view == VIEW_CONNECTIONS)
		return connection_id(m, i);
	if (m->query->view == VIEW_ENDINGS)
		return number;
	if (m->query->view == VIEW_GRAPH)
		return (uint64_t)m->step[number].second;
	if (m->query->view == VIEW_FINDINGS)
		return m->finding[number].id;
	return m->query->limit ? m->by.made[i].id : m->by.group[number].id;
}

size_t result_find(const struct result *r, uint64_t id)
{
	struct result_memory *m = r->memory;
	const uint32_t *place;
	bool is_new;

	for (; m->indexed < r->rows; m->indexed++)
		*hash_map_put(&m->place_of, result_id(r, m->indexed), &is_new) = (uint32_t)m->indexed;
	place = hash_map_get(&m->place_of, id);
	return place && result_id(r, *place) == id ? *place : r->rows;
}
