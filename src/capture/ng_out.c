/* Blocks of pcapng. The one thing that is hard is the number that files have for a link type: libpcap keeps it. */
#include "config.h"

#include "capture/ng_out.h"

#include <stdint.h>
#include <string.h>

#include "capture/input.h"
#include "capture/pcapng.h"
#include "util/clock.h"

enum { BLOCK_INTERFACE = 1, OPTION_RESOLUTION = 9 };

static void put_block(FILE *file, uint32_t type, const void *head, uint32_t head_size, const void *data,
	uint32_t size)
{
	static const char pad[4];
	uint32_t padding = -size & 3, whole = PCAPNG_FRAME + head_size + size + padding;

	fwrite(&type, sizeof(type), 1, file);
	fwrite(&whole, sizeof(whole), 1, file);
	fwrite(head, head_size, 1, file);
	fwrite(data, size, 1, file);
	fwrite(pad, padding, 1, file);
	fwrite(&whole, sizeof(whole), 1, file);
}

void ng_out_begin(struct ng_out *o, FILE *file)
{
	const struct {
		uint32_t magic;
		uint16_t version[2];
		uint64_t length; /* of the section: not known */
	} head = { 0x1a2b3c4d, { 1, 0 }, UINT64_MAX };

	*o = (struct ng_out){ .file = file };
	put_block(file, PCAPNG_MAGIC, &head, sizeof(head), "", 0);
}

/* Of a DLT_ the LINKTYPE_ number: the one that libpcap puts into the header of a pcap file. -1: it cannot. */
static int link_number(int datalink)
{
	uint32_t header[8] = { 0 }; /* six, and what a stream in memory may add */
	FILE *f = fmemopen(header, sizeof(header), "w");
	pcap_t *pcap = pcap_open_dead(datalink, INPUT_FRAME_MOST);
	pcap_dumper_t *dumper = f && pcap ? pcap_dump_fopen(pcap, f) : NULL;

	if (dumper)
		pcap_dump_close(dumper);
	else if (f && !pcap)
		fclose(f);
	if (pcap)
		pcap_close(pcap);
	return dumper ? (int)(header[5] & 0xffff) : -1;
}

static unsigned place_of(const struct ng_out *o, int datalink)
{
	unsigned i = 0;

	while (i < o->links && o->datalink[i] != datalink)
		i++;
	return i;
}

bool ng_out_link(struct ng_out *o, int datalink)
{
	struct {
		uint16_t link, reserved;
		uint32_t snaplen;
		uint16_t option, option_size;
		uint8_t resolution[4]; /* ten to the minus ninth */
		uint32_t end;
	} head = { .snaplen = INPUT_FRAME_MOST, .option = OPTION_RESOLUTION, .option_size = 1,
		.resolution = { 9 } };
	int number;

	if (place_of(o, datalink) < o->links)
		return true;
	number = datalink < 0 ? -1 : link_number(datalink);
	if (o->links == NG_OUT_LINKS || number < 0)
		return false;
	o->datalink[o->links++] = datalink;
	head.link = (uint16_t)number;
	put_block(o->file, BLOCK_INTERFACE, &head, sizeof(head), "", 0);
	return true;
}

void ng_out_packet(struct ng_out *o, int datalink, const struct pcap_pkthdr *h, const u_char *data)
{
	uint64_t stamp = (uint64_t)h->ts.tv_sec * NS_PER_SEC + (uint64_t)h->ts.tv_usec;
	const uint32_t head[] = { place_of(o, datalink), (uint32_t)(stamp >> 32), (uint32_t)stamp,
		h->caplen, h->len };

	put_block(o->file, PCAPNG_PACKET_BLOCK, head, sizeof(head), data, h->caplen);
}
