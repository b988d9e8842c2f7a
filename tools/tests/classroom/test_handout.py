"""A handout hides the expected output from its readers, but not from the tests."""

from zipfile import ZipFile

from classroom.exercises import ExerciseError
from classroom.handout import pack_expected, write
from programs.expected import ARCHIVE, names, packed, read
from tests.fixture import Repository


class PackExpected(Repository):
    """A tree whose .expected files are in the archive."""

    def setUp(self):
        super().setUp()
        self.program("build/part01-one/says", "print('one')\nprint('two')")
        self.file = self.write("part01-one/says.expected", "one\ntwo\n")
        self.deep = self.write("part01-one/tests/deep.expected", "è\n")
        self.foreign = self.write("build/foreign.expected", "")
        pack_expected(self.root)

    def check(self):
        """Compares an output as Meson does; returns the status and the output of the tool."""
        done = self.python("tools/house/check_output.py", "build/part01-one/says", self.file)
        self.assertEqual(done.stderr, "")
        return done.returncode, done.stdout

    def test_the_files_have_moved(self):
        self.assertFalse(self.file.exists() or self.deep.exists())
        self.assertTrue(self.foreign.exists())
        self.assertEqual(names(self.root), {"part01-one/says.expected",
                                            "part01-one/tests/deep.expected"})
        self.assertEqual(read(self.root, self.deep), "è\n".encode())
        self.assertNotIn(b"one\ntwo", (self.root / ARCHIVE).read_bytes())

    def test_check_output_finds_them(self):
        self.assertEqual(self.check(), (0, ""))

    def test_check_output_finds_them_through_a_link(self):
        (self.root / "link").symlink_to(self.root)
        self.file = self.root / "link/part01-one/says.expected"
        self.assertEqual(self.check(), (0, ""))

    def test_a_program_whose_output_has_changed(self):
        self.program("build/part01-one/says", "print('one')\nprint('three')")
        status, printed = self.check()
        self.assertEqual(status, 1)
        self.assertIn("-two\n+three\n", printed)

    def test_an_expectation_that_has_changed(self):
        self.file.write_text("one\nthree\n")
        pack_expected(self.root)
        status, printed = self.check()
        self.assertEqual(status, 1)
        self.assertIn("-three\n+two\n", printed)

    def test_a_file_beside_the_program_comes_first(self):
        self.file.write_text("three\n")
        self.assertEqual(self.check()[0], 1)

    def test_what_is_nowhere(self):
        done = self.python("tools/house/check_output.py", "build/part01-one/says", "no.expected")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("No such file or directory: 'no.expected'", done.stderr)

    def test_packing_again_changes_nothing(self):
        before = (self.root / ARCHIVE).read_bytes()
        pack_expected(self.root)
        self.assertEqual((self.root / ARCHIVE).read_bytes(), before)
        with ZipFile(self.root / ARCHIVE) as archive:  # without the time of packing
            self.assertEqual({info.date_time[0] for info in archive.infolist()}, {1980})
        for name, data in packed(self.root).items():
            self.write(name, data.decode())
        pack_expected(self.root)
        self.assertEqual((self.root / ARCHIVE).read_bytes(), before)


class Write(Repository):
    """The copy for a class."""

    def setUp(self):
        super().setUp()
        place = "part01-one/exercises/task"
        for name in ("check.cpp", "starter.cpp", "solution.cpp", "wrong/late.cpp"):
            self.write(f"{place}/{name}", "")
        self.write(f"{place}/hints.md", "## 1\nlook\n\n## 2\nthink\n\n## 3\nalmost\n")
        self.write("my/1/task.cpp", "mine")
        self.write("part01-one/says.expected", "one\n")
        self.target = self.root / "build/handout"
        write(self.root, self.target)

    def test_it_has_no_solutions_no_wrong_answers_and_nobody_s_work(self):
        files = {path.relative_to(self.target).as_posix() for path in self.target.rglob("*")
                 if path.is_file() and "exercises" in path.parts or path.parts[-3:-2] == ("my",)}
        self.assertEqual(files, {f"part01-one/exercises/task/{name}"
                                 for name in ("check.cpp", "starter.cpp", "hints.md")})

    def test_it_has_the_first_hint_only(self):
        hints = self.target / "part01-one/exercises/task/hints.md"
        self.assertEqual(hints.read_text(), "## 1\nlook\n")

    def test_what_programs_print_is_packed(self):
        self.assertFalse((self.target / "part01-one/says.expected").exists())
        self.assertEqual(packed(self.target), {"part01-one/says.expected": b"one\n"})

    def test_it_overwrites_nothing(self):
        with self.assertRaisesRegex(ExerciseError, "already exists"):
            write(self.root, self.target)
