/* argv against options.def. getopt_long does the reading, the table the rest. */
#include "config.h"

#include "cli.h"

#include <ctype.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "query/column.h"
#include "util/err.h"
#include "util/str.h"

#define LONG_ONLY 256 /* above every letter: val of an option without one */

void cli_complain(const char *format, ...)
{
	va_list ap;

	fputs("tcptop: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
}

static void make_tables(struct str *letters, struct option *longs)
{
	size_t n = 0;

	str_add(letters, ":"); /* a missing argument is told apart from an unknown option */
	for (enum option_id id = 0; id < OPTION_COUNT; id++) {
		const struct option_info *o = &option_info[id];
		bool arg = o->kind != OPTION_FLAG;

		if (o->kind == OPTION_HEADING)
			continue;
		if (o->letter)
			str_addf(letters, "%c%s", o->letter, arg ? ":" : "");
		longs[n++] = (struct option){ o->name, arg ? required_argument : no_argument, NULL,
			LONG_ONLY + (int)id };
	}
	longs[n] = (struct option){ NULL, 0, NULL, 0 };
}

static enum option_id id_of(int val)
{
	enum option_id id = 0;

	if (val >= LONG_ONLY)
		return (enum option_id)(val - LONG_ONLY);
	while (id < OPTION_COUNT && option_info[id].letter != val)
		id++;
	return id;
}

/* getopt_long said ':' or '?'. */
static int complain_option(int c, char **argv)
{
	enum option_id id = optopt ? id_of(optopt) : OPTION_COUNT;

	if (c == ':' && id < OPTION_COUNT) {
		cli_complain("--%s: expected %s after it; see --help", option_info[id].name,
			option_info[id].arg);
		return EXIT_CANNOT;
	}
	if (id < OPTION_COUNT && option_info[id].kind == OPTION_FLAG) {
		cli_complain("--%s takes no value; see --help", option_info[id].name);
		return EXIT_CANNOT;
	}
	if (optopt && isprint(optopt))
		cli_complain("unknown option '-%c'; see tcptop --help", optopt);
	else
		cli_complain("unknown option '%s'; see tcptop --help", argv[optind - 1]);
	return EXIT_USAGE;
}

static int take_words(struct conf *c, int n, char **words)
{
	struct str text = STR_INIT;
	struct err err = ERR_INIT;
	bool ok;

	if (n == 0)
		return EXIT_DONE;
	if (c->source[OPTION_capture_filter] == CONF_ARGV) {
		cli_complain("the capture filter was given twice: --capture-filter '%s' and '%s ...'; "
			     "put it into one",
			c->capture_filter, words[0]);
		return EXIT_CANNOT;
	}
	for (int i = 0; i < n; i++)
		str_addf(&text, "%s%s", i ? " " : "", words[i]);
	ok = conf_set(c, OPTION_capture_filter, text.s, CONF_ARGV, &err);
	str_free(&text);
	if (!ok)
		cli_complain("%s", err.text);
	return ok ? EXIT_DONE : EXIT_CANNOT;
}

int cli_parse(struct conf *c, int argc, char **argv)
{
	struct option longs[OPTION_COUNT + 1];
	struct str letters = STR_INIT;
	struct err err = ERR_INIT;
	int opt, status = EXIT_DONE;

	make_tables(&letters, longs);
	opterr = 0;
	while (status == EXIT_DONE && (opt = getopt_long(argc, argv, letters.s, longs, NULL)) != -1) {
		if (opt == ':' || opt == '?') {
			status = complain_option(opt, argv);
		} else if (!conf_set(c, id_of(opt), optarg ? optarg : "", CONF_ARGV, &err)) {
			cli_complain("%s", err.text);
			status = EXIT_CANNOT;
		}
	}
	str_free(&letters);
	return status == EXIT_DONE ? take_words(c, argc - optind, argv + optind) : status;
}

/* Adds words, broken before column 90 and indented from then on. */
static void add_wrapped(struct str *out, const char *text, size_t indent)
{
	size_t column = indent;

	while (*text) {
		size_t n = strcspn(text, " ");

		if (column > indent && column + n + 1 > 90) {
			str_addf(out, "\n%*s", (int)indent, "");
			column = indent;
		}
		str_addf(out, "%s%.*s", column > indent ? " " : "", (int)n, text);
		column += n + (column > indent);
		text += n + strspn(text + n, " ");
	}
	str_add(out, "\n");
}

void cli_describe(enum option_id id, struct str *out)
{
	const struct option_info *o = &option_info[id];

	str_add(out, o->gist);
	if (o->kind == OPTION_CHOICE)
		str_addf(out, " [%s]", o->range);
	if (id == OPTION_view)
		for (size_t v = 0; v < VIEW_COUNT; v++)
			str_addf(out, "%s%s", v ? ", " : ": ", view_names[v]);
	if (o->initial[0])
		str_addf(out, " (default: %s)", o->initial);
}

static void help_option(struct str *out, enum option_id id)
{
	const struct option_info *o = &option_info[id];
	struct str left = STR_INIT, gist = STR_INIT;

	if (o->letter)
		str_addf(&left, "  -%c, --%s", o->letter, o->name);
	else
		str_addf(&left, "      --%s", o->name);
	if (o->arg[0])
		str_addf(&left, " %s", o->arg);
	cli_describe(id, &gist);
	str_addf(out, "%-30s", left.s);
	if (left.len > 29)
		str_addf(out, "\n%30s", "");
	add_wrapped(out, gist.s, 30);
	str_free(&left);
	str_free(&gist);
}

void cli_help(struct str *out)
{
	str_add(out, "Usage: tcptop [OPTIONS] [CAPTURE-FILTER...]\n"
		     "Shows how TCP connections end, who ends them and why.\n");
	for (enum option_id id = 0; id < HEADING_HIDDEN; id++) {
		if (option_info[id].kind == OPTION_HEADING)
			str_addf(out, "\n%s:\n", option_info[id].name);
		else
			help_option(out, id);
	}
	str_add(out, "\nExit status: 0 done; 1 cannot; 2 unknown option, or no terminal and no -b;\n"
		     "3 the file was cut short or damaged; 128+n ended by signal n.\n");
}
