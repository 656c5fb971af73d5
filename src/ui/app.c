/* The app: a stack of pages, events in, effects out. Time and everything else comes from outside. */
#include "config.h"

#include "ui/app.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ui/page.h"
#include "store/store.h"
#include "ui/key.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/mem.h"

#define MESSAGE_NS (6 * NS_PER_SEC)
#define EMPTY_REFRESH_NS (100 * NS_PER_MS) /* before the first packet: be there when it comes */

/* ---- the stack ---- */

struct page *app_top(struct app *a)
{
	return &a->page[a->depth - 1];
}

struct list *app_list(struct app *a)
{
	int i = a->depth - 1;

	while (i > 0 && a->page[i].kind != PAGE_LIST)
		i--;
	return a->page[i].list;
}

/* The page that overlays lie over. */
static struct page *base_page(struct app *a)
{
	int i = a->depth - 1;

	while (i > 0 && a->page[i].over)
		i--;
	return &a->page[i];
}

struct page *app_push(struct app *a, enum page_kind kind)
{
	struct page *p;

	if (a->depth == PAGES) {
		app_say(a, ROLE_WARNING, "no deeper");
		return NULL;
	}
	p = &a->page[a->depth++];
	*p = (struct page){.kind = kind};
	switch (kind) {
	case PAGE_LIST:
		break; /* the caller's */
	case PAGE_DETAIL:
		p->detail = mem_alloc(sizeof(*p->detail));
		break;
	case PAGE_HELP:
	case PAGE_CHOOSER:
		p->over = mem_alloc(sizeof(*p->over));
		break;
	}
	return p;
}

static void page_free(struct page *p)
{
	list_free(p->list);
	mem_free(p->detail);
	mem_free(p->over);
	*p = (struct page){.kind = PAGE_LIST};
}

static void watch(struct app *a, uint64_t uid)
{
	if (a->conf.calls.watch)
		a->conf.calls.watch(a->conf.calls.arg, uid);
}

void app_pop(struct app *a)
{
	if (a->depth <= 1)
		return;
	if (app_top(a)->kind == PAGE_DETAIL)
		watch(a, 0);
	page_free(app_top(a));
	a->depth--;
	if (app_top(a)->kind == PAGE_LIST)
		list_refresh(a, app_top(a)->list);
	if (app_top(a)->kind == PAGE_DETAIL)
		watch(a, app_top(a)->detail->uid);
}

void app_say(struct app *a, enum role role, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(a->message, sizeof(a->message), format, args);
	va_end(args);
	a->message_role = role;
	a->message_until = a->now + MESSAGE_NS;
}

/* ---- birth and death ---- */

static bool load_theme(struct app *a, const char *name, struct err *err)
{
	struct str warnings = STR_INIT;
	bool ok;

	theme_default(&a->theme);
	if (!name)
		return true;
	ok = theme_load(&a->theme, name, &warnings, err);
	if (ok && warnings.len)
		app_say(a, ROLE_WARNING, "theme %s: %.*s", name, (int)strcspn(warnings.s, "\n"), warnings.s);
	str_free(&warnings);
	return ok;
}

struct app *app_new(const struct app_conf *conf, struct err *err)
{
	struct app *a = mem_alloc(sizeof(*a));
	struct list *l;
	bool ok;

	a->conf = *conf;
	if (!a->conf.refresh_ns)
		a->conf.refresh_ns = NS_PER_SEC;
	if (conf->keymap)
		a->keymap = *conf->keymap;
	else
		keymap_default(&a->keymap);
	entry_init(&a->entry);
	a->capture_filter = mem_strdup(conf->capture_filter ? conf->capture_filter : "");
	l = list_new(a, view_at_tab(tab_of_view(conf->view)));
	a->depth = 1;
	a->page[0] = (struct page){.kind = PAGE_LIST, .list = l};
	list_sort_by(a, l, conf->sort, conf->ascending);
	ok = list_set_scope(a, l, "", "") &&
	     list_set_filter(a, l, conf->filter ? conf->filter : "", err, NULL) &&
	     load_theme(a, conf->theme, err);
	if (!ok) {
		app_free(a);
		return NULL;
	}
	return a;
}

void app_free(struct app *a)
{
	if (!a)
		return;
	while (a->depth > 0)
		page_free(&a->page[--a->depth]);
	entry_fini(&a->entry);
	preview_free(&a->preview);
	ask_free(&a->alike);
	mem_free(a->note);
	mem_free(a->capture_filter);
	mem_free(a);
}

const struct theme *app_theme(const struct app *a)
{
	return &a->theme;
}

void app_set_note(struct app *a, const char *text)
{
	mem_free(a->note);
	a->note = text ? mem_strdup(text) : NULL;
}

/* ---- what keys do everywhere ---- */

static unsigned next_theme(struct app *a)
{
	struct err err = ERR_INIT;
	size_t i;

	for (i = 0; i < theme_file_count; i++)
		if (strcmp(theme_files[i].name, a->theme.name) == 0)
			break;
	i = i + 1 < theme_file_count ? i + 1 : 0;
	if (theme_load(&a->theme, theme_files[i].name, NULL, &err))
		app_say(a, ROLE_NOTE, "theme: %s", a->theme.name);
	else
		app_say(a, ROLE_ALERT, "%s", err.text);
	return EFFECT_REDRAW | EFFECT_REPAINT;
}

static uint64_t packets_now(const struct app *a)
{
	struct capture_stats stats;

	store_capture_stats(a->conf.store, &stats);
	return stats.packets;
}

static unsigned pause(struct app *a)
{
	a->paused = !a->paused;
	a->paused_at = a->now;
	a->paused_packets = packets_now(a);
	a->refreshed = 0; /* released: look at once */
	a->version = 0;
	return EFFECT_REDRAW;
}

static unsigned quit(struct app *a, unsigned effects)
{
	if (a->conf.confirm_quit && !a->asking_quit) {
		a->asking_quit = true;
		app_say(a, ROLE_WARNING, "Quit? y or q: yes. Any other key: no.");
		return EFFECT_REDRAW;
	}
	return EFFECT_QUIT | effects;
}

static unsigned act_everywhere(struct app *a, enum action act)
{
	switch ((int)act) {
	case ACTION_QUIT:
		return quit(a, 0);
	case ACTION_QUIT_KEEP:
		return quit(a, EFFECT_KEEP);
	case ACTION_BACK:
		app_pop(a);
		return EFFECT_REDRAW;
	case ACTION_HELP:
		if (app_top(a)->kind != PAGE_HELP)
			help_open(a);
		else
			app_pop(a);
		return EFFECT_REDRAW;
	case ACTION_THEME:
		return next_theme(a);
	case ACTION_REPAINT:
		return EFFECT_REDRAW | EFFECT_REPAINT;
	case ACTION_PAUSE:
		return pause(a);
	case ACTION_COMMAND:
		entry_open(a, ENTRY_COMMAND);
		return EFFECT_REDRAW;
	}
	return 0;
}

static unsigned where_is(const struct page *p)
{
	switch (p->kind) {
	case PAGE_LIST:
		return IN_LIST;
	case PAGE_DETAIL:
		return IN_DETAIL;
	case PAGE_HELP:
	case PAGE_CHOOSER:
		break;
	}
	return IN_OVER;
}

static unsigned act_on_page(struct app *a, enum action act)
{
	struct page *p = app_top(a);

	switch (p->kind) {
	case PAGE_LIST:
		return list_act(a, p->list, act);
	case PAGE_DETAIL:
		return detail_act(a, p->detail, act);
	case PAGE_HELP:
	case PAGE_CHOOSER:
		return over_act(a, p, act);
	}
	return 0;
}

/* The question whether to reset: the same key says yes, every other no. */
static bool answer_reset(struct app *a, enum action act)
{
	bool asked = a->asking_reset;

	a->asking_reset = false;
	if (!asked || act != ACTION_RESET)
		return false;
	store_reset(a->conf.store);
	a->looked = false;
	a->preview.valid = false;
	list_refresh(a, app_list(a));
	app_say(a, ROLE_NOTE, "counting anew");
	return true;
}

/* The question whether to quit: y, and the keys that quit, say yes. */
static bool answer_quit(struct app *a, uint32_t key, enum action act)
{
	bool asked = a->asking_quit;

	if (act != ACTION_QUIT && act != ACTION_QUIT_KEEP)
		a->asking_quit = false;
	return asked && (key == 'y' || key == 'Y');
}

static unsigned say_unknown(struct app *a, uint32_t key)
{
	char name[KEY_TEXT];

	if (*keycode_name(key, name))
		app_say(a, ROLE_DIM, "%s does nothing here; ? lists the keys", name);
	return EFFECT_REDRAW;
}

static unsigned take_key(struct app *a, uint32_t key)
{
	enum action act;
	unsigned effects;
	bool asked;

	if (a->entry.kind != ENTRY_NONE)
		return entry_key(a, key);
	act = keymap_find(&a->keymap, where_is(app_top(a)), key);
	if (a->message[0])
		a->message_until = 0, a->message[0] = '\0';
	asked = a->asking_quit || a->asking_reset;
	if (answer_quit(a, key, act))
		return EFFECT_QUIT;
	if (answer_reset(a, act) || (asked && act == ACTION_NONE))
		return EFFECT_REDRAW; /* an answer, even if it is no key of ours */
	effects = act == ACTION_NONE ? 0 : act_on_page(a, act);
	if (!effects && act != ACTION_NONE)
		effects = act_everywhere(a, act);
	return effects ? effects | EFFECT_REDRAW : say_unknown(a, key);
}

/* Text is no command: its letters press no keys. */
static unsigned take_paste(struct app *a, const char *text)
{
	if (a->entry.kind != ENTRY_NONE)
		return entry_paste(a, text);
	app_say(a, ROLE_NOTE, "pasted text ignored; / opens the filter");
	return EFFECT_REDRAW;
}

unsigned app_event(struct app *a, const struct event *e, int64_t now)
{
	a->now = now;
	switch (e->what) {
	case EVENT_KEY:
		return take_key(a, e->key);
	case EVENT_PASTE:
		return take_paste(a, e->text);
	case EVENT_RESIZE:
		return EFFECT_REDRAW | EFFECT_REPAINT;
	case EVENT_END:
		return EFFECT_QUIT;
	}
	return 0;
}

/* ---- time ---- */

static void look(struct app *a)
{
	struct page *p = base_page(a);

	a->refreshed = a->now;
	a->version = store_version(a->conf.store);
	a->looked = true;
	a->was_empty = packets_now(a) == 0;
	a->was_ended = store_input_ended(a->conf.store);
	if (p->kind == PAGE_DETAIL) {
		detail_refresh(a, p->detail);
		return;
	}
	list_refresh(a, p->list);
	p->list->stale = false; /* the rows there are were true a moment ago */
}

int64_t app_next_look(const struct app *a)
{
	int64_t wait = a->was_empty ? EMPTY_REFRESH_NS : a->conf.refresh_ns;

	if (!a->looked || a->paused)
		return INT64_MAX;
	return a->refreshed + wait > a->rest_until ? a->refreshed + wait : a->rest_until;
}

static bool look_is_due(struct app *a)
{
	const struct page *p = base_page(a);

	if (!a->looked || (!a->paused && store_input_ended(a->conf.store) && !a->was_ended))
		return true;
	if (a->now < a->rest_until)
		return false;
	if (!a->paused && p->list && p->list->held && a->now - a->moved >= HOLD_NS)
		return true;
	if (a->paused || store_version(a->conf.store) == a->version)
		return false;
	return a->now >= app_next_look(a) || a->now < a->refreshed;
}

/* Clocks on the screen move: the time of day when live, the length of a pause, progress in a file. */
static bool clock_moved(struct app *a)
{
	bool runs = a->paused || !store_input_ended(a->conf.store);
	int64_t part = a->now / (NS_PER_SEC / (a->conf.from_file ? 4 : 1));

	if (!runs || part == a->drawn_second)
		return false;
	a->drawn_second = part;
	return true;
}

unsigned app_tick(struct app *a, int64_t now)
{
	unsigned effects = 0;

	a->now = now;
	if (!app_is_busy(a) && look_is_due(a)) {
		look(a);
		effects = EFFECT_REDRAW;
	}
	if (clock_moved(a) || (!a->conf.piece && preview_is_due(a)))
		effects = EFFECT_REDRAW;
	if (a->message[0] && now >= a->message_until && !a->asking_reset && !a->asking_quit) {
		a->message[0] = '\0';
		effects = EFFECT_REDRAW;
	}
	return effects;
}

/* ---- work ---- */

bool app_is_busy(struct app *a)
{
	const struct page *p = base_page(a);

	if (p->kind == PAGE_DETAIL)
		return a->alike.open;
	return p->list->stage != LIST_WHOLE || preview_is_due(a);
}

void app_rest(struct app *a, int64_t ns)
{
	a->rest_until = a->now + ns;
}

unsigned app_work(struct app *a)
{
	struct page *p = base_page(a);
	size_t piece = ask_piece(a);
	bool news;

	if (!app_is_busy(a))
		return 0;
	if (p->kind == PAGE_DETAIL)
		news = detail_work(a, p->detail, piece);
	else if (p->list->stage != LIST_WHOLE)
		news = list_work(a, p->list, piece);
	else
		news = preview_work(a, piece);
	return (news ? EFFECT_REDRAW : 0) | (app_is_busy(a) ? EFFECT_BUSY : 0);
}

/* ---- the picture ---- */

void app_draw(struct app *a, struct canvas *c)
{
	struct page *base = base_page(a), *top = app_top(a);

	canvas_clear(c);
	if (c->w < 20 || c->h < 4) {
		canvas_put_wrapped(c, 0, 0, c->w, c->h, ROLE_STRONG, "tcptop needs 20x4");
		return;
	}
	if (!a->looked)
		look(a);
	if (base->kind == PAGE_DETAIL)
		detail_draw(a, base->detail, c);
	else
		list_draw(a, base->list, c);
	if (top->kind == PAGE_HELP)
		help_draw(a, top->over, c);
	if (top->kind == PAGE_CHOOSER)
		chooser_draw(a, top->over, c);
	if (a->entry.kind != ENTRY_NONE)
		entry_draw(a, c);
}
