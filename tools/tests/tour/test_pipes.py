"""./tour in a pipe whose reader stops early: it ends like other programs, without a message."""

import os
import signal
import subprocess
import sys

from programs.processes import wait_until
from terminal.screen import HEAD
from tests.fixture import Repository

STOPPED = 128 + signal.SIGPIPE
ENDLESS = """
import os, time
print(os.getpid(), flush=True)
while True:
    print("and on", flush=True)
    time.sleep(0.01)
"""


def runs(pid):
    """Whether a process exists, even as a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class Pipes(Repository):
    """The test reads the first output, and then closes the pipe."""

    def setUp(self):
        super().setUp()
        self.part("part01-one", "# Part 1: one\n$ build/part01-one/endless\n")
        self.program("build/part01-one/endless", ENDLESS)

    def start(self, *words):
        """Starts the tour with a pipe for its output."""
        tour = subprocess.Popen([sys.executable, "tools/tour/main.py", *words], cwd=self.root,
                                env=self.environment(), stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)
        self.addCleanup(tour.kill)
        self.addCleanup(tour.stderr.close)
        return tour

    def assert_stops(self, tour):
        """Closes the pipe."""
        tour.stdout.close()
        errors = tour.stderr.read()
        self.assertEqual((tour.wait(100), errors), (STOPPED, ""))

    def assert_stops_with_its_program(self, tour):
        """Reads until a program tells its process id."""
        pid = int(next(line for line in tour.stdout if line.strip().isdigit()))
        self.assertTrue(runs(pid))
        self.assert_stops(tour)
        self.assertTrue(wait_until(lambda: not runs(pid)))

    def test_while_a_program_runs(self):
        self.assert_stops_with_its_program(self.start("1"))

    def test_while_a_program_prints_what_is_not_shown(self):
        tour = self.start("1")
        for line in tour.stdout:
            if line.strip().isdigit():
                break
        for _ in range(HEAD - 1):
            self.assertEqual(tour.stdout.readline(), "    and on\n")
        self.assert_stops(tour)

    def test_while_it_builds(self):
        self.program("bin/ninja", "import os, sys, time\nif '-n' in sys.argv or '-C' in sys.argv:\n"
                                  "    sys.exit()\nprint(os.getpid(), file=open('pid', 'w'))\n"
                                  "time.sleep(1000)")
        tour, told = self.start("1"), self.root / "build/pid"
        self.assertTrue(wait_until(lambda: told.exists() and told.read_text().endswith("\n")))
        self.assertEqual(tour.stdout.readline(), "Building Part 1 ...\n")
        self.assert_stops(tour)
        self.assertTrue(wait_until(lambda: not runs(int(told.read_text()))))

    def test_while_tests_run(self):
        self.program("bin/meson", ENDLESS)
        self.assert_stops_with_its_program(self.start("test"))

    def test_before_anything_was_read(self):
        self.script("bin/meson", "echo tests")
        for words in (["list"], ["help"], ["exercises"], ["predict"], ["20"], ["1"],
                      ["test", "--list"], ["check", "--help"], ["grade", "nowhere"]):
            with self.subTest(words):
                self.assert_stops(self.start(*words))

    def test_closed_from_the_start(self):
        for words, status in [(["list"], 0), (["frob"], 2)]:
            done = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", sys.executable,
                                   "tools/tour/main.py", *words], cwd=self.root, check=False,
                                  env=self.environment(), stderr=subprocess.PIPE, text=True)
            self.assertEqual(done.returncode, status)
            self.assertNotIn("Traceback", done.stderr)

    def test_a_full_disk(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([sys.executable, "tools/tour/main.py", "list"], cwd=self.root,
                                  env=self.environment(), stdout=full, stderr=subprocess.PIPE,
                                  check=False, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "^tour: the disk is full: .*\n$")
