/* The ways to run. All return the exit code, take over the source and say on standard error what went wrong. */
#ifndef TCPTOP_RUN_H
#define TCPTOP_RUN_H

struct plan;
struct source;

int run_batch(struct plan *p, struct source *source);  /* print once */
int run_screen(struct plan *p, struct source *source); /* stay on the screen */
int run_script(struct plan *p, struct source *source); /* a screen in memory, for tests */

#endif
