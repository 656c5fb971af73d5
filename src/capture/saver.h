/*
 * Packets on their way to a file: what -w writes. That is a pcap file when its name ends in .pcap,
 * a pcapng file when it ends in .pcapng; with any other name it is pcap, unless the packets are
 * from a pcapng file or of several link types.
 */
#ifndef TCPTOP_CAPTURE_SAVER_H
#define TCPTOP_CAPTURE_SAVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <pcap/pcap.h>

struct err;
struct saver;

/* Makes the file, or empties the one there is. NULL with err set. */
struct saver *saver_open(const char *path, struct err *err);
/* Whether this is the file itself: reading it while it is written would never end. */
bool saver_is(const char *path, dev_t dev, ino_t ino);
/*
 * Packets of that link type will come, from a pcapng file or not. All that is known is said before
 * the first packet.
 */
void saver_expect(struct saver *s, int datalink, bool ng);
/* Writes the header, if a link type is known. False with err set when the file cannot hold what was said. */
bool saver_begin(struct saver *s, struct err *err);
/* What a pcap file cannot hold is a failure: another link type. `to_ns`: what h->ts.tv_usec counts, in ns. */
void saver_add(struct saver *s, int datalink, const struct pcap_pkthdr *h, const u_char *data,
	int to_ns);
/* To the disk with what there is. */
void saver_flush(struct saver *s);
/* True, once, when something could not be saved; err says what. Nothing is written after that. */
bool saver_failed(struct saver *s, struct err *err);
/* NULL is fine. */
void saver_close(struct saver *s);

#endif
