/* The names that other tools have for our endings. */
#ifndef TCPTOP_MODEL_ELSEWHERE_H
#define TCPTOP_MODEL_ELSEWHERE_H

#include "model/ending.h"

struct elsewhere_info {
	const char *zeek, *wireshark, *argus, *haproxy;
};

extern const struct elsewhere_info elsewhere_info[ENDING_COUNT]; /* NULLs for ENDING_NONE */

#endif
