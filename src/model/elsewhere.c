#include "config.h"

#include "model/elsewhere.h"

const struct elsewhere_info elsewhere_info[ENDING_COUNT] = {
#define ELSEWHERE(id, zeek, wireshark, argus, haproxy) [ENDING_##id] = { zeek, wireshark, argus, haproxy },
#include "model/elsewhere.def"
#undef ELSEWHERE
};
