"""`ulimit -n 64`: a server without free descriptors waits, and serves the rest when it has some."""

import contextlib
import os
import sys
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

import load
from load import FASTPOETRY, FULL, PROXIES, WARM_PROXY, Calls, lazy_client, many_clients, outcome
from programs.processes import wait_until
from testing import harness
from testing.harness import ROOT, Peer, Server, fetch, poem, receive_all

FEW = 64
CLIENTS = 150
LOOKS, MOST_ROUNDS = 20, 50  # of the full server at waiting clients
MOST_LINES = 9  # one a minute, and no test here takes ten
SHORT_POEM = ROOT / "poetry" / "ecstasy.txt"
LONG_POEM = load.long_poem()


class FewDescriptors(unittest.TestCase):
    """More clients than the server has descriptors."""

    def setUp(self):
        # UBSan needs a pipe to inspect an object's type, and can't open one here.
        without_types = load.file_of(b"vptr:*\n")
        options = f"suppressions={without_types.__enter__()}"  # Python 3.11: enterContext
        self.addCleanup(without_types.__exit__, None, None, None)
        environment = mock.patch.dict(os.environ, UBSAN_OPTIONS=options)
        environment.start()
        self.addCleanup(environment.stop)

    def check_full(self, calls):
        """Waits until the server says that it is full. Then those who wait to be let in must not
        keep it busy: it looks at them when its timer says so, and not all the time."""
        calls.server.wait_for_line(FULL)
        for _ in range(MOST_ROUNDS):  # at first, there may be room for a little more of a poem
            woken_before, timers_before = calls.waits()
            if not wait_until(lambda before=timers_before: calls.waits()[1] >= before + LOOKS):
                raise AssertionError(f"it does not wait for its timer: epoll came back for "
                                     f"descriptors and for time {calls.waits()} times")
            woken, timers = calls.waits()
            woken, timers = woken - woken_before, timers - timers_before
            if woken <= timers + 1:
                break
        print(f"{self.id()}: while it is full, {woken} times awake for its clients, and {timers} "
              "times for its timer")
        self.assertLessEqual(woken, timers + 1)

    def check_end(self, server):
        """The server has reported that it was full, at most once a minute, and ends cleanly."""
        self.assertEqual(server.stop(), 0)
        lines = server.stderr.decode().splitlines()
        for line in lines:
            self.assertRegex(line, f"^{FULL}")
        self.assertLessEqual(len(lines), MOST_LINES)

    def serves_all_in_the_end(self, calls):
        """Clients that do not read fill the server; then they read, one after the other."""
        server = calls.server
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(lazy_client(server)) for _ in range(CLIENTS)]
            self.check_full(calls)
            self.assertGreater(load.open_descriptors(server), FEW - 4)
            for client in clients:
                self.assertEqual(receive_all(client), LONG_POEM)
        self.assertEqual(fetch(server.port), LONG_POEM)
        self.check_end(server)

    def test_fast_server(self):
        with load.file_of(LONG_POEM) as file:
            with load.descriptors(FEW):
                calls = Calls(FASTPOETRY, file)
            with calls.server:
                self.serves_all_in_the_end(calls)

    def test_warm_proxy(self):
        with load.file_of(LONG_POEM) as file, Server(FASTPOETRY, file) as upstream:
            with load.descriptors(FEW):
                calls = Calls(WARM_PROXY, upstream.port)
            with calls.server:
                self.assertEqual(fetch(calls.server.port), LONG_POEM)
                self.serves_all_in_the_end(calls)

    def test_a_cold_proxy_has_a_descriptor_for_every_fetch(self):
        for program in PROXIES:
            with self.subTest(program):
                upstream = Peer(poem("ecstasy.txt"))  # listens, but does not answer yet
                with load.descriptors(FEW):
                    calls = Calls(program, upstream.port)
                with calls.server as proxy, many_clients(CLIENTS, proxy, SHORT_POEM) as clients:
                    self.check_full(calls)
                    with upstream:
                        self.assertEqual(outcome(clients), {"complete": CLIENTS})
                    self.check_end(proxy)

    def test_a_crowd_of_quick_clients(self):
        with load.descriptors(FEW):
            server = Server(FASTPOETRY, SHORT_POEM)
            proxy = Server(WARM_PROXY, server.port)
        with server, proxy:
            for target in server, proxy:
                with many_clients(1000, target, SHORT_POEM) as clients:
                    self.assertEqual(outcome(clients), {"complete": 1000})
            self.check_end(proxy)
            self.check_end(server)


if __name__ == "__main__":
    harness.main()
