/* The octets lie in a file that has no name, so that it costs little to read thousands of them. */
#include "config.h"

#include "both_ways.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/spool.h"
#include "util/mem.h"

enum way {
	WAY_SHORT,
	WAY_LONG,
	WAY_AHEAD
};

static bool goes_on(const struct both_ways *out)
{
	return out->state == INPUT_MORE || out->state == INPUT_DRY;
}

static void read_batches(struct input *in, size_t room, struct both_ways *out)
{
	while (goes_on(out)) {
		size_t n;

		out->state = input_read(in, out->pkt + out->n, room, &n, &out->err);
		assert(n <= room);
		out->n += n;
	}
}

static void read_ahead(struct input *in, struct both_ways *out)
{
	while (goes_on(out)) {
		out->state = input_look_ahead(in, &out->err);
		if (out->state == INPUT_MORE)
			out->n += input_take(in, &out->pkt[out->n]);
	}
}

static void read_in(enum way way, int file, size_t portion, size_t room, struct both_ways *out)
{
	struct input in = {
		.name = mem_strdup("x"),
		.filter_text = mem_strdup(""),
		.stats = &out->stats,
		.index = 7,
		.long_way = way == WAY_LONG,
	};

	memset(out, 0, sizeof(*out));
	lseek(file, 0, SEEK_SET);
	in.spool = spool_new(dup(file), portion);
	out->state = input_open_whole(&in, &out->err) ? INPUT_MORE : INPUT_FAILED;
	if (way == WAY_AHEAD)
		read_ahead(&in, out);
	else
		read_batches(&in, room, out);
	out->frames = in.frames;
	out->octets = input_octets_read(&in);
	input_close(&in);
}

/* How far libpcap read on before it found out what is damaged depends on how many packets it was asked for. */
static void check_same(const struct both_ways *a, const struct both_ways *b)
{
	assert(a->state == b->state && strcmp(a->err.text, b->err.text) == 0 && a->err.code == b->err.code);
	assert(a->frames == b->frames && a->n == b->n);
	assert(a->octets == b->octets || a->state == INPUT_DAMAGED);
	assert(memcmp(&a->stats, &b->stats, sizeof(a->stats)) == 0);
	assert(memcmp(a->pkt, b->pkt, a->n * sizeof(a->pkt[0])) == 0);
}

void both_ways(const uint8_t *data, size_t size, size_t portion, size_t room, struct both_ways *out)
{
	static struct both_ways other;
	int file = memfd_create("capture", MFD_CLOEXEC);

	assert(size <= BOTH_WAYS_SIZE && room > 0 && room <= BOTH_WAYS_ROOM);
	assert(file >= 0 && write(file, data, size) == (ssize_t)size);
	for (enum way way = WAY_SHORT; way <= WAY_AHEAD; way++) {
		read_in(way, file, portion, room, way == WAY_SHORT ? out : &other);
		if (way != WAY_SHORT)
			check_same(out, &other);
	}
	close(file);
}
