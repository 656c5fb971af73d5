/* Groups of conversations, found by the identities of their rows. */
#include "config.h"

#include <string.h>

#include "query/result.h"
#include "util/mem.h"

#define SLOTS_START 256

void grouping_begin(struct grouping *g)
{
	mem_free(g->first);
	mem_free(g->member);
	mem_free(g->made);
	g->first = g->member = NULL;
	g->made = NULL;
}

static bool same_basis(const struct grouping_basis *a, const struct grouping_basis *b)
{
	return a->keys == b->keys && a->filter[0] == b->filter[0] && a->filter[1] == b->filter[1] &&
	       a->zones == b->zones && a->view == b->view && !a->peers_kept && !b->peers_kept;
}

void grouping_rebase(struct grouping *g, const struct grouping_basis *basis)
{
	if (same_basis(&g->basis, basis))
		return;
	g->basis = *basis;
	/* Where many were and few are now, fewer slots are quicker found and emptied. */
	if (g->room > SLOTS_START && g->groups < g->room / 16) {
		mem_table_free(g->slot, g->room, sizeof(*g->slot));
		g->slot = NULL;
		g->room = 0;
	}
	if (g->room)
		memset(g->slot, 0, g->room * sizeof(*g->slot));
	hash_set_clear(&g->peers);
	g->groups = 0;
	g->handles = 0;
}

void grouping_room(struct grouping *g, uint32_t handles)
{
	if (handles <= g->of_room)
		return;
	g->of_room = handles + 1024;
	g->of = mem_grow(g->of, g->of_room, sizeof(*g->of));
}

void grouping_sums(struct grouping *g)
{
	size_t n = g->groups * g->needs;

	if (n <= g->sum_room) {
		if (n)
			memset(g->sum, 0, n * sizeof(*g->sum));
		return;
	}
	mem_table_free(g->sum, g->sum_room, sizeof(*g->sum));
	g->sum_room = n + n / 4;
	g->sum = mem_big(g->sum_room, sizeof(*g->sum)); /* 0, and not touched at one go */
}

void grouping_free(struct grouping *g)
{
	mem_table_free(g->slot, g->room, sizeof(*g->slot));
	mem_free(g->group);
	mem_free(g->of);
	mem_table_free(g->sum, g->sum_room, sizeof(*g->sum));
	mem_free(g->first);
	mem_free(g->member);
	mem_free(g->row);
	mem_free(g->made);
	hash_set_free(&g->peers);
	*g = (struct grouping){.room = 0};
}

void grouping_hand_over(struct grouping *from, struct grouping *to)
{
	struct group_row *made = to->made;
	struct grouping scratch = *from;

	if (!from->group)
		return;
	to->made = NULL;
	grouping_free(to);
	scratch.made = made;
	*to = scratch;
	*from = (struct grouping){.made = from->made};
}

/* Slots belong where the low half of the hash says; the high half tells strangers. */
static void slots_grow(struct grouping *g)
{
	struct grouping was = *g;

	g->room = was.room ? was.room * 2 : SLOTS_START;
	g->slot = mem_big(g->room, sizeof(*g->slot));
	for (size_t i = 0; i < was.room; i++) {
		size_t at;

		if (!was.slot[i].group)
			continue;
		at = (uint32_t)was.group[was.slot[i].group - 1].id & (g->room - 1);
		while (g->slot[at].group)
			at = (at + 1) & (g->room - 1);
		g->slot[at].tag = was.slot[i].tag;
		g->slot[at].group = was.slot[i].group;
	}
	mem_table_free(was.slot, was.room, sizeof(*was.slot));
}

uint32_t group_add(struct grouping *g, uint64_t id, uint32_t handle)
{
	if (g->groups == g->group_room) {
		g->group_room = g->group_room ? g->group_room * 2 : 64;
		g->group = mem_grow(g->group, g->group_room, sizeof(*g->group));
		g->row = mem_grow(g->row, g->group_room, sizeof(*g->row));
	}
	g->group[g->groups] = (struct group){.id = id, .any = handle};
	return (uint32_t)g->groups++;
}

uint32_t group_find(struct grouping *g, uint64_t id, uint32_t handle)
{
	uint32_t tag = (uint32_t)(id >> 32);
	size_t at;

	if (g->groups * 2 >= g->room)
		slots_grow(g);
	at = (uint32_t)id & (g->room - 1);
	for (; g->slot[at].group; at = (at + 1) & (g->room - 1))
		if (g->slot[at].tag == tag && g->group[g->slot[at].group - 1].id == id)
			return g->slot[at].group - 1;
	g->slot[at].tag = tag;
	g->slot[at].group = group_add(g, id, handle) + 1;
	return g->slot[at].group - 1;
}
