"""The exercises: finds them, reads their texts, and keeps a learner's progress.

An exercise is a directory partNN-*/exercises/NAME. For a learner its name is N/NAME, and the answer
is in my/N/NAME.cpp.
"""

import json
import os
import re
import shutil
from pathlib import Path

NOTHING_YET = {"passed": False, "hints": 0}


class ExerciseError(Exception):
    """Something can't be done with an exercise; the message says what to do instead."""


class Exercise:
    """One exercise, and its texts in one language."""

    def __init__(self, directory, language):
        self.directory = Path(directory)
        self.language = language
        self.part_directory = self.directory.parent.parent
        self.part = int(self.part_directory.name[4:6])
        self.name = f"{self.part}/{self.directory.name}"
        title, facts, *self.lines = self.text("README").splitlines()
        self.title = title.lstrip("# ")
        self.minutes = int(re.search(r"\d+", facts).group())
        self.kind = re.search(r"functions|program", facts).group()

    def text(self, stem):
        """The README or the hints, in its language."""
        suffix = "" if self.language == "en" else f".{self.language}"
        return (self.directory / f"{stem}{suffix}.md").read_text(encoding="utf-8")

    @property
    def hints(self):
        """The three hints."""
        return [hint.strip() for hint in re.split(r"^## \d\s*$", self.text("hints"),
                                                  flags=re.MULTILINE)[1:]]

    @property
    def check(self):
        """The file with the check."""
        return self.directory / "check.cpp"

    @property
    def starter(self):
        """The file that a learner starts from."""
        return self.directory / "starter.cpp"

    @property
    def solution(self):
        """The file with the solution; a handout has none."""
        return self.directory / "solution.cpp"

    @property
    def libraries(self):
        """Ninja's targets for the libraries of its part, one for each directory with headers."""
        directories = {header.parent for header in self.part_directory.glob("*/*.hpp")}
        return [f"{self.part_directory.name}/lib{each.name}.a" for each in sorted(directories)]

    def answer(self, my):
        """The file with a learner's answer."""
        return Path(my) / f"{self.name}.cpp"


def find(root, language="en"):
    """All exercises, in the order of the text."""
    return [Exercise(path.parent, language)
            for path in sorted(Path(root).glob("part[0-9][0-9]-*/exercises/*/check.cpp"))]


def named(root, name, language="en"):
    """The exercise of this name."""
    everything = find(root, language)
    for exercise in everything:
        if exercise.name == name:
            return exercise
    part, last = name.split("/")[0], name.split("/")[-1]
    near = ", ".join([each.name for each in everything if each.name.split("/")[0] == part]
                     or [each.name for each in everything if each.name.split("/")[1] == last])
    if language == "zh":
        raise ExerciseError(f"没有练习“{name}”："
                            + (f"有 {near}" if near else "./tour exercises 列出全部"))
    raise ExerciseError(f"there is no exercise '{name}'; "
                        + (f"did you mean {near}?" if near else "./tour exercises lists them"))


class Progress:
    """A learner's progress, kept in my/progress.json: passed checks, and hints that were shown."""

    def __init__(self, my):
        self.file = Path(my) / "progress.json"
        try:
            state = json.loads(self.file.read_text(encoding="utf-8"))
            self.state = {name: {**NOTHING_YET, **facts} for name, facts in state.items()}
        except (OSError, ValueError, AttributeError, TypeError):  # not a file of ours
            self.state = {}

    def of(self, exercise):
        """The facts about one exercise."""
        return self.state.setdefault(exercise.name, dict(NOTHING_YET))

    def note(self, exercise, **facts):
        """Stores facts about one exercise."""
        self.of(exercise).update(facts)
        self.file.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.file.with_suffix(".new")
        temporary.write_text(json.dumps(self.state, indent=1, sort_keys=True) + "\n",
                             encoding="utf-8")
        os.replace(temporary, self.file)


def start(exercise, my):
    """Copies the starter for the learner; never overwrites a file."""
    answer = exercise.answer(my)
    if answer.exists():
        raise ExerciseError(f"{exercise.name} 已经开始，文件是 {shown(answer)}"
                            if exercise.language == "zh" else
                            f"you have already started {exercise.name}, in {shown(answer)}")
    answer.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(exercise.starter, answer)
    return answer


def shown(path):
    """A path as a learner would type it."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
