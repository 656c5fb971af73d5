/* The screen that looks at the store in pieces: keys are answered in between, and in the end it is the same screen. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "screen.h"
#include "store/store.h"
#include "ui/key.h"
#include "util/clock.h"

#define PIECE 2

/* The same traffic and the same screen, once with all work done where it comes up, once in pieces. */
struct pair {
	struct screen whole, pieces;
};

static void begin(struct pair *p)
{
	struct app_conf conf = {.from_file = true, .input = "test.pcap"};
	struct str packets = STR_INIT;

	screen_sample(&packets);
	screen_init(&p->whole, &conf, 120, 40);
	screen_packets(&p->whole, packets.s, true);
	conf.piece = PIECE;
	screen_init(&p->pieces, &conf, 120, 40);
	screen_packets(&p->pieces, packets.s, true);
	str_free(&packets);
}

static void end(struct pair *p)
{
	screen_fini(&p->whole);
	screen_fini(&p->pieces);
}

static void pass(struct pair *p, int64_t ns)
{
	p->whole.now += ns;
	p->pieces.now += ns;
	app_tick(p->whole.app, p->whole.now);
	app_tick(p->pieces.app, p->pieces.now);
}

static void press(struct pair *p, uint32_t key)
{
	const struct event e = {.what = EVENT_KEY, .key = key};

	app_event(p->whole.app, &e, p->whole.now);
	app_event(p->pieces.app, &e, p->pieces.now);
}

static int finish(struct screen *s)
{
	int n = 0;

	while (app_is_busy(s->app)) {
		app_work(s->app);
		assert_true(++n < 100000);
	}
	return n;
}

static void draw(struct screen *s)
{
	canvas_clear(&s->canvas);
	app_draw(s->app, &s->canvas);
}

static void assert_same(struct pair *p)
{
	size_t cells = (size_t)p->whole.canvas.w * (size_t)p->whole.canvas.h;

	finish(&p->pieces);
	draw(&p->pieces); /* the pane below asks for its lists when it is drawn */
	finish(&p->pieces);
	draw(&p->whole);
	draw(&p->pieces);
	if (memcmp(p->whole.canvas.cell, p->pieces.canvas.cell, cells * sizeof(struct cell)))
		fail_msg("at one go:\n%s\nin pieces:\n%s", screen_text(&p->whole), screen_text(&p->pieces));
}

static const uint32_t keys[] = {'2', 'j', 'j', '>', 'I', '3', 'G', 'k', KEYCODE_ENTER, 'j', KEYCODE_ENTER, KEYCODE_ESC, KEYCODE_ESC,
	'4', '/', 'r', 's', 't', '.', 'c', 'o', 'u', 'n', 't', '>', '0', KEYCODE_ENTER, '5', KEYCODE_ESC, '6', '<', '7', '8',
	'9', 'k', '1', 's', 'j', KEYCODE_ENTER, '/', 'z', 'z', 'z', KEYCODE_ENTER, KEYCODE_ESC, '?', KEYCODE_ESC, 'R', 'R', '2'};
#define KEYS (sizeof(keys) / sizeof(*keys))

static void every_key_leads_to_the_same_screen(void **state)
{
	struct pair p;

	begin(&p);
	pass(&p, NS_PER_SEC);
	assert_same(&p);
	for (size_t i = 0; i < KEYS; i++) {
		press(&p, keys[i]);
		pass(&p, 200 * NS_PER_MS);
		assert_same(&p);
	}
	end(&p);
}

/* Nobody waits for the work: a key comes after every few pieces, and whatever is half done may be drawn. */
static void keys_need_not_wait(void **state)
{
	int unfinished = 0;

	for (int between = 0; between < 8; between++) {
		struct pair p;

		begin(&p);
		pass(&p, NS_PER_SEC);
		for (size_t i = 0; i < KEYS; i++) {
			/* What the cursor stands on is another row in the end when a key comes before the rows. */
			if (keys[i] == KEYCODE_ENTER || keys[i] == 's')
				finish(&p.pieces);
			press(&p, keys[i]);
			for (int k = 0; k < between; k++)
				app_work(p.pieces.app);
			unfinished += app_is_busy(p.pieces.app);
			draw(&p.pieces);
		}
		assert_true(finish(&p.pieces) < 1000);
		end(&p);
	}
	assert_true(unfinished > 20);
}

static void rows_of_another_question_are_said_to_be_so(void **state)
{
	struct pair p;
	const char *before;
	char first[64];

	begin(&p);
	pass(&p, NS_PER_SEC);
	assert_same(&p);
	press(&p, '>'); /* another order: the rows stay, marked, until they are in it */
	before = screen_text(&p.pieces);
	assert_non_null(strstr(before, "looking"));
	finish(&p.pieces);
	assert_null(strstr(screen_text(&p.pieces), "looking"));
	press(&p, '3'); /* another view: there are no rows yet */
	assert_non_null(strstr(screen_text(&p.pieces), "Looking for"));
	snprintf(first, sizeof(first), "%.40s", screen_text(&p.whole));
	assert_same(&p);
	/* A look by itself shows what was true a moment ago, and says nothing. */
	screen_packets(&p.pieces, "client 10.0.0.9:4000\nserver 10.0.0.5:443\n40 > S; +0.01 < RA\n", true);
	pass(&p, 2 * NS_PER_SEC);
	assert_null(strstr(screen_text(&p.pieces), "looking"));
	end(&p);
}

static void packets_in_between_are_in_the_end_all_there(void **state)
{
	static const char more[] = "client 10.0.0.9:4000\nserver 10.0.0.5:443\n40 > S; +0.01 < RA\n";
	struct pair p;

	begin(&p);
	pass(&p, NS_PER_SEC);
	app_work(p.pieces.app);
	screen_packets(&p.pieces, more, true);
	app_work(p.pieces.app);
	screen_packets(&p.whole, more, true);
	finish(&p.pieces);
	pass(&p, 2 * NS_PER_SEC);
	assert_same(&p);
	end(&p);
}

static void dear_looks_are_rare_but_keys_are_answered(void **state)
{
	struct pair p;

	begin(&p);
	pass(&p, NS_PER_SEC);
	assert_same(&p);
	app_rest(p.pieces.app, 100 * NS_PER_SEC);
	screen_packets(&p.pieces, "client 10.0.0.9:4000\nserver 10.0.0.5:443\n40 > S; +0.01 < RA\n", true);
	for (int i = 0; i < 4; i++) {
		pass(&p, NS_PER_SEC);
		assert_false(app_is_busy(p.pieces.app));
	}
	press(&p, '>');
	assert_true(app_is_busy(p.pieces.app));
	finish(&p.pieces);
	pass(&p, 200 * NS_PER_SEC);
	assert_true(app_is_busy(p.pieces.app));
	end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_leads_to_the_same_screen),
		cmocka_unit_test(keys_need_not_wait),
		cmocka_unit_test(rows_of_another_question_are_said_to_be_so),
		cmocka_unit_test(packets_in_between_are_in_the_end_all_there),
		cmocka_unit_test(dear_looks_are_rare_but_keys_are_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
