/* Which key does what, where. Made from actions.def; rc files may bind other keys. */
#ifndef TCPTOP_UI_KEYMAP_H
#define TCPTOP_UI_KEYMAP_H

#include <stdbool.h>
#include <stdint.h>

struct canvas;
struct err;

#define IN_LIST 0x01
#define IN_DETAIL 0x02
#define IN_OVER 0x04 /* help and choosers, over a page */
#define IN_ALL (IN_LIST | IN_DETAIL | IN_OVER)

enum action {
	ACTION_NONE,
#define ACTION(id, ...) ACTION_##id,
#include "ui/actions.def"
#undef ACTION
	ACTION_COUNT
};

struct action_info {
	const char *name, *keys;
	unsigned where, rank;
	const char *word, *gist;
};

extern const struct action_info action_info[ACTION_COUNT];

#define KEYS_PER_ACTION 4

struct keymap {
	uint32_t key[ACTION_COUNT][KEYS_PER_ACTION]; /* best first, KEYCODE_NONE fills up */
};

void keymap_default(struct keymap *map);
/* Replaces the keys of an action: names with blanks between. False with err when a name is unknown. */
bool keymap_bind(struct keymap *map, const char *action, const char *keys, struct err *err);
enum action keymap_find(const struct keymap *map, unsigned where, uint32_t key);

/* The keys of an action, "/ F4"; returns buf. */
char *keymap_keys(const struct keymap *map, enum action action, char *buf, unsigned room);

/* The key bar of a page in row y: what fits, the least important left out. */
void keymap_draw_bar(const struct keymap *map, unsigned where, struct canvas *c, int y);

#endif
