"""Applies a unified diff strictly: its old lines must be where it says or, if they have moved, in
exactly one place."""

import io
import re

HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@")
NO_NEWLINE = "\\ No newline at end of file\n"


class PatchError(Exception):
    """A text that is not a diff, or a diff that does not apply; the message names the line."""


class Hunk:
    """A change in one place: `new` lines replace `old` ones; `lines` are those of the diff."""

    def __init__(self, head):
        start, *sizes = HUNK.match(head).groups()
        self.start, self.sizes = int(start), [int(size or 1) for size in sizes]
        self.lines, self.old, self.new = [], [], []

    def take(self, line):
        """Takes the next line of the diff; returns False if it is not part of one."""
        sides = {" ": [self.old, self.new], "-": [self.old], "+": [self.new]}
        if line == NO_NEWLINE and self.lines:
            for side in sides[self.lines[-1][0]]:
                side[-1] = side[-1].rstrip("\n")
            return True
        if line == "\n":
            line = " \n"  # some editors remove the blank
        for side in sides.get(line[0], []):
            side.append(line[1:])
        self.lines.append(line)
        return line[0] in sides

    def place(self, lines, first):
        """The index of the old lines in `lines`, from `first` on."""
        found = [at for at in range(first, len(lines))
                 if lines[at:at + len(self.old)] == self.old]
        if self.start - 1 in found:
            return self.start - 1
        if not found:
            self.complain([lines[at:] for at in range(first, len(lines))])
        if len(found) > 1:
            numbers = ", ".join(str(at + 1) for at in found)
            raise PatchError(f"'{self.old[0].strip()}' is not in line {self.start}, "
                             f"but in several others: {numbers}")
        return found[0]

    def complain(self, places):
        """Raises a PatchError that names the first old line missing from the most similar place."""
        alike = max((common(self.old, place) for place in places), default=0)
        after = f" after '{self.old[alike - 1].strip()}'" if alike else ""
        raise PatchError(f"there is no line '{self.old[alike].strip()}'{after}")


def common(some, others):
    """The number of equal lines at the beginning of two lists."""
    return [*(one == other for one, other in zip(some, others)), False].index(False)


def hunks(diff):
    """The hunks of a diff, given without the two lines that name the files."""
    found = []
    for line in diff:
        if HUNK.match(line):
            found.append(Hunk(line))
        elif not found or not found[-1].take(line):
            raise PatchError(f"not a line of a diff: '{line.rstrip()}'")
    for hunk in found:
        if [len(hunk.old), len(hunk.new)] != hunk.sizes or not hunk.old:
            raise PatchError(f"the hunk of line {hunk.start} has another number of lines than it "
                             "says")
    if not found:
        raise PatchError("it contains no hunk")
    return found


def apply(diff, lines):
    """The lines after the diff (a list of hunks) is applied."""
    result, done = [], 0
    for hunk in diff:
        at = hunk.place(lines, done)
        result += lines[done:at] + hunk.new
        done = at + len(hunk.old)
    return result + lines[done:]


def lines_of(text):
    """The lines of a text, with their line ends."""
    return list(io.StringIO(text, newline="\n"))
