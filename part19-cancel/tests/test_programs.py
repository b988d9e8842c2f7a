"""The programs of part 19: the proxy that cancels, and the examples that take a --speed."""

import os
import signal
import socket
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from programs.processes import wait_until
from testing import harness
from testing.harness import (LIMIT, Peer, Running, Server, connect, fetch, receive_all, reset, run,
                             unused_port)

PROXY = "part19-cancel/poetry-proxy"
POEM = harness.poem("alla_sera.txt")
FETCHING, CACHED, CANCELING = (
    "Fetching poem from server.", "Using cached poem.", "Canceling poem download.")


class Upstream:
    """A poetry server that the test plays itself, one connection at a time."""

    def __init__(self):
        self.listener = harness.listening()
        self.port = self.listener.getsockname()[1]
        self.connections = []

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for connection in [self.listener, *self.connections]:
            connection.close()

    def accept(self):
        """The next connection that the proxy makes."""
        connection, _ = self.listener.accept()
        connection.settimeout(LIMIT)
        self.connections.append(connection)
        return connection


class ProxyTestCase(unittest.TestCase):
    """The common part of the proxy's tests."""

    def assert_dropped(self, connection):
        """Waits until the proxy has closed its end of the connection."""
        try:
            self.assertEqual(connection.recv(1), b"")
        except ConnectionResetError:
            pass  # it had not read everything

    def assert_printed(self, proxy, *lines, errors=""):
        """Ends the proxy. After its first line it has printed only these lines."""
        self.assertEqual(proxy.stop(signal.SIGINT), 0, proxy.told())
        self.assertEqual(proxy.stdout.decode().splitlines()[1:], list(lines), proxy.told())
        self.assertRegex(proxy.stderr.decode(), f"\\A{errors}\\Z", proxy.told())


class AClientLeaves(ProxyTestCase):
    """A download that is no longer wanted is cancelled."""

    def leave(self, how, sent):
        """A client leaves while the poem is being fetched; the next one gets it."""
        with Upstream() as upstream, Server(PROXY, upstream.port) as proxy:
            client = connect(proxy.port)
            fetching = upstream.accept()
            fetching.sendall(sent)
            how(client)
            self.assert_dropped(fetching)
            proxy.wait_for_line(CANCELING)
            with connect(proxy.port) as client:
                again = upstream.accept()
                again.sendall(POEM)
                again.close()
                self.assertEqual(receive_all(client), POEM)
            self.assertEqual(fetch(proxy.port), POEM)
            self.assert_printed(proxy, FETCHING, CANCELING, FETCHING, CACHED)

    def test_in_good_order(self):
        self.leave(socket.socket.close, b"")

    def test_in_mid_poem(self):
        self.leave(socket.socket.close, POEM[:100])

    def test_with_a_reset(self):
        self.leave(reset, POEM[:100])

    def test_a_half_closed_connection_is_a_closed_one(self):
        with Upstream() as upstream, Server(PROXY, upstream.port) as proxy:
            with connect(proxy.port) as client:
                fetching = upstream.accept()
                fetching.sendall(POEM[:100])
                client.shutdown(socket.SHUT_WR)
                self.assertEqual(receive_all(client), b"")
            self.assert_dropped(fetching)
            self.assert_printed(proxy, FETCHING, CANCELING)

    def test_the_others_get_their_poem(self):
        with Upstream() as upstream, Server(PROXY, upstream.port) as proxy:
            clients, fetching = [], []
            for _ in range(3):
                clients.append(connect(proxy.port))
                fetching.append(upstream.accept())
            clients.pop(1).close()
            self.assert_dropped(fetching.pop(1))
            for client, connection in zip(clients, fetching):
                connection.sendall(POEM)
                connection.close()
                with client:
                    self.assertEqual(receive_all(client), POEM)
            self.assertEqual(fetch(proxy.port), POEM)
            self.assert_printed(proxy, FETCHING, FETCHING, FETCHING, CANCELING, CACHED)

    def test_before_the_connection_is_made(self):
        with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
            port = full.getsockname()[1]
            with connect(port), Server(PROXY, port) as proxy:  # one waits: the queue is full
                before = sockets(proxy.pid)
                client = connect(proxy.port)
                proxy.wait_for_line(FETCHING)
                client.close()
                proxy.wait_for_line(CANCELING)
                self.assertTrue(wait_until(lambda: sockets(proxy.pid) == before))
                self.assert_printed(proxy, FETCHING, CANCELING)

    def test_nothing_of_it_is_left(self):
        with Upstream() as upstream, Server(PROXY, upstream.port) as proxy:
            before = sockets(proxy.pid)
            for _ in range(50):
                client = connect(proxy.port)
                fetching = upstream.accept()
                client.close()
                self.assert_dropped(fetching)
            self.assertTrue(wait_until(lambda: sockets(proxy.pid) == before))
            self.assert_printed(proxy, *[FETCHING, CANCELING] * 50)


class NobodyLeaves(ProxyTestCase):
    """The behaviour from before it could cancel."""

    def test_the_normal_end_cancels_nothing(self):
        poem = POEM * 5000
        with Peer(poem) as upstream, Server(PROXY, upstream.port) as proxy:
            self.assertEqual(fetch(proxy.port), poem)
            self.assertEqual(fetch(proxy.port), poem)
            self.assertEqual(upstream.clients, 1)
            self.assert_printed(proxy, FETCHING, CACHED)

    def test_what_a_client_sends_is_ignored(self):
        with Upstream() as upstream, Server(PROXY, upstream.port) as proxy:
            with connect(proxy.port) as client:
                fetching = upstream.accept()
                client.sendall(bytes(16 * 1024 * 1024))  # so much that the proxy must have read
                fetching.sendall(POEM)
                fetching.close()
                with client.makefile("rb") as poem:
                    self.assertEqual(poem.read(len(POEM)), POEM)
            self.assert_printed(proxy, FETCHING)

    def test_an_empty_poem_is_a_poem(self):
        with Peer(b"") as upstream, Server(PROXY, upstream.port) as proxy:
            self.assertEqual(fetch(proxy.port), b"")
            self.assertEqual(fetch(proxy.port), b"")
            self.assert_printed(proxy, FETCHING, CACHED)

    def test_nobody_serves_poems_there(self):
        with unused_port() as port, Server(PROXY, port) as proxy:
            self.assertEqual(fetch(proxy.port), b"")
            self.assertEqual(fetch(proxy.port), b"")
            refused = f"No poem from 127.0.0.1:{port}: .*ConnectionRefusedError.*\n"
            self.assert_printed(proxy, FETCHING, FETCHING, errors=refused * 2)

    def test_a_poem_that_is_cut_short_is_neither_sent_nor_cached(self):
        with Peer(POEM[:100], then="reset") as upstream, Server(PROXY, upstream.port) as proxy:
            self.assertEqual(fetch(proxy.port), b"")
            upstream.data, upstream.then = POEM, "close"
            self.assertEqual(fetch(proxy.port), POEM)
            lost = f"No poem from {upstream.address}: .*ConnectionLost.*\n"
            self.assert_printed(proxy, FETCHING, FETCHING, errors=lost)


class TheProxyEnds(ProxyTestCase):
    """Ctrl-C at any time is a clean end."""

    def test_idle(self):
        with Peer() as upstream, Server(PROXY, upstream.port) as proxy:
            self.assert_printed(proxy)

    def test_in_mid_poem(self):
        with Upstream() as upstream, Server(PROXY, upstream.port) as proxy:
            with connect(proxy.port) as client:
                fetching = upstream.accept()
                fetching.sendall(POEM[:100])
                self.assertEqual(proxy.stop(signal.SIGINT), 0)
                self.assertEqual(receive_all(client), b"")
                self.assert_dropped(fetching)
                self.assertEqual(proxy.stderr, b"")

    def test_while_it_connects(self):
        with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
            port = full.getsockname()[1]
            with connect(port), Server(PROXY, port) as proxy, connect(proxy.port):
                proxy.wait_for_line(FETCHING)
                self.assertEqual(proxy.stop(signal.SIGINT), 0)
                self.assertEqual(proxy.stderr, b"")


class CommandLines(unittest.TestCase):
    """A mistake gets a one-line answer; the proxy does not start."""

    def assert_usage_error(self, name, *arguments, says):
        """The program prints its usage and what is wrong, and ends with status 2."""
        result = run(name, *arguments)
        self.assertEqual((result.status, result.stdout), (2, b""))
        self.assertRegex(result.error_text, f"\\AUsage: .*\n\n.*: error: {says}\n\\Z")

    def test_the_proxy_wants_one_address(self):
        for arguments in ([], ["10001", "10002"]):
            self.assert_usage_error(PROXY, *arguments, says="Provide exactly one server address.")

    def test_the_proxy_wants_ports_and_options_that_exist(self):
        self.assert_usage_error(PROXY, "abc", says="A port must be an integer.*")
        self.assert_usage_error(PROXY, "localhost:", says="A port must be an integer.*")
        self.assert_usage_error(PROXY, "70000", says=".*70000.*")
        self.assert_usage_error(PROXY, "--port", "abc", "10001", says="option --port: .*")
        self.assert_usage_error(PROXY, "--frob", "10001", says="no such option: --frob")

    def test_a_used_port(self):
        with Peer() as other:
            result = run(PROXY, "--port", other.port, "10001")
        self.assertEqual((result.status, result.stdout), (1, b""))
        self.assertRegex(result.error_text,
                         f"\\Apoetry-proxy: CannotListenError: .*{other.port}.*in use.*\n\\Z")

    def test_the_examples_with_a_speed(self):
        for number in (9, 10, 11):
            name = f"part19-cancel/defer-cancel-{number}"
            self.assert_usage_error(name, "--speed", "0", says="option --speed: .*")
            self.assert_usage_error(name, "fast", says="Bad arguments.")


class TheExamplesEnd(unittest.TestCase):
    """Ctrl-C before the poem has arrived."""

    def test_without_a_trace(self):
        for number in (9, 10, 11):
            with Running(f"part19-cancel/defer-cancel-{number}", "--speed", "0.001") as example:
                example.wait_for_its_loop()
                self.assertEqual(example.stop(signal.SIGINT), 0)
                self.assertEqual((example.stdout, example.stderr), (b"", b""))


def sockets(pid):
    """The number of sockets of a process."""
    def target(name):
        try:
            return os.readlink(f"/proc/{pid}/fd/{name}")
        except FileNotFoundError:
            return ""
    return sum(target(name).startswith("socket:") for name in os.listdir(f"/proc/{pid}/fd"))


if __name__ == "__main__":
    harness.main()
