"""Both proxies: what they fetch, what they keep, and what they do when something goes wrong."""

import contextlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from programs.ports import bound_socket
from testing import harness
from testing.harness import (LIMIT, Peer, Server, connect, fetch, listening, poem, receive_all,
                             reset, run, unused_port)

FASTPOETRY = "part11-server/fastpoetry"
FETCHING, CACHED = "Fetching poem from server.", "Using cached poem."
REFUSED = ("[Failure: ConnectionRefusedError: Connection was refused by other side: "
           "111: Connection refused.]")
LOST = ("[Failure: ConnectionLost: Connection to the other side was lost in a non-clean fashion.]")
SCIENCE = poem("science.txt")
BIG = poem("ecstasy.txt") * 3000  # 8 MB


def has_ipv6():
    """Whether this machine has the loopback address ::1."""
    with contextlib.suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        return True
    return False


def finish(connection, data):
    """Sends a poem and closes. When this returns the proxy has seen the end of it."""
    connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)
    receive_all(connection)
    connection.close()


class ProxyCase(unittest.TestCase):
    """A test of one version; `upstream` is a poetry server that the test plays itself."""

    program = ""

    def setUp(self):
        self.upstream = self.enter(listening())
        self.upstream_port = self.upstream.getsockname()[1]

    def enter(self, context):
        """Enters a context manager that ends with the test (Python 3.11: enterContext)."""
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def proxy(self, *arguments):
        """A proxy that runs until the test ends; without arguments, for the test's upstream."""
        return self.enter(Server(self.program, *(arguments or [self.upstream_port])))

    def client(self, proxy):
        """A client of the proxy."""
        return self.enter(connect(proxy.port))

    def accept(self):
        """The next connection that the proxy makes."""
        return self.enter(self.upstream.accept()[0])

    def check_end(self, proxy, lines, errors=""):
        """Ends the proxy, which has printed these lines after its first, and these errors."""
        self.assertEqual(proxy.stop(signal.SIGINT), 0)
        self.assertEqual(proxy.stdout.decode().splitlines()[1:], lines)
        self.assertEqual(proxy.stderr.decode(), errors)

    def report(self, failure):
        """The line with the reason why there is no poem."""
        return f"No poem from 127.0.0.1:{self.upstream_port}: {failure}\n"


class Mistakes:
    def check_usage_error(self, message, *arguments):
        """The usage, the message, and status 2."""
        result = run(self.program, *arguments)
        name = Path(self.program).name
        self.assertEqual((result.stdout, result.status), (b"", 2))
        self.assertEqual(result.error_text, f"Usage: {name} [options] [host:]port\n\n"
                                            f"{name}: error: {message}\n")

    def test_wrong_arguments(self):
        self.check_usage_error("Provide exactly one server address.")
        self.check_usage_error("Provide exactly one server address.", 10000, 10001)
        self.check_usage_error("no such option: --x", "--x", 10000)
        for address, port in ("abc", "abc"), ("localhost:abc", "abc"), ("localhost:", ""), ("", ""):
            self.check_usage_error(f"A port must be an integer, not '{port}'", address)
        self.check_usage_error("A port must be from 0 to 65535, not '70000'", 70000)
        self.check_usage_error("option --port: must be from 0 to 65535, and not '-1'",
                               10000, "--port", -1)

    def test_help(self):
        result = run(self.program, "--help")
        self.assertEqual((result.error_text, result.status), ("", 0))
        self.assertIn("[options] [host:]port\n", result.text)

    def test_a_port_that_is_used(self):
        result = run(self.program, "--port", self.upstream_port, 10000)
        self.assertEqual((result.stdout, result.status), (b"", 1))
        self.assertEqual(result.error_text,
                         f"{Path(self.program).name}: CannotListenError: Couldn't listen on "
                         f"localhost:{self.upstream_port}: 98: Address already in use.\n")

    def test_interfaces(self):
        proxy = self.proxy("--iface", "", self.upstream_port)
        self.assertEqual(proxy.stdout.decode(), f"Proxying 127.0.0.1:{self.upstream_port} "
                                                f"on 0.0.0.0:{proxy.port}.\n")

    @unittest.skipUnless(has_ipv6(), "this machine has no IPv6")
    def test_ipv6_on_both_sides(self):
        server = self.enter(Server(FASTPOETRY, "--iface", "::1", "poetry/science.txt"))
        proxy = self.proxy("--iface", "::1", f"[::1]:{server.port}")
        self.assertEqual(proxy.stdout.decode(),
                         f"Proxying [::1]:{server.port} on [::1]:{proxy.port}.\n")
        with socket.create_connection(("::1", proxy.port), LIMIT) as client:
            self.assertEqual(receive_all(client), SCIENCE)


class Poems:
    def test_it_fetches_once_and_serves_from_then_on(self):
        with Peer(SCIENCE) as server:
            proxy = self.proxy(server.port)
            for _ in range(3):
                self.assertEqual(fetch(proxy.port), SCIENCE)
            self.assertEqual(server.clients, 1)
            self.assertEqual(proxy.stdout.decode().splitlines()[0],
                             f"Proxying 127.0.0.1:{server.port} on 127.0.0.1:{proxy.port}.")
        self.assertEqual(fetch(proxy.port), SCIENCE)  # although the server has ended
        self.check_end(proxy, [FETCHING, CACHED, CACHED, CACHED])

    def test_an_empty_poem_is_a_poem(self):
        with Peer(b"") as server:
            proxy = self.proxy(server.port)
            self.assertEqual([fetch(proxy.port), fetch(proxy.port)], [b"", b""])
            self.check_end(proxy, [FETCHING, CACHED])

    def test_bytes_that_are_no_text(self):
        with Peer(bytes(range(256)) * 999) as server:
            proxy = self.proxy(server.port)
            self.assertEqual([fetch(proxy.port), fetch(proxy.port)], [server.data, server.data])

    def test_a_proxy_before_a_proxy_before_a_server(self):
        server = self.enter(Server(FASTPOETRY, "poetry/alla_sera.txt"))
        second = self.proxy(self.proxy(f"localhost:{server.port}").port)
        self.assertEqual(fetch(second.port), poem("alla_sera.txt"))
        self.assertEqual(fetch(second.port), poem("alla_sera.txt"))
        self.check_end(second, [FETCHING, CACHED])

    def test_netcat_and_curl_get_it_too(self):
        server = self.enter(Server(FASTPOETRY, "poetry/science.txt"))
        for tool, command in {"nc": ["nc", "127.0.0.1"], "curl": ["curl", "-s"]}.items():
            with self.subTest(tool):
                if not shutil.which(tool):
                    self.skipTest(f"{tool} is not installed")
                proxy = self.proxy(server.port)
                self.assertEqual(fetch(proxy.port), SCIENCE)
                where = f"telnet://{proxy.address}" if tool == "curl" else str(proxy.port)
                got = subprocess.run(command + [where], stdin=subprocess.DEVNULL,
                                     stdout=subprocess.PIPE, timeout=LIMIT, check=False)
                self.assertEqual(got.stdout, SCIENCE)
                self.check_end(proxy, [FETCHING, CACHED])


class ManyClients:
    def test_each_that_finds_no_poem_starts_its_own_fetch(self):
        proxy = self.proxy()
        clients, connections = [], []
        for _ in range(3):
            clients.append(self.client(proxy))
            connections.append(self.accept())
        for number in 2, 0, 1:
            finish(connections[number], b"%d" % number)
        self.assertEqual([receive_all(client) for client in clients], [b"0", b"1", b"2"])
        self.assertEqual(fetch(proxy.port), b"1")  # the last to arrive
        self.check_end(proxy, [FETCHING, FETCHING, FETCHING, CACHED])

    def test_two_hundred_at_once_before_and_after_the_fetch(self):
        server = self.enter(Server(FASTPOETRY, "poetry/ecstasy.txt"))
        proxy = self.proxy(server.port)
        for _ in range(2):
            clients = [self.client(proxy) for _ in range(200)]
            for client in clients:
                self.assertEqual(receive_all(client), poem("ecstasy.txt"))
        self.assertEqual(proxy.stdout.decode().splitlines()[-200:], [CACHED] * 200)

    def test_all_share_one_poem(self):
        with Peer(BIG) as server:
            proxy = self.proxy(server.port)
            self.assertEqual(fetch(proxy.port), BIG)
            clients = [self.client(proxy) for _ in range(64)]
            for client in clients:
                self.assertEqual(client.recv(1), BIG[:1])  # so the whole poem was written
            status = Path(f"/proc/{proxy.pid}/status").read_text()
            used = int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) * 1024
            self.assertLess(used, len(clients) * len(BIG) / 2)

    def test_one_that_does_not_read_holds_up_nobody(self):
        with Peer(BIG) as server:
            proxy = self.proxy(server.port)
            lazy = self.client(proxy)
            self.assertEqual(fetch(proxy.port), BIG)
            self.assertEqual(receive_all(lazy), BIG)

    def test_one_that_leaves_while_the_poem_is_sent(self):
        with Peer(BIG) as server:
            proxy = self.proxy(server.port)
            for leave in socket.socket.close, reset:
                client = connect(proxy.port)
                client.recv(1000)
                leave(client)
                self.assertEqual(fetch(proxy.port), BIG)
            self.check_end(proxy, [FETCHING, CACHED, CACHED, CACHED])


class ClientsThatDoNotWait:
    def test_one_that_leaves_while_the_poem_is_fetched(self):
        for leave in socket.socket.close, reset:
            proxy = self.proxy()
            client = connect(proxy.port)
            connection = self.accept()
            leave(client)
            other = self.client(proxy)
            others = self.accept()  # the proxy's loop has run again: it knows that one left
            finish(connection, SCIENCE)
            self.assertEqual(fetch(proxy.port), SCIENCE)
            finish(others, b"another")
            self.assertEqual(receive_all(other), b"another")
            self.check_end(proxy, [FETCHING, FETCHING, CACHED])

    def test_one_that_half_closes_gets_nothing_but_the_next_does(self):
        proxy = self.proxy()
        client = self.client(proxy)
        connection = self.accept()
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(receive_all(client), b"")
        finish(connection, SCIENCE)
        self.assertEqual(fetch(proxy.port), SCIENCE)
        self.check_end(proxy, [FETCHING, CACHED])

    def test_what_a_client_says_is_ignored(self):
        proxy = self.proxy()
        client = self.client(proxy)
        connection = self.accept()
        client.sendall(b"junk\0\r\n" * 100)
        other = self.client(proxy)
        others = self.accept()  # the proxy's loop has run once more: it has read the junk
        finish(connection, SCIENCE)
        self.assertEqual(receive_all(client), SCIENCE)
        finish(others, SCIENCE)
        self.assertEqual(receive_all(other), SCIENCE)
        self.check_end(proxy, [FETCHING, FETCHING])


class BadUpstreams:
    def test_refused_then_started(self):
        self.upstream = self.enter(bound_socket(0))
        self.upstream.settimeout(LIMIT)
        self.upstream_port = self.upstream.getsockname()[1]
        proxy = self.proxy()
        for _ in range(2):
            self.assertEqual(fetch(proxy.port), b"")
        self.upstream.listen()
        client = self.client(proxy)
        finish(self.accept(), SCIENCE)
        self.assertEqual(receive_all(client), SCIENCE)
        self.assertEqual(fetch(proxy.port), SCIENCE)
        self.check_end(proxy, [FETCHING, FETCHING, FETCHING, CACHED], self.report(REFUSED) * 2)

    def test_a_poem_that_was_cut_short_is_never_cached(self):
        proxy = self.proxy()
        client = self.client(proxy)
        connection = self.accept()
        connection.sendall(SCIENCE[:100])
        reset(connection)
        self.assertEqual(receive_all(client), b"")
        client = self.client(proxy)
        finish(self.accept(), SCIENCE)
        self.assertEqual(receive_all(client), SCIENCE)
        self.assertEqual(fetch(proxy.port), SCIENCE)
        self.check_end(proxy, [FETCHING, FETCHING, CACHED], self.report(LOST))

    def test_one_fetch_that_fails_does_not_touch_another(self):
        proxy = self.proxy()
        unlucky = self.client(proxy)
        lost = self.accept()
        lucky = self.client(proxy)
        good = self.accept()
        reset(lost)
        self.assertEqual(receive_all(unlucky), b"")
        finish(good, SCIENCE)
        self.assertEqual(receive_all(lucky), SCIENCE)
        self.check_end(proxy, [FETCHING, FETCHING], self.report(LOST))

    def test_nobody_listens(self):
        with unused_port() as port:
            self.upstream_port = port
            proxy = self.proxy()
            self.assertEqual(fetch(proxy.port), b"")
            self.check_end(proxy, [FETCHING], self.report(REFUSED))


class Signals:
    def test_both_end_it_without_a_word(self):
        for number in signal.SIGINT, signal.SIGTERM:
            with self.subTest(number), Server(self.program, self.upstream_port) as proxy:
                self.assertEqual(proxy.stop(number), 0)
                self.assertEqual(proxy.stdout.count(b"\n"), 1)
                self.assertEqual(proxy.stderr, b"")

    def test_in_the_middle_of_a_fetch(self):
        proxy = self.proxy()
        client = self.client(proxy)
        connection = self.accept()
        connection.sendall(SCIENCE[:100])
        self.check_end(proxy, [FETCHING])
        self.assertEqual(receive_all(client), b"")


def load_tests(loader, _tests, _pattern):
    """Every test, for both versions."""
    suite = unittest.TestSuite()
    for program in "poetry-proxy", "poetry-proxy-2":
        for tests in Mistakes, Poems, ManyClients, ClientsThatDoNotWait, BadUpstreams, Signals:
            case = type(f"{tests.__name__} of {program}", (tests, ProxyCase),
                        {"program": f"part14-proxy/{program}"})
            suite.addTests(loader.loadTestsFromTestCase(case))
    return suite


if __name__ == "__main__":
    harness.main()
