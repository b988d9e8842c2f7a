"""Ninja at work: behind a bar that moves, or in the background while something else goes on.

    making = Making(build, {"Part 5": ["part05-protocols/get-poetry"], "the others": others})
    making.wait_for("Part 5", screen)     goes on when these are there; the others are on their way
"""

import re
import shlex
import shutil

from programs.processes import Program, wait_until

PROGRESS = re.compile(r"\[(\d+)/(\d+)\] ")
MADE = "made: "
OFTEN = 0.1  # seconds between two looks
BAR = 24  # columns


class MakingError(Exception):
    """Something does not compile; `said` is what the compiler had to say, in bytes."""

    def __init__(self, said):
        super().__init__("the build failed")
        self.said = said


class Making:
    """Makes lists of Ninja's targets, one list after the other, and tells how far it is.

    `lists` has a name for each. The first one is made at once; the others give way to whatever
    else this machine has to do.
    """

    def __init__(self, build, lists):
        self.build = build
        steps = ['export NINJA_STATUS="[%f/%t] "']
        for number, (name, targets) in enumerate(lists.items()):
            command = ["nice", "-n", "5"] * (number > 0) + [ninja(), *targets]
            steps += [shlex.join(map(str, command)), shlex.join(["echo", MADE + name])]
        self.program = Program(["sh", "-c", " && ".join(steps)], build, tied=True)
        self.made = set()
        self.done, self.all = 0, 0  # steps of the list that is being made
        self.line = ""  # the beginning of one
        self.said = []  # by the compiler

    def wait_for(self, name, screen):
        """Waits until this list is made; shows how far it is, and the compiler's warnings. Raises
        MakingError."""
        def over():
            ended = self.program.status is not None  # asked first: then all that it said is there
            self.look()
            if not ended and name not in self.made:
                screen.bar(f"{bar(self.done, self.all)} {name}")
            return ended or name in self.made

        while not wait_until(over, pause=OFTEN):
            pass
        screen.bar("")
        said = "".join(f"{line}\n" for line in self.said).encode("utf-8", "surrogateescape")
        self.said = []
        if name not in self.made:
            raise MakingError(said)
        if said:
            screen.raw(said)

    def look(self):
        """Reads what has been printed since the last look."""
        text = self.line + self.program.out.new().decode("utf-8", "surrogateescape")
        *lines, self.line = text.split("\n")
        for line in lines:
            progress = PROGRESS.match(line)
            if progress:
                self.done, self.all = map(int, progress.groups())
            elif line.startswith(MADE):
                self.made.add(line[len(MADE):])
            elif not line.startswith("ninja: "):
                self.said.append(line)

    def close(self):
        """Makes nothing more."""
        self.program.close()


def bar(done, of):
    """How much of it is done: "[######..................]  5 of 20"."""
    if not of:
        return "[" + "." * BAR + "]"
    full = BAR * done // of
    return f"[{'#' * full}{'.' * (BAR - full)}] {done:>{len(str(of))}} of {of}"


def ninja():
    """Ninja, under whichever name the system has it."""
    return next(filter(shutil.which, ["ninja", "ninja-build", "samu"]), "ninja")
