/* Questions to the store: group, filter, sort. Pure: the same store and query give the same rows. */
#ifndef TCPTOP_QUERY_QUERY_H
#define TCPTOP_QUERY_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/conversation.h"
#include "query/column.h"
#include "query/filter.h"

struct store;
struct zones;

#define SPARK_STEPS 60 /* seconds of a row's sparkline */

struct query {
	enum view view;
	const struct filter *filter[2]; /* both must pass: where we have drilled down to, what the user typed; may be NULL */
	const struct column *sort;	/* NULL: the view's own */
	bool ascending;
	size_t limit;		     /* 0 = all */
	const struct zones *zones;   /* NULL: private networks by /24 and /64, all else "internet" */
	bool names;		     /* -N */
	bool spark;		     /* fill query_row.spark */
	const struct column **sources; /* connections: columns beyond the key that will be read; NULL = any */
};

/* A row of any view. Of the key only what its view has is valid. */
struct query_row {
	enum view view;
	const struct query *query; /* borrowed */
	struct conversation_key key;
	uint64_t id;		 /* stable identity of the row: a connection's uid, else a hash of its key */
	const char *zone[2];	 /* borrowed from zones or the result */
	struct counters n;	 /* sums; of a connection: its own contribution */
	const struct connection *c; /* VIEW_CONNECTIONS only */
	enum ending ending;	 /* VIEW_ENDINGS */
	uint64_t total;		 /* VIEW_ENDINGS: all that ended, for the share */
	int64_t second;		 /* VIEW_GRAPH: the step, seconds since the epoch */
	uint32_t peers;		 /* distinct clients of a server, servers of a client, clients of a service or port */
	bool has_spark;		 /* false: no series was kept for (part of) it */
	uint16_t spark[3][SPARK_STEPS]; /* attempts, rst.uniq.clt, rst.uniq.srv; oldest first */
};

struct result {
	size_t rows, matched, total; /* in `row`; that passed the filters; before filtering */
	struct query_row *row;
	struct counters sum;	     /* of all that matched */
};

/* Runs the query. The result belongs to the caller and may be given again to be reused (its memory is kept). */
void query_run(const struct store *st, const struct query *q, struct result *out);
void result_free(struct result *r);

/* The default sort of a view, and whether it ascends. */
const struct column *query_default_sort(enum view view, bool *ascending);

/* A filter that selects just this row, for drilling down: "server = 10.0.0.5 and server.port = 1194". */
void query_row_filter(const struct query_row *row, struct str *out);

/* Sentences: what a row of any view says in words, "10.0.0.5:1194 refused 412 of 420 attempts from 12 clients". */
void query_sentence(const struct query_row *row, struct str *out);
/* The one-line diagnosis of a connection with its numbers, and the reasons for it, one a line. */
void connection_sentence(const struct connection *c, struct str *out);
void connection_reasons(const struct connection *c, struct str *out);

#endif
