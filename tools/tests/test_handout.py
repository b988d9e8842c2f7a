"""What a handout keeps from its readers, and that the tests still find it."""

from zipfile import ZipFile

from expected import ARCHIVE, names, packed, read
from handout import pack_expected
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
        """Compares as Meson has it compared; returns the status and what was printed."""
        done = self.python("tools/check_output.py", "build/part01-one/says", self.file)
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
        done = self.python("tools/check_output.py", "build/part01-one/says", "no.expected")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("No such file or directory: 'no.expected'", done.stderr)

    def test_packing_again_changes_nothing(self):
        before = (self.root / ARCHIVE).read_bytes()
        pack_expected(self.root)
        self.assertEqual((self.root / ARCHIVE).read_bytes(), before)
        with ZipFile(self.root / ARCHIVE) as archive:  # which knows no time of packing
            self.assertEqual({info.date_time[0] for info in archive.infolist()}, {1980})
        for name, data in packed(self.root).items():
            self.write(name, data.decode())
        pack_expected(self.root)
        self.assertEqual((self.root / ARCHIVE).read_bytes(), before)
