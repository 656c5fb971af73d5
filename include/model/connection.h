/*
 * All that anyone outside the engine may know about a connection. Plain data, safe to copy.
 * A connection is one generation of a 4-tuple: the time between two uses of the same addresses and ports.
 */
#ifndef TCPTOP_MODEL_CONNECTION_H
#define TCPTOP_MODEL_CONNECTION_H

#include <stdint.h>

#include "model/ending.h"
#include "model/tuple.h"

enum { CLIENT, SERVER }; /* index of a side, everywhere */

/* RFC 9293, section 3.3.2, as the packets seen are evidence for. */
enum tcp_state {
	STATE_NONE, /* nothing known: "" */
	STATE_CLOSED,
	STATE_LISTEN,
	STATE_SYN_SENT,
	STATE_SYN_RECEIVED,
	STATE_ESTABLISHED,
	STATE_FIN_WAIT_1,
	STATE_FIN_WAIT_2,
	STATE_CLOSE_WAIT,
	STATE_CLOSING,
	STATE_LAST_ACK,
	STATE_TIME_WAIT,
	STATE_COUNT
};

/* How the client was found, best first. */
enum client_by { BY_SYN, BY_SYNACK, BY_LEARNED, BY_PORT, BY_FIRST, BY_COUNT };

/* How the connection began, as counted: exactly one of attempts, mid.count and other.count. */
enum origin { ORIGIN_ATTEMPT, ORIGIN_MIDSTREAM, ORIGIN_OTHER };

enum closer { CLOSER_NONE, CLOSER_CLIENT, CLOSER_SERVER, CLOSER_BOTH };

#define TIME_NEVER (-1) /* of the relative times below */

struct side { /* what one end sent */
	uint64_t bytes;	  /* unique payload octets */
	uint64_t packets; /* with TCP header, retransmissions too */
	uint32_t syn;	  /* packets with SYN, SYN-ACKs too */
	uint32_t synack, fin, rst;
	uint32_t retr, zwin, dupack, ooo;
	uint32_t rst_ignored; /* of its RSTs, those the receiver had to ignore */
	uint32_t rst_path;    /* of its RSTs, those it did not send itself */
	uint16_t syn_uniq, fin_uniq;
	uint16_t keepalive; /* keep-alive and zero-window probes */
	uint16_t tail;	    /* retransmissions and probes since the peer's last packet */
	uint8_t rst_uniq;   /* 0 or 1 */
	uint8_t state;	    /* enum tcp_state */
	bool state_assumed; /* the last packet toward it is not yet answered: shown with ~ */
	uint8_t ttl;	    /* of its packets, 0 unknown */
	uint8_t ttl_rst;    /* of its first RST, 0 none */
	/*
	 * ns since the connection's first packet, or TIME_NEVER: its first FIN, first and last RST,
	 * last SYN, last FIN, last data
	 */
	int64_t t_fin, t_rst, t_rst_last, t_syn_last, t_fin_last, t_data;
};

#define HISTORY_MAX 24 /* letters kept, with the NUL; what did not fit ends in '~' */

struct connection {
	uint64_t uid;	  /* never reused; 0 = none */
	int64_t start;	  /* first packet, ns since the epoch */
	int64_t last;	  /* last packet */
	int64_t ended;	  /* when the ending happened or was decided by silence; 0 = open */
	int64_t time_wait_until; /* when TIME_WAIT ends; 0 = none */
	struct tuple tuple;	 /* [CLIENT], [SERVER] */
	struct side side[2];
	uint64_t evidence;   /* EVIDENCE_BIT()s */
	uint32_t attributes; /* ATTRIBUTE_BIT()s */
	int64_t t_established; /* ns since start, or TIME_NEVER */
	int64_t hs_srv_ns, hs_clt_ns; /* SYN to SYN-ACK, SYN-ACK to ACK at the tap, or TIME_NEVER (Karn) */
	/*
	 * Silence before the RST, the segment that drew it, or what was never answered; TIME_NEVER
	 * without one.
	 */
	int64_t idle_ns;
	struct addr icmp_from;	/* who sent the ICMP error, when evidence has ICMP */
	uint8_t icmp_type, icmp_code;
	int8_t ttl_delta; /* hop distance of the RST minus that of its sender's packets */
	uint8_t ending;	  /* enum ending */
	uint8_t confidence, closer, client_by, origin;
	uint8_t rule;	    /* row of the decision table that decided, 0 = none yet */
	uint8_t rst_side;   /* whose RST was accepted first: CLIENT, SERVER, or 2 = none */
	uint8_t established; /* both sides proved it; with origin ATTEMPT this is ct.count */
	uint8_t tunnel;	    /* enum tunnel of model/tunnel.h */
	uint8_t interface;  /* index of the capture source */
	uint16_t vlan;	    /* outermost VLAN id, 0 = none */
	uint16_t generation; /* of this 4-tuple, from 1 */
	char history[HISTORY_MAX]; /* Zeek's letters, upper case for the client */
};

extern const char *const state_names[STATE_COUNT];   /* "", "CLOSED", ... with underscores */
extern const char *const client_by_names[BY_COUNT];  /* syn, synack, learned, port, first */
extern const char *const closer_names[4];	     /* "", client, server, both */

#endif
