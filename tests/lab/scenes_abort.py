"""Scenarios that end with a RST of one of the two ends."""

import errno
import select
import signal
import socket
import struct
import time

from scene import TCP_LINGER2, closed_by_peer, disconnect, error_of, linger0, receive, send

OTHER = {'client': 'server', 'server': 'client'}


def aborts(s, by, how, ending=None):
    """A talk; then `how(aborting end's socket, the other's)`; then both are gone."""
    c, v, ends = s.pair()
    s.talk(c, v)
    mine, theirs = (c, v) if by == 'client' else (v, c)
    how(mine, theirs)
    s.step(ends, 'CLOSED', 'CLOSED')
    s.ends_as(ends, ending or by + '_abort', by)


def with_linger0(mine, _):
    linger0(mine)
    mine.close()


def wait_unread(s):
    """Until there is something to read, and nobody reads it."""
    if not select.select([s], [], [], 5)[0]:
        raise OSError(errno.ETIMEDOUT, 'nothing came')


def with_unread(mine, theirs):
    send(theirs, b'q' * 40)
    wait_unread(mine)
    mine.close()


def with_disconnect(mine, _):
    disconnect(mine)


def with_shutdown_read(mine, theirs):
    """What comes after shutdown(RD) is unread for ever."""
    mine.shutdown(socket.SHUT_RD)
    send(theirs, b'q' * 40)
    time.sleep(0.1)
    mine.close()


def killed_unread(s, by):
    """The process is killed with a question unread."""
    c, v, ends = s.pair()
    s.talk(c, v)
    mine, theirs = (c, v) if by == 'client' else (v, c)
    send(theirs, b'q' * 40)
    wait_unread(mine)
    child = s.hold(mine)
    child.send_signal(signal.SIGKILL)
    child.wait()
    s.step(ends, 'CLOSED', 'CLOSED')
    s.ends_as(ends, by + '_abort', by)


def client_linger0(s):
    aborts(s, 'client', with_linger0)


def server_linger0(s):
    aborts(s, 'server', with_linger0)


def client_unread(s):
    aborts(s, 'client', with_unread)


def server_unread(s):
    aborts(s, 'server', with_unread)


def client_disconnect(s):
    aborts(s, 'client', with_disconnect)


def server_disconnect(s):
    aborts(s, 'server', with_disconnect)


def client_shutdown_read(s):
    aborts(s, 'client', with_shutdown_read)


def server_shutdown_read(s):
    aborts(s, 'server', with_shutdown_read)


def client_killed_unread(s):
    killed_unread(s, 'client')


def server_killed_unread(s):
    killed_unread(s, 'server')


def destroyed(s, by):
    """ss -K: the administrator ends it."""
    c, v, ends = s.pair()
    s.talk(c, v)
    mine = c if by == 'client' else v
    port = mine.getsockname()[1]
    s.lab.ends[by].run('ss', '-K', 'sport = :%d and dport = :%d' % (port, mine.getpeername()[1]))
    s.step(ends, 'CLOSED', 'CLOSED')
    s.ends_as(ends, by + '_abort', by)


def client_destroyed(s):
    destroyed(s, 'client')


def server_destroyed(s):
    destroyed(s, 'server')


def listener_closed(s):
    """The listener goes with connections that nobody accepted."""
    listener = s.listen()
    ends = [s.ends(s.connect()) for _ in range(2)]
    for e in ends:
        s.step(e, 'ESTABLISHED', 'ESTABLISHED')
    listener.close()
    for e in ends:
        s.step(e, 'CLOSED', 'CLOSED')
        s.ends_as(e, 'server_abort', 'server')


def quick_reset(s):
    """The server sends and closes; the client has all of it, and resets."""
    c, v, ends = s.pair()
    s.talk(c, v)
    send(v, b'z' * 900)
    v.close()
    receive(c, 900)
    closed_by_peer(c)
    s.step(ends, 'CLOSE_WAIT', 'FIN_WAIT_2')
    linger0(c)
    c.close()
    s.step(ends, 'CLOSED', 'CLOSED')
    s.ends_as(ends, 'quick_reset', 'server')


def quick_reset_unread(s):
    """The same, with the last answer unread: on the wire it is acknowledged all the same."""
    c, v, ends = s.pair()
    s.talk(c, v)
    send(v, b'z' * 900)
    v.close()
    s.step(ends, 'CLOSE_WAIT', 'FIN_WAIT_2')
    c.close()
    s.step(ends, 'CLOSED', 'CLOSED')
    s.ends_as(ends, 'quick_reset', 'server')


def linger2_negative(s, by):
    """TCP_LINGER2 -1: a FIN, and a RST that answers its acknowledgement."""
    c, v, ends = s.pair()
    s.talk(c, v)
    mine = c if by == 'client' else v
    mine.setsockopt(socket.IPPROTO_TCP, TCP_LINGER2, -1)
    mine.close()
    s.step(ends, 'CLOSED', 'CLOSED')
    s.ends_as(ends, by + '_abort', by, 'medium')


def client_linger2(s):
    linger2_negative(s, 'client')


def server_linger2(s):
    linger2_negative(s, 'server')


def lost(s, by):
    """One end is gone without a word, as after a power cut; the other sends."""
    c, v, ends = s.pair()
    s.talk(c, v)
    mine, theirs = (c, v) if by == 'client' else (v, c)
    s.vanish(by, mine)
    send(theirs, b'x' * 50)
    s.step(ends, 'CLOSED', 'CLOSED')
    s.ends_as(ends, by + '_lost', by)


def client_lost(s):
    lost(s, 'client')


def server_lost(s):
    lost(s, 'server')


def client_lost_syn(s):
    """The client restarts and calls again from the same port."""
    listener = s.listen()
    c = s.connect(cport=s.cport)
    v = s.accept(listener)
    ends = s.ends(c)
    s.talk(c, v)
    s.vanish('client', c)
    c = s.connect(cport=s.cport)
    s.ends_as(ends, 'client_lost', 'client')
    v = s.accept(listener)
    s.talk(c, v)
    c.close()
    closed_by_peer(v)
    v.close()
    s.step(ends, 'TIME_WAIT', 'CLOSED')
    s.ends_as(ends, 'graceful', 'client')


def both_lost(s):
    """Both ends forget; the ports are used again."""
    listener = s.listen()
    c = s.connect(cport=s.cport)
    v = s.accept(listener)
    ends = s.ends(c)
    s.talk(c, v)
    s.vanish('client', c)
    s.vanish('server', v)
    c = s.connect(cport=s.cport)
    v = s.accept(listener)
    s.ends_as(ends, 'replaced', at_least='medium')
    s.talk(c, v)
    c.close()
    closed_by_peer(v)
    v.close()
    s.step(ends, 'TIME_WAIT', 'CLOSED')
    s.ends_as(ends, 'graceful', 'client')


def idle_reset(s):
    """Silence for longer than --idle-reset, then a reset that nothing drew."""
    c, v, ends = s.pair()
    s.talk(c, v)
    time.sleep(3.6)
    linger0(v)
    v.close()
    s.step(ends, 'CLOSED', 'CLOSED')
    s.ends_as(ends, 'idle_reset', 'server')


def keepalive_timeout(s):
    """Probes that nobody answers."""
    c, v, ends = s.pair()
    s.talk(c, v)
    c.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in ((socket.TCP_KEEPIDLE, 1), (socket.TCP_KEEPINTVL, 1),
                          (socket.TCP_KEEPCNT, 3)):
        c.setsockopt(socket.IPPROTO_TCP, option, value)
    with s.losing('server', ''):
        if error_of(c) != errno.ETIMEDOUT:
            raise OSError(errno.EPROTO, 'keep-alive did not give up')
    s.ends_as(ends, 'keepalive_timeout', 'client')


def user_timeout(s, by, ending):
    """Data that nobody acknowledges; Linux gives up without a RST."""
    c, v, ends = s.pair()
    s.talk(c, v)
    mine = c if by == 'client' else v
    mine.setsockopt(socket.IPPROTO_TCP, 18, struct.pack('I', 2000))
    with s.losing(OTHER[by], ''):
        send(mine, b'x' * 50)
        if error_of(mine) != errno.ETIMEDOUT:
            raise OSError(errno.EPROTO, 'no time-out')
        time.sleep(4)    # twice the last gap
    s.ends_as(ends, ending)
    s.sure_alone = 'medium'    # a file that ends with the last retransmission


def server_vanished(s):
    user_timeout(s, 'client', 'server_vanished')


def client_vanished(s):
    user_timeout(s, 'server', 'client_vanished')


CHECK = [client_linger0, server_linger0, server_unread, server_killed_unread]
ALL = CHECK + [client_unread, client_disconnect, server_disconnect, client_shutdown_read,
               server_shutdown_read, client_killed_unread, client_destroyed, server_destroyed,
               listener_closed, quick_reset, quick_reset_unread, client_linger2, server_linger2,
               client_lost, server_lost, client_lost_syn, both_lost, idle_reset,
               keepalive_timeout, server_vanished, client_vanished]
