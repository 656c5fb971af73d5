"""Network namespaces without names: they are gone when this process and its children are."""

import contextlib
import ctypes
import os
import subprocess
import threading

CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
SIGTERM = 15

libc = ctypes.CDLL(None, use_errno=True)
here = threading.local()

# /proc/net/tcp numbers them; the names are those of RFC 9293.
KERNEL_STATES = {
    1: 'ESTABLISHED', 2: 'SYN_SENT', 3: 'SYN_RECEIVED', 4: 'FIN_WAIT_1', 5: 'FIN_WAIT_2',
    6: 'TIME_WAIT', 7: 'CLOSED', 8: 'CLOSE_WAIT', 9: 'LAST_ACK', 10: 'LISTEN', 11: 'CLOSING',
    12: 'SYN_RECEIVED',
}


def check(result):
    """Turns a C call's -1 into an exception."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def enter(fd):
    check(libc.setns(fd, CLONE_NEWNET))


def current():
    return os.open('/proc/thread-self/ns/net', os.O_RDONLY | os.O_CLOEXEC)


def die_with_parent():
    """For preexec_fn: nothing is left running should this test be killed."""
    libc.prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0)


class Netns:
    """`with ns:` puts this thread, what it opens and what it starts into the namespace."""

    def __init__(self):
        home = current()
        check(libc.unshare(CLONE_NEWNET))
        self.fd = current()
        enter(home)
        os.close(home)

    def __enter__(self):
        stack = here.__dict__.setdefault('stack', [])
        stack.append(current())
        enter(self.fd)
        return self

    def __exit__(self, *_):
        home = here.stack.pop()
        enter(home)
        os.close(home)

    def path(self):
        return '/proc/%d/fd/%d' % (os.getpid(), self.fd)

    def run(self, *argv, text=None, fails=False):
        with self:
            done = subprocess.run(argv, input=text, capture_output=True, text=True, check=False)
        if done.returncode and not fails:
            raise RuntimeError('%s: %s\n%s' % (' '.join(argv), done.stderr.strip(), text or ''))
        return done.stdout

    def ip(self, lines):
        self.run('ip', '-batch', '-', text=lines)

    def nft(self, lines):
        self.run('nft', '-f', '-', text=lines)

    def sysctl(self, name, value):
        with self, open('/proc/sys/net/' + name.replace('.', '/'), 'w') as f:
            f.write(str(value))

    def sockets(self):
        """Every TCP socket as (local, remote, state); addresses as hexadecimal of /proc."""
        rows = []
        with self:
            for name in 'tcp', 'tcp6':
                with open('/proc/thread-self/net/' + name) as f:
                    for line in f.read().splitlines()[1:]:
                        part = line.split()
                        rows.append((part[1], part[2], KERNEL_STATES[int(part[3], 16)]))
        return rows

    def packet_sockets(self):
        """How many packet sockets are running: who captures already."""
        with self, open('/proc/thread-self/net/packet') as f:
            return sum(line.split()[5] == '1' for line in f.read().splitlines()[1:])

    def close(self):
        os.close(self.fd)


def reads(process):
    """Whether a tcptop has opened its inputs, filters and all, and begun to read: then it has a second thread.
    Its packet socket runs before that, and what comes until the filter is set is thrown away."""
    with open('/proc/%d/status' % process.pid) as f:
        return any(line.startswith('Threads:') and int(line.split()[1]) > 1 for line in f)


def proc_end(address, port):
    """An end as /proc/net/tcp writes it, of packed address and port."""
    words = [address[i:i + 4][::-1].hex().upper() for i in range(0, len(address), 4)]
    return '%s:%04X' % (''.join(words), port)


def state_of(rows, local, remote):
    """The state of the socket between these ends: without one, LISTEN if there is a listener."""
    state = 'CLOSED'
    for mine, peer, is_now in rows:
        if mine == local and peer == remote:
            return is_now
        if is_now == 'LISTEN' and mine == local:
            state = 'LISTEN'
    return state


@contextlib.contextmanager
def dropping(ns, hook, rule):
    """Packets that nft's `rule` takes are lost at this hook of the namespace, for a while."""
    undo = verdict(ns, hook, rule + ' drop')
    try:
        yield
    finally:
        undo()


names = iter(range(1, 1 << 30))
names_lock = threading.Lock()


def verdict(ns, hook, rule):
    """A chain of its own for one rule; returns what takes it away again."""
    with names_lock:
        chain = 'x%d' % next(names)
    ns.nft('table inet lab {\n'
           'chain %s { type filter hook %s priority 0; policy accept;\n%s\n}\n'
           '}\n' % (chain, hook, rule))
    return lambda: ns.nft('flush chain inet lab %s\ndelete chain inet lab %s\n' % (chain, chain))
