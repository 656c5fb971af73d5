/*
 * Any keys at any size: an app over a small store. Each octet of the input is a key, a size, a step of time or more
 * traffic; the screen is drawn after each. Whatever is pressed, every cell holds a character that may be shown.
 */
#include "config.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "screen.h"
#include "ui/key.h"
#include "util/clock.h"
#include "util/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LONGEST 400 /* octets of one input that count */

static void check(const struct canvas *c)
{
	for (size_t i = 0; i < (size_t)c->w * (size_t)c->h; i++) {
		const struct cell *cell = &c->cell[i];

		assert(cell->role < ROLE_COUNT);
		assert(cell->width == 0 || cell->ch >= ' ');
		assert(cell->ch != 0x7f && !(cell->ch >= 0x80 && cell->ch < 0xa0));
		assert(!c->ascii || cell->ch < 0x7f);
	}
	assert(c->cursor_x < c->w && c->cursor_y < c->h);
}

static void more_traffic(struct screen *s, unsigned n)
{
	struct str text = STR_INIT;

	str_addf(&text, "client 10.9.%u.1:4000\nserver 10.9.%u.2:%u\n%u > S; +0.01 < %s\n", n % 7, n % 3, n % 5 + 1,
		100 + n, n % 2 ? "RA" : "SA");
	screen_packets(s, text.s, false);
	str_free(&text);
}

static unsigned press(struct screen *s, uint32_t key)
{
	return app_event(s->app, &(struct event){.what = EVENT_KEY, .key = key}, s->now);
}

static unsigned step(struct screen *s, uint8_t octet, unsigned n)
{
	static const int sizes[][2] = {
		{80, 24}, {132, 43}, {160, 45}, {40, 10}, {20, 4}, {1, 1}, {19, 50}, {200, 5}};

	if (octet < 0x20)
		return press(s, KEYCODE_CTRL | ('a' + octet % 26u));
	if (octet < 0x7f)
		return press(s, octet);
	if (octet < 0xc0)
		return press(s, KEYCODE_ENTER + octet % (uint32_t)(KEYCODE_LAST - KEYCODE_ENTER + 1));
	if (octet < 0xe0) {
		const int *size = sizes[octet % 8];

		canvas_resize(&s->canvas, size[0], size[1]);
		return app_event(s->app, &(struct event){.what = EVENT_RESIZE, .w = size[0], .h = size[1]}, s->now);
	}
	if (octet < 0xf0) {
		s->now += (octet - 0xdf) * 300 * NS_PER_MS;
		return app_tick(s->app, s->now);
	}
	if (octet == 0xff)
		return press(s, 0x65e5);
	if (octet == 0xfe)
		app_set_note(s->app, n % 2 ? "file cut short in packet 107" : NULL);
	else
		more_traffic(s, n);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Half of the time looks come in pieces, and keys and packets in between. */
	const struct app_conf conf = {.from_file = true, .input = "test.pcap", .piece = size % 4 < 2 ? 0 : 3};
	struct str packets = STR_INIT;
	struct screen s;

	screen_init(&s, &conf, 80, 24);
	screen_sample(&packets);
	screen_packets(&s, packets.s, false);
	str_free(&packets);
	s.canvas.ascii = size % 2;
	for (size_t i = 0; i < size && i < LONGEST; i++) {
		step(&s, data[i], (unsigned)i); /* what would quit does not end it */
		for (int k = 0; conf.piece && k < data[i] % 5; k++)
			app_work(s.app);
		app_draw(s.app, &s.canvas);
		check(&s.canvas);
	}
	screen_fini(&s);
	return 0;
}
