"""For the tests of whole programs: starts them, talks to them, and plays their bad peers.

    from testing import harness
    from testing.harness import Peer, Server, run, unused_port

    class Refused(unittest.TestCase):
        def test_it_says_so(self):
            with unused_port() as port:
                result = run("part01-blocking/get-poetry", port)
            self.assertEqual(result.status, 1)

    if __name__ == "__main__":
        harness.main()

Nothing here sleeps: it waits for a line, an end, a connection. Limits are upper bounds, and
reaching one raises an AssertionError. A status is a shell's: 128 + N for signal N.
"""

import contextlib
import os
import re
import signal
import socket
import struct
import sys
import threading
import unittest
from pathlib import Path
from typing import NamedTuple

from house import check_output as expected_output
from programs.ports import bound_socket
from programs.processes import LIMIT, Program, TookTooLong, wait_until
from programs.stage import SERVING

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BUILD_ROOT", ROOT / "build"))
RESET = struct.pack("ii", 1, 0)  # SO_LINGER with time 0: close() sends a reset

socket.setdefaulttimeout(LIMIT)  # so that no test waits for ever, on accepted sockets neither


class Result(NamedTuple):
    """A program's output, as bytes, and its exit status."""

    stdout: bytes
    stderr: bytes
    status: int

    @property
    def text(self):
        """stdout as text."""
        return self.stdout.decode("utf-8", "surrogateescape")

    @property
    def error_text(self):
        """stderr as text."""
        return self.stderr.decode("utf-8", "surrogateescape")


def program(name):
    """The path of a built program: program("part01-blocking/slowpoetry")."""
    return BUILD / name


def poem(name):
    """The bytes of a poem: poem("science.txt")."""
    return (ROOT / "poetry" / name).read_bytes()


def run(name, *arguments, timeout=LIMIT):
    """Runs a program to its end, in the repository's root."""
    with Running(name, *arguments) as running:
        return running.result(timeout)


class Running:
    """A program that runs beside the test; a context manager that ends it."""

    def __init__(self, name, *arguments):
        self.command = [str(program(name)), *map(str, arguments)]
        self.program = Program(self.command, ROOT, merged=False)
        self.was_killed = False

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.stop()
        told, unsound = self.told(), self.unsound()
        self.program.close()
        if error and told not in str(error):
            print(told, file=sys.stderr)
        elif unsound and not error:
            raise AssertionError(f"{unsound}\n{told}")

    @property
    def stdout(self):
        """Its output so far, as bytes."""
        return self.program.out.all()

    @property
    def stderr(self):
        """Its output on stderr so far, as bytes."""
        return self.program.err.all()

    @property
    def pid(self):
        """Its process id."""
        return self.program.process.pid

    def send(self, number):
        """Sends it a signal."""
        self.program.process.send_signal(number)

    def wait_for_its_loop(self):
        """Waits until its reactor runs: before that, a signal ends it like any other program."""
        def runs():
            status = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
            caught = re.search(r"^SigCgt:\s*(\w+)", status, re.MULTILINE)
            return not caught or int(caught.group(1), 16) >> (signal.SIGINT - 1) & 1

        if not wait_until(runs):
            raise AssertionError(f"its loop does not run: {self.told()}")

    def stop(self, number=signal.SIGTERM):
        """Sends it a signal and waits for its end; returns its status."""
        return self.program.stop(number)

    def kill(self):
        """Kills it, to test how others react."""
        self.was_killed = True
        self.stop(signal.SIGKILL)

    def result(self, timeout=LIMIT):
        """Waits for its end, and returns its output and its status."""
        try:
            status = self.program.wait(timeout)
        except TookTooLong as error:
            raise AssertionError(f"{error}\n{self.told()}") from None
        return Result(self.stdout, self.stderr, status)

    def wait_for_line(self, pattern, timeout=LIMIT):
        """Waits until a whole line of stdout or stderr matches; returns the match (of text)."""
        def found():
            text = (whole_lines(self.stdout) + whole_lines(self.stderr)).decode(errors="replace")
            return re.search(f"^(?:{pattern})$", text, re.MULTILINE)

        wait_until(lambda: found() or self.program.status is not None, timeout)
        match = found()
        if not match:
            raise AssertionError(f"no line matches {pattern!r}\n{self.told()}")
        return match

    def unsound(self):
        """An error of the program that no test tolerates, or None."""
        if re.search(rb"Sanitizer: |: runtime error: ", self.stderr):
            return "a sanitizer reported an error"
        if self.program.status == 128 + signal.SIGKILL and not self.was_killed:
            return "it had to be killed"
        return None

    def told(self):
        """The command, its status and its output, for a failure's message."""
        return (f"{' '.join(self.command)}: status {self.program.status}\n"
                f"--- stdout ---\n{self.stdout.decode(errors='replace')}\n"
                f"--- stderr ---\n{self.stderr.decode(errors='replace')}")


class Server(Running):
    """A server on a port that the system chose, ready for clients: `with Server(...) as server`."""

    def __init__(self, name, *arguments):
        own_port = [] if "--port" in arguments else ["--port", "0"]
        super().__init__(name, *own_port, *arguments)
        wait_until(lambda: self.program.out.find(SERVING) or self.program.status is not None)
        line = self.program.out.find(SERVING)
        if not line:
            told = self.told()
            self.program.close()
            raise AssertionError(f"it does not serve: {told}")
        self.port = int(line.group(1))
        self.address = f"127.0.0.1:{self.port}"
        wait_until(lambda: self.program.status is not None or self.sleeps())

    def sleeps(self):
        """Whether it waits in its loop: only there does it handle signals."""
        stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8")
        return stat.rpartition(")")[2].split()[0] == "S"


class Peer:
    """A scripted server on loopback: to each client it sends `data`, then does what `then` says.

    "close" closes the connection cleanly, "reset" resets it as soon as the client has read the
    data, "hang" keeps it open and silent. `clients` is the number of clients. Their data is not
    read; see listening() for a peer that reads.
    """

    def __init__(self, data=b"", then="close"):
        self.data, self.then = data, then
        self.clients = 0
        self.kept = []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.listener.settimeout(None)  # until the test ends
        self.port = self.listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *error):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)  # wakes up the thread
        self.thread.join(LIMIT)
        self.listener.close()
        for connection in self.kept:
            connection.close()

    def serve(self):
        """Accepts clients until the listener is shut down."""
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.clients += 1
            self.treat(connection)

    def treat(self, connection):
        """Follows the script with one client."""
        with contextlib.suppress(OSError):  # the client may have left
            connection.sendall(self.data)
            if self.then == "reset":
                reset(connection)
            elif self.then == "close":
                connection.shutdown(socket.SHUT_WR)  # close() would reset it if the client had sent
        self.kept.append(connection)

    def wait_for_clients(self, count, timeout=LIMIT):
        """Waits until this number of clients have connected."""
        if not wait_until(lambda: self.clients >= count, timeout):
            raise AssertionError(f"{self.clients} clients connected, not {count}")


@contextlib.contextmanager
def unused_port():
    """A port without a listener; while it is held, nobody else can listen on it."""
    with bound_socket(0) as holder:
        yield holder.getsockname()[1]


def listening():
    """A listening socket, for a test that plays the server itself."""
    return socket.create_server(("127.0.0.1", 0), backlog=128)


def connect(port, timeout=LIMIT):
    """A connection to a server on this machine."""
    return socket.create_connection(("127.0.0.1", port), timeout)


def reset(connection):
    """Resets a connection as soon as the client has read everything that was sent.

    If nothing was sent, the client may take the reset for a failed connection attempt.
    """
    if not wait_until(lambda: was_read(connection)):
        raise AssertionError("the client has not read what was sent before the reset")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    connection.close()


def was_read(connection):
    """Whether the other end (on this machine) has read everything that was sent."""
    ours, theirs = (f":{name[1]:04X}" for name in (connection.getsockname(),
                                                   connection.getpeername()))
    for line in Path("/proc/net/tcp").read_text().splitlines():
        _, local, remote, _, queues, *_ = line.split()
        to_send, to_read = queues.split(":") if ":" in queues else ("0", "0")
        if local.endswith(ours) and remote.endswith(theirs) and int(to_send, 16):
            return False
        if local.endswith(theirs) and remote.endswith(ours) and int(to_read, 16):
            return False
    return True


def receive_all(connection):
    """Everything that arrives on a connection until its end."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


def fetch(port, request=b"", timeout=LIMIT):
    """Connects, sends the request, and returns everything until the server closes."""
    with connect(port, timeout) as connection:
        connection.sendall(request)
        return receive_all(connection)


def check_output(name, arguments, expected_file):
    """Fails unless the program prints and returns what the file says."""
    difference = expected_output.difference([program(name), *arguments], expected_file)
    if difference:
        raise AssertionError(difference)


def whole_lines(data):
    """The output up to its last complete line."""
    return data[:data.rfind(b"\n") + 1]


def main():
    """Runs the tests of the calling file. If all are skipped, the exit status is 77, for Meson."""
    result = unittest.main(module="__main__", exit=False).result
    for test, reason in result.skipped:
        print(f"skipped: {test.id().split()[0]}: {reason}")
    if result.wasSuccessful() and result.skipped and len(result.skipped) >= result.testsRun:
        sys.exit(77)
    sys.exit(0 if result.wasSuccessful() and result.testsRun else 1)
