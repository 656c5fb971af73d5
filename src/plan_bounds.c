/*
 * How large the tables may grow. They are mapped, not filled: a bound that is never reached costs
 * nothing, so a file gets all of --max-memory, shared out by what a row of each table really takes.
 */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include "plan.h"
#include "query/query.h"

#define LIVE_CONNECTIONS 262144
#define LIVE_CONVERSATIONS 262144
#define MOST_ROWS (INT64_C(1) << 24)
#define SERIES 65536
#define TRAILS 16384
#define FACTS 393216
#define FACTS_LEAST 4096
/* What there is however small the tables: blocks, packets read ahead, hosts. */
#define MACHINERY (INT64_C(6) << 20)
#define FALLBACK_MEMORY (INT64_C(2) << 30)
/* Octets that the screen's questions take for each conversation, once all views were looked at. */
#define ASKED 360
#define PROBE_ROWS 1048576 /* rows for which the price of one is asked */

/* What the machine has, or what this control group may use of it. */
static int64_t machine_memory(void)
{
	int64_t pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	int64_t have = pages > 0 && page > 0 ? pages * page : FALLBACK_MEMORY;
	FILE *f = fopen("/sys/fs/cgroup/memory.max", "r");
	long long limit;

	if (f && fscanf(f, "%lld", &limit) == 1 && limit > 0 && limit < have)
		have = limit;
	if (f)
		fclose(f);
	return have;
}

static int64_t clamp(int64_t n, int64_t least, int64_t most)
{
	return n < least ? least : n > most ? most : n;
}

/* Octets for one more row: live connection, ended one, conversation. */
static int64_t price_live(bool stored)
{
	const struct engine_conf engine = { .max_connections = PROBE_ROWS, .max_tombstones = PROBE_ROWS };
	const struct store_conf store = { .shards = 1, .max_live = PROBE_ROWS, .no_findings = true };

	return (int64_t)(engine_bytes(&engine) + (stored ? store_bytes(&store) : 0)) / PROBE_ROWS + 1;
}

static int64_t price_ended(void)
{
	const struct store_conf store = { .shards = 1, .max_ended = PROBE_ROWS, .no_findings = true };

	return (int64_t)store_bytes(&store) / PROBE_ROWS + 1;
}

static int64_t price_conversation(const struct plan *p)
{
	const struct store_conf store = { .shards = 1, .max_conversations = PROBE_ROWS, .no_findings = true,
		.peers = p->store.peers };

	return (int64_t)store_bytes(&store) / PROBE_ROWS + 1;
}

/* Of an event that findings are worked out from, and of nothing but what is there without one. */
static int64_t price_fact(int64_t *without)
{
	const struct store_conf one = { .shards = 1, .max_facts = 1 };
	const struct store_conf many = { .shards = 1, .max_facts = 1 + PROBE_ROWS };
	int64_t price = (int64_t)(store_bytes(&many) - store_bytes(&one)) / PROBE_ROWS + 1;

	*without = (int64_t)store_bytes(&one) - price;
	return price;
}

static int64_t price_series(void)
{
	const struct store_conf store = { .shards = 1, .max_series = PROBE_ROWS, .no_findings = true };

	return (int64_t)store_bytes(&store) / PROBE_ROWS + 1;
}

static int64_t price_trail(void)
{
	const struct engine_conf without = { .max_connections = 16 }, engine = { .max_connections = 16,
		.max_trails = PROBE_ROWS };
	const struct store_conf store = { .shards = 1, .max_trails = PROBE_ROWS, .no_findings = true };

	return (int64_t)(engine_bytes(&engine) - engine_bytes(&without) + store_bytes(&store)) / PROBE_ROWS + 1;
}

/*
 * What helps but never has to be whole: a quarter for findings, a sixteenth for time series and for
 * segments each, if they need so much. Printed views show no sparklines, and of single connections
 * no segments. Returns what they take.
 */
static int64_t share_out_extras(struct plan *p, int64_t memory, bool batch)
{
	int64_t boards, fact = price_fact(&boards);
	int64_t facts = clamp((memory / 4 - boards) / fact, FACTS_LEAST, FACTS);
	int64_t series = clamp(memory / 16 / price_series(), 64, SERIES);
	int64_t trails = clamp(memory / 16 / price_trail(), 64, TRAILS);

	if (batch && p->view != VIEW_GRAPH)
		series = 0;
	if (batch)
		trails = 0;
	p->store.no_findings = batch && p->view != VIEW_FINDINGS;
	p->store.max_facts = (uint32_t)facts;
	p->store.max_series = (uint32_t)series;
	p->store.max_trails = p->engine.max_trails = (uint32_t)trails;
	return MACHINERY + series * price_series() + trails * price_trail() +
	       (p->store.no_findings ? 0 : boards + facts * fact);
}

/*
 * What is left after that: a quarter for live connections and for conversations, a half for ended ones. Where none of
 * these is kept, live connections have their share too, and conversations half of it where sums are all that is.
 */
static void share_out(struct plan *p, int64_t memory, bool live, bool batch)
{
	bool stored = !p->store.sums_only && !p->store.findings_only;

	memory -= share_out_extras(p, memory, batch);

	/* A capture may have a row under way for each: worker.c. */
	int64_t row = live ? (int64_t)sizeof(struct row) : 0;
	int64_t quarters = stored ? 1 : p->store.sums_only ? 2 : 3;
	int64_t connections = clamp(memory * quarters / 4 / (price_live(stored) + row), 1024, MOST_ROWS);
	int64_t ended = clamp(memory / 2 / price_ended(), 1024, MOST_ROWS);
	int64_t asked = batch ? 0 : ASKED;
	int64_t talks = p->store.sums_only ? memory / 2 : memory / 4;
	int64_t conversations = clamp(talks / (price_conversation(p) + asked), 1024, MOST_ROWS);

	if (live) {
		connections = clamp(connections, 0, LIVE_CONNECTIONS);
		ended = clamp(ended, 0, LIVE_CONNECTIONS);
		conversations = clamp(conversations, 0, LIVE_CONVERSATIONS);
	}
	p->engine.max_connections = (uint32_t)connections;
	p->store.max_ended = (uint64_t)ended;
	p->store.max_conversations = (uint32_t)conversations;
}

/*
 * Views that show sums of conversations: of single connections, and of when things happened,
 * nothing is asked.
 */
static bool shows_sums_only(enum view view)
{
	return view != VIEW_CONNECTIONS && view != VIEW_FINDINGS && view != VIEW_GRAPH;
}

/* A run that prints one view and ends knows what it will be asked. */
static void leave_out(struct plan *p)
{
	const struct query q = { .view = p->view, .filter = { p->filter }, .sort = p->sort };
	struct query_parts parts;

	query_parts(&q, p->fields.column, p->fields.n, &parts);
	p->store.leave_out = parts.leave_out;
	p->store.peers = parts.peers;
}

void plan_bounds(struct plan *p)
{
	const struct conf *c = p->conf;

	if (c->batch && shows_sums_only(p->view))
		leave_out(p);
	p->store.findings_only = c->batch && p->view == VIEW_FINDINGS;
	/* With a filter that no sum passes the user is told how many connections do. */
	p->store.sums_only = c->batch && shows_sums_only(p->view) && !(c->filter && c->filter[0]);
	share_out(p, c->max_memory ? c->max_memory : machine_memory() / 2, plan_is_live(c), c->batch);
	if (c->max_connections) {
		p->engine.max_connections = (uint32_t)c->max_connections;
		p->store.max_ended = (uint64_t)c->max_connections;
	}
	if (c->max_conversations)
		p->store.max_conversations = (uint32_t)c->max_conversations;
	p->store.shards = 1;
	p->store.max_live = p->engine.max_connections;
	/* Findings come and go with time, so they need to be told as it passes. */
	p->engine.final_only = c->batch && p->view != VIEW_FINDINGS;
	p->engine.no_series = p->store.sums_only;
	p->engine.linger = c->linger;
	p->engine.idle_reset = c->idle_reset;
	p->engine.unanswered = c->timeout_unanswered;
	p->engine.vanished = c->timeout_vanished;
	p->engine.half_closed = c->timeout_half_closed;
	p->engine.idle = c->timeout_idle;
	p->engine.time_wait = c->time_wait;
}
