/* Facts in a sliding window, bunched by what they have in common: a service, a client, a host. */
#ifndef TCPTOP_STORE_BUNCH_H
#define TCPTOP_STORE_BUNCH_H

#include <stddef.h>
#include <stdint.h>

#include "store/facts.h"
#include "store/timeline.h"

enum common { /* what a bunch has in common */
	COMMON_SERVICE,
	COMMON_HOST,   /* server address; of its facts, those that are closes */
	COMMON_CLIENT, /* of its facts, failures and probes */
	COMMON_ALL,    /* of all facts, those with gaps or of one direction */
	COMMON_SILENT_NET, /* network of the hosts that fell silent: /24 or /64 */
	COMMON_SILENT, /* all that fell silent */
	COMMON_PAIR,   /* client and service, of ports used again */
	COMMON_STANDING, /* client and service, of ports asked for while they are in use */
	COMMON_ICMP,   /* sender, type and code */
	COMMON_DISTANCE, /* hop distance of resets from the path */
	COMMONS
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
	uint32_t host;	     /* of a service: number of its host's bunch */
	uint32_t n;	     /* facts linked */
	/*
	 * Of all facts, linked or not: accepted and answered of services and hosts, established of
	 * services, ended of all.
	 */
	uint32_t accepted, established, answered, ended;
	uint32_t failed, delivered, gaps, one_way, closes, taken_late, waiting;
	uint32_t by[ENDING_COUNT];
};

struct client { /* there are many: what a bunch of theirs is made from */
	uint64_t hash;
	uint32_t head, tail;
	uint32_t vain, half_open; /* facts: failures and probes; half-open ones */
	uint32_t accepted;	  /* counted when it matters: lens_count_served */
};

struct link {
	uint32_t fact, next;
	uint32_t bunch; /* or a client: its number and LINK_CLIENT */
};
#define LINK_CLIENT (UINT32_C(1) << 31)

struct entry { /* hash -> 1 + number */
	uint32_t number, hash;
};

struct numbers {
	struct entry *entry;
	size_t room;
};

struct lens { /* one window */
	const struct facts *facts; /* borrowed */
	struct bunch *bunch;
	size_t bunches, bunch_room;
	struct client *client;
	size_t clients, client_room;
	struct link *link;
	size_t links, link_room, gone; /* gone: of the links, those whose facts went */
	struct numbers bunch_by, client_by;
};

void lens_fini(struct lens *l);
void lens_begin(struct lens *l, const struct facts *facts);
/* Octets. */
size_t lens_taken(const struct lens *l);
#define LENS_MANY 16
/*
 * Facts come in order of time, at most LENS_MANY at a time, and go in the order in which they came.
 * `longer`: bunch as the long window wants it, else as the short one.
 */
void lens_add(struct lens *l, const uint32_t *fact, size_t n, bool longer);
void lens_remove(struct lens *l, uint32_t fact);
/*
 * What is counted in a step comes, or goes: its cells from..to - 1, and with the first one what
 * belongs to none.
 */
void lens_count(struct lens *l, const struct step *s, uint32_t from, uint32_t to, bool back);
/* Counts who was served among the clients with at least `vain` failures. Returns how many it looked at. */
int64_t lens_count_served(struct lens *l, struct step *const *step, size_t n, uint32_t vain);
/* The bunch of that subject, or NULL. */
const struct bunch *lens_find(const struct lens *l, const struct subject *who);
/* By hash of the address; NULL: nothing of it failed. */
const struct client *lens_client(const struct lens *l, uint64_t hash);

/* The host that fell silent. */
const struct addr *silent_host(const struct fact *f);
bool is_silent(enum ending e);
struct addr network_of(const struct addr *a); /* its /24 or /64 */

#endif
