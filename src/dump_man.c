/* The manual page. Prose that no table holds stands here, everything else is walked. */
#include "config.h"

#include <ctype.h>
#include <string.h>

#include "cli.h"
#include "dump.h"
#include "model/capture_stats.h"
#include "model/ending.h"
#include "model/finding.h"
#include "query/column.h"
#include "ui/keymap.h"
#include "util/str.h"

/* Text for troff: a backslash, a leading dot or quote and a hyphen would be taken for something else. */
static void roff(struct str *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		str_add(out, "\\&");
	for (; *text; text++) {
		if (*text == '\\')
			str_add(out, "\\e");
		else if (*text == '-')
			str_add(out, "\\-");
		else if (*text == '\'')
			str_add(out, "\\(aq");
		else
			str_add_char(out, *text);
	}
}

static void section(struct str *out, const char *title)
{
	str_add(out, ".SH ");
	for (; *title; title++)
		str_add_char(out, (char)toupper((unsigned char)*title));
	str_add_char(out, '\n');
}

static void term(struct str *out, const char *name, const char *text)
{
	str_add(out, ".TP\n.B ");
	roff(out, name);
	str_add_char(out, '\n');
	roff(out, text);
	str_add_char(out, '\n');
}

static void paragraph(struct str *out, const char *text)
{
	roff(out, text);
	str_add(out, "\n.PP\n");
}

static void man_options(struct str *out)
{
	struct str text = STR_INIT;

	for (enum option_id id = 0; id < HEADING_HIDDEN; id++) {
		const struct option_info *o = &option_info[id];

		if (o->kind == OPTION_HEADING) {
			str_add(out, ".SS ");
			roff(out, o->name);
			str_add_char(out, '\n');
			continue;
		}
		str_add(out, ".TP\n");
		if (o->letter)
			str_addf(out, ".BR \\-%c \", \" ", o->letter);
		else
			str_add(out, ".BR ");
		str_add(out, "\\-\\-");
		roff(out, o->name);
		if (o->arg[0])
			str_addf(out, " \" \\fI%s\\fP\"", o->arg);
		str_add_char(out, '\n');
		str_clear(&text);
		cli_describe(id, &text);
		roff(out, text.s);
		str_add_char(out, '\n');
	}
	str_free(&text);
}

static void man_columns(struct str *out)
{
	section(out, "columns");
	paragraph(out, "Names are the same for --sort, --fields, --filter and in exports.");
	for (size_t i = 0; i < column_count; i++) {
		size_t k = 0;

		/* A column may have a row per view: it is described once. */
		while (strcmp(columns[k].name, columns[i].name) != 0)
			k++;
		if (k == i)
			term(out, columns[i].name, columns[i].gist);
	}
}

static void man_endings(struct str *out)
{
	section(out, "endings");
	paragraph(out, "Every connection that ends has exactly one of these.");
	for (enum ending e = 1; e < ENDING_COUNT; e++) {
		const struct ending_info *info = &ending_info[e];

		term(out, info->name, info->sentence);
		str_addf(out, "(group %s) ", group_info[info->group].name);
		roff(out, info->meaning);
		str_add(out, "\n.br\n");
		roff(out, info->check);
		str_add_char(out, '\n');
	}
	section(out, "findings");
	paragraph(out, "What many connections together say. Thresholds are set by --finding NAME=VALUE.");
	for (size_t f = 0; f < FINDING_COUNT; f++) {
		term(out, finding_info[f].name, finding_info[f].meaning);
		str_add(out, ".br\n");
		roff(out, finding_info[f].advice);
		str_add_char(out, '\n');
	}
	section(out, "evidence");
	for (size_t i = 0; i < EVIDENCE_COUNT; i++)
		term(out, evidence_info[i].name, evidence_info[i].words);
	section(out, "attributes");
	for (size_t i = 0; i < ATTRIBUTE_COUNT; i++)
		term(out, attribute_info[i].name, attribute_info[i].words);
}

static void man_keys(struct str *out)
{
	section(out, "keys");
	paragraph(out, "The names are those of [keys] in the configuration file.");
	for (size_t a = 1; a < ACTION_COUNT; a++) {
		str_add(out, ".TP\n.B ");
		roff(out, action_info[a].keys);
		str_add(out, "\n.RI ( ");
		roff(out, action_info[a].name);
		str_add(out, " )\n");
		roff(out, action_info[a].gist);
		str_add_char(out, '\n');
	}
}

static void man_words(struct str *out)
{
	section(out, "filters");
	paragraph(out, "A filter compares columns with values and joins comparisons with and, or, not and "
		       "parentheses. Operators are = == != < <= > >= ~ (regular expression) and in; addresses "
		       "take networks (server in 10.0.0.0/8), values take units (duration > 500ms, bytes.srv > 2MB). "
		       "A bare word is looked for anywhere in the row; port:443, state:syn_sent and end:refused "
		       "are short forms. What a header of the screen says of one column only names it too "
		       "(REF > 0, RSTs > 0). A filter compares the sums of a row: in the view of servers those of "
		       "all connections of a server, in the view connections those of one.");
	term(out, "rst.count > 0 and fin.count = 0",
		"rows whose connections sent RSTs and no FIN; in the view connections: connections closed by RST alone");
	term(out, "rst.count > 0 and ct.count = 0",
		"rows with RSTs and without a connection that was set up; in the view connections: resets without one");
	section(out, "files");
	term(out, "$XDG_CONFIG_HOME/tcptop/tcptop.conf",
		"configuration of the user (default: ~/.config/tcptop/tcptop.conf); see --dump-config");
	term(out, "/etc/tcptop.conf", "configuration of the machine, read before the user's");
	section(out, "exit status");
	term(out, "0", "done, also after SIGINT with -b");
	term(out, "1", "cannot: no permission, no such device, unreadable, bad filter, bad value");
	term(out, "2", "unknown option, or standard output is not a terminal and -b was not given");
	term(out, "3", "the file was cut short or damaged; everything before the damage was counted");
	term(out, "128+n", "ended by signal n, after printing what -b has");
}

void dump_man(struct str *out)
{
	str_add(out, ".\\\" Made by tcptop --dump man.\n");
	str_addf(out, ".TH TCPTOP 1 \"\" \"%s\" \"User Commands\"\n", PACKAGE_STRING);
	section(out, "name");
	str_add(out, "tcptop \\- shows how TCP connections end, who ends them and why\n");
	section(out, "synopsis");
	str_add(out, ".B tcptop\n[\\fIOPTIONS\\fP] [\\fICAPTURE-FILTER\\fP...]\n");
	section(out, "description");
	paragraph(out, "Watches an interface or reads capture files and tells for every client, server, service, "
		       "zone and conversation how its connections ended: closed, refused, unanswered, aborted by "
		       "one side, reset on the path, gone silent.");
	paragraph(out, "With -b nothing is drawn: the view is printed once when the input ends.");
	section(out, "options");
	man_options(out);
	section(out, "saved packets");
	paragraph(out,
		"With -w, a FILE whose name ends in .pcapng becomes a pcapng file, with one interface for "
		"each link type and time stamps in nanoseconds. One that ends in .pcap becomes a pcap file, "
		"which holds one link type: when that is known to be too few, tcptop does not begin; when "
		"it turns out later, saving stops and it says so. With any other name it is a pcapng file "
		"if the packets are from one or are known to have several link types, else a pcap file.");
	section(out, "views");
	for (size_t v = 0; v < VIEW_COUNT; v++)
		str_addf(out, "%s%s", v ? ", " : "", view_names[v]);
	str_add(out, ".\n");
	man_keys(out);
	man_columns(out);
	man_endings(out);
	section(out, "packets not used");
	for (size_t d = 1; d < DROP_COUNT; d++)
		term(out, drop_info[d].name, drop_info[d].gist);
	man_words(out);
}
