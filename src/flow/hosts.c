/*
 * Entries are found by keyed hash but kept or refused by order of arrival alone, so that the same
 * packets give the same answers whatever the key.
 */
#include "config.h"

#include "flow/hosts.h"

#include <string.h>

#include "util/hash.h"
#include "util/mem.h"

#define SLOTS (HOSTS_MAX * 2)

/*
 * Known by 48 bits of the keyed hash of its address: that two hosts in a full table are taken for one
 * happens to one table in a hundred thousand. What is gained: the whole table stays in the cache.
 */
struct host {
	uint16_t tag_high;
	uint16_t distance : 8, count : 2, varies : 1; /* count 0: empty; saturates at 2 */
	uint32_t tag;
};

_Static_assert(sizeof(struct host) == 8, "eight to a cache line");

struct hosts {
	struct host *host; /* open addressing, [SLOTS] */
	uint32_t n;
	uint32_t service[65536];
};

struct hosts *hosts_new(void)
{
	struct hosts *h = mem_table(1, sizeof(*h));

	if (!h)
		return NULL;
	h->host = mem_table(SLOTS, sizeof(h->host[0]));
	if (!h->host) {
		hosts_free(h);
		return NULL;
	}
	return h;
}

void hosts_free(struct hosts *h)
{
	if (!h)
		return;
	mem_table_free(h->host, SLOTS, sizeof(h->host[0]));
	mem_table_free(h, 1, sizeof(*h));
}

int hop_distance(uint8_t ttl)
{
	if (ttl <= 32)
		return 32 - ttl;
	if (ttl <= 64)
		return 64 - ttl;
	if (ttl <= 128)
		return 128 - ttl;
	return 255 - ttl;
}

static uint64_t hash_of(const struct addr *a)
{
	uint64_t w[2];

	memcpy(w, a->b, sizeof(w));
	return hash_two(w[0], w[1]);
}

static struct host *host_at(const struct hosts *h, uint64_t hash)
{
	uint32_t tag = (uint32_t)(hash >> 32), i = (uint32_t)hash % SLOTS;
	uint16_t high = (uint16_t)(hash >> 16);

	for (;; i = (i + 1) % SLOTS) {
		struct host *host = &h->host[i];

		if (!host->count || (host->tag == tag && host->tag_high == high))
			return host;
	}
}

const void *hosts_place(const struct hosts *h, const struct addr *a)
{
	return &h->host[(uint32_t)hash_of(a) % SLOTS];
}

bool hosts_see_ttl(struct hosts *h, const struct addr *a, uint8_t ttl)
{
	uint64_t hash = hash_of(a);
	struct host *host = host_at(h, hash);
	uint8_t distance = (uint8_t)hop_distance(ttl);

	if (!host->count) {
		if (h->n >= HOSTS_MAX)
			return true;
		h->n++;
		*host = (struct host){(uint16_t)(hash >> 16), distance, 1, 0, (uint32_t)(hash >> 32)};
		return false;
	}
	if (host->distance != distance)
		host->varies = 1;
	host->count = 2;
	return true;
}

int hosts_distance(const struct hosts *h, const struct addr *a)
{
	const struct host *host = host_at(h, hash_of(a));

	return host->count >= 2 && !host->varies ? host->distance : -1;
}

void hosts_see_service(struct hosts *h, uint16_t port)
{
	h->service[port]++;
}

uint32_t hosts_service_hits(const struct hosts *h, uint16_t port)
{
	return h->service[port];
}
