#include "config.h"

#include "flow/tomb.h"

#include <string.h>

#include "flow/flow.h"
#include "util/mem.h"

bool tombs_init(struct tombs *t, uint32_t max)
{
	uint32_t heads = 16;

	while (heads < max && heads < UINT32_C(1) << 20)
		heads <<= 1;
	memset(t, 0, sizeof(*t));
	t->max = max;
	t->mask = heads - 1;
	t->tomb = mem_table(max, sizeof(t->tomb[0]));
	t->head = mem_table(heads, sizeof(t->head[0]));
	if (t->tomb && t->head)
		return true;
	tombs_fini(t);
	return false;
}

void tombs_fini(struct tombs *t)
{
	mem_table_free(t->tomb, t->max, sizeof(t->tomb[0]));
	mem_table_free(t->head, (size_t)t->mask + 1, sizeof(t->head[0]));
	t->tomb = NULL;
	t->head = NULL;
}

static void tombs_unlink(struct tombs *t, uint32_t i)
{
	uint32_t *link = &t->head[t->tomb[i].hash & t->mask];

	while (*link && *link != i + 1)
		link = &t->tomb[*link - 1].next;
	if (*link)
		*link = t->tomb[i].next;
}

void tombs_add(struct tombs *t, const struct tomb *what)
{
	uint32_t i = (uint32_t)(t->made % t->max);
	uint32_t *head = &t->head[what->hash & t->mask];

	if (t->made >= t->max)
		tombs_unlink(t, i);
	t->made++;
	t->tomb[i] = *what;
	t->tomb[i].next = *head;
	*head = i + 1;
}

struct tomb *tombs_find(const struct tombs *t, const struct tuple *tuple, uint32_t hash, int64_t now,
	int *side)
{
	uint32_t i;

	for (i = t->head[hash & t->mask]; i; i = t->tomb[i - 1].next) {
		struct tomb *tomb = &t->tomb[i - 1];

		if (tomb->hash != hash)
			continue;
		*side = tuple_side(&tomb->tuple, tuple);
		if (*side < 0)
			continue;
		return tomb->until >= now ? tomb : NULL; /* the newest comes first */
	}
	return NULL;
}
