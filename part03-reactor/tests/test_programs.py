"""The six programs: what they print, how they end, and that waiting costs nothing."""

import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from programs.processes import wait_until
from testing import harness
from testing.harness import Running, run

PROGRAMS = ["simple", "hello", "stack", "countdown", "exception", "simple-poll"]
BACKENDS = ["epoll", "poll", "select"]
HELLO = (b"Starting the reactor.\nHello from the reactor loop!\n"
         b"Nothing else to call: it waits for Ctrl-C now.\n")
MINUS_ONE, NULL = 2 ** 32 - 1, 0  # no time-out, as the kernel shows it


def start(name, *arguments):
    """One of this chapter's programs, beside the test."""
    return Running(f"part03-reactor/{name}", *arguments)


def status_of(process):
    """The kernel's data on a process: {"State": "S (sleeping)", ...}."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def is_running_its_loop(process):
    """Whether run() has been called: from then on, SIGINT and SIGTERM are caught."""
    caught = int(status_of(process)["SigCgt"], 16)
    return all(caught >> (number - 1) & 1 for number in (signal.SIGINT, signal.SIGTERM))


def wait_until_asleep(process):
    """Waits until a program sleeps in its loop. There, only the wait itself sleeps."""
    if not wait_until(lambda: is_running_its_loop(process)
                      and status_of(process)["State"].startswith("S")):
        raise AssertionError(f"it does not sleep: {status_of(process)['State']}")


class Waiting(unittest.TestCase):
    def test_both_signals_end_it_without_a_word(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number), start("simple") as simple:
                wait_until_asleep(simple)
                simple.send(number)
                self.assertEqual(simple.result(), (b"", b"", 0))

    def test_it_waits_without_a_time_out(self):
        # The kernel shows the call that a process sleeps in: its number, then its arguments. The
        # fourth of epoll's is the time-out, as a number or as a pointer to one. (It is not 0:
        # then the process would not sleep.)
        with start("simple") as simple:
            wait_until_asleep(simple)
            try:
                call = Path(f"/proc/{simple.pid}/syscall").read_text().split()
            except OSError:
                self.skipTest("this kernel does not show which call a process is in")
            self.assertIn(int(call[4], 16) & 0xffffffff, (MINUS_ONE, NULL), call)

    def test_hello(self):
        with start("hello") as hello:
            hello.wait_for_line("Nothing else to call: .*")
            wait_until_asleep(hello)
            hello.send(signal.SIGINT)
            self.assertEqual(hello.result(), (HELLO, b"", 0))


class Stack(unittest.TestCase):
    def test_every_function_has_its_name_outermost_first(self):
        with start("stack") as stack:
            stack.wait_for_line("print_stack at .*")
            stack.send(signal.SIGINT)
            result = stack.result()
        calls = [line.rpartition(":")[0] for line in result.error_text.splitlines()]
        self.assertEqual(calls, [
            "main at part03-reactor/stack.cpp",
            "twist::run_program at program/command_line.cpp",
            "show_stack at part03-reactor/stack.cpp",
            "twist::Reactor::run at loop/reactor.cpp",
            "twist::log::run_reporting at base/log.hpp",
            "show_stack::{lambda} at part03-reactor/stack.cpp",
            "print_stack at part03-reactor/stack.cpp"])
        self.assertEqual((result.stdout, result.status), (b"", 0))


class Exceptions(unittest.TestCase):
    def test_the_report_goes_to_stderr(self):
        self.assertEqual(run("part03-reactor/exception"), (
            b"Starting the reactor.\nBut I get up again.\n",
            b"Unhandled Error: [Failure: Exception: I fall down.]\n", 0))


class Backends(unittest.TestCase):
    def runs_on(self, backend, *arguments):
        """It prints that, and sleeps until it is ended."""
        with start("simple-poll", *arguments) as program:
            program.wait_for_line(f"Waiting with {backend}\\.")
            wait_until_asleep(program)
            program.send(signal.SIGINT)
            self.assertEqual(program.result(), (f"Waiting with {backend}.\n".encode(), b"", 0))

    def test_poll_unless_told_otherwise(self):
        self.runs_on("poll")

    def test_by_name(self):
        for backend in BACKENDS:
            with self.subTest(backend):
                self.runs_on(backend, "--backend", backend)

    def test_an_unknown_one_is_a_usage_error_that_names_the_others(self):
        result = run("part03-reactor/simple-poll", "--backend", "kqueue")
        self.assertRegex(result.error_text,
                         r"\AUsage: simple-poll \[options\]\n\nsimple-poll: error: "
                         r"There is no reactor back end 'kqueue', only .+\n\Z")
        for backend in BACKENDS:
            self.assertIn(f" {backend}", result.error_text.partition("only")[2])
        self.assertEqual((result.stdout, result.status), (b"", 2))


class CommandLine(unittest.TestCase):
    def bad(self, program, *arguments):
        """The message of the usage error for these arguments."""
        result = run(f"part03-reactor/{program}", *arguments)
        self.assertEqual((result.stdout, result.status), (b"", 2))
        usage, _, message = result.error_text.partition("\n\n")
        self.assertEqual(usage, f"Usage: {program} [options]")
        return message

    def test_no_program_takes_arguments(self):
        for program in PROGRAMS:
            with self.subTest(program):
                self.assertEqual(self.bad(program, "poem"), f"{program}: error: Bad arguments.\n")
                self.assertEqual(self.bad(program, "--nonsense"),
                                 f"{program}: error: no such option: --nonsense\n")

    def test_values_of_options(self):
        for speed in ("0", "-1", "fast"):
            with self.subTest(speed):
                self.assertIn("option --speed: ", self.bad("countdown", "--speed", speed))
        self.assertIn("needs a value", self.bad("simple-poll", "--backend"))

    def test_help(self):
        for program in PROGRAMS:
            with self.subTest(program):
                result = run(f"part03-reactor/{program}", "--help")
                self.assertTrue(result.text.startswith(f"Usage: {program} [options]\n\n"))
                self.assertEqual((result.stderr, result.status), (b"", 0))


if __name__ == "__main__":
    harness.main()
