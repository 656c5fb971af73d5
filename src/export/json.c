/*
 * One JSON object a line. Numbers are printed from the column's exact text, not through a double: the nanoseconds
 * of a time have more digits than a double holds.
 */
#include "config.h"

#include <string.h>

#include "export/format.h"
#include "util/str.h"

#ifdef HAVE_JANSSON

#include <jansson.h>
#include <stdlib.h>

/* Octets that are not UTF-8 cannot stand in JSON: such a text goes out with '?' for each octet above ASCII. */
static void put_string(FILE *to, const char *text, size_t n)
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
	fputs(quoted ? quoted : "null", to);
	free(quoted);
	json_decref(string);
}

static void put_list(FILE *to, const char *text)
{
	putc('[', to);
	while (*text) {
		size_t n = strcspn(text, "|");

		put_string(to, text, n);
		text += n;
		if (*text == '|') {
			putc(',', to);
			text++;
		}
	}
	putc(']', to);
}

static void put_value(FILE *to, const struct column *col, const struct query_row *row, struct str *text)
{
	struct value value = col->get(col, row);

	str_clear(text);
	column_format(col, row, STYLE_EXPORT, text);
	if (value.what == VALUE_ABSENT || value.what == VALUE_INFINITE) {
		fputs(col->kind == KIND_LIST ? "[]" : "null", to);
		return;
	}
	switch (col->kind) {
	case KIND_ADDR:
	case KIND_TEXT:
	case KIND_NAME:
		put_string(to, text->len ? text->s : "", text->len);
		break;
	case KIND_LIST:
		put_list(to, text->len ? text->s : "");
		break;
	case KIND_PORT:
	case KIND_COUNT:
	case KIND_BYTES:
	case KIND_RATIO:
	case KIND_SHARE:
	case KIND_TIME:
	case KIND_DURATION:
		fputs(text->len ? text->s : "null", to);
		break;
	}
}

void json_write(FILE *to, const struct fields *f, struct result *r)
{
	struct str text = STR_INIT;

	for (size_t k = 0; k < r->rows && !ferror(to); k++) {
		const struct query_row *row = result_row(r, k);

		putc('{', to);
		for (size_t i = 0; i < f->n; i++) {
			fprintf(to, "%s\"%s\":", i ? "," : "", f->column[i]->name);
			put_value(to, f->column[i], row, &text);
		}
		fputs("}\n", to);
	}
	str_free(&text);
}

#else

void json_write(FILE *to, const struct fields *f, struct result *r)
{
}

#endif
