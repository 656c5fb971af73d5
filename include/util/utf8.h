/* UTF-8 and columns of a terminal, without asking the locale. */
#ifndef TCPTOP_UTIL_UTF8_H
#define TCPTOP_UTIL_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str;

#define UTF8_REPLACEMENT 0xfffd

/*
 * Reads one character at *s and moves *s behind it. A bad octet is one UTF8_REPLACEMENT;
 * the end is 0, not moved.
 */
uint32_t utf8_next(const char **s);
/* Writes a character, at most 4 octets, no NUL. Returns how many. */
size_t utf8_encode(uint32_t ch, char out[4]);

/*
 * Columns: 0 for combining marks and controls, 2 for East Asian wide ones and emoji, else
 * 1.
 */
int utf8_char_width(uint32_t ch);
size_t utf8_width(const char *s);

/*
 * Octets of the longest start of `s` that fits into `columns`; combining marks stay with
 * their letter.
 */
size_t utf8_clip(const char *s, size_t columns);

/* Adds `s` clipped and filled up with spaces to exactly `columns`. */
void utf8_pad(struct str *out, const char *s, size_t columns, bool right_aligned);

/*
 * Adds text of unknown origin: controls and bad octets become \xNN, the rest stays as it
 * is.
 */
void utf8_escape(struct str *out, const char *s, size_t n);

#endif
