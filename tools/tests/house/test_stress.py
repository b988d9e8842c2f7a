"""stress.py: runs tests while the machine is busy and their processes are stopped."""

import os
import signal
import subprocess
import sys
import unittest
from pathlib import Path

from house import stress
from house.typist import NoTerminal, Typist
from programs.processes import LIMIT, Program, wait_until
from tests.fixture import Repository

# A fake Meson: it runs the "test" that it is given, and writes a log like Meson's.
MESON = """
import json, pathlib, subprocess, sys
build, name = sys.argv[sys.argv.index("-C") + 1], sys.argv[-1]
done = subprocess.run([sys.executable, pathlib.Path(build) / name], capture_output=True, text=True)
result = {"name": name, "result": "FAIL" if done.returncode else "OK", "returncode": 0,
          "stdout": done.stdout, "stderr": done.stderr}
logs = pathlib.Path(build) / "meson-logs"
logs.mkdir(exist_ok=True)
base = sys.argv[sys.argv.index("--logbase") + 1]
(logs / f"{base}.json").write_text(json.dumps(result) + "\\n")
(logs / f"{base}.txt").write_text(done.stdout)
sys.exit(done.returncode)
"""


class Stress(Repository):
    """stress.py with the fake Meson."""

    def setUp(self):
        super().setUp()
        self.program("bin/meson", MESON)
        self.write("build/passes", "print('well')")
        self.write("build/fails", "raise SystemExit(print('not well') or 1)")
        self.write("build/hangs", f"""
import os, pathlib, time
own = pathlib.Path("{self.root}/started.new")
own.write_text(str(os.getpid()))
own.rename("{self.root}/started")
time.sleep(1000)
""")

    def stress(self, *words):
        """Runs the tool to its end."""
        return self.python("tools/house/stress.py", *words)

    def test_a_line_for_each_run(self):
        done = self.stress("--runs", 2, "--seed", 7, "--longest", 0, "passes")
        self.assertRegex(done.stdout, r"\Aseed 7\n"
                                      r"run 1: 1 passed, 0 failed, \d+ s, 0 stops\n"
                                      r"run 2: 1 passed, 0 failed, \d+ s, 0 stops\n"
                                      r"2 runs, 0 failed\n\Z")
        self.assertEqual((done.stderr, done.returncode), ("", 0))
        self.assertEqual(list((self.root / "build/meson-logs").iterdir()), [])

    def test_what_failed_and_its_log(self):
        done = self.stress("--runs", 1, "fails")
        self.assertRegex(done.stdout, r"run 1: 0 passed, 1 failed, \d+ s, \d+ stops: fails\n")
        self.assertTrue(done.stdout.endswith("\n1 runs, 1 failed\n"), done.stdout)
        self.assertEqual(done.returncode, 1)
        kept = done.stdout.split("see ")[1].splitlines()[0]
        self.assertEqual(Path(kept).read_text(), "not well\n")
        self.assertEqual(list(Path(kept).parent.iterdir()), [Path(kept)])

    def test_a_run_without_a_test_has_failed(self):
        self.script("bin/meson", "echo No tests defined.")
        done = self.stress("--runs", 1)
        self.assertEqual(done.returncode, 1)
        kept = done.stdout.split("see ")[1].splitlines()[0]
        self.assertEqual(Path(kept).read_text(), "No tests defined.\n")

    def test_signals_leave_nothing_behind(self):
        for number in signal.SIGINT, signal.SIGTERM:
            with self.subTest(number):
                (self.root / "started").unlink(missing_ok=True)
                tool = subprocess.Popen(
                    [sys.executable, "tools/house/stress.py", "--seed", "1", "hangs"],
                    cwd=self.root,
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                    env={**os.environ, "PATH": f"{self.root}/bin:{os.environ['PATH']}"})
                self.addCleanup(tool.kill)
                self.assertTrue(wait_until((self.root / "started").exists), "no test has started")
                pids = [*children(tool.pid), int((self.root / "started").read_text())]
                self.assertGreaterEqual(len(pids), 3)  # a busy process, Meson, the test
                tool.send_signal(number)
                said = tool.communicate(timeout=LIMIT)
                self.assertEqual((said, tool.returncode), (("seed 1\n", ""), 128 + number))
                self.assertEqual([stress.state(pid) for pid in pids], ["Z"] * len(pids))


class Stops(unittest.TestCase):
    """How one process is stopped and continued."""

    def setUp(self):
        self.program = Program([sys.executable, "-c", "while True: pass"])
        self.addCleanup(self.program.close)
        self.pid = self.program.process.pid

    def test_it_goes_on(self):
        hold_up = stress.HoldUp(None, 0, set())
        self.assertTrue(stress.stop(self.pid))
        self.assertEqual(stress.state(self.pid), "T")
        hold_up.stopped = self.pid
        hold_up.go_on()
        self.assertTrue(wait_until(lambda: stress.state(self.pid) == "R"))

    def test_one_that_a_test_has_stopped_stays_so(self):
        hold_up = stress.HoldUp(None, 0, set())
        self.assertTrue(stress.stop(self.pid))
        os.kill(self.pid, signal.SIGSTOP)  # now the test stops it, too
        hold_up.stopped = self.pid
        hold_up.go_on()
        self.assertEqual(stress.state(self.pid), "T")
        self.assertFalse(stress.stop(self.pid))

    def test_the_program_of_a_shell_with_a_terminal_is_left_alone(self):
        try:
            typist = Typist(Path.cwd(), own_network=False).__enter__()
        except NoTerminal as error:
            self.skipTest(str(error))
        self.addCleanup(typist.__exit__)
        os.write(typist.ours, b"sh -c 'sleep 1000; true'\n")
        bash = typist.bash.pid
        self.assertTrue(wait_until(lambda: children(bash) and children(children(bash)[0])))
        [program] = children(bash)
        tests = stress.HoldUp(None, 0, set()).tests(self.pid)
        self.assertEqual(tests, sorted([bash, *children(program)]))


def children(pid):
    """The process ids of its children."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


if __name__ == "__main__":
    unittest.main()
