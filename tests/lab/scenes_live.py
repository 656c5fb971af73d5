"""Scenarios about watching live: a capture that ends by itself, time without packets."""

import subprocess
import time

import net
from lab import answer
from scene import Wrong, closed_by_peer, row_key

DURATION = 2    # seconds


def duration(s):
    """--duration: the capture ends in time, with all that came until then."""
    begun = time.monotonic()
    with s.lab.router:
        watch = subprocess.Popen(
            [s.lab.tcptop, '-i', 'r1', '-b', '-v', 'connections', '-o', 'csv', '--config', 'none',
             '--duration', '%ds' % DURATION], stdout=subprocess.PIPE, text=True,
            preexec_fn=net.die_with_parent)
    s.children.append(watch)
    s.wait_for('a capture', lambda: net.reads(watch))
    c, v, ends = s.pair()
    s.talk(c, v)
    c.close()
    closed_by_peer(v)
    v.close()
    s.step(ends, 'TIME_WAIT', 'CLOSED')
    s.ends_as(ends, 'graceful', 'client')
    rows = [row for row in answer(watch.communicate(timeout=20)[0]) if row_key(row) == ends.key()]
    took = time.monotonic() - begun
    if watch.returncode or not DURATION <= took < DURATION + 5:
        s.faults.append('exit status %d after %.1f s' % (watch.returncode, took))
    if len(rows) != 1:
        raise Wrong('%d rows' % len(rows))
    fault = s.expected[0].fault(rows[0])
    if fault:
        s.faults.append('--duration: ' + fault)


duration.alone = True


def time_wait_over(s):
    """TIME_WAIT ends in the kernel and on the screen, without a packet."""
    c, v, ends = s.pair()
    s.talk(c, v)
    c.close()
    closed_by_peer(v)
    v.close()
    s.step(ends, 'TIME_WAIT', 'CLOSED')
    s.wait_states(ends, 'CLOSED', 'CLOSED', 70)
    time.sleep(1)
    s.ends_as(ends, 'graceful', 'client')


CHECK = [duration]
ALL = CHECK + [time_wait_over]
