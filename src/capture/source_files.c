/* Capture files, pipes that carry one, and standard input. */
#include "config.h"

#include "capture/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/saver.h"
#include "capture/source_pcap.h"
#include "capture/spool.h"
#include "util/err.h"
#include "util/mem.h"

#define READ_AHEAD ((size_t)1024 * 1024) /* stdio buffer of all files together */
#define SPOOL_MOST ((size_t)256 * 1024) /* of each that we read ourselves: no more than a cache holds */
#define READ_AHEAD_LEAST ((size_t)32 * 1024)

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

static bool open_spool(struct input *in, int fd, size_t size, struct err *err)
{
	struct spool *spool = spool_new(fd, size);

	in->file = spool_stream(spool, err);
	if (!in->file) {
		spool_free(spool);
		return false;
	}
	in->spool = spool;
	return true;
}

/* What libpcap reads itself: pcapng, the other byte order, what is no capture file. */
static bool open_stdio(struct input *in, int fd, size_t buffer, struct err *err)
{
	in->file = fdopen(fd, "r");
	if (!in->file) {
		close(fd);
		return err_set_errno(err, errno, "%s", in->name);
	}
	setvbuf(in->file, NULL, _IOFBF, buffer);
	return input_open_stream(in, err);
}

static bool open_regular(struct input *in, int fd, const struct stat *st, size_t buffer,
	struct err *err)
{
	uint32_t magic = 0;

	in->octets = (uint64_t)st->st_size;
#ifdef POSIX_FADV_SEQUENTIAL
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
#endif
	if (pread(fd, &magic, sizeof(magic), 0) != sizeof(magic) || !spool_is_plain(magic))
		return open_stdio(in, fd, buffer, err);
	return open_spool(in, fd, buffer < SPOOL_MOST ? buffer : SPOOL_MOST, err) && input_open_whole(in, err);
}

static bool open_input(struct input *in, const struct files_conf *conf, size_t buffer,
	struct err *err)
{
	struct stat st;
	int fd = open_file(conf->file[in->index], err);

	if (fd < 0)
		return false;
	in->name = mem_strdup(strcmp(conf->file[in->index], "-") ? conf->file[in->index] :
			"standard input");
	in->filter_text = mem_strdup(conf->filter ? conf->filter : "");
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		err_set(err, "%s: a directory", in->name);
	else if (isatty(fd))
		err_set(err, "%s: a terminal, not a capture file", in->name);
	else if (conf->save && saver_is(conf->save, st.st_dev, st.st_ino))
		err_set(err, "%s: cannot be read and written at once", in->name);
	else if (S_ISREG(st.st_mode))
		return open_regular(in, fd, &st, buffer, err);
	else
		return open_spool(in, fd, 0, err);
	close(fd);
	return false;
}

struct source *source_open_files(const struct files_conf *conf, struct err *err)
{
	struct source_pcap *s = source_pcap_new(conf->files, false);
	size_t buffer = READ_AHEAD / conf->files;
	bool ok = true;

	if (buffer < READ_AHEAD_LEAST)
		buffer = READ_AHEAD_LEAST;
	for (size_t i = 0; ok && i < conf->files; i++)
		ok = open_input(&s->input[i], conf, buffer, err);
	if (ok && source_pcap_save(s, conf->save, err))
		return &s->head;
	source_pcap_free(s);
	return NULL;
}
