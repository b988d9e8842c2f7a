"""The client on select(2): poems at the same time, and what goes wrong with one of them."""

import contextlib
import fcntl
import re
import resource
import signal
import socket
import struct
import subprocess
import sys
import termios
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from programs.processes import wait_until
from testing import harness
from testing.harness import LIMIT, Peer, Running, Server, listening, poem, reset, run, unused_port

CLIENT = "part02-async-select/get-poetry"
SLOWPOETRY = "part01-blocking/slowpoetry"
TIME = r"\d+:\d\d:\d\d(?:\.\d{6})?"
USAGE = "Usage: get-poetry [options] [[host]:]port ...\n\n"
FD_SETSIZE = 1024

# Becomes a program whose next descriptor is argv[1], with a limit of argv[2] descriptors.
WITH_DESCRIPTORS = """
import fcntl, os, resource, sys
first, most = int(sys.argv[1]), int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_NOFILE, (most, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
for fd in range(3, first):
    os.dup2(0, fd)
os.execv(sys.argv[3], sys.argv[3:])
"""


def has_ipv6():
    """Whether this machine has the loopback address ::1."""
    with contextlib.suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        return True
    return False


def state(process):
    """What a process is doing: R runs, S sleeps, T is stopped."""
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]


def wait_for_state(process, wanted):
    """Waits until a process is in that state."""
    if not wait_until(lambda: state(process) == wanted):
        raise AssertionError(f"the process is in state {state(process)}, not {wanted}")


def wait_until_delivered(connection):
    """Waits until the other side's kernel has all that was sent."""
    def unsent():
        return struct.unpack("i", fcntl.ioctl(connection, termios.TIOCOUTQ, b"\0" * 4))[0]

    if not wait_until(lambda: unsent() == 0):
        raise AssertionError(f"{unsent()} bytes have not arrived")


class Poems(unittest.TestCase):
    def test_all_at_the_same_time(self):
        names = ["ecstasy.txt", "fascination.txt", "science.txt", "alla_sera.txt"]
        with contextlib.ExitStack() as stack:
            # 7 bytes do not divide a poem into whole lines or characters.
            servers = [stack.enter_context(Server(SLOWPOETRY, "--delay", "0.0001", "--num-bytes",
                                                  7, f"poetry/{name}")) for name in names]
            result = run(CLIENT, *[server.port for server in servers])
        self.assertEqual((result.stderr, result.status), (b"", 0))
        expected = ""
        for number, (name, server) in enumerate(zip(names, servers), 1):
            got = re.findall(rf"^Task {number}: got (\d+) bytes of poetry from {server.address}$",
                             result.text, re.MULTILINE)
            self.assertEqual(sum(map(int, got)), len(poem(name)))
            self.assertEqual(result.text.count(f"Task {number} finished\n"), 1)
            expected += f"Task {number}: {len(poem(name))} bytes of poetry\n"
        self.assertRegex(result.text, f"(?s)finished\n{expected}Got 4 poems in {TIME}\n$")

    def test_it_reads_from_whichever_server_sends(self):
        with contextlib.ExitStack() as stack:
            listeners = [stack.enter_context(listening()) for _ in range(2)]
            ports = [listener.getsockname()[1] for listener in listeners]
            client = stack.enter_context(Running(CLIENT, *ports))
            one, two = [stack.enter_context(listener.accept()[0]) for listener in listeners]
            for number, server, data in (2, two, b"a"), (1, one, b"bb"), (2, two, b"ccc"):
                server.sendall(data)
                client.wait_for_line(f"Task {number}: got {len(data)} bytes of poetry "
                                     rf"from 127\.0\.0\.1:{ports[number - 1]}")
            two.close()
            client.wait_for_line("Task 2 finished")
            one.close()
            result = client.result()
        self.assertRegex(result.text, "Task 2 finished\nTask 1 finished\n"
                                      "Task 1: 2 bytes of poetry\nTask 2: 4 bytes of poetry\n"
                                      f"Got 2 poems in {TIME}\n$")
        self.assertEqual(result.status, 0)

    def test_it_sleeps_while_nothing_arrives(self):
        with Peer(b"first words", then="hang") as peer, Running(CLIENT, peer.port) as client:
            client.wait_for_line("Task 1: got 11 bytes .*")
            wait_for_state(client, "S")

    def test_one_wake_up_takes_all_that_has_arrived(self):
        with listening() as listener, Running(CLIENT, listener.getsockname()[1]) as client:
            server, _ = listener.accept()
            with server:
                server.sendall(b"x")
                client.wait_for_line("Task 1: got 1 bytes .*")
                client.send(signal.SIGSTOP)
                wait_for_state(client, "T")
                for data in b"y" * 3000, b"z" * 2000:
                    server.sendall(data)
                wait_until_delivered(server)
                client.send(signal.SIGCONT)
                client.wait_for_line("Task 1: got 5000 bytes .*")
            self.assertIn("Task 1: 5001 bytes of poetry\n", client.result().text)

    def test_an_empty_poem(self):
        with Peer() as peer:
            result = run(CLIENT, peer.port)
        self.assertRegex(result.text, "^Task 1 finished\nTask 1: 0 bytes of poetry\n"
                                      f"Got 1 poems in {TIME}\n$")
        self.assertEqual((result.stderr, result.status), (b"", 0))

    def test_many(self):
        with Peer(b"poem") as peer:
            result = run(CLIENT, *[peer.port] * 100)
        self.assertIn("Task 100: 4 bytes of poetry\nGot 100 poems in", result.text)
        self.assertEqual(result.status, 0)

    def test_a_server_is_named_as_it_was_given(self):
        with Peer(b"poem") as peer:
            for given, printed in [(f"localhost:{peer.port}", f"localhost:{peer.port}"),
                                   (f":{peer.port}", peer.address),
                                   (peer.address, peer.address)]:
                with self.subTest(given):
                    self.assertIn(f"Task 1: got 4 bytes of poetry from {printed}\n",
                                  run(CLIENT, given).text)

    @unittest.skipUnless(has_ipv6(), "this machine has no IPv6")
    def test_ipv6(self):
        with Server(SLOWPOETRY, "--iface", "::1", "--num-bytes", 1000, "--delay", "0.0001",
                    "poetry/science.txt") as server:
            result = run(CLIENT, f"[::1]:{server.port}")
        self.assertIn(f"Task 1: got 651 bytes of poetry from [::1]:{server.port}\n", result.text)
        self.assertEqual(result.status, 0)


class Trouble(unittest.TestCase):
    def test_refused_ends_it_before_any_poem(self):
        with Peer(b"poem") as peer, unused_port() as port:
            result = run(CLIENT, peer.port, port)
        self.assertEqual(result, (b"", f"get-poetry: ConnectError: Can't connect to 127.0.0.1:{port}"
                                       ": 111: Connection refused.\n".encode(), 1))

    def test_a_reset_is_not_the_end_of_a_poem(self):
        with Peer(b"whole") as whole, listening() as listener:
            port = listener.getsockname()[1]
            with Running(CLIENT, port, whole.port) as client:
                server, _ = listener.accept()
                server.sendall(b"half")
                client.wait_for_line("Task 1: got 4 bytes .*")
                client.wait_for_line("Task 2 finished")
                reset(server)
                result = client.result()
        self.assertEqual(result.error_text, f"Incomplete poem from 127.0.0.1:{port}: "
                                            "104: Connection reset by peer.\n")
        self.assertRegex(result.text, f"Task 2: 5 bytes of poetry\nGot 1 poems in {TIME}\n$")
        self.assertNotRegex(result.text, "Task 1(: 4 bytes of poetry| finished)\n")
        self.assertEqual(result.status, 1)

    def test_the_others_go_on_after_a_reset(self):
        with Peer(then="reset") as broken, listening() as listener:
            with Running(CLIENT, broken.port, listener.getsockname()[1]) as client:
                server, _ = listener.accept()
                with server:
                    client.wait_for_line("Incomplete poem from .*")
                    server.sendall(b"afterwards")
                result = client.result()
        self.assertIn("Task 2: 10 bytes of poetry\nGot 1 poems in", result.text)
        self.assertEqual(result.status, 1)


class Descriptors(unittest.TestCase):
    def run_with(self, first, most, *arguments):
        """Runs the client with `first` as its first descriptor, and `most` as the limit."""
        if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < most:
            self.skipTest(f"this machine does not allow {most} descriptors")
        done = subprocess.run(
            [sys.executable, "-c", WITH_DESCRIPTORS, str(first), str(most),
             str(harness.program(CLIENT)), *map(str, arguments)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            encoding="utf-8", timeout=LIMIT, check=False)
        return done.stdout, done.stderr, done.returncode

    def test_the_last_one_that_select_takes(self):
        with Peer(b"poem") as peer:
            out, error, status = self.run_with(FD_SETSIZE - 1, 2 * FD_SETSIZE, peer.port)
        self.assertIn("Task 1: 4 bytes of poetry\nGot 1 poems in", out)
        self.assertEqual((error, status), ("", 0))

    def test_the_first_one_that_select_does_not_take(self):
        with Peer(b"poem") as peer:
            got = self.run_with(FD_SETSIZE - 1, 2 * FD_SETSIZE, peer.port, peer.port)
        self.assertEqual(got, ("", f"get-poetry: Exception: Can't wait for {peer.address}: "
                                   "select(2) takes only descriptors below 1024.\n", 1))

    def test_more_than_the_system_allows(self):
        with Peer(b"poem") as peer:
            out, error, status = self.run_with(3, 16, *[peer.port] * 16)
        self.assertEqual((out, status), ("", 1))
        # The last line: a sanitizer without descriptors may complain first.
        self.assertEqual(error.splitlines()[-1], "get-poetry: ConnectError: Can't connect to "
                                                 f"{peer.address}: 24: Too many open files.")


class CommandLine(unittest.TestCase):
    def test_all_addresses_are_checked_first(self):
        with Peer() as peer:
            for words, message in [
                    (["abc"], "A port must be an integer, not 'abc'"),
                    (["localhost:"], "A port must be an integer, not ''"),
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
