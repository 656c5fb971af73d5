/* -b: takes in what comes until the input ends, then prints one view. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "host_names.h"
#include "intake.h"
#include "model/capture_stats.h"
#include "plan.h"
#include "query/filter.h"
#include "query/query.h"
#include "run.h"
#include "util/err.h"
#include "util/str.h"

#define NAMES_WAIT_MS 5000

/* Asks for every name that will be printed. A name that does not come in time stays a number. */
static void ask_names(const struct plan *p, struct result *r)
{
	for (size_t k = 0; k < r->rows; k++)
		for (size_t i = 0; i < p->fields.n; i++) {
			const struct column *col = p->fields.column[i];
			struct value v = { 0 };

			if (col->kind == KIND_ADDR)
				v = col->get(col, result_row(r, k));
			if (v.what == VALUE_ADDR)
				host_name(&v.addr);
		}
	host_names_wait(NAMES_WAIT_MS);
}

/* No sum of any row is so, but single connections may be: who asked of sums meant them perhaps. */
static void tell_near_miss(const struct plan *p, const struct store *store)
{
	struct query q = { .view = VIEW_CONNECTIONS, .limit = 1, .zones = p->zones };
	struct result result = { 0 };
	struct err err = ERR_INIT;
	struct filter *f;

	if (!p->conf->filter || p->view >= VIEW_CONNECTIONS)
		return;
	f = filter_parse(VIEW_CONNECTIONS, p->conf->filter, &err, NULL);
	if (!f)
		return; /* it asks for something that connections do not have */
	q.filter[0] = f;
	query_run(store, &q, &result);
	if (result.matched > 0)
		cli_complain("--filter compares the sums of each row, and no row of the view %s passes; "
			     "%zu connection%s: --view connections",
			view_names[p->view], result.matched, result.matched == 1 ? " does" : "s do");
	result_free(&result);
	filter_free(f);
}

static bool prints_zones(const struct plan *p)
{
	for (size_t i = 0; i < p->fields.n; i++)
		if (column_is_zone(p->fields.column[i]) || !strcmp(p->fields.column[i]->name, "sentence"))
			return true;
	return false;
}

static bool print_view(const struct plan *p, const struct store *store)
{
	const struct query q = {
		.view = p->view,
		.filter = { p->filter, NULL },
		.sort = p->sort,
		.ascending = p->ascending,
		.limit = (size_t)p->conf->limit,
		.zones = p->zones,
		.bare = !prints_zones(p),
		.names = p->conf->names,
		.host = p->conf->names && p->format == EXPORT_TABLE ? host_name : NULL,
		.interfaces = (const char *const *)p->inputs.item,
		.interface_count = p->inputs.n,
	};
	struct result result = { 0 };
	struct err err = ERR_INIT;
	bool ok;

	query_run(store, &q, &result);
	if (result.matched == 0)
		tell_near_miss(p, store);
	if (q.host)
		ask_names(p, &result);
	ok = export_rows(stdout, p->format, &p->fields, &result, &err);
	result_free(&result);
	/* A reader that has seen enough (head) is no failure. */
	if (!ok && err.code != EPIPE)
		cli_complain("standard output: %s", err.text);
	return ok || err.code == EPIPE;
}

/* What line 1 of the screen says of the table. */
static void tell_early(const struct plan *p, const struct store *store)
{
	struct capture_stats stats;

	store_capture_stats(store, &stats);
	if (stats.evicted > 0)
		cli_complain("%" PRIu64 " connections judged early, and counted anew if they went on: the table "
			     "of %" PRIu32 " was full; --max-connections or --max-memory raise it",
			stats.evicted, p->engine.max_connections);
	if (stats.dropped[DROP_TABLE_FULL] > 0)
		cli_complain("%" PRIu64 " packets not counted: the table of %" PRIu32 " connections was full",
			stats.dropped[DROP_TABLE_FULL], p->engine.max_connections);
}

/* Nothing is lost by folding, but rows that should stand apart do not. */
static void tell_folded(const struct plan *p, const struct store_usage *usage)
{
	if (usage->folded > 0 && p->view < VIEW_CONNECTIONS)
		cli_complain("rows were folded into others %" PRIu64 " times: there was room for %" PRIu64
			     " conversations; --max-conversations or --max-memory raise it",
			usage->folded, usage->conversations_max);
}

static void tell_unlisted(const struct plan *p, const struct store *store)
{
	struct str lack = STR_INIT;
	struct store_usage usage;

	tell_early(p, store);

	if (p->view == VIEW_FINDINGS)
		query_findings_left_out(store, &lack);
	if (lack.len)
		cli_complain("left out: %s", lack.s);
	str_free(&lack);
	store_usage(store, &usage);
	tell_folded(p, &usage);
	if (usage.peers_missed > 0)
		cli_complain("peers are more than the %" PRIu64 " that there was room for, and counted too low; "
			     "--max-conversations or --max-memory raise it",
			usage.peers_max);
	if (p->view == VIEW_CONNECTIONS && usage.ended_forgotten > 0)
		cli_complain("%" PRIu64 " connections not listed: the bound of %" PRIu64
			     " was reached; --max-connections or --max-memory raise it",
			usage.ended_forgotten, usage.ended_max);
}

/* What is counted from part of the packets must say so. */
static void tell_drops(const struct store *store)
{
	struct capture_stats stats;
	uint64_t lost;

	store_capture_stats(store, &stats);
	lost = stats.kernel_drops + stats.interface_drops;
	if (lost > 0)
		cli_complain("%" PRIu64 " packets were lost before they could be read (%" PRIu64 " were); "
			     "--buffer gives them more room, --capture-filter and --threads help to keep up",
			lost, stats.packets);
}

/* Too small a snap length: one connection of many may be left, and looks as if it were all. */
static void tell_cut_off(const struct plan *p, const struct store *store)
{
	struct capture_stats stats;
	uint64_t cut;

	store_capture_stats(store, &stats);
	cut = stats.dropped[DROP_LINK_SHORT] + stats.dropped[DROP_IP_SHORT] + stats.dropped[DROP_TCP_SHORT];
	if (cut > 0)
		cli_complain("%" PRIu64 " of %" PRIu64 " packets were cut off inside their headers, and not counted%s", cut,
			stats.packets, plan_is_live(p->conf) ? ": a larger --snaplen helps" : "");
}

int run_batch(struct plan *p, struct source *source)
{
	struct intake in;
	int status = EXIT_CANNOT;

	if (!intake_run(&in, p, source))
		return status;
	if (print_view(p, in.store)) {
		tell_unlisted(p, in.store);
		tell_drops(in.store);
		tell_cut_off(p, in.store);
		status = intake_exit_code(&in);
	}
	store_free(in.store);
	return status;
}
