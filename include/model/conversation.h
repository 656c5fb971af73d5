/* A conversation: everything between one client address and one server port. */
#ifndef TCPTOP_MODEL_CONVERSATION_H
#define TCPTOP_MODEL_CONVERSATION_H

#include "model/tuple.h"

struct conversation_key {
	struct addr client, server;
	uint16_t port; /* the server's */
	/* Set in rows into which idle conversations were folded when the table was full. */
	bool other_clients, other_servers, other_ports;
};

#endif
