/* Numbers, sizes and times as people read them. Never asks the locale; time is UTC. */
#ifndef TCPTOP_UTIL_FMT_H
#define TCPTOP_UTIL_FMT_H

#include <stddef.h>
#include <stdint.h>

struct str;

#define FMT_TEXT 40 /* room for the result of every fmt_ function that fills a buffer */
#define FMT_UINT 20 /* digits of the largest number */

/* Digits of n, or the last `digits` of them with zeroes in front, and no end. Returns where they end. */
char *fmt_uint(char *to, uint64_t n);
char *fmt_fixed(char *to, uint64_t n, unsigned digits);

/* All that follow return buf. */

/*
 * 9999, 12.3k, 123k, 1.2M: at most `columns` wide where that can be done (4 always can),
 * never wider than 5 from 10000 on.
 */
char *fmt_count(char buf[FMT_TEXT], uint64_t n, size_t columns);
/* "500 B", "12.3 kB", "3.8 MB": powers of 1000. */
char *fmt_bytes(char buf[FMT_TEXT], uint64_t n);
/*
 * "0 s", "19 us", "200.6 ms", "38.0 s", "2m03s", "1h02m", "3d04h"; with a minus in front
 * of negative ones.
 */
char *fmt_duration(char buf[FMT_TEXT], int64_t ns);
/* "0.54", "1.00", "12.3", "12.3k": for ratios. */
char *fmt_ratio(char buf[FMT_TEXT], double r);
/* A fraction as per cent: "0%", "0.4%", "76%", "100%"; never 0% or 100% for what is not. */
char *fmt_share(char buf[FMT_TEXT], double share);
/* Seconds with nine decimals, for exports. */
char *fmt_seconds(char buf[FMT_TEXT], int64_t ns);
/* Time of day of a time since the epoch with 0 to 9 decimals: "08:00:39.31". */
char *fmt_clock(char buf[FMT_TEXT], int64_t ns, unsigned decimals);
/* "2026-11-21". */
char *fmt_date(char buf[FMT_TEXT], int64_t ns);

/* Adds "10.0.0.5:1194" or "[fd77::2]:443"; port 0 is left out, with the brackets. */
void fmt_endpoint(struct str *out, const char *address, unsigned port);

/*
 * Adds text that is too long for `columns` with its middle cut out, so that start and end
 * stay readable: "2001:db8:85…0370:7334". `dots` stands in for the middle ("…", or "~"
 * without UTF-8). What fits is added whole.
 */
void fmt_middle(struct str *out, const char *text, size_t columns, const char *dots);

#endif
