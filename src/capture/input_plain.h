/*
 * The short way from the octets of a file to packets, for what nearly all packets are like.
 * Whatever is odd is left where it is, for libpcap or for pcapng_block().
 */
#ifndef TCPTOP_CAPTURE_INPUT_PLAIN_H
#define TCPTOP_CAPTURE_INPUT_PLAIN_H

#include <stddef.h>
#include <stdint.h>

#include "capture/input.h"

/* A pcap_handler: the packet, if it is wanted and can be decoded, goes to in->out. */
void input_into_batch(u_char *arg, const struct pcap_pkthdr *h, const u_char *data);

/*
 * Of a plain pcap file: takes at most `room` packets out of the spool, and fills that meanwhile.
 * How many they were.
 */
size_t input_plain_read(struct input *in, size_t room, pcap_handler frame);

/*
 * Of a pcapng file of which `left` octets are at `at`: hands over packets until *n, which counts
 * them, is `room`. How many octets they took.
 */
size_t input_plain_blocks(struct input *in, const uint8_t *at, size_t left, size_t room, pcap_handler frame,
	size_t *n);

#endif
