/* A small store with connections of many endings, for the tests of the query layer. */
#ifndef TCPTOP_TESTS_QUERY_WORLD_H
#define TCPTOP_TESTS_QUERY_WORLD_H

#include <stdbool.h>

#include "query/query.h"
#include "store/store.h"

#define WORLD_T0 INT64_C(1700000000)

/* A connection as its ending leaves it, first packet `seconds` after WORLD_T0. uid is left 0. */
struct connection world_connection(const char *client, unsigned client_port, const char *server,
	unsigned server_port, enum ending ending, double seconds);
/* Adds it: open ones live, the others final. Gives it the next uid, which is returned. */
uint64_t world_add(struct store *st, struct connection c);

struct store *world_empty(void);
struct store *world_new(void); /* the one the tables of expected rows speak of */

/*
 * The rows a query finds: key columns with blanks between, rows with ", " between. Of connections "client server:port
 * ending". A filter that does not parse gives its error. `sort` NULL: the view's own; "NAME" descends, "NAME:asc" not.
 */
const char *world_ask(const struct store *st, enum view view, const char *filter, const char *sort,
	size_t limit);

#endif
