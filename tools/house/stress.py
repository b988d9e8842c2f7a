#!/usr/bin/env python3
"""Runs tests repeatedly while the machine is busy and their processes are stopped at random.

    tools/house/stress.py [--runs N] [--seed N] [--longest SECONDS] [--build-dir DIR]
                          [ARGS of `meson test`]

    ./tour test --suite load                   builds the tests first: stress.py does not
    tools/house/stress.py --runs 50 --suite load
    tools/house/stress.py --runs 20 --no-suite exercises

For every processor, a busy process runs beside the tests. At random times, one of the tests'
processes is stopped (SIGSTOP) for up to two seconds and then continued, as on a machine that pauses
or swaps. A test that fails only here depends on time or on luck. The seed decides when and for how
long; the choice of the process also depends on which processes exist. A shell with a terminal would
take the stop of its program for Ctrl-Z and go on, which no real pause causes, so such programs are
left alone.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from programs.processes import (Program, Stopped, descendants, leaving_nothing_behind, stat,
                                wait_until)
from tour.suite import BAD, count

LONGEST = 2     # seconds for which a process is stopped
BETWEEN = 0.5   # seconds from one stop to the next, at most
PATIENCE = 10   # a test may take this many times its usual limit

STOPPED, GONE = "Tt", "ZX"
BUSY = [sys.executable, "-c", "while True: pass"]


def main(words):
    """Runs the tests; returns 1 if a run failed."""
    ours, words = options(words)
    build = ours.build_dir.absolute()
    print(f"seed {ours.seed}", flush=True)
    failed = 0
    try:
        with leaving_nothing_behind(), contextlib.ExitStack() as stack:
            busy = [stack.enter_context(contextlib.closing(Program(BUSY, tied=True)))
                    for _ in os.sched_getaffinity(0)]
            for number in range(1, ours.runs + 1):
                chance = random.Random(f"{ours.seed} {number}")
                hold_up = HoldUp(chance, ours.longest, {each.process.pid for each in busy})
                failed += not run(number, build, words, hold_up)
    except Stopped as stopped:
        return stopped.status
    print(f"{ours.runs} runs, {failed} failed")
    return 1 if failed else 0


def options(words):
    """Our own options, and the remaining words, for Meson."""
    parser = argparse.ArgumentParser(prog="tools/house/stress.py", allow_abbrev=False)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=random.randrange(10000))
    parser.add_argument("--longest", type=float, default=LONGEST, metavar="SECONDS",
                        help="the longest stop of a process (default: 2; 0: no stops)")
    parser.add_argument("--build-dir", type=Path,
                        default=Path(__file__).resolve().parents[2] / "build")
    ours, words = parser.parse_known_args(words)
    if ours.runs < 1:
        parser.error("--runs must be at least 1")
    return ours, words


def run(number, build, words, hold_up):
    """Runs the tests once and prints a line; returns whether all passed. If not, keeps the log."""
    name = f"stress-{os.getpid()}-{number}"
    log = build / "meson-logs" / f"{name}.json"
    begun = time.monotonic()
    meson = Program(["meson", "test", "-C", build, "--no-rebuild", "--logbase", name,
                     "--timeout-multiplier", str(PATIENCE), *words])
    with contextlib.closing(meson), hold_up:
        while meson.status is None:
            hold_up.once(meson.process.pid)
        said = meson.out.all()
    results = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] \
        if log.exists() else []
    counts = sum(map(count, results), Counter())
    bad = [result["name"] for result in results if result["result"] in BAD]
    passed = meson.status == 0 and bool(results)
    print(f"run {number}: {counts['passed']} passed, {counts['failed']} failed, "
          f"{time.monotonic() - begun:.0f} s, {hold_up.times} stops"
          + (": " + ", ".join(bad) if bad else ""), flush=True)
    kept = log.with_suffix(".txt")
    if not passed:
        if not results:
            kept.parent.mkdir(exist_ok=True)
            kept.write_bytes(said)
        print(f"       see {kept}", flush=True)
    for file in log.parent.glob(f"{name}.*"):
        if passed or file != kept:
            file.unlink()
    return passed


class HoldUp:
    """Stops processes of the tests, one at a time. A context manager that leaves none stopped."""

    def __init__(self, chance, longest, spared):
        self.chance, self.longest, self.spared = chance, longest, spared
        self.stopped = None
        self.times = 0

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.go_on()

    def once(self, meson):
        """Waits a little, stops a process for a while, and continues it."""
        time.sleep(self.chance.random() * BETWEEN)
        pause = self.longest * self.chance.random() ** 3  # most are short
        tests = self.tests(meson)
        if pause == 0 or not tests:
            return
        self.stopped = self.chance.choice(tests)
        if not stop(self.stopped):
            self.stopped = None
            return
        self.times += 1
        time.sleep(pause)
        self.go_on()

    def tests(self, meson):
        """The processes that may be stopped."""
        return sorted(pid for pid in descendants() - self.spared - {meson} if not is_a_job(pid))

    def go_on(self):
        """Continues the stopped process, unless a test has stopped it in the meantime."""
        if self.stopped is not None and not bits(self.stopped, "ShdPnd") >> signal.SIGSTOP - 1 & 1:
            with contextlib.suppress(OSError):
                os.kill(self.stopped, signal.SIGCONT)
        self.stopped = None


def stop(pid):
    """Stops a process, and waits until it has stopped. Returns False if a test had stopped it."""
    if state(pid) in STOPPED + GONE:
        return False
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGSTOP)
        # A signal is pending until the process runs. If one is pending later, a test sent it.
        wait_until(lambda: state(pid) in STOPPED + GONE)
    return True


def state(pid):
    """The letter for a process's state: see proc(5), stat; Z if it is gone."""
    return stat(pid).state


def is_a_job(pid):
    """Whether a bash that has a terminal started this process."""
    shell = stat(stat(pid).parent)
    return shell.name == "bash" and shell.session == shell.pid and shell.terminal != 0


def bits(pid, name):
    """A set of signals of a process, as a bit mask: see proc(5), status."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1], 16)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
