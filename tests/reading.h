/* Sources over files that a test wrote: everything is read into one array. */
#ifndef TCPTOP_TESTS_READING_H
#define TCPTOP_TESTS_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capfile.h"
#include "capture/source.h"
#include "packet/pkt.h"
#include "util/clock.h"
#include "util/err.h"

#define T0 (INT64_C(1700000000) * NS_PER_SEC)
#define MOST 4096

extern struct pkt got[MOST];
extern size_t got_n;
extern bool ahead; /* with a thread that reads ahead */

/* Tests run in a folder of their own, which they must leave empty. */
int begin(void **state);
int finish(void **state);
/* begin() of those that are run once more, with `ahead`. */
int begin_ahead(void **state);

struct source *open_files(const struct files_conf *conf, size_t batch, struct err *err);
/* Reads on until the source waits or is over, gathering packets in `got`. */
enum source_state drain(struct source *s, size_t batch, struct err *err);
/* All of it, from the start. */
enum source_state read_files(const struct files_conf *conf, size_t batch, struct err *err);
enum source_state read_file(const char *name, struct err *err);

void write_bytes(const char *name, const void *bytes, size_t n);
/* A file of n SYNs, `gap` apart, seq counting from `seq`. */
void write_syns(const char *name, struct capfile like, int64_t first, int64_t gap, unsigned n, uint32_t seq);

#endif
