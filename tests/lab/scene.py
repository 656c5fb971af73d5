"""What a scenario has at hand: sockets on both ends, faults on the way, and what must be seen."""

import contextlib
import errno
import os
import select
import socket
import struct
import subprocess
import threading
import time

import net
import wire
from lab import ADDRESSES, FIRST_PORT, PORTS_PER_SCENE

TCP_LINGER2, TCP_USER_TIMEOUT, TCP_REPAIR = 8, 18, 19
TCP_FASTOPEN, MSG_FASTOPEN = 23, 0x20000000
OTHER = {'client': 'server', 'server': 'client'}
CONFIDENCES = ['', 'low', 'medium', 'high']


class Wrong(Exception):
    """The scene did not go as the recipe says: no statement about tcptop."""


class Ends:
    """The two ends of a connection, to find its rows by."""

    def __init__(self, client, cport, server, sport):
        self.client, self.cport, self.server, self.sport = client, cport, server, sport

    def key(self):
        return self.client, str(self.cport), self.server, str(self.sport)


class Expected:
    """One row that tcptop must give for a connection, at some taps."""

    def __init__(self, ends, endings, closer, at_least, taps, has):
        self.ends, self.closer, self.at_least, self.taps, self.has = \
            ends, closer, at_least, taps, has
        self.endings = endings if isinstance(endings, tuple) else (endings,)

    def fault(self, row, at_least=None):
        """What is wrong with the row; empty when nothing is."""
        at_least = at_least if at_least and self.at_least else self.at_least
        faults = []
        if row['ending'] not in self.endings:
            faults.append('ending %s, not %s'
                          % (row['ending'] or '(open)', '|'.join(self.endings)))
        elif CONFIDENCES.index(row['confidence']) < CONFIDENCES.index(at_least):
            faults.append('confidence %s, not %s' % (row['confidence'], at_least))
        if self.closer is not None and row['closer'] != self.closer:
            faults.append('closer %s, not %s'
                          % (row['closer'] or '(none)', self.closer or '(none)'))
        for word in self.has:
            if word not in row['attributes'].split('|'):
                faults.append('attributes %s lack %s' % (row['attributes'], word))
        return '; '.join(faults)


class Scene:
    """One scenario over IPv4 or IPv6, on ports of its own."""

    def __init__(self, lab, number, name, family):
        self.lab, self.number, self.family = lab, number, family
        self.name = '%s/ipv%d' % (name, family)
        self.address = ADDRESSES[family]
        self.port = FIRST_PORT + number * PORTS_PER_SCENE
        self.cport = 61000 + number * 4     # beyond what the kernel gives out
        self.sockets, self.children, self.expected, self.faults = [], [], [], []
        self.options = []                   # of tcptop for the scene's own capture
        self.at_end = {}                    # ends -> taps that know its states
        self.changes_unseen = False         # the kernel's states went on without a packet
        self.sure_alone = None              # confidence enough when its packets are all there is
        self.needs_more = False             # its packets alone do not tell everything
        self.states = []                    # comparisons: tap, IP version, equal

    # --- Sockets ---------------------------------------------------------------------------

    def socket(self, side):
        with self.lab.ends[side]:
            s = socket.socket(socket.AF_INET6 if self.family == 6 else socket.AF_INET,
                              socket.SOCK_STREAM)
        s.settimeout(5)
        self.sockets.append(s)
        return s

    def listen(self, backlog=16, port=0):
        s = self.socket('server')
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((self.address['server'], self.port + port))
        s.listen(backlog)
        return s

    def caller(self, cport=None):
        """A client's socket that has not called yet."""
        s = self.socket('client')
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((self.address['client'], cport or 0))
        return s

    def connect(self, port=0, cport=None):
        s = self.caller(cport)
        s.connect((self.address['server'], self.port + port))
        return s

    def call(self, s, port=0):
        """connect() that does not wait for an answer."""
        s.setblocking(False)
        s.connect_ex((self.address['server'], self.port + port))

    def accept(self, listener):
        s, _ = listener.accept()
        s.settimeout(5)
        self.sockets.append(s)
        return s

    def pair(self, port=0, cport=None):
        """An established connection: the client's socket, the server's, and its ends."""
        listener = self.listen(port=port)
        c = self.connect(port, cport)
        return c, self.accept(listener), self.ends(c, port)

    def ends(self, c, port=0):
        return Ends(self.address['client'], c.getsockname()[1], self.address['server'],
                    self.port + port)

    def talk(self, c, v, request=b'x' * 100, reply=b'y' * 500):
        """A question and its answer, read by both."""
        send(c, request)
        receive(v, len(request))
        send(v, reply)
        receive(c, len(reply))

    def hold(self, s):
        """Gives the socket to a process of its own, which can then be killed."""
        child = subprocess.Popen(['cat'], stdin=subprocess.PIPE, pass_fds=[s.fileno()])
        s.close()
        self.children.append(child)
        return child

    def vanish(self, side, s):
        """The socket is gone without a packet, as after a power cut."""
        s.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        mine, peer = (net.proc_end(socket.inet_pton(s.family, end[0]), end[1])
                      for end in (s.getsockname(), s.getpeername()))
        s.close()
        # A child that is just being started may hold it for a moment longer.
        self.wait_for('the socket to go', lambda: net.state_of(
            self.lab.ends[side].sockets(), mine, peer) in ('CLOSED', 'LISTEN'))

    # --- Faults on the way -----------------------------------------------------------------

    def losing(self, side, rule):
        """Segments of this scene that come to `side` are lost there, behind all taps."""
        port = 'sport' if side == 'client' else 'dport'
        match = 'tcp %s %d-%d' % (port, self.port, self.port + PORTS_PER_SCENE - 1)
        return net.dropping(self.lab.ends[side], 'input', match + ' ' + rule)

    def lose_for_good(self, side):
        """The same for whatever comes, until the namespace is gone."""
        port = 'sport' if side == 'client' else 'dport'
        net.verdict(self.lab.ends[side], 'input', 'tcp %s %d drop' % (port, self.port))

    def on_the_way(self, rule, to='server'):
        """What the router does with this scene's segments; returns what undoes it."""
        port = 'sport' if to == 'client' else 'dport'
        match = 'tcp %s %d-%d' % (port, self.port, self.port + PORTS_PER_SCENE - 1)
        return net.verdict(self.lab.router, 'forward', match + ' ' + rule)

    def raw(self, ends, flags, by='client', ns=None, **rest):
        """A made-up segment in the name of the client or the server."""
        pair = (ends.client, ends.cport), (ends.server, ends.sport)
        (src, sport), (dst, dport) = pair if by == 'client' else pair[::-1]
        packet = wire.craft(src, sport, dst, dport, flags, **rest)
        wire.send_raw(ns or self.lab.ends[by], packet)

    def segments(self, tap=0):
        """What the tap has captured of this scene so far."""
        found = []
        for record in self.lab.taps[tap].records(self.number):
            segment = wire.parse(wire.record_time(record), record[16:])
            if segment:
                found.append(segment)
        return found

    def wait_for(self, what, condition, seconds=5):
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until:
                raise Wrong('waited %g s for %s' % (seconds, what))
            time.sleep(0.01)

    def wait_segments(self, what, want, n=1, seconds=5, tap=0):
        """Waits until n captured segments are such that want(segment)."""
        self.wait_for(what, lambda: sum(map(bool, map(want, self.segments(tap)))) >= n, seconds)

    def last(self, ends, by):
        """The last segment with ACK and without RST that this end sent."""
        port = ends.cport if by == 'client' else ends.sport
        return [s for s in self.segments() if s.sport == port and s.flags & wire.ACK
                and not s.flags & wire.RST][-1]

    # --- What must be seen -----------------------------------------------------------------

    def kernel(self, ends):
        """The states that the two kernels have for this connection."""
        family = socket.AF_INET6 if self.family == 6 else socket.AF_INET
        c = net.proc_end(socket.inet_pton(family, ends.client), ends.cport)
        v = net.proc_end(socket.inet_pton(family, ends.server), ends.sport)
        return (net.state_of(self.lab.client.sockets(), c, v),
                net.state_of(self.lab.server.sockets(), v, c))

    def is_in(self, ends, *states):
        """A listener on the port is no end of a connection that was."""
        return all(has == want or (has, want) == ('LISTEN', 'CLOSED')
                   for has, want in zip(self.kernel(ends), states))

    def wait_states(self, ends, clt, srv, seconds=5):
        try:
            self.wait_for('states', lambda: self.is_in(ends, clt, srv), seconds)
        except Wrong:
            raise Wrong('kernel has %s/%s, the recipe says %s/%s'
                        % (*self.kernel(ends), clt, srv)) from None

    def step(self, ends, clt, srv, taps='CRS'):
        """The kernels come to these states, and tcptop says the same at every tap."""
        self.wait_states(ends, clt, srv)
        self.at_end[ends] = taps
        for tap in self.lab.taps:
            if tap.letter not in taps:
                continue
            until = time.monotonic() + 1.5
            said = self.states_said(tap, ends)
            while said != (clt, srv) and time.monotonic() < until:
                time.sleep(0.05)
                said = self.states_said(tap, ends)
            for mine, theirs in zip(said, (clt, srv)):
                self.states.append((tap.letter, self.family, mine == theirs))
            if said != (clt, srv):
                self.faults.append('tap %s: states %s/%s, kernel has %s/%s'
                                   % (tap.letter, *said, clt, srv))
        if not self.is_in(ends, clt, srv):
            raise Wrong('%s/%s did not last' % (clt, srv))

    def capture(self, tap):
        """The scene's packets so far as a capture file of their own."""
        path = os.path.join(self.lab.folder,
                            '%s.%s.pcap' % (self.name.replace('/', '.'), tap.letter))
        records = tap.records(self.number)
        with open(path, 'wb') as f:
            f.write(tap.reader.head + b''.join(records))
        return path

    def states_said(self, tap, ends):
        rows = [row for row in self.lab.ask(self.capture(tap), *self.options)
                if row_key(row) == ends.key()]
        return (rows[-1]['state.clt'], rows[-1]['state.srv']) if rows else ('(no row)', '')

    def ends_as(self, ends, endings, closer=None, at_least='high', taps='CRS', has=()):
        """The next generation of this connection: what tcptop must say of it."""
        self.expected.append(Expected(ends, endings, closer, at_least, taps, has))

    # --- Play ------------------------------------------------------------------------------

    def play(self, recipe):
        try:
            recipe(self)
        except (Wrong, OSError, IndexError, RuntimeError) as e:
            self.faults.append('scene broke off: %s: %s' % (type(e).__name__, e))

    def finish(self):
        """Closes what is left open. After the taps are shut, so that nobody sees it."""
        for child in self.children:
            child.kill()
            child.wait()
            for pipe in child.stdin, child.stdout:
                if pipe:
                    pipe.close()
        for s in self.sockets:
            s.close()


def row_key(row):
    return row['client'], row['client.port'], row['server'], row['server.port']


def send(s, data):
    s.sendall(data)


def receive(s, n):
    got = b''
    while len(got) < n:
        part = s.recv(n - len(got))
        if not part:
            raise Wrong('connection closed after %d of %d octets' % (len(got), n))
        got += part
    return got


def closed_by_peer(s):
    """Reads the peer's FIN."""
    if s.recv(1):
        raise Wrong('data where a FIN was due')


def linger0(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))


def disconnect(s):
    """connect() to nowhere: aborts."""
    where = struct.pack('H14x', socket.AF_UNSPEC)
    net.check(net.libc.connect(s.fileno(), where, len(where)))


def fails_with(wanted, do):
    try:
        do()
    except OSError as e:
        if e.errno not in wanted:
            raise
        return
    raise Wrong('no error where %s was due' % '/'.join(errno.errorcode[n] for n in wanted))


def error_of(s, seconds=10):
    """Waits for the socket's error; 0 when it had none."""
    poll = select.poll()
    poll.register(s, 0)
    poll.poll(seconds * 1000)
    return s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
