/* The keys of views of sums: what of a conversation's key makes its row, and who is on the other end. */
#include "config.h"

#include <string.h>

#include "query/result.h"
#include "util/hash.h"

unsigned group_keys(enum view view)
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
	unsigned keys = group_keys(view);

	return (keys & KEY_WHOLE) | (keys & BY_ZONE_CLIENT ? KEY_CLIENT : 0) |
	       (keys & BY_ZONE_SERVER ? KEY_SERVER : 0);
}

bool group_is_exact(enum view view)
{
	return !(group_keys(view) & (BY_ZONE_CLIENT | BY_ZONE_SERVER));
}

struct row_key group_key_of(struct result_memory *m, unsigned keys, const struct conversation_key *from)
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
	return hash_bytes(zone, strlen(zone));
}

uint64_t group_id(struct result_memory *m, unsigned keys, const struct conversation_key *key)
{
	uint64_t w[5] = {0}, hash;

	if (keys & BY_CLIENT && !key->other_clients)
		memcpy(&w[0], &key->client, sizeof(key->client));
	if (keys & BY_SERVER && !key->other_servers)
		memcpy(&w[2], &key->server, sizeof(key->server));
	if (keys & BY_PORT_NUMBER && !key->other_ports)
		w[4] = key->port;
	w[4] |= (uint64_t)(keys & BY_CLIENT && key->other_clients) << 16 |
		(uint64_t)(keys & BY_SERVER && key->other_servers) << 17 |
		(uint64_t)(keys & BY_PORT_NUMBER && key->other_ports) << 18 | (uint64_t)keys << 24;
	if (keys & BY_ZONE_CLIENT)
		w[0] = zone_hash(key->other_clients ? "" : result_zone(m, &key->client));
	if (keys & BY_ZONE_SERVER)
		w[2] = zone_hash(key->other_servers ? "" : result_zone(m, &key->server));
	hash = hash_five(w);
	return hash + (hash == 0);
}

unsigned group_peers(enum view view)
{
	if (group_keys(view) == 0 || view == VIEW_ZONES || view == VIEW_CONVERSATIONS)
		return 0;
	return view == VIEW_CLIENTS || view == VIEW_CLIENT_ZONES ? KEY_SERVER : KEY_CLIENT;
}

uint64_t group_peer_hash(enum view view, uint32_t group, const struct conversation_key *key)
{
	bool server = group_peers(view) == KEY_SERVER;
	uint64_t w[5] = {0}, hash;

	if (group_peers(view) == 0 || (server ? key->other_servers : key->other_clients))
		return 0;
	memcpy(w, server ? &key->server : &key->client, sizeof(struct addr));
	w[2] = group;
	hash = hash_five(w);
	return hash + (hash == 0);
}

