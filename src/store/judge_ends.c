/* Findings about how established connections end: aborts, habits, and what happens at the same moment. */
#include "config.h"

#include "store/judges.h"

#include "store/odds.h"
#include "util/clock.h"
#include "util/fmt.h"

static bool is_client_abort(const struct judging *j, const struct kept *f)
{
	(void)j;
	return f->ending == ENDING_CLIENT_ABORT && !(f->flags & FACT_DELIVERED);
}

uint32_t count_server_aborts(const struct bunch *b)
{
	return b->by[ENDING_SERVER_ABORT] + b->by[ENDING_SERVER_CUT];
}

uint32_t count_client_aborts(const struct bunch *b)
{
	return b->by[ENDING_CLIENT_ABORT];
}

/* When most of them happened, in words. */
static const char *usual_stage(const struct judging *j, is_case *what)
{
	uint32_t n[ATTRIBUTE_COUNT] = { 0 }, link;
	int most = 0;

	for (const struct kept *f = fact_first(j, &link); f; f = fact_after(j, &link))
		if (f->stage && what(j, f) && ++n[f->stage] > n[most])
			most = f->stage;
	return n[most] ? attribute_info[most].words : "at no known stage";
}

static bool are_too_many(const struct judging *j, uint64_t k)
{
	return (double)k >= LEAST(j, ABORTS_LEAST) &&
	       wilson_lower(k, j->bunch->established) >= LEAST(j, ABORTS_SHARE) &&
	       is_surprise(j, k);
}

/* `most`: of the cases, known without a look at each. */
static bool aborts(struct judging *j, struct claim *c, is_case *what, uint32_t most, const char *who)
{
	uint32_t n = j->bunch->established;
	uint64_t k, clients;
	char buf[FMT_TEXT];

	if (!are_too_many(j, most) || !are_too_many(j, k = cases_count(j, what)))
		return false;
	clients = cases_clients(j, what);
	cases_collect(j, what, c);
	about_service(j, c);
	SAY(c, "%s: %s aborted %llu of %u connections within 60 s (%s), %llu client%s, mostly %s",
		c->subject, who, (ull)k, n, share((double)k / n, buf), (ull)clients, plural(clients),
		usual_stage(j, what));
	return true;
}

bool judge_server_aborts(struct judging *j, struct claim *c)
{
	return aborts(j, c, is_server_abort, count_server_aborts(j->bunch), "the server");
}

bool judge_client_aborts(struct judging *j, struct claim *c)
{
	return aborts(j, c, is_client_abort, count_client_aborts(j->bunch), "clients");
}

static bool is_harmless_reset(const struct judging *j, const struct kept *f)
{
	(void)j;
	return f->ending == ENDING_QUICK_RESET ||
	       (f->flags & FACT_DELIVERED &&
		       (f->ending == ENDING_SERVER_ABORT || f->ending == ENDING_CLIENT_ABORT));
}

uint32_t count_harmless(const struct bunch *b)
{
	return b->by[ENDING_QUICK_RESET] + b->delivered;
}

bool judge_resets_by_design(struct judging *j, struct claim *c)
{
	uint32_t n = j->bunch->established;
	char buf[FMT_TEXT];
	uint64_t k;

	if (n < LEAST(j, HABIT_LEAST) || wilson_lower(count_harmless(j->bunch), n) < LEAST(j, HABIT_SHARE))
		return false;
	k = cases_count(j, is_harmless_reset);
	if (wilson_lower(k, n) < LEAST(j, HABIT_SHARE))
		return false;
	cases_collect(j, is_harmless_reset, c);
	about_service(j, c);
	SAY(c, "%s: %s of %u connections are closed by reset after everything was delivered; a habit, not a fault",
		c->subject, share((double)k / n, buf), n);
	return true;
}

static bool is_cut_download(const struct judging *j, const struct kept *f)
{
	(void)j;
	return f->ending == ENDING_CLIENT_CUT;
}

uint32_t count_cuts(const struct bunch *b)
{
	return b->by[ENDING_CLIENT_CUT];
}

bool judge_cut_downloads(struct judging *j, struct claim *c)
{
	uint32_t k = count_cuts(j->bunch), n = j->bunch->established;
	char buf[FMT_TEXT];
	uint64_t clients;

	if (wilson_lower(k, n) < LEAST(j, CUTS_SHARE))
		return false;
	clients = cases_clients(j, is_cut_download);
	cases_collect(j, is_cut_download, c);
	about_service(j, c);
	SAY(c, "%llu client%s of %s stopped %u of %u downloads half-way (%s)", (ull)clients, plural(clients),
		c->subject, k, n, share((double)k / n, buf));
	return true;
}

/* --- At the same moment -------------------------------------------------------------------------- */

static bool is_lost(const struct judging *j, const struct kept *f)
{
	return f->ending == ENDING_SERVER_LOST && f->at >= j->from && f->at <= j->to;
}

static bool is_abort_now(const struct judging *j, const struct kept *f)
{
	return is_server_abort(j, f) && f->at >= j->from && f->at <= j->to;
}

static bool is_close(const struct judging *j, const struct kept *f)
{
	int64_t fin;

	if (!(f->flags & FACT_CLOSE))
		return false;
	fin = fact_fin(j, f);
	return fin >= j->from && fin <= j->to;
}

uint32_t count_dropped(const struct bunch *b)
{
	return b->by[ENDING_SERVER_LOST] + b->by[ENDING_SERVER_ABORT] + b->by[ENDING_SERVER_CUT] + b->closes;
}

uint32_t count_closes(const struct bunch *b)
{
	return b->closes;
}

static void anywhen(struct judging *j)
{
	j->from = INT64_MIN;
	j->to = INT64_MAX;
}

/* More than fits with how it goes the rest of the minute. */
static bool stands_out(const struct judging *j, uint64_t burst, uint64_t all)
{
	return poisson_tail(burst, (double)(all - burst) / 59) < j->thresholds->v[THRESHOLD_SURPRISE];
}

static bool say_restart(struct judging *j, struct claim *c, is_case *what, const char *how)
{
	uint64_t clients = cases_clients(j, what);
	char buf[FMT_TEXT];

	cases_collect(j, what, c);
	about_service(j, c);
	SAY(c, "%s %s %llu connections of %llu client%s at %s: restarted or moved?", c->subject, how,
		(ull)c->hits, (ull)clients, plural(clients), fmt_clock(buf, j->from, 0));
	return true;
}

bool judge_restart(struct judging *j, struct claim *c)
{
	const struct bunch *b = j->bunch;
	uint64_t all, burst;

	if (b->by[ENDING_SERVER_LOST] >= LEAST(j, RESTART_LOST) &&
		(double)cases_burst(j, is_lost, time_at, 10 * NS_PER_SEC) >= LEAST(j, RESTART_LOST) &&
		cases_clients(j, is_lost) >= 2)
		return say_restart(j, c, is_lost, "no longer knew");
	anywhen(j);
	burst = count_server_aborts(b) < LEAST(j, RESTART_ABORTS) ? 0 :
		cases_burst(j, is_abort_now, time_at, NS_PER_SEC);
	all = j->bench->times;
	if ((double)burst >= LEAST(j, RESTART_ABORTS) && stands_out(j, burst, all))
		return say_restart(j, c, is_abort_now, "aborted");
	anywhen(j);
	burst = b->closes < LEAST(j, RESTART_ABORTS) ? 0 : cases_burst(j, is_close, fact_fin, NS_PER_SEC);
	all = j->bench->times;
	if ((double)burst >= LEAST(j, RESTART_ABORTS) && stands_out(j, burst, all) &&
		cases_clients(j, is_close) >= 2)
		return say_restart(j, c, is_close, "closed");
	return false;
}

bool judge_host_restart(struct judging *j, struct claim *c)
{
	uint64_t burst = cases_burst(j, is_close, fact_fin, NS_PER_SEC), all = j->bench->times, services;
	char buf[FMT_TEXT];

	if ((double)burst < LEAST(j, RESTART_ABORTS) || !stands_out(j, burst, all))
		return false;
	services = cases_services(j, is_close);
	if (services < 2 || cases_clients(j, is_close) < 2)
		return false;
	cases_collect(j, is_close, c);
	about_service(j, c);
	SAY(c, "host %s closed %llu connections of %llu services at %s: shut down?", c->subject, (ull)c->hits,
		(ull)services, fmt_clock(buf, j->from, 0));
	return true;
}

static bool fell_silent(const struct judging *j, const struct kept *f)
{
	return is_silent((enum ending)f->ending) && f->at >= j->from && f->at <= j->to;
}

static bool is_one_host(const struct judging *j, struct addr *host)
{
	bool first = true;
	uint32_t link;

	for (const struct kept *f = fact_first(j, &link); f; f = fact_after(j, &link)) {
		const struct fact *ends;

		if (!fell_silent(j, f))
			continue;
		ends = fact_ends(j, f);
		if (!first && !addr_equal(host, silent_host(ends)))
			return false;
		*host = *silent_host(ends);
		first = false;
	}
	return true;
}

bool judge_network_outage(struct judging *j, struct claim *c)
{
	char buf[FMT_TEXT], text[ADDR_TEXT], host[ADDR_TEXT], name[ADDR_TEXT + 4];
	const struct addr *net = &j->bunch->who.a;
	struct addr one;

	if ((double)cases_burst(j, fell_silent, time_at, 10 * NS_PER_SEC) < LEAST(j, OUTAGE_LEAST))
		return false;
	cases_collect(j, fell_silent, c);
	snprintf(name, sizeof(name), "%s/%d", addr_text(net, text), addr_is_v4(net) ? 24 : 64);
	snprintf(c->subject, sizeof(c->subject), "%s", name);
	snprintf(c->filter, sizeof(c->filter), "(server in %s and ending = server_vanished) or "
		"(client in %s and ending = client_vanished)", name, name);
	if (is_one_host(j, &one))
		SAY(c, "%llu connections to host %s fell silent together at %s", (ull)c->hits,
			addr_text(&one, host), fmt_clock(buf, j->from, 0));
	else
		SAY(c, "%llu connections to hosts in %s fell silent together at %s", (ull)c->hits, c->subject,
			fmt_clock(buf, j->from, 0));
	return true;
}

/* Everywhere: what no single network explains. */
bool judge_wide_outage(struct judging *j, struct claim *c)
{
	double least = LEAST(j, OUTAGE_LEAST);
	char buf[FMT_TEXT];

	for (size_t i = 0; i < j->lens->bunches; i++)
		if (j->lens->bunch[i].who.common == COMMON_SILENT_NET && j->lens->bunch[i].n >= least)
			return false;
	if ((double)cases_burst(j, fell_silent, time_at, 10 * NS_PER_SEC) < least)
		return false;
	cases_collect(j, fell_silent, c);
	snprintf(c->subject, sizeof(c->subject), "several networks");
	snprintf(c->filter, sizeof(c->filter), "ending in (server_vanished, client_vanished)");
	SAY(c, "%llu connections to hosts of several networks fell silent together at %s", (ull)c->hits,
		fmt_clock(buf, j->from, 0));
	return true;
}
