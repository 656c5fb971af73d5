"""Scenarios in which something between the two takes part, and resets that were made up."""

import errno
import socket
import struct
import time

from scene import TCP_USER_TIMEOUT, Wrong, closed_by_peer, error_of, receive, send
from wire import ACK, RST, SYN, after


def talked(s, **how):
    c, v, ends = s.pair(**how)
    s.talk(c, v)
    s.wait_segments('the answer', lambda p: p.length == 500)
    time.sleep(0.1)    # a delayed ACK
    return c, v, ends


def forge(s, ends, by='server', off=0, **rest):
    """A reset in the name of one end, made by the router; exact when off is 0."""
    s.raw(ends, RST, by, s.lab.router, seq=after(s.last(ends, by)) + off, **rest)


def finish(s, c, v, ends):
    """The connection lives: a talk and an orderly end."""
    s.talk(c, v)
    c.close()
    closed_by_peer(v)
    v.close()
    s.step(ends, 'TIME_WAIT', 'CLOSED')


def forged_exact(s):
    """The client believes it; the server does not know, and goes on."""
    c, v, ends = talked(s)
    forge(s, ends)
    if error_of(c) != errno.ECONNRESET:
        raise Wrong('the forged reset had no effect')
    time.sleep(0.005)    # sooner it could have been under way
    send(v, b'z' * 300)
    s.step(ends, 'CLOSED', 'CLOSED')
    s.ends_as(ends, 'path_reset', taps='CR')
    s.ends_as(ends, 'client_lost', 'client', taps='S')


def forged_both(s):
    """The router resets both, in the name of the other."""
    _, _, ends = talked(s)
    forge(s, ends, 'server')
    forge(s, ends, 'client')
    s.step(ends, 'CLOSED', 'CLOSED')
    s.ends_as(ends, 'path_reset', at_least='medium')


def ignored(s, off, **rest):
    c, v, ends = talked(s)
    forge(s, ends, off=off, **rest)
    s.wait_segments('the forged reset', lambda p: p.flags & RST)
    time.sleep(0.1)
    s.step(ends, 'ESTABLISHED', 'ESTABLISHED')
    finish(s, c, v, ends)
    s.ends_as(ends, 'graceful', 'client', taps='CR', has=['rst_ignored=1'])
    s.ends_as(ends, 'graceful', 'client', taps='S')


def forged_in_window(s):
    """Not exact: the client asks whether it is meant (RFC 5961); the server knows nothing."""
    ignored(s, 1000)


def forged_outside(s):
    ignored(s, 50000000)


def forged_below(s):
    ignored(s, -3000)


def forged_with_payload(s):
    """Octets in a reset change nothing."""
    c, v, ends = talked(s)
    forge(s, ends, data=b'go away')
    if error_of(c) != errno.ECONNRESET:
        raise Wrong('the forged reset had no effect')
    time.sleep(0.005)    # sooner it could have been under way
    send(v, b'z' * 300)
    s.step(ends, 'CLOSED', 'CLOSED')
    s.ends_as(ends, 'path_reset', taps='CR', has=['payload_in_rst'])
    s.ends_as(ends, 'client_lost', 'client', taps='S')


def time_wait_reset(s):
    """A reset after both have closed is a footnote."""
    c, v, ends = talked(s)
    finish(s, c, v, ends)
    forge(s, ends)
    s.wait_segments('the forged reset', lambda p: p.flags & RST)
    s.changes_unseen = True
    s.ends_as(ends, 'graceful', 'client', taps='CR', has=['rst_after_close'])
    s.ends_as(ends, 'graceful', 'client', taps='S')


def time_wait_duplicate(s):
    """An old segment comes to TIME_WAIT, and is answered; nobody is there to hear it."""
    c, v, ends = talked(s)
    old = s.last(ends, 'server')
    finish(s, c, v, ends)
    s.raw(ends, ACK, 'server', seq=old.seq, ack=old.ack, data=b'old')
    s.wait_segments('RST', lambda p: p.flags & RST)
    s.changes_unseen = True
    s.ends_as(ends, 'graceful', 'client')


def time_wait_old_syn(s):
    """An older SYN comes to TIME_WAIT: an ACK, which the client's kernel answers with a RST."""
    c, v, ends = s.pair()
    s.talk(c, v)
    v.close()
    closed_by_peer(c)
    c.close()
    s.step(ends, 'CLOSED', 'TIME_WAIT')
    s.raw(ends, SYN, seq=s.segments()[0].seq - 100000)
    s.wait_segments('RST', lambda p: p.flags & RST)
    s.changes_unseen = True
    s.ends_as(ends, 'graceful', 'server')
    s.ends_as(ends, ('unanswered', 'cancelled'), at_least='low')


def reject_midway(s):
    """A firewall that begins to reject: its reset comes from one hop nearer."""
    c, _, ends = talked(s)
    undo = s.on_the_way('reject with tcp reset')
    send(c, b'x' * 50)
    if error_of(c) != errno.ECONNRESET:
        raise Wrong('no reset')
    undo()
    s.ends_as(ends, 'path_reset', at_least='medium', taps='CR')
    s.ends_as(ends, '', at_least='', taps='S')


def give_up_after(socket_, milliseconds):
    socket_.setsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT, struct.pack('I', milliseconds))


def dropped(s, undo, c, ends):
    """Data goes into a hole behind the tap of the client's side."""
    give_up_after(c, 2000)
    send(c, b'x' * 50)
    if error_of(c) != errno.ETIMEDOUT:
        raise Wrong('no time-out')
    time.sleep(4)    # twice the last gap
    undo()
    s.ends_as(ends, 'server_vanished', taps='CR')
    s.sure_alone = 'medium'    # a file that ends with the last retransmission
    s.ends_as(ends, '', at_least='', taps='S')


def drop_midway(s):
    c, _, ends = talked(s)
    dropped(s, s.on_the_way('drop'), c, ends)


def forgetful(s, rule):
    """A router that keeps connections for a second, and what it does with segments of others."""
    s.lab.router.sysctl('netfilter.nf_conntrack_tcp_loose', 0)
    s.lab.router.sysctl('netfilter.nf_conntrack_tcp_timeout_established', 1)
    return s.on_the_way('ct state invalid ' + rule)


def conntrack_drop(s):
    undo = forgetful(s, 'drop')
    c, _, ends = talked(s)
    time.sleep(2)
    dropped(s, undo, c, ends)


def conntrack_reject(s):
    """The reset shows its hop distance."""
    undo = forgetful(s, 'reject with tcp reset')
    c, _, ends = talked(s)
    time.sleep(2)
    send(c, b'x' * 50)
    if error_of(c) != errno.ECONNRESET:
        raise Wrong('no reset')
    undo()
    s.ends_as(ends, 'path_reset', at_least='medium', taps='CR')
    s.ends_as(ends, '', at_least='', taps='S')


def conntrack_reject_near(s):
    """At the same hop distance as the server nothing tells who forgot."""
    undo = forgetful(s, 'reject with tcp reset')
    listener = s.listen()
    if s.family == 6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 65)
    else:
        listener.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 65)
    c = s.connect()
    v = s.accept(listener)
    ends = s.ends(c)
    s.talk(c, v)
    time.sleep(2)
    send(c, b'x' * 50)
    if error_of(c) != errno.ECONNRESET:
        raise Wrong('no reset')
    undo()
    s.ends_as(ends, 'server_lost', 'server', taps='CR')
    s.ends_as(ends, '', at_least='', taps='S')


CHECK = [forged_exact, forged_in_window]
ALL = CHECK + [forged_both, forged_outside, forged_below, forged_with_payload, time_wait_reset,
               time_wait_duplicate, time_wait_old_syn, reject_midway, drop_midway, conntrack_drop,
               conntrack_reject, conntrack_reject_near]
