/* Signals that end a run, as something poll() can wait for. */
#ifndef TCPTOP_SIGNALS_H
#define TCPTOP_SIGNALS_H

#include <stdbool.h>

struct err;

/* SIGINT, SIGTERM, SIGHUP and SIGQUIT are noted from now on, SIGPIPE is ignored. */
bool signals_watch(struct err *err);
/* Readable when one has come. */
int signals_fd(void);
/* The signal that came, once; 0 when there is none. After it a second one ends the program at once. */
int signals_take(void);

#endif
