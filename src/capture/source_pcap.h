/* What sources made of libpcap handles have in common; source_live.c and source_files.c open them. */
#ifndef TCPTOP_CAPTURE_SOURCE_PCAP_H
#define TCPTOP_CAPTURE_SOURCE_PCAP_H

#include "capture/input.h"
#include "capture/nap.h"
#include "capture/source.h"
#include "util/err.h"

#define SOURCE_WARNINGS 8
#define SOURCE_BUFFER ((size_t)256 * 1024) /* octets of a file read at once: they stay in a cache */

struct handles;

struct source_pcap {
	struct source head;
	struct input *input; /* several: merged by time, the first of two at the same time first */
	size_t inputs;
	struct input **awake; /* those that are read now */
	size_t awakes;
	struct input **asleep; /* files whose time has not come, the first of them last */
	size_t asleeps;
	struct handles *handles; /* of files */
	uint64_t octets, octets_over; /* of all files, 0: not known; of those that are over */
	struct saver *saver;
	struct capture_stats stats;
	struct err warning[SOURCE_WARNINGS]; /* to be told one by one, oldest first */
	size_t warnings;
	struct nap nap; /* live */
	size_t since_wait; /* packets */
	bool ready; /* the last read did not run dry: no need to wait */
	enum source_state end; /* what to end with: the first bad end of an input */
	struct err end_err;
};

/* Room for n inputs, none of them open: name each, then open it. */
struct source_pcap *source_pcap_new(size_t n, bool live);
/* One more thing to tell the user; too many are left out. */
void source_pcap_warn(struct source_pcap *s, const struct err *err);
/* When all inputs are open, or asleep. */
void source_pcap_begin(struct source_pcap *s);
/* Opens the file to save to, once all inputs are open. True when path is NULL. */
bool source_pcap_save(struct source_pcap *s, const char *path, struct err *err);
/* Closes what is open and frees it. */
void source_pcap_free(struct source_pcap *s);

#endif
