#include "config.h"

#include "flow/flows.h"

#include <string.h>

#include "util/mem.h"

#define HEADS_START (UINT32_C(1) << 13)

static uint32_t power_of_two(uint32_t n)
{
	uint32_t p = 16;

	while (p < n && p < UINT32_C(1) << 31)
		p <<= 1;
	return p;
}

bool flows_init(struct flows *t, uint32_t max)
{
	uint32_t heads = power_of_two(max < HEADS_START ? max : HEADS_START), i;

	memset(t, 0, sizeof(*t));
	t->max = max;
	t->queue_size = max;
	t->free = NIL;
	t->mask = heads - 1;
	t->flow = mem_table(max, sizeof(t->flow[0]));
	t->link = mem_table(max, sizeof(t->link[0]));
	t->head = mem_table(heads, sizeof(t->head[0]));
	t->queue = mem_table(max, sizeof(t->queue[0]));
	if (!t->flow || !t->link || !t->head || !t->queue) {
		flows_fini(t);
		return false;
	}
	/* Index and wheel hold slot + 1, so that untouched memory reads as empty. */
	for (i = 0; i < CLASS_COUNT; i++)
		t->class[i] = (struct flow_list){NIL, NIL, 0};
	return true;
}

void flows_fini(struct flows *t)
{
	mem_table_free(t->flow, t->max, sizeof(t->flow[0]));
	mem_table_free(t->link, t->max, sizeof(t->link[0]));
	mem_table_free(t->head, (size_t)t->mask + 1, sizeof(t->head[0]));
	mem_table_free(t->queue, t->queue_size, sizeof(t->queue[0]));
	t->flow = NULL;
	t->link = NULL;
	t->head = NULL;
	t->queue = NULL;
}

struct flow *flows_find(const struct flows *t, const struct tuple *tuple, uint32_t hash, int *side)
{
	uint32_t i;

	for (i = t->head[hash & t->mask]; i; i = t->flow[i - 1].next) {
		struct flow *f = &t->flow[i - 1];

		if (f->hash != hash)
			continue;
		*side = tuple_side(&f->tuple, tuple);
		if (*side >= 0)
			return f;
	}
	*side = CLIENT;
	return NULL;
}

/* Files can hold far more connections than the index was sized for at start. */
static void grow_index(struct flows *t)
{
	uint32_t old = t->mask + 1, i;
	uint32_t *head;

	if (t->used * 2 <= t->mask || old >= UINT32_C(1) << 30)
		return;
	head = mem_table((size_t)old * 2, sizeof(*head));
	if (!head)
		return; /* longer chains, nothing worse */
	mem_table_free(t->head, old, sizeof(*head));
	t->head = head;
	t->mask = old * 2 - 1;
	/* Slots are walked in order, so the chains' order would not be that of age: keep the newest generation first. */
	for (i = 0; i < t->fresh; i++) {
		struct flow *f = &t->flow[i];
		uint32_t *link = &t->head[f->hash & t->mask];

		if (!(f->flags & FLOW_USED))
			continue;
		while (*link && t->flow[*link - 1].uid > f->uid)
			link = &t->flow[*link - 1].next;
		f->next = *link;
		*link = i + 1;
	}
}

struct flow *flows_add(struct flows *t, const struct tuple *client_first, uint32_t hash)
{
	struct flow *f;
	uint32_t slot, queued;

	grow_index(t);
	if (t->free != NIL) {
		slot = t->free;
		t->free = t->flow[slot].next;
	} else if (t->fresh < t->max) {
		slot = t->fresh++;
	} else {
		return NULL;
	}
	f = &t->flow[slot];
	queued = f->flags & FLOW_QUEUED; /* the slot's last user may still stand in the queue */
	memset(f, 0, sizeof(*f));
	f->flags = FLOW_USED | queued;
	f->hash = hash;
	f->tuple = *client_first;
	t->link[slot] = (struct flow_link){NIL, NIL, NIL, NIL, NIL};
	f->trail = NIL;
	f->next = t->head[hash & t->mask];
	t->head[hash & t->mask] = slot + 1;
	t->used++;
	f->class = CLASS_COUNT;
	flows_set_class(t, f, CLASS_SETUP);
	return f;
}

static void class_remove(struct flows *t, struct flow *f)
{
	const struct flow_link *k = &t->link[flows_slot(t, f)];
	struct flow_list *l;

	if (f->class >= CLASS_COUNT)
		return;
	l = &t->class[f->class];
	*(k->class_prev != NIL ? &t->link[k->class_prev].class_next : &l->head) = k->class_next;
	*(k->class_next != NIL ? &t->link[k->class_next].class_prev : &l->tail) = k->class_prev;
	l->n--;
	f->class = CLASS_COUNT;
}

void flows_set_class(struct flows *t, struct flow *f, enum flow_class class)
{
	struct flow_list *l = &t->class[class];
	uint32_t slot = flows_slot(t, f);

	class_remove(t, f);
	f->class = class;
	t->link[slot].class_next = NIL;
	t->link[slot].class_prev = l->tail;
	*(l->tail != NIL ? &t->link[l->tail].class_next : &l->head) = slot;
	l->tail = slot;
	l->n++;
}

static void wheel_remove(struct flows *t, struct flow *f)
{
	struct flow_link *k = &t->link[flows_slot(t, f)];

	if (k->wheel_slot == NIL)
		return;
	if (k->wheel_prev != NIL)
		t->link[k->wheel_prev].wheel_next = k->wheel_next;
	else
		t->wheel[k->wheel_slot] = k->wheel_next == NIL ? 0 : k->wheel_next + 1;
	if (k->wheel_next != NIL)
		t->link[k->wheel_next].wheel_prev = k->wheel_prev;
	k->wheel_slot = NIL;
}

static void wheel_insert(struct flows *t, struct flow *f)
{
	int64_t tick = f->deadline >> WHEEL_SHIFT;
	uint32_t slot = flows_slot(t, f), first;
	struct flow_link *k = &t->link[slot];

	if (tick < t->wheel_tick)
		tick = t->wheel_tick;
	if (tick >= t->wheel_tick + WHEEL_SLOTS)
		tick = t->wheel_tick + WHEEL_SLOTS - 1; /* looked at then, and put off again */
	k->wheel_slot = (uint32_t)(tick & (WHEEL_SLOTS - 1));
	first = t->wheel[k->wheel_slot];
	k->wheel_prev = NIL;
	k->wheel_next = first ? first - 1 : NIL;
	if (first)
		t->link[first - 1].wheel_prev = slot;
	t->wheel[k->wheel_slot] = slot + 1;
}

void flows_arm(struct flows *t, struct flow *f, int64_t deadline)
{
	/* A later deadline needs no move: the wheel looks at the old one, sees it is not due, and puts it off. */
	bool later = t->link[flows_slot(t, f)].wheel_slot != NIL && deadline >= f->deadline;

	f->deadline = deadline;
	if (later)
		return;
	wheel_remove(t, f);
	wheel_insert(t, f);
}

/* What looking at the next ones will touch: all of one that is likely to go, of another what tells when it is due. */
static void fetch_next_due(const struct flows *t, uint32_t slot)
{
	uint32_t next = t->link[slot].wheel_next, later;
	const char *line, *end;
	const struct flow *f;

	if (next == NIL)
		return;
	later = t->link[next].wheel_next;
	if (later != NIL) {
		__builtin_prefetch(&t->flow[later]);
		__builtin_prefetch(&t->link[later]);
	}
	f = &t->flow[next];
	end = (const char *)(f->ending ? f + 1 : f);
	__builtin_prefetch(&f->start, 1);
	__builtin_prefetch(&f->half[0]);
	__builtin_prefetch(&f->half[1]);
	__builtin_prefetch(&f->half[1].synack_late);
	for (line = (const char *)&f->half[0].isn; line < end; line += 64)
		__builtin_prefetch(line);
}

struct flow *flows_due(struct flows *t, int64_t now)
{
	int64_t tick = now >> WHEEL_SHIFT;

	if (t->wheel_tick == 0 || tick - t->wheel_tick > (int64_t)WHEEL_SLOTS)
		t->wheel_tick = t->wheel_tick == 0 ? tick : tick - WHEEL_SLOTS;
	while (t->wheel_tick < tick) {
		uint32_t first = t->wheel[t->wheel_tick & (WHEEL_SLOTS - 1)];
		struct flow *f;

		if (!first) {
			t->wheel_tick++;
			continue;
		}
		f = &t->flow[first - 1];
		fetch_next_due(t, first - 1);
		wheel_remove(t, f);
		if (f->deadline <= now)
			return f;
		/* Put off: into a later tick than the one being emptied. */
		t->wheel_tick++;
		wheel_insert(t, f);
		t->wheel_tick--;
	}
	return NULL;
}

void flows_unlink(struct flows *t, struct flow *f)
{
	uint32_t *link = &t->head[f->hash & t->mask], slot = flows_slot(t, f) + 1;

	while (*link && *link != slot)
		link = &t->flow[*link - 1].next;
	if (*link)
		*link = f->next;
	wheel_remove(t, f);
	class_remove(t, f);
}

void flows_release(struct flows *t, struct flow *f)
{
	f->flags &= FLOW_QUEUED;
	f->next = t->free;
	t->free = flows_slot(t, f);
	t->used--;
}

struct flow *flows_next_changed(struct flows *t)
{
	while (t->queued) {
		struct flow *f = &t->flow[t->queue[t->queue_from]];

		if (++t->queue_from == t->queue_size)
			t->queue_from = 0;
		t->queued--;
		f->flags &= ~(uint32_t)FLOW_QUEUED;
		if ((f->flags & FLOW_USED) && (f->flags & FLOW_DIRTY))
			return f;
	}
	return NULL;
}
