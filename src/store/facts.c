/*
 * Which fact counts when is the one hard thing here: an attempt that nobody answers is known of long after it was
 * made, and must be compared with what was served at the time it was made.
 */
#include "config.h"

#include "store/facts.h"

#include <string.h>

#include "util/clock.h"
#include "util/mem.h"

static uint32_t buckets_for(uint32_t max)
{
	uint32_t buckets = 16;

	while (buckets < max)
		buckets *= 2;
	return buckets;
}

bool facts_init(struct facts *t, uint32_t max)
{
	memset(t, 0, sizeof(*t));
	t->max = max;
	t->buckets = buckets_for(max);
	t->fact = mem_table(max, sizeof(t->fact[0]));
	t->bucket = mem_table(t->buckets, sizeof(t->bucket[0]));
	t->next = mem_table(max, sizeof(t->next[0]));
	return t->fact && t->bucket && t->next;
}

void facts_fini(struct facts *t)
{
	mem_table_free(t->fact, t->max, sizeof(t->fact[0]));
	mem_table_free(t->bucket, t->buckets, sizeof(t->bucket[0]));
	mem_table_free(t->next, t->max, sizeof(t->next[0]));
	memset(t, 0, sizeof(*t));
}

size_t facts_bytes(uint32_t max)
{
	return max * (sizeof(struct fact) + sizeof(uint32_t)) + buckets_for(max) * sizeof(uint32_t);
}

void facts_clear(struct facts *t)
{
	if (t->used == 0)
		return;
	memset(t->fact, 0, t->used * sizeof(t->fact[0]));
	memset(t->bucket, 0, t->buckets * sizeof(t->bucket[0]));
	t->used = t->free = t->count = 0;
}

/* --- Connections to facts ------------------------------------------------------------------------ */

static bool never_served(enum ending e)
{
	return e == ENDING_UNANSWERED || e == ENDING_HALF_OPEN || e == ENDING_NOT_ACCEPTED;
}

static bool is_rare(enum ending e)
{
	return e == ENDING_IDLE_RESET || e == ENDING_CLIENT_LOST || e == ENDING_SERVER_LOST ||
	       e == ENDING_PATH_RESET || e == ENDING_UNREACHABLE || e == ENDING_HALF_CLOSED ||
	       e == ENDING_SERVER_CUT || e == ENDING_SERVER_VANISHED || e == ENDING_CLIENT_VANISHED;
}

/* An attempt cut short by the end of the input says nothing yet. */
static bool is_undecided(const struct connection *c)
{
	return (c->ending == ENDING_UNANSWERED || c->ending == ENDING_HALF_OPEN) &&
	       c->evidence & EVIDENCE_BIT(INPUT_ENDED) &&
	       !(c->evidence & EVIDENCE_BIT(SYN_REPEATED));
}

static uint16_t flags_of(const struct connection *c)
{
	uint16_t flags = 0;

	if (c->origin == ORIGIN_ATTEMPT)
		flags |= FACT_ATTEMPT;
	if (c->established)
		flags |= FACT_ESTABLISHED;
	if (c->attributes & ATTRIBUTE_BIT(DELIVERED))
		flags |= FACT_DELIVERED;
	if (c->attributes & ATTRIBUTE_BIT(FIRST_FIN_SERVER))
		flags |= FACT_SERVER_FIRST;
	if (c->attributes & ATTRIBUTE_BIT(FIRST_FIN_CLIENT))
		flags |= FACT_CLIENT_FIRST;
	if (c->attributes & ATTRIBUTE_BIT(PORT_REUSE))
		flags |= FACT_REUSE;
	if (c->evidence & EVIDENCE_BIT(GAP))
		flags |= FACT_GAP;
	if (c->evidence & EVIDENCE_BIT(ONE_WAY))
		flags |= FACT_ONE_WAY;
	if (is_rare((enum ending)c->ending))
		flags |= FACT_RARE;
	return flags;
}

static uint8_t stage_of(const struct connection *c)
{
	for (int a = ATTRIBUTE_STAGE_SETUP; a <= ATTRIBUTE_STAGE_LATER; a++)
		if (c->attributes >> a & 1)
			return (uint8_t)a;
	return 0;
}

static int64_t between(int64_t from, int64_t to)
{
	return from == TIME_NEVER || to == TIME_NEVER ? TIME_NEVER : to - from;
}

static void fact_begin(const struct connection *c, enum fact_kind kind, struct fact *f)
{
	memset(f, 0, sizeof(*f));
	f->kind = (uint8_t)kind;
	f->uid = c->uid;
	f->client = c->tuple.addr[CLIENT];
	f->server = c->tuple.addr[SERVER];
	f->port = c->tuple.port[SERVER];
}

static void accepted(const struct connection *c, struct fact *f)
{
	fact_begin(c, FACT_OF_ACCEPTED, f);
	/* Kept the same whatever becomes of the connection, so that it is seldom written anew. */
	f->flags = FACT_ATTEMPT | (c->evidence & EVIDENCE_BIT(TAKEN_LATE) ? FACT_TAKEN_LATE : 0);
	f->at = c->start + (c->t_established == TIME_NEVER ? 0 : c->t_established);
}

/*
 * A server that closes after every answer does so with its last data; one that ends closes what was idle. Both may
 * come in bursts, but only the second one has nothing to do with the data.
 */
static bool closes_idle(const struct fact *f, const struct side *srv)
{
	return f->flags & FACT_SERVER_FIRST && srv->t_fin != TIME_NEVER &&
	       (f->served == TIME_NEVER || f->served > NS_PER_SEC / 10);
}

static void ended(const struct connection *c, struct fact *f)
{
	const struct side *srv = &c->side[SERVER];

	fact_begin(c, FACT_OF_END, f);
	f->flags = flags_of(c);
	f->ending = c->ending;
	f->at = never_served((enum ending)c->ending) ? c->start : c->ended ? c->ended : c->last;
	f->stage = stage_of(c);
	if (c->ending == ENDING_UNREACHABLE) {
		f->via = c->icmp_from;
		f->icmp_type = c->icmp_type;
		f->icmp_code = c->icmp_code;
		return;
	}
	f->ttl_delta = c->ttl_delta;
	f->silence = c->ending == ENDING_SERVER_CUT ? between(srv->t_fin, c->side[CLIENT].t_data) : c->idle_ns;
	f->served = between(srv->t_data, srv->t_fin);
	if (!closes_idle(f, srv))
		return;
	f->flags |= FACT_CLOSE;
	f->fin = c->start + srv->t_fin;
}

static void held(const struct connection *c, struct fact *f)
{
	int64_t clt = c->side[CLIENT].t_syn_last, srv = c->side[SERVER].t_syn_last;

	fact_begin(c, FACT_OF_HELD, f);
	f->at = c->start + (clt > srv ? clt : srv);
}

/* `side` has not closed for so long after the other one did. That may still be in the future. */
static bool waits(const struct connection *c, int side, int64_t leak_age, struct fact *f)
{
	if (c->side[side].state != STATE_CLOSE_WAIT || c->side[!side].t_fin == TIME_NEVER)
		return false;
	fact_begin(c, FACT_OF_WAIT, f);
	f->flags = FACT_RARE | (side == SERVER ? FACT_CLIENT_FIRST : FACT_SERVER_FIRST);
	f->at = c->start + c->side[!side].t_fin + leak_age;
	return true;
}

unsigned facts_of_connection(const struct connection *c, int64_t leak_age, struct fact out[FACT_KINDS])
{
	unsigned kinds = 0;

	if (c->origin == ORIGIN_ATTEMPT && c->established && !never_served((enum ending)c->ending)) {
		accepted(c, &out[FACT_OF_ACCEPTED]);
		kinds |= 1u << FACT_OF_ACCEPTED;
	}
	if (c->ending != ENDING_NONE && !is_undecided(c)) {
		ended(c, &out[FACT_OF_END]);
		kinds |= 1u << FACT_OF_END;
	}
	if (c->evidence & EVIDENCE_BIT(PORTS_HELD)) {
		held(c, &out[FACT_OF_HELD]);
		kinds |= 1u << FACT_OF_HELD;
	}
	if (c->ending == ENDING_NONE &&
		(waits(c, SERVER, leak_age, &out[FACT_OF_WAIT]) || waits(c, CLIENT, leak_age, &out[FACT_OF_WAIT])))
		kinds |= 1u << FACT_OF_WAIT;
	return kinds;
}

static bool is_plain_open(const struct connection *c)
{
	return c->ending == ENDING_NONE && !(c->evidence & EVIDENCE_BIT(PORTS_HELD)) &&
	       c->side[CLIENT].state != STATE_CLOSE_WAIT && c->side[SERVER].state != STATE_CLOSE_WAIT;
}

bool facts_same(const struct connection *was, const struct connection *is)
{
	return is_plain_open(was) && is_plain_open(is) && was->established == is->established &&
	       was->origin == is->origin && was->start == is->start && was->t_established == is->t_established &&
	       !((was->evidence ^ is->evidence) & EVIDENCE_BIT(TAKEN_LATE)) &&
	       !memcmp(&was->tuple, &is->tuple, sizeof(was->tuple));
}

bool is_failure(enum ending e)
{
	enum ending_group g = ending_info[e].group;

	return g == GROUP_REFUSED || g == GROUP_NO_ANSWER || e == ENDING_CANCELLED;
}

/* Endings that no judge looks at. */
static bool is_plain_ending(enum ending e)
{
	return e == ENDING_GRACEFUL || e == ENDING_STRAY_RESET || e == ENDING_KEEPALIVE_TIMEOUT || e == ENDING_REPLACED ||
	       e == ENDING_UNKNOWN;
}

bool fact_is_case(const struct fact *f)
{
	if (f->kind == FACT_OF_ACCEPTED)
		return f->flags & FACT_TAKEN_LATE;
	return f->kind != FACT_OF_END || !is_plain_ending((enum ending)f->ending) ||
	       f->flags & (FACT_DELIVERED | FACT_REUSE | FACT_GAP | FACT_ONE_WAY | FACT_RARE | FACT_CLOSE);
}

/* --- The set ------------------------------------------------------------------------------------- */

static bool same(const struct fact *a, const struct fact *b)
{
	return a->uid == b->uid && a->kind == b->kind;
}

static uint32_t bucket_of(const struct facts *t, uint64_t uid)
{
	return (uint32_t)(uid * UINT64_C(0x9e3779b97f4a7c15) >> 40) & (t->buckets - 1);
}

void facts_fetch(const struct facts *t, const uint64_t *uid, size_t n)
{
	for (size_t i = 0; i < n; i++)
		mem_read(&t->bucket[bucket_of(t, uid[i])]);
	for (size_t i = 0; i < n; i++) {
		uint32_t at = t->bucket[bucket_of(t, uid[i])];

		if (at)
			mem_read(&t->fact[at - 1]);
	}
}

/* Where it is pointed to from; *place is 0 when it is not there. */
static uint32_t *place_of(struct facts *t, const struct fact *f)
{
	uint32_t *place = &t->bucket[bucket_of(t, f->uid)];

	while (*place && !same(&t->fact[*place - 1], f))
		place = &t->next[*place - 1];
	return place;
}

uint32_t facts_put(struct facts *t, const struct fact *f)
{
	uint32_t *place = place_of(t, f), i = *place;

	if (!i) {
		i = t->free;
		if (i)
			t->free = t->next[i - 1];
		else if (t->used < t->max)
			i = ++t->used;
		else
			return 0;
		t->next[i - 1] = 0;
		*place = i;
		t->count++;
	}
	t->fact[i - 1] = *f;
	return i;
}

bool facts_take(struct facts *t, const struct fact *f)
{
	uint32_t *place = place_of(t, f), i = *place;

	if (!i)
		return false;
	*place = t->next[i - 1];
	t->next[i - 1] = t->free;
	t->free = i;
	t->fact[i - 1].uid = 0;
	t->count--;
	return true;
}
