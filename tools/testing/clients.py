"""The tests that all clients of the reactor share, whatever their version.

    class Simple(clients.Downloads, clients.Interrupted, clients.CommandLine, unittest.TestCase):
        client = "part05-protocols/get-poetry-simple"

        def shown(self, number, poem):
            return poem + b"\\n"
"""

import contextlib
import signal
import socket
import threading
from pathlib import Path

from programs.processes import wait_until
from testing.harness import Peer, Running, Server, listening, poem, receive_all, run

SLOWPOETRY = "part01-blocking/slowpoetry"


def has_ipv6():
    """Whether this machine has the loopback address ::1."""
    with contextlib.suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        return True
    return False


def wait_until_it_catches(number, program):
    """Waits until a program has a handler for a signal, and so handles Ctrl-C itself."""
    status = Path(f"/proc/{program.pid}/status")

    def caught():
        line = next(line for line in status.read_text().splitlines() if line.startswith("SigCgt:"))
        return int(line.split()[1], 16) >> (number - 1) & 1

    if not wait_until(caught):
        raise AssertionError(f"signal {number} is not caught\n{program.told()}")


@contextlib.contextmanager
def connected(client, count, words=()):
    """A running client, and its connections to `count` servers that the test plays itself. `words`
    come before the addresses on its command line."""
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(listening()) for _ in range(count)]
        ports = [listener.getsockname()[1] for listener in listeners]
        program = stack.enter_context(Running(client, *words, *ports))
        yield program, [stack.enter_context(listener.accept()[0]) for listener in listeners]


def send_all(connection, data):
    """Sends a whole poem, and waits until the client has seen its end."""
    connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)
    receive_all(connection)


class Flood:
    """Sends as fast as it can, in a thread; a context manager that ends it, and the connection."""

    def __init__(self, connection):
        self.connection = connection
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.send, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.ending.set()
        self.thread.join()
        self.connection.shutdown(socket.SHUT_WR)

    def send(self):
        """Sends until the context ends."""
        while not self.ending.is_set():
            self.connection.sendall(b"poetry " * 1000)


class Downloads:
    """Downloads of all kinds of poems. `client` is the program; `words` come before the addresses
    on its command line; `shown` returns what it prints for a poem."""

    client: str
    words: tuple = ()

    def shown(self, number, text):
        """The client's output for the poem of task `number`, as bytes."""
        raise NotImplementedError

    def assert_got(self, result, *poems):
        """Fails unless all these poems arrived, in any order, without an error."""
        for number, text in enumerate(poems, 1):
            self.assertIn(self.shown(number, text), result.stdout)
        self.assertEqual((result.stderr, result.status), (b"", 0))

    def test_all_at_the_same_time(self):
        names = ["ecstasy.txt", "fascination.txt", "science.txt"]
        with contextlib.ExitStack() as stack:
            servers = [stack.enter_context(Server(SLOWPOETRY, "--delay", "0.001", "--num-bytes",
                                                  50, f"poetry/{name}")) for name in names]
            result = run(self.client, *self.words, *[server.port for server in servers])
        self.assert_got(result, *map(poem, names))

    def test_a_character_may_be_cut(self):
        with Server(SLOWPOETRY, "--delay", "0.0001", "--num-bytes", 1,
                    "poetry/alla_sera.txt") as server:
            self.assert_got(run(self.client, *self.words, server.port), poem("alla_sera.txt"))

    def test_a_poem_is_bytes(self):
        with Peer(bytes(range(256))) as peer:
            self.assert_got(run(self.client, *self.words, peer.port), bytes(range(256)))

    def test_an_empty_poem(self):
        with Peer() as peer:
            self.assert_got(run(self.client, *self.words, peer.port), b"")

    def test_five_megabytes(self):
        with Peer(b"verse " * 875_000) as peer:
            self.assert_got(run(self.client, *self.words, peer.port), peer.data)

    def test_many(self):
        with Peer(b"poem") as peer:
            self.assert_got(run(self.client, *self.words, *[peer.port] * 100), *[b"poem"] * 100)

    def test_a_fast_server_does_not_starve_the_others(self):
        with connected(self.client, 2, self.words) as (client, (fast, slow)):
            with Flood(fast):
                for _ in range(5):
                    slow.sendall(b"ten bytes\n")
                send_all(slow, b"the end")  # returns when it was read, during the flood
            result = client.result()
        self.assertIn(self.shown(2, b"ten bytes\n" * 5 + b"the end"), result.stdout)
        self.assertEqual((result.stderr, result.status), (b"", 0))

    def test_localhost(self):
        with Peer(b"poem") as peer:
            for host in "localhost", "":
                self.assert_got(run(self.client, *self.words, f"{host}:{peer.port}"), b"poem")

    def test_ipv6(self):
        if not has_ipv6():
            self.skipTest("this machine has no IPv6")
        with Server(SLOWPOETRY, "--iface", "::1", "--num-bytes", 1000, "poetry/science.txt",
                    "--delay", "0.0001") as server:
            self.assert_got(run(self.client, *self.words, f"[::1]:{server.port}"),
                            poem("science.txt"))


class Interrupted:
    """Ctrl-C during a download: that poem is missing, and nothing else goes wrong."""

    client: str
    words: tuple = ()
    complaint = ""  # its output on stderr, as a regular expression

    def test_ctrl_c(self):
        for number in signal.SIGINT, signal.SIGTERM:
            with connected(self.client, 2, self.words) as (client, (whole, part)):
                wait_until_it_catches(number, client)
                send_all(whole, b"all of it")
                part.sendall(b"a part")
                client.send(number)
                result = client.result()
            self.assertEqual(result.status, 1)
            self.assertIn(self.shown(1, b"all of it"), result.stdout)
            self.assertNotIn(self.shown(2, b"a part"), result.stdout)
            self.assertRegex(result.error_text, f"^{self.complaint}$")


class CommandLine:
    """The command line."""

    client: str

    @property
    def usage(self):
        """The beginning of its usage."""
        return f"Usage: {Path(self.client).name} [options] [[host]:]port ...\n\n"

    def test_all_addresses_are_checked_first(self):
        with Peer() as peer:
            for words, message in [
                    (["abc"], "A port must be an integer, not 'abc'"),
                    (["localhost:"], "A port must be an integer, not ''"),
                    (["::1:10001"], "A port must be an integer, not ':1:10001'"),
                    (["70000"], "A port must be from 0 to 65535, not '70000'"),
                    (["--x"], "no such option: --x")]:
                with self.subTest(words):
                    result = run(self.client, peer.port, *words)
                    self.assertEqual((result.stdout, result.status), (b"", 2))
                    self.assertEqual(result.error_text, f"{self.usage}{Path(self.client).name}: "
                                                        f"error: {message}\n")
            self.assertEqual(peer.clients, 0)

    def test_without_arguments_it_helps(self):
        shown, asked_for = run(self.client), run(self.client, "--help")
        self.assertTrue(asked_for.text.startswith(self.usage), asked_for.text)
        self.assertEqual(shown, (asked_for.stdout + b"\n", b"", 0))
        self.assertEqual((asked_for.stderr, asked_for.status), (b"", 0))
