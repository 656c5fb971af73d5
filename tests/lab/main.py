"""Runs scenarios between real sockets and compares. See check-lab beside it."""

import argparse
import concurrent.futures
import fnmatch
import os
import shutil
import signal
import sys
import tempfile
import time

import judge
import scenes_abort
import scenes_close
import scenes_live
import scenes_path
import scenes_setup
from lab import LONGEST, Lab
from scene import Scene

MODULES = [scenes_live, scenes_close, scenes_abort, scenes_setup, scenes_path]
AT_ONCE = 6     # scenes that run beside each other


def chosen(args):
    """(recipe, family), short list or all; a recipe alone in the lab comes last."""
    pairs = []
    for module in MODULES:
        for recipe in module.ALL if args.all or args.only else module.CHECK:
            for family in 4, 6:
                name = '%s/ipv%d' % (recipe.__name__, family)
                if args.only and not any(fnmatch.fnmatch(name, o) for o in args.only):
                    continue
                pairs.append((recipe, family))
    return pairs


def play(lab, pairs):
    scenes = [(Scene(lab, number, recipe.__name__, family), recipe)
              for number, (recipe, family) in enumerate(pairs)]
    beside = [pair for pair in scenes if not getattr(pair[1], 'alone', False)]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda pair: pair[0].play(pair[1]), beside))
    for scene, recipe in scenes:
        if getattr(recipe, 'alone', False):
            scene.play(recipe)
    return [scene for scene, _ in scenes]


def kernel_states(scenes):
    """Of every connection whose states a scene looked at; a listener is none."""
    return {ends: tuple('CLOSED' if state == 'LISTEN' else state for state in scene.kernel(ends))
            for scene in scenes for ends in scene.at_end}


def compare(lab, scenes, tally):
    """Shuts the taps, then holds all answers against the scenes."""
    before = kernel_states(scenes)
    live = {tap.letter: tap.stop() for tap in lab.taps}
    kernels = time.time(), before, kernel_states(scenes)
    saved = {tap.letter: lab.ask(tap.path) for tap in lab.taps}
    for scene in scenes:
        broken = bool(scene.faults) and scene.faults[-1].startswith('scene broke off')
        if not broken:
            judge.judge(scene, lab, live, saved, kernels, tally)
        for state in scene.states:
            tally.add('states', *state)
        scene.finish()


def report(scenes, tally, seconds):
    failed = [scene for scene in scenes if scene.faults]
    for scene in failed:
        print('FAIL %s' % scene.name)
        for fault in scene.faults:
            print('     %s' % fault)
    for line in tally.lines():
        print(line)
    print('%d scenes, %d right, %.1f s' % (len(scenes), len(scenes) - len(failed), seconds))
    return 1 if failed else 0


def end_at_once_on_signals(folder):
    """Namespaces and children end with this process; only the folder would stay."""
    def end(number, _):
        print('ended by %s' % signal.Signals(number).name, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(128 + number)
    for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM:
        signal.signal(number, end)
    signal.alarm(LONGEST)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('tcptop')
    parser.add_argument('only', nargs='*', help='scenes by name, as graceful_*/ipv4')
    parser.add_argument('--all', action='store_true')
    parser.add_argument('--keep', action='store_true', help='keep the captures, and say where')
    args = parser.parse_intermixed_args()
    begun = time.monotonic()
    folder = tempfile.mkdtemp(prefix='tcptop-lab-')
    end_at_once_on_signals(folder)
    tally = judge.Tally()
    pairs = chosen(args)
    if not pairs:
        sys.exit('no such scene')
    try:
        with Lab(folder, args.tcptop) as lab:
            scenes = play(lab, pairs)
            time.sleep(0.3)
            compare(lab, scenes, tally)
        status = report(scenes, tally, time.monotonic() - begun)
    finally:
        if args.keep:
            print('captures: ' + folder)
        else:
            shutil.rmtree(folder)
    sys.exit(status)


if __name__ == '__main__':
    main()
