"""Compares a command's output with the output that a README shows.

Times, dates, process numbers and the clients' ports differ from run to run, so any value matches
any other. Everything else must be equal: a README shows nothing else that a test can't compare. A
line `...` stands for any number of lines.
"""

import re
from typing import List, NamedTuple, Optional

ANY_LINES = "..."
END = "(nothing more)"

CHANGING = [
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d([.,]\d+)?( ?[+-]\d\d:?\d\d|Z)?"), "<date>"),
    (re.compile(r"\b\d+:\d\d:\d\d(\.\d+)?"), "<time>"),
    # Ports 10000-10999 are names, and do not change.
    (re.compile(r"(?<=127\.0\.0\.1:)(?!10\d{3}\b)\d{4,5}\b|(?<=\[::1\]:)(?!10\d{3}\b)\d{4,5}\b"),
     "<port>"),
    (re.compile(r"(?<=\bPID )\d+"), "<pid>"),
]


class Difference(NamedTuple):
    """The first line that differs."""

    expected: str
    got: str


def first_difference(expected: List[str], got: List[str]) -> Optional[Difference]:
    """The first difference between the output and the expected lines, or None."""
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
    """The first place from `start` on where the most lines of the piece match, from its top."""
    places = range(start, max(len(got), start + 1))
    return max(places, key=lambda place: matching_lines(piece, got, place))


def matching_lines(piece, got, place):
    """The number of lines of the piece, from its top, that match the output at this place."""
    count = 0
    for expected, line in zip(piece, got[place:]):
        if constant(expected) != constant(line):
            break
        count += 1
    return count


def compare(piece, got, place):
    """The first line of the piece that differs from the output at this place, or None."""
    count = matching_lines(piece, got, place)
    if count == len(piece):
        return None
    return Difference(piece[count], got[place + count] if place + count < len(got) else END)


def constant(line):
    """The line without the parts that change from run to run, and without trailing blanks."""
    for pattern, name in CHANGING:
        line = pattern.sub(name, line)
    return line.rstrip()
