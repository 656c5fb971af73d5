/* The app: what keys do, what stays where it was, and the screens against golden text. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "screen.h"
#include "store/store.h"
#include "ui/key.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/mem.h"
#include "util/str.h"

static const char *source_dir(void)
{
	const char *dir = getenv("srcdir");

	return dir ? dir : ".";
}

static void sample(struct screen *s, int w, int h)
{
	struct str packets = STR_INIT;

	screen_init(s, NULL, w, h);
	screen_sample(&packets);
	screen_packets(s, packets.s, true);
	str_free(&packets);
}

static void assert_has(struct screen *s, const char *words)
{
	const char *text = screen_text(s);

	if (!strstr(text, words))
		fail_msg("\"%s\" is not on the screen:\n%s", words, text);
}

static void assert_has_not(struct screen *s, const char *words)
{
	const char *text = screen_text(s);

	if (strstr(text, words))
		fail_msg("\"%s\" is on the screen:\n%s", words, text);
}

static unsigned press(struct screen *s, uint32_t key)
{
	return app_event(s->app, &(struct event){.what = EVENT_KEY, .key = key}, s->now);
}

/* Line `n` of the screen as it is now. Borrowed until the next screen. */
static const char *line(struct screen *s, int n)
{
	static char out[1024];
	const char *text = screen_text(s);

	while (n-- > 0 && (text = strchr(text, '\n')) != NULL)
		text++;
	snprintf(out, sizeof(out), "%.*s", text ? (int)strcspn(text, "\n") : 0, text ? text : "");
	return out;
}

/* The line the cursor is on. */
static const char *selected(struct screen *s)
{
	for (int n = 0; n < s->canvas.h; n++)
		if (line(s, n)[0] == '>')
			return line(s, n);
	return "";
}

/* ---- golden screens ---- */

/* One file of keys, one of screens. TCPTOP_GOLDEN=write makes the screens anew: read the difference. */
static void golden(const char *name, bool ascii, bool empty)
{
	struct str keys = STR_INIT, expected = STR_INIT, path = STR_INIT;
	struct err err = ERR_INIT;
	struct screen s;

	str_addf(&path, "%s/tests/scripts/%s.keys", source_dir(), name);
	if (!str_read_file(&keys, path.s, &err))
		fail_msg("%s: %s", path.s, err.text);
	if (empty)
		screen_init(&s, &(struct app_conf){.input = "eth0"}, 80, 24);
	else
		sample(&s, 80, 24);
	s.canvas.ascii = ascii;
	screen_run(&s, keys.s);
	str_clear(&path);
	str_addf(&path, "%s/tests/golden/screen-%s.txt", source_dir(), name);
	if (getenv("TCPTOP_GOLDEN")) {
		FILE *f = fopen(path.s, "w");

		assert_non_null(f);
		fputs(s.out.s, f);
		fclose(f);
	}
	if (!str_read_file(&expected, path.s, &err))
		fail_msg("%s: %s", path.s, err.text);
	assert_string_equal(s.out.s, expected.s);
	screen_fini(&s);
	str_free(&keys);
	str_free(&expected);
	str_free(&path);
}

static void golden_sizes(void **state)
{
	golden("sizes", false, false);
}

static void golden_drill_down(void **state)
{
	golden("drill", false, false);
}

static void golden_views(void **state)
{
	golden("views", false, false);
}

static void golden_fields(void **state)
{
	golden("fields", false, false);
}

static void golden_ascii(void **state)
{
	golden("ascii", true, false);
}

static void golden_empty(void **state)
{
	golden("empty", false, true);
}

/* ---- keys ---- */

static void three_keys_lead_to_the_sentence(void **state)
{
	struct screen s;

	sample(&s, 80, 24);
	screen_run(&s, "text :sort rst.count.srv\nkeys Enter Home Enter Enter Enter");
	assert_has(&s, "REFUSED");
	assert_has(&s, "server refused the connection");
	assert_has(&s, "RST+ACK");
	assert_has(&s, "WHY WE SAY SO"); /* without a key more */
	canvas_resize(&s.canvas, 40, 24);
	assert_has(&s, "TIME CLIENT");
	canvas_resize(&s.canvas, 80, 24);
	assert_int_not_equal(s.watched, 0);
	screen_keys(&s, "Esc");
	assert_int_equal(s.watched, 0);
	screen_fini(&s);
}

static void esc_goes_one_level_up_and_never_quits(void **state)
{
	struct screen s;

	sample(&s, 80, 24);
	screen_keys(&s, "Enter Enter Enter ?");
	assert_has(&s, "KEYS");
	assert_int_equal(press(&s, KEYCODE_ESC) & EFFECT_QUIT, 0);
	assert_has(&s, "SIDE");
	press(&s, KEYCODE_BACKSPACE);
	assert_has(&s, "> connections");
	press(&s, KEYCODE_ESC);
	assert_has(&s, "> conversations");
	press(&s, KEYCODE_ESC);
	assert_has(&s, "[1 Servers]");
	for (int i = 0; i < 5; i++)
		assert_int_equal(press(&s, KEYCODE_ESC) & EFFECT_QUIT, 0);
	assert_has(&s, "[1 Servers]");
	screen_fini(&s);
}

static void q_quits_everywhere_but_is_a_letter_in_a_field(void **state)
{
	static const char *const ways[] = {"Home", "Enter", "Enter Enter Enter", "?", "s"};
	struct screen s;

	for (size_t i = 0; i < 5; i++) {
		sample(&s, 80, 24);
		screen_keys(&s, ways[i]);
		assert_true(press(&s, 'q') & EFFECT_QUIT);
		screen_fini(&s);
	}
	sample(&s, 80, 24);
	screen_keys(&s, "/");
	assert_int_equal(press(&s, 'q') & EFFECT_QUIT, 0);
	assert_has(&s, "Filter: q");
	assert_true(press(&s, KEYCODE_CTRL | 'c') & EFFECT_QUIT);
	screen_fini(&s);
}

static unsigned paste(struct screen *s, const char *text)
{
	return app_event(s->app, &(struct event){.what = EVENT_PASTE, .text = text}, s->now);
}

static void a_paste_presses_no_keys(void **state)
{
	struct screen s;

	sample(&s, 80, 24);
	assert_int_equal(paste(&s, "qQ6\n") & EFFECT_QUIT, 0);
	assert_has(&s, "pasted text ignored; / opens the filter");
	assert_has(&s, "[1 Servers]");
	screen_keys(&s, "/");
	paste(&s, "rst.count\n> \x1b" "50\r\n");
	assert_has(&s, "Filter: rst.count > 50 ");
	assert_has(&s, "2 of 5");
	screen_keys(&s, "Enter");
	assert_has(&s, "2 of 5 servers");
	screen_fini(&s);
}

/* Neither cut and accepted nor cut and shown: what does not fit is left out whole. */
static void a_paste_that_is_too_long_is_refused(void **state)
{
	struct str text = STR_INIT;
	struct screen s;

	str_add(&text, "rst.count > 50");
	while (text.len < 600)
		str_add(&text, " or bad > 1");
	sample(&s, 80, 24);
	screen_keys(&s, "/");
	paste(&s, text.s);
	assert_has(&s, "too long: a field takes 511 octets");
	screen_keys(&s, "Enter");
	assert_has(&s, "too long"); /* still in the field */
	screen_keys(&s, "Esc");
	assert_has(&s, "5 servers");
	screen_keys(&s, "/"); /* a terminal that does not mark pastes: the same by keys */
	for (const char *at = text.s; *at; at++)
		press(&s, (unsigned char)*at);
	screen_keys(&s, "Enter");
	assert_has(&s, "too long");
	screen_keys(&s, "Esc");
	assert_has(&s, "5 servers");
	str_free(&text);
	screen_fini(&s);
}

static void upper_q_keeps_the_screen(void **state)
{
	struct screen s;

	sample(&s, 80, 24);
	assert_int_equal(press(&s, 'Q') & (EFFECT_QUIT | EFFECT_KEEP), EFFECT_QUIT | EFFECT_KEEP);
	screen_fini(&s);
}

static void colon_q_quits_and_colon_view_goes_there(void **state)
{
	struct screen s;

	sample(&s, 80, 24);
	screen_run(&s, "keys :\ntext endings\nkeys Enter");
	assert_has(&s, "[7 Ends]");
	screen_run(&s, "keys :\ntext nonsense\nkeys Enter");
	assert_has(&s, "no command or view \"nonsense\"");
	screen_run(&s, "keys :\ntext q");
	assert_true(press(&s, KEYCODE_ENTER) & EFFECT_QUIT);
	screen_fini(&s);
}

/* Services refuse 17 clients that try one after the other: as many findings as fit in the list, or a few more. */
static void findings_that_are_left_out_are_told(void **state)
{
	for (int services = 100; services <= 515; services += 415) {
		struct str packets = STR_INIT;
		struct screen s;

		screen_init(&s, NULL, 100, 30);
		for (int i = 0; i < 17 * services; i++) {
			double t = 45.0 * i / 17 / services;

			str_addf(&packets, "conn c%d; client 10.0.%d.1:%d; server 10.0.0.5:%d; %.4f > S; %.4f < RA\n", i, i / services,
				2000 + i, 1000 + i % services, t, t + 0.001);
		}
		screen_packets(&s, packets.s, true);
		screen_run(&s, "keys :\ntext findings\nkeys Enter");
		if (services > 512)
			assert_has(&s, "Left out: 20 findings had no room");
		else
			assert_has_not(&s, "Left out");
		screen_run(&s, "keys :\ntext servers\nkeys Enter");
		assert_has_not(&s, "Left out");
		screen_fini(&s);
		str_free(&packets);
	}
}

static void confirm_quit_asks_once(void **state)
{
	struct screen s;

	screen_init(&s, &(struct app_conf){.input = "x", .confirm_quit = true}, 80, 24);
	assert_int_equal(press(&s, 'q') & EFFECT_QUIT, 0);
	assert_has(&s, "Quit?");
	press(&s, 'x');
	assert_has_not(&s, "Quit?");
	assert_int_equal(press(&s, 'y') & EFFECT_QUIT, 0); /* not asked */
	assert_int_equal(press(&s, 'q') & EFFECT_QUIT, 0);
	assert_true(press(&s, 'q') & EFFECT_QUIT);
	screen_fini(&s);
	screen_init(&s, &(struct app_conf){.input = "x", .confirm_quit = true}, 80, 24);
	press(&s, 'q');
	assert_true(press(&s, 'y') & EFFECT_QUIT);
	screen_fini(&s);
}

static void keys_that_do_nothing_say_so(void **state)
{
	struct screen s;

	sample(&s, 80, 24);
	press(&s, 'Z');
	assert_has(&s, "Z does nothing here; ? lists the keys");
	press(&s, 'f'); /* a file: the field is not even opened */
	assert_has(&s, "only a capture from a device takes another capture filter");
	assert_has_not(&s, "Capture filter:");
	assert_true(press(&s, 'q') & EFFECT_QUIT);
	screen_fini(&s);
}

static void the_cursor_stays_on_its_row_when_the_order_changes(void **state)
{
	struct screen s;

	sample(&s, 80, 24);
	screen_keys(&s, "Down Down");
	assert_non_null(strstr(selected(&s), "10.0.0.8"));
	screen_keys(&s, "I");
	assert_non_null(strstr(selected(&s), "10.0.0.8"));
	screen_keys(&s, ">");
	assert_non_null(strstr(selected(&s), "10.0.0.8"));
	screen_fini(&s);
}

/* New traffic makes another server the worst; an untouched cursor is on it, a moved one stays. */
static void new_rows_do_not_carry_the_cursor_away(void **state)
{
	static const char first[] = "client 10.0.0.1:4000\nserver 10.0.0.5:80\n0 > S; +0.01 < RA\n";
	static const char second[] = "client 10.0.0.1:4100\nserver 10.0.0.6:80\n10 > S; +0.01 < RA\n"
				     "conn b\nclient 10.0.0.1:4101\n10.1 > S; +0.01 < RA\n";

	for (int touched = 0; touched < 2; touched++) {
		struct screen s;

		screen_init(&s, NULL, 80, 24);
		screen_packets(&s, first, false);
		screen_run(&s, "wait 2000");
		if (touched)
			screen_keys(&s, "Home");
		screen_packets(&s, second, false);
		screen_run(&s, "wait 9000");
		assert_non_null(strstr(line(&s, 6), "10.0.0.6"));
		assert_non_null(strstr(selected(&s), touched ? "10.0.0.5" : "10.0.0.6"));
		screen_fini(&s);
	}
}

static void the_order_stands_still_after_a_step(void **state)
{
	static const char first[] = "client 10.0.0.1:4000\nserver 10.0.0.5:80\n0 > S; +0.01 < RA\n";
	static const char second[] = "client 10.0.0.1:4100\nserver 10.0.0.6:80\n2.1 > S; +0.01 < RA\n"
				     "conn b\nclient 10.0.0.1:4101\n2.2 > S; +0.01 < RA\n";
	struct screen s;

	screen_init(&s, NULL, 80, 24);
	screen_packets(&s, first, false);
	screen_run(&s, "wait 2000\nkeys Down");
	screen_packets(&s, second, false);
	screen_run(&s, "wait 1500");
	assert_non_null(strstr(line(&s, 6), "10.0.0.5"));
	assert_non_null(strstr(line(&s, 7), "10.0.0.6"));
	screen_packets(&s, "client 10.0.0.1:4200\nserver 10.0.0.6:80\n4 > S; +0.01 < RA\n", false);
	screen_run(&s, "wait 4000");
	assert_non_null(strstr(line(&s, 6), "10.0.0.6"));
	screen_fini(&s);
}

static void filters_are_live_and_keep_the_last_good_one(void **state)
{
	struct screen s;

	sample(&s, 80, 24);
	screen_run(&s, "keys /\ntext rst.count > 50");
	assert_has(&s, "2 of 5");
	assert_has_not(&s, " 10.0.0.9 ");
	screen_run(&s, "text  and (");
	assert_has(&s, "expected");
	assert_has(&s, "2 of 5");
	assert_has_not(&s, " 10.0.0.9 ");
	screen_keys(&s, "Enter");
	assert_has(&s, "expected"); /* a faulty one is not taken */
	screen_keys(&s, "Esc");
	assert_has(&s, "5 servers");
	screen_fini(&s);
}

static void the_header_says_what_is_typed_and_whether_it_counts(void **state)
{
	struct screen s;

	sample(&s, 80, 24);
	screen_run(&s, "keys /\ntext rst.count > 5");
	assert_has(&s, "Filter rst.count > 5 ");
	screen_run(&s, "text 0 and (");
	assert_has(&s, "Typing rst.count > 50 and (");
	screen_fini(&s);
}

static void the_headline_obeys_the_filter(void **state)
{
	struct screen s;

	sample(&s, 80, 24);
	assert_has(&s, " Worst: "); /* the file has ended: there is no now */
	screen_run(&s, "keys /\ntext server = 10.0.0.9\nkeys Enter");
	assert_has(&s, "Worst here: 10.0.0.9");
	screen_run(&s, "keys / C-u\ntext server = 10.9.9.9\nkeys Enter");
	assert_has(&s, "Esc takes it off");
	assert_has_not(&s, "Worst");
	assert_has_not(&s, "Nothing has ended badly");
	screen_fini(&s);
}

/* No server sums up so, but there are connections that do. */
static void an_empty_table_leads_to_the_connections(void **state)
{
	struct screen s;

	sample(&s, 80, 24);
	screen_run(&s, "keys /\ntext bad > 0 and attempts = 1\nkeys Enter");
	assert_has(&s, "0 of 5 servers match the filter.");
	assert_has(&s, "connections do: 6 shows them");
	screen_keys(&s, "6");
	assert_has(&s, "[6 Conns]");
	assert_has_not(&s, "match the filter");
	screen_fini(&s);
}

/* Whose RST it is, and how it ended, at any width that a split screen has. */
static void narrow_tables_tell_the_side(void **state)
{
	static const int widths[] = {40, 60};
	struct screen s;

	for (size_t i = 0; i < 2; i++) {
		sample(&s, widths[i], i ? 16 : 10);
		for (uint32_t key = '1'; key <= '6'; key++) {
			press(&s, key);
			assert_has(&s, "RSTc");
			assert_has(&s, "RSTs");
			assert_has(&s, key == '6' ? "END" : "BAD");
		}
		if (!i)
			assert_has(&s, "ABc "); /* an ending by its group */
		screen_keys(&s, "1 I");
		assert_has(&s, "RST▲");
		screen_fini(&s);
	}
}

static void esc_takes_the_filter_off_before_it_leaves(void **state)
{
	struct screen s;

	sample(&s, 80, 24);
	screen_run(&s, "keys Enter /\ntext rst.count.srv > 0\nkeys Enter");
	assert_has(&s, "1 of 3 conversations");
	screen_keys(&s, "Esc");
	assert_has(&s, "3 conversations");
	screen_keys(&s, "Esc");
	assert_has(&s, "[1 Servers]");
	screen_fini(&s);
}

static void the_filters_of_the_mission_work_as_typed(void **state)
{
	struct screen s;

	sample(&s, 80, 24);
	screen_run(&s, "keys 6 /\ntext rst.count > 0 and fin.count = 0\nkeys Enter");
	assert_has(&s, "102 of 189 connections");
	screen_run(&s, "keys / C-u\ntext rst.count > 0 and ct.count = 0\nkeys Enter");
	assert_has(&s, "60 of 189 connections");
	screen_fini(&s);
}

static void half_a_field_name_does_not_empty_the_table(void **state)
{
	struct screen s;

	sample(&s, 80, 24);
	screen_run(&s, "keys /\ntext rst.cou");
	assert_has(&s, " 10.0.0.9 ");
	assert_has(&s, "rst.count.srv");
	screen_keys(&s, "Tab");
	assert_has(&s, "Filter: rst.count");
	screen_fini(&s);
}

static void find_goes_to_the_row_and_around(void **state)
{
	struct screen s;

	sample(&s, 80, 24);
	screen_run(&s, "keys *\ntext 0.0.9\nkeys Enter");
	assert_non_null(strstr(selected(&s), "10.0.0.9"));
	assert_has(&s, "5 servers");
	screen_run(&s, "keys *\nkeys C-u\ntext 10.0.0.\nkeys Enter n");
	assert_non_null(strstr(selected(&s), "10.0.0.5"));
	screen_keys(&s, "N N");
	assert_non_null(strstr(selected(&s), "10.0.0.9"));
	screen_run(&s, "keys *\nkeys C-u\ntext nowhere\nkeys Enter");
	assert_has(&s, "no row contains \"nowhere\"");
	screen_fini(&s);
}

static void pause_holds_the_picture_and_counts_what_it_missed(void **state)
{
	static const char first[] = "client 10.0.0.1:4000\nserver 10.0.0.5:80\n0 > S; +0.01 < RA\n";
	static const char second[] = "client 10.0.0.1:4100\nserver 10.0.0.6:80\n1 > S; +0.01 < RA\n";
	struct screen s;

	screen_init(&s, NULL, 132, 24);
	screen_packets(&s, first, false);
	screen_run(&s, "wait 2000\nkeys p");
	screen_packets(&s, second, false);
	screen_run(&s, "wait 12000");
	assert_has(&s, "PAUSED 00:12");
	assert_has(&s, "2 packets since");
	assert_has_not(&s, " 10.0.0.6 ");
	screen_run(&s, "keys p\nwait 100");
	assert_has(&s, " 10.0.0.6 ");
	assert_has_not(&s, "PAUSED");
	screen_fini(&s);
}

static void reset_asks_once(void **state)
{
	struct screen s;

	sample(&s, 80, 24);
	screen_keys(&s, "r");
	assert_has(&s, "r again: yes");
	screen_keys(&s, "Down");
	assert_has(&s, " 10.0.0.9 ");
	screen_keys(&s, "r r");
	assert_has_not(&s, " 10.0.0.9 ");
	screen_fini(&s);
}

static void sorting_by_any_column_shows_it(void **state)
{
	struct screen s;

	sample(&s, 80, 24);
	screen_run(&s, "keys :\ntext sort retr.srv\nkeys Enter");
	assert_has(&s, "Sort retr.srv");
	assert_has(&s, "RETR▼");
	screen_keys(&s, "I");
	assert_has(&s, "RETR▲");
	screen_keys(&s, "s");
	assert_has(&s, "Sort by");
	screen_keys(&s, "Home Enter");
	assert_has(&s, "Sort server");
	screen_fini(&s);
}

static void brackets_walk_through_the_list(void **state)
{
	struct screen s;

	sample(&s, 100, 30);
	screen_keys(&s, "6 Enter");
	assert_has(&s, "1 of 189");
	screen_keys(&s, "] ]");
	assert_has(&s, "3 of 189");
	screen_keys(&s, "[ [ [");
	assert_has(&s, "this is the first");
	screen_keys(&s, "] Esc");
	assert_non_null(strstr(selected(&s), "00:00:02.080"));
	screen_fini(&s);
}

static void enter_in_a_detail_lists_its_siblings(void **state)
{
	struct screen s;

	sample(&s, 100, 30);
	screen_keys(&s, "6 Enter");
	assert_has(&s, "Same end: 20 of 80 on this port");
	screen_keys(&s, "Enter");
	assert_has(&s, "10.0.0.7:443 client_cut > connections");
	assert_has(&s, "20 connections");
	screen_keys(&s, "Esc");
	assert_has(&s, "1 of 189");
	screen_fini(&s);
}

static void views_keep_the_scope(void **state)
{
	struct screen s;

	sample(&s, 80, 24);
	screen_keys(&s, "Enter 4");
	assert_has(&s, "All servers > 10.0.0.7 > services");
	assert_has(&s, "2 services");
	screen_keys(&s, "Tab S-Tab 2");
	assert_has(&s, "3 clients");
	screen_keys(&s, "Esc");
	assert_has(&s, "[1 Servers]");
	screen_fini(&s);
}

static void notes_and_losses_are_seen(void **state)
{
	struct screen s;

	sample(&s, 80, 24);
	app_set_note(s.app, "file cut short in packet 107");
	assert_has(&s, "file cut short in packet 107");
	assert_has(&s, "drop 0");
	screen_keys(&s, "Enter Enter Enter");
	assert_has(&s, "drop 0");
	screen_fini(&s);
}

static void a_bad_filter_or_theme_is_refused_at_start(void **state)
{
	const struct store_conf store = {.shards = 1, .max_live = 16, .max_ended = 16, .max_conversations = 16,
		.max_series = 16, .max_trails = 0};
	struct err err = ERR_INIT;
	struct app_conf conf = {.store = store_new(&store, &err), .filter = "rst.count >"};

	assert_null(app_new(&conf, &err));
	assert_non_null(strstr(err.text, "expected"));
	conf.filter = NULL;
	conf.theme = "nosuch";
	assert_null(app_new(&conf, &err));
	assert_non_null(strstr(err.text, "nosuch"));
	store_free(conf.store);
}

static void themes_change_what_is_shown_and_nothing_else(void **state)
{
	struct str before = STR_INIT;
	struct screen s;

	sample(&s, 80, 24);
	str_add(&before, screen_text(&s));
	for (size_t i = 0; i < theme_file_count; i++) {
		assert_true(press(&s, 'T') & EFFECT_REPAINT);
		screen_run(&s, "wait 8000"); /* the word about it passes */
		assert_string_equal(screen_text(&s), before.s);
	}
	assert_string_equal(app_theme(s.app)->name, "default");
	str_free(&before);
	screen_fini(&s);
}

/* Nothing happened: nothing to draw. A program that is looked at costs nothing. */
static void an_ended_file_is_not_drawn_again(void **state)
{
	struct screen s;

	sample(&s, 80, 24);
	app_tick(s.app, s.now);
	app_draw(s.app, &s.canvas);
	for (int i = 0; i < 100; i++)
		assert_int_equal(app_tick(s.app, s.now += 100 * NS_PER_MS), 0);
	screen_fini(&s);
}

/* The last packet is news, however dear the look before it was. */
static void a_rest_ends_with_the_input(void **state)
{
	struct str packets = STR_INIT;
	struct screen s;

	screen_init(&s, NULL, 100, 30);
	screen_sample(&packets);
	screen_packets(&s, packets.s, false);
	app_tick(s.app, s.now);
	app_rest(s.app, 3600 * NS_PER_SEC);
	screen_packets(&s, "", true);
	assert_true(app_tick(s.app, s.now) & EFFECT_REDRAW);
	assert_has(&s, " END ");
	str_free(&packets);
	screen_fini(&s);
}

/* Who brings the store's changes is told when they will be looked at. */
static void says_when_it_looks_next(void **state)
{
	struct screen s;

	sample(&s, 80, 24);
	app_tick(s.app, s.now);
	assert_true(app_next_look(s.app) <= s.now + NS_PER_SEC);
	app_rest(s.app, 5 * NS_PER_SEC);
	assert_true(app_next_look(s.app) == s.now + 5 * NS_PER_SEC);
	press(&s, 'p');
	assert_true(app_next_look(s.app) == INT64_MAX);
	screen_fini(&s);
}

/* Every size draws, with every page open. */
static void every_size_draws(void **state)
{
	static const char *const pages[] = {"Home", "Enter Enter Enter", "?", "s", "/", "7"};

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		struct screen s;

		sample(&s, 80, 24);
		screen_keys(&s, pages[i]);
		for (int w = 1; w < 200; w += w < 30 ? 3 : 17) {
			for (int h = 1; h < 60; h += h < 16 ? 2 : 7) {
				canvas_resize(&s.canvas, w, h);
				app_event(s.app, &(struct event){.what = EVENT_RESIZE, .w = w, .h = h}, s.now);
				app_draw(s.app, &s.canvas);
				press(&s, KEYCODE_DOWN);
				press(&s, KEYCODE_PAGE_DOWN);
			}
		}
		screen_fini(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_sizes),
		cmocka_unit_test(golden_drill_down),
		cmocka_unit_test(golden_views),
		cmocka_unit_test(golden_fields),
		cmocka_unit_test(golden_ascii),
		cmocka_unit_test(golden_empty),
		cmocka_unit_test(three_keys_lead_to_the_sentence),
		cmocka_unit_test(esc_goes_one_level_up_and_never_quits),
		cmocka_unit_test(q_quits_everywhere_but_is_a_letter_in_a_field),
		cmocka_unit_test(a_paste_presses_no_keys),
		cmocka_unit_test(a_paste_that_is_too_long_is_refused),
		cmocka_unit_test(upper_q_keeps_the_screen),
		cmocka_unit_test(colon_q_quits_and_colon_view_goes_there),
		cmocka_unit_test(findings_that_are_left_out_are_told),
		cmocka_unit_test(confirm_quit_asks_once),
		cmocka_unit_test(keys_that_do_nothing_say_so),
		cmocka_unit_test(the_cursor_stays_on_its_row_when_the_order_changes),
		cmocka_unit_test(new_rows_do_not_carry_the_cursor_away),
		cmocka_unit_test(the_order_stands_still_after_a_step),
		cmocka_unit_test(filters_are_live_and_keep_the_last_good_one),
		cmocka_unit_test(the_header_says_what_is_typed_and_whether_it_counts),
		cmocka_unit_test(the_headline_obeys_the_filter),
		cmocka_unit_test(an_empty_table_leads_to_the_connections),
		cmocka_unit_test(narrow_tables_tell_the_side),
		cmocka_unit_test(esc_takes_the_filter_off_before_it_leaves),
		cmocka_unit_test(the_filters_of_the_mission_work_as_typed),
		cmocka_unit_test(half_a_field_name_does_not_empty_the_table),
		cmocka_unit_test(find_goes_to_the_row_and_around),
		cmocka_unit_test(pause_holds_the_picture_and_counts_what_it_missed),
		cmocka_unit_test(reset_asks_once),
		cmocka_unit_test(sorting_by_any_column_shows_it),
		cmocka_unit_test(brackets_walk_through_the_list),
		cmocka_unit_test(enter_in_a_detail_lists_its_siblings),
		cmocka_unit_test(views_keep_the_scope),
		cmocka_unit_test(notes_and_losses_are_seen),
		cmocka_unit_test(a_bad_filter_or_theme_is_refused_at_start),
		cmocka_unit_test(themes_change_what_is_shown_and_nothing_else),
		cmocka_unit_test(an_ended_file_is_not_drawn_again),
		cmocka_unit_test(a_rest_ends_with_the_input),
		cmocka_unit_test(says_when_it_looks_next),
		cmocka_unit_test(every_size_draws),
	};

	setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
