/* Whether what a bunch of facts shows is a finding, and what is said of it. */
#ifndef TCPTOP_STORE_JUDGE_H
#define TCPTOP_STORE_JUDGE_H

#include <stdbool.h>

#include "model/finding.h"
#include "store/bunch.h"
#include "store/finding.h"

#define CASES_MAX 4096 /* times looked at, and distinct things counted exactly */

/* Room to work in; no meaning from call to call. */
struct bench {
	int64_t time[CASES_MAX], other[CASES_MAX];
	size_t times, others;
	uint64_t seen[2 * CASES_MAX];
	struct fact fact; /* the one looked at */
};

struct judging {
	const struct lens *lens;
	const struct bunch *bunch;
	struct step *const *step; /* of the window */
	size_t steps;
	const struct thresholds *thresholds;
	struct bench *bench;
	double ease;	 /* factor of the thresholds: 1, less for what is raised already */
	double usual;	 /* cases in a window like this, as a rule */
	int64_t until;	 /* the window's end */
	int64_t counted; /* facts before this are in the count already */
	int64_t from, to; /* of a burst within the window; what is outside is no case */
};

struct claim {
	uint64_t hits, fresh;
	int64_t first, last;
	uint64_t evidence[FINDING_EVIDENCE];
	uint32_t evidences;
	char subject[80], sentence[320], filter[224];
};

struct judge {
	enum finding_kind kind;
	enum common common;
	bool longer; /* in the long window */
	bool rated;  /* compared with its usual rate */
	enum threshold least; /* fewer cases than this need no look */
	uint32_t (*cases)(const struct bunch *b);
	/* True when it is a finding; then the claim is filled in. */
	bool (*holds)(struct judging *j, struct claim *c);
};

extern const struct judge judges[];
extern const unsigned judge_count;

#endif
