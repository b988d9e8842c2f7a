"""fastpoetry.service and fastpoetry.socket: systemd accepts them and rates them safe.

Skipped where systemd-analyze is not installed (Debian: systemd). systemd itself is not started.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from testing import harness
from testing.harness import LIMIT, ROOT, program

PART = Path(__file__).resolve().parents[1]
HIGHEST_EXPOSURE = 1.0  # of 10; systemd calls up to 2 "OK", and less "SAFE"


def exec_start(unit):
    """The command line of a service."""
    return re.search(r"^ExecStart=(.*)$", unit, re.MULTILINE).group(1).split()


def analyze(*arguments):
    """Runs systemd-analyze; returns its status and its whole output."""
    done = subprocess.run(["systemd-analyze", *map(str, arguments)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=LIMIT, check=False)
    return done.returncode, done.stdout


class Units(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.service = (PART / "fastpoetry.service").read_text()
        self.install("fastpoetry.service", self.service)
        self.install("fastpoetry.socket", (PART / "fastpoetry.socket").read_text())

    def install(self, name, text):
        """A unit, as if the program were installed at its path."""
        built = str(program("part16-daemon/fastpoetry"))
        installed = exec_start(self.service)[0]
        (self.directory / name).write_text(text.replace(installed, built))

    def units(self):
        """The paths of both."""
        return sorted(self.directory.glob("fastpoetry.*"))

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
    def test_systemd_accepts_them(self):
        self.assertEqual(analyze("verify", *self.units()), (0, ""))

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
    def test_it_would_not_accept_everything(self):
        self.install("fastpoetry.service", self.service.replace("Type=exec", "Type=poem"))
        self.assertIn("poem", analyze("verify", *self.units())[1])

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
    def test_the_service_is_hardened(self):
        _, told = analyze("security", "--offline=true", self.directory / "fastpoetry.service")
        exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", told)
        if not exposure:
            self.skipTest(f"this systemd-analyze can't tell: {told.strip()}")
        self.assertLessEqual(float(exposure.group(1)), HIGHEST_EXPOSURE, told)

    def test_the_program_knows_the_options(self):
        options = [word for word in exec_start(self.service)[1:] if word.startswith("--")]
        with harness.Server("part16-daemon/fastpoetry", *options,
                            ROOT / "poetry" / Path(exec_start(self.service)[-1]).name) as server:
            self.assertEqual(harness.fetch(server.port), harness.poem("ecstasy.txt"))


if __name__ == "__main__":
    harness.main()
