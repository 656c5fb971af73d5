/* Pairs: a set of hashes, and a number for each row. */
#include "config.h"

#include "store/pairs.h"

#include <string.h>

static uint32_t room_for(uint32_t rows)
{
	return rows < UINT32_MAX / 4 / PAIRS_PER_ROW ? rows * PAIRS_PER_ROW : UINT32_MAX / 4;
}

size_t pairs_bytes(uint32_t rows)
{
	return rows ? slots_bytes(room_for(rows)) + ((size_t)rows + 1) * sizeof(uint32_t) : 0;
}

bool pairs_init(struct pairs *p, uint32_t rows)
{
	*p = (struct pairs){ .rows = rows, .max = rows ? room_for(rows) : 0 };
	if (!rows)
		return true;
	p->count = mem_table((size_t)rows + 1, sizeof(*p->count));
	return p->count && slots_init(&p->seen, p->max);
}

void pairs_fini(struct pairs *p)
{
	mem_table_free(p->count, (size_t)p->rows + 1, sizeof(*p->count));
	slots_fini(&p->seen);
	*p = (struct pairs){ 0 };
}

void pairs_clear(struct pairs *p, uint32_t rows)
{
	if (!p->max)
		return;
	slots_clear(&p->seen);
	p->missed = 0;
	memset(p->count, 0, ((size_t)rows + 1) * sizeof(*p->count));
}

void pairs_fetch_rest(const struct pairs *p, uint64_t hash)
{
	mem_read(&p->seen.slot[slots_seek(&p->seen, hash)]);
}

void pairs_add(struct pairs *p, uint32_t row, uint64_t hash)
{
	if (p->seen.slot[slots_seek(&p->seen, hash)])
		return;
	if (p->seen.used < p->max && slots_put(&p->seen, hash))
		p->count[row]++;
	else
		p->missed++;
}

void pairs_forget(struct pairs *p, uint32_t row)
{
	if (p->max)
		p->count[row] = 0;
}
