/*
 * A source over one or several inputs. One input delivers straight into the reader's batch. Several are merged: each
 * is looked at one packet ahead and the earliest goes first. A file that is not at its end must have its next packet
 * there before anything goes on; a device without packets is passed over, since it may stay silent for ever.
 */
#include "config.h"

#include "capture/source_pcap.h"

#include <poll.h>
#include <string.h>

#include "capture/saver.h"
#include "capture/spool.h"
#include "util/mem.h"
#include "util/str.h"

static const struct source_ops pcap_ops;

struct source_pcap *source_pcap_new(size_t n, bool live)
{
	struct source_pcap *s = mem_alloc(sizeof(*s));

	s->head.ops = &pcap_ops;
	s->head.live = live;
	s->input = mem_array(n, sizeof(*s->input));
	s->inputs = n;
	s->end = SOURCE_END;
	s->ready = true;
	for (size_t i = 0; i < n; i++) {
		s->input[i].index = (unsigned)i;
		s->input[i].device = live;
		s->input[i].stats = &s->stats;
	}
	return s;
}

void source_pcap_warn(struct source_pcap *s, const struct err *err)
{
	if (s->warnings < SOURCE_WARNINGS)
		s->warning[s->warnings++] = *err;
}

bool source_pcap_save(struct source_pcap *s, const char *path, struct err *err)
{
	if (!path)
		return true;
	s->saver = saver_open(path, err);
	if (!s->saver)
		return false;
	for (size_t i = 0; i < s->inputs; i++) {
		s->input[i].saver = s->saver;
		if (s->input[i].pcap && !saver_begin(s->saver, s->input[i].datalink, err))
			return false;
	}
	return true;
}

static bool next_warning(struct source_pcap *s, struct err *err)
{
	if (s->warnings == 0)
		return false;
	*err = s->warning[0];
	s->warnings--;
	memmove(s->warning, s->warning + 1, s->warnings * sizeof(s->warning[0]));
	return true;
}

static size_t inputs_left(const struct source_pcap *s)
{
	size_t left = 0;

	for (size_t i = 0; i < s->inputs; i++)
		left += !s->input[i].over;
	return left;
}

/* An input is over. The first bad end is what the user hears of at the end; the other inputs go on. */
static void input_ends(struct source_pcap *s, struct input *in, enum input_state how,
	const struct err *err)
{
	static const enum source_state means[] = {
		[INPUT_DAMAGED] = SOURCE_DAMAGED,
		[INPUT_GONE] = SOURCE_GONE,
		[INPUT_FAILED] = SOURCE_FAILED,
	};

	input_count_drops(in);
	in->over = true;
	if (how == INPUT_OVER)
		return;
	if (s->end != SOURCE_END || (how == INPUT_GONE && inputs_left(s) > 0)) {
		source_pcap_warn(s, err);
		return;
	}
	s->end = means[how];
	s->end_err = *err;
}

/* Has every open input look one packet ahead. False when a file must be waited for. */
static bool look_ahead(struct source_pcap *s, struct input *in)
{
	struct err err = ERR_INIT;
	enum input_state state;

	if (in->over || in->ahead)
		return true;
	if (in->dry)
		return in->device;
	state = input_look_ahead(in, &err);
	if (state == INPUT_MORE)
		return true;
	if (state == INPUT_DRY) {
		in->dry = true;
		return in->device;
	}
	input_ends(s, in, state, &err);
	return true;
}

/* The input with the earliest packet, and in *second the next. NULL when there is none now. */
static struct input *earliest(struct source_pcap *s, struct input **second)
{
	struct input *first = NULL;

	*second = NULL;
	for (size_t i = 0; i < s->inputs; i++) {
		struct input *in = &s->input[i];

		if (!look_ahead(s, in))
			return NULL;
		if (!in->ahead)
			continue;
		if (!first || in->next.ts < first->next.ts) {
			*second = first;
			first = in;
		} else if (!*second || in->next.ts < (*second)->next.ts)
			*second = in;
	}
	return first;
}

static bool still_first(const struct input *in, const struct input *second)
{
	if (!in->ahead)
		return false;
	if (!second || in->next.ts < second->next.ts)
		return true;
	return in->next.ts == second->next.ts && in->index < second->index;
}

/* One search for the earliest serves for as long as it stays the earliest: rotated files cost one search each. */
static enum source_state read_merged(struct source_pcap *s, struct pkt *pkt, size_t room, size_t *n)
{
	struct input *in, *second;
	size_t frames = 0;

	for (size_t i = 0; i < s->inputs; i++)
		s->input[i].dry = false;
	while (frames < room && (in = earliest(s, &second)) != NULL) {
		do {
			*n += input_take(in, &pkt[*n]);
			frames++;
			look_ahead(s, in);
		} while (frames < room && still_first(in, second));
	}
	return frames == room ? SOURCE_READY : SOURCE_IDLE;
}

static enum source_state read_one(struct source_pcap *s, struct pkt *pkt, size_t room, size_t *n)
{
	struct err err = ERR_INIT;
	enum input_state state;

	if (s->input[0].over)
		return SOURCE_IDLE;
	state = input_read(&s->input[0], pkt, room, n, &err);
	if (state == INPUT_MORE)
		return SOURCE_READY;
	if (state != INPUT_DRY)
		input_ends(s, &s->input[0], state, &err);
	return SOURCE_IDLE;
}

static bool anything_left(const struct source_pcap *s)
{
	for (size_t i = 0; i < s->inputs; i++)
		if (!s->input[i].over || s->input[i].ahead)
			return true;
	return false;
}

static enum source_state pcap_read(struct source *head, struct pkt *pkt, size_t room, size_t *n,
	struct err *err)
{
	struct source_pcap *s = (struct source_pcap *)head;
	enum source_state state;

	*n = 0;
	state = s->inputs == 1 ? read_one(s, pkt, room, n) : read_merged(s, pkt, room, n);
	if (s->saver && state == SOURCE_IDLE)
		saver_flush(s->saver);
	s->ready = state == SOURCE_READY || !anything_left(s);
	if (s->saver && saver_failed(s->saver, err))
		return SOURCE_WARNING;
	if (next_warning(s, err))
		return SOURCE_WARNING;
	if (anything_left(s))
		return state;
	if (s->end != SOURCE_END)
		*err = s->end_err;
	return s->end;
}

/* Devices that cannot be polled properly ask for a look now and then. */
static int device_timeout(const struct input *in, int timeout_ms)
{
	const struct timeval *tv = pcap_get_required_select_timeout(in->pcap);
	int64_t ms;

	if (!tv)
		return timeout_ms;
	ms = (int64_t)tv->tv_sec * 1000 + tv->tv_usec / 1000;
	return ms < timeout_ms ? (int)ms : timeout_ms;
}

static void pcap_wait(struct source *head, int wake_fd, int timeout_ms)
{
	struct source_pcap *s = (struct source_pcap *)head;
	struct pollfd fds[64];
	nfds_t n = 0;

	if (s->ready)
		return;
	if (wake_fd >= 0)
		fds[n++] = (struct pollfd){ .fd = wake_fd, .events = POLLIN };
	for (size_t i = 0; i < s->inputs && n < sizeof(fds) / sizeof(fds[0]); i++) {
		struct input *in = &s->input[i];
		int fd = -1;

		if (in->over || in->ahead)
			continue;
		if (in->device) {
			fd = pcap_get_selectable_fd(in->pcap);
			timeout_ms = device_timeout(in, timeout_ms);
		} else if (in->spool)
			fd = spool_fd(in->spool);
		if (fd >= 0)
			fds[n++] = (struct pollfd){ .fd = fd, .events = POLLIN };
	}
	poll(fds, n, timeout_ms);
}

/* Compiles for every input before it changes one, so that a bad filter changes nothing. */
static bool pcap_filter(struct source *head, const char *text, struct err *err)
{
	struct source_pcap *s = (struct source_pcap *)head;
	struct bpf_program *program = mem_array(s->inputs, sizeof(*program));
	bool ok = true;

	for (size_t i = 0; ok && i < s->inputs; i++)
		if (s->input[i].pcap && !s->input[i].over)
			ok = input_compile(&s->input[i], text, &program[i], err);
	for (size_t i = 0; i < s->inputs; i++) {
		struct input *in = &s->input[i];

		if (!in->pcap && ok) {
			mem_free(in->filter_text);
			in->filter_text = mem_strdup(text);
		} else if (program[i].bf_insns && ok)
			ok = input_set_filter(in, &program[i], err);
		else
			pcap_freecode(&program[i]);
	}
	mem_free(program);
	return ok;
}

static void pcap_count(struct source *head, struct capture_stats *to)
{
	struct source_pcap *s = (struct source_pcap *)head;
	bool known = !s->head.live;

	to->file_bytes_read = to->file_bytes_total = 0;
	for (size_t i = 0; i < s->inputs; i++) {
		input_count_drops(&s->input[i]);
		if (s->head.live)
			continue;
		known = known && s->input[i].octets > 0;
		to->file_bytes_read += input_octets_read(&s->input[i]);
		to->file_bytes_total += s->input[i].octets;
	}
	if (!known)
		to->file_bytes_total = 0;
	to->packets = s->stats.packets;
	to->bytes = s->stats.bytes;
	to->kernel_drops = s->stats.kernel_drops;
	to->interface_drops = s->stats.interface_drops;
	for (int d = 0; d < DROP_COUNT; d++)
		if (d != DROP_TABLE_FULL)
			to->dropped[d] = s->stats.dropped[d];
}

/* Files without their directories, so that the same file reads the same wherever it lies. */
static const char *pcap_input(const struct source *head, unsigned index)
{
	const struct source_pcap *s = (const struct source_pcap *)head;
	const char *name, *slash;

	if (index >= s->inputs)
		return "";
	name = s->input[index].name;
	slash = s->head.live ? NULL : strrchr(name, '/');
	return slash && slash[1] ? slash + 1 : name;
}

static void pcap_describe(const struct source *head, struct str *out)
{
	const struct source_pcap *s = (const struct source_pcap *)head;

	if (s->inputs > (s->head.live ? 3 : 1)) {
		str_addf(out, "%zu %s", s->inputs, s->head.live ? "devices" : "files");
		return;
	}
	for (size_t i = 0; i < s->inputs; i++)
		str_addf(out, "%s%s", i ? ", " : "", pcap_input(head, (unsigned)i));
}

void source_pcap_free(struct source_pcap *s)
{
	if (!s)
		return;
	saver_close(s->saver);
	for (size_t i = 0; i < s->inputs; i++)
		input_close(&s->input[i]);
	mem_free(s->input);
	mem_free(s);
}

static void pcap_source_close(struct source *head)
{
	source_pcap_free((struct source_pcap *)head);
}

static const struct source_ops pcap_ops = {
	.read = pcap_read,
	.wait = pcap_wait,
	.filter = pcap_filter,
	.stats = pcap_count,
	.describe = pcap_describe,
	.input = pcap_input,
	.close = pcap_source_close,
};
