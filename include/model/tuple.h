/* Two endpoints of a TCP connection. */
#ifndef TCPTOP_MODEL_TUPLE_H
#define TCPTOP_MODEL_TUPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* An address in network order; IPv4 is kept as ::ffff:a.b.c.d, so that one compare fits all. */
struct addr {
	uint8_t b[16];
};

/* [0] is the sender (in a packet) or the client (in a connection). Ports in host order. */
struct tuple {
	struct addr addr[2];
	uint16_t port[2];
};

/* The same seen from the other end. */
static inline struct tuple tuple_reversed(const struct tuple *t)
{
	return (struct tuple){{t->addr[1], t->addr[0]}, {t->port[1], t->port[0]}};
}

#define ADDR_TEXT 46 /* room for any address as text, with its NUL */

/* Inline, as it is in the way of every packet. */
static inline bool addr_is_v4(const struct addr *a)
{
	return !memcmp(a->b, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
}

static inline struct addr addr_of_v4(const uint8_t b[4])
{
	struct addr a = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}};

	memcpy(a.b + 12, b, 4);
	return a;
}

struct addr addr_from_v4(const uint8_t b[4]);
bool addr_equal(const struct addr *a, const struct addr *b);

/* Order of the interface: IPv4 first, then numerically. <0, 0, >0. */
int addr_compare(const struct addr *a, const struct addr *b);

/* Plain text; IPv6 compressed as RFC 5952 wants it. Writes at most ADDR_TEXT bytes; returns buf. */
char *addr_text(const struct addr *a, char buf[ADDR_TEXT]);

/* IPv4 or IPv6 text to an address. False when it is neither. */
bool addr_parse(const char *text, struct addr *out);

/* Whether the first `bits` bits agree; for an IPv4 network bits counts from its own 32 bits + 96. */
bool addr_in_net(const struct addr *a, const struct addr *net, unsigned bits);

#endif
