/* Words that several sentences use. Private to the layer. */
#ifndef TCPTOP_QUERY_WORDS_H
#define TCPTOP_QUERY_WORDS_H

#include "model/connection.h"
#include "util/str.h"

/* Adds " (host unreachable)" for the connection's ICMP error, nothing when it has no name. */
void words_icmp(const struct connection *c, struct str *out);

#endif
