/*
 * Zones: named networks, longest match first; what is not named goes by its private
 * network or is the internet.
 */
#include "config.h"

#include "query/zones.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/err.h"
#include "util/mem.h"
#include "util/str.h"

struct zone {
	struct addr net;
	unsigned bits; /* of the 128 */
	unsigned line;
	char *name;
};

struct zones {
	struct zone *zone; /* longest prefix first */
	size_t n;
	unsigned longest[2]; /* prefix that has a name, of the 128 bits: of IPv6, of IPv4 */
};

#define PRIVATE_V4 (96 + 24) /* private networks of this length are zones of their own */
#define PRIVATE_V6 64

static int by_length(const void *a, const void *b)
{
	const struct zone *x = a, *y = b;
	int order;

	if (x->bits != y->bits)
		return x->bits > y->bits ? -1 : 1;
	order = addr_compare(&x->net, &y->net);
	return order ? order : (x->line > y->line) - (x->line < y->line);
}

static void clear_host_bits(struct addr *a, unsigned bits)
{
	unsigned whole = bits / 8;

	if (bits % 8)
		a->b[whole++] &= (uint8_t)(0xff00 >> bits % 8);
	memset(a->b + whole, 0, sizeof(a->b) - whole);
}

static bool parse_network(char *text, struct zone *z, struct err *err)
{
	char *slash = strchr(text, '/'), *end;
	unsigned widest;
	unsigned long bits;

	if (slash)
		*slash++ = '\0';
	if (!addr_parse(text, &z->net))
		return err_set(err, "expected a network such as 10.1.0.0/16, not '%s'", text);
	widest = addr_is_v4(&z->net) ? 32 : 128;
	bits = widest;
	if (slash) {
		bits = strtoul(slash, &end, 10);
		if (slash[0] < '0' || slash[0] > '9' || *end || bits > widest)
			return err_set(err, "expected a prefix length from 0 to %u after '/', not '%s'",
				widest, slash);
	}
	z->bits = (unsigned)bits + 128 - widest;
	clear_host_bits(&z->net, z->bits);
	return true;
}

/* Cuts blanks at both ends, in place. */
static char *trim(char *s)
{
	size_t n;

	s += strspn(s, " \t\r");
	n = strlen(s);
	while (n > 0 && strchr(" \t\r", s[n - 1]))
		s[--n] = '\0';
	return s;
}

static bool parse_line(char *line, struct zones *z, unsigned number, struct err *err)
{
	struct zone new = {.line = number};
	char *equals, *name, *p;

	line = trim(line);
	if (!*line || *line == '#')
		return true;
	equals = strchr(line, '=');
	if (!equals)
		return err_set(err, "expected NETWORK = NAME");
	*equals = '\0';
	name = trim(equals + 1);
	if (!*name)
		return err_set(err, "expected a name after '='");
	for (p = name; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return err_set(err, "control character in the name");
	if (!parse_network(trim(line), &new, err))
		return false;
	new.name = mem_strdup(name);
	if (z->longest[addr_is_v4(&new.net)] < new.bits)
		z->longest[addr_is_v4(&new.net)] = new.bits;
	z->zone = mem_grow(z->zone, z->n + 1, sizeof(new));
	z->zone[z->n++] = new;
	return true;
}

static bool check_twice(const struct zones *z, struct err *err)
{
	size_t i;

	for (i = 1; i < z->n; i++) {
		const struct zone *a = &z->zone[i - 1], *b = &z->zone[i];

		if (a->bits == b->bits && addr_equal(&a->net, &b->net))
			return err_set(err, "line %u: this network is already named in line %u", b->line,
				a->line);
	}
	return true;
}

struct zones *zones_parse(const char *text, struct err *err)
{
	struct zones *z = mem_alloc(sizeof(*z));
	struct str line = STR_INIT;
	unsigned number = 1;
	bool ok = true;

	for (; ok && *text; number++) {
		size_t n = strcspn(text, "\n");

		str_clear(&line);
		str_add_n(&line, text, n);
		ok = parse_line(line.s, z, number, err);
		if (!ok)
			err_prefix(err, "line %u", number);
		text += n + (text[n] == '\n');
	}
	str_free(&line);
	if (ok && z->n > 0)
		qsort(z->zone, z->n, sizeof(*z->zone), by_length);
	if (ok && check_twice(z, err))
		return z;
	zones_free(z);
	return NULL;
}

void zones_free(struct zones *z)
{
	size_t i;

	if (!z)
		return;
	for (i = 0; i < z->n; i++)
		mem_free(z->zone[i].name);
	mem_free(z->zone);
	mem_free(z);
}

/* The one private address whose neighbours are not. */
static bool is_loopback(const struct addr *a)
{
	return a->b[15] == 1 && !memcmp(a->b, (const uint8_t[15]){0}, 15);
}

/*
 * Private, shared, link-local and loopback space: RFC 1918, 6598, 3927, 1122; RFC 4193,
 * 4291.
 */
static bool is_private(const struct addr *a)
{
	const uint8_t *v4 = a->b + 12;

	if (addr_is_v4(a))
		return v4[0] == 10 || v4[0] == 127 || (v4[0] == 172 && (v4[1] & 0xf0) == 16) ||
			(v4[0] == 192 && v4[1] == 168) || (v4[0] == 169 && v4[1] == 254) ||
			(v4[0] == 100 && (v4[1] & 0xc0) == 64);
	if ((a->b[0] & 0xfe) == 0xfc || (a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80))
		return true;
	return is_loopback(a);
}

const char *zone_name(const struct zones *z, const struct addr *a, char *buf, size_t size)
{
	char text[ADDR_TEXT];
	struct addr net = *a;
	size_t i;

	for (i = 0; z && i < z->n; i++) {
		if (!addr_in_net(a, &z->zone[i].net, z->zone[i].bits))
			continue;
		snprintf(buf, size, "%s", z->zone[i].name);
		return buf;
	}
	if (!is_private(a)) {
		snprintf(buf, size, "internet");
		return buf;
	}
	clear_host_bits(&net, addr_is_v4(a) ? PRIVATE_V4 : PRIVATE_V6);
	snprintf(buf, size, "%s/%d", addr_text(&net, text), addr_is_v4(a) ? PRIVATE_V4 - 96 : PRIVATE_V6);
	return buf;
}

struct addr zone_network(const struct zones *z, const struct addr *a)
{
	unsigned bits = addr_is_v4(a) ? PRIVATE_V4 : PRIVATE_V6;
	struct addr net = *a;

	if (z && z->longest[addr_is_v4(a)] > bits)
		bits = z->longest[addr_is_v4(a)];
	clear_host_bits(&net, bits);
	return is_loopback(a) ? *a : net;
}
