/*
 * One JSON object a line. Numbers are printed from the column's exact text, not through a double:
 * the nanoseconds of a time have more digits than a double holds.
 */
#include "config.h"

#include <string.h>

#include "export/format.h"
#include "util/mem.h"
#include "util/str.h"

#ifdef HAVE_JANSSON

#include <jansson.h>
#include <stdlib.h>

/* Octets that are not UTF-8 cannot stand in JSON: such a text goes out with '?' for each octet above ASCII. */
static void add_escaped(struct str *out, const char *text, size_t n)
{
	json_t *string = json_stringn(text, n);
	char *quoted;

	if (!string) {
		struct str plain = STR_INIT;

		for (size_t i = 0; i < n; i++)
			str_add_char(&plain, (unsigned char)text[i] < 0x80 ? text[i] : '?');
		string = json_stringn(plain.s, plain.len);
		str_free(&plain);
	}
	quoted = string ? json_dumps(string, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
	str_add(out, quoted ? quoted : "null");
	free(quoted);
	json_decref(string);
}

/* Nearly all texts are what they are in JSON too. */
static bool needs_no_escape(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text[i] < 0x20 || text[i] > 0x7e || text[i] == '"' || text[i] == '\\')
			return false;
	return true;
}

static void add_string(struct str *out, const char *text, size_t n)
{
	if (!needs_no_escape(text, n)) {
		add_escaped(out, text, n);
		return;
	}
	str_add_char(out, '"');
	str_add_n(out, text, n);
	str_add_char(out, '"');
}

static void add_list(struct str *out, const char *text)
{
	str_add_char(out, '[');
	while (*text) {
		size_t n = strcspn(text, "|");

		add_string(out, text, n);
		text += n;
		if (*text == '|') {
			str_add_char(out, ',');
			text++;
		}
	}
	str_add_char(out, ']');
}

static void add_value(struct str *out, const struct column *col, const struct query_row *row, struct str *text)
{
	size_t at = out->len;

	if (!kind_is_text(col->kind)) {
		column_format(col, row, STYLE_EXPORT, out);
		if (out->len == at)
			str_add(out, "null");
		return;
	}
	str_clear(text);
	column_format(col, row, STYLE_EXPORT, text);
	if (col->kind == KIND_LIST)
		add_list(out, text->s);
	else if (text->len)
		add_string(out, text->s, text->len);
	else
		str_add(out, "null");
}

/* What stands before the value of each column. */
static struct str *make_names(const struct fields *f)
{
	struct str *name = mem_array(f->n + 1, sizeof *name);

	for (size_t i = 0; i < f->n; i++)
		str_addf(&name[i], "%c\"%s\":", i ? ',' : '{', f->column[i]->name);
	return name;
}

void json_write(FILE *to, const struct fields *f, struct result *r)
{
	struct str out = STR_INIT, text = STR_INIT, *name = make_names(f);

	for (size_t k = 0; k < r->rows && !ferror(to); k++) {
		const struct query_row *row = result_row(r, k);

		for (size_t i = 0; i < f->n; i++) {
			str_add_n(&out, name[i].s, name[i].len);
			add_value(&out, f->column[i], row, &text);
		}
		str_add(&out, "}\n");
		format_pour(to, &out, FORMAT_PIECE);
	}
	format_pour(to, &out, 0);
	for (size_t i = 0; i < f->n; i++)
		str_free(&name[i]);
	mem_free(name);
	str_free(&text);
	str_free(&out);
}

#else

void json_write(FILE *to, const struct fields *f, struct result *r)
{
}

#endif
