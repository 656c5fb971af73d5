/* Columns by name, and their values as text and in order. */
#include "config.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "model/finding.h"
#include "query/apps.h"
#include "query/query.h"
#include "util/clock.h"
#include "util/fmt.h"

#define SENT "syn.count.clt fin.count.clt rst.count.clt syn.count.srv fin.count.srv rst.count.srv "
#define ENDED                                                                            \
	"group.ok group.refused group.no_answer group.aborted_server group.aborted_client " \
	"group.path group.silent group.half_closed_group bad.ratio"
#define SUMMED " attempts " SENT ENDED

/* What a screen shows of each view when nothing was chosen. */
static const char *const screen_columns[VIEW_COUNT] = {
	[VIEW_SERVERS] = "server" SUMMED " peers",
	[VIEW_CLIENTS] = "client" SUMMED " peers",
	[VIEW_CLIENT_ZONES] = "client.zone" SUMMED " peers",
	[VIEW_SERVER_ZONES] = "server.zone" SUMMED " peers",
	[VIEW_ZONES] = "client.zone server.zone" SUMMED,
	[VIEW_SERVICES] = "server server.port app" SUMMED " peers",
	[VIEW_PORTS] = "server.port app" SUMMED " peers",
	[VIEW_CONVERSATIONS] = "client server server.port app" SUMMED,
	[VIEW_CONNECTIONS] = "start client client.port server server.port app state.clt state.srv "
		"ending confidence closer duration rst.count.clt rst.count.srv bytes.clt bytes.srv history",
	[VIEW_ENDINGS] = "ending group count share sentence",
	[VIEW_FINDINGS] = "severity finding state first last count subject sentence",
	[VIEW_GRAPH] = "time attempts ct.count " SENT "rst.per_ct.clt rst.per_ct.srv ok refused "
		"no_answer aborted_server aborted_client path silent half_closed_group other",
};

const char *const view_names[VIEW_COUNT] = {
	[VIEW_SERVERS] = "servers",
	[VIEW_CLIENTS] = "clients",
	[VIEW_CLIENT_ZONES] = "client-zones",
	[VIEW_SERVER_ZONES] = "server-zones",
	[VIEW_ZONES] = "zones",
	[VIEW_SERVICES] = "services",
	[VIEW_PORTS] = "ports",
	[VIEW_CONVERSATIONS] = "conversations",
	[VIEW_CONNECTIONS] = "connections",
	[VIEW_ENDINGS] = "endings",
	[VIEW_FINDINGS] = "findings",
	[VIEW_GRAPH] = "graph",
};

enum view view_by_name(const char *name)
{
	int v;

	for (v = 0; v < VIEW_COUNT; v++)
		if (!strcmp(view_names[v], name))
			break;
	return (enum view)v;
}

bool kind_is_text(enum kind kind)
{
	switch (kind) {
	case KIND_ADDR:
	case KIND_TEXT:
	case KIND_NAME:
	case KIND_LIST:
		return true;
	case KIND_PORT:
	case KIND_COUNT:
	case KIND_BYTES:
	case KIND_RATIO:
	case KIND_SHARE:
	case KIND_TIME:
	case KIND_DURATION:
		break;
	}
	return false;
}

const struct column *column_find(enum view view, const char *name)
{
	size_t i;

	for (i = 0; i < column_count; i++)
		if ((columns[i].views >> view & 1) && !strcmp(columns[i].name, name))
			return &columns[i];
	return NULL;
}

static size_t screen_defaults(enum view view, const struct column **out, size_t max)
{
	const char *p = screen_columns[view];
	size_t n = 0;

	while (*p && n < max) {
		size_t len = strcspn(p, " ");
		char name[64];

		memcpy(name, p, len);
		name[len] = '\0';
		out[n] = column_find(view, name);
		n += out[n] != NULL;
		p += len + strspn(p + len, " ");
	}
	return n;
}

size_t column_defaults(enum view view, bool screen, const struct column **out, size_t max)
{
	size_t i, n = 0;

	if (screen)
		return screen_defaults(view, out, max);
	for (i = 0; i < column_count && n < max; i++)
		if (columns[i].exports >> view & 1)
			out[n++] = &columns[i];
	return n;
}

const char *column_choice(const struct column *col, size_t i)
{
	const char *n = col->name;

	i++; /* the first of these lists is "nothing" */
	if (!strcmp(n, "ending") || !strcmp(n, "dominant"))
		return i < ENDING_COUNT ? ending_info[i].name : NULL;
	if (!strcmp(n, "group"))
		return i < GROUP_COUNT ? group_info[i].name : NULL;
	if (!strncmp(n, "state.", 6))
		return i < STATE_COUNT ? state_names[i] : NULL;
	if (!strcmp(n, "confidence"))
		return i <= CONFIDENCE_HIGH ? confidence_name((enum confidence)i) : NULL;
	if (!strcmp(n, "closer"))
		return i <= CLOSER_BOTH ? closer_names[i] : NULL;
	i--;
	if (!strcmp(n, "severity"))
		return i < SEVERITY_COUNT ? severity_names[i] : NULL;
	if (!strcmp(n, "state"))
		return i < 2 ? (i ? "over" : "now") : NULL;
	if (!strcmp(n, "client.by"))
		return i < BY_COUNT ? client_by_names[i] : NULL;
	if (!strcmp(n, "attributes"))
		return i < ATTRIBUTE_COUNT ? attribute_info[i].name : NULL;
	if (!strcmp(n, "evidence"))
		return i < EVIDENCE_COUNT ? evidence_info[i].name : NULL;
	return NULL;
}

static double as_real(const struct value *v)
{
	return v->what == VALUE_INFINITE ? INFINITY : v->what == VALUE_REAL ? v->r : (double)v->i;
}

int value_compare(const struct column *col, const struct value *a, const struct value *b)
{
	double x, y;

	if (a->what == VALUE_ABSENT || b->what == VALUE_ABSENT)
		return (a->what == VALUE_ABSENT) - (b->what == VALUE_ABSENT);
	if (a->what == VALUE_ADDR && b->what == VALUE_ADDR)
		return addr_compare(&a->addr, &b->addr);
	if (a->text && b->text && a->i != b->i)
		return (a->i > b->i) - (a->i < b->i);
	if (a->text && b->text)
		return strcmp(a->text, b->text);
	if (a->what == VALUE_INT && b->what == VALUE_INT)
		return (a->i > b->i) - (a->i < b->i);
	x = as_real(a);
	y = as_real(b);
	return (x > y) - (x < y);
}

int value_order(const struct column *col, const struct value *a, const struct value *b, bool ascending)
{
	int order = value_compare(col, a, b);

	if (a->what == VALUE_ABSENT || b->what == VALUE_ABSENT)
		return order;
	return ascending ? order : -order;
}

static void add_int(struct str *out, int64_t i)
{
	char *to = str_space(out, 1 + FMT_UINT);

	if (i >= 0 && i < 10) { /* nearly all counters are */
		*to = (char)('0' + i);
		str_wrote(out, to + 1);
		return;
	}
	if (i < 0)
		*to++ = '-';
	str_wrote(out, fmt_uint(to, i < 0 ? 0 - (uint64_t)i : (uint64_t)i));
}

/* At most six decimals, without trailing zeroes and without the locale's comma. */
static void add_real(struct str *out, double r)
{
	uint64_t millionths = (uint64_t)llround(r * 1e6), fraction = millionths % 1000000;
	char *to = fmt_uint(str_space(out, FMT_UINT + 7), millionths / 1000000);
	unsigned digits = 6;

	if (fraction) {
		for (; fraction % 10 == 0; digits--)
			fraction /= 10;
		*to++ = '.';
		to = fmt_fixed(to, fraction, digits);
	}
	str_wrote(out, to);
}

static void add_exported(const struct column *col, const struct value *v, struct str *out)
{
	char buf[FMT_TEXT];

	if (v->what == VALUE_REAL)
		add_real(out, v->r);
	else if (col->kind == KIND_TIME || col->kind == KIND_DURATION)
		str_add(out, fmt_seconds(buf, v->i));
	else
		add_int(out, v->i);
}

/* One word each, that a filter understands again: 2026-11-21T08:00:39.310Z, 76%. */
static void add_tabled(const struct column *col, const struct value *v, const struct query_row *row,
	struct str *out)
{
	char date[FMT_TEXT], clock[FMT_TEXT];

	if (col->kind == KIND_TIME) {
		str_add(out, fmt_date(date, v->i));
		str_add_char(out, 'T');
		str_add(out, fmt_clock(clock, v->i, row->view == VIEW_GRAPH ? 0 : 3));
		str_add_char(out, 'Z');
	} else if (col->kind == KIND_SHARE) {
		str_add(out, fmt_share(clock, as_real(v)));
	} else {
		add_exported(col, v, out);
	}
}

static void add_shown(const struct column *col, const struct value *v, const struct query_row *row,
	struct str *out)
{
	char buf[FMT_TEXT];

	switch (col->kind) {
	case KIND_COUNT:
	case KIND_BYTES:
		str_add(out, fmt_count(buf, (uint64_t)v->i, col->max));
		return;
	case KIND_RATIO:
		str_add(out, fmt_ratio(buf, as_real(v)));
		return;
	case KIND_SHARE:
		str_add(out, fmt_share(buf, as_real(v)));
		return;
	case KIND_TIME:
		str_add(out, fmt_clock(buf, v->i, row->view == VIEW_GRAPH ? 0 : 3));
		return;
	case KIND_DURATION:
		str_add(out, fmt_duration(buf, v->i));
		return;
	case KIND_PORT:
		add_int(out, v->i);
		return;
	case KIND_ADDR:
	case KIND_TEXT:
	case KIND_NAME:
	case KIND_LIST:
		return; /* not numbers */
	}
}

/* -N: the name in place of an address or port. False when it has none, or none yet. */
static bool add_name(const struct column *col, const struct value *v, const struct query_row *row,
	struct str *out)
{
	const struct query *q = row->query;
	const char *name = NULL;

	if (!q || !q->names)
		return false;
	if (v->what == VALUE_ADDR && q->host)
		name = q->host(&v->addr);
	else if (v->what == VALUE_INT && col->kind == KIND_PORT &&
		strcmp(col->name + strlen(col->name) - 4, "port") == 0)
		name = app_name((uint16_t)v->i);
	if (!name || !*name)
		return false;
	str_add(out, name);
	return true;
}

/* A state that the peer has not confirmed yet. */
static bool is_assumed(const struct column *col, const struct query_row *row)
{
	if (strncmp(col->name, "state.", 6) != 0)
		return false;
	return row->c->side[strcmp(col->name, "state.clt") ? SERVER : CLIENT].state_assumed;
}

static void add_missing(const struct column *col, const struct query_row *row, struct str *out)
{
	if ((col->kind == KIND_ADDR || col->kind == KIND_PORT) && row->view != VIEW_CONNECTIONS)
		str_add(out, "(others)"); /* conversations that were folded */
}

void column_format(const struct column *col, const struct query_row *row, enum value_style style,
	struct str *out)
{
	struct value v = col->get(col, row);
	char buf[ADDR_TEXT];

	if (style != STYLE_EXPORT && add_name(col, &v, row, out))
		return;
	switch (v.what) {
	case VALUE_ABSENT:
		if (style == STYLE_SCREEN)
			add_missing(col, row, out);
		break;
	case VALUE_INFINITE:
		if (style == STYLE_SCREEN)
			str_add(out, "∞");
		break;
	case VALUE_ADDR:
		str_add(out, addr_text(&v.addr, buf));
		break;
	case VALUE_TEXT:
	case VALUE_NAMES:
		str_add(out, v.text);
		if (style == STYLE_SCREEN && is_assumed(col, row))
			str_add_char(out, '~');
		break;
	case VALUE_INT:
	case VALUE_REAL:
		if (style == STYLE_SCREEN)
			add_shown(col, &v, row, out);
		else if (style == STYLE_TABLE)
			add_tabled(col, &v, row, out);
		else
			add_exported(col, &v, out);
		break;
	}
}
