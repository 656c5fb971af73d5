"""Scenarios that end before the connection was one."""

import errno
import time

from scene import Ends, fails_with, linger0, send
from wire import ACK, RST, SYN


def refused(s):
    """Nobody listens."""
    c = s.caller(s.cport)
    ends = Ends(s.address['client'], s.cport, s.address['server'], s.port)
    fails_with([errno.ECONNREFUSED], lambda: c.connect((s.address['server'], s.port)))
    s.step(ends, 'CLOSED', 'CLOSED')
    s.ends_as(ends, 'refused', 'server')


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
    s.ends_as(ends, 'unanswered', at_least='low')


CHECK = [refused, unanswered]
CHECK6 = [unanswered]
ALL = CHECK
