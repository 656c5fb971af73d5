/* The configuration file, read by inih. Its handler is not told the line, so the reader counts them. */
#include "config.h"

#include "rc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "ui/theme.h"
#include "util/err.h"

#define RC_OF_MACHINE "/etc/tcptop.conf"

void rc_init(struct rc *rc)
{
	*rc = (struct rc){ 0 };
	keymap_default(&rc->keymap);
}

void rc_fini(struct rc *rc)
{
	for (size_t v = 0; v < VIEW_COUNT; v++)
		fields_free(&rc->columns[v]);
}

#ifdef HAVE_INIH

#include <ini.h>

struct reading {
	struct rc *rc;
	struct conf *conf;
	const char *name, *rest; /* of the text */
	struct str *warnings;
	int line;
	uint32_t columns; /* bit per view that has had a line of its own in [columns] */
};

static void warn(struct reading *r, const char *what)
{
	str_addf(r->warnings, "%s: line %d: %s\n", r->name, r->line, what);
}

/* As fgets. A line that does not fit would become two to inih: it is left out and said so. */
static char *next_line(char *out, int n, void *arg)
{
	struct reading *r = arg;
	size_t len = strcspn(r->rest, "\n");

	if (!*r->rest)
		return NULL;
	r->line++;
	if (len > (size_t)n - 2) {
		warn(r, "too long; a list of columns may go on in a second line `VIEW = ...'");
		out[0] = '\0';
	} else {
		memcpy(out, r->rest, len);
		out[len] = '\0';
	}
	r->rest += len + (r->rest[len] == '\n');
	return out;
}

/* What the command line refuses later is a warning here: a bad line must not keep the program from starting. */
static bool is_known(enum option_id id, const char *value, struct err *err)
{
	struct str warnings = STR_INIT;
	struct theme theme;

	if (id == OPTION_view && view_by_name(value) == VIEW_COUNT)
		return err_set(err, "[set]: no view '%s'", value);
	if (id == OPTION_theme)
		theme_load(&theme, value, &warnings, err);
	str_free(&warnings);
	return err->text[0] == '\0';
}

static void set_option(struct reading *r, const char *name, const char *value)
{
	enum option_id id = option_by_name(name);
	struct err err = ERR_INIT;

	if (id == OPTION_COUNT)
		err_set(&err, "[set]: no option '%s'; --dump-config lists them", name);
	else if (!option_in_rc(id))
		err_set(&err, "[set]: '%s' belongs on the command line", name);
	else if (is_known(id, value, &err))
		conf_set(r->conf, id, value, CONF_RC, &err);
	if (err.text[0])
		warn(r, err.text);
}

/* The first line of a view replaces what an earlier file said, further ones add to it. */
static void set_columns(struct reading *r, const char *name, const char *value)
{
	enum view view = view_by_name(name);
	struct err err = ERR_INIT;
	struct fields fields;

	if (view == VIEW_COUNT) {
		warn(r, "[columns]: no such view");
		return;
	}
	if (!fields_parse(&fields, view, value, &err)) {
		warn(r, err.text);
		return;
	}
	if (!(r->columns & UINT32_C(1) << view))
		fields_free(&r->rc->columns[view]);
	r->columns |= UINT32_C(1) << view;
	for (size_t i = 0; i < fields.n; i++)
		fields_add(&r->rc->columns[view], fields.column[i]);
	fields_free(&fields);
}

static int take(void *arg, const char *section, const char *name, const char *value)
{
	struct reading *r = arg;
	struct err err = ERR_INIT;

	if (strcmp(section, "set") == 0)
		set_option(r, name, value);
	else if (strcmp(section, "columns") == 0)
		set_columns(r, name, value);
	else if (strcmp(section, "keys") != 0)
		warn(r, "expected a section [set], [keys] or [columns] above it");
	else if (!keymap_bind(&r->rc->keymap, name, value, &err))
		warn(r, err.text);
	return 1;
}

void rc_parse(struct rc *rc, struct conf *c, const char *name, const char *text, struct str *warnings)
{
	struct reading r = { .rc = rc, .conf = c, .name = name, .rest = text, .warnings = warnings };
	int bad = ini_parse_stream(next_line, &r, take, &r);

	if (bad > 0) {
		r.line = bad;
		warn(&r, "expected [SECTION] or NAME = VALUE");
	}
}

#else

void rc_parse(struct rc *rc, struct conf *c, const char *name, const char *text, struct str *warnings)
{
	str_addf(warnings, "%s: not read, this tcptop was built without inih\n", name);
}

#endif

void rc_user_path(struct str *out)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (xdg && *xdg == '/')
		str_addf(out, "%s/tcptop/tcptop.conf", xdg);
	else if (home && *home)
		str_addf(out, "%s/.config/tcptop/tcptop.conf", home);
}

static bool load_file(struct rc *rc, struct conf *c, const char *path, struct str *warnings,
	struct err *err)
{
	struct str text = STR_INIT;
	bool ok = str_read_file(&text, path, err);

	if (ok)
		rc_parse(rc, c, path, text.s ? text.s : "", warnings);
	else
		err_prefix(err, "%s", path);
	str_free(&text);
	return ok;
}

bool rc_load(struct rc *rc, struct conf *c, struct err *err)
{
	struct str path = STR_INIT, warnings = STR_INIT;
	bool ok = true;

	if (c->config) {
		if (strcmp(c->config, "none") != 0)
			ok = load_file(rc, c, c->config, &warnings, err);
	} else {
		rc_user_path(&path);
		if (access(RC_OF_MACHINE, F_OK) == 0 && !load_file(rc, c, RC_OF_MACHINE, &warnings, err))
			str_addf(&warnings, "%s\n", err->text);
		if (path.len > 0 && access(path.s, F_OK) == 0 &&
			!load_file(rc, c, path.s, &warnings, err))
			str_addf(&warnings, "%s\n", err->text);
	}
	for (char *line = warnings.s, *end; line && *line; line = end + 1) {
		end = strchr(line, '\n');
		*end = '\0';
		cli_complain("%s", line);
	}
	str_free(&warnings);
	str_free(&path);
	return ok;
}
