"""slowpoetry: what it serves, how slowly, to whom, and what it says."""

import contextlib
import os
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

from programs.processes import wait_until
from testing import harness
from testing.harness import (LIMIT, ROOT, Server, connect, fetch, poem, receive_all, reset, run,
                             unused_port)

SLOWPOETRY = "part01-blocking/slowpoetry"
FAST = ("--delay", "0.0001")
SCIENCE = "poetry/science.txt"
USAGE = "Usage: slowpoetry [options] poetry-file\n\n"


def has_ipv6():
    """Whether this machine has the loopback address ::1."""
    with contextlib.suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        return True
    return False


def name_of(client):
    """A client as the server names it."""
    return "127.0.0.1:{}".format(client.getsockname()[1])


def wait_for_state(pid, wanted):
    """Waits until a process sleeps (S) or is stopped (T)."""
    def state():
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]

    if not wait_until(lambda: state() == wanted):
        raise AssertionError(f"the process is in state {state()}, not {wanted}")


class FileCase(unittest.TestCase):
    """A test that serves a file of its own."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = Path(directory.name) / "poem.txt"

    def file(self, data):
        """The file, with this content."""
        self.path.write_bytes(data)
        return self.path


class Poems(FileCase):
    def test_every_poem_arrives_byte_for_byte(self):
        for file in sorted((ROOT / "poetry").glob("*.txt")):
            with self.subTest(file.name), Server(SLOWPOETRY, *FAST, file) as server:
                self.assertEqual(fetch(server.port), file.read_bytes())

    def test_what_it_says(self):
        with Server(SLOWPOETRY, *FAST, self.file(b"25 bytes of poetry, or so")) as server:
            with connect(server.port) as client:
                receive_all(client)
                server.wait_for_line("Sending 5 bytes")
                self.assertEqual(server.stdout.decode(),
                                 f"Serving {self.path} on port {server.port}.\n"
                                 f"Somebody at {name_of(client)} wants poetry!\n"
                                 "Sending 10 bytes\nSending 10 bytes\nSending 5 bytes\n")
                self.assertEqual(server.stderr, b"")

    def test_chunks_are_bytes_and_may_end_within_a_character(self):
        data = "è".encode() * 5
        with Server(SLOWPOETRY, *FAST, "--num-bytes", 3, self.file(data)) as server:
            self.assertEqual(fetch(server.port), data)
            sizes = re.findall(rb"Sending (\d+) bytes", server.stdout)
            self.assertEqual(sizes, [b"3", b"3", b"3", b"1"])

    def test_a_poem_may_be_empty_or_no_text_at_all(self):
        for data in b"", bytes(range(256)):
            with self.subTest(size=len(data)):
                with Server(SLOWPOETRY, *FAST, self.file(data)) as server:
                    self.assertEqual(fetch(server.port), data)
                    server.wait_for_line("Somebody at .* wants poetry!")

    def test_one_chunk_may_hold_it_all(self):
        most = 2 ** 63 - 1
        with Server(SLOWPOETRY, "--num-bytes", most, SCIENCE) as server:
            self.assertEqual(fetch(server.port), poem("science.txt"))
        big = bytes(8 * 1024 * 1024)  # more than the kernel takes at once
        with Server(SLOWPOETRY, "--num-bytes", most, self.file(big)) as server:
            self.assertEqual(fetch(server.port), big)

    def test_ctrl_z_in_the_middle_of_a_chunk(self):
        big = poem("ecstasy.txt") * 3000
        with Server(SLOWPOETRY, "--num-bytes", len(big), self.file(big)) as server:
            with connect(server.port) as client:
                server.wait_for_line(f"Sending {len(big)} bytes")
                for number, state in (0, "S"), (signal.SIGSTOP, "T"), (signal.SIGCONT, "S"):
                    server.send(number)
                    wait_for_state(server.pid, state)
                self.assertTrue(receive_all(client) == big, "the poem is damaged")

    def test_it_waits_after_every_chunk_the_last_one_too(self):
        for text in b"the first chunk of two", b"last chunk":
            with self.subTest(text), \
                    Server(SLOWPOETRY, "--delay", "1000", self.file(text)) as server, \
                    connect(server.port) as client:
                server.wait_for_line("Sending 10 bytes")
                wait_for_state(server.pid, "S")
                self.assertEqual(client.recv(100), text[:10])
                client.setblocking(False)
                self.assertRaises(BlockingIOError, client.recv, 100)

    def test_the_file_is_read_for_each_client(self):
        with Server(SLOWPOETRY, *FAST, self.file(b"first version")) as server:
            self.assertEqual(fetch(server.port), b"first version")
            self.file(b"second version")
            self.assertEqual(fetch(server.port), b"second version")

    def test_a_file_that_has_gone_costs_one_client_its_poem_and_no_more(self):
        with Server(SLOWPOETRY, *FAST, self.file(b"a poem")) as server:
            self.path.unlink()
            self.assertEqual(fetch(server.port), b"")
            server.wait_for_line("slowpoetry: .*")
            self.assertEqual(server.stderr.decode(), f"slowpoetry: Can't read {self.path}: "
                                                     "2: No such file or directory.\n")
            os.mkfifo(self.path)
            self.assertEqual(fetch(server.port), b"")
            server.wait_for_line("(?s:.*)it is not a regular file.")
            self.path.unlink()
            self.file(b"a poem again")
            self.assertEqual(fetch(server.port), b"a poem again")


class Clients(FileCase):
    def test_one_after_the_other(self):
        with Server(SLOWPOETRY, *FAST, "--num-bytes", 100, SCIENCE) as server:
            with connect(server.port) as first, connect(server.port) as second:
                self.assertEqual(receive_all(second), poem("science.txt"))
                self.assertEqual(receive_all(first), poem("science.txt"))
                said = re.findall("Somebody at (.*) wants|Sending (.*) bytes",
                                  server.stdout.decode())
                chunks = [("", "100")] * 6 + [("", "51")]
                self.assertEqual(said, [(name_of(first), "")] + chunks
                                 + [(name_of(second), "")] + chunks)

    def test_one_that_leaves_early_ends_its_turn(self):
        chunks = 2000
        for leave in socket.socket.close, reset:
            with self.subTest(leave.__name__), \
                    Server(SLOWPOETRY, "--delay", "0.002", self.file(bytes(10 * chunks))) as server:
                with connect(server.port) as client:
                    client.recv(65536)  # all of it, most likely: otherwise a close would be a reset
                    leave(client)
                with connect(server.port) as client:
                    server.wait_for_line(f"Somebody at {name_of(client)} wants poetry!")
                    self.assertLess(server.stdout.count(b"Sending"), chunks)
                self.assertEqual(server.stderr, b"")

    def test_one_that_leaves_before_its_turn_troubles_nobody(self):
        with Server(SLOWPOETRY, "--delay", "0.001", SCIENCE) as server:
            with connect(server.port) as first:
                first.recv(1)
                reset(connect(server.port))
                connect(server.port).close()
                self.assertEqual(fetch(server.port), poem("science.txt"))
            self.assertEqual(server.stderr, b"")

    def test_what_a_client_says_is_ignored(self):
        with Server(SLOWPOETRY, *FAST, SCIENCE) as server:
            with connect(server.port) as client:
                client.sendall(b"junk\0\r\n" * 100)
                received = b""
                # The server closes without having read, and that resets the connection: the client
                # may lose the end of the poem.
                with contextlib.suppress(ConnectionResetError):
                    while data := client.recv(65536):
                        received += data
                self.assertTrue(poem("science.txt").startswith(received), received)
            self.assertEqual(server.stdout.count(b"Sending"), 66)
            self.assertEqual(fetch(server.port), poem("science.txt"))
            self.assertEqual(server.stderr, b"")

    def test_netcat_and_curl_get_it_too(self):
        commands = {"nc": ["nc", "127.0.0.1"], "curl": ["curl", "-s"]}
        for tool, command in commands.items():
            with self.subTest(tool), Server(SLOWPOETRY, *FAST, SCIENCE) as server:
                if not shutil.which(tool):
                    self.skipTest(f"{tool} is not installed")
                where = f"telnet://{server.address}" if tool == "curl" else str(server.port)
                got = subprocess.run(command + [where], stdin=subprocess.DEVNULL,
                                     stdout=subprocess.PIPE, timeout=LIMIT, check=False)
                self.assertEqual(got.stdout, poem("science.txt"))


class Ports(unittest.TestCase):
    def test_the_one_that_is_asked_for(self):
        with unused_port() as port, Server(SLOWPOETRY, "--port", port, *FAST, SCIENCE) as server:
            self.assertEqual(server.port, port)
            self.assertEqual(fetch(port), poem("science.txt"))

    def test_one_that_was_used_a_moment_ago(self):
        with Server(SLOWPOETRY, *FAST, SCIENCE) as server:
            fetch(server.port)
        with Server(SLOWPOETRY, "--port", server.port, *FAST, SCIENCE) as again:
            self.assertEqual(fetch(again.port), poem("science.txt"))

    def test_one_that_is_used(self):
        with Server(SLOWPOETRY, *FAST, SCIENCE) as first:
            result = run(SLOWPOETRY, "--port", first.port, SCIENCE)
            self.assertEqual((result.stdout, result.status), (b"", 1))
            self.assertEqual(result.error_text,
                             "slowpoetry: CannotListenError: Couldn't listen on "
                             f"localhost:{first.port}: 98: Address already in use.\n")
            self.assertEqual(fetch(first.port), poem("science.txt"))

    def test_an_interface_that_is_not_ours(self):
        result = run(SLOWPOETRY, "--iface", "192.0.2.1", "--port", 10000, SCIENCE)
        self.assertEqual((result.stdout, result.status), (b"", 1))
        self.assertEqual(result.error_text,
                         "slowpoetry: CannotListenError: Couldn't listen on 192.0.2.1:10000: "
                         "99: Cannot assign requested address.\n")

    def test_all_interfaces_or_only_one(self):
        with Server(SLOWPOETRY, "--iface", "", *FAST, SCIENCE) as server:
            with socket.create_connection(("127.0.0.2", server.port), LIMIT) as client:
                self.assertEqual(receive_all(client), poem("science.txt"))
        with Server(SLOWPOETRY, *FAST, SCIENCE) as server:
            with self.assertRaises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.2", server.port), LIMIT)

    @unittest.skipUnless(has_ipv6(), "this machine has no IPv6")
    def test_ipv6(self):
        with Server(SLOWPOETRY, "--iface", "::1", *FAST, SCIENCE) as server:
            with socket.create_connection(("::1", server.port), LIMIT) as client:
                self.assertEqual(receive_all(client), poem("science.txt"))
                self.assertIn(f"Somebody at [::1]:{client.getsockname()[1]} wants poetry!\n",
                              server.stdout.decode())


class CommandLine(unittest.TestCase):
    def check_usage_error(self, message, *arguments):
        """The usage, the message, and status 2."""
        result = run(SLOWPOETRY, *arguments)
        self.assertEqual((result.stdout, result.status), (b"", 2))
        self.assertEqual(result.error_text, f"{USAGE}slowpoetry: error: {message}\n")

    def test_wrong_arguments(self):
        for message, *arguments in [
                ("Provide exactly one poetry file.",),
                ("Provide exactly one poetry file.", SCIENCE, SCIENCE),
                ("No such file: nowhere.txt", "nowhere.txt"),
                ("Not a file but a directory: poetry", "poetry"),
                ("no such option: --x", "--x", SCIENCE),
                ("option --port needs a value", SCIENCE, "--port")]:
            with self.subTest(arguments):
                self.check_usage_error(message, *arguments)

    def test_a_poem_without_an_end(self):
        result = run(SLOWPOETRY, "/dev/zero")
        self.assertEqual((result.stdout, result.status), (b"", 1))
        self.assertEqual(result.error_text, "slowpoetry: SystemError: Can't read /dev/zero: "
                                            "it is not a regular file.\n")

    def test_wrong_values(self):
        for option, value, message in [
                ("--port", "abc", "invalid integer value: 'abc'"),
                ("--port", "70000", "must be from 0 to 65535, and not '70000'"),
                ("--delay", "soon", "invalid floating-point value: 'soon'"),
                ("--delay", "0", "must be more than 0, and not '0'"),
                ("--delay", "-1", "must be more than 0, and not '-1'"),
                ("--num-bytes", "1.5", "invalid integer value: '1.5'"),
                ("--num-bytes", "0", "must be more than 0, and not '0'"),
                ("--num-bytes", "-1", "must be more than 0, and not '-1'")]:
            with self.subTest(option, value=value):
                self.check_usage_error(f"option {option}: {message}", option, value, SCIENCE)

    def test_options_may_come_last(self):
        with Server(SLOWPOETRY, SCIENCE, *FAST, "--num-bytes=400") as server:
            self.assertEqual(fetch(server.port), poem("science.txt"))
            self.assertIn(b"Sending 400 bytes\nSending 251 bytes\n", server.stdout)

    def test_help(self):
        for option in "--help", "-h":
            result = run(SLOWPOETRY, option)
            self.assertEqual((result.error_text, result.status), ("", 0))
            self.assertTrue(result.text.startswith(USAGE), result.text)
            for word in "--port", "--iface", "--delay", "--num-bytes":
                self.assertIn(word, result.text)


if __name__ == "__main__":
    harness.main()
