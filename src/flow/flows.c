#include "config.h"

#include "flow/flows.h"

#include <string.h>

#include "util/mem.h"

#define LIVE_LOOKED_AT 16

static bool rares_init(struct rares *pool, uint32_t max)
{
	pool->rare = mem_table((size_t)max + 1, sizeof(pool->rare[0]));
	if (!pool->rare)
		return false;
	pool->rare[0].pool = pool;
	pool->fresh = 1;
	return true;
}

bool flows_init(struct flows *t, uint32_t max, const struct index *graves)
{
	bool ok;

	memset(t, 0, sizeof(*t));
	t->max = max;
	t->queue_size = max;
	t->graves = graves;
	t->flow = mem_table(max, sizeof(t->flow[0]));
	t->queue = mem_table(max, sizeof(t->queue[0]));
	t->spare = mem_table(max, sizeof(t->spare[0]));
	ok = rares_init(&t->rares, max);
	ok = t->flow && index_init(&t->index, max, INDEX_QUICK, &t->flow[0].hash, sizeof(t->flow[0])) && ok;
	ok = wheel_init(&t->wheel, max) && ok;
	if (!ok || !t->queue || !t->spare) {
		flows_fini(t);
		return false;
	}
	front_begin(&t->front, t->flow, max, sizeof(t->flow[0]));
	for (int i = 0; i < CLASS_COUNT; i++)
		t->class[i] = (struct flow_list){NIL, NIL, 0};
	return true;
}

void flows_fini(struct flows *t)
{
	front_end(&t->front);
	mem_table_free(t->flow, t->max, sizeof(t->flow[0]));
	mem_table_free(t->queue, t->queue_size, sizeof(t->queue[0]));
	mem_table_free(t->spare, t->max, sizeof(t->spare[0]));
	mem_table_free(t->rares.rare, (size_t)t->max + 1, sizeof(t->rares.rare[0]));
	index_fini(&t->index);
	wheel_fini(&t->wheel);
	t->flow = NULL;
	t->queue = t->spare = NULL;
	t->rares.rare = NULL;
}

struct flow *flows_find(const struct flows *t, const struct tuple *tuple, uint32_t hash, int *side)
{
	struct index_place at = index_at(&t->index, hash);
	uint32_t ref;

	while ((ref = index_next(&t->index, &at, hash))) {
		*side = tuple_side(&t->flow[ref - 1].tuple, tuple);
		if (*side >= 0)
			return &t->flow[ref - 1];
	}
	*side = CLIENT;
	return NULL;
}

struct flow *flows_add(struct flows *t, const struct tuple *client_first, uint32_t hash)
{
	struct flow *f;
	uint32_t slot, queued;

	if (t->spares) {
		slot = t->spare[--t->spares];
	} else if (t->fresh < t->max) {
		slot = t->fresh++;
		front_at(&t->front, t->fresh * sizeof(*f));
	} else {
		return NULL;
	}
	f = &t->flow[slot];
	queued = f->flags & FLOW_QUEUED; /* the slot's last user may still stand in the queue */
	mem_clear(f, sizeof(*f));
	f->flags = FLOW_USED | queued;
	f->hash = hash;
	f->tuple = *client_first;
	f->rare = t->rares.rare;
	f->trail = NIL;
	index_add(&t->index, hash, slot + 1);
	t->used++;
	f->class = CLASS_COUNT;
	flows_set_class(t, f, CLASS_SETUP);
	return f;
}

static void class_remove(struct flows *t, struct flow *f)
{
	struct flow_list *l;

	if (f->class >= CLASS_COUNT)
		return;
	l = &t->class[f->class];
	l->n--;
	if (f->class != CLASS_LIVE) {
		*(f->class_prev != NIL ? &t->flow[f->class_prev].class_next : &l->head) = f->class_next;
		*(f->class_next != NIL ? &t->flow[f->class_next].class_prev : &l->tail) = f->class_prev;
	}
	f->class = CLASS_COUNT;
}

void flows_set_class(struct flows *t, struct flow *f, enum flow_class class)
{
	struct flow_list *l = &t->class[class];
	uint32_t slot = flows_slot(t, f);

	class_remove(t, f);
	f->class = class;
	l->n++;
	/* Those that live leave in no order, so that a list would drag two strangers into the cache each time. */
	if (class == CLASS_LIVE)
		return;
	f->class_next = NIL;
	f->class_prev = l->tail;
	*(l->tail != NIL ? &t->flow[l->tail].class_next : &l->head) = slot;
	l->tail = slot;
}

struct flow *flows_idle(struct flows *t)
{
	struct flow *idle = NULL;
	int seen = 0;

	for (uint32_t i = 0; i < t->fresh && seen < LIVE_LOOKED_AT; i++) {
		struct flow *f = &t->flow[t->hand];

		if (++t->hand >= t->fresh)
			t->hand = 0;
		if (!(f->flags & FLOW_USED) || f->class != CLASS_LIVE)
			continue;
		seen++;
		if (!idle || f->heard < idle->heard)
			idle = f;
	}
	return idle;
}

static bool entry_holds(void *arg, uint32_t slot, uint32_t place)
{
	const struct flows *t = arg;
	const struct flow *f = &t->flow[slot];

	return (f->flags & (FLOW_USED | FLOW_ARMED)) == (FLOW_USED | FLOW_ARMED) && f->wheel_at == place;
}

static void wheel_insert(struct flows *t, struct flow *f, uint32_t place)
{
	uint32_t slot = flows_slot(t, f);

	if (!wheel_add(&t->wheel, place, slot)) {
		wheel_sweep(&t->wheel, entry_holds, t);
		(void)wheel_add(&t->wheel, place, slot);
	}
	f->wheel_at = (uint16_t)place;
	f->flags |= FLOW_ARMED;
}

void flows_arm_anew(struct flows *t, struct flow *f, int64_t deadline)
{
	uint32_t place = wheel_place(&t->wheel, deadline);

	f->deadline = deadline;
	if (!(f->flags & FLOW_ARMED) || wheel_before(&t->wheel, place, f->wheel_at))
		wheel_insert(t, f, place);
}

/* Reads the first line of each, all at once; of those that are due, what ending them will touch. */
static void fetch_due(const struct flows *t, int64_t now)
{
	for (uint32_t i = 0; i < t->due_n; i++)
		mem_read(&t->flow[t->due[i]].flags);
	for (uint32_t i = 0; i < t->due_n; i++) {
		const struct flow *f = &t->flow[t->due[i]];

		if (f->deadline > now)
			continue;
		mem_read(index_bucket(&t->index, f->hash));
		if (t->graves)
			mem_read(index_bucket(t->graves, f->hash));
		mem_read_all(&f->start, sizeof(*f) - offsetof(struct flow, start));
	}
	for (uint32_t i = 0; i < t->due_n; i++) {
		const struct flow *f = &t->flow[t->due[i]];

		if (f->deadline <= now)
			mem_read_all(f->rare, sizeof(*f->rare));
	}
}

struct flow *flows_due(struct flows *t, int64_t now, uint32_t *left)
{
	for (;;) {
		while (t->due_at < t->due_n) {
			struct flow *f = &t->flow[t->due[t->due_at]];

			if (!entry_holds(t, t->due[t->due_at++], t->due_place))
				continue;
			f->flags &= ~(uint32_t)FLOW_ARMED;
			if (f->deadline <= now)
				return f;
			wheel_insert(t, f, wheel_place(&t->wheel, f->deadline));
		}
		t->due_at = t->due_n = 0;
		if (!*left)
			return NULL;
		t->due_n = wheel_take(&t->wheel, now, t->due, *left < DUE_MOST ? *left : DUE_MOST, &t->due_place);
		*left -= t->due_n;
		if (!t->due_n)
			return NULL;
		fetch_due(t, now);
	}
}

void flows_release(struct flows *t, struct flow *f)
{
	(void)index_remove(&t->index, f->hash, flows_slot(t, f) + 1);
	class_remove(t, f);
	flow_common(f);
	f->flags &= FLOW_QUEUED;
	t->spare[t->spares++] = flows_slot(t, f);
	t->used--;
}

void flows_fetch_changed(const struct flows *t, uint32_t n)
{
	if (n > t->queued)
		n = t->queued;
	for (uint32_t i = 0, at = t->queue_from; i < n; i++) {
		mem_read_all(&t->flow[t->queue[at]], sizeof(t->flow[0]));
		if (++at == t->queue_size)
			at = 0;
	}
}

struct flow *flows_next_changed(struct flows *t)
{
	while (t->queued) {
		struct flow *f = &t->flow[t->queue[t->queue_from]];

		if (++t->queue_from == t->queue_size)
			t->queue_from = 0;
		t->queued--;
		f->flags &= ~(uint32_t)FLOW_QUEUED;
		if (!t->queued)
			t->queue_from = 0; /* so that no more of the ring is touched than is needed */
		if ((f->flags & FLOW_USED) && (f->flags & FLOW_DIRTY))
			return f;
	}
	return NULL;
}
