"""5,000 clients at once: every poem complete, none lost. Server and clients in two processes."""

import resource
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))

import harness  # pylint: disable=wrong-import-position
from harness import ROOT, Server, fetch, poem, run  # pylint: disable=wrong-import-position

CLIENTS = 5000
POEM = ROOT / "poetry" / "ecstasy.txt"


class ManyClients(unittest.TestCase):
    """Our servers with more clients at once than a soft limit usually allows descriptors."""

    @classmethod
    def setUpClass(cls):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        if hard != resource.RLIM_INFINITY and hard < CLIENTS + 100:
            raise unittest.SkipTest(f"the hard limit allows {hard} descriptors, not {CLIENTS}")
        # What the servers inherit.
        resource.setrlimit(resource.RLIMIT_NOFILE, (CLIENTS + 100, hard))

    def all_complete(self, port):
        """Sends the clients."""
        result = run("tests/many-clients", CLIENTS, port, POEM, timeout=300)
        self.assertIn(f"{CLIENTS} of {CLIENTS} poems complete", result.text, result)

    def test_fast_server(self):
        with Server("part11-server/fastpoetry", POEM) as server:
            self.all_complete(server.port)

    def test_warm_proxy(self):
        with Server("part11-server/fastpoetry", POEM) as upstream, \
                Server("part14-proxy/poetry-proxy-2", upstream.port) as proxy:
            self.assertEqual(fetch(proxy.port), poem("ecstasy.txt"))
            self.all_complete(proxy.port)


if __name__ == "__main__":
    harness.main()
