"""10,000 clients at once, and 1,000 that find the proxy's cache empty: each is served, or told why.

Servers and clients are different processes. CLIENTS=2000 in the environment reduces the number.
"""

import os
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

import load
from load import FASTPOETRY, PROXIES, WARM_PROXY, many_clients, outcome
from testing import harness
from testing.harness import ROOT, Server, fetch, poem, run, unused_port

CLIENTS = int(os.environ.get("CLIENTS", "10000"))
COLD = min(CLIENTS, 1000)
POEM = ROOT / "poetry" / "ecstasy.txt"
FETCHING = b"Fetching poem from server.\n"


class ManyClients(unittest.TestCase):
    """All are connected before the first one reads."""

    def all_complete(self, server):
        """Runs the clients, and checks their results."""
        with many_clients(CLIENTS, server, POEM, "--together") as clients:
            ended = outcome(clients)
        self.assertEqual(ended, {"complete": CLIENTS})
        self.assertEqual((server.stop(), server.stderr), (0, b""))

    @load.descriptors(CLIENTS + 100)
    def test_fast_server(self):
        with Server(FASTPOETRY, POEM) as server:
            self.all_complete(server)

    @load.descriptors(CLIENTS + 100)
    def test_warm_proxy(self):
        with Server(FASTPOETRY, POEM) as upstream, Server(WARM_PROXY, upstream.port) as proxy:
            self.assertEqual(fetch(proxy.port), poem("ecstasy.txt"))
            self.all_complete(proxy)


class ColdProxy(unittest.TestCase):
    """All clients connect before there is a poem: each has its own fetch."""

    @load.descriptors(2 * COLD + 100)
    def test_each_has_its_own_fetch(self):
        for program in PROXIES:
            with self.subTest(program), harness.listening() as upstream:
                upstream.listen(COLD)
                with Server(program, upstream.getsockname()[1]) as proxy, \
                        many_clients(COLD, proxy, POEM) as clients:
                    fetches = [upstream.accept()[0] for _ in range(COLD)]
                    for connection in fetches:
                        with connection:
                            connection.sendall(poem("ecstasy.txt"))
                    self.assertEqual(outcome(clients), {"complete": COLD})
                    self.assertEqual((proxy.stop(), proxy.stderr), (0, b""))
                    self.assertEqual(proxy.stdout.count(FETCHING), COLD)

    @load.descriptors(2 * COLD + 100)
    def test_the_upstream_is_down(self):
        for program in PROXIES:
            with self.subTest(program), unused_port() as port, Server(program, port) as proxy:
                with many_clients(COLD, proxy, POEM) as clients:
                    self.assertEqual(outcome(clients), {"empty": COLD})
                self.assertEqual(proxy.stop(), 0)
                errors = proxy.stderr.decode().splitlines()
                self.assertEqual(len(errors), COLD)
                for line in errors:
                    self.assertRegex(line, r"^No poem from .*ConnectionRefusedError")


class GivingUp(unittest.TestCase):
    """Clients whose server stops still end, and say what they miss."""

    def test_who_is_left(self):
        with harness.listening() as server, load.file_of(b"a poem") as file:
            result = run("tests/many-clients", "--patience", 0.1, 3, server.getsockname()[1], file)
        self.assertEqual((result.error_text, result.status), (
            "many-clients: nothing has happened for 0.1 s. 0 clients are connecting, 3 are "
            "connected and have no byte, 0 are in the middle of the poem.\n", 1))


if __name__ == "__main__":
    harness.main()
