#include "config.h"

#include "flow/wheel.h"

#include <string.h>

#include "util/mem.h"

static uint32_t sheets_for(uint64_t max)
{
	return (uint32_t)(2 * max / SHEET_SLOTS + 2 * WHEEL_TICKS);
}

bool wheel_init(struct wheel *w, uint32_t max)
{
	memset(w, 0, sizeof(*w));
	w->sheets = sheets_for(max);
	w->sheet = mem_table(w->sheets, sizeof(w->sheet[0]));
	mem_table_small(w->sheet, w->sheets, sizeof(w->sheet[0]));
	return w->sheet != NULL;
}

void wheel_fini(struct wheel *w)
{
	mem_table_free(w->sheet, w->sheets, sizeof(w->sheet[0]));
	w->sheet = NULL;
}

size_t wheel_bytes(uint64_t max)
{
	return max * sizeof(struct sheet) / SHEET_SLOTS;
}

uint32_t wheel_place(const struct wheel *w, int64_t deadline)
{
	int64_t tick = wheel_tick(deadline);

	if (tick < w->tick)
		tick = w->tick;
	else if (tick >= w->tick + WHEEL_TICKS)
		tick = w->tick + WHEEL_TICKS - 1;
	return (uint32_t)tick & (WHEEL_TICKS - 1);
}

static uint32_t sheet_take(struct wheel *w)
{
	uint32_t i = w->free;

	if (i) {
		w->free = w->sheet[i - 1].next;
		return i;
	}
	return w->fresh < w->sheets ? ++w->fresh : 0;
}

static void sheet_give(struct wheel *w, uint32_t i)
{
	w->sheet[i - 1].next = w->free;
	w->free = i;
}

bool wheel_add(struct wheel *w, uint32_t place, uint32_t slot)
{
	uint32_t *first = &w->first[place], i = *first;
	struct sheet *s;

	if (!i || w->sheet[i - 1].n == SHEET_SLOTS) {
		i = sheet_take(w);
		if (!i)
			return false;
		w->sheet[i - 1].next = *first;
		w->sheet[i - 1].n = 0;
		*first = i;
	}
	s = &w->sheet[i - 1];
	s->slot[s->n++] = slot;
	return true;
}

void wheel_sweep(struct wheel *w, bool (*holds)(void *arg, uint32_t slot, uint32_t place), void *arg)
{
	for (uint32_t place = 0; place < WHEEL_TICKS; place++) {
		uint32_t i = w->first[place], next;

		/* Written anew into sheets already read: never ahead of the reading. */
		w->first[place] = 0;
		for (; i; i = next) {
			struct sheet was = w->sheet[i - 1];

			next = was.next;
			sheet_give(w, i);
			for (uint32_t k = 0; k < was.n; k++)
				if (holds(arg, was.slot[k], place))
					(void)wheel_add(w, place, was.slot[k]);
		}
	}
}

uint32_t wheel_take(struct wheel *w, int64_t now, uint32_t *slot, uint32_t room, uint32_t *place)
{
	int64_t until = wheel_tick(now);
	uint32_t n = 0;

	if (w->tick == 0 || until - w->tick > (int64_t)WHEEL_TICKS)
		w->tick = w->tick == 0 ? until : until - WHEEL_TICKS;
	for (; w->tick < until; w->tick++) {
		uint32_t *first = &w->first[w->tick & (WHEEL_TICKS - 1)];

		while (*first && n < room) {
			struct sheet *s = &w->sheet[*first - 1];
			uint32_t empty = *first;

			if (s->next)
				mem_ask(&w->sheet[s->next - 1]);
			while (s->n && n < room)
				slot[n++] = s->slot[--s->n];
			if (s->n)
				break;
			*first = s->next;
			sheet_give(w, empty);
		}
		if (n)
			break;
	}
	*place = (uint32_t)w->tick & (WHEEL_TICKS - 1);
	return n;
}
