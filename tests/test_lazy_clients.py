"""Clients that never read: the others are served as fast as without them, and they cost little."""

import contextlib
import statistics
import unittest

import load
import harness
from harness import Server, fetch
from load import FASTPOETRY, WARM_PROXY, lazy_client, many_clients, outcome

LAZY = 200
MORE = 2000
POEM = load.long_poem()
MOST_BYTES = 800  # for each of them, beyond the socket
LEAST_SPEED = 0.9  # of the speed without them
ENOUGH_ROUNDS, MOST_ROUNDS = 7, 35  # noise may ask for more rounds; it does not decide


@contextlib.contextmanager
def fast_server(file):
    """The server of Part 11."""
    with Server(FASTPOETRY, file) as server:
        yield server


@contextlib.contextmanager
def warm_proxy(file):
    """A proxy that has the poem."""
    with Server(FASTPOETRY, file) as upstream, Server(WARM_PROXY, upstream.port) as proxy:
        fetch(proxy.port)
        yield proxy


class LazyClients(unittest.TestCase):
    """The poem is too long for what the kernel takes: the server has the rest of it to send."""

    def setUp(self):
        file = load.file_of(POEM)
        self.file = file.__enter__()  # Python 3.11: enterContext
        self.addCleanup(file.__exit__, None, None, None)

    def block(self, server, number, stack):
        """Sends lazy clients. When this returns all of them have been written to, and wait."""
        before = load.open_descriptors(server)
        for _ in range(number):
            stack.enter_context(lazy_client(server))
        self.assertEqual(fetch(server.port), POEM)  # whoever came earlier has been served earlier
        self.assertGreaterEqual(load.open_descriptors(server), before + number)

    def a_round(self, server):
        """What 400 clients take: seconds, and seconds of the server's processor."""
        before = load.processor_seconds(server)
        with many_clients(400, server, self.file) as clients:
            ended, seconds = outcome(clients)
        self.assertEqual(ended, {"complete": 400})
        return seconds, load.processor_seconds(server) - before

    @load.descriptors(LAZY + 700)
    def test_the_others_are_served_as_fast(self):
        for start in fast_server, warm_proxy:
            with self.subTest(start.__name__), start(self.file) as alone, \
                    start(self.file) as burdened, contextlib.ExitStack() as stack:
                self.block(burdened, LAZY, stack)
                without, beside = [], []
                for rounds in range(1, MOST_ROUNDS + 1):
                    without.append(self.a_round(alone))
                    beside.append(self.a_round(burdened))
                    speed, work = (statistics.median(one) / statistics.median(other)
                                   for one, other in zip(zip(*without), zip(*beside)))
                    if rounds >= ENOUGH_ROUNDS and min(speed, work) >= LEAST_SPEED:
                        break
                print(f"{start.__name__}: beside {LAZY} that never read, the others are served at "
                      f"{speed:.2f} times the speed without them, {work:.2f} times by the server's "
                      f"processor time ({rounds} rounds)")
                self.assertGreaterEqual(min(speed, work), LEAST_SPEED)

    @load.descriptors(LAZY + MORE + 200)
    def test_what_one_costs(self):
        for start in fast_server, warm_proxy:
            with start(self.file) as server, contextlib.ExitStack() as stack:
                self.block(server, LAZY, stack)
                before = load.memory(server)
                if before is None:
                    self.skipTest("a sanitizer takes memory, too")
                self.block(server, MORE, stack)
                bytes_each = (load.memory(server) - before) / MORE
                print(f"{start.__name__}: {bytes_each:.0f} bytes for each that never reads")
                self.assertLessEqual(bytes_each, MOST_BYTES)


if __name__ == "__main__":
    harness.main()
