"""Starts programs, collects their output, and leaves none of them behind.

Output goes to unnamed files, not pipes: writing never blocks the program, and reading never blocks
us. A status is a shell's: 128 + N if signal N ended the program.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

# An upper bound, in seconds, for anything that should happen soon. No verdict depends on it.
LIMIT = 60

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
libc = ctypes.CDLL(None)


class Stopped(BaseException):
    """A signal asks us to end; `status` is the exit status to end with."""

    def __init__(self, number):
        super().__init__(number)
        self.status = 128 + number


class TookTooLong(Exception):
    """A program did not end within its limit, and was killed."""


def wait_until(happened, limit=LIMIT, pause=0.01):
    """Waits until `happened()` is true, and asks every `pause` seconds. Returns False after `limit`
    seconds."""
    deadline = time.monotonic() + limit
    while not happened():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True


class Output:
    """A program's output, as bytes; it can be read while the program runs."""

    def __init__(self):
        self.file = tempfile.TemporaryFile()
        self.seen = 0

    def all(self):
        """Everything so far."""
        return self._from(0)

    def new(self):
        """The output since the last call of new()."""
        data = self._from(self.seen)
        self.seen += len(data)
        return data

    def find(self, pattern):
        """The first match of a compiled pattern (of bytes)."""
        return pattern.search(self.all())

    def _from(self, start):
        # The program shares the file's position and writes there, so we must not move it.
        fileno = self.file.fileno()
        return os.pread(fileno, os.fstat(fileno).st_size - start, start)


class Program:
    """Starts a program with an empty standard input, and collects its output.

    If `merged`, `out` and `err` are the same object. The kernel kills a `tied` program when we die,
    however that happens. (Do not use `tied` in a process with threads.)
    """

    def __init__(self, command, cwd=None, merged=True, tied=False):
        self.out = Output()
        self.err = self.out if merged else Output()
        self.process = subprocess.Popen(
            [os.fspath(word) for word in command], cwd=cwd, stdin=subprocess.DEVNULL,
            stdout=self.out.file, stderr=self.err.file,
            preexec_fn=die_with_parent if tied else None)

    @property
    def status(self):
        """The exit status, or None while the program runs."""
        code = self.process.poll()
        return code if code is None or code >= 0 else 128 - code

    def wait(self, limit=LIMIT, watch=lambda data: None):
        """Waits for the end and returns the status; passes the output to `watch` as it arrives."""
        deadline = time.monotonic() + limit
        ended = False
        while not ended:
            ended = self.status is not None  # asked first, so that no output is missed
            before = time.monotonic()
            watch(self.out.new())
            deadline += time.monotonic() - before  # `watch` may take its time
            if not ended and time.monotonic() > deadline:
                self.stop(signal.SIGKILL)
                raise TookTooLong(f"it did not end within {limit} seconds")
            if not ended:
                time.sleep(0.01)
        return self.status

    def stop(self, number=signal.SIGTERM, grace=LIMIT):
        """Ends the program by this signal, or by SIGKILL after `grace` seconds."""
        if self.status is None:
            self.process.send_signal(number)
            if not wait_until(lambda: self.status is not None, grace):
                self.process.kill()
                self.process.wait()
        return self.status

    def close(self):
        """Ends the program and drops its output."""
        self.stop(signal.SIGKILL)
        self.out.file.close()
        self.err.file.close()


def call(command, cwd=None):
    """Runs a command that prints where we print, and returns its status.

    Outside a terminal we relay its output. If the reader has gone, we get the BrokenPipeError, and
    the command does not complain.
    """
    sys.stdout.flush()
    relayed = not sys.stdout.isatty()
    process = subprocess.Popen([os.fspath(word) for word in command], cwd=cwd,
                               stdout=subprocess.PIPE if relayed else None,
                               preexec_fn=die_with_parent)
    if relayed:  # if this fails, the pipe stays open until the command is ended
        while data := os.read(process.stdout.fileno(), 65536):
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        process.stdout.close()
    code = process.wait()
    return code if code >= 0 else 128 - code


def die_with_parent():
    """Asks the kernel to kill this process when its parent dies."""
    if hasattr(libc, "prctl"):
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@contextlib.contextmanager
def leaving_nothing_behind():
    """Inside, SIGINT, SIGTERM and SIGHUP raise Stopped; at the end no process of ours is left.

    If the reader of our output goes away, Stopped is raised too, as SIGPIPE ends other programs.
    """
    def stop(number, frame):
        raise Stopped(number)

    if hasattr(libc, "prctl"):
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1)  # a daemon that leaves its parent becomes our child
    signals = [number for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
               if signal.getsignal(number) != signal.SIG_IGN]
    for number in signals:
        signal.signal(number, stop)
    try:
        try:
            yield
        finally:
            if sys.stdout:
                sys.stdout.flush()
    except BrokenPipeError:
        print_nowhere()  # later output, and what is still buffered
        raise Stopped(signal.SIGPIPE) from None
    finally:
        for number in signals:
            signal.signal(number, signal.SIG_IGN)
        end_descendants()
        print_no_more()


def print_no_more():
    """Flushes standard output for the last time, and ignores errors."""
    try:
        sys.stdout.flush()
    except (OSError, AttributeError):  # it was closed
        print_nowhere()


def print_nowhere():
    """Discards everything that goes to standard output from here on."""
    with contextlib.suppress(OSError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def end_descendants(grace=2):
    """Ends every descendant of this process: by SIGTERM, then by SIGKILL."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        asked = set()

        def all_gone():
            left = descendants()
            for pid in left - asked:
                with contextlib.suppress(OSError):
                    os.kill(pid, number)
            asked.update(left)
            reap()
            return not left

        if wait_until(all_gone, grace):
            return


def descendants():
    """The process ids of our children, their children and so on, without zombies."""
    there = map(stat, map(int, filter(str.isdigit, os.listdir("/proc"))))
    parents = {each.pid: each.parent for each in there if each.state != "Z"}
    found = {os.getpid()}
    while True:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        if not more:
            return found - {os.getpid()}
        found |= more


class Stat(NamedTuple):
    """The kernel's data about a process: see proc(5), stat. `terminal` is 0 if it has none."""

    pid: int
    name: str
    state: str  # a letter
    parent: int
    group: int
    session: int
    terminal: int


def stat(pid):
    """The kernel's data about a process. A process that is gone counts as a zombie (Z)."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            before, _, after = file.read().rpartition(")")
    except OSError:
        return Stat(pid, "", "Z", 0, 0, 0, 0)
    state, *numbers = after.split()[:5]
    return Stat(pid, before.partition("(")[2], state, *map(int, numbers))


def reap():
    """Collects the exit status of every child that has ended, so that no zombie stays."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
