/*
 * Which fact counts when is the one hard thing here: an attempt that nobody answers is known of long after it was
 * made, and must be compared with what was served at the time it was made. Kept are hundreds of thousands: most have
 * IPv4 and one number more or none, which fit into a small body; what is longer goes on in a chain of blocks.
 */
#include "config.h"

#include "store/facts.h"

#include <string.h>

#include "util/clock.h"
#include "util/mem.h"
#include "util/number.h"

/* One and a half in a bucket at most, or three quarters. */
static uint32_t buckets_for(uint32_t max)
{
	uint32_t buckets = 16;

	while (buckets < max / 3 * 2)
		buckets *= 2;
	return buckets;
}

bool facts_init(struct facts *t, uint32_t max)
{
	memset(t, 0, sizeof(*t));
	t->max = max;
	t->buckets = buckets_for(max);
	/* One more than there are: who unpacks the last reads beyond it. */
	t->kept = mem_table((size_t)max + 1, sizeof(t->kept[0]));
	t->bucket = mem_table(t->buckets, sizeof(t->bucket[0]));
	t->next = mem_table(max, sizeof(t->next[0]));
	chains_init(&t->spill, max);
	return t->kept && t->bucket && t->next;
}

void facts_fini(struct facts *t)
{
	mem_table_free(t->kept, (size_t)t->max + 1, sizeof(t->kept[0]));
	mem_table_free(t->bucket, t->buckets, sizeof(t->bucket[0]));
	mem_table_free(t->next, t->max, sizeof(t->next[0]));
	chains_fini(&t->spill);
	memset(t, 0, sizeof(*t));
}

size_t facts_bytes(uint32_t max)
{
	return max * (sizeof(struct kept) + sizeof(uint32_t) + sizeof(struct chain_block)) +
	       buckets_for(max) * sizeof(uint32_t);
}

void facts_clear(struct facts *t)
{
	if (t->used == 0)
		return;
	memset(t->kept, 0, t->used * sizeof(t->kept[0]));
	memset(t->bucket, 0, t->buckets * sizeof(t->bucket[0]));
	chains_clear(&t->spill);
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
static bool closes_idle(const struct connection *c)
{
	const struct side *srv = &c->side[SERVER];
	int64_t served = between(srv->t_data, srv->t_fin);

	return c->attributes & ATTRIBUTE_BIT(FIRST_FIN_SERVER) && srv->t_fin != TIME_NEVER &&
	       (served == TIME_NEVER || served > NS_PER_SEC / 10);
}

/* How long it was silent before may tell who forgot it. */
static bool ends_silence(enum ending e)
{
	return e == ENDING_IDLE_RESET || e == ENDING_SERVER_LOST || e == ENDING_CLIENT_LOST ||
	       e == ENDING_SERVER_VANISHED || e == ENDING_CLIENT_VANISHED;
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
	if (c->ending == ENDING_SERVER_CUT) {
		f->silence = between(srv->t_fin, c->side[CLIENT].t_data);
		f->served = between(srv->t_data, srv->t_fin);
	} else if (ends_silence((enum ending)c->ending)) {
		f->silence = c->idle_ns;
	}
	if (!closes_idle(c))
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

/* --- Packing ------------------------------------------------------------------------------------- */

/* kept.flags, above FACT_FRESH */
#define WIDE (1 << 12)	      /* addresses of 16 octets, not 4 */
#define SPILLED (1 << 13)     /* the last octets of the body say where it goes on */
#define HAS_SILENCE (1 << 14) /* these are not 0 */
#define HAS_SERVED (1 << 15)

#define PACKED_MAX (3 * sizeof(struct addr) + 1 + 3 * NUMBER_MAX)

static bool has_via(uint8_t kind, uint8_t ending)
{
	return kind == FACT_OF_END && ending == ENDING_UNREACHABLE;
}

static uint8_t *put_addr(uint8_t *p, const struct addr *a, bool wide)
{
	size_t n = wide ? sizeof(*a) : 4;

	memcpy(p, a->b + sizeof(*a) - n, n);
	return p + n;
}

static inline const uint8_t *get_addr(const uint8_t *p, struct addr *a, bool wide)
{
	if (!wide) {
		*a = addr_of_v4(p);
		return p + 4;
	}
	memcpy(a, p, sizeof(*a));
	return p + sizeof(*a);
}

static uint8_t *put_number(uint8_t *p, int64_t v, uint16_t bit, uint16_t *bits)
{
	if (v == 0)
		return p;
	*bits |= bit;
	return number_write(p, number_fold_sign((uint64_t)v));
}

static inline const uint8_t *get_number(const uint8_t *p, int64_t *v, bool is_there)
{
	uint64_t folded = 0;

	if (is_there)
		p = number_read(p, &folded);
	*v = (int64_t)number_unfold_sign(folded);
	return p;
}

/* Returns how many octets it took; *bits: of kept.flags. */
static size_t pack(const struct fact *f, uint8_t *out, uint16_t *bits)
{
	bool via = has_via(f->kind, f->ending);
	bool wide = !addr_is_v4(&f->client) || !addr_is_v4(&f->server) || (via && !addr_is_v4(&f->via));
	uint8_t *p = put_addr(put_addr(out, &f->client, wide), &f->server, wide);

	*bits = wide ? WIDE : 0;
	if (via) {
		p = put_addr(p, &f->via, wide);
		*p++ = f->icmp_type;
		return (size_t)(p - out);
	}
	if (f->flags & FACT_CLOSE)
		p = number_write_any(p, number_fold_sign((uint64_t)f->at - (uint64_t)f->fin));
	p = put_number(p, f->silence, HAS_SILENCE, bits);
	p = put_number(p, f->served, HAS_SERVED, bits);
	return (size_t)(p - out);
}

static void spill_drop(struct facts *t, struct kept *k)
{
	uint32_t first = k->flags & SPILLED ? chain_link(k->body, FACT_BODY) : 0;

	chain_drop(&t->spill, &first);
	k->flags &= (uint16_t)~SPILLED;
}

/* What was packed, in one piece: the body or the copy in `bytes`. */
static inline const uint8_t *packed(const struct facts *t, const struct kept *k, uint8_t *bytes)
{
	if (!(k->flags & SPILLED))
		return k->body;
	chain_join(&t->spill, k->body, FACT_BODY, bytes);
	return bytes;
}

void facts_get_ends(const struct facts *t, uint32_t i, struct fact *f)
{
	const struct kept *k = &t->kept[i];
	uint8_t bytes[PACKED_MAX + CHAIN_BODY];
	const uint8_t *p = packed(t, k, bytes);
	bool wide = k->flags & WIDE;

	f->at = k->at;
	f->uid = k->uid;
	f->flags = k->flags & FACT_FLAGS;
	f->port = k->port;
	f->kind = k->kind;
	f->ending = k->ending;
	f->stage = k->stage;
	f->icmp_code = k->code;
	p = get_addr(get_addr(p, &f->client, wide), &f->server, wide);
	if (!has_via(k->kind, k->ending))
		return;
	p = get_addr(p, &f->via, wide);
	f->fin = 0;
	f->icmp_type = *p;
}

void facts_get_times(const struct facts *t, const struct kept *k, struct fact_times *out)
{
	uint8_t bytes[PACKED_MAX + CHAIN_BODY];
	const uint8_t *p = packed(t, k, bytes) + (k->flags & WIDE ? 2 * sizeof(struct addr) : 2 * 4);
	int64_t before;

	*out = (struct fact_times){ 0, 0, 0 };
	if (has_via(k->kind, k->ending))
		return;
	if (k->flags & FACT_CLOSE) {
		p = get_number(p, &before, true);
		out->fin = (int64_t)((uint64_t)k->at - (uint64_t)before);
	}
	p = get_number(p, &out->silence, k->flags & HAS_SILENCE);
	get_number(p, &out->served, k->flags & HAS_SERVED);
}

/* False: there is no room for what does not fit into the body. */
static bool keep(struct facts *t, struct kept *k, const struct fact *f)
{
	uint8_t bytes[PACKED_MAX + NUMBER_BEYOND];
	uint16_t bits;
	size_t n = pack(f, bytes, &bits);

	spill_drop(t, k);
	if (n <= FACT_BODY) {
		memcpy(k->body, bytes, sizeof(k->body));
	} else {
		if (chains_room(&t->spill) < chain_blocks_beyond(n, FACT_BODY))
			return false;
		chain_split(&t->spill, k->body, FACT_BODY, 0, bytes, n);
		bits |= SPILLED;
	}
	k->at = f->at;
	k->uid = f->uid;
	k->flags = f->flags | FACT_FRESH | bits;
	k->port = f->port;
	k->kind = f->kind;
	k->ending = f->ending;
	k->stage = f->stage;
	k->code = f->icmp_code;
	return true;
}

/* --- The set ------------------------------------------------------------------------------------- */

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
			mem_read(&t->kept[at - 1]);
	}
}

/* Where it is pointed to from; *place is 0 when it is not there. */
static uint32_t *place_of(struct facts *t, uint64_t uid, enum fact_kind kind)
{
	uint32_t *place = &t->bucket[bucket_of(t, uid)];

	while (*place && (t->kept[*place - 1].uid != uid || t->kept[*place - 1].kind != kind))
		place = &t->next[*place - 1];
	return place;
}

static void take_out(struct facts *t, uint32_t *place)
{
	uint32_t i = *place;

	*place = t->next[i - 1];
	t->next[i - 1] = t->free;
	t->free = i;
	spill_drop(t, &t->kept[i - 1]);
	t->kept[i - 1].uid = 0;
	t->count--;
}

uint32_t facts_put(struct facts *t, const struct fact *f)
{
	uint32_t *place = place_of(t, f->uid, (enum fact_kind)f->kind), i = *place;

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
	if (keep(t, &t->kept[i - 1], f))
		return i;
	take_out(t, place);
	return 0;
}

bool facts_take(struct facts *t, uint64_t uid, enum fact_kind kind)
{
	uint32_t *place = place_of(t, uid, kind);

	if (!*place)
		return false;
	take_out(t, place);
	return true;
}
