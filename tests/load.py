"""What the tests under load share: many descriptors, many clients, and what a server makes of them."""

import contextlib
import os
import re
import resource
import socket
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))

from harness import LIMIT, Running, poem  # pylint: disable=wrong-import-position

FASTPOETRY = "part11-server/fastpoetry"
PROXIES = ["part14-proxy/poetry-proxy", "part14-proxy/poetry-proxy-2", "part19-cancel/poetry-proxy"]
WARM_PROXY = "part14-proxy/poetry-proxy-2"
TIME_FOR_MANY = 300  # an upper bound, in seconds
RESULT = re.compile(r"^(\d+) (.*)$", re.MULTILINE)
FULL = r"Can't accept more connections for now: .* Too many open files\]"


@contextlib.contextmanager
def descriptors(number):
    """Inside, this process and those that it starts may have so many descriptors."""
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
    """The path of a file that holds the data."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        yield file.name


def long_poem(size=256 * 1024):
    """So many bytes of poetry."""
    verses = poem("ecstasy.txt")
    return (verses * (size // len(verses) + 1))[:size]


def many_clients(number, server, file, *options):
    """So many clients at once, that expect what the file holds; the program that plays them."""
    return Running("tests/many-clients", *options, number, server.port, file)


def outcome(clients):
    """How they ended: {"complete": 998, "reset": 2}; and the seconds that it took."""
    result = clients.result(TIME_FOR_MANY)
    if result.status != 0:
        raise AssertionError(clients.told())
    ended = {how: int(number) for number, how in RESULT.findall(result.text)}
    return ended, float(re.search(r"^(\S+) seconds$", result.text, re.MULTILINE).group(1))


def lazy_client(server):
    """A connection that reads nothing, and that little fits into: a long poem stays where it is."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
    client.settimeout(LIMIT)
    client.connect(("127.0.0.1", server.port))
    return client


def open_descriptors(server):
    """How many the server has open."""
    return len(os.listdir(f"/proc/{server.pid}/fd"))


def processor_seconds(server):
    """The processor time that the server has used."""
    return int(Path(f"/proc/{server.pid}/schedstat").read_text().split()[0]) / 1e9


def memory(server):
    """The bytes that the server has taken for itself; None where a sanitizer takes some, too."""
    status = dict(re.findall(r"^(\w+):\s+(\d+) kB$",
                             Path(f"/proc/{server.pid}/status").read_text(), re.MULTILINE))
    terabyte = 1 << 30  # in kB; AddressSanitizer reserves many
    return None if int(status["VmSize"]) > terabyte else int(status["RssAnon"]) * 1024
