/* Picking the facts of a bunch that make a case, for the judges. */
#ifndef TCPTOP_STORE_CASES_H
#define TCPTOP_STORE_CASES_H

#include "store/judge.h"

typedef bool is_case(const struct judging *j, const struct fact *f);

/* What THRESHOLD_<id> is for this judging: eased when it is raised already. */
#define LEAST(j, id) ((j)->thresholds->v[THRESHOLD_##id] * (j)->ease)

/* The first fact of the bunch; the one after a link. NULL: no more. */
const struct fact *fact_first(const struct judging *j, uint32_t *link);
const struct fact *fact_after(const struct judging *j, uint32_t *link);

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
uint64_t cases_burst(struct judging *j, is_case *what, int64_t (*time)(const struct fact *f), int64_t span);
int64_t time_at(const struct fact *f);

#endif
