/*
 * The configuration file: sections [set] (options by their long names), [keys] (action = keys) and
 * [columns] (view = columns in their order).
 */
#ifndef TCPTOP_RC_H
#define TCPTOP_RC_H

#include "conf.h"
#include "export/export.h"
#include "query/column.h"
#include "ui/keymap.h"
#include "util/str.h"

/* What it said beside options. */
struct rc {
	struct keymap keymap;
	struct fields columns[VIEW_COUNT]; /* none = the default */
};

void rc_init(struct rc *rc);
void rc_fini(struct rc *rc);

/*
 * Reads /etc/tcptop.conf, then the user's file; --config replaces both. What it does not understand
 * is a warning with file and line on standard error. Returns false only when the file named by
 * --config cannot be read.
 */
bool rc_load(struct rc *rc, struct conf *c, struct err *err);

/*
 * Takes the text of one file. Adds a line "NAME: line 7: ..." to `warnings` for each that it does
 * not understand.
 */
void rc_parse(struct rc *rc, struct conf *c, const char *name, const char *text, struct str *warnings);

/* Where the user's own file is or would be; nothing when there is no home. */
void rc_user_path(struct str *out);

#endif
