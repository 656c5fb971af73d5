/*
 * Entries are found by keyed hash but kept or refused by order of arrival alone, so that the same packets give the
 * same answers whatever the key.
 */
#include "config.h"

#include "flow/hosts.h"

#include <string.h>

#include "util/hash.h"
#include "util/mem.h"

#define SLOTS (HOSTS_MAX * 2)

struct host {
	struct addr addr;
	uint8_t distance, count; /* count 0: empty; saturates */
	bool varies;
};

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

static struct host *host_at(const struct hosts *h, const struct addr *a)
{
	uint64_t i = hash_bytes(a->b, sizeof(a->b));

	for (;; i++) {
		struct host *host = &h->host[i % SLOTS];

		if (!host->count || addr_equal(&host->addr, a))
			return host;
	}
}

void hosts_fetch(const struct hosts *h, const struct addr *a)
{
	__builtin_prefetch(&h->host[hash_bytes(a->b, sizeof(a->b)) % SLOTS], 1);
}

void hosts_see_ttl(struct hosts *h, const struct addr *a, uint8_t ttl)
{
	struct host *host = host_at(h, a);
	uint8_t distance = (uint8_t)hop_distance(ttl);

	if (!host->count) {
		if (h->n >= HOSTS_MAX)
			return;
		h->n++;
		*host = (struct host){.addr = *a, .distance = distance, .count = 1};
		return;
	}
	if (host->distance != distance)
		host->varies = true;
	if (host->count < UINT8_MAX)
		host->count++;
}

int hosts_distance(const struct hosts *h, const struct addr *a)
{
	const struct host *host = host_at(h, a);

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
