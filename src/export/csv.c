/* Comma separated values as RFC 4180 has them: a header line, CR LF, quotes where they are needed. */
#include "config.h"

#include <string.h>

#include "export/format.h"
#include "util/str.h"

static void put_field(FILE *to, const char *text)
{
	if (!strpbrk(text, ",\"\r\n")) {
		fputs(text, to);
		return;
	}
	putc('"', to);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', to);
		putc(*text, to);
	}
	putc('"', to);
}

void csv_write(FILE *to, const struct fields *f, struct result *r)
{
	struct str text = STR_INIT;

	for (size_t i = 0; i < f->n; i++)
		fprintf(to, "%s%s", i ? "," : "", f->column[i]->name);
	fputs("\r\n", to);
	for (size_t k = 0; k < r->rows && !ferror(to); k++) {
		const struct query_row *row = result_row(r, k);

		for (size_t i = 0; i < f->n; i++) {
			str_clear(&text);
			column_format(f->column[i], row, STYLE_EXPORT, &text);
			if (i)
				putc(',', to);
			if (text.len > 0)
				put_field(to, text.s);
		}
		fputs("\r\n", to);
	}
	str_free(&text);
}
