/*
 * Views whose rows are no groups of conversations: single connections, the endings, the
 * steps of the graph.
 */
#include "config.h"

#include <string.h>

#include "query/ratio.h"
#include "query/result.h"
#include "store/finding.h"
#include "store/store.h"
#include "util/clock.h"
#include "util/mem.h"

#define GRAPH_ROWS 3600 /* more seconds than this are put together */
#define GRAPH_SPAN 86400 /* the store keeps no more */

/* Of connections: look at them all, then put them in order. Of endings and graph: sum up, then make rows. */
enum { STAGE_PREPARE = STAGE_FIRST, STAGE_LOOK, STAGE_FINISH };

static void next_stage(struct result_memory *m, int stage)
{
	m->stage = stage;
	m->at = 0;
}

static void name_connection(struct result_memory *m, const struct connection *c, bool zones,
	struct query_row *row)
{
	row->c = c;
	row->id = c->uid;
	row->key.client = c->tuple.addr[CLIENT];
	row->key.server = c->tuple.addr[SERVER];
	row->key.port = c->tuple.port[SERVER];
	if (!zones)
		return;
	row->zone[CLIENT] = result_zone(m, &row->key.client);
	row->zone[SERVER] = result_zone(m, &row->key.server);
}

/* Of those that began in the same nanosecond: by addresses and ports. */
static int compare_connections(const void *arg, uint64_t x, uint64_t y)
{
	const struct result_memory *m = arg;
	struct connection a, b;
	int side, order;

	if (!store_connection_at(m->store, x, &a) || !store_connection_at(m->store, y, &b))
		return (x > y) - (x < y);
	for (side = CLIENT; side <= SERVER; side++) {
		order = addr_compare(&a.tuple.addr[side], &b.tuple.addr[side]);
		if (order == 0)
			order = (int)a.tuple.port[side] - (int)b.tuple.port[side];
		if (order)
			return order;
	}
	return (a.uid > b.uid) - (a.uid < b.uid);
}

static void list_connection(struct result *r, const struct connection *c)
{
	struct result_memory *m = r->memory;
	struct query_row *row = &m->row;

	r->total++;
	name_connection(m, c, m->by.need_zones, row);
	if (m->need_counters)
		counters_of_connection(c, &row->n);
	if (!query_passes_before(m->query, row) || !query_passes_after(m->query, row))
		return;
	r->matched++;
	counters_add_connection(&r->sum, c);
	result_sort_in(m, row, (uint64_t)c->start, m->at);
}

static void prepare_connections(struct result_memory *m)
{
	struct needs need = {.peers = false};

	memset(&m->row, 0, sizeof(m->row));
	m->row.view = VIEW_CONNECTIONS;
	m->row.query = m->query;
	result_sort_begin(m, compare_connections);
	m->by.need_zones = query_needs_zones(m->query) || strstr(m->sorter.column->name, "zone");
	column_needs(m->sorter.column, &need);
	filter_needs(m->query->filter[0], &need);
	filter_needs(m->query->filter[1], &need);
	m->need_counters = memchr(need.counter, true, sizeof(need.counter)) != NULL;
}

bool step_connections(struct result *r, size_t *work)
{
	struct result_memory *m = r->memory;
	uint64_t all = store_places(m->store);

	if (m->stage == STAGE_PREPARE) {
		prepare_connections(m);
		next_stage(m, STAGE_LOOK);
	}
	for (; m->at < all && *work > 0; m->at++, --*work)
		if (store_connection_at(m->store, m->at, &m->current))
			list_connection(r, &m->current);
	if (m->at < all || *work == 0)
		return false;
	result_sort_finish(r);
	if (!m->query->limit)
		return true;
	m->copy = mem_array(r->rows, sizeof(*m->copy));
	for (size_t i = 0; i < r->rows; i++)
		store_connection_at(m->store, m->sorter.item[i].row, &m->copy[i]);
	return true;
}

/* With copies m->current is already the row's. */
void row_of_connection(struct result_memory *m, uint64_t number, struct query_row *row)
{
	if (!m->copy && !store_connection_at(m->store, number, &m->current))
		memset(&m->current, 0, sizeof(m->current));
	memset(row, 0, sizeof(*row));
	row->view = VIEW_CONNECTIONS;
	row->query = m->query;
	name_connection(m, &m->current, !m->query->bare, row);
	counters_of_connection(&m->current, &row->n);
}

/* Whether a conversation's key passes; row.view is that of conversations. */
static bool passes_before(struct result_memory *m, const struct conversation_key *key)
{
	m->row.key = *key;
	if (m->by.need_zones) {
		m->row.zone[CLIENT] = key->other_clients ? "" : result_zone(m, &key->client);
		m->row.zone[SERVER] = key->other_servers ? "" : result_zone(m, &key->server);
	}
	return query_passes_before(m->query, &m->row);
}

/* Adds the conversations that pass to m->total, and their series to the lines there are. */
static bool add_conversations(struct result_memory *m, size_t *work)
{
	uint32_t all = store_conversations(m->store);

	for (; m->at < all && *work > 0; m->at++, --*work) {
		uint32_t handle = (uint32_t)m->at;
		const struct conversation_key *key = store_conversation(m->store, handle);

		if (!key || !passes_before(m, key))
			continue;
		store_conversation_add(m->store, handle, &m->sum);
		for (int line = 0; m->line[0] && line < SERIES_LINES; line++)
			if (!store_series(m->store, handle, (enum series_line)line, m->until, m->seconds,
				    m->line[line]))
				break;
	}
	if (m->at < all)
		return false;
	tray_add_to(&m->sum, &m->total);
	return true;
}

/* Without a filter all of them are in the totals. */
static void prepare_sums(struct result_memory *m)
{
	bool some = query_has_before(m->query);

	memset(&m->row, 0, sizeof(m->row));
	m->row.view = VIEW_CONVERSATIONS;
	m->row.query = m->query;
	m->by.need_zones = query_needs_zones(m->query);
	if (!some)
		store_totals(m->store, &m->total);
	next_stage(m, some ? STAGE_LOOK : STAGE_FINISH);
}

static int compare_endings(const void *arg, uint64_t a, uint64_t b)
{
	return strcmp(ending_info[a].name, ending_info[b].name);
}

static void finish_endings(struct result *r)
{
	struct result_memory *m = r->memory;
	int e;

	m->ended = ended_count(&m->total);
	r->sum = m->total;
	r->total = ENDING_COUNT - 1;
	result_sort_begin(m, compare_endings);
	for (e = 1; e < ENDING_COUNT; e++) {
		row_of_ending(m, (uint64_t)e, &m->row);
		if (!query_passes_after(m->query, &m->row))
			continue;
		r->matched++;
		result_sort_in(m, &m->row, 0, (uint64_t)e);
	}
	result_sort_finish(r);
}

bool step_endings(struct result *r, size_t *work)
{
	struct result_memory *m = r->memory;

	if (m->stage == STAGE_PREPARE)
		prepare_sums(m);
	if (m->stage == STAGE_LOOK && add_conversations(m, work))
		next_stage(m, STAGE_FINISH);
	if (m->stage != STAGE_FINISH)
		return false;
	finish_endings(r);
	return true;
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

/* Lines of so many seconds up to `until`: of everything, or empty for the conversations that pass. */
static void begin_lines(struct result_memory *m, int64_t first)
{
	int line;

	m->until = store_now(m->store) / NS_PER_SEC;
	if (first <= m->until - GRAPH_SPAN)
		first = m->until - GRAPH_SPAN + 1;
	if (first > m->until) /* nobody has said yet how late it is */
		first = m->until;
	m->seconds = (size_t)(m->until - first + 1);
	m->step_length = step_length(m->until - first + 1);
	for (line = 0; line < SERIES_LINES; line++) {
		m->line[line] = mem_array(m->seconds, sizeof(*m->line[line]));
		if (!query_has_before(m->query))
			store_series_total(m->store, (enum series_line)line, m->until, m->seconds,
				m->line[line]);
	}
}

static void make_steps(struct result_memory *m)
{
	int64_t first = m->until - (int64_t)m->seconds + 1;
	size_t i, line;

	for (i = 0; i < m->seconds; i++) {
		int64_t second = first + (int64_t)i, start = second - second % m->step_length;

		if (m->steps == 0 || m->step[m->steps - 1].second != start) {
			m->step = result_room(m->step, m->steps, &m->step_room, sizeof(*m->step));
			memset(&m->step[m->steps], 0, sizeof(*m->step));
			m->step[m->steps++].second = start;
		}
		for (line = 0; line < SERIES_LINES; line++)
			m->step[m->steps - 1].line[line] += m->line[line][i];
	}
	result_free_lines(m);
}

static int compare_steps(const void *arg, uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static void finish_graph(struct result *r)
{
	struct result_memory *m = r->memory;
	size_t i;

	make_steps(m);
	r->sum = m->total;
	r->total = m->steps;
	for (i = 0; i < m->steps; i++) {
		row_of_step(m, i, &m->row);
		if (!query_passes_after(m->query, &m->row))
			continue;
		r->matched++;
		result_sort_in(m, &m->row, 0, i);
	}
	result_sort_finish(r);
}

bool step_graph(struct result *r, size_t *work)
{
	struct result_memory *m = r->memory;
	int64_t first = store_first(m->store);

	if (m->stage == STAGE_PREPARE) {
		result_sort_begin(m, compare_steps);
		if (first == 0)
			return true;
		prepare_sums(m);
		begin_lines(m, first / NS_PER_SEC);
	}
	if (m->stage == STAGE_LOOK && add_conversations(m, work))
		next_stage(m, STAGE_FINISH);
	if (m->stage != STAGE_FINISH)
		return false;
	finish_graph(r);
	return true;
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

/*
 * Of the same severity, what was found in more connections first; else by what they are and whom
 * they are about.
 */
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

bool step_findings(struct result *r, size_t *work)
{
	struct result_memory *m = r->memory;
	const struct finding *f;

	if (!store_findings_step(m->store, *work))
		return false;
	f = store_findings_latest(m->store, &r->total);
	if (r->total > m->finding_room) {
		m->finding = mem_grow(m->finding, r->total, sizeof(*m->finding));
		m->finding_room = r->total;
	}
	if (r->total)
		memcpy(m->finding, f, r->total * sizeof(*f));
	store_totals(m->store, &r->sum); /* of everything: findings are not filtered by connections */
	result_sort_begin(m, compare_findings);
	for (size_t i = 0; i < r->total; i++) {
		row_of_finding(m, i, &m->row);
		if (!query_passes_before(m->query, &m->row) || !query_passes_after(m->query, &m->row))
			continue;
		r->matched++;
		result_sort_in(m, &m->row, 0, i);
	}
	result_sort_finish(r);
	return true;
}

void row_of_finding(struct result_memory *m, uint64_t number, struct query_row *row)
{
	memset(row, 0, sizeof(*row));
	row->view = VIEW_FINDINGS;
	row->query = m->query;
	row->finding = &m->finding[number];
	row->id = row->finding->id;
}
