/* Slabs of blocks, and a list of those that were given back. */
#include "config.h"

#include "util/chain.h"

#include <assert.h>
#include <string.h>

#include "util/mem.h"

#define SLAB_BITS 15
#define SLAB_SIZE (UINT32_C(1) << SLAB_BITS)

_Static_assert(sizeof(struct chain_block) == 32, "two in a cache line");

void chains_init(struct chains *c, uint64_t blocks)
{
	if (blocks > UINT32_MAX - SLAB_SIZE)
		blocks = UINT32_MAX - SLAB_SIZE;
	*c = (struct chains){ .max = (uint32_t)blocks };
	c->slab = mem_array((c->max >> SLAB_BITS) + 1, sizeof(*c->slab));
}

void chains_fini(struct chains *c)
{
	for (uint32_t i = 0; i < c->slabs; i++)
		mem_free(c->slab[i]);
	mem_free(c->slab);
	*c = (struct chains){ 0 };
}

void chains_clear(struct chains *c)
{
	c->used = c->fresh = c->free = 0;
}

static struct chain_block *block_at(const struct chains *c, uint32_t i)
{
	return &c->slab[i >> SLAB_BITS][i & (SLAB_SIZE - 1)];
}

/* Block 0 stays unused, since 0 says none. */
static uint32_t block_take(struct chains *c)
{
	uint32_t i = c->free;

	assert(c->used < c->max);
	c->used++;
	if (i) {
		c->free = block_at(c, i)->next;
	} else {
		i = ++c->fresh;
		if (i >> SLAB_BITS >= c->slabs)
			c->slab[c->slabs++] = mem_array(SLAB_SIZE, sizeof(struct chain_block));
	}
	block_at(c, i)->next = 0;
	return i;
}

void chain_drop(struct chains *c, uint32_t *first)
{
	while (*first) {
		struct chain_block *b = block_at(c, *first);
		uint32_t next = b->next;

		b->next = c->free;
		c->free = *first;
		c->used--;
		*first = next;
	}
}

void chain_write(struct chains *c, uint32_t *first, const void *p, size_t n)
{
	const uint8_t *from = p;

	while (n > 0) {
		size_t part = n < CHAIN_BODY ? n : CHAIN_BODY;
		struct chain_block *b;

		if (!*first)
			*first = block_take(c);
		b = block_at(c, *first);
		memcpy(b->body, from, part);
		from += part;
		n -= part;
		first = &b->next;
	}
	chain_drop(c, first);
}

uint8_t *chain_read(const struct chains *c, uint32_t first, uint8_t *out)
{
	for (; first; first = block_at(c, first)->next) {
		memcpy(out, block_at(c, first)->body, CHAIN_BODY);
		out += CHAIN_BODY;
	}
	return out;
}
