/*
 * Any text as a filter. Input: one octet for the view, then the text. What parses is asked of every row of a small
 * store, and what does not parse must say where.
 */
#include "config.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "query_world.h"
#include "util/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(enum view view, const char *text)
{
	static struct store *st;
	static struct result result;
	struct completion words[16];
	struct query q = {.view = view};
	struct err err = ERR_INIT;
	size_t position = SIZE_MAX, n = strlen(text);
	struct filter *f = filter_parse(view, text, &err, &position);

	if (!st)
		st = world_new();
	assert(filter_complete(view, text, n / 2, words, 16) <= 16);
	if (!f) {
		assert(!strncmp(err.text, "column ", 7));
		assert(position <= n);
		return;
	}
	assert(!err.text[0]);
	q.filter[0] = f;
	query_run(st, &q, &result);
	assert(result.matched <= result.total && result.rows == result.matched);
	filter_free(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size == 0)
		return 0;
	text = malloc(size);
	assert(text);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	ask((enum view)(data[0] % VIEW_COUNT), text);
	free(text);
	return 0;
}
