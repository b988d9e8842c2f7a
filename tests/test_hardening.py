"""The servers are hardened, and reachable from this machine only."""

import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

from classroom.workshop import Workshop
from programs.making import ninja
from testing import harness
from testing.harness import BUILD, ROOT, Server, program

SERVERS = {
    "part01-blocking/slowpoetry": ["poetry/science.txt"],
    "part11-server/fastpoetry": ["poetry/science.txt"],
    "part12-transform/transformedpoetry": [],
    "part14-proxy/poetry-proxy": ["10001"],
    "part14-proxy/poetry-proxy-2": ["10001"],
    "part16-daemon/fastpoetry": ["poetry/science.txt"],
    "part19-cancel/poetry-proxy": ["10001"],
}
LOCALHOST = "0100007F"  # as /proc/net/tcp has it


TOO_LONG = "much more than eight characters"


def has_sanitizers():
    """Whether this build has sanitizers."""
    return bool(Workshop(ROOT, BUILD).sanitizers)


def told(*command):
    """Runs a command that must succeed; returns its output."""
    return subprocess.run(list(map(str, command)), text=True, check=True, stdout=subprocess.PIPE,
                          timeout=harness.LIMIT * 5).stdout


def readelf(name, *arguments):
    """readelf's output about a program."""
    return told("readelf", "--wide", *arguments, program(name))


class Servers(unittest.TestCase):
    def test_they_are_hardened(self):
        if not shutil.which("readelf"):
            self.skipTest("readelf is not installed")
        if has_sanitizers():
            self.skipTest("this build has sanitizers instead")
        for name in SERVERS:
            with self.subTest(name):
                self.assertRegex(readelf(name, "--file-header"), r"Type:\s+DYN")  # PIE
                self.assertIn("GNU_RELRO", readelf(name, "--program-headers"))
                self.assertRegex(readelf(name, "--dynamic"), "BIND_NOW|Flags:.*NOW")
                self.assertIn("__stack_chk_fail", readelf(name, "--dyn-syms"))

    def test_they_listen_on_this_machine_only(self):
        for name, arguments in SERVERS.items():
            with self.subTest(name), Server(name, *arguments) as server:
                port = f"{server.port:04X}"
                rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
                hosts = {row[1].split(":")[0] for row in rows
                         if row[1].endswith(f":{port}") and row[3] == "0A"}  # LISTEN
                self.assertEqual(hosts, {LOCALHOST})
                rows = Path("/proc/net/tcp6").read_text() if Path("/proc/net/tcp6").exists() else ""
                self.assertIsNone(re.search(f":{port} .* 0A ", rows))


class Mistakes(unittest.TestCase):
    """Writing beyond a buffer ends the program: in the library's containers in every build, and in
    the C library's calls in an optimized build, as for a server that strangers may reach."""

    def end(self, build, kind):
        """The output of a program of that build that makes such a mistake."""
        done = subprocess.run([build / "tests/mistakes", kind, TOO_LONG], check=False, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual((done.stdout, done.returncode), ("", -signal.SIGABRT))
        return done.stderr

    @unittest.skipIf(has_sanitizers(), "this build has sanitizers instead")
    def test_a_vector(self):
        self.assertIn("__n < this->size()", self.end(BUILD, "vector"))

    @unittest.skipIf(has_sanitizers(), "this build has sanitizers instead")
    def test_a_buffer_in_a_release(self):
        with tempfile.TemporaryDirectory() as release:
            told("meson", "setup", release, ROOT, "--buildtype=release")
            told(ninja(), "-C", release, "tests/mistakes")
            self.assertIn("buffer overflow detected", self.end(Path(release), "buffer"))


if __name__ == "__main__":
    harness.main()
