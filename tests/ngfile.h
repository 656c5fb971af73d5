/* pcapng files in the making, block by block, in either byte order: a test owes nothing to who reads them. */
#ifndef TCPTOP_TESTS_NGFILE_H
#define TCPTOP_TESTS_NGFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "util/str.h"

struct ngfile {
	struct str bytes;
	bool big_endian;
	size_t block; /* where the last one begins */
};

static inline void ng_number(struct ngfile *f, unsigned octets, uint64_t v)
{
	for (unsigned i = 0; i < octets; i++) {
		char c = (char)(v >> 8 * (f->big_endian ? octets - 1 - i : i));

		str_add_n(&f->bytes, &c, 1);
	}
}

static inline void ng_begin(struct ngfile *f, uint32_t type)
{
	f->block = f->bytes.len;
	ng_number(f, 4, type);
	ng_number(f, 4, 0);
}

static inline void ng_end(struct ngfile *f)
{
	struct ngfile length = {.big_endian = f->big_endian};

	ng_number(&length, 4, f->bytes.len - f->block + 4);
	memcpy(f->bytes.s + f->block + 4, length.bytes.s, 4);
	str_add_n(&f->bytes, length.bytes.s, 4);
	str_free(&length.bytes);
}

static inline void ng_section(struct ngfile *f)
{
	ng_begin(f, 0x0a0d0d0a);
	ng_number(f, 4, 0x1a2b3c4d);
	ng_number(f, 2, 1);
	ng_number(f, 2, 0);
	ng_number(f, 8, UINT64_MAX);
	ng_end(f);
}

/* resolution -1: without; offset 0: without. */
static inline void ng_interface(struct ngfile *f, unsigned link, uint32_t snaplen, int resolution, int64_t offset)
{
	ng_begin(f, 1);
	ng_number(f, 2, link);
	ng_number(f, 2, 0);
	ng_number(f, 4, snaplen);
	ng_number(f, 2, 2); /* if_name */
	ng_number(f, 2, 3);
	ng_number(f, 4, 0);
	if (resolution >= 0) {
		ng_number(f, 2, 9);
		ng_number(f, 2, 1);
		str_add_n(&f->bytes, (char[]){(char)resolution, 0, 0, 0}, 4);
	}
	if (offset) {
		ng_number(f, 2, 14);
		ng_number(f, 2, 8);
		ng_number(f, 8, (uint64_t)offset);
	}
	ng_end(f);
}

/* `data` NULL: octets that count up. */
static inline void ng_data(struct ngfile *f, const uint8_t *data, uint32_t size)
{
	for (uint32_t i = 0; i < (size + 3) / 4 * 4; i++)
		ng_number(f, 1, i >= size ? 0 : data ? data[i] : i);
}

/* An enhanced packet block up to its data; options may follow, then ng_end(). */
static inline void ng_packet_begin(struct ngfile *f, uint32_t interface, uint64_t stamp, const uint8_t *data,
	uint32_t captured, uint32_t wire)
{
	ng_begin(f, 6);
	ng_number(f, 4, interface);
	ng_number(f, 4, stamp >> 32);
	ng_number(f, 4, stamp & UINT32_MAX);
	ng_number(f, 4, captured);
	ng_number(f, 4, wire);
	ng_data(f, data, captured);
}

static inline void ng_packet(struct ngfile *f, uint32_t interface, uint64_t stamp, uint32_t captured, uint32_t wire)
{
	ng_packet_begin(f, interface, stamp, NULL, captured, wire);
	ng_end(f);
}

static inline void ng_old_packet(struct ngfile *f, uint16_t interface, uint64_t stamp, const uint8_t *data,
	uint32_t captured, uint32_t wire)
{
	ng_begin(f, 2);
	ng_number(f, 2, interface);
	ng_number(f, 2, 77); /* packets lost */
	ng_number(f, 4, stamp >> 32);
	ng_number(f, 4, stamp & UINT32_MAX);
	ng_number(f, 4, captured);
	ng_number(f, 4, wire);
	ng_data(f, data, captured);
	ng_end(f);
}

static inline void ng_simple_packet(struct ngfile *f, const uint8_t *data, uint32_t captured, uint32_t wire)
{
	ng_begin(f, 3);
	ng_number(f, 4, wire);
	ng_data(f, data, captured);
	ng_end(f);
}

/* A block of a type that nobody knows. */
static inline void ng_other(struct ngfile *f, uint32_t size)
{
	ng_begin(f, 0x0bad);
	ng_data(f, NULL, size);
	ng_end(f);
}

#endif
