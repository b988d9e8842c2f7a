"""fastpoetry: what it serves, to which clients, and what it prints."""

import contextlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from testing import harness
from testing.harness import LIMIT, ROOT, Server, connect, fetch, poem, receive_all, reset, run

FASTPOETRY = "part11-server/fastpoetry"
SCIENCE = "poetry/science.txt"
USAGE = "Usage: fastpoetry [options] poetry-file\n\n"


def has_ipv6():
    """Whether this machine has the loopback address ::1."""
    with contextlib.suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        return True
    return False


class FileCase(unittest.TestCase):
    """A test that serves its own files."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)

    def file(self, data):
        """A new file that holds the data."""
        path = self.directory / "poem.txt"
        path.write_bytes(data)
        return path


class Poems(FileCase):
    def test_it_says_where_it_serves_and_nothing_more(self):
        with Server(FASTPOETRY, SCIENCE) as server:
            for _ in range(3):
                self.assertEqual(fetch(server.port), poem("science.txt"))
            self.assertEqual(server.stop(), 0)
            self.assertEqual(server.stdout.decode(),
                             f"Serving {SCIENCE} on 127.0.0.1:{server.port}.\n")
            self.assertEqual(server.stderr, b"")

    def test_every_poem_arrives_byte_for_byte(self):
        for file in sorted((ROOT / "poetry").glob("*.txt")):
            with self.subTest(file.name), Server(FASTPOETRY, file) as server:
                self.assertEqual(fetch(server.port), file.read_bytes())

    def test_a_poem_may_be_empty_or_no_text_at_all(self):
        for data in b"", bytes(range(256)) * 10:
            with self.subTest(size=len(data)), Server(FASTPOETRY, self.file(data)) as server:
                self.assertEqual(fetch(server.port), data)

    def test_the_file_is_read_once_at_the_start(self):
        path = self.file(b"first version")
        with Server(FASTPOETRY, path) as server:
            path.write_bytes(b"second version")
            self.assertEqual(fetch(server.port), b"first version")


class Clients(FileCase):
    BIG = 8 * 1024 * 1024

    def setUp(self):
        super().setUp()
        self.big = (poem("ecstasy.txt") * (self.BIG // 1000))[:self.BIG]

    def test_two_hundred_at_once(self):
        with Server(FASTPOETRY, "poetry/ecstasy.txt") as server, contextlib.ExitStack() as stack:
            clients = [stack.enter_context(connect(server.port)) for _ in range(200)]
            for client in clients:
                self.assertEqual(receive_all(client), poem("ecstasy.txt"))

    def test_one_that_leaves_in_the_middle_troubles_nobody(self):
        def leave(client):
            client.close()

        for how in leave, reset:
            with self.subTest(how.__name__), Server(FASTPOETRY, self.file(self.big)) as server:
                client = connect(server.port)
                client.recv(1000)
                how(client)
                self.assertEqual(fetch(server.port), self.big)
                self.assertEqual(server.stop(), 0)
                self.assertEqual(server.stderr, b"")

    def test_one_that_does_not_read_holds_up_nobody(self):
        with Server(FASTPOETRY, self.file(self.big)) as server:
            with connect(server.port) as lazy:
                self.assertEqual(fetch(server.port), self.big)
                self.assertEqual(receive_all(lazy), self.big)

    def test_all_share_one_poem(self):
        with Server(FASTPOETRY, self.file(self.big)) as server, contextlib.ExitStack() as stack:
            clients = [stack.enter_context(connect(server.port)) for _ in range(64)]
            for client in clients:
                self.assertEqual(client.recv(1), self.big[:1])  # so the whole poem was written
            status = Path(f"/proc/{server.pid}/status").read_text()
            used = int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) * 1024
            self.assertLess(used, len(clients) * self.BIG / 2)

    def test_one_that_half_closes_gets_the_whole_poem(self):
        with Server(FASTPOETRY, self.file(self.big)) as server:
            with connect(server.port) as client:
                client.shutdown(socket.SHUT_WR)
                self.assertEqual(receive_all(client), self.big)

    def test_what_a_client_says_is_ignored(self):
        with Server(FASTPOETRY, SCIENCE) as server:
            with connect(server.port) as client:
                received = b""
                # A reset may follow the poem: the server closed without reading.
                with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                    client.sendall(b"junk\0\r\n" * 100)
                with contextlib.suppress(ConnectionResetError):
                    while data := client.recv(65536):
                        received += data
                self.assertEqual(received, poem("science.txt"))
            self.assertEqual(fetch(server.port), poem("science.txt"))
            self.assertEqual(server.stderr, b"")

    def test_netcat_and_curl_get_it_too(self):
        commands = {"nc": ["nc", "127.0.0.1"], "curl": ["curl", "-s"]}
        for tool, command in commands.items():
            with self.subTest(tool), Server(FASTPOETRY, SCIENCE) as server:
                if not shutil.which(tool):
                    self.skipTest(f"{tool} is not installed")
                where = f"telnet://{server.address}" if tool == "curl" else str(server.port)
                got = subprocess.run(command + [where], stdin=subprocess.DEVNULL,
                                     stdout=subprocess.PIPE, timeout=LIMIT, check=False)
                self.assertEqual(got.stdout, poem("science.txt"))


class Interfaces(unittest.TestCase):
    def test_an_empty_one_means_all(self):
        with Server(FASTPOETRY, "--iface", "", SCIENCE) as server:
            self.assertEqual(fetch(server.port), poem("science.txt"))
            self.assertIn(f" on 0.0.0.0:{server.port}.\n", server.stdout.decode())

    @unittest.skipUnless(has_ipv6(), "this machine has no IPv6")
    def test_ipv6(self):
        with Server(FASTPOETRY, "--iface", "::1", SCIENCE) as server:
            self.assertIn(f" on [::1]:{server.port}.\n", server.stdout.decode())
            with socket.create_connection(("::1", server.port), LIMIT) as client:
                self.assertEqual(receive_all(client), poem("science.txt"))

    def test_one_that_is_not_ours(self):
        result = run(FASTPOETRY, "--iface", "192.0.2.1", "--port", 10000, SCIENCE)
        self.assertEqual((result.stdout, result.status), (b"", 1))
        self.assertEqual(result.error_text,
                         "fastpoetry: CannotListenError: Couldn't listen on 192.0.2.1:10000: "
                         "99: Cannot assign requested address.\n")


class Mistakes(unittest.TestCase):
    def check_usage_error(self, message, *arguments):
        """The usage, the message, and status 2."""
        result = run(FASTPOETRY, *arguments)
        self.assertEqual((result.stdout, result.status), (b"", 2))
        self.assertEqual(result.error_text, f"{USAGE}fastpoetry: error: {message}\n")

    def test_wrong_arguments(self):
        self.check_usage_error("Provide exactly one poetry file.")
        self.check_usage_error("Provide exactly one poetry file.", SCIENCE, SCIENCE)
        self.check_usage_error("No such file: nowhere.txt", "nowhere.txt")
        self.check_usage_error("Not a file but a directory: poetry", "poetry")
        self.check_usage_error("no such option: --x", "--x", SCIENCE)
        self.check_usage_error("option --port: invalid integer value: 'abc'",
                               "--port", "abc", SCIENCE)
        self.check_usage_error("option --port: must be from 0 to 65535, and not '70000'",
                               SCIENCE, "--port", "70000")

    def test_help(self):
        result = run(FASTPOETRY, "--help")
        self.assertEqual((result.error_text, result.status), ("", 0))
        self.assertTrue(result.text.startswith(USAGE), result.text)
        self.assertIn("--port", result.text)
        self.assertIn("--iface", result.text)

    def test_a_port_that_is_used(self):
        with Server(FASTPOETRY, SCIENCE) as first:
            result = run(FASTPOETRY, "--port", first.port, SCIENCE)
            self.assertEqual((result.stdout, result.status), (b"", 1))
            self.assertEqual(result.error_text,
                             "fastpoetry: CannotListenError: Couldn't listen on "
                             f"localhost:{first.port}: 98: Address already in use.\n")
            self.assertEqual(fetch(first.port), poem("science.txt"))

    @unittest.skipUnless(Path("/proc/self/mem").exists(), "this system has no /proc/self/mem")
    def test_a_file_that_cannot_be_read(self):
        result = run(FASTPOETRY, "/proc/self/mem")
        self.assertEqual((result.stdout, result.status), (b"", 1))
        self.assertEqual(result.error_text, "fastpoetry: SystemError: Can't read /proc/self/mem: "
                                            "5: Input/output error.\n")

    def test_a_poem_without_an_end(self):
        result = run(FASTPOETRY, "/dev/zero")
        self.assertEqual((result.stdout, result.status), (b"", 1))
        self.assertEqual(result.error_text, "fastpoetry: SystemError: Can't read /dev/zero: "
                                            "it is not a regular file.\n")


class Signals(FileCase):
    def test_both_end_it_without_a_word(self):
        for number in signal.SIGINT, signal.SIGTERM:
            with self.subTest(number), Server(FASTPOETRY, SCIENCE) as server:
                self.assertEqual(server.stop(number), 0)
                self.assertEqual(server.stdout.count(b"\n"), 1)
                self.assertEqual(server.stderr, b"")

    def test_in_the_middle_of_a_poem(self):
        big = bytes(Clients.BIG)
        with Server(FASTPOETRY, self.file(big)) as server, connect(server.port) as client:
            self.assertEqual(client.recv(1), big[:1])
            self.assertEqual(server.stop(signal.SIGINT), 0)
            self.assertEqual(server.stderr, b"")


if __name__ == "__main__":
    harness.main()
