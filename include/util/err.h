/* Errors: the callee fills one in, callers add where it happened, the edge prints it. */
#ifndef TCPTOP_UTIL_ERR_H
#define TCPTOP_UTIL_ERR_H

#include <stdbool.h>
#include <stddef.h>

/* What went wrong, as one line of text without a newline. Zero-initialise with ERR_INIT. */
struct err {
	int code;	/* an errno value where there is one, else 0 */
	char text[512]; /* "" means no error */
};

#define ERR_INIT \
	{ \
		0, "" \
	}

/*
 * Replaces the text (printf rules, cut at the end of the buffer). Always returns false, so `return
 * err_set(...)`.
 */
bool err_set(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As err_set, with ": " and the words of errno value `code` added. */
bool err_set_errno(struct err *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "prefix: " in front of the text. */
bool err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
