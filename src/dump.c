/* The tables as Markdown and as a configuration file. */
#include "config.h"

#include "dump.h"

#include <string.h>

#include "conf.h"
#include "model/capture_stats.h"
#include "model/ending.h"
#include "model/finding.h"
#include "query/column.h"
#include "ui/keymap.h"
#include "util/str.h"

/* A cell of a Markdown table: a bar would end it. */
static void cell(struct str *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			str_add_char(out, '\\');
		str_add_char(out, *text);
	}
}

static void table_head(struct str *out, const char *title, const char *heads, size_t n)
{
	str_addf(out, "\n## %s\n\n| %s |\n|", title, heads);
	while (n-- > 0)
		str_add(out, "---|");
	str_add_char(out, '\n');
}

static void row(struct str *out, size_t n, const char *const *text)
{
	str_add_char(out, '|');
	for (size_t i = 0; i < n; i++) {
		str_add(out, i == 0 ? " `" : " ");
		cell(out, text[i]);
		str_add(out, i == 0 ? "` |" : " |");
	}
	str_add_char(out, '\n');
}

static void md_options(struct str *out)
{
	for (enum option_id id = 0; id < HEADING_HIDDEN; id++) {
		const struct option_info *o = &option_info[id];
		struct str name = STR_INIT;

		if (o->kind == OPTION_HEADING) {
			str_addf(out, "\n### %s\n\n| option | default | meaning |\n|---|---|---|\n", o->name);
			continue;
		}
		if (o->letter)
			str_addf(&name, "-%c, ", o->letter);
		str_addf(&name, "--%s%s%s", o->name, o->arg[0] ? " " : "", o->arg);
		row(out, 3, (const char *const[]){ name.s, o->initial, o->gist });
		str_free(&name);
	}
}

static void md_columns(struct str *out)
{
	for (size_t v = 0; v < VIEW_COUNT; v++) {
		str_addf(out, "\n### %s\n\n| column | meaning |\n|---|---|\n", view_names[v]);
		for (size_t i = 0; i < column_count; i++)
			if (columns[i].views & (UINT32_C(1) << v))
				row(out, 2, (const char *const[]){ columns[i].name, columns[i].gist });
	}
}

static void md_findings(struct str *out)
{
	table_head(out, "Findings", "finding | severity | title | raised when | look at", 5);
	for (size_t f = 0; f < FINDING_COUNT; f++) {
		const struct finding_info *info = &finding_info[f];

		row(out, 5, (const char *const[]){ info->name, severity_names[info->severity], info->title,
				info->meaning, info->advice });
	}
	table_head(out, "Thresholds of findings", "name | default | meaning", 3);
	for (size_t t = 0; t < THRESHOLD_COUNT; t++) {
		struct str initial = STR_INIT;

		str_addf(&initial, "%g", threshold_info[t].initial);
		row(out, 3, (const char *const[]){ threshold_info[t].name, initial.s, threshold_info[t].gist });
		str_free(&initial);
	}
}

void dump_markdown(struct str *out)
{
	static const char *const harm[] = { "fine", "mild", "bad" };

	str_add(out, "# Reference\n\nMade by `tcptop --dump md`.\n\n## Options\n");
	md_options(out);
	table_head(out, "Keys", "keys | action | meaning", 3);
	for (size_t a = 1; a < ACTION_COUNT; a++)
		row(out, 3, (const char *const[]){ action_info[a].keys, action_info[a].name,
				action_info[a].gist });
	table_head(out, "Endings", "ending | letter | group | harm | sentence | meaning | look at", 7);
	for (enum ending e = 1; e < ENDING_COUNT; e++) {
		const struct ending_info *info = &ending_info[e];
		const char letter[] = { info->letter, '\0' };

		row(out, 7, (const char *const[]){ info->name, letter, group_info[info->group].name,
				harm[info->harm], info->sentence, info->meaning, info->check });
	}
	table_head(out, "Groups of endings", "group | head | words", 3);
	for (size_t g = 1; g < GROUP_COUNT; g++)
		row(out, 3, (const char *const[]){ group_info[g].name, group_info[g].head,
				group_info[g].words });
	md_findings(out);
	table_head(out, "Evidence", "name | seen", 2);
	for (size_t i = 0; i < EVIDENCE_COUNT; i++)
		row(out, 2, (const char *const[]){ evidence_info[i].name, evidence_info[i].words });
	table_head(out, "Attributes", "name | meaning", 2);
	for (size_t i = 0; i < ATTRIBUTE_COUNT; i++)
		row(out, 2, (const char *const[]){ attribute_info[i].name, attribute_info[i].words });
	table_head(out, "Packets not used", "reason | meaning", 2);
	for (size_t d = 1; d < DROP_COUNT; d++)
		row(out, 2, (const char *const[]){ drop_info[d].name, drop_info[d].gist });
	str_add(out, "\n## Columns\n");
	md_columns(out);
}

#define LINE_FULL 100

static void config_columns(struct str *out, enum view view)
{
	const struct column *col[256];
	size_t n = column_defaults(view, true, col, sizeof col / sizeof *col), from = out->len;

	str_addf(out, "# %s = ", view_names[view]);
	for (size_t i = 0; i < n; i++) {
		if (out->len - from > LINE_FULL) {
			from = out->len;
			str_addf(out, "\n# %s = ", view_names[view]);
			str_add(out, col[i]->name);
			continue;
		}
		str_addf(out, "%s%s", i ? "," : "", col[i]->name);
	}
	str_add_char(out, '\n');
}

void dump_config(struct str *out)
{
	str_add(out, "# Configuration of tcptop. Every line that begins with '#' is a default or a word about it.\n"
		     "# Options given on the command line go before what stands here.\n\n[set]\n");
	for (enum option_id id = 0; id < HEADING_OTHER; id++) {
		const struct option_info *o = &option_info[id];

		if (o->kind == OPTION_HEADING)
			str_addf(out, "\n# --- %s ---\n", o->name);
		else if (option_in_rc(id))
			str_addf(out, "# %s\n# %s = %s\n", o->gist, o->name,
				o->kind == OPTION_FLAG ? "no" : o->initial);
	}
	str_add(out, "\n# Keys of actions: names with blanks between, the first is the one the screen shows.\n"
		     "[keys]\n");
	for (size_t a = 1; a < ACTION_COUNT; a++)
		str_addf(out, "# %s = %s\n", action_info[a].name, action_info[a].keys);
	str_add(out, "\n# Columns of the screen: VIEW = A,B,...; a second line of the same view goes on.\n"
		     "[columns]\n");
	for (size_t v = 0; v < VIEW_COUNT; v++)
		config_columns(out, v);
}
