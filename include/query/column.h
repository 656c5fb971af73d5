/*
 * Columns: what a user can see, sort by, filter on and export. One row each in
 * columns.def.
 */
#ifndef TCPTOP_QUERY_COLUMN_H
#define TCPTOP_QUERY_COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/connection.h"
#include "model/counters.h"
#include "util/str.h"

enum view {
	VIEW_SERVERS,
	VIEW_CLIENTS,
	VIEW_CLIENT_ZONES,
	VIEW_SERVER_ZONES,
	VIEW_ZONES,
	VIEW_SERVICES,
	VIEW_PORTS,
	VIEW_CONVERSATIONS,
	VIEW_CONNECTIONS,
	VIEW_ENDINGS,
	VIEW_FINDINGS,
	VIEW_GRAPH,
	VIEW_COUNT
};

enum kind { /* decides compare, alignment, format, JSON type, and which operators a filter may use */
	KIND_ADDR,
	KIND_PORT,
	KIND_TEXT,
	KIND_NAME,  /* text out of a closed list: endings, states, ... */
	KIND_LIST,  /* several names */
	KIND_COUNT,
	KIND_BYTES,
	KIND_RATIO, /* over zero: infinite */
	KIND_SHARE, /* 0..1, shown as per cent on the screen, as a fraction in exports */
	KIND_TIME,  /* ns since the epoch */
	KIND_DURATION /* ns */
};

/* Whether its values are texts (addresses among them), and no numbers. */
bool kind_is_text(enum kind kind);

#define COLUMN_DESCENDING 0x01 /* sorts descending first */
#define COLUMN_KEY 0x02	       /* part of the key of its view */
/* How soon a narrow screen drops it: 0 never, 1 last ... 7 first. */
#define COLUMN_DROP(n) ((n) << 8)
#define column_drop(col) ((col)->flags >> 8 & 7)

#define VALUE_TEXTS 8

struct value {
	enum { VALUE_ABSENT, VALUE_INT, VALUE_REAL, VALUE_INFINITE, VALUE_TEXT, VALUE_ADDR, VALUE_NAMES } what;
	int64_t i;
	double r;
	/*
	 * VALUE_TEXT; VALUE_NAMES: the names with '|' between. Borrowed until VALUE_TEXTS later
	 * getter calls.
	 */
	const char *text;
	struct addr addr;
};

struct query_row;

struct column {
	const char *name; /* "rst.count.srv" */
	const char *head; /* "RST" */
	const char *gist;
	enum kind kind;
	enum unit unit;
	uint8_t min, max; /* width on the screen; spare width is shared out up to max */
	uint16_t flags;
	uint32_t views;	  /* bit per enum view in which it can be shown, sorted by and filtered on */
	uint32_t exports; /* bit per enum view whose exports list it without being asked */
	struct value (*get)(const struct column *col, const struct query_row *row);
	int arg;	  /* for getters that serve several columns: a counter, an ending, a side */
};

extern const struct column columns[];
extern const size_t column_count;

/* Whether it shows a zone: names of zones are dear where there are a million addresses. */
bool column_is_zone(const struct column *col);

/* The column of that name in the view, or NULL. */
const struct column *column_find(enum view view, const char *name);
/*
 * The default columns of a view in their order: of the contract (exports) or of the
 * screen. Returns how many.
 */
size_t column_defaults(enum view view, bool screen, const struct column **out, size_t max);

/*
 * The i-th word a column of KIND_NAME or KIND_LIST can hold, NULL past the last or when
 * the list is open.
 */
const char *column_choice(const struct column *col, size_t i);

/*
 * Ascending order: addresses IPv4 first and numerically, infinite above every number,
 * absent last. <0, 0, >0.
 */
int value_compare(const struct column *col, const struct value *a, const struct value *b);
/* The order of rows: as above or turned round, absent last either way. */
int value_order(const struct column *col, const struct value *a, const struct value *b, bool ascending);

enum value_style {
	STYLE_EXPORT, /* as the contract says: absent and infinite are "" */
	/*
	 * The same, but times with their date, shares as per cent, and names for hosts and ports
	 * where the query asks
	 */
	STYLE_TABLE,
	STYLE_SCREEN  /* 12.3k, ∞, 50.4 ms */
};
/* Adds the text of the row's value. Numbers in STYLE_EXPORT are JSON numbers too. */
void column_format(const struct column *col, const struct query_row *row, enum value_style style,
	struct str *out);

extern const char *const view_names[VIEW_COUNT]; /* "servers", ... */
enum view view_by_name(const char *name);	 /* VIEW_COUNT: no such view */

#endif
