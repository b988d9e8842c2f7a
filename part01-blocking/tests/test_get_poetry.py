"""The blocking client: poems one after the other, and what ends it."""

import contextlib
import re
import socket
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from testing import harness
from testing.harness import Peer, Running, Server, listening, poem, run, unused_port

CLIENT = "part01-blocking/get-poetry"
SLOWPOETRY = "part01-blocking/slowpoetry"
TIME = r"(\d+):(\d\d):(\d\d(?:\.\d{6})?)"
USAGE = "Usage: get-poetry [options] [[host]:]port ...\n\n"


def has_ipv6():
    """Whether this machine has the loopback address ::1."""
    with contextlib.suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        return True
    return False


def without_times(text):
    """The text with T for every time."""
    return re.sub(TIME, "T", text)


def seconds(text):
    """All the times in a text, in seconds."""
    return [int(h) * 3600 + int(m) * 60 + float(s) for h, m, s in re.findall(TIME, text)]


class Poems(unittest.TestCase):
    def test_one_after_the_other(self):
        names = ["ecstasy.txt", "fascination.txt", "science.txt", "alla_sera.txt"]
        with contextlib.ExitStack() as stack:
            # 7 bytes do not divide a poem into whole lines or characters.
            servers = [stack.enter_context(Server(SLOWPOETRY, "--delay", "0.0001", "--num-bytes",
                                                  7, f"poetry/{name}")) for name in names]
            result = run(CLIENT, *[server.port for server in servers])
        expected = ""
        for number, (name, server) in enumerate(zip(names, servers), 1):
            expected += (f"Task {number}: get poetry from: {server.address}\n"
                         f"Task {number}: got {len(poem(name))} bytes of poetry"
                         f" from {server.address} in T\n")
        self.assertEqual(without_times(result.text), expected + "Got 4 poems in T\n")
        self.assertEqual((result.stderr, result.status), (b"", 0))

    def test_the_time_is_the_sum(self):
        with Server(SLOWPOETRY, "--delay", "0.05", "--num-bytes", 1000, "poetry/science.txt") as it:
            *tasks, total = seconds(run(CLIENT, it.port, it.port, it.port).text)
        self.assertEqual(len(tasks), 3)
        self.assertGreaterEqual(min(tasks), 0.05)
        self.assertAlmostEqual(total, sum(tasks), delta=0.000005)  # each of them was rounded

    def test_the_second_server_waits_until_the_first_is_done(self):
        with listening() as listener, Peer(b"quick") as second:
            with Running(CLIENT, listener.getsockname()[1], second.port) as client:
                first, _ = listener.accept()
                with first:
                    for word in b"slow ", b"poem":
                        first.sendall(word)
                        self.assertEqual(second.clients, 0)
                result = client.result()
        self.assertEqual(re.findall(r"Task (\d): got (\d+) bytes", result.text),
                         [("1", "9"), ("2", "5")])

    def test_an_empty_poem(self):
        with Peer() as peer:
            result = run(CLIENT, peer.port)
        self.assertEqual(without_times(result.text),
                         f"Task 1: get poetry from: {peer.address}\n"
                         f"Task 1: got 0 bytes of poetry from {peer.address} in T\n"
                         "Got 1 poems in T\n")
        self.assertEqual((result.stderr, result.status), (b"", 0))

    def test_a_poem_that_is_no_text(self):
        with Peer(bytes(range(256)) * 1000) as peer:
            self.assertIn("got 256000 bytes of poetry", run(CLIENT, peer.port).text)

    def test_a_server_is_named_as_it_was_given(self):
        with Peer(b"poem") as peer:
            for given, printed in [(f"localhost:{peer.port}", f"localhost:{peer.port}"),
                                   (f":{peer.port}", peer.address),
                                   (peer.address, peer.address)]:
                with self.subTest(given):
                    result = run(CLIENT, given)
                    self.assertIn(f"Task 1: get poetry from: {printed}\n", result.text)
                    self.assertIn(f"got 4 bytes of poetry from {printed} in", result.text)

    @unittest.skipUnless(has_ipv6(), "this machine has no IPv6")
    def test_ipv6(self):
        with Server(SLOWPOETRY, "--iface", "::1", "--delay", "0.0001",
                    "poetry/science.txt") as server:
            result = run(CLIENT, f"[::1]:{server.port}")
        self.assertIn(f"got 651 bytes of poetry from [::1]:{server.port} in", result.text)
        self.assertEqual(result.status, 0)


class Trouble(unittest.TestCase):
    def test_refused_ends_it_and_what_was_done_stays(self):
        with Peer(b"before") as before, unused_port() as port, Peer(b"after") as after:
            result = run(CLIENT, before.port, port, after.port)
            self.assertEqual((before.clients, after.clients), (1, 0))
        self.assertEqual(without_times(result.text),
                         f"Task 1: get poetry from: {before.address}\n"
                         f"Task 1: got 6 bytes of poetry from {before.address} in T\n"
                         f"Task 2: get poetry from: 127.0.0.1:{port}\n")
        self.assertEqual(result.error_text,
                         f"get-poetry: ConnectError: Can't connect to 127.0.0.1:{port}: "
                         "111: Connection refused.\n")
        self.assertEqual(result.status, 1)

    def test_a_reset_is_not_the_end_of_a_poem(self):
        for data in b"", b"half a po":
            with self.subTest(data), Peer(data, then="reset") as peer:
                result = run(CLIENT, peer.port)
                self.assertEqual(result.text, f"Task 1: get poetry from: {peer.address}\n")
                self.assertEqual(result.error_text,
                                 f"get-poetry: SystemError: Incomplete poem from {peer.address}: "
                                 "104: Connection reset by peer.\n")
                self.assertEqual(result.status, 1)

    def test_a_host_that_does_not_exist(self):
        result = run(CLIENT, "no..host:10001")
        self.assertEqual(result.error_text,
                         "get-poetry: DNSLookupError: DNS lookup failed: no..host.\n")
        self.assertEqual(result.status, 1)


class CommandLine(unittest.TestCase):
    def test_all_addresses_are_checked_first(self):
        with Peer() as peer:
            for words, message in [
                    (["abc"], "A port must be an integer, not 'abc'"),
                    (["localhost:abc"], "A port must be an integer, not 'abc'"),
                    (["localhost:"], "A port must be an integer, not ''"),
                    ([""], "A port must be an integer, not ''"),
                    (["::1:10001"], "A port must be an integer, not ':1:10001'"),
                    (["[::1]"], "An IPv6 address is written like [::1]:10001, not '[::1]'"),
                    (["70000"], "A port must be from 0 to 65535, not '70000'"),
                    (["--", "-5"], "A port must be from 0 to 65535, not '-5'"),
                    (["--x"], "no such option: --x")]:
                with self.subTest(words):
                    result = run(CLIENT, peer.port, *words)
                    self.assertEqual((result.stdout, result.status), (b"", 2))
                    self.assertEqual(result.error_text, f"{USAGE}get-poetry: error: {message}\n")
            self.assertEqual(peer.clients, 0)

    def test_without_arguments_it_helps(self):
        shown, asked_for = run(CLIENT), run(CLIENT, "--help")
        self.assertTrue(asked_for.text.startswith(USAGE), asked_for.text)
        self.assertEqual(shown, (asked_for.stdout + b"\n", b"", 0))
        self.assertEqual((asked_for.stderr, asked_for.status), (b"", 0))


if __name__ == "__main__":
    harness.main()
