/* The only place that reads a clock. Everyone else is given the time. */
#ifndef TCPTOP_UTIL_CLOCK_H
#define TCPTOP_UTIL_CLOCK_H

#include <stdint.h>

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_SEC INT64_C(1000000000)

int64_t clock_wall(void);      /* ns since the epoch, as packets are stamped */
int64_t clock_thread(void);    /* ns of processor time that this thread has used */
int64_t clock_monotonic(void); /* ns since some start; never steps back */

#endif
