/*
 * Tables that are filled from their front. To touch memory for the first time takes longer than to
 * fill it, on virtual machines some nanoseconds an octet: once a table has grown to some megabytes,
 * a thread of its own has the pages that come next from the system, while those before them are
 * being filled.
 */
#ifndef TCPTOP_UTIL_FRONT_H
#define TCPTOP_UTIL_FRONT_H

#include <stdatomic.h>
#include <stddef.h>

/* Zeroed it does nothing, as for a table that is small. */
struct front {
	char *table;
	size_t size; /* octets */
	size_t ahead; /* octets that are had before they are filled */
	size_t mark; /* of the next call */
	_Atomic size_t wanted;
	size_t had; /* the thread's */
	struct front *next;
};

/*
 * Watches over a table of mem_table(). Without a thread, or where the system cannot do it, nothing
 * is had ahead.
 */
void front_begin(struct front *f, void *table, size_t n, size_t size);
/* Before the table is freed. */
void front_end(struct front *f);
/* The other half of the following. */
void front_passed(struct front *f, size_t octets);

/* The table is filled up to there. Cheap; by one thread. */
static inline void front_at(struct front *f, size_t octets)
{
	if (octets >= f->mark && f->mark)
		front_passed(f, octets);
}

#endif
