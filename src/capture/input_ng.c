/*
 * Every link type of a file gets a face of its own: how to decode it, and the capture filter
 * compiled for it. in->only is the first one's, and in->pcap a handle of that link type with
 * nothing behind it, for compiling.
 */
#include "config.h"

#include "capture/input_ng.h"

#include <stdio.h>
#include <string.h>

#include "capture/input_plain.h"
#include "capture/spool.h"
#include "packet/decode.h"
#include "util/err.h"
#include "util/mem.h"

/*
 * What a pcap file with that LINKTYPE_ number would be: libpcap tells nobody otherwise which DLT_
 * belongs to it. NULL: no memory.
 */
static pcap_t *handle_of(unsigned link)
{
	const struct {
		uint32_t magic;
		uint16_t version[2];
		uint32_t zone, accuracy, snaplen, link;
	} header = { 0xa1b23c4d, { 2, 4 }, 0, 0, INPUT_FRAME_MOST, link };
	char words[PCAP_ERRBUF_SIZE];
	FILE *f = fmemopen((void *)(uintptr_t)&header, sizeof(header), "r");
	pcap_t *pcap;

	if (!f)
		return NULL;
	pcap = pcap_fopen_offline_with_tstamp_precision(f, PCAP_TSTAMP_PRECISION_NANO, words);
	if (!pcap)
		fclose(f);
	return pcap;
}

/* What cannot be asked of a link type holds for none of its packets. */
static void set_filter(struct face *face, pcap_t *pcap, const char *text)
{
	if (face->filtered)
		pcap_freecode(&face->filter);
	memset(&face->filter, 0, sizeof(face->filter));
	face->filtered = text && *text;
	if (face->filtered && pcap && pcap_compile(pcap, &face->filter, text, 1, PCAP_NETMASK_UNKNOWN) != 0)
		face->filter.bf_insns = NULL;
}

static void begin_face(struct input *in, struct face *face, unsigned link)
{
	pcap_t *pcap = handle_of(link);

	face->datalink = pcap ? pcap_datalink(pcap) : -1;
	face->link = link_find(face->datalink);
	set_filter(face, pcap, in->filter_text);
	if (pcap)
		pcap_close(pcap);
}

static struct face *face_at(struct input *in, unsigned i)
{
	return i == 0 ? &in->only : &in->ng->further[i - 1];
}

static struct face *face_of(struct input *in, unsigned link)
{
	struct input_ng *n = in->ng;
	unsigned i;

	for (i = 0; i < n->faces; i++)
		if (n->link[i] == link)
			return face_at(in, i);
	if (i == INPUT_NG_FACES)
		return face_at(in, INPUT_NG_FACES - 1);
	n->link[n->faces++] = link;
	/* The first one is begun by whoever opens the file. */
	if (i == INPUT_NG_FACES - 1) {
		face_at(in, i)->datalink = -1;
		set_filter(face_at(in, i), NULL, in->filter_text);
	} else if (i > 0)
		begin_face(in, face_at(in, i), link);
	return face_at(in, i);
}

/* An interface was described, or a section began and there is none. */
static void learn_interfaces(struct input *in)
{
	struct input_ng *n = in->ng;

	if (n->known > n->ng.interfaces)
		n->known = 0;
	for (; n->known < n->ng.interfaces; n->known++)
		n->ng.interface[n->known].face = face_of(in, n->ng.interface[n->known].link);
}

static void hand_over(struct input *in, const struct pcapng_packet *p, pcap_handler frame)
{
	struct pcap_pkthdr h = {
		.ts = { .tv_sec = (time_t)p->sec, .tv_usec = (suseconds_t)p->ns },
		.caplen = p->captured < INPUT_FRAME_MOST ? p->captured : INPUT_FRAME_MOST,
		.len = p->wire,
	};

	in->now = in->ng->ng.interface[p->interface].face;
	frame((u_char *)in, &h, p->data);
}

/*
 * At most `room` packets of what is there, plain ones the short way; *n grows by their number.
 * Until the first interface: at most one block.
 */
static enum pcapng_step take_blocks(struct input *in, size_t room, pcap_handler frame, size_t *n,
	struct err *err)
{
	struct pcapng *ng = &in->ng->ng;
	enum pcapng_step step = PCAPNG_OTHER;
	size_t left, taken = 0, size;
	struct pcapng_packet p;
	const uint8_t *at;

	left = spool_look(in->spool, &at);
	while (*n < room) {
		if (in->pcap && pcapng_may_be_plain(at + taken, left - taken))
			taken += input_plain_blocks(in, at + taken, left - taken, room, frame, n);
		if (*n == room)
			break;
		step = pcapng_block(ng, at + taken, left - taken, &size, &p, err);
		if (step == PCAPNG_SHORT || step == PCAPNG_DAMAGED)
			break;
		taken += size;
		if (step == PCAPNG_PACKET) {
			hand_over(in, &p, frame);
			(*n)++;
		} else
			learn_interfaces(in);
		if (!in->pcap)
			break;
	}
	spool_skip(in->spool, taken);
	return step;
}

static enum input_state open_first(struct input *in, struct err *err)
{
	in->pcap = handle_of(in->ng->link[0]);
	if (!in->pcap) {
		err_set(err, "%s: no memory", in->name);
		return INPUT_FAILED;
	}
	input_opened(in);
	return INPUT_MORE;
}

enum input_state input_ng_open(struct input *in, struct err *err)
{
	enum pcapng_step step;
	size_t none = 0;

	if (!in->ng)
		in->ng = mem_alloc(sizeof(*in->ng));
	do {
		step = take_blocks(in, 1, NULL, &none, err);
		if (step == PCAPNG_DAMAGED) {
			err_prefix(err, "%s: damaged at byte %llu", in->name,
				(unsigned long long)in->ng->ng.at);
			return INPUT_FAILED;
		}
	} while (in->ng->faces == 0 && (step != PCAPNG_SHORT || spool_fill(in->spool)));
	if (in->ng->faces > 0)
		return open_first(in, err);
	if (!spool_is_over(in->spool))
		return INPUT_DRY;
	err_set(err, "%s: cut short in the file header", in->name);
	return INPUT_FAILED;
}

/* There is no next packet; `err` says what is damaged, if it is. */
static enum input_state ended(const struct input *in, enum pcapng_step how, struct err *err)
{
	unsigned long long next = in->frames + 1, byte = in->ng->ng.at;
	const uint8_t *at;

	if (how == PCAPNG_DAMAGED) {
		err_prefix(err, "%s: damaged in packet %llu, at byte %llu", in->name, next, byte);
		return INPUT_DAMAGED;
	}
	if (!spool_is_over(in->spool))
		return INPUT_DRY;
	if (spool_error(in->spool))
		err_set_errno(err, spool_error(in->spool), "%s: cannot be read on from packet %llu",
			in->name, next);
	else if (spool_look(in->spool, &at) > 0)
		err_set(err, "%s: cut short in packet %llu", in->name, next);
	else
		return INPUT_OVER;
	return INPUT_DAMAGED;
}

enum input_state input_ng_read(struct input *in, size_t room, pcap_handler frame, struct err *err)
{
	enum pcapng_step step;
	size_t n = 0;

	do {
		step = take_blocks(in, room, frame, &n, err);
	} while (n < room && step == PCAPNG_SHORT && spool_fill(in->spool));
	return n > 0 ? INPUT_MORE : ended(in, step, err);
}

void input_ng_filter(struct input *in)
{
	struct input_ng *n = in->ng;

	for (unsigned i = 1; i < n->faces; i++) {
		pcap_t *pcap = i < INPUT_NG_FACES - 1 ? handle_of(n->link[i]) : NULL;

		set_filter(face_at(in, i), pcap, in->filter_text);
		if (pcap)
			pcap_close(pcap);
	}
}

void input_ng_free(struct input_ng *n)
{
	if (!n)
		return;
	for (unsigned i = 1; i < n->faces; i++)
		set_filter(&n->further[i - 1], NULL, NULL);
	pcapng_fini(&n->ng);
	mem_free(n);
}
