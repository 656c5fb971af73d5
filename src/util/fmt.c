/*
 * Numbers as text. Rounding happens once, in integers, so that 999.96 never becomes
 * "1000.0".
 */
#include "config.h"

#include "util/fmt.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "util/clock.h"
#include "util/str.h"
#include "util/utf8.h"

static const char prefixes[] = "kMGTPE";

char *fmt_fixed(char *to, uint64_t n, unsigned digits)
{
	for (unsigned i = digits; i-- > 0; n /= 10)
		to[i] = (char)('0' + n % 10);
	return to + digits;
}

char *fmt_uint(char *to, uint64_t n)
{
	unsigned digits = 1;

	for (uint64_t left = n; left >= 10; left /= 10)
		digits++;
	return fmt_fixed(to, n, digits);
}

/* n / unit in tenths, rounded half up; unit is at least 1000. */
static uint64_t tenths_of(uint64_t n, uint64_t unit)
{
	return n / (unit / 10) + (n % (unit / 10) >= unit / 20);
}

/*
 * Writes n with the one prefix that leaves less than 1000: a decimal below `limit` tenths,
 * else whole.
 */
static void scaled(char *buf, uint64_t n, unsigned limit, const char *space, const char *unit_name)
{
	uint64_t unit = 1000, tenths;
	int i = 0;

	while (n / unit + (n % unit >= unit / 2) >= 1000 && prefixes[i + 1]) {
		unit *= 1000;
		i++;
	}
	tenths = tenths_of(n, unit);
	if (tenths < limit)
		snprintf(buf, FMT_TEXT, "%" PRIu64 ".%" PRIu64 "%s%c%s", tenths / 10, tenths % 10,
			space, prefixes[i], unit_name);
	else
		snprintf(buf, FMT_TEXT, "%" PRIu64 "%s%c%s", n / unit + (n % unit >= unit / 2),
			space, prefixes[i], unit_name);
}

char *fmt_count(char buf[FMT_TEXT], uint64_t n, size_t columns)
{
	if (n < 10000 && (n < 1000 || columns >= 4))
		snprintf(buf, FMT_TEXT, "%" PRIu64, n);
	else
		scaled(buf, n, columns >= 5 ? 1000 : columns >= 4 ? 100 : 0, "", "");
	return buf;
}

char *fmt_bytes(char buf[FMT_TEXT], uint64_t n)
{
	if (n < 10000)
		snprintf(buf, FMT_TEXT, "%" PRIu64 " B", n);
	else
		scaled(buf, n, 1000, " ", "B");
	return buf;
}

/* Above a minute: the two largest units. */
static void long_duration(char *buf, size_t size, uint64_t s)
{
	if (s < 3600)
		snprintf(buf, size, "%" PRIu64 "m%02" PRIu64 "s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(buf, size, "%" PRIu64 "h%02" PRIu64 "m", s / 3600, s / 60 % 60);
	else
		snprintf(buf, size, "%" PRIu64 "d%02" PRIu64 "h", s / 86400, s / 3600 % 24);
}

char *fmt_duration(char buf[FMT_TEXT], int64_t ns)
{
	uint64_t n = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
	char *p = buf;
	size_t room = FMT_TEXT;
	uint64_t t;

	if (n == 0)
		return strcpy(buf, "0 s");
	if (ns < 0) {
		*p++ = '-';
		room--;
	}
	if (n < 1000) {
		snprintf(p, room, "%" PRIu64 " ns", n);
	} else if ((t = (n + 500) / 1000) < 1000) {
		snprintf(p, room, "%" PRIu64 " us", t);
	} else if ((t = (n + 50000) / 100000) < 10000) {
		snprintf(p, room, "%" PRIu64 ".%" PRIu64 " ms", t / 10, t % 10);
	} else if ((t = (n + NS_PER_SEC / 20) / (NS_PER_SEC / 10)) < 600) {
		snprintf(p, room, "%" PRIu64 ".%" PRIu64 " s", t / 10, t % 10);
	} else {
		long_duration(p, room, n / NS_PER_SEC + (n % NS_PER_SEC >= NS_PER_SEC / 2));
	}
	return buf;
}

char *fmt_ratio(char buf[FMT_TEXT], double r)
{
	long long n;

	if (!(r >= 0) || r > 1e17)
		return strcpy(buf, r > 0 ? "∞" : "?");
	if ((n = llround(r * 100)) < 1000)
		snprintf(buf, FMT_TEXT, "%lld.%02lld", n / 100, n % 100);
	else if ((n = llround(r * 10)) < 10000)
		snprintf(buf, FMT_TEXT, "%lld.%lld", n / 10, n % 10);
	else
		fmt_count(buf, (uint64_t)llround(r), 5);
	return buf;
}

char *fmt_share(char buf[FMT_TEXT], double share)
{
	long tenths;

	if (!(share > 0))
		return strcpy(buf, "0%");
	if (share >= 1)
		return strcpy(buf, "100%");
	tenths = lround(share * 1000);
	if (tenths < 10)
		snprintf(buf, FMT_TEXT, "0.%ld%%", tenths < 1 ? 1 : tenths);
	else
		snprintf(buf, FMT_TEXT, "%ld%%", tenths >= 990 ? 99 : lround(share * 100));
	return buf;
}

char *fmt_seconds(char buf[FMT_TEXT], int64_t ns)
{
	uint64_t n = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
	char *p = buf;

	if (ns < 0)
		*p++ = '-';
	p = fmt_uint(p, n / (uint64_t)NS_PER_SEC);
	*p++ = '.';
	*fmt_fixed(p, n % (uint64_t)NS_PER_SEC, 9) = '\0';
	return buf;
}

/* Whole seconds, rounded down, also before 1970. */
static int64_t floor_seconds(int64_t ns)
{
	int64_t s = ns / NS_PER_SEC;

	return ns % NS_PER_SEC < 0 ? s - 1 : s;
}

char *fmt_clock(char buf[FMT_TEXT], int64_t ns, unsigned decimals)
{
	int64_t s = floor_seconds(ns), fraction = ns - s * NS_PER_SEC;
	int64_t of_day = ((s % 86400) + 86400) % 86400;
	char *p = buf;

	p = fmt_fixed(p, (uint64_t)of_day / 3600, 2);
	*p++ = ':';
	p = fmt_fixed(p, (uint64_t)of_day / 60 % 60, 2);
	*p++ = ':';
	p = fmt_fixed(p, (uint64_t)of_day % 60, 2);
	if (decimals > 9)
		decimals = 9;
	if (decimals > 0) {
		*p++ = '.';
		fmt_fixed(p, (uint64_t)fraction, 9);
		p += decimals;
	}
	*p = '\0';
	return buf;
}

/*
 * The civil calendar from days since the epoch, counted in eras of 400 years that begin on
 * 1 March.
 */
char *fmt_date(char buf[FMT_TEXT], int64_t ns)
{
	int64_t s = floor_seconds(ns);
	int64_t days = (s - (((s % 86400) + 86400) % 86400)) / 86400 + 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t of_era = days - era * 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t m = (5 * of_year + 2) / 153;
	int64_t day = of_year - (153 * m + 2) / 5 + 1, month = m < 10 ? m + 3 : m - 9;
	char *p = fmt_fixed(buf, (uint64_t)(year + era * 400 + (month <= 2)), 4);

	/* 64 bits of nanoseconds end within four-digit years. */
	*p++ = '-';
	p = fmt_fixed(p, (uint64_t)month, 2);
	*p++ = '-';
	*fmt_fixed(p, (uint64_t)day, 2) = '\0';
	return buf;
}

void fmt_endpoint(struct str *out, const char *address, unsigned port)
{
	if (port == 0)
		str_add(out, address);
	else if (strchr(address, ':'))
		str_addf(out, "[%s]:%u", address, port);
	else
		str_addf(out, "%s:%u", address, port);
}

void fmt_middle(struct str *out, const char *text, size_t columns, const char *dots)
{
	size_t width = utf8_width(text), dots_width = utf8_width(dots), head, skip;
	const char *tail = text;

	if (width <= columns) {
		str_add(out, text);
		return;
	}
	if (columns <= dots_width) {
		str_add_n(out, text, utf8_clip(text, columns));
		return;
	}
	head = (columns - dots_width + 1) / 2;
	str_add_n(out, text, utf8_clip(text, head));
	str_add(out, dots);
	skip = width - (columns - dots_width - head);
	while (skip > 0 && *tail) {
		size_t w = (size_t)utf8_char_width(utf8_next(&tail));

		skip -= w < skip ? w : skip;
	}
	str_add(out, tail);
}
