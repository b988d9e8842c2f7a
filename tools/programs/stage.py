"""Runs the commands of a script: its programs, its servers, their ports, and their end."""

import errno
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from typing import Optional

from programs.processes import LIMIT, Program, TookTooLong, wait_until
from programs.script import Kind

# The line in which a server reports its port.
SERVING = re.compile(rb"^.*(?:Serving|Proxying|starting) (?:.* )?on (?:port |\S+:)?(\d+)\.?\n",
                     re.MULTILINE)
COULD_NOT_START = (126, 127)  # a shell's statuses for this
BUILT = re.compile(r"(?<![\w./-])build/([\w./-]+)")  # a program in a command
NEEDS_A_SHELL = re.compile(r"[|&;<>()$`\\*?~#]|^\w+=")


class StageError(Exception):
    """A command can't start, a server does not serve, or a program does not end."""


class PortTaken(StageError):
    """The port of a server is taken."""


@dataclass
class Command:
    """The command of a step, with its real ports."""

    text: str
    listens_on: Optional[int]  # the name of the port


@dataclass
class Job:
    """A program in the background."""

    command: Command
    program: Program
    port: Optional[int] = None  # the real one, if it is a server
    killed: bool = False

    @property
    def name(self):
        """Its name in messages: the program, and its port if it is a server."""
        return " ".join(filter(None, [
            os.path.basename(self.command.text.split()[0]), str(self.port or "")]))


class Stage:
    """Runs the steps of one script; a context manager that ends every program that still runs.

    Commands run in `root`; `build` is the directory that `build/` stands for in them.
    """

    def __init__(self, root, build, ports):
        self.root, self.build, self.ports = root, build, ports
        self.jobs = []

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for job in self.jobs:
            job.program.stop()
            job.program.close()
        self.ports.close()

    def prepare(self, step):
        """The command of a step, ready to run."""
        text, listens_on = self.ports.substitute(step.text)
        if self.build != self.root / "build":
            text = BUILT.sub(lambda built: f"{shlex.quote(str(self.build))}/{built[1]}", text)
        return Command(text, listens_on)

    def run(self, command, watch=lambda data: None):
        """Runs a command to its end and returns its output (bytes) and its status."""
        program = self.begin(command)
        try:
            if program.wait(watch=watch) in COULD_NOT_START:
                raise StageError(f"{command.text}: it could not be started")
            return program.out.all(), program.status
        except TookTooLong as error:
            raise StageError(f"{command.text}: {error}") from None
        finally:
            program.close()

    def start(self, command):
        """Starts a program in the background; if it is a server, waits until it serves."""
        job = Job(command, self.begin(command))
        self.jobs.append(job)
        if command.listens_on:
            wait_until(lambda: job.program.out.find(SERVING) or job.program.status is not None)
            told = job.program.out.find(SERVING)
            if not told:
                raise self.not_serving(self.jobs.pop())
            job.port = int(told.group(1))
            self.ports.learn(command.listens_on, job.port)
        return job

    def not_serving(self, job):
        """Ends a server that does not serve; returns an error with its output."""
        status, printed = job.program.status, job.program.out.all().decode(errors="replace")
        job.program.stop()
        job.program.close()
        error = PortTaken if os.strerror(errno.EADDRINUSE) in printed else StageError
        return error(f"{job.command.text}: it does not serve (no line 'Serving ... on port N.' "
                     f"after {LIMIT} s); status {status}, output:\n{printed}")

    def kill(self, step):
        """Ends a job by the step's signal; returns the job, and its output after the signal."""
        if step.job > len(self.jobs):
            raise StageError(f"{step.text}: no program %{step.job} has been started")
        job = self.jobs[step.job - 1]
        job.killed = True
        before = len(job.program.out.all())
        job.program.stop(step.signal)
        if job.command.listens_on:
            self.ports.hold(job.command.listens_on)
        return job, job.program.out.all()[before:]

    def check_jobs(self):
        """Raises a StageError if a server ended without being asked to."""
        for job in self.jobs:
            if job.command.listens_on and not job.killed and job.program.status is not None:
                raise StageError(f"{job.command.text}: it ended by itself, "
                                 f"status {job.program.status}")

    def begin(self, command):
        """Starts a program, through a shell if the command needs one."""
        words = shlex.split(command.text)
        if NEEDS_A_SHELL.search(command.text) or not ("/" in words[0] or shutil.which(words[0])):
            words = ["sh", "-c", command.text]
        try:
            return Program(words, self.root, tied=True)
        except OSError as error:
            raise StageError(f"cannot start {words[0]}: {error.strerror}") from None


def tool_missing(step):
    """The program that a step needs and this machine lacks (nc, ps), or None."""
    if step.kind is Kind.KILL:
        return None
    for part in re.split(r"[|;&]+", step.text):
        word = (part.split() or [""])[0]
        if re.fullmatch(r"[A-Za-z][\w+.-]*", word) and not known_to_the_shell(word):
            return word
    return None


def known_to_the_shell(word):
    """Whether a word is a program or a built-in of the shell."""
    return bool(shutil.which(word)) or subprocess.run(
        ["sh", "-c", f"command -v {word}"], stdout=subprocess.DEVNULL, check=False).returncode == 0
