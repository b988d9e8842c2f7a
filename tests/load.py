"""The tools of the tests under load: many descriptors, many clients, and a server's reaction."""

import contextlib
import os
import re
import resource
import signal
import socket
import struct
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

from programs.processes import wait_until
from testing.harness import BUILD, LIMIT, Running, Server, poem

FASTPOETRY = "part11-server/fastpoetry"
PROXIES = ["part14-proxy/poetry-proxy", "part14-proxy/poetry-proxy-2", "part19-cancel/poetry-proxy"]
WARM_PROXY = "part14-proxy/poetry-proxy-2"
TIME_FOR_MANY = 1200  # an upper bound, in seconds: the clients give up by themselves
RESULT = re.compile(r"^(\d+) (.*)$", re.MULTILINE)
FULL = r"Can't accept more connections for now: .* Too many open files\]"


@contextlib.contextmanager
def descriptors(number):
    """Inside, this process and its children may open this number of descriptors."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[1] != resource.RLIM_INFINITY and before[1] < number:
        raise unittest.SkipTest(f"the hard limit allows {before[1]} descriptors, not {number}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (number, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@contextlib.contextmanager
def file_of(data):
    """The path of a file with the data."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        yield file.name


def long_poem(size=256 * 1024):
    """A poem of this number of bytes."""
    verses = poem("ecstasy.txt")
    return (verses * (size // len(verses) + 1))[:size]


def many_clients(number, server, file, *options):
    """The program that plays this number of clients at once, which expect the file's contents."""
    return Running("tests/many-clients", *options, number, server.port, file)


def outcome(clients):
    """How the clients ended: {"complete": 998, "reset": 2}."""
    result = clients.result(TIME_FOR_MANY)
    if result.status != 0:
        raise AssertionError(clients.told())
    return {how: int(number) for number, how in RESULT.findall(result.text)}


def lazy_client(server):
    """A connection that reads nothing, with a small buffer: it takes little of a long poem."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
    client.settimeout(LIMIT)
    client.connect(("127.0.0.1", server.port))
    return client


def open_descriptors(server):
    """The number of the server's open descriptors."""
    return len(os.listdir(f"/proc/{server.pid}/fd"))


def sockets(server):
    """The server's sockets: descriptor -> the kernel's unique name for the socket."""
    found = {}
    for name in os.listdir(directory := f"/proc/{server.pid}/fd"):
        with contextlib.suppress(FileNotFoundError):  # it has just been closed
            if (link := os.readlink(f"{directory}/{name}")).startswith("socket:"):
                found[int(name)] = link
    return found


def state(process):
    """The state of a process: R runs, S sleeps, T is stopped."""
    stat = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8")
    return stat.rpartition(")")[2].split()[0]


@contextlib.contextmanager
def stopped(server):
    """Inside, a server that was asleep is stopped; signals and clients wait for it."""
    for number, wanted in (0, "S"), (signal.SIGSTOP, "T"):
        server.send(number)
        if not wait_until(lambda wanted=wanted: state(server) == wanted):
            raise AssertionError(f"it is in state {state(server)}, not {wanted}\n{server.told()}")
    try:
        yield
    finally:
        server.send(signal.SIGCONT)


class Calls:
    """A server whose system calls are counted. The caller ends `server`."""

    def __init__(self, name, *arguments):
        self.file = tempfile.NamedTemporaryFile()
        self.file.truncate(8 * (2 + 4096))  # the Counts of count_calls.cpp
        sanitizer = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        with mock.patch.dict(os.environ, LD_PRELOAD=str(BUILD / "tests/count-calls.so"),
                             COUNTED_CALLS=self.file.name, ASAN_OPTIONS=sanitizer):
            self.server = Server(name, *arguments)

    def waits(self):
        """How many of its waits a descriptor ended, and how many ended by time."""
        return struct.unpack_from("=2Q", self.numbers())

    def on(self, descriptors):
        """The number of calls that read, wrote or registered one of these descriptors."""
        return sum(struct.unpack_from("=Q", self.numbers(), 8 * (2 + fd))[0] for fd in descriptors)

    def numbers(self):
        """All counts, as raw bytes."""
        return os.pread(self.file.fileno(), 8 * (2 + 4096), 0)


def memory(server):
    """The bytes that the server has allocated; None if a sanitizer allocates memory, too."""
    status = dict(re.findall(r"^(\w+):\s+(\d+) kB$",
                             Path(f"/proc/{server.pid}/status").read_text(), re.MULTILINE))
    terabyte = 1 << 30  # in kB; AddressSanitizer reserves many
    return None if int(status["VmSize"]) > terabyte else int(status["RssAnon"]) * 1024
