/* A file that is written whole or not at all. */
#ifndef TCPTOP_EXPORT_REPLACE_H
#define TCPTOP_EXPORT_REPLACE_H

#include <stdbool.h>
#include <stdio.h>

struct err;

struct replace {
	FILE *file;   /* write here */
	char *path;   /* what it will be called */
	char *beside; /* what it is called until then */
};

/* Begins a new file (mode 0600) in the directory of `path`. */
bool replace_begin(struct replace *r, const char *path, struct err *err);
/* Puts it in place, and frees. On error nothing has changed. */
bool replace_end(struct replace *r, struct err *err);
/* Takes the new file away again, and frees. */
void replace_abandon(struct replace *r);

#endif
