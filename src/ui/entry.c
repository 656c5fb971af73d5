/*
 * Fields: the filter, a text to find, a command, the capture filter. One at a time, at the foot of
 * the screen.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "ui/page.h"
#include "ui/key.h"
#include "util/fmt.h"
#include "util/mem.h"
#include "util/utf8.h"

static const char *const titles[ENTRY_COUNT] = {
	[ENTRY_FILTER] = "Filter: ", [ENTRY_FIND] = "Find: ", [ENTRY_COMMAND] = ":",
	[ENTRY_CAPTURE] = "Capture filter: "};

void entry_init(struct entry *e)
{
	memset(e, 0, sizeof(*e));
	for (int i = 0; i < ENTRY_COUNT; i++)
		prompt_init(&e->prompt[i]);
}

void entry_fini(struct entry *e)
{
	mem_free(e->fallback);
	for (int i = 0; i < ENTRY_COUNT; i++)
		prompt_fini(&e->prompt[i]);
	mem_free(e->before);
}

void entry_open(struct app *a, enum entry_kind kind)
{
	struct entry *e = &a->entry;
	const char *text = "";

	if (kind == ENTRY_CAPTURE && !a->conf.calls.capture_filter) {
		app_say(a, ROLE_NOTE,
			"only a capture from a device takes another capture filter; / filters what is shown");
		return;
	}
	if (kind == ENTRY_FILTER)
		text = app_list(a)->filter;
	else if (kind == ENTRY_CAPTURE)
		text = a->capture_filter;
	else if (kind == ENTRY_FIND)
		text = a->find;
	mem_free(e->before);
	e->before = mem_strdup(text);
	e->kind = kind;
	e->err = (struct err)ERR_INIT;
	e->choices = 0;
	e->completing = false;
	e->full = false;
	a->message[0] = '\0';
	prompt_start(&e->prompt[kind], text);
}

/* ---- completion ---- */

static size_t common_prefix(const struct entry *e)
{
	size_t n = strlen(e->choice[0].word);

	for (size_t i = 1; i < e->choices; i++) {
		size_t same = 0;

		while (same < n && e->choice[i].word[same] == e->choice[0].word[same])
			same++;
		n = same;
	}
	return n;
}

static void find_choices(struct app *a)
{
	struct entry *e = &a->entry;
	const struct prompt *p = &e->prompt[e->kind];

	e->choices = 0;
	e->completing = false;
	if (e->kind == ENTRY_FILTER && p->cursor > prompt_word_start(p))
		e->choices = filter_complete(app_list(a)->view, p->text, p->cursor, e->choice, CHOICES);
	if (e->choices == 1 && strlen(e->choice[0].word) == p->cursor - prompt_word_start(p))
		e->choices = 0; /* it stands there already */
}

static bool apply_filter(struct app *a, const char *text)
{
	struct entry *e = &a->entry;
	struct list *l = app_list(a);

	e->err = (struct err)ERR_INIT;
	if (!list_set_filter(a, l, text, &e->err, &e->bad_at))
		return false;
	a->moved = 0;
	list_refresh(a, l);
	return true;
}

static void set_fallback(struct entry *e, const char *text)
{
	char *copy = text ? mem_strdup(text) : NULL;

	mem_free(e->fallback);
	e->fallback = copy;
}

/*
 * Live, but half a field name, which is also a word that no row contains, does not empty the table
 * on the way: then it goes back to the last filter whose rows were seen.
 */
static void try_filter(struct app *a, const char *text)
{
	struct entry *e = &a->entry;
	const struct list *l = app_list(a);

	if (!e->fallback || l->stage != LIST_ROWS)
		set_fallback(e, l->filter);
	if (!apply_filter(a, text) && l->stage != LIST_ROWS)
		set_fallback(e, NULL);
}

bool entry_refuses(struct app *a, struct list *l, size_t matched)
{
	struct entry *e = &a->entry;
	struct err err = ERR_INIT;
	bool refused = e->fallback && e->kind == ENTRY_FILTER && e->choices && matched == 0 &&
		       l == app_list(a) && list_set_filter(a, l, e->fallback, &err, NULL);

	set_fallback(e, NULL);
	return refused;
}

/* The first Tab adds what all choices have in common; further ones walk through them. */
static void complete(struct app *a)
{
	struct entry *e = &a->entry;
	struct prompt *p = &e->prompt[e->kind];
	char common[128];
	size_t n;

	if (!e->completing) {
		if (e->kind == ENTRY_FILTER)
			e->choices = filter_complete(app_list(a)->view, p->text, p->cursor, e->choice, CHOICES);
		e->next = 0;
	}
	if (e->choices == 0)
		return;
	n = common_prefix(e);
	if (!e->completing && n > p->cursor - prompt_word_start(p) && n < sizeof(common)) {
		memcpy(common, e->choice[0].word, n);
		common[n] = '\0';
		prompt_replace_word(p, common);
		e->completing = e->choices > 1 ? false : true;
		if (e->choices > 1)
			find_choices(a);
	} else {
		prompt_replace_word(p, e->choice[e->next].word);
		e->next = (e->next + 1) % e->choices;
		e->completing = true;
	}
	if (e->kind == ENTRY_FILTER)
		apply_filter(a, p->text);
}

/* ---- commands ---- */

static unsigned command_sort(struct app *a, const char *name)
{
	struct list *l = app_list(a);
	const char *colon = strchr(name, ':');
	char column[64];
	const struct column *col;

	snprintf(column, sizeof(column), "%.*s", colon ? (int)(colon - name) : 63, name);
	col = column_find(l->view, column);
	if (!col) {
		app_say(a, ROLE_WARNING, "no column \"%s\" here; s lists them", column);
		return EFFECT_REDRAW;
	}
	list_sort_by(a, l, col, colon ? strcmp(colon, ":asc") == 0 : !(col->flags & COLUMN_DESCENDING));
	list_refresh(a, l);
	return EFFECT_REDRAW;
}

static unsigned command_theme(struct app *a, const char *name)
{
	struct err err = ERR_INIT;

	if (!theme_load(&a->theme, name, NULL, &err))
		app_say(a, ROLE_WARNING, "%s", err.text);
	return EFFECT_REDRAW | EFFECT_REPAINT;
}

static unsigned command_view(struct app *a, const char *name)
{
	enum view view = view_by_name(name);

	while (app_top(a)->kind != PAGE_LIST)
		app_pop(a);
	if (view == VIEW_COUNT || view_at_tab(tab_of_view(view)) != view) {
		app_say(a, ROLE_WARNING,
			"no command or view \"%s\"; there are q, help, sort, theme, and the views",
			name);
		return EFFECT_REDRAW;
	}
	if (list_set_view(a, app_list(a), view))
		list_refresh(a, app_list(a));
	return EFFECT_REDRAW;
}

static unsigned run_command(struct app *a, const char *text)
{
	text += strspn(text, " :");
	if (strcmp(text, "q") == 0 || strcmp(text, "q!") == 0 || strcmp(text, "quit") == 0)
		return EFFECT_QUIT;
	if (strcmp(text, "help") == 0)
		help_open(a);
	else if (strncmp(text, "sort ", 5) == 0)
		return command_sort(a, text + 5);
	else if (strncmp(text, "theme ", 6) == 0)
		return command_theme(a, text + 6);
	else if (*text)
		return command_view(a, text);
	return EFFECT_REDRAW;
}

/* ---- keys ---- */

static unsigned accept(struct app *a)
{
	struct entry *e = &a->entry;
	enum entry_kind kind = e->kind;
	struct prompt *p = &e->prompt[kind];

	if (e->full)
		return EFFECT_REDRAW; /* stays: half a text may say something else */
	if (kind == ENTRY_FILTER && !apply_filter(a, p->text))
		return EFFECT_REDRAW; /* stays, with the fault shown */
	if (kind == ENTRY_CAPTURE &&
		!a->conf.calls.capture_filter(a->conf.calls.arg, p->text, &e->err))
		return EFFECT_REDRAW;
	prompt_remember(p);
	e->kind = ENTRY_NONE;
	switch (kind) {
	case ENTRY_CAPTURE:
		mem_free(a->capture_filter);
		a->capture_filter = mem_strdup(p->text);
		app_say(a, ROLE_NOTE, *p->text ? "capturing %s" : "capturing everything%s", p->text);
		break;
	case ENTRY_FIND:
		snprintf(a->find, sizeof(a->find), "%.127s", p->text);
		if (*a->find)
			return list_find(a, app_list(a), 1);
		break;
	case ENTRY_COMMAND:
		return run_command(a, p->text);
	case ENTRY_FILTER:
	case ENTRY_NONE:
	case ENTRY_COUNT:
		break;
	}
	return EFFECT_REDRAW;
}

static unsigned cancel(struct app *a)
{
	struct entry *e = &a->entry;

	if (e->kind == ENTRY_FILTER)
		apply_filter(a, e->before);
	e->kind = ENTRY_NONE;
	return EFFECT_REDRAW;
}

static unsigned after_edit(struct app *a, enum prompt_did did)
{
	struct entry *e = &a->entry;
	struct prompt *p = &e->prompt[e->kind];

	switch (did) {
	case PROMPT_ACCEPTED:
		return accept(a);
	case PROMPT_CANCELLED:
		return cancel(a);
	case PROMPT_COMPLETE:
		complete(a);
		break;
	case PROMPT_FULL:
		e->full = true;
		e->choices = 0;
		e->bad_at = p->len;
		err_set(&e->err, "too long: a field takes %d octets; shorten it or Esc", PROMPT_ROOM - 1);
		break;
	case PROMPT_EDITED:
		e->full = false;
		e->err = (struct err)ERR_INIT;
		find_choices(a);
		if (e->kind == ENTRY_FILTER)
			try_filter(a, p->text);
		break;
	case PROMPT_MOVED:
		e->choices = 0;
		e->completing = false;
		break;
	case PROMPT_NOTHING:
		break;
	}
	return EFFECT_REDRAW;
}

unsigned entry_key(struct app *a, uint32_t key)
{
	if (key == (KEYCODE_CTRL | 'c'))
		return EFFECT_QUIT;
	return after_edit(a, prompt_key(&a->entry.prompt[a->entry.kind], key));
}

unsigned entry_paste(struct app *a, const char *text)
{
	return after_edit(a, prompt_paste(&a->entry.prompt[a->entry.kind], text));
}

/* ---- the picture ---- */

static void draw_choices(const struct entry *e, struct canvas *c, int x, int bottom)
{
	int n = (int)e->choices, w = c->w - x < 64 ? c->w - x : 64;

	if (n > bottom - 4)
		n = bottom - 4;
	for (int i = 0; i < n; i++) {
		int y = bottom - n + i;

		canvas_fill(c, (struct rect){x, y, w, 1}, ROLE_SELECTED, ' ');
		canvas_put_left(c, x + 1, y, 20, ROLE_SELECTED_STRONG, e->choice[i].word);
		canvas_put_left(c, x + 22, y, w - 23, ROLE_SELECTED, e->choice[i].gist);
	}
}

static void draw_hits(struct app *a, struct canvas *c, int y)
{
	const struct list *l = app_list(a);
	char n[FMT_TEXT], m[FMT_TEXT], hits[96];

	snprintf(hits, sizeof(hits), " %s of %s", fmt_count(n, l->result.matched, 7),
		fmt_count(m, l->in_scope, 7));
	canvas_put(c, c->w - (int)utf8_width(hits) - 1, y, ROLE_STRONG, hits);
}

/* The place that the words of the error are about. */
static void mark_fault(const struct entry *e, struct canvas *c, int x, int y, int room)
{
	const struct prompt *p = &e->prompt[e->kind];
	char head[PROMPT_ROOM];
	int column;

	if (e->bad_at > p->len || (int)utf8_width(p->text) >= room)
		return;
	memcpy(head, p->text, e->bad_at);
	head[e->bad_at] = '\0';
	column = (int)utf8_width(head);
	canvas_paint(c, (struct rect){x + column, y, 1, 1}, ROLE_STATUS_ALERT);
}

static void draw_words(const struct entry *e, struct canvas *c, int y)
{
	bool bad = e->err.text[0] != '\0';

	if (bad)
		canvas_put_wrapped(c, 1, y, c->w - 1, c->h - y, ROLE_ALERT, e->err.text);
	else
		canvas_put_left(c, 1, y, c->w - 1, ROLE_INPUT_HINT,
			"Enter keeps  Esc restores  Tab completes  Up older  C-u clears");
}

void entry_draw(struct app *a, struct canvas *c)
{
	struct entry *e = &a->entry;
	bool bad = e->err.text[0] != '\0';
	bool long_words = c->h >= 10 && (int)utf8_width(e->err.text) > c->w - 2;
	int y = c->h - (long_words ? 3 : c->h >= 6 ? 2 : 1), x, room;

	canvas_fill(c, (struct rect){0, y, c->w, c->h - y}, ROLE_TEXT, ' ');
	x = canvas_put(c, 1, y, ROLE_LABEL, titles[e->kind]);
	room = c->w - x - (e->kind == ENTRY_FILTER ? 16 : 1);
	prompt_draw(&e->prompt[e->kind], c, x, y, room,
		e->kind != ENTRY_FILTER && !bad ? ROLE_INPUT : bad ? ROLE_INPUT_BAD : ROLE_INPUT_GOOD);
	if (bad && e->kind == ENTRY_FILTER)
		mark_fault(e, c, x, y, room);
	if (e->kind == ENTRY_FILTER && c->w >= 40)
		draw_hits(a, c, y);
	if (y + 1 < c->h)
		draw_words(e, c, y + 1);
	if (e->choices)
		draw_choices(e, c, x, y);
}
