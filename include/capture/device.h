/* Network devices: which there are, which one to take when none is named, what to tell who may not use one. */
#ifndef TCPTOP_CAPTURE_DEVICE_H
#define TCPTOP_CAPTURE_DEVICE_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct str;

struct device {
	char *name;
	char *gist;	 /* libpcap's description, "" when it has none */
	char *addresses; /* "10.0.0.5 fe80::1", "" when it has none */
	bool up, loopback, wireless;
};

/* All devices that can be captured from; *list of *n is the caller's to device_list_free(). */
bool device_list(struct device **list, size_t *n, struct err *err);
void device_list_free(struct device *list, size_t n);

/* The device of the default route, else the first that is up and no loopback. Adds its name to `out`. */
bool device_default(struct str *out, struct err *err);

/* The device of the default route in the text of /proc/net/route, /proc/net/ipv6_route; NULL or malloc'd. */
char *device_of_route(const char *text);
char *device_of_route6(const char *text);

/*
 * More lines for the user after source_open_live() failed with `err`, each ending in a newline: how
 * to get the permission (with the user's own command line), which devices exist. Adds nothing where
 * there is nothing to add.
 */
void device_advice(const struct err *err, int argc, char *const argv[], struct str *out);

#endif
