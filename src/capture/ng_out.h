/*
 * Writing pcapng: one section in this machine's byte order, one interface for each link type,
 * stamps in nanoseconds. Whether it could be written is asked of the stream, by ferror().
 */
#ifndef TCPTOP_CAPTURE_NG_OUT_H
#define TCPTOP_CAPTURE_NG_OUT_H

#include <stdbool.h>
#include <stdio.h>

#include <pcap/pcap.h>

#define NG_OUT_LINKS 64 /* link types of one file, at most */

struct ng_out {
	FILE *file; /* borrowed */
	int datalink[NG_OUT_LINKS];
	unsigned links;
};

/* Begins the file. */
void ng_out_begin(struct ng_out *o, FILE *file);
/* Describes the link type, if that was not done. False: there are too many, or it is unknown. */
bool ng_out_link(struct ng_out *o, int datalink);
/* A packet of a link type that was described, with nanoseconds in h->ts.tv_usec. */
void ng_out_packet(struct ng_out *o, int datalink, const struct pcap_pkthdr *h, const u_char *data);

#endif
