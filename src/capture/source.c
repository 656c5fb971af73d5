/* What is the same for every kind of source. */
#include "config.h"

#include "capture/source.h"

#include "util/err.h"

bool source_filter(struct source *s, const char *text, struct err *err)
{
	if (!s->ops->filter)
		return err_set(err, "there is no capture filter here");
	return s->ops->filter(s, text, err);
}

void source_close(struct source *s)
{
	if (s)
		s->ops->close(s);
}
