"""Runs Ninja behind a progress bar, or in the background while something else happens.

    making = Making(build, {"Part 5": ["part05-protocols/get-poetry"], "the others": others})
    making.wait_for("Part 5", screen)     returns when this list is built; the others go on
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
    """Something does not compile; `said` is the compiler's output, in bytes."""

    def __init__(self, said):
        super().__init__("the build failed")
        self.said = said


class Making:
    """Builds lists of Ninja's targets, one list after the other, and knows the progress.

    `lists` maps names to lists. The first list is built at normal priority, the others at a lower
    one.
    """

    def __init__(self, build, lists):
        self.build = build
        steps = ['export NINJA_STATUS="[%f/%t] "']
        for number, (name, targets) in enumerate(lists.items()):
            command = ["nice", "-n", "5"] * (number > 0) + [ninja(), *targets]
            steps += [shlex.join(map(str, command)), shlex.join(["echo", MADE + name])]
        self.program = Program(["sh", "-c", " && ".join(steps)], build, tied=True)
        self.made = set()
        self.done, self.all = 0, 0  # steps of the current list
        self.line = ""  # an incomplete line of output
        self.said = []  # the compiler's lines

    def wait_for(self, name, screen):
        """Waits until this list is built; shows the progress, and the compiler's warnings. Raises
        MakingError."""
        def over():
            ended = self.program.status is not None  # asked first, so that no output is missed
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
        """Reads the output since the last look."""
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
        """Stops building."""
        self.program.close()


def bar(done, of):
    """The progress bar: "[######..................]  5 of 20"."""
    if not of:
        return "[" + "." * BAR + "]"
    full = BAR * done // of
    return f"[{'#' * full}{'.' * (BAR - full)}] {done:>{len(str(of))}} of {of}"


def ninja():
    """Ninja's name on this system."""
    return next(filter(shutil.which, ["ninja", "ninja-build", "samu"]), "ninja")
