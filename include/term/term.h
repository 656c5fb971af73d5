/*
 * The terminal: the only place that knows curses. Canvas in, keys, sizes and signals out. One at a
 * time in a process.
 */
#ifndef TCPTOP_TERM_TERM_H
#define TCPTOP_TERM_TERM_H

#include <stdbool.h>
#include <stddef.h>

struct canvas;
struct err;
struct event;
struct term;
struct theme;

struct term_conf {
	bool no_color; /* asked for; NO_COLOR in the environment is found here */
	bool ascii;    /* asked for; a codeset other than UTF-8 is found here */
};

/*
 * Takes the terminal over. Keys come from standard input, or from /dev/tty when that is not a
 * terminal. NULL with err, before anything was drawn, when TERM cannot position the cursor or there
 * is no terminal. From here on SIGTERM, SIGHUP, SIGINT, SIGQUIT and SIGPIPE come as EVENT_END,
 * SIGTSTP works as everybody expects, and a crash gives the terminal back first.
 */
struct term *term_open(const struct term_conf *conf, struct err *err);
/* Gives the terminal back. `keep`, when not NULL, is printed as text, so that it stays in the scrollback. */
void term_close(struct term *t, const struct canvas *keep);

void term_size(const struct term *t, int *w, int *h);
/* Only ASCII may be drawn. */
bool term_is_ascii(const struct term *t);

/* Shows the canvas; only what differs is sent. With `repaint` everything is. */
void term_draw(struct term *t, const struct canvas *c, const struct theme *theme, bool repaint);

/*
 * Waits for a key, a signal, a new size, or until one of the n `wake` descriptors can be read
 * (whoever owns it reads it), at most timeout_ms (-1: for ever).
 */
void term_wait(struct term *t, const int *wake, size_t n, int timeout_ms);
/* The next event that has come, without waiting. False when there is none. */
bool term_next(struct term *t, struct event *out);

#endif
