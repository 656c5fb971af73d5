"""Scenarios that end before the connection was one, and packets that were to be none."""

import errno
import time

from scene import Ends, closed_by_peer, fails_with, send
from wire import ACK, FIN, PSH, RST, SYN, URG

NO_DATA = 'tcp flags & (syn | ack) == ack'


def call_in_vain(s, ends, *errors):
    c = s.caller(ends.cport)
    fails_with(errors, lambda: c.connect((ends.server, ends.sport)))


def here_to_there(s, more=0, port=0):
    """Ends without a socket yet."""
    return Ends(s.address['client'], s.cport + more, s.address['server'], s.port + port)


def refused(s):
    """Nobody listens."""
    ends = here_to_there(s)
    call_in_vain(s, ends, errno.ECONNREFUSED)
    s.step(ends, 'CLOSED', 'CLOSED')
    s.ends_as(ends, 'refused', 'server')


def served(s, port):
    """A connection that tells everybody how far the server is."""
    c, v, ends = s.pair(port)
    s.talk(c, v)
    c.close()
    closed_by_peer(v)
    v.close()
    s.wait_states(ends, 'TIME_WAIT', 'CLOSED')
    s.ends_as(ends, 'graceful', 'client')


def refused_path(s):
    """The router resets in the server's name: one hop nearer."""
    served(s, 1)
    undo = s.on_the_way('tcp dport %d reject with tcp reset' % s.port)
    ends = here_to_there(s)
    call_in_vain(s, ends, errno.ECONNREFUSED)
    s.step(ends, 'CLOSED', 'CLOSED', 'CR')
    undo()
    s.ends_as(ends, 'refused_path', 'server', 'medium', 'CR')


def rejected(s, word, *errors):
    undo = s.on_the_way('reject with icmpx type ' + word)
    ends = here_to_there(s)
    call_in_vain(s, ends, *errors)
    s.step(ends, 'CLOSED', 'CLOSED', 'CR')
    undo()
    s.ends_as(ends, 'unreachable', taps='CR')


def prohibited(s):
    rejected(s, 'admin-prohibited', errno.EHOSTUNREACH, errno.EACCES)


def port_unreachable(s):
    rejected(s, 'port-unreachable', errno.ECONNREFUSED)


def no_route(s):
    rejected(s, 'no-route', errno.ENETUNREACH)


def no_host(s):
    """The router does not find the server's host, and says so when it has given up looking."""
    address = s.address['server'][:-1] + '77'
    ends = Ends(s.address['client'], s.cport, address, s.port)
    call_in_vain(s, ends, errno.EHOSTUNREACH)
    s.step(ends, 'CLOSED', 'CLOSED', 'CR')
    s.ends_as(ends, 'unreachable', taps='CR')


def unanswered(s):
    """SYNs that get lost; the client gives up without a word."""
    s.listen()
    c = s.caller(s.cport)
    ends = s.ends(c)
    with s.losing('server', ''):
        s.call(c)
        s.step(ends, 'SYN_SENT', 'LISTEN')
        s.wait_segments('a second SYN', lambda p: p.flags == SYN, 2)
        s.step(ends, 'SYN_SENT', 'LISTEN')
        c.close()
    s.changes_unseen = True
    s.ends_as(ends, 'unanswered', at_least='low')


def answered_late(s):
    """The first SYN is lost, and then the first SYN-ACK: every state of the opening."""
    listener = s.listen()
    c = s.caller(s.cport)
    ends = s.ends(c)
    with s.losing('client', ''):
        with s.losing('server', ''):
            s.call(c)
            s.step(ends, 'SYN_SENT', 'LISTEN')
        s.step(ends, 'SYN_SENT', 'SYN_RECEIVED')
    s.step(ends, 'ESTABLISHED', 'ESTABLISHED')
    v = s.accept(listener)
    c.settimeout(5)
    s.talk(c, v)
    c.close()
    closed_by_peer(v)
    v.close()
    s.step(ends, 'TIME_WAIT', 'CLOSED')
    s.ends_as(ends, 'graceful', 'client')


def half_open(s):
    """A made-up SYN; the client's kernel does not hear the answer."""
    s.listen()
    ends = here_to_there(s)
    s.lose_for_good('client')
    s.raw(ends, SYN, seq=1000)
    s.wait_segments('SYN-ACKs', lambda p: p.flags == SYN | ACK, 2)
    s.ends_as(ends, 'half_open', at_least='low')


def cancelled(s):
    """A made-up SYN; the client's kernel knows nothing of it."""
    s.listen()
    ends = here_to_there(s)
    s.raw(ends, SYN, seq=1000)
    s.wait_segments('RST', lambda p: p.flags & RST)
    s.step(ends, 'CLOSED', 'CLOSED')
    s.ends_as(ends, 'cancelled', 'client')


def cancelled_late(s):
    """The client gave up before the answer came."""
    s.listen()
    c = s.caller(s.cport)
    ends = s.ends(c)
    with s.losing('client', ''):
        s.call(c)
        s.step(ends, 'SYN_SENT', 'SYN_RECEIVED')
        c.close()
    s.wait_segments('RST', lambda p: p.flags & RST)
    s.step(ends, 'CLOSED', 'CLOSED')
    s.ends_as(ends, 'cancelled', 'client')


def not_accepted(s):
    """Four more finish their handshake than the queue takes but one: SYN-ACKs again and again."""
    s.listen(backlog=4)
    for _ in range(4):
        s.ends_as(s.ends(s.connect()), '', at_least='')
    calls = []
    with s.losing('server', NO_DATA):
        for _ in range(4):
            calls.append(s.caller())
            s.call(calls[-1])
        for c in calls:
            s.wait_states(s.ends(c), 'ESTABLISHED', 'SYN_RECEIVED')
    time.sleep(4)
    s.changes_unseen = True
    for c in calls:
        taken = s.kernel(s.ends(c)) == ('ESTABLISHED', 'ESTABLISHED')
        s.ends_as(s.ends(c), '' if taken else 'not_accepted', at_least='' if taken else 'low')
        s.step(s.ends(c), 'ESTABLISHED', 'ESTABLISHED' if taken else 'SYN_RECEIVED')


def queue_full(s):
    """The queue is full before the SYN comes: it is not answered."""
    s.listen(backlog=0)
    first = s.ends(s.connect())
    c = s.caller(s.cport)
    ends = s.ends(c)
    s.call(c)
    s.wait_segments('a second SYN', lambda p: p.flags == SYN and p.sport == s.cport, 2)
    s.step(ends, 'SYN_SENT', 'LISTEN')
    c.close()
    s.changes_unseen = True
    s.ends_as(first, '', at_least='')
    s.ends_as(ends, 'unanswered', at_least='low')


def late_and_full(s, backlog, state):
    """A client whose ACK is lost, and others who take the room in the meantime."""
    listener = s.listen(backlog)
    late = s.caller(s.cport)
    ends = s.ends(late)
    with s.losing('server', 'tcp sport %d %s' % (s.cport, NO_DATA)):
        s.call(late)
        s.wait_states(ends, 'ESTABLISHED', state)
        others = [s.ends(s.connect()) for _ in range(backlog + 1)]
    return listener, late, ends, others


def overflow_abort(s):
    """tcp_abort_on_overflow: the ACK that finds no room draws a RST."""
    s.lab.server.sysctl('ipv4.tcp_abort_on_overflow', 1)
    try:
        _, _, ends, others = late_and_full(s, 2, 'SYN_RECEIVED')
        s.step(ends, 'CLOSED', 'CLOSED')
    finally:
        s.lab.server.sysctl('ipv4.tcp_abort_on_overflow', 0)
    s.ends_as(ends, 'not_accepted', 'server')
    for other in others:
        s.ends_as(other, '', at_least='')


overflow_abort.alone = True


def cookie_ghost(s):
    """A SYN cookie, and no room when the ACK comes: only the client thinks it is connected."""
    s.lab.server.sysctl('ipv4.tcp_syncookies', 2)
    try:
        listener, late, ends, others = late_and_full(s, 0, 'LISTEN')
    finally:
        s.lab.server.sysctl('ipv4.tcp_syncookies', 1)
    listener.close()
    send(late, b'x' * 100)
    s.step(ends, 'CLOSED', 'CLOSED')
    s.ends_as(ends, 'not_accepted', 'server')
    for other in others:
        s.ends_as(other, 'server_abort', 'server')


cookie_ghost.alone = True


def refused_again(s):
    """Older Windows asks three times more with the same SYN: one attempt."""
    ends = here_to_there(s)
    for n in range(1, 5):
        s.raw(ends, SYN, seq=1000)
        s.wait_segments('RST', lambda p: p.flags & RST, n)
        time.sleep(0.3)
    s.ends_as(ends, 'refused', 'server')


def scan(s, flags, opened, answered=True):
    """One illegal segment to a closed or an open port."""
    if opened:
        s.listen()
    ends = here_to_there(s)
    s.raw(ends, flags, seq=4711, ack=815 if flags & ACK else 0)
    if answered:
        s.wait_segments('RST', lambda p: p.flags & RST)
    s.ends_as(ends, 'probe', at_least='medium')


def probe_null(s):
    scan(s, 0, False)


def probe_fin(s):
    scan(s, FIN, False)


def probe_xmas(s):
    scan(s, FIN | PSH | URG, False)


def probe_xmas_open(s):
    scan(s, FIN | PSH | URG, True, False)


def probe_ack(s):
    scan(s, ACK, False)


def probe_ack_open(s):
    scan(s, ACK, True)


def probe_syn_fin(s):
    scan(s, SYN | FIN, False)


def probe_syn_ack(s):
    """An answer that nobody asked for."""
    ends = here_to_there(s)
    s.raw(ends, SYN | ACK, seq=4711, ack=815)
    s.wait_segments('RST', lambda p: p.flags & RST)
    # Who sends SYN-ACKs is a server.
    s.ends_as(Ends(ends.server, ends.sport, ends.client, ends.cport), 'probe', at_least='medium')


def stray_reset(s):
    ends = here_to_there(s)
    for seq in 100, 200:
        s.raw(ends, RST, seq=seq)
    s.wait_segments('RSTs', lambda p: p.flags == RST, 2)
    s.ends_as(ends, 'stray_reset', at_least='medium')


CHECK = [refused, unanswered, answered_late, prohibited]
ALL = CHECK + [refused_path, refused_again, port_unreachable, no_route, no_host, half_open,
               cancelled, cancelled_late, not_accepted, queue_full, overflow_abort, cookie_ghost,
               probe_null, probe_fin, probe_xmas, probe_xmas_open, probe_ack, probe_ack_open,
               probe_syn_fin, probe_syn_ack, stray_reset]
