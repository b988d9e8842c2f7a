"""The tests that all proxies share, with a server that is stopped, killed, silent, slow or endless.

    class Proxy3(proxies.Limits, unittest.TestCase):
        proxy = "part19-cancel/poetry-proxy"
        gives_up = ["Canceling poem download."]

If a proxy gets a short time limit, all its fetches are meant to reach it: no test then asks for a
poem that arrives.
"""

import contextlib
import re
import signal
import socket
import time
from pathlib import Path

from programs.processes import wait_until
from testing.harness import (LIMIT, Peer, Server, connect, fetch, listening, poem, receive_all,
                             reset, run)

FASTPOETRY = "part11-server/fastpoetry"
FETCHING, CACHED = "Fetching poem from server.", "Using cached poem."
TOO_LATE = "[Failure: TimeoutError: No result came in time.]"
LOST = "[Failure: ConnectionLost: Connection to the other side was lost in a non-clean fashion.]"
POEM = poem("science.txt")
SHORT = ["--timeout", "0.05"]


def too_long(size):
    """The error for a poem with more bytes than that."""
    return f"[Failure: PoemTooLongError: It has more than {size} bytes.]"


def finish(connection, data):
    """Sends a poem and closes, like a good server."""
    connection.sendall(data)
    connection.close()


def send_until_dropped(connection, data, pause=0.0):
    """Sends the data repeatedly, until the other side drops the connection."""
    deadline = time.monotonic() + LIMIT
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        while time.monotonic() < deadline:
            connection.sendall(data)
            time.sleep(pause)
        raise AssertionError("it was not dropped")


@contextlib.contextmanager
def stopped(server):
    """Stops a server for a while, like Ctrl-Z: clients can still connect, but get no answer."""
    status = Path(f"/proc/{server.pid}/status")
    server.send(signal.SIGSTOP)
    try:
        if not wait_until(lambda: re.search(r"^State:\s+T", status.read_text(), re.MULTILINE)):
            raise AssertionError("it was not stopped")
        yield
    finally:
        server.send(signal.SIGCONT)


def is_connected_with(port):
    """Whether there is a connection to this port."""
    lines = Path("/proc/net/tcp").read_text().splitlines()
    return any(re.match(rf" *\d+: \S+ \S+:{port:04X} 01 ", line) for line in lines)


class Limits:
    """The tests. `proxy` is the program; it prints `gives_up` when a fetch takes too long."""

    proxy: str
    gives_up: list = []

    def setUp(self):
        """`upstream` is a server that the test plays itself."""
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.upstream = self.stack.enter_context(listening())
        self.port = self.upstream.getsockname()[1]

    def start(self, *options, port=None):
        """A proxy that runs until the test ends."""
        return self.stack.enter_context(Server(self.proxy, *options, port or self.port))

    def client(self, proxy):
        """A client of the proxy."""
        return self.stack.enter_context(connect(proxy.port))

    def accept(self):
        """The next connection that the proxy makes."""
        connection = self.stack.enter_context(self.upstream.accept()[0])
        connection.settimeout(LIMIT)
        return connection

    def assert_dropped(self, connection):
        """Waits until the proxy has closed its end of a connection."""
        with contextlib.suppress(ConnectionResetError):
            self.assertEqual(connection.recv(1), b"")

    def assert_printed(self, proxy, *lines, errors=(), port=None):
        """Ends the proxy. Fails unless it printed these lines after its first, and these errors."""
        self.assertEqual(proxy.stop(signal.SIGINT), 0, proxy.told())
        self.assertEqual(proxy.stdout.decode().splitlines()[1:], list(lines), proxy.told())
        expected = [f"No poem from 127.0.0.1:{port or self.port}: {error}" for error in errors]
        self.assertEqual(proxy.stderr.decode().splitlines(), expected, proxy.told())

    # The time limit of a fetch.

    def test_a_server_that_is_stopped(self):
        with Server(FASTPOETRY, "poetry/science.txt") as server, stopped(server):
            proxy = self.start(*SHORT, port=server.port)
            for _ in range(2):
                self.assertEqual(fetch(proxy.port), b"")
            self.assert_printed(proxy, *[FETCHING, *self.gives_up] * 2, errors=[TOO_LATE] * 2,
                                port=server.port)

    def test_a_server_that_stops_in_mid_poem(self):
        proxy = self.start(*SHORT)
        for _ in range(2):
            client = self.client(proxy)
            connection = self.accept()
            connection.sendall(POEM[:100])
            self.assertEqual(receive_all(client), b"")
            self.assert_dropped(connection)
        self.assert_printed(proxy, *[FETCHING, *self.gives_up] * 2, errors=[TOO_LATE] * 2)

    def test_a_server_that_goes_on_when_it_is_too_late(self):
        proxy = self.start(*SHORT)
        for _ in range(2):
            client = self.client(proxy)
            connection = self.accept()
            self.assertEqual(receive_all(client), b"")
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                finish(connection, POEM)
        self.assert_printed(proxy, *[FETCHING, *self.gives_up] * 2, errors=[TOO_LATE] * 2)

    def test_a_server_that_always_sends_a_little(self):
        proxy = self.start(*SHORT)
        client = self.client(proxy)
        send_until_dropped(self.accept(), b"x", pause=0.001)
        self.assertEqual(receive_all(client), b"")
        self.assert_printed(proxy, FETCHING, *self.gives_up, errors=[TOO_LATE])

    def test_a_server_that_lets_nobody_in(self):
        with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
            port = full.getsockname()[1]
            with connect(port):  # fills the queue
                proxy = self.start(*SHORT, port=port)
                self.assertEqual(fetch(proxy.port), b"")
                self.assert_printed(proxy, FETCHING, *self.gives_up, errors=[TOO_LATE], port=port)

    def test_many_that_wait_in_vain(self):
        proxy = self.start(*SHORT)
        clients = [self.client(proxy) for _ in range(50)]
        connections = [self.accept() for _ in clients]
        for client, connection in zip(clients, connections):
            self.assertEqual(receive_all(client), b"")
            self.assert_dropped(connection)
        self.assertEqual(len(proxy.stderr.splitlines()), 50)

    # Connections that end badly.

    def test_a_server_that_is_killed(self):
        with Server(FASTPOETRY, "poetry/science.txt") as server:
            proxy = self.start(port=server.port)
            with stopped(server):  # so that it can't send anything
                client = self.client(proxy)
                self.assertTrue(wait_until(lambda: is_connected_with(server.port)))
                server.kill()
            self.assertEqual(receive_all(client), b"")
            self.assertEqual(fetch(proxy.port), b"")  # nobody listens any more
            self.assertRegex(proxy.stderr.decode(),  # it may see both beginning and end at once
                             "\\ANo poem from .*: .*Connect(ionLost|Error): .*\n"
                             "No poem from .*: .*ConnectionRefusedError: .*\n\\Z")

    def test_a_server_that_is_killed_in_mid_poem(self):
        proxy = self.start()
        for _ in range(2):
            client = self.client(proxy)
            connection = self.accept()
            connection.sendall(POEM[:100])
            reset(connection)
            self.assertEqual(receive_all(client), b"")
        self.assert_printed(proxy, FETCHING, FETCHING, errors=[LOST] * 2)

    # The size limit of a poem.

    def test_a_server_that_sends_for_ever(self):
        for size, options in (100000, ["--max-size", 100000]), (16 * 1024 * 1024, []):
            with self.subTest(size=size):
                proxy = self.start(*options)
                for _ in range(2):
                    client = self.client(proxy)
                    send_until_dropped(self.accept(), b"poetry " * 1000)
                    self.assertEqual(receive_all(client), b"")
                self.assert_printed(proxy, *[FETCHING] * 2, errors=[too_long(size)] * 2)

    def test_a_poem_of_just_that_size(self):
        with Peer(POEM) as server:
            proxy = self.start("--max-size", len(POEM), port=server.port)
            self.assertEqual([fetch(proxy.port), fetch(proxy.port)], [POEM, POEM])
            self.assert_printed(proxy, FETCHING, CACHED)

    def test_one_byte_more(self):
        size = len(POEM) - 1
        with Peer(POEM) as server:
            proxy = self.start("--max-size", size, port=server.port)
            self.assertEqual([fetch(proxy.port), fetch(proxy.port)], [b"", b""])
            self.assert_printed(proxy, FETCHING, FETCHING, errors=[too_long(size)] * 2,
                                port=server.port)

    # Other clients in the meantime.

    def test_others_are_served_while_one_waits(self):
        proxy = self.start()
        stuck = self.client(proxy)
        silent = self.accept()
        silent.sendall(POEM[:100])
        other = self.client(proxy)
        finish(self.accept(), POEM)
        self.assertEqual(receive_all(other), POEM)
        for _ in range(20):
            self.assertEqual(fetch(proxy.port), POEM)
        finish(silent, POEM[100:])  # slow, but not an error
        self.assertEqual(receive_all(stuck), POEM)
        self.assert_printed(proxy, FETCHING, FETCHING, *[CACHED] * 20)

    def test_others_are_served_while_one_is_flooded(self):
        proxy = self.start("--max-size", 100000)
        flooded = self.client(proxy)
        flood = self.accept()
        other = self.client(proxy)
        good = self.accept()
        good.sendall(POEM[:100])
        send_until_dropped(flood, b"poetry " * 1000)
        self.assertEqual(receive_all(flooded), b"")
        finish(good, POEM[100:])
        self.assertEqual(receive_all(other), POEM)
        self.assertEqual(fetch(proxy.port), POEM)
        self.assert_printed(proxy, FETCHING, FETCHING, CACHED, errors=[too_long(100000)])

    def test_a_poem_in_the_cache_needs_no_server(self):
        with Server(FASTPOETRY, "poetry/science.txt") as server:
            proxy = self.start(port=server.port)
            self.assertEqual(fetch(proxy.port), POEM)
            with stopped(server):
                self.assertEqual(fetch(proxy.port), POEM)
        self.assertEqual(fetch(proxy.port), POEM)
        self.assert_printed(proxy, FETCHING, CACHED, CACHED)

    def test_a_slow_poem_is_a_poem(self):
        proxy = self.start()
        client = self.client(proxy)
        connection = self.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in POEM:
            connection.send(bytes([byte]))
        connection.close()
        self.assertEqual(receive_all(client), POEM)
        self.assert_printed(proxy, FETCHING)

    # The options.

    def test_invalid_values(self):
        for option, value, message in [
                ("--timeout", "0", "must be more than 0, and not '0'"),
                ("--timeout", "-1", "must be more than 0, and not '-1'"),
                ("--timeout", "soon", "invalid floating-point value: 'soon'"),
                ("--max-size", "0", "must be more than 0, and not '0'"),
                ("--max-size", "-1", "must be more than 0, and not '-1'"),
                ("--max-size", "1.5", "invalid integer value: '1.5'")]:
            with self.subTest(option=option, value=value):
                result = run(self.proxy, option, value, self.port)
                self.assertEqual((result.stdout, result.status), (b"", 2))
                self.assertTrue(result.error_text.endswith(
                    f"error: option {option}: {message}\n"), result.error_text)

    def test_help_says_what_they_are(self):
        text = run(self.proxy, "--help").text
        self.assertRegex(text, r"--timeout=SECONDS .*\(default: 300\)\n")
        self.assertRegex(text, r"--max-size=N .*\(default: 16777216\)\n")
