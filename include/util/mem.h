/* Memory for start-up and for the viewer: these never return NULL. The packet path does not allocate. */
#ifndef TCPTOP_UTIL_MEM_H
#define TCPTOP_UTIL_MEM_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed. Out of memory runs the hook of mem_on_failure, prints one line to standard error and aborts. */
void *mem_alloc(size_t size);
void *mem_array(size_t n, size_t size);		   /* n * size, overflow checked, zeroed */
void *mem_grow(void *p, size_t n, size_t size);	   /* realloc to n * size; the new part is not cleared */
char *mem_strdup(const char *s);
void mem_free(void *p);
/*
 * memset() to 0, called: for some hundred octets much faster than the instruction that compilers
 * put in its place.
 */
void mem_clear(void *p, size_t n);

/* memcpy(), called: as mem_clear. The two do not overlap. */
void mem_copy(void *to, const void *from, size_t n);

/* Called once before the program ends for want of memory: the terminal is restored there. */
void mem_on_failure(void (*hook)(void));
/* Ends the program as the others do, for whoever got no address space for so many octets. */
_Noreturn void mem_fail(size_t size);

/*
 * Asks for the cache line and goes on. In vain when some twenty others are already on their way:
 * ask for few at a time.
 */
static inline void mem_ask(const void *p)
{
	__builtin_prefetch(p);
}

/* Fetches the cache line, as a prefetch would that is never in vain: for many at a time. */
static inline void mem_read(const void *p)
{
	(void)*(const volatile char *)p;
}

/* The same for every line of some octets that begin with one. */
static inline void mem_ask_all(const void *p, size_t size)
{
	for (const char *at = p; at < (const char *)p + size; at += 64)
		mem_ask(at);
}

static inline void mem_read_all(const void *p, size_t size)
{
	for (const char *at = p; at < (const char *)p + size; at += 64)
		mem_read(at);
}

/*
 * A large zeroed table, mapped lazily and on huge pages where the system grants them: memory that was
 * never touched costs nothing. NULL (errno set) when the address space cannot be had.
 */
void *mem_table(size_t n, size_t size);
/*
 * The tables made from now on have small pages (true) or huge ones: to clear a huge one when it is
 * first touched takes some hundred microseconds, some milliseconds on a virtual machine, and a
 * device goes on sending. Of tables with small pages what is needed first is touched at once. To be
 * called before there is a second thread that makes tables.
 */
void mem_small_pages(bool small);
/* This one has small pages: of it so little is used mostly that half a huge one would be a lot. */
void mem_table_small(void *p, size_t n, size_t size);
/* The same of its first megabytes, which are mostly all of it that is used. */
void mem_table_small_first(void *p, size_t n, size_t size);
/*
 * What mem_array() and mem_grow() give is taken from the system apart from all else where it is large,
 * and given back as soon as it is freed. To be called once, first of all.
 */
void mem_large_apart(void);
/*
 * Has those pages of a table from the system now, its content as it is. False (errno set): it
 * cannot, or not all.
 */
bool mem_populate(void *p, size_t n);
/* The same as mem_table, but never NULL: as mem_array. */
void *mem_big(size_t n, size_t size);
void mem_table_free(void *p, size_t n, size_t size);

#endif
