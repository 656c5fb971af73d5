/* The devices of this machine. Routes are read from /proc where there is one (Linux). */
#include "config.h"

#include "capture/device.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <pcap/pcap.h>

#include "util/err.h"
#include "util/mem.h"
#include "util/str.h"

#define ROUTE_UP 0x0001	    /* RTF_UP, RTF_REJECT of <net/route.h> */
#define ROUTE_REJECT 0x0200

static void add_address(struct str *out, const struct sockaddr *sa)
{
	char text[INET6_ADDRSTRLEN] = "";
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (!sa)
		return;
	if (sa->sa_family == AF_INET) {
		memcpy(&v4, sa, sizeof(v4));
		inet_ntop(AF_INET, &v4.sin_addr, text, sizeof(text));
	} else if (sa->sa_family == AF_INET6) {
		memcpy(&v6, sa, sizeof(v6));
		inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof(text));
	}
	if (*text)
		str_addf(out, "%s%s", out->len ? " " : "", text);
}

static void device_from(struct device *d, const pcap_if_t *from)
{
	struct str addresses = STR_INIT;

	str_clear(&addresses);
	for (const pcap_addr_t *a = from->addresses; a; a = a->next)
		add_address(&addresses, a->addr);
	d->name = mem_strdup(from->name);
	d->gist = mem_strdup(from->description ? from->description : "");
	d->addresses = addresses.s;
	d->up = from->flags & PCAP_IF_UP;
	d->loopback = from->flags & PCAP_IF_LOOPBACK;
	d->wireless = from->flags & PCAP_IF_WIRELESS;
}

bool device_list(struct device **list, size_t *n, struct err *err)
{
	char words[PCAP_ERRBUF_SIZE] = "";
	pcap_if_t *all = NULL;
	size_t i = 0;

	if (pcap_findalldevs(&all, words) != 0)
		return err_set(err, "cannot list the devices: %s", words);
	for (const pcap_if_t *d = all; d; d = d->next)
		i++;
	*list = mem_array(i, sizeof(**list));
	*n = i;
	i = 0;
	for (const pcap_if_t *d = all; d; d = d->next)
		device_from(&(*list)[i++], d);
	pcap_freealldevs(all);
	return true;
}

void device_list_free(struct device *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		mem_free(list[i].name);
		mem_free(list[i].gist);
		mem_free(list[i].addresses);
	}
	mem_free(list);
}

/* Where the next line of a text begins; NULL after the last. */
static const char *next_line(const char *text)
{
	const char *end = strchr(text, '\n');

	return end && end[1] ? end + 1 : NULL;
}

/* Keeps the name with the lowest metric. */
static void keep_better(char **best, unsigned long *best_metric, const char *name,
	unsigned long metric)
{
	if (*best && *best_metric <= metric)
		return;
	mem_free(*best);
	*best = mem_strdup(name);
	*best_metric = metric;
}

/* Columns: Iface Destination Gateway Flags RefCnt Use Metric Mask ...; all but Metric in hexadecimal. */
char *device_of_route(const char *text)
{
	unsigned long destination, flags, metric, mask, best_metric = 0;
	char name[64], *best = NULL;

	for (const char *line = text; line; line = next_line(line)) {
		if (sscanf(line, "%63s %lx %*x %lx %*d %*d %lu %lx", name, &destination, &flags, &metric,
			    &mask) != 5)
			continue;
		if (destination != 0 || mask != 0 || !(flags & ROUTE_UP) || (flags & ROUTE_REJECT))
			continue;
		keep_better(&best, &best_metric, name, metric);
	}
	return best;
}

/* Columns: destination, its length, source, its length, gateway, metric, references, use, flags, device. */
char *device_of_route6(const char *text)
{
	unsigned long length, flags, metric, best_metric = 0;
	char name[64], destination[33], *best = NULL;

	for (const char *line = text; line; line = next_line(line)) {
		if (sscanf(line, "%32s %lx %*s %*x %*s %lx %*x %*x %lx %63s", destination, &length,
			    &metric, &flags, name) != 5)
			continue;
		if (length != 0 || strspn(destination, "0") != 32 || !(flags & ROUTE_UP) ||
			(flags & ROUTE_REJECT) || strcmp(name, "lo") == 0)
			continue;
		keep_better(&best, &best_metric, name, metric);
	}
	return best;
}

static char *device_of(const char *path, char *(*parse)(const char *text))
{
	struct str text = STR_INIT;
	struct err err = ERR_INIT;
	char *name = NULL;

	if (str_read_file(&text, path, &err))
		name = parse(text.s);
	str_free(&text);
	return name;
}

/* "any" and its like are up too, but stand for no device. */
static char *first_up(struct err *err)
{
	struct device *list;
	char *name = NULL;
	size_t n;

	if (!device_list(&list, &n, err))
		return NULL;
	for (size_t i = 0; i < n && !name; i++)
		if (list[i].up && !list[i].loopback && *list[i].addresses)
			name = mem_strdup(list[i].name);
	for (size_t i = 0; i < n && !name; i++)
		if (list[i].up && list[i].loopback)
			name = mem_strdup(list[i].name);
	if (!name)
		err_set(err, "no device to capture from; name one with -i, or read a file with -r");
	device_list_free(list, n);
	return name;
}

bool device_default(struct str *out, struct err *err)
{
	char *name = device_of("/proc/net/route", device_of_route);

	if (!name)
		name = device_of("/proc/net/ipv6_route", device_of_route6);
	if (!name)
		name = first_up(err);
	if (!name)
		return false;
	str_add(out, name);
	mem_free(name);
	return true;
}

/* So that a shell reads the word as it stands. */
static void add_word(struct str *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-_./:=,+@%";

	if (*word && word[strspn(word, plain)] == '\0') {
		str_add(out, word);
		return;
	}
	str_add_char(out, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			str_add(out, "'\\''");
		else
			str_add_char(out, *word);
	}
	str_add_char(out, '\'');
}

static void advise_rights(int argc, char *const argv[], struct str *out)
{
	str_add(out, "  sudo setcap cap_net_raw+ep $(command -v tcptop)\n  sudo tcptop");
	for (int i = 1; i < argc; i++) {
		str_add_char(out, ' ');
		add_word(out, argv[i]);
	}
	str_add_char(out, '\n');
}

static void advise_devices(struct str *out)
{
	struct err err = ERR_INIT;
	struct device *list;
	size_t n;

	if (!device_list(&list, &n, &err))
		return;
	str_add(out, "  there are:");
	for (size_t i = 0; i < n; i++)
		str_addf(out, "%s %s", i ? "," : "", list[i].name);
	str_add(out, n ? "\n" : " none that could be seen\n");
	device_list_free(list, n);
}

void device_advice(const struct err *err, int argc, char *const argv[], struct str *out)
{
	if (err->code == EPERM)
		advise_rights(argc, argv, out);
	else if (err->code == ENODEV)
		advise_devices(out);
}
