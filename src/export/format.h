/* The writers of export/: rows to a stream. False with err only for what is not the stream's own error. */
#ifndef TCPTOP_EXPORT_FORMAT_H
#define TCPTOP_EXPORT_FORMAT_H

#include "export/export.h"

bool table_write(FILE *to, const struct fields *f, const struct result *r, struct err *err);
bool csv_write(FILE *to, const struct fields *f, const struct result *r, struct err *err);
bool json_write(FILE *to, const struct fields *f, const struct result *r, struct err *err);

#endif
