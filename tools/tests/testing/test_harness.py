"""The harness and check_output, with programs in Python."""

import signal
import socket
import unittest

from testing import harness
from testing.harness import (Peer, Running, Server, fetch, listening, receive_all, reset, run,
                             unused_port)
from tests.fixture import POEM, Repository

SLEEPER = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("ready", flush=True)
print(*sys.argv[1:], file=sys.stderr, flush=True)
time.sleep(1000)
"""


class Harness(Repository):
    """The programs of a small repository replace the real ones."""

    def setUp(self):
        super().setUp()
        before = harness.ROOT, harness.BUILD
        harness.ROOT, harness.BUILD = self.root, self.root / "build"
        self.addCleanup(lambda: setattr(harness, "ROOT", before[0]))
        self.addCleanup(lambda: setattr(harness, "BUILD", before[1]))
        self.program("build/sleeper", SLEEPER)

    def test_server_and_client(self):
        with Server("part01-one/server", "poem.txt") as server:
            self.assertEqual(fetch(server.port), POEM.encode())
            result = run("part01-one/client", server.port)
            self.assertEqual((result.status, result.stderr), (0, b""))
            self.assertIn("line 30 of the poem, è", result.text)
            match = server.wait_for_line(r"Somebody at 127\.0\.0\.1:(\d+) wants poetry!")
            self.assertTrue(match.group(1))
            self.assertEqual(server.stop(), 143)

    def test_a_port_in_use(self):
        with Server("part01-one/server", "poem.txt") as server:
            with self.assertRaisesRegex(AssertionError, "(?s)does not serve.*cannot listen on"):
                Server("part01-one/server", "--port", server.port, "poem.txt")

    def test_refused(self):
        with unused_port() as port:
            result = run("part01-one/client", port)
        self.assertEqual((result.status, result.stdout, result.error_text),
                         (1, b"", f"no poem from 127.0.0.1:{port}\n"))

    def test_running(self):
        with Running("sleeper", "to stderr", 1) as sleeper:
            sleeper.wait_for_line("ready")
            sleeper.wait_for_line("to stderr 1")
            with self.assertRaisesRegex(AssertionError, "(?s)no line matches 'read'.*ready"):
                sleeper.wait_for_line("read", timeout=0.05)
            sleeper.send(signal.SIGTERM)
            self.assertEqual(sleeper.result(), (b"ready\n", b"to stderr 1\n", 0))

    def test_a_limit_is_a_failure(self):
        with self.assertRaisesRegex(AssertionError, "(?s)did not end within 0.05.*status 137"):
            run("sleeper", timeout=0.05)

    def test_a_sanitizer_report_is_a_failure(self):
        for report in ("==1==ERROR: LeakSanitizer: detected", "a.cpp:1:2: runtime error: shift"):
            self.program("build/leak", f"import sys; sys.exit({report!r})")
            with self.assertRaisesRegex(AssertionError, "sanitizer"):
                run("leak")

    def test_the_peer_closes(self):
        with Peer(b"a poem") as peer:
            self.assertEqual(fetch(peer.port, b"a request that nobody reads"), b"a poem")
            self.assertEqual(fetch(peer.port), b"a poem")
            peer.wait_for_clients(2)
            self.assertEqual(peer.clients, 2)
        with self.assertRaises(ConnectionRefusedError):
            fetch(peer.port)

    def test_the_peer_resets(self):
        with Peer(b"half a po", then="reset") as peer, harness.connect(peer.port) as connection:
            self.assertEqual(connection.recv(9), b"half a po")
            with self.assertRaises(ConnectionResetError):
                connection.recv(1)

    def test_the_peer_hangs(self):
        with Peer(then="hang") as peer, harness.connect(peer.port) as connection:
            peer.wait_for_clients(1)
            connection.setblocking(False)
            with self.assertRaises(BlockingIOError):
                connection.recv(1)

    def test_the_test_is_the_peer(self):
        with listening() as listener:
            with harness.connect(listener.getsockname()[1]) as client:
                server, _ = listener.accept()
                client.sendall(b"request")
                client.shutdown(socket.SHUT_WR)
                self.assertEqual(receive_all(server), b"request")
                reset(server)
                with self.assertRaises(ConnectionResetError):
                    client.recv(1)

    def test_check_output(self):
        self.program("build/says", "import sys\nprint('one', flush=True)\n"
                                   "print('two', file=sys.stderr)\nsys.exit(len(sys.argv) - 1)")
        good = self.write("good", "one\ntwo\n[status 1]\n")
        harness.check_output("says", ["x"], good)
        with self.assertRaisesRegex(AssertionError, r"-\[status 1\]"):
            harness.check_output("says", [], good)

    def test_check_output_as_a_program(self):
        self.program("build/says", "print('one')")
        expected = self.root / "expected"
        words = ["tools/house/check_output.py", "build/says", expected]
        self.assertEqual(self.python(words[0], "--update", *words[1:]).returncode, 0)
        self.assertEqual(expected.read_text(), "one\n")
        self.assertEqual(self.python(*words, "--speed", "2").returncode, 0)
        expected.write_text("two\n")
        done = self.python(*words)
        self.assertEqual(done.returncode, 1)
        self.assertIn("-two\n+one\n", done.stdout)
        self.assertEqual(self.python("tools/house/check_output.py").returncode, 2)


class Main(Repository):
    """harness.main: the exit status that Meson expects."""

    def status(self, *bodies):
        text = "import unittest\nfrom testing import harness\n"
        text += "class Test(unittest.TestCase):\n" + "".join(
            f"    def test_{number}(self):\n        {body}\n" for number, body in enumerate(bodies))
        self.write("test.py", text + "    x = 1\nharness.main()\n")
        done = self.python("test.py", PYTHONPATH=str(self.root / "tools"))
        return done.returncode, done.stdout

    def test_status(self):
        self.assertEqual(self.status("pass"), (0, ""))
        self.assertEqual(self.status("pass", "self.fail()")[0], 1)
        self.assertEqual(self.status()[0], 1)
        self.assertEqual(self.status("self.skipTest('no curl')", "pass"),
                         (0, "skipped: __main__.Test.test_0: no curl\n"))
        self.assertEqual(self.status("self.skipTest('no curl')")[0], 77)


if __name__ == "__main__":
    unittest.main()
