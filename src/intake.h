/* Takes the whole input in, without a screen: the way of -b and of scripts. */
#ifndef TCPTOP_INTAKE_H
#define TCPTOP_INTAKE_H

#include "capture/source.h"

struct plan;
struct store;

struct intake {
	struct store *store;
	enum source_state how; /* the input ended */
	int signal;	       /* that ended it, 0 = none */
};

/*
 * Reads until the input ends, --duration is over or a signal comes; then the store has everything.
 * Takes over the source. What went wrong is said on standard error. False when it could not begin.
 * The store is the caller's to free.
 */
bool intake_run(struct intake *in, const struct plan *p, struct source *source);

/* The exit code that the way it ended asks for. */
int intake_exit_code(const struct intake *in);

#endif
