/* Names of networks: `10.1.0.0/16 = Lyon office`; the longest match wins. */
#ifndef TCPTOP_QUERY_ZONES_H
#define TCPTOP_QUERY_ZONES_H

#include <stdbool.h>
#include <stddef.h>

#include "model/tuple.h"

struct err;
struct zones;

/* NULL with err ("line 3: ...") when the text is not right. */
struct zones *zones_parse(const char *text, struct err *err);
void zones_free(struct zones *z);
/* Writes the zone's name; z may be NULL. Returns buf. */
const char *zone_name(const struct zones *z, const struct addr *a, char *buf, size_t size);
/* A network of the address, as large as may be, in which all have its zone. */
struct addr zone_network(const struct zones *z, const struct addr *a);

#endif
