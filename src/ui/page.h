/*
 * Pages: what the app is made of. A stack of them; a key goes to the top one. Help and choosers are
 * drawn over the page below. Private to src/ui.
 */
#ifndef TCPTOP_UI_PAGE_H
#define TCPTOP_UI_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/trail.h"
#include "ui/prompt.h"
#include "query/filter.h"
#include "query/query.h"
#include "ui/table.h"
#include "ui/app.h"
#include "ui/keymap.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/str.h"

#define HOLD_NS (3 * NS_PER_SEC) /* the order stands still so long after a step of the cursor */
#define LIST_LIMIT 5000	     /* rows fetched; what lies beyond is counted, and found by filtering */
#define CHOICES 10
#define PREVIEW_LISTS 2
#define PREVIEW_ROWS 12

/* What else the columns of a list's table can be. */
enum picture { PICTURE_NONE, PICTURE_CLIENT, PICTURE_SERVER };

/* A question to the store that is being worked on. */
struct ask {
	bool open;
	struct filter *filter[2]; /* own */
	struct query query;
	struct result result; /* its memory stays from one question to the next */
};

/* What a list asks, in this order. */
enum list_stage {
	LIST_WHOLE, /* nothing more */
	LIST_ROWS,
	LIST_SCOPE, /* how many rows there were without the typed filter */
	LIST_FINDINGS, /* what the headline may be */
	LIST_WORST, /* the headline */
	LIST_CONNECTIONS /* how many a typed filter matches that matches no row */
};

struct list {
	enum view view;
	char *scope;   /* filter text of where we have drilled down to, "" at the root */
	char *crumb;   /* what to call it, "10.0.0.5"; "" at the root */
	char *filter;  /* what the user typed, "" none */
	struct filter *scope_filter, *user_filter;
	const struct fields *columns; /* of app_conf */
	struct query query;
	struct result result; /* what is shown */
	enum list_stage stage; /* what is asked now */
	bool stale;	       /* the rows are not those asked for */
	struct ask ask;
	size_t *order, order_room; /* place on the screen -> place in the result */
	uint64_t *ids;		   /* identities in the order of the screen, for holding it */
	uint64_t connections;  /* that the typed filter matches when it matches no row here */
	size_t rows, in_scope; /* fetched; there were without the typed filter */
	bool held;	  /* the order is that of before: the cursor was just moved */
	bool pinned;	  /* the cursor was moved: it belongs to its row, not to the top */
	struct table table;
	int64_t utc_offset; /* added to times of day */
	const struct column *shown[TABLE_COLUMNS]; /* NULL: a picture */
	enum picture picture[TABLE_COLUMNS];
	char worst[320];  /* the worst finding, else the sentence of the worst service in scope */
	char banner[352]; /* what is wrong with the capture, or missing here; "" nothing */
	bool worst_bad;
};

struct detail {
	uint64_t uid;
	bool known, gone; /* the store had it; and has it no more */
	uint32_t at;	  /* where */
	struct connection c;
	struct trail trail;
	bool has_trail;
	int scroll, height, visible; /* lines */
	bool expanded;		     /* the whole ladder, however long */
	uint64_t alike, of;	     /* ended the same way on this service, of all there */
};

struct over { /* help or chooser */
	int scroll, height, visible;
	size_t chosen, count;
	const struct column *choice[256];
};

enum page_kind { PAGE_LIST, PAGE_DETAIL, PAGE_HELP, PAGE_CHOOSER };

struct page {
	enum page_kind kind;
	struct list *list;     /* PAGE_LIST */
	struct detail *detail; /* PAGE_DETAIL */
	struct over *over;     /* PAGE_HELP, PAGE_CHOOSER */
};

enum entry_kind { ENTRY_NONE, ENTRY_FILTER, ENTRY_FIND, ENTRY_COMMAND, ENTRY_CAPTURE, ENTRY_COUNT };

struct entry { /* the line that is being typed */
	enum entry_kind kind;
	struct prompt prompt[ENTRY_COUNT];
	char *before;	     /* the filter to go back to */
	char *fallback;	     /* the one before that which is being tried, until its rows are there */
	struct err err;	     /* what is wrong with the text, "" nothing */
	size_t bad_at;	     /* where, in octets */
	struct completion choice[CHOICES];
	size_t choices, next; /* what Tab offers; next one to put in */
	bool completing;
	bool full; /* something did not fit: what stands there is not what was meant */
};

struct preview_row {
	char name[64], app[32], head[8];
	enum role role;
	uint64_t attempts, rst_clt, rst_srv, bad;
};

struct preview { /* what is said below the table of the selected row; made anew when it or the store changed */
	uint64_t id, version;
	enum view view;
	bool valid, late; /* late: the lists are still to come */
	int stage;	  /* which is asked now; the latest ends are the last */
	struct ask ask;
	struct str scope, row_scope; /* of the lists, and of the latest ends */
	struct str sentence, title;
	struct counters n;
	char list_title[PREVIEW_LISTS][32];
	struct preview_row row[PREVIEW_LISTS][PREVIEW_ROWS];
	size_t rows[PREVIEW_LISTS], total[PREVIEW_LISTS];
	struct connection last[PREVIEW_ROWS];
	size_t lasts;
	bool has_connection;
	struct connection c; /* the selected one, in lists of connections */
	enum ending ending;
};

#define PAGES 24

struct app {
	struct app_conf conf;
	struct theme theme;
	struct keymap keymap;
	struct page page[PAGES];
	int depth; /* pages in use, at least 1 */
	struct entry entry;
	struct preview preview;
	struct ask alike; /* of the detail on top */
	int64_t rest_until;
	int64_t now, refreshed, moved; /* moved: last step of the cursor */
	int64_t drawn_second;
	uint64_t version; /* of the store, at the last look */
	bool looked, was_empty, was_ended;
	bool paused, asking_reset, asking_quit;
	int64_t paused_at;
	uint64_t paused_packets;
	char message[320];
	enum role message_role;
	int64_t message_until;
	char *note, *capture_filter;
	char find[128];
};

/* ---- app.c: the stack and what is said in passing ---- */
struct page *app_top(struct app *a);
/* The list that is on top or below an overlay or detail. */
struct list *app_list(struct app *a);
struct page *app_push(struct app *a, enum page_kind kind);
void app_pop(struct app *a);
/* Said on the message line for some seconds. */
void app_say(struct app *a, enum role role, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* ---- list.c: rows, order, cursor ---- */
struct list *list_new(const struct app *a, enum view view);
void list_free(struct list *l);
/* Another view of the same scope. False, with a message, when the scope cannot be seen that way. */
bool list_set_view(struct app *a, struct list *l, enum view view);
bool list_set_scope(struct app *a, struct list *l, const char *scope, const char *crumb);
void list_sort_by(struct app *a, struct list *l, const struct column *col, bool ascending);
bool list_set_filter(struct app *a, struct list *l, const char *text, struct err *err, size_t *bad_at);
/* Asks the store anew; what is shown stays until the answer is there. */
void list_refresh(struct app *a, struct list *l);
/* A piece of that. True when there is something new to show. */
bool list_work(struct app *a, struct list *l, size_t piece);
const struct query_row *list_row(struct list *l, size_t index);
/* ---- ask.c ---- */
/* Begins to ask; the query's filters are made of the texts. False: the view has no such filter. */
bool ask_begin(struct app *a, struct ask *ask, const struct query *query, const char *scope,
	const char *filter);
/* Stops asking. The result stays what it is. */
void ask_close(struct ask *ask);
void ask_free(struct ask *ask);
/* Rows to look at at one go, for query_step(). */
size_t ask_piece(const struct app *a);
/* ---- cells.c: columns and what stands in them ---- */
void list_choose_columns(struct list *l);
bool view_has_sparks(enum view view);
struct table_model list_model(struct list *l);

/* ---- act.c: what keys do in lists and details ---- */
unsigned list_act(struct app *a, struct list *l, enum action act);
unsigned list_find(struct app *a, struct list *l, int direction);

/* ---- names.c ---- */
/* "10.0.0.5:1194", ":443 https", "10.1.0.0/24": what a row is about. */
void row_label(const struct query_row *row, struct str *out);
/* In words: "servers", "client zones". Singular when n is 1. */
const char *view_words(enum view view, uint64_t n);
const char *view_tab(enum view view, int size); /* 0 long, 1 middling, 2 three letters */
enum view view_at_tab(int n);			/* VIEW_COUNT: none */
int tab_of_view(enum view view);
int tab_count(void);

/* ---- draw.c, status.c, preview.c ---- */
void list_draw(struct app *a, struct list *l, struct canvas *c);
void status_draw(struct app *a, struct canvas *c, int y);
void tabs_draw(struct app *a, struct canvas *c, int y, enum view active);
/* What leads here, ending in `last`; the beginning is cut when it takes more than `width`. */
void crumbs_draw(struct app *a, struct canvas *c, int y, int width, const char *last);
void totals_draw(struct app *a, const struct list *l, struct canvas *c, int y);
/* The message line and the key bar. */
void foot_draw(struct app *a, struct canvas *c, unsigned where, const char *otherwise, enum role role);
/* The cursor has come to rest: the lists can be asked for. */
bool preview_is_due(const struct app *a);
/* A piece of that. True when there is something new to show. */
bool preview_work(struct app *a, size_t piece);
void preview_free(struct preview *p);
void preview_draw(struct app *a, struct list *l, struct canvas *c, struct rect r);

/* A line of items that shrink and go by rank when there is no room: the highest rank first. */
struct bar_item {
	char text[2][192]; /* long and short form; an empty short one: gone at once */
	enum role role;
	int rank; /* 0 never goes */
};
void bar_draw(struct canvas *c, int y, enum role between, struct bar_item *item, size_t n, int gap);

/* ---- detail.c, ladder.c ---- */
bool detail_open(struct app *a, uint64_t uid);
void detail_refresh(struct app *a, struct detail *d);
/* A piece of what that asks. True when there is something new to show. */
bool detail_work(struct app *a, struct detail *d, size_t piece);
unsigned detail_act(struct app *a, struct detail *d, enum action act);
void detail_draw(struct app *a, struct detail *d, struct canvas *c);
/*
 * Draws the segments from line y on, the middle left out when they need more than `room` lines (0:
 * never). Returns the line behind.
 */
int ladder_draw(struct canvas *c, int y, int room, const struct detail *d, int64_t utc_offset);
const char *state_short(unsigned state);

/* ---- help.c, chooser.c ---- */
void help_open(struct app *a);
void help_draw(struct app *a, struct over *o, struct canvas *c);
void chooser_open(struct app *a, struct list *l);
void chooser_draw(struct app *a, struct over *o, struct canvas *c);
unsigned over_act(struct app *a, struct page *p, enum action act);

/* ---- entry.c: fields ---- */
void entry_open(struct app *a, enum entry_kind kind);
unsigned entry_key(struct app *a, uint32_t key);
/* Pasted text, all of it or none. */
unsigned entry_paste(struct app *a, const char *text);
/*
 * The rows of a filter that is being typed are there. True: it finds nothing on the way to more,
 * and is taken back.
 */
bool entry_refuses(struct app *a, struct list *l, size_t matched);
void entry_draw(struct app *a, struct canvas *c);
void entry_init(struct entry *e);
void entry_fini(struct entry *e);

#endif
