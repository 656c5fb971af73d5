/* --script and --dump-screen: the screen in memory, driven by a text, for tests. Time is the input's own. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "intake.h"
#include "plan.h"
#include "run.h"
#include "ui/app.h"
#include "ui/script.h"
#include "util/err.h"
#include "util/str.h"

#define SIZE_MAX_SIDE 1000

static bool parse_size_of_screen(const char *text, int *w, int *h, struct err *err)
{
	char end;

	if (sscanf(text, "%4dx%4d%c", w, h, &end) != 2 || *w < 1 || *h < 1 || *w > SIZE_MAX_SIDE ||
		*h > SIZE_MAX_SIDE)
		return err_set(err, "--dump-screen: expected a size such as 80x24, not '%s'", text);
	return true;
}

static bool play(const struct plan *p, const struct intake *in, const char *input, struct err *err)
{
	const struct conf *c = p->conf;
	const struct app_conf conf = {
		.store = in->store, .zones = p->zones, .version = PACKAGE_VERSION, .input = input,
		.from_file = true, .capture_filter = c->capture_filter, .view = p->view,
		.sort = p->sort, .ascending = p->ascending, .filter = c->filter, .theme = c->theme,
		.names = c->names, .confirm_quit = c->confirm_quit, .refresh_ns = c->delay,
		.keymap = &p->rc->keymap, .columns = p->rc->columns,
		.interfaces = (const char *const *)p->inputs.item, .interface_count = p->inputs.n,
	};
	struct str text = STR_INIT, out = STR_INIT;
	struct app *app = app_new(&conf, err);
	int64_t now = store_now(in->store);
	struct canvas canvas;
	int w = 80, h = 24;
	bool ok;

	if (!app)
		return false;
	canvas_init(&canvas, w, h);
	canvas.ascii = c->ascii;
	ok = (!c->dump_screen || parse_size_of_screen(c->dump_screen, &w, &h, err)) &&
	     (!c->script || str_read_file(&text, c->script, err));
	if (ok && c->dump_screen)
		str_addf(&text, "\nsize %dx%d\ndump\n", w, h);
	ok = ok && script_run(app, &canvas, text.s ? text.s : "", &now, &out, err);
	if (out.len > 0)
		fputs(out.s, stdout);
	canvas_fini(&canvas);
	app_free(app);
	str_free(&text);
	str_free(&out);
	return ok;
}

int run_script(struct plan *p, struct source *source)
{
	struct str input = STR_INIT;
	struct err err = ERR_INIT;
	struct intake in;
	int status = EXIT_CANNOT;

	source_describe(source, &input);
	if (intake_run(&in, p, source)) {
		status = intake_exit_code(&in);
		if (!play(p, &in, input.s ? input.s : "", &err)) {
			cli_complain("%s", err.text);
			status = EXIT_CANNOT;
		}
		store_free(in.store);
	}
	str_free(&input);
	return status;
}
