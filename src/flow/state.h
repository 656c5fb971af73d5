/* RFC 9293 states of both ends, as the packets seen are evidence for. Derived, never stored as the truth. */
#ifndef TCPTOP_FLOW_STATE_H
#define TCPTOP_FLOW_STATE_H

#include <stdint.h>

#include "flow/flow.h"

/*
 * The state of one end (RFC 9293, 3.3.2). Seen from the path: what it has sent is known, what has
 * reached it is not, so a state is the latest its own packets prove, but for acknowledgements of
 * its FIN, which are taken as received. `now` ends TIME-WAIT, `time_wait` is its length, both ns.
 */
enum tcp_state state_of(const struct flow *f, int side, int64_t now, int64_t time_wait);

/*
 * When TIME-WAIT of whichever end holds it is over: 2 MSL after the last FIN or its last
 * acknowledgement; 0 = none.
 */
int64_t state_time_wait_until(const struct flow *f, int64_t time_wait);

#endif
