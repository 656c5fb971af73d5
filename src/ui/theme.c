/* Themes: what the table says, overlaid with a file, each role filled up from its parent. */
#include "config.h"

#include "ui/theme.h"

#if HAVE_INIH
#include <ini.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/err.h"
#include "util/str.h"

const struct role_info role_info[ROLE_COUNT] = {
#define ROLE(id, name, letter, parent, fg, bg, attributes, mono) \
	[ROLE_##id] = {name, letter, ROLE_##parent, fg, bg, attributes, mono},
#include "ui/roles.def"
#undef ROLE
};

/* A role as written: only what is set counts. */
struct look {
	bool has_fg, has_bg, has_attributes, has_mono;
	struct style style;
	uint8_t mono;
};

struct parse {
	struct look look[ROLE_COUNT];
	struct str *warnings;
	const char *at; /* what of the text is not read yet */
	unsigned line;
};

static const char *const color_names[16] = {"black", "red", "green", "yellow", "blue", "magenta",
	"cyan", "white", "bright-black", "bright-red", "bright-green", "bright-yellow",
	"bright-blue", "bright-magenta", "bright-cyan", "bright-white"};

static const struct {
	const char *name;
	uint8_t bit;
} attribute_names[] = {{"none", 0}, {"bold", STYLE_BOLD}, {"dim", STYLE_DIM},
	{"underline", STYLE_UNDERLINE}, {"reverse", STYLE_REVERSE}, {"italic", STYLE_ITALIC}};

#define ATTRIBUTES (sizeof(attribute_names) / sizeof(attribute_names[0]))

enum role role_of_group(enum ending_group g)
{
	static const enum role roles[GROUP_COUNT] = {
		[GROUP_NONE] = ROLE_TEXT,
#define GROUP(id, ...) [GROUP_##id] = ROLE_GROUP_##id,
#include "model/groups.def"
#undef GROUP
	};

	return (unsigned)g < GROUP_COUNT ? roles[g] : ROLE_TEXT;
}

enum role role_of_ending(enum ending e)
{
	return (unsigned)e < ENDING_COUNT ? role_of_group(ending_info[e].group) : ROLE_TEXT;
}

static bool parse_color(const char *text, int32_t *out)
{
	char *end;
	unsigned long n;

	if (strcmp(text, "default") == 0) {
		*out = COLOR_NONE;
		return true;
	}
	for (int i = 0; i < 16; i++) {
		if (strcmp(text, color_names[i]) == 0) {
			*out = i;
			return true;
		}
	}
	if (text[0] == '#' && strlen(text) == 7 && strspn(text + 1, "0123456789abcdefABCDEF") == 6) {
		*out = (int32_t)(COLOR_RGB | strtoul(text + 1, NULL, 16));
		return true;
	}
	if (text[0] < '0' || text[0] > '9')
		return false;
	n = strtoul(text, &end, 10);
	if (*end != '\0' || n > 255)
		return false;
	*out = (int32_t)n;
	return true;
}

static bool parse_attribute(const char *text, uint8_t *out)
{
	for (size_t i = 0; i < ATTRIBUTES; i++) {
		if (strcmp(text, attribute_names[i].name) == 0) {
			*out |= attribute_names[i].bit;
			return true;
		}
	}
	return false;
}

static bool parse_attributes(const char *text, uint8_t *out)
{
	char copy[128], *save = NULL;

	*out = 0;
	snprintf(copy, sizeof(copy), "%s", text);
	for (char *w = strtok_r(copy, " \t", &save); w; w = strtok_r(NULL, " \t", &save))
		if (!parse_attribute(w, out))
			return false;
	return true;
}

static void look_from_table(struct look *look, const struct role_info *info)
{
	look->has_fg = *info->fg && parse_color(info->fg, &look->style.fg);
	look->has_bg = *info->bg && parse_color(info->bg, &look->style.bg);
	look->has_attributes = *info->attributes &&
			       parse_attributes(info->attributes, &look->style.attributes);
	look->has_mono = *info->mono && parse_attributes(info->mono, &look->mono);
}

#if HAVE_INIH
static void warn(struct parse *p, const char *words, const char *what)
{
	if (p->warnings)
		str_addf(p->warnings, "line %u: %s \"%s\"\n", p->line, words, what);
}

/* `fg bg attributes...`: a dash leaves that part as it is. */
static void parse_look(struct parse *p, struct look *look, const char *value)
{
	char copy[256], *save = NULL;
	struct look new = *look;
	int part = 0;

	snprintf(copy, sizeof(copy), "%s", value);
	for (char *w = strtok_r(copy, " \t", &save); w; w = strtok_r(NULL, " \t", &save), part++) {
		bool keep = strcmp(w, "-") == 0;

		if (part < 2 && !keep) {
			int32_t *color = part ? &new.style.bg : &new.style.fg;

			if (!parse_color(w, color)) {
				warn(p, "no color", w);
				return;
			}
			*(part ? &new.has_bg : &new.has_fg) = true;
		} else if (part >= 2 && !keep) {
			if (part == 2)
				new.style.attributes = 0;
			if (!parse_attribute(w, &new.style.attributes)) {
				warn(p, "no attribute", w);
				return;
			}
			new.has_attributes = new.has_mono = true;
			new.mono = new.style.attributes;
		}
	}
	*look = new;
}

/* For inih: one line of the text. The lines are counted here, so that every warning can name its own. */
static char *next_line(char *out, int room, void *stream)
{
	struct parse *p = stream;
	size_t n = strcspn(p->at, "\n"), take = n;

	if (*p->at == '\0')
		return NULL;
	p->line++;
	if (take > (size_t)room - 1)
		take = (size_t)room - 1;
	memcpy(out, p->at, take);
	out[take] = '\0';
	p->at += n + (p->at[n] == '\n');
	return out;
}

static int take_line(void *user, const char *section, const char *name, const char *value)
{
	struct parse *p = user;

	(void)section;
	for (int r = 0; r < ROLE_COUNT; r++) {
		if (strcmp(name, role_info[r].name) == 0) {
			parse_look(p, &p->look[r], value);
			return 1;
		}
	}
	warn(p, "no role", name);
	return 1;
}

static void parse_lines(struct parse *p)
{
	int bad = ini_parse_stream(next_line, p, take_line, p);

	if (bad > 0 && p->warnings)
		str_addf(p->warnings, "line %d: expected role = foreground background attributes\n",
			bad);
}
#else
static void parse_lines(struct parse *p)
{
	if (*p->at && p->warnings)
		str_add(p->warnings, "built without theme files (inih)\n");
}
#endif

static void resolve(struct theme *t, const struct look *look)
{
	for (int r = 0; r < ROLE_COUNT; r++) {
		enum role parent = role_info[r].parent;
		struct style *style = &t->style[r];

		*style = look[r].style;
		t->mono[r] = look[r].mono;
		if (r == ROLE_TEXT)
			continue;
		if (!look[r].has_fg)
			style->fg = t->style[parent].fg;
		if (!look[r].has_bg)
			style->bg = t->style[parent].bg;
		if (!look[r].has_attributes)
			style->attributes = t->style[parent].attributes;
		if (!look[r].has_mono)
			t->mono[r] = t->mono[parent];
	}
}

void theme_parse(struct theme *t, const char *text, struct str *warnings)
{
	struct parse p = {.warnings = warnings, .at = text};

	for (int r = 0; r < ROLE_COUNT; r++)
		look_from_table(&p.look[r], &role_info[r]);
	parse_lines(&p);
	resolve(t, p.look);
}

void theme_default(struct theme *t)
{
	theme_parse(t, "", NULL);
	snprintf(t->name, sizeof(t->name), "default");
}

static bool read_file(struct str *text, const char *dir, const char *below, const char *name)
{
	struct str path = STR_INIT;
	struct err err = ERR_INIT;
	bool ok = false;

	if (dir && *dir) {
		str_addf(&path, "%s%s/%s.theme", dir, below, name);
		ok = str_read_file(text, path.s, &err);
	}
	str_free(&path);
	return ok;
}

static bool read_by_name(struct str *text, const char *name)
{
	const char *xdg = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");

	if (xdg && *xdg ? read_file(text, xdg, "/tcptop/themes", name)
			: read_file(text, home, "/.config/tcptop/themes", name))
		return true;
	if (read_file(text, PKGDATADIR, "/themes", name))
		return true;
	for (size_t i = 0; i < theme_file_count; i++) {
		if (strcmp(theme_files[i].name, name) == 0) {
			str_add(text, theme_files[i].text);
			return true;
		}
	}
	return false;
}

static bool no_such_theme(struct err *err, const char *name)
{
	struct str names = STR_INIT;

	for (size_t i = 0; i < theme_file_count; i++)
		str_addf(&names, "%s%s", i ? ", " : "", theme_files[i].name);
	err_set(err, "no theme \"%s\"; there are %s", name, names.s);
	str_free(&names);
	return false;
}

bool theme_load(struct theme *t, const char *name, struct str *warnings, struct err *err)
{
	struct str text = STR_INIT;
	const char *base = strrchr(name, '/');
	bool ok;

	if (base)
		ok = str_read_file(&text, name, err);
	else
		ok = read_by_name(&text, name) || no_such_theme(err, name);
	if (ok) {
		theme_parse(t, text.s ? text.s : "", warnings);
		snprintf(t->name, sizeof(t->name), "%.63s", base ? base + 1 : name);
	}
	str_free(&text);
	return ok;
}

void theme_help(struct str *out)
{
	for (int r = 0; r < ROLE_COUNT; r++) {
		const struct role_info *info = &role_info[r];

		str_addf(out, "%-22s %-16s %-8s %-8s %s\n", info->name,
			r == ROLE_TEXT ? "" : role_info[info->parent].name,
			*info->fg ? info->fg : "-", *info->bg ? info->bg : "-",
			*info->attributes ? info->attributes : "-");
	}
}
