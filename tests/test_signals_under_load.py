"""SIGTERM and Ctrl-C while thousands are served: the server ends at once, in good order."""

import contextlib
import signal
import time
import unittest

import load
import harness
from harness import ROOT, Server, fetch, receive_all
from load import FASTPOETRY, PROXIES, WARM_PROXY, lazy_client, many_clients, outcome

CLIENTS = 500
LAZY = 200
COLD = 1000
MOST_SECONDS = 1
MOST_ROUNDS = 5  # a busy machine may ask for another round
BOTH = signal.SIGTERM, signal.SIGINT
POEM = load.long_poem()
SHORT_POEM = ROOT / "poetry" / "ecstasy.txt"


class SignalsUnderLoad(unittest.TestCase):
    """A leak, or a use of what has gone, is for the sanitizers to find; the harness looks."""

    def seconds_to_end(self, server, number):
        """Sends the signal, and returns how long the server takes to end in good order."""
        began = time.monotonic()
        self.assertEqual(server.stop(number), 0)
        seconds = time.monotonic() - began
        self.assertEqual(server.stderr, b"")
        return seconds

    def check_quick(self, a_round):
        """Fails unless one of the rounds, which return seconds, is short enough."""
        seconds = []
        while not seconds or (min(seconds) > MOST_SECONDS and len(seconds) < MOST_ROUNDS):
            seconds.append(a_round())
        print(f"{self.id()}: ended in {min(seconds):.2f} seconds")
        self.assertLess(min(seconds), MOST_SECONDS)

    def in_the_middle(self, server, file, number):
        """A server that sends to a crowd, to clients that never read as well, and then ends."""
        with contextlib.ExitStack() as stack:
            lazy = [stack.enter_context(lazy_client(server)) for _ in range(LAZY)]
            with many_clients(CLIENTS, server, file, "--again") as clients:
                clients.wait_for_line("The first poem is complete.")
                seconds = self.seconds_to_end(server, number)
                ended, _ = outcome(clients)
            print(f"{self.id()}: {ended['complete']} poems were complete before it ended")
            self.assertNotIn("complete, then reset", ended)
            self.assertNotIn("wrong", ended)
            for client in lazy:
                self.assertTrue(POEM.startswith(receive_all(client)))
        return seconds

    @load.descriptors(CLIENTS + LAZY + 100)
    def test_fast_server(self):
        def a_round():
            with Server(FASTPOETRY, file) as server:
                return self.in_the_middle(server, file, number)

        with load.file_of(POEM) as file:
            for number in BOTH:
                with self.subTest(number):
                    self.check_quick(a_round)

    @load.descriptors(CLIENTS + LAZY + 100)
    def test_warm_proxy(self):
        def a_round():
            with Server(WARM_PROXY, upstream.port) as proxy:
                fetch(proxy.port)
                return self.in_the_middle(proxy, file, number)

        with load.file_of(POEM) as file, Server(FASTPOETRY, file) as upstream:
            for number in BOTH:
                with self.subTest(number):
                    self.check_quick(a_round)

    @load.descriptors(2 * COLD + 100)
    def test_a_proxy_that_fetches_for_a_thousand(self):
        def a_round():
            with harness.listening() as upstream:
                upstream.listen(COLD)
                with Server(program, upstream.getsockname()[1]) as proxy, \
                        many_clients(COLD, proxy, SHORT_POEM) as clients:
                    fetches = [upstream.accept()[0] for _ in range(COLD)]
                    seconds = self.seconds_to_end(proxy, number)
                    for connection in fetches:
                        connection.close()
                    self.assertEqual(outcome(clients)[0], {"empty": COLD})
                    return seconds

        for program in PROXIES:
            for number in BOTH:
                with self.subTest(program, number=number):
                    self.check_quick(a_round)


if __name__ == "__main__":
    harness.main()
