/* The options of a run: one field each, out of options.def. */
#ifndef TCPTOP_CONF_H
#define TCPTOP_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct str;

struct texts {
	char **item;
	size_t n;
};

void texts_add(struct texts *list, const char *text); /* a copy of it */
void texts_free(struct texts *list);

enum option_kind {
	OPTION_HEADING,
	OPTION_FLAG,
	OPTION_NUMBER,
	OPTION_SIZE, /* octets */
	OPTION_TIME, /* ns */
	OPTION_TEXT,
	OPTION_LIST,
	OPTION_CHOICE
};

/* Headings have a number too: the order of the enum is the order of --help. */
enum option_id {
#define HEADING(id, title) HEADING_##id,
#define OPTION(id, ...) OPTION_##id,
#include "options.def"
#undef HEADING
#undef OPTION
	OPTION_COUNT
};

struct option_info {
	const char *name, *arg, *initial, *range, *gist; /* of a heading only name: its title */
	char letter;
	enum option_kind kind;
	size_t field; /* offset in struct conf */
};

extern const struct option_info option_info[OPTION_COUNT];

#define CONF_FLAG bool
#define CONF_NUMBER int64_t
#define CONF_SIZE int64_t
#define CONF_TIME int64_t
#define CONF_TEXT char *
#define CONF_LIST struct texts
#define CONF_CHOICE char *

/* Who set a value: a later source does not override an earlier one of higher rank. */
enum conf_source { CONF_DEFAULT, CONF_RC, CONF_ARGV };

/* Texts belong to it; NULL = not set. Numbers that were not set and have no default are 0. */
struct conf {
#define HEADING(id, title)
#define OPTION(id, letter, name, kind, ...) CONF_##kind id;
#include "options.def"
#undef HEADING
#undef OPTION
	uint8_t source[OPTION_COUNT]; /* enum conf_source */
};

void conf_init(struct conf *c);
void conf_fini(struct conf *c);

/* Sets an option from text ("" for a flag that was given). The error names the option and what was expected. */
bool conf_set(struct conf *c, enum option_id id, const char *text, enum conf_source source,
	struct err *err);

/* Adds the value as a user would type it; nothing when it is not set. */
void conf_value(const struct conf *c, enum option_id id, struct str *out);

/* The option of that long name, or OPTION_COUNT. */
enum option_id option_by_name(const char *name);
/* Whether the configuration file may set it: not what only prints something and exits. */
bool option_in_rc(enum option_id id);
/* The heading it stands under. */
enum option_id option_heading(enum option_id id);

/* "500ms", "10s", "5m", "1h", "2d", a bare number is seconds. To ns. */
bool parse_time(const char *text, int64_t *out);
/* "512K", "64M", "2G", a bare number is octets. */
bool parse_size(const char *text, int64_t *out);

#endif
