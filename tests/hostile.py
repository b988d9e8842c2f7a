"""For the tests with a hostile poet: starts the poet, and tells whether a client has met it.

Nothing here sleeps. A client that is let down often does nothing at all, so a test waits for a sign
that the poet has done its worst, and then ends the client with Ctrl-C.
"""

import re
import signal
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

from programs.processes import LIMIT, wait_until
from testing.clients import wait_until_it_catches
from testing.harness import Result, Running, Server

POET = "part11-server/hostile-poet"
MODES = "dribble split half-close after-end close reset silent endless".split()
POEM = "Né più mai toccherò… 𝄞\nle sacre sponde\n".encode()  # characters of 1, 2, 3 and 4 bytes
MORE = POEM + b"This comes after the end.\n"
MUCH = 32 * 1024 * 1024  # bytes: a client that has read this much of a poem will not stop

# In patterns.
TIME = r"\d+:\d\d:\d\d(?:\.\d{6})?"
LOST = "Connection to the other side was lost in a non-clean fashion\\."
FAILURE = rf"\[Failure: ConnectionLost: {LOST}\]"


class Poet(Server):
    """A hostile poet with its own port. (The endless poet has a longer poem, which it sends without
    a pause.)"""

    def __init__(self, mode, *options, text=None):
        text = text or POEM * (1000 if mode == "endless" else 1)
        # The reset must not arrive before a client knows that it is connected.
        options = ["--delay", 0.1 if mode == "reset" else 0.00001, *options]
        self.mode = mode
        with tempfile.NamedTemporaryFile() as file:  # which the poet reads at once
            file.write(text)
            file.flush()
            super().__init__(POET, "--mode", mode, *options, file.name)


def connections(port):
    """The number of open connections to a server on this machine, seen from their clients."""
    rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return sum(remote.endswith(f":{port:04X}") and state == "01"
               for _, _, remote, state, *_ in rows)


def memory(program):
    """The bytes of memory that a program uses."""
    status = Path(f"/proc/{program.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024


def wait_until_let_down(client, poet):
    """Waits until the poet has done everything that it will do to a client."""
    seen = {"silent": lambda: connections(poet.port) > 0,
            "reset": lambda: connections(poet.port) == 0,
            "endless": lambda: memory(client) > MUCH}[poet.mode]
    if not wait_until(lambda: client.program.status is not None or seen()):
        raise AssertionError(f"the client does not come to it\n{client.told()}")
    if client.program.status is not None:
        raise AssertionError(f"it should hang\n{client.told()}")


def run(poet, client, *arguments):
    """Runs a client of the poet to its end. (If a reset arrives while a slow client still connects,
    the client has not met the poet, and runs again.)"""
    def meet():
        nonlocal result
        with Running(client, *arguments) as running:
            result = running.result()
        return not re.search("while connecting|Failed to connect", result.text + result.error_text)

    result = Result(b"", b"", 0)
    wait_until(meet)
    return result


def interrupt(poet, client, *arguments, blocking=False):
    """Runs a client of the poet until Ctrl-C, because it does not end. A `blocking` client has no
    reactor, and Ctrl-C kills it."""
    with Running(client, *arguments) as running:
        if not blocking:
            wait_until_it_catches(signal.SIGINT, running)  # by now it has begun to connect
        wait_until_let_down(running, poet)
        running.send(signal.SIGINT)
        return running.result(LIMIT)
