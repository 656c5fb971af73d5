/*
 * From texts to tables: every name is looked up once, here, and a wrong one is reported before a
 * screen opens.
 */
#include "config.h"

#include "plan.h"

#include <string.h>

#include "capture/source.h"
#include "query/filter.h"
#include "ui/theme.h"
#include "util/err.h"
#include "util/mem.h"
#include "util/str.h"

bool plan_is_scripted(const struct conf *c)
{
	return c->script || c->dump_screen;
}

bool plan_is_live(const struct conf *c)
{
	if (c->demo)
		return !c->batch && !plan_is_scripted(c);
	return c->read.n == 0;
}

bool plan_view(const struct conf *c, enum view *view, struct err *err)
{
	struct str names = STR_INIT;

	*view = view_by_name(c->view);
	if (*view < VIEW_COUNT)
		return true;
	for (size_t v = 0; v < VIEW_COUNT; v++)
		str_addf(&names, "%s%s", v ? ", " : "", view_names[v]);
	err_set(err, "--view: no view '%s'; there are %s", c->view, names.s);
	str_free(&names);
	return false;
}

static bool plan_sort(struct plan *p, const char *text, struct err *err)
{
	const char *colon = strrchr(text, ':');
	struct str name = STR_INIT;
	bool ok = true;

	str_add_n(&name, text, colon ? (size_t)(colon - text) : strlen(text));
	p->ascending = colon && strcmp(colon, ":asc") == 0;
	p->sort = column_find(p->view, name.s);
	if (colon && !p->ascending && strcmp(colon, ":desc") != 0)
		ok = err_set(err, "--sort: expected :asc or :desc after the column, not '%s'", colon);
	/* That of the configuration file is for views that have it. */
	else if (!p->sort && p->conf->source[OPTION_sort] == CONF_ARGV)
		ok = err_set(err, "--sort: no column '%s' in the view %s; --sort help lists them",
			name.s, view_names[p->view]);
	str_free(&name);
	return ok;
}

/* The error shows where: the filter, and a mark under the fault. */
static bool plan_filter(struct plan *p, const char *text, struct err *err)
{
	p->filter = filter_parse(p->view, text, err, NULL);
	if (!p->filter)
		err_prefix(err, "--filter '%s'", text);
	return p->filter != NULL;
}

static bool plan_zones(struct plan *p, const char *path, struct err *err)
{
	struct str text = STR_INIT;
	bool ok = str_read_file(&text, path, err);

	if (ok) {
		p->zones = zones_parse(text.s ? text.s : "", err);
		ok = p->zones != NULL;
	}
	str_free(&text);
	return ok || err_prefix(err, "--zones: %s", path);
}

static bool plan_fields(struct plan *p, struct err *err)
{
	const struct fields *own = &p->rc->columns[p->view];
	bool ascending;

	p->format = export_format_by_name(p->conf->output);
	if (!export_available(p->format, err))
		return false;
	if (p->conf->fields)
		return fields_parse(&p->fields, p->view, p->conf->fields, err) ||
		       err_prefix(err, "--fields");
	/* Columns chosen for the screen shape the table, never what scripts read. */
	if (p->format != EXPORT_TABLE || own->n == 0)
		fields_default(&p->fields, p->view, p->format);
	else
		for (size_t i = 0; i < own->n; i++)
			fields_add(&p->fields, own->column[i]);
	if (p->format == EXPORT_TABLE)
		fields_add_sort(&p->fields, p->sort ? p->sort : query_default_sort(p->view, &ascending));
	return true;
}

/* Only whether there is such a theme; what is wrong inside it the screen says. */
static bool plan_theme(const char *name, struct err *err)
{
	struct str warnings = STR_INIT;
	struct theme theme;
	bool ok = theme_load(&theme, name, &warnings, err);

	str_free(&warnings);
	return ok || err_prefix(err, "--theme");
}

static bool plan_inputs(const struct conf *c, struct err *err)
{
	if (c->read.n > 0 && c->interface.n > 0)
		return err_set(err, "--read and --interface: give one or the other");
	if (c->demo && (c->read.n > 0 || c->interface.n > 0))
		return err_set(err, "--demo: the built-in traffic takes no --read and no --interface");
	if (c->demo && c->write)
		return err_set(err, "--write: there are no packets to save with --demo");
	if (c->demo && c->capture_filter && c->capture_filter[0])
		return err_set(err, "--capture-filter: the built-in traffic of --demo has none; use --filter");
	return true;
}

static bool plan_thresholds(struct plan *p, struct err *err)
{
	thresholds_default(&p->thresholds);
	for (size_t i = 0; i < p->conf->finding.n; i++)
		if (!thresholds_set(&p->thresholds, p->conf->finding.item[i], err))
			return err_prefix(err, "--finding");
	p->store.thresholds = &p->thresholds;
	return true;
}

bool plan_make(struct plan *p, const struct conf *c, const struct rc *rc, struct err *err)
{
	*p = (struct plan){ .conf = c, .rc = rc };
	if (!plan_inputs(c, err) || !plan_view(c, &p->view, err) ||
		(c->sort && !plan_sort(p, c->sort, err)) ||
		(c->filter && !plan_filter(p, c->filter, err)) ||
		!plan_theme(c->theme, err) || !plan_thresholds(p, err) ||
		(c->zones && !plan_zones(p, c->zones, err)) || !plan_fields(p, err)) {
		plan_free(p);
		return false;
	}
	plan_bounds(p);
	return true;
}

void plan_take_inputs(struct plan *p, const struct source *source)
{
	const char *name;

	while (*(name = source_input(source, (unsigned)p->inputs.n)))
		texts_add(&p->inputs, name);
}

void plan_free(struct plan *p)
{
	texts_free(&p->inputs);
	filter_free(p->filter);
	fields_free(&p->fields);
	zones_free(p->zones);
	*p = (struct plan){ 0 };
}
