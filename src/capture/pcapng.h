/*
 * The blocks of a pcapng file, as bytes: sections in either byte order, interfaces with link types,
 * resolutions and offsets of their own, and packets in all three kinds of blocks. Nothing is kept
 * of what was read but the interfaces.
 */
#ifndef TCPTOP_CAPTURE_PCAPNG_H
#define TCPTOP_CAPTURE_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct err;
struct face;

#define PCAPNG_MAGIC 0x0a0d0d0a /* the first four octets, in both byte orders */
#define PCAPNG_BLOCK_MOST ((size_t)16 * 1024 * 1024)
#define PCAPNG_INTERFACES_MOST 65536 /* of one section */
#define PCAPNG_FRAME 12		     /* octets of every block: type, length, and the length again at the end */
#define PCAPNG_PACKET_BLOCK 6
#define PCAPNG_PLAIN_MOST 262144 /* octets of a plain block */

struct pcapng_interface {
	uint16_t link;	  /* LINKTYPE_ number */
	uint32_t snaplen; /* 0: no limit */
	uint64_t units;	  /* time stamps count this many a second */
	int64_t offset;	  /* seconds to be added to them */
	/*
	 * Of plain blocks: a stamp that is less than `span` behind `least` is `first` and `unit` ns
	 * for each one.
	 */
	uint64_t least, span;
	int64_t first, unit;
	struct face *face; /* how its packets are decoded: the reader's */
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
 * The block at `block`, of which `left` octets are there; *size is how many it has, of PACKET and
 * OTHER. *p is set for PACKET only. A packet without a time of its own has that of the one before.
 */
enum pcapng_step pcapng_block(struct pcapng *ng, const uint8_t *block, size_t left, size_t *size,
	struct pcapng_packet *p, struct err *err);

/* A packet out of a plain block. */
struct pcapng_plain {
	const struct pcapng_interface *interface;
	uint32_t captured, wire;
	uint32_t size; /* of the block */
	int64_t ts;    /* ns since the epoch, a second of at most INT32_MAX */
	const uint8_t *data;
};

static inline uint32_t pcapng_own32(const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

/* False: it is not plain. Without a look at what it has. */
static inline bool pcapng_may_be_plain(const uint8_t *block, size_t left)
{
	return left >= PCAPNG_FRAME + 20 && pcapng_own32(block) == PCAPNG_PACKET_BLOCK;
}

/*
 * The short way for what nearly all blocks are: packets with a time, in our own byte order, of
 * interfaces whose units are whole ns. False: pcapng_block() tells what it is. What is taken so is
 * what that would say of it, and is taken out by pcapng_passed(); several at once, if nothing lies
 * between them.
 */
static inline bool pcapng_plain(const struct pcapng *ng, const uint8_t *block, size_t left,
	struct pcapng_plain *p)
{
	const uint32_t least = PCAPNG_FRAME + 20;
	const struct pcapng_interface *in;
	uint32_t size, captured, interface;
	uint64_t stamp;

	if (!pcapng_may_be_plain(block, left))
		return false;
	size = pcapng_own32(block + 4);
	interface = pcapng_own32(block + 8);
	captured = pcapng_own32(block + 20);
	if (size > left || size - least > PCAPNG_PLAIN_MOST - least || size % 4 != 0 ||
		captured > size - least || pcapng_own32(block + size - 4) != size ||
		interface >= ng->interfaces)
		return false;
	in = &ng->interface[interface];
	stamp = ((uint64_t)pcapng_own32(block + 12) << 32 | pcapng_own32(block + 16)) - in->least;
	if (stamp >= in->span)
		return false;
	p->interface = in;
	p->captured = captured;
	p->wire = pcapng_own32(block + 24);
	p->size = size;
	p->ts = in->first + (int64_t)stamp * in->unit;
	p->data = block + 28;
	return true;
}

/* Plain blocks of so many octets were taken out; the last packet was at `ts`. */
void pcapng_passed(struct pcapng *ng, size_t octets, int64_t ts);

#endif
