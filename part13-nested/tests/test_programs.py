"""The client whose chains wait for other chains. (defer-10 has its .expected file.)"""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from testing import harness, transforms
from testing.clients import connected, send_all
from testing.harness import run


class Client(transforms.Transforms, unittest.TestCase):
    client = "part13-nested/get-poetry"

    def cummingsify_failed(self, reason):
        return "Cummingsify failed!\n"

    def download_failed(self, name, reason):
        return f"[Failure: {name}: {reason}]\n", "The poem download failed.\n"

    def test_poems_are_printed_in_the_end_in_the_order_of_their_ends(self):
        with connected(self.client, 2, self.words) as (client, (one, two)):
            send_all(two, b"The Second")
            send_all(one, b"The First")
            result = client.result()
        self.assertEqual(sorted(result.stdout.splitlines()), [b"the first", b"the second"])
        self.assertEqual((result.stderr, result.status), (b"", 0))


class Defer10(unittest.TestCase):
    def test_wrong_arguments(self):
        for words, message in [
                (["--variation", "4"], "option --variation: must be 1|2|3, and not '4'"),
                (["1"], "Bad arguments.")]:
            result = run("part13-nested/defer-10", *words)
            self.assertEqual((result.stdout, result.status), (b"", 2))
            self.assertEqual(result.error_text,
                             f"Usage: defer-10 [options]\n\ndefer-10: error: {message}\n")


if __name__ == "__main__":
    harness.main()
