/* Wireless link layers, for the table in link.c. */
#ifndef TCPTOP_PACKET_WIFI_H
#define TCPTOP_PACKET_WIFI_H

#include "packet/walk.h"

enum drop wifi(struct walk *w);
enum drop wifi_radiotap(struct walk *w);

#endif
