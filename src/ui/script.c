/* Scripts: an app without a terminal. */
#include "config.h"

#include "ui/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/app.h"
#include "ui/key.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/str.h"
#include "util/utf8.h"

struct run {
	struct app *a;
	struct canvas *c;
	int64_t *now;
	struct str *out;
	bool quit;
};

static void press(struct run *r, uint32_t key)
{
	struct event e = {.what = EVENT_KEY, .key = key};

	if (app_event(r->a, &e, *r->now) & EFFECT_QUIT)
		r->quit = true;
}

static bool run_keys(struct run *r, const char *words, struct err *err)
{
	for (words += strspn(words, " "); *words && !r->quit; words += strspn(words, " ")) {
		size_t n = strcspn(words, " ");
		uint32_t key = keycode_parse(words, n);

		if (key == KEYCODE_NONE)
			return err_set(err, "no key \"%.*s\"", (int)n, words);
		press(r, key);
		words += n;
	}
	return true;
}

static void run_text(struct run *r, const char *text)
{
	uint32_t ch;

	while ((ch = utf8_next(&text)) != 0 && !r->quit)
		press(r, ch);
}

static bool run_size(struct run *r, const char *words, struct err *err)
{
	int w, h, n = 0;

	if (sscanf(words, "%dx%d%n", &w, &h, &n) != 2 || words[n] || w < 1 || h < 1 || w > 1000 || h > 1000)
		return err_set(err, "expected a size such as 80x24");
	canvas_resize(r->c, w, h);
	app_event(r->a, &(struct event){.what = EVENT_RESIZE, .w = w, .h = h}, *r->now);
	return true;
}

static bool run_wait(struct run *r, const char *words, struct err *err)
{
	char *end;
	long ms = strtol(words, &end, 10);

	if (end == words || *end || ms < 0)
		return err_set(err, "expected milliseconds");
	*r->now += ms * NS_PER_MS;
	app_tick(r->a, *r->now);
	return true;
}

static void run_dump(struct run *r, const char *title, bool roles)
{
	app_draw(r->a, r->c);
	if (*title)
		str_addf(r->out, "== %s ==\n", title);
	if (roles)
		canvas_dump_roles(r->c, r->out);
	else
		canvas_dump(r->c, r->out);
}

static bool run_line(struct run *r, const char *line, struct err *err)
{
	size_t n = strcspn(line, " ");
	const char *rest = line + n + strspn(line + n, " ");

	if (*line == '\0' || *line == '#')
		return true;
	if (n == 4 && strncmp(line, "size", n) == 0)
		return run_size(r, rest, err);
	if (n == 4 && strncmp(line, "keys", n) == 0)
		return run_keys(r, rest, err);
	if (n == 4 && strncmp(line, "wait", n) == 0)
		return run_wait(r, rest, err);
	if (n == 4 && strncmp(line, "text", n) == 0)
		run_text(r, line[n] ? line + n + 1 : "");
	else if (n == 4 && strncmp(line, "dump", n) == 0)
		run_dump(r, rest, false);
	else if (n == 5 && strncmp(line, "roles", n) == 0)
		run_dump(r, rest, true);
	else
		return err_set(err, "no command \"%.*s\"", (int)n, line);
	return true;
}

bool script_run(struct app *a, struct canvas *c, const char *text, int64_t *now, struct str *out,
	struct err *err)
{
	struct run r = {a, c, now, out, false};
	unsigned number = 0;
	bool ok = true;

	app_tick(a, *now);
	while (ok && *text && !r.quit) {
		size_t n = strcspn(text, "\n");
		struct str line = STR_INIT;

		number++;
		str_add_n(&line, text, n);
		ok = run_line(&r, line.s ? line.s : "", err);
		str_free(&line);
		text += n + (text[n] == '\n');
	}
	return ok || err_prefix(err, "line %u", number);
}
