/*
 * Decodes a folder of real captures, when there is one, and compares with what its MANIFEST.tsv says: columns file,
 * packets, tcp_packets, syn, synack, fin, rst. The folder is $TCPTOP_CAPTURES, or shared/captures beside the source tree.
 */
#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet/decode.h"
#include "util/err.h"
#include "util/hash.h"
#include "util/str.h"

enum { SKIPPED = 77, FIELDS_MAX = 32, INTERFACES_MAX = 16 };

struct totals {
	unsigned long packets, tcp, syn, synack, fin, rst;
};

/* Where we disagree with the tool that made the manifest, and why. */
static const struct {
	const char *file, *why;
	struct totals totals;
} differences[] = {
	{"tunnels/teredo.pcap", "Teredo between peers is recognised without the server's port",
		{78, 55, 3, 3, 5, 5}},
	{"ipv6/ah-ipcomp-ipv4.pcap", "compressed packets are counted as opaque", {10, 6, 1, 1, 2, 0}},
	{"malformed/ndpi-fuzz-2006.pcap",
		"a TCP header that claims to be longer than its packet is no segment",
		{131, 114, 8, 9, 16, 1}},
};

struct capture {
	const uint8_t *p, *end;
	bool swapped;
	int dlt[INTERFACES_MAX];
	unsigned interfaces;
	struct totals totals;
};

static uint32_t number32(const struct capture *c, const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return c->swapped ? __builtin_bswap32(v) : v;
}

static uint16_t number16(const struct capture *c, const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return c->swapped ? __builtin_bswap16(v) : v;
}

static void count(struct totals *t, const struct pkt *p)
{
	bool syn = p->flags & TCP_SYN;

	if (p->kind != PKT_TCP)
		return;
	t->tcp++;
	t->syn += syn && !(p->flags & TCP_ACK);
	t->synack += syn && p->flags & TCP_ACK;
	t->fin += p->flags & TCP_FIN ? 1 : 0;
	t->rst += p->flags & TCP_RST ? 1 : 0;
}

static void frame(struct capture *c, int dlt, const uint8_t *p, uint32_t captured, uint32_t wire)
{
	const struct link_type *link = link_find(dlt);
	struct pkt pkt;

	c->totals.packets++;
	if (link && decode(link, p, captured, wire, &pkt) == DROP_NONE)
		count(&c->totals, &pkt);
}

static void read_pcap(struct capture *c)
{
	int dlt;

	if (c->end - c->p < 24 || number16(c, c->p + 4) != 2)
		return;
	dlt = (int)(number32(c, c->p + 20) & 0xffff);
	c->p += 24;
	while (c->end - c->p >= 16) {
		uint32_t captured = number32(c, c->p + 8), wire = number32(c, c->p + 12);

		if (captured > wire) { /* files of before version 2.3 have them the other way round */
			uint32_t other = captured;

			captured = wire;
			wire = other;
		}
		c->p += 16;
		if (captured > (size_t)(c->end - c->p))
			return;
		frame(c, dlt, c->p, captured, wire);
		c->p += captured;
	}
}

/* One block whose length was checked: `p` is its body. */
static void read_block(struct capture *c, uint32_t type, const uint8_t *p, uint32_t size)
{
	uint32_t captured;

	if (type == 1 && size >= 8 && c->interfaces < INTERFACES_MAX)
		c->dlt[c->interfaces++] = number16(c, p);
	if (type != 6 || size < 20 || number32(c, p) >= c->interfaces)
		return;
	captured = number32(c, p + 12);
	if (captured <= size - 20)
		frame(c, c->dlt[number32(c, p)], p + 20, captured, number32(c, p + 16));
}

static void read_pcapng(struct capture *c)
{
	while (c->end - c->p >= 12) {
		uint32_t type = number32(c, c->p), size;

		if (type == 0x0a0d0d0a) {
			uint32_t magic;

			memcpy(&magic, c->p + 8, sizeof(magic));
			c->swapped = magic == 0x4d3c2b1a;
			c->interfaces = 0;
		}
		size = number32(c, c->p + 4);
		if (size < 12 || size > (size_t)(c->end - c->p) ||
			number32(c, c->p + size - 4) != size)
			return;
		read_block(c, type, c->p + 8, size - 12);
		c->p += size;
	}
}

static void read_capture(struct capture *c)
{
	uint32_t magic;

	if (c->end - c->p < 4)
		return;
	memcpy(&magic, c->p, sizeof(magic));
	c->swapped = magic == 0xd4c3b2a1 || magic == 0x4d3cb2a1;
	if (magic == 0x0a0d0d0a)
		read_pcapng(c);
	else if (c->swapped || magic == 0xa1b2c3d4 || magic == 0xa1b23c4d)
		read_pcap(c);
}

static struct totals wanted(char *const *field)
{
	size_t i;

	for (i = 0; i < sizeof(differences) / sizeof(differences[0]); i++)
		if (!strcmp(differences[i].file, field[0]))
			return differences[i].totals;
	return (struct totals){strtoul(field[6], NULL, 10), strtoul(field[7], NULL, 10),
		strtoul(field[9], NULL, 10), strtoul(field[10], NULL, 10),
		strtoul(field[11], NULL, 10), strtoul(field[12], NULL, 10)};
}

static bool check_file(const char *folder, char *const *field)
{
	struct str path = STR_INIT, bytes = STR_INIT;
	struct totals want = wanted(field), got;
	struct err err = ERR_INIT;
	struct capture c = {0};
	bool ok;

	str_addf(&path, "%s/%s", folder, field[0]);
	ok = str_read_file(&bytes, path.s, &err);
	if (ok) {
		c.p = (const uint8_t *)bytes.s;
		c.end = c.p + bytes.len;
		read_capture(&c);
		got = c.totals;
		ok = !memcmp(&got, &want, sizeof(got));
		if (!ok)
			printf("%s: packets %lu tcp %lu syn %lu synack %lu fin %lu rst %lu, not %lu %lu %lu "
			       "%lu %lu %lu\n",
				field[0], got.packets, got.tcp, got.syn, got.synack, got.fin, got.rst,
				want.packets, want.tcp, want.syn, want.synack, want.fin, want.rst);
	} else {
		printf("%s: %s\n", field[0], err.text);
	}
	str_free(&bytes);
	str_free(&path);
	return ok;
}

static int check_folder(const char *folder, char *manifest)
{
	char *line, *lines = NULL;
	int files = 0, failed = 0;

	for (line = strtok_r(manifest, "\n", &lines); line; line = strtok_r(NULL, "\n", &lines)) {
		char *field[FIELDS_MAX] = {line};
		int n = 1;

		for (; n < FIELDS_MAX && (field[n] = strchr(field[n - 1], '\t')); n++)
			*field[n]++ = '\0';
		if (n < 13 || !strcmp(field[0], "file"))
			continue;
		files++;
		failed += !check_file(folder, field);
	}
	printf("%d captures, %d differ\n", files, failed);
	return failed || !files;
}

int main(void)
{
	struct str folder = STR_INIT, path = STR_INIT, manifest = STR_INIT;
	const char *named = getenv("TCPTOP_CAPTURES"), *top = getenv("srcdir");
	struct err err = ERR_INIT;
	int status = SKIPPED;

	hash_seed(1);
	if (named)
		str_add(&folder, named);
	else
		str_addf(&folder, "%s/../shared/captures", top ? top : ".");
	str_addf(&path, "%s/MANIFEST.tsv", folder.s);
	if (str_read_file(&manifest, path.s, &err))
		status = check_folder(folder.s, manifest.s);
	else
		printf("SKIP: no folder of captures (%s: %s)\n", path.s, err.text);
	str_free(&manifest);
	str_free(&path);
	str_free(&folder);
	return status;
}
