"""Scenarios that end with FIN on both sides, or on one."""

import signal
import socket
import time

import wire
from scene import MSG_FASTOPEN, TCP_FASTOPEN, TCP_LINGER2, Wrong, closed_by_peer, receive, send

FIN = 'tcp flags & fin == fin'


def graceful(s, first):
    """close() on one side, then on the other; every state that a quiet wire shows."""
    c, v, ends = s.pair()
    s.step(ends, 'ESTABLISHED', 'ESTABLISHED')
    s.talk(c, v)
    one, other = (c, v) if first == 'client' else (v, c)
    one.close()
    closed_by_peer(other)
    s.step(ends, *turn(first, 'FIN_WAIT_2', 'CLOSE_WAIT'))
    other.close()
    s.step(ends, *turn(first, 'TIME_WAIT', 'CLOSED'))
    s.ends_as(ends, 'graceful', first, has=['first_fin=' + first])


def turn(first, one, other):
    return (one, other) if first == 'client' else (other, one)


def graceful_client(s):
    graceful(s, 'client')


def graceful_server(s):
    graceful(s, 'server')


def three_segments(s):
    """The answer to the FIN is a FIN: its acknowledgement needs no segment of its own."""
    c, v, ends = s.pair()
    s.talk(c, v)
    time.sleep(0.1)    # so that no acknowledgement is due
    c.shutdown(socket.SHUT_WR)
    closed_by_peer(v)
    v.close()
    closed_by_peer(c)
    s.step(ends, 'TIME_WAIT', 'CLOSED')
    close = [bool(p.flags & wire.FIN) for p in s.segments()][-3:]
    if close != [True, True, False]:
        raise Wrong('not a close of three segments')
    s.ends_as(ends, 'graceful', 'client')


def close_states(s, first):
    """Each FIN is lost once: the states that otherwise last for microseconds."""
    last = 'server' if first == 'client' else 'client'
    c, v, ends = s.pair()
    s.talk(c, v)
    one, other = (c, v) if first == 'client' else (v, c)
    with s.losing(last, FIN):
        one.close()
        s.step(ends, *turn(first, 'FIN_WAIT_1', 'ESTABLISHED'))
    closed_by_peer(other)
    s.step(ends, *turn(first, 'FIN_WAIT_2', 'CLOSE_WAIT'))
    with s.losing(first, FIN):
        other.close()
        s.step(ends, *turn(first, 'FIN_WAIT_2', 'LAST_ACK'))
    s.step(ends, *turn(first, 'TIME_WAIT', 'CLOSED'))
    s.ends_as(ends, 'graceful', first)


def close_states_client(s):
    close_states(s, 'client')


def close_states_server(s):
    close_states(s, 'server')


def simultaneous_close(s):
    """Both FINs are lost, and are sent again; the client's is lost for longer."""
    c, v, ends = s.pair()
    s.talk(c, v)
    with s.losing('server', FIN):
        with s.losing('client', FIN):
            c.close()
            v.close()
            s.step(ends, 'FIN_WAIT_1', 'FIN_WAIT_1')
        s.step(ends, 'CLOSING', 'FIN_WAIT_2')
    s.step(ends, 'TIME_WAIT', 'TIME_WAIT')
    s.ends_as(ends, 'graceful', 'both', has=['first_fin=simultaneous'])


def half_close(s):
    """shutdown() for writing; the other side goes on for a while."""
    c, v, ends = s.pair()
    s.talk(c, v)
    c.shutdown(socket.SHUT_WR)
    closed_by_peer(v)
    s.step(ends, 'FIN_WAIT_2', 'CLOSE_WAIT')
    for _ in range(3):
        send(v, b'z' * 700)
        receive(c, 700)
    s.step(ends, 'FIN_WAIT_2', 'CLOSE_WAIT')
    v.close()
    closed_by_peer(c)
    s.step(ends, 'TIME_WAIT', 'CLOSED')
    s.ends_as(ends, 'graceful', 'client', has=['half_close', 'first_fin=client'])


def half_closed(s):
    """The server never closes."""
    c, v, ends = s.pair()
    s.talk(c, v)
    c.shutdown(socket.SHUT_WR)
    closed_by_peer(v)
    time.sleep(4)
    s.step(ends, 'FIN_WAIT_2', 'CLOSE_WAIT')
    s.ends_as(ends, 'half_closed', 'client', taps='CRS')
    s.needs_more = True    # a file that ends with the FIN's acknowledgement knows of no silence


def half_closed_client(s):
    """The client never closes."""
    c, v, ends = s.pair()
    s.talk(c, v)
    v.shutdown(socket.SHUT_WR)
    closed_by_peer(c)
    time.sleep(4)
    s.step(ends, 'CLOSE_WAIT', 'FIN_WAIT_2')
    s.ends_as(ends, 'half_closed', 'server')
    s.needs_more = True


def late_close(s):
    """Half closed for longer than the timer, then closed after all: withdrawn."""
    c, v, ends = s.pair()
    s.talk(c, v)
    c.shutdown(socket.SHUT_WR)
    closed_by_peer(v)
    time.sleep(4)
    v.close()
    s.step(ends, 'TIME_WAIT', 'CLOSED')
    s.ends_as(ends, 'graceful', 'client')


def client_cut(s):
    """close() with nothing unread while the server goes on sending."""
    c, v, ends = s.pair()
    s.talk(c, v)
    c.close()
    closed_by_peer(v)
    s.step(ends, 'FIN_WAIT_2', 'CLOSE_WAIT')
    send(v, b'z' * 14000)
    s.step(ends, 'CLOSED', 'CLOSED')
    s.ends_as(ends, 'client_cut', 'client')


def client_cut_late(s):
    """The kernel has forgotten the closed socket already when the server sends."""
    c, v, ends = s.pair()
    s.talk(c, v)
    c.setsockopt(socket.IPPROTO_TCP, TCP_LINGER2, 1)
    c.close()
    closed_by_peer(v)
    s.wait_states(ends, 'CLOSED', 'CLOSE_WAIT')
    send(v, b'z' * 500)
    s.step(ends, 'CLOSED', 'CLOSED')
    s.ends_as(ends, 'client_cut', 'client')


def killed_idle(s, octets, at_least):
    """The server's process is killed; the client finds out when it sends."""
    c, v, ends = s.pair()
    s.talk(c, v)
    child = s.hold(v)
    child.send_signal(signal.SIGKILL)
    child.wait()
    closed_by_peer(c)
    s.step(ends, 'CLOSE_WAIT', 'FIN_WAIT_2')
    send(c, b'x' * octets)
    s.step(ends, 'CLOSED', 'CLOSED')
    s.ends_as(ends, 'server_cut', 'server', at_least)


def server_killed_idle(s):
    killed_idle(s, 200, 'high')


def server_killed_little(s):
    """So few octets may also be a goodbye whose FIN was missed: less sure."""
    killed_idle(s, 50, 'medium')


def reuse(s, first):
    """The same ports again while the one who closed first is in TIME_WAIT."""
    c, v, ends = s.pair(cport=s.cport)
    s.talk(c, v)
    one, other = (c, v) if first == 'client' else (v, c)
    one.close()
    closed_by_peer(other)
    other.close()
    s.step(ends, *turn(first, 'TIME_WAIT', 'CLOSED'))
    s.ends_as(ends, 'graceful', first)
    time.sleep(1.2)    # tcp_tw_reuse wants a newer timestamp
    c = s.connect(cport=s.cport)
    v = s.accept(s.sockets[0])
    s.step(ends, 'ESTABLISHED', 'ESTABLISHED')
    s.talk(c, v)
    c.close()
    closed_by_peer(v)
    v.close()
    s.step(ends, 'TIME_WAIT', 'CLOSED')
    s.ends_as(ends, 'graceful', 'client')


def reuse_client(s):
    reuse(s, 'client')


def reuse_server(s):
    reuse(s, 'server')


def simultaneous_open(s):
    """Both call each other; their first SYNs are lost."""
    c = s.caller(s.cport)
    v = s.socket('server')
    v.bind((s.address['server'], s.port))
    ends = s.ends(c)
    with s.losing('server', ''), s.losing('client', ''):
        s.call(c)
        v.setblocking(False)
        v.connect_ex((s.address['client'], s.cport))
        s.step(ends, 'SYN_SENT', 'SYN_SENT')
    s.step(ends, 'ESTABLISHED', 'ESTABLISHED')
    for end in c, v:
        end.settimeout(5)
    s.talk(c, v)
    c.close()
    closed_by_peer(v)
    v.close()
    s.step(ends, 'TIME_WAIT', 'CLOSED')
    s.ends_as(ends, 'graceful', 'client', has=['simultaneous_open'])


def fast_open(s):
    """The first connection gets the cookie, the second brings data in its SYN."""
    listener = s.listen()
    listener.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 8)
    for _ in range(2):
        c = s.socket('client')
        c.settimeout(None)
        c.sendto(b'hello', MSG_FASTOPEN, (s.address['server'], s.port))
        ends = s.ends(c)
        v = s.accept(listener)
        receive(v, 5)
        send(v, b'y' * 100)
        receive(c, 100)
        c.close()
        closed_by_peer(v)
        v.close()
        s.step(ends, 'TIME_WAIT', 'CLOSED')
        s.ends_as(ends, 'graceful', 'client')
    s.expected[-1].has = ['fast_open']


CHECK = [graceful_client, graceful_server, close_states_client, simultaneous_close, half_close,
         client_cut, server_killed_idle]
ALL = CHECK + [three_segments, close_states_server, server_killed_little, half_closed,
               half_closed_client, late_close, client_cut_late, reuse_client, reuse_server,
               simultaneous_open, fast_open]
