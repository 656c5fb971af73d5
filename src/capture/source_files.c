/*
 * Capture files, pipes that carry one, and standard input. Of several files each is looked at now,
 * so that what is wrong with one is said at once, and closed again until the merge comes to its
 * first packet.
 */
#include "config.h"

#include "capture/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/handles.h"
#include "capture/saver.h"
#include "capture/source_pcap.h"
#include "capture/spool.h"
#include "util/err.h"
#include "util/mem.h"

#define LOOK ((size_t)16 * 1024) /* octets read to find out when a file begins */

/* A named pipe that nobody writes to yet is no reason to wait here: hence O_NONBLOCK. */
static int open_file(const char *name, struct err *err)
{
	int fd;

	if (strcmp(name, "-") != 0)
		fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	else
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		err_set_errno(err, errno, "%s", strcmp(name, "-") ? name : "standard input");
	return fd;
}

/* Standard input cannot be opened again, nor has it been read from its start perhaps. */
static bool open_regular(struct source_pcap *s, struct input *in, const char *name, int fd,
	const struct stat *st, struct err *err)
{
	in->octets = (uint64_t)st->st_size;
	if (strcmp(name, "-") == 0) {
		in->spool = spool_new(fd, SOURCE_BUFFER);
	} else {
		in->handle = handle_new(s->handles, name, fd, st);
		in->spool = spool_new_file(in->handle, s->inputs > 1 ? LOOK : SOURCE_BUFFER);
	}
	if (!input_open_whole(in, err))
		return false;
	if (s->inputs > 1 && in->handle) {
		input_find_first(in);
		input_sleep(in);
	}
	return true;
}

static bool open_input(struct source_pcap *s, struct input *in, const struct files_conf *conf,
	struct err *err)
{
	const char *name = conf->file[in->index];
	struct stat st;
	int fd = open_file(name, err);

	if (fd < 0)
		return false;
	in->name = mem_strdup(strcmp(name, "-") ? name : "standard input");
	in->filter_text = mem_strdup(conf->filter ? conf->filter : "");
	if (fstat(fd, &st) != 0)
		err_set_errno(err, errno, "%s", in->name);
	else if (S_ISDIR(st.st_mode))
		err_set(err, "%s: a directory", in->name);
	else if (isatty(fd))
		err_set(err, "%s: a terminal, not a capture file", in->name);
	else if (conf->save && saver_is(conf->save, st.st_dev, st.st_ino))
		err_set(err, "%s: cannot be read and written at once", in->name);
	else if (S_ISREG(st.st_mode))
		return open_regular(s, in, name, fd, &st, err);
	else {
		in->spool = spool_new(fd, 0);
		s->head.piped = true;
		return true;
	}
	close(fd);
	return false;
}

struct source *source_open_files(const struct files_conf *conf, struct err *err)
{
	struct source_pcap *s = source_pcap_new(conf->files, false);
	bool ok = true;

	s->handles = handles_new(conf->files, conf->most_open);
	for (size_t i = 0; ok && i < conf->files; i++)
		ok = open_input(s, &s->input[i], conf, err);
	source_pcap_begin(s);
	if (ok && source_pcap_save(s, conf->save, err))
		return &s->head;
	source_pcap_free(s);
	return NULL;
}
