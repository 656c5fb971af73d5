/* What is known of hosts beyond one connection: their hop distance, and which ports are called. Bounded. */
#ifndef TCPTOP_FLOW_HOSTS_H
#define TCPTOP_FLOW_HOSTS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/tuple.h"

/* Addresses remembered; later ones are not (their TTL is then unknown, nothing worse). */
#define HOSTS_MAX 65536u

struct hosts;

struct hosts *hosts_new(void);
void hosts_free(struct hosts *h);

/* Routers passed: the next of 32, 64, 128, 255 above the TTL, minus the TTL. */
int hop_distance(uint8_t ttl);

/* Where the calls below will look for that address: for whoever reads ahead. */
const void *hosts_place(const struct hosts *h, const struct addr *a);
/* A packet other than RST came from this address. True: another one with this TTL would tell nothing new. */
bool hosts_see_ttl(struct hosts *h, const struct addr *a, uint8_t ttl);
/* Its hop distance when at least two packets agree and none disagrees; -1 otherwise. */
int hosts_distance(const struct hosts *h, const struct addr *a);

/* A SYN called this port. */
void hosts_see_service(struct hosts *h, uint16_t port);
uint32_t hosts_service_hits(const struct hosts *h, uint16_t port);

#endif
