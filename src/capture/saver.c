/*
 * The file exists from the start, so that rights can be given up; its header waits for the first
 * link type.
 */
#include "config.h"

#include "capture/saver.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "capture/input.h"
#include "capture/ng_out.h"
#include "util/err.h"
#include "util/mem.h"

struct saver {
	char *path;
	FILE *file;	       /* of a pcap file until its header is made */
	bool any_format;       /* the name does not tell which */
	bool ng;	       /* it is a pcapng file */
	bool expects, begun;   /* a link type is known; the header is written */
	int datalink, other;   /* the first link type; another one, or the same */
	pcap_t *dead;	       /* what the header of a pcap file is made from */
	pcap_dumper_t *dumper; /* owns that file from then on */
	struct ng_out out;
	bool dirty, failed, told;
	struct err err;
};

static bool ends_in(const char *path, const char *end)
{
	size_t n = strlen(path), m = strlen(end);

	return n >= m && strcmp(path + n - m, end) == 0;
}

struct saver *saver_open(const char *path, struct err *err)
{
	FILE *f = fopen(path, "wbe");
	struct saver *s;

	if (!f) {
		err_set_errno(err, errno, "cannot save packets to %s", path);
		return NULL;
	}
	s = mem_alloc(sizeof(*s));
	s->path = mem_strdup(path);
	s->file = f;
	s->ng = ends_in(path, ".pcapng");
	s->any_format = !s->ng && !ends_in(path, ".pcap");
	return s;
}

bool saver_is(const char *path, dev_t dev, ino_t ino)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

void saver_expect(struct saver *s, int datalink, bool ng)
{
	if (s->begun)
		return;
	if (!s->expects)
		s->datalink = s->other = datalink;
	else if (datalink != s->datalink)
		s->other = datalink;
	s->expects = true;
	if (s->any_format)
		s->ng = s->ng || ng || s->other != s->datalink;
}

static const char *link_name(int datalink)
{
	const char *name = pcap_datalink_val_to_name(datalink);

	return name ? name : "unknown";
}

static bool cannot_hold(const struct saver *s, int datalink, struct err *err)
{
	return err_set(err, "%s: a pcap file cannot hold packets of link types %s and %s; "
		"one whose name ends in .pcapng can", s->path, link_name(s->datalink), link_name(datalink));
}

static bool begin_plain(struct saver *s, struct err *err)
{
	if (s->other != s->datalink)
		return cannot_hold(s, s->other, err);
	s->dead = pcap_open_dead_with_tstamp_precision(s->datalink, INPUT_FRAME_MOST,
		PCAP_TSTAMP_PRECISION_NANO);
	s->dumper = s->dead ? pcap_dump_fopen(s->dead, s->file) : NULL;
	if (!s->dumper)
		return err_set(err, "cannot save packets to %s: %s", s->path,
			s->dead ? pcap_geterr(s->dead) : "no memory");
	s->file = NULL;
	return true;
}

bool saver_begin(struct saver *s, struct err *err)
{
	if (s->begun || !s->expects)
		return true;
	if (!s->ng && !begin_plain(s, err))
		return false;
	if (s->ng) {
		ng_out_begin(&s->out, s->file);
		/* Nobody takes a file without an interface for one. */
		(void)ng_out_link(&s->out, s->datalink);
	}
	s->begun = true;
	return true;
}

static FILE *stream(const struct saver *s)
{
	return s->dumper ? pcap_dump_file(s->dumper) : s->file;
}

static void saver_check(struct saver *s)
{
	if (!ferror(stream(s)))
		return;
	err_set_errno(&s->err, errno ? errno : EIO, "%s: packets are no longer saved", s->path);
	s->failed = true;
}

/* Whether the file holds packets of that link type. */
static bool takes(struct saver *s, int datalink)
{
	saver_expect(s, datalink, false);
	if (!saver_begin(s, &s->err))
		return false;
	if (!s->ng)
		return datalink == s->datalink || cannot_hold(s, datalink, &s->err);
	return ng_out_link(&s->out, datalink) ||
	       err_set(&s->err,
		       "%s: packets are no longer saved: one has a link type that nobody knows",
		       s->path);
}

void saver_add(struct saver *s, int datalink, const struct pcap_pkthdr *h, const u_char *data,
	int to_ns)
{
	struct pcap_pkthdr ns = *h;

	if (s->failed)
		return;
	errno = 0;
	if (!takes(s, datalink)) {
		s->failed = true;
		return;
	}
	ns.ts.tv_usec *= to_ns;
	if (s->ng)
		ng_out_packet(&s->out, datalink, &ns, data);
	else
		pcap_dump((u_char *)s->dumper, &ns, data);
	s->dirty = true;
	saver_check(s);
}

void saver_flush(struct saver *s)
{
	if (!s->dirty || s->failed)
		return;
	s->dirty = false;
	errno = 0;
	fflush(stream(s));
	saver_check(s);
}

bool saver_failed(struct saver *s, struct err *err)
{
	if (!s->failed || s->told)
		return false;
	s->told = true;
	*err = s->err;
	return true;
}

void saver_close(struct saver *s)
{
	struct err unheard = ERR_INIT;

	if (!s)
		return;
	/* Without a packet it is still to be a capture file. */
	if (!s->expects)
		saver_expect(s, DLT_EN10MB, false);
	saver_begin(s, &unheard);
	if (s->dumper)
		pcap_dump_close(s->dumper);
	else if (s->file)
		fclose(s->file);
	if (s->dead)
		pcap_close(s->dead);
	mem_free(s->path);
	mem_free(s);
}
