/* What is the same for every kind of source. */
#include "config.h"

#include "capture/source.h"

#include "model/capture_stats.h"
#include "util/err.h"

bool source_filter(struct source *s, const char *text, struct err *err)
{
	if (!s->ops->filter)
		return err_set(err, "there is no capture filter here");
	return s->ops->filter(s, text, err);
}

void source_stats_set(struct capture_stats *to, const struct capture_stats *from)
{
	to->packets = from->packets;
	to->bytes = from->bytes;
	to->kernel_drops = from->kernel_drops;
	to->interface_drops = from->interface_drops;
	to->file_bytes_read = from->file_bytes_read;
	to->file_bytes_total = from->file_bytes_total;
	for (int d = 0; d < DROP_COUNT; d++)
		if (d != DROP_TABLE_FULL)
			to->dropped[d] = from->dropped[d];
}

void source_close(struct source *s)
{
	if (s)
		s->ops->close(s);
}
