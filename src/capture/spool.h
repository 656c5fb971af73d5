/* What came in so far through a pipe that carries a capture file, so that reading it never blocks. */
#ifndef TCPTOP_CAPTURE_SPOOL_H
#define TCPTOP_CAPTURE_SPOOL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct err;
struct spool;

/* Takes over the file descriptor. NULL is fine to free; a spool with a stream is freed by closing that. */
struct spool *spool_new(int fd);
void spool_free(struct spool *s);
/* The stream that libpcap reads. Closing it frees the spool. NULL and err when the system cannot. */
FILE *spool_stream(struct spool *s, struct err *err);

/* Takes in what is there by now, without waiting. */
void spool_fill(struct spool *s);
/*
 * Whether the file's header can be read without waiting, and how many packets can, at most `most`. libpcap must then
 * be asked for exactly those. Also said at the end and where bytes make no sense: then it is libpcap's to say so.
 */
bool spool_has_header(struct spool *s);
size_t spool_packets(struct spool *s, size_t most);

/* Readable when spool_fill() would find more. */
int spool_fd(const struct spool *s);
/* Octets that libpcap has read. */
uint64_t spool_taken(const struct spool *s);

#endif
