/* Rows of a run that asks for findings only: of a connection no more is kept than what tells how it changes. */
#include "config.h"

#include <assert.h>

#include "model/connection.h"
#include "store/state.h"
#include "util/mem.h"

#define BATCH 64

/* What a batch will touch is read first, as in apply.c. */
static void fetch(const struct store *st, const struct row *const *row, uint32_t n)
{
	uint64_t uid[BATCH];

	for (uint32_t i = 0; i < n; i++) {
		uid[i] = row[i]->c.uid;
		if (row[i]->slot < st->shard[0].slots)
			mem_read(&st->records.slot[row[i]->slot]);
	}
	findings_fetch(st->findings, uid, n);
}

static void forget(struct store *st, uint32_t ref)
{
	record_clear(&st->records, ref);
	st->live--;
}

static void keep(struct store *st, uint32_t ref, const struct connection *c)
{
	struct store_shard *sh = &st->shard[0];

	if (!record_used(&st->records, ref))
		st->live++;
	if (ref >= sh->slots)
		sh->slots = ref + 1;
	record_set(&st->records, ref, c);
	st->records.slot[ref].conversation = RECORD_NONE;
}

static void heed(struct store *st, const struct row *row)
{
	uint32_t ref = row->slot;
	struct connection was;
	bool known = record_used(&st->records, ref);

	assert(row->slot < st->conf.max_live && row->c.uid != 0);
	store_begins(st, row->c.start);
	if (known && !record_is(&st->records, ref, row->c.uid)) {
		forget(st, ref);
		known = false;
	}
	if (known)
		record_get(&st->records, ref, &was);
	findings_change(st->findings, known ? &was : NULL, &row->c);
	if (row->what == ROW_LIVE)
		keep(st, ref, &row->c);
	else if (known)
		forget(st, ref);
}

void store_heed(struct store *st, const struct block *b)
{
	const struct row *row[BATCH];
	uint32_t n = 0;

	/* Packets after the last word change no verdict. */
	for (uint32_t i = 0; i < b->rows; i++) {
		if (b->row[i].what != ROW_LATE)
			row[n++] = &b->row[i];
		if (n < BATCH && i + 1 < b->rows)
			continue;
		fetch(st, row, n);
		for (uint32_t k = 0; k < n; k++)
			heed(st, row[k]);
		n = 0;
	}
}
