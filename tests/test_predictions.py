"""./tour predict with the real programs: each can be predicted, here and in a handout."""

import shutil
import string
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

from classroom.handout import pack_expected
from programs import expected
from testing import harness
from tests.fixture import Repository
from tour.predict import END, UNKNOWN, around_free_words, find_puzzles, shuffled
from tour.predict_texts import TEXTS

ROOT = Path(__file__).resolve().parent.parent


def truth(puzzle):
    """The lines of a puzzle's output, which the test of its part verifies."""
    stem = "-".join([puzzle.program, *(option.lstrip("-") for option in puzzle.options)])
    lines = expected.read(ROOT, ROOT / f"{stem}.expected").decode().splitlines()
    return lines[:-1] if lines[-1].startswith("[status ") else lines


class Predict(Repository):
    """A copy of the tree, with the programs of this build."""

    def setUp(self):
        super().setUp()
        for part in ROOT.glob("part*/"):
            shutil.copytree(part, self.root / part.name)
        shutil.rmtree(self.root / "build/part01-one")
        for part in harness.BUILD.glob("part*/"):
            (self.root / "build" / part.name).symlink_to(part)
        archive = ROOT / expected.ARCHIVE
        if archive.exists():
            shutil.copy(archive, self.root / expected.ARCHIVE)
        self.puzzles = find_puzzles(self.root)

    def predict(self, puzzle, lines):
        """Predicts these lines through a pipe; returns the status and the end of the output, with
        single blanks between words."""
        done = self.tour("predict", *puzzle.label.split(), LC_ALL="C",
                         typed="".join(f"{line}\n" for line in lines))
        self.assertEqual(done.stderr, "")
        return done.returncode, " ".join(done.stdout.rpartition("\n\n")[2].split())

    def test_which_they_are(self):
        names = {puzzle.program for puzzle in self.puzzles}
        self.assertEqual(len({Path(name).name for name in names}), len(names))
        self.assertEqual({f"{file.parent.name}/{file.stem}" for pattern in
                          ("defer-*", "deferred-list-*", "gen-*")
                          for file in ROOT.glob(f"part*/{pattern}.cpp")}, names)
        self.assertEqual([puzzle.label for puzzle in self.puzzles if puzzle.options],
                         [f"13/defer-10 --variation {number}" for number in (1, 2, 3)])

    def test_the_truth_is_right(self):
        for puzzle in self.puzzles:
            with self.subTest(puzzle.label):
                lines = truth(puzzle)
                self.assertFalse({*END, *UNKNOWN} & set(lines))
                self.assertEqual(self.predict(puzzle, lines), (0, TEXTS["en"]["right"]))

    def test_a_changed_line_is_wrong(self):
        for number, puzzle in enumerate(self.puzzles):
            with self.subTest(puzzle.label):
                lines = truth(puzzle)
                index = number % len(lines)
                lines[index] = "!" + lines[index]
                status, said = self.predict(puzzle, lines)
                self.assertEqual(status, 1)
                self.assertIn(f"Line {index + 1} differs: ", said)
                expected_end = f'you predicted "{" ".join(lines[index].split())}".'
                self.assertTrue(said.endswith(expected_end), said)

    def test_what_only_the_core_says_does_not_count(self):
        free = {}
        for puzzle in self.puzzles:
            source = puzzle.source.read_text(encoding="utf-8")
            for line in truth(puzzle):
                before, after = around_free_words(line, source)
                if before:
                    free[puzzle.label] = before + after
        self.assertEqual(free["7/defer-4"], "defer-4: AlreadyCalledError")
        self.assertEqual(free["18/deferred-list-7"], "We got no list: [Failure: FirstError]")
        for label, line in free.items():
            with self.subTest(label):
                self.assertRegex(line, r"^defer-\d: \w+Error$|\[Failure: \w+Error\]$")
        puzzle = next(puzzle for puzzle in self.puzzles if puzzle.label == "7/defer-4")
        lines = [free[puzzle.label] if "Error" in line else line for line in truth(puzzle)]
        status, said = self.predict(puzzle, lines)
        self.assertEqual(status, 0)
        self.assertIn("A Deferred can be fired only once.", said)

    def test_there_are_letters_for_all_lines(self):
        for puzzle in self.puzzles:
            lines = [line for line in truth(puzzle) if line]
            with self.subTest(puzzle.label):
                self.assertLessEqual(len(lines), len(string.ascii_lowercase))
                if len(set(lines)) > 1:
                    self.assertEqual(len(shuffled(puzzle, lines, TEXTS["en"])), len(lines))

    def test_in_a_handout(self):
        pack_expected(self.root)
        self.assertEqual(find_puzzles(self.root), self.puzzles)
        self.assertEqual(list(self.root.glob("part*/**/*.expected")), [])
        puzzle = self.puzzles[0]
        self.assertEqual(self.predict(puzzle, truth(puzzle))[0], 0)


if __name__ == "__main__":
    harness.main()
