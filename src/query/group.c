/*
 * Views of sums: conversations grouped by the keys of the view. The hard part is the order of
 * things: filters on keys are asked of conversations, then they are summed, then filters on values
 * are asked of the sums. And to be quick with a million of them: on the way only those counters are
 * summed that sorting and filtering look at; all of them only for the rows that are returned.
 */
#include "config.h"

#include <string.h>

#include "query/filter_tree.h"
#include "query/result.h"
#include "store/store.h"
#include "util/clock.h"
#include "util/mem.h"

#define AT_ONCE 32     /* conversations whose slots are read together, so that the misses overlap */
#define AHEAD 12       /* rows */
#define NOT_RETURNED (NO_GROUP - 1)

enum { STAGE_PREPARE = STAGE_FIRST, STAGE_GATHER, STAGE_SUM, STAGE_JUDGE, STAGE_SORT, STAGE_FILL };

/* ---- rows ---- */

/* Names of zones: those grouped by, and where they are wanted those of the addresses. */
static void set_zones(struct result_memory *m, unsigned keys, const struct row_key *k, bool wanted,
	struct query_row *row)
{
	row->zone[CLIENT] = k->zone[CLIENT];
	row->zone[SERVER] = k->zone[SERVER];
	if (!wanted)
		return;
	if ((keys & BY_CLIENT) && !k->key.other_clients)
		row->zone[CLIENT] = result_zone(m, &k->key.client);
	if ((keys & BY_SERVER) && !k->key.other_servers)
		row->zone[SERVER] = result_zone(m, &k->key.server);
}

static void begin_row(struct result_memory *m, const struct group *g, struct group_row *row)
{
	struct row_key k = group_key_of(m, m->by.group_by, store_conversation(m->store, g->any));

	memset(row, 0, sizeof(*row));
	row->id = g->id;
	row->peers = g->peers;
	row->key = k.key;
	row->zone[CLIENT] = k.zone[CLIENT];
	row->zone[SERVER] = k.zone[SERVER];
}

static void fetch_conversation(const struct store *store, uint32_t handle)
{
	const struct conversation_key *key = store_conversation(store, handle);

	mem_read((const char *)key + 64);
}

/*
 * Rows come in an order that memory knows nothing of: what one that is wanted soon is made of is
 * read into the cache, first what leads to its conversation, then that.
 */
static void fetch_row(const struct result_memory *m, size_t place)
{
	const struct grouping *by = &m->by;
	uint32_t group;

	if (place + AHEAD < m->sorter.n) {
		group = m->sorter.item[place + AHEAD].row;
		mem_read(&by->first[group]);
		mem_read(&by->group[group].id);
	}
	if (place < m->sorter.n)
		fetch_conversation(m->store, by->member[by->first[m->sorter.item[place].row]]);
}

/* Without a limit rows are made when they are asked for. */
static struct group_row *make_row(struct result_memory *m, size_t place)
{
	struct grouping *by = &m->by;
	uint32_t group = m->sorter.item[place].row;

	fetch_row(m, place + AHEAD);
	begin_row(m, &by->group[group], by->made);
	for (uint32_t i = by->first[group]; i < by->first[group + 1]; i++) {
		if ((i - by->first[group]) % AHEAD == 0)
			for (uint32_t k = i; k < i + AHEAD && k < by->first[group + 1]; k++)
				fetch_conversation(m->store, by->member[k]);
		store_conversation_add(m->store, by->member[i], &by->made->n);
	}
	return by->made;
}

static int compare_zones(const char *a, const char *b)
{
	bool no_a = !a || !*a, no_b = !b || !*b;

	if (no_a || no_b)
		return no_a - no_b;
	return strcmp(a, b);
}

/* Key columns ascending, in their order; folded rows, which have no key, last. */
static int compare_rows(const void *arg, uint64_t x, uint64_t y)
{
	struct result_memory *m = (struct result_memory *)arg;
	const struct group *g = &m->by.group[x], *h = &m->by.group[y];
	unsigned keys = m->by.group_by;
	struct row_key a = group_key_of(m, keys, store_conversation(m->store, g->any));
	struct row_key b = group_key_of(m, keys, store_conversation(m->store, h->any));
	int order = a.key.other_clients - b.key.other_clients;

	order = order ? order : addr_compare(&a.key.client, &b.key.client);
	order = order ? order : compare_zones(a.zone[CLIENT], b.zone[CLIENT]);
	order = order ? order : a.key.other_servers - b.key.other_servers;
	order = order ? order : addr_compare(&a.key.server, &b.key.server);
	order = order ? order : a.key.other_ports - b.key.other_ports;
	order = order ? order : (int)a.key.port - (int)b.key.port;
	order = order ? order : compare_zones(a.zone[SERVER], b.zone[SERVER]);
	return order ? order : (g->id > h->id) - (g->id < h->id);
}

/* ---- the stages ---- */

static void next_stage(struct result_memory *m, int stage)
{
	m->stage = stage;
	m->at = 0;
}

/* The number of a filter that asks of keys. */
static uint64_t number_of(const struct filter *f)
{
	return f && f->before ? f->number : 0;
}

static void rebase(struct result_memory *m)
{
	const struct query *q = m->query;
	const struct grouping_basis basis = {
		.keys = store_keys_version(m->store),
		.filter = {number_of(q->filter[0]), number_of(q->filter[1])},
		.zones = q->zones,
		.view = q->view,
		.peers_kept = store_left_out(m->store) & group_peers(q->view),
	};

	grouping_rebase(&m->by, &basis);
}

static void prepare(struct result *r)
{
	struct result_memory *m = r->memory;
	struct grouping *by = &m->by;
	const struct query *q = m->query;
	struct needs need = {.peers = false};

	result_sort_begin(m, compare_rows);
	column_needs(m->sorter.column, &need);
	filter_needs(q->filter[0], &need);
	filter_needs(q->filter[1], &need);
	by->group_by = group_keys(q->view);
	by->alone = group_is_exact(q->view) && !(KEY_WHOLE & ~store_left_out(m->store) & ~group_parts(q->view));
	by->needs = 0;
	for (int n = 0; n < COUNTER_COUNT; n++)
		if (need.counter[n])
			by->need[by->needs++] = (uint8_t)n;
	by->need_zones = query_needs_zones(q) || column_is_zone(m->sorter.column);
	by->need_key = need.keys != 0 || query_has_after(q) || kind_is_text(m->sorter.column->kind);
	by->has_before = query_has_before(q);
	by->whole = !by->has_before && !query_has_after(q);
	rebase(m);
	grouping_room(by, store_conversations(m->store));
	memset(&m->row, 0, sizeof(m->row));
	m->row.query = q;
	if (by->whole)
		store_totals(m->store, &r->sum);
}

/* The conversation as filters see it. */
static bool passes_before(struct result_memory *m, const struct conversation_key *key)
{
	if (!m->by.has_before)
		return true;
	m->row.view = VIEW_CONVERSATIONS;
	m->row.key = *key;
	if (m->by.need_zones) {
		m->row.zone[CLIENT] = key->other_clients ? "" : result_zone(m, &key->client);
		m->row.zone[SERVER] = key->other_servers ? "" : result_zone(m, &key->server);
	}
	return query_passes_before(m->query, &m->row);
}

/*
 * A peer that a conversation of a group may add. Most groups have but one: only a second
 * conversation has the first one's noted, so that they can be told apart.
 */
static uint64_t peer_to_note(struct result_memory *m, uint32_t number, uint32_t handle,
	const struct conversation_key *key)
{
	struct grouping *by = &m->by;
	struct group *g = &by->group[number];
	uint64_t first;

	if (!g->begun) {
		g->begun = true;
		g->any = handle;
		g->peers = by->basis.peers_kept ? store_conversation_peers(m->store, handle) :
					    group_peer_hash(m->query->view, number, key) != 0;
		return 0;
	}
	if (by->basis.peers_kept) {
		g->peers += store_conversation_peers(m->store, handle);
		return 0;
	}
	if (!g->noted) {
		g->noted = true;
		first = group_peer_hash(m->query->view, number, store_conversation(m->store, g->any));
		if (first)
			(void)group_note_peer(by, first);
	}
	return group_peer_hash(m->query->view, number, key);
}

/* Groups of conversations not yet looked at. */
static void gather_some(struct result *r, uint32_t from, size_t n)
{
	struct result_memory *m = r->memory;
	struct grouping *by = &m->by;
	unsigned keys = m->by.group_by;
	const struct conversation_key *key[AT_ONCE];
	uint64_t id[AT_ONCE], peer[AT_ONCE] = {0};

	for (size_t i = 0; i < n; i++) {
		by->of[from + i] = NO_GROUP;
		key[i] = store_conversation(m->store, from + (uint32_t)i);
		if (key[i])
			id[i] = group_id(m, keys, key[i]);
	}
	for (size_t i = 0; i < n && !by->alone; i++)
		if (key[i])
			slots_fetch(&by->found, id[i]);
	for (size_t i = 0; i < n; i++) {
		uint32_t handle = from + (uint32_t)i, group;

		if (!key[i])
			continue;
		group = by->alone ? group_add(by, id[i], handle) : group_find(by, id[i], handle);
		if (!passes_before(m, key[i]))
			continue;
		by->of[handle] = group;
		peer[i] = peer_to_note(m, group, handle, key[i]);
		if (peer[i])
			slots_fetch(&by->peers, peer[i]);
	}
	for (size_t i = 0; i < n; i++)
		if (peer[i] && group_note_peer(by, peer[i]))
			by->group[by->of[from + i]].peers++;
	by->handles = from + (uint32_t)n;
}

/* What sorting and filtering look at. */
static void sum_some(struct result *r, uint32_t from, size_t n)
{
	struct result_memory *m = r->memory;
	struct grouping *by = &m->by;
	bool all = !by->whole && !query_has_after(m->query);

	for (uint32_t handle = from; handle < from + n; handle++) {
		uint32_t group = by->of[handle];

		if (group == NO_GROUP)
			continue;
		if (by->needs)
			store_conversation_counters(m->store, handle, by->need, by->needs,
				by->sum + group * by->needs);
		if (all)
			store_conversation_add(m->store, handle, &m->sum);
	}
}

/* Numbers in the order of compare_rows(), as far as they go. */
static uint64_t tie_of(unsigned keys, const struct conversation_key *key)
{
	if (keys & BY_CLIENT)
		return key->other_clients ? UINT64_MAX : result_addr_tie(&key->client);
	if (keys & BY_SERVER)
		return key->other_servers ? UINT64_MAX : result_addr_tie(&key->server);
	return keys & BY_PORT_NUMBER ? (uint64_t)key->other_ports << 16 | key->port : 0;
}

/* Makes m->row as far as sorting and filtering look at it. False: it does not pass. */
static bool judge_row(struct result_memory *m, uint32_t number)
{
	struct grouping *by = &m->by;
	const struct group *g = &by->group[number];
	struct row_key k;

	for (size_t n = 0; n < by->needs; n++)
		m->row.n.n[by->need[n]] = by->sum[number * by->needs + n];
	m->row.peers = g->peers;
	if (!by->need_key)
		return true;
	k = group_key_of(m, by->group_by, store_conversation(m->store, g->any));
	m->row.key = k.key;
	set_zones(m, by->group_by, &k, by->need_zones, &m->row);
	return query_passes_after(m->query, &m->row);
}

/* Keys, which are in no cache, are read only of those that are wanted, some at once. */
static void judge_some(struct result *r, uint32_t from, size_t n)
{
	struct result_memory *m = r->memory;
	struct grouping *by = &m->by;
	uint32_t wanted[AT_ONCE], wants = 0;

	m->row.view = m->query->view;
	for (uint32_t i = from; i < from + n && by->need_key; i++)
		mem_read(store_conversation(m->store, by->group[i].any));
	for (uint32_t i = from; i < from + n; i++) {
		bool passes = by->group[i].begun && judge_row(m, i);

		by->row[i] = passes ? NOT_RETURNED : NO_GROUP;
		r->matched += passes;
		if (passes && result_sort_may_want(m, &m->row))
			wanted[wants++] = i;
	}
	for (uint32_t k = 0; k < wants && !by->need_key; k++)
		mem_read(store_conversation(m->store, by->group[wanted[k]].any));
	for (uint32_t k = 0; k < wants; k++) {
		const struct conversation_key *key = store_conversation(m->store, by->group[wanted[k]].any);

		judge_row(m, wanted[k]);
		result_sort_in(m, &m->row, tie_of(by->group_by, key), wanted[k]);
	}
}

/* Sorts the handles by group, by counting. */
static void list_members(struct grouping *by, uint32_t handles)
{
	uint32_t *end;

	by->first = mem_array(by->groups + 2, sizeof(*by->first));
	by->member = mem_grow(NULL, handles + 1, sizeof(*by->member));
	for (uint32_t i = 0; i < handles; i++)
		if (by->of[i] != NO_GROUP)
			by->first[by->of[i] + 2]++;
	for (size_t g = 2; g < by->groups + 2; g++)
		by->first[g] += by->first[g - 1];
	end = by->first + 1; /* of each group, as far as it is filled */
	for (uint32_t i = 0; i < handles; i++)
		if (by->of[i] != NO_GROUP)
			by->member[end[by->of[i]]++] = i;
}

/* The order, and with a limit the keys of the rows that are returned. */
static void sort(struct result *r)
{
	struct result_memory *m = r->memory;
	struct grouping *by = &m->by;
	const struct query *q = m->query;
	size_t i;

	result_sort_finish(r);
	r->total = by->groups;
	if (q->spark) {
		m->spark = mem_array(r->rows, sizeof(*m->spark));
		m->no_series = mem_array(r->rows, sizeof(*m->no_series));
	}
	by->made = mem_array(q->limit ? r->rows : 1, sizeof(*by->made));
	for (i = 0; i < r->rows; i++) {
		uint32_t group = m->sorter.item[i].row;

		by->row[group] = (uint32_t)i;
		if (q->limit)
			begin_row(m, &by->group[group], &by->made[i]);
	}
	if (q->limit)
		return;
	list_members(by, store_conversations(m->store));
}

/* Adds a conversation to the sparkline of its row. */
static void add_spark(struct result_memory *m, uint32_t handle, uint32_t row)
{
	static const enum series_line lines[3] = {SERIES_ATTEMPTS, SERIES_RST_UNIQ_CLT,
		SERIES_RST_UNIQ_SRV};
	int64_t until = store_now(m->store) / NS_PER_SEC;

	if (store_series_lost(m->store, handle)) {
		m->no_series[row] = true;
		return;
	}
	if (store_series_empty(m->store, handle))
		return;
	for (int line = 0; line < 3; line++) {
		uint16_t *sum = m->spark[row][line];
		uint32_t step[SPARK_STEPS];

		mem_clear(step, sizeof(step));
		if (!store_series(m->store, handle, lines[line], until, SPARK_STEPS, step)) {
			m->no_series[row] = true;
			return;
		}
		for (size_t k = 0; k < SPARK_STEPS; k++)
			sum[k] = step[k] > UINT16_MAX - (uint32_t)sum[k] ? UINT16_MAX
								 : (uint16_t)(sum[k] + step[k]);
	}
}

static void fill_some(struct result *r, uint32_t from, size_t n)
{
	struct result_memory *m = r->memory;
	struct grouping *by = &m->by;
	bool after = query_has_after(m->query);

	for (uint32_t handle = from; handle < from + n; handle++) {
		uint32_t row = by->of[handle] == NO_GROUP ? NO_GROUP : by->row[by->of[handle]];

		if (after && row != NO_GROUP)
			store_conversation_add(m->store, handle, &m->sum);
		if (row >= NOT_RETURNED)
			continue;
		if (m->query->limit)
			store_conversation_add(m->store, handle, &by->made[row].n);
		if (m->spark)
			add_spark(m, handle, row);
	}
}

/* Goes on from m->at to all of them, some at once. True: it is there. */
static bool through(struct result *r, uint32_t all, void (*some)(struct result *, uint32_t, size_t),
	size_t *work)
{
	struct result_memory *m = r->memory;

	while (m->at < all && *work > 0) {
		size_t n = all - m->at < AT_ONCE ? (size_t)(all - m->at) : AT_ONCE;

		n = n < *work ? n : *work;
		some(r, (uint32_t)m->at, n);
		m->at += n;
		*work -= n;
	}
	return m->at >= all;
}

bool step_groups(struct result *r, size_t *work)
{
	struct result_memory *m = r->memory;
	uint32_t all = store_conversations(m->store);

	if (m->stage == STAGE_PREPARE) {
		prepare(r);
		next_stage(m, STAGE_GATHER);
		m->at = m->by.handles;
	}
	if (m->stage == STAGE_GATHER && through(r, all, gather_some, work)) {
		grouping_sums(&m->by);
		next_stage(m, STAGE_SUM);
	}
	if (m->stage == STAGE_SUM && ((m->by.needs == 0 && m->by.whole) || through(r, all, sum_some, work)))
		next_stage(m, STAGE_JUDGE);
	if (m->stage == STAGE_JUDGE && through(r, (uint32_t)m->by.groups, judge_some, work))
		next_stage(m, STAGE_SORT);
	if (m->stage == STAGE_SORT && *work > 0) {
		sort(r);
		next_stage(m, STAGE_FILL);
	}
	if (m->stage != STAGE_FILL || !through(r, all, fill_some, work))
		return false;
	tray_add_to(&m->sum, &r->sum);
	return true;
}

void row_of_group(struct result_memory *m, uint64_t place, struct query_row *row)
{
	struct grouping *by = &m->by;
	const struct group_row *g = m->query->limit ? &by->made[place] : make_row(m, place);
	struct row_key key = {g->key, {g->zone[CLIENT], g->zone[SERVER]}};

	memset(row, 0, sizeof(*row));
	row->view = m->query->view;
	row->query = m->query;
	row->key = g->key;
	row->id = g->id;
	tray_add_to(&g->n, &row->n);
	row->peers = g->peers;
	set_zones(m, m->by.group_by, &key, !m->query->bare, row);
	if (m->spark) {
		row->spark = (const uint16_t(*)[SPARK_STEPS])m->spark[place];
		row->spark_partial = m->no_series[place];
	}
}
