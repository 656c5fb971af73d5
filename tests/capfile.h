/* Capture files written byte by byte, so that a test owes nothing to the library that reads them. */
#ifndef TCPTOP_TESTS_CAPFILE_H
#define TCPTOP_TESTS_CAPFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "util/str.h"

#define CAPFILE_RAW 101	    /* LINKTYPE_RAW: frames begin with the IP header */
#define CAPFILE_ETHERNET 1
#define CAPFILE_SYN 40	    /* octets of the frame of capfile_syn() without link header */

struct capfile {
	struct str bytes;
	bool big_endian, nanoseconds, ng;
	uint16_t link;
	uint32_t interface; /* of what comes next, in pcapng */
};

/* The file header; pcapng has one interface with microseconds or nanoseconds. */
static inline void capfile_begin(struct capfile *f);
/* One more interface of a pcapng file, of which packets are from now on. */
static inline void capfile_interface(struct capfile *f, uint16_t link);
/* One packet at `ns`: a SYN from 10.0.0.1:40000 to 10.0.0.5:`port` with sequence number `seq`. */
static inline void capfile_syn(struct capfile *f, int64_t ns, uint16_t port, uint32_t seq);
/* A packet of any octets. */
static inline void capfile_packet(struct capfile *f, int64_t ns, const void *data, uint32_t size);
static inline void capfile_write(const struct capfile *f, const char *path);

#include <assert.h>
#include <stdio.h>
#include <string.h>

static inline void capfile_16(struct capfile *f, uint16_t v)
{
	uint8_t b[2] = { (uint8_t)(v >> 8), (uint8_t)v };
	uint8_t l[2] = { b[1], b[0] };

	str_add_n(&f->bytes, (const char *)(f->big_endian ? b : l), 2);
}

static inline void capfile_32(struct capfile *f, uint32_t v)
{
	capfile_16(f, (uint16_t)(f->big_endian ? v >> 16 : v));
	capfile_16(f, (uint16_t)(f->big_endian ? v : v >> 16));
}

static inline void capfile_describe(struct capfile *f)
{
	capfile_32(f, 1); /* interface description, with if_tsresol */
	capfile_32(f, 32);
	capfile_16(f, f->link);
	capfile_16(f, 0);
	capfile_32(f, 262144);
	capfile_16(f, 9);
	capfile_16(f, 1);
	str_add_n(&f->bytes, f->nanoseconds ? "\x09\0\0\0" : "\x06\0\0\0", 4);
	capfile_32(f, 0);
	capfile_32(f, 32);
}

static inline void capfile_interface(struct capfile *f, uint16_t link)
{
	f->link = link;
	f->interface++;
	capfile_describe(f);
}

static inline void capfile_begin(struct capfile *f)
{
	if (!f->ng) {
		capfile_32(f, f->nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4);
		capfile_16(f, 2);
		capfile_16(f, 4);
		capfile_32(f, 0);
		capfile_32(f, 0);
		capfile_32(f, 262144);
		capfile_32(f, f->link);
		return;
	}
	capfile_32(f, 0x0a0d0d0a); /* section header */
	capfile_32(f, 28);
	capfile_32(f, 0x1a2b3c4d);
	capfile_16(f, 1);
	capfile_16(f, 0);
	capfile_32(f, 0xffffffff);
	capfile_32(f, 0xffffffff);
	capfile_32(f, 28);
	f->interface = 0;
	capfile_describe(f);
}

static inline void capfile_packet(struct capfile *f, int64_t ns, const void *data, uint32_t size)
{
	uint64_t stamp = (uint64_t)(f->nanoseconds ? ns : ns / 1000);
	uint64_t second = f->nanoseconds ? 1000000000 : 1000000;
	uint32_t pad = -size & 3;

	if (!f->ng) {
		capfile_32(f, (uint32_t)(stamp / second));
		capfile_32(f, (uint32_t)(stamp % second));
		capfile_32(f, size);
		capfile_32(f, size);
		str_add_n(&f->bytes, data, size);
		return;
	}
	capfile_32(f, 6); /* enhanced packet */
	capfile_32(f, 32 + size + pad);
	capfile_32(f, f->interface);
	capfile_32(f, (uint32_t)(stamp >> 32));
	capfile_32(f, (uint32_t)stamp);
	capfile_32(f, size);
	capfile_32(f, size);
	str_add_n(&f->bytes, data, size);
	str_add_n(&f->bytes, "\0\0\0", pad);
	capfile_32(f, 32 + size + pad);
}

static inline void capfile_syn(struct capfile *f, int64_t ns, uint16_t port, uint32_t seq)
{
	uint8_t frame[14 + CAPFILE_SYN] = { [12] = 0x08 }, *ip = frame + 14, *tcp = ip + 20;

	memcpy(ip, "\x45\0\0\x28\0\1\0\0\x40\6\0\0\x0a\0\0\1\x0a\0\0\5", 20);
	memcpy(tcp, "\x9c\x40\0\0\0\0\0\0\0\0\0\0\x50\x02\x20\0\0\0\0\0", 20);
	tcp[2] = (uint8_t)(port >> 8);
	tcp[3] = (uint8_t)port;
	for (int i = 0; i < 4; i++)
		tcp[4 + i] = (uint8_t)(seq >> (24 - 8 * i));
	if (f->link == CAPFILE_ETHERNET)
		capfile_packet(f, ns, frame, sizeof(frame));
	else
		capfile_packet(f, ns, ip, CAPFILE_SYN);
}

static inline void capfile_write(const struct capfile *f, const char *path)
{
	FILE *out = fopen(path, "wb");
	bool ok = out && (f->bytes.len == 0 || fwrite(f->bytes.s, f->bytes.len, 1, out) == 1);

	ok = out && fclose(out) == 0 && ok;
	assert(ok);
	(void)ok;
}

#endif
