/* A flow as everybody else may see it: struct connection. */
#ifndef TCPTOP_FLOW_SNAPSHOT_H
#define TCPTOP_FLOW_SNAPSHOT_H

#include "flow/flow.h"

/* `now` and `time_wait` in ns, for TIME-WAIT. */
void snapshot(const struct flow *f, int64_t now, int64_t time_wait, struct connection *out);

#endif
