#include "config.h"

#include "store/board.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/hash.h"
#include "util/mem.h"

#define WEIGHT (10.0 / 900.0) /* of a window that slid by one step, in an average over 15 min */

void board_init(struct board *b, uint32_t max_rates)
{
	memset(b, 0, sizeof(*b));
	b->memo = mem_array(BOARD_MEMOS, sizeof(b->memo[0]));
	b->row = mem_array(BOARD_ROWS + 1, sizeof(b->row[0]));
	b->index = mem_array(BOARD_INDEX, sizeof(b->index[0]));
	b->rates.max = max_rates < BOARD_RATES ? BOARD_RATES : max_rates;
}

void board_fini(struct board *b)
{
	mem_free(b->memo);
	mem_free(b->row);
	mem_free(b->index);
	mem_free(b->rates.rate);
	memset(b, 0, sizeof(*b));
}

/* Rooms are powers of two, a half to three quarters full when all rates are there. */
size_t board_bytes(uint32_t max_rates)
{
	size_t rates = max_rates < BOARD_RATES ? BOARD_RATES : max_rates;

	return BOARD_MEMOS * sizeof(struct memo) + (BOARD_ROWS + 1) * sizeof(struct finding) +
	       BOARD_INDEX * sizeof(uint32_t) + rates * 8 / 3 * sizeof(struct rate);
}

void board_clear(struct board *b)
{
	if (b->memos)
		memset(b->index, 0, BOARD_INDEX * sizeof(b->index[0]));
	if (b->rates.n)
		memset(b->rates.rate, 0, b->rates.room * sizeof(b->rates.rate[0]));
	b->memos = b->rows = b->raised = b->fresh = b->rates.n = 0;
	b->forgotten = b->unlisted = b->unwatched = 0;
}

static void rates_copy(struct rates *to, const struct rates *from)
{
	if (to->room != from->room)
		to->rate = mem_grow(to->rate, from->room, sizeof(to->rate[0]));
	if (from->room)
		memcpy(to->rate, from->rate, from->room * sizeof(to->rate[0]));
	to->room = from->room;
	to->n = from->n;
}

void board_copy(struct board *to, const struct board *from)
{
	struct board had = *to;

	memcpy(had.memo, from->memo, from->memos * sizeof(had.memo[0]));
	memcpy(had.row, from->row, from->rows * sizeof(had.row[0]));
	if (to->memos || from->memos)
		memcpy(had.index, from->index, BOARD_INDEX * sizeof(had.index[0]));
	rates_copy(&had.rates, &from->rates);
	*to = *from;
	to->memo = had.memo;
	to->row = had.row;
	to->index = had.index;
	to->rates = had.rates;
}

static uint32_t *place_of(const struct board *b, unsigned judge, const struct subject *who)
{
	uint32_t i = (uint32_t)(hash_bytes(who, sizeof(*who)) + judge) & (BOARD_INDEX - 1);

	while (b->index[i]) {
		const struct memo *m = &b->memo[b->index[i] - 1];

		if (m->judge == judge && !memcmp(&m->who, who, sizeof(*who)))
			break;
		i = (i + 1) & (BOARD_INDEX - 1);
	}
	return &b->index[i];
}

struct memo *board_find(const struct board *b, unsigned judge, const struct subject *who)
{
	uint32_t i = *place_of(b, judge, who);

	return i ? &b->memo[i - 1] : NULL;
}

struct memo *board_obtain(struct board *b, unsigned judge, const struct subject *who)
{
	uint32_t *place = place_of(b, judge, who);

	if (*place)
		return &b->memo[*place - 1];
	if (b->memos == BOARD_MEMOS) {
		b->unwatched++;
		return NULL;
	}
	b->memo[b->memos] = (struct memo){ .judge = (uint8_t)judge };
	b->memo[b->memos].who = *who;
	*place = ++b->memos;
	return &b->memo[b->memos - 1];
}

/* --- Rates --------------------------------------------------------------------------------------- */

static uint64_t rate_key(unsigned judge, const struct subject *who)
{
	uint64_t key = hash_two(hash_bytes(who, sizeof(*who)), judge);

	return key + (key == 0);
}

static struct rate *rate_place(const struct rates *r, uint64_t key)
{
	uint32_t i = (uint32_t)key & (r->room - 1);

	while (r->rate[i].who && r->rate[i].who != key)
		i = (i + 1) & (r->room - 1);
	return &r->rate[i];
}

static double usual_at(const struct rate *r, int64_t now)
{
	if (r->usual <= 0)
		return 0;
	return r->usual * pow(1 - WEIGHT, (double)((now - r->rated) / STEP));
}

/* Makes a table of that room with the rates that still say something at `now`. */
static void rates_renew(struct rates *r, uint32_t room, int64_t now)
{
	struct rates old = *r;

	r->rate = mem_array(room, sizeof(r->rate[0]));
	r->room = room;
	r->n = 0;
	for (uint32_t i = 0; i < old.room; i++)
		if (old.rate[i].who && usual_at(&old.rate[i], now) > 0.01) {
			*rate_place(r, old.rate[i].who) = old.rate[i];
			r->n++;
		}
	mem_free(old.rate);
}

double board_usual(const struct board *b, unsigned judge, const struct subject *who, int64_t now)
{
	return b->rates.n ? usual_at(rate_place(&b->rates, rate_key(judge, who)), now) : 0;
}

void board_rate(struct board *b, unsigned judge, const struct subject *who, int64_t now, uint32_t cases)
{
	uint64_t key = rate_key(judge, who);
	struct rates *rates = &b->rates;
	struct rate *r;

	if (rates->room == 0)
		rates_renew(rates, 64, now);
	r = rate_place(rates, key);
	if (!r->who && rates->n == rates->max) {
		b->unwatched++;
		return;
	}
	if (!r->who && (rates->n + 1) * 4 > rates->room * 3) {
		rates_renew(rates, rates->room * 2, now);
		r = rate_place(rates, key);
	}
	rates->n += !r->who;
	r->usual = usual_at(r, now) + WEIGHT * cases;
	r->rated = now;
	r->who = key;
}

/* --- Memos and rows ------------------------------------------------------------------------------ */

void board_prune(struct board *b, int64_t now)
{
	uint32_t kept = 0;

	if (b->rates.n)
		rates_renew(&b->rates, b->rates.room, now);
	for (uint32_t i = 0; i < b->memos; i++)
		if (b->memo[i].raised)
			b->memo[kept++] = b->memo[i];
	if (kept == b->memos)
		return;
	b->memos = kept;
	memset(b->index, 0, BOARD_INDEX * sizeof(b->index[0]));
	for (uint32_t i = 0; i < kept; i++)
		*place_of(b, b->memo[i].judge, &b->memo[i].who) = i + 1;
}

/* Makes room by forgetting the one that has been over for longest. False: all are current. */
static bool row_forget(struct board *b)
{
	uint32_t at = BOARD_ROWS;

	for (uint32_t i = 0; i < b->rows; i++)
		if (!b->row[i].current && (at == BOARD_ROWS || b->row[i].last < b->row[at].last))
			at = i;
	if (at == BOARD_ROWS)
		return false;
	b->forgotten++;
	b->rows--;
	memmove(&b->row[at], &b->row[at + 1], (b->rows - at) * sizeof(b->row[0]));
	for (uint32_t i = 0; i < b->memos; i++)
		if (b->memo[i].raised && b->memo[i].row > at)
			b->memo[i].row--;
	return true;
}

static bool raise_row(struct board *b, struct memo *m, const struct claim *c)
{
	struct {
		struct subject who;
		int64_t first;
		unsigned judge;
	} key;
	struct finding *f;

	if (b->rows == BOARD_ROWS && !row_forget(b)) {
		b->unlisted += !m->unlisted;
		m->unlisted = true;
		return false;
	}
	memset(&key, 0, sizeof(key));
	key.who = m->who;
	key.first = c->first;
	key.judge = m->judge;
	f = &b->row[b->rows];
	memset(f, 0, sizeof(*f));
	f->kind = judges[m->judge].kind;
	f->id = hash_bytes(&key, sizeof(key)) | 1;
	f->first = c->first;
	f->evidences = c->evidences;
	memcpy(f->evidence, c->evidence, sizeof(f->evidence));
	m->row = b->rows++;
	b->fresh++;
	m->raised = true;
	m->counted = INT64_MIN;
	b->raised++;
	return true;
}

void board_claim(struct board *b, struct memo *m, int64_t now, const struct claim *c)
{
	bool is_new = !m->raised;
	struct finding *f;

	if (is_new && !raise_row(b, m, c))
		return;
	f = &b->row[m->row];
	f->current = true;
	f->count += is_new ? c->hits : c->fresh;
	if (c->last > f->last)
		f->last = c->last;
	if (c->hits > f->peak) {
		f->peak = c->hits;
		memcpy(f->subject, c->subject, sizeof(f->subject));
		memcpy(f->sentence, c->sentence, sizeof(f->sentence));
		memcpy(f->filter, c->filter, sizeof(f->filter));
	}
	m->quiet = 0;
	m->seen = m->counted = now;
}

static uint32_t row_of_id(const struct board *b, uint32_t from, uint64_t id)
{
	while (b->row[from].id != id)
		from++;
	return from;
}

static int compare_rows(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	int by_subject = strcmp(x->subject, y->subject);

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (by_subject)
		return by_subject;
	return x->first != y->first ? (x->first > y->first) - (x->first < y->first)
				    : strcmp(x->sentence, y->sentence);
}

void board_settle_order(struct board *b)
{
	uint32_t from = b->rows - b->fresh;
	uint64_t id[BOARD_ROWS];

	if (b->fresh > 1) {
		for (uint32_t k = 0; k < b->fresh; k++)
			id[k] = b->row[from + k].id;
		qsort(b->row + from, b->fresh, sizeof(b->row[0]), compare_rows);
		for (uint32_t i = 0; i < b->memos; i++)
			if (b->memo[i].raised && b->memo[i].row >= from)
				b->memo[i].row = row_of_id(b, from, id[b->memo[i].row - from]);
	}
	b->fresh = 0;
}

void board_quiet(struct board *b, int64_t now, uint32_t limit)
{
	for (uint32_t i = 0; b->raised && i < b->memos; i++) {
		struct memo *m = &b->memo[i];

		if (!m->raised || m->seen == now || ++m->quiet < limit)
			continue;
		m->raised = false;
		m->quiet = 0;
		b->row[m->row].current = false;
		b->raised--;
	}
}
