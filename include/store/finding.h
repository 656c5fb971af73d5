/*
 * Findings: what many connections together say. Driven by the times of events, never by when rows
 * came: the same connections give the same findings. Windows are 60 s and 15 min of packet time and
 * slide by 10 s.
 */
#ifndef TCPTOP_STORE_FINDING_H
#define TCPTOP_STORE_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/finding.h"

struct store;

#define FINDING_EVIDENCE 8

struct finding {
	enum finding_kind kind;
	bool current;	/* not yet over */
	uint64_t id;	/* never 0; stays while it is listed */
	int64_t first, last; /* of its connections, ns since the epoch */
	uint64_t count, peak; /* connections it rests on: in all, and when it was worst */
	uint64_t evidence[FINDING_EVIDENCE]; /* uids of the first ones */
	uint32_t evidences;
	char subject[80];
	char sentence[320]; /* with the numbers of when it was worst */
	char filter[224];   /* of the connections it is about */
};

/*
 * All that are listed, current and over, in the order they were raised. Borrowed until the store
 * changes. Before the input has ended, and with very many events, it may be what was true a few
 * seconds ago.
 */
const struct finding *store_findings(const struct store *st, size_t *n);

/*
 * The same in pieces. store_findings_step() works on them, as much as looking at so many rows
 * takes; true when they are worked out. When the store changes before that, it begins anew.
 * store_findings_latest() has what was worked out last.
 */
bool store_findings_step(const struct store *st, size_t rows);
const struct finding *store_findings_latest(const struct store *st, size_t *n);

/* What its bounds made it leave out. */
struct findings_usage {
	uint64_t facts, facts_max; /* events kept one by one, as they may be cases of a finding */
	uint64_t late;		   /* events that came, or were taken back, after their time was settled */
	uint64_t crowded;	   /* events whose time was settled early because the table was full */
	uint64_t forgotten;	   /* findings over and not listed any more */
	/* Findings never listed, because as many as there is room for are not over. */
	uint64_t unlisted;
	uint64_t unwatched;	   /* subjects without room for their usual rate */
};
void store_findings_usage(const struct store *st, struct findings_usage *out);

#endif
