/*
 * Views of sums: conversations grouped by the keys of the view. The hard part is the order
 * of things: filters on keys are asked of conversations, then they are summed, then
 * filters on values are asked of the sums.
 */
#include "config.h"

#include <string.h>

#include "query/result.h"
#include "store/store.h"
#include "util/clock.h"
#include "util/hash.h"
#include "util/mem.h"

#define BY_CLIENT 0x01
#define BY_SERVER 0x02
#define BY_PORT_NUMBER 0x04
#define BY_ZONE_CLIENT 0x08
#define BY_ZONE_SERVER 0x10

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

/* The part of a conversation's key that the view groups by; the rest is zero. */
static void key_of(struct result_memory *m, unsigned keys, const struct conversation_key *from,
	struct group *out)
{
	memset(out, 0, sizeof(*out));
	if (keys & BY_CLIENT) {
		out->key.other_clients = from->other_clients;
		if (!from->other_clients)
			out->key.client = from->client;
	}
	if (keys & BY_SERVER) {
		out->key.other_servers = from->other_servers;
		if (!from->other_servers)
			out->key.server = from->server;
	}
	if (keys & BY_PORT_NUMBER) {
		out->key.other_ports = from->other_ports;
		out->key.port = from->other_ports ? 0 : from->port;
	}
	if (keys & BY_ZONE_CLIENT)
		out->zone[CLIENT] = from->other_clients ? "" : result_zone(m, &from->client);
	if (keys & BY_ZONE_SERVER)
		out->zone[SERVER] = from->other_servers ? "" : result_zone(m, &from->server);
}

static uint64_t zone_hash(const char *zone)
{
	return zone ? hash_bytes(zone, strlen(zone)) : 0;
}

static uint64_t identity(const struct group *g, enum view view)
{
	struct {
		struct addr addr[2];
		uint64_t zone[2];
		uint8_t rest[8];
	} key = {{g->key.client, g->key.server}, {zone_hash(g->zone[0]), zone_hash(g->zone[1])},
		{(uint8_t)(g->key.port >> 8), (uint8_t)g->key.port, g->key.other_clients,
			g->key.other_servers, g->key.other_ports, (uint8_t)view, 0, 0}};
	uint64_t hash = hash_bytes(&key, sizeof(key));

	return hash + (hash == 0);
}

static uint32_t group_of(struct result_memory *m, unsigned keys, const struct conversation_key *key)
{
	struct group g;
	bool is_new;
	uint32_t *at;

	key_of(m, keys, key, &g);
	g.id = identity(&g, m->query->view);
	g.row = UINT32_MAX;
	at = hash_map_put(&m->group_of, g.id, &is_new);
	if (!is_new)
		return *at;
	m->group = result_room(m->group, m->groups, &m->group_room, sizeof(g));
	m->group[m->groups] = g;
	return *at = (uint32_t)m->groups++;
}

/* Who is on the other end of the view's rows. False: nobody that could be counted. */
static bool peer_of(enum view view, const struct conversation_key *key, struct addr *out)
{
	bool server = view == VIEW_CLIENTS || view == VIEW_CLIENT_ZONES;

	if (view == VIEW_ZONES || view == VIEW_CONVERSATIONS)
		return false;
	*out = server ? key->server : key->client;
	return server ? !key->other_servers : !key->other_clients;
}

static void count_peer(struct result_memory *m, uint32_t group, const struct conversation_key *key)
{
	struct {
		struct addr addr;
		uint64_t group;
	} pair = {.group = group};
	bool is_new;

	if (!peer_of(m->query->view, key, &pair.addr))
		return;
	hash_map_put(&m->peers, hash_bytes(&pair, sizeof(pair)), &is_new);
	m->group[group].peers += is_new;
}

static void keep_source(struct result_memory *m, uint32_t group, uint32_t handle)
{
	m->source = result_room(m->source, m->sources, &m->source_room, sizeof(*m->source));
	m->source[m->sources++] = (struct source){handle, group};
}

struct gathering {
	struct result_memory *memory;
	unsigned keys;
	bool zones;
	struct query_row row; /* the conversation as filters see it */
};

static bool gather(void *arg, const struct conversation_key *key, const struct counters *n,
	uint32_t handle)
{
	struct gathering *g = arg;
	struct result_memory *m = g->memory;
	uint32_t group = group_of(m, g->keys, key);

	g->row.key = *key;
	if (g->zones) {
		g->row.zone[CLIENT] = key->other_clients ? "" : result_zone(m, &key->client);
		g->row.zone[SERVER] = key->other_servers ? "" : result_zone(m, &key->server);
	}
	if (!query_passes_before(m->query, &g->row))
		return true;
	counters_add(&m->group[group].n, n);
	m->group[group].passed = true;
	count_peer(m, group, key);
	if (m->query->spark)
		keep_source(m, group, handle);
	return true;
}

static int compare_zones(const char *a, const char *b)
{
	bool no_a = !a || !*a, no_b = !b || !*b;

	if (no_a || no_b)
		return no_a - no_b;
	return strcmp(a, b);
}

/* Key columns ascending, in their order; folded rows, which have no key, last. */
static int compare_keys(const void *arg, uint64_t x, uint64_t y)
{
	const struct result_memory *m = arg;
	const struct group *a = &m->group[x], *b = &m->group[y];
	int order = a->key.other_clients - b->key.other_clients;

	order = order ? order : addr_compare(&a->key.client, &b->key.client);
	order = order ? order : compare_zones(a->zone[CLIENT], b->zone[CLIENT]);
	order = order ? order : a->key.other_servers - b->key.other_servers;
	order = order ? order : addr_compare(&a->key.server, &b->key.server);
	order = order ? order : a->key.other_ports - b->key.other_ports;
	order = order ? order : (int)a->key.port - (int)b->key.port;
	order = order ? order : compare_zones(a->zone[SERVER], b->zone[SERVER]);
	return order ? order : (a->id > b->id) - (a->id < b->id);
}

/* Sparklines of the rows returned, from the series of their conversations. */
static void draw_sparks(struct result_memory *m, size_t rows)
{
	static const enum series_line lines[3] = {SERIES_ATTEMPTS, SERIES_RST_UNIQ_CLT,
		SERIES_RST_UNIQ_SRV};
	int64_t until = store_now(m->store) / NS_PER_SEC;
	uint32_t step[SPARK_STEPS];
	size_t i, k;
	int line;

	m->spark = mem_array(rows, sizeof(*m->spark));
	for (i = 0; i < rows; i++)
		m->group[m->sorter.item[i].row].row = (uint32_t)i;
	for (i = 0; i < m->sources; i++) {
		struct group *g = &m->group[m->source[i].group];

		if (g->row == UINT32_MAX)
			continue;
		for (line = 0; line < 3; line++) {
			uint16_t *sum = m->spark[g->row][line];

			memset(step, 0, sizeof(step));
			if (!store_series(m->store, m->source[i].handle, lines[line], until, SPARK_STEPS, step))
				g->no_series = true;
			for (k = 0; k < SPARK_STEPS; k++)
				sum[k] = step[k] > UINT16_MAX - (uint32_t)sum[k] ? UINT16_MAX
									 : (uint16_t)(sum[k] + step[k]);
		}
	}
}

void run_groups(struct result *r)
{
	struct result_memory *m = r->memory;
	const struct query *q = m->query;
	struct gathering g = {.memory = m, .keys = keys_of(q->view), .zones = query_needs_zones(q)};
	bool ascending = q->ascending;
	const struct column *sort = q->sort ? q->sort : query_default_sort(q->view, &ascending);
	size_t i;

	g.row.view = VIEW_CONVERSATIONS;
	g.row.query = q;
	store_each_conversation(m->store, gather, &g);
	sorter_begin(&m->sorter, q->limit, sort, ascending, compare_keys, m);
	for (i = 0; i < m->groups; i++) {
		if (!m->group[i].passed)
			continue;
		row_of_group(m, i, &m->row);
		if (!query_passes_after(q, &m->row))
			continue;
		counters_add(&r->sum, &m->group[i].n);
		r->matched++;
		result_sort_in(m, &m->row, i);
	}
	sorter_finish(&m->sorter);
	r->total = m->groups;
	r->rows = m->sorter.n;
	if (q->spark)
		draw_sparks(m, r->rows);
}

void row_of_group(struct result_memory *m, uint64_t number, struct query_row *row)
{
	const struct group *g = &m->group[number];
	unsigned keys = keys_of(m->query->view);

	memset(row, 0, sizeof(*row));
	row->view = m->query->view;
	row->query = m->query;
	row->key = g->key;
	row->id = g->id;
	row->n = g->n;
	row->peers = g->peers;
	row->zone[CLIENT] = g->zone[CLIENT];
	row->zone[SERVER] = g->zone[SERVER];
	if ((keys & BY_CLIENT) && !g->key.other_clients)
		row->zone[CLIENT] = result_zone(m, &g->key.client);
	if ((keys & BY_SERVER) && !g->key.other_servers)
		row->zone[SERVER] = result_zone(m, &g->key.server);
	if (m->spark && g->row != UINT32_MAX) {
		row->spark = (const uint16_t(*)[SPARK_STEPS])m->spark[g->row];
		row->spark_partial = g->no_series;
	}
}
