#include "config.h"

#include "model/finding.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "util/err.h"

const struct finding_info finding_info[FINDING_COUNT] = {
#define FINDING(id, name_, severity_, title_, meaning_, advice_)                          \
	[FINDING_##id] = { .name = name_, .title = title_, .meaning = meaning_, .advice = advice_, \
		.severity = SEVERITY_##severity_ },
#include "model/findings.def"
#undef FINDING
};

const struct threshold_info threshold_info[THRESHOLD_COUNT] = {
#define THRESHOLD(id, name, initial, gist) [THRESHOLD_##id] = { name, gist, initial },
#include "model/thresholds.def"
#undef THRESHOLD
};

const char *const severity_names[SEVERITY_COUNT] = {
	[SEVERITY_INFO] = "info",
	[SEVERITY_NOTICE] = "notice",
	[SEVERITY_WARNING] = "warning",
	[SEVERITY_CRITICAL] = "critical",
};

void thresholds_default(struct thresholds *t)
{
	for (int i = 0; i < THRESHOLD_COUNT; i++)
		t->v[i] = threshold_info[i].initial;
}

bool thresholds_set(struct thresholds *t, const char *text, struct err *err)
{
	size_t len = strcspn(text, "=");
	double value;
	char *end;
	int i;

	for (i = 0; i < THRESHOLD_COUNT; i++)
		if (strlen(threshold_info[i].name) == len && !strncmp(text, threshold_info[i].name, len))
			break;
	if (i == THRESHOLD_COUNT)
		return err_set(err, "no threshold '%.*s'; --dump md lists them", (int)len, text);
	if (text[len] != '=')
		return err_set(err, "expected %s=VALUE", threshold_info[i].name);
	value = strtod(text + len + 1, &end);
	if (end == text + len + 1 || *end || !isfinite(value) || value < 0)
		return err_set(err, "%s: '%s' is no number from 0 on", threshold_info[i].name, text + len + 1);
	t->v[i] = value;
	return true;
}
