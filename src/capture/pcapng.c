/*
 * draft-ietf-opsawg-pcapng. Every block says how long it is, first and last; nothing is believed
 * that does not lie within. What a block is for that is not known here is passed over, as the
 * format wants it.
 */
#include "config.h"

#include "capture/pcapng.h"

#include <string.h>

#include "util/clock.h"
#include "util/err.h"
#include "util/mem.h"

#define BLOCK_INTERFACE 1
#define BLOCK_PACKET_OLD 2
#define BLOCK_PACKET_SIMPLE 3
#define BLOCK_PACKET PCAPNG_PACKET_BLOCK

#define ORDER 0x1a2b3c4d
#define FRAME PCAPNG_FRAME
#define MICROSECONDS 1000000

#define OPTION_END 0
#define OPTION_RESOLUTION 9
#define OPTION_OFFSET 14

static inline uint16_t number16(const struct pcapng *ng, const uint8_t *at)
{
	uint16_t v;

	memcpy(&v, at, sizeof(v));
	return ng->swapped ? __builtin_bswap16(v) : v;
}

static inline uint32_t number32(const struct pcapng *ng, const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return ng->swapped ? __builtin_bswap32(v) : v;
}

/* For `return damaged(err_set(...))`. */
static enum pcapng_step damaged(bool no)
{
	(void)no;
	return PCAPNG_DAMAGED;
}

/* A new section begins: what the one before said of interfaces is over. `block` has 12 octets at least. */
static enum pcapng_step section_order(struct pcapng *ng, const uint8_t *block, struct err *err)
{
	uint32_t order;

	memcpy(&order, block + 8, sizeof(order));
	if (order != ORDER && order != __builtin_bswap32(ORDER))
		return damaged(err_set(err, "a section header with the byte order mark 0x%08x", order));
	ng->swapped = order != ORDER;
	return PCAPNG_OTHER;
}

static enum pcapng_step section_begins(struct pcapng *ng, const uint8_t *block, size_t size,
	struct err *err)
{
	unsigned major;

	if (size < FRAME + 16)
		return damaged(err_set(err, "a section header of %u octets", (unsigned)size));
	major = number16(ng, block + 12);
	if (major != 1)
		return damaged(err_set(err, "version %u of pcapng is not known", major));
	ng->begun = true;
	ng->interfaces = 0;
	return PCAPNG_OTHER;
}

static bool set_resolution(struct pcapng_interface *in, uint8_t resolution)
{
	unsigned power = resolution & 0x7f;

	if (resolution & 0x80) {
		in->units = UINT64_C(1) << (power & 63);
		return power < 64;
	}
	in->units = 1;
	for (unsigned i = 0; i < power && i < 20; i++)
		in->units *= 10;
	return power < 20;
}

static enum pcapng_step interface_options(const struct pcapng *ng, struct pcapng_interface *in,
	const uint8_t *at, size_t left, struct err *err)
{
	while (left >= 4) {
		unsigned code = number16(ng, at), size = number16(ng, at + 2), padded = (size + 3) & ~3u;
		uint64_t offset;

		if (code == OPTION_END)
			break;
		if (padded > left - 4)
			return damaged(err_set(err,
				"option %u of an interface is longer than its block", code));
		if (code == OPTION_RESOLUTION && (size != 1 || !set_resolution(in, at[4])))
			return damaged(err_set(err, "an interface with the time resolution 0x%02x",
				size ? at[4] : 0));
		if (code == OPTION_OFFSET && size == 8) {
			memcpy(&offset, at + 4, sizeof(offset));
			in->offset = (int64_t)(ng->swapped ? __builtin_bswap64(offset) : offset);
		}
		at += 4 + padded;
		left -= 4 + padded;
	}
	return PCAPNG_OTHER;
}

/*
 * Of times that are within what a pcap file can say; all others, and what is in the other byte
 * order, are not plain.
 */
static void plan_plain(const struct pcapng *ng, struct pcapng_interface *in)
{
	const int64_t seconds = INT64_C(1) + INT32_MAX;
	uint64_t units = in->units;

	if (ng->swapped || (uint64_t)NS_PER_SEC % units != 0 || in->offset >= seconds || in->offset <= -seconds)
		return;
	in->unit = NS_PER_SEC / (int64_t)units;
	if (in->offset < 0) {
		in->least = (uint64_t)-in->offset * units;
		in->span = (uint64_t)seconds * units;
	} else {
		in->first = in->offset * NS_PER_SEC;
		in->span = (uint64_t)(seconds - in->offset) * units;
	}
}

static enum pcapng_step interface_begins(struct pcapng *ng, const uint8_t *block, size_t size,
	struct err *err)
{
	struct pcapng_interface in = { .units = MICROSECONDS };
	enum pcapng_step step;

	if (size < FRAME + 8)
		return damaged(err_set(err, "an interface description of %u octets", (unsigned)size));
	if (ng->interfaces == PCAPNG_INTERFACES_MOST)
		return damaged(err_set(err, "more than %u interfaces", PCAPNG_INTERFACES_MOST));
	in.link = number16(ng, block + 8);
	in.snaplen = number32(ng, block + 12);
	step = interface_options(ng, &in, block + 16, size - FRAME - 8, err);
	if (step == PCAPNG_DAMAGED)
		return step;
	plan_plain(ng, &in);
	if (ng->interfaces == ng->room) {
		ng->room = ng->room ? 2 * ng->room : 4;
		ng->interface = mem_grow(ng->interface, ng->room, sizeof(*ng->interface));
	}
	ng->interface[ng->interfaces++] = in;
	return PCAPNG_OTHER;
}

/* Time stamps in units that are no power of ten, or an odd one. */
static uint32_t nanoseconds(uint64_t rest, uint64_t units)
{
	uint64_t ns = units <= UINT64_MAX / NS_PER_SEC ? rest * NS_PER_SEC / units
						       : rest / (units / NS_PER_SEC);

	return ns < NS_PER_SEC ? (uint32_t)ns : NS_PER_SEC - 1;
}

/* Nearly all files have one of two units: to divide by what is known takes a tenth of the time. */
static void set_time(struct pcapng *ng, const struct pcapng_interface *in, uint32_t high, uint32_t low)
{
	uint64_t stamp = (uint64_t)high << 32 | low, sec;

	if (in->units == MICROSECONDS) {
		sec = stamp / MICROSECONDS;
		ng->ns = (uint32_t)(stamp % MICROSECONDS) * (NS_PER_SEC / MICROSECONDS);
	} else if (in->units == NS_PER_SEC) {
		sec = stamp / NS_PER_SEC;
		ng->ns = (uint32_t)(stamp % NS_PER_SEC);
	} else {
		sec = stamp / in->units;
		ng->ns = nanoseconds(stamp % in->units, in->units);
	}
	ng->sec = sec > INT64_MAX ? INT64_MAX : (int64_t)sec;
	if (__builtin_add_overflow(ng->sec, in->offset, &ng->sec))
		ng->sec = in->offset < 0 ? INT64_MIN : INT64_MAX;
}

/* `head`: octets of what comes before the data, within the block. */
static enum pcapng_step packet(struct pcapng *ng, const uint8_t *block, size_t size, size_t head,
	struct pcapng_packet *p, struct err *err)
{
	p->data = block + 8 + head;
	p->sec = ng->sec;
	p->ns = ng->ns;
	if (p->captured > size - FRAME - head)
		return damaged(err_set(err, "a packet of %u octets is longer than its block", p->captured));
	return PCAPNG_PACKET;
}

static enum pcapng_step packet_simple(struct pcapng *ng, const uint8_t *block, size_t size,
	struct pcapng_packet *p, struct err *err)
{
	if (size < FRAME + 4)
		return damaged(err_set(err, "a packet block of %u octets", (unsigned)size));
	if (ng->interfaces == 0)
		return damaged(err_set(err, "a packet before any interface"));
	p->interface = 0;
	p->wire = p->captured = number32(ng, block + 8);
	if (ng->interface[0].snaplen > 0 && p->captured > ng->interface[0].snaplen)
		p->captured = ng->interface[0].snaplen;
	return packet(ng, block, size, 4, p, err);
}

/* The obsolete one has a count of lost packets in half of where the interface is now. */
static inline enum pcapng_step packet_timed(struct pcapng *ng, const uint8_t *block, size_t size, bool old,
	struct pcapng_packet *p, struct err *err)
{
	if (size < FRAME + 20)
		return damaged(err_set(err, "a packet block of %u octets", (unsigned)size));
	p->interface = old ? number16(ng, block + 8) : number32(ng, block + 8);
	if (p->interface >= ng->interfaces)
		return damaged(err_set(err, "a packet of interface %u, which is not described", p->interface));
	set_time(ng, &ng->interface[p->interface], number32(ng, block + 12), number32(ng, block + 16));
	p->captured = number32(ng, block + 20);
	p->wire = number32(ng, block + 24);
	return packet(ng, block, size, 20, p, err);
}

static enum pcapng_step block_of_type(struct pcapng *ng, uint32_t type, const uint8_t *block, size_t size,
	struct pcapng_packet *p, struct err *err)
{
	switch (type) {
	case BLOCK_PACKET:
		return packet_timed(ng, block, size, false, p, err);
	case BLOCK_PACKET_OLD:
		return packet_timed(ng, block, size, true, p, err);
	case BLOCK_PACKET_SIMPLE:
		return packet_simple(ng, block, size, p, err);
	case BLOCK_INTERFACE:
		return interface_begins(ng, block, size, err);
	case PCAPNG_MAGIC:
		return section_begins(ng, block, size, err);
	}
	return PCAPNG_OTHER;
}

enum pcapng_step pcapng_block(struct pcapng *ng, const uint8_t *block, size_t left, size_t *size,
	struct pcapng_packet *p, struct err *err)
{
	enum pcapng_step step;
	uint32_t type, length;

	if (left < FRAME)
		return PCAPNG_SHORT;
	type = number32(ng, block);
	if (type == PCAPNG_MAGIC && section_order(ng, block, err) == PCAPNG_DAMAGED)
		return PCAPNG_DAMAGED;
	if (type != PCAPNG_MAGIC && !ng->begun)
		return damaged(err_set(err, "a block of type 0x%08x before any section", type));
	length = number32(ng, block + 4);
	if (length < FRAME || length % 4 != 0 || length > PCAPNG_BLOCK_MOST)
		return damaged(err_set(err, "a block of %u octets", length));
	if (left < length)
		return PCAPNG_SHORT;
	if (number32(ng, block + length - 4) != length)
		return damaged(err_set(err, "a block that ends with another length than %u", length));
	step = block_of_type(ng, type, block, length, p, err);
	if (step == PCAPNG_DAMAGED)
		return step;
	*size = length;
	ng->at += length;
	return step;
}

void pcapng_passed(struct pcapng *ng, size_t octets, int64_t ts)
{
	ng->at += octets;
	ng->sec = ts / NS_PER_SEC;
	ng->ns = (uint32_t)(ts % NS_PER_SEC);
}

void pcapng_fini(struct pcapng *ng)
{
	mem_free(ng->interface);
}
