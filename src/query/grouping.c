/* Groups of conversations, found by the identities of their rows. */
#include "config.h"

#include <string.h>

#include "query/result.h"
#include "util/mem.h"

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

static void begin(struct slots *s, uint32_t most)
{
	if (!slots_init(s, most))
		mem_fail(slots_bytes(most));
}

/* Where many were and few are now, fewer slots are quicker found and emptied. */
static void empty(struct slots *s, uint32_t most)
{
	if (!slots_sparse(s)) {
		slots_empty(s);
		return;
	}
	slots_fini(s);
	begin(s, most);
}

void grouping_rebase(struct grouping *g, const struct grouping_basis *basis)
{
	if (same_basis(&g->basis, basis))
		return;
	g->basis = *basis;
	if (g->most) {
		empty(&g->found, g->most);
		empty(&g->peers, g->most);
	}
	g->groups = 0;
	g->handles = 0;
}

/* Groups and peers are as many as handles at most. */
static void slots_room(struct grouping *g, uint32_t handles)
{
	slots_fini(&g->found);
	slots_fini(&g->peers);
	g->most = handles < UINT32_MAX / 2 ? handles * 2 : UINT32_MAX;
	begin(&g->found, g->most);
	begin(&g->peers, g->most);
	g->groups = 0;
	g->handles = 0;
}

void grouping_room(struct grouping *g, uint32_t handles)
{
	if (handles > g->most)
		slots_room(g, handles);
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
	slots_fini(&g->found);
	mem_free(g->group);
	mem_free(g->of);
	mem_table_free(g->sum, g->sum_room, sizeof(*g->sum));
	mem_free(g->first);
	mem_free(g->member);
	mem_free(g->row);
	mem_free(g->made);
	slots_fini(&g->peers);
	*g = (struct grouping){.groups = 0};
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
	const uint64_t *slot = g->found.slot;
	uint32_t group;

	for (size_t at = slots_home(&g->found, id); slot[at]; at++) {
		group = (uint32_t)slot[at] - 1;
		if (!((slot[at] ^ id) >> 32) && g->group[group].id == id)
			return group;
	}
	group = group_add(g, id, handle);
	(void)slots_put(&g->found, id >> 32 << 32 | (group + 1));
	return group;
}

bool group_note_peer(struct grouping *g, uint64_t hash)
{
	return !g->peers.slot[slots_seek(&g->peers, hash)] && slots_put(&g->peers, hash);
}
