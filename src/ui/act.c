/* What keys do in a list. */
#include "config.h"

#include <string.h>

#include "ui/page.h"
#include "store/store.h"
#include "util/mem.h"
#include "util/utf8.h"

/* Where Enter leads from a view. VIEW_COUNT: to the detail. */
static enum view view_below(enum view view)
{
	switch (view) {
	case VIEW_SERVERS:
	case VIEW_CLIENTS:
	case VIEW_SERVICES:
	case VIEW_PORTS:
	case VIEW_ZONES:
		return VIEW_CONVERSATIONS;
	case VIEW_CLIENT_ZONES:
		return VIEW_CLIENTS;
	case VIEW_SERVER_ZONES:
		return VIEW_SERVERS;
	case VIEW_CONVERSATIONS:
	case VIEW_ENDINGS:
	case VIEW_FINDINGS:
		return VIEW_CONNECTIONS;
	case VIEW_CONNECTIONS:
	case VIEW_GRAPH:
	case VIEW_COUNT:
		break;
	}
	return VIEW_COUNT;
}

/* A list of its own, limited to what `row_scope` says within the scope of `from`. */
static void push_list(struct app *a, struct list *from, enum view view, const char *row_scope,
	const char *crumb)
{
	const struct column *sort = from->query.sort ? column_find(view, from->query.sort->name) : NULL;
	struct list *l = list_new(a, view);
	struct str scope = STR_INIT;
	struct err err = ERR_INIT;
	struct page *p;

	str_add(&scope, from->scope);
	if (scope.len && *row_scope)
		str_add(&scope, " and ");
	str_add(&scope, row_scope);
	list_sort_by(a, l, sort, sort ? from->query.ascending : false);
	if (!list_set_scope(a, l, scope.s, crumb) || !list_set_filter(a, l, "", &err, NULL) ||
		!(p = app_push(a, PAGE_LIST))) {
		list_free(l);
	} else {
		p->list = l;
		a->moved = 0;
		list_refresh(a, l);
	}
	str_free(&scope);
}

static unsigned open_row(struct app *a, struct list *l)
{
	const struct query_row *row = list_row(l, l->table.index);
	struct str scope = STR_INIT, crumb = STR_INIT;
	enum view below = view_below(l->view);
	struct table_model m = list_model(l);

	if (!row)
		return EFFECT_REDRAW;
	l->pinned = true;
	table_select(&l->table, &m, l->table.index);
	row = list_row(l, l->table.index);
	if (below == VIEW_COUNT) {
		detail_open(a, row->id);
		return EFFECT_REDRAW;
	}
	str_add(&scope, "");
	query_row_filter(row, &scope);
	row_label(row, &crumb);
	push_list(a, l, below, scope.s, crumb.s);
	str_free(&scope);
	str_free(&crumb);
	return EFFECT_REDRAW;
}

static unsigned switch_view(struct app *a, struct list *l, enum view view)
{
	if (view == VIEW_COUNT || view == l->view)
		return EFFECT_REDRAW;
	if (list_set_view(a, l, view)) {
		a->moved = 0;
		list_refresh(a, l);
	}
	return EFFECT_REDRAW;
}

/* The next view that this scope can be seen in. */
static unsigned turn_view(struct app *a, struct list *l, int by)
{
	int tab = tab_of_view(l->view), n = tab_count();

	for (int i = 1; i < n; i++) {
		enum view view = view_at_tab((tab + i * by + i * n) % n);
		struct err err = ERR_INIT;
		struct filter *f = filter_parse(view, l->scope, &err, NULL);

		if (f) {
			filter_free(f);
			return switch_view(a, l, view);
		}
	}
	return EFFECT_REDRAW;
}

/* The neighbour of the sort column among those of the table that can be sorted by. */
static unsigned turn_sort(struct app *a, struct list *l, int by)
{
	size_t n = l->table.columns, at = l->table.sort < n ? l->table.sort : 0;

	if (n == 0)
		return EFFECT_REDRAW;
	do
		at = (at + n + (size_t)(by + (int)n)) % n;
	while (!l->shown[at]);
	list_sort_by(a, l, l->shown[at], !(l->shown[at]->flags & COLUMN_DESCENDING));
	a->moved = 0;
	list_refresh(a, l);
	return EFFECT_REDRAW;
}

static unsigned invert(struct app *a, struct list *l)
{
	list_sort_by(a, l, l->query.sort, !l->query.ascending);
	a->moved = 0;
	list_refresh(a, l);
	return EFFECT_REDRAW;
}

static unsigned move(struct app *a, struct list *l, enum action act)
{
	struct table_model m = list_model(l);

	a->moved = a->now;
	l->pinned = true;
	switch ((int)act) {
	case ACTION_UP:
		table_move(&l->table, &m, -1);
		break;
	case ACTION_DOWN:
		table_move(&l->table, &m, 1);
		break;
	case ACTION_PAGE_UP:
		table_page(&l->table, &m, -1);
		break;
	case ACTION_PAGE_DOWN:
		table_page(&l->table, &m, 1);
		break;
	case ACTION_TOP:
		table_select(&l->table, &m, 0);
		break;
	case ACTION_BOTTOM:
		table_select(&l->table, &m, l->rows);
		break;
	}
	return EFFECT_REDRAW;
}

static bool contains(const char *text, const char *what)
{
	size_t n = strlen(what);

	for (; *text; text++)
		if (strncasecmp(text, what, n) == 0)
			return true;
	return false;
}

static bool row_contains(struct list *l, size_t row, const char *what)
{
	struct table_model m = list_model(l);
	struct str text = STR_INIT;
	bool found = false;

	for (size_t i = 0; i < l->table.columns && !found; i++) {
		enum role role;

		if (!l->shown[i])
			continue;
		str_clear(&text);
		str_add(&text, "");
		m.text(m.arg, row, i, 0, &text, &role);
		found = contains(text.s, what);
	}
	str_free(&text);
	return found;
}

unsigned list_find(struct app *a, struct list *l, int direction)
{
	struct table_model m = list_model(l);

	if (!*a->find) {
		app_say(a, ROLE_NOTE, "nothing to look for yet: * asks for a text");
		return EFFECT_REDRAW;
	}
	for (size_t i = 1; i <= l->rows; i++) {
		size_t row = (l->table.index + (direction > 0 ? i : l->rows - i)) % l->rows;

		if (!row_contains(l, row, a->find))
			continue;
		a->moved = a->now;
		l->pinned = true;
		table_select(&l->table, &m, row);
		return EFFECT_REDRAW;
	}
	app_say(a, ROLE_WARNING, "no row contains \"%s\"", a->find);
	return EFFECT_REDRAW;
}

static unsigned ask_reset(struct app *a)
{
	a->asking_reset = true;
	app_say(a, ROLE_WARNING, "Forget what has ended and count anew? r again: yes. Any other key: no.");
	return EFFECT_REDRAW;
}

/* A filter is a level of its own: the first step back takes it off. */
static unsigned take_filter_off(struct app *a, struct list *l)
{
	struct err err = ERR_INIT;

	if (!*l->filter || !list_set_filter(a, l, "", &err, NULL))
		return 0;
	a->moved = 0;
	list_refresh(a, l);
	return EFFECT_REDRAW;
}

static unsigned open_entry(struct app *a, enum entry_kind kind)
{
	entry_open(a, kind);
	return EFFECT_REDRAW;
}

unsigned list_act(struct app *a, struct list *l, enum action act)
{
	if (act >= ACTION_VIEW_1 && act <= ACTION_VIEW_9)
		return switch_view(a, l, view_at_tab((int)(act - ACTION_VIEW_1)));
	switch ((int)act) {
	case ACTION_OPEN:
		return open_row(a, l);
	case ACTION_BACK:
		return take_filter_off(a, l);
	case ACTION_UP:
	case ACTION_DOWN:
	case ACTION_PAGE_UP:
	case ACTION_PAGE_DOWN:
	case ACTION_TOP:
	case ACTION_BOTTOM:
		return move(a, l, act);
	case ACTION_LEFT:
		table_scroll(&l->table, -1);
		return EFFECT_REDRAW;
	case ACTION_RIGHT:
		table_scroll(&l->table, 1);
		return EFFECT_REDRAW;
	case ACTION_VIEW_NEXT:
		return turn_view(a, l, 1);
	case ACTION_VIEW_PREVIOUS:
		return turn_view(a, l, -1);
	case ACTION_SORT:
		chooser_open(a, l);
		return EFFECT_REDRAW;
	case ACTION_SORT_NEXT:
		return turn_sort(a, l, 1);
	case ACTION_SORT_PREVIOUS:
		return turn_sort(a, l, -1);
	case ACTION_INVERT:
		return invert(a, l);
	case ACTION_FILTER:
		return open_entry(a, ENTRY_FILTER);
	case ACTION_FIND:
		return open_entry(a, ENTRY_FIND);
	case ACTION_FIND_NEXT:
		return list_find(a, l, 1);
	case ACTION_FIND_PREVIOUS:
		return list_find(a, l, -1);
	case ACTION_CAPTURE_FILTER:
		return open_entry(a, ENTRY_CAPTURE);
	case ACTION_RESET:
		return ask_reset(a);
	}
	return 0;
}
