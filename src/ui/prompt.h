/* A line that is being typed: cursor, history, completion. It knows nothing of what the text is for. */
#ifndef TCPTOP_UI_PROMPT_H
#define TCPTOP_UI_PROMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/theme.h"

struct canvas;

#define PROMPT_ROOM 512
#define PROMPT_HISTORY 32

struct prompt {
	char text[PROMPT_ROOM]; /* UTF-8, always whole characters */
	size_t len, cursor;	/* in octets */
	char *history[PROMPT_HISTORY]; /* newest first */
	int browsing;	      /* index into history, -1: the line being typed */
	char typed[PROMPT_ROOM]; /* that line, while browsing */
};

/* PROMPT_FULL: what was to be added does not fit and was left out whole. */
enum prompt_did {
	PROMPT_NOTHING,
	PROMPT_FULL,
	PROMPT_MOVED,
	PROMPT_EDITED,
	PROMPT_ACCEPTED,
	PROMPT_CANCELLED,
	PROMPT_COMPLETE
};

void prompt_init(struct prompt *p);
void prompt_fini(struct prompt *p);
/* Begins anew with this text and the cursor at its end; the history stays. */
void prompt_start(struct prompt *p, const char *text);

/*
 * PROMPT_COMPLETE: Tab was pressed; the caller knows what fits and calls prompt_insert or
 * prompt_replace_word.
 */
enum prompt_did prompt_key(struct prompt *p, uint32_t key);
/* Text at the cursor: all of it, line ends and tabs as blanks and other controls left out, or nothing. */
enum prompt_did prompt_paste(struct prompt *p, const char *text);
/* The word (letters, digits, dot, dash, underscore) that ends at the cursor becomes `word`. */
void prompt_replace_word(struct prompt *p, const char *word);
size_t prompt_word_start(const struct prompt *p);
/* Remembers the text for Up and Down, once. */
void prompt_remember(struct prompt *p);

/* Draws the text, scrolled so that the cursor is seen, and places the canvas's cursor. */
void prompt_draw(const struct prompt *p, struct canvas *c, int x, int y, int width, enum role role);

#endif
