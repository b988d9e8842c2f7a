"""Every proxy has the hostile poet as its server, in each mode."""

import re
import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

from hostile import MODES, MORE, POEM, Poet
from testing import harness
from testing.harness import Server, connect, fetch, receive_all

PROXIES = {"1.0": "part14-proxy/poetry-proxy", "2.0": "part14-proxy/poetry-proxy-2",
           "3.0": "part19-cancel/poetry-proxy"}
FETCHING, CACHED = "Fetching poem from server.", "Using cached poem."

# The result for the proxy and its clients:
#   poem   the first client gets the whole poem; the next one gets it from the cache
#   more   the same with what came after the end; empty: the same with a poem of no bytes
#   none   the first client gets nothing, and nothing is cached: the proxy fetches again
#   waits  the first client waits, and the next ones are served; nothing of the first fetch is
#          cached
MATRIX = """
                 dribble  split  half-close  after-end  close  reset  silent  endless
1.0              poem     poem   poem        more       empty  none   waits   waits
2.0              poem     poem   poem        more       empty  none   waits   waits
3.0              poem     poem   poem        more       empty  none   waits   waits
"""


class Matrix(unittest.TestCase):
    """One test for each row: see load_tests."""

    program: str
    outcomes: list

    def test_every_mode(self):
        for mode, outcome in zip(MODES, self.outcomes):
            with self.subTest(mode), Poet(mode, "--victims", 1, text=POEM) as poet, \
                    Server(self.program, poet.port) as proxy:
                getattr(self, outcome)(poet, proxy)

    def test_a_stalled_fetch(self):
        for mode in "dribble", "split":
            with self.subTest(mode), Poet(mode, "--victims", 1, "--delay", 3600) as poet, \
                    Server(self.program, poet.port) as proxy:
                self.waits(poet, proxy)

    def test_a_poem_that_was_cut_short_in_good_order(self):
        # Nobody can tell: unlike a netstring, a poem has no length.
        for mode in "half-close", "close":
            with self.subTest(mode), Poet(mode, "--victims", 1, "--after", 5) as poet, \
                    Server(self.program, poet.port) as proxy:
                self.poem(poet, proxy, POEM[:5])

    def check_end(self, proxy, lines, errors=""):
        """Ends the proxy. Fails unless it printed these lines after its first, and these errors."""
        self.assertEqual(proxy.stop(signal.SIGINT), 0)
        self.assertEqual(proxy.stdout.decode().splitlines()[1:], lines)
        self.assertRegex(proxy.stderr.decode(), rf"\A{errors}\Z")

    def poem(self, _poet, proxy, expected=POEM):
        """The proxy has cached the whole poem."""
        self.assertEqual([fetch(proxy.port), fetch(proxy.port)], [expected, expected])
        self.check_end(proxy, [FETCHING, CACHED])

    def more(self, poet, proxy):
        """The proxy has cached more than the poem."""
        self.poem(poet, proxy, MORE)

    def empty(self, poet, proxy):
        """The proxy has cached a poem of no bytes."""
        self.poem(poet, proxy, b"")

    def none(self, poet, proxy):
        """The proxy has reported the error, and cached nothing."""
        self.assertEqual([fetch(proxy.port), fetch(proxy.port)], [b"", POEM])
        self.assertEqual(fetch(proxy.port), POEM)
        self.check_end(proxy, [FETCHING, FETCHING, CACHED], self.no_poem(poet))

    def waits(self, poet, proxy):
        """The proxy still fetches for one client, and serves the others."""
        with connect(proxy.port) as first:
            proxy.wait_for_line(re.escape(FETCHING))
            self.assertEqual([fetch(proxy.port), fetch(proxy.port)], [POEM, POEM])
            self.assertEqual(proxy.stdout.decode().splitlines()[1:], [FETCHING, FETCHING, CACHED])
            self.assertEqual(proxy.stop(signal.SIGINT), 0)
            self.assertEqual(receive_all(first), b"")
            # The first client's fetch may have reached a limit of the proxy.
            self.assertRegex(proxy.stderr.decode(), rf"\A(?:{self.no_poem(poet)})?\Z")

    def no_poem(self, poet):
        """A pattern for the line that reports a missing poem."""
        return rf"No poem from {re.escape(poet.address)}: \[Failure: .*\]\n"


def load_tests(loader, _tests, _pattern):
    """A test case for each row of the matrix."""
    suite = unittest.TestSuite()
    head, *rows = MATRIX.strip("\n").splitlines()
    assert head.split() == MODES and len(rows) == len(PROXIES)
    for row in rows:
        version, *outcomes = row.split()
        suite.addTests(loader.loadTestsFromTestCase(
            type(f"proxy {version}", (Matrix,),
                 {"program": PROXIES[version], "outcomes": outcomes})))
    return suite


if __name__ == "__main__":
    harness.main()
