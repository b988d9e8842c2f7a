"""The wrong answers to an exercise. The file wrong/NAME.diff contains only the mistake:

    thought: what the learner thought
    想法：the same in Chinese
    expect: a part of the check's message
    --- solution.cpp                the exercise's file that is changed, or starter.cpp
    +++ NAME.cpp
    @@ ...                          the change, with one line of context

    mistakes.py wrong/NAME.cpp...   makes NAME.diff from an edited copy of one of the two files, and
                                    removes the copy. The copy begins with the three labels, as
                                    comments (// thought: ...)
"""

import difflib
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from classroom import patch
from classroom.exercises import ExerciseError
from classroom.patch import PatchError, lines_of

LABELS = {"en": "thought: ", "zh": "想法：", "expect": "expect: "}
BASES = ("solution.cpp", "starter.cpp")


class MistakeError(ExerciseError):
    """A file in wrong/ that can't be used; the message begins with its name."""


class Mistake:
    """One wrong answer: its `name`, the `thought` by language, the part of the check's message to
    `expect`, and the file (`base`) that it changes."""

    def __init__(self, file):
        self.file, self.name = Path(file), Path(file).stem
        if self.file.suffix != ".diff":
            raise self.error("not a diff; python3 tools/classroom/mistakes.py FILE makes one")
        lines = lines_of(self.file.read_text(encoding="utf-8"))
        end = next((at for at, line in enumerate(lines) if line.startswith("--- ")), len(lines))
        self.thought = self.fields(lines[:end])
        self.expect = self.thought.pop("expect")
        self.base = "".join(lines[end:end + 1]).strip("- \n").split("\t")[0]
        if self.base not in BASES:
            raise self.error("'--- solution.cpp' or '--- starter.cpp' must follow the labels")
        try:
            self.hunks = patch.hunks(lines[end + 2:])
        except PatchError as error:
            raise self.error(error) from None

    def error(self, message):
        """An error about this file."""
        return MistakeError(f"wrong/{self.file.name}: {message}")

    def fields(self, lines):
        """The text after each label in these lines, by the labels' keys."""
        found = {key: line[len(label):].strip() for line in lines
                 for key, label in LABELS.items() if line.startswith(label)}
        for key, label in LABELS.items():
            if not found.get(key):
                raise self.error(f"no line begins with '{label}'")
        return found

    def answer(self):
        """The whole wrong answer."""
        base = (self.file.parent.parent / self.base).read_text(encoding="utf-8")
        try:
            return "".join(patch.apply(self.hunks, lines_of(base)))
        except PatchError as error:
            raise self.error(f"it does not apply to {self.base}: {error}") from None


def files(exercise):
    """The files of an exercise's wrong answers, sorted by name."""
    return sorted((exercise.directory / "wrong").glob("*"))


def make(copy):
    """Makes the diff from an edited copy and removes the copy; returns the diff's path."""
    copy = Path(copy)
    bases = {name: lines_of((copy.parent.parent / name).read_text(encoding="utf-8"))
             for name in BASES}
    lines = lines_of(copy.read_text(encoding="utf-8"))
    firsts = [base[0] for base in bases.values()]
    begin = next((at for at, line in enumerate(lines) if line in firsts), len(lines))
    head = header(lines[:begin])
    for key, label in LABELS.items():
        if not head[key]:
            raise MistakeError(f"wrong/{copy.name}: no line begins with '// {label}'")
    change = min((list(difference(name, base, copy.name, lines[begin:]))
                  for name, base in bases.items()), key=len)
    if not change:
        raise MistakeError(f"wrong/{copy.name}: it changes nothing")
    target = copy.with_suffix(".diff")
    target.write_text("".join([*(f"{label}{head[key]}\n" for key, label in LABELS.items()),
                               *change]), encoding="utf-8")
    copy.unlink()
    return target


def header(comments):
    """The text after each label in the first comments of a copy, by the labels' keys."""
    said, key = dict.fromkeys(LABELS, ""), None
    for comment in comments:
        text = comment.lstrip("/ ").rstrip()
        begun = [each for each, label in LABELS.items() if text.startswith(label.strip())]
        if begun:
            key = begun[0]
            said[key] = text[len(LABELS[key].strip()):].strip()
        elif key:  # a continuation
            said[key] += text if key == "zh" else f" {text}"
    return said


def difference(name, old, new_name, new):
    """The lines of a diff with one line of context; none if nothing differs."""
    for line in difflib.unified_diff(old, new, name, new_name, n=1):
        yield from [line] if line.endswith("\n") else [line + "\n", patch.NO_NEWLINE]


if __name__ == "__main__":
    try:
        for word in sys.argv[1:]:
            print(os.path.relpath(make(word)))
    except (MistakeError, OSError) as problem:
        sys.exit(f"mistakes.py: {problem}")
