"""Types commands into one bash in a terminal, and reads what the terminal shows.

The next command is typed when the prompt is back and, after a server's command, when it serves. If
a background program writes to the terminal, the kernel stops it (`stty tostop`), and so we know
which one it was.
"""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from dataclasses import dataclass

from house.network import enter_own_network, ports_listening
from programs.processes import LIMIT, end_descendants, stat, wait_until
from programs.stage import StageError

PROMPT = "\x1e$?\x1f"  # bash puts the exit status there
PROMPT_SHOWN = re.compile(rb"\x1e(\d+)\x1f")
COLOURS = re.compile(rb"\x1b\[[0-9;]*m")
JOB_STARTED = re.compile(rb"^\[\d+\] (\d+)\n", re.MULTILINE)
JOB_CHANGED = re.compile(rb"^\[\d+\][-+ ] +(?:Done|Exit|Terminated|Killed|Interrupt|Stopped|"
                         rb"Hangup|Aborted|Segmentation fault)\b.*\n", re.MULTILINE)


class NoTerminal(Exception):
    """There is no terminal here, or no bash."""


@dataclass
class Job:
    """A background program of this shell."""

    pid: int
    line: str
    serves: bool = False

    def state(self):
        """The kernel's letter for its state; empty if it has ended."""
        return state(self.pid)


def state(pid):
    """A process's state: R runs, S waits, T is stopped …; empty: it has ended."""
    letter = stat(pid).state
    return "" if letter in "ZX" else letter


class Typist:
    """A context manager that starts a bash in a directory, and leaves nothing running.

    With `own_network`, the bash has its own network.
    """

    def __init__(self, directory, own_network):
        self.directory, self.own_network = directory, own_network
        self.jobs = []
        self.killed = False  # whether this block has ended a job

    def __enter__(self):
        try:
            self.ours, theirs = pty.openpty()
        except OSError as error:
            raise NoTerminal(f"no terminal is available: {error.strerror}") from None
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
        self.set_terminal(stops_background=True)
        environment = {**os.environ, "PS1": PROMPT, "LC_ALL": "C.UTF-8", "TERM": "dumb"}
        environment.pop("PROMPT_COMMAND", None)
        try:
            self.bash = subprocess.Popen(
                ["bash", "--norc", "--noprofile", "--noediting", "-i"], cwd=self.directory,
                env=environment, stdin=theirs, stdout=theirs, stderr=theirs,
                start_new_session=True, preexec_fn=self.before_bash)
        except FileNotFoundError:
            raise NoTerminal("bash is not installed") from None
        finally:
            os.close(theirs)
        self.shown = b""
        self.until_prompt()
        self.run("unset HISTFILE")
        self.program = program_of(self.bash.pid)
        return self

    def __exit__(self, *error):
        self.bash.kill()
        self.bash.wait()
        os.close(self.ours)
        end_descendants()

    def before_bash(self):
        """Makes the terminal the new process's controlling terminal, so that Ctrl-C is a signal.

        In the background of a shell we ignore Ctrl-C; bash and its programs must not.
        """
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        if self.own_network:
            enter_own_network()

    def set_terminal(self, stops_background):
        """Sets no echo, unchanged line ends, and whether background writers are stopped."""
        mode = termios.tcgetattr(self.ours)
        mode[1] &= ~termios.OPOST
        mode[3] &= ~termios.ECHO
        mode[3] |= termios.NOFLSH | termios.TOSTOP
        if not stops_background:
            mode[3] &= ~termios.TOSTOP
        termios.tcsetattr(self.ours, termios.TCSANOW, mode)

    def run(self, line, ready_for_ctrl_c=None):
        """Types a line; returns what is shown before the next prompt, and the status.

        Presses Ctrl-C when ready_for_ctrl_c(what is shown) is true and the program waits.
        """
        self.killed = self.killed or "kill" in line
        os.write(self.ours, line.encode() + b"\n")
        output, status = self.until_prompt(ready_for_ctrl_c)
        started = [Job(int(pid), line) for pid in JOB_STARTED.findall(output)]
        for job in started:
            self.wait_for_its_program(job)
        self.jobs += started
        output = JOB_CHANGED.sub(b"", JOB_STARTED.sub(b"", output))
        self.look_at_jobs()
        return output, status

    def wait_for_its_program(self, job):
        """Returns when a job is no longer a fork of bash that is about to run a program.

        On Ctrl-C, such a fork writes into the terminal. A reader never types that quickly.
        """
        if not job.line.startswith(("(", "{")):  # these stay forks of bash
            with contextlib.suppress(OSError):
                wait_until(lambda: not job.state() or program_of(job.pid) != self.program)

    def start_server(self, line, port):
        """Types the command of a background server; returns when it listens on the port."""
        if port in ports_listening(self.bash.pid):
            raise StageError("its port is taken: an earlier program still listens on it")
        output, status = self.run(line)
        if not self.jobs:
            raise StageError("it is not in the background")
        job = self.jobs[-1]
        if not wait_until(lambda: port in ports_listening(self.bash.pid) or
                          job.state() in ("", "T")):
            raise StageError(f"it did not listen on port {port} within {LIMIT} s")
        self.look_at_jobs()
        if port not in ports_listening(self.bash.pid):
            raise StageError(f"it ended before it served{self.rest()}")
        job.serves = True
        return output, status

    def until_prompt(self, ready_for_ctrl_c=None):
        """What the terminal shows up to the next prompt, and the status in the prompt."""
        deadline = time.monotonic() + LIMIT
        while not (found := PROMPT_SHOWN.search(self.shown)):
            if self.readable(0.02 if ready_for_ctrl_c else 0.2):
                self.read()
            elif time.monotonic() > deadline:
                raise StageError(f"it did not end within {LIMIT} seconds{self.rest()}")
            elif ready_for_ctrl_c and ready_for_ctrl_c(self.shown) and self.foreground_waits():
                os.write(self.ours, b"\x03")
                ready_for_ctrl_c = None
            else:
                self.look_at_jobs()
        output = self.shown[:found.start()]
        self.shown = self.shown[found.end():]
        return COLOURS.sub(b"", output), int(found.group(1))

    def readable(self, seconds):
        """Whether the terminal shows something new within this time."""
        return select.select([self.ours], [], [], seconds)[0]

    def read(self):
        """Reads what the terminal shows."""
        try:
            data = os.read(self.ours, 65536)
        except OSError:  # the other end is closed
            data = b""
        if not data:
            raise StageError(f"the shell ended{self.rest()}")
        self.shown += data

    def rest(self):
        """What was shown since the last prompt, for a message."""
        text = COLOURS.sub(b"", self.shown).decode(errors="replace").rstrip()
        return f"; it said:\n{text}" if text else ""

    def foreground_waits(self):
        """Whether there are foreground programs, and all of them wait for something.

        A fresh fork of bash, which does not run its program yet, does not count as waiting: it may
        wait for bash, and would not notice Ctrl-C.
        """
        group = os.tcgetpgrp(self.ours)
        if group == self.bash.pid:
            return False
        pids = processes_of_group(group)
        with contextlib.suppress(OSError):
            return bool(pids) and all(state(pid) == "S" and program_of(pid) != self.program
                                      for pid in pids)
        return False

    def look_at_jobs(self):
        """Raises a StageError for a job that wrote to the terminal, or a server that ended by
        itself."""
        for job in self.jobs:
            now = job.state()
            if now == "T":
                raise StageError(f"{job.line}\nprinted into the terminal from the background, in "
                                 f"between other output:{self.words_of(job)}\n"
                                 "Send its output to a file: command > server.log &")
            if job.serves and not now and not self.killed:
                raise StageError(f"{job.line}\nended by itself")

    def words_of(self, job):
        """The output of a job that was stopped when it wrote to the terminal."""
        self.set_terminal(stops_background=False)
        with contextlib.suppress(OSError):
            os.killpg(os.getpgid(job.pid), signal.SIGCONT)
        wait_until(lambda: job.state() in ("", "S"))
        with contextlib.suppress(StageError):
            while self.readable(0.05):
                self.read()
        return self.rest().partition("\n")[2].join(["\n", ""])

    def check_all_ended(self):
        """At the end of a block: raises a StageError if a program that it started still runs."""
        self.look_at_jobs()
        for job in self.jobs:
            if job.state():
                raise StageError(f"{job.line}\nstill runs at the end of the block; "
                                 "end it there: kill $(jobs -p); wait")
        self.jobs, self.killed = [], False


def program_of(pid):
    """The file that a process runs."""
    return os.readlink(f"/proc/{pid}/exe")


def processes_of_group(group):
    """The process ids of a process group."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if os.getpgid(int(name)) == group and state(int(name)):
                found.append(int(name))
    return found
