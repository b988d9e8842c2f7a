"""Look-ups by the C library, with our own name server, resolv.conf and hosts file."""

import os
import socket
import socketserver
import struct
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tools"))
from house.network import enter_own_network_with_files, own_files_are_allowed

LOOK_UP = Path(os.environ["BUILD_ROOT"]) / "common/tests/look_up"
A, NO_SUCH_NAME, TRUNCATED = 1, 3, 0x0200
FILES = {
    "/etc/resolv.conf": "nameserver 127.0.0.1\n",
    "/etc/hosts": "127.0.0.1 localhost\n127.0.0.9 hosts.test\n",
    "/etc/nsswitch.conf": "hosts: files dns\n",
}
MANY = 60  # addresses: too many for a datagram of 512 bytes


def addresses_of(name):
    """The IPv4 addresses of a name, as the last byte of 127.0.0.x; None if there is no such name."""
    if name.startswith("host"):
        return [1]
    return {"one.test": [1], "several.test": [3, 1, 2], "empty.test": [],
            "many.test": range(1, MANY + 1)}.get(name)


def answer(question, most):
    """The answer to a question about one name, truncated and marked if it is longer than `most`."""
    parts, at = [], 12
    while question[at]:
        parts.append(question[at + 1:at + 1 + question[at]].decode())
        at += question[at] + 1
    kind = struct.unpack(">H", question[at + 1:at + 3])[0]
    numbers = addresses_of(".".join(parts).lower())
    flags = 0x8180 | (NO_SUCH_NAME if numbers is None else 0)
    numbers = list(numbers or []) if kind == A else []
    records = [b"\xc0\x0c" + struct.pack(">HHIH4B", A, 1, 60, 4, 127, 0, 0, n) for n in numbers]
    asked = question[12:at + 5]
    if 12 + len(asked) + sum(map(len, records)) > most:
        flags, records = flags | TRUNCATED, []
    header = question[:2] + struct.pack(">5H", flags, 1, len(records), 0, 0)
    return header + asked + b"".join(records)


class Datagrams(socketserver.BaseRequestHandler):
    """A question in a datagram."""

    def handle(self):
        question, server = self.request
        server.sendto(answer(question, 512), self.client_address)


class Streams(socketserver.BaseRequestHandler):
    """One or more questions on a connection, each after its length."""

    def handle(self):
        while (length := self.request.recv(2, socket.MSG_WAITALL)):
            question = self.request.recv(struct.unpack(">H", length)[0], socket.MSG_WAITALL)
            reply = answer(question, 65535)
            self.request.sendall(struct.pack(">H", len(reply)) + reply)


class UdpServer(socketserver.UDPServer):
    """A server with room for the questions of many threads."""

    def server_bind(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        super().server_bind()


class TcpServer(socketserver.ThreadingTCPServer):
    """A server with one thread for each connection; it does not wait for its threads."""

    daemon_threads = True
    allow_reuse_address = True


def skip_reason():
    """Why this test can't run here; None if it can."""
    for path in FILES:
        if not Path(path).is_file():
            return f"there is no {path} here"
    return None if own_files_are_allowed() else "no network and files of our own are allowed here"


@unittest.skipIf(skip_reason(), skip_reason())
class Names(unittest.TestCase):
    """The core's default resolver."""

    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as scratch:
            own = {}
            for there, text in FILES.items():
                own[there] = Path(scratch) / Path(there).name
                own[there].write_text(text, encoding="ascii")
                own[there].chmod(0o644)
            enter_own_network_with_files(own)

    def serve(self):
        """Answers questions until the test ends."""
        for server in (UdpServer(("127.0.0.1", 53), Datagrams), TcpServer(("127.0.0.1", 53), Streams)):
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            self.addCleanup(server.server_close)
            self.addCleanup(thread.join)
            self.addCleanup(server.shutdown)

    def look_up(self, *arguments):
        """The lines that look_up prints."""
        done = subprocess.run([LOOK_UP, *map(str, arguments)], timeout=200, check=True,
                              stdout=subprocess.PIPE, encoding="utf-8")
        return done.stdout.splitlines()

    def test_addresses(self):
        self.serve()
        self.assertEqual(self.look_up("one.test"), ["127.0.0.1"])
        self.assertEqual(sorted(self.look_up("several.test")), [f"127.0.0.{n}" for n in (1, 2, 3)])

    def test_a_name_in_the_hosts_file(self):
        self.assertEqual(self.look_up("hosts.test"), ["127.0.0.9"])

    def test_an_answer_that_does_not_fit_in_a_datagram(self):
        self.serve()
        self.assertEqual(len(self.look_up("many.test")), MANY)

    def test_many_names_at_once(self):
        self.serve()
        self.assertEqual(self.look_up("host%d.test", 2000), ["2000 found, 0 failed"])

    def test_no_such_name(self):
        self.serve()
        for name in ("nowhere.test", "empty.test", "a..b", "x" * 300, "."):
            with self.subTest(name):
                failure = f"[Failure: DNSLookupError: DNS lookup failed: {name}.]"
                self.assertEqual(self.look_up(name), [failure])

    def test_no_name_server_at_all(self):
        failure = "[Failure: DNSLookupError: DNS lookup failed: one.test.]"
        self.assertEqual(self.look_up("one.test"), [failure])
        self.assertEqual(self.look_up("one%d.test", 1000), ["0 found, 1000 failed"])


if __name__ == "__main__":
    unittest.main()
