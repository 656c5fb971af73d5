/* The writers of export/: rows to a stream, whose errors the caller looks at. */
#ifndef TCPTOP_EXPORT_FORMAT_H
#define TCPTOP_EXPORT_FORMAT_H

#include "export/export.h"

struct str;

/* Writes what has come together and empties it, if it is at least that much. */
#define FORMAT_PIECE 65536
void format_pour(FILE *to, struct str *out, size_t least);

void table_write(FILE *to, const struct fields *f, struct result *r);
void csv_write(FILE *to, const struct fields *f, struct result *r);
void json_write(FILE *to, const struct fields *f, struct result *r);

#endif
