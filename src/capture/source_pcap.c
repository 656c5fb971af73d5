/*
 * A source over one or several inputs. One input delivers straight into the reader's batch. Several
 * are merged: each is looked at one packet ahead and the earliest goes first. A file that is not at
 * its end must have its next packet there before anything goes on; a device without packets is
 * passed over, since it may stay silent for ever. Files sleep until the merge comes to where they
 * begin: of a rotated set one or two are open.
 */
#include "config.h"

#include "capture/source_pcap.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "capture/handles.h"
#include "capture/saver.h"
#include "capture/spool.h"
#include "util/mem.h"
#include "util/str.h"

#define BUFFERS ((size_t)1024 * 1024) /* of all files that are open together */
#define BUFFER_LEAST ((size_t)32 * 1024)

static const struct source_ops pcap_ops;

struct source_pcap *source_pcap_new(size_t n, bool live)
{
	struct source_pcap *s = mem_alloc(sizeof(*s));

	s->head.ops = &pcap_ops;
	s->head.live = live;
	s->input = mem_array(n, sizeof(*s->input));
	s->awake = mem_array(n, sizeof(struct input *));
	s->asleep = mem_array(n, sizeof(struct input *));
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

/* The one that begins first comes last; of two the one that was named first. */
static int by_first(const void *a, const void *b)
{
	const struct input *x = *(struct input *const *)a, *y = *(struct input *const *)b;

	if (x->first != y->first)
		return x->first < y->first ? 1 : -1;
	return x->index < y->index ? 1 : -1;
}

void source_pcap_begin(struct source_pcap *s)
{
	bool known = true;

	for (size_t i = 0; i < s->inputs; i++) {
		struct input *in = &s->input[i];

		known = known && in->octets > 0;
		s->octets += in->octets;
		if (in->asleep)
			s->asleep[s->asleeps++] = in;
		else
			s->awake[s->awakes++] = in;
	}
	if (!known)
		s->octets = 0;
	qsort(s->asleep, s->asleeps, sizeof(struct input *), by_first);
}

void source_pcap_warn(struct source_pcap *s, const struct err *err)
{
	if (s->warnings < SOURCE_WARNINGS)
		s->warning[s->warnings++] = *err;
}

/* With pipes nothing is known of, the file waits for them: before the first packet all have begun. */
bool source_pcap_save(struct source_pcap *s, const char *path, struct err *err)
{
	bool known = true;

	if (!path)
		return true;
	s->saver = saver_open(path, err);
	if (!s->saver)
		return false;
	for (size_t i = 0; i < s->inputs; i++) {
		struct input *in = &s->input[i];

		in->saver = s->saver;
		if (in->pcap || in->asleep)
			saver_expect(s->saver, in->datalink, in->from_ng);
		else
			known = false;
	}
	return !known || saver_begin(s->saver, err);
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
	if (!in->device) {
		s->octets_over += input_octets_read(in);
		input_finish(in);
	}
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

static void forget_over(struct source_pcap *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->awakes; i++)
		if (!s->awake[i]->over)
			s->awake[n++] = s->awake[i];
	s->awakes = n;
}

static void wake_next(struct source_pcap *s)
{
	struct input *in = s->asleep[--s->asleeps];
	size_t buffer = BUFFERS / (s->awakes + 1);
	struct err err = ERR_INIT;

	buffer = buffer < BUFFER_LEAST ? BUFFER_LEAST : buffer > SOURCE_BUFFER ? SOURCE_BUFFER : buffer;
	s->awake[s->awakes++] = in;
	if (!input_wake(in, buffer, &err))
		input_ends(s, in, INPUT_DAMAGED, &err);
}

/* Nothing that sleeps has a packet before this time. */
static int64_t slept_until(const struct source_pcap *s)
{
	return s->asleeps > 0 ? s->asleep[s->asleeps - 1]->first : INT64_MAX;
}

static bool is_before(const struct input *in, const struct input *other)
{
	if (in->next.ts != other->next.ts)
		return in->next.ts < other->next.ts;
	return in->index < other->index;
}

/* Of those that are awake the one with the earliest packet, and the next. False when one must be waited for. */
static bool find_earliest(struct source_pcap *s, struct input **first, struct input **second)
{
	*first = *second = NULL;
	for (size_t i = 0; i < s->awakes; i++) {
		struct input *in = s->awake[i];

		if (!look_ahead(s, in))
			return false;
		if (!in->ahead)
			continue;
		if (!*first || is_before(in, *first)) {
			*second = *first;
			*first = in;
		} else if (!*second || is_before(in, *second))
			*second = in;
	}
	return true;
}

/* The same of all. NULL when there is none now. */
static struct input *earliest(struct source_pcap *s, struct input **second)
{
	struct input *first;

	for (;;) {
		forget_over(s);
		if (!find_earliest(s, &first, second))
			return NULL;
		if (s->asleeps == 0 || (first && first->next.ts < slept_until(s)))
			return first;
		wake_next(s);
	}
}

static bool still_first(const struct source_pcap *s, const struct input *in, const struct input *second)
{
	return in->ahead && in->next.ts < slept_until(s) && (!second || is_before(in, second));
}

/*
 * One search for the earliest serves for as long as it stays the earliest: rotated files cost one
 * search each.
 */
static enum source_state read_merged(struct source_pcap *s, struct pkt *pkt, size_t room, size_t *n)
{
	struct input *in, *second;
	size_t frames = 0;

	for (size_t i = 0; i < s->awakes; i++)
		s->awake[i]->dry = false;
	while (frames < room && (in = earliest(s, &second)) != NULL) {
		do {
			*n += input_take(in, &pkt[*n]);
			frames++;
			look_ahead(s, in);
		} while (frames < room && still_first(s, in, second));
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
	s->since_wait += *n;
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

static bool nap(struct source_pcap *s, int wake_fd, int timeout_ms)
{
	struct pollfd wake = { .fd = wake_fd, .events = POLLIN };
	int ms;

	if (timeout_ms == 0)
		return false;
	ms = nap_length(&s->nap, s->since_wait, timeout_ms);
	s->since_wait = 0;
	if (ms > 0 && poll(&wake, 1, ms) != 0)
		nap_was_cut(&s->nap);
	return ms > 0;
}

static void pcap_wait(struct source *head, int wake_fd, int timeout_ms)
{
	struct source_pcap *s = (struct source_pcap *)head;
	struct pollfd fds[64];
	nfds_t n = 0;

	if (s->ready || nap(s, wake_fd, timeout_ms))
		return;
	if (wake_fd >= 0)
		fds[n++] = (struct pollfd){ .fd = wake_fd, .events = POLLIN };
	for (size_t i = 0; i < s->inputs && n < sizeof(fds) / sizeof(fds[0]); i++) {
		struct input *in = &s->input[i];
		int fd = -1;

		if (in->over || in->ahead || in->asleep)
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
		if (s->input[i].asleep || (s->input[i].pcap && !s->input[i].over))
			ok = input_compile(&s->input[i], text, &program[i], err);
	for (size_t i = 0; i < s->inputs; i++) {
		struct input *in = &s->input[i];

		if (ok && !in->device) {
			mem_free(in->filter_text);
			in->filter_text = mem_strdup(text);
		}
		if (ok && in->pcap && program[i].bf_insns)
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

	s->stats.file_bytes_read = s->octets_over;
	s->stats.file_bytes_total = s->octets;
	for (size_t i = 0; i < s->awakes; i++) {
		struct input *in = s->awake[i];

		input_count_drops(in);
		if (!in->device && !in->over)
			s->stats.file_bytes_read += input_octets_read(in);
	}
	source_stats_set(to, &s->stats);
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
	handles_free(s->handles);
	mem_free(s->awake);
	mem_free(s->asleep);
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
