/*
 * How long to let packets gather. Where many come, a look now and then costs less than to be woken
 * for every piece of the kernel's buffer that is full: falling asleep and waking up takes as long
 * as some ten packets, and of what is kept of the connections less is in the processor's cache each
 * time. The more come, the shorter the naps.
 */
#ifndef TCPTOP_CAPTURE_NAP_H
#define TCPTOP_CAPTURE_NAP_H

#include <stddef.h>
#include <stdint.h>

struct nap {
	int least_ms; /* what the buffer outlasts whatever comes; 0: it is too small for naps */
	int most_ms;  /* the longest */
	size_t most;  /* packets that fill no more than a quarter of it */
	int ms;	      /* the last one, 0: none */
};

/*
 * For the least of several buffers; `snaplen` is the most that is kept of a packet. All zeros is
 * before the first.
 */
void nap_for(struct nap *n, uint64_t buffer, unsigned snaplen);
/*
 * How long to sleep now that `came` packets came since the last nap; 0: rather wait to be woken. At
 * most `timeout_ms`.
 */
int nap_length(struct nap *n, size_t came, int timeout_ms);
/* It was cut short, so that what comes until the next one says little. */
void nap_was_cut(struct nap *n);

#endif
