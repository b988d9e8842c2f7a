"""The commands of ./tour: they play chapters, report mistakes, and leave nothing running."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import unittest
from pathlib import Path

from programs.processes import stat, wait_until
from tests.fixture import SERVER, Repository

DEMO = """\
# Part 1: a poem
# A server, then a client.
$ build/part01-one/server --port 10001 poem.txt &
$ build/part01-one/client 10001
! It came at once.
$ build/part01-one/client 10099  # status 1
"""


def alive(pid):
    """Whether a process runs (a zombie does not)."""
    return stat(pid).state != "Z"


class Words(Repository):
    """Every command works, and a wrong one gets one line and status 2."""

    def setUp(self):
        super().setUp()
        self.part("part01-one", "# Parts 1 and 2: one\n$ echo this is one\n")
        self.part("part02-two", "# Part 2: two\n$ echo this is two\n")
        self.part("part07-seven", "# Part 7: seven\n$ echo this is seven\n"
                                  "# Part 8: eight\n$ echo this is eight\n")

    def assert_wrong(self, words, expected):
        done = self.tour(*words)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertRegex(done.stderr, f"^tour: {expected}.*\n$")

    def assert_plays(self, words, *expected):
        done = self.tour(*words)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        played = [line.strip()[8:] for line in done.stdout.splitlines() if "    this is" in line]
        self.assertEqual(played, list(expected))

    def test_help(self):
        for word in ("help", "--help", "-h"):
            self.assertIn("./tour diff A B", self.tour(word).stdout)

    def test_bench_measures_what_it_knows(self):
        self.assert_wrong(["bench", "frob"], "bench: the tables are servers, proxies, client, core, lazy")
        self.assert_wrong(["bench", "--rounds", "0"], "bench: --rounds must be at least 1")
        self.assert_wrong(["bench", "--rounds", "x"], "bench: --rounds needs a number, not 'x'")

    def test_list(self):
        self.assertEqual(self.tour("list").stdout,
                         "  1-2  one    part01-one\n"
                         "    2  two    part02-two\n"
                         "    7  seven  part07-seven\n"
                         "    8  eight  part07-seven\n")

    def test_numbers_are_those_of_the_text(self):
        self.assert_plays(["1"], "one")
        self.assert_plays(["1-2"], "one")
        self.assert_plays(["2"], "two")
        self.assert_plays(["7"], "seven")
        self.assert_plays(["8"], "eight")
        self.assert_plays([], "one", "two", "seven", "eight")

    def test_parts_without_a_program(self):
        for number in ("20", "21", "22"):
            done = self.tour(number)
            self.assertEqual(done.returncode, 0)
            self.assertRegex(done.stdout, rf"(?s)^Part {number}, .*nothing\s+to\s+play\s+here\.\n$")

    def test_wrong_words(self):
        self.assert_wrong(["frob"], "no such command: 'frob'")
        self.assert_wrong([""], "no such command: ''")
        self.assert_wrong(["0"], "there is no part 0")
        self.assert_wrong(["07"], "there is no part 07")
        self.assert_wrong(["23"], "there is no part 23")
        self.assert_wrong(["-1"], "no such command")
        self.assert_wrong(["²"], "no such command")
        self.assert_wrong(["5"], "part 5 has no directory here yet")
        self.assert_wrong(["list", "7"], "too many arguments after 'list'")
        self.assert_wrong(["1", "2"], "too many arguments after '1'")
        self.assert_wrong(["diff"], "diff needs")
        self.assert_wrong(["diff", "1", "2", "7"], "diff needs")
        self.assert_wrong(["diff", "one"], "diff needs")
        self.assert_wrong(["diff", "1", "23"], "there is no part 23")
        self.assert_wrong(["diff", "1"], "part01-one: no program here has two versions to compare")

    def test_wrong_words_of_a_learner(self):
        for word in ("start", "hint", "solution"):
            self.assert_wrong([word], f"{word} needs an exercise, as in ./tour {word} 4/timeout")
        self.assert_wrong(["grade"], "grade needs directories")
        self.assert_wrong(["handout"], "handout needs a new directory")
        self.assert_wrong(["check", "nope/x"], "there is no exercise 'nope/x'")
        self.assert_wrong(["start", "4/timeout", "x"], "start: unknown argument 'x'")
        self.assert_wrong(["exercises", "x"], "exercises: unknown argument 'x'")
        self.assert_wrong(["check", "--frob"], "check: unknown argument '--frob'")
        self.assert_wrong(["check", "--my"], "check: --my needs a value")
        self.assert_wrong(["hint", "4/timeout", "--lang", "fr"], "hint: --lang must be en or zh")

    def test_wrong_words_of_a_test(self):
        self.write("build/meson-info/intro-tests.json", '[{"name": "part01 demo"}]')
        self.assert_wrong(["test", "frob"], "there is no test 'frob'")
        self.assert_wrong(["test", "part*", "part02*"], r"there is no test 'part02\*'")
        self.assert_wrong(["test", "--build-dir"], "test: --build-dir needs a value")

    def test_a_demo_that_cannot_be_read(self):
        self.part("part03-three", "# Part 3: three\noops\n")
        done = self.tour("list")
        self.assertEqual(done.returncode, 1)
        self.assertIn("part03-three/demo:2:", done.stderr)


class Playing(Repository):
    """What a person sees of a chapter."""

    def test_what_is_shown(self):
        self.part("part01-one", DEMO)
        done = self.tour("1", LC_ALL="C")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"\nPart 1: a poem +part01-one\n=+\n"
                         r"A server, then a client.\n"
                         r"  \$ build/part01-one/server --port (\d+) poem.txt &\n"
                         r"    Serving poem.txt on 127.0.0.1:\1.\n"
                         r"  \$ build/part01-one/client \1\n"
                         r"    Got a poem from 127.0.0.1:\1 in [\d:.]+\n"
                         r"    line 1 of the poem, è\n(?:    line .*\n){10}"
                         r"    ... \(16 more lines\)\n"
                         r"    line 28 .*\n    line 29 .*\n    line 30 .*\n"
                         r"    \(server \1\) Somebody at 127.0.0.1:\d+ wants poetry!\n"
                         r"  > It came at once.\n\n"
                         r"  \$ build/part01-one/client (\d+)\n"
                         r"    no poem from 127.0.0.1:\2\n    \[status 1\]\n")

    def test_a_port_that_is_taken(self):
        self.part("part01-one", DEMO)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", 10001)):
            done = self.tour("1")  # if the port was already taken, the test is the same
            self.assertEqual(done.returncode, 0)
            self.assertRegex(done.stdout, r"(?s)server --port (\d+) .*client \1\n.*\(server \1\)")
            self.assertNotIn("10001", done.stdout)

    def test_a_port_that_is_taken_while_its_server_starts(self):
        self.program("build/part01-one/late", f"""
import os, socket, sys
port = int(sys.argv[sys.argv.index("--port") + 1])
if not os.path.exists("taken") and os.fork() == 0:
    thief = socket.create_server(("127.0.0.1", port))
    open("taken", "w").close()
    os.close(1), os.close(2)
    thief.accept()
while not os.path.exists("taken"):
    pass
{SERVER}""")
        self.part("part01-one", DEMO.replace("part01-one/server", "part01-one/late"))
        done = self.tour("1")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"  \$ build/part01-one/late --port (\d+) poem.txt &\n"
                                      r"  \$ build/part01-one/late --port (?!\1)(\d+) poem.txt &\n"
                                      r"    Serving poem.txt on 127.0.0.1:\2.\n"
                                      r"  \$ build/part01-one/client \2\n")

    def test_kill_shows_what_the_program_still_said(self):
        self.part("part01-one", "# Part 1: one\n$ build/part01-one/server --port 10001 poem.txt &\n"
                                "$ kill %1\n$ build/part01-one/client 10001  # status 1\n")
        self.assertRegex(self.tour("1").stdout, r"  \$ kill %1\n  \$ build/part01-one/client \d+\n"
                                                r"    no poem from")

    def test_failures_end_the_tour(self):
        for command, expected in [
                ("build/part01-one/nothing", "cannot start build/part01-one/nothing"),
                ("echo a | build/part01-one/nothing", "could not be started"),
                ("build/part01-one/client --port 10001 &", "it does not serve"),
                ("kill %3", "no program %3 has been started")]:
            with self.subTest(command):
                self.part("part01-one", f"# Part 1: one\n$ {command}\n$ echo too late\n")
                done = self.tour()
                self.assertEqual(done.returncode, 1)
                self.assertIn(expected, done.stderr)
                self.assertNotIn("too late", done.stdout)

    def test_a_server_that_ends_by_itself(self):
        self.program("build/part01-one/weak", """
import os
open("pid", "w").write(str(os.getpid()))
print("Serving it on port 1.")
""")
        self.program("build/part01-one/wait", """
import time
while open(f"/proc/{open('pid').read()}/stat").read().rpartition(")")[2].split()[0] != "Z":
    time.sleep(0.01)
""")
        self.part("part01-one", "# Part 1: one\n$ build/part01-one/weak --port 10001 &\n"
                                "$ build/part01-one/wait\n$ echo too late\n")
        done = self.tour()
        self.assertEqual(done.returncode, 1)
        self.assertIn("ended by itself, status 0", done.stderr)
        self.assertNotIn("too late", done.stdout)

    def test_a_tool_that_is_not_there(self):
        self.part("part01-one", "# Part 1: one\n$ echo a | no-such-tool 10001\n$ echo done\n")
        done = self.tour()
        self.assertEqual(done.returncode, 0)
        self.assertIn("(no-such-tool is not installed here)", done.stdout)
        self.assertIn("    done\n", done.stdout)

    def test_a_build_that_fails(self):
        self.part("part01-one", "# Part 1: one\n$ echo one\n")
        self.script("bin/ninja", '[ "$*" = "-C $PWD/build build.ninja" ] && exit 0\n'
                                 'echo a compiler error; exit 1')
        done = self.tour()
        self.assertEqual((done.returncode, done.stderr), (1, "tour: the build failed\n"))
        (self.root / "build/build.ninja").unlink()
        self.script("bin/meson", "echo a meson error; exit 1")
        done = self.tour()
        self.assertEqual((done.returncode, done.stderr), (1, "tour: meson setup failed\n"))
        self.assertIn("a meson error", done.stdout)


def listen_to_hangups():
    """Undoes the effect of nohup in a new process."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


class Ending(Repository):
    """However the tour ends, the programs that it started end, too."""

    def setUp(self):
        super().setUp()
        # A client that ignores SIGTERM, with a child that has left its session.
        self.program("build/part01-one/stubborn", """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
daemon = subprocess.Popen(["sleep", "1000"], start_new_session=True)
print(os.getpid(), daemon.pid, flush=True)
time.sleep(1000)
""")
        self.part("part01-one", "# Part 1: one\n$ build/part01-one/server --port 10001 poem.txt &\n"
                                "$ build/part01-one/stubborn\n")

    def play_until_stubborn(self):
        """Starts the tour; returns it and the process ids of what it has started."""
        tour = subprocess.Popen(
            [sys.executable, "tools/tour/main.py", "1"], cwd=self.root, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, preexec_fn=listen_to_hangups,
            env=self.environment())
        self.addCleanup(tour.kill)
        for line in tour.stdout:
            words = line.split()
            if words and all(word.isdigit() for word in words):
                return tour, [int(word) for word in words]
        return self.fail(tour.communicate())

    def test_by_a_signal(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number):
                tour, pids = self.play_until_stubborn()
                children = Path(f"/proc/{tour.pid}/task/{tour.pid}/children")
                if children.exists():
                    pids += map(int, children.read_text().split())
                self.assertTrue(all(map(alive, pids)))
                tour.send_signal(number)
                _, errors = tour.communicate(timeout=60)
                self.assertEqual((tour.returncode, errors), (128 + number, ""))
                self.assertFalse(any(map(alive, pids)))

    def test_by_sigkill(self):
        tour, (stubborn, daemon) = self.play_until_stubborn()
        tour.kill()
        tour.communicate()
        self.assertTrue(wait_until(lambda: not alive(stubborn)))
        os.kill(daemon, signal.SIGKILL)  # the only process that the tour can't reach then

    def test_by_a_command_that_hangs(self):
        self.write("tools/limit.py", """
import sys
from programs import processes
from tour import main

wait = processes.Program.wait

def impatient(program, **options):
    processes.wait_until(program.out.all)  # by now, all that it starts is there
    return wait(program, 1, **options)

processes.Program.wait = impatient
sys.exit(main.main(["1"]))
""")
        done = self.python("tools/limit.py")
        self.assertEqual(done.returncode, 1)
        self.assertIn("it did not end within 1 seconds", done.stderr)
        line = next(line for line in done.stdout.splitlines() if line.strip()[:1].isdigit())
        self.assertFalse(any(alive(int(pid)) for pid in line.split()))


if __name__ == "__main__":
    unittest.main()
