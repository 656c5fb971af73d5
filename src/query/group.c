/*
 * Views of sums: conversations grouped by the keys of the view. The hard part is the order of things: filters on keys
 * are asked of conversations, then they are summed, then filters on values are asked of the sums. And to be quick with
 * a million of them: on the way only those counters are summed that sorting and filtering look at; all of them only
 * for the rows that are returned.
 */
#include "config.h"

#include <string.h>

#include "query/result.h"
#include "store/store.h"
#include "util/clock.h"
#include "util/hash.h"
#include "util/mem.h"

#define BY_CLIENT KEY_CLIENT
#define BY_SERVER KEY_SERVER
#define BY_PORT_NUMBER KEY_PORT
#define BY_ZONE_CLIENT 0x08
#define BY_ZONE_SERVER 0x10

#define AT_ONCE 32     /* conversations whose slots are read together, so that the misses overlap */
#define AHEAD 12       /* rows */
#define PASSED 0       /* group.row on the way; other than NO_GROUP */
#define NOT_RETURNED (NO_GROUP - 1)

enum { STAGE_PREPARE = STAGE_FIRST, STAGE_GATHER, STAGE_JUDGE, STAGE_SORT, STAGE_FILL };

static unsigned keys_of(enum view view)
{
	switch (view) {
	case VIEW_SERVERS:
		return BY_SERVER;
	case VIEW_CLIENTS:
		return BY_CLIENT;
	case VIEW_CLIENT_ZONES:
		return BY_ZONE_CLIENT;
	case VIEW_SERVER_ZONES:
		return BY_ZONE_SERVER;
	case VIEW_ZONES:
		return BY_ZONE_CLIENT | BY_ZONE_SERVER;
	case VIEW_SERVICES:
		return BY_SERVER | BY_PORT_NUMBER;
	case VIEW_PORTS:
		return BY_PORT_NUMBER;
	case VIEW_CONVERSATIONS:
		return BY_CLIENT | BY_SERVER | BY_PORT_NUMBER;
	case VIEW_CONNECTIONS:
	case VIEW_ENDINGS:
	case VIEW_FINDINGS:
	case VIEW_GRAPH:
	case VIEW_COUNT:
		break;
	}
	return 0;
}

unsigned group_parts(enum view view)
{
	unsigned keys = keys_of(view);

	return (keys & KEY_WHOLE) | (keys & BY_ZONE_CLIENT ? KEY_CLIENT : 0) | (keys & BY_ZONE_SERVER ? KEY_SERVER : 0);
}

bool group_is_exact(enum view view)
{
	return !(keys_of(view) & (BY_ZONE_CLIENT | BY_ZONE_SERVER));
}

struct row_key {
	struct conversation_key key;
	const char *zone[2];
};

/* The part of a conversation's key that the view groups by; the rest is zero. */
static struct row_key key_of(struct result_memory *m, unsigned keys, const struct conversation_key *from)
{
	struct row_key out = {.zone = {NULL, NULL}};

	if (keys & BY_CLIENT) {
		out.key.other_clients = from->other_clients;
		if (!from->other_clients)
			out.key.client = from->client;
	}
	if (keys & BY_SERVER) {
		out.key.other_servers = from->other_servers;
		if (!from->other_servers)
			out.key.server = from->server;
	}
	if (keys & BY_PORT_NUMBER) {
		out.key.other_ports = from->other_ports;
		out.key.port = from->other_ports ? 0 : from->port;
	}
	if (keys & BY_ZONE_CLIENT)
		out.zone[CLIENT] = from->other_clients ? "" : result_zone(m, &from->client);
	if (keys & BY_ZONE_SERVER)
		out.zone[SERVER] = from->other_servers ? "" : result_zone(m, &from->server);
	return out;
}

static uint64_t zone_hash(const char *zone)
{
	return zone ? hash_bytes(zone, strlen(zone)) : 0;
}

static uint64_t identity(const struct row_key *k, enum view view)
{
	struct {
		struct addr addr[2];
		uint64_t zone[2];
		uint8_t rest[8];
	} key = {{k->key.client, k->key.server}, {zone_hash(k->zone[0]), zone_hash(k->zone[1])},
		{(uint8_t)(k->key.port >> 8), (uint8_t)k->key.port, k->key.other_clients,
			k->key.other_servers, k->key.other_ports, (uint8_t)view, 0, 0}};
	uint64_t hash = hash_bytes(&key, sizeof(key));

	return hash + (hash == 0);
}

/* ---- peers ---- */

unsigned group_peers(enum view view)
{
	if (keys_of(view) == 0 || view == VIEW_ZONES || view == VIEW_CONVERSATIONS)
		return 0;
	return view == VIEW_CLIENTS || view == VIEW_CLIENT_ZONES ? KEY_SERVER : KEY_CLIENT;
}

/* Who is on the other end of the view's rows. False: nobody that could be counted. */
static bool peer_of(enum view view, const struct conversation_key *key, struct addr *out)
{
	bool server = group_peers(view) == KEY_SERVER;

	if (group_peers(view) == 0)
		return false;
	*out = server ? key->server : key->client;
	return server ? !key->other_servers : !key->other_clients;
}

/* Of a group and the peer that a conversation has in it; 0: nobody. */
static uint64_t peer_hash(const struct result_memory *m, uint32_t group, const struct conversation_key *key)
{
	struct {
		struct addr addr;
		uint64_t group;
	} pair = {.group = group};
	uint64_t hash;

	if (m->by.peers_kept || !peer_of(m->query->view, key, &pair.addr))
		return 0;
	hash = hash_bytes(&pair, sizeof(pair));
	return hash + (hash == 0);
}

/* Peers that a conversation adds to those its row has. */
static uint32_t new_peers(struct result_memory *m, uint32_t handle, uint64_t hash)
{
	if (m->by.peers_kept)
		return store_conversation_peers(m->store, handle);
	return hash && hash_set_add(&m->by.peers, hash);
}

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
	struct row_key k = key_of(m, keys_of(m->query->view), store_conversation(m->store, g->any));

	memset(row, 0, sizeof(*row));
	row->id = g->id;
	row->key = k.key;
	row->zone[CLIENT] = k.zone[CLIENT];
	row->zone[SERVER] = k.zone[SERVER];
}

static void add_conversation(struct result_memory *m, uint32_t handle, uint64_t peer, struct group_row *row)
{
	store_conversation_add(m->store, handle, &row->n);
	row->peers += new_peers(m, handle, peer);
}

static void fetch_conversation(const struct store *store, uint32_t handle)
{
	const struct conversation_key *key = store_conversation(store, handle);

	mem_read((const char *)key + 64);
}

/*
 * Rows come in an order that memory knows nothing of: what one that is wanted soon is made of is read into the cache,
 * first what leads to its conversation, then that.
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
	begin_row(m, &by->group[group], by->row);
	hash_set_clear(&by->peers);
	for (uint32_t i = by->first[group]; i < by->first[group + 1]; i++) {
		uint32_t handle = by->member[i];

		if ((i - by->first[group]) % AHEAD == 0)
			for (uint32_t k = i; k < i + AHEAD && k < by->first[group + 1]; k++)
				fetch_conversation(m->store, by->member[k]);
		add_conversation(m, handle, peer_hash(m, group, store_conversation(m->store, handle)), by->row);
	}
	return by->row;
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
	unsigned keys = keys_of(m->query->view);
	struct row_key a = key_of(m, keys, store_conversation(m->store, g->any));
	struct row_key b = key_of(m, keys, store_conversation(m->store, h->any));
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
	by->needs = 0;
	for (int n = 0; n < COUNTER_COUNT; n++)
		if (need.counter[n])
			by->need[by->needs++] = (uint8_t)n;
	by->need_peers = need.peers;
	by->peers_kept = store_left_out(m->store) & group_peers(q->view);
	by->width = by->needs + by->need_peers;
	by->need_zones = query_needs_zones(q) || column_is_zone(m->sorter.column);
	by->whole = !query_has_before(q) && !query_has_after(q);
	if (by->of_room < store_conversations(m->store)) {
		by->of_room = store_conversations(m->store) + 1024;
		mem_free(by->of);
		by->of = mem_grow(NULL, by->of_room, sizeof(*by->of));
	}
	memset(&m->row, 0, sizeof(m->row));
	m->row.query = q;
	if (by->whole)
		store_totals(m->store, &r->sum);
}

/* The conversation as filters see it. */
static bool passes_before(struct result_memory *m, const struct conversation_key *key)
{
	if (!query_has_before(m->query))
		return true;
	m->row.view = VIEW_CONVERSATIONS;
	m->row.key = *key;
	if (m->by.need_zones) {
		m->row.zone[CLIENT] = key->other_clients ? "" : result_zone(m, &key->client);
		m->row.zone[SERVER] = key->other_servers ? "" : result_zone(m, &key->server);
	}
	return query_passes_before(m->query, &m->row);
}

static void take_in(struct result *r, uint32_t handle, const struct conversation_key *key, uint64_t id)
{
	struct result_memory *m = r->memory;
	struct grouping *by = &m->by;
	uint32_t group = group_find(by, id, handle);
	uint64_t *sum = by->sum + group * by->width;

	if (!passes_before(m, key))
		return;
	by->of[handle] = group;
	by->group[group].row = PASSED;
	for (size_t k = 0; k < by->needs; k++)
		sum[k] += store_conversation_counter(m->store, handle, (enum counter)by->need[k]);
	if (by->need_peers)
		sum[by->needs] += new_peers(m, handle, peer_hash(m, group, key));
	if (!by->whole && !query_has_after(m->query))
		store_conversation_add(m->store, handle, &r->sum);
}

static void gather_some(struct result *r, uint32_t from, size_t n)
{
	struct result_memory *m = r->memory;
	struct grouping *by = &m->by;
	unsigned keys = keys_of(m->query->view);
	const struct conversation_key *key[AT_ONCE];
	uint64_t id[AT_ONCE];

	for (size_t i = 0; i < n; i++) {
		struct row_key k;

		by->of[from + i] = NO_GROUP;
		key[i] = store_conversation(m->store, from + (uint32_t)i);
		if (!key[i])
			continue;
		k = key_of(m, keys, key[i]);
		id[i] = identity(&k, m->query->view);
	}
	for (size_t i = 0; i < n && by->room; i++)
		if (key[i])
			mem_read(&by->slot[(uint32_t)id[i] & (by->room - 1)].tag);
	for (size_t i = 0; i < n; i++)
		if (key[i])
			take_in(r, from + (uint32_t)i, key[i], id[i]);
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

static void judge_one(struct result *r, uint32_t number)
{
	struct result_memory *m = r->memory;
	struct grouping *by = &m->by;
	struct group *g = &by->group[number];
	const struct conversation_key *key = store_conversation(m->store, g->any);
	const uint64_t *sum = by->sum + number * by->width;
	unsigned keys = keys_of(m->query->view);
	struct row_key k = key_of(m, keys, key);

	m->row.key = k.key;
	set_zones(m, keys, &k, by->need_zones, &m->row);
	for (size_t n = 0; n < by->needs; n++)
		m->row.n.n[by->need[n]] = sum[n];
	if (by->need_peers)
		m->row.peers = (uint32_t)sum[by->needs];
	g->row = NO_GROUP;
	if (!query_passes_after(m->query, &m->row))
		return;
	g->row = NOT_RETURNED;
	r->matched++;
	result_sort_in(m, &m->row, tie_of(keys, &k.key), number);
}

static bool judge(struct result *r, size_t *work)
{
	struct result_memory *m = r->memory;

	m->row.view = m->query->view;
	for (; m->at < m->by.groups && *work > 0; m->at++, --*work)
		if (m->by.group[m->at].row != NO_GROUP)
			judge_one(r, (uint32_t)m->at);
	return m->at >= m->by.groups;
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
	by->row = mem_array(q->limit ? r->rows : 1, sizeof(*by->row));
	for (i = 0; i < r->rows; i++) {
		struct group *g = &by->group[m->sorter.item[i].row];

		g->row = (uint32_t)i;
		if (q->limit)
			begin_row(m, g, &by->row[i]);
	}
	hash_set_clear(&by->peers);
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

	for (int line = 0; line < 3; line++) {
		uint16_t *sum = m->spark[row][line];
		uint32_t step[SPARK_STEPS] = {0};

		if (!store_series(m->store, handle, lines[line], until, SPARK_STEPS, step)) {
			m->no_series[row] = true;
			return;
		}
		for (size_t k = 0; k < SPARK_STEPS; k++)
			sum[k] = step[k] > UINT16_MAX - (uint32_t)sum[k] ? UINT16_MAX
								 : (uint16_t)(sum[k] + step[k]);
	}
}

static void fill_one(struct result *r, uint32_t handle, uint64_t peer)
{
	struct result_memory *m = r->memory;
	struct grouping *by = &m->by;
	uint32_t group = by->of[handle], row = by->group[group].row;

	if (query_has_after(m->query) && row != NO_GROUP)
		store_conversation_add(m->store, handle, &r->sum);
	if (row >= NOT_RETURNED)
		return;
	if (m->query->limit)
		add_conversation(m, handle, peer, &by->row[row]);
	if (m->spark)
		add_spark(m, handle, row);
}

static void fill_some(struct result *r, uint32_t from, size_t n)
{
	struct result_memory *m = r->memory;
	struct grouping *by = &m->by;
	uint64_t peer[AT_ONCE] = {0};

	for (size_t i = 0; i < n && m->query->limit; i++) {
		uint32_t group = by->of[from + i];

		if (group != NO_GROUP && by->group[group].row < NOT_RETURNED)
			peer[i] = peer_hash(m, group, store_conversation(m->store, from + (uint32_t)i));
	}
	for (size_t i = 0; i < n; i++)
		if (peer[i])
			hash_set_fetch(&by->peers, peer[i]);
	for (size_t i = 0; i < n; i++)
		if (by->of[from + i] != NO_GROUP)
			fill_one(r, from + (uint32_t)i, peer[i]);
}

/* Goes on from m->at to all of them, some at once. True: it is there. */
static bool through(struct result *r, uint32_t all, void (*some)(struct result *, uint32_t, size_t), size_t *work)
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
	}
	if (m->stage == STAGE_GATHER && through(r, all, gather_some, work))
		next_stage(m, STAGE_JUDGE);
	if (m->stage == STAGE_JUDGE && judge(r, work))
		next_stage(m, STAGE_SORT);
	if (m->stage == STAGE_SORT && *work > 0) {
		sort(r);
		next_stage(m, STAGE_FILL);
	}
	return m->stage == STAGE_FILL && through(r, all, fill_some, work);
}

void row_of_group(struct result_memory *m, size_t place, struct query_row *row)
{
	struct grouping *by = &m->by;
	const struct group_row *g = m->query->limit ? &by->row[place] : make_row(m, place);
	struct row_key key = {g->key, {g->zone[CLIENT], g->zone[SERVER]}};

	memset(row, 0, sizeof(*row));
	row->view = m->query->view;
	row->query = m->query;
	row->key = g->key;
	row->id = g->id;
	row->n = g->n;
	row->peers = g->peers;
	set_zones(m, keys_of(m->query->view), &key, !m->query->bare, row);
	if (m->spark) {
		row->spark = (const uint16_t(*)[SPARK_STEPS])m->spark[place];
		row->spark_partial = m->no_series[place];
	}
}
