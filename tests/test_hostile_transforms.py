"""Clients of transforms meet the hostile poet as their transform server, and the transform server
meets hostile clients."""

import contextlib
import re
import socket
import sys
import unittest
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

import hostile
from hostile import LOST, MODES, Poet
from testing import harness
from testing.harness import Peer, Server, connect, fetch, receive_all, reset

POEM = "Forse perché della fatal quïete".encode()
TRANSFORMED = "FORSE PERCHÉ DELLA FATAL QUÏETE".encode()
REPLY = b"%d:%s," % (len(TRANSFORMED), TRANSFORMED)  # the poet's poem

# The result for each client:
#   reply  it has the transformed poem: it knows the end, and ignores what follows
#   twice  the same, but it may report a second reply that came with the first
#   none   it says that there is no reply; get-poetry prints the untransformed poem, with status 0
#   hangs  it waits until Ctrl-C, and then there is no reply
MATRIX = """
                 dribble  split  half-close  after-end  close  reset  silent  endless
transform-test   reply    reply  reply       reply      none   none   hangs   reply
6.0              reply    reply  reply       reply      none   none   hangs   twice
7.0              reply    reply  reply       reply      none   none   hangs   twice
8.0              reply    reply  reply       reply      none   none   hangs   twice
"""

TWICE = r"(?:Unhandled Error: \[Failure: std::bad_optional_access: .*\]\n)?"


class Client(NamedTuple):
    """A client: the program, and its output (patterns for stdout and stderr) and status if there is
    no reply."""

    program: str
    none: tuple


# A server that closes while the request is on its way may reset the connection.
WHY = rf"(?:Connection was closed cleanly\.|{LOST})"
AS_IT_WAS = re.escape(POEM.decode()) + "\n"
CLIENTS = {
    "transform-test": Client(
        "part12-transform/transform-test",
        ("", rf"transform-test: (?:NoReply: .* has sent no reply\.|ConnectionLost: {LOST})\n", 1)),
    "6.0": Client("part13-nested/get-poetry", (AS_IT_WAS, r"Cummingsify failed!\n", 0)),
    "7.0": Client("part17-inline-callbacks/get-poetry",
                  (AS_IT_WAS, rf"Cummingsify failed! {WHY}\n", 0)),
    "8.0": Client("part18-deferred-list/get-poetry", (AS_IT_WAS, r"Cummingsify failed!\n", 0)),
}


class Matrix(unittest.TestCase):
    """One test for each row: see load_tests."""

    client: Client
    outcomes: list

    def test_every_mode(self):
        with Peer(POEM) as poems:
            for mode, outcome in zip(MODES, self.outcomes):
                with self.subTest(mode), Poet(mode, text=REPLY) as poet:
                    getattr(self, outcome)(poet, poems)

    def words(self, poet, poems):
        """The client's program and its arguments."""
        words = [] if self.client.program.endswith("transform-test") else [poems.port]
        return [self.client.program, poet.port, *words]

    def check(self, result, stdout, stderr, status):
        """Fails unless the client's output matches these patterns."""
        self.assertRegex(result.text, rf"\A{stdout}\Z")
        self.assertRegex(result.error_text, rf"\A{stderr}\Z")
        self.assertEqual(result.status, status)

    def reply(self, poet, poems, stderr=""):
        """The client has its reply."""
        self.check(hostile.run(poet, *self.words(poet, poems)), TRANSFORMED.decode() + "\n",
                   stderr, 0)

    def twice(self, poet, poems):
        """The client has its reply, and may complain about another."""
        self.reply(poet, poems, TWICE)

    def none(self, poet, poems):
        """The client has no reply, and says so."""
        self.check(hostile.run(poet, *self.words(poet, poems)), *self.client.none)

    def hangs(self, poet, poems):
        """The client waits until Ctrl-C."""
        self.check(hostile.interrupt(poet, *self.words(poet, poems)), *self.client.none)


REQUEST, ANSWER = b"19:cummingsify.A POEM!,", b"7:a poem!,"


class HostileClients(unittest.TestCase):
    """Each does its worst while a good client asks and is answered; the server reports nothing."""

    def setUp(self):
        self.server = Server("part12-transform/transformedpoetry")
        self.addCleanup(self.server.__exit__, None, None, None)
        self.bad = connect(self.server.port)
        self.addCleanup(self.bad.close)
        self.bad.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def assert_well(self):
        """Fails unless a good client is answered and the server reports nothing."""
        self.assertEqual(fetch(self.server.port, REQUEST), ANSWER)
        self.assertEqual(self.server.stderr, b"")

    def test_dribble(self):
        for byte in REQUEST:
            self.assert_well()
            self.bad.sendall(bytes([byte]))
        self.assertEqual(receive_all(self.bad), ANSWER)

    def test_split(self):
        request = "18:cummingsify.È QUI,".encode()
        middle = request.index("È".encode()) + 1
        self.bad.sendall(request[:middle])
        self.assert_well()
        self.bad.sendall(request[middle:])
        self.assertEqual(receive_all(self.bad), "6:è qui,".encode())

    def test_half_close(self):
        self.bad.sendall(REQUEST)
        self.bad.shutdown(socket.SHUT_WR)
        self.assertEqual(receive_all(self.bad), ANSWER)
        self.assert_well()

    def test_after_end(self):
        self.bad.sendall(REQUEST + b"This comes after the end.\n")
        self.assertEqual(receive_all(self.bad), ANSWER)
        self.assert_well()

    def test_close(self):
        self.bad.close()
        self.assert_well()

    def test_reset(self):
        self.bad.sendall(REQUEST[:10])
        reset(self.bad)
        self.assert_well()

    def test_silent(self):
        self.assert_well()
        self.bad.sendall(REQUEST)  # a silent client may still ask
        self.assertEqual(receive_all(self.bad), ANSWER)

    def test_endless(self):
        with contextlib.suppress(ConnectionError):  # the server hangs up
            while True:
                self.bad.sendall(REQUEST * 1000)
        self.assert_well()

    def test_endless_without_a_request(self):
        self.bad.sendall(b"99999:")
        with contextlib.suppress(ConnectionError):
            while True:
                self.bad.sendall(b"A" * 10_000)
        self.assert_well()


def load_tests(loader, _tests, _pattern):
    """A test case for each row of the matrix, and the hostile clients."""
    suite = unittest.TestSuite([loader.loadTestsFromTestCase(HostileClients)])
    head, *rows = MATRIX.strip("\n").splitlines()
    assert head.split() == MODES and len(rows) == len(CLIENTS)
    for row in rows:
        client, *outcomes = row.split()
        suite.addTests(loader.loadTestsFromTestCase(
            type(f"{client} ({CLIENTS[client].program})", (Matrix,),
                 {"client": CLIENTS[client], "outcomes": outcomes})))
    return suite


if __name__ == "__main__":
    harness.main()
