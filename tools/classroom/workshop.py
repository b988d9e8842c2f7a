"""Builds a learner's file with the core, the check, and the sanitizers.

    workshop = Workshop(root, build)          build: a directory that Meson has set up
    command = workshop.build(exercise, answer)
"""

import contextlib
import hashlib
import itertools
import json
import os
import re
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from programs import setup_errors
from programs.processes import LIMIT

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion"]
NEEDED = ["common/libtwist.a", "tools/check/libcheck.a", "tools/check/libevents.a"]
WRAPPED = ["connect", "accept4", "recv", "send", "sendmsg", "close", "event_base_loop"]


class CompileError(Exception):
    """A file that does not compile; the message is the compiler's first error, and `said` is all
    that it printed."""

    def __init__(self, message, said=""):
        super().__init__(message)
        self.said = said or message


class MachineError(Exception):
    """Our own files do not compile on this machine; the message is the compiler's first error."""


class Workshop:
    """Compiles and links, and does no work twice.

    It calls `wait` before it links: the NEEDED libraries may still be being built.
    """

    def __init__(self, root, build, wait=lambda: None):
        self.root, self.build_dir = Path(root).resolve(), Path(build).resolve()
        self.wait = wait
        self.place = self.build_dir / "exercises"
        self.place.mkdir(parents=True, exist_ok=True)
        self.compiler, self.flags = self.as_the_core()

    def as_the_core(self):
        """The compiler, and the options that all object files must share."""
        commands = json.loads((self.build_dir / "compile_commands.json").read_text())
        words = next(shlex.split(each["command"]) for each in commands
                     if each["output"].startswith(os.path.dirname(NEEDED[0]) + "/libtwist"))
        compiler = list(itertools.takewhile(lambda word: not word.startswith("-"), words))
        options = [word for word in words if re.match("-(std|stdlib|O|g|D|U|f)", word)
                   and "color" not in word]
        return compiler, [*options, f"-I{self.root}/common", f"-I{self.root}"]

    @property
    def sanitizers(self):
        """The sanitizers of this build: "address,undefined", or "" if there are none."""
        return ",".join(flag.partition("=")[2] for flag in self.flags
                        if flag.startswith("-fsanitize="))

    def build(self, exercise, answer):
        """The command that runs the check of an exercise on this answer. Raises CompileError, or
        MachineError if the answer is not the cause."""
        try:
            return self.build_both(exercise, answer)
        except CompileError:
            self.try_our_own(exercise)
            raise

    def try_our_own(self, exercise):
        """Raises MachineError if our own answer can't be built either."""
        ours = exercise.solution
        try:
            self.build_both(exercise, ours if ours.exists() else exercise.starter)
        except CompileError as error:
            raise MachineError(error) from None

    def build_both(self, exercise, answer):
        """The check and the answer: two programs, or one that calls the functions."""
        name = exercise.name.replace("/", "-")
        own_headers = [f"-I{exercise.part_directory}"]
        if exercise.kind == "program":
            check, own = self.objects(exercise.check, (answer, [*WARNINGS, *own_headers]))
            self.link(self.place / f"check-{name}", [check])
            self.link(self.place / f"program-{name}", [own], [*NEEDED[:1], *exercise.libraries])
            return [self.place / f"check-{name}", self.place / f"program-{name}"]
        both = self.objects((exercise.check, own_headers),
                            (answer, [*WARNINGS, *own_headers, "-Dmain=exercise_main"]))
        self.link(self.place / f"check-{name}", both, [*NEEDED, *exercise.libraries],
                  [f"-Wl,--wrap={each}" for each in WRAPPED])
        return [self.place / f"check-{name}"]

    def build_check(self, exercise):
        """Builds only the check, for a program that already exists."""
        check = self.place / f"check-{exercise.name.replace('/', '-')}"
        try:
            self.link(check, self.objects(exercise.check))
        except CompileError as error:
            raise MachineError(error) from None
        return check

    def objects(self, *sources):
        """The object files of sources, compiled at the same time. A source may come as a tuple with
        its own options."""
        with ThreadPoolExecutor() as pool:
            return list(pool.map(lambda each: self.object(*each) if isinstance(each, tuple)
                                 else self.object(each), sources))

    def object(self, source, more=()):
        """The object file of a source, compiled unless it is up to date."""
        command = [*self.compiler, *self.flags, *more, "-c", self.short(source)]
        key = hashlib.sha256(" ".join(map(str, command)).encode()).hexdigest()
        target = self.place / f"{Path(source).stem}-{key[:12]}.o"
        if not self.is_new_enough(target):
            with unfinished(target) as own, unfinished(target.with_suffix(".d")) as makes:
                self.run([*command, "-MMD", "-MF", makes, "-o", own])
        return target

    def short(self, source):
        """A file's name for messages."""
        path = os.path.relpath(Path(source).resolve(), self.root)
        return str(source) if path.startswith("..") else path

    def is_new_enough(self, target):
        """Whether the target is newer than all files that it depends on."""
        made_of = target.with_suffix(".d")
        if not target.exists() or not made_of.exists():
            return False
        names = made_of.read_text().replace("\\\n", " ").split(":", 1)[1].split()
        when = target.stat().st_mtime_ns
        made = [self.root / name for name in names]
        return all(each.exists() and each.stat().st_mtime_ns < when for each in made)

    def link(self, target, objects, libraries=NEEDED[:2], more=()):
        """Links objects with our libraries: by default, the check's and the core."""
        self.wait()
        with unfinished(target) as own:
            self.run([*self.compiler, *self.flags, *objects, *more, "-o", own,
                      "-Wl,--start-group", *(self.build_dir / each for each in libraries),
                      "-Wl,--end-group", "-levent_core", "-pthread"])

    def run(self, command):
        """Runs the compiler."""
        try:
            done = subprocess.run([str(word) for word in command], cwd=self.root, check=False,
                                  encoding="utf-8", errors="replace", stderr=subprocess.PIPE,
                                  timeout=10 * LIMIT)
        except subprocess.TimeoutExpired:
            raise CompileError(f"error: the compiler took over {10 * LIMIT} seconds") from None
        if setup_errors.NO_ROOM.search(os.fsencode(done.stderr)):
            raise setup_errors.BuildError(setup_errors.no_room(self.build_dir))
        if done.returncode != 0:
            raise CompileError(first_error(done.stderr), done.stderr)


@contextlib.contextmanager
def unfinished(target):
    """A temporary file that replaces the target on success: others may build it, too."""
    own = Path(f"{target}.{os.getpid()}")
    try:
        yield own
        os.replace(own, target)
    finally:
        own.unlink(missing_ok=True)


def first_error(said):
    """The first of many errors, with the lines that show the place."""
    lines = said.splitlines()
    for number, line in enumerate(lines):
        if "error:" in line or "undefined reference" in line:
            end = number + 1
            while end < len(lines) and end < number + 4 and lines[end].startswith(" "):
                end += 1
            return "\n".join(lines[number:end])
    return said.strip()
