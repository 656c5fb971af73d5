"""Compares what tcptop said with what the sockets did and with the packets counted apart."""

import collections

import wire
from scene import row_key

COUNTED = [what + side for side in ('.clt', '.srv') for what in (
    'packets', 'syn.count', 'synack.count', 'fin.count', 'rst.count')]


class Tally:
    """Right and wrong by kind of statement, place and IP version."""

    def __init__(self):
        self.right = collections.Counter()
        self.wrong = collections.Counter()

    def add(self, kind, tap, family, ok):
        (self.right if ok else self.wrong)[kind, tap, family] += 1

    def lines(self):
        kinds = sorted({key[0] for key in self.right + self.wrong})
        for kind in kinds:
            cells = []
            for family in 4, 6:
                for tap in 'CRS':
                    right = self.right[kind, tap, family]
                    total = right + self.wrong[kind, tap, family]
                    if total:
                        cells.append('IPv%d %s %d/%d' % (family, tap, right, total))
            yield '%-18s %s' % (kind, '  '.join(cells))


def rows_of(scene, rows):
    """Rows of the scene, in order of their start, by ends."""
    low, high = scene.port, scene.port + 9
    found = collections.defaultdict(list)
    for row in sorted(rows, key=lambda row: float(row['start'])):
        if any(low <= int(row[name]) <= high for name in ('server.port', 'client.port')):
            found[row_key(row)].append(row)
    return found


def endings(scene, tap, kind, rows, tally):
    """Every expected row is there and right, and no other."""
    found = rows_of(scene, rows)
    for expected in scene.expected:
        if tap not in expected.taps:
            continue
        candidates = found.get(expected.ends.key(), [])
        at_least = scene.sure_alone if kind == 'alone' else None
        fault = expected.fault(candidates.pop(0), at_least) if candidates else 'no row'
        tally.add('ending ' + kind, tap, scene.family, not fault)
        if fault:
            scene.faults.append('tap %s %s: %s %s'
                                % (tap, kind, '/'.join(expected.endings), fault))
    for rest in found.values():
        for row in rest:
            tally.add('ending ' + kind, tap, scene.family, False)
            scene.faults.append('tap %s %s: a row too many: %s %s' % (
                tap, kind, row['ending'] or '(open)', row_key(row)))


def counts(scene, tap, kind, rows, segments, tally):
    """Flags by side, summed over the generations of each pair of ends."""
    for key, rows_here in rows_of(scene, rows).items():
        counted = wire.count_flags(segments, key[0], int(key[1]), key[2], int(key[3]))
        said = {name: sum(int(row[name] or 0) for row in rows_here) for name in COUNTED}
        wrong = ['%s %d, counted %d' % (name, said[name], counted[name])
                 for name in COUNTED if said[name] != counted[name]]
        tally.add('counts ' + kind, tap, scene.family, not wrong)
        if wrong:
            scene.faults.append('tap %s %s: %s: %s' % (tap, kind, key, '; '.join(wrong)))


def expiring(row, now):
    """TIME_WAIT may be over or not: the kernel's timers for a minute are seconds late."""
    return 59 < now - float(row['end']) < 66


def states(scene, tap, rows, now, before, after, tally):
    """States of the live answer against the kernels' just before and just after."""
    found = rows_of(scene, rows)
    for ends, taps in scene.at_end.items():
        has = before.get(ends)
        if tap not in taps or scene.changes_unseen or has != after.get(ends):
            continue
        row = found[ends.key()][-1:]
        said = (row[0]['state.clt'], row[0]['state.srv']) if row else ('(no row)', '')
        if row and 'TIME_WAIT' in has + said and expiring(row[0], now):
            continue
        for mine, theirs in zip(said, has):
            tally.add('states at the end', tap, scene.family, mine == theirs)
        if said != has:
            scene.faults.append('tap %s live: states %s/%s at the end, kernel has %s/%s'
                                % (tap, *said, *has))


def judge(scene, lab, live, saved, kernels, tally):
    """All statements about one scene: live, from tcpdump's whole file, from the scene's alone."""
    for tap in lab.taps:
        segments = scene.segments(lab.taps.index(tap))
        states(scene, tap.letter, live[tap.letter], *kernels, tally)
        alone = lab.ask(scene.capture(tap), *scene.options)
        for kind, rows in (('live', live[tap.letter]), ('saved', saved[tap.letter]),
                           ('alone', alone)):
            if kind == 'alone' and scene.needs_more:
                continue
            endings(scene, tap.letter, kind, rows, tally)
            counts(scene, tap.letter, kind, rows, segments, tally)
