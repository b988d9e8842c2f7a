"""Programs that the compiler must refuse with our message, not with one from inside a template.

    test_refusals.py COMPILER [ARGS...]
"""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from testing import harness

ROOT = Path(__file__).resolve().parents[2]
COMPILER = sys.argv[1:] or ["c++"]
del sys.argv[1:]

HEADERS = """
#include <string>
#include "twist/async/shutdown.hpp"
#include "twist/deferred/deferred.hpp"
#include "twist/net/connector.hpp"
#include "twist/net/port.hpp"
"""
PROGRAM = """
void program(twist::Deferred<int> d, twist::Deferred<void> nothing, twist::Reactor& reactor,
             std::shared_ptr<twist::ClientFactory> client) {{
    {}
}}
"""
GOOD = """
    d.add_callback([](int n) { return std::to_string(n); })
        .add_errback([](const twist::Failure&) { return "none"; })
        .add_callbacks([](const std::string&) {}, [](twist::Failure) {})
        .add_both([] {});
    nothing.add_callback([] { return twist::succeed(3); }).add_callback([](int) {});
    twist::before_shutdown(reactor, [nothing] { return nothing; });
    twist::connect_tcp(reactor, {"127.0.0.1", 1}, client);
"""
REFUSED = {
    "a callback that takes another type":
        ("d.add_callback([](const std::string&) {});", "This callback can't take the value."),
    "20: a callback that takes two arguments":
        ("d.add_callback([](int, int) {});", "This callback can't take the value."),
    "a callback that takes no argument where there is a value":
        ("d.add_callback([] {});", "This callback can't take the value."),
    "a callback that takes an argument where there is no value":
        ("nothing.add_callback([](int) {});", "This callback can't take the value."),
    "19: a callback that returns a bare Failure":
        ("d.add_callback([](int) { return twist::Failure(5); });", "let it return Result<U>"),
    "an errback that takes no Failure":
        ("d.add_errback([](int) { return 1; });", "This errback can't take a Failure"),
    "an errback that returns nothing where there is a value":
        ("d.add_errback([](const twist::Failure&) {});", "This errback returns nothing"),
    "an errback that returns another type":
        ("d.add_errback([](const twist::Failure&) { return std::string(); });",
         "This errback returns what does not fit"),
    "an errback that does not fit the callback beside it":
        ("d.add_callbacks([](int) { return std::string(); }, [](twist::Failure) { return 1.5; });",
         "This errback returns what does not fit"),
    "an add_both that takes the bare value":
        ("d.add_both([](std::string) {});", "the function must take a Result<T>, or nothing"),
    "a Deferred of a reference":
        ("twist::Deferred<int&> e;", "with neither & nor const"),
    "maybe_deferred of a function that returns a bare Failure":
        ("twist::maybe_deferred([] { return twist::Failure(5); });", "let it return Result<U>"),
    "a trigger that returns a Deferred":
        ("reactor.add_system_event_trigger(twist::Reactor::Shutdown::before, [d] { return d; });",
         "say before_shutdown(reactor, f)"),
    "a client's factory that listens":
        ('twist::listen_tcp(reactor, {"127.0.0.1", 0}, client);', "ServerFactory"),
    "21: firing with two values": ("d.callback(1, 2);", "callback"),
    "21: firing with no value": ("d.callback();", "callback"),
    "26: firing with a Deferred": ("d.callback(twist::Deferred<int>());", "callback"),
}


class Refusals(unittest.TestCase):
    """Wrong programs do not compile, and the error has our message."""

    @classmethod
    def setUpClass(cls):
        cls.headers = Path(cls.enterClassContext(tempfile.TemporaryDirectory())) / "headers.hpp"
        cls.headers.write_text(HEADERS, encoding="utf-8")
        status, said = cls.compile("-x", "c++-header", cls.headers,  # once for all programs
                                   "-o", cls.headers.with_suffix(".hpp.gch"))
        assert status == 0, said

    @staticmethod
    def compile(*words, text=""):
        """The compiler's status and its messages."""
        done = subprocess.run([*COMPILER, "-std=c++20", "-I", ROOT / "common", *words],
                              input=text, text=True, stderr=subprocess.PIPE,
                              timeout=harness.LIMIT, check=False)
        return done.returncode, done.stderr

    def compile_program(self, body):
        """The same for a program with this body."""
        return self.compile("-fsyntax-only", "-include", self.headers, "-x", "c++", "-",
                            text=PROGRAM.format(body))

    def test_what_is_right_compiles(self):
        self.assertEqual(self.compile_program(GOOD), (0, ""))

    def test_what_is_wrong_does_not(self):
        for name, (body, words) in REFUSED.items():
            with self.subTest(name):
                status, said = self.compile_program(body)
                self.assertNotEqual(status, 0)
                self.assertIn(words, said)


if __name__ == "__main__":
    harness.main()
