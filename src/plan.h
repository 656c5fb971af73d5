/* What the options mean in terms of views, columns and tables, checked before anything is opened. */
#ifndef TCPTOP_PLAN_H
#define TCPTOP_PLAN_H

#include <stdbool.h>

#include "conf.h"
#include "export/export.h"
#include "flow/engine.h"
#include "model/finding.h"
#include "query/zones.h"
#include "rc.h"
#include "store/store.h"

struct source;

struct plan {
	const struct conf *conf; /* borrowed */
	const struct rc *rc;	 /* borrowed */
	enum view view;
	struct filter *filter;	    /* NULL: none */
	const struct column *sort;  /* NULL: the view's own */
	bool ascending;
	enum export_format format;
	struct fields fields;
	struct zones *zones; /* NULL: none given */
	struct texts inputs;  /* names of devices or files, by index of the capture source */
	struct engine_conf engine;
	struct store_conf store;
	struct thresholds thresholds; /* of findings */
};

/* False with err when an option cannot be meant so. Reads --zones. */
bool plan_make(struct plan *p, const struct conf *c, const struct rc *rc, struct err *err);
void plan_free(struct plan *p);

/* The view of --view; false with err when there is no such. */
bool plan_view(const struct conf *c, enum view *view, struct err *err);

/* Notes the names of the source's inputs: the source goes to another thread. */
void plan_take_inputs(struct plan *p, const struct source *source);

/* Whether the screen is one in memory, for tests. */
bool plan_is_scripted(const struct conf *c);
/* Whether packets come with the clock: an interface, or the demo on a screen. */
bool plan_is_live(const struct conf *c);

/* Sizes of all tables out of --max-memory, --max-connections, --max-conversations. */
void plan_bounds(struct plan *p);

#endif
