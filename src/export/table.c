/* Aligned text, as wide as its widest value, for people and for awk: no cell is empty, none is cut. */
#include "config.h"

#include "export/format.h"
#include "util/mem.h"
#include "util/str.h"
#include "util/utf8.h"

#define GAP "  "

/* What a row shows of a column. */
static void cell(const struct column *col, const struct query_row *row, struct str *out)
{
	str_clear(out);
	column_format(col, row, STYLE_TABLE, out);
	if (out->len > 0)
		return;
	str_add(out, col->get(col, row).what == VALUE_INFINITE ? "inf" : "-");
}

static bool to_the_right(const struct column *col)
{
	switch (col->kind) {
	case KIND_ADDR:
	case KIND_TEXT:
	case KIND_NAME:
	case KIND_LIST:
		return false;
	case KIND_PORT:
	case KIND_COUNT:
	case KIND_BYTES:
	case KIND_RATIO:
	case KIND_SHARE:
	case KIND_TIME:
	case KIND_DURATION:
		return true;
	}
	return true;
}

/* `owed`: spaces of the cell before, printed only when something follows. */
static void put_cell(FILE *to, const struct column *col, const char *text, size_t width, size_t *owed)
{
	size_t pad = width - utf8_width(text);

	fprintf(to, "%*s", (int)(*owed + (to_the_right(col) ? pad : 0)), "");
	fputs(text, to);
	*owed = (sizeof GAP - 1) + (to_the_right(col) ? 0 : pad);
}

void table_write(FILE *to, const struct fields *f, struct result *r)
{
	size_t *width = mem_array(f->n + 1, sizeof *width);
	struct str text = STR_INIT;
	size_t owed = 0;

	for (size_t i = 0; i < f->n; i++)
		width[i] = utf8_width(f->column[i]->name);
	for (size_t k = 0; k < r->rows; k++) {
		const struct query_row *row = result_row(r, k);

		for (size_t i = 0; i < f->n; i++) {
			cell(f->column[i], row, &text);
			if (utf8_width(text.s) > width[i])
				width[i] = utf8_width(text.s);
		}
	}
	for (size_t i = 0; i < f->n; i++)
		put_cell(to, f->column[i], f->column[i]->name, width[i], &owed);
	putc('\n', to);
	for (size_t k = 0; k < r->rows && !ferror(to); k++) {
		const struct query_row *row = result_row(r, k);

		owed = 0;
		for (size_t i = 0; i < f->n; i++) {
			cell(f->column[i], row, &text);
			put_cell(to, f->column[i], text.s, width[i], &owed);
		}
		putc('\n', to);
	}
	str_free(&text);
	mem_free(width);
}
