/*
 * Growing in place: from the last word to the first, each goes to where it belongs among twice as
 * many slots. The hard thing is those that would go below the ones not yet moved: few, all at the
 * very beginning; they wait until the end.
 */
#include "config.h"

#include "util/slots.h"

#include <string.h>

#define BITS_LEAST 12
#define SPILL 1024 /* slots past the last place where a word may belong */

static size_t room(unsigned bits)
{
	return ((size_t)1 << bits) + SPILL + 1;
}

/* So many that `n` words take two thirds of them at most. */
static unsigned bits_for(uint32_t n)
{
	unsigned bits = BITS_LEAST;

	while (((uint64_t)1 << bits) / 3 * 2 <= n)
		bits++;
	return bits;
}

size_t slots_bytes(uint32_t max)
{
	return room(bits_for(max)) * sizeof(uint64_t);
}

size_t slots_taken(const struct slots *s)
{
	return room(s->bits) * sizeof(uint64_t);
}

bool slots_init(struct slots *s, uint32_t max)
{
	*s = (struct slots){ .bits = BITS_LEAST, .most = bits_for(max) };
	s->slot = mem_table(room(s->most), sizeof(*s->slot));
	mem_table_small_first(s->slot, room(s->most), sizeof(*s->slot));
	return s->slot != NULL;
}

void slots_fini(struct slots *s)
{
	mem_table_free(s->slot, room(s->most), sizeof(*s->slot));
	*s = (struct slots){ 0 };
}

bool slots_sparse(const struct slots *s)
{
	return s->bits > BITS_LEAST && s->used < ((size_t)1 << s->bits) / 16;
}

void slots_empty(struct slots *s)
{
	/* A table not yet used is zero, and not to be touched. */
	if (s->used)
		memset(s->slot, 0, room(s->bits) * sizeof(*s->slot));
	s->used = 0;
}

void slots_clear(struct slots *s)
{
	slots_empty(s);
	s->bits = BITS_LEAST;
}

static bool place(struct slots *s, uint64_t word)
{
	size_t at = slots_home(s, word), end = room(s->bits) - 1;

	while (s->slot[at])
		at++;
	if (at == end)
		return false;
	s->slot[at] = word;
	return true;
}

/* Those that wait are as many as stand together at the beginning; with keyed hashes a few. */
struct waiting {
	uint64_t *word;
	size_t n, room;
};

static void wait_for_end(struct waiting *w, uint64_t word)
{
	if (w->n == w->room) {
		w->room = w->room ? w->room * 2 : 64;
		w->word = mem_grow(w->word, w->room, sizeof(*w->word));
	}
	w->word[w->n++] = word;
}

/*
 * Whether all that find room now will find it among twice as many: what would be beyond the end
 * belongs to its last few places, which have twice as many slots then, so it is so.
 */
static void grow(struct slots *s)
{
	struct waiting w = { 0 };

	s->bits++;
	for (size_t i = room(s->bits - 1) - 1; i-- > 0;) {
		uint64_t word = s->slot[i];

		s->slot[i] = 0;
		if (word && slots_home(s, word) > i)
			place(s, word);
		else if (word)
			wait_for_end(&w, word);
	}
	for (size_t k = 0; k < w.n; k++)
		place(s, w.word[k]);
	mem_free(w.word);
}

bool slots_put(struct slots *s, uint64_t word)
{
	if (s->used >= ((size_t)1 << s->bits) / 3 * 2) {
		if (s->bits == s->most)
			return false;
		grow(s);
	}
	if (!place(s, word))
		return false;
	s->used++;
	return true;
}

void slots_remove(struct slots *s, size_t at)
{
	size_t gap = at;

	for (at++; s->slot[at]; at++)
		if (slots_home(s, s->slot[at]) <= gap) {
			s->slot[gap] = s->slot[at];
			gap = at;
		}
	s->slot[gap] = 0;
	s->used--;
}
