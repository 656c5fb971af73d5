/* Comma separated values as RFC 4180 has them: a header line, CR LF, quotes where they are needed. */
#include "config.h"

#include <string.h>

#include "export/format.h"
#include "util/mem.h"
#include "util/str.h"

/* What stands in `out` from `at` on was a field with something in it that needs quotes. */
static void quote(struct str *out, size_t at)
{
	struct str text = STR_INIT;

	str_add(&text, out->s + at);
	str_wrote(out, out->s + at);
	str_add_char(out, '"');
	for (const char *p = text.s; *p; p++) {
		if (*p == '"')
			str_add_char(out, '"');
		str_add_char(out, *p);
	}
	str_add_char(out, '"');
	str_free(&text);
}

static void add_field(struct str *out, const struct column *col, bool is_text, const struct query_row *row)
{
	size_t at = out->len;

	column_format(col, row, STYLE_EXPORT, out);
	if (is_text && out->len > at && strpbrk(out->s + at, ",\"\r\n"))
		quote(out, at);
}

void csv_write(FILE *to, const struct fields *f, struct result *r)
{
	struct str out = STR_INIT;
	bool *is_text = mem_array(f->n + 1, sizeof *is_text);

	for (size_t i = 0; i < f->n; i++)
		is_text[i] = kind_is_text(f->column[i]->kind);
	for (size_t i = 0; i < f->n; i++) {
		if (i)
			str_add_char(&out, ',');
		str_add(&out, f->column[i]->name);
	}
	str_add(&out, "\r\n");
	for (size_t k = 0; k < r->rows && !ferror(to); k++) {
		const struct query_row *row = result_row(r, k);

		for (size_t i = 0; i < f->n; i++) {
			if (i)
				str_add_char(&out, ',');
			add_field(&out, f->column[i], is_text[i], row);
		}
		str_add(&out, "\r\n");
		format_pour(to, &out, FORMAT_PIECE);
	}
	format_pour(to, &out, 0);
	mem_free(is_text);
	str_free(&out);
}
