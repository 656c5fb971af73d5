/* Aborting allocators and lazily mapped tables. */
#include "config.h"

#include "util/mem.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef HAVE_MALLOC_H
#include <malloc.h>
#endif

static void (*failure_hook)(void);
static bool small_pages;

#define LARGE (128 << 10)
#define HUGE_PAGE ((size_t)2 << 20) /* a huge page, mostly */
#define HUGE_FROM ((size_t)8 << 20) /* tables that have them */
#define SMALL_FIRST ((size_t)8 << 20)
#define TOUCH_ALL ((size_t)4 << 20)
#define TOUCH_FIRST ((size_t)256 << 10)

void mem_on_failure(void (*hook)(void))
{
	failure_hook = hook;
}

void mem_fail(size_t size)
{
	if (failure_hook)
		failure_hook();
	fprintf(stderr, "tcptop: out of memory (%zu bytes wanted); lower --max-memory\n", size);
	abort();
}

void *mem_alloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (!p)
		mem_fail(size);
	return p;
}

void *mem_array(size_t n, size_t size)
{
	void *p = calloc(n + !n, size + !size);

	if (!p)
		mem_fail(n * size);
	return p;
}

void mem_clear(void *p, size_t n)
{
	memset(p, 0, n);
}

void mem_copy(void *to, const void *from, size_t n)
{
	memcpy(to, from, n);
}

void *mem_grow(void *p, size_t n, size_t size)
{
	if (size && n > SIZE_MAX / size)
		mem_fail(SIZE_MAX);
	p = realloc(p, n && size ? n * size : 1);
	if (!p)
		mem_fail(n * size);
	return p;
}

char *mem_strdup(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(mem_alloc(n), s, n);
}

void mem_free(void *p)
{
	free(p);
}

void mem_small_pages(bool small)
{
	small_pages = small;
}

void mem_table_small(void *p, size_t n, size_t size)
{
#ifdef MADV_NOHUGEPAGE
	if (p && n && size)
		(void)madvise(p, n * size, MADV_NOHUGEPAGE);
#else
	(void)p;
	(void)n;
	(void)size;
#endif
}

void mem_table_small_first(void *p, size_t n, size_t size)
{
	size_t some = SMALL_FIRST / size;

	mem_table_small(p, n < some ? n : some, size);
}

void mem_large_apart(void)
{
#ifdef M_MMAP_THRESHOLD
	/* Else the C library raises it with every large piece that is freed, until none is large any more. */
	(void)mallopt(M_MMAP_THRESHOLD, LARGE);
#endif
}

bool mem_populate(void *p, size_t n)
{
#ifdef MADV_POPULATE_WRITE
	return madvise(p, n, MADV_POPULATE_WRITE) == 0;
#else
	(void)p;
	(void)n;
	errno = ENOSYS;
	return false;
#endif
}

/*
 * The beginning, or all of a table that is small enough: where entries lie by their hash, the first
 * packets would touch a new page each. Where the system cannot do it, that is what happens.
 */
static void touch(void *p, size_t size)
{
	(void)mem_populate(p, size <= TOUCH_ALL ? size : TOUCH_FIRST);
}

static char *map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS
#ifdef MAP_NORESERVE
			| MAP_NORESERVE
#endif
		,
		-1, 0);

	return p == MAP_FAILED ? NULL : p;
}

#ifdef MADV_HUGEPAGE
static size_t round_up(size_t size, size_t unit)
{
	return (size + unit - 1) / unit * unit;
}

/*
 * To begin where a huge page does: else the first one has the end of what lies before the table, which
 * nobody ever touches.
 */
static char *map_huge(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), all = round_up(size + HUGE_PAGE, page), before, used;
	char *p = map(all);

	if (!p)
		return NULL;
	before = round_up((uintptr_t)p, HUGE_PAGE) - (uintptr_t)p;
	used = before + round_up(size, page);
	if (before)
		(void)munmap(p, before);
	if (used < all)
		(void)munmap(p + used, all - used);
	/* Advice only: where huge pages are not to be had, small ones serve. */
	(void)madvise(p + before, size, MADV_HUGEPAGE);
	return p + before;
}
#endif

void *mem_table(size_t n, size_t size)
{
	void *p;

	if (size && n > SIZE_MAX / 2 / size) {
		errno = ENOMEM;
		return NULL;
	}
	if (n * size == 0)
		n = size = 1;
#ifdef MADV_HUGEPAGE
	if (!small_pages && n * size >= HUGE_FROM)
		return map_huge(n * size);
#endif
	p = map(n * size);
	if (p && small_pages) {
		mem_table_small(p, n, size);
		touch(p, n * size);
	}
	return p;
}

void *mem_big(size_t n, size_t size)
{
	void *p = mem_table(n, size);

	if (!p)
		mem_fail(n * size);
	return p;
}

void mem_table_free(void *p, size_t n, size_t size)
{
	if (p)
		munmap(p, n && size ? n * size : 1);
}
