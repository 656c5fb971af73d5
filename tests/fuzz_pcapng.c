/*
 * Any octets as a pcapng file, by way of the blocks. What is found lies within its block, times are times, the same
 * octets in smaller portions give the same packets, and what is plain is what the long way says of it.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "capture/pcapng.h"
#include "util/clock.h"
#include "util/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of all octets, so that each of them is looked at. */
static uint64_t check_packet(const struct pcapng *ng, const struct pcapng_packet *p, const uint8_t *block,
	size_t size)
{
	uint64_t sum = (uint64_t)p->sec * 31 + p->ns + p->interface + p->wire;

	assert(p->interface < ng->interfaces && p->ns < 1000000000);
	assert(p->data >= block + 12 && p->captured <= (size_t)(block + size - p->data));
	for (uint32_t i = 0; i < p->captured; i++)
		sum = sum * 31 + p->data[i];
	return sum;
}

/* One step; a block that is plain comes to the same the short way. */
static enum pcapng_step read_block(struct pcapng *ng, const uint8_t *block, size_t left, size_t *length,
	struct pcapng_packet *p, struct err *err)
{
	struct pcapng before = *ng;
	struct pcapng_plain plain;
	bool is_plain = pcapng_plain(ng, block, left, &plain);
	enum pcapng_step step = pcapng_block(ng, block, left, length, p, err);

	if (!is_plain)
		return step;
	assert(step == PCAPNG_PACKET && plain.size == *length);
	assert(plain.interface == &ng->interface[p->interface]);
	assert(p->sec >= 0 && p->sec <= INT32_MAX && plain.ts == p->sec * NS_PER_SEC + p->ns);
	assert(plain.data == p->data && plain.captured == p->captured && plain.wire == p->wire);
	pcapng_passed(&before, plain.size, plain.ts);
	assert(before.at == ng->at && before.sec == ng->sec && before.ns == ng->ns);
	return step;
}

/* A sum over all packets; `portion` octets more are shown when a block is not all there. */
static uint64_t read_all(const uint8_t *data, size_t size, size_t portion)
{
	size_t at = 0, there = 0, length;
	uint64_t sum = 0;
	struct pcapng ng = { 0 };
	struct pcapng_packet p;
	struct err err = ERR_INIT;
	enum pcapng_step step;

	do {
		step = read_block(&ng, data + at, there - at, &length, &p, &err);
		if (step == PCAPNG_SHORT) {
			if (there == size)
				break;
			there = size - there < portion ? size : there + portion;
			continue;
		}
		if (step == PCAPNG_DAMAGED)
			break;
		assert(length >= 12 && length <= there - at);
		if (step == PCAPNG_PACKET)
			sum = sum * 31 + 1 + check_packet(&ng, &p, data + at, length);
		at += length;
		assert(ng.at == at);
	} while (step != PCAPNG_DAMAGED);
	assert(step != PCAPNG_DAMAGED || err.text[0]);
	pcapng_fini(&ng);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t sum = read_all(data, size, size ? size : 1);

	assert(read_all(data, size, 5) == sum);
	return 0;
}
