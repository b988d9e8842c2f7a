"""get-poetry 2.0, and its simple and stack variants."""

import re
import signal
import socket
import sys
import unittest
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import harness  # pylint: disable=wrong-import-position
from harness import Peer, Running, Server, poem, receive_all, run, unused_port

GET_POETRY = "part05-protocols/get-poetry"
SIMPLE = "part05-protocols/get-poetry-simple"
STACK = "part05-protocols/get-poetry-stack"
SLOWPOETRY = "part01-blocking/slowpoetry"
NAMES = ["ecstasy.txt", "fascination.txt", "science.txt", "alla_sera.txt"]
ENDS = r"(?:Task \d: \d+ bytes of poetry\n)*Got \d+ poems in \d:\d\d:\d\d(?:\.\d+)?\n\Z"


def slow_servers(stack):
    """The four poems, seven bytes at a time: that cuts the characters of alla_sera.txt in two."""
    return [stack.enter_context(Server(SLOWPOETRY, "--delay", "0.0001", "--num-bytes", 7,
                                       f"poetry/{name}")) for name in NAMES]


def finish(connection, text):
    """Sends a poem, and waits until the client has taken note of its end."""
    with connection:
        connection.sendall(text)
        connection.shutdown(socket.SHUT_WR)
        receive_all(connection)


class Poems(unittest.TestCase):
    """2.0 when all is well."""

    def test_every_byte_is_counted(self):
        with ExitStack() as stack:
            result = run(GET_POETRY, *(server.address for server in slow_servers(stack)))
        self.assertEqual((result.error_text, result.status), ("", 0))
        sizes = {}
        for task, size in re.findall(r"^Task (\d): got (\d+) bytes of poetry from 127.0.0.1:\d+$",
                                     result.text, re.MULTILINE):
            sizes[task] = sizes.get(task, 0) + int(size)
        self.assertEqual(sorted(sizes.values()), sorted(len(poem(name)) for name in NAMES))
        for task, size in sizes.items():
            self.assertIn(f"Task {task}: {size} bytes of poetry\n", result.text)
        self.assertRegex(result.text, ENDS)
        self.assertIn("Got 4 poems in ", result.text)

    def test_reports_in_the_order_in_which_they_are_complete(self):
        with harness.listening() as first, harness.listening() as second, \
                Running(GET_POETRY, *(s.getsockname()[1] for s in (first, second))) as client:
            late, early = first.accept()[0], second.accept()[0]
            finish(early, b"early")
            finish(late, b"late!!")
            text = client.result().stdout.decode()
        sizes = re.findall(r"^Task \d: (\d) bytes of poetry$", text, re.MULTILINE)
        self.assertEqual(sizes, ["5", "6"])

    def test_an_empty_poem_is_a_poem(self):
        with Peer() as peer:
            result = run(GET_POETRY, peer.port)
        self.assertRegex(result.text, r"\ATask 1: 0 bytes of poetry\nGot 1 poems in ")
        self.assertEqual(result.status, 0)

    def test_localhost_and_no_host(self):
        with Peer(b"poem") as peer:
            result = run(GET_POETRY, f"localhost:{peer.port}", f":{peer.port}")
        self.assertIn("Got 2 poems in ", result.text)

    def test_ipv6(self):
        try:
            listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
        except OSError as error:
            self.skipTest(f"no IPv6 here: {error}")
        with listener, Running(GET_POETRY, f"[::1]:{listener.getsockname()[1]}") as client:
            finish(listener.accept()[0], b"poem")
            self.assertRegex(client.result().text,
                             r"Task 1: got 4 bytes of poetry from \[::1\]:\d+\n")

    def test_a_server_that_floods_does_not_starve_another(self):
        flood = b"x" * 5_000_000
        with Peer(flood) as fast, Peer(b"slow poem") as slow:
            result = run(GET_POETRY, fast.port, slow.port)
        self.assertIn(f" {len(flood)} bytes of poetry\n", result.text)
        # The small poem is complete first, although the other connection was made first.
        ends = re.findall(r"^Task \d: (\d+) bytes of poetry$", result.text, re.MULTILINE)
        self.assertEqual(ends, ["9", str(len(flood))])
        self.assertLessEqual(max(map(int, re.findall(r"got (\d+) bytes", result.text))), 65536)


class Failures(unittest.TestCase):
    """2.0 when something is wrong."""

    def test_refused(self):
        with unused_port() as nobody, Peer(b"good") as good:
            result = run(GET_POETRY, nobody, good.port)
        self.assertIn(f"Failed to connect to: 127.0.0.1:{nobody}\n", result.text)
        self.assertIn("Task 1: 4 bytes of poetry\nGot 1 poems in ", result.text)
        self.assertEqual((result.error_text, result.status), ("", 1))

    def test_a_name_that_is_none(self):
        result = run(GET_POETRY, "no.such.host.invalid:10001")
        self.assertIn("Failed to connect to: no.such.host.invalid:10001\nGot 0 poems", result.text)
        self.assertEqual(result.status, 1)

    def test_reset(self):
        with Peer(b"half a poem", then="reset") as bad, Peer(b"good") as good:
            result = run(GET_POETRY, bad.port, good.port)
        self.assertRegex(result.error_text, rf"\AIncomplete poem from 127.0.0.1:{bad.port}: "
                                            r"\[Failure: ConnectionLost: .*\]\n\Z")
        self.assertIn("Got 1 poems in ", result.text)
        self.assertNotIn(": 11 bytes of poetry\n", result.text)
        self.assertEqual(result.status, 1)

    def test_ctrl_c(self):
        with Peer(b"half a poem", then="hang") as peer, Running(GET_POETRY, peer.port) as client:
            client.wait_for_line("Task 1: got 11 bytes of poetry from .*")
            client.send(signal.SIGINT)
            result = client.result()
        self.assertRegex(result.text, r"Got 0 poems in .*\n\Z")
        self.assertEqual(result.status, 1)
        self.assertNotIn("Unhandled", result.error_text)


class CommandLine(unittest.TestCase):
    """All three take the same words."""

    def test_no_arguments(self):
        for program in (GET_POETRY, SIMPLE, STACK):
            result = run(program)
            self.assertTrue(result.text.startswith(f"Usage: {Path(program).name} "))
            self.assertTrue(result.text.endswith("\n\n"))
            self.assertEqual((result.error_text, result.status), ("", 0))

    def test_bad_arguments(self):
        for program in (GET_POETRY, SIMPLE, STACK):
            for words, message in ((["abc"], "Ports must be integers."),
                                   (["70000"], "Ports go from"),
                                   (["1", "--x"], "no such option: --x")):
                result = run(program, *words)
                self.assertIn(f"error: {message}", result.error_text)
                self.assertEqual((result.text, result.status), ("", 2))


class Variants(unittest.TestCase):
    """The simple one prints poems only; the stack one says who called whom."""

    def test_simple(self):
        with ExitStack() as stack:
            result = run(SIMPLE, *(server.port for server in slow_servers(stack)))
        self.assertEqual(len(result.stdout), sum(len(poem(name)) + 1 for name in NAMES))
        for name in NAMES:
            self.assertIn(poem(name) + b"\n", result.stdout)
        self.assertEqual((result.error_text, result.status), ("", 0))

    def test_stack(self):
        with Peer(b"poem") as peer:
            result = run(STACK, peer.port)
        self.assertEqual((result.text, result.status), ("", 0))
        names = [line.split(" at ")[0] for line in result.error_text.splitlines()]
        for name in ("twist::Reactor::run", "twist::Reactor::turn", "... libevent: event_base_loop "
                     "...", "twist::Connection::do_read", "PoetryProtocol::data_received"):
            self.assertIn(name, names)
            names = names[names.index(name):]  # outermost first
        self.assertIn("get-poetry-stack.cpp:", result.error_text.splitlines()[-1])


if __name__ == "__main__":
    harness.main()
