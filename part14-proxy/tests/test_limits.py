"""Both proxies in front of a server that is stopped, killed, or never stops."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from testing import harness, proxies
from testing.proxies import FETCHING, SHORT, TOO_LATE


class Limits(proxies.Limits):
    """The fetch continues after its client has left, but not for ever."""

    def test_a_client_that_has_left(self):
        proxy = self.start(*SHORT)
        client = self.client(proxy)
        connection = self.accept()
        client.close()
        self.assert_dropped(connection)
        self.assert_printed(proxy, FETCHING, errors=[TOO_LATE])


class Proxy1(Limits, unittest.TestCase):
    """Version 1.0."""

    proxy = "part14-proxy/poetry-proxy"


class Proxy2(Limits, unittest.TestCase):
    """Version 2.0."""

    proxy = "part14-proxy/poetry-proxy-2"


if __name__ == "__main__":
    harness.main()
