/* Exports: what each format makes of odd texts and absent values, and files that are whole or not there. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "export/export.h"
#include "export/replace.h"
#include "query_world.h"
#include "query/zones.h"
#include "util/err.h"
#include "util/str.h"

/* One refused and one unanswered attempt; zones have the names given. The text is the caller's. */
static char *export_world(enum export_format format, const char *names, const char *zones_text)
{
	struct store *st = world_empty();
	struct err err = ERR_INIT;
	struct zones *zones = zones_parse(zones_text, &err);
	const struct query q = { .view = VIEW_ZONES, .zones = zones, .sort = column_find(VIEW_ZONES, "attempts") };
	struct result result = { 0 };
	struct fields fields;
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	world_add(st, world_connection("10.0.0.1", 40000, "192.0.2.5", 80, ENDING_REFUSED, 0));
	assert_true(fields_parse(&fields, VIEW_ZONES, names, &err));
	query_run(st, &q, &result);
	assert_true(export_rows(to, format, &fields, &result, &err));
	fclose(to);
	result_free(&result);
	fields_free(&fields);
	zones_free(zones);
	store_free(st);
	return text;
}

static void csv_quotes_what_needs_it(void **state)
{
	char *text = export_world(EXPORT_CSV, "client.zone,server.zone,attempts,syn.per_ct",
		"10.0.0.0/8 = a, \"b\"\n192.0.2.0/24 = plain words\n");

	assert_string_equal(text, "client.zone,server.zone,attempts,syn.per_ct\r\n"
				  "\"a, \"\"b\"\"\",plain words,1,\r\n");
	free(text);
}

static void table_fills_every_cell_and_ends_no_line_in_blanks(void **state)
{
	char *text = export_world(EXPORT_TABLE, "attempts,syn.per_ct,abort.ratio,client.zone", "10.0.0.0/8 = ähm\n");

	assert_string_equal(text, "attempts  syn.per_ct  abort.ratio  client.zone\n"
				  "       1         inf            -  ähm\n");
	free(text);
}

static void table_is_for_reading_and_csv_for_programs(void **state)
{
	static const struct column *kinds[2];
	struct fields f = {0};
	char *text = export_world(EXPORT_TABLE, "bad.ratio,clean.ratio", "");

	assert_string_equal(text, "bad.ratio  clean.ratio\n     100%            -\n");
	free(text);
	text = export_world(EXPORT_CSV, "bad.ratio,clean.ratio", "");
	assert_string_equal(text, "bad.ratio,clean.ratio\r\n1,\r\n");
	free(text);

	kinds[0] = column_find(VIEW_SERVERS, "rst.count");
	kinds[1] = column_find(VIEW_SERVERS, "attempts");
	fields_default(&f, VIEW_SERVERS, EXPORT_TABLE);
	fields_add_sort(&f, kinds[0]);
	assert_ptr_equal(f.column[1], kinds[0]);
	assert_ptr_equal(f.column[2], kinds[1]);
	fields_add_sort(&f, kinds[1]);
	assert_ptr_equal(f.column[1], kinds[0]);
	assert_ptr_equal(f.column[2], kinds[1]);
	fields_free(&f);
}

static void json_has_types(void **state)
{
#ifdef HAVE_JANSSON
	char *text = export_world(EXPORT_JSON, "client.zone,attempts,syn.per_ct",
		"10.0.0.0/8 = say \"hi\" \\ there\n");

	assert_string_equal(text,
		"{\"client.zone\":\"say \\\"hi\\\" \\\\ there\",\"attempts\":1,\"syn.per_ct\":null}\n");
	free(text);
#else
	struct err err = ERR_INIT;

	assert_false(export_available(EXPORT_JSON, &err));
	assert_non_null(strstr(err.text, "jansson"));
#endif
}

static void fields_are_columns_of_the_view(void **state)
{
	struct fields f = { 0 };
	struct err err = ERR_INIT;

	assert_true(fields_parse(&f, VIEW_SERVERS, "server, rst.count", &err));
	assert_int_equal(f.n, 2);
	fields_free(&f);
	assert_false(fields_parse(&f, VIEW_SERVERS, "server,client", &err));
	assert_non_null(strstr(err.text, "no column 'client' in the view servers"));
	assert_false(fields_parse(&f, VIEW_SERVERS, "", &err));
	assert_false(fields_parse(&f, VIEW_SERVERS, "server,", &err));
}

static void every_format_has_columns_in_every_view(void **state)
{
	for (enum export_format format = 0; format < EXPORT_FORMATS; format++) {
		assert_int_equal(export_format_by_name(export_format_names[format]), format);
		for (enum view v = 0; v < VIEW_COUNT; v++) {
			struct fields f;

			fields_default(&f, v, format);
			assert_true(f.n > 0);
			fields_free(&f);
		}
	}
	assert_int_equal(export_format_by_name("xml"), EXPORT_FORMATS);
}

static void assert_file_is(const char *path, const char *text)
{
	struct str have = STR_INIT;
	struct err err = ERR_INIT;

	assert_true(str_read_file(&have, path, &err));
	assert_string_equal(have.s, text);
	str_free(&have);
}

static void a_file_is_replaced_whole_or_not_at_all(void **state)
{
	char dir[] = "/tmp/t_export.XXXXXX", path[64];
	struct err err = ERR_INIT;
	struct replace r;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/out", dir);
	assert_true(replace_begin(&r, path, &err));
	fputs("old\n", r.file);
	assert_int_equal(access(path, F_OK), -1);
	assert_true(replace_end(&r, &err));
	assert_file_is(path, "old\n");
	assert_true(replace_begin(&r, path, &err));
	fputs("half", r.file);
	replace_abandon(&r);
	assert_file_is(path, "old\n");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0); /* nothing else was left in it */
	assert_false(replace_begin(&r, path, &err));
	assert_non_null(strstr(err.text, path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_quotes_what_needs_it),
		cmocka_unit_test(table_is_for_reading_and_csv_for_programs),
		cmocka_unit_test(table_fills_every_cell_and_ends_no_line_in_blanks),
		cmocka_unit_test(json_has_types),
		cmocka_unit_test(fields_are_columns_of_the_view),
		cmocka_unit_test(every_format_has_columns_in_every_view),
		cmocka_unit_test(a_file_is_replaced_whole_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
