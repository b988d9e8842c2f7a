"""The proxy in front of a server that is stopped, killed, or never stops."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from testing import harness, proxies


class Proxy3(proxies.Limits, unittest.TestCase):
    """Version 3.0."""

    proxy = "part19-cancel/poetry-proxy"
    gives_up = ["Canceling poem download."]


if __name__ == "__main__":
    harness.main()
