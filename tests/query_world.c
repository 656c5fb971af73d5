#include "config.h"

#include "query_world.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "util/clock.h"
#include "util/err.h"
#include "util/mem.h"
#include "util/str.h"

static uint64_t next_uid;
static uint64_t next_eseq;
static uint32_t next_slot;

static struct addr address(const char *text)
{
	struct addr a;

	assert(addr_parse(text, &a));
	return a;
}

static void handshake(struct connection *c)
{
	c->established = 1;
	c->side[SERVER].syn = c->side[SERVER].synack = 1;
	c->side[SERVER].packets = 4;
	c->side[SERVER].bytes = 500;
	c->side[CLIENT].bytes = 100;
	c->hs_srv_ns = 2 * NS_PER_MS;
	c->hs_clt_ns = 19 * NS_PER_US;
	c->t_established = c->hs_srv_ns + c->hs_clt_ns;
	c->side[CLIENT].t_data = 3 * NS_PER_MS;
	c->side[SERVER].t_data = 4 * NS_PER_MS;
	c->evidence |= EVIDENCE_BIT(HANDSHAKE) | EVIDENCE_BIT(ESTABLISHED);
}

static void reset_by(struct connection *c, int side, unsigned n, int64_t when)
{
	c->side[side].rst = n;
	c->side[side].rst_uniq = 1;
	c->side[side].t_rst = when;
	c->side[side].t_rst_last = when;
	c->rst_side = (uint8_t)side;
}

static void close_by_fin(struct connection *c)
{
	int i;

	for (i = 0; i < 2; i++) {
		c->side[i].fin = c->side[i].fin_uniq = 1;
		c->side[i].t_fin = c->side[i].t_fin_last = 90 * NS_PER_MS;
		c->side[i].state = STATE_CLOSED;
	}
	c->side[CLIENT].state = STATE_TIME_WAIT;
	c->time_wait_until = c->last + 60 * NS_PER_SEC;
	c->closer = CLOSER_CLIENT;
	c->attributes |= ATTRIBUTE_BIT(FIRST_FIN_CLIENT);
}

static void end_so(struct connection *c, enum ending ending)
{
	switch (ending) {
	case ENDING_GRACEFUL:
		handshake(c);
		close_by_fin(c);
		return;
	case ENDING_REFUSED:
		reset_by(c, SERVER, 1, 30 * NS_PER_US);
		return;
	case ENDING_UNANSWERED:
		c->side[CLIENT].syn = 3;
		c->side[CLIENT].t_syn_last = 3 * NS_PER_SEC;
		return;
	case ENDING_STRAY_RESET:
		c->origin = ORIGIN_OTHER;
		c->side[CLIENT].syn = c->side[CLIENT].syn_uniq = 0;
		reset_by(c, CLIENT, 3, 0);
		return;
	case ENDING_NONE:
		handshake(c);
		c->side[CLIENT].state = c->side[SERVER].state = STATE_ESTABLISHED;
		return;
	default:
		handshake(c);
		reset_by(c, ending == ENDING_CLIENT_ABORT ? CLIENT : SERVER, 1, 50 * NS_PER_MS);
		return;
	}
}

struct connection world_connection(const char *client, unsigned client_port, const char *server,
	unsigned server_port, enum ending ending, double seconds)
{
	struct connection c = {.generation = 1, .rst_side = 2, .idle_ns = TIME_NEVER,
		.hs_srv_ns = TIME_NEVER, .hs_clt_ns = TIME_NEVER, .t_established = TIME_NEVER};
	int i;

	c.start = WORLD_T0 * NS_PER_SEC + (int64_t)(seconds * 1e9);
	c.last = c.start + 100 * NS_PER_MS;
	c.ended = ending == ENDING_NONE ? 0 : c.last;
	c.tuple.addr[CLIENT] = address(client);
	c.tuple.addr[SERVER] = address(server);
	c.tuple.port[CLIENT] = (uint16_t)client_port;
	c.tuple.port[SERVER] = (uint16_t)server_port;
	for (i = 0; i < 2; i++)
		c.side[i].t_fin = c.side[i].t_rst = c.side[i].t_rst_last = c.side[i].t_syn_last =
			c.side[i].t_fin_last = c.side[i].t_data = TIME_NEVER;
	c.side[CLIENT].packets = 5;
	c.side[CLIENT].syn = c.side[CLIENT].syn_uniq = 1;
	c.ending = (uint8_t)ending;
	c.confidence = CONFIDENCE_HIGH;
	c.rule = ending == ENDING_NONE ? 0 : 7;
	strcpy(c.history, "Sh");
	end_so(&c, ending);
	return c;
}

uint64_t world_add(struct store *st, struct connection c)
{
	static struct block b;
	bool open = c.ending == ENDING_NONE;

	c.uid = ++next_uid;
	b.rows = 1;
	b.now = c.last;
	b.row[0].what = open ? ROW_LIVE : ROW_FINAL;
	b.row[0].slot = next_slot;
	b.row[0].eseq = open ? 0 : next_eseq++;
	b.row[0].c = c;
	next_slot += open;
	store_apply(st, &b);
	return c.uid;
}

struct store *world_empty(void)
{
	struct store_conf conf = {.shards = 1, .max_live = 1024, .max_ended = 100000,
		.max_conversations = 10000, .max_series = 1000, .max_trails = 16};
	struct err err = ERR_INIT;
	struct store *st = store_new(&conf, &err);

	assert(st);
	next_uid = next_eseq = 0;
	next_slot = 0;
	return st;
}

static void add_many(struct store *st, int n, const char *client, const char *server, unsigned port,
	enum ending ending, double seconds)
{
	int i;

	for (i = 0; i < n; i++)
		world_add(st, world_connection(client, 40000 + (unsigned)i, server, port, ending,
				seconds + i));
}

struct store *world_new(void)
{
	struct store *st = world_empty();

	add_many(st, 4, "10.0.0.1", "10.0.0.5", 1194, ENDING_REFUSED, 0);
	add_many(st, 2, "10.0.0.2", "10.0.0.5", 1194, ENDING_REFUSED, 1);
	add_many(st, 3, "10.0.0.1", "10.0.0.5", 443, ENDING_GRACEFUL, 2);
	add_many(st, 2, "10.1.0.7", "10.0.0.6", 443, ENDING_SERVER_ABORT, 3);
	add_many(st, 1, "fd77::1", "fd77::2", 5432, ENDING_GRACEFUL, 4);
	add_many(st, 1, "192.0.2.9", "10.0.0.6", 80, ENDING_STRAY_RESET, 5);
	add_many(st, 1, "10.0.0.3", "10.0.0.6", 22, ENDING_NONE, 6);
	add_many(st, 1, "10.0.0.3", "203.0.113.1", 443, ENDING_UNANSWERED, 7);
	return st;
}

static void add_row(const struct query_row *row, struct str *out)
{
	size_t i, n = 0;

	if (row->view == VIEW_CONNECTIONS) {
		column_format(column_find(row->view, "client"), row, STYLE_EXPORT, out);
		str_add_char(out, ' ');
		column_format(column_find(row->view, "server"), row, STYLE_EXPORT, out);
		str_addf(out, ":%u %s", row->key.port, ending_info[row->c->ending].name);
		return;
	}
	for (i = 0; i < column_count; i++) {
		if (!(columns[i].flags & COLUMN_KEY) || !(columns[i].exports >> row->view & 1))
			continue;
		if (n++)
			str_add_char(out, ' ');
		column_format(&columns[i], row, STYLE_EXPORT, out);
	}
}

static void pick_sort(struct query *q, const char *sort)
{
	char name[64];
	size_t n = strcspn(sort, ":");

	memcpy(name, sort, n);
	name[n] = '\0';
	q->sort = column_find(q->view, name);
	assert(q->sort);
	q->ascending = sort[n] == ':';
}

const char *world_ask(const struct store *st, enum view view, const char *filter, const char *sort,
	size_t limit)
{
	static struct result result; /* memory used again, as the viewer does */
	static struct str out;
	struct query q = {.view = view, .limit = limit};
	struct err err = ERR_INIT;
	struct filter *f = filter ? filter_parse(view, filter, &err, NULL) : NULL;
	size_t i;

	str_clear(&out);
	str_add(&out, err.text);
	if (filter && !f)
		return out.s;
	q.filter[1] = f;
	if (sort)
		pick_sort(&q, sort);
	query_run(st, &q, &result);
	for (i = 0; i < result.rows; i++) {
		str_add(&out, i ? ", " : "");
		add_row(result_row(&result, i), &out);
		assert(result_find(&result, result_id(&result, i)) == i);
	}
	filter_free(f);
	return out.s;
}
