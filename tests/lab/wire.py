"""Packets as octets: read from capture files, counted, and made. Knows nothing of tcptop."""

import collections
import socket
import struct

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32

Segment = collections.namedtuple(
    'Segment', 'time src sport dst dport flags seq ack length ttl header')


def checksum(data):
    if len(data) % 2:
        data += b'\0'
    total = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def craft(src, sport, dst, dport, flags, seq=0, ack=0, win=1024, data=b'', ttl=64, options=b''):
    """An IP packet with one TCP segment; addresses as text."""
    v6 = ':' in src
    family = socket.AF_INET6 if v6 else socket.AF_INET
    a, b = socket.inet_pton(family, src), socket.inet_pton(family, dst)
    offset = (20 + len(options)) // 4 << 4
    head = struct.pack('!HHIIBBHHH', sport, dport, seq & 0xffffffff, ack & 0xffffffff, offset,
                       flags, win, 0, 0)
    tcp = head + options + data
    pseudo = a + b + (struct.pack('!II', len(tcp), 6) if v6 else struct.pack('!HH', 6, len(tcp)))
    tcp = tcp[:16] + struct.pack('!H', checksum(pseudo + tcp)) + tcp[18:]
    if v6:
        return struct.pack('!IHBB', 6 << 28, len(tcp), 6, ttl) + a + b + tcp
    # The kernel fills in identification and checksum.
    return struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(tcp), 0, 0, ttl, 6, 0) + a + b + tcp


def send_raw(ns, packet):
    v6 = packet[0] >> 4 == 6
    family = socket.AF_INET6 if v6 else socket.AF_INET
    dst = socket.inet_ntop(family, packet[24:40] if v6 else packet[16:20])
    with ns, socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        raw.sendto(packet, (dst, 0))


def parse_ip(frame, at):
    """Protocol, addresses, hops and where the payload begins; None for what is no IP."""
    version = frame[at] >> 4 if len(frame) > at else 0
    if version == 4 and len(frame) >= at + 20:
        src, dst = frame[at + 12:at + 16], frame[at + 16:at + 20]
        length = struct.unpack_from('!H', frame, at + 2)[0]
        return (frame[at + 9], socket.inet_ntop(socket.AF_INET, src),
                socket.inet_ntop(socket.AF_INET, dst), frame[at + 8],
                at + (frame[at] & 15) * 4, at + length)
    if version == 6 and len(frame) >= at + 40:
        src, dst = frame[at + 8:at + 24], frame[at + 24:at + 40]
        length = struct.unpack_from('!H', frame, at + 4)[0]
        return (frame[at + 6], socket.inet_ntop(socket.AF_INET6, src),
                socket.inet_ntop(socket.AF_INET6, dst), frame[at + 7], at + 40, at + 40 + length)
    return None


def parse(time, frame):
    """The segment in an Ethernet frame, or None."""
    ip = parse_ip(frame, 14)
    if not ip or ip[0] != 6:
        return None
    _, src, dst, ttl, at, end = ip
    sport, dport, seq, ack, offset, flags = struct.unpack_from('!HHIIBB', frame, at)
    header = (offset >> 4) * 4
    return Segment(time, src, sport, dst, dport, flags & 63, seq, ack, end - at - header, ttl,
                   header)


def ports(frame):
    """Both ports of the TCP segment in the frame, or of the one an ICMP error in it quotes."""
    ip = parse_ip(frame, 14)
    if ip and ip[0] in (1, 58):
        ip = parse_ip(frame, ip[4] + 8)
    if not ip or ip[0] != 6 or len(frame) < ip[4] + 4:
        return ()
    return struct.unpack_from('!HH', frame, ip[4])


class Reader:
    """Follows a capture file that somebody else is still writing."""

    def __init__(self, path):
        self.file = open(path, 'rb')
        self.head = b''
        self.rest = b''

    def more(self):
        """Whole records since the last call: (record as it stands in the file, frame)."""
        self.rest += self.file.read()
        if not self.head:
            if len(self.rest) < 24:
                return []
            self.head, self.rest = self.rest[:24], self.rest[24:]
            assert struct.unpack_from('<I', self.head)[0] == 0xa1b2c3d4, 'not a plain pcap file'
        records, at = [], 0
        while at + 16 <= len(self.rest):
            size = struct.unpack_from('<I', self.rest, at + 8)[0]
            if at + 16 + size > len(self.rest):
                break
            record = self.rest[at:at + 16 + size]
            records.append((record, record[16:]))
            at += 16 + size
        self.rest = self.rest[at:]
        return records

    def close(self):
        self.file.close()


def record_time(record):
    seconds, micros = struct.unpack_from('<II', record)
    return seconds + micros / 1e6


def after(segment):
    """The sequence number that follows the segment."""
    return segment.seq + segment.length + bool(segment.flags & SYN) + bool(segment.flags & FIN) \
        & 0xffffffff


def count_flags(segments, client, cport, server, sport):
    """What tcptop calls syn.count.clt and so on, of the segments between these two ends."""
    counts = collections.Counter()
    for s in segments:
        if (s.src, s.sport, s.dst, s.dport) == (client, cport, server, sport):
            side = '.clt'
        elif (s.src, s.sport, s.dst, s.dport) == (server, sport, client, cport):
            side = '.srv'
        else:
            continue
        counts['packets' + side] += 1
        counts['syn.count' + side] += bool(s.flags & SYN)
        counts['synack.count' + side] += s.flags & (SYN | ACK) == SYN | ACK
        counts['fin.count' + side] += bool(s.flags & FIN)
        counts['rst.count' + side] += bool(s.flags & RST)
    return counts
