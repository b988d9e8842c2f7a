"""Trees and build directories that can't be used are repaired, or reported in one line."""

import errno
import io
import json
import os
import shutil
import subprocess
import tempfile
import unittest
from unittest import mock

from programs import setup_errors
from programs.build import BuildError, configure, ninja, set_up
from terminal.screen import Screen
from tests.fixture import Repository

NOBODY = 65534
FULL = "OSError: [Errno 28] No space left on device"
FORBIDDEN = "PermissionError: [Errno 13] Permission denied: '/nowhere/build'"


class Mended(Repository):
    """A build directory that Meson rejects is set up again."""

    def setUp(self):
        super().setUp()
        shutil.rmtree(self.root / "build")
        self.tree = self.root / "tree"
        self.write("tree/meson.build", "project('a tree')\n")
        self.write("tree/meson_options.txt", "option('colour', type: 'string', value: 'red')\n")

    def configure(self, build="build", options=()):
        """Sets up with the real Meson; returns the output."""
        stream = io.BytesIO()
        configure(self.tree, self.tree / build, Screen(stream), options)
        self.assertTrue((self.tree / build / "build.ninja").exists())
        done = subprocess.run([ninja(), "-C", self.tree / build], check=False,
                              stdout=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0)
        return stream.getvalue().decode()

    def colour(self):
        """The option of the build directory."""
        options = json.loads((self.tree / "build/meson-info/intro-buildoptions.json").read_text())
        return next(each["value"] for each in options if each["name"] == "colour")

    def test_nothing_is_wrong(self):
        self.assertEqual(self.configure(), "Setting up build/ ...\n")
        self.assertEqual(self.configure(), "")

    def test_the_tree_was_moved(self):
        self.configure(options=["-Dcolour=blue"])
        self.tree = self.tree.rename(self.root / "elsewhere")
        self.assertEqual(self.configure(),
                         "Setting up build/ again: it was set up in another place ...\n")
        self.assertEqual((self.configure(), self.colour()), ("", "blue"))

    def test_the_tree_was_copied(self):
        self.configure()
        shutil.copytree(self.tree, self.root / "copy")
        self.tree = self.root / "copy"
        self.assertIn("again: it was set up in another place", self.configure())

    def test_the_setup_had_not_ended(self):
        self.configure()
        (self.tree / "build/build.ninja").unlink()
        self.assertIn("again: its setup was not completed", self.configure())
        (self.tree / "build/build.ninja").unlink()
        (self.tree / "build/meson-private/cmd_line.txt").unlink()
        self.assertIn("again: its setup was not completed", self.configure())
        shutil.rmtree(self.tree / "build")
        (self.tree / "build/meson-private").mkdir(parents=True)
        self.assertIn("again: its setup was not completed", self.configure())

    def test_it_can_t_be_brought_up_to_date(self):
        self.configure()
        file = self.tree / "build/build.ninja"
        file.write_text(file.read_text() + "\nwhat is this\n")
        self.assertIn("again: it can't be brought up to date", self.configure())

    def test_a_mistake_in_meson_build_is_shown(self):
        self.configure()
        self.write("tree/meson.build", "project('a tree')\nnonsense()\n")
        os.utime(self.tree / "meson.build", (2e9, 2e9))
        stream = io.BytesIO()
        with self.assertRaisesRegex(BuildError, "^meson setup failed"):
            configure(self.tree, self.tree / "build", Screen(stream))
        self.assertIn(b"meson.build:2:0: ERROR", stream.getvalue())
        self.assertNotIn(b"again", stream.getvalue())

    def test_another_meson(self):
        self.configure()
        build = self.tree / "build"
        self.assertEqual(setup_errors.made_by_another_meson(build), "")
        file = build / "meson-info/meson-info.json"
        about = json.loads(file.read_text())
        about["meson_version"]["full"] = "0.1.2"
        file.write_text(json.dumps(about))
        why = setup_errors.made_by_another_meson(build)
        self.assertEqual(why, "it was set up by Meson 0.1.2")
        stream = io.BytesIO()
        set_up(self.tree, build, Screen(stream), why=why)
        self.assertEqual(stream.getvalue(), f"Setting up build/ again: {why} ...\n".encode())
        self.assertEqual(setup_errors.made_by_another_meson(build), "")

    def test_what_meson_says_of_another_one(self):
        said = (b"ERROR: Build directory has been generated with Meson version 1.0.1, which is "
                b"incompatible with the current version 1.7.0.\n")
        self.assertEqual(setup_errors.unusable_after(said), "it was set up by Meson 1.0.1")
        for said in (FULL, FORBIDDEN, "meson.build:1:0: ERROR: Unknown compiler(s): [['c++']]"):
            self.assertEqual(setup_errors.unusable_after(said.encode()), "")


class Told(Repository):
    """One line says what is wrong and what to do."""

    def setUp(self):
        super().setUp()
        self.part("part01-one", "# Part 1: one\n$ echo this is one\n")

    def assert_told(self, done, expected):
        self.assertEqual((done.returncode, done.stdout.replace("Setting up build/ ...\n", "")),
                         (1, ""))
        self.assertRegex(done.stderr, f"^tour: {expected}[^\n]*\n$")

    def test_a_full_disk(self):
        self.script("bin/meson", f'echo "{FULL}"; exit 1')
        shutil.rmtree(self.root / "build")
        self.assert_told(self.tour("1"), "the disk is full: free some space on the disk of "
                                         f"{self.root}/build")

    def test_a_disk_that_is_nearly_full(self):
        with mock.patch.object(shutil, "disk_usage", lambda _: mock.Mock(free=3 * 2**20)):
            self.assertEqual(str(setup_errors.failure("no", b"", self.root)),
                             "no, and only 3 MiB are free on the disk")
        self.assertEqual(str(setup_errors.failure("no", b"", self.root / "build")), "no")

    def test_what_meson_may_not_write(self):
        self.script("bin/meson", f'echo "{FORBIDDEN}"; exit 1')
        shutil.rmtree(self.root / "build")
        self.assert_told(self.tour("1"), "can't write /, |/: permission denied")

    def test_errors_in_words(self):
        for error, expected in [
                (OSError(errno.ENOSPC, "full", "my/x"),
                 "the disk is full: free some space on the disk of my/x"),
                (OSError(errno.ENOTDIR, "Not a directory", "my/4"), "my/4: Not a directory"),
                (OSError("something"), "something")]:
            self.assertTrue(setup_errors.in_words(error).startswith(expected))


class ReadOnly(Repository):
    """Directories without write permission; if we are root, the test runs as nobody."""

    def setUp(self):
        super().setUp()
        self.part("part01-one", "# Part 1: one\n$ echo this is one\n")
        self.write("part01-one/exercises/ex/check.cpp", "")
        self.write("part01-one/exercises/ex/starter.cpp", "")
        self.write("part01-one/exercises/ex/README.md", "# An exercise\n*5 minutes · program*\n")
        self.root.chmod(0o755)
        self.owner = os.geteuid() or NOBODY
        self.addCleanup(self.allow)

    def allow(self):
        """So that it can be removed."""
        subprocess.run(["chmod", "-R", "u+rwX", self.root], check=True)

    def as_somebody(self, *words):
        """Runs the tour without root's rights."""
        python = shutil.which("python3", path="/usr/bin:/usr/local/bin")
        if not python:
            self.skipTest("there is no python3 for everybody")
        somebody = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if not os.geteuid() else {}
        return subprocess.run([python, "tools/tour/main.py", *words], cwd=self.root, check=False,
                              env=self.environment(), stdin=subprocess.DEVNULL, **somebody,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")

    def assert_told(self, place, advice, *words):
        done = self.as_somebody(*words)
        self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
        self.assertRegex(done.stderr, f"^tour: can't write {place}, [^\n]*{advice}[^\n]*\n$")

    def give(self, path="."):
        """Makes the user the owner of everything in a directory."""
        if not os.geteuid():
            subprocess.run(["chown", "-R", str(self.owner), self.root / path], check=True)

    def forbid(self, path="."):
        """Removes the permission to write it."""
        subprocess.run(["chmod", "-R", "a-w", self.root / path], check=True)

    def test_a_tree_of_one_s_own(self):
        self.write("part01-one/defer-1.cpp", "// defer-1 - a tale\n")
        self.write("part01-one/defer-1.expected", "")
        self.write("my/1/ex.cpp", "")
        self.give()
        self.forbid()
        for words in (["1"], ["test"], ["predict", "1/defer-1"], ["bench"], ["check", "1/ex"],
                      ["start", "1/ex", "--my", "mine"], ["handout", "class"]):
            with self.subTest(words):
                self.assert_told(rf"{self.root}\S*", f"chmod -R u.rwX {self.root}", *words)

    def test_a_tree_of_somebody_else_s(self):
        if os.geteuid():
            self.skipTest("only root has a tree that is somebody else's")
        shutil.rmtree(self.root / "build")
        for words in (["1"], ["test"], ["start", "1/ex"], ["handout", "class"]):
            with self.subTest(words):
                self.assert_told(self.root, "belongs to root: copy the tree", *words)
        with tempfile.TemporaryDirectory() as closed:
            done = self.as_somebody("handout", f"{closed}/class")
            self.assertEqual((done.returncode, done.stderr),
                             (1, f"tour: can't read {closed}, which belongs to root: choose "
                                 "a directory that you own\n"))

    def test_a_build_directory_of_somebody_else_s(self):
        if os.geteuid():
            self.skipTest("only root has a directory that is somebody else's")
        self.give()
        os.chown(self.root / "build/build.ninja", 0, 0)
        self.assert_told(self.root / "build/build.ninja", "chown -R nobody", "1")

    def test_list_and_help_write_nothing(self):
        self.give()
        self.forbid()
        for words in (["list"], ["help"], ["exercises"], ["20"]):
            self.assertEqual(self.as_somebody(*words).returncode, 0, words)


if __name__ == "__main__":
    unittest.main()
