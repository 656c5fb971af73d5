/* Wires the parts together: options -> plan -> source -> worker -> store -> print or screen. */
#include "config.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture/privs.h"
#include "capture/source.h"
#include "cli.h"
#include "conf.h"
#include "dump.h"
#include "host_names.h"
#include "input.h"
#include "plan.h"
#include "rc.h"
#include "run.h"
#include "signals.h"
#include "ui/theme.h"
#include "util/err.h"
#include "util/hash.h"
#include "util/log.h"
#include "util/mem.h"
#include "util/str.h"

static int complain(const struct err *err)
{
	cli_complain("%s", err->text);
	return EXIT_CANNOT;
}

static int print(struct str *text)
{
	bool ok = fputs(text->s ? text->s : "", stdout) >= 0 && fflush(stdout) == 0;

	str_free(text);
	if (!ok && errno != EPIPE)
		cli_complain("standard output: cannot write: %s", strerror(errno));
	return ok || errno == EPIPE ? EXIT_DONE : EXIT_CANNOT;
}

static void dump(const char *what, struct str *out)
{
	if (strcmp(what, "man") == 0)
		dump_man(out);
	else if (strcmp(what, "md") == 0)
		dump_markdown(out);
	else if (strcmp(what, "zsh") == 0)
		dump_zsh(out);
	else if (strcmp(what, "endings") == 0)
		dump_endings(out);
	else if (strcmp(what, "fish") == 0)
		dump_fish(out);
	else
		dump_complete(out);
}

static bool wants_help(const char *text)
{
	return text && strcmp(text, "help") == 0;
}

/* Options that only print what the tables know. False when there is none; else *status is the exit code. */
static bool tell(const struct conf *c, int *status)
{
	struct str out = STR_INIT;
	struct err err = ERR_INIT;
	enum view view;

	if (c->help) {
		cli_help(&out);
	} else if (c->version) {
		str_add(&out, PACKAGE_STRING "\n");
	} else if (c->dump_config) {
		dump_config(&out);
	} else if (c->dump) {
		dump(c->dump, &out);
	} else if (c->theme_help) {
		theme_help(&out);
	} else if (wants_help(c->fields) || wants_help(c->sort)) {
		if (!plan_view(c, &view, &err)) {
			*status = complain(&err);
			return true;
		}
		fields_help(view, &out);
	} else if (c->devices) {
		*status = input_list_devices();
		return true;
	} else {
		return false;
	}
	*status = print(&out);
	return true;
}

static int run(struct plan *p, int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct source *source;

	if (!p->conf->batch && !plan_is_scripted(p->conf) && !isatty(STDOUT_FILENO)) {
		cli_complain("standard output is not a terminal; --batch prints the view instead");
		return EXIT_USAGE;
	}
	if (p->conf->log && !log_open(p->conf->log, log_level_by_name(p->conf->log_level), &err))
		return complain(&err);
	source = input_open(p, argc, argv);
	if (!source)
		return EXIT_CANNOT;
	plan_take_inputs(p, source);
	if (!privs_drop(&err)) {
		source_close(source);
		return complain(&err);
	}
	if (p->conf->names && !host_names_start(&err)) {
		source_close(source);
		return complain(&err);
	}
	if (plan_is_scripted(p->conf))
		return signals_watch(&err) ? run_script(p, source) : complain(&err);
	if (p->conf->batch)
		return signals_watch(&err) ? run_batch(p, source) : complain(&err);
	return run_screen(p, source);
}

static int prepare_and_run(struct conf *c, struct rc *rc, int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct plan plan;
	int status;

	if (tell(c, &status))
		return status;
	if (!rc_load(rc, c, &err) || !plan_make(&plan, c, rc, &err))
		return complain(&err);
	status = run(&plan, argc, argv);
	plan_free(&plan);
	return status;
}

int main(int argc, char **argv)
{
	struct conf conf;
	struct rc rc;
	int status;

	mem_large_apart();
	/* Which characters the terminal can show; numbers and times never ask the locale. */
	setlocale(LC_CTYPE, "");
	hash_seed(hash_random_seed());
	conf_init(&conf);
	rc_init(&rc);
	status = cli_parse(&conf, argc, argv);
	if (status == EXIT_DONE)
		status = prepare_and_run(&conf, &rc, argc, argv);
	log_close();
	rc_fini(&rc);
	conf_fini(&conf);
	return status;
}
