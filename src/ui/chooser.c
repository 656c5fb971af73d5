/* The list of columns to sort by, at the left, over the table. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "ui/page.h"

void chooser_open(struct app *a, struct list *l)
{
	struct page *p = app_push(a, PAGE_CHOOSER);
	struct over *o;

	if (!p)
		return;
	o = p->over;
	for (size_t i = 0; i < column_count && o->count < 256; i++) {
		if (!(columns[i].views & 1u << l->view))
			continue;
		if (&columns[i] == l->query.sort)
			o->chosen = o->count;
		o->choice[o->count++] = &columns[i];
	}
}

void chooser_draw(struct app *a, struct over *o, struct canvas *c)
{
	int top = c->h >= 12 ? 4 : 1, h = c->h - top - 2, w = c->w >= 90 ? 72 : c->w - 2;
	struct rect r = {0, top, w, h}, clip;
	const struct list *l = app_list(a);

	if (h < 3) {
		r = (struct rect){0, 0, c->w, c->h};
		h = c->h;
	}
	o->visible = h - 2;
	if ((int)o->chosen < o->scroll)
		o->scroll = (int)o->chosen;
	if ((int)o->chosen >= o->scroll + o->visible)
		o->scroll = (int)o->chosen - o->visible + 1;
	canvas_fill(c, r, ROLE_TEXT, ' ');
	canvas_box(c, r, ROLE_FRAME, "Sort by");
	clip = canvas_clip(c, (struct rect){r.x + 1, r.y + 1, r.w - 2, r.h - 2});
	for (int i = 0; i < o->visible && o->scroll + i < (int)o->count; i++) {
		const struct column *col = o->choice[o->scroll + i];
		bool on = o->scroll + i == (int)o->chosen;
		int y = r.y + 1 + i;

		canvas_put(c, r.x + 1, y, ROLE_KEY,
			col == l->query.sort ? (l->query.ascending ? canvas_glyph(c, "▲", "^")
								  : canvas_glyph(c, "▼", "v"))
					     : " ");
		canvas_put_left(c, r.x + 3, y, 20, ROLE_STRONG, col->name);
		canvas_put_left(c, r.x + 24, y, r.w - 25, ROLE_DIM, col->gist);
		if (on)
			canvas_paint(c, (struct rect){r.x + 1, y, r.w - 2, 1}, ROLE_SELECTED);
	}
	canvas_unclip(c, clip);
	canvas_fill(c, (struct rect){0, c->h - 1, c->w, 1}, ROLE_TEXT, ' ');
	keymap_draw_bar(&a->keymap, IN_OVER, c, c->h - 1);
}

static unsigned choose(struct app *a, struct over *o)
{
	const struct column *col = o->count ? o->choice[o->chosen] : NULL;
	struct list *l = app_list(a);

	if (col)
		list_sort_by(a, l, col, !(col->flags & COLUMN_DESCENDING));
	a->moved = 0;
	app_pop(a);
	return EFFECT_REDRAW;
}

static long step_of(const struct over *o, enum action act)
{
	switch ((int)act) {
	case ACTION_UP:
		return -1;
	case ACTION_DOWN:
		return 1;
	case ACTION_PAGE_UP:
		return -(o->visible - 1);
	case ACTION_PAGE_DOWN:
		return o->visible - 1;
	case ACTION_TOP:
		return -100000;
	case ACTION_BOTTOM:
		return 100000;
	}
	return 0;
}

unsigned over_act(struct app *a, struct page *p, enum action act)
{
	struct over *o = p->over;
	long step = step_of(o, act), to;

	if (act == ACTION_OPEN && p->kind == PAGE_CHOOSER)
		return choose(a, o);
	if (act == ACTION_OPEN) {
		app_pop(a);
		return EFFECT_REDRAW;
	}
	if (!step)
		return 0;
	if (p->kind == PAGE_CHOOSER) {
		to = (long)o->chosen + step;
		to = to >= (long)o->count ? (long)o->count - 1 : to;
		o->chosen = to < 0 ? 0 : (size_t)to;
	} else {
		to = o->scroll + step;
		to = to > o->height - o->visible ? o->height - o->visible : to;
		o->scroll = to < 0 ? 0 : (int)to;
	}
	return EFFECT_REDRAW;
}
