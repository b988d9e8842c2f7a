"""The clients that put each poem through a step that may fail, and everything that may happen."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from testing import clients, harness
from testing.clients import connected, send_all
from testing.harness import Peer, poem, reset, run, unused_port

TRY = "part10-transformed/get-poetry"
ERRBACK = "part10-transformed/get-poetry-1"
FAILED = b"The poem download failed.\n"
NOT_CUMMINGSIFIED = b"Cummingsify failed!\n"
LATIN = "Tu così".encode("latin-1")  # not UTF-8


class Client(clients.Downloads, clients.Interrupted, clients.CommandLine):
    """The common part of both."""

    words = ("--outcome", "success")
    complaint = FAILED.decode()

    def shown(self, number, text):
        return text.decode().lower().encode() + b"\n"

    def outcome(self, name, *words):
        """The result with this outcome."""
        return run(self.client, "--outcome", name, *words)

    def test_success_in_any_language(self):
        with Peer("ALLA SERA: È, Ü, Ж".encode()) as peer:
            self.assertEqual(self.outcome("success", peer.port),
                             ("alla sera: è, ü, ж\n".encode(), b"", 0))

    def test_gibberish(self):
        with Peer(b"Poem") as peer:
            self.assertEqual(self.outcome("gibberish", peer.port, peer.port),
                             (b"", FAILED * 2, 1))

    def test_bug(self):
        with Peer(b"Poem") as peer:
            self.assertEqual(self.outcome("bug", peer.port),
                             (NOT_CUMMINGSIFIED + b"Poem\n", b"", 0))

    def test_each_comes_up_by_chance(self):
        outcomes = {(b"poem\n", b"", 0), (NOT_CUMMINGSIFIED + b"Poem\n", b"", 0), (b"", FAILED, 1)}
        with Peer(b"Poem") as peer:
            seen = {run(self.client, peer.port) for _ in range(100)}  # none missing: 1 - 1e-17
        self.assertEqual(seen, outcomes)

    def test_each_poem_has_its_own_luck(self):
        with Peer(b"Poem") as peer:
            result = run(self.client, *[peer.port] * 100)
        for line in b"poem", b"Poem", NOT_CUMMINGSIFIED.strip():
            self.assertIn(line, result.stdout.splitlines())
        self.assertIn(FAILED, result.stderr)
        self.assertEqual(result.status, 1)

    def test_refused(self):
        with Peer(b"Poem") as peer, unused_port() as port:
            self.assertEqual(self.outcome("success", port, peer.port), (b"poem\n", FAILED, 1))

    def test_a_reset(self):
        with connected(self.client, 1, self.words) as (client, (server,)):
            server.sendall(b"Half")
            reset(server)
            self.assertEqual(client.result(), (b"", FAILED, 1))

    def test_poems_are_printed_as_they_arrive(self):
        with connected(self.client, 2, self.words) as (client, (one, two)):
            send_all(two, b"The second")
            client.wait_for_line("the second")
            send_all(one, b"The first")
            self.assertEqual(client.result(), (b"the second\nthe first\n", b"", 0))

    def test_a_wrong_outcome(self):
        result = self.outcome("luck", 10000)
        self.assertEqual((result.stdout, result.status), (b"", 2))
        self.assertTrue(result.error_text.endswith(
            "error: option --outcome: must be success|gibberish|bug, and not 'luck'\n"))


class Try(Client, unittest.TestCase):
    client = TRY

    def test_a_poem_is_bytes(self):
        with Peer(LATIN) as peer:
            self.assertEqual(self.outcome("success", peer.port),
                             (NOT_CUMMINGSIFIED + LATIN + b"\n", b"", 0))


class Errback(Client, unittest.TestCase):
    client = ERRBACK

    def test_a_poem_is_bytes(self):
        with Peer(LATIN) as peer:
            self.assertEqual(self.outcome("success", peer.port), (b"", FAILED, 1))


if __name__ == "__main__":
    harness.main()
