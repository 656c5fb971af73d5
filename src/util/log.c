/* One line is one write, so that lines of several threads do not mix. */
#include "config.h"

#include "util/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "util/clock.h"
#include "util/err.h"

static FILE *log_file;
static enum log_level log_least;

static const char *const level_words[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

enum log_level log_level_by_name(const char *name)
{
	int level = LOG_LEVEL_ERROR;

	while (level < LOG_LEVEL_DEBUG && strcmp(level_words[level], name) != 0)
		level++;
	return (enum log_level)level;
}

bool log_open(const char *path, enum log_level least, struct err *err)
{
	FILE *f = fopen(path, "ae");

	if (!f)
		return err_set_errno(err, errno, "%s", path);
	log_close();
	log_file = f;
	log_least = least;
	return true;
}

void log_close(void)
{
	if (log_file)
		fclose(log_file);
	log_file = NULL;
}

bool log_wants(enum log_level level)
{
	return log_file && level <= log_least;
}

void log_say(enum log_level level, const char *format, ...)
{
	char line[1024], *to = line;
	int64_t now = clock_wall();
	time_t sec = (time_t)(now / NS_PER_SEC);
	struct tm tm;
	va_list ap;
	size_t n;

	if (!log_wants(level))
		return;
	gmtime_r(&sec, &tm);
	to += strftime(line, sizeof(line), "%Y-%m-%dT%H:%M:%S", &tm);
	to += snprintf(to, (size_t)(line + sizeof(line) - to), ".%03dZ %s: ",
		(int)(now % NS_PER_SEC / NS_PER_MS), level_words[level]);
	va_start(ap, format);
	vsnprintf(to, (size_t)(line + sizeof(line) - to) - 1, format, ap);
	va_end(ap);
	n = strlen(line);
	line[n] = '\n';
	fwrite(line, 1, n + 1, log_file);
	fflush(log_file);
}
