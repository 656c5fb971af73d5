/*
 * The blocks of a pcapng file, as bytes: sections in either byte order, interfaces with link types, resolutions and
 * offsets of their own, and packets in all three kinds of blocks. Nothing is kept of what was read but the interfaces.
 */
#ifndef TCPTOP_CAPTURE_PCAPNG_H
#define TCPTOP_CAPTURE_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

#define PCAPNG_MAGIC 0x0a0d0d0a /* the first four octets, in both byte orders */
#define PCAPNG_BLOCK_MOST ((size_t)16 * 1024 * 1024)
#define PCAPNG_INTERFACES_MOST 65536 /* of one section */

struct pcapng_interface {
	uint16_t link;	  /* LINKTYPE_ number */
	uint32_t snaplen; /* 0: no limit */
	uint64_t units;	  /* time stamps count this many a second */
	int64_t offset;	  /* seconds to be added to them */
};

struct pcapng {
	bool begun;   /* there was a section header */
	bool swapped; /* numbers are in the other byte order than ours */
	struct pcapng_interface *interface;
	uint32_t interfaces, room;
	uint64_t at; /* octets of all blocks so far */
	int64_t sec; /* time of the last packet */
	uint32_t ns;
};

enum pcapng_step {
	PCAPNG_PACKET,
	PCAPNG_OTHER,  /* a block that is no packet */
	PCAPNG_SHORT,  /* the block is not all there */
	PCAPNG_DAMAGED /* it contradicts itself; err says how, ng->at where */
};

struct pcapng_packet {
	uint32_t interface; /* less than ng->interfaces */
	int64_t sec;	    /* since the epoch; at the ends of what fits when it does not fit */
	uint32_t ns;
	uint32_t captured, wire;
	const uint8_t *data; /* within the block */
};

/* All zeros is a file that has not begun. Frees what it keeps. */
void pcapng_fini(struct pcapng *ng);

/*
 * The block at `block`, of which `left` octets are there; *size is how many it has, of PACKET and OTHER. *p is set for
 * PACKET only. A packet without a time of its own has that of the one before.
 */
enum pcapng_step pcapng_block(struct pcapng *ng, const uint8_t *block, size_t left, size_t *size,
	struct pcapng_packet *p, struct err *err);

#endif
