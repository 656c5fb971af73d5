/*
 * Names of well-known ports, from a table of the project's own, so that every machine
 * prints the same.
 */
#ifndef TCPTOP_QUERY_APPS_H
#define TCPTOP_QUERY_APPS_H

#include <stdbool.h>
#include <stdint.h>

/* "" when the port has none. */
const char *app_name(uint16_t port);
/* The port of that name, in capitals or not. False: there is none. */
bool app_port(const char *name, uint16_t *port);

#endif
