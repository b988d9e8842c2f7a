"""SIGTERM and Ctrl-C while hundreds of clients are served: the server ends cleanly without waiting.

(If it waited for a client that does not read, or for a fetch, it would never end here.)
"""

import contextlib
import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

import load
from load import FASTPOETRY, PROXIES, WARM_PROXY, lazy_client, many_clients, outcome
from testing import harness
from testing.harness import ROOT, Server, connect, fetch, receive_all

CLIENTS = 500
LAZY = 200
LATE = 100
COLD = 1000
MOST_IN_A_TURN = 8  # accepted connections: see common/twist/net/listening.cpp
BOTH = signal.SIGTERM, signal.SIGINT
POEM = load.long_poem()
SHORT_POEM = ROOT / "poetry" / "ecstasy.txt"


def received(client):
    """Everything until the connection ends, in any way."""
    with contextlib.suppress(ConnectionResetError):
        return receive_all(client)
    return b""


class SignalsUnderLoad(unittest.TestCase):
    """The sanitizers find leaks and uses of freed memory, and the harness checks their output."""

    def setUp(self):
        self.file = self.enter(load.file_of(POEM))

    def enter(self, context):
        """Python 3.11: enterContext."""
        result = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return result

    def fast_server(self):
        """The server of Part 11."""
        return Server(FASTPOETRY, self.file)

    def warm_proxy(self):
        """A proxy that has the poem."""
        proxy = Server(WARM_PROXY, self.enter(Server(FASTPOETRY, self.file)).port)
        fetch(proxy.port)
        return proxy

    def end(self, server, number):
        """Sends the signal: the server ends, and reports nothing."""
        self.assertEqual(server.stop(number), 0)
        self.assertEqual(server.stderr, b"")

    def each(self, check):
        """Checks each server with each signal."""
        for start in self.fast_server, self.warm_proxy:
            for number in BOTH:
                with self.subTest(start.__name__, number=number), start() as server:
                    check(server, number)

    @load.descriptors(CLIENTS + LAZY + 100)
    def test_in_the_middle_of_a_crowd(self):
        def check(server, number):
            with contextlib.ExitStack() as stack:
                lazy = [stack.enter_context(lazy_client(server)) for _ in range(LAZY)]
                with many_clients(CLIENTS, server, self.file, "--again") as clients:
                    clients.wait_for_line("The first poem is complete.")
                    self.end(server, number)
                    ended = outcome(clients)
                self.assertNotIn("complete, then reset", ended)
                self.assertNotIn("wrong", ended)
                for client in lazy:
                    self.assertTrue(POEM.startswith(receive_all(client)))

        self.each(check)

    @load.descriptors(LATE + 100)
    def test_who_comes_after_the_signal_comes_too_late(self):
        def check(server, number):
            with contextlib.ExitStack() as stack:
                with load.stopped(server):
                    server.send(number)
                    late = [stack.enter_context(connect(server.port)) for _ in range(LATE)]
                self.end(server, 0)
                poems = sum(received(client) == POEM for client in late)
            self.assertLessEqual(poems, MOST_IN_A_TURN)

        self.each(check)

    @load.descriptors(2 * COLD + 100)
    def test_a_proxy_that_fetches_for_a_thousand(self):
        for program in PROXIES:
            for number in BOTH:
                with self.subTest(program, number=number), harness.listening() as upstream:
                    upstream.listen(COLD)
                    with Server(program, upstream.getsockname()[1]) as proxy, \
                            many_clients(COLD, proxy, SHORT_POEM) as clients:
                        fetches = [upstream.accept()[0] for _ in range(COLD)]
                        self.end(proxy, number)
                        for connection in fetches:
                            connection.close()
                        self.assertEqual(outcome(clients), {"empty": COLD})


if __name__ == "__main__":
    harness.main()
