/*
 * Where packets come from: devices, files, the built-in demo. A source belongs to one thread, never
 * blocks in read, and sleeps nowhere but in wait. One source may stand for several inputs (devices,
 * files); it merges them.
 */
#ifndef TCPTOP_CAPTURE_SOURCE_H
#define TCPTOP_CAPTURE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct capture_stats;
struct err;
struct pkt;
struct source;
struct str;

/* What a read came to. Packets may have been delivered along with every one of these. */
enum source_state {
	SOURCE_READY,	/* there may be more at once */
	SOURCE_IDLE,	/* nothing more now: wait */
	SOURCE_WARNING, /* err says what the user should know; reading goes on */
	SOURCE_END,	/* over, all was delivered */
	/* Over: a file was cut short or damaged; all whole packets were delivered, err says where. */
	SOURCE_DAMAGED,
	SOURCE_GONE,	/* over: the last device went away; err names it */
	/* Over: cannot go on (a pipe that is no capture file, an error of the system); err says why. */
	SOURCE_FAILED
};

/* Nothing comes after it. */
static inline bool source_is_over(enum source_state state)
{
	return state != SOURCE_READY && state != SOURCE_IDLE && state != SOURCE_WARNING;
}

/* What a kind of source knows how to do. The first argument is the source itself. */
struct source_ops {
	/*
	 * At most `room` packets, decoded, in time order as far as the inputs allow; *n is how
	 * many. Never blocks. err is filled for the states that have words, and left alone
	 * otherwise.
	 */
	enum source_state (*read)(struct source *s, struct pkt *pkt, size_t room, size_t *n,
		struct err *err);
	/*
	 * As read, but the packets stay the source's own: *pkt is where *n of them are until the
	 * next call. NULL: the source has none to lend, and is read. One of the two is NULL.
	 */
	enum source_state (*lend)(struct source *s, const struct pkt **pkt, size_t *n, struct err *err);
	/*
	 * Returns when there may be something to read, when wake_fd (-1: none) is readable, or
	 * after timeout_ms. A source that is always ready (a file on disk) returns at once.
	 */
	void (*wait)(struct source *s, int wake_fd, int timeout_ms);
	/*
	 * Another capture filter; "" is none. A bad one leaves the old and fills err. NULL: the
	 * source has no filters.
	 */
	bool (*filter)(struct source *s, const char *text, struct err *err);
	/*
	 * Fills packets, bytes, dropped[] (but for TABLE_FULL), kernel_drops, interface_drops and
	 * file_bytes_*, cumulative since the source was opened. Other fields are left alone.
	 */
	void (*stats)(struct source *s, struct capture_stats *stats);
	/* For line 1 of the screen: "eth0", "eth0, lo", "a.pcap", "2 files". Adds to `out`. */
	void (*describe)(const struct source *s, struct str *out);
	/*
	 * The device, or file without directories, behind pkt.source `index`; "" when there is
	 * none. Lives with the source.
	 */
	const char *(*input)(const struct source *s, unsigned index);
	/* Frees everything, the source included. What is being saved is complete on disk afterwards. */
	void (*close)(struct source *s);
};

/* The head of every source; each kind puts it first in a struct of its own. */
struct source {
	const struct source_ops *ops;
	/*
	 * Time is the clock; false: time is that of the packets, and the reader waits rather than
	 * drops.
	 */
	bool live;
	bool piped; /* not live, but somebody may be making it just now */
};

struct live_conf {
	const char *const *device; /* names; "any" is one */
	size_t devices;		/* 0: the device of the default route */
	const char *filter;	/* libpcap's language, NULL or "": none */
	const char *save;	/* also write the packets to this file; NULL: no */
	unsigned snaplen;	/* octets kept of a packet; 0: what headers need, all when saving */
	uint64_t buffer;	/* octets of kernel buffer of each device; 0: 64 MiB */
	/* That read and decode, where the system can share packets out; 0, and when saving: 1. */
	unsigned threads;
	bool not_promiscuous;
};

struct files_conf {
	const char *const *file; /* names; "-" is standard input */
	size_t files;		 /* read as one, in time order */
	const char *filter;	 /* as above */
	const char *save;	 /* as above */
	size_t most_open;	 /* files open at a time; 0: as many as the system lets us have */
};

/*
 * NULL and err when a device cannot be opened, the filter is bad or the file to save to cannot be
 * written; device_advice() has more lines for the user then. A thing worth a word comes with the
 * first read (SOURCE_WARNING).
 */
struct source *source_open_live(const struct live_conf *conf, struct err *err);
/*
 * NULL and err when a file is unreadable, empty or no capture file, or the filter is bad. Pipes are
 * looked at when they are read, so that the screen need not wait for them: they may end in
 * SOURCE_FAILED.
 */
struct source *source_open_files(const struct files_conf *conf, struct err *err);
/*
 * Reads `inner`, which it takes over, in a thread of its own, `room` packets at a time, some
 * batches ahead of whoever takes them: lends exactly what reading `inner` would have given. That
 * there is nothing now is said some milliseconds later, should it be true by then. Counts are those
 * of the packets that were lent; another filter, and what is saved, are some packets ahead of them.
 * NULL and err when the thread cannot be had; `inner` is closed then.
 */
struct source *source_ahead(struct source *inner, size_t room, struct err *err);
/*
 * Built-in traffic that shows every ending. in_real_time: stamped with the clock, played at its own
 * pace, for ever; otherwise at once, once, with fixed dates.
 */
struct source *source_open_demo(bool in_real_time, struct err *err);

/* Sets in *to what a source knows (source_ops.stats), and nothing else. */
void source_stats_set(struct capture_stats *to, const struct capture_stats *from);

static inline enum source_state source_read(struct source *s, struct pkt *pkt, size_t room,
	size_t *n, struct err *err)
{
	return s->ops->read(s, pkt, room, n, err);
}

/*
 * Lends a batch, or reads one of at most `room` packets into `own`, as the source has it. *pkt is
 * where it lies.
 */
static inline enum source_state source_next(struct source *s, struct pkt *own, size_t room,
	const struct pkt **pkt, size_t *n, struct err *err)
{
	if (s->ops->lend)
		return s->ops->lend(s, pkt, n, err);
	*pkt = own;
	return s->ops->read(s, own, room, n, err);
}

static inline void source_wait(struct source *s, int wake_fd, int timeout_ms)
{
	s->ops->wait(s, wake_fd, timeout_ms);
}

static inline void source_stats(struct source *s, struct capture_stats *stats)
{
	s->ops->stats(s, stats);
}

static inline void source_describe(const struct source *s, struct str *out)
{
	s->ops->describe(s, out);
}

static inline const char *source_input(const struct source *s, unsigned index)
{
	return s->ops->input(s, index);
}

/* False with err set when the filter is bad or the source has none. */
bool source_filter(struct source *s, const char *text, struct err *err);
/* Freeing NULL is fine. */
void source_close(struct source *s);

#endif
