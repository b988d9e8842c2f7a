"""SEMANTICS.md is complete, and a test names each of its items."""

import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from testing import harness

COMMON = Path(__file__).resolve().parents[1]
UNUSED = {"29", "45", "46", "47", "76", "81", "R32"}
ALL = {str(n) for n in range(1, 124)} | {f"R{n}" for n in range(1, 53)}
ITEM = re.compile(r"^- \*\*(R?)(\d+)(?: to R?(\d+))?\.\*\* (.*)$", re.MULTILINE)
TEST = re.compile(r'TEST_CASE(?:_FIXTURE)?\([^"]*"((?:R?\d+(?:, )?)+): ')


def items():
    """The items of SEMANTICS.md: number -> text."""
    text = (COMMON / "SEMANTICS.md").read_text(encoding="utf-8")
    found = {}
    for letter, first, last, words in ITEM.findall(text):
        for number in range(int(first), int(last or first) + 1):
            found[f"{letter}{number}"] = words
    return found


def tested():
    """The numbers that tests name."""
    return {number for file in [*(COMMON / "tests").rglob("test_*.cpp"),
                         *COMMON.parent.glob("part*/tests/test_*.cpp")]
            for numbers in TEST.findall(file.read_text(encoding="utf-8"))
            for number in numbers.split(", ")}


class Semantics(unittest.TestCase):
    """The list and the tests agree."""

    def test_the_list_is_complete(self):
        self.assertEqual(set(items()), ALL - UNUSED)

    def test_every_item_has_a_test(self):
        here = {number for number, words in items().items() if not words.startswith("*Not here")}
        self.assertEqual(here - tested(), set())

    def test_every_test_names_an_item(self):
        here = {number for number, words in items().items() if not words.startswith("*Not here")}
        self.assertEqual(tested() - here, set())


if __name__ == "__main__":
    harness.main()
