"""Client - router - server, with tcpdump and a live tcptop at three places between them."""

import contextlib
import csv
import io
import os
import signal
import subprocess
import threading
import time

import net
import wire

ADDRESSES = {
    4: {'client': '10.98.1.2', 'server': '10.98.2.2'},
    6: {'client': 'fd98:1::2', 'server': 'fd98:2::2'},
}
PORTS_PER_SCENE = 10
LONGEST = 400   # seconds, then something hangs; tcptop loses its parent's death with its rights
FIRST_PORT = 20000

# So that silence is judged within seconds. The scenes know these numbers.
TIMERS = ['--timeout-unanswered', '6s', '--timeout-vanished', '2s', '--timeout-half-closed', '3s',
          '--idle-reset', '3s']


def answer(text):
    return list(csv.DictReader(io.StringIO(text)))


class Tap:
    """One place to look from: packets as tcpdump saves them, and tcptop watching them live."""

    def __init__(self, letter, ns, device, folder, tcptop):
        self.letter, self.ns, self.device = letter, ns, device
        self.path = os.path.join(folder, letter + '.pcap')
        self.live_path = os.path.join(folder, letter + '.csv')
        self.tcptop = tcptop
        self.lock = threading.Lock()
        self.scenes = {}    # number of the scene -> records
        self.processes = []
        self.reader = None

    def start(self):
        before = self.ns.packet_sockets()
        with self.ns:
            self.log = open(self.path + '.log', 'w')
            self.processes.append(subprocess.Popen(
                ['tcpdump', '-i', self.device, '-U', '--immediate-mode', '-s', '0', '-Z', 'root',
                 '-w', self.path], stderr=self.log, preexec_fn=net.die_with_parent))
            self.live = open(self.live_path, 'w')
            self.processes.append(subprocess.Popen(
                [self.tcptop, '-i', self.device, '-b', '-v', 'connections', '-o', 'csv',
                 '--config', 'none', '--duration', '%ds' % LONGEST, *TIMERS],
                stdout=self.live, stderr=self.log, preexec_fn=net.die_with_parent))
        return before + len(self.processes)

    def wait_ready(self, sockets):
        until = time.monotonic() + 10
        while (self.ns.packet_sockets() < sockets or not os.path.exists(self.path) or
               not net.reads(self.processes[-1])):
            if time.monotonic() > until or any(p.poll() is not None for p in self.processes):
                with open(self.path + '.log') as f:
                    raise RuntimeError('tap %s did not start: %s' % (self.letter, f.read()))
            time.sleep(0.02)
        self.reader = wire.Reader(self.path)

    def poll(self):
        """Sorts what was captured since by scene. The lock is held by the caller."""
        for record, frame in self.reader.more():
            for port in wire.ports(frame):
                number = (port - FIRST_PORT) // PORTS_PER_SCENE
                if 0 <= number < 1000:
                    self.scenes.setdefault(number, []).append(record)
                    break

    def records(self, number):
        with self.lock:
            self.poll()
            return list(self.scenes.get(number, []))

    def stop(self):
        """Ends both; what tcptop says on the way out is the live answer."""
        for process in self.processes:
            process.send_signal(signal.SIGINT)
        status = [process.wait(20) for process in self.processes]
        if any(status):
            with open(self.path + '.log') as f:
                raise RuntimeError('tap %s: exit status %s\n%s' % (self.letter, status, f.read()))
        with open(self.live_path) as f:
            return answer(f.read())

    def kill(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()


class Lab:
    """The three namespaces. `with Lab(...) as lab:` removes whatever it made."""

    def __init__(self, folder, tcptop):
        self.folder, self.tcptop = folder, tcptop
        with net.Netns() as outer:
            # Small socket tables of their own: reading the host's takes milliseconds.
            with contextlib.suppress(OSError):
                outer.sysctl('ipv4.tcp_child_ehash_entries', 1024)
            self.client, self.router, self.server = net.Netns(), net.Netns(), net.Netns()
        outer.close()
        self.ends = {'client': self.client, 'server': self.server}
        self.taps = [Tap('C', self.client, 'c0', folder, tcptop),
                     Tap('R', self.router, 'r0', folder, tcptop),
                     Tap('S', self.server, 's0', folder, tcptop)]

    def __enter__(self):
        try:
            self.wire()
            ready = [tap.start() for tap in self.taps]
            for tap, sockets in zip(self.taps, ready):
                tap.wait_ready(sockets)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for tap in self.taps:
            tap.kill()
        for ns in self.client, self.router, self.server:
            ns.close()

    def wire(self):
        """Addresses, routes, and kernel settings that keep the scenes short."""
        for ns in self.client, self.router, self.server:
            for name in 'all', 'default':
                ns.sysctl('ipv6.conf.%s.accept_dad' % name, 0)
            ns.sysctl('ipv4.tcp_congestion_control', 'reno')
            ns.sysctl('ipv4.tcp_fastopen', 3)
        self.client.sysctl('ipv4.tcp_tw_reuse', 1)
        for name in 'ipv4.conf.all.forwarding', 'ipv6.conf.all.forwarding':
            self.router.sysctl(name, 1)
        for ns, near, far, net_of in ((self.client, 'c0', 'r0', 1), (self.server, 's0', 'r1', 2)):
            ns.ip('link set lo up\n'
                  'link add %s type veth peer name %s netns %s\n'
                  % (near, far, self.router.path()))
            self.router.ip('addr add 10.98.{n}.1/24 dev {d}\n'
                           'addr add fd98:{n}::1/64 dev {d} nodad\n'
                           'link set {d} up\n'.format(n=net_of, d=far))
            ns.ip('addr add 10.98.{n}.2/24 dev {d}\n'
                  'addr add fd98:{n}::2/64 dev {d} nodad\n'
                  'link set {d} up\n'
                  'route add default via 10.98.{n}.1\n'
                  'route add default via fd98:{n}::1\n'
                  .format(n=net_of, d=near))

    def ask(self, path, *options):
        """tcptop's answer about a capture file: its connections."""
        done = subprocess.run(
            [self.tcptop, '-r', path, '-b', '-v', 'connections', '-o', 'csv', '--config', 'none',
             *TIMERS, *options], capture_output=True, text=True, check=False)
        if done.returncode not in (0, 3):
            raise RuntimeError('tcptop -r %s: exit status %d\n%s'
                               % (path, done.returncode, done.stderr))
        return answer(done.stdout)
