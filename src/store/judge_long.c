/* Findings of the long window, and those about ports and the capture itself. */
#include "config.h"

#include "store/judges.h"

#include <math.h>
#include <stdlib.h>

#include "store/odds.h"
#include "util/clock.h"
#include "util/fmt.h"

static int smaller(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static bool is_stale(const struct judging *j, const struct kept *f)
{
	int64_t silence = f->ending == ENDING_SERVER_CUT ? fact_silence(j, f) : TIME_NEVER;

	return silence != TIME_NEVER && (double)silence > j->thresholds->v[THRESHOLD_STALE_GAP] * 1e9;
}

uint32_t count_server_cuts(const struct bunch *b)
{
	return b->by[ENDING_SERVER_CUT];
}

/* The median of what `value` says of the cases; the bench keeps the values in order. */
static int64_t median(const struct judging *j, is_case *what, fact_time *value)
{
	struct bench *b = j->bench;
	uint32_t link;

	b->others = 0;
	for (const struct kept *f = fact_first(j, &link); f && b->others < CASES_MAX; f = fact_after(j, &link))
		if (what(j, f))
			b->other[b->others++] = value(j, f);
	qsort(b->other, b->others, sizeof(b->other[0]), smaller);
	return b->others ? b->other[b->others / 2] : 0;
}

static int64_t time_served(const struct judging *j, const struct kept *f)
{
	struct fact_times times;

	facts_get_times(j->lens->facts, f, &times);
	return times.served == TIME_NEVER ? 0 : times.served;
}

bool judge_stale_pool(struct judging *j, struct claim *c)
{
	char closed[FMT_TEXT], used[FMT_TEXT];

	if ((double)cases_count(j, is_stale) < LEAST(j, STALE_LEAST))
		return false;
	cases_collect(j, is_stale, c);
	about_service(j, c);
	SAY(c, "clients use connections to %s again %s after it closed them (idle for %s): %llu cut; shorten the "
	       "pool's idle time", c->subject, fmt_duration(used, median(j, is_stale, fact_silence)),
		fmt_duration(closed, median(j, is_stale, time_served)), (ull)c->hits);
	return true;
}

static bool is_after_silence(const struct judging *j, const struct kept *f)
{
	return (f->ending == ENDING_IDLE_RESET || f->ending == ENDING_SERVER_LOST ||
		       f->ending == ENDING_CLIENT_LOST || is_silent((enum ending)f->ending)) &&
	       (double)fact_silence(j, f) >= j->thresholds->v[THRESHOLD_IDLE_SILENCE] * 1e9;
}

uint32_t count_after_silence(const struct bunch *b)
{
	return b->by[ENDING_IDLE_RESET] + b->by[ENDING_SERVER_LOST] + b->by[ENDING_CLIENT_LOST] +
	       b->by[ENDING_SERVER_VANISHED] + b->by[ENDING_CLIENT_VANISHED];
}

static bool is_silent_after_silence(const struct judging *j, const struct kept *f)
{
	return is_after_silence(j, f) && is_silent((enum ending)f->ending);
}

bool judge_idle_timeout(struct judging *j, struct claim *c)
{
	int64_t middle = median(j, is_after_silence, fact_silence), spread;
	const struct bench *b = j->bench;
	double allowed = (double)middle * j->thresholds->v[THRESHOLD_IDLE_SPREAD];
	char buf[FMT_TEXT];

	if ((double)b->others < LEAST(j, IDLE_LEAST))
		return false;
	spread = b->other[b->others * 3 / 4] - b->other[b->others / 4];
	if ((double)spread > fmax(allowed, 2e9))
		return false;
	cases_collect(j, is_after_silence, c);
	about_service(j, c);
	SAY(c, "something %s connections to %s after %s of silence (%llu cases)",
		2 * cases_count(j, is_silent_after_silence) > c->hits ? "forgets" : "resets", c->subject,
		fmt_duration(buf, middle), (ull)c->hits);
	return true;
}

bool judge_interference(struct judging *j, struct claim *c)
{
	int delta = (int8_t)j->bunch->who.x, hops = delta < 0 ? -delta : delta;

	cases_collect(j, is_any, c);
	about_targets(j, c);
	only_ending(c, ENDING_PATH_RESET);
	if (delta == 0)
		SAY(c, "%llu resets in the name of %s were not sent by the end they name: a device on the path made them",
			(ull)c->hits, c->subject);
	else
		SAY(c, "%llu resets for %s come from a device %d hop%s %s", (ull)c->hits, c->subject, hops,
		plural((uint64_t)hops), delta < 0 ? "nearer" : "farther away");
	return true;
}

static bool is_half_closed(const struct kept *f)
{
	return f->ending == ENDING_HALF_CLOSED || f->kind == FACT_OF_WAIT;
}

static bool leaks_server(const struct judging *j, const struct kept *f)
{
	(void)j;
	return is_half_closed(f) && f->flags & FACT_CLIENT_FIRST;
}

static bool leaks_client(const struct judging *j, const struct kept *f)
{
	(void)j;
	return is_half_closed(f) && f->flags & FACT_SERVER_FIRST;
}

uint32_t count_half_closed(const struct bunch *b)
{
	return b->by[ENDING_HALF_CLOSED] + b->waiting;
}

static uint64_t still_open(const struct judging *j, is_case *what)
{
	uint64_t n = 0;
	uint32_t link;

	for (const struct kept *f = fact_first(j, &link); f; f = fact_after(j, &link))
		n += f->kind == FACT_OF_WAIT && what(j, f);
	return n;
}

bool judge_close_wait_leak(struct judging *j, struct claim *c)
{
	uint64_t by_server = cases_count(j, leaks_server), by_client = cases_count(j, leaks_client), open;
	bool server = by_server >= by_client;
	is_case *leaks = server ? leaks_server : leaks_client;
	char words[48] = "";

	if ((double)(server ? by_server : by_client) < LEAST(j, LEAK_LEAST))
		return false;
	cases_collect(j, leaks, c);
	about_service(j, c);
	open = still_open(j, leaks);
	if (open)
		snprintf(words, sizeof(words), ", %llu still open", (ull)open);
	SAY(c, "%s %s did not close %llu connections that the other side had closed (CLOSE_WAIT%s)",
		server ? "the server" : "clients of", c->subject, (ull)c->hits, words);
	return true;
}

bool judge_icmp(struct judging *j, struct claim *c)
{
	const struct subject *who = &j->bunch->who;
	char from[ADDR_TEXT];

	cases_collect(j, is_any, c);
	about_targets(j, c);
	only_ending(c, ENDING_UNREACHABLE);
	addr_text(&who->a, from);
	SAY(c, "%s rejects %llu attempts to reach %s (ICMP type %u code %u%s)", from, (ull)c->hits, c->subject,
		who->x, who->y,
		(who->x == 3 && (who->y == 13 || who->y == 9 || who->y == 10)) || (who->x == 1 && who->y == 1)
			? ", administratively prohibited" : "");
	snprintf(c->subject, sizeof(c->subject), "%s", from);
	return true;
}

/* --- Ports and the capture itself ---------------------------------------------------------------- */

/* Of the client's ports toward one service; `more` of its filter. */
static void about_ports(struct judging *j, const char *more, char client[ADDR_TEXT], char server[ADDR_TEXT],
	struct claim *c)
{
	const struct subject *who = &j->bunch->who;

	cases_collect(j, is_any, c);
	addr_text(&who->a, client);
	addr_text(&who->b, server);
	snprintf(c->subject, sizeof(c->subject), "%s", client);
	snprintf(c->filter, sizeof(c->filter), "client = %s and server = %s and server.port = %u%s",
		client, server, who->port, more);
}

bool judge_port_churn(struct judging *j, struct claim *c)
{
	char client[ADDR_TEXT], server[ADDR_TEXT];

	about_ports(j, "", client, server, c);
	SAY(c, "%s used %llu ports again within a minute toward %s port %u: TIME_WAIT pressure, or too few ports",
		client, (ull)c->hits, server, j->bunch->who.port);
	return true;
}

bool judge_standing_ports(struct judging *j, struct claim *c)
{
	char client[ADDR_TEXT], server[ADDR_TEXT];

	about_ports(j, " and evidence = ports_held", client, server, c);
	SAY(c, "%s asked for %llu ports toward %s port %u that old connections still hold: restarted, or too few ports",
		client, (ull)c->hits, server, j->bunch->who.port);
	return true;
}

static bool has_gap(const struct judging *j, const struct kept *f)
{
	(void)j;
	return f->kind == FACT_OF_END && f->flags & FACT_GAP;
}

static bool is_one_way(const struct judging *j, const struct kept *f)
{
	(void)j;
	return f->kind == FACT_OF_END && f->flags & FACT_ONE_WAY;
}

uint32_t count_ended(const struct bunch *b)
{
	return b->ended;
}

bool judge_gaps(struct judging *j, struct claim *c)
{
	uint32_t n = count_ended(j->bunch), k = j->bunch->gaps;
	char buf[FMT_TEXT];

	if (wilson_lower(k, n) <= LEAST(j, QUALITY_GAPS))
		return false;
	cases_collect(j, has_gap, c);
	snprintf(c->subject, sizeof(c->subject), "capture: gaps");
	snprintf(c->filter, sizeof(c->filter), "evidence = gap");
	SAY(c, "the capture misses packets of %u of %u connections (%s): verdicts are less sure", k, n,
		share((double)k / n, buf));
	return true;
}

bool judge_one_way(struct judging *j, struct claim *c)
{
	uint32_t n = count_ended(j->bunch), k = j->bunch->one_way;
	char buf[FMT_TEXT];

	if (wilson_lower(k, n) <= LEAST(j, QUALITY_ONE_WAY))
		return false;
	cases_collect(j, is_one_way, c);
	snprintf(c->subject, sizeof(c->subject), "capture: one direction");
	snprintf(c->filter, sizeof(c->filter), "evidence = one_way");
	SAY(c, "the capture sees one direction only of %u of %u connections (%s)", k, n, share((double)k / n, buf));
	return true;
}
