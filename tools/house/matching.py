"""Comparing a command's output with what a README says of it.

Times, dates and the ports that the system chose for clients differ from run to run: they are
compared as "a time" and so on. Nothing else is: what a test cannot compare, a README does not show.
A line `...` stands for any number of lines.
"""

import re
from typing import List, NamedTuple, Optional

ANY_LINES = "..."
END = "(nothing more)"

CHANGING = [
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d([.,]\d+)?( ?[+-]\d\d:?\d\d|Z)?"), "<date>"),
    (re.compile(r"\b\d+:\d\d:\d\d(\.\d+)?"), "<time>"),
    # Ports 10000-10999 are names, and stay.
    (re.compile(r"(?<=127\.0\.0\.1:)(?!10\d{3}\b)\d{4,5}\b|(?<=\[::1\]:)(?!10\d{3}\b)\d{4,5}\b"),
     "<port>"),
    (re.compile(r"(?<=\bPID )\d+"), "<pid>"),
]


class Difference(NamedTuple):
    """The first line that is not as expected."""

    expected: str
    got: str


def first_difference(expected: List[str], got: List[str]) -> Optional[Difference]:
    """Where the output first differs from what is expected; None when it does not."""
    expected, got = without_trailing_blanks(expected), without_trailing_blanks(got)
    pieces = split_at_any_lines(expected)
    if len(pieces) == 1:
        return compare(pieces[0] + [END], got + [END], 0)
    difference = compare(pieces[0], got, 0)
    at = len(pieces[0])
    for piece in pieces[1:-1]:
        place = best_place(piece, got, at)
        difference = difference or compare(piece, got, place)
        at = place + len(piece)
    return difference or compare(pieces[-1], got, max(at, len(got) - len(pieces[-1])))


def without_trailing_blanks(lines):
    """The lines up to the last one that is not blank."""
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return lines


def split_at_any_lines(lines):
    """The pieces between the lines that are `...`."""
    pieces = [[]]
    for line in lines:
        if line.strip() == ANY_LINES:
            pieces.append([])
        else:
            pieces[-1].append(line)
    return pieces


def best_place(piece, got, start):
    """The first place from `start` on where most lines of the piece match, from its top."""
    places = range(start, max(len(got), start + 1))
    return max(places, key=lambda place: matching_lines(piece, got, place))


def matching_lines(piece, got, place):
    """How many lines of the piece, from its top, stand at that place of the output."""
    count = 0
    for expected, line in zip(piece, got[place:]):
        if constant(expected) != constant(line):
            break
        count += 1
    return count


def compare(piece, got, place):
    """The first line of the piece that does not stand in the output, beginning at `place`."""
    count = matching_lines(piece, got, place)
    if count == len(piece):
        return None
    return Difference(piece[count], got[place + count] if place + count < len(got) else END)


def constant(line):
    """The line with what changes from run to run replaced, and without blanks at its end."""
    for pattern, name in CHANGING:
        line = pattern.sub(name, line)
    return line.rstrip()
