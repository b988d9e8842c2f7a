"""Finds the chapters' directories, and the part of the text that each belongs to."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import List

from programs.script import ScriptError, Section, read_demo
from programs.stage import BUILT

LAST_PART = 22

# The parts of the text that have no program here, and why.
WITHOUT_PROGRAM = {
    20: "Wheels within Wheels: Twisted and Erlang (轮子内的轮子): its client is in Erlang",
    21: "Lazy is as Lazy Doesn't: Twisted and Haskell (惰性不是迟缓): its client is in Haskell",
    22: "The End (结束): it looks back and has no client",
}


class PartError(Exception):
    """A part of the text can't be shown."""


@dataclass
class Part:
    """A chapter's directory."""

    directory: Path
    number: int
    sections: List[Section]  # of its demo; without a demo, one section without steps

    @property
    def name(self):
        """The directory's own name."""
        return self.directory.name


@dataclass
class Chapter:
    """One section of a part's demo: the unit that is played."""

    part: Part
    section: Section

    @property
    def numbers(self):
        """The part of the text in digits: 5, or 1-2."""
        numbers = self.section.numbers
        return str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}-{numbers[-1]}"

    @property
    def programs(self):
        """The programs that its steps start, as paths in the build directory."""
        return sorted({name for step in self.section.steps for name in BUILT.findall(step.text)})


def find_parts(root):
    """Every chapter's directory, in the order of the text."""
    parts = []
    for directory in sorted(Path(root).glob("part[0-9][0-9]-*")):
        if (directory / "meson.build").exists():
            number = int(directory.name[4:6])
            parts.append(Part(directory, number, sections_of(directory, number)))
    return parts


def sections_of(directory, number):
    """The sections of a part's demo. A heading without a number gets the directory's number."""
    demo = directory / "demo"
    if demo.exists():
        try:
            sections = read_demo(demo.read_text(encoding="utf-8"))
        except ScriptError as error:
            raise ScriptError(error.line, f"{directory.name}/demo:{error.line}: {error}") from None
    else:
        sections = [Section([], title_of(directory / "README.md"), [])]
    for section in sections:
        section.numbers = section.numbers or [number]
    return sections


def title_of(readme):
    """The first heading of a README, without the number of the part."""
    if readme.exists():
        for line in readme.read_text(encoding="utf-8").splitlines():
            if line.startswith("# "):
                return re.sub(r"^Parts? [\d and–-]+: ", "", line[2:].strip())
    return "(no title yet)"


def all_chapters(parts):
    """Every section of every part, in order."""
    return [Chapter(part, section) for part in parts for section in part.sections]


def chapters_for(parts, number):
    """The chapters to play for a part of the text. A chapter for two parts is played for the first
    one: if there is a chapter 2, part 2 does not play 1-2."""
    if number in WITHOUT_PROGRAM:
        raise PartError(f"Part {number} has no program here. {WITHOUT_PROGRAM[number]}.")
    if not 1 <= number <= LAST_PART:
        raise PartError(f"there is no part {number}: the text has parts 1 to {LAST_PART}")
    own = [chapter for chapter in all_chapters(parts) if number == chapter.part.number]
    named = [chapter for chapter in all_chapters(parts) if number in chapter.section.numbers]
    chapters = [chapter for chapter in own if chapter in named] or named or own
    if not chapters:
        raise PartError(f"part {number} has no directory here yet: see ./tour list")
    return chapters


def home(parts, number):
    """The directory of a part of the text: its own, or one that it shares (part 8: part07-…)."""
    for part in parts:
        if part.number == number:
            return part
    return chapters_for(parts, number)[0].part
