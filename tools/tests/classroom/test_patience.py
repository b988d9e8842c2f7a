"""When to give up a program that may hang."""

import os
import signal
import subprocess
import sys
import unittest
from unittest import mock

from classroom import patience
from classroom.patience import Patience
from programs.processes import wait_until


class WhenItIsOver(unittest.TestCase):
    """Programs under observation, each in its own session."""

    def start(self, text):
        """A Python program, and our patience with it, after its first output."""
        program = subprocess.Popen([sys.executable, "-c", "print(1, flush=True)\n" + text],
                                   stdout=subprocess.PIPE, start_new_session=True)
        self.addCleanup(program.wait)
        self.addCleanup(os.killpg, program.pid, signal.SIGKILL)
        self.addCleanup(program.stdout.close)
        program.stdout.readline()
        return program, Patience(program.pid)

    @mock.patch.object(patience, "QUIET_LOOKS", 20)
    def test_it_sleeps(self):
        _, ours = self.start("import time; time.sleep(1000)")
        self.assertTrue(wait_until(ours.over))
        self.assertEqual(ours.quiet, 20)

    @mock.patch.object(patience, "QUIET_LOOKS", 20)
    @mock.patch.object(patience, "PROCESSOR", 0.2)
    def test_it_computes(self):
        _, ours = self.start("while True: pass")
        self.assertTrue(wait_until(ours.over))
        self.assertEqual(ours.quiet, 0)

    @mock.patch.object(patience, "QUIET_LOOKS", 20)
    @mock.patch.object(patience, "PROCESSOR", 1000)
    def test_one_of_its_threads_computes(self):
        _, ours = self.start("import threading\n"
                             "def compute():\n    while True: pass\n"
                             "threading.Thread(target=compute).start()\nthreading.Event().wait()")
        self.assertFalse(any(ours.over() for _ in range(100)))

    @mock.patch.object(patience, "QUIET_LOOKS", 20)
    def test_it_is_held_up(self):
        program, ours = self.start("import time; time.sleep(1000)")
        program.send_signal(signal.SIGSTOP)
        self.assertTrue(wait_until(lambda: patience.look(program.pid)[0] == {"T"}))
        self.assertFalse(any(ours.over() for _ in range(100)))

    @mock.patch.object(patience, "LAST_RESORT", 50)
    def test_the_last_resort(self):
        program, ours = self.start("import time; time.sleep(1000)")
        program.send_signal(signal.SIGSTOP)
        self.assertTrue(wait_until(ours.over))
        self.assertEqual(ours.looks, 50)


if __name__ == "__main__":
    unittest.main()
