/* Slots that grow in place hold what was put there, in whatever order it came and went. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store_random.h"
#include "util/slots.h"

#define WORDS 20000

static size_t find(const struct slots *s, uint64_t word)
{
	size_t at = slots_seek(s, word);

	return s->slot[at] ? at : SIZE_MAX;
}

/* Words of many places, of a few at the beginning, of the very last. */
static uint64_t word_of(struct random *r, uint32_t i, int where)
{
	uint64_t low = random_next(r) >> 40 << 16 | i | UINT64_C(1) << 40;

	if (where == 0)
		return random_next(r) >> 16 << 16 | i | 1 << 15;
	return (where == 1 ? 0 : UINT64_MAX << 44) | low;
}

static void play(int where, uint32_t words)
{
	static uint64_t word[WORDS];
	static bool there[WORDS];
	struct random r = {(uint64_t)where + 1};
	struct slots s;
	uint32_t n = 0;

	memset(there, 0, sizeof(there));
	assert_true(slots_init(&s, words));
	for (uint32_t i = 0; i < words; i++)
		word[i] = word_of(&r, i, where);
	for (uint32_t step = 0; step < words * 4; step++) {
		uint32_t i = random_below(&r, words);

		if (!there[i]) {
			assert_true(slots_put(&s, word[i]));
			n++;
		} else if (random_below(&r, 3) == 0) {
			slots_remove(&s, find(&s, word[i]));
			n--;
		} else {
			continue;
		}
		there[i] = !there[i];
	}
	assert_int_equal(s.used, n);
	assert_true(slots_taken(&s) <= slots_bytes(words));
	for (uint32_t i = 0; i < words; i++)
		assert_int_equal(find(&s, word[i]) != SIZE_MAX, there[i]);
	slots_clear(&s);
	for (uint32_t i = 0; i < words; i++)
		assert_true(find(&s, word[i]) == SIZE_MAX);
	assert_true(slots_put(&s, word[0]));
	assert_true(find(&s, word[0]) != SIZE_MAX);
	slots_fini(&s);
}

static void words_are_found_wherever_they_belong(void **state)
{
	(void)state;
	play(0, WORDS);
}

static void those_of_the_first_places_survive_growing(void **state)
{
	(void)state;
	play(1, 9000);
}

static void past_the_last_place_there_is_some_room(void **state)
{
	struct random r = {7};
	struct slots s;
	uint32_t n = 0;

	(void)state;
	play(2, 700);
	assert_true(slots_init(&s, WORDS));
	while (n < WORDS && slots_put(&s, word_of(&r, n, 2)))
		n++;
	assert_in_range(n, 700, 4000); /* refused, not written elsewhere */
	assert_int_equal(s.used, n);
	assert_false(slots_put(&s, UINT64_MAX));
	assert_true(slots_put(&s, 1));
	slots_fini(&s);
}

static void emptied_it_keeps_its_size_until_few_words_come(void **state)
{
	struct slots s;
	struct random r = {3};
	size_t taken;

	(void)state;
	assert_true(slots_init(&s, WORDS));
	assert_false(slots_sparse(&s)); /* few, but it is small */
	for (uint32_t i = 0; i < WORDS; i++)
		assert_true(slots_put(&s, word_of(&r, i, 0)));
	taken = slots_taken(&s);
	assert_false(slots_sparse(&s));
	slots_empty(&s);
	assert_int_equal(s.used, 0);
	assert_int_equal(slots_taken(&s), taken);
	for (size_t at = 0; at < taken / sizeof(*s.slot); at++)
		assert_true(s.slot[at] == 0);
	assert_true(slots_put(&s, word_of(&r, 0, 0)));
	assert_true(slots_sparse(&s));
	slots_clear(&s);
	assert_true(slots_taken(&s) < taken);
	assert_false(slots_sparse(&s));
	slots_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_found_wherever_they_belong),
		cmocka_unit_test(those_of_the_first_places_survive_growing),
		cmocka_unit_test(past_the_last_place_there_is_some_room),
		cmocka_unit_test(emptied_it_keeps_its_size_until_few_words_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
