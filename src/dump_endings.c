/* doc/endings.md: every ending with the rules that give it. Prose that no table holds stands here. */
#include "config.h"

#include <string.h>

#include "dump.h"
#include "model/elsewhere.h"
#include "model/ending.h"
#include "model/finding.h"
#include "model/rule.h"
#include "util/str.h"

static bool gives(const struct rule *rule, enum ending e)
{
	return rule->ending[0] == e || rule->ending[1] == e;
}

static const char *whose(enum actor actor)
{
	switch (actor) {
	case ACTOR_NOBODY:
		return "";
	case ACTOR_R:
		return " (of the side that sent the reset)";
	case ACTOR_P:
		return " (of the side that got the reset)";
	case ACTOR_FIRST_FIN:
		return " (of the side that closed first)";
	case ACTOR_STUCK_PEER:
		return " (of the side that does not answer)";
	case ACTOR_VISIBLE:
		return " (of the side that was seen)";
	}
	return "";
}

static void ending_rules(struct str *out, enum ending e)
{
	for (size_t i = 0; i < rule_count; i++) {
		if (!gives(&rules[i], e))
			continue;
		str_addf(out, "- rule %u%s: ", rules[i].row, whose((enum actor)rules[i].actor));
		rule_words(&rules[i], out);
		str_add_char(out, '\n');
	}
}

static void tool(struct str *out, const char *name, const char *value, const char **between)
{
	if (!*value)
		return;
	str_addf(out, "%s%s %s", *between, name, value);
	*between = "; ";
}

static void ending_elsewhere(struct str *out, enum ending e)
{
	const struct elsewhere_info *info = &elsewhere_info[e];
	const char *between = "\nElsewhere: ";

	tool(out, "Zeek", info->zeek, &between);
	tool(out, "Wireshark", info->wireshark, &between);
	tool(out, "Argus", info->argus, &between);
	tool(out, "HAProxy", info->haproxy, &between);
	str_add(out, ".\n");
}

static void endings(struct str *out)
{
	static const char *const harm[] = { "fine", "mild", "bad" };

	for (enum ending e = 1; e < ENDING_COUNT; e++) {
		const struct ending_info *info = &ending_info[e];

		str_addf(out, "\n### %s\n\n\"%s\" (letter `%c`, group %s, %s)\n\n", info->name, info->sentence,
			info->letter, group_info[info->group].name, harm[info->harm]);
		ending_rules(out, e);
		str_addf(out, "\nUsual causes: %s\n\nCheck next: %s\n", info->meaning, info->check);
		ending_elsewhere(out, e);
	}
}

static void table(struct str *out)
{
	str_add(out, "\n## The decision table\n\nThe first row that matches decides; so each row also says that "
		     "none above it did.\nA row with two conditions stands here twice.\n\n"
		     "| rule | when | ending |\n|---|---|---|\n");
	for (size_t i = 0; i < rule_count; i++) {
		const struct rule *r = &rules[i];

		str_addf(out, "| %u | ", r->row);
		rule_words(r, out);
		str_addf(out, " | %s%s%s |\n", ending_info[r->ending[0]].name,
			r->ending[0] == r->ending[1] ? "" : ", ",
			r->ending[0] == r->ending[1] ? "" : ending_info[r->ending[1]].name);
	}
}

static void words(struct str *out, const char *title, const struct word_info *info, size_t n)
{
	str_addf(out, "\n## %s\n\n", title);
	for (size_t i = 0; i < n; i++)
		str_addf(out, "- `%s`: %s\n", info[i].name, info[i].words);
}

static void findings(struct str *out)
{
	str_add(out, "\n## Findings\n\nWhat many connections together say: `-v findings`. The numbers are set with "
		     "`--finding NAME=VALUE`;\n`tcptop --dump md` lists them.\n");
	for (size_t f = 0; f < FINDING_COUNT; f++)
		str_addf(out, "\n### %s\n\n%s (%s). %s\n\nCheck next: %s\n", finding_info[f].name,
			finding_info[f].title, severity_names[finding_info[f].severity],
			finding_info[f].meaning, finding_info[f].advice);
}

void dump_endings(struct str *out)
{
	str_add(out, "# How connections end\n\nMade by `tcptop --dump endings` from the program's own tables: what "
		     "stands here is what it does.\n\n"
		     "Every connection that ends has exactly one of the endings below, found by the first rule of the\n"
		     "decision table that matches. \"The reset\" is the first one that its receiver had to accept; "
		     "what the\nreceiver ignored, or what came after both sides had closed, is no part of an ending.\n\n"
		     "The names that other tools have are the nearest ones: Zeek's `conn_state`, Wireshark's "
		     "`tcp.completeness`,\nArgus's `state`, and the two letters of HAProxy's log where a proxy would "
		     "be one end of it.\n\n## Endings\n");
	endings(out);
	table(out);
	words(out, "Evidence", evidence_info, EVIDENCE_COUNT);
	words(out, "Attributes", attribute_info, ATTRIBUTE_COUNT);
	findings(out);
}
