/* What a connection was wrapped in; only the innermost is kept. */
#ifndef TCPTOP_MODEL_TUNNEL_H
#define TCPTOP_MODEL_TUNNEL_H

enum tunnel {
	TUNNEL_NONE,
	TUNNEL_PPPOE,
	TUNNEL_MPLS,
	TUNNEL_GRE,
	TUNNEL_IPIP, /* IP in IP, any pair of families (RFC 2003, 2473, 4213) */
	TUNNEL_VXLAN,
	TUNNEL_GENEVE,
	TUNNEL_TEREDO,
	TUNNEL_GTP,
	TUNNEL_AH,
	TUNNEL_COUNT
};

extern const char *const tunnel_names[TUNNEL_COUNT]; /* "", "pppoe", ... */

#endif
