/* Which columns, which format, where to. The formats themselves have a file each. */
#include "config.h"

#include "export/export.h"

#include <errno.h>
#include <string.h>

#include "export/format.h"
#include "export/replace.h"
#include "util/err.h"
#include "util/mem.h"
#include "util/str.h"

#define FIELDS_MAX 256

const char *const export_format_names[EXPORT_FORMATS] = {
	[EXPORT_TABLE] = "table",
	[EXPORT_CSV] = "csv",
	[EXPORT_JSON] = "json",
};

static void (*const writers[EXPORT_FORMATS])(FILE *, const struct fields *, struct result *) = {
	[EXPORT_TABLE] = table_write,
	[EXPORT_CSV] = csv_write,
	[EXPORT_JSON] = json_write,
};

enum export_format export_format_by_name(const char *name)
{
	enum export_format f = 0;

	while (f < EXPORT_FORMATS && strcmp(export_format_names[f], name) != 0)
		f++;
	return f;
}

bool export_available(enum export_format format, struct err *err)
{
#ifndef HAVE_JANSSON
	if (format == EXPORT_JSON)
		return err_set(err, "no JSON: built without jansson; csv has the same columns");
#endif
	return true;
}

void fields_add(struct fields *f, const struct column *col)
{
	f->column = mem_grow(f->column, f->n + 1, sizeof *f->column);
	f->column[f->n++] = col;
}

static bool is_number(const struct column *col)
{
	return col->kind == KIND_COUNT || col->kind == KIND_BYTES || col->kind == KIND_RATIO ||
	       col->kind == KIND_SHARE;
}

void fields_add_sort(struct fields *f, const struct column *col)
{
	size_t at = f->n;

	for (size_t i = f->n; i-- > 0;) {
		if (f->column[i] == col)
			return;
		if (is_number(f->column[i]))
			at = i;
	}
	fields_add(f, col);
	memmove(f->column + at + 1, f->column + at, (f->n - 1 - at) * sizeof *f->column);
	f->column[at] = col;
}

bool fields_parse(struct fields *f, enum view view, const char *text, struct err *err)
{
	struct fields made = { 0 };

	for (;;) {
		const struct column *col;
		struct str name = STR_INIT;
		size_t n;

		text += strspn(text, " ");
		n = strcspn(text, ",");
		str_add_n(&name, text, strcspn(text, ", "));
		col = column_find(view, name.s);
		if (!col)
			err_set(err, "no column '%s' in the view %s; --fields help lists them",
				name.len ? name.s : "", view_names[view]);
		str_free(&name);
		if (!col)
			break;
		fields_add(&made, col);
		if (text[n] == '\0') {
			*f = made;
			return true;
		}
		text += n + 1;
	}
	fields_free(&made);
	return false;
}

void fields_default(struct fields *f, enum view view, enum export_format format)
{
	const struct column *col[FIELDS_MAX];
	size_t n = column_defaults(view, format == EXPORT_TABLE, col, FIELDS_MAX);

	*f = (struct fields){ 0 };
	for (size_t i = 0; i < n; i++)
		fields_add(f, col[i]);
}

void fields_free(struct fields *f)
{
	mem_free(f->column);
	*f = (struct fields){ 0 };
}

static const char *unit_words(const struct column *col)
{
	static const char *const of_unit[] = {
		[UNIT_NONE] = "-",
		[UNIT_CONNECTIONS] = "connections",
		[UNIT_PACKETS] = "packets",
		[UNIT_BYTES] = "bytes",
		[UNIT_SECONDS] = "seconds",
	};

	switch (col->kind) {
	case KIND_ADDR:
		return "address";
	case KIND_PORT:
		return "port";
	case KIND_TEXT:
		return "text";
	case KIND_NAME:
		return "name";
	case KIND_LIST:
		return "list";
	case KIND_RATIO:
		return "ratio";
	case KIND_SHARE:
		return "share";
	case KIND_TIME:
	case KIND_DURATION:
		return "seconds";
	case KIND_COUNT:
	case KIND_BYTES:
		return of_unit[col->unit];
	}
	return "-";
}

void fields_help(enum view view, struct str *out)
{
	for (size_t i = 0; i < column_count; i++)
		if (columns[i].views & (UINT32_C(1) << view))
			str_addf(out, "%-22s %-12s %s\n", columns[i].name, unit_words(&columns[i]),
				columns[i].gist);
}

void format_pour(FILE *to, struct str *out, size_t least)
{
	if (out->len == 0 || out->len < least)
		return;
	fwrite(out->s, 1, out->len, to);
	str_clear(out);
}

bool export_rows(FILE *to, enum export_format format, const struct fields *f, struct result *r,
	struct err *err)
{
	if (!export_available(format, err))
		return false;
	writers[format](to, f, r);
	if (fflush(to) != 0 || ferror(to))
		return err_set_errno(err, errno ? errno : EIO, "cannot write");
	return true;
}

bool export_file(const char *path, enum export_format format, const struct fields *f,
	struct result *r, struct err *err)
{
	struct replace to;

	if (!replace_begin(&to, path, err))
		return false;
	if (!export_rows(to.file, format, f, r, err)) {
		replace_abandon(&to);
		return err_prefix(err, "%s", path);
	}
	return replace_end(&to, err);
}
