/*
 * The capture thread. It owns one source and one engine, and hands filled blocks to the thread that
 * made it (the viewer). Live it never waits for the viewer: without a free block it publishes
 * later. From files it waits for one, so nothing is lost. All calls here are the viewer's; the
 * thread itself shares nothing but mailboxes.
 */
#ifndef TCPTOP_CAPTURE_WORKER_H
#define TCPTOP_CAPTURE_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/source.h"
#include "util/err.h"

struct block;
struct engine_conf;
struct worker; /* opaque */

enum worker_word {
	WORKER_BLOCK,	/* block: apply it, then worker_return() it */
	WORKER_WARNING, /* err: something the user should know; capture goes on */
	/* The answer to worker_filter(): err.text is "" when it holds, else why the old one stays. */
	WORKER_FILTER,
	WORKER_OVER	/* the last word, after the last block: how and err say how the input ended */
};

struct worker_news {
	enum worker_word word;
	struct block *block;	/* yours until worker_return() */
	enum source_state how;	/* WORKER_OVER: SOURCE_END (also after worker_stop), DAMAGED, GONE or FAILED */
	struct err err;
};

/*
 * Starts the thread with a source that is open (the worker closes it). engine->from_file is set
 * from the source. NULL and err when the engine or the thread cannot be had; the source is closed
 * then too.
 */
struct worker *worker_start(struct source *source, const struct engine_conf *engine,
	struct err *err);

/* Readable while worker_next() has something: poll it together with the terminal. */
int worker_fd(const struct worker *w);
/* The next piece of news, in order; false when there is none now. Never blocks. */
bool worker_next(struct worker *w, struct worker_news *news);
/* Gives a block back so that it can be filled again. */
void worker_return(struct worker *w, struct block *b);

/* From now on blocks carry the trail of this live connection (0: of none), the next ones at once. */
void worker_watch(struct worker *w, uint64_t uid);
/*
 * Each change that is handed over costs both threads, so who looks asks for them. From now on they come
 * besides, from a device, every `ns` or so, between 100 ms and 1250 (until this is called, 100); from
 * anything else when nothing comes. Until this is called a file's come by packets alone, so that the same
 * file gives the same rows.
 */
void worker_pace(struct worker *w, int64_t ns);
/* Changes are handed over now: somebody is about to look. */
void worker_pass(struct worker *w);
/* Another capture filter; WORKER_FILTER answers. */
void worker_filter(struct worker *w, const char *text);
/* Ends the input here: what was read is judged and handed over, then comes WORKER_OVER. Go on taking news. */
void worker_stop(struct worker *w);
/* Ends the thread within milliseconds, whatever it has left, and frees all, blocks included. NULL is fine. */
void worker_free(struct worker *w);

#endif
