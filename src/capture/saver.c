/* The file exists from the start, so that rights can be given up; its header waits for the first link type. */
#include "config.h"

#include "capture/saver.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "util/err.h"
#include "util/mem.h"

#define SAVER_SNAPLEN 262144

struct saver {
	char *path;
	FILE *file;	       /* until the header is made */
	pcap_t *dead;	       /* what the header is made from */
	pcap_dumper_t *dumper; /* owns the file from then on */
	int datalink;
	bool dirty, failed, told;
	struct err err;
};

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
	return s;
}

bool saver_is(const char *path, dev_t dev, ino_t ino)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

bool saver_begin(struct saver *s, int datalink, struct err *err)
{
	if (s->dumper && datalink == s->datalink)
		return true;
	if (s->dumper)
		return err_set(err, "%s: one file cannot hold packets of link types %s and %s", s->path,
			pcap_datalink_val_to_name(s->datalink), pcap_datalink_val_to_name(datalink));
	s->datalink = datalink;
	s->dead = pcap_open_dead_with_tstamp_precision(datalink, SAVER_SNAPLEN,
		PCAP_TSTAMP_PRECISION_NANO);
	s->dumper = s->dead ? pcap_dump_fopen(s->dead, s->file) : NULL;
	if (!s->dumper)
		return err_set(err, "cannot save packets to %s: %s", s->path,
			s->dead ? pcap_geterr(s->dead) : "no memory");
	s->file = NULL;
	return true;
}

static void saver_check(struct saver *s)
{
	if (!ferror(pcap_dump_file(s->dumper)))
		return;
	err_set_errno(&s->err, errno ? errno : EIO, "%s: packets are no longer saved", s->path);
	s->failed = true;
}

void saver_add(struct saver *s, int datalink, const struct pcap_pkthdr *h, const u_char *data,
	int to_ns)
{
	struct pcap_pkthdr ns = *h;

	if (s->failed)
		return;
	if (!saver_begin(s, datalink, &s->err)) {
		s->failed = true;
		return;
	}
	ns.ts.tv_usec *= to_ns;
	errno = 0;
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
	pcap_dump_flush(s->dumper);
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
	if (!s->dumper)
		saver_begin(s, DLT_EN10MB, &unheard);
	if (s->dumper)
		pcap_dump_close(s->dumper);
	else if (s->file)
		fclose(s->file);
	if (s->dead)
		pcap_close(s->dead);
	mem_free(s->path);
	mem_free(s);
}
