/* A growing string. */
#ifndef TCPTOP_UTIL_STR_H
#define TCPTOP_UTIL_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct err;

/* `s` is always terminated and never NULL after the first call; it belongs to the str. */
struct str {
	char *s;
	size_t len, room;
};

#define STR_INIT \
	{ \
		NULL, 0, 0 \
	}

/* Makes it hold n more octets and the end. */
void str_grow(struct str *str, size_t n);

/*
 * For who writes much in small pieces: room for n more octets, and after writing up to `end` there,
 * that they are part of it.
 */
static inline char *str_space(struct str *str, size_t n)
{
	if (str->room - str->len <= n)
		str_grow(str, n);
	return str->s + str->len;
}

static inline void str_wrote(struct str *str, char *end)
{
	*end = '\0';
	str->len = (size_t)(end - str->s);
}

static inline void str_add_n(struct str *str, const char *text, size_t n)
{
	char *to = str_space(str, n);

	memcpy(to, text, n);
	str_wrote(str, to + n);
}

static inline void str_add_char(struct str *str, char c)
{
	char *to = str_space(str, 1);

	*to = c;
	str_wrote(str, to + 1);
}

void str_add(struct str *str, const char *text);
void str_add_spaces(struct str *str, size_t n);
void str_addf(struct str *str, const char *format, ...) __attribute__((format(printf, 2, 3)));
void str_clear(struct str *str); /* empty, memory kept */
void str_free(struct str *str);

/* Adds a whole file. False with err set ("NAME: ..." is the caller's to add) when it cannot be read. */
bool str_read_file(struct str *str, const char *path, struct err *err);

#endif
