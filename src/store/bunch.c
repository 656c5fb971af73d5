#include "config.h"

#include "store/bunch.h"

#include <assert.h>
#include <string.h>

#include "util/hash.h"
#include "util/mem.h"

#define SUBJECTS 6 /* bunches a fact is linked to in one window, at most */

bool is_silent(enum ending e)
{
	return e == ENDING_SERVER_VANISHED || e == ENDING_CLIENT_VANISHED;
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

/* --- What a fact is about ------------------------------------------------------------------------ */

/* Looked up together with that of others. */
struct about {
	struct subject who[SUBJECTS];
	uint64_t hash[SUBJECTS];
	int n;
	bool client, host; /* linked to its client; to its host, by way of the service */
	uint64_t client_hash;
};

static struct subject *subject_add(struct about *a, enum common common)
{
	struct subject *s = &a->who[a->n++];

	assert(a->n <= SUBJECTS);
	memset(s, 0, sizeof(*s));
	s->common = (uint8_t)common;
	return s;
}

static void service_add(const struct fact *f, struct about *a)
{
	struct subject *s = subject_add(a, COMMON_SERVICE);

	s->a = f->server;
	s->port = f->port;
}

static void pair_add(const struct fact *f, enum common common, struct about *a)
{
	struct subject *s = subject_add(a, common);

	s->a = f->client;
	s->b = f->server;
	s->port = f->port;
}

static void short_subjects(const struct fact *f, struct about *a)
{
	enum ending e = (enum ending)f->ending;

	if (f->kind == FACT_OF_WAIT)
		return;
	if (f->kind == FACT_OF_HELD) {
		pair_add(f, COMMON_STANDING, a);
		return;
	}
	service_add(f, a);
	if (f->kind != FACT_OF_END)
		return;
	a->host = f->flags & FACT_CLOSE;
	a->client = is_failure(e) || e == ENDING_PROBE;
	if (f->flags & (FACT_GAP | FACT_ONE_WAY))
		subject_add(a, COMMON_ALL);
	if (is_silent(e)) {
		subject_add(a, COMMON_SILENT_NET)->a = network_of(silent_host(f));
		subject_add(a, COMMON_SILENT);
	}
	if (f->flags & FACT_REUSE)
		pair_add(f, COMMON_PAIR, a);
}

static void long_subjects(const struct fact *f, struct about *a)
{
	struct subject *s;

	service_add(f, a);
	if (f->ending == ENDING_UNREACHABLE) {
		s = subject_add(a, COMMON_ICMP);
		s->a = f->via;
		s->x = f->icmp_type;
		s->y = f->icmp_code;
	}
	if (f->ending == ENDING_PATH_RESET) {
		s = subject_add(a, COMMON_DISTANCE);
		s->x = (uint8_t)f->ttl_delta;
		if (f->ttl_delta == 0)
			s->a = f->server; /* the distance tells nothing: it may be a device for each */
	}
}

static void about_fact(const struct fact *f, bool longer, struct about *a)
{
	a->n = 0;
	a->client = a->host = false;
	if (longer)
		long_subjects(f, a);
	else
		short_subjects(f, a);
	for (int k = 0; k < a->n; k++)
		a->hash[k] = hash_bytes(&a->who[k], sizeof(a->who[k]));
	if (a->client)
		a->client_hash = client_hash(&f->client);
}

/* --- Numbers by hash ----------------------------------------------------------------------------- */

static struct entry *slot(const struct numbers *by, uint64_t hash)
{
	return &by->entry[hash & (by->room - 1)];
}

static struct entry *next_slot(const struct numbers *by, struct entry *e)
{
	return ++e == by->entry + by->room ? by->entry : e;
}

/* Of n that were entered. What was made for far more is let go, as clearing it would cost more than they did. */
static void numbers_clear(struct numbers *by, size_t n)
{
	if (by->room > 16 * (n + 256)) {
		mem_free(by->entry);
		*by = (struct numbers){ 0 };
	} else if (by->entry)
		memset(by->entry, 0, by->room * sizeof(by->entry[0]));
}

/* Room for one more than n; true when all must be entered anew. */
static bool numbers_grow(struct numbers *by, size_t n)
{
	if (n * 2 < by->room)
		return false;
	by->room = by->room ? by->room * 2 : 256;
	mem_free(by->entry);
	by->entry = mem_array(by->room, sizeof(by->entry[0]));
	return true;
}

static struct entry *bunch_place(const struct lens *l, const struct subject *who, uint64_t hash)
{
	struct entry *e = slot(&l->bunch_by, hash);
	uint32_t tag = (uint32_t)(hash >> 32);

	/* Most bunches that are passed on the way need not be looked at. */
	while (e->number && (e->hash != tag || memcmp(&l->bunch[e->number - 1].who, who, sizeof(*who)) != 0))
		e = next_slot(&l->bunch_by, e);
	return e;
}

static struct entry *client_place(const struct lens *l, uint64_t hash)
{
	struct entry *e = slot(&l->client_by, hash);
	uint32_t tag = (uint32_t)(hash >> 32);

	while (e->number && (e->hash != tag || l->client[e->number - 1].hash != hash))
		e = next_slot(&l->client_by, e);
	return e;
}

const struct bunch *lens_find(const struct lens *l, const struct subject *who)
{
	uint32_t i = l->bunch_by.room ? bunch_place(l, who, hash_bytes(who, sizeof(*who)))->number : 0;

	return i ? &l->bunch[i - 1] : NULL;
}

const struct client *lens_client(const struct lens *l, uint64_t hash)
{
	uint32_t i = l->client_by.room ? client_place(l, hash)->number : 0;

	return i ? &l->client[i - 1] : NULL;
}

static void *room_for(void *p, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return p;
	*room = *room ? *room + *room / 2 : 128;
	return mem_grow(p, *room, size);
}

/* Room is made first: to look up is to look twice only when the subject is new. */
static uint32_t bunch_obtain(struct lens *l, const struct subject *who, uint64_t hash)
{
	struct entry *place;
	struct bunch *b;

	if (numbers_grow(&l->bunch_by, l->bunches))
		for (size_t i = 0; i < l->bunches; i++) {
			uint64_t h = hash_bytes(&l->bunch[i].who, sizeof(l->bunch[i].who));

			*bunch_place(l, &l->bunch[i].who, h) = (struct entry){ (uint32_t)i + 1, (uint32_t)(h >> 32) };
		}
	place = bunch_place(l, who, hash);
	if (place->number)
		return place->number - 1;
	l->bunch = room_for(l->bunch, l->bunches, &l->bunch_room, sizeof(l->bunch[0]));
	b = &l->bunch[l->bunches++];
	memset(b, 0, sizeof(*b));
	b->who = *who;
	*place = (struct entry){ (uint32_t)l->bunches, (uint32_t)(hash >> 32) };
	return place->number - 1;
}

static uint32_t host_obtain(struct lens *l, const struct addr *server)
{
	struct subject who = { .a = *server, .common = COMMON_HOST };

	return bunch_obtain(l, &who, hash_bytes(&who, sizeof(who)));
}

/* A service's bunch knows its host's. */
static uint32_t subject_obtain(struct lens *l, const struct subject *who, uint64_t hash)
{
	size_t before = l->bunches;
	uint32_t i = bunch_obtain(l, who, hash), host;

	if (l->bunches == before || who->common != COMMON_SERVICE)
		return i;
	host = host_obtain(l, &who->a);
	l->bunch[i].host = host;
	return i;
}

static uint32_t client_obtain(struct lens *l, uint64_t hash)
{
	struct entry *place;

	if (numbers_grow(&l->client_by, l->clients))
		for (size_t i = 0; i < l->clients; i++) {
			uint64_t h = l->client[i].hash;

			*client_place(l, h) = (struct entry){ (uint32_t)i + 1, (uint32_t)(h >> 32) };
		}
	place = client_place(l, hash);
	if (place->number)
		return place->number - 1;
	l->client = room_for(l->client, l->clients, &l->client_room, sizeof(l->client[0]));
	l->client[l->clients++] = (struct client){ .hash = hash };
	*place = (struct entry){ (uint32_t)l->clients, (uint32_t)(hash >> 32) };
	return place->number - 1;
}

/* --- The window ---------------------------------------------------------------------------------- */

void lens_fini(struct lens *l)
{
	mem_free(l->bunch);
	mem_free(l->client);
	mem_free(l->link);
	mem_free(l->bunch_by.entry);
	mem_free(l->client_by.entry);
	memset(l, 0, sizeof(*l));
}

size_t lens_taken(const struct lens *l)
{
	return l->bunch_room * sizeof(l->bunch[0]) + l->client_room * sizeof(l->client[0]) +
	       l->link_room * sizeof(l->link[0]) + (l->bunch_by.room + l->client_by.room) * sizeof(struct entry);
}

void lens_begin(struct lens *l, const struct facts *facts)
{
	numbers_clear(&l->bunch_by, l->bunches);
	numbers_clear(&l->client_by, l->clients);
	l->facts = facts;
	l->bunches = l->clients = l->links = l->gone = 0;
}

/* by: 1 when the fact comes, -1 when it goes. */
static void bunch_count(struct lens *l, struct bunch *b, const struct kept *f, uint32_t by)
{
	enum ending e = (enum ending)f->ending;

	b->n += by;
	switch ((enum fact_kind)f->kind) {
	case FACT_OF_ACCEPTED:
		b->taken_late += by;
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
	if (f->flags & FACT_DELIVERED)
		b->delivered += by;
	if (f->flags & FACT_GAP)
		b->gaps += by;
	if (f->flags & FACT_ONE_WAY)
		b->one_way += by;
	if (f->flags & FACT_CLOSE)
		b->closes += by;
	if (e == ENDING_REFUSED && b->who.common == COMMON_SERVICE) {
		b->answered += by;
		l->bunch[b->host].answered += by;
	}
}

static void client_count(struct client *c, const struct kept *f, uint32_t by)
{
	if (f->flags & FACT_ATTEMPT || f->ending == ENDING_PROBE)
		c->vain += by;
	if (f->ending == ENDING_HALF_OPEN)
		c->half_open += by;
}

/* Makes a link the last one of what begins and ends there. */
static void link_add(struct lens *l, uint32_t fact, uint32_t bunch, uint32_t *head, uint32_t *tail)
{
	l->link = room_for(l->link, l->links, &l->link_room, sizeof(l->link[0]));
	l->link[l->links++] = (struct link){ fact, 0, bunch };
	if (*tail)
		l->link[*tail - 1].next = (uint32_t)l->links;
	else
		*head = (uint32_t)l->links;
	*tail = (uint32_t)l->links;
}

static void bunch_link(struct lens *l, uint32_t fact, uint32_t i)
{
	struct bunch *b = &l->bunch[i];

	link_add(l, fact, i, &b->head, &b->tail);
	bunch_count(l, b, &l->facts->kept[fact], 1);
}

/* Reads where the subjects are found, then what is found there, nothing between: the misses overlap. */
static void fetch_about(const struct lens *l, const struct about *a, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (int k = 0; l->bunch_by.room && k < a[i].n; k++)
			mem_read(slot(&l->bunch_by, a[i].hash[k]));
		if (a[i].client && l->client_by.room)
			mem_read(slot(&l->client_by, a[i].client_hash));
	}
	for (size_t i = 0; i < n; i++) {
		for (int k = 0; l->bunch_by.room && k < a[i].n; k++) {
			uint32_t bunch = slot(&l->bunch_by, a[i].hash[k])->number;

			if (bunch)
				mem_read(&l->bunch[bunch - 1]);
		}
		if (a[i].client && l->client_by.room) {
			uint32_t client = slot(&l->client_by, a[i].client_hash)->number;

			if (client)
				mem_read(&l->client[client - 1]);
		}
	}
}

/* The links of one fact stand side by side. */
static void add(struct lens *l, uint32_t fact, const struct about *a)
{
	size_t first = l->links;

	for (int i = 0; i < a->n; i++)
		bunch_link(l, fact, subject_obtain(l, &a->who[i], a->hash[i]));
	if (a->host)
		bunch_link(l, fact, l->bunch[l->link[first].bunch].host);
	if (a->client) {
		uint32_t i = client_obtain(l, a->client_hash);
		struct client *c = &l->client[i];

		link_add(l, fact, i | LINK_CLIENT, &c->head, &c->tail);
		client_count(c, &l->facts->kept[fact], 1);
	}
}

void lens_add(struct lens *l, const uint32_t *fact, size_t n, bool longer)
{
	struct about about[LENS_MANY];
	struct fact f;

	assert(n <= LENS_MANY);
	for (size_t i = 0; i < n; i++)
		mem_read(&l->facts->kept[fact[i]]);
	for (size_t i = 0; i < n; i++) {
		facts_get_ends(l->facts, fact[i], &f);
		about_fact(&f, longer, &about[i]);
	}
	fetch_about(l, about, n);
	for (size_t i = 0; i < n; i++)
		add(l, fact[i], &about[i]);
}

static void unlink(const struct lens *l, size_t link, uint32_t *head, uint32_t *tail)
{
	assert(*head == link + 1);
	*head = l->link[link].next;
	if (!*head)
		*tail = 0;
}

void lens_remove(struct lens *l, uint32_t fact)
{
	const struct kept *f = &l->facts->kept[fact];

	for (; l->gone < l->links && l->link[l->gone].fact == fact; l->gone++) {
		uint32_t i = l->link[l->gone].bunch;

		if (i & LINK_CLIENT) {
			struct client *c = &l->client[i & ~LINK_CLIENT];

			unlink(l, l->gone, &c->head, &c->tail);
			client_count(c, f, UINT32_MAX);
		} else {
			struct bunch *b = &l->bunch[i];

			unlink(l, l->gone, &b->head, &b->tail);
			bunch_count(l, b, f, UINT32_MAX);
		}
	}
}

/* --- What is counted only ------------------------------------------------------------------------ */

#define CELLS_AHEAD 16

static uint64_t cell_who(const struct cell *c, struct subject *who)
{
	*who = (struct subject){ .a = c->server, .port = c->port, .common = COMMON_SERVICE };
	return hash_bytes(who, sizeof(*who));
}

static void cell_count(struct lens *l, const struct cell *c, const struct subject *who, uint64_t hash, uint32_t by)
{
	uint32_t i = subject_obtain(l, who, hash), answered = by * (c->accepted + c->established);
	struct bunch *b = &l->bunch[i];

	b->accepted += by * c->accepted;
	b->established += by * c->established;
	b->answered += answered;
	l->bunch[b->host].answered += answered;
}

/* CELLS_AHEAD at most, whose misses overlap. */
static void cells_count(struct lens *l, const struct cell *c, uint32_t n, uint32_t by)
{
	struct subject who[CELLS_AHEAD];
	uint64_t hash[CELLS_AHEAD];

	for (uint32_t i = 0; i < n; i++) {
		hash[i] = cell_who(&c[i], &who[i]);
		if (l->bunch_by.room)
			mem_read(slot(&l->bunch_by, hash[i]));
	}
	for (uint32_t i = 0; i < n && l->bunch_by.room; i++) {
		uint32_t bunch = slot(&l->bunch_by, hash[i])->number;

		if (bunch)
			mem_read(&l->bunch[bunch - 1].accepted);
	}
	for (uint32_t i = 0; i < n; i++)
		if (c[i].accepted || c[i].established)
			cell_count(l, &c[i], &who[i], hash[i], by);
}

void lens_count(struct lens *l, const struct step *s, uint32_t from, uint32_t to, bool back)
{
	struct subject who = { .common = COMMON_ALL };
	uint32_t by = back ? UINT32_MAX : 1, all;

	if (from == 0) {
		all = bunch_obtain(l, &who, hash_bytes(&who, sizeof(who)));
		l->bunch[all].ended += by * s->ended;
	}
	for (; from < to; from += CELLS_AHEAD)
		cells_count(l, &s->cell[from], to - from < CELLS_AHEAD ? to - from : CELLS_AHEAD, by);
}

static void count_in_step(struct lens *l, const struct numbers *wanted, const struct step *s)
{
	for (uint32_t i = 0; i < s->serveds; i++) {
		uint64_t hash = served_client(&s->served[i]);
		struct entry *e = slot(wanted, hash);

		for (; e->number; e = next_slot(wanted, e))
			if (l->client[e->number - 1].hash == hash) {
				l->client[e->number - 1].accepted++;
				break;
			}
	}
}

int64_t lens_count_served(struct lens *l, struct step *const *step, size_t n, uint32_t vain)
{
	struct numbers wanted = { 0 };
	size_t count = 0;
	int64_t looked = (int64_t)l->clients;

	for (size_t i = 0; i < l->clients; i++)
		count += l->client[i].vain >= vain;
	if (count == 0)
		return looked;
	for (wanted.room = 1024; wanted.room < 8 * count;)
		wanted.room *= 2;
	wanted.entry = mem_array(wanted.room, sizeof(wanted.entry[0]));
	for (size_t i = 0; i < l->clients; i++) {
		struct entry *e = slot(&wanted, l->client[i].hash);

		if (l->client[i].vain < vain)
			continue;
		l->client[i].accepted = 0;
		while (e->number)
			e = next_slot(&wanted, e);
		e->number = (uint32_t)i + 1;
	}
	for (size_t i = 0; i < n; i++) {
		count_in_step(l, &wanted, step[i]);
		looked += 4 * (int64_t)step[i]->serveds;
	}
	mem_free(wanted.entry);
	return looked;
}
