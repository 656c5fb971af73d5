/* The decision table's words: none missing, and all that can decide is told. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/elsewhere.h"
#include "model/rule.h"
#include "util/str.h"

static void every_rule_has_words(void **state)
{
	struct str text = STR_INIT;

	(void)state;
	for (size_t i = 0; i < rule_count; i++) {
		str_clear(&text);
		rule_words(&rules[i], &text);
		assert_true(text.len > 5);
		assert_null(strstr(text.s, "(null)"));
		assert_true(text.s[0] != ',' && text.s[0] != ' ');
		/* What must be and must not be at once never is. */
		assert_int_equal(rules[i].all & rules[i].none, 0);
		/* No bit that has no words. */
		assert_int_equal((rules[i].all | rules[i].none | rules[i].any) >> RULE_WHEN_END, 0);
		assert_int_equal((rules[i].all | rules[i].none) >> RULE_FACT_COUNT &
			((UINT64_C(1) << (RULE_FACT_WHEN - RULE_FACT_COUNT)) - 1), 0);
	}
	str_free(&text);
}

static void rows_are_in_order_and_none_is_missing(void **state)
{
	unsigned last = 0;

	(void)state;
	for (size_t i = 0; i < rule_count; i++) {
		assert_true(rules[i].row == last || rules[i].row == last + 1);
		last = rules[i].row;
	}
	assert_int_equal(last, 30);
}

static void every_ending_has_a_rule_and_names_elsewhere(void **state)
{
	struct str text = STR_INIT;

	(void)state;
	for (int e = 1; e < ENDING_COUNT; e++) {
		str_clear(&text);
		for (unsigned row = 1; row <= 30; row++)
			rule_words_of_row(row, (enum ending)e, &text);
		if (text.len == 0)
			fail_msg("no rule gives %s", ending_info[e].name);
		assert_non_null(elsewhere_info[e].zeek);
	}
	str_clear(&text);
	rule_words_of_row(7, ENDING_REFUSED, &text);
	assert_string_equal(text.s,
		"the client's SYN was seen, it was not established, a reset was accepted, the server sent it");
	str_clear(&text);
	rule_words_of_row(7, ENDING_GRACEFUL, &text);
	assert_int_equal(text.len, 0);
	str_free(&text);
}

/* A rule that another one before it always beats could never decide. */
static void no_rule_is_hidden_by_one_before(void **state)
{
	(void)state;
	for (size_t i = 0; i < rule_count; i++)
		for (size_t k = i + 1; k < rule_count; k++) {
			bool wider = (rules[i].all & ~rules[k].all) == 0 && (rules[i].none & ~rules[k].none) == 0;
			bool anyway = rules[i].any == 0 || (rules[k].any && (rules[k].any & ~rules[i].any) == 0);

			if (wider && anyway)
				fail_msg("rule %u hides rule %u", rules[i].row, rules[k].row);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rule_has_words),
		cmocka_unit_test(rows_are_in_order_and_none_is_missing),
		cmocka_unit_test(every_ending_has_a_rule_and_names_elsewhere),
		cmocka_unit_test(no_rule_is_hidden_by_one_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
