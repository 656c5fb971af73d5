/*
 * Frames become packets inside libpcap's callback, straight into the reader's array: nothing of a
 * frame is copied. Of plain capture files, the usual ones, libpcap reads the header only, and
 * input_plain.c the packets; what is odd in them is still left to libpcap.
 */
#include "config.h"

#include "capture/input.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "capture/input_ng.h"
#include "capture/input_plain.h"
#include "capture/saver.h"
#include "capture/spool.h"
#include "packet/decode.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/mem.h"

#define PLAIN_MOST INPUT_FRAME_MOST
#define FIRST_FRAMES 64

#define DEVICE_HEAD 96	  /* octets that the kernel puts before a frame, about */
#define DEVICE_AHEAD 2048 /* octets, ten short frames */

/* Files may claim any time at all; what does not fit is set to the ends of what does. */
static int64_t frame_time(const struct input *in, const struct pcap_pkthdr *h)
{
	int64_t ns, sec = h->ts.tv_sec;

	if ((uint64_t)sec <= INT32_MAX && (uint64_t)h->ts.tv_usec <= NS_PER_SEC)
		return sec * NS_PER_SEC + (int64_t)h->ts.tv_usec * in->to_ns;
	if (sec >= INT64_MAX / NS_PER_SEC)
		return INT64_MAX / 2;
	if (sec <= INT64_MIN / NS_PER_SEC)
		return 0;
	if (__builtin_mul_overflow((int64_t)h->ts.tv_usec, in->to_ns, &ns) ||
		__builtin_add_overflow(sec * NS_PER_SEC, ns, &ns))
		return INT64_MAX / 2;
	return ns;
}

static bool is_too_early(const struct input *in, const struct pcap_pkthdr *h)
{
	return h->ts.tv_sec < in->since.tv_sec ||
		(h->ts.tv_sec == in->since.tv_sec && h->ts.tv_usec < in->since.tv_usec);
}

static inline bool frame_wanted(struct input *in, const struct pcap_pkthdr *h, const u_char *data)
{
	const struct face *face = in->now;

	if (in->device && is_too_early(in, h))
		return false;
	in->frames++;
	if (face->filtered && (!face->filter.bf_insns || pcap_offline_filter(&face->filter, h, data) == 0))
		return false;
	in->stats->packets++;
	in->stats->bytes += h->len;
	return true;
}

static inline bool frame_decode(struct input *in, const struct pcap_pkthdr *h, const u_char *data,
	struct pkt *out)
{
	enum drop drop = DROP_LINK_UNKNOWN;

	if (in->now->link)
		drop = decode(in->now->link, data, h->caplen, h->len, out);
	out->ts = frame_time(in, h);
	if (drop != DROP_NONE) {
		in->stats->dropped[drop]++;
		return false;
	}
	out->source = input_source(in);
	return true;
}

void input_into_batch(u_char *arg, const struct pcap_pkthdr *h, const u_char *data)
{
	struct input *in = (struct input *)arg;

	if (!frame_wanted(in, h, data))
		return;
	if (in->saver)
		saver_add(in->saver, in->now->datalink, h, data, in->to_ns);
	if (frame_decode(in, h, data, &in->out[in->n]))
		in->n++;
}

/*
 * In a device's buffer frames lie one behind the other, and no processor cache has what the kernel
 * wrote there some time ago: it is fetched some frames before it is looked at. Should nothing be
 * there, nothing happens.
 */
static inline void fetch_later_frames(const u_char *data, size_t captured)
{
	mem_ask_all(data + DEVICE_AHEAD, captured + DEVICE_HEAD);
}

/* Frames of a device that nobody wants but the batch: what filter there is, is the kernel's. */
static void frame_of_device(u_char *arg, const struct pcap_pkthdr *h, const u_char *data)
{
	struct input *in = (struct input *)arg;
	struct capture_stats *stats = in->stats;
	struct pkt *out = &in->out[in->n];
	enum drop drop;

	fetch_later_frames(data, h->caplen);
	if (is_too_early(in, h))
		return;
	in->frames++;
	stats->packets++;
	stats->bytes += h->len;
	drop = decode(in->only.link, data, h->caplen, h->len, out);
	if (drop != DROP_NONE) {
		stats->dropped[drop]++;
		return;
	}
	out->ts = frame_time(in, h);
	out->source = input_source(in);
	in->n++;
}

static void frame_ahead(u_char *arg, const struct pcap_pkthdr *h, const u_char *data)
{
	struct input *in = (struct input *)arg;

	assert(!in->ahead);
	if (!frame_wanted(in, h, data))
		return;
	in->ahead = true;
	in->ahead_good = frame_decode(in, h, data, &in->next);
	/* A device's ring slot is gone when libpcap returns, a file's buffer stays. */
	if (in->saver && in->device)
		saver_add(in->saver, in->now->datalink, h, data, in->to_ns);
	in->next_header = *h;
	in->next_data = data;
}

static enum input_state device_trouble(struct input *in, struct err *err)
{
	const char *words = pcap_geterr(in->pcap);

	err_set(err, "%s: %s", in->name, words);
	return INPUT_GONE;
}

static enum input_state file_trouble(struct input *in, struct err *err)
{
	unsigned long long at = in->frames + 1;

	if (ferror(in->file))
		err_set(err, "%s: cannot be read on from packet %llu: %s", in->name, at,
			pcap_geterr(in->pcap));
	else if (feof(in->file))
		err_set(err, "%s: cut short in packet %llu", in->name, at);
	else
		err_set(err, "%s: damaged in packet %llu: %s", in->name, at,
			pcap_geterr(in->pcap));
	return INPUT_DAMAGED;
}

/* Calls libpcap for at most `count` frames. */
static enum input_state input_dispatch(struct input *in, size_t count, pcap_handler frame,
	struct err *err)
{
	int n = pcap_dispatch(in->pcap, count < INT_MAX ? (int)count : INT_MAX, frame, (u_char *)in);

	if (n > 0)
		return INPUT_MORE;
	if (n == 0)
		return in->device ? INPUT_DRY : INPUT_OVER;
	return in->device ? device_trouble(in, err) : file_trouble(in, err);
}

/* Only what is there, never into a wait. */
static enum input_state input_step(struct input *in, size_t room, pcap_handler frame,
	struct err *err)
{
	enum input_state state = in->pcap ? INPUT_MORE : input_open_there(in, err);
	size_t n;

	if (state != INPUT_MORE)
		return state;
	if (in->ng)
		return input_ng_read(in, room, frame, err);
	if (in->plain_ns && input_plain_read(in, room, frame) > 0)
		return INPUT_MORE;
	if (in->plain_ns)
		room = 1;
	n = spool_packets(in->spool, room);
	if (n == 0) {
		spool_fill(in->spool);
		n = spool_packets(in->spool, room);
	}
	return n > 0 ? input_dispatch(in, n, frame, err) : INPUT_DRY;
}

enum input_state input_read(struct input *in, struct pkt *out, size_t room, size_t *n,
	struct err *err)
{
	enum input_state state;

	in->out = out;
	in->n = 0;
	if (in->spool)
		state = input_step(in, room, input_into_batch, err);
	else
		state = input_dispatch(in, room, in->saver ? input_into_batch : frame_of_device, err);
	*n = in->n;
	return state;
}

enum input_state input_look_ahead(struct input *in, struct err *err)
{
	enum input_state state = INPUT_MORE;

	while (!in->ahead && state == INPUT_MORE) {
		if (in->spool)
			state = input_step(in, 1, frame_ahead, err);
		else
			state = input_dispatch(in, 1, frame_ahead, err);
	}
	return in->ahead ? INPUT_MORE : state;
}

static void frame_earlier(u_char *arg, const struct pcap_pkthdr *h, const u_char *data)
{
	struct input *in = (struct input *)arg;
	int64_t ts = frame_time(in, h);

	(void)data;
	if (ts < in->first)
		in->first = ts;
}

void input_find_first(struct input *in)
{
	struct err unheard = ERR_INIT;
	enum input_state state;

	in->first = INT64_MAX;
	do {
		state = input_step(in, FIRST_FRAMES, frame_earlier, &unheard);
	} while (state == INPUT_DRY);
	if (in->first == INT64_MAX)
		in->first = INT64_MIN;
}

bool input_take(struct input *in, struct pkt *out)
{
	assert(in->ahead);
	in->ahead = false;
	if (in->saver && !in->device)
		saver_add(in->saver, in->now->datalink, &in->next_header, in->next_data, in->to_ns);
	if (in->ahead_good)
		*out = in->next;
	return in->ahead_good;
}

void input_opened(struct input *in)
{
	in->now = &in->only;
	in->datalink = in->now->datalink = pcap_datalink(in->pcap);
	in->from_ng = in->ng != NULL;
	in->now->link = link_find(in->datalink);
	/* A pipe: of the others it is known before they have a saver. */
	if (in->saver)
		saver_expect(in->saver, in->datalink, in->from_ng);
	in->to_ns = pcap_get_tstamp_precision(in->pcap) == PCAP_TSTAMP_PRECISION_NANO ?
		1 : (int)NS_PER_US;
	if (!in->spool || in->ng || in->long_way || !in->now->link)
		return;
	in->plain_ns = spool_plain_ns(in->spool);
	in->plain_fraction = in->plain_ns ? (uint32_t)(NS_PER_SEC / in->plain_ns) : 0;
	in->plain_most = pcap_snapshot(in->pcap) < PLAIN_MOST ? (uint32_t)pcap_snapshot(in->pcap) : PLAIN_MOST;
}

/* A file that is closed has told its link type. */
static pcap_t *filter_handle(const struct input *in)
{
	return in->pcap ? in->pcap : pcap_open_dead(in->datalink, PLAIN_MOST);
}

/*
 * What is surely neither TCP nor an error about it never leaves the kernel. Anything that may carry it in a way that
 * is not looked into here passes: VLAN tags, MPLS, PPPoE, other protocols than UDP over IP, extension headers; of UDP
 * what tunnel_udp() follows, the last condition being Teredo between two peers.
 */
#define FOLLOWED \
	"(udp port 2152 or udp port 3544 or udp dst port 4789 or udp dst port 4790 or udp dst port 6081 or " \
	"udp dst port 6635 or udp dst port 8472 or " \
	"(ip and udp[8] & 0xf0 = 0x60 and (udp[16:4] = 0x20010000 or udp[32:4] = 0x20010000)))"

static const char of_use[] = "not (arp or (icmp and (icmp[0] = 0 or icmp[0] = 8)) or (icmp6 and ip6[40] >= 128) or "
			     "(udp and not " FOLLOWED "))";

/* Link types that libpcap cannot look into are not filtered. */
static bool compile_of_use(struct input *in, const char *text, struct bpf_program *program)
{
	return in->device && !in->whole && text[strspn(text, " \t")] == '\0' &&
		pcap_compile(in->pcap, program, of_use, 1, PCAP_NETMASK_UNKNOWN) == 0;
}

bool input_compile(struct input *in, const char *text, struct bpf_program *program, struct err *err)
{
	pcap_t *pcap = filter_handle(in);
	bool ok = pcap && (compile_of_use(in, text, program) ||
			   pcap_compile(pcap, program, text, 1, PCAP_NETMASK_UNKNOWN) == 0);

	if (!ok)
		err_set(err, "capture filter \"%s\": %s", text, pcap ? pcap_geterr(pcap) : "no memory");
	if (pcap && pcap != in->pcap)
		pcap_close(pcap);
	return ok;
}

bool input_set_filter(struct input *in, struct bpf_program *program, struct err *err)
{
	bool ok = true;

	if (in->device) {
		ok = pcap_setfilter(in->pcap, program) == 0;
		if (!ok)
			err_set(err, "%s: capture filter: %s", in->name, pcap_geterr(in->pcap));
		pcap_freecode(program);
		return ok;
	}
	if (in->only.filtered)
		pcap_freecode(&in->only.filter);
	in->only.filter = *program;
	in->only.filtered = true;
	if (in->ng)
		input_ng_filter(in);
	return true;
}

void input_count_drops(struct input *in)
{
	struct pcap_stat now;

	if (!in->device || in->over || pcap_stats(in->pcap, &now) != 0)
		return;
	in->stats->kernel_drops += now.ps_drop - in->kernel.ps_drop;
	in->stats->interface_drops += now.ps_ifdrop - in->kernel.ps_ifdrop;
	in->kernel = now;
}
