/* Rows that engine_make_rows() makes. */
#ifndef TCPTOP_FLOW_UNMADE_H
#define TCPTOP_FLOW_UNMADE_H

#include "flow/flow.h"
#include "model/block.h"

/* As snapshot(), later. Of flows without a rare part only. */
void unmade_put(const struct flow *f, int64_t now, int64_t time_wait, struct row *row);

#endif
