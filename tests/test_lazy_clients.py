"""Clients that never read: while they wait, the server does nothing for them, and they cost little.

The same for clients that never send. (./tour bench measures how fast other clients are served.)
"""

import contextlib
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

import load
from load import FASTPOETRY, WARM_PROXY, Calls, lazy_client, many_clients, outcome
from programs.processes import wait_until
from testing import harness
from testing.harness import Server, fetch

LAZY = 200
OTHERS = 400
SILENT = 20
MORE = 2000
POEM = load.long_poem()
MOST_BYTES = 1000  # for each client, beyond the socket
MOST_ROUNDS = 50


@contextlib.contextmanager
def fast_server(file):
    """The server of Part 11."""
    calls = Calls(FASTPOETRY, file)
    with calls.server:
        yield calls


@contextlib.contextmanager
def warm_proxy(file):
    """A proxy that has the poem."""
    with Server(FASTPOETRY, file) as upstream:
        calls = Calls(WARM_PROXY, upstream.port)
        with calls.server as proxy:
            fetch(proxy.port)
            yield calls


class LazyClients(unittest.TestCase):
    """The poem does not fit into the kernel's buffers: the server keeps the rest."""

    def setUp(self):
        file = load.file_of(POEM)
        self.file = file.__enter__()  # Python 3.11: enterContext
        self.addCleanup(file.__exit__, None, None, None)

    def block(self, server, number, stack):
        """Connects lazy clients. Returns the server's descriptors for them when all have been
        written to, and wait."""
        before = load.sockets(server)
        for _ in range(number):
            stack.enter_context(lazy_client(server))
        self.assertEqual(fetch(server.port), POEM)  # earlier clients have been served earlier
        def theirs():
            return {fd for fd, socket in load.sockets(server).items() if before.get(fd) != socket}
        # The server closes the connection of fetch() a moment after the poem.
        self.assertTrue(wait_until(lambda: len(theirs()) == number))
        return theirs()

    @load.descriptors(LAZY + OTHERS + 300)
    def test_nothing_is_done_for_them_while_others_are_served(self):
        for start in fast_server, warm_proxy:
            with self.subTest(start.__name__), start(self.file) as calls, \
                    contextlib.ExitStack() as stack:
                theirs = self.block(calls.server, LAZY, stack)
                self.assertGreaterEqual(calls.on(theirs), LAZY)
                # At first, the kernel may have room for a little more of their poems.
                for _ in range(MOST_ROUNDS):
                    before = calls.on(theirs)
                    with many_clients(OTHERS, calls.server, self.file) as clients:
                        self.assertEqual(outcome(clients), {"complete": OTHERS})
                    more = calls.on(theirs) - before
                    if more == 0:
                        break
                self.assertEqual(more, 0, f"calls for {LAZY} clients that wait, while {OTHERS} "
                                          "others were served")

    @load.descriptors(LAZY + MORE + 200)
    def test_what_one_costs(self):
        for start in fast_server, warm_proxy:
            with start(self.file) as calls, contextlib.ExitStack() as stack:
                server = calls.server
                self.block(server, LAZY, stack)
                before = load.memory(server)
                if before is None:
                    self.skipTest("a sanitizer takes memory, too")
                self.block(server, MORE, stack)
                bytes_each = (load.memory(server) - before) / MORE
                print(f"{start.__name__}: {bytes_each:.0f} bytes for each that never reads")
                self.assertLessEqual(bytes_each, MOST_BYTES)


class SilentClients(unittest.TestCase):
    """Clients that only listen: the end of the connection costs the server nothing."""

    def test_two_calls_for_a_poem(self):
        for start in fast_server, warm_proxy:
            with self.subTest(start.__name__), load.file_of(b"a poem\n") as file, \
                    start(file) as calls:
                every = range(4096)
                fetch(calls.server.port)
                before = calls.on(every)
                for _ in range(SILENT):
                    self.assertEqual(fetch(calls.server.port), b"a poem\n")
                each = (calls.on(every) - before) / SILENT
                self.assertEqual(each, 2, "one that sends, one that looks at the connection")


if __name__ == "__main__":
    harness.main()
