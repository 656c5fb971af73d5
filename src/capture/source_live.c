/*
 * Devices. On Linux libpcap maps the kernel's buffer (TPACKET_V3), so nothing is copied before it
 * is decoded.
 */
#include "config.h"

#include "capture/source.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#ifdef HAVE_LINUX_IF_PACKET_H
#include <linux/if_packet.h>
#endif

#include "capture/device.h"
#include "capture/fanout.h"
#include "capture/saver.h"
#include "capture/source_fan.h"
#include "capture/source_pcap.h"
#include "packet/decode.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/mem.h"
#include "util/str.h"

#define BUFFER_DEFAULT ((uint64_t)64 * 1024 * 1024)
#define BUFFER_LEAST ((uint64_t)2 * 1024 * 1024)
#define SNAPLEN_ALL 262144
#define THREADS_MOST 64
/* How long the kernel may gather packets before it hands them over: what the screen lags at most. */
#define GATHER_MS 50
/* With several threads packets wait for those of the other threads as well. */
#define GATHER_FAN_MS 20

static bool device_exists(const char *name)
{
	struct err err = ERR_INIT;
	struct device *list;
	bool found = false;
	size_t n;

	if (!device_list(&list, &n, &err))
		return true;
	for (size_t i = 0; i < n; i++)
		found = found || strcmp(list[i].name, name) == 0;
	device_list_free(list, n);
	return found;
}

/* Without rights libpcap says so before it looks whether there is such a device. */
static void refused(const struct input *in, int status, struct err *err)
{
	const char *words = pcap_geterr(in->pcap);
	bool exists = device_exists(in->name);

	if (!*words)
		words = pcap_statustostr(status);
	if (status == PCAP_ERROR_NO_SUCH_DEVICE ||
		(!exists && (status == PCAP_ERROR_PERM_DENIED || status == PCAP_ERROR))) {
		err_set(err, "%s: no such device", in->name);
		err->code = ENODEV;
	} else if (status == PCAP_ERROR_PERM_DENIED || status == PCAP_ERROR_PROMISC_PERM_DENIED) {
		err_set(err, "%s: no permission to capture (%s)", in->name, words);
		err->code = EPERM;
	} else if (status == PCAP_ERROR_IFACE_NOT_UP) {
		err_set(err, "%s: the device is down; try: sudo ip link set %s up", in->name, in->name);
		err->code = ENETDOWN;
	} else
		err_set(err, "%s: %s", in->name, words);
}

static unsigned threads_of(const struct live_conf *conf)
{
	if (conf->threads <= 1 || conf->save)
		return 1;
	return conf->threads < THREADS_MOST ? conf->threads : THREADS_MOST;
}

/* One attempt with this much buffer; libpcap's status, <0 is failure. */
static int activate(struct input *in, const struct live_conf *conf, uint64_t buffer,
	bool promiscuous)
{
	unsigned snaplen = conf->snaplen;

	if (snaplen == 0)
		snaplen = conf->save ? SNAPLEN_ALL : DECODE_SNAPLEN;
	pcap_set_snaplen(in->pcap, (int)snaplen);
	pcap_set_promisc(in->pcap, promiscuous);
	pcap_set_timeout(in->pcap, threads_of(conf) > 1 ? GATHER_FAN_MS : GATHER_MS);
	pcap_set_buffer_size(in->pcap, buffer > INT_MAX ? INT_MAX : (int)buffer);
	pcap_set_tstamp_precision(in->pcap, PCAP_TSTAMP_PRECISION_NANO);
	return pcap_activate(in->pcap);
}

static bool create(struct input *in, struct err *err)
{
	char words[PCAP_ERRBUF_SIZE] = "";

	if (in->pcap)
		pcap_close(in->pcap);
	in->pcap = pcap_create(in->name, words);
	return in->pcap || err_set(err, "%s: %s", in->name, words);
}

/* Takes less where all cannot be had: half the buffer, no promiscuous mode; and says so. */
static int activate_somehow(struct source_pcap *s, struct input *in, const struct live_conf *conf,
	struct err *err)
{
	uint64_t wanted = (conf->buffer ? conf->buffer : BUFFER_DEFAULT) / threads_of(conf), buffer = wanted;
	bool promiscuous = !conf->not_promiscuous;
	struct err less = ERR_INIT;
	int status;

	for (;;) {
		if (!create(in, err))
			return PCAP_ERROR;
		status = activate(in, conf, buffer, promiscuous);
		if (status == PCAP_ERROR_PROMISC_PERM_DENIED && promiscuous)
			promiscuous = false;
		else if (status == PCAP_ERROR && buffer / 2 >= BUFFER_LEAST &&
			strstr(pcap_geterr(in->pcap), strerror(ENOMEM)))
			buffer /= 2;
		else
			break;
	}
	if (status < 0)
		refused(in, status, err);
	if (status >= 0 && !promiscuous && !conf->not_promiscuous) {
		err_set(&less, "%s: promiscuous mode is not allowed; only its own traffic is seen",
			in->name);
		source_pcap_warn(s, &less);
	}
	if (status >= 0)
		nap_for(&s->nap, buffer, (unsigned)pcap_snapshot(in->pcap));
	if (status >= 0 && buffer < wanted) {
		err_set(&less, "%s: a kernel buffer of %llu MiB is all that could be had", in->name,
			(unsigned long long)(buffer >> 20));
		source_pcap_warn(s, &less);
	}
	return status;
}

/*
 * The kernel shows a packet on the loopback device twice, as sent and as received. libpcap leaves
 * the first out, but only after it has taken room in the buffer and was counted when dropped. Here
 * the kernel does, where it can.
 */
static void once_on_loopback(struct input *in)
{
#ifdef PACKET_IGNORE_OUTGOING
	int yes = 1;

	if (strcmp(in->name, "lo") == 0)
		(void)setsockopt(pcap_fileno(in->pcap), SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes,
			sizeof(yes));
#else
	(void)in;
#endif
}

static bool open_device(struct source_pcap *s, struct input *in, const struct live_conf *conf,
	struct err *err)
{
	char words[PCAP_ERRBUF_SIZE] = "";
	struct bpf_program program;

	if (activate_somehow(s, in, conf, err) < 0)
		return false;
	input_opened(in);
	if (!in->now->link)
		return err_set(err, "%s: its link type %s carries no TCP that could be shown", in->name,
			pcap_datalink_val_to_name(in->datalink) ?
				pcap_datalink_val_to_name(in->datalink) : "?");
	if (pcap_setnonblock(in->pcap, 1, words) < 0)
		return err_set(err, "%s: %s", in->name, words);
	once_on_loopback(in);
	in->whole = conf->save;
	return input_compile(in, conf->filter ? conf->filter : "", &program, err) &&
		input_set_filter(in, &program, err);
}

/* The names asked for, or that of the default route. */
static struct source_pcap *name_devices(const struct live_conf *conf, struct err *err)
{
	struct source_pcap *s;
	struct str name = STR_INIT;

	if (conf->devices == 0 && !device_default(&name, err)) {
		str_free(&name);
		return NULL;
	}
	s = source_pcap_new(conf->devices ? conf->devices : 1, true);
	for (size_t i = 0; i < s->inputs; i++)
		s->input[i].name = mem_strdup(conf->devices ? conf->device[i] : name.s);
	str_free(&name);
	return s;
}

static struct source_pcap *open_devices(const struct live_conf *conf, struct err *err)
{
	struct source_pcap *s = name_devices(conf, err);
	bool ok = s != NULL;

	for (size_t i = 0; ok && i < s->inputs; i++)
		ok = open_device(s, &s->input[i], conf, err);
	if (ok)
		source_pcap_begin(s);
	if (ok && source_pcap_save(s, conf->save, err))
		return s;
	source_pcap_free(s);
	return NULL;
}

/* From now on the sources share the packets of each device. What came before came to all of them. */
static bool share(struct source_pcap *const *s, size_t n, struct err *err)
{
	struct timeval now;

	for (size_t i = 0; i < s[0]->inputs; i++) {
		bool once = strcmp(s[0]->input[i].name, "lo") == 0;
		uint32_t group = 0;

		for (size_t k = 0; k < n; k++)
			if (!fanout_join(pcap_fileno(s[k]->input[i].pcap), &group, once, err))
				return false;
	}
	gettimeofday(&now, NULL);
	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i < s[k]->inputs; i++) {
			s[k]->input[i].since.tv_sec = now.tv_sec;
			s[k]->input[i].since.tv_usec = now.tv_usec * (NS_PER_US / s[k]->input[i].to_ns);
		}
	return true;
}

/* NULL without words in *less when a device cannot be opened, with words when only sharing fails. */
static struct source *open_shared(const struct live_conf *conf, struct err *less, struct err *err)
{
	struct source_pcap *s[THREADS_MOST] = { NULL };
	size_t n = threads_of(conf), opened = 0;

	while (opened < n && (s[opened] = open_devices(conf, err)) != NULL)
		opened++;
	if (opened == n && share(s, n, less))
		return source_fan(s, n, GATHER_FAN_MS, err);
	while (opened > 0)
		source_pcap_free(s[--opened]);
	return NULL;
}

struct source *source_open_live(const struct live_conf *conf, struct err *err)
{
	struct live_conf one = *conf;
	struct err less = ERR_INIT;
	struct source_pcap *s;
	struct source *shared;

	one.threads = 1;
	if (threads_of(conf) > 1) {
		shared = open_shared(conf, &less, err);
		if (shared || !less.text[0])
			return shared;
		err_prefix(&less, "one thread reads instead of %u", threads_of(conf));
	} else if (conf->threads > 1)
		err_set(&less, "one thread reads instead of %u: packets are saved in order", conf->threads);
	s = open_devices(&one, err);
	if (!s)
		return NULL;
	if (less.text[0])
		source_pcap_warn(s, &less);
	return &s->head;
}
