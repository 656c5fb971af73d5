/* The writers of export/: rows to a stream, whose errors the caller looks at. */
#ifndef TCPTOP_EXPORT_FORMAT_H
#define TCPTOP_EXPORT_FORMAT_H

#include "export/export.h"

void table_write(FILE *to, const struct fields *f, struct result *r);
void csv_write(FILE *to, const struct fields *f, struct result *r);
void json_write(FILE *to, const struct fields *f, struct result *r);

#endif
