/* What views and rows are called. */
#include "config.h"

#include "ui/page.h"
#include "query/apps.h"
#include "store/finding.h"
#include "util/fmt.h"

/* In the order of the tabs. The graph has none yet. */
static const struct {
	enum view view;
	const char *name[3], *one, *many;
} tabs[] = {
	{VIEW_SERVERS, {"Servers", "Servers", "Srv"}, "server", "servers"},
	{VIEW_CLIENTS, {"Clients", "Clients", "Cli"}, "client", "clients"},
	{VIEW_CONVERSATIONS, {"Conversations", "Convs", "Cnv"}, "conversation", "conversations"},
	{VIEW_SERVICES, {"Services", "Services", "Svc"}, "service", "services"},
	{VIEW_PORTS, {"Ports", "Ports", "Prt"}, "port", "ports"},
	{VIEW_CONNECTIONS, {"Connections", "Conns", "Con"}, "connection", "connections"},
	{VIEW_ENDINGS, {"Endings", "Ends", "End"}, "ending", "endings"},
	{VIEW_FINDINGS, {"Findings", "Finds", "Fnd"}, "finding", "findings"},
	{VIEW_ZONES, {"Zones", "Zones", "Zon"}, "zone pair", "zone pairs"},
	{VIEW_CLIENT_ZONES, {"Client zones", "CZ", "CZn"}, "client zone", "client zones"},
	{VIEW_SERVER_ZONES, {"Server zones", "SZ", "SZn"}, "server zone", "server zones"},
};

#define TABS ((int)(sizeof(tabs) / sizeof(tabs[0])))

int tab_count(void)
{
	return TABS;
}

int tab_of_view(enum view view)
{
	for (int i = 0; i < TABS; i++)
		if (tabs[i].view == view)
			return i;
	return 0;
}

enum view view_at_tab(int n)
{
	return n >= 0 && n < TABS ? tabs[n].view : VIEW_COUNT;
}

const char *view_tab(enum view view, int size)
{
	return tabs[tab_of_view(view)].name[size];
}

const char *view_words(enum view view, uint64_t n)
{
	int tab = tab_of_view(view);

	return n == 1 ? tabs[tab].one : tabs[tab].many;
}

static void add_address(struct str *out, const struct addr *a, bool others, const char *who, unsigned port)
{
	char text[ADDR_TEXT];

	if (others)
		str_addf(out, "other %s", who);
	else
		fmt_endpoint(out, addr_text(a, text), port);
}

static void add_zone(struct str *out, const char *zone)
{
	str_add(out, zone ? zone : "?");
}

void row_label(const struct query_row *row, struct str *out)
{
	const struct conversation_key *key = &row->key;

	switch (row->view) {
	case VIEW_SERVERS:
		add_address(out, &key->server, key->other_servers, "servers", 0);
		break;
	case VIEW_CLIENTS:
		add_address(out, &key->client, key->other_clients, "clients", 0);
		break;
	case VIEW_CLIENT_ZONES:
		add_zone(out, row->zone[CLIENT]);
		break;
	case VIEW_SERVER_ZONES:
		add_zone(out, row->zone[SERVER]);
		break;
	case VIEW_ZONES:
		add_zone(out, row->zone[CLIENT]);
		str_add(out, " -> ");
		add_zone(out, row->zone[SERVER]);
		break;
	case VIEW_SERVICES:
		add_address(out, &key->server, key->other_servers, "servers", key->port);
		break;
	case VIEW_PORTS:
		if (key->other_ports)
			str_add(out, "other ports");
		else
			str_addf(out, ":%u", key->port);
		break;
	case VIEW_CONVERSATIONS:
		add_address(out, &key->client, key->other_clients, "clients", 0);
		str_add(out, " -> ");
		add_address(out, &key->server, key->other_servers, "servers", key->port);
		break;
	case VIEW_CONNECTIONS:
		if (!row->c)
			break;
		add_address(out, &row->c->tuple.addr[CLIENT], false, "", row->c->tuple.port[CLIENT]);
		str_add(out, " -> ");
		add_address(out, &row->c->tuple.addr[SERVER], false, "", row->c->tuple.port[SERVER]);
		break;
	case VIEW_ENDINGS:
		str_add(out, ending_info[row->ending].name);
		break;
	case VIEW_FINDINGS:
		str_addf(out, "%s %s", finding_info[row->finding->kind].name, row->finding->subject);
		break;
	case VIEW_GRAPH:
	case VIEW_COUNT:
		break;
	}
}
