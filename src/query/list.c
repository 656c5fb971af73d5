/*
 * Views whose rows are no groups of conversations: single connections, the endings, the
 * steps of the graph.
 */
#include "config.h"

#include <string.h>

#include "query/filter_tree.h"
#include "query/result.h"
#include "store/finding.h"
#include "store/store.h"
#include "util/clock.h"
#include "util/mem.h"

#define GRAPH_ROWS 3600 /* more seconds than this are put together */
#define GRAPH_SPAN 86400 /* the store keeps no more */

static void sort_begin(struct result_memory *m, int (*tie)(const void *, uint64_t, uint64_t))
{
	const struct query *q = m->query;
	bool ascending = q->ascending;
	const struct column *sort = q->sort ? q->sort : query_default_sort(q->view, &ascending);

	sorter_begin(&m->sorter, q->limit, sort, ascending, tie, m);
}

static void sort_finish(struct result *r)
{
	sorter_finish(&r->memory->sorter);
	r->rows = r->memory->sorter.n;
}

static void fill_connection(struct result_memory *m, const struct connection *c, bool zones,
	struct query_row *row)
{
	row->c = c;
	row->id = c->uid;
	row->key.client = c->tuple.addr[CLIENT];
	row->key.server = c->tuple.addr[SERVER];
	row->key.port = c->tuple.port[SERVER];
	counters_of_connection(c, &row->n);
	if (!zones)
		return;
	row->zone[CLIENT] = result_zone(m, &row->key.client);
	row->zone[SERVER] = result_zone(m, &row->key.server);
}

/* In order of time; of those that began in the same nanosecond, by addresses and ports. */
static int compare_connections(const void *arg, uint64_t x, uint64_t y)
{
	const struct result_memory *m = arg;
	const struct connection_ref *p = &m->ref[x], *q = &m->ref[y];
	struct connection a, b;
	int side, order;

	if (p->start != q->start)
		return p->start < q->start ? -1 : 1;
	if (!store_connection(m->store, p->uid, &a) || !store_connection(m->store, q->uid, &b))
		return (p->uid > q->uid) - (p->uid < q->uid);
	for (side = CLIENT; side <= SERVER; side++) {
		order = addr_compare(&a.tuple.addr[side], &b.tuple.addr[side]);
		if (order == 0)
			order = (int)a.tuple.port[side] - (int)b.tuple.port[side];
		if (order)
			return order;
	}
	return (p->uid > q->uid) - (p->uid < q->uid);
}

struct listing {
	struct result *result;
	bool zones;
};

static bool list_connection(void *arg, const struct connection *c)
{
	struct listing *l = arg;
	struct result *r = l->result;
	struct result_memory *m = r->memory;
	struct query_row *row = &m->row;

	r->total++;
	fill_connection(m, c, l->zones, row);
	if (!query_passes_before(m->query, row) || !query_passes_after(m->query, row))
		return true;
	r->matched++;
	counters_add(&r->sum, &row->n);
	m->ref = result_room(m->ref, m->refs, &m->ref_room, sizeof(*m->ref));
	m->ref[m->refs] = (struct connection_ref){c->uid, c->start};
	result_sort_in(m, row, m->refs++);
	return true;
}

void run_connections(struct result *r)
{
	struct result_memory *m = r->memory;
	struct listing l = {r, query_needs_zones(m->query)};
	size_t i;

	memset(&m->row, 0, sizeof(m->row));
	m->row.view = VIEW_CONNECTIONS;
	m->row.query = m->query;
	sort_begin(m, compare_connections);
	l.zones = l.zones || strstr(m->sorter.column->name, "zone");
	store_each_connection(m->store, list_connection, &l);
	sort_finish(r);
	if (!m->query->limit)
		return;
	m->copy = mem_array(r->rows, sizeof(*m->copy));
	for (i = 0; i < r->rows; i++)
		store_connection(m->store, m->ref[m->sorter.item[i].row].uid, &m->copy[i]);
}

/* With copies m->current is already the row's. */
void row_of_connection(struct result_memory *m, uint64_t number, struct query_row *row)
{
	if (!m->copy && !store_connection(m->store, m->ref[number].uid, &m->current)) {
		memset(&m->current, 0, sizeof(m->current));
		m->current.uid = m->ref[number].uid;
		m->current.start = m->current.last = m->ref[number].start;
	}
	fill_connection(m, &m->current, true, row);
}

struct adding {
	struct result_memory *memory;
	bool zones, by_series;
	struct query_row row;
	int64_t until;
	size_t steps;
	uint32_t *line[SERIES_LINES];
};

static bool add_conversation(void *arg, const struct conversation_key *key, const struct counters *n,
	uint32_t handle)
{
	struct adding *a = arg;
	struct result_memory *m = a->memory;
	int line;

	a->row.key = *key;
	if (a->zones) {
		a->row.zone[CLIENT] = key->other_clients ? "" : result_zone(m, &key->client);
		a->row.zone[SERVER] = key->other_servers ? "" : result_zone(m, &key->server);
	}
	if (!query_passes_before(m->query, &a->row))
		return true;
	counters_add(&m->total, n);
	for (line = 0; a->by_series && line < SERIES_LINES; line++)
		store_series(m->store, handle, (enum series_line)line, a->until, a->steps, a->line[line]);
	return true;
}

static int compare_endings(const void *arg, uint64_t a, uint64_t b)
{
	return strcmp(ending_info[a].name, ending_info[b].name);
}

void run_endings(struct result *r)
{
	struct result_memory *m = r->memory;
	struct adding a = {.memory = m, .zones = query_needs_zones(m->query)};
	int e;

	a.row.view = VIEW_CONVERSATIONS;
	a.row.query = m->query;
	store_each_conversation(m->store, add_conversation, &a);
	for (e = 1; e < ENDING_COUNT; e++)
		m->ended += m->total.n[counter_of_ending((enum ending)e)];
	r->sum = m->total;
	r->total = ENDING_COUNT - 1;
	sort_begin(m, compare_endings);
	for (e = 1; e < ENDING_COUNT; e++) {
		row_of_ending(m, (uint64_t)e, &m->row);
		if (!query_passes_after(m->query, &m->row))
			continue;
		r->matched++;
		result_sort_in(m, &m->row, (uint64_t)e);
	}
	sort_finish(r);
}

void row_of_ending(struct result_memory *m, uint64_t number, struct query_row *row)
{
	memset(row, 0, sizeof(*row));
	row->view = VIEW_ENDINGS;
	row->query = m->query;
	row->id = number;
	row->ending = (enum ending)number;
	row->n = m->total;
	row->total = m->ended;
}

/* The shortest round length of which there are not too many. */
static uint32_t step_length(int64_t seconds)
{
	static const uint32_t lengths[] = {1, 2, 5, 10, 30, 60};
	size_t i = 0;

	while (i + 1 < sizeof(lengths) / sizeof(*lengths) && seconds / lengths[i] > GRAPH_ROWS)
		i++;
	return lengths[i];
}

/*
 * Fills a->line with the seconds up to `until`: of everything, or of the conversations
 * that pass.
 */
static void read_series(struct adding *a, bool all)
{
	int line;

	for (line = 0; line < SERIES_LINES; line++) {
		a->line[line] = mem_array(a->steps, sizeof(*a->line[line]));
		if (all)
			store_series_total(a->memory->store, (enum series_line)line, a->until, a->steps,
				a->line[line]);
	}
	a->by_series = !all;
	store_each_conversation(a->memory->store, add_conversation, a);
}

static void make_steps(struct result_memory *m, struct adding *a, int64_t first)
{
	size_t i, line;

	_Static_assert(SERIES_LINES <= sizeof(m->step->line) / sizeof(m->step->line[0]), "lines of a step");
	for (i = 0; i < a->steps; i++) {
		int64_t second = first + (int64_t)i, start = second - second % m->step_length;

		if (m->steps == 0 || m->step[m->steps - 1].second != start) {
			m->step = result_room(m->step, m->steps, &m->step_room, sizeof(*m->step));
			memset(&m->step[m->steps], 0, sizeof(*m->step));
			m->step[m->steps++].second = start;
		}
		for (line = 0; line < SERIES_LINES; line++)
			m->step[m->steps - 1].line[line] += a->line[line][i];
	}
}

static bool has_before(const struct query *q)
{
	return (q->filter[0] && filter_has_before(q->filter[0])) ||
		(q->filter[1] && filter_has_before(q->filter[1]));
}

static int compare_steps(const void *arg, uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

void run_graph(struct result *r)
{
	struct result_memory *m = r->memory;
	struct adding a = {.memory = m, .zones = query_needs_zones(m->query)};
	int64_t first = store_first(m->store) / NS_PER_SEC;
	size_t i;

	sort_begin(m, compare_steps);
	if (store_first(m->store) == 0)
		return;
	a.row.view = VIEW_CONVERSATIONS;
	a.row.query = m->query;
	a.until = store_now(m->store) / NS_PER_SEC;
	if (first <= a.until - GRAPH_SPAN)
		first = a.until - GRAPH_SPAN + 1;
	a.steps = (size_t)(a.until - first + 1);
	m->step_length = step_length(a.until - first + 1);
	read_series(&a, !has_before(m->query));
	make_steps(m, &a, first);
	for (i = 0; i < SERIES_LINES; i++)
		mem_free(a.line[i]);
	r->sum = m->total;
	r->total = m->steps;
	for (i = 0; i < m->steps; i++) {
		row_of_step(m, i, &m->row);
		if (!query_passes_after(m->query, &m->row))
			continue;
		r->matched++;
		result_sort_in(m, &m->row, i);
	}
	sort_finish(r);
}

void row_of_step(struct result_memory *m, uint64_t number, struct query_row *row)
{
	static const struct {
		enum series_line line;
		enum counter counter;
	} counted[] = {
		{SERIES_ATTEMPTS, COUNTER_ATTEMPTS}, {SERIES_CT, COUNTER_CT},
		{SERIES_SYN_CLT, COUNTER_SYN_CLT}, {SERIES_SYN_SRV, COUNTER_SYN_SRV},
		{SERIES_FIN_CLT, COUNTER_FIN_CLT}, {SERIES_FIN_SRV, COUNTER_FIN_SRV},
		{SERIES_RST_CLT, COUNTER_RST_CLT}, {SERIES_RST_SRV, COUNTER_RST_SRV},
		{SERIES_RST_UNIQ_CLT, COUNTER_RST_UNIQ_CLT}, {SERIES_RST_UNIQ_SRV, COUNTER_RST_UNIQ_SRV},
	};
	const struct graph_step *step = &m->step[number];
	size_t i;

	memset(row, 0, sizeof(*row));
	row->view = VIEW_GRAPH;
	row->query = m->query;
	row->id = (uint64_t)step->second;
	row->second = step->second;
	row->step = m->step_length;
	for (i = 0; i < sizeof(counted) / sizeof(*counted); i++)
		row->n.n[counted[i].counter] = step->line[counted[i].line];
	for (i = 1; i < GROUP_COUNT; i++)
		row->group[i] = step->line[SERIES_GROUP + i - 1];
}

/* Of the same severity, what was found in more connections first; else by what they are and whom they are about. */
static int compare_findings(const void *arg, uint64_t x, uint64_t y)
{
	const struct result_memory *m = arg;
	const struct finding *a = &m->finding[x], *b = &m->finding[y];
	const struct sorter *s = &m->sorter;
	int order;

	if (a->count != b->count && !s->ascending && !strcmp(s->column->name, "severity"))
		return a->count > b->count ? -1 : 1;
	order = strcmp(finding_info[a->kind].name, finding_info[b->kind].name);
	if (!order)
		order = strcmp(a->subject, b->subject);
	if (!order && a->first != b->first)
		order = a->first < b->first ? -1 : 1;
	return order ? order : (x > y) - (x < y);
}

void run_findings(struct result *r)
{
	struct result_memory *m = r->memory;
	const struct finding *f = store_findings(m->store, &r->total);

	if (r->total > m->finding_room) {
		m->finding = mem_grow(m->finding, r->total, sizeof(*m->finding));
		m->finding_room = r->total;
	}
	if (r->total)
		memcpy(m->finding, f, r->total * sizeof(*f));
	store_totals(m->store, &r->sum); /* of everything: findings are not filtered by connections */
	sort_begin(m, compare_findings);
	for (size_t i = 0; i < r->total; i++) {
		row_of_finding(m, i, &m->row);
		if (!query_passes_before(m->query, &m->row) || !query_passes_after(m->query, &m->row))
			continue;
		r->matched++;
		result_sort_in(m, &m->row, i);
	}
	sort_finish(r);
}

void row_of_finding(struct result_memory *m, uint64_t number, struct query_row *row)
{
	memset(row, 0, sizeof(*row));
	row->view = VIEW_FINDINGS;
	row->query = m->query;
	row->finding = &m->finding[number];
	row->id = row->finding->id;
}
