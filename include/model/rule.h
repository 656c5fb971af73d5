/*
 * The decision table and its words: how facts of a connection become its ending. Evaluated in flow,
 * told everywhere.
 */
#ifndef TCPTOP_MODEL_RULE_H
#define TCPTOP_MODEL_RULE_H

#include <stddef.h>
#include <stdint.h>

#include "model/ending.h"

struct str;

enum rule_fact {
#define FACT(id, ...) RULE_FACT_##id,
#include "model/rule_facts.def"
#undef FACT
	RULE_FACT_COUNT,
	/* What silence or the world outside has decided: WHEN_ of flow, in its order. */
	RULE_FACT_WHEN = 40,
	RULE_WHEN_SETUP_OVER = RULE_FACT_WHEN,
	RULE_WHEN_SETTLED,
	RULE_WHEN_VANISHED,
	RULE_WHEN_HALF_CLOSED,
	RULE_WHEN_IDLE,
	RULE_WHEN_REPLACED,
	RULE_WHEN_INPUT_ENDED,
	RULE_WHEN_END
};

/* Bits, as rules.def and flow write them. */
#define RULE_BIT(n) (UINT64_C(1) << (n))
#define F_ILLEGAL RULE_BIT(RULE_FACT_ILLEGAL)
#define F_ONLY_RST RULE_BIT(RULE_FACT_ONLY_RST)
#define F_PROBED RULE_BIT(RULE_FACT_PROBED)
#define F_SINGLE RULE_BIT(RULE_FACT_SINGLE)
#define F_ONE_SIDE RULE_BIT(RULE_FACT_ONE_SIDE)
#define F_V_FIN RULE_BIT(RULE_FACT_V_FIN)
#define F_SYN RULE_BIT(RULE_FACT_SYN)
#define F_SYNACK RULE_BIT(RULE_FACT_SYNACK)
#define F_ESTABLISHED RULE_BIT(RULE_FACT_ESTABLISHED)
#define F_UNREACHABLE RULE_BIT(RULE_FACT_UNREACHABLE)
#define F_BOTH_FINS RULE_BIT(RULE_FACT_BOTH_FINS)
#define F_CUT_LATE RULE_BIT(RULE_FACT_CUT_LATE)
#define F_CLOSED RULE_BIT(RULE_FACT_CLOSED)
#define F_RST RULE_BIT(RULE_FACT_RST)
#define F_BY_SERVER RULE_BIT(RULE_FACT_BY_SERVER)
#define F_RST_FIRST RULE_BIT(RULE_FACT_RST_FIRST)
#define F_HOP RULE_BIT(RULE_FACT_HOP)
#define F_PATH RULE_BIT(RULE_FACT_PATH)
#define F_FIN_P RULE_BIT(RULE_FACT_FIN_P)
#define F_FIN_R RULE_BIT(RULE_FACT_FIN_R)
#define F_PASSIVE RULE_BIT(RULE_FACT_PASSIVE)
#define F_SOLICITED RULE_BIT(RULE_FACT_SOLICITED)
#define F_S_BEYOND RULE_BIT(RULE_FACT_S_BEYOND)
#define F_SYNACK_LATE RULE_BIT(RULE_FACT_SYNACK_LATE)
#define F_S_GHOST RULE_BIT(RULE_FACT_S_GHOST)
#define F_R_STUCK RULE_BIT(RULE_FACT_R_STUCK)
#define F_R_PROBED RULE_BIT(RULE_FACT_R_PROBED)
#define F_P_ACKED_CLEAN RULE_BIT(RULE_FACT_P_ACKED_CLEAN)
#define F_P_UNHEARD RULE_BIT(RULE_FACT_P_UNHEARD)
#define F_R_HALF RULE_BIT(RULE_FACT_R_HALF)
#define F_IDLE RULE_BIT(RULE_FACT_IDLE)
#define F_STUCK RULE_BIT(RULE_FACT_STUCK)
#define F_SPOKE RULE_BIT(RULE_FACT_SPOKE)
#define F_ONE_FIN_ACKED RULE_BIT(RULE_FACT_ONE_FIN_ACKED)
#define F_NO_HANDSHAKE RULE_BIT(RULE_FACT_NO_HANDSHAKE)
#define W_SETUP_OVER RULE_BIT(RULE_WHEN_SETUP_OVER)
#define W_SETTLED RULE_BIT(RULE_WHEN_SETTLED)
#define W_VANISHED RULE_BIT(RULE_WHEN_VANISHED)
#define W_HALF_CLOSED RULE_BIT(RULE_WHEN_HALF_CLOSED)
#define W_IDLE RULE_BIT(RULE_WHEN_IDLE)
#define W_REPLACED RULE_BIT(RULE_WHEN_REPLACED)
#define W_INPUT_ENDED RULE_BIT(RULE_WHEN_INPUT_ENDED)

/* Who the "side" of an ending's name is: the sender of the reset, its peer, ... */
enum actor { ACTOR_NOBODY, ACTOR_R, ACTOR_P, ACTOR_FIRST_FIN, ACTOR_STUCK_PEER, ACTOR_VISIBLE };

struct rule {
	uint8_t row;
	uint8_t actor;
	uint8_t ending[2]; /* by actor: CLIENT, SERVER */
	uint64_t all, none; /* bits of enum rule_fact */
	uint64_t any;	   /* at least one of these; 0 = no such demand */
};

extern const struct rule rules[]; /* the first that matches wins */
extern const size_t rule_count;

/* Adds the conditions of a rule in words, "the client's SYN was seen, it was not established". */
void rule_words(const struct rule *rule, struct str *out);
/*
 * The same of every rule of that row that gives that ending, with "; or " between; nothing when
 * there is none.
 */
void rule_words_of_row(unsigned row, enum ending ending, struct str *out);

#endif
