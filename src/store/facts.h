/*
 * What findings are made from: one fact when an attempt was accepted, one when a connection ended, and two rarer ones.
 * A set, so that the order of coming does not matter; a fact is replaced or taken back when its connection is judged
 * anew. Most facts can only be counted; those that may be cases of a finding are kept one by one, in a table.
 */
#ifndef TCPTOP_STORE_FACTS_H
#define TCPTOP_STORE_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/connection.h"
#include "util/chain.h"

#define FACTS_MAX 393216 /* kept, where nobody asks for less */
#define STEP (10 * INT64_C(1000000000)) /* by which windows slide: facts are counted by steps */
#define WINDOW_SHORT (60 * INT64_C(1000000000))
#define WINDOW_LONG (900 * INT64_C(1000000000))

enum fact_kind {
	FACT_OF_ACCEPTED, /* an attempt was accepted */
	FACT_OF_END,	  /* a connection ended */
	FACT_OF_HELD,	  /* a SYN came on ports that an older connection held */
	FACT_OF_WAIT,	  /* an end that has not closed for a minute after the other one did, and is open still */
	FACT_KINDS
};

enum { /* fact.flags */
	FACT_TAKEN_LATE = 1 << 0, /* accepted, but after the server had not heard of the handshake's end */
	FACT_ATTEMPT = 1 << 1,
	FACT_ESTABLISHED = 1 << 2,
	FACT_DELIVERED = 1 << 3,
	FACT_SERVER_FIRST = 1 << 4, /* its FIN was the first */
	FACT_CLIENT_FIRST = 1 << 5,
	FACT_REUSE = 1 << 6,
	FACT_GAP = 1 << 7,
	FACT_ONE_WAY = 1 << 8,
	FACT_RARE = 1 << 9, /* looked at in the long window too */
	FACT_CLOSE = 1 << 10, /* the server closed first, and not with its last data: `fin` says when */
	FACT_FLAGS = (1 << 11) - 1, /* all of these */
	FACT_FRESH = 1 << 11 /* kept, but its step has not put it in order as it is now */
};

struct fact { /* what judges ask first comes first */
	int64_t at;	/* when it counts, ns since the epoch */
	uint64_t uid;
	uint16_t flags, port;
	uint8_t kind;	       /* enum fact_kind */
	uint8_t ending, stage; /* stage: 0 or enum attribute */
	union {
		int8_t ttl_delta;
		uint8_t icmp_code; /* of UNREACHABLE */
	};
	union {
		int64_t fin; /* of FACT_CLOSE: the server's first FIN */
		uint8_t icmp_type; /* of UNREACHABLE */
	};
	union {
		struct {
			/*
			 * Where a judge asks for them, else 0, and never is TIME_NEVER. silence: of SERVER_CUT from the server's
			 * FIN to the client's last data, else before the reset; served: from the server's last data to its FIN.
			 */
			int64_t silence, served;
		};
		struct addr via; /* of UNREACHABLE: sender of the ICMP error */
	};
	struct addr client, server;
};

struct fact_times {
	int64_t fin, silence, served;
};

#define FACT_BODY 16

/* The same in the table, where many are: what is looked at most, and the rest packed. */
struct kept {
	int64_t at;
	uint64_t uid; /* 0: free */
	uint16_t flags; /* FACT_FLAGS; facts.c has the rest of its bits */
	uint16_t port;
	uint8_t kind, ending, stage, code; /* code: ttl_delta or icmp_code */
	uint8_t body[FACT_BODY];
};

_Static_assert(sizeof(struct kept) == 40, "many are kept");

struct facts {
	struct kept *kept;
	uint32_t *bucket, *next; /* 1 + index, 0 = end */
	struct chains spill; /* what does not fit into bodies */
	uint32_t max, buckets;
	uint32_t used, free, count; /* free: 1 + index */
};

/* Room for `max`. False when there is no address space for it. */
bool facts_init(struct facts *t, uint32_t max);
void facts_fini(struct facts *t);
void facts_clear(struct facts *t);
size_t facts_bytes(uint32_t max);

/*
 * What a connection is known by as it stands, by kind. Returns the kinds there are, as bits; of the others nothing is
 * said. leak_age: ns in CLOSE_WAIT that make a fact.
 */
unsigned facts_of_connection(const struct connection *c, int64_t leak_age, struct fact out[FACT_KINDS]);
/* Whether nothing is known of an open connection that was not known before: true only when that is seen at a glance. */
bool facts_same(const struct connection *was, const struct connection *is);

/* Whether the fact can be a case. What cannot be one is only counted: see timeline_count. */
bool fact_is_case(const struct fact *f);
/* Setup failures: refused to not_accepted, and cancelled. */
bool is_failure(enum ending e);

/* Replaces the fact of that connection and sort; it is FACT_FRESH then. Returns 1 + its index, 0 when there is no room. */
uint32_t facts_put(struct facts *t, const struct fact *f);
/* Whether there was one. */
bool facts_take(struct facts *t, uint64_t uid, enum fact_kind kind);
/* The one of that index, but for its times; and these, 0 where there are none. */
void facts_get_ends(const struct facts *t, uint32_t i, struct fact *out);
void facts_get_times(const struct facts *t, const struct kept *k, struct fact_times *out);
/* Reads ahead what is known of n connections. */
void facts_fetch(const struct facts *t, const uint64_t *uid, size_t n);

#endif
