"""The client with a protocol and a factory, the simple one, and the one that shows its stack."""

import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from testing import clients, harness
from testing.clients import connected, send_all
from testing.harness import Peer, poem, reset, run, unused_port

CLIENT = "part05-protocols/get-poetry"
SIMPLE = "part05-protocols/get-poetry-simple"
STACK = "part05-protocols/get-poetry-stack"
TIME = r"\d+:\d\d:\d\d(?:\.\d{6})?"
LOST = (r"\[Failure: ConnectionLost: Connection to the other side was lost in a non-clean "
        r"fashion\.\]")


class Client(clients.Downloads, clients.Interrupted, clients.CommandLine, unittest.TestCase):
    client = CLIENT
    complaint = f"Incomplete poem from .*: {LOST}\n"

    def shown(self, number, text):
        return f"Task {number}: {len(text)} bytes of poetry\n".encode()

    def test_what_it_tells(self):
        with connected(CLIENT, 2) as (client, (one, two)):
            for number, server, data in (2, two, b"a"), (1, one, b"bb"), (2, two, b"ccc"):
                server.sendall(data)
                client.wait_for_line(f"Task {number}: got {len(data)} bytes of poetry "
                                     rf"from 127\.0\.0\.1:{server.getsockname()[1]}")
            send_all(two, b"")
            send_all(one, b"")
            result = client.result()
        # In the order in which they ended.
        self.assertRegex(result.text, r"Task 2: got 3 bytes of poetry from \S+\n"
                                      "Task 2: 4 bytes of poetry\nTask 1: 2 bytes of poetry\n"
                                      f"Got 2 poems in {TIME}\n$")
        self.assertEqual((result.stderr, result.status), (b"", 0))

    def test_refused(self):
        with Peer(b"poem") as peer, unused_port() as port:
            result = run(CLIENT, port, peer.port)
        self.assertIn(f"Failed to connect to: 127.0.0.1:{port}\n", result.text)
        self.assertRegex(result.text, f"\nTask 1: 4 bytes of poetry\nGot 1 poems in {TIME}\n$")
        self.assertEqual((result.stderr, result.status), (b"", 1))

    def test_a_name_that_is_none(self):
        name = "a" * 64  # too long to ask a name server
        result = run(CLIENT, f"{name}:10001")
        self.assertRegex(result.text,
                         f"^Failed to connect to: {name}:10001\nGot 0 poems in {TIME}\n$")
        self.assertEqual((result.stderr, result.status), (b"", 1))

    def test_a_reset_is_not_the_end_of_a_poem(self):
        with connected(CLIENT, 2) as (client, (broken, whole)):
            port = broken.getsockname()[1]
            broken.sendall(b"half")
            client.wait_for_line("Task 1: got 4 bytes .*")
            reset(broken)
            client.wait_for_line(f"Incomplete poem from 127.0.0.1:{port}: {LOST}")
            send_all(whole, b"whole")
            result = client.result()
        self.assertRegex(result.text, f"\nTask 2: 5 bytes of poetry\nGot 1 poems in {TIME}\n$")
        self.assertNotIn("Task 1: 4 bytes", result.text)
        self.assertEqual(result.status, 1)

    def test_at_most_65536_bytes_at_once(self):
        with Peer(b"x" * 1_000_000) as peer:
            result = run(CLIENT, peer.port)
        sizes = [int(size) for size in re.findall(r"got (\d+) bytes", result.text)]
        self.assertEqual(sum(sizes), 1_000_000)
        self.assertLessEqual(max(sizes), 65536)


class Simple(clients.Downloads, clients.Interrupted, clients.CommandLine, unittest.TestCase):
    client = SIMPLE
    complaint = f"Incomplete poem from .*: {LOST}\n"

    def shown(self, number, text):
        return text + b"\n"

    def test_in_the_order_of_their_ends(self):
        with connected(SIMPLE, 2) as (client, (one, two)):
            send_all(two, b"the second")
            send_all(one, b"the first")
            self.assertEqual(client.result(), (b"the second\nthe first\n", b"", 0))

    def test_refused(self):
        with Peer(b"poem") as peer, unused_port() as port:
            result = run(SIMPLE, peer.port, port)
        self.assertEqual(result.text, f"Failed to connect to: 127.0.0.1:{port}\npoem\n")
        self.assertEqual((result.stderr, result.status), (b"", 1))

    def test_a_reset_is_not_the_end_of_a_poem(self):
        with Peer(b"half", then="reset") as peer:
            result = run(SIMPLE, peer.port)
        self.assertRegex(result.error_text, f"^Incomplete poem from {peer.address}: {LOST}\n$")
        self.assertEqual((result.stdout, result.status), (b"", 1))


class Stack(clients.CommandLine, unittest.TestCase):
    client = STACK

    def test_who_calls_data_received(self):
        with Peer(poem("science.txt"), then="hang") as peer:
            result = run(STACK, peer.port)
        self.assertEqual((result.stdout, result.status), (b"", 0))
        lines = result.error_text.splitlines()
        order = ["main", "twist::run_program", "poetry_main", "twist::Reactor::run",
                 "twist::Reactor::turn_until", "... libevent: event_base_loop ...",
                 "twist::Connection::do_read", "PoetryProtocol::data_received"]
        calls = [line.partition(" at ")[0] for line in lines]
        self.assertEqual([call for call in calls if call in order], order)
        self.assertEqual(calls[-1], order[-1])
        for line in lines:
            self.assertRegex(line, r"^(\S+|\(inlined\)) at [\w-]+/[\w.-]+:\d+$|^\.\.\. libevent")

    def test_nothing_to_show(self):
        with unused_port() as port:
            result = run(STACK, port)
        self.assertRegex(result.text,
                         f"^Failed to connect to: 127.0.0.1:{port}\nGot 0 poems in {TIME}\n$")
        self.assertEqual((result.stderr, result.status), (b"", 1))


if __name__ == "__main__":
    harness.main()
