"""Where a learner's file is built: with the core, the check, and the sanitizers.

    workshop = Workshop(root, build)          build: a directory that Meson has set up
    command = workshop.build(exercise, answer)
"""

import contextlib
import hashlib
import itertools
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import setup_errors
from processes import LIMIT

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion"]
CHECK = Path(__file__).resolve().parent / "check"
COMMON = [CHECK / "check.cpp", CHECK / "poet.cpp", CHECK / "program.cpp"]
EVENTS = CHECK / "events.cpp"
WRAPPED = ["connect", "accept4", "recv", "send", "sendmsg", "close", "event_base_loop"]


class CompileError(Exception):
    """A file that does not compile; the message is the compiler's first error."""


class Workshop:
    """Compiles and links, and does no work twice."""

    def __init__(self, root, build):
        self.root, self.build_dir = Path(root).resolve(), Path(build).resolve()
        self.place = self.build_dir / "exercises"
        self.place.mkdir(parents=True, exist_ok=True)
        options = json.loads((self.build_dir / "meson-info/intro-buildoptions.json").read_text())
        self.sanitizers = next(each["value"] for each in options if each["name"] == "b_sanitize")
        commands = json.loads((self.build_dir / "compile_commands.json").read_text())
        self.compiler = list(itertools.takewhile(lambda word: not word.startswith("-"),
                                                 shlex.split(commands[0]["command"])))

    @property
    def flags(self):
        """What everything is compiled with: quick to build, and every place has a line's number."""
        return ["-std=c++20", "-O0", "-g1", "-fno-omit-frame-pointer", f"-I{self.root}",
                *([f"-fsanitize={self.sanitizers}"] if self.sanitizers != "none" else [])]

    def build(self, exercise, answer):
        """The command that runs the check of an exercise on this answer. Raises CompileError."""
        if exercise.kind == "program":
            check = self.build_check(exercise)
            own = self.place / f"program-{exercise.name.replace('/', '-')}"
            self.link(own, [self.object(answer, WARNINGS)])
            return [check, own]
        wraps = [f"-Wl,--wrap={name}" for name in WRAPPED]
        check = self.place / f"check-{exercise.name.replace('/', '-')}"
        self.link(check, [*self.check_objects(exercise), self.object(EVENTS),
                          self.object(answer, [*WARNINGS, "-Dmain=exercise_main"])], wraps)
        return [check]

    def build_check(self, exercise):
        """Only the check, for a program that is there already."""
        check = self.place / f"check-{exercise.name.replace('/', '-')}"
        self.link(check, self.check_objects(exercise))
        return check

    def check_objects(self, exercise):
        """The check, and what all checks have in common."""
        return [self.object(source) for source in (exercise.directory / "check.cpp", *COMMON)]

    def object(self, source, more=()):
        """The object file of a source, compiled unless it is there."""
        command = [*self.compiler, *self.flags, *more, "-c", self.short(source)]
        key = hashlib.sha256(" ".join(map(str, command)).encode()).hexdigest()
        target = self.place / f"{Path(source).stem}-{key[:12]}.o"
        if not self.is_new_enough(target):
            with unfinished(target) as own, unfinished(target.with_suffix(".d")) as makes:
                self.run([*command, "-MMD", "-MF", makes, "-o", own])
        return target

    def short(self, source):
        """The name of a file as messages should show it."""
        path = os.path.relpath(Path(source).resolve(), self.root)
        return str(source) if path.startswith("..") else path

    def is_new_enough(self, target):
        """Whether none of the files that it was made of has changed since."""
        made_of = target.with_suffix(".d")
        if not target.exists() or not made_of.exists():
            return False
        names = made_of.read_text().replace("\\\n", " ").split(":", 1)[1].split()
        when = target.stat().st_mtime_ns
        made = [self.root / name for name in names]
        return all(each.exists() and each.stat().st_mtime_ns < when for each in made)

    def link(self, target, objects, more=()):
        """Links objects with the core."""
        with unfinished(target) as own:
            self.run([*self.compiler, *self.flags, *objects, *more, "-o", own,
                      self.build_dir / "common/libtwist.a", "-levent_core", "-levent_extra"])

    def run(self, command):
        """Runs the compiler."""
        try:
            done = subprocess.run([str(word) for word in command], cwd=self.root, check=False,
                                  encoding="utf-8", errors="replace", stderr=subprocess.PIPE,
                                  timeout=10 * LIMIT)
        except subprocess.TimeoutExpired:
            raise CompileError(f"error: the compiler did not end in {10 * LIMIT} seconds") from None
        if setup_errors.NO_ROOM.search(os.fsencode(done.stderr)):
            raise setup_errors.BuildError(setup_errors.no_room(self.build_dir))
        if done.returncode != 0:
            raise CompileError(first_error(done.stderr))


@contextlib.contextmanager
def unfinished(target):
    """A file to write, which becomes the target when all went well: others may be at it as well."""
    own = Path(f"{target}.{os.getpid()}")
    try:
        yield own
        os.replace(own, target)
    finally:
        own.unlink(missing_ok=True)


def first_error(said):
    """The first error of many, with the lines that show the place."""
    lines = said.splitlines()
    for number, line in enumerate(lines):
        if "error:" in line or "undefined reference" in line:
            end = number + 1
            while end < len(lines) and end < number + 4 and lines[end].startswith(" "):
                end += 1
            return "\n".join(lines[number:end])
    return said.strip()


if __name__ == "__main__":
    sys.exit("workshop.py is a module: ./tour check uses it")
