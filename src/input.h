/* From options to an open source of packets and its worker. */
#ifndef TCPTOP_INPUT_H
#define TCPTOP_INPUT_H

struct plan;
struct source;

/* NULL after it said on standard error what was wrong and what to do. */
struct source *input_open(const struct plan *p, int argc, char **argv);

/* Prints the devices for -D. Returns the exit code. */
int input_list_devices(void);

#endif
