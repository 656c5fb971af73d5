#include "config.h"

#include "store/bunch.h"

#include <assert.h>
#include <string.h>

#include "util/hash.h"
#include "util/mem.h"

#define COMMONS 8 /* bunches a fact belongs to in one window, at most */

bool is_silent(enum ending e)
{
	return e == ENDING_SERVER_VANISHED || e == ENDING_CLIENT_VANISHED;
}

bool is_failure(enum ending e)
{
	enum ending_group g = ending_info[e].group;

	return g == GROUP_REFUSED || g == GROUP_NO_ANSWER || e == ENDING_CANCELLED;
}

const struct addr *silent_host(const struct fact *f)
{
	return f->ending == ENDING_CLIENT_VANISHED ? &f->client : &f->server;
}

struct addr network_of(const struct addr *a)
{
	struct addr net = *a;
	size_t keep = addr_is_v4(a) ? 15 : 8;

	memset(net.b + keep, 0, sizeof(net.b) - keep);
	return net;
}

static struct subject *subject_add(struct subject *list, int *n, enum common common)
{
	struct subject *s = &list[(*n)++];

	assert(*n <= COMMONS);
	memset(s, 0, sizeof(*s));
	s->common = (uint8_t)common;
	return s;
}

static void service_add(const struct fact *f, struct subject *list, int *n)
{
	struct subject *s = subject_add(list, n, COMMON_SERVICE);

	s->a = f->server;
	s->port = f->port;
}

static void pair_add(const struct fact *f, enum common common, struct subject *list, int *n)
{
	struct subject *s = subject_add(list, n, common);

	s->a = f->client;
	s->b = f->server;
	s->port = f->port;
}

static int short_subjects(const struct fact *f, struct subject list[COMMONS])
{
	int n = 0;

	if (f->kind == FACT_OF_WAIT)
		return 0;
	if (f->kind == FACT_OF_HELD) {
		pair_add(f, COMMON_STANDING, list, &n);
		return n;
	}
	service_add(f, list, &n);
	subject_add(list, &n, COMMON_HOST)->a = f->server;
	subject_add(list, &n, COMMON_CLIENT)->a = f->client;
	subject_add(list, &n, COMMON_ALL);
	if (is_silent((enum ending)f->ending)) {
		subject_add(list, &n, COMMON_SILENT_NET)->a = network_of(silent_host(f));
		subject_add(list, &n, COMMON_SILENT);
	}
	if (f->flags & FACT_REUSE)
		pair_add(f, COMMON_PAIR, list, &n);
	return n;
}

static int long_subjects(const struct fact *f, struct subject list[COMMONS])
{
	struct subject *s;
	int n = 0;

	service_add(f, list, &n);
	if (f->ending == ENDING_UNREACHABLE) {
		s = subject_add(list, &n, COMMON_ICMP);
		s->a = f->via;
		s->x = f->icmp_type;
		s->y = f->icmp_code;
	}
	if (f->ending == ENDING_PATH_RESET) {
		s = subject_add(list, &n, COMMON_DISTANCE);
		s->x = (uint8_t)f->ttl_delta;
		if (f->ttl_delta == 0)
			s->a = f->server; /* the distance tells nothing: it may be a device for each */
	}
	return n;
}

void lens_fini(struct lens *l)
{
	mem_free(l->bunch);
	mem_free(l->link);
	mem_free(l->index);
	memset(l, 0, sizeof(*l));
}

void lens_begin(struct lens *l, const struct fact *fact)
{
	l->fact = fact;
	l->bunches = l->links = 0;
	if (l->index)
		memset(l->index, 0, l->index_room * sizeof(l->index[0]));
}

static struct entry *place_of(const struct lens *l, const struct subject *who, uint64_t hash)
{
	size_t i = hash & (l->index_room - 1);
	uint32_t tag = (uint32_t)(hash >> 32);

	/* Most bunches that are passed on the way need not be looked at. */
	while (l->index[i].bunch && (l->index[i].hash != tag ||
					    memcmp(&l->bunch[l->index[i].bunch - 1].who, who, sizeof(*who)) != 0))
		i = (i + 1) & (l->index_room - 1);
	return &l->index[i];
}

static void index_double(struct lens *l)
{
	l->index_room = l->index_room ? l->index_room * 2 : 256;
	mem_free(l->index);
	l->index = mem_array(l->index_room, sizeof(l->index[0]));
	for (size_t i = 0; i < l->bunches; i++) {
		uint64_t hash = hash_bytes(&l->bunch[i].who, sizeof(l->bunch[i].who));

		*place_of(l, &l->bunch[i].who, hash) = (struct entry){ (uint32_t)i + 1, (uint32_t)(hash >> 32) };
	}
}

const struct bunch *lens_find(const struct lens *l, const struct subject *who)
{
	uint32_t i = l->index_room ? place_of(l, who, hash_bytes(who, sizeof(*who)))->bunch : 0;

	return i ? &l->bunch[i - 1] : NULL;
}

static struct bunch *bunch_obtain(struct lens *l, const struct subject *who, uint64_t hash)
{
	struct entry *place;

	if (l->bunches * 2 >= l->index_room)
		index_double(l);
	place = place_of(l, who, hash);
	if (!place->bunch) {
		if (l->bunches == l->bunch_room) {
			l->bunch_room = l->bunch_room ? l->bunch_room * 2 : 128;
			l->bunch = mem_grow(l->bunch, l->bunch_room, sizeof(l->bunch[0]));
		}
		memset(&l->bunch[l->bunches], 0, sizeof(l->bunch[0]));
		l->bunch[l->bunches].who = *who;
		*place = (struct entry){ (uint32_t)++l->bunches, (uint32_t)(hash >> 32) };
	}
	return &l->bunch[place->bunch - 1];
}

/* by: 1 when the fact comes, -1 when it goes. */
static void bunch_count(struct bunch *b, const struct fact *f, uint32_t by)
{
	enum ending e = (enum ending)f->ending;

	b->n += by;
	switch ((enum fact_kind)f->kind) {
	case FACT_OF_ACCEPTED:
		b->accepted += by;
		b->answered += by;
		b->taken_late += f->flags & FACT_TAKEN_LATE ? by : 0;
		return;
	case FACT_OF_WAIT:
		b->waiting += by;
		return;
	case FACT_OF_HELD:
		return;
	case FACT_OF_END:
	case FACT_KINDS:
		break;
	}
	b->by[e] += by;
	if (is_failure(e) && f->flags & FACT_ATTEMPT)
		b->failed += by;
	if (e == ENDING_REFUSED || f->flags & FACT_ESTABLISHED)
		b->answered += by;
	if (f->flags & FACT_ESTABLISHED)
		b->established += by;
	if (f->flags & FACT_DELIVERED)
		b->delivered += by;
	if (f->flags & FACT_GAP)
		b->gaps += by;
	if (f->flags & FACT_ONE_WAY)
		b->one_way += by;
	if (f->flags & FACT_SERVER_FIRST)
		b->server_first += by;
}

static uint32_t link_new(struct lens *l, uint32_t fact, uint32_t bunch)
{
	if (l->links == l->link_room) {
		l->link_room = l->link_room ? l->link_room * 2 : 1024;
		l->link = mem_grow(l->link, l->link_room, sizeof(l->link[0]));
	}
	l->link[l->links] = (struct link){ fact, 0, bunch };
	return (uint32_t)++l->links;
}

/* What a fact is about, looked up together with that of others. */
struct about {
	struct subject who[COMMONS];
	uint64_t hash[COMMONS];
	int n;
};

/* Reads where the subjects are found, then what is found there, nothing between: the misses overlap. */
static void fetch_about(const struct lens *l, const struct about *a, size_t n)
{
	if (!l->index_room)
		return;
	for (size_t i = 0; i < n; i++)
		for (int k = 0; k < a[i].n; k++)
			mem_read(&l->index[a[i].hash[k] & (l->index_room - 1)]);
	for (size_t i = 0; i < n; i++)
		for (int k = 0; k < a[i].n; k++) {
			uint32_t bunch = l->index[a[i].hash[k] & (l->index_room - 1)].bunch;

			if (bunch)
				mem_read(&l->bunch[bunch - 1]);
		}
}

/* The links of one fact stand side by side: the handle is the first one's index. */
static uint32_t add(struct lens *l, uint32_t fact, const struct about *a)
{
	uint32_t handle = (uint32_t)l->links;

	for (int i = 0; i < a->n; i++) {
		struct bunch *b = bunch_obtain(l, &a->who[i], a->hash[i]);
		uint32_t link = link_new(l, fact, (uint32_t)(b - l->bunch));

		if (b->tail)
			l->link[b->tail - 1].next = link;
		else
			b->head = link;
		b->tail = link;
		bunch_count(b, &l->fact[fact], 1);
	}
	return handle;
}

void lens_add(struct lens *l, const uint32_t *fact, size_t n, bool longer, uint32_t *const *handle)
{
	struct about about[LENS_MANY];

	assert(n <= LENS_MANY);
	for (size_t i = 0; i < n; i++)
		mem_read(&l->fact[fact[i]]);
	for (size_t i = 0; i < n; i++) {
		const struct fact *f = &l->fact[fact[i]];
		struct about *a = &about[i];

		a->n = longer ? long_subjects(f, a->who) : short_subjects(f, a->who);
		for (int k = 0; k < a->n; k++)
			a->hash[k] = hash_bytes(&a->who[k], sizeof(a->who[k]));
	}
	fetch_about(l, about, n);
	for (size_t i = 0; i < n; i++)
		*handle[i] = add(l, fact[i], &about[i]);
}

void lens_remove(struct lens *l, uint32_t fact, uint32_t handle)
{
	for (; handle < l->links && l->link[handle].fact == fact; handle++) {
		struct bunch *b = &l->bunch[l->link[handle].bunch];

		assert(b->head == handle + 1);
		b->head = l->link[handle].next;
		if (!b->head)
			b->tail = 0;
		bunch_count(b, &l->fact[fact], UINT32_MAX);
	}
}
