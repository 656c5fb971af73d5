/*
 * Questions to the store: group, filter, sort. Pure: the same store and query give the
 * same rows.
 */
#ifndef TCPTOP_QUERY_QUERY_H
#define TCPTOP_QUERY_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/conversation.h"
#include "query/column.h"
#include "query/filter.h"

struct finding;
struct store;
struct zones;

#define SPARK_STEPS 60 /* seconds of a row's sparkline */

struct query {
	enum view view;
	/* Both must pass: where we have drilled down to, what the user typed; may be NULL. */
	const struct filter *filter[2];
	const struct column *sort;	/* NULL: the view's own */
	bool ascending;
	size_t limit;		     /* 0 = all */
	const struct zones *zones;   /* NULL: private networks by /24 and /64, all else "internet" */
	bool names;		     /* -N */
	/* With names: the address's name, NULL while not known; may be NULL. */
	const char *(*host)(const struct addr *a);
	bool spark;		     /* fill query_row.spark */
	bool bare;		     /* nobody asks the rows for zones that are not their key: they have none */
	const char *const *interfaces; /* names by connection.interface; NULL: shown as numbers */
	size_t interface_count;
};

/* A row of any view. Of the key only what its view has is valid. */
struct query_row {
	enum view view;
	const struct query *query; /* borrowed */
	struct conversation_key key;
	/* Stable identity of the row: a connection's uid, else a hash of its key; never 0. */
	uint64_t id;
	const char *zone[2];	 /* borrowed from the result; NULL where the view has none */
	struct counters n;	 /* sums; of a connection: its own contribution */
	const struct connection *c; /* VIEW_CONNECTIONS only */
	enum ending ending;	 /* VIEW_ENDINGS */
	const struct finding *finding; /* VIEW_FINDINGS; borrowed from the result */
	uint64_t total;		 /* VIEW_ENDINGS: all that ended, for the share */
	int64_t second;		 /* VIEW_GRAPH: the step, seconds since the epoch */
	uint32_t step;		 /* VIEW_GRAPH: its length in seconds */
	uint64_t group[GROUP_COUNT]; /* VIEW_GRAPH: connections that ended in the step, by group */
	/* Distinct clients of a server, servers of a client, clients of a service or port. */
	uint32_t peers;
	/*
	 * attempts, rst.uniq.clt, rst.uniq.srv; oldest first. NULL: no series was kept for it, or
	 * not asked for
	 */
	const uint16_t (*spark)[SPARK_STEPS];
	bool spark_partial;	 /* for a part of it no series was kept */
};

/*
 * What of the conversations a query looks at when these columns of its rows are printed: for a
 * store that is filled for it alone (store_conf.leave_out, store_conf.peers).
 */
struct query_parts {
	unsigned leave_out; /* parts of their keys that no answer depends on */
	unsigned peers;	    /* of these the one that is counted */
};
void query_parts(const struct query *q, const struct column *const *col, size_t n, struct query_parts *out);

struct result_memory;

/*
 * What a query found, in order. Rows are made when asked for, so that a million
 * connections cost a few bytes each: without a limit the store must not change until the
 * last result_row() (batch); with one the result stands alone.
 */
struct result {
	size_t rows, matched, total; /* to be had; that passed the filters; before filtering */
	struct counters sum;	     /* of all that matched */
	struct result_memory *memory; /* private */
};

/*
 * Runs the query. The result belongs to the caller and may be given again to be reused.
 * Filters, and what else the query points to, must live as long as it is worked on; zones,
 * names and interfaces as long as rows are asked for.
 */
void query_run(const struct store *st, const struct query *q, struct result *out);

/*
 * The same in pieces: begun, then worked on until query_step() says that the result is
 * whole; before that nothing in it may be looked at. A piece takes about as long as it takes
 * to look at `work` rows, a microsecond each at most, when the query has a limit. When the
 * store changed in between, it begins anew, a few times at most, then the next piece is all
 * of it: so whoever wants short pieces lets the store be until the result is whole.
 */
void query_begin(const struct store *st, const struct query *q, struct result *out);
bool query_step(struct result *r, size_t work);
void result_free(struct result *r);
/*
 * `from` is whole and will be shown, `to` will be asked next: memory that only making an answer
 * takes, much more than its rows, goes from one to the other. Nothing happens to a result without a
 * limit.
 */
void result_hand_over(struct result *from, struct result *to);

/* Row i of r->rows. Borrowed until the next call or query_run. */
const struct query_row *result_row(struct result *r, size_t i);
/* The row's identity without making it. */
uint64_t result_id(const struct result *r, size_t i);
/* Where the row of that identity is, r->rows when it is not there. */
size_t result_find(const struct result *r, uint64_t id);

/* The default sort of a view, and whether it ascends. */
const struct column *query_default_sort(enum view view, bool *ascending);

/*
 * A filter that selects just this row, for drilling down: "server = 10.0.0.5 and
 * server.port = 1194".
 */
void query_row_filter(const struct query_row *row, struct str *out);

/*
 * Sentences: what a row of any view says in words, "10.0.0.5:1194 refused 412 of 420
 * attempts from 12 clients".
 */
void query_sentence(const struct query_row *row, struct str *out);
/*
 * What the bounds of the findings left out, "88 older ones are not listed any more"; nothing when
 * nothing was.
 */
void query_findings_left_out(const struct store *st, struct str *out);
/*
 * The one-line diagnosis of a connection with its numbers, and the reasons for it, one a
 * line.
 */
void connection_sentence(const struct connection *c, struct str *out);
void connection_reasons(const struct connection *c, struct str *out);

#endif
