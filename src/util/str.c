#include "config.h"

#include "util/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/err.h"
#include "util/mem.h"

void str_grow(struct str *str, size_t n)
{
	size_t want = str->len + n + 1;

	if (want <= str->room)
		return;
	str->room = want < 64 ? 64 : want * 2;
	str->s = mem_grow(str->s, str->room, 1);
}

void str_add(struct str *str, const char *text)
{
	str_add_n(str, text, strlen(text));
}

void str_add_spaces(struct str *str, size_t n)
{
	char *to = str_space(str, n);

	memset(to, ' ', n);
	str_wrote(str, to + n);
}

void str_addf(struct str *str, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (n <= 0) {
		str_grow(str, 0);
		str->s[str->len] = '\0';
		return;
	}
	str_grow(str, (size_t)n);
	va_start(ap, format);
	vsnprintf(str->s + str->len, (size_t)n + 1, format, ap);
	va_end(ap);
	str->len += (size_t)n;
}

void str_clear(struct str *str)
{
	str_grow(str, 0);
	str->len = 0;
	str->s[0] = '\0';
}

void str_free(struct str *str)
{
	mem_free(str->s);
	*str = (struct str)STR_INIT;
}

bool str_read_file(struct str *str, const char *path, struct err *err)
{
	char piece[4096];
	size_t n;
	FILE *f = fopen(path, "rb");

	if (!f)
		return err_set_errno(err, errno, "cannot open");
	str_grow(str, 0);
	str->s[str->len] = '\0';
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		str_add_n(str, piece, n);
	if (ferror(f)) {
		fclose(f);
		return err_set_errno(err, EIO, "cannot read");
	}
	fclose(f);
	return true;
}
