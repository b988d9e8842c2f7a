"""How much of the core a part's reader meets: the lines that its programs pull in through their
includes, headers and sources together. The table in common/README.md is the limit."""

import re
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

from testing import harness  # pylint: disable=wrong-import-position

INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)
ROW = re.compile(r"^\| (Part (\d+)|all of `twist/`) \| ([\d,]+) \|$", re.MULTILINE)


def lines(file):
    """How many lines a file has, with comments."""
    return len(file.read_text(encoding="utf-8").splitlines())


def headers(file, part):
    """The headers of ours that a file includes."""
    for name in INCLUDE.findall(file.read_text(encoding="utf-8")):
        found = [path for path in (ROOT / "common" / name, part / name) if path.exists()]
        if found:
            yield found[0]


def pulled_in(part):
    """The headers that a part's programs need, and what these and their sources need in turn."""
    found, left = set(), list(part.glob("*.cpp"))
    while left:
        for header in headers(left.pop(), part):
            if header not in found:
                found.add(header)
                source = header.with_suffix(".cpp")
                left += [header, source] if source.exists() else [header]
    return found


def size(header):
    """The lines of a header and of its source."""
    source = header.with_suffix(".cpp")
    return lines(header) + (lines(source) if source.exists() else 0)


class Sizes(unittest.TestCase):
    """No part may grow unnoticed."""

    def test_no_part_has_grown(self):
        rows = ROW.findall((ROOT / "common/README.md").read_text(encoding="utf-8"))
        self.assertGreater(len(rows), 5)
        for name, number, limit in rows:
            if number:
                part = next(ROOT.glob(f"part{int(number):02}-*"))
                actual = sum(map(size, pulled_in(part)))
            else:
                actual = sum(map(lines, (ROOT / "common/twist").glob("*/*.[hc]pp")))
            with self.subTest(name):
                self.assertLessEqual(actual, int(limit.replace(",", "")))


if __name__ == "__main__":
    harness.main()
