/*
 * One live connection, private to the engine. The promise of every field: endings.md (a) of the design,
 * in the words of RFC 9293. Sequence numbers are as on the wire; compare them with seq_before() only.
 *
 * The fields that a plain data segment touches stand first in each half.
 */
#ifndef TCPTOP_FLOW_FLOW_H
#define TCPTOP_FLOW_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "model/connection.h"
#include "packet/pkt.h"
#include "util/clock.h"

#define NIL UINT32_MAX /* no slot */

/* Sequence numbers wrap (RFC 9293, 3.4): a is before b when the short way round says so. */
static inline bool seq_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static inline bool seq_upto(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) <= 0;
}

static inline uint16_t saturating_up(uint16_t n)
{
	return n < UINT16_MAX ? (uint16_t)(n + 1) : UINT16_MAX;
}

/*
 * A time since the flow's start in four bytes: 0 is never, else microseconds + 1 for the first 35
 * minutes and milliseconds with the top bit set after them, which lasts 24 days.
 */
typedef uint32_t reltime;

static inline reltime rel_of(int64_t ns)
{
	int64_t us = ns > 0 ? ns / NS_PER_US : 0;

	if (us < INT64_C(0x7fffffff))
		return (reltime)us + 1;
	us /= 1000;
	return us < INT64_C(0x7fffffff) ? UINT32_C(0x80000000) | (reltime)us : UINT32_MAX;
}

static inline int64_t rel_ns(reltime t)
{
	if (t & UINT32_C(0x80000000))
		return (int64_t)(t & UINT32_C(0x7fffffff)) * NS_PER_MS;
	return t ? (int64_t)(t - 1) * NS_PER_US : TIME_NEVER;
}

/* half.flags */
#define HALF_SEEN 0x00001	   /* has sent something other than a bare RST or an illegal segment */
#define HALF_ISN 0x00002	   /* its SYN was seen: isn holds */
#define HALF_ACK 0x00004	   /* ack, redge hold */
#define HALF_PROGRESS 0x00008	   /* sent a segment beyond SYN and SYN-ACK, with ACK, not RST */
#define HALF_FIN 0x00010	   /* fin_seq holds */
#define HALF_FIN_IMPLIED 0x00020   /* its FIN was not seen but acknowledged */
#define HALF_FIN_FIRST 0x00040	   /* its FIN was sent before it acknowledged the peer's */
#define HALF_RST 0x00080	   /* sent a RST: rst_* hold, of the first one that was not ignored */
#define HALF_RST_ACCEPTED 0x00100
#define HALF_RST_PASSIVE 0x00200   /* without ACK */
#define HALF_RST_SOLICITED 0x00400 /* passive, seq is the ack of a segment of the peer's seen just before */
#define HALF_RST_EXACT 0x00800
#define HALF_RST_UNCHECKED 0x01000
#define HALF_RST_PAYLOAD 0x02000
#define HALF_RST_STALE 0x04000	   /* path evidence P3 */
#define HALF_SPOKE 0x08000	   /* spoke 1 ms or more after its accepted RST: P1 */
#define HALF_SPOKE_SOON 0x10000	   /* spoke after its accepted RST at all */
#define HALF_GAP 0x20000	   /* octets of it were acknowledged that were never seen */
#define HALF_FAST_OPEN 0x40000
#define HALF_TTL_VARIES 0x80000
#define HALF_ACK_STEP_ONE 0x100000 /* its ack moved by exactly one octet the last time */
#define HALF_RST_MPTCP 0x800000
#define HALF_RST_SYN_REPLY 0x1000000
#define HALF_EMPTY_LAST 0x2000000  /* its last segment carried no data and no FIN (RSTs left out) */
#define HALF_RST_CUT 0x4000000	   /* a passive, solicited RST after its FIN, whether or not it mattered */
#define HALF_SHRUNK 0x8000000	   /* took back window it had granted */
#define HALF_ACK_MOVED 0x10000000  /* its acknowledgements advanced: the other side spoke, seen or not */
#define HALF_GAP_LOST 0x200000	   /* of the octets of HALF_GAP it is no longer known which they are */
#define HALF_BEFORE 0x40000000	   /* odd.tail_before, odd.probe_before are not both 0 */
#define HALF_FIN_ACK_LAST 0x20000000 /* its last segment was the first to acknowledge the peer's FIN */

/* All but the highest and 0x400000 are taken: a sum that is not this has one bit under two names. */
_Static_assert(UINT64_C(0) +
	HALF_SEEN + HALF_ISN + HALF_ACK + HALF_PROGRESS + HALF_FIN + HALF_FIN_IMPLIED + HALF_FIN_FIRST +
		HALF_RST + HALF_RST_ACCEPTED + HALF_RST_PASSIVE + HALF_RST_SOLICITED + HALF_RST_EXACT +
		HALF_RST_UNCHECKED + HALF_RST_PAYLOAD + HALF_RST_STALE + HALF_SPOKE + HALF_SPOKE_SOON +
		HALF_GAP + HALF_FAST_OPEN + HALF_TTL_VARIES + HALF_ACK_STEP_ONE +
		HALF_RST_MPTCP + HALF_RST_SYN_REPLY + HALF_EMPTY_LAST + HALF_RST_CUT +
		HALF_SHRUNK + HALF_ACK_MOVED + HALF_GAP_LOST + HALF_BEFORE + HALF_FIN_ACK_LAST ==
		0x7fbfffff,
	"one name for each bit");

/* SYN-ACKs after the client's ACK from which on the server is not taking the connection. */
#define SYNACK_LATE 2

#define HOLES 3

/* Packets that are counted in 16 bits, and in the rare part beyond them: nothing is ever cut off. */
enum flow_count { COUNT_SYN, COUNT_SYNACK, COUNT_FIN, COUNT_RETR, COUNT_DUPACK, COUNTS };
#define COUNT_CARRY 32768u
#define PACKETS_CARRY (UINT32_C(1) << 31) /* the same for all packets, which have 32 bits */

/* Different ones among them, in 8 bits and as many more as are needed. */
enum flow_uniq { UNIQ_SYN, UNIQ_FIN, UNIQS };

struct half { /* what one end has sent */
	/* What a plain data segment touches, of its sender and of its receiver: one cache line. */
	uint32_t flags;
	uint32_t nxt;	/* highest seq + len + SYN + FIN */
	uint32_t ack;	/* highest ack: its RCV.NXT */
	uint32_t redge; /* right edge it granted the peer */
	uint64_t bytes; /* unique payload octets seen */
	uint32_t packets; /* and what flow_packets() adds */
	uint32_t sig[2];  /* of its last two packets, against copies of a span port */
	reltime t_last;	  /* its last packet */
	reltime t_data;	  /* its last data */
	uint32_t idle_us; /* the silence it last broke with something new, saturating */
	uint32_t last_ack; /* ack of its last packet with ACK */
	uint32_t history; /* letters already written, one bit each */
	uint16_t win;	  /* last window, unscaled */
	uint16_t tail;	  /* data and FIN sent again since the peer's last packet */
	uint16_t probe_tail; /* keep-alive probes since then */
	uint8_t ttl;
	uint8_t wscale; /* 0xff unknown */

	/* What opening, closing and losses touch: one more, of which the flow itself has the other half. */
	uint32_t isn; /* without HALF_ISN the first sequence number seen; what the trail counts from */
	uint32_t fin_seq;
	uint32_t nxt_at_peer_fin; /* nxt when the peer's FIN came */
	reltime t_fin, t_syn_last; /* its first FIN, its last SYN */
	uint16_t n[COUNTS];	   /* and what flow_count() adds */
	uint8_t uniq[UNIQS];	   /* and what flow_uniq() adds */
	char of_flow[32];
} __attribute__((aligned(64)));

_Static_assert(offsetof(struct half, isn) == 64 && offsetof(struct half, of_flow) == 96 &&
		       sizeof(struct half) == 128,
	"lines as said");

/* What few connections have of an end. */
struct odd {
	struct {
		uint32_t from, to;
	} hole[HOLES]; /* octets jumped over, not seen yet */
	uint32_t carried[COUNTS]; /* of half.n, in units of COUNT_CARRY */
	uint32_t packets_carried; /* of half.packets, in units of PACKETS_CARRY */
	uint16_t uniq_more[UNIQS]; /* beyond the 255 of half.uniq; saturating */
	uint32_t rst, ooo;
	uint32_t rst_seq;
	uint32_t zwin;
	uint32_t rst_ignored;
	reltime t_rst, t_rst_last;
	reltime t_fin_again;  /* its last FIN, when that is not its first */
	uint16_t synack_late; /* SYN-ACKs after the client's ACK */
	uint16_t copies;      /* of a span port, RSTs left out; saturating */
	uint16_t keepalive;
	uint16_t tail_before; /* tail and probe_tail as the peer's last packet found them */
	uint16_t probe_before;
	uint8_t ttl_rst;
};

/* A bare SYN with a new ISN on a connection that has not ended. */
struct pending {
	int64_t first, last;
	uint32_t isn, len;
	uint32_t count;
	uint16_t win;
	uint8_t side, wscale, ttl;
};

/*
 * What few connections have. All point to one that says no to everything until they have something
 * to say: read it through flow.rare, write to flow_rare().
 */
struct rare {
	struct rares *pool; /* where it is from */
	struct odd odd[2];
	struct pending pending; /* holds with FLOW_PENDING */
	struct addr icmp_from;	/* holds with FLOW_ICMP, as do type and code */
	uint8_t icmp_type, icmp_code;
	uint32_t rst_idle_us;
	uint32_t next; /* the next free one */
};

struct rares {
	struct rare *rare; /* [one for each flow + 1], of which the first stands for none */
	uint32_t fresh;	   /* from here on they were never used */
	uint32_t free;	   /* given back, 0: none */
};

/* flow.flags */
#define FLOW_USED 0x0001
#define FLOW_DIRTY 0x0002     /* changed since it was published */
#define FLOW_QUEUED 0x0004    /* its slot stands in the queue of changed ones */
#define FLOW_ARMED 0x0008     /* wheel_at holds: the wheel looks at it there */
#define FLOW_ILLEGAL 0x0010   /* opened by a segment that opens nothing */
#define FLOW_ESTABLISHED 0x0020
#define FLOW_ICMP 0x0040
#define FLOW_UNREACHABLE 0x0080 /* that ICMP error means it */
#define FLOW_REPLACED 0x0100
#define FLOW_SILENT 0x0200    /* the ending was decided by silence and falls when anything is heard */
#define FLOW_PROVISIONAL 0x0400 /* a RST waits for what the peer makes of it */
#define FLOW_SIMULTANEOUS 0x0800
#define FLOW_DUPLICATES 0x1000
#define FLOW_PORT_REUSE 0x2000
#define FLOW_EVICTED 0x4000
#define FLOW_INPUT_ENDED 0x8000
#define FLOW_LONE_BARE 0x10000 /* the first packet was empty and without options */
#define FLOW_TIMED_OUT 0x20000 /* idle expiry */
#define FLOW_HS_KARN 0x40000   /* a SYN or SYN-ACK was repeated: its delay says nothing */
#define FLOW_RST_UNDONE 0x80000
#define FLOW_ONE_WAY_COUNTED 0x100000
#define FLOW_PERIODIC 0x200000 /* its client calls this service at even intervals */
#define FLOW_CAPTURE_LOSS 0x400000 /* judged while the capture was losing packets */
#define FLOW_TTL_KNOWN 0x800000 /* << side: hosts.h has nothing to learn from another packet with that TTL */
/* A SYN came on ports that an older connection held: on this one, or this is the SYN's. */
#define FLOW_PORTS_HELD 0x2000000
#define FLOW_TAKEN_LATE 0x4000000 /* the server acted as if it had not heard the end of the handshake */
#define FLOW_PENDING 0x8000000 /* pending holds */
#define FLOW_UNDER_WAY 0x10000000 /* both have sent something beyond SYN and SYN-ACK */
#define FLOW_CLOSING 0x20000000 /* somebody has sent a FIN: a hint that all of the flow will be wanted */

enum flow_class { CLASS_SETUP, CLASS_LIVE, CLASS_ENDED, CLASS_COUNT };

struct flow {
	/* What finds it and tells whether more than sequence numbers is at stake: one cache line ... */
	struct tuple tuple; /* [CLIENT], [SERVER] */
	uint32_t hash;
	int64_t deadline;   /* when silence means something, in the engine's time; the wheel may look earlier */
	uint8_t ending, origin, class;
	uint8_t rst_side; /* CLIENT, SERVER, 2 none */
	uint16_t wheel_at;
	uint16_t vlan;
	/*
	 * In eight octets of its own: compilers read what stands beside it along, and wait for a
	 * write to it.
	 */
	uint32_t flags;

	/* ... its times and its story, one more ... */
	int64_t start, last; /* ns since the epoch */
	int64_t heard;	      /* the engine's time of the last packet: never steps back */
	uint32_t trail;	      /* NIL or index into the pool */
	uint32_t retr_gap_us; /* between the last retransmission and the packet before it */
	uint8_t history_len;
	uint8_t first_fin; /* CLIENT, SERVER, 2 none */
	char history[HISTORY_MAX];
	reltime t_synack;

	/*
	 * ... and what both ends have sent, of which plain data touches the first lines. What
	 * opening and ending touch of the flow stands in what is left of the second ones.
	 */
	union {
		struct half half[2];
		struct {
			char of_client[offsetof(struct half, of_flow)];
			uint64_t uid;
			int64_t ended; /* 0 = open */
			struct rare *rare; /* never NULL */
			uint32_t class_prev, class_next;

			char of_server[offsetof(struct half, of_flow)];
			reltime t_est;
			uint32_t hs_srv_us, hs_clt_us; /* UINT32_MAX unknown */
			reltime t_rst, t_first_fin;
			uint32_t rst_facts; /* what held when the RST was accepted: RST_* of rst.h */
			uint16_t generation;
			uint8_t client_by;
			uint8_t confidence, rule;
			uint8_t tunnel, source;
			int8_t ttl_delta;
		};
	};
};

_Static_assert(offsetof(struct flow, start) == 64 && offsetof(struct flow, half) == 128 &&
	offsetof(struct flow, uid) == 224 && offsetof(struct flow, t_est) == 352 && sizeof(struct flow) == 384,
	"lines as said");

/* Takes one that is cleared; there is always one left for a flow that has none. */
static inline struct rare *rares_take(struct rares *pool)
{
	uint32_t i = pool->free;
	struct rare *r;

	if (i)
		pool->free = pool->rare[i].next;
	else
		i = pool->fresh++;
	r = &pool->rare[i];
	memset(r, 0, sizeof(*r));
	r->pool = pool;
	return r;
}

/* What rares_take() will give next. */
static inline const struct rare *rares_next(const struct rares *pool)
{
	return &pool->rare[pool->free ? pool->free : pool->fresh];
}

static inline bool flow_has_rare(const struct flow *f)
{
	return f->rare != f->rare->pool->rare;
}

/* To write to. */
static inline struct rare *flow_rare(struct flow *f)
{
	if (!flow_has_rare(f))
		f->rare = rares_take(f->rare->pool);
	return f->rare;
}

static inline struct odd *flow_odd(struct flow *f, int side)
{
	return &flow_rare(f)->odd[side];
}

/* How many of them `side` has sent. */
static inline uint32_t flow_count(const struct flow *f, int side, enum flow_count what)
{
	return f->half[side].n[what] + f->rare->odd[side].carried[what] * COUNT_CARRY;
}

/*
 * Where there are many ways out, compilers take the way through for one that is hardly ever gone, and keep
 * it short.
 */
#define RARELY(condition) __builtin_expect(!!(condition), 0)

/* Takes off so many units that one is left, so that what was there is never 0. Returns how many. */
static inline uint32_t carry_off(uint64_t *n, uint32_t unit)
{
	uint32_t carry = (uint32_t)(*n / unit - 1);

	*n -= (uint64_t)carry * unit;
	return carry;
}

/* `more` of them. half.n is 0 only where there was none. */
static inline void flow_count_up(struct flow *f, int side, enum flow_count what, uint32_t more)
{
	uint64_t n = (uint64_t)f->half[side].n[what] + more;

	if (n > UINT16_MAX)
		flow_odd(f, side)->carried[what] += carry_off(&n, COUNT_CARRY);
	f->half[side].n[what] = (uint16_t)n;
}

static inline uint64_t flow_packets(const struct flow *f, int side)
{
	return f->half[side].packets + (uint64_t)f->rare->odd[side].packets_carried * PACKETS_CARRY;
}

/* `more` of them. half.packets is 0 only where there was none. */
static inline void flow_packets_up(struct flow *f, int side, uint32_t more)
{
	uint64_t n = (uint64_t)f->half[side].packets + more;

	if (RARELY(n > UINT32_MAX))
		flow_odd(f, side)->packets_carried += carry_off(&n, PACKETS_CARRY);
	f->half[side].packets = (uint32_t)n;
}

static inline uint16_t flow_uniq(const struct flow *f, int side, enum flow_uniq what)
{
	uint32_t n = f->half[side].uniq[what] + f->rare->odd[side].uniq_more[what];

	return n < UINT16_MAX ? (uint16_t)n : UINT16_MAX;
}

/* One more. */
static inline void flow_uniq_up(struct flow *f, int side, enum flow_uniq what)
{
	struct half *h = &f->half[side];

	if (h->uniq[what] < UINT8_MAX)
		h->uniq[what]++;
	else if (f->rare->odd[side].uniq_more[what] < UINT16_MAX)
		flow_odd(f, side)->uniq_more[what]++;
}

static inline reltime flow_fin_last(const struct flow *f, int side)
{
	reltime again = f->rare->odd[side].t_fin_again;

	return again ? again : f->half[side].t_fin;
}

/* Gives it back: the flow has nothing rare any more. */
static inline void flow_common(struct flow *f)
{
	struct rares *pool = f->rare->pool;

	if (!flow_has_rare(f))
		return;
	f->rare->next = pool->free;
	pool->free = (uint32_t)(f->rare - pool->rare);
	f->rare = pool->rare;
}

/* half->flags & HALF_FIN, and the peer has acknowledged it. */
static inline bool fin_acked(const struct flow *f, int side)
{
	const struct half *x = &f->half[side], *y = &f->half[!side];

	return (x->flags & HALF_FIN) && (y->flags & HALF_ACK) && seq_before(x->fin_seq, y->ack);
}

/* A reset was accepted, and stands. A provisional one is not accepted yet. */
static inline bool was_reset(const struct flow *f)
{
	return f->rst_side <= SERVER && f->half[f->rst_side].flags & HALF_RST_ACCEPTED;
}

/* Whether endpoint i of a is endpoint j of b. */
static inline bool same_endpoint(const struct tuple *a, int i, const struct tuple *b, int j)
{
	return a->port[i] == b->port[j] && !memcmp(&a->addr[i], &b->addr[j], sizeof(a->addr[i]));
}

/* The side of a connection (client first) that a packet's sender is, or -1: another connection. */
static inline int tuple_side(const struct tuple *connection, const struct tuple *packet)
{
	if (same_endpoint(connection, 0, packet, 0) && same_endpoint(connection, 1, packet, 1))
		return CLIENT;
	if (same_endpoint(connection, 0, packet, 1) && same_endpoint(connection, 1, packet, 0))
		return SERVER;
	return -1;
}

#endif
