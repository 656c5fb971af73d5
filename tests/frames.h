/*
 * Frames written as hexadecimal text, one for each thing that decode() knows, and what is to come of them.
 * Blanks mean nothing. {n} stands for two octets: the number of octets behind them up to `|` or the end, plus n.
 * Behind `|` is padding.
 *
 * The segment is the same in nearly all of them: port 40000 to 80, PSH and ACK, five octets of payload, between
 * 10.0.0.1 and 10.0.0.5 or fd00::1 and fd00::5.
 */
#ifndef TCPTOP_TESTS_FRAMES_H
#define TCPTOP_TESTS_FRAMES_H

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/capture_stats.h"
#include "model/tunnel.h"

#define FRAME_MAX 1024

#define ETH "020000000005 020000000001 "
#define ETHER(type) ETH type " "
#define TCP_HEAD "9c40 0050 11223344 55667788 5018 1000 0000 0000 "
#define HELLO "68656c6c6f "
#define SEGMENT TCP_HEAD HELLO
/* Any IPv4 or IPv6 header between the ends of the connection, and between two tunnel ends. */
#define IN4(proto) "4500 {4} 1234 4000 40" proto " 0000 0a000001 0a000005 "
#define IN6(next) "60000000 {-34} " next "40 " \
	"fd000000000000000000000000000001 fd000000000000000000000000000005 "
#define OUT4(proto) "4500 {4} 4321 0000 ff" proto " 0000 c0000201 c0000202 "
#define OUT6(next) "60000000 {-34} " next "ff " \
	"20010db8000000000000000000000001 20010db8000000000000000000000002 "
#define OUT_UDP(from, to) OUT4("11") from " " to " {6} 0000 "
#define V4 IN4("06") SEGMENT
#define V6 IN6("06") SEGMENT
/* The beginning of a segment as an ICMP error quotes it. */
#define QUOTE4 "4500 0400 1234 4000 40 06 0000 0a000001 0a000005 9c400050 11223344 "
#define QUOTE6 "60000000 0400 0640 " \
	"fd000000000000000000000000000001 fd000000000000000000000000000005 9c400050 11223344 "
#define TEREDO6 "60000000 {-34} 0640 " \
	"20010000000000000000000000000001 fd000000000000000000000000000005 " SEGMENT

/* Heads of NFLOG attributes are in our own byte order. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NFLOG_OTHER "0500 0a00 61000000 "
#define NFLOG_PAYLOAD "3100 0900 "
#else
#define NFLOG_OTHER "0005 000a 61000000 "
#define NFLOG_PAYLOAD "0031 0009 "
#endif

struct frame {
	const char *name;
	int dlt;
	const char *text;
	enum drop drop;
	enum tunnel tunnel;
	uint16_t vlan;
};

static const struct frame frames[] = {
	/* Link layers */
	{"ethernet", 1, ETHER("0800") V4, 0, 0, 0},
	{"ethernet, IPv6", 1, ETHER("86dd") V6, 0, 0, 0},
	{"ethernet, padded", 1, ETHER("0800") V4 "|000000000000", 0, 0, 0},
	{"802.1Q", 1, ETHER("8100") "e064 0800" V4, 0, 0, 100},
	{"802.1Q, priority only", 1, ETHER("8100") "e000 86dd" V6, 0, 0, 0},
	{"802.1ad", 1, ETHER("88a8") "0007 8100 0064 0800" V4, 0, 0, 7},
	{"QinQ 9100", 1, ETHER("9100") "0fff 8100 0064 0800" V4, 0, 0, 4095},
	{"four tags", 1, ETHER("88a8") "0001 8100 0002 8100 0003 9200 0004 86dd" V6, 0, 0, 1},
	{"nine tags", 1,
		ETHER("8100") "0001 8100 0001 8100 0001 8100 0001 8100 0001 8100 0001 8100 0001 8100 0001 8100"
			      "0001 0800" V4,
		DROP_DEPTH, 0, 1},
	{"LLC and SNAP", 1, ETHER("{0}") "aaaa03 000000 0800" V4 "|0000", 0, 0, 0},
	{"LLC, IP", 1, ETHER("{0}") "060603" V4 "|0000", 0, 0, 0},
	{"802.1Q, LLC and SNAP", 1, ETHER("8100") "0005 {0} aaaa03 000000 86dd" V6, 0, 0, 5},
	{"SNAP, other organization", 1, ETHER("{0}") "aaaa03 00000c 2000 00", DROP_NOT_IP, 0, 0},
	{"spanning tree", 1, ETHER("{0}") "424203 0000", DROP_NOT_IP, 0, 0},
	{"ARP", 1, ETHER("0806") "0001080006040001", DROP_NOT_IP, 0, 0},
	{"MACsec", 1, ETHER("88e5") "2c000000 00000001", DROP_OPAQUE, 0, 0},
	{"NULL, little-endian", 0, "02000000" V4, 0, 0, 0},
	{"NULL, big-endian", 0, "00000002" V4, 0, 0, 0},
	{"NULL, macOS IPv6", 0, "1e000000" V6, 0, 0, 0},
	{"NULL, Linux IPv6", 0, "0a000000" V6, 0, 0, 0},
	{"LOOP, OpenBSD IPv6", 108, "00000018" V6, 0, 0, 0},
	{"LOOP, FreeBSD IPv6", 108, "0000001c" V6, 0, 0, 0},
	{"NULL, other family", 0, "07000000 00", DROP_LINK_UNKNOWN, 0, 0},
	{"raw 12", 12, V4, 0, 0, 0},
	{"raw 14", 14, V6, 0, 0, 0},
	{"raw 101", 101, V6, 0, 0, 0},
	{"raw 228", 228, V4, 0, 0, 0},
	{"raw 229", 229, V6, 0, 0, 0},
	{"raw, no IP", 101, "00112233", DROP_IP_BAD, 0, 0},
	{"SLL", 113, "0000 0001 0006 0200000000010000 0800" V4, 0, 0, 0},
	{"SLL, tag", 113, "0000 0001 0006 0200000000010000 8100 0009 86dd" V6, 0, 0, 9},
	{"SLL, LLC", 113, "0000 0001 0006 0200000000010000 0004 060603" V4, 0, 0, 0},
	{"SLL, other", 113, "0000 0001 0006 0200000000010000 000c 00000000", DROP_NOT_IP, 0, 0},
	{"SLL2", 276, "0800 0000 00000002 0001 00 06 0200000000010000" V4, 0, 0, 0},
	{"SLL2, IPv6", 276, "86dd 0000 00000002 0001 04 06 0200000000010000" V6, 0, 0, 0},
	{"PPP", 9, "ff03 0021" V4, 0, 0, 0},
	{"PPP, bare and short", 9, "21" V4, 0, 0, 0},
	{"PPP, IPv6", 50, "ff03 0057" V6, 0, 0, 0},
	{"PPP, MPLS", 9, "0281 00001140" V4, 0, TUNNEL_MPLS, 0},
	{"PPP, LCP", 9, "ff03 c021 01010004", DROP_NOT_IP, 0, 0},
	{"PPP, Van Jacobson", 9, "ff03 002d 00", DROP_LINK_UNKNOWN, 0, 0},
	{"PPP, encrypted", 9, "ff03 00fd 90", DROP_OPAQUE, 0, 0},
	{"PPP serial, Cisco", 50, "0f00 0800" V4, 0, 0, 0},
	{"Cisco HDLC", 104, "0f00 86dd" V6, 0, 0, 0},
	{"Cisco HDLC, keepalive", 104, "8f00 8035 00000002", DROP_NOT_IP, 0, 0},
	{"FDDI", 10, "50" ETH "aaaa03 000000 0800" V4, 0, 0, 0},
	{"FDDI, station management", 10, "41" ETH "0000", DROP_NOT_IP, 0, 0},
	{"ATM, LLC", 11, "aaaa03 000000 0800" V4, 0, 0, 0},
	{"802.11, from the access point", 105,
		"0802 0000" ETH "020000000003 1000 aaaa03 000000 0800" V4, 0, 0, 0},
	{"802.11, QoS, padded", 105,
		"8801 0000" ETH "020000000003 1000 0000 0000 aaaa03 000000 0800" V4, 0, 0, 0},
	{"802.11, four addresses", 105,
		"0803 0000" ETH "020000000003 1000 020000000004 aaaa03 000000 86dd" V6, 0, 0, 0},
	{"802.11, high throughput", 105,
		"8881 0000" ETH "020000000003 1000 0000 00000000 aaaa03 000000 86dd" V6, 0, 0, 0},
	{"802.11, protected", 105, "0841 0000" ETH "020000000003 1000 00000000", DROP_OPAQUE, 0, 0},
	{"802.11, beacon", 105, "8000 0000" ETH "020000000003 1000", DROP_NOT_IP, 0, 0},
	{"802.11, null", 105, "4801 0000" ETH "020000000003 1000", DROP_NOT_IP, 0, 0},
	{"802.11, aggregate", 105, "8801 0000" ETH "020000000003 1000 8000", DROP_LINK_UNKNOWN, 0, 0},
	{"radiotap", 127, "0000 0900 00000000 aa" "0802 0000" ETH
		"020000000003 1000 aaaa03 000000 0800" V4, 0, 0, 0},
	{"radiotap, bad", 127, "0100 0800 00000000", DROP_LINK_UNKNOWN, 0, 0},
	{"PPI", 192, "0000 0800 01000000" ETHER("0800") V4, 0, 0, 0},
	{"PPI in PPI", 192, "0000 0800 c0000000 0000 0800 01000000", DROP_LINK_UNKNOWN, 0, 0},
	{"ENC", 109, "02000000 00001000 00000006" V4, 0, 0, 0},
	{"ENC, IPv6", 109, "00000018 00001000 00000006" V6, 0, 0, 0},
	{"PFLOG", 117, "06 1c 0000 00000000" V6, 0, 0, 0},
	{"frame relay", 107, "1841 03cc" V4, 0, 0, 0},
	{"frame relay, four octets", 107, "18400041 038e" V6, 0, 0, 0},
	{"frame relay, Cisco", 107, "1841 0800" V4, 0, 0, 0},
	{"frame relay, management", 107, "0001 0308 00", DROP_NOT_IP, 0, 0},
	{"frame relay, PPP", 107, "1841 03cf 0021" V4, 0, 0, 0},
	{"frame relay, no end", 107, "1840404040", DROP_LINK_UNKNOWN, 0, 0},
	{"NFLOG", 239, "0200 0000" NFLOG_PAYLOAD V4, 0, 0, 0},
	{"NFLOG, other first", 239, "0a00 0000" NFLOG_OTHER NFLOG_PAYLOAD V6, 0, 0, 0},
	{"NFLOG, other version", 239, "0201 0000" NFLOG_PAYLOAD V4, DROP_LINK_UNKNOWN, 0, 0},
	{"PPPoE as link", 51, "11 00 0001 {0} 0021" V4, 0, TUNNEL_PPPOE, 0},
	/* IP */
	{"IPv4 options", 101, "4600 {4} 1234 4000 40 06 0000 0a000001 0a000005 94040000" SEGMENT, 0, 0, 0},
	{"IPv4, offloaded", 101, "4500 0000 1234 4000 40 06 0000 0a000001 0a000005" SEGMENT, 0, 0, 0},
	{"IPv4, header too short", 101, "4400 {4} 1234 4000 40 06 0000 0a000001 0a000005" SEGMENT,
		DROP_IP_BAD, 0, 0},
	{"IPv4, shorter than its header", 101, "4500 0010 1234 4000 40 06 0000 0a000001 0a000005" SEGMENT,
		DROP_IP_BAD, 0, 0},
	{"IPv4, not 4", 1, ETHER("0800") V6, DROP_IP_BAD, 0, 0},
	{"IPv6, not 6", 1, ETHER("86dd") V4 "00000000", DROP_IP_BAD, 0, 0},
	{"IPv4, first fragment", 101, "4500 {4} 1234 2000 40 06 0000 0a000001 0a000005" SEGMENT, 0, 0, 0},
	{"IPv4, later fragment", 101, "4500 {4} 1234 2001 40 06 0000 0a000001 0a000005" SEGMENT,
		DROP_IP_FRAGMENT, 0, 0},
	{"UDP", 101, IN4("11") "0035 9c40 {6} 0000 0000", DROP_NOT_TCP, 0, 0},
	{"ESP", 101, IN4("32") "00000001 00000001", DROP_OPAQUE, 0, 0},
	{"AH", 101, IN4("33") "06 04 0000 00000001 00000001 000000000000000000000000" SEGMENT, 0,
		TUNNEL_AH, 0},
	{"IPv6, AH", 101, IN6("33") "06 04 0000 00000001 00000001 000000000000000000000000" SEGMENT, 0,
		TUNNEL_AH, 0},
	{"IPv6, hop by hop", 101, IN6("00") "06 00 0104 00000000" SEGMENT, 0, 0, 0},
	{"IPv6, all extensions", 101,
		IN6("00") "2b 00 0104 00000000" "3c 00 0000 00000000" "2c 00 0104 00000000"
			  "87 00 0000 12345678" "06 01 0000 00000000 0000000000000000" SEGMENT, 0, 0, 0},
	{"IPv6, atomic fragment", 101, IN6("2c") "06 00 0000 12345678" SEGMENT, 0, 0, 0},
	{"IPv6, first fragment", 101, IN6("2c") "06 00 0001 12345678" SEGMENT, 0, 0, 0},
	{"IPv6, later fragment", 101, IN6("2c") "06 00 0009 12345678" SEGMENT, DROP_IP_FRAGMENT, 0, 0},
	{"IPv6, jumbogram", 101,
		"60000000 0000 0040 fd000000000000000000000000000001 fd000000000000000000000000000005"
		"06 00 c204 00000021" SEGMENT, 0, 0, 0},
	{"IPv6, jumbogram shorter than its header", 101,
		"60000000 0000 0040 fd000000000000000000000000000001 fd000000000000000000000000000005"
		"06 00 c204 00000004" SEGMENT, DROP_IP_BAD, 0, 0},
	{"IPv6, offloaded", 101,
		"60000000 0000 0640 fd000000000000000000000000000001 fd000000000000000000000000000005"
		SEGMENT, 0, 0, 0},
	{"IPv6, segment routing", 101,
		"60000000 {-34} 2b40 fd000000000000000000000000000001 fd000000000000000000000000000099"
		"06 04 04 01 01 00 0000 fd000000000000000000000000000005"
		"fd000000000000000000000000000099" SEGMENT, 0, 0, 0},
	{"IPv6, source routing", 101,
		"60000000 {-34} 2b40 fd000000000000000000000000000001 fd000000000000000000000000000099"
		"06 04 00 01 00000000 fd000000000000000000000000000098"
		"fd000000000000000000000000000005" SEGMENT, 0, 0, 0},
	{"IPv6, nothing behind", 101, IN6("3b"), DROP_NOT_TCP, 0, 0},
	{"IPv6, extensions without end", 101,
		IN6("3c") "3c00010400000000 3c00010400000000 3c00010400000000 3c00010400000000"
			  "3c00010400000000 3c00010400000000 3c00010400000000 3c00010400000000"
			  "3c00010400000000 3c00010400000000 3c00010400000000 3c00010400000000"
			  "3c00010400000000 3c00010400000000 3c00010400000000 3c00010400000000"
			  "3c00010400000000" SEGMENT, DROP_DEPTH, 0, 0},
	{"IPComp", 101, IN4("6c") "04000002 00", DROP_OPAQUE, 0, 0},
	/* TCP */
	{"TCP, header too short", 101,
		IN4("06") "9c40 0050 11223344 55667788 4018 1000 0000 0000" HELLO, DROP_TCP_BAD, 0, 0},
	{"TCP, header longer than the packet", 101,
		IN4("06") "9c40 0050 11223344 55667788 7018 1000 0000 0000" HELLO, DROP_TCP_BAD, 0, 0},
	{"TCP, cut by its sender", 101, IN4("06") "9c40 0050 11223344 55667788 50", DROP_TCP_SHORT, 0, 0},
	{"TCP, cut by its sender and padded", 1,
		ETHER("0800") IN4("06") "9c40 0050 11223344 55667788 50 | 00 0000 0000 0000 00", DROP_TCP_SHORT,
		0, 0},
	/* Tunnels */
	{"PPPoE", 1, ETHER("8864") "11 00 0001 {0} 0021" V4 "|0000", 0, TUNNEL_PPPOE, 0},
	{"PPPoE, tag", 1, ETHER("8100") "0064 8864 11 00 0001 {0} 0057" V6, 0, TUNNEL_PPPOE, 100},
	{"PPPoE, discovery", 1, ETHER("8863") "11 09 0000 0000", DROP_NOT_IP, 0, 0},
	{"MPLS", 1, ETHER("8847") "00010040 00011140" V4, 0, TUNNEL_MPLS, 0},
	{"MPLS, IPv6", 1, ETHER("8848") "00011140" V6, 0, TUNNEL_MPLS, 0},
	{"MPLS, pseudowire", 1, ETHER("8847") "00011140" ETHER("0800") V4, 0, TUNNEL_MPLS, 0},
	{"MPLS, control word", 1, ETHER("8847") "00011140 00000000" ETHER("8100") "0003 0800" V4, 0,
		TUNNEL_MPLS, 3},
	{"MPLS, labels without end", 1,
		ETHER("8847") "00010040 00010040 00010040 00010040 00010040 00010040 00010040 00010040"
			      "00010040 00010040 00010040 00010040 00010040 00010040 00010040 00010040"
			      "00010140" V4, DROP_DEPTH, TUNNEL_MPLS, 0},
	{"MPLS, other", 1, ETHER("8847") "00011140 10000000", DROP_NOT_IP, TUNNEL_MPLS, 0},
	{"IP in IP", 101, OUT4("04") V4, 0, TUNNEL_IPIP, 0},
	{"6in4", 101, OUT4("29") V6, 0, TUNNEL_IPIP, 0},
	{"4in6", 101, OUT6("04") V4, 0, TUNNEL_IPIP, 0},
	{"IPv6 in IPv6", 101, OUT6("29") V6, 0, TUNNEL_IPIP, 0},
	{"Ethernet in IPv6", 101, OUT6("8f") ETHER("0800") V4, 0, TUNNEL_IPIP, 0},
	{"Ethernet over IP", 101, OUT4("61") "3000" ETHER("0800") V4, 0, TUNNEL_IPIP, 0},
	{"MPLS in IP", 101, OUT4("89") "00011140" V4, 0, TUNNEL_MPLS, 0},
	{"GRE", 101, OUT4("2f") "0000 0800" V4, 0, TUNNEL_GRE, 0},
	{"GRE, all fields", 101, OUT4("2f") "b000 86dd 00000000 00000001 00000002" V6, 0, TUNNEL_GRE, 0},
	{"GRE, ethernet", 101, OUT4("2f") "2000 6558 00000001" ETHER("8100") "0002 0800" V4, 0,
		TUNNEL_GRE, 2},
	{"GRE, PPTP", 101, OUT4("2f") "3081 880b 002f 0001 00000001 00000001 ff03 0021" V4, 0,
		TUNNEL_GRE, 0},
	{"GRE, PPTP, acknowledgement", 101, OUT4("2f") "2081 880b 0000 0001 00000001", DROP_NOT_TCP,
		TUNNEL_GRE, 0},
	{"GRE, ERSPAN II", 101, OUT4("2f") "1000 88be 00000001 10010000 00000000" ETHER("0800") V4, 0,
		TUNNEL_GRE, 0},
	{"GRE, ERSPAN I", 101, OUT4("2f") "0000 88be" ETHER("86dd") V6, 0, TUNNEL_GRE, 0},
	{"GRE, ERSPAN III", 101,
		OUT4("2f") "1000 22eb 00000001 20010000 00000000 00000001 0000000000000000"
		ETHER("0800") V4, 0, TUNNEL_GRE, 0},
	{"GRE, WCCP", 101, OUT4("2f") "0000 883e 00000000" V4, 0, TUNNEL_GRE, 0},
	{"GRE, routing", 101, OUT4("2f") "4000 0800 00000000" V4, DROP_NOT_TCP, TUNNEL_GRE, 0},
	{"VXLAN", 101, OUT_UDP("c000", "12b5") "08000000 00000100" ETHER("0800") V4, 0, TUNNEL_VXLAN, 0},
	{"VXLAN, Linux port", 101, OUT_UDP("c000", "2118") "08000000 00000100" ETHER("86dd") V6, 0,
		TUNNEL_VXLAN, 0},
	{"VXLAN GPE", 101, OUT_UDP("c000", "12b6") "0c000001 00000100" V4, 0, TUNNEL_VXLAN, 0},
	{"VXLAN GPE, IPv6", 101, OUT_UDP("c000", "12b6") "0c000002 00000100" V6, 0, TUNNEL_VXLAN, 0},
	{"VXLAN GPE, ethernet", 101, OUT_UDP("c000", "12b6") "0c000003 00000100" ETHER("0800") V4, 0,
		TUNNEL_VXLAN, 0},
	{"VXLAN GPE, MPLS", 101, OUT_UDP("c000", "12b6") "0c000005 00000100 00011140" V4, 0, TUNNEL_VXLAN,
		0},
	{"VXLAN GPE, other", 101, OUT_UDP("c000", "12b6") "0c000004 00000100" V4, DROP_NOT_TCP, 0, 0},
	{"VXLAN GPE, no type", 101, OUT_UDP("c000", "12b6") "08000001 00000100" V4, DROP_NOT_TCP, 0, 0},
	{"VXLAN, no network", 101, OUT_UDP("c000", "12b5") "00000000 00000100" ETHER("0800") V4,
		DROP_NOT_TCP, 0, 0},
	{"Geneve", 101, OUT_UDP("c000", "17c1") "02006558 00000100 0000000000000000" ETHER("0800") V4, 0,
		TUNNEL_GENEVE, 0},
	{"Geneve, IPv6", 101, OUT_UDP("c000", "17c1") "000086dd 00000100" V6, 0, TUNNEL_GENEVE, 0},
	{"GTP", 101, OUT_UDP("0868", "0868") "30 ff 002d 00000001" V4, 0, TUNNEL_GTP, 0},
	{"GTP, extension", 101, OUT_UDP("c000", "0868") "34 ff 0035 00000001 00000085 01100900" V6, 0,
		TUNNEL_GTP, 0},
	{"GTP, extension of no length", 101,
		OUT_UDP("c000", "0868") "34 ff 0035 00000001 00000085 00100900" V6, DROP_NOT_TCP, 0, 0},
	{"GTP, echo", 101, OUT_UDP("0868", "0868") "32 01 0004 00000000 00000000", DROP_NOT_TCP, 0, 0},
	{"Teredo", 101, OUT_UDP("c000", "0dd8") TEREDO6, 0, TUNNEL_TEREDO, 0},
	{"Teredo, both headers", 101,
		OUT_UDP("0dd8", "c000") "00010000 0000000000000000 00 0000 1234 0a000001" TEREDO6, 0,
		TUNNEL_TEREDO, 0},
	{"Teredo between peers", 101, OUT_UDP("c000", "c001") TEREDO6, 0, TUNNEL_TEREDO, 0},
	{"like Teredo, but not its addresses", 101, OUT_UDP("c000", "c001") V6, DROP_NOT_TCP, 0, 0},
	{"like Teredo, but longer than its UDP", 101, OUT4("11") "c000 c001 0030 0000" TEREDO6, DROP_NOT_TCP,
		0, 0},
	{"MPLS in UDP", 101, OUT_UDP("c000", "19eb") "00011140" V4, 0, TUNNEL_MPLS, 0},
	{"VXLAN in GRE in IPv6", 1,
		ETHER("8100") "0064 86dd" OUT6("2f") "0000 0800" OUT_UDP("c000", "12b5")
		"08000000 00000100" ETHER("8100") "0065 0800" V4, 0, TUNNEL_VXLAN, 100},
	{"IP in IP without end", 101,
		OUT4("04") OUT4("04") OUT4("04") OUT4("04") OUT4("04") OUT4("04") OUT4("04") OUT4("04")
		OUT4("04") V4, DROP_DEPTH, TUNNEL_IPIP, 0},
	{"Ethernet in itself without end", 1,
		ETHER("6558") ETHER("6558") ETHER("6558") ETHER("6558") ETHER("6558") ETHER("6558")
		ETHER("6558") ETHER("6558") ETHER("6558") ETHER("0800") V4, DROP_DEPTH, 0, 0},
	/* ICMP */
	{"ICMP, unreachable", 101, OUT4("01") "0301 0000 00000000" QUOTE4, 0, 0, 0},
	{"ICMP, time exceeded", 101, OUT4("01") "0b00 0000 00000000" QUOTE4, 0, 0, 0},
	{"ICMP, parameter problem", 101, OUT4("01") "0c00 0000 00000000" QUOTE4, 0, 0, 0},
	{"ICMP, echo", 101, OUT4("01") "0800 0000 00010001 00", DROP_NOT_TCP, 0, 0},
	{"ICMP about UDP", 101, OUT4("01") "0303 0000 00000000 4500 0040 0001 0000 40 11 0000 0a000001"
		"0a000005 0035 0035 0020 0000", DROP_NOT_TCP, 0, 0},
	{"ICMP about a tunnel", 101, OUT4("01") "0303 0000 00000000" OUT4("04") V4, DROP_NOT_TCP, 0, 0},
	{"ICMP, too little", 101, OUT4("01") "0301 0000 00000000 4500 0400 1234 4000 40 06 0000 0a000001"
		"0a000005 9c400050 1122", DROP_ICMP_SHORT, 0, 0},
	{"ICMP, not even an IP header", 101, OUT4("01") "0301 0000 00000000 4500 0400 1234", DROP_ICMP_SHORT,
		0, 0},
	{"ICMPv6, too big", 101, OUT6("3a") "0200 0000 00000500" QUOTE6, 0, 0, 0},
	{"ICMPv6, neighbour", 101, OUT6("3a") "8700 0000 00000000", DROP_NOT_TCP, 0, 0},
	{"ICMP in VXLAN", 101, OUT_UDP("c000", "12b5") "08000000 00000100" ETHER("0800") OUT4("01")
		"0301 0000 00000000" QUOTE4, 0, TUNNEL_VXLAN, 0},
};

#define FRAMES (sizeof(frames) / sizeof(frames[0]))

static inline unsigned frame_digit(char c)
{
	return isdigit((unsigned char)c) ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10);
}

/* Writes the octets of `text` at `out` (FRAME_MAX of them at most); returns how many. */
static inline size_t frame_bytes(const char *text, uint8_t *out)
{
	struct { size_t at; long plus; } length[32];
	size_t n = 0, lengths = 0, end = 0, i;
	const char *p;

	for (p = text; *p && n + 2 < FRAME_MAX; p++) {
		if (*p == '{') {
			char *close;

			length[lengths].plus = strtol(p + 1, &close, 10);
			length[lengths++].at = n;
			n += 2;
			p = close;
		} else if (*p == '|') {
			end = n;
		} else if (*p != ' ') {
			out[n++] = (uint8_t)(frame_digit(p[0]) << 4 | frame_digit(p[1]));
			p++;
		}
	}
	end = end ? end : n;
	for (i = 0; i < lengths; i++) {
		long v = (long)(end - length[i].at) - 2 + length[i].plus;

		out[length[i].at] = (uint8_t)(v >> 8);
		out[length[i].at + 1] = (uint8_t)v;
	}
	return n;
}

#endif
