/*
 * An app driven by text instead of a terminal, for tests: one command a line, # begins a comment.
 *
 *   size 80x24        the canvas from now on
 *   keys Down Enter   keys by name (ui/key.h)
 *   text rst > 0      the rest of the line behind one blank, letter by letter
 *   wait 1500         milliseconds pass
 *   dump [title]      the screen as text; the title is printed above it
 *   roles [title]     the screen's roles, a letter each
 */
#ifndef TCPTOP_UI_SCRIPT_H
#define TCPTOP_UI_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

struct app;
struct canvas;
struct err;
struct str;

/*
 * Runs the script; dumps are added to `out`. `*now` is where time starts and where it ended. Stops
 * early when the app quits. False with err ("line 3: ...") when a line is not understood.
 */
bool script_run(struct app *a, struct canvas *c, const char *text, int64_t *now, struct str *out,
	struct err *err);

#endif
