/*
 * Answers of a query as text for people (table) and programs (CSV, JSON). The same rows and columns
 * give the same bytes on every machine: no locale, no time zone, no terminal.
 */
#ifndef TCPTOP_EXPORT_EXPORT_H
#define TCPTOP_EXPORT_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "query/column.h"
#include "query/query.h"

struct err;

enum export_format { EXPORT_TABLE, EXPORT_CSV, EXPORT_JSON, EXPORT_FORMATS };

extern const char *const export_format_names[EXPORT_FORMATS]; /* "table", "csv", "json" */

/* The format of that name, or EXPORT_FORMATS. */
enum export_format export_format_by_name(const char *name);
/* Whether this tcptop was built with it; err says what is missing. */
bool export_available(enum export_format format, struct err *err);

/* Columns in the order wanted; they are borrowed from the table. */
struct fields {
	const struct column **column;
	size_t n;
};

/* "server,rst.count": all must be columns of the view; the error names the one that is not. */
bool fields_parse(struct fields *f, enum view view, const char *text, struct err *err);
/* What the format has when nothing was asked for: the screen's for a table, all of the contract otherwise. */
void fields_default(struct fields *f, enum view view, enum export_format format);
void fields_add(struct fields *f, const struct column *col);
/* The same unless it is there; before the first number, beside what names the row. */
void fields_add_sort(struct fields *f, const struct column *col);
void fields_free(struct fields *f);

/* Lists the columns of a view: name, unit, meaning; one a line. */
void fields_help(enum view view, struct str *out);

/* Writes the rows. False with err when the stream fails (err.code is EPIPE when the reader went away). */
bool export_rows(FILE *to, enum export_format format, const struct fields *f, struct result *r,
	struct err *err);

/* The same into a file that is there whole or not at all: a new file beside it takes its place. */
bool export_file(const char *path, enum export_format format, const struct fields *f,
	struct result *r, struct err *err);

#endif
