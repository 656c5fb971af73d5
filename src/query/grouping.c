/* Groups of conversations, found by the identities of their rows. */
#include "config.h"

#include <string.h>

#include "query/result.h"
#include "util/mem.h"

#define SLOTS_START 256

void grouping_clear(struct grouping *g)
{
	/* Where many were and few are now, fewer slots are quicker found and emptied. */
	if (g->room > SLOTS_START && g->groups < g->room / 16) {
		mem_table_free(g->slot, g->room, sizeof(*g->slot));
		g->slot = NULL;
		g->room = 0;
	}
	if (g->room)
		memset(g->slot, 0, g->room * sizeof(*g->slot));
	hash_set_clear(&g->peers);
	mem_free(g->first);
	mem_free(g->member);
	mem_free(g->row);
	g->first = g->member = NULL;
	g->row = NULL;
	g->groups = 0;
}

void grouping_free(struct grouping *g)
{
	mem_table_free(g->slot, g->room, sizeof(*g->slot));
	mem_free(g->group);
	mem_free(g->of);
	mem_free(g->sum);
	mem_free(g->first);
	mem_free(g->member);
	mem_free(g->row);
	hash_set_free(&g->peers);
	*g = (struct grouping){.room = 0};
}

void grouping_hand_over(struct grouping *from, struct grouping *to)
{
	struct group_row *row = to->row;
	struct grouping scratch = *from;

	if (!from->slot)
		return;
	to->row = NULL;
	grouping_free(to);
	scratch.row = row;
	*to = scratch;
	*from = (struct grouping){.row = from->row};
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

static uint32_t group_add(struct grouping *g, uint64_t id, uint32_t handle)
{
	if (g->groups == g->group_room) {
		g->group_room = g->group_room ? g->group_room * 2 : 64;
		g->group = mem_grow(g->group, g->group_room, sizeof(*g->group));
	}
	if (!g->sum || (g->groups + 1) * g->width > g->sum_room) {
		g->sum_room = (g->groups + 64) * 2 * g->width;
		g->sum = mem_grow(g->sum, g->sum_room, sizeof(*g->sum));
	}
	for (size_t k = 0; k < g->width; k++)
		g->sum[g->groups * g->width + k] = 0;
	g->group[g->groups] = (struct group){id, handle, NO_GROUP};
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
