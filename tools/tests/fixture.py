"""A small repository in a temporary directory, with programs in Python, for tests of the tools."""

import contextlib
import os
import pty
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import unittest
from fcntl import ioctl
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

SERVER = """
import socket, sys
port, file = int(sys.argv[sys.argv.index("--port") + 1]), sys.argv[-1]
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
try:
    listener.bind(("127.0.0.1", port))
    listener.listen()
except OSError as error:
    sys.exit(f"cannot listen on 127.0.0.1:{port}: {error.strerror}")
print(f"Serving {file} on 127.0.0.1:{listener.getsockname()[1]}.", flush=True)
while True:
    client, address = listener.accept()
    print(f"Somebody at 127.0.0.1:{address[1]} wants poetry!", flush=True)
    client.sendall(open(file, "rb").read())
    client.close()
"""

CLIENT = """
import os, socket, sys
for port in map(int, sys.argv[1:]):
    try:
        server = socket.create_connection(("127.0.0.1", port))
    except OSError:
        print(f"no poem from 127.0.0.1:{port}", file=sys.stderr, flush=True)
        sys.exit(1)
    poem = b"".join(iter(lambda: server.recv(4096), b""))
    print(f"Got a poem from 127.0.0.1:{port} in 0:00:00.{os.getpid():06}", flush=True)
    sys.stdout.buffer.write(poem)
"""

# Makes standard input the controlling terminal, so that Ctrl-C typed there is a signal.
IN_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""

POEM = "".join(f"line {number} of the poem, è\n" for number in range(1, 31))


class Repository(unittest.TestCase):
    """A test with its own repository in `self.root`, with programs as if they were built."""

    def setUp(self):
        self.root = Path(tempfile.mkdtemp()).resolve()
        self.addCleanup(shutil.rmtree, self.root)
        shutil.copy(ROOT / "tour", self.root)
        shutil.copytree(ROOT / "tools", self.root / "tools",
                        ignore=shutil.ignore_patterns("tests", "*.pyc.*"))  # unfinished files
        self.write("poem.txt", POEM)
        self.write("build/build.ninja", "")
        self.write("build/meson-info/intro-targets.json", "[]")
        self.program("build/part01-one/server", SERVER)
        self.program("build/part01-one/client", CLIENT)
        self.script("bin/ninja", 'echo "ninja: no work to do."')
        self.script("bin/meson", "exit 1")

    def write(self, path, text):
        """Writes a file, making its directory; returns its path."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def part(self, name, demo=None, readme="# A title\n", **sources):
        """Adds a chapter's directory; each of `sources` is a program's name and text."""
        self.write(f"{name}/meson.build", "")
        self.write(f"{name}/README.md", readme)
        if demo:
            self.write(f"{name}/demo", demo)
        for stem, text in sources.items():
            self.write(f"{name}/{stem.replace('_', '-')}.cpp", text)

    def program(self, path, text):
        """Adds a program in Python."""
        self.write(path, f"#!{sys.executable}\n{text}").chmod(0o755)

    def script(self, path, text):
        """Adds a program in sh."""
        self.write(path, f"#!/bin/sh\n{text}\n").chmod(0o755)

    def environment(self, **settings):
        """Our environment with these settings, and without what a test should not depend on."""
        ours = {name: value for name, value in os.environ.items()
                if name not in ("BUILD_ROOT", "COLUMNS", "LINES", "NO_COLOR")}
        return {**ours, "PATH": f"{self.root}/bin:{ours['PATH']}", "LC_ALL": "C", **settings}

    def python(self, *words, typed="", **settings):
        """Runs a Python file of the repository with arguments, and with `typed` as its input;
        returns the completed process."""
        return subprocess.run([sys.executable, *map(str, words)], cwd=self.root,
                              env=self.environment(**settings), input=typed,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
                              check=False, timeout=600)

    def tour(self, *words, **settings):
        """Runs tools/tour/main.py with arguments."""
        return self.python("tools/tour/main.py", *words, **settings)

    def terminal(self, *words, keys=(), size=(24, 80), **settings):
        """Runs tools/tour/main.py in a terminal; returns its status and what it showed.

        `keys` are pairs: when the first appears (again), the second is typed, or called with the
        terminal. `size` is in lines and columns.
        """
        try:
            ours, theirs = pty.openpty()
        except OSError as error:
            self.skipTest(f"no terminal is available: {error}")
        resize(ours, size)
        process = subprocess.Popen(
            [sys.executable, "-c", IN_TERMINAL, "tools/tour/main.py", *words], cwd=self.root,
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
            env=self.environment(**{"TERM": "xterm", **settings}))
        os.close(theirs)
        shown, unseen, keys = b"", b"", list(keys)
        with contextlib.suppress(OSError):  # the other end is closed
            while chunk := os.read(ours, 65536):
                shown, unseen = shown + chunk, unseen + chunk
                while keys and keys[0][0].encode() in unseen:
                    unseen = unseen.partition(keys[0][0].encode())[2]
                    key = keys.pop(0)[1]
                    if callable(key):
                        key(ours)
                    else:
                        os.write(ours, key)
        os.close(ours)
        return process.wait(), shown.decode().replace("\r\n", "\n")


def resize(terminal, size):
    """Sets the lines and columns of a terminal."""
    ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
