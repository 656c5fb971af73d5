/*
 * The table of the judges, and what they share. Each judge counts its cases in the window and says
 * so with their numbers; how long a finding lasts is not its business (findings.c).
 */
#include "config.h"

#include "store/judges.h"

#include <stdio.h>
#include <string.h>

#include "store/odds.h"
#include "util/fmt.h"
#include "util/str.h"

void say_service(const struct addr *a, unsigned port, struct claim *c)
{
	struct str text = STR_INIT;
	char buf[ADDR_TEXT];

	fmt_endpoint(&text, addr_text(a, buf), port);
	snprintf(c->subject, sizeof(c->subject), "%s", text.s);
	str_free(&text);
	if (port)
		snprintf(c->filter, sizeof(c->filter), "server = %s and server.port = %u", buf, port);
	else
		snprintf(c->filter, sizeof(c->filter), "server = %s", buf);
}

void about_service(const struct judging *j, struct claim *c)
{
	say_service(&j->bunch->who.a, j->bunch->who.port, c);
}

const char *share(double part, char buf[FMT_TEXT])
{
	return fmt_share(buf, part);
}

const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

bool is_any(const struct judging *j, const struct kept *f)
{
	(void)j;
	(void)f;
	return true;
}

void about_targets(const struct judging *j, struct claim *c)
{
	bool one_server = true, one_port = true;
	const struct kept *f;
	struct fact first;
	uint32_t link;

	f = fact_first(j, &link);
	first = *fact_ends(j, f);
	for (; f; f = fact_after(j, &link)) {
		one_server = one_server && addr_equal(&fact_ends(j, f)->server, &first.server);
		one_port = one_port && f->port == first.port;
	}
	if (one_server) {
		say_service(&first.server, one_port ? first.port : 0, c);
		return;
	}
	c->filter[0] = '\0';
	snprintf(c->subject, sizeof(c->subject), "%llu services", (ull)cases_services(j, is_any));
}

void only_ending(struct claim *c, enum ending e)
{
	size_t len = strlen(c->filter);

	snprintf(c->filter + len, sizeof(c->filter) - len, "%sending = %s", len ? " and " : "",
		ending_info[e].name);
}

bool is_surprise(const struct judging *j, uint64_t k)
{
	return j->ease < 1 || poisson_tail(k, j->usual) < j->thresholds->v[THRESHOLD_SURPRISE];
}

bool is_server_abort(const struct judging *j, const struct kept *f)
{
	(void)j;
	return (f->ending == ENDING_SERVER_ABORT || f->ending == ENDING_SERVER_CUT) &&
	       !(f->flags & FACT_DELIVERED);
}

uint32_t count_all(const struct bunch *b)
{
	return b->n;
}

const struct judge judges[] = {
	{ FINDING_SERVICE_REFUSING, COMMON_SERVICE, false, false, THRESHOLD_REFUSING_LEAST, count_finished, judge_refusing },
	{ FINDING_SERVICE_FLAPPING, COMMON_SERVICE, false, false, THRESHOLD_FLAPPING_LEAST, count_finished, judge_flapping },
	{ FINDING_SERVICE_SILENT, COMMON_SERVICE, false, false, THRESHOLD_SILENT_LEAST, count_unanswered,
		judge_silent_service },
	{ FINDING_QUEUE_FULL, COMMON_SERVICE, false, false, THRESHOLD_QUEUE_LATE, count_unserved, judge_queue_full },
	{ FINDING_HALF_OPEN_BURST, COMMON_SERVICE, false, true, THRESHOLD_HALF_OPEN_LEAST, count_half_open, judge_half_open },
	{ FINDING_SCANNER, COMMON_CLIENT, false, false, THRESHOLD_SCANNER_TARGETS, count_in_vain, judge_scanner },
	{ FINDING_SERVER_ABORTS, COMMON_SERVICE, false, true, THRESHOLD_ABORTS_LEAST, count_server_aborts,
		judge_server_aborts },
	{ FINDING_CLIENT_ABORTS, COMMON_SERVICE, false, true, THRESHOLD_ABORTS_LEAST, count_client_aborts,
		judge_client_aborts },
	{ FINDING_RESETS_BY_DESIGN, COMMON_SERVICE, false, false, THRESHOLD_HABIT_LEAST, count_harmless,
		judge_resets_by_design },
	{ FINDING_CUT_DOWNLOADS, COMMON_SERVICE, false, false, THRESHOLD_CUTS_LEAST, count_cuts, judge_cut_downloads },
	{ FINDING_RESTART_OR_FAILOVER, COMMON_SERVICE, false, false, THRESHOLD_RESTART_LOST, count_dropped, judge_restart },
	{ FINDING_RESTART_OR_FAILOVER, COMMON_HOST, false, false, THRESHOLD_RESTART_ABORTS, count_closes,
		judge_host_restart },
	{ FINDING_PATH_OUTAGE, COMMON_SILENT_NET, false, false, THRESHOLD_OUTAGE_LEAST, count_all, judge_network_outage },
	{ FINDING_PATH_OUTAGE, COMMON_SILENT, false, false, THRESHOLD_OUTAGE_LEAST, count_all, judge_wide_outage },
	{ FINDING_PORT_CHURN, COMMON_PAIR, false, false, THRESHOLD_CHURN_LEAST, count_all, judge_port_churn },
	{ FINDING_PORT_CHURN, COMMON_STANDING, false, false, THRESHOLD_CHURN_STANDING, count_all, judge_standing_ports },
	{ FINDING_CAPTURE_QUALITY, COMMON_ALL, false, false, THRESHOLD_QUALITY_LEAST, count_ended, judge_gaps },
	{ FINDING_CAPTURE_QUALITY, COMMON_ALL, false, false, THRESHOLD_QUALITY_LEAST, count_ended, judge_one_way },
	{ FINDING_STALE_POOL, COMMON_SERVICE, true, false, THRESHOLD_STALE_LEAST, count_server_cuts, judge_stale_pool },
	{ FINDING_IDLE_TIMEOUT, COMMON_SERVICE, true, false, THRESHOLD_IDLE_LEAST, count_after_silence, judge_idle_timeout },
	{ FINDING_CLOSE_WAIT_LEAK, COMMON_SERVICE, true, false, THRESHOLD_LEAK_LEAST, count_half_closed,
		judge_close_wait_leak },
	{ FINDING_PATH_INTERFERENCE, COMMON_DISTANCE, true, false, THRESHOLD_PATH_LEAST, count_all, judge_interference },
	{ FINDING_ICMP, COMMON_ICMP, true, false, THRESHOLD_ICMP_LEAST, count_all, judge_icmp },
};
const unsigned judge_count = sizeof(judges) / sizeof(judges[0]);
