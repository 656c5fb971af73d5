/* pcapng files as inputs: read without libpcap, which wants one link type for a whole file. */
#ifndef TCPTOP_CAPTURE_INPUT_NG_H
#define TCPTOP_CAPTURE_INPUT_NG_H

#include "capture/input.h"
#include "capture/pcapng.h"

#define INPUT_NG_FACES 16 /* link types of one file; those of the last are told to be unknown */

struct input_ng {
	struct pcapng ng;
	uint32_t known;			     /* interfaces that have got their face */
	struct face further[INPUT_NG_FACES]; /* in order of coming, without the first */
	unsigned link[INPUT_NG_FACES];	     /* LINKTYPE_ numbers; the first one's is the first */
	unsigned faces;
};

/* Opens a spool with a pcapng file when the first interface is there: otherwise INPUT_DRY, or INPUT_FAILED. */
enum input_state input_ng_open(struct input *in, struct err *err);
/* Hands at most `room` packets that are there to `frame`. */
enum input_state input_ng_read(struct input *in, size_t room, pcap_handler frame, struct err *err);
/* The filter of in->only and in->filter_text is another one. */
void input_ng_filter(struct input *in);
/* NULL is fine. */
void input_ng_free(struct input_ng *n);

#endif
