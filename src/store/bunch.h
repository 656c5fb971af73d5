/* Facts in a sliding window, bunched by what they have in common: a service, a client, a host. */
#ifndef TCPTOP_STORE_BUNCH_H
#define TCPTOP_STORE_BUNCH_H

#include <stddef.h>
#include <stdint.h>

#include "store/facts.h"

enum common { /* what a bunch has in common */
	COMMON_SERVICE,
	COMMON_HOST,   /* server address */
	COMMON_CLIENT,
	COMMON_ALL,
	COMMON_SILENT_NET, /* network of the hosts that fell silent: /24 or /64 */
	COMMON_SILENT, /* all that fell silent */
	COMMON_PAIR,   /* client and service, of ports used again */
	COMMON_STANDING, /* client and service, of ports asked for while they are in use */
	COMMON_ICMP,   /* sender, type and code */
	COMMON_DISTANCE /* hop distance of resets from the path */
};

struct subject { /* compared octet by octet: it has no holes */
	struct addr a, b;
	uint16_t port;
	uint8_t common, x, y, zero; /* zero: where the compiler would leave a hole */
};

_Static_assert(sizeof(struct subject) == 38, "no holes");

struct bunch {
	struct subject who;
	uint32_t head, tail; /* links, in order of time; 1 + index, 0 = none */
	uint32_t n, accepted, failed, established, delivered, gaps, one_way, answered, server_first, taken_late, waiting;
	uint32_t by[ENDING_COUNT];
};

struct link {
	uint32_t fact, next, bunch;
};

struct lens { /* one window */
	const struct fact *fact; /* borrowed */
	struct bunch *bunch;
	size_t bunches, bunch_room;
	struct link *link;
	size_t links, link_room;
	struct entry { /* hash -> 1 + bunch */
		uint32_t bunch, hash;
	} *index;
	size_t index_room;
};

void lens_fini(struct lens *l);
void lens_begin(struct lens *l, const struct fact *fact);
#define LENS_MANY 16
/*
 * Facts come and go in order of time; at most LENS_MANY come at a time. `longer`: bunch as the long window wants it, else
 * as the short one. *handle[n]: for lens_remove.
 */
void lens_add(struct lens *l, const uint32_t *fact, size_t n, bool longer, uint32_t *const *handle);
void lens_remove(struct lens *l, uint32_t fact, uint32_t handle);
/* The bunch of that subject, or NULL. */
const struct bunch *lens_find(const struct lens *l, const struct subject *who);

/* The host that fell silent. */
const struct addr *silent_host(const struct fact *f);
bool is_silent(enum ending e);
/* Setup failures: refused to not_accepted, and cancelled. */
bool is_failure(enum ending e);
struct addr network_of(const struct addr *a); /* its /24 or /64 */

#endif
