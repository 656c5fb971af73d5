/*
 * Values of the filter language: numbers with units, times, networks, names, patterns.
 * Nothing asks the locale.
 */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "query/apps.h"
#include "query/filter_tree.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/mem.h"
#include "util/str.h"

struct unit_word {
	const char *word;
	double factor;
};

static const struct unit_word duration_units[] = {
	{"ns", 1}, {"us", 1e3}, {"µs", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"sec", 1e9}, {"", 1e9},
	{"m", 60e9}, {"min", 60e9}, {"h", 3600e9}, {"d", 86400e9}, {NULL, 0},
};
static const struct unit_word byte_units[] = {
	{"", 1}, {"b", 1}, {"k", 1e3}, {"kb", 1e3}, {"m", 1e6}, {"mb", 1e6}, {"g", 1e9}, {"gb", 1e9},
	{"t", 1e12}, {"tb", 1e12}, {"kib", 1024}, {"mib", 1048576}, {"gib", 1073741824}, {NULL, 0},
};
static const struct unit_word count_units[] = {
	{"", 1}, {"k", 1e3}, {"m", 1e6}, {"g", 1e9}, {NULL, 0},
};
static const struct unit_word share_units[] = {{"", 1}, {"%", 0.01}, {NULL, 0}};
static const struct unit_word no_units[] = {{"", 1}, {NULL, 0}};
static const struct unit_word second_units[] = {{"", 1e9}, {"s", 1e9}, {NULL, 0}};

static const struct unit_word *units_of(enum kind kind)
{
	switch (kind) {
	case KIND_DURATION:
		return duration_units;
	case KIND_BYTES:
		return byte_units;
	case KIND_COUNT:
		return count_units;
	case KIND_RATIO:
	case KIND_SHARE:
		return share_units;
	case KIND_TIME:
		return second_units;
	case KIND_PORT:
	case KIND_ADDR:
	case KIND_TEXT:
	case KIND_NAME:
	case KIND_LIST:
		break;
	}
	return no_units;
}

bool operand_is_unit(const struct column *col, const char *word)
{
	const struct unit_word *u;

	if (col->kind != KIND_DURATION && col->kind != KIND_BYTES)
		return false;
	for (u = units_of(col->kind); u->word; u++)
		if (*u->word && !strcasecmp(u->word, word))
			return true;
	return false;
}

/* Digits before and after the point: `whole` and billionths. Moves *s behind them. */
static bool read_decimal(const char **s, uint64_t *whole, uint64_t *billionths)
{
	const char *p = *s;
	uint64_t place = 100000000;

	*whole = *billionths = 0;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (*whole > (UINT64_MAX - 9) / 10)
			return false;
		*whole = *whole * 10 + (uint64_t)(*p - '0');
	}
	if (p == *s && !(p[0] == '.' && p[1] >= '0' && p[1] <= '9'))
		return false;
	if (*p == '.' && p[1] >= '0' && p[1] <= '9') {
		for (p++; *p >= '0' && *p <= '9'; p++, place /= 10)
			*billionths += (uint64_t)(*p - '0') * place;
	}
	*s = p;
	return true;
}

/* Exact for whole numbers of the unit and for its billionths; saturates. */
static int64_t scaled(uint64_t whole, uint64_t billionths, double factor)
{
	uint64_t unit = (uint64_t)factor;

	if (whole > (uint64_t)INT64_MAX / unit - 1)
		return INT64_MAX;
	return (int64_t)(whole * unit + (uint64_t)llround((double)billionths * 1e-9 * (double)unit));
}

static bool is_port(const struct column *col)
{
	size_t n = strlen(col->name);

	return col->kind == KIND_PORT && n >= 4 && !strcmp(col->name + n - 4, "port");
}

/* What a user may write there, for messages. */
static const char *number_words(const struct column *col)
{
	switch (col->kind) {
	case KIND_DURATION:
		return "a duration such as 20ms, 5s or 2m";
	case KIND_BYTES:
		return "a number of bytes such as 1500, 10kB or 2MiB";
	case KIND_COUNT:
		return "a number such as 100 or 10k";
	case KIND_RATIO:
	case KIND_SHARE:
		return "a number such as 0.5 or 50%";
	case KIND_TIME:
		return "a time such as 2026-11-21T08:00:00 or seconds since 1970";
	case KIND_PORT:
		return is_port(col) ? "a port, 0 to 65535, or a name such as http" : "a number from 0 to 65535";
	case KIND_ADDR:
	case KIND_TEXT:
	case KIND_NAME:
	case KIND_LIST:
		break;
	}
	return "a number";
}

static bool no_number(struct parser *p, const struct column *col, const char *text, size_t at)
{
	parser_fail(p, at, "expected %s, not '%s'", number_words(col), text);
	return false;
}

static bool read_number(struct parser *p, const struct column *col, const char *text, size_t at,
	int64_t *i, double *r)
{
	const struct unit_word *u;
	uint64_t whole, billionths;
	const char *s = text;
	bool minus = *s == '-';

	if (col->kind == KIND_RATIO && (!strcasecmp(text, "inf") || !strcmp(text, "∞"))) {
		*r = INFINITY;
		return true;
	}
	s += minus;
	if (!read_decimal(&s, &whole, &billionths))
		return no_number(p, col, text, at);
	for (u = units_of(col->kind); u->word && strcasecmp(u->word, s); u++)
		;
	if (!u->word)
		return no_number(p, col, text, at);
	*r = ((double)whole + (double)billionths * 1e-9) * u->factor;
	*i = u->factor >= 1 ? scaled(whole, billionths, u->factor) : 0;
	if (minus) {
		*r = -*r;
		*i = -*i;
	}
	return true;
}

/* Days since the epoch of a date of the Gregorian calendar. */
static int64_t days_of(int year, int month, int day)
{
	int64_t y = year - (month <= 2), era = y / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* Exactly n digits. -1: they are not there. */
static int read_digits(const char **s, int n)
{
	int value = 0;

	for (; n > 0; n--, (*s)++) {
		if (**s < '0' || **s > '9')
			return -1;
		value = value * 10 + (**s - '0');
	}
	return value;
}

static bool read_separator(const char **s, const char *any_of)
{
	if (!**s || !strchr(any_of, **s))
		return false;
	(*s)++;
	return true;
}

/* "2026-11-21T08:00:13.5" (UTC), the time may be left out. */
static bool read_date(const char *s, int64_t *ns)
{
	int year, month, day, hour = 0, minute = 0;
	uint64_t second = 0, billionths = 0;

	year = read_digits(&s, 4);
	if (year < 1970 || !read_separator(&s, "-"))
		return false;
	month = read_digits(&s, 2);
	if (month < 1 || month > 12 || !read_separator(&s, "-"))
		return false;
	day = read_digits(&s, 2);
	if (day < 1 || day > 31)
		return false;
	if (read_separator(&s, "Tt ")) {
		hour = read_digits(&s, 2);
		if (hour < 0 || hour > 23 || !read_separator(&s, ":"))
			return false;
		minute = read_digits(&s, 2);
		if (minute < 0 || minute > 59)
			return false;
		if (read_separator(&s, ":") && (!read_decimal(&s, &second, &billionths) || second > 60))
			return false;
	}
	read_separator(&s, "Zz");
	if (*s || year > 2200)
		return false;
	*ns = ((days_of(year, month, day) * 24 + hour) * 60 + minute) * 60 * NS_PER_SEC +
		(int64_t)second * NS_PER_SEC + (int64_t)billionths;
	return true;
}

static bool read_scalar(struct parser *p, const struct column *col, const char *text, size_t at,
	int64_t *i, double *r)
{
	uint16_t port;

	if (col->kind == KIND_TIME && read_date(text, i)) {
		*r = (double)*i;
		return true;
	}
	if (is_port(col) && app_port(text, &port)) {
		*i = port;
		*r = port;
		return true;
	}
	if (!read_number(p, col, text, at, i, r))
		return false;
	return col->kind != KIND_PORT || (*i >= 0 && *i <= 65535) || no_number(p, col, text, at);
}

/* A number, or a range "8000..8010". */
static bool parse_numbers(struct parser *p, const struct column *col, const char *text, size_t at,
	struct operand *out)
{
	const char *dots = strstr(text, "..");
	struct str low = STR_INIT;
	bool ok;

	if (!dots) {
		ok = read_scalar(p, col, text, at, &out->i, &out->r);
		out->i_to = out->i;
		out->r_to = out->r;
		return ok;
	}
	str_add_n(&low, text, (size_t)(dots - text));
	ok = read_scalar(p, col, low.s, at, &out->i, &out->r) &&
		read_scalar(p, col, dots + 2, at + low.len + 2, &out->i_to, &out->r_to);
	str_free(&low);
	return ok;
}

static bool parse_net(struct parser *p, const char *text, size_t at, struct operand *out)
{
	const char *slash = strchr(text, '/');
	struct str address = STR_INIT;
	unsigned widest, bits = 0;
	bool ok;

	str_add_n(&address, text, slash ? (size_t)(slash - text) : strlen(text));
	ok = addr_parse(address.s, &out->net);
	str_free(&address);
	if (!ok) {
		parser_fail(p, at, "expected an address or a network such as 10.0.0.0/8, not '%s'", text);
		return false;
	}
	widest = addr_is_v4(&out->net) ? 32 : 128;
	out->bits = 128;
	if (!slash)
		return true;
	for (text = slash + 1; *text >= '0' && *text <= '9' && bits <= 128; text++)
		bits = bits * 10 + (unsigned)(*text - '0');
	if (text == slash + 1 || *text || bits > widest) {
		parser_fail(p, at, "expected a prefix length from 0 to %u after '/'", widest);
		return false;
	}
	out->bits = bits + 128 - widest;
	return true;
}

/* "idle" is said of "idle=3.2", and "stage" of "stage=setup". */
static bool same_name(const char *word, const char *text)
{
	size_t head = strcspn(word, "="), typed = strcspn(text, "=");

	if (!strcasecmp(word, text))
		return true;
	return head == typed && !strncasecmp(word, text, head) && (!word[head] || !text[typed]);
}

static bool is_choice(const struct column *col, const char *text)
{
	const char *word;
	size_t i;

	if (!column_choice(col, 0))
		return true;
	for (i = 0; (word = column_choice(col, i)); i++)
		if (same_name(word, text))
			return true;
	return false;
}

/* What a value of the column is called. */
static const char *choice_words(const struct column *col)
{
	static const struct {
		const char *name, *words;
	} known[] = {
		{"state.clt", "state"}, {"state.srv", "state"}, {"group", "group of endings"},
		{"dominant", "ending"}, {"attributes", "attribute"}, {"evidence", "kind of evidence"},
		{"client.by", "way to find the client"},
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (!strcmp(known[i].name, col->name))
			return known[i].words;
	return col->name;
}

static bool parse_name(struct parser *p, const struct column *col, const char *text, size_t at,
	struct operand *out)
{
	struct str words = STR_INIT;
	const char *word;
	size_t i;

	if (is_choice(col, text)) {
		out->text = mem_strdup(text);
		return true;
	}
	for (i = 0; (word = column_choice(col, i)); i++)
		str_addf(&words, "%s%s", i ? ", " : "", word);
	parser_fail(p, at, "'%s' is no %s; there are: %s", text, choice_words(col), words.s);
	str_free(&words);
	return false;
}

bool operand_parse(struct parser *p, const struct column *col, const char *text, size_t at,
	struct operand *out)
{
	memset(out, 0, sizeof(*out));
	out->empty = !*text;
	if (out->empty)
		return true;
	if (col->kind == KIND_ADDR)
		return parse_net(p, text, at, out);
	if (kind_is_text(col->kind))
		return parse_name(p, col, text, at, out);
	return parse_numbers(p, col, text, at, out);
}

#define REGEX_LENGTH 256
#define REGEX_REPEATS 1000

/*
 * Whether the pattern is harmless: repeat counts multiply into memory and back-references
 * into time. Says what is wrong, or NULL.
 */
static const char *regex_fault(const char *s)
{
	unsigned long product = 1;

	if (strlen(s) > REGEX_LENGTH)
		return "the pattern is too long";
	for (; *s; s++) {
		if (*s == '\\') {
			if (!*++s)
				return "the pattern ends in a backslash";
			if (*s >= '0' && *s <= '9')
				return "back-references are not known here";
		} else if (*s == '{') {
			unsigned long n, most = 1;
			char *end;

			for (s++; *s && *s != '}'; s = *end && end == s ? s + 1 : end) {
				n = strtoul(s, &end, 10);
				most = n > most ? n : most;
			}
			product = most > REGEX_REPEATS ? REGEX_REPEATS + 1 : product * most;
			if (product > REGEX_REPEATS)
				return "the pattern repeats too often";
			if (!*s)
				break;
		}
	}
	return NULL;
}

bool regex_parse(struct parser *p, const char *text, size_t at, regex_t *out)
{
	const char *fault = regex_fault(text);
	char words[128];
	int code;

	if (fault) {
		parser_fail(p, at, "%s", fault);
		return false;
	}
	code = regcomp(out, text, REG_EXTENDED | REG_ICASE | REG_NOSUB);
	if (code == 0)
		return true;
	regerror(code, out, words, sizeof(words));
	parser_fail(p, at, "expected a regular expression: %s", words);
	return false;
}
