"""Proves the verdicts of an exercise in both directions.

    prove.py DIRECTORY...       the starter fails, the solution passes, and every wrong answer fails
                                with the expected message

BUILD_ROOT names the build directory with the core; it must have sanitizers.
"""

import fcntl
import hashlib
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from classroom import mistakes, verdict
from classroom.exercises import Exercise
from classroom.mistakes import Mistake, MistakeError
from classroom.workshop import CompileError, Workshop, unfinished

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = 77  # Meson's status for a skipped test


class Factory(Workshop):
    """A workshop for many wrong answers, for which it precompiles the headers of the core.

    So a missing include in a wrong answer goes unnoticed. The starter and the solution are compiled
    like a learner's answer.
    """

    def object(self, source, more=()):
        if Path(source).parent.name == "wrong":
            more = [*more, "-include", self.precompiled(more)]
        return super().object(source, more)

    def precompiled(self, more):
        """The name of a precompiled header for files with these options."""
        core = self.root / "common"
        names = sorted(path.relative_to(core) for path in core.glob("twist/*/*.hpp"))
        text = "".join(f'#include "{name}"\n' for name in names)
        key = hashlib.sha256(" ".join([text, *self.flags, *more]).encode()).hexdigest()
        header = self.place / f"core-{key[:12]}.hpp"
        compiled = header.with_suffix(".hpp.gch")
        with open(header.with_suffix(".lock"), "wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # other proofs run at the same time
            if not self.is_new_enough(compiled):
                header.write_text(text, encoding="utf-8")
                with unfinished(compiled) as own, unfinished(compiled.with_suffix(".d")) as makes:
                    self.run([*self.compiler, *self.flags, *more, "-x", "c++-header", header,
                              "-MMD", "-MF", makes, "-o", own])
        return header


def prove(exercise, workshop):
    """The problems of an exercise, as a list of sentences."""
    complaints = []
    solution = check(exercise, workshop, exercise.solution)
    if not solution.passed:
        complaints.append(f"the solution fails: {solution.message} {solution.details}")
    starter = check(exercise, workshop, exercise.directory / "starter.cpp")
    if starter.passed:
        complaints.append("the starter passes")
    elif starter.message.startswith("It does not compile"):
        complaints.append(f"the starter: {starter.message}")
    wrong = mistakes.files(exercise)
    if len(wrong) < 2:
        complaints.append("there are fewer than two wrong answers")
    for file in wrong:
        try:
            prove_wrong(exercise, workshop, Mistake(file))
        except MistakeError as error:
            complaints.append(str(error))
    return complaints + texts(exercise)


def prove_wrong(exercise, workshop, mistake):
    """Raises MistakeError unless the wrong answer fails with the expected message."""
    given = check(exercise, workshop, written(mistake, workshop.place / exercise.name))
    said = " ".join([given.message, *given.details])
    if given.passed:
        raise mistake.error("passes")
    if mistake.expect not in said:
        raise mistake.error(f"expected '{mistake.expect}', got '{said}'")


def written(mistake, place):
    """The whole wrong answer as a file, which is only written if it has changed."""
    file = place / "wrong" / f"{mistake.name}.cpp"
    answer = mistake.answer()
    if not file.exists() or file.read_text(encoding="utf-8") != answer:
        file.parent.mkdir(parents=True, exist_ok=True)
        with unfinished(file) as own:
            own.write_text(answer, encoding="utf-8")
    return file


def check(exercise, workshop, answer):
    """The verdict on an answer, in English."""
    try:
        return verdict.run(workshop.build(exercise, answer), "en")
    except CompileError as error:
        return verdict.Verdict("en", message=f"It does not compile: {error}")


def texts(exercise):
    """The problems of its texts."""
    complaints = []
    for language in ("en", "zh"):
        each = Exercise(exercise.directory, language)
        if len(each.lines) > 20:
            complaints.append(f"the README ({language}) has more than twenty lines")
        if len(each.hints) != 3 or not all(each.hints):
            complaints.append(f"there are {len(each.hints)} hints ({language}), not three")
        if each.kind != exercise.kind or each.minutes != exercise.minutes:
            complaints.append("the two READMEs differ in kind or minutes")
    if "TODO" not in (exercise.directory / "starter.cpp").read_text(encoding="utf-8"):
        complaints.append("the starter marks no place with TODO")
    return complaints


def main(directories):
    """Proves each exercise; returns 1 if any has a problem."""
    build = Path(os.environ.get("BUILD_ROOT", ROOT / "build-check"))
    workshop = Factory(ROOT, build)
    if not workshop.sanitizers:
        print("skipped: proofs need a build with sanitizers")
        return SKIPPED
    failed = 0
    for directory in directories:
        exercise = Exercise(Path(directory).resolve(), "en")
        if not exercise.solution.exists():
            print("skipped: this is a handout, without solutions")
            return SKIPPED
        complaints = prove(exercise, workshop)
        failed += bool(complaints)
        for complaint in complaints:
            print(f"{exercise.name}: {complaint}")
        if not complaints:
            print(f"{exercise.name}: proven")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
