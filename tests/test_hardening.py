"""The servers as strangers meet them: hardened, and to be found from this machine only."""

import json
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))

import harness  # pylint: disable=wrong-import-position
from harness import BUILD, Server, program  # pylint: disable=wrong-import-position

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


def option(name):
    """The value of an option of the build."""
    options = json.loads((BUILD / "meson-info/intro-buildoptions.json").read_text())
    return next(each["value"] for each in options if each["name"] == name)


def readelf(name, *arguments):
    """What readelf says of a program."""
    return subprocess.run(["readelf", "--wide", *arguments, program(name)], text=True, check=True,
                          stdout=subprocess.PIPE, timeout=harness.LIMIT).stdout


class Servers(unittest.TestCase):
    def test_they_are_hardened(self):
        if not shutil.which("readelf"):
            self.skipTest("there is no readelf here (binutils)")
        if option("b_sanitize") != "none":
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


if __name__ == "__main__":
    harness.main()
