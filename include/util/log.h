/* Words for whoever looks for a fault, to a file. The terminal is never written. */
#ifndef TCPTOP_UTIL_LOG_H
#define TCPTOP_UTIL_LOG_H

#include <stdbool.h>

struct err;

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/* "error", "warning", "info", else debug. */
enum log_level log_level_by_name(const char *name);
/*
 * Appends to `path` what is as grave as `least` or graver. Called before threads start; without it
 * nothing is written.
 */
bool log_open(const char *path, enum log_level least, struct err *err);
void log_close(void);
/* Whether a line of this level would be written: for what is not worth finding out otherwise. */
bool log_wants(enum log_level level);

/* One line (printf rules, no newline at the end), with time and level in front. From any thread. */
void log_say(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
