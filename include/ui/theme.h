/*
 * Roles and what they look like. Draw code knows roles only; a theme gives each a style for the
 * terminal's colours.
 */
#ifndef TCPTOP_UI_THEME_H
#define TCPTOP_UI_THEME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/ending.h"

struct err;
struct str;

enum role {
#define ROLE(id, ...) ROLE_##id,
#include "ui/roles.def"
#undef ROLE
	ROLE_COUNT
};

struct role_info {
	const char *name;
	char letter;
	enum role parent;
	const char *fg, *bg, *attributes, *mono;
};

extern const struct role_info role_info[ROLE_COUNT];

enum role role_of_group(enum ending_group g);
/* By the group of the ending; of ENDING_NONE: text. */
enum role role_of_ending(enum ending e);

enum depth { /* what the terminal can show */
	DEPTH_MONO,
	DEPTH_16, /* 8 or 16 colours */
	DEPTH_256,
	DEPTH_TRUE
};

#define STYLE_BOLD 0x01
#define STYLE_DIM 0x02
#define STYLE_UNDERLINE 0x04
#define STYLE_REVERSE 0x08
#define STYLE_ITALIC 0x10

#define COLOR_NONE (-1)	      /* the terminal's own */
#define COLOR_RGB 0x1000000 /* marks 0xrrggbb; below 256 it is an index */

struct style {
	int32_t fg, bg;
	uint8_t attributes; /* STYLE_* */
};

struct theme {
	char name[64];
	struct style style[ROLE_COUNT]; /* as written, with all its colours, parents resolved */
	uint8_t mono[ROLE_COUNT];	/* attributes without colours */
};

/* As roles.def says. */
void theme_default(struct theme *t);

/*
 * Lines `role = fg bg attributes`; a dash keeps what the parent has. Roles not named keep
 * roles.def's look. An unknown role, colour or attribute adds a line "line 7: no role \"warm\"" to
 * `warnings`, and the rest is used.
 */
void theme_parse(struct theme *t, const char *text, struct str *warnings);

/*
 * By name: `$XDG_CONFIG_HOME/tcptop/themes/NAME.theme`, the installed ones, then those built in; or
 * by path when the name has a slash. False with err when there is no such theme; err lists those
 * that there are.
 */
bool theme_load(struct theme *t, const char *name, struct str *warnings, struct err *err);

/* Names of themes that are built in, in the order `T` walks through them. */
extern const struct theme_file {
	const char *name, *text;
} theme_files[];
extern const size_t theme_file_count;

/* The style of a role folded down to what the terminal can show. */
struct style theme_style(const struct theme *t, enum role role, enum depth depth);

/* Every role, its parent and its default look: --theme-help. */
void theme_help(struct str *out);

#endif
