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

/* `owed`: spaces of the cell before, printed only when something follows. */
static void put_cell(struct str *out, const struct column *col, const char *text, size_t width, size_t *owed)
{
	size_t pad = width - utf8_width(text);
	bool left = kind_is_text(col->kind);

	str_add_spaces(out, *owed + (left ? 0 : pad));
	str_add(out, text);
	*owed = (sizeof GAP - 1) + (left ? pad : 0);
}

static void measure(const struct fields *f, struct result *r, size_t *width)
{
	struct str text = STR_INIT;

	for (size_t i = 0; i < f->n; i++)
		width[i] = utf8_width(f->column[i]->name);
	for (size_t k = 0; k < r->rows; k++) {
		const struct query_row *row = result_row(r, k);

		for (size_t i = 0; i < f->n; i++) {
			size_t here;

			cell(f->column[i], row, &text);
			here = utf8_width(text.s);
			if (here > width[i])
				width[i] = here;
		}
	}
	str_free(&text);
}

void table_write(FILE *to, const struct fields *f, struct result *r)
{
	size_t *width = mem_array(f->n + 1, sizeof *width);
	struct str text = STR_INIT, out = STR_INIT;
	size_t owed = 0;

	measure(f, r, width);
	for (size_t i = 0; i < f->n; i++)
		put_cell(&out, f->column[i], f->column[i]->name, width[i], &owed);
	str_add_char(&out, '\n');
	for (size_t k = 0; k < r->rows && !ferror(to); k++) {
		const struct query_row *row = result_row(r, k);

		owed = 0;
		for (size_t i = 0; i < f->n; i++) {
			cell(f->column[i], row, &text);
			put_cell(&out, f->column[i], text.s, width[i], &owed);
		}
		str_add_char(&out, '\n');
		format_pour(to, &out, FORMAT_PIECE);
	}
	format_pour(to, &out, 0);
	str_free(&out);
	str_free(&text);
	mem_free(width);
}
