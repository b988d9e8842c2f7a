"""The client that waits for all its poems at once. (The others have .expected files.)"""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from testing import harness, transforms
from testing.clients import connected, send_all


class Client(transforms.Transforms, unittest.TestCase):
    client = "part18-deferred-list/get-poetry"

    def cummingsify_failed(self, reason):
        return "Cummingsify failed!\n"

    def download_failed(self, name, reason):
        return "", f"The poem download failed: {reason}\n"

    def test_poems_are_printed_as_they_arrive(self):
        with connected(self.client, 2, self.words) as (client, (one, two)):
            send_all(two, b"The Second")
            client.wait_for_line("the second")
            send_all(one, b"The First")
            self.assertEqual(client.result(), (b"the second\nthe first\n", b"", 0))


if __name__ == "__main__":
    harness.main()
