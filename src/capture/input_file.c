/*
 * Opening and closing of files and pipes. A file may be closed before its first packet and opened
 * again when its time has come: until then it takes its name and, as long as there is one to spare,
 * a descriptor.
 */
#include "config.h"

#include "capture/input.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "capture/handles.h"
#include "capture/input_ng.h"
#include "capture/spool.h"
#include "util/err.h"
#include "util/mem.h"

uint64_t input_octets_read(const struct input *in)
{
	return in->spool ? spool_taken(in->spool) : in->octets_read;
}

/* What a file begins with that people forget to unpack. */
static const char *packed_with(const uint8_t head[SPOOL_HEAD])
{
	static const struct {
		const char *magic;
		size_t n;
		const char *tool;
	} kinds[] = {
		{ "\x1f\x8b", 2, "gzip" },
		{ "\x28\xb5\x2f\xfd", 4, "zstd" },
		{ "\xfd" "7zXZ", 5, "xz" },
		{ "BZh", 3, "bzip2" },
		{ "\x04\x22\x4d\x18", 4, "lz4" },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (memcmp(head, kinds[i].magic, kinds[i].n) == 0)
			return kinds[i].tool;
	return NULL;
}

/* libpcap's words when it refuses a file, in plainer ones where there are plainer. */
static void refused(struct input *in, const char *words, struct err *err)
{
	const char *tool;

	if (feof(in->file) && input_octets_read(in) == 0) {
		err_set(err, "%s: empty, not even a file header", in->name);
		return;
	}
	if (feof(in->file)) {
		err_set(err, "%s: cut short in the file header", in->name);
		return;
	}
	if (!strstr(words, "unknown file format")) {
		err_set(err, "%s: %s", in->name, words);
		return;
	}
	err_set(err, "%s: neither pcap nor pcapng", in->name);
	tool = packed_with(spool_head(in->spool));
	if (tool)
		err_set(err, "%s: packed with %s; try: %s -dc FILE | tcptop -r -", in->name, tool, tool);
}

static bool open_stream(struct input *in, struct err *err)
{
	char words[PCAP_ERRBUF_SIZE] = "";

	in->file = spool_stream(in->spool, err);
	if (!in->file)
		return err_prefix(err, "%s", in->name);
	in->pcap = pcap_fopen_offline_with_tstamp_precision(in->file, PCAP_TSTAMP_PRECISION_NANO,
		words);
	if (!in->pcap) {
		refused(in, words, err);
		return false;
	}
	input_opened(in);
	return true;
}

static bool set_first_filter(struct input *in, struct err *err)
{
	struct bpf_program program;

	if (!in->filter_text || !*in->filter_text)
		return true;
	return input_compile(in, in->filter_text, &program, err) &&
		input_set_filter(in, &program, err);
}

enum input_state input_open_there(struct input *in, struct err *err)
{
	enum input_state state = INPUT_DRY;

	if (!spool_is_pcapng(in->spool) && !spool_has_header(in->spool))
		spool_fill(in->spool);
	if (spool_is_pcapng(in->spool))
		state = input_ng_open(in, err);
	else if (spool_has_header(in->spool))
		state = open_stream(in, err) ? INPUT_MORE : INPUT_FAILED;
	if (state == INPUT_MORE && !set_first_filter(in, err))
		return INPUT_FAILED;
	return state;
}

bool input_open_whole(struct input *in, struct err *err)
{
	enum input_state state;

	do {
		state = input_open_there(in, err);
	} while (state == INPUT_DRY);
	return state == INPUT_MORE;
}

bool input_wake(struct input *in, size_t buffer, struct err *err)
{
	in->asleep = false;
	if (handle_fd(in->handle) < 0)
		return err_set_errno(err, errno, "%s", in->name);
	in->spool = spool_new_file(in->handle, buffer);
	return input_open_whole(in, err);
}

/* Leaves what is not of the open file. */
static void shut(struct input *in)
{
	if (in->only.filtered)
		pcap_freecode(&in->only.filter);
	in->only.filtered = false;
	if (in->pcap)
		pcap_close(in->pcap);
	else if (in->file)
		fclose(in->file);
	if (!in->file)
		spool_free(in->spool);
	input_ng_free(in->ng);
	in->ng = NULL;
	in->pcap = NULL;
	in->file = NULL;
	in->spool = NULL;
	in->plain_ns = 0;
}

void input_sleep(struct input *in)
{
	shut(in);
	in->asleep = true;
}

void input_finish(struct input *in)
{
	in->octets_read = input_octets_read(in);
	shut(in);
	handle_free(in->handle);
	in->handle = NULL;
}

void input_close(struct input *in)
{
	input_finish(in);
	mem_free(in->filter_text);
	mem_free(in->name);
}
