/* Tables: room shared out, columns dropped, the cursor on its row; and sparklines and bars. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ui/canvas.h"
#include "ui/spark.h"
#include "ui/table.h"
#include "util/str.h"

struct rows {
	uint64_t id[64];
	size_t n;
};

static uint64_t row_id(void *arg, size_t row)
{
	return ((struct rows *)arg)->id[row];
}

static void row_text(void *arg, size_t row, size_t column, int width, struct str *out, enum role *role)
{
	const struct rows *r = arg;

	if (column == 0)
		str_addf(out, "row%llu", (unsigned long long)r->id[row]);
	else
		str_addf(out, "%zu", column);
}

static struct table_model model(struct rows *r)
{
	return (struct table_model){.rows = r->n, .id = row_id, .text = row_text, .arg = r};
}

static const struct table_band left = {"left", "l", "l"};

static void three_columns(struct table *t)
{
	table_init(t);
	t->column[0] = (struct table_column){.head = "NAME", .min = 6, .max = 12};
	t->column[1] = (struct table_column){.head = "A", .band = &left, .min = 4, .max = 6, .drop = 2, .right = true};
	t->column[2] = (struct table_column){.head = "B", .band = &left, .min = 4, .max = 6, .drop = 5, .right = true};
	t->column[3] = (struct table_column){.head = "C", .min = 4, .max = 6, .right = true};
	t->columns = 4;
	t->keys = 1;
	t->sort = 3;
}

static size_t layout(const struct table *t, int width, struct table_place *place)
{
	static const uint8_t want[4] = {10, 5, 5, 5};

	return table_layout(t, want, width, place);
}

static void what_may_be_dropped_goes_in_its_order(void **state)
{
	struct table t;
	struct table_place place[TABLE_COLUMNS];

	three_columns(&t);
	assert_int_equal(layout(&t, 22, place), 4); /* 1 + 6 + 5 + 5 + 5 */
	assert_int_equal(layout(&t, 21, place), 3);
	assert_int_equal(place[1].column, 1);
	assert_int_equal(place[2].column, 3);
	assert_int_equal(layout(&t, 16, place), 2);
	assert_int_equal(place[1].column, 3); /* never dropped */
}

/* Names get narrower and columns go, but a number is never cut: that would be another number. */
static void no_number_is_cut_however_narrow(void **state)
{
	static const uint8_t want[4] = {20, 5, 5, 5};
	struct table t;
	struct table_place place[TABLE_COLUMNS];

	three_columns(&t);
	t.column[0].min = 15;
	t.column[1].drop = t.column[2].drop = 0;
	for (int w = 8; w < 60; w++) {
		size_t n = table_layout(&t, want, w, place);

		assert_true(n >= 2);
		assert_true(place[n - 1].x + place[n - 1].w <= w);
		for (size_t i = 1; i < n; i++)
			assert_true(place[i].w >= 4);
	}
	assert_int_equal(table_layout(&t, want, 28, place), 4); /* 1 + 12 + 3 x 5 */
	assert_int_equal(table_layout(&t, want, 27, place), 3);
	assert_int_equal(table_layout(&t, want, 18, place), 2);
	assert_int_equal(place[1].column, t.sort);
}

/* Who, how it ended and who reset stay when even the sorted column goes; what has a brief form takes it first. */
static void what_is_kept_goes_last(void **state)
{
	static const uint8_t want[4] = {20, 5, 14, 5};
	struct table t;
	struct table_place place[TABLE_COLUMNS];

	three_columns(&t);
	t.column[1].drop = t.column[2].drop = t.column[3].drop = 0;
	t.column[2] = (struct table_column){.head = "LONG", .min = 14, .max = 17, .keep = true, .brief = 4};
	t.column[3].keep = true;
	t.sort = 1;
	assert_int_equal(table_layout(&t, want, 33, place), 4);
	assert_int_equal(place[2].w, 14);
	assert_int_equal(table_layout(&t, want, 24, place), 4);
	assert_true(place[2].w >= 4 && place[2].w < 14);
	assert_int_equal(table_layout(&t, want, 17, place), 3);
	assert_int_equal(place[1].column, 2);
	assert_int_equal(place[2].column, 3);
}

/* They take room from numbers that say more: first one goes, then the other. */
static void pictures_go_one_by_one(void **state)
{
	struct table t;
	struct table_place place[TABLE_COLUMNS];

	three_columns(&t);
	for (int i = 1; i < 3; i++)
		t.column[i] = (struct table_column){
			.head = "P", .min = 5, .max = 9, .drop = i == 1 ? 3 : 5, .picture = true};
	for (int w = 12; w < 60; w++) {
		size_t n = layout(&t, w, place), pictures = 0;

		for (size_t i = 0; i < n; i++)
			pictures += t.column[place[i].column].picture;
		assert_int_equal(pictures, w >= 24 ? 2 : w >= 18 ? 1 : 0); /* 1 + 6 + 5 + 6 each */
		if (pictures == 1)
			assert_int_equal(place[1].column, 1);
	}
}

static void the_sorted_column_stays(void **state)
{
	struct table t;
	struct table_place place[TABLE_COLUMNS];

	three_columns(&t);
	t.sort = 2;
	assert_int_equal(layout(&t, 17, place), 3);
	assert_int_equal(place[1].column, 2);
}

static void spare_room_goes_left_to_right(void **state)
{
	struct table t;
	struct table_place place[TABLE_COLUMNS];

	three_columns(&t);
	layout(&t, 25, place);
	assert_int_equal(place[0].w, 9);
	assert_int_equal(place[1].w, 4);
	layout(&t, 200, place);
	assert_int_equal(place[0].w, 10);
	assert_int_equal(place[3].w, 5);
	for (size_t i = 1; i < 4; i++)
		assert_int_equal(place[i].x, place[i - 1].x + place[i - 1].w + 1);
}

static void scrolling_keeps_the_keys_and_ends_somewhere(void **state)
{
	struct table t;
	struct table_place place[TABLE_COLUMNS];

	three_columns(&t);
	assert_false(table_scroll(&t, -1));
	assert_true(table_scroll(&t, 1));
	layout(&t, 12, place);
	assert_int_equal(place[0].column, 0);
	assert_int_equal(place[1].column, 2);
	assert_true(table_scroll(&t, 1));
	assert_false(table_scroll(&t, 1));
}

static void no_width_overflows(void **state)
{
	struct table t;
	struct table_place place[TABLE_COLUMNS];

	three_columns(&t);
	for (int w = 16; w < 300; w++) {
		size_t n = layout(&t, w, place);

		assert_true(place[n - 1].x + place[n - 1].w <= w);
	}
}

static void the_cursor_stays_on_its_row(void **state)
{
	struct rows r = {{11, 12, 13, 14, 15}, 5};
	struct table_model m = model(&r);
	struct table t;

	three_columns(&t);
	t.visible = 3;
	table_select(&t, &m, 1);
	assert_int_equal(t.selected, 12);
	r = (struct rows){{15, 14, 13, 12, 11}, 5};
	table_follow(&t, &m);
	assert_int_equal(t.selected, 12);
	assert_int_equal(t.index, 3);
	assert_true(t.top <= 3 && 3 < t.top + t.visible);
	r = (struct rows){{15, 14, 13, 11}, 4}; /* it left: whoever stands there now */
	m = model(&r);
	table_follow(&t, &m);
	assert_int_equal(t.index, 3);
	assert_int_equal(t.selected, 11);
}

static void an_untouched_cursor_stays_on_top(void **state)
{
	struct rows r = {{11, 12, 13}, 3};
	struct table_model m = model(&r);
	struct table t;

	three_columns(&t);
	table_follow(&t, &m);
	assert_int_equal(t.index, 0);
	r = (struct rows){{13, 11, 12}, 3};
	table_follow(&t, &m);
	assert_int_equal(t.index, 0);
}

/* Whatever moves and changes, the cursor is on a row and in sight. */
static void random_moves_keep_the_cursor_in_sight(void **state)
{
	struct rows r = {{0}, 0};
	struct table t;

	srand(3);
	three_columns(&t);
	t.visible = 5;
	for (int i = 0; i < 20000; i++) {
		struct table_model m;

		if (rand() % 3 == 0) {
			r.n = (size_t)(rand() % 40);
			for (size_t k = 0; k < r.n; k++)
				r.id[k] = 1 + (uint64_t)((k * 7 + (size_t)i) % 64);
		}
		m = model(&r);
		table_follow(&t, &m);
		if (rand() % 2)
			table_move(&t, &m, rand() % 20 - 10);
		else
			table_page(&t, &m, rand() % 3 - 1);
		if (r.n == 0)
			continue;
		assert_true(t.index < r.n);
		assert_true(t.index >= t.top && t.index < t.top + t.visible);
		if (t.selected)
			assert_int_equal(r.id[t.index], t.selected);
	}
}

static void a_table_draws_head_band_and_rows(void **state)
{
	struct rows r = {{1, 2}, 2};
	struct table_model m = model(&r);
	struct str text = STR_INIT;
	struct canvas c;
	struct table t;

	three_columns(&t);
	canvas_init(&c, 24, 5);
	table_draw(&t, &m, &c, (struct rect){0, 0, 24, 5}, true);
	canvas_dump(&c, &text);
	assert_string_equal(text.s,
		"        ─ left ──\n"
		" NAME      A    B   C▼\n"
		">row1      1    2    3\n"
		" row2      1    2    3\n"
		"\n");
	str_free(&text);
	canvas_fini(&c);
}

static void tiny_tables_draw(void **state)
{
	struct rows r = {{1, 2, 3}, 3};
	struct table_model m = model(&r);
	struct table t;

	for (int w = 0; w < 30; w++) {
		for (int h = 0; h < 5; h++) {
			struct canvas c;

			three_columns(&t);
			canvas_init(&c, w, h);
			table_draw(&t, &m, &c, (struct rect){0, 0, w, h}, h > 2);
			canvas_fini(&c);
		}
	}
}

static void assert_spark(const uint32_t *count, const uint32_t *base, size_t n, int width, bool ascii,
	const char *expected)
{
	struct str text = STR_INIT;
	struct canvas c;

	canvas_init(&c, width + 1, 1);
	c.ascii = ascii;
	spark_ratio(&c, 0, 0, width, ROLE_TEXT, count, base, n);
	canvas_put(&c, width, 0, ROLE_TEXT, "|");
	canvas_dump(&c, &text);
	assert_string_equal(text.s, expected);
	str_free(&text);
	canvas_fini(&c);
}

static void a_spark_shows_nothing_little_and_all(void **state)
{
	static const uint32_t count[6] = {0, 0, 1, 5, 10, 3}, base[6] = {0, 10, 100, 10, 10, 0};

	assert_spark(count, base, 6, 6, false, " ·▁▄██|\n");
	assert_spark(count, base, 6, 6, true, " _.=##|\n");
	assert_spark(count, base, 6, 3, false, "·▁█|\n"); /* folded in pairs: 0/10, 6/110, 13/10 */
	assert_spark(count, base, 6, 0, false, "|\n");
}

static void a_bar_is_as_long_as_its_part(void **state)
{
	struct canvas c;

	canvas_init(&c, 20, 1);
	assert_int_equal(spark_bar(&c, 0, 0, 10, ROLE_TEXT, 0, 10), 0);
	assert_int_equal(spark_bar(&c, 0, 0, 10, ROLE_TEXT, 10, 10), 10);
	assert_int_equal(spark_bar(&c, 0, 0, 10, ROLE_TEXT, 5, 10), 5);
	assert_int_equal(spark_bar(&c, 0, 0, 10, ROLE_TEXT, 1, 1000000), 1);
	assert_int_equal(spark_bar(&c, 0, 0, 10, ROLE_TEXT, 5, 0), 0);
	canvas_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_may_be_dropped_goes_in_its_order),
		cmocka_unit_test(no_number_is_cut_however_narrow),
		cmocka_unit_test(what_is_kept_goes_last),
		cmocka_unit_test(pictures_go_one_by_one),
		cmocka_unit_test(the_sorted_column_stays),
		cmocka_unit_test(spare_room_goes_left_to_right),
		cmocka_unit_test(scrolling_keeps_the_keys_and_ends_somewhere),
		cmocka_unit_test(no_width_overflows),
		cmocka_unit_test(the_cursor_stays_on_its_row),
		cmocka_unit_test(an_untouched_cursor_stays_on_top),
		cmocka_unit_test(random_moves_keep_the_cursor_in_sight),
		cmocka_unit_test(a_table_draws_head_band_and_rows),
		cmocka_unit_test(tiny_tables_draw),
		cmocka_unit_test(a_spark_shows_nothing_little_and_all),
		cmocka_unit_test(a_bar_is_as_long_as_its_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
