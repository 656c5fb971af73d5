/*
 * Completion scripts for the shells, out of the table of options. The three say the same in three
 * languages; what is hard is only what each of them has to have quoted.
 */
#include "config.h"

#include "dump.h"

#include <string.h>

#include "conf.h"
#include "query/column.h"
#include "util/str.h"

/* What can stand after an option. */
enum values { VALUES_NONE, VALUES_FREE, VALUES_FILES, VALUES_DEVICES, VALUES_WORDS };

/* Names of columns without repetition: a name may have a row per view. */
static void words_of_columns(struct str *out)
{
	str_add(out, "help");
	for (size_t i = 0; i < column_count; i++) {
		size_t k = 0;

		while (strcmp(columns[k].name, columns[i].name) != 0)
			k++;
		if (k == i)
			str_addf(out, " %s", columns[i].name);
	}
}

static void words_of_choice(const char *range, struct str *out)
{
	for (; *range; range++)
		str_add_char(out, *range == '|' ? ' ' : *range);
}

static void words_of_views(struct str *out)
{
	for (size_t v = 0; v < VIEW_COUNT; v++)
		str_addf(out, "%s%s", v ? " " : "", view_names[v]);
}

/* What the option takes; VALUES_WORDS come with the words, a space between. */
static enum values values_of(enum option_id id, struct str *words)
{
	const struct option_info *o = &option_info[id];

	if (o->kind == OPTION_FLAG)
		return VALUES_NONE;
	if (strcmp(o->arg, "FILE") == 0)
		return VALUES_FILES;
	if (id == OPTION_interface)
		return VALUES_DEVICES;
	if (o->kind == OPTION_CHOICE)
		words_of_choice(o->range, words);
	else if (id == OPTION_view)
		words_of_views(words);
	else if (id == OPTION_sort || id == OPTION_fields)
		words_of_columns(words);
	else
		return VALUES_FREE;
	return VALUES_WORDS;
}

static bool is_completed(enum option_id id)
{
	return id < HEADING_HIDDEN && option_info[id].kind != OPTION_HEADING;
}

/* Text within single quotes; characters of `also` get a backslash for the language inside the quotes. */
static void add_quoted(struct str *out, const char *text, const char *also, const char *quote)
{
	for (; *text; text++) {
		if (*text == '\'') {
			str_add(out, quote);
			continue;
		}
		if (strchr(also, *text))
			str_add_char(out, '\\');
		str_add_char(out, *text);
	}
}

/* --- bash -------------------------------------------------------------------------------------- */

static void bash_values(struct str *out, enum option_id id)
{
	const struct option_info *o = &option_info[id];
	struct str words = STR_INIT;

	str_add_char(out, '\t');
	if (o->letter)
		str_addf(out, "-%c | ", o->letter);
	str_addf(out, "--%s)\n\t\t", o->name);
	switch (values_of(id, &words)) {
	case VALUES_WORDS:
		str_addf(out, "words='%s'", words.s);
		break;
	case VALUES_DEVICES:
		str_add(out, "words=\"any $(ls /sys/class/net 2>/dev/null)\"");
		break;
	case VALUES_FILES:
		str_add(out, "compopt -o filenames\n"
			     "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n\t\treturn");
		break;
	case VALUES_FREE:
	case VALUES_NONE:
		str_add(out, "return");
		break;
	}
	str_add(out, " ;;\n");
	str_free(&words);
}

void dump_complete(struct str *out)
{
	str_add(out, "# bash completion for tcptop, made by tcptop --dump complete\n\n"
		     "_tcptop()\n{\n"
		     "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words\n\n"
		     "\tcase $prev in\n");
	for (enum option_id id = 0; id < OPTION_COUNT; id++)
		if (is_completed(id) && option_info[id].kind != OPTION_FLAG)
			bash_values(out, id);
	str_add(out, "\t*)\n\t\twords='");
	for (enum option_id id = 0; id < OPTION_COUNT; id++) {
		if (is_completed(id) && option_info[id].letter)
			str_addf(out, "-%c ", option_info[id].letter);
		if (is_completed(id))
			str_addf(out, "--%s ", option_info[id].name);
	}
	str_add(out, "' ;;\n\tesac\n"
		     "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n}\n"
		     "complete -F _tcptop tcptop\n");
}

/* --- zsh --------------------------------------------------------------------------------------- */

static void zsh_names(struct str *out, const struct option_info *o)
{
	bool has_value = o->kind != OPTION_FLAG;

	if (o->kind == OPTION_LIST)
		str_add(out, "'*'");
	else if (o->letter)
		str_addf(out, "'(-%c --%s)'", o->letter, o->name);
	if (o->letter)
		str_addf(out, "{-%c%s,--%s%s}'", o->letter, has_value ? "+" : "", o->name,
			has_value ? "=" : "");
	else
		str_addf(out, "'--%s%s", o->name, has_value ? "=" : "");
}

static void zsh_option(struct str *out, enum option_id id)
{
	const struct option_info *o = &option_info[id];
	struct str words = STR_INIT;
	enum values values = values_of(id, &words);

	str_add(out, "\t");
	zsh_names(out, o);
	str_add_char(out, '[');
	add_quoted(out, o->gist, "[]\\", "'\\''");
	str_add_char(out, ']');
	if (values != VALUES_NONE) {
		str_add_char(out, ':');
		add_quoted(out, o->arg, ":[]\\", "'\\''");
		str_add_char(out, ':');
	}
	if (values == VALUES_FILES)
		str_add(out, "_files");
	else if (values == VALUES_DEVICES)
		str_add(out, "_net_interfaces");
	else if (values == VALUES_WORDS)
		str_addf(out, "(%s)", words.s);
	str_add(out, "' \\\n");
	str_free(&words);
}

void dump_zsh(struct str *out)
{
	str_add(out, "#compdef tcptop\n# made by tcptop --dump zsh\n\n_arguments -s \\\n");
	for (enum option_id id = 0; id < OPTION_COUNT; id++)
		if (is_completed(id))
			zsh_option(out, id);
	str_add(out, "\t'*:capture filter:'\n");
}

/* --- fish -------------------------------------------------------------------------------------- */

static void fish_option(struct str *out, enum option_id id)
{
	const struct option_info *o = &option_info[id];
	struct str words = STR_INIT;

	str_add(out, "complete -c tcptop");
	if (o->letter)
		str_addf(out, " -s %c", o->letter);
	str_addf(out, " -l %s", o->name);
	switch (values_of(id, &words)) {
	case VALUES_WORDS:
		str_addf(out, " -x -a '%s'", words.s);
		break;
	case VALUES_DEVICES:
		str_add(out, " -x -a 'any (command ls /sys/class/net 2>/dev/null)'");
		break;
	case VALUES_FILES:
		str_add(out, " -r -F");
		break;
	case VALUES_FREE:
		str_add(out, " -x");
		break;
	case VALUES_NONE:
		break;
	}
	str_add(out, " -d '");
	add_quoted(out, o->gist, "\\", "\\'");
	str_add(out, "'\n");
	str_free(&words);
}

void dump_fish(struct str *out)
{
	str_add(out, "# fish completion for tcptop, made by tcptop --dump fish\n\ncomplete -c tcptop -f\n");
	for (enum option_id id = 0; id < OPTION_COUNT; id++)
		if (is_completed(id))
			fish_option(out, id);
}
