/* Findings about attempts: refused, unanswered, not taken, not finished, scanned. */
#include "config.h"

#include "store/judges.h"

#include "store/odds.h"
#include "util/clock.h"
#include "util/fmt.h"

static bool is_refusal(const struct judging *j, const struct kept *f)
{
	(void)j;
	return f->ending == ENDING_REFUSED || f->ending == ENDING_REFUSED_PATH;
}

uint32_t count_finished(const struct bunch *b)
{
	return b->accepted + b->failed;
}

static uint32_t count_refused(const struct bunch *b)
{
	return b->by[ENDING_REFUSED] + b->by[ENDING_REFUSED_PATH];
}

static const struct kept *refusal_from(const struct judging *j, const struct kept *f, uint32_t *link)
{
	while (f && !is_refusal(j, f))
		f = fact_after(j, link);
	return f;
}

bool judge_refusing(struct judging *j, struct claim *c)
{
	uint32_t n = count_finished(j->bunch), k = count_refused(j->bunch);
	char buf[FMT_TEXT], who[ADDR_TEXT];
	const struct kept *f;
	uint64_t clients;
	uint32_t link;

	if (wilson_lower(k, n) < LEAST(j, REFUSING_SHARE))
		return false;
	cases_collect(j, is_refusal, c);
	about_service(j, c);
	clients = cases_clients(j, is_refusal);
	if (clients > 1) {
		SAY(c, "%s refuses %s of %u attempts from %llu clients", c->subject,
			share((double)k / n, buf), n, (ull)clients);
		return true;
	}
	f = refusal_from(j, fact_first(j, &link), &link);
	SAY(c, "%s refuses %s of %u attempts; all of them by one client, %s", c->subject,
		share((double)k / n, buf), n, f ? addr_text(&fact_ends(j, f)->client, who) : "");
	return true;
}

/* Between accepting and refusing, in order of time. */
static uint64_t switches(const struct judging *j)
{
	struct acceptances a = { 0 };
	const struct kept *f;
	int before = -1;
	uint64_t n = 0, client;
	uint32_t link;
	int64_t at;
	bool more;

	f = refusal_from(j, fact_first(j, &link), &link);
	more = accepted_next(j, &a, &at, &client);
	while (f || more) {
		int now = more && (!f || at <= f->at) ? 0 : 1;

		n += before >= 0 && now != before;
		before = now;
		if (now)
			f = refusal_from(j, fact_after(j, &link), &link);
		else
			more = accepted_next(j, &a, &at, &client);
	}
	return n;
}

bool judge_flapping(struct judging *j, struct claim *c)
{
	uint32_t n = count_finished(j->bunch), k = count_refused(j->bunch);
	double part = (double)k / n;
	char buf[FMT_TEXT];

	if (part < LEAST(j, FLAPPING_LOW) || part > j->thresholds->v[THRESHOLD_FLAPPING_HIGH] ||
		(double)switches(j) < j->thresholds->v[THRESHOLD_FLAPPING_SWITCHES])
		return false;
	cases_collect(j, is_refusal, c);
	about_service(j, c);
	SAY(c, "%s accepts and refuses in turn: %u of %u attempts refused (%s); one of several backends down?",
		c->subject, k, n, share(part, buf));
	return true;
}

static bool is_unanswered(const struct judging *j, const struct kept *f)
{
	(void)j;
	return f->ending == ENDING_UNANSWERED;
}

uint32_t count_unanswered(const struct bunch *b)
{
	return b->by[ENDING_UNANSWERED];
}

bool judge_silent_service(struct judging *j, struct claim *c)
{
	const struct bunch *b = j->bunch, *host;
	uint32_t n = count_finished(b), k = count_unanswered(b);
	struct subject who = { .a = b->who.a, .common = COMMON_HOST };
	uint64_t clients;

	if (b->answered || (k < n && wilson_lower(k, n) < LEAST(j, SILENT_SHARE)))
		return false;
	host = lens_find(j->lens, &who);
	clients = cases_clients(j, is_unanswered);
	cases_collect(j, is_unanswered, c);
	about_service(j, c);
	SAY(c, "%s does not answer: %u attempts of %llu client%s in vain; %s", c->subject, k, (ull)clients,
		plural(clients), host && host->answered ? "the host answers on other ports (port filtered?)"
							: "nothing else of this host answers (host down?)");
	return true;
}

static bool is_unserved(const struct judging *j, const struct kept *f)
{
	return (f->ending == ENDING_UNANSWERED || f->ending == ENDING_NOT_ACCEPTED) && f->at >= j->from &&
	       f->at <= j->to;
}

static uint64_t served_meanwhile(const struct judging *j)
{
	struct acceptances a = { 0 };
	uint64_t n = 0, client;
	int64_t at;

	while (accepted_next(j, &a, &at, &client))
		n += at >= j->from && at <= j->to;
	return n;
}

/*
 * The two faces of a full queue that need no others served: never taken, and taken when there was
 * room again.
 */
static bool is_not_taken(const struct judging *j, const struct kept *f)
{
	(void)j;
	return f->ending == ENDING_NOT_ACCEPTED || (f->kind == FACT_OF_ACCEPTED && f->flags & FACT_TAKEN_LATE);
}

uint32_t count_unserved(const struct bunch *b)
{
	return b->by[ENDING_UNANSWERED] + b->by[ENDING_NOT_ACCEPTED] + b->taken_late;
}

bool judge_queue_full(struct judging *j, struct claim *c)
{
	const struct bunch *b = j->bunch;
	bool late = b->by[ENDING_NOT_ACCEPTED] + b->taken_late >= LEAST(j, QUEUE_LATE), burst = false;

	if (b->by[ENDING_UNANSWERED] + b->by[ENDING_NOT_ACCEPTED] >= LEAST(j, QUEUE_LEAST) &&
		b->accepted >= LEAST(j, QUEUE_SERVED)) {
		burst = (double)cases_burst(j, is_unserved, time_at, 10 * NS_PER_SEC) >= LEAST(j, QUEUE_LEAST);
		j->to = j->from + 10 * NS_PER_SEC;
		burst = burst && (double)served_meanwhile(j) >= LEAST(j, QUEUE_SERVED);
	}
	if (!late && !burst)
		return false;
	j->from = INT64_MIN;
	j->to = INT64_MAX;
	about_service(j, c);
	cases_collect(j, burst ? is_unserved : is_not_taken, c);
	if (burst || b->taken_late == 0)
		SAY(c, "listen queue of %s overflows: %llu handshakes not accepted while %u were served", c->subject,
			(ull)c->hits, b->accepted);
	else
		SAY(c, "listen queue of %s overflows: %u handshakes accepted late, %u not at all, while %u were served",
			c->subject, b->taken_late, b->by[ENDING_NOT_ACCEPTED], b->accepted - b->taken_late);
	return true;
}

static bool is_half_open(const struct judging *j, const struct kept *f)
{
	(void)j;
	return f->ending == ENDING_HALF_OPEN;
}

uint32_t count_half_open(const struct bunch *b)
{
	return b->by[ENDING_HALF_OPEN];
}

/* Attempts that the clients of half-open ones did finish, over the whole window of the service. */
static uint64_t finished_by_same(const struct judging *j)
{
	struct acceptances a = { 0 };
	uint64_t n = 0, hash;
	int64_t at;

	while (accepted_next(j, &a, &at, &hash)) {
		const struct client *client = lens_client(j->lens, hash);

		n += client && client->half_open > 0;
	}
	return n;
}

bool judge_half_open(struct judging *j, struct claim *c)
{
	uint32_t k = count_half_open(j->bunch);
	uint64_t clients, finished;

	if (!is_surprise(j, k))
		return false;
	finished = finished_by_same(j);
	if ((double)k / (double)(k + finished) < LEAST(j, HALF_OPEN_LOST))
		return false;
	clients = cases_clients(j, is_half_open);
	cases_collect(j, is_half_open, c);
	about_service(j, c);
	if (clients == 1)
		SAY(c, "one source began %u handshakes with %s within 60 s and finished none of them (a scan?)",
			k, c->subject);
	else
		SAY(c, "%u handshakes with %s begun within 60 s and not finished, from %llu%s sources (a SYN flood?)",
			k, c->subject, (ull)clients, clients == CASES_MAX ? " or more" : "");
	return true;
}

static bool is_in_vain(const struct judging *j, const struct kept *f)
{
	(void)j;
	return is_failure((enum ending)f->ending) || f->ending == ENDING_PROBE;
}

uint32_t count_in_vain(const struct bunch *b)
{
	return b->failed + b->by[ENDING_PROBE];
}

bool judge_scanner(struct judging *j, struct claim *c)
{
	uint32_t k = count_in_vain(j->bunch), n = k + j->bunch->accepted;
	char text[ADDR_TEXT], buf[FMT_TEXT];
	uint64_t targets;

	if (wilson_lower(k, n) < LEAST(j, SCANNER_SHARE))
		return false;
	targets = cases_services(j, is_in_vain);
	if ((double)targets < LEAST(j, SCANNER_TARGETS))
		return false;
	cases_collect(j, is_in_vain, c);
	addr_text(&j->bunch->who.a, text);
	snprintf(c->subject, sizeof(c->subject), "%s", text);
	snprintf(c->filter, sizeof(c->filter), "client = %s", text);
	SAY(c, "%s tried %llu%s addresses and ports within 60 s; %s of its %u attempts failed", text,
		(ull)targets, targets == CASES_MAX ? " or more" : "", share((double)k / n, buf), n);
	return true;
}
