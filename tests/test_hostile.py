"""Every client meets the hostile poet in each of its modes."""

import re
import sys
import unittest
from pathlib import Path
from typing import Callable, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

import hostile
from hostile import (FAILURE, LOST, MODES, MORE,
                     POEM, TIME, Poet)
from testing import harness
from testing.harness import Running, Server

# The result for each client (poem, more and empty: status 0; lost and hangs: 1):
#   poem   it has the whole poem, byte for byte
#   more   it also has what came after the end: a client only knows the end of the connection
#   empty  it has a poem of no bytes
#   stack  it shows its stack, and ends with status 0
#   lost   it says that there is no poem
#   hangs  it waits or reads until Ctrl-C, and then there is no poem
#   deaf   it reads until the poet ends, and does not notice Ctrl-C
MATRIX = """
                 dribble  split  half-close  after-end  close  reset  silent  endless
blocking         poem     poem   poem        more       empty  lost   hangs   hangs
select           poem     poem   poem        more       empty  lost   hangs   hangs
1.0              poem     poem   poem        more       empty  lost   hangs   hangs
1.0 broken       poem     poem   poem        more       empty  lost   hangs   deaf
2.0              poem     poem   poem        more       empty  lost   hangs   hangs
2.0 simple       poem     poem   poem        more       empty  lost   hangs   hangs
2.0 stack        stack    stack  stack       stack      empty  stack  hangs   stack
3.0              poem     poem   poem        more       empty  hangs  hangs   hangs
3.1              poem     poem   poem        more       empty  lost   hangs   hangs
4.0              poem     poem   poem        more       empty  lost   hangs   hangs
4.0 stack        stack    stack  stack       stack      stack  lost   hangs   hangs
5.0              poem     poem   poem        more       empty  lost   hangs   hangs
5.1              poem     poem   poem        more       empty  lost   hangs   hangs
6.0              poem     poem   poem        more       empty  lost   hangs   hangs
7.0              poem     poem   poem        more       empty  lost   hangs   hangs
8.0              poem     poem   poem        more       empty  lost   hangs   hangs
"""

FROM = r"127\.0\.0\.1:\d+"
GOT = rf"(?:Task 1: got \d+ bytes of poetry from {FROM}\n)*"
STARTS = rf"Task 1: get poetry from: {FROM}\n"
NONE = f"Got 0 poems in {TIME}\n"
RESET = r"104: Connection reset by peer\.\n"
INCOMPLETE = rf"Incomplete poem from {FROM}: {FAILURE}\n"
DOWNLOAD_FAILED = r"The poem download failed\.\n"


class Client(NamedTuple):
    """A client: the program, its output for a poem (a pattern for stdout), and for a lost poem
    (patterns for stdout and stderr). Ctrl-C kills a `blocking` client, whose output then matches
    the third pattern."""

    program: str
    prints: Callable
    lost: tuple
    words: tuple = ()
    blocking: str = None


def timed(poem):
    """The output of the blocking client."""
    return f"{STARTS}Task 1: got {len(poem)} bytes of poetry from {FROM} in {TIME}\n" \
           f"Got 1 poems in {TIME}\n"


def finished(poem):
    """The output of clients that report each finished task."""
    return f"{GOT}Task 1 finished\nTask 1: {len(poem)} bytes of poetry\nGot 1 poems in {TIME}\n"


def counted(poem):
    """The output of the client that counts tasks, but does not report them."""
    return f"{GOT}Task 1: {len(poem)} bytes of poetry\nGot 1 poems in {TIME}\n"


def text(poem):
    """The poem itself."""
    return re.escape(poem.decode()) + "\n"


def lower(poem):
    """The poem, transformed."""
    return text(poem.decode().lower().encode())


SUCCESS = ("--outcome", "success")
TRANSFORMS = ("the server for transforms",)

CLIENTS = {
    "blocking": Client("part01-blocking/get-poetry", timed,
                       (STARTS, f"get-poetry: SystemError: Incomplete poem from {FROM}: {RESET}"),
                       blocking=STARTS),
    "select": Client("part02-async-select/get-poetry", finished,
                     (GOT + NONE, f"Incomplete poem from {FROM}: {RESET}"), blocking=GOT),
    "1.0": Client("part04-lowlevel-reactor/get-poetry", finished, (GOT + NONE, INCOMPLETE)),
    "1.0 broken": Client("part04-lowlevel-reactor/get-poetry-broken", finished,
                         (NONE, INCOMPLETE)),
    "2.0": Client("part05-protocols/get-poetry", counted, (GOT + NONE, INCOMPLETE)),
    "2.0 simple": Client("part05-protocols/get-poetry-simple", text, ("", INCOMPLETE)),
    "2.0 stack": Client("part05-protocols/get-poetry-stack", counted, (NONE, INCOMPLETE)),
    "3.0": Client("part06-callbacks/get-poetry", text, ("", "")),
    "3.1": Client("part06-callbacks/get-poetry-1", text, ("", f"Poem failed: {FAILURE}\n")),
    "4.0": Client("part07-deferred/get-poetry", text, ("", f"Poem failed: {FAILURE}\n")),
    "4.0 stack": Client("part07-deferred/get-poetry-stack", text,
                        ("", f"Poem failed: {FAILURE}\n")),
    "5.0": Client("part10-transformed/get-poetry", lower, ("", DOWNLOAD_FAILED), SUCCESS),
    "5.1": Client("part10-transformed/get-poetry-1", lower, ("", DOWNLOAD_FAILED), SUCCESS),
    "6.0": Client("part13-nested/get-poetry", lower, (f"{FAILURE}\n", DOWNLOAD_FAILED), TRANSFORMS),
    "7.0": Client("part17-inline-callbacks/get-poetry", lower,
                  ("", f"The poem download failed: {LOST}\n"), TRANSFORMS),
    "8.0": Client("part18-deferred-list/get-poetry", lower,
                  ("", f"The poem download failed: {LOST}\n"), TRANSFORMS),
}


class Matrix(unittest.TestCase):
    """One test for each row: see load_tests."""

    client: Client
    outcomes: list

    @classmethod
    def setUpClass(cls):
        cls.transforms = Server("part12-transform/transformedpoetry")
        cls.addClassCleanup(cls.transforms.__exit__, None, None, None)

    def words(self, poet):
        """The client's program and its arguments."""
        words = (self.transforms.port,) if self.client.words == TRANSFORMS else self.client.words
        return [self.client.program, *words, poet.port]

    def check(self, result, stdout, stderr, status):
        """Fails unless the client's output matches these patterns."""
        self.assertRegex(result.text, rf"\A{stdout}\Z")
        self.assertRegex(result.error_text, rf"\A{stderr}\Z")
        self.assertEqual(result.status, status)

    def test_every_mode(self):
        for mode, outcome in zip(MODES, self.outcomes):
            with self.subTest(mode), Poet(mode) as poet:
                getattr(self, outcome)(poet)

    def poem(self, poet, expected=POEM):
        """The client has the whole poem."""
        self.check(hostile.run(poet, *self.words(poet)), self.client.prints(expected), "", 0)

    def more(self, poet):
        """The client has more than the poem."""
        self.poem(poet, MORE)

    def empty(self, poet):
        """The client has a poem of no bytes."""
        self.poem(poet, b"")

    def stack(self, poet):
        """The client shows its stack."""
        self.check(hostile.run(poet, *self.words(poet)), "", r"main at (?s:.)*\n", 0)

    def lost(self, poet):
        """The client says that there is no poem."""
        self.check(hostile.run(poet, *self.words(poet)), *self.client.lost, 1)

    def hangs(self, poet):
        """The client does not end by itself."""
        blocking = self.client.blocking
        result = hostile.interrupt(poet, *self.words(poet), blocking=blocking is not None)
        if blocking is None:
            self.check(result, *self.client.lost, 1)
        else:
            self.check(result, blocking, "", 130)

    def deaf(self, poet):
        """The client reads, and does nothing else."""
        with Running(*self.words(poet)) as client:
            hostile.wait_until_let_down(client, poet)
            poet.stop()
            result = client.result()
        size = int(re.search(r"got (\d+) bytes", result.text).group(1))
        self.assertGreater(size, 1000 * len(POEM))
        self.check(result, self.client.prints(bytes(size)), "", 0)


def load_tests(loader, _tests, _pattern):
    """A test case for each row of the matrix."""
    suite = unittest.TestSuite()
    head, *rows = MATRIX.strip("\n").splitlines()
    assert head.split() == MODES and len(rows) == len(CLIENTS)
    for row in rows:
        client, outcomes = row[:17].strip(), row[17:].split()
        assert len(outcomes) == len(MODES), row
        suite.addTests(loader.loadTestsFromTestCase(
            type(f"{client} ({CLIENTS[client].program})", (Matrix,),
                 {"client": CLIENTS[client], "outcomes": outcomes})))
    return suite


if __name__ == "__main__":
    harness.main()
