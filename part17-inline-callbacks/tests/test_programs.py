"""The programs with the reactor: command lines, Ctrl-C, and stack traces; and the client that is a
coroutine."""

import re
import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from testing import harness, transforms
from testing.clients import connected, send_all
from testing.harness import Running, run

WITH_SPEED = [f"part17-inline-callbacks/{name}"
              for name in ("gen-5", "gen-6", "inline-callbacks-1", "inline-callbacks-2")]
STACK = "part17-inline-callbacks/inline-callbacks-tb"


class CommandLines(unittest.TestCase):
    """A mistake gets a one-line answer."""

    def test_bad_arguments(self):
        for program in WITH_SPEED:
            for arguments, says in [(("--speed", "0"), "option --speed: .+"),
                                    (("--speed", "fast"), "option --speed: .+"),
                                    (("--delay", "1"), "no such option: --delay"),
                                    (("fast",), "Bad arguments.")]:
                with self.subTest(program, arguments=arguments):
                    result = run(program, *arguments)
                    name = program.split("/")[1]
                    self.assertEqual((result.status, result.stdout), (2, b""))
                    self.assertRegex(result.error_text,
                                     rf"\AUsage: {name} \[options\]\n\n"
                                     rf"{name}: error: {says}\n\Z")


class TheProgramsEnd(unittest.TestCase):
    """Ctrl-C while a body waits: its locals are destroyed, and nothing is printed."""

    def test_without_a_trace(self):
        for program in WITH_SPEED:
            with self.subTest(program), Running(program, "--speed", "0.001") as running:
                running.wait_for_its_loop()
                self.assertEqual(running.stop(signal.SIGINT), 0)
                self.assertNotIn(b"done", running.stdout)
                self.assertNotIn(b"third", running.stdout)
                self.assertEqual(running.stderr, b"")


class Stack(unittest.TestCase):
    """The body is called once; after that it is a callback like any other."""

    def setUp(self):
        result = run(STACK)
        self.assertEqual((result.status, result.stderr), (0, b""))
        traces = re.fullmatch(r"first callback\n(.*)\n\nsecond callback\n(.*)\n", result.text,
                              re.DOTALL)
        self.assertTrue(traces, result.text)
        self.first, self.second = traces.groups()

    def test_the_first_time_it_is_called_by_main(self):
        self.assertRegex(self.first, r"\Amain at .*\.cpp:\d+\nmy_callbacks at ")
        self.assertNotIn("Reactor", self.first)

    def test_the_second_time_by_the_reactor_and_the_deferred(self):
        calls = [r"\Amain at", "Reactor::run at", "Reactor::turn_until at", "Deferred::callback at",
                 "Chain::run at", "DeferredAwaiter::receive at", r"my_callbacks at [^\n]*\Z"]
        self.assertRegex(self.second, re.compile(".*".join(calls), re.DOTALL))

    def test_both_times_the_body_is_the_last(self):
        lines = [int(trace.rsplit(":", 1)[1]) for trace in (self.first, self.second)]
        self.assertLess(*lines)


class Client(transforms.Transforms, unittest.TestCase):
    client = "part17-inline-callbacks/get-poetry"

    def cummingsify_failed(self, reason):
        return f"Cummingsify failed! {reason}\n"

    def download_failed(self, name, reason):
        return "", f"The poem download failed: {reason}\n"

    def test_poems_are_printed_as_they_arrive(self):
        with connected(self.client, 2, self.words) as (client, (one, two)):
            send_all(two, b"The Second")
            client.wait_for_line("the second")
            send_all(one, b"The First")
            self.assertEqual(client.result(), (b"the second\nthe first\n", b"", 0))


if __name__ == "__main__":
    harness.main()
