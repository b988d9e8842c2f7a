"""get-poetry 1.0, and the broken one."""

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

GET_POETRY = "part04-lowlevel-reactor/get-poetry"
BROKEN = "part04-lowlevel-reactor/get-poetry-broken"
SLOWPOETRY = "part01-blocking/slowpoetry"
NAMES = ["ecstasy.txt", "fascination.txt", "science.txt", "alla_sera.txt"]


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
    """1.0 when all is well."""

    def test_every_byte_is_counted_and_reported_in_order(self):
        with ExitStack() as stack:
            ports = [server.port for server in slow_servers(stack)]
            result = run(GET_POETRY, *ports)
        self.assertEqual((result.error_text, result.status), ("", 0))
        sizes = [0] * 4
        for task, size, port in re.findall(
                r"^Task (\d): got (\d+) bytes of poetry from 127.0.0.1:(\d+)$",
                result.text, re.MULTILINE):
            sizes[int(task) - 1] += int(size)
            self.assertEqual(int(port), ports[int(task) - 1])
        self.assertEqual(sizes, [len(poem(name)) for name in NAMES])
        report = "".join(f"Task {n}: {size} bytes of poetry\n" for n, size in enumerate(sizes, 1))
        self.assertRegex(result.text, rf"\n{report}Got 4 poems in \d:\d\d:\d\d(\.\d+)?\n\Z")
        for task in "1234":
            self.assertIn(f"Task {task} finished\n", result.text)

    def test_the_tasks_take_turns(self):
        with harness.listening() as first, harness.listening() as second, \
                Running(GET_POETRY, *(s.getsockname()[1] for s in (first, second))) as client:
            one, two = first.accept()[0], second.accept()[0]
            for connection, task, text in ((two, 2, b"to"), (one, 1, b"be"), (two, 2, b"or")):
                connection.sendall(text)
                client.wait_for_line(rf"Task {task}: got 2 bytes(?s:.)*")
            finish(one, b" not to be")
            finish(two, b" no")
            text = client.result().text
        self.assertEqual(re.findall(r"^Task (\d): got", text, re.MULTILINE), list("21212"))

    def test_an_empty_poem_is_a_poem(self):
        with Peer() as peer:
            result = run(GET_POETRY, peer.port)
        self.assertRegex(result.text, r"\ATask 1 finished\nTask 1: 0 bytes of poetry\nGot 1 poems")
        self.assertEqual(result.status, 0)

    def test_the_host_is_printed_as_it_was_given(self):
        with Peer(b"poem") as peer:
            result = run(GET_POETRY, f"localhost:{peer.port}", f":{peer.port}")
        self.assertIn(f"bytes of poetry from localhost:{peer.port}\n", result.text)
        self.assertIn(f"bytes of poetry from 127.0.0.1:{peer.port}\n", result.text)

    def test_a_server_that_floods_does_not_starve_another(self):
        with Peer(b"x" * 5_000_000) as fast, Peer(b"slow poem") as slow:
            text = run(GET_POETRY, fast.port, slow.port).text
        self.assertLess(text.index("Task 2 finished"), text.index("Task 1 finished"))
        self.assertIn("Task 1: 5000000 bytes of poetry\n", text)


class Failures(unittest.TestCase):
    """1.0 when something is wrong."""

    def test_refused(self):
        with unused_port() as nobody, Peer(b"good") as good:
            result = run(GET_POETRY, good.port, nobody)
        self.assertEqual(result.error_text, f"get-poetry: ConnectError: Can't connect to "
                                            f"127.0.0.1:{nobody}: 111: Connection refused.\n")
        self.assertEqual((result.text, result.status), ("", 1))

    def test_reset(self):
        with Peer(b"half a poem", then="reset") as bad, Peer(b"good") as good:
            result = run(GET_POETRY, bad.port, good.port)
        self.assertRegex(result.error_text, rf"\AIncomplete poem from 127.0.0.1:{bad.port}: "
                                            r"\[Failure: ConnectionLost: .*\]\n\Z")
        self.assertRegex(result.text, r"\nTask 2: 4 bytes of poetry\nGot 1 poems in .*\n\Z")
        self.assertEqual(result.status, 1)

    def test_ctrl_c(self):
        with Peer(b"half a poem", then="hang") as peer, Running(GET_POETRY, peer.port) as client:
            client.wait_for_line("Task 1: got 11 bytes of poetry from .*")
            client.send(signal.SIGINT)
            result = client.result()
        self.assertRegex(result.text, r"\nGot 0 poems in .*\n\Z")
        self.assertEqual(result.status, 1)
        self.assertNotIn("Unhandled", result.error_text)


class CommandLine(unittest.TestCase):
    """Both take the same words."""

    def test_no_arguments(self):
        for program in (GET_POETRY, BROKEN):
            result = run(program)
            self.assertTrue(result.text.startswith(f"Usage: {Path(program).name} "))
            self.assertTrue(result.text.endswith("\n\n"))
            self.assertEqual((result.error_text, result.status), ("", 0))

    def test_bad_arguments(self):
        for program in (GET_POETRY, BROKEN):
            for words, message in ((["abc"], "Ports must be integers."),
                                   (["70000"], "Ports go from"),
                                   (["1", "--x"], "no such option: --x")):
                result = run(program, *words)
                self.assertIn(f"error: {message}", result.error_text)
                self.assertEqual((result.text, result.status), ("", 2))


class Broken(unittest.TestCase):
    """A do_read that waits: one task after the other."""

    def test_the_second_poem_waits_for_the_end_of_the_first(self):
        with harness.listening() as first, harness.listening() as second, \
                Running(BROKEN, *(s.getsockname()[1] for s in (first, second))) as client:
            one, two = first.accept()[0], second.accept()[0]
            one.sendall(b"slow")  # do_read is called, and does not come back
            two.sendall(b"there at once")
            finish(one, b"ly")
            finish(two, b"")
            text = client.result().text
        self.assertEqual(re.findall(r"^Task (\d): got (\d+) bytes", text, re.MULTILINE),
                         [("1", "6"), ("2", "13")])


if __name__ == "__main__":
    harness.main()
