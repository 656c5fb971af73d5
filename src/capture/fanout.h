/* Several packet sockets that share one device's packets (Linux: PACKET_FANOUT). */
#ifndef TCPTOP_CAPTURE_FANOUT_H
#define TCPTOP_CAPTURE_FANOUT_H

#include <stdbool.h>
#include <stdint.h>

struct err;

/*
 * Has the packet socket `fd` share with those of *group; 0 makes a new group, *group is then its
 * name. All are bound to the same device. What both ends of a TCP connection send comes to one
 * socket: addresses and ports decide, the same in both directions; of packets in a tunnel the
 * tunnel's own addresses do. What is neither IPv4 nor IPv6 comes to the first. once: of the
 * loopback device, what is sent is not shown besides what is received, where the kernel can do so.
 * False and err when this kernel has no such thing.
 */
bool fanout_join(int fd, uint32_t *group, bool once, struct err *err);

#endif
