/* A growing string. */
#ifndef TCPTOP_UTIL_STR_H
#define TCPTOP_UTIL_STR_H

#include <stdbool.h>
#include <stddef.h>

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

void str_add(struct str *str, const char *text);
void str_add_n(struct str *str, const char *text, size_t n);
void str_add_char(struct str *str, char c);
void str_addf(struct str *str, const char *format, ...) __attribute__((format(printf, 2, 3)));
void str_clear(struct str *str); /* empty, memory kept */
void str_free(struct str *str);

/* Adds a whole file. False with err set ("NAME: ..." is the caller's to add) when it cannot be read. */
bool str_read_file(struct str *str, const char *path, struct err *err);

#endif
