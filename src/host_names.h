/* -N: names of addresses, looked up by threads of their own, so that nobody waits for a name server. */
#ifndef TCPTOP_HOST_NAMES_H
#define TCPTOP_HOST_NAMES_H

#include <stdbool.h>

struct addr;
struct err;

/* Once, before the first host_name(). */
bool host_names_start(struct err *err);

/*
 * The name, or NULL: there is none, or it is not known yet and has been asked for. Main thread
 * only; stays valid.
 */
const char *host_name(const struct addr *a);

/* Takes in what has been found. True when a name is known now that was not before. */
bool host_names_take(void);
/* Takes answers until none is awaited or the time is over. */
void host_names_wait(int timeout_ms);

#endif
