/*
 * Packet scripts (include/packet/script.h) to pcap files: mkpcap [-6] [-n] OUT < SCRIPT
 *	-6  endpoints that the script does not set are IPv6
 *	-n  times in nanoseconds, not microseconds
 * Time 0 of the script is 2026-01-01T00:00:00Z.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "packet/script.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/str.h"

#define BASE (INT64_C(1767225600) * NS_PER_SEC)

enum { LINKTYPE_ETHERNET = 1, LINKTYPE_RAW = 101 };

/* Fields of the file are in this machine's byte order; readers tell by the magic number. */
static void put32(FILE *f, uint32_t v)
{
	fwrite(&v, sizeof(v), 1, f);
}

static void put_header(FILE *f, const struct script *s, bool nanoseconds)
{
	uint16_t version[2] = { 2, 4 };

	put32(f, nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4);
	fwrite(version, sizeof(version), 1, f);
	put32(f, 0);
	put32(f, 0);
	put32(f, 262144);
	put32(f, script_dlt(s) == 1 ? LINKTYPE_ETHERNET : LINKTYPE_RAW);
}

static void put_frame(FILE *f, const struct script_frame *frame, bool nanoseconds)
{
	int64_t part = frame->ts % NS_PER_SEC;

	put32(f, (uint32_t)(frame->ts / NS_PER_SEC));
	put32(f, (uint32_t)(nanoseconds ? part : part / NS_PER_US));
	put32(f, (uint32_t)frame->captured);
	put32(f, (uint32_t)frame->wire);
	fwrite(frame->data, 1, frame->captured, f);
}

static bool write_pcap(const char *path, const struct script *s, bool nanoseconds)
{
	FILE *f = strcmp(path, "-") == 0 ? stdout : fopen(path, "wb");
	bool ok;
	size_t i;

	if (!f)
		return false;
	put_header(f, s, nanoseconds);
	for (i = 0; i < script_count(s); i++)
		put_frame(f, script_frame(s, i), nanoseconds);
	ok = !ferror(f);
	return fclose(f) == 0 && ok;
}

int main(int argc, char **argv)
{
	struct script_conf conf = { .base = BASE };
	struct str text = STR_INIT;
	struct err err = ERR_INIT;
	struct script *s = NULL;
	bool nanoseconds = false;
	int c;

	while ((c = getopt(argc, argv, "6n")) != -1)
		if (c == '6')
			conf.ipv6 = true;
		else if (c == 'n')
			nanoseconds = true;
		else
			return 2;
	if (optind + 1 != argc) {
		fprintf(stderr, "usage: mkpcap [-6] [-n] OUT < SCRIPT\n");
		return 2;
	}
	if (str_read_file(&text, "/dev/stdin", &err))
		s = script_new(text.s ? text.s : "", &conf, &err);
	if (!s) {
		fprintf(stderr, "mkpcap: %s\n", err.text);
		return 1;
	}
	if (!write_pcap(argv[optind], s, nanoseconds)) {
		perror(argv[optind]);
		return 1;
	}
	script_free(s);
	str_free(&text);
	return 0;
}
