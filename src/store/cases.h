/* Picking the facts of a bunch that make a case, for the judges. */
#ifndef TCPTOP_STORE_CASES_H
#define TCPTOP_STORE_CASES_H

#include "store/judge.h"

typedef bool is_case(const struct judging *j, const struct kept *f);
typedef int64_t fact_time(const struct judging *j, const struct kept *f);

/* What THRESHOLD_<id> is for this judging: eased when it is raised already. */
#define LEAST(j, id) ((j)->thresholds->v[THRESHOLD_##id] * (j)->ease)

/* The first fact of the bunch; the one after a link. NULL: no more. */
const struct kept *fact_first(const struct judging *j, uint32_t *link);
const struct kept *fact_after(const struct judging *j, uint32_t *link);

/* Whom a fact is about: client, server; borrowed from the bench until the next one. */
const struct fact *fact_ends(const struct judging *j, const struct kept *f);
/* What facts_get_times() says. */
int64_t fact_fin(const struct judging *j, const struct kept *f);
int64_t fact_silence(const struct judging *j, const struct kept *f);

/* Attempts that the bunch's service accepted in the window, in order of time. */
struct acceptances {
	size_t step;
	const struct served *next, *end;
};

/* The next one, from acceptances that are all 0 on; false: no more. */
bool accepted_next(const struct judging *j, struct acceptances *a, int64_t *at, uint64_t *client);

/* Notes all cases in the claim: how many, since when, which. Returns how many. */
uint64_t cases_collect(const struct judging *j, is_case *what, struct claim *c);
uint64_t cases_count(const struct judging *j, is_case *what);

/* Distinct clients, services or hosts among the cases: exact up to CASES_MAX, which stands for "or more". */
uint64_t cases_clients(const struct judging *j, is_case *what);
uint64_t cases_services(const struct judging *j, is_case *what);

/* The most cases within `span` ns, by `time`; sets j->from and j->to to that span. */
uint64_t cases_burst(struct judging *j, is_case *what, fact_time *time, int64_t span);
fact_time time_at;

#endif
