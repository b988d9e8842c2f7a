"""Single programs start and end. (test_tour.py tests that none is left behind.)"""

import signal
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from programs.processes import Program, TookTooLong, call, wait_until


class Programs(unittest.TestCase):
    """Program: its output, its status, its end."""

    def start(self, text, **options):
        program = Program([sys.executable, "-c", text], **options)
        self.addCleanup(program.close)
        return program

    def test_status(self):
        self.assertEqual(self.start("pass").wait(), 0)
        self.assertEqual(self.start("raise SystemExit(3)").wait(), 3)
        self.assertEqual(self.start("import os; os.kill(os.getpid(), 9)").wait(), 137)

    def test_output_in_order_and_apart(self):
        text = "import os\nfor n in (1, 2, 1):\n  os.write(n, b'%d' % n)"
        program = self.start(text)
        program.wait()
        self.assertEqual(program.out.all(), b"121")
        program = self.start(text, merged=False)
        program.wait()
        self.assertEqual((program.out.all(), program.err.all()), (b"11", b"2"))

    def test_output_as_it_comes(self):
        chunks = []
        program = self.start("for n in range(30000): print(n)")
        program.wait(watch=chunks.append)
        self.assertEqual(b"".join(chunks), program.out.all())
        self.assertEqual(len(program.out.all().splitlines()), 30000)

    def test_limit(self):
        program = self.start("import time; time.sleep(1000)")
        with self.assertRaises(TookTooLong):
            program.wait(limit=0.1)
        self.assertEqual(program.status, 137)

    def test_who_watches_may_take_his_time(self):
        with tempfile.TemporaryDirectory() as place:
            program = self.start("import os, time\nprint('ready', flush=True)\n"
                                 f"while not os.path.exists({place + '/go on'!r}):\n"
                                 "    time.sleep(0.01)")
            now = 0

            def watch(data):
                nonlocal now
                if data:
                    now += 1000
                    Path(place, "go on").touch()

            with mock.patch("time.monotonic", lambda: now):
                self.assertEqual(program.wait(limit=60, watch=watch), 0)

    def test_stop(self):
        stubborn = self.start("import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
                              "print('ready', flush=True)\ntime.sleep(1000)")
        self.assertTrue(wait_until(stubborn.out.all))
        self.assertEqual(stubborn.stop(grace=0.1), 137)
        self.assertEqual(stubborn.stop(signal.SIGINT), 137)

    def test_standard_input_is_empty(self):
        self.assertEqual(self.start("raise SystemExit(len(input()))").wait(), 1)

    def test_call(self):
        self.assertEqual(call(["sh", "-c", "exit 5"]), 5)
        self.assertEqual(call(["sh", "-c", "kill -TERM $$"]), 143)


if __name__ == "__main__":
    unittest.main()
