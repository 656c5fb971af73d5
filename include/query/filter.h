/* The filter language (doc/filters): text to a tree, a tree to yes or no about a row. */
#ifndef TCPTOP_QUERY_FILTER_H
#define TCPTOP_QUERY_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "query/column.h"

struct err;
struct filter; /* opaque, immutable */

/*
 * Parses for a view. On error NULL, err says what was expected ("column 13: expected a
 * number after '>'") and *position, if not NULL, is the 0-based offset of the fault in
 * `text`. Empty text gives a filter that passes all.
 */
struct filter *filter_parse(enum view view, const char *text, struct err *err, size_t *position);
void filter_free(struct filter *f);

/*
 * Completions of the word at `cursor`: names with one line each. Returns how many, at most
 * `max`.
 */
struct completion {
	const char *word, *gist;
};
size_t filter_complete(enum view view, const char *text, size_t cursor, struct completion *out, size_t max);

#endif
