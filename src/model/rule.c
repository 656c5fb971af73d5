#include "config.h"

#include "model/rule.h"

#include "util/str.h"

#define SAME(e) { ENDING_##e, ENDING_##e }
#define BY(e) { ENDING_CLIENT_##e, ENDING_SERVER_##e }

const struct rule rules[] = {
#define RULE(row, actor, endings, all, none, any) { row, ACTOR_##actor, endings, all, none, any },
#include "model/rules.def"
#undef RULE
};
const size_t rule_count = sizeof(rules) / sizeof(rules[0]);

static const struct {
	const char *yes, *no;
} facts[RULE_FACT_COUNT] = {
#define FACT(id, yes, no) [RULE_FACT_##id] = { yes, no },
#include "model/rule_facts.def"
#undef FACT
};

_Static_assert(RULE_FACT_COUNT <= (int)RULE_FACT_WHEN, "facts and reasons for deciding share 64 bits");

static const char *const whens[RULE_WHEN_END - RULE_FACT_WHEN] = {
	[RULE_WHEN_SETUP_OVER - RULE_FACT_WHEN] = "the time for a handshake was over",
	[RULE_WHEN_SETTLED - RULE_FACT_WHEN] = "nothing came after both FINs",
	[RULE_WHEN_VANISHED - RULE_FACT_WHEN] = "nothing came after the last retransmission",
	[RULE_WHEN_HALF_CLOSED - RULE_FACT_WHEN] = "nothing came for the time a half-closed connection is given",
	[RULE_WHEN_IDLE - RULE_FACT_WHEN] = "it was given up after a long silence or for want of room",
	[RULE_WHEN_REPLACED - RULE_FACT_WHEN] = "a new connection took its addresses and ports",
	[RULE_WHEN_INPUT_ENDED - RULE_FACT_WHEN] = "the input ended",
};

static void add(struct str *out, const char **between, const char *words)
{
	str_add(out, *between);
	str_add(out, words);
	*between = ", ";
}

void rule_words(const struct rule *rule, struct str *out)
{
	const char *between = "";

	for (int i = 0; i < RULE_FACT_COUNT; i++) {
		if (rule->all & RULE_BIT(i))
			add(out, &between, facts[i].yes);
		else if (rule->none & RULE_BIT(i))
			add(out, &between, facts[i].no);
	}
	for (int i = RULE_FACT_WHEN; i < RULE_WHEN_END; i++) {
		if (!((rule->any | rule->all) & RULE_BIT(i)))
			continue;
		add(out, &between, whens[i - RULE_FACT_WHEN]);
		between = " or ";
	}
}

void rule_words_of_row(unsigned row, enum ending ending, struct str *out)
{
	const char *between = "";

	for (size_t i = 0; i < rule_count; i++) {
		const struct rule *r = &rules[i];

		if (r->row != row || (r->ending[0] != ending && r->ending[1] != ending))
			continue;
		str_add(out, between);
		rule_words(r, out);
		between = "; or ";
	}
}
