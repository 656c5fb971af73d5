/*
 * What was read so far of a pipe or file that carries packets, so that reading them never blocks
 * and copies little.
 */
#ifndef TCPTOP_CAPTURE_SPOOL_H
#define TCPTOP_CAPTURE_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct err;
struct handle;
struct spool;

#define SPOOL_HEAD 6

/*
 * Takes over the file descriptor; reads `size` octets at once (0: what suits a pipe). NULL is fine
 * to free; a spool with a stream is freed by closing that.
 */
struct spool *spool_new(int fd, size_t size);
/* A file, from its start; the handle is borrowed. */
struct spool *spool_new_file(struct handle *handle, size_t size);
void spool_free(struct spool *s);
/* The stream that libpcap reads. Closing it frees the spool. NULL and err when the system cannot. */
FILE *spool_stream(struct spool *s, struct err *err);

/*
 * Takes in what is there by now, without waiting. False when there was nothing, or no room for a
 * packet so long.
 */
bool spool_fill(struct spool *s);
/*
 * Whether the file's header can be read without waiting, and how many packets can, at most `most`.
 * libpcap must then be asked for exactly those. Also said at the end and where bytes make no sense:
 * then it is libpcap's to say so.
 */
bool spool_has_header(struct spool *s);
size_t spool_packets(struct spool *s, size_t most);

/*
 * What tells the packets of a plain file (pcap 2.4 in our own byte order): what the fraction of
 * their time counts, in ns. 0: it is none, or not known yet. Of a plain file packets may be taken
 * out past libpcap: spool_look() says where the octets lie that wait, and how many; they stay there
 * until more is taken in. spool_skip() takes the first n out.
 */
int spool_plain_ns(const struct spool *s);
size_t spool_look(const struct spool *s, const uint8_t **at);
void spool_skip(struct spool *s, size_t n);

/* A pcapng file: all of it is to be taken out so, and neither header nor packets are to be asked for. */
bool spool_is_pcapng(const struct spool *s);
/* Nothing more will be taken in; for what error, an errno, 0: the end. */
bool spool_is_over(const struct spool *s);
int spool_error(const struct spool *s);

/* The first SPOOL_HEAD octets of what was read, zeros where there were none. */
const uint8_t *spool_head(const struct spool *s);
/* Readable when spool_fill() would find more; -1: it always would. */
int spool_fd(const struct spool *s);
/* Octets that were read by libpcap or taken out. */
uint64_t spool_taken(const struct spool *s);

#endif
