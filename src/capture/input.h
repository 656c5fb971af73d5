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
struct handle;
struct input_ng;
struct link_type;
struct saver;
struct spool;

#define INPUT_FRAME_MOST 262144 /* octets of a packet that libpcap believes */

enum input_state {
	INPUT_MORE,	/* there may be more */
	INPUT_DRY,	/* nothing now */
	INPUT_OVER,	/* a file: its end; no words */
	INPUT_DAMAGED,	/* a file: cut short or damaged; err says where */
	INPUT_GONE,	/* a device: no longer there; err names it */
	INPUT_FAILED	/* err says why */
};

/* What packets of one link type need. */
struct face {
	int datalink;
	const struct link_type *link; /* NULL: not known, all frames count as such */
	struct bpf_program filter;    /* of files: judged here, so that one step stays bounded */
	/* Without instructions: it cannot be asked of this link type, nothing passes. */
	bool filtered;
};

struct input {
	char *name;
	pcap_t *pcap;		      /* NULL: a pipe whose header did not come yet, asleep, or over */
	bool device;
	bool whole;		      /* of a device: all its packets are wanted, not only those of use */
	unsigned index;		      /* becomes pkt.source */
	int datalink;		      /* the only or first one; known also when it is closed */
	bool from_ng;		      /* it is a pcapng file; likewise */
	int to_ns;		      /* what tv_usec counts, in ns */
	struct face only, *now;	      /* the only one there is, but of pcapng; that of the packet at hand */
	uint64_t frames;	      /* read so far, whatever became of them */
	uint64_t octets;	      /* size of the file, 0: not known */
	uint64_t octets_read;	      /* when it is over */
	struct handle *handle;	      /* of a file with a name */
	FILE *file;		      /* of files that libpcap reads, belongs to `pcap` once there is one */
	struct spool *spool;	      /* of files, belongs to `file` if there is one */
	struct input_ng *ng;	      /* of pcapng files, which are read without libpcap */
	/* Packets are taken from the spool, their fractions count this; 0: libpcap reads. */
	int plain_ns;
	uint32_t plain_most;	      /* longer ones are libpcap's */
	uint32_t plain_fraction;      /* those with this fraction of a second, or more, as well */
	char *filter_text;	      /* for what is not open yet */
	struct pcap_stat kernel;      /* the last answer: its counters wrap */
	/* Of a device whose packets are shared out: earlier ones came to all; else 0. */
	struct timeval since;
	bool long_way;		      /* no short cut for plain packets: for the test that the two ways agree */
	bool over;
	bool asleep;		      /* a file whose time has not come: closed */
	int64_t first;		      /* of such a file: the time from which on it must be looked at */

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

/* What packets have in pkt.source. */
static inline uint8_t input_source(const struct input *in)
{
	return in->index < UINT8_MAX ? (uint8_t)in->index : UINT8_MAX;
}

/* At most `room` packets to `out`; *n of them. */
enum input_state input_read(struct input *in, struct pkt *out, size_t room, size_t *n, struct err *err);
/* Gets in->next ready; INPUT_MORE when it is. What it says is counted now, saved by input_take(). */
enum input_state input_look_ahead(struct input *in, struct err *err);
/* The packet ahead to *out; false when it was none that could be decoded (then it was only counted). */
bool input_take(struct input *in, struct pkt *out);

/* Tells handle-dependent fields from in->pcap. */
void input_opened(struct input *in);
/*
 * Opens it, with the filter in->filter_text, if the file header is there: otherwise INPUT_DRY, or
 * INPUT_FAILED.
 */
enum input_state input_open_there(struct input *in, struct err *err);
/* The same of a file, in which the header is, if there is one. */
bool input_open_whole(struct input *in, struct err *err);
/*
 * Reads the first packets of a file for in->first: the least of their times, so that a file that
 * does not begin with its earliest one is opened soon enough; INT64_MIN when there is none. It can
 * only be put to sleep then.
 */
void input_find_first(struct input *in);
/* Closes a file, which has a handle, before its first packet. */
void input_sleep(struct input *in);
/* Opens it again; `buffer` octets are read at once. */
bool input_wake(struct input *in, size_t buffer, struct err *err);
/* Nothing more will be read. What was counted stays. */
void input_finish(struct input *in);
/* Sets a compiled filter, which it takes over. Further link types get what in->filter_text says. */
bool input_set_filter(struct input *in, struct bpf_program *program, struct err *err);
/*
 * False and libpcap's words when the text is no filter. "" gives an empty program, of a device one that passes what may
 * be of use, unless in->whole. Also of what is asleep.
 */
bool input_compile(struct input *in, const char *text, struct bpf_program *program, struct err *err);
/* Adds what kernel and device dropped since the last time. */
void input_count_drops(struct input *in);
uint64_t input_octets_read(const struct input *in);
void input_close(struct input *in);

#endif
