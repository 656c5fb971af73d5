/*
 * Any octets as a capture file: packets that go the short way come to what they come to the long way. Input: an octet that
 * says how much is read at once and asked for; then the file.
 */
#include "config.h"

#include <stddef.h>
#include <stdint.h>

#include "both_ways.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct both_ways got;
	size_t portion, room;

	if (size == 0)
		return 0;
	portion = (size_t)1 << (data[0] & 15);
	room = 1 + (data[0] >> 4) * 4u;
	size = size - 1 < BOTH_WAYS_SIZE ? size - 1 : BOTH_WAYS_SIZE;
	both_ways(data + 1, size, portion, room, &got);
	return 0;
}
