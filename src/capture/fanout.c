/*
 * Which socket gets a packet is decided by a program of our own. The kernel's hash of a flow
 * (PACKET_FANOUT_HASH) would not do: it takes the ports of the outermost UDP header, which differ
 * by direction in VXLAN, Geneve and the like, and some kernels leave out the ports where IPv6 has a
 * flow label, which one end may set and the other not.
 *
 * The hard thing is where a packet begins when the program sees it: at its network header when it
 * was received, at its link header when it is sent. Places relative to the network header exist,
 * but reach only the linear part of a packet.
 */
#include "config.h"

#include "capture/fanout.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>

#include "util/err.h"

#ifdef HAVE_LINUX_IF_PACKET_H

#include <linux/filter.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>

#ifndef PACKET_FANOUT_CBPF
#define PACKET_FANOUT_CBPF 6
#endif
#ifndef PACKET_FANOUT_DATA
#define PACKET_FANOUT_DATA 22
#endif
#ifndef PACKET_FANOUT_FLAG_UNIQUEID
#define PACKET_FANOUT_FLAG_UNIQUEID 0x2000
#endif
#ifndef PACKET_FANOUT_FLAG_IGNORE_OUTGOING
#define PACKET_FANOUT_FLAG_IGNORE_OUTGOING 0x4000
#endif

/* An odd number without pattern: the high bits of a product depend on all lower ones. */
#define SPREAD 0x9e3779b1

#define OP(code, k) BPF_STMT((code), (uint32_t)(k))
#define LOAD_AD(what) OP(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + (what))
#define LOAD(size, k) OP(BPF_LD | (size) | BPF_IND, k) /* relative to X */
#define KEEP(cell) OP(BPF_ST, cell)
#define RECALL(cell) OP(BPF_LD | BPF_MEM, cell)
#define RECALL_X(cell) OP(BPF_LDX | BPF_MEM, cell)
#define SET_X(k) OP(BPF_LDX | BPF_IMM, k)
#define ADD_TO_X(k) OP(BPF_MISC | BPF_TXA, 0), OP(BPF_ALU | BPF_ADD | BPF_K, k), OP(BPF_MISC | BPF_TAX, 0)
#define ADD_X OP(BPF_ALU | BPF_ADD | BPF_X, 0) /* sums are the same in both directions */
#define IF(what, k, yes, no) BPF_JUMP(BPF_JMP | (what) | BPF_K, k, yes, no)
#define GO(n) OP(BPF_JMP | BPF_JA, n)

/* Past a VLAN tag in the packet, if A says there is one; A is then what comes after it. Eight steps. */
#define TAG \
	IF(BPF_JEQ, ETH_P_8021Q, 1, 0), IF(BPF_JEQ, ETH_P_8021AD, 0, 6), \
	LOAD(BPF_H, 2), KEEP(ADDR), ADD_TO_X(4), RECALL(ADDR)
/* Another word of the addresses; five steps. */
#define MIX(k) LOAD(BPF_W, k), RECALL_X(ADDR), ADD_X, KEEP(ADDR), RECALL_X(BASE)

enum cell { ADDR, PORT, BASE };

static const struct sock_filter which[] = {
	/* X: where the network header begins. */
	SET_X(0),
	LOAD_AD(SKF_AD_PKTTYPE),
	IF(BPF_JEQ, PACKET_OUTGOING, 0, 5),
	SET_X(ETH_HLEN),
	LOAD_AD(SKF_AD_HATYPE),
	IF(BPF_JEQ, ARPHRD_ETHER, 2, 0),
	IF(BPF_JEQ, ARPHRD_LOOPBACK, 1, 0),
	SET_X(SKF_NET_OFF),
	LOAD_AD(SKF_AD_PROTOCOL),
	TAG,
	TAG,
	OP(BPF_STX, BASE),
	IF(BPF_JEQ, ETH_P_IP, 0, 17),
	/* IPv4. Later fragments have no ports, and no TCP header either. */
	LOAD(BPF_W, 12), KEEP(ADDR), MIX(16),
	LOAD(BPF_B, 9),
	IF(BPF_JEQ, IPPROTO_TCP, 0, 59),
	LOAD(BPF_H, 6),
	IF(BPF_JSET, 0x1fff, 57, 0),
	LOAD(BPF_B, 0),
	OP(BPF_ALU | BPF_AND | BPF_K, 0xf),
	OP(BPF_ALU | BPF_LSH | BPF_K, 2),
	ADD_X,
	OP(BPF_MISC | BPF_TAX, 0),
	GO(43),
	/* IPv6 */
	IF(BPF_JEQ, ETH_P_IPV6, 0, 54),
	LOAD(BPF_W, 8), KEEP(ADDR), MIX(12), MIX(16), MIX(20), MIX(24), MIX(28), MIX(32), MIX(36),
	LOAD(BPF_B, 6),
	IF(BPF_JEQ, IPPROTO_TCP, 0, 11),
	ADD_TO_X(40),
	/* The ports, at X. */
	LOAD(BPF_H, 0), KEEP(PORT), LOAD(BPF_H, 2), RECALL_X(PORT), ADD_X, RECALL_X(ADDR), ADD_X,
	KEEP(ADDR),
	RECALL(ADDR),
	OP(BPF_ALU | BPF_MUL | BPF_K, SPREAD),
	OP(BPF_ALU | BPF_RSH | BPF_K, 16),
	OP(BPF_RET | BPF_A, 0),
	OP(BPF_RET | BPF_K, 0),
};

static bool join(int fd, uint32_t how)
{
	return setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &how, sizeof(how)) == 0;
}

/* The first one: the kernel finds a free name. */
static bool begin(int fd, uint32_t *group, bool once)
{
	const uint32_t how = (uint32_t)(PACKET_FANOUT_CBPF | PACKET_FANOUT_FLAG_UNIQUEID) << 16;
	const uint32_t ignore = (uint32_t)PACKET_FANOUT_FLAG_IGNORE_OUTGOING << 16;
	const struct sock_fprog program = { sizeof(which) / sizeof(which[0]), (struct sock_filter *)which };
	socklen_t size = sizeof(*group);

	return ((once && join(fd, how | ignore)) || join(fd, how)) &&
		setsockopt(fd, SOL_PACKET, PACKET_FANOUT_DATA, &program, sizeof(program)) == 0 &&
		getsockopt(fd, SOL_PACKET, PACKET_FANOUT, group, &size) == 0 && *group != 0;
}

bool fanout_join(int fd, uint32_t *group, bool once, struct err *err)
{
	if (*group ? join(fd, *group) : begin(fd, group, once))
		return true;
	return err_set_errno(err, errno, "no packet fanout");
}

#else

bool fanout_join(int fd, uint32_t *group, bool once, struct err *err)
{
	(void)fd;
	(void)group;
	(void)once;
	return err_set_errno(err, ENOTSUP, "no packet fanout");
}

#endif
