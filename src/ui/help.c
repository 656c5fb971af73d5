/*
 * Help, made of the tables: keys of this page, its columns, the endings with their letters, and
 * what the colours say.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "ui/page.h"

#define LONG_CANVAS 700

void help_open(struct app *a)
{
	app_push(a, PAGE_HELP);
}

static int title(struct canvas *c, int y, const char *words)
{
	canvas_put(c, 0, y, ROLE_HEADER, words);
	canvas_hline(c, (int)strlen(words) + 1, y, c->w - (int)strlen(words) - 1, ROLE_FRAME);
	return y + 1;
}

static int entry(struct canvas *c, int y, int width, enum role role, const char *name, const char *words)
{
	int used;

	canvas_put_left(c, 1, y, width, role, name);
	used = canvas_put_wrapped(c, width + 2, y, c->w - width - 2, 4, ROLE_TEXT, words);
	return y + (used ? used : 1);
}

static int draw_keys(const struct app *a, struct canvas *c, int y, unsigned where)
{
	char keys[64];

	y = title(c, y, "KEYS");
	for (int i = 1; i < ACTION_COUNT; i++) {
		if (!(action_info[i].where & where) || !*action_info[i].gist)
			continue;
		keymap_keys(&a->keymap, (enum action)i, keys, sizeof(keys));
		if (i == ACTION_VIEW_1)
			snprintf(keys, sizeof(keys), "1 .. 9");
		y = entry(c, y, 16, ROLE_KEY, keys, action_info[i].gist);
	}
	y = entry(c, y, 16, ROLE_KEY, "C-z", "stop; the shell's fg comes back");
	return y + 1;
}

static int draw_columns(struct canvas *c, int y, const struct list *l)
{
	y = title(c, y, "COLUMNS OF THIS TABLE");
	for (size_t i = 0; i < l->table.columns; i++) {
		const struct column *col = l->shown[i];
		struct str words = STR_INIT;

		if (!col)
			continue;
		str_addf(&words, "%s: %s", col->name, col->gist);
		y = entry(c, y, 12, ROLE_STRONG, col->head, words.s);
		str_free(&words);
	}
	if (view_has_sparks(l->view))
		y = entry(c, y, 12, ROLE_STRONG, "RST/conn.",
			"resets per connection over the last 60 seconds, one curve for resets from clients, one "
			"for those from servers; full height is one per connection, a dot: connections without");
	return y + 1;
}

static int draw_endings(struct canvas *c, int y)
{
	char name[48];

	y = title(c, y, "ENDINGS: LETTER, GROUP, NAME");
	for (int e = 1; e < ENDING_COUNT; e++) {
		const struct ending_info *info = &ending_info[e];

		snprintf(name, sizeof(name), "%c %-4s %s", info->letter,
			group_info[info->group].head, info->name);
		y = entry(c, y, 25, role_of_ending((enum ending)e), name, info->sentence);
	}
	return y + 1;
}

static int draw_groups(struct canvas *c, int y)
{
	y = title(c, y, "GROUPS OF ENDINGS, WITH THEIR COLOURS");
	for (int g = 1; g < GROUP_COUNT; g++)
		y = entry(c, y, 6, role_of_group((enum ending_group)g), group_info[g].head,
			group_info[g].words);
	return y + 1;
}

static int draw_signs(struct canvas *c, int y)
{
	y = title(c, y, "SIGNS AND COLOURS");
	y = entry(c, y, 12, ROLE_SERVER_SIDE, "RST", "reset by the server's side");
	y = entry(c, y, 12, ROLE_CLIENT_SIDE, "RST", "reset by the client's side");
	y = entry(c, y, 12, ROLE_DIM, "0", "nothing");
	y = entry(c, y, 12, ROLE_GUESS, "?",
		"a guess: the client was found by its port, or the ending is not sure");
	y = entry(c, y, 12, ROLE_GUESS, "~", "assumed: the last packet toward that end is not answered yet");
	y = entry(c, y, 12, ROLE_STATUS_ALERT, "drop",
		"packets or connections were lost; counts are too low from then on");
	for (int s = STATE_CLOSED; s < STATE_COUNT; s++)
		y = entry(c, y, 12, ROLE_DIM, state_short((unsigned)s), state_names[s]);
	return y + 1;
}

static int draw_filter(struct canvas *c, int y)
{
	y = title(c, y, "FILTERS, AS TYPED AFTER /");
	y = entry(c, y, 36, ROLE_STRONG, "rst.count > 0 and fin.count = 0", "connections closed by RST alone");
	y = entry(c, y, 36, ROLE_STRONG, "rst.count > 0 and ct.count = 0", "RST without any connection");
	y = entry(c, y, 36, ROLE_STRONG, "server = 10.0.0.0/8 and port:443", "a network and a port");
	y = entry(c, y, 36, ROLE_STRONG, "end:refused or state:syn_sent", "endings and states");
	y = entry(c, y, 36, ROLE_STRONG, "openvpn", "the word anywhere in the row");
	return y + 1;
}

void help_draw(struct app *a, struct over *o, struct canvas *c)
{
	bool detail = a->depth > 1 && a->page[a->depth - 2].kind == PAGE_DETAIL;
	int w = c->w, y = 0;
	struct rect r = {0, c->h >= 12 ? 1 : 0, w, c->h - (c->h >= 12 ? 2 : 1)};
	struct canvas tall;

	canvas_init(&tall, w - 4 > 10 ? w - 4 : w, LONG_CANVAS);
	tall.ascii = c->ascii;
	y = draw_keys(a, &tall, y, detail ? IN_DETAIL : IN_LIST);
	if (!detail)
		y = draw_columns(&tall, y, app_list(a));
	y = draw_groups(&tall, y);
	y = draw_signs(&tall, y);
	y = draw_endings(&tall, y);
	y = draw_filter(&tall, y);
	o->height = y;
	o->visible = r.h - 2;
	canvas_fill(c, r, ROLE_TEXT, ' ');
	canvas_box(c, r, ROLE_FRAME, "Help");
	canvas_copy(c, (struct rect){r.x + 2, r.y + 1, tall.w, r.h - 2}, &tall, o->scroll);
	canvas_fini(&tall);
	if (o->height > o->visible && r.w > 40)
		canvas_putf(c, r.x + r.w - 20, r.y + r.h - 1, ROLE_LABEL, " %d-%d of %d ", o->scroll + 1,
			o->scroll + o->visible < o->height ? o->scroll + o->visible : o->height, o->height);
	canvas_fill(c, (struct rect){0, c->h - 1, c->w, 1}, ROLE_TEXT, ' ');
	keymap_draw_bar(&a->keymap, IN_OVER, c, c->h - 1);
}
