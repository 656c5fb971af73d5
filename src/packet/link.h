/* Inside of struct link_type. */
#ifndef TCPTOP_PACKET_LINK_H
#define TCPTOP_PACKET_LINK_H

#include "packet/walk.h"

struct link_type {
	int dlt;	  /* as pcap_datalink() gives it */
	const char *name; /* as pcap-linktype(7) calls it */
	enum drop (*decode)(struct walk *w);
	uint8_t type_at, ip_at; /* where an EtherType stands and what it announces; 0: not at fixed places */
	bool bare;	  /* there is nothing before IP */
};

#endif
