"""The rules of the house that a machine can check: floors, includes, sizes, the shape of a part."""

import re
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import exercises  # pylint: disable=wrong-import-position
import harness  # pylint: disable=wrong-import-position
import mistakes  # pylint: disable=wrong-import-position

# The floors, from the ground up: what each may include besides its own.
FLOORS = {
    "base": set(),
    "loop": {"base"},
    "deferred": {"base"},
    "net": {"base", "loop"},
    "async": {"base", "loop", "deferred", "net"},
    "program": {"base", "net"},
    "testing": {"base", "loop", "deferred", "net", "async"},
}
INCLUDE = re.compile(r'^#include ["<](.*)[">]', re.MULTILINE)


def core():
    """The files of the core, without its tests."""
    return sorted((ROOT / "common/twist").glob("*/*.[hc]pp"))


def parts():
    """The chapters' directories."""
    return sorted(ROOT.glob("part*-*/"))


def included(file):
    """What a file includes."""
    return INCLUDE.findall(file.read_text(encoding="utf-8"))


class House(unittest.TestCase):
    """common/README.md and CONTRIBUTING.md say it in words."""

    def test_every_file_of_the_core_is_on_a_floor(self):
        self.assertEqual({file.parent.name for file in core()}, set(FLOORS))

    def test_the_drawing_shows_every_file_on_its_floor(self):
        text = (ROOT / "common/README.md").read_text(encoding="utf-8")
        drawing = text.split("## The floors")[1].split("```")[1]
        names = {file.stem for file in core()}
        for floor in drawing.split("──\n"):
            folder = floor.split("/")[0].strip()
            with self.subTest(folder):
                self.assertEqual(set(re.findall(r"\w+", floor.split("/", 1)[1])) & names,
                                 {file.stem for file in core() if file.parent.name == folder})

    def test_a_file_includes_only_the_floors_that_it_may_know(self):
        for file in core():
            for name in included(file):
                if name.startswith("twist/"):
                    floor = name.split("/")[1]
                    with self.subTest(f"{file.parent.name}/{file.name} includes {name}"):
                        self.assertIn(floor, FLOORS[file.parent.name] | {file.parent.name})

    def test_libevent_stays_in_one_file(self):
        users = {file.name for file in [*core(), *ROOT.glob("*/*.[hc]pp")] if file.parent.name != "bench"
                 and any(name.startswith("event") for name in included(file))}
        self.assertEqual(users, {"poller.cpp"})

    def test_a_part_includes_the_core_and_nothing_of_ours_else(self):
        for part in parts():
            for file in part.glob("*.[hc]pp"):
                for name in included(file):
                    with self.subTest(f"{part.name}/{file.name} includes {name}"):
                        self.assertTrue("/" not in name or name.startswith(
                            ("twist/", "application/", "sys/", "netinet/", "arpa/", "doctest/")))

    def test_no_file_is_too_long(self):
        tools = [*ROOT.glob("tools/*.py"), *ROOT.glob("*/tests/*.py"), *ROOT.glob("tests/*.py")]
        for file in [*core(), *tools]:
            with self.subTest(file.name):
                self.assertLessEqual(len(file.read_text(encoding="utf-8").splitlines()), 400)

    def test_a_part_holds_what_every_part_holds(self):
        for part in parts():
            for name in ("README.md", "meson.build", "demo"):
                with self.subTest(f"{part.name}/{name}"):
                    self.assertTrue((part / name).is_file())

    def test_a_program_begins_with_what_it_is(self):
        for part in parts():
            for file in part.glob("*.cpp"):
                lines = file.read_text(encoding="utf-8").splitlines()
                comment = [line for line in lines[:4] if line.startswith("//")]
                with self.subTest(f"{part.name}/{file.name}"):
                    self.assertRegex(lines[0], rf"^// {file.stem.split('-')[0]}")
                    self.assertLessEqual(len(comment), 3)

    def test_every_part_has_exercises(self):
        found = [exercise.part for exercise in exercises.find(ROOT)]
        for part in parts():
            with self.subTest(part.name):
                self.assertGreaterEqual(found.count(int(part.name[4:6])), 2)

    def test_wrong_answers_are_short_and_say_what_was_thought(self):
        lines = 0
        for exercise in exercises.find(ROOT):
            if not exercise.solution.exists():
                self.skipTest("this is a handout")
            wrong = mistakes.files(exercise)
            with self.subTest(exercise.name):
                self.assertGreaterEqual(len(wrong), 2)
            for file in wrong:
                with self.subTest(f"{exercise.name}: {file.name}"):
                    mistakes.Mistake(file).answer()  # has all of its lines, and applies
                    lines += len(file.read_text(encoding="utf-8").splitlines())
        self.assertLessEqual(lines, 4500)

    def test_the_teaching_plan_knows_the_exercises(self):
        plan = (ROOT / "docs/teaching.md").read_text(encoding="utf-8")
        found = {exercise.name: exercise for exercise in exercises.find(ROOT)}
        for exercise in found.values():
            with self.subTest(exercise.name):
                named = f"`{exercise.name}` ({exercise.minutes})"
                self.assertTrue(named in plan, f"docs/teaching.md does not say {named}")
        for name in re.findall(r"`(\d+/[a-z][a-z-]+)`", plan):
            with self.subTest(name):
                self.assertTrue(name in found or list(ROOT.glob("part*/" + name.split("/")[1] + ".cpp")))


if __name__ == "__main__":
    harness.main()
