/* One libpcap handle, a device or a file, and the way from its frames to struct pkt. */
#ifndef TCPTOP_CAPTURE_INPUT_H
#define TCPTOP_CAPTURE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pcap/pcap.h>

#include "model/capture_stats.h"
#include "packet/pkt.h"

struct err;
struct link_type;
struct saver;
struct spool;

enum input_state {
	INPUT_MORE,	/* there may be more */
	INPUT_DRY,	/* nothing now */
	INPUT_OVER,	/* a file: its end; no words */
	INPUT_DAMAGED,	/* a file: cut short or damaged; err says where */
	INPUT_GONE,	/* a device: no longer there; err names it */
	INPUT_FAILED	/* err says why */
};

struct input {
	char *name;
	pcap_t *pcap;		      /* NULL: a pipe whose header did not come yet, or closed */
	bool device;
	unsigned index;		      /* becomes pkt.source */
	const struct link_type *link; /* NULL: not known, all frames count as such */
	int datalink, to_ns;	      /* to_ns: what tv_usec counts, in ns */
	uint64_t frames;	      /* read so far, whatever became of them */
	uint64_t octets;	      /* size of the file, 0: not known */
	FILE *file;		      /* of files, belongs to `pcap` once there is one */
	struct spool *spool;	      /* of pipes and plain files, belongs to `file` */
	int plain_ns;		      /* packets are taken from the spool, their fractions count this; 0: libpcap reads */
	uint32_t plain_most;	      /* longer ones are libpcap's */
	char *filter_text;	      /* for a pipe that is not open yet */
	struct bpf_program filter;    /* of files: judged here, so that one step stays bounded */
	bool filtered;
	struct pcap_stat kernel;      /* the last answer: its counters wrap */
	bool over;

	/* While libpcap calls back: */
	struct capture_stats *stats;  /* of the source, borrowed */
	struct saver *saver;	      /* of the source, borrowed; NULL: nothing to save */
	struct pkt *out;
	size_t n;

	/* When several are merged, one packet ahead: */
	bool ahead, ahead_good;	      /* there is one; it was decoded */
	bool dry;		      /* had nothing when last asked */
	struct pkt next;
	struct pcap_pkthdr next_header;
	const u_char *next_data;      /* libpcap's, until it is called again */
};

/* At most `room` packets to `out`; *n of them. */
enum input_state input_read(struct input *in, struct pkt *out, size_t room, size_t *n, struct err *err);
/* Gets in->next ready; INPUT_MORE when it is. What it says is counted now, saved by input_take(). */
enum input_state input_look_ahead(struct input *in, struct err *err);
/* The packet ahead to *out; false when it was none that could be decoded (then it was only counted). */
bool input_take(struct input *in, struct pkt *out);

/* Tells handle-dependent fields from in->pcap. */
void input_opened(struct input *in);
/* Opens the stream in->file, with the filter in->filter_text. */
bool input_open_stream(struct input *in, struct err *err);
/* The same with a spool of a file, in which the header is, if there is one. */
bool input_open_whole(struct input *in, struct err *err);
/* Sets a compiled filter, which it takes over. */
bool input_set_filter(struct input *in, struct bpf_program *program, struct err *err);
/* False and libpcap's words when the text is no filter. "" gives an empty program. */
bool input_compile(struct input *in, const char *text, struct bpf_program *program, struct err *err);
/* Adds what kernel and device dropped since the last time. */
void input_count_drops(struct input *in);
uint64_t input_octets_read(const struct input *in);
void input_close(struct input *in);

#endif
