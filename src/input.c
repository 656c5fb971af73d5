/* Which source the options ask for, and the advice that goes with a refusal. */
#include "config.h"

#include "input.h"

#include <stdio.h>

#include "capture/device.h"
#include "capture/source.h"
#include "cli.h"
#include "plan.h"
#include "util/err.h"
#include "util/str.h"

static struct source *open_live(const struct conf *c, struct err *err)
{
	const struct live_conf live = {
		.device = (const char *const *)c->interface.item,
		.devices = c->interface.n,
		.filter = c->capture_filter,
		.save = c->write,
		.snaplen = (unsigned)c->snaplen,
		.buffer = (uint64_t)c->buffer,
		.threads = (unsigned)c->threads,
		.not_promiscuous = c->no_promiscuous,
	};

	return source_open_live(&live, err);
}

static struct source *open_files(const struct conf *c, struct err *err)
{
	const struct files_conf files = {
		.file = (const char *const *)c->read.item,
		.files = c->read.n,
		.filter = c->capture_filter,
		.save = c->write,
	};

	return source_open_files(&files, err);
}

struct source *input_open(const struct plan *p, int argc, char **argv)
{
	const struct conf *c = p->conf;
	struct str advice = STR_INIT;
	struct err err = ERR_INIT;
	struct source *s;

	if (c->demo)
		s = source_open_demo(plan_is_live(c), &err);
	else if (c->read.n > 0)
		s = open_files(c, &err);
	else
		s = open_live(c, &err);
	if (s)
		return s;
	cli_complain("%s", err.text);
	if (plan_is_live(c) && !c->demo) {
		device_advice(&err, argc, argv, &advice);
		if (advice.len > 0)
			fputs(advice.s, stderr);
	}
	str_free(&advice);
	return NULL;
}

int input_list_devices(void)
{
	struct err err = ERR_INIT;
	struct device *list;
	size_t n;

	if (!device_list(&list, &n, &err)) {
		cli_complain("%s", err.text);
		return EXIT_CANNOT;
	}
	for (size_t i = 0; i < n; i++)
		printf("%-16s %-4s %s%s%s\n", list[i].name, list[i].up ? "up" : "down",
			list[i].addresses, list[i].addresses[0] && list[i].gist[0] ? "  " : "",
			list[i].gist);
	device_list_free(list, n);
	return EXIT_DONE;
}
