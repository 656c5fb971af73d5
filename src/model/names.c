/* Names of the closed lists that have no table of their own. */
#include "config.h"

#include "model/capture_stats.h"
#include "model/connection.h"
#include "model/trail.h"
#include "model/tunnel.h"

const char *const state_names[STATE_COUNT] = {
	[STATE_NONE] = "",
	[STATE_CLOSED] = "CLOSED",
	[STATE_LISTEN] = "LISTEN",
	[STATE_SYN_SENT] = "SYN_SENT",
	[STATE_SYN_RECEIVED] = "SYN_RECEIVED",
	[STATE_ESTABLISHED] = "ESTABLISHED",
	[STATE_FIN_WAIT_1] = "FIN_WAIT_1",
	[STATE_FIN_WAIT_2] = "FIN_WAIT_2",
	[STATE_CLOSE_WAIT] = "CLOSE_WAIT",
	[STATE_CLOSING] = "CLOSING",
	[STATE_LAST_ACK] = "LAST_ACK",
	[STATE_TIME_WAIT] = "TIME_WAIT",
};

const char *const client_by_names[BY_COUNT] = {
	[BY_SYN] = "syn",
	[BY_SYNACK] = "synack",
	[BY_LEARNED] = "learned",
	[BY_PORT] = "port",
	[BY_FIRST] = "first",
};

const char *const closer_names[4] = {
	[CLOSER_NONE] = "",
	[CLOSER_CLIENT] = "client",
	[CLOSER_SERVER] = "server",
	[CLOSER_BOTH] = "both",
};

const char *const tunnel_names[TUNNEL_COUNT] = {
	[TUNNEL_NONE] = "",
	[TUNNEL_PPPOE] = "pppoe",
	[TUNNEL_MPLS] = "mpls",
	[TUNNEL_GRE] = "gre",
	[TUNNEL_IPIP] = "ipip",
	[TUNNEL_VXLAN] = "vxlan",
	[TUNNEL_GENEVE] = "geneve",
	[TUNNEL_TEREDO] = "teredo",
	[TUNNEL_GTP] = "gtp",
	[TUNNEL_AH] = "ah",
};

const char *const segment_note_names[NOTE_COUNT] = {
	[NOTE_NONE] = "",
	[NOTE_RETRANSMISSION] = "sent again",
	[NOTE_OUT_OF_ORDER] = "out of order",
	[NOTE_KEEPALIVE] = "keep-alive",
	[NOTE_IGNORED_RST] = "ignored",
	[NOTE_CHALLENGE_ACK] = "challenge ACK",
	[NOTE_ICMP] = "ICMP error",
	[NOTE_DUPLICATE] = "copy",
};

const struct drop_info drop_info[DROP_COUNT] = {
	[DROP_NONE] = {"", ""},
#define DROP(id, name, gist) [DROP_##id] = {name, gist},
#include "model/drops.def"
#undef DROP
};

void capture_stats_add(struct capture_stats *to, const struct capture_stats *what)
{
	int i;

	to->packets += what->packets;
	to->bytes += what->bytes;
	to->segments += what->segments;
	to->icmp_errors += what->icmp_errors;
	for (i = 0; i < DROP_COUNT; i++)
		to->dropped[i] += what->dropped[i];
	to->kernel_drops += what->kernel_drops;
	to->interface_drops += what->interface_drops;
	to->evicted += what->evicted;
	to->time_backwards += what->time_backwards;
	to->time_jumps += what->time_jumps;
	to->one_way += what->one_way;
	to->duplicates += what->duplicates;
	to->file_bytes_read += what->file_bytes_read;
	to->file_bytes_total += what->file_bytes_total;
}
