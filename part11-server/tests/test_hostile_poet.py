"""hostile-poet: what a client sees in each mode, and that the poet survives its clients."""

import contextlib
import os
import re
import select
import signal
import socket
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from programs.processes import wait_until
from testing import harness
from testing.harness import RESET, Server, connect, fetch, poem, receive_all, run

POET = "part11-server/hostile-poet"
FILE = "poetry/alla_sera.txt"
POEM = poem("alla_sera.txt")
MODES = ["dribble", "split", "half-close", "reset", "silent", "endless", "close", "after-end"]
AFTER_THE_END = b"This comes after the end.\n"
AN_HOUR = 3600  # a delay longer than any test
NO_TIME = 0.00001


def sockets(server):
    """The number of sockets of a server."""
    count = 0
    for fd in Path(f"/proc/{server.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # it was closed while we looked
            count += os.readlink(fd).startswith("socket:")
    return count


def pieces(connection):
    """The pieces from a connection, as they arrive, until its end."""
    return list(iter(lambda: connection.recv(65536), b""))


def ends(parts):
    """The offsets at which the pieces end."""
    offsets = set()
    end = 0
    for part in parts:
        end += len(part)
        offsets.add(end)
    return offsets


def silent(connection):
    """Whether there is nothing to read, not even an end."""
    return not select.select([connection], [], [], 0)[0]


def leave(connection, with_reset):
    """Ends a connection, even with unread data."""
    if with_reset:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    connection.close()


class PoetCase(unittest.TestCase):
    """A test with its own poet."""

    def poet(self, mode, *options, file=FILE):
        """A poet that lives until the end of the test."""
        server = Server(POET, "--mode", mode, *options, file)
        self.addCleanup(server.__exit__, None, None, None)
        return server

    def client(self, server):
        """A client that stays until the end of the test."""
        client = connect(server.port)
        self.addCleanup(client.close)
        return client

    def file(self, data):
        """A file that holds the data."""
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        path = Path(directory.name) / "poem.txt"
        path.write_bytes(data)
        return path


class Modes(PoetCase):
    def test_dribble(self):
        self.assertEqual(fetch(self.poet("dribble", "--delay", NO_TIME).port), POEM)
        client = self.client(self.poet("dribble", "--delay", AN_HOUR))
        self.assertEqual(client.recv(65536), POEM[:1])

    def test_split_cuts_characters_and_nothing_else(self):
        text = "né più… né 𝄞 mai\n".encode()
        inside = {i for i in range(1, len(text)) if text[i - 1] >= 0xC0}
        self.assertEqual(len(inside), 5)
        server = self.poet("split", "--delay", 0.02, file=self.file(text))
        seen = set()

        def all_seen():  # a slow reader finds two pieces in one
            with connect(server.port) as client:
                parts = pieces(client)
            self.assertEqual(b"".join(parts), text)
            seen.update(ends(parts) - {len(text)})
            self.assertLessEqual(seen, inside)
            return seen == inside

        self.assertTrue(wait_until(all_seen), seen)

    def test_half_close(self):
        for options, text in ([], POEM), (["--after", 100], POEM[:100]):
            server = self.poet("half-close", "--delay", NO_TIME, *options)
            idle = sockets(server)
            with connect(server.port) as client:
                self.assertEqual(receive_all(client), text)
                for _ in range(3):  # a closed connection would send a reset
                    client.sendall(b"we can still talk")
                    self.assertEqual(fetch(server.port), text)
                self.assertGreater(sockets(server), idle)
            self.assertTrue(wait_until(lambda server=server, idle=idle: sockets(server) == idle))

    def test_reset(self):
        for options, text in ([], POEM[:len(POEM) // 2]), (["--after", 1], POEM[:1]):
            client = self.client(self.poet("reset", *options))
            received = b""
            with self.assertRaises(ConnectionResetError):
                while data := client.recv(65536):
                    received += data
            self.assertEqual(received, text)

    def test_silent(self):
        for options, text in ([], b""), (["--after", 7], POEM[:7]):
            server = self.poet("silent", "--delay", NO_TIME, "--victims", 3, *options)
            clients = [self.client(server) for _ in range(3)]
            for client in clients:
                client.sendall(b"hello?")
                self.assertEqual(client.recv(len(text)) if text else b"", text)
            self.assertEqual(fetch(server.port), POEM)  # its loop has run more than once
            self.assertTrue(all(map(silent, clients)))
            server.stop()
            self.assertEqual([receive_all(client) for client in clients], [b""] * 3)

    def test_endless(self):
        server = self.poet("endless")
        lazy = [self.client(server) for _ in range(20)]
        with self.client(server).makefile("rb") as client:
            for _ in range(20_000):  # 11 MB
                self.assertEqual(client.read(len(POEM)), POEM)
        for client in lazy:
            self.assertEqual(client.recv(4), POEM[:4])
        status = Path(f"/proc/{server.pid}/status").read_text()
        used = int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1))
        self.assertLess(used, 200_000)  # it does not write to clients that do not read

    def test_close(self):
        for options, text in ([], b""), (["--after", 3], POEM[:3]):
            self.assertEqual(fetch(self.poet("close", *options).port), text)

    def test_after_end(self):
        self.assertEqual(fetch(self.poet("after-end").port), POEM + AFTER_THE_END)
        with self.client(self.poet("after-end", "--delay", AN_HOUR)).makefile("rb") as client:
            self.assertEqual(client.read(len(POEM)), POEM)

    def test_victims(self):
        for mode in MODES:
            with self.subTest(mode):
                server = self.poet(mode, "--victims", 2)
                victims = [self.client(server) for _ in range(2)]
                self.assertEqual([fetch(server.port), fetch(server.port)], [POEM, POEM])
                self.assertEqual(len(victims), 2)

    def test_an_empty_poem(self):
        empty = self.file(b"")
        for mode in MODES:
            with self.subTest(mode):
                client = self.client(self.poet(mode, file=empty))
                if mode in ("silent", "endless"):
                    self.assertTrue(silent(client))
                elif mode == "reset":
                    self.assertRaises(ConnectionResetError, client.recv, 1)
                else:
                    rest = AFTER_THE_END if mode == "after-end" else b""
                    self.assertEqual(receive_all(client), rest)


class Survival(PoetCase):
    def test_clients_that_leave(self):
        for mode in MODES:
            with self.subTest(mode):
                server = self.poet(mode, "--victims", 20, "--delay", 0.001)
                idle = sockets(server)
                for number in range(20):
                    client = connect(server.port)
                    if number % 2 and mode not in ("silent", "close"):
                        client.recv(1)
                    leave(client, with_reset=number % 4 < 2)
                self.assertEqual(fetch(server.port), POEM)
                self.assertTrue(wait_until(lambda server=server, idle=idle:
                                           sockets(server) == idle), server.told())
                self.assertEqual(server.stop(signal.SIGINT), 0)
                self.assertEqual(server.stdout.decode(),
                                 f"Serving {FILE} on 127.0.0.1:{server.port}.\n")
                self.assertEqual(server.stderr, b"")

    def test_two_hundred_at_once(self):
        for mode in MODES:
            with self.subTest(mode):
                server = self.poet(mode, "--victims", 200, "--delay", AN_HOUR)
                for _ in range(200):
                    self.client(server)
                self.assertEqual(fetch(server.port), POEM)
                self.assertEqual(server.stop(signal.SIGTERM), 0)
                self.assertEqual(server.stderr, b"")


class Mistakes(unittest.TestCase):
    def test_wrong_arguments(self):
        for message, *arguments in [
                ("Provide exactly one poetry file.",),
                ("No such file: nowhere.txt", "nowhere.txt"),
                ("Not a file but a directory: poetry", "poetry"),
                (f"option --mode: must be {'|'.join(MODES)}, and not 'kind'",
                 "--mode", "kind", FILE),
                ("option --after: not with --mode split",
                 "--mode", "split", "--after", 3, FILE)]:
            with self.subTest(arguments):
                result = run(POET, *arguments)
                self.assertEqual((result.stdout, result.status), (b"", 2))
                self.assertEqual(result.error_text,
                                 "Usage: hostile-poet [options] poetry-file\n\n"
                                 f"hostile-poet: error: {message}\n")

    def test_a_poem_without_an_end(self):
        result = run(POET, "/dev/zero")
        self.assertEqual((result.stdout, result.status), (b"", 1))
        self.assertEqual(result.error_text, "hostile-poet: SystemError: Can't read /dev/zero: "
                                            "it is not a regular file.\n")

    def test_help(self):
        result = run(POET, "--help")
        self.assertEqual((result.error_text, result.status), ("", 0))
        for option in "port", "iface", "mode", "after", "delay", "victims":
            self.assertIn(f"--{option}=", result.text)


if __name__ == "__main__":
    harness.main()
