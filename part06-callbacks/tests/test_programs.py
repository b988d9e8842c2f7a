"""The client with a callback, which does not end when something fails, and the one that has an
errback too."""

import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from programs.processes import wait_until
from testing import clients, harness
from testing.clients import connected, send_all, wait_until_it_catches
from testing.harness import Peer, Running, listening, reset, run, unused_port

CALLBACK = "part06-callbacks/get-poetry"
ERRBACK = "part06-callbacks/get-poetry-1"
REFUSED = ("Poem failed: [Failure: ConnectionRefusedError: Connection was refused by other side: "
           "111: Connection refused.]\n")
LOST = ("Poem failed: [Failure: ConnectionLost: Connection to the other side was lost in a "
        "non-clean fashion.]\n")


def state(program):
    """What a program is doing: R runs, S sleeps, Z has ended."""
    return Path(f"/proc/{program.pid}/stat").read_text().rpartition(")")[2].split()[0]


class Callback(clients.Downloads, clients.Interrupted, clients.CommandLine, unittest.TestCase):
    client = CALLBACK

    def shown(self, number, text):
        return text + b"\n"

    def test_in_the_order_of_their_ends(self):
        with connected(CALLBACK, 2) as (client, (one, two)):
            send_all(two, b"the second")
            send_all(one, b"the first")
            self.assertEqual(client.result(), (b"the second\nthe first\n", b"", 0))

    def test_it_hangs_when_a_connection_is_refused(self):
        with unused_port() as port, listening() as listener:
            with Running(CALLBACK, port, listener.getsockname()[1]) as client:
                server, _ = listener.accept()
                with server:
                    wait_until_it_catches(signal.SIGINT, client)
                    send_all(server, b"poem")
                self.assert_hangs(client, b"poem\n")

    def test_it_hangs_after_a_reset(self):
        with connected(CALLBACK, 2) as (client, (broken, whole)):
            wait_until_it_catches(signal.SIGINT, client)
            broken.sendall(b"half")
            reset(broken)
            send_all(whole, b"whole")
            self.assert_hangs(client, b"whole\n")

    def assert_hangs(self, client, poems):
        """Fails unless the client sleeps until Ctrl-C, though every connection has ended."""
        # It has just closed the last connection; it runs until it exits, or waits for events again.
        seen = []
        wait_until(lambda: seen.append(state(client)) or seen[-1] in "SZ")
        self.assertEqual(seen[-1], "S", client.told())
        self.assertEqual((client.stdout, client.stderr), (b"", b""))
        client.send(signal.SIGINT)
        self.assertEqual(client.result(), (poems, b"", 1))


class Errback(clients.Downloads, clients.Interrupted, clients.CommandLine, unittest.TestCase):
    client = ERRBACK
    complaint = LOST.replace("[", r"\[").replace("]", r"\]")

    def shown(self, number, text):
        return text + b"\n"

    def test_in_the_order_of_their_ends(self):
        with connected(ERRBACK, 2) as (client, (one, two)):
            send_all(two, b"the second")
            send_all(one, b"the first")
            self.assertEqual(client.result(), (b"the second\nthe first\n", b"", 0))

    def test_refused(self):
        with Peer(b"poem") as peer, unused_port() as port:
            self.assertEqual(run(ERRBACK, port, peer.port, port),
                             (b"poem\n", (REFUSED * 2).encode(), 1))

    def test_a_reset_is_an_error(self):
        with connected(ERRBACK, 2) as (client, (broken, whole)):
            broken.sendall(b"half")
            reset(broken)
            client.wait_for_line("Poem failed: .*")
            send_all(whole, b"whole")
            self.assertEqual(client.result(), (b"whole\n", LOST.encode(), 1))


if __name__ == "__main__":
    harness.main()
