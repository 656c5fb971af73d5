/*
 * Rows that are made by whoever takes them. The engine copies the flow, which it has at hand, into
 * the row's place; what it means is worked out there, on a thread that has more time.
 */
#include "config.h"

#include "flow/unmade.h"

#include <string.h>

#include "flow/engine.h"
#include "flow/snapshot.h"
#include "util/mem.h"

#define AHEAD 16 /* rows that are read together: another thread wrote them */

/* What stands in a row until it is made. */
struct unmade {
	struct flow flow;
	int64_t now, time_wait;
};

_Static_assert(offsetof(struct unmade, time_wait) + sizeof(int64_t) <= sizeof(struct connection),
	"it fits there");

/* What flows without a rare part have instead of that of their engine, which may be gone. */
static struct rares no_rares;
static struct rare nothing_rare = {.pool = &no_rares};
static struct rares no_rares = {.rare = &nothing_rare};

void unmade_put(const struct flow *f, int64_t now, int64_t time_wait, struct row *row)
{
	char *to = (char *)&row->c;

	row->unmade = 1;
	mem_copy(to + offsetof(struct unmade, flow), f, sizeof(*f));
	memcpy(to + offsetof(struct unmade, now), &now, sizeof(now));
	memcpy(to + offsetof(struct unmade, time_wait), &time_wait, sizeof(time_wait));
}

static void make(struct row *row)
{
	struct unmade from;

	mem_copy(&from, &row->c, offsetof(struct unmade, time_wait) + sizeof(from.time_wait));
	from.flow.rare = &nothing_rare;
	snapshot(&from.flow, from.now, from.time_wait, &row->c);
	row->unmade = 0;
}

static void read_ahead(const struct block *b, uint32_t from)
{
	uint32_t n = b->rows - from < AHEAD ? b->rows - from : AHEAD;

	mem_read_all(&b->row[from], n * sizeof(b->row[0]));
}

void engine_make_rows(struct block *b)
{
	for (uint32_t i = 0; i < b->rows; i++) {
		if (i % AHEAD == 0)
			read_ahead(b, i);
		if (b->row[i].unmade)
			make(&b->row[i]);
	}
}
