/* What reading alone costs: bench_empty FILE. libpcap's loop with a callback that does nothing. */
#include "config.h"

#include <pcap/pcap.h>
#include <stdio.h>

static void nothing(u_char *count, const struct pcap_pkthdr *h, const u_char *data)
{
	(void)h;
	(void)data;
	++*(unsigned long long *)(void *)count;
}

int main(int argc, char **argv)
{
	char words[PCAP_ERRBUF_SIZE] = "";
	unsigned long long count = 0;
	pcap_t *p = argc == 2 ? pcap_open_offline(argv[1], words) : NULL;

	if (!p) {
		fprintf(stderr, "bench_empty: %s\n", argc == 2 ? words : "usage: bench_empty FILE");
		return 2;
	}
	if (pcap_loop(p, -1, nothing, (u_char *)&count) != 0)
		fprintf(stderr, "bench_empty: %s\n", pcap_geterr(p));
	pcap_close(p);
	printf("%llu\n", count);
	return 0;
}
