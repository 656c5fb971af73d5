/*
 * Options as data: options.def gives the table, the table gives the parser. Values come as text
 * from the command line and from the configuration file and meet the same checks.
 */
#include "config.h"

#include "conf.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/clock.h"
#include "util/err.h"
#include "util/mem.h"
#include "util/str.h"

const struct option_info option_info[OPTION_COUNT] = {
#define HEADING(id, title) \
	[HEADING_##id] = { .name = title, .kind = OPTION_HEADING },
#define OPTION(id, letter_, name_, kind_, arg_, initial_, range_, gist_) \
	[OPTION_##id] = { .name = name_, .arg = arg_, .initial = initial_, .range = range_, \
		.gist = gist_, .letter = letter_, .kind = OPTION_##kind_, \
		.field = offsetof(struct conf, id) },
#include "options.def"
#undef HEADING
#undef OPTION
};

struct suffix {
	const char *name;
	int64_t factor;
};

static const struct suffix time_suffixes[] = {
	{ "s", NS_PER_SEC },
	{ "", NS_PER_SEC },
	{ "ns", 1 },
	{ "us", NS_PER_US },
	{ "ms", NS_PER_MS },
	{ "m", 60 * NS_PER_SEC },
	{ "min", 60 * NS_PER_SEC },
	{ "h", 3600 * NS_PER_SEC },
	{ "d", 86400 * NS_PER_SEC },
	{ NULL, 0 },
};

static const struct suffix size_suffixes[] = {
	{ "", 1 },
	{ "B", 1 },
	{ "K", INT64_C(1) << 10 },
	{ "KB", INT64_C(1) << 10 },
	{ "KiB", INT64_C(1) << 10 },
	{ "M", INT64_C(1) << 20 },
	{ "MB", INT64_C(1) << 20 },
	{ "MiB", INT64_C(1) << 20 },
	{ "G", INT64_C(1) << 30 },
	{ "GB", INT64_C(1) << 30 },
	{ "GiB", INT64_C(1) << 30 },
	{ "T", INT64_C(1) << 40 },
	{ "TB", INT64_C(1) << 40 },
	{ "TiB", INT64_C(1) << 40 },
	{ NULL, 0 },
};

static const struct suffix no_suffixes[] = {
	{ "", 1 },
	{ NULL, 0 },
};

/* Digits, perhaps a point and up to nine decimals: exact, and the same in every locale. */
static bool parse_scaled(const char *text, const struct suffix *suffix, int64_t *out)
{
	int64_t whole = 0, part = 0, scale = 1;
	const char *p = text;

	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(whole, 10, &whole) ||
			__builtin_add_overflow(whole, *p - '0', &whole))
			return false;
	if (*p == '.') {
		for (p++; *p >= '0' && *p <= '9' && scale < NS_PER_SEC; p++, scale *= 10)
			part = part * 10 + (*p - '0');
		if (scale == 1)
			return false;
	}
	while (suffix->name && strcasecmp(suffix->name, p) != 0)
		suffix++;
	if (!suffix->name || (suffix->factor == 1 && scale > 1))
		return false;
	if (__builtin_mul_overflow(whole, suffix->factor, &whole))
		return false;
	/* The part is below 10^9 and the factor below 2^47: in two steps it fits. */
	part = suffix->factor / scale * part + suffix->factor % scale * part / scale;
	return !__builtin_add_overflow(whole, part, out);
}

bool parse_time(const char *text, int64_t *out)
{
	return parse_scaled(text, time_suffixes, out);
}

bool parse_size(const char *text, int64_t *out)
{
	return parse_scaled(text, size_suffixes, out);
}

static bool parse_kind(enum option_kind kind, const char *text, int64_t *out)
{
	if (kind == OPTION_TIME)
		return parse_time(text, out);
	if (kind == OPTION_SIZE)
		return parse_size(text, out);
	return parse_scaled(text, no_suffixes, out);
}

static const char *kind_words(enum option_kind kind)
{
	if (kind == OPTION_TIME)
		return "a time such as 500ms, 10s or 5m";
	if (kind == OPTION_SIZE)
		return "a size such as 512K, 64M or 2G";
	return "a whole number";
}

static bool in_range(const struct option_info *o, int64_t value, char *words, size_t size)
{
	const char *dots = strstr(o->range, "..");
	char least[32] = "";
	int64_t low = 0, high = INT64_MAX;

	words[0] = '\0';
	if (!dots)
		return true;
	memcpy(least, o->range, (size_t)(dots - o->range));
	if (*least)
		parse_kind(o->kind, least, &low);
	if (dots[2])
		parse_kind(o->kind, dots + 2, &high);
	if (low == high)
		snprintf(words, size, "%s", least);
	else if (dots[2])
		snprintf(words, size, "%s to %s", *least ? least : "0", dots + 2);
	else
		snprintf(words, size, "%s or more", least);
	return value >= low && value <= high;
}

static bool set_number(const struct option_info *o, int64_t *field, const char *text, struct err *err)
{
	char words[64];
	int64_t value;

	if (!parse_kind(o->kind, text, &value)) {
		in_range(o, 0, words, sizeof words);
		return err_set(err, "--%s: expected %s%s%s, not '%s'", o->name, kind_words(o->kind),
			*words ? ", " : "", words, text);
	}
	if (!in_range(o, value, words, sizeof words))
		return err_set(err, "--%s: expected %s, not '%s' (%s)", o->name, words, text, o->gist);
	*field = value;
	return true;
}

static bool set_flag(const struct option_info *o, bool *field, const char *text, struct err *err)
{
	static const char *const yes[] = { "", "yes", "true", "on", "1" };
	static const char *const no[] = { "no", "false", "off", "0" };

	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		if (strcasecmp(text, yes[i]) == 0) {
			*field = true;
			return true;
		}
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		if (strcasecmp(text, no[i]) == 0) {
			*field = false;
			return true;
		}
	return err_set(err, "--%s: expected yes or no, not '%s'", o->name, text);
}

static bool is_choice(const char *range, const char *text)
{
	size_t n = strlen(text);

	for (const char *p = range; p; p = strchr(p, '|')) {
		p += *p == '|';
		if (strncmp(p, text, n) == 0 && (p[n] == '|' || p[n] == '\0') && n > 0)
			return true;
	}
	return false;
}

static bool set_choice(const struct option_info *o, char **field, const char *text, struct err *err)
{
	if (!is_choice(o->range, text))
		return err_set(err, "--%s: expected one of %s, not '%s'", o->name, o->range, text);
	mem_free(*field);
	*field = mem_strdup(text);
	return true;
}

static bool set_text(const struct option_info *o, char **field, const char *text, struct err *err)
{
	if (!*text && o->arg[0] && strcmp(o->arg, "EXPR") != 0)
		return err_set(err, "--%s: expected %s, not an empty text", o->name, o->arg);
	mem_free(*field);
	*field = mem_strdup(text);
	return true;
}

void texts_add(struct texts *list, const char *text)
{
	list->item = mem_grow(list->item, list->n + 1, sizeof *list->item);
	list->item[list->n++] = mem_strdup(text);
}

static bool add_item(const struct option_info *o, struct texts *list, const char *text, struct err *err)
{
	if (!*text)
		return err_set(err, "--%s: expected %s, not an empty text", o->name, o->arg);
	texts_add(list, text);
	return true;
}

void texts_free(struct texts *list)
{
	for (size_t i = 0; i < list->n; i++)
		mem_free(list->item[i]);
	mem_free(list->item);
	*list = (struct texts){ 0 };
}

static bool set_field(struct conf *c, enum option_id id, const char *text, struct err *err)
{
	const struct option_info *o = &option_info[id];
	void *field = (char *)c + o->field;

	switch (o->kind) {
	case OPTION_HEADING:
		return false;
	case OPTION_FLAG:
		return set_flag(o, field, text, err);
	case OPTION_NUMBER:
	case OPTION_SIZE:
	case OPTION_TIME:
		return set_number(o, field, text, err);
	case OPTION_TEXT:
		return set_text(o, field, text, err);
	case OPTION_LIST:
		return add_item(o, field, text, err);
	case OPTION_CHOICE:
		return set_choice(o, field, text, err);
	}
	return false;
}

bool conf_set(struct conf *c, enum option_id id, const char *text, enum conf_source source,
	struct err *err)
{
	struct conf scratch = { 0 };

	if (c->source[id] > source) {
		/* Overridden already, but a fault in it is still a fault. */
		bool ok = set_field(&scratch, id, text, err);

		conf_fini(&scratch);
		return ok;
	}
	if (option_info[id].kind == OPTION_LIST && c->source[id] < source)
		texts_free((struct texts *)(void *)((char *)c + option_info[id].field));
	if (!set_field(c, id, text, err))
		return false;
	c->source[id] = (uint8_t)source;
	/* -n and -N: the later one wins. */
	if (id == OPTION_numeric && c->numeric)
		c->names = false;
	if (id == OPTION_names && c->names)
		c->numeric = false;
	return true;
}

void conf_init(struct conf *c)
{
	struct err err = ERR_INIT;

	*c = (struct conf){ 0 };
	for (enum option_id id = 0; id < OPTION_COUNT; id++)
		if (option_info[id].kind != OPTION_HEADING && option_info[id].initial[0])
			conf_set(c, id, option_info[id].initial, CONF_DEFAULT, &err);
}

void conf_fini(struct conf *c)
{
	for (enum option_id id = 0; id < OPTION_COUNT; id++) {
		void *field = (char *)c + option_info[id].field;

		if (option_info[id].kind == OPTION_TEXT || option_info[id].kind == OPTION_CHOICE)
			mem_free(*(char **)field);
		else if (option_info[id].kind == OPTION_LIST)
			texts_free(field);
	}
}

/* In the largest unit that leaves a whole number; the first name of a factor is the one to print. */
static void add_scaled(struct str *out, int64_t value, const struct suffix *suffix)
{
	const struct suffix *best = suffix;

	for (; suffix->name; suffix++)
		if (value != 0 && value % suffix->factor == 0 &&
			(value % best->factor != 0 || suffix->factor > best->factor))
			best = suffix;
	str_addf(out, "%" PRId64 "%s", value / best->factor, best->name);
}

void conf_value(const struct conf *c, enum option_id id, struct str *out)
{
	const struct option_info *o = &option_info[id];
	const void *field = (const char *)c + o->field;
	const struct texts *list = field;

	if (c->source[id] == CONF_DEFAULT && !o->initial[0] && o->kind != OPTION_FLAG)
		return;
	switch (o->kind) {
	case OPTION_HEADING:
		break;
	case OPTION_FLAG:
		str_add(out, *(const bool *)field ? "yes" : "no");
		break;
	case OPTION_NUMBER:
		str_addf(out, "%" PRId64, *(const int64_t *)field);
		break;
	case OPTION_SIZE:
		add_scaled(out, *(const int64_t *)field, size_suffixes);
		break;
	case OPTION_TIME:
		add_scaled(out, *(const int64_t *)field, time_suffixes);
		break;
	case OPTION_TEXT:
	case OPTION_CHOICE:
		str_add(out, *(char *const *)field);
		break;
	case OPTION_LIST:
		for (size_t i = 0; i < list->n; i++)
			str_addf(out, "%s%s", i ? " " : "", list->item[i]);
		break;
	}
}

enum option_id option_by_name(const char *name)
{
	enum option_id id = 0;

	while (id < OPTION_COUNT &&
		(option_info[id].kind == OPTION_HEADING || strcmp(option_info[id].name, name) != 0))
		id++;
	return id;
}

enum option_id option_heading(enum option_id id)
{
	while (option_info[id].kind != OPTION_HEADING)
		id--;
	return id;
}

bool option_in_rc(enum option_id id)
{
	enum option_id head = option_heading(id);

	return option_info[id].kind != OPTION_HEADING && head != HEADING_OTHER && head != HEADING_HIDDEN;
}
