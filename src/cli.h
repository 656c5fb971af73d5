/* The command line: argv to options, and what --help says. */
#ifndef TCPTOP_CLI_H
#define TCPTOP_CLI_H

#include <stdbool.h>

#include "conf.h"

struct str;

/* Exit codes of the contract. */
enum { EXIT_DONE = 0, EXIT_CANNOT = 1, EXIT_USAGE = 2, EXIT_DAMAGED = 3, EXIT_SIGNAL = 128 };

/*
 * Reads argv into `c`. Returns EXIT_DONE, or the exit code after it said on standard error what was
 * wrong. Trailing words become the capture filter.
 */
int cli_parse(struct conf *c, int argc, char **argv);

/* Adds what an option does, its values and its default, as one line. */
void cli_describe(enum option_id id, struct str *out);
/* The text of --help. */
void cli_help(struct str *out);

/* "tcptop: " and a line to standard error. */
void cli_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
