/* Keys to actions, and the key bar. */
#include "config.h"

#include "ui/keymap.h"

#include <stdio.h>
#include <string.h>

#include "ui/canvas.h"
#include "ui/key.h"
#include "util/err.h"
#include "util/utf8.h"

const struct action_info action_info[ACTION_COUNT] = {
#define ACTION(id, name, keys, where, rank, word, gist) \
	[ACTION_##id] = {name, keys, where, rank, word, gist},
#include "ui/actions.def"
#undef ACTION
};

static bool set_keys(struct keymap *map, enum action action, const char *keys, struct err *err)
{
	uint32_t new[KEYS_PER_ACTION] = {KEYCODE_NONE};
	unsigned n = 0;

	for (keys += strspn(keys, " "); *keys; keys += strspn(keys, " ")) {
		size_t len = strcspn(keys, " ");
		uint32_t key = keycode_parse(keys, len);

		if (key == KEYCODE_NONE)
			return err_set(err, "no key \"%.*s\"", (int)len, keys);
		if (n == KEYS_PER_ACTION)
			return err_set(err, "at most %d keys for one action", KEYS_PER_ACTION);
		new[n++] = key;
		keys += len;
	}
	memcpy(map->key[action], new, sizeof(new));
	return true;
}

void keymap_default(struct keymap *map)
{
	struct err err = ERR_INIT;

	memset(map, 0, sizeof(*map));
	for (int a = 1; a < ACTION_COUNT; a++)
		set_keys(map, (enum action)a, action_info[a].keys, &err);
}

/* A key that is bound anew leaves the action it had on the same pages. */
static void take_away(struct keymap *map, enum action owner)
{
	for (int a = 1; a < ACTION_COUNT; a++) {
		if (a == (int)owner || !(action_info[a].where & action_info[owner].where))
			continue;
		for (int i = 0; i < KEYS_PER_ACTION; i++)
			for (int j = 0; j < KEYS_PER_ACTION; j++)
				if (map->key[a][i] == map->key[owner][j])
					map->key[a][i] = KEYCODE_NONE;
	}
}

bool keymap_bind(struct keymap *map, const char *action, const char *keys, struct err *err)
{
	for (int a = 1; a < ACTION_COUNT; a++) {
		if (strcmp(action_info[a].name, action) == 0) {
			if (!set_keys(map, (enum action)a, keys, err))
				return false;
			take_away(map, (enum action)a);
			return true;
		}
	}
	return err_set(err, "no action \"%s\"", action);
}

enum action keymap_find(const struct keymap *map, unsigned where, uint32_t key)
{
	if (key == KEYCODE_NONE)
		return ACTION_NONE;
	for (int a = 1; a < ACTION_COUNT; a++) {
		if (!(action_info[a].where & where))
			continue;
		for (int i = 0; i < KEYS_PER_ACTION; i++)
			if (map->key[a][i] == key)
				return (enum action)a;
	}
	return ACTION_NONE;
}

char *keymap_keys(const struct keymap *map, enum action action, char *buf, unsigned room)
{
	char name[KEY_TEXT];
	unsigned len = 0;

	buf[0] = '\0';
	for (int i = 0; i < KEYS_PER_ACTION; i++) {
		int n;

		if (map->key[action][i] == KEYCODE_NONE)
			continue;
		n = snprintf(buf + len, room - len, "%s%s", len ? " " : "",
			keycode_name(map->key[action][i], name));
		if (n < 0 || (unsigned)n >= room - len)
			break;
		len += (unsigned)n;
	}
	return buf;
}

static const char *first_key(const struct keymap *map, enum action action, char buf[KEY_TEXT])
{
	for (int i = 0; i < KEYS_PER_ACTION; i++)
		if (map->key[action][i] != KEYCODE_NONE)
			return keycode_name(map->key[action][i], buf);
	return "";
}

static bool in_bar(const struct keymap *map, unsigned where, enum action a, unsigned rank)
{
	char key[KEY_TEXT];

	return (action_info[a].where & where) && action_info[a].rank && action_info[a].rank <= rank &&
	       *first_key(map, a, key);
}

static int bar_width(const struct keymap *map, unsigned where, unsigned rank, int gap)
{
	char key[KEY_TEXT];
	int w = 0;

	for (int a = 1; a < ACTION_COUNT; a++)
		if (in_bar(map, where, (enum action)a, rank))
			w += (int)utf8_width(first_key(map, (enum action)a, key)) + 1 +
			     (int)utf8_width(action_info[a].word) + gap;
	return w;
}

void keymap_draw_bar(const struct keymap *map, unsigned where, struct canvas *c, int y)
{
	char key[KEY_TEXT];
	unsigned rank = 20;
	int x = 1, gap;

	while (rank > 1 && bar_width(map, where, rank, 1) > c->w)
		rank--;
	gap = bar_width(map, where, rank, 3) <= c->w ? 3 : bar_width(map, where, rank, 2) <= c->w ? 2 : 1;
	if (bar_width(map, where, rank, gap) >= c->w)
		x = 0;
	for (int a = 1; a < ACTION_COUNT; a++) {
		if (!in_bar(map, where, (enum action)a, rank))
			continue;
		x = canvas_put(c, x, y, ROLE_KEY, first_key(map, (enum action)a, key));
		x = canvas_put(c, x + 1, y, ROLE_KEY_WORD, action_info[a].word) + gap;
	}
}
