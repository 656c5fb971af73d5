#include "config.h"

#include "reading.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define FOLDER "/tmp/t_source.XXXXXX"

static char here[] = FOLDER;
struct pkt got[MOST];
size_t got_n;
bool ahead;

int begin(void **state)
{
	(void)state;
	strcpy(here, FOLDER);
	return mkdtemp(here) && chdir(here) == 0 ? 0 : -1;
}

int begin_ahead(void **state)
{
	ahead = true;
	return begin(state);
}

int finish(void **state)
{
	(void)state;
	return chdir("/") == 0 && rmdir(here) == 0 ? 0 : -1;
}

struct source *open_files(const struct files_conf *conf, size_t batch, struct err *err)
{
	struct source *s = source_open_files(conf, err);

	return s && ahead ? source_ahead(s, batch, err) : s;
}

enum source_state drain(struct source *s, size_t batch, struct err *err)
{
	enum source_state state;
	const struct pkt *pkt;
	size_t n;

	do {
		assert_true(got_n + batch <= MOST);
		state = source_next(s, got + got_n, batch, &pkt, &n, err);
		assert_true(n <= batch);
		if (pkt != got + got_n && n > 0)
			memcpy(got + got_n, pkt, n * sizeof(*pkt));
		got_n += n;
	} while (state == SOURCE_READY);
	return state;
}

enum source_state read_files(const struct files_conf *conf, size_t batch, struct err *err)
{
	struct source *s = open_files(conf, batch, err);
	enum source_state state;

	got_n = 0;
	if (!s)
		return SOURCE_FAILED;
	state = drain(s, batch, err);
	source_close(s);
	return state;
}

enum source_state read_file(const char *name, struct err *err)
{
	struct files_conf conf = { .file = &name, .files = 1 };

	return read_files(&conf, 16, err);
}

void write_bytes(const char *name, const void *bytes, size_t n)
{
	struct capfile f = { 0 };

	str_add_n(&f.bytes, bytes, n);
	capfile_write(&f, name);
	str_free(&f.bytes);
}

void write_syns(const char *name, struct capfile like, int64_t first, int64_t gap, unsigned n,
	uint32_t seq)
{
	capfile_begin(&like);
	for (unsigned i = 0; i < n; i++)
		capfile_syn(&like, first + gap * i, 80, seq + i);
	capfile_write(&like, name);
	str_free(&like.bytes);
}
