"""get-poetry 4.0 and its stack version, and the command line of defer-block."""

import re
import signal
import socket
import sys
import unittest
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from testing import harness
from testing.harness import LIMIT, Peer, Running, Server, poem, receive_all, run, unused_port

GET_POETRY = "part07-deferred/get-poetry"
STACK = "part07-deferred/get-poetry-stack"
DEFER_BLOCK = "part07-deferred/defer-block"
SLOWPOETRY = "part01-blocking/slowpoetry"
SCIENCE = poem("science.txt")
NAMES = ["ecstasy.txt", "fascination.txt", "science.txt", "alla_sera.txt"]
REFUSED = ("Poem failed: [Failure: ConnectionRefusedError: "
           "Connection was refused by other side: 111: Connection refused.]\n")


def usage(program):
    """How the message of a usage error begins."""
    return f"Usage: {program} [options] "


class ClientCase(unittest.TestCase):
    """The common part of the client's tests."""

    def assert_poems(self, result, *poems, errors="", status=0):
        """The client printed these poems in this order, these errors, and had this status."""
        self.assertEqual(result.stdout, b"".join(text + b"\n" for text in poems))
        self.assertRegex(result.error_text, f"\\A{errors}\\Z")
        self.assertEqual(result.status, status)


class Scripted:
    """Servers that the test plays, with one client connected to all of them."""

    def __init__(self, count):
        self.count = count
        self.stack = ExitStack()

    def __enter__(self):
        listeners = [self.stack.enter_context(harness.listening()) for _ in range(self.count)]
        ports = [listener.getsockname()[1] for listener in listeners]
        self.client = self.stack.enter_context(Running(GET_POETRY, *ports))
        self.connections = []
        for listener in listeners:
            connection, _ = listener.accept()
            connection.settimeout(LIMIT)
            self.connections.append(self.stack.enter_context(connection))
        return self

    def __exit__(self, *error):
        return self.stack.__exit__(*error)

    def finish(self, index, text):
        """Sends the (rest of the) poem, and waits until the client has noted its end."""
        with self.connections[index] as connection:
            connection.sendall(text)
            connection.shutdown(socket.SHUT_WR)
            receive_all(connection)


class Poems(ClientCase):
    def test_one_poem(self):
        with Peer(SCIENCE) as peer:
            self.assert_poems(run(GET_POETRY, peer.port), SCIENCE)

    def test_slow_servers(self):
        with ExitStack() as stack:
            servers = [stack.enter_context(Server(SLOWPOETRY, "--delay", "0.001", f"poetry/{name}"))
                       for name in NAMES]
            result = run(GET_POETRY, *(server.address for server in servers))
        self.assertEqual(result.error_text, "")
        self.assertEqual(result.status, 0)
        rest = result.stdout
        for name in NAMES:
            self.assertEqual(rest.count(poem(name) + b"\n"), 1, name)
            rest = rest.replace(poem(name) + b"\n", b"")
        self.assertEqual(rest, b"")

    def test_poems_come_in_the_order_of_their_completion(self):
        with Scripted(3) as scripted:
            for index in (1, 2, 0):
                scripted.finish(index, poem(NAMES[index]))
            result = scripted.client.result()
        self.assert_poems(result, *(poem(NAMES[index]) for index in (1, 2, 0)))

    def test_the_same_server_twice(self):
        with Peer(SCIENCE) as peer:
            self.assert_poems(run(GET_POETRY, peer.port, peer.address), SCIENCE, SCIENCE)
            self.assertEqual(peer.clients, 2)

    def test_a_poem_of_no_bytes_is_a_poem(self):
        with Peer(b"") as peer:
            self.assert_poems(run(GET_POETRY, peer.port), b"")

    def test_bytes_are_not_decoded(self):
        for text in (poem("alla_sera.txt"), bytes(range(256)), b"per\xc3"):
            with self.subTest(text[:9]), Peer(text) as peer:
                self.assert_poems(run(GET_POETRY, peer.port), text)

    def test_a_character_may_come_in_two_pieces(self):
        text = poem("alla_sera.txt")
        middle = text.index("é".encode()) + 1
        with Scripted(2) as scripted:
            scripted.connections[0].sendall(text[:middle])
            scripted.finish(1, b"the client has read by now")
            scripted.finish(0, text[middle:])
            result = scripted.client.result()
        self.assert_poems(result, b"the client has read by now", text)

    def test_a_long_poem(self):
        text = poem("ecstasy.txt") * 2000
        with Peer(text) as peer:
            self.assert_poems(run(GET_POETRY, peer.port), text)


class Failures(ClientCase):
    def test_refused(self):
        with unused_port() as port:
            self.assert_poems(run(GET_POETRY, port), errors=re.escape(REFUSED), status=1)

    def test_one_refused_among_good_ones(self):
        with unused_port() as port, Peer(SCIENCE) as first, Peer(SCIENCE) as last:
            result = run(GET_POETRY, first.port, port, last.port)
        self.assert_poems(result, SCIENCE, SCIENCE, errors=re.escape(REFUSED), status=1)

    def test_all_refused(self):
        with unused_port() as one, unused_port() as other:
            result = run(GET_POETRY, one, other)
        self.assert_poems(result, errors=re.escape(2 * REFUSED), status=1)

    def test_a_reset_poem_is_no_poem(self):
        lost = r"Poem failed: \[Failure: ConnectionLost: .+\]\n"
        with Peer(SCIENCE[:100], then="reset") as bad, Peer(SCIENCE) as good:
            self.assert_poems(run(GET_POETRY, bad.port), errors=lost, status=1)
            self.assert_poems(run(GET_POETRY, bad.port, good.port), SCIENCE, errors=lost, status=1)

    def test_a_name_that_nobody_has(self):
        # No name server is asked about this name: a label has at most 63 letters.
        host = 64 * "a" + ".invalid"
        error = f"Poem failed: [Failure: DNSLookupError: DNS lookup failed: {host}.]\n"
        with Peer(SCIENCE) as peer:
            result = run(GET_POETRY, f"{host}:10001", peer.port)
        self.assert_poems(result, SCIENCE, errors=re.escape(error), status=1)

    def test_ctrl_c_in_mid_download(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number), Scripted(2) as scripted:
                scripted.connections[0].sendall(SCIENCE[:100])
                scripted.finish(1, SCIENCE)  # both are read in one turn at the latest
                scripted.client.send(number)
                result = scripted.client.result()
                self.assert_poems(result, SCIENCE, errors=r"Poem failed: .+\n", status=1)


class CommandLine(unittest.TestCase):
    def test_bad_arguments(self):
        for argument, message in [("abc", "A port must be an integer.*'abc'"),
                                  ("localhost:", "A port must be an integer.*"),
                                  ("70000", ".*'70000'"),
                                  ("--nonsense", "no such option: --nonsense")]:
            for program in (GET_POETRY, STACK):
                with self.subTest(program + " " + argument):
                    result = run(program, argument)
                    name = program.split("/")[1]
                    self.assertEqual(result.stdout, b"")
                    self.assertRegex(result.error_text, rf"\A{re.escape(usage(name))}.*\n\n"
                                                        rf"{name}: error: {message}\n\Z")
                    self.assertEqual(result.status, 2)

    def test_all_addresses_are_checked_before_any_is_used(self):
        with Peer(SCIENCE) as peer:
            self.assertEqual(run(GET_POETRY, peer.port, "abc").status, 2)
            self.assertEqual(peer.clients, 0)

    def test_without_addresses_it_prints_its_help(self):
        for program in (GET_POETRY, STACK):
            name = program.split("/")[1]
            for arguments in [(), ("--help",)]:
                with self.subTest(program, arguments=arguments):
                    result = run(program, *arguments)
                    self.assertTrue(result.text.startswith(usage(name)), result.text)
                    self.assertEqual((result.stderr, result.status), (b"", 0))

    def test_defer_block(self):
        for arguments in [("--speed", "0"), ("--speed", "-1"), ("--speed", "fast"), ("poem",)]:
            with self.subTest(arguments):
                result = run(DEFER_BLOCK, *arguments)
                self.assertEqual(result.stdout, b"")
                self.assertRegex(result.error_text, r"\n\ndefer-block: error: .+\n\Z")
                self.assertEqual(result.status, 2)


class Stack(unittest.TestCase):
    def test_it_shows_who_called_at_the_first_poem(self):
        with Peer(SCIENCE) as good, Peer(b"", then="hang") as slow:
            result = run(STACK, slow.port, good.port)
        self.assertEqual((result.stdout, result.status), (b"", 0))
        calls = ["poetry_main at", "Reactor::run at", "PoetryProtocol::connection_lost at",
                 "PoetryClientFactory::poem_finished at", "Chain::run at",
                 r"get-poetry-stack\.cpp:\d+\n\Z"]  # the last is the lambda that got_poem names
        self.assertRegex(result.error_text, re.compile(".*".join(calls), re.DOTALL))

    def test_refused(self):
        with unused_port() as port:
            result = run(STACK, port)
        self.assertEqual((result.stdout, result.error_text, result.status), (b"", REFUSED, 1))


if __name__ == "__main__":
    harness.main()
