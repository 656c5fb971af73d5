/* A conversation: everything between one client address and one server port. */
#ifndef TCPTOP_MODEL_CONVERSATION_H
#define TCPTOP_MODEL_CONVERSATION_H

#include "model/tuple.h"

enum { KEY_CLIENT = 1, KEY_SERVER = 2, KEY_PORT = 4, KEY_WHOLE = 7 }; /* parts of the key */

struct conversation_key { /* hashed and compared as it lies in memory: no padding */
	struct addr client, server;
	uint16_t port; /* the server's */
	/*
	 * Set in rows into which idle conversations were folded when the table was full; their part
	 * of the key is 0.
	 */
	bool other_clients, other_servers, other_ports;
	uint8_t zero;
};

_Static_assert(sizeof(struct conversation_key) == 38, "no padding");

#endif
