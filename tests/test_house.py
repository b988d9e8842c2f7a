"""The rules of the house that a machine can check: floors, includes, sizes, parts, tools."""

import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

from classroom import exercises, mistakes, renamed
from testing import harness

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / "tools"

# The floors that each floor may include besides itself.
FLOORS = {
    "base": set(),
    "loop": {"base"},
    "deferred": {"base"},
    "net": {"base", "loop"},
    "async": {"base", "loop", "deferred", "net"},
    "program": {"base", "net"},
}
INCLUDE = re.compile(r'^#include ["<](.*)[">]', re.MULTILINE)
IMPORT = re.compile(r"^ *(?:from|import) (\w+)", re.MULTILINE)
ROW = re.compile(r"^\| `(\w+)/` \|.*\| (.*?) ?\|$", re.MULTILINE)  # of the table in tools/README.md
ON_THE_PATH = 'sys.path.insert(0, str(Path(__file__).resolve().parents[{}] / "tools"))\n'


def core():
    """The files of the core, without its tests."""
    return sorted((ROOT / "common/twist").glob("*/*.[hc]pp"))


def tests_of_the_core():
    """The tests of the core in C++, and the headers that they share."""
    return sorted((ROOT / "common/tests").rglob("*.[hc]pp"))


def parts():
    """The chapters' directories."""
    return sorted(ROOT.glob("part*-*/"))


def included(file):
    """The includes of a file."""
    return INCLUDE.findall(file.read_text(encoding="utf-8"))


def python_files():
    """Everything in Python: the tools and the tests."""
    return sorted(file for folder in ("tools", "tests", "*/tests")
                  for file in ROOT.glob(f"{folder}/**/*.py"))


def jobs():
    """The folders of tools/ and what each may import, as the table in its README says."""
    rows = ROW.findall((TOOLS / "README.md").read_text(encoding="utf-8"))
    return {folder: set(re.findall(r"`(\w+)`", imports)) for folder, imports in rows}


def imported(file):
    """The folders of tools/ that a Python file imports from."""
    return set(IMPORT.findall(file.read_text(encoding="utf-8"))) & set(jobs())


class House(unittest.TestCase):
    """The rules of common/README.md and CONTRIBUTING.md."""

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
        users = {file.name for file in [*core(), *ROOT.glob("*/*.[hc]pp")]
                 if file.parent.name != "bench"
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
        for file in [*core(), *tests_of_the_core(), *python_files()]:
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
                    mistakes.Mistake(file).answer()  # complete, and it applies
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
                self.assertTrue(name in found or
                                list(ROOT.glob(f"part*/{name.split('/')[1]}.cpp")))


class Changelog(unittest.TestCase):
    """In the table of CHANGELOG.md, new names exist and old names do not."""

    def setUp(self):
        headers = [*core(), *ROOT.glob("part*/*.hpp"), *ROOT.glob("part*/*/*.hpp")]
        self.names = set().union(*(renamed.names_in(file.read_text(encoding="utf-8"))
                                   for file in headers))
        self.paths = [ROOT, ROOT / "common", *parts()]

    def exists(self, name):
        """Whether a program can include this path, or use this name of the core."""
        if name.endswith(".hpp"):
            return any((path / name).exists() for path in self.paths)
        return name in self.names

    def test_every_row_is_an_old_name_and_a_new_one(self):
        for row in renamed.table(ROOT):
            with self.subTest(row.before):
                self.assertRegex(row.before, r"^([\w/]+\.hpp|\.?[^\W\d]\w*)$")
                self.assertFalse(self.exists(row.before), "the old name still exists")
                self.assertTrue(self.exists(re.split(r"[ (,]", row.now)[0]), f"there is no {row.now}")

    def test_every_row_is_read(self):
        text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
        rows = [line for line in text.splitlines() if line.startswith("| `")]
        self.assertEqual(len(rows), len({row.before for row in renamed.table(ROOT)}))
        self.assertIn("| before | now |\n", text)


class Tools(unittest.TestCase):
    """The rules of tools/README.md."""

    def test_a_folder_is_a_job(self):
        folders = {path.name for path in TOOLS.iterdir() if path.is_dir()} - {"__pycache__"}
        self.assertEqual(folders, set(jobs()))
        self.assertEqual(list(TOOLS.glob("*.py")), [])

    def test_a_folder_imports_only_what_its_row_names(self):
        for folder, allowed in jobs().items():
            for file in (TOOLS / folder).glob("*.py"):
                if folder != "tests":
                    with self.subTest(f"{folder}/{file.name}"):
                        self.assertLessEqual(imported(file), allowed | {folder})

    def test_what_a_learner_runs_does_not_need_the_tests(self):
        needed, new = set(), {"tour"}
        while new:
            needed |= new
            new = set().union(*(jobs()[folder] for folder in new)) - needed
        self.assertEqual(needed & {"house", "testing", "tests"}, set())

    def test_tests_stand_in_the_folder_of_what_they_test(self):
        folders = {file.parent.name for file in (TOOLS / "tests").glob("*/test_*.py")}
        self.assertLessEqual(folders, set(jobs()))
        self.assertEqual(list((TOOLS / "tests").glob("test_*.py")), [])

    def test_every_file_finds_the_tools_by_the_same_line(self):
        for file in python_files():
            folder, text = file.relative_to(ROOT).parts, file.read_text(encoding="utf-8")
            if folder[:2] == ("tools", "tests"):
                continue  # they run in tools/
            if imported(file) and (folder[0] != "tools" or "\nif __name__" in text):
                with self.subTest(str(file.relative_to(ROOT))):
                    self.assertTrue(ON_THE_PATH.format(len(folder) - 1) in text)


if __name__ == "__main__":
    harness.main()
