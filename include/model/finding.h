/* Kinds of findings and the thresholds that raise them: the tables behind every word about them. */
#ifndef TCPTOP_MODEL_FINDING_H
#define TCPTOP_MODEL_FINDING_H

#include <stdbool.h>

struct err;

enum finding_kind {
#define FINDING(id, ...) FINDING_##id,
#include "model/findings.def"
#undef FINDING
	FINDING_COUNT
};

enum severity { SEVERITY_INFO, SEVERITY_NOTICE, SEVERITY_WARNING, SEVERITY_CRITICAL, SEVERITY_COUNT };

struct finding_info {
	const char *name, *title, *meaning, *advice;
	enum severity severity;
};

enum threshold {
#define THRESHOLD(id, ...) THRESHOLD_##id,
#include "model/thresholds.def"
#undef THRESHOLD
	THRESHOLD_COUNT
};

struct threshold_info {
	const char *name, *gist;
	double initial;
};

struct thresholds {
	double v[THRESHOLD_COUNT];
};

extern const struct finding_info finding_info[FINDING_COUNT];
extern const struct threshold_info threshold_info[THRESHOLD_COUNT];
extern const char *const severity_names[SEVERITY_COUNT]; /* info, notice, warning, critical */

void thresholds_default(struct thresholds *t);
/* "refusing.share=0.9". False with err when there is no such threshold or the value is no number from 0 on. */
bool thresholds_set(struct thresholds *t, const char *text, struct err *err);

#endif
