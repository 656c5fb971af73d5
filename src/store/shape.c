/* Shapes: a table that grows, a chained hash, users counted. */
#include "config.h"

#include "store/shape.h"

#include <string.h>

#include "util/hash.h"
#include "util/mem.h"

#define ROOM_START 64

struct shape_entry {
	struct shape shape;
	uint32_t users;
	uint32_t next; /* with the same hash, or the next free one */
};

size_t shapes_bytes(void)
{
	return (SHAPES_MAX + 1) * (sizeof(struct shape_entry) + sizeof(uint32_t));
}

void shapes_init(struct shapes *s)
{
	*s = (struct shapes){ .room = ROOM_START, .mask = ROOM_START - 1 };
	s->entry = mem_array(ROOM_START, sizeof(*s->entry));
	s->bucket = mem_array(ROOM_START, sizeof(*s->bucket));
}

void shapes_fini(struct shapes *s)
{
	mem_free(s->entry);
	mem_free(s->bucket);
	*s = (struct shapes){ 0 };
}

static uint32_t *bucket_of(const struct shapes *s, const struct shape *shape)
{
	return &s->bucket[hash_bytes(shape, sizeof(*shape)) & s->mask];
}

static void link_entry(struct shapes *s, uint32_t i)
{
	uint32_t *b = bucket_of(s, &s->entry[i].shape);

	s->entry[i].next = *b;
	*b = i;
}

/* Only when all entries are in use. */
static void grow(struct shapes *s)
{
	s->room *= 2;
	s->mask = s->room - 1;
	s->entry = mem_grow(s->entry, s->room, sizeof(*s->entry));
	s->bucket = mem_grow(s->bucket, s->room, sizeof(*s->bucket));
	memset(s->bucket, 0, s->room * sizeof(*s->bucket));
	for (uint32_t i = 1; i <= s->used; i++)
		link_entry(s, i);
}

static uint32_t entry_new(struct shapes *s)
{
	uint32_t i = s->free;

	if (i) {
		s->free = s->entry[i].next;
		return i;
	}
	if (s->used == SHAPES_MAX)
		return 0;
	if (s->used + 1 == s->room)
		grow(s);
	return ++s->used;
}

uint32_t shapes_take(struct shapes *s, const struct shape *shape)
{
	uint32_t i;

	for (i = *bucket_of(s, shape); i; i = s->entry[i].next)
		if (!memcmp(&s->entry[i].shape, shape, sizeof(*shape))) {
			s->entry[i].users++;
			s->users++;
			return i;
		}
	i = entry_new(s);
	if (!i)
		return 0;
	s->entry[i].shape = *shape;
	s->entry[i].users = 1;
	s->users++;
	link_entry(s, i);
	return i;
}

void shapes_drop(struct shapes *s, uint32_t i)
{
	struct shape_entry *e = &s->entry[i];
	uint32_t *link;

	s->users--;
	if (--e->users)
		return;
	for (link = bucket_of(s, &e->shape); *link != i; link = &s->entry[*link].next)
		;
	*link = e->next;
	e->next = s->free;
	s->free = i;
}

const struct shape *shapes_at(const struct shapes *s, uint32_t i)
{
	return &s->entry[i].shape;
}
